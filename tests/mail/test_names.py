"""One rule for final dots and one for IPv4-mapped addresses, wherever two names or addresses are compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.identities import Identity
from sesreceive.auth.author import Author
from sesreceive.auth.domains import published_domain
from sesreceive.auth.spf import check_host
from sesreceive.dns.names import normalize
from sesreceive.dns.zone import Zone
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import Mailbox, domain_of, host_address, to_ascii_domain
from sesreceive.mail.message import Message
from sesreceive.smtp.client import PeerNetworks, plain_address
from sesreceive.stages.conditions import match
from sesreceive.stages.filtering import decide

ZONE = Zone({"example.com": {"TXT": "v=spf1 -all"}})


def author(domain: str) -> Author:
    return Author.of(Message(f"From: a@{domain}\r\n\r\n".encode()))


# Every place that compares names: what it makes of a name, `example.com` for `Example.COM.`.
PLACES: list[tuple[str, Callable[[str], object], object]] = [
    ("the rule",                 plain_domain,                                                       "example.com"),
    ("DNS",                      normalize,                                                          "example.com"),
    ("an A-label",               to_ascii_domain,                                                    "example.com"),
    ("a published domain",       published_domain,                                                   "example.com"),
    ("a mailbox",                lambda name: Mailbox.parse(f"ana@{name}").folded,                   "ana@example.com"),
    ("the domain of a mailbox",  lambda name: domain_of(f"ana@{name}"),                              "example.com"),
    ("an author",                lambda name: author(name).domains,                                  ("example.com",)),
    ("an identity",              lambda name: Identity(name="example.com").covers(name),             True),
    ("a name below an identity", lambda name: Identity(name="example.com").covers(f"mx.{name}"),     True),
    ("an identity itself",       lambda name: Identity(name=name).covers("example.com"),             True),
    ("a domain condition",       lambda name: match("example.com", f"ana@{name}").matches,           True),
    ("an address condition",     lambda name: match("ana@example.com", f"ana@{name}").matches,       True),
    ("a subdomain condition",    lambda name: match(".example.com", f"ana@mx.{name}").matches,       True),
    ("a condition itself",       lambda name: match(name, "ana@example.com").matches,                True),
    ("a zone",                   lambda name: ZONE.resolve(name, "TXT").values,                      (b"v=spf1 -all",)),
    ("SPF",                      lambda name: check_host("192.0.2.1", f"ana@{name}", "", ZONE).status, "fail"),
]  # fmt: skip


@pytest.mark.parametrize("place,wanted", [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_a_final_dot_says_nothing(place: Callable[[str], object], wanted: object) -> None:
    assert [place(name) for name in ("example.com", "example.com.", "Example.COM.")] == [wanted] * 3


@pytest.mark.parametrize("place", [row[1] for row in PLACES], ids=[row[0] for row in PLACES])
def test_two_final_dots_are_an_empty_label(place: Callable[[str], object]) -> None:
    assert place("example.com..") != place("example.com")


ADDRESSES = [
    # text                       the address
    ("192.0.2.1",                "192.0.2.1"),
    ("::ffff:192.0.2.1",         "192.0.2.1"),
    ("::FFFF:c000:201",          "192.0.2.1"),
    ("2001:DB8::1",              "2001:db8::1"),
    ("fe80::1%eth0",             "fe80::1"),
    ("::192.0.2.1",              "::c000:201"),
]  # fmt: skip


@pytest.mark.parametrize("text,address", ADDRESSES)
def test_an_address_is_read_alike_everywhere(text: str, address: str) -> None:
    network = f"{address}/{'128' if ':' in address else '32'}"
    blocked = decide([ReceiptFilter.block(network, name="one")], text)
    record = f"v=spf1 {'ip6' if ':' in address else 'ip4'}:{address} -all"
    assert str(host_address(text)) == plain_address(text) == address
    assert text in PeerNetworks([network])
    assert not blocked.accepted
    assert check_host(text, "ana@example.com", "", Zone({"example.com": {"TXT": record}})).status == "pass"


@pytest.mark.parametrize("text", ["192.0.2.1%eth0", "fe80::1%", "192.0.2", "", "example.com"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        host_address(text)


@given(st.text(max_size=40))
def test_a_plain_name_is_plain(name: str) -> None:
    once = plain_domain(name)
    assert once == once.lower() or not name.isascii()
    assert plain_domain(once) == once
    assert once.endswith(".") == name.endswith("..")
