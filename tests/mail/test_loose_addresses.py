"""The one reader of address lists: what it takes of fields good and bad, that all who ask see the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.auth.author import Author
from sesreceive.auth.domains import published_domain
from sesreceive.mail.address import domain_of
from sesreceive.mail.address_list import parse_addresses
from sesreceive.mail.delivered import envelope_of
from sesreceive.mail.loose_addresses import addresses_in, scan_addresses
from sesreceive.mail.message import Message
from tests.cost import assert_in_proportion

LONG = f"{'x' * 300}@example.org"

# What JavaMail reads.
WELL_FORMED = [
    # text                                                    addresses
    ("ana@example.org",                                       ["ana@example.org"]),
    ("<ana@example.org>",                                     ["ana@example.org"]),
    ("Ana <ana@Example.ORG>",                                 ["ana@Example.ORG"]),
    ("Ana <ana@example.org>, bo@example.com",                 ["ana@example.org", "bo@example.com"]),
    ('"Doe, John" <john@example.org>',                        ["john@example.org"]),
    ('"a > b, <c@example.org>" <john@example.org>',           ["john@example.org"]),
    ('"bo@example.net" <ana@example.org>',                    ["ana@example.org"]),
    ("bo@example.net <ana@example.org>",                      ["ana@example.org"]),
    (r'"quoted \" <eve@example.net>" <ana@example.org>',      ["ana@example.org"]),
    ("ann@example.com (Ann, the first)",                      ["ann@example.com"]),
    ("(a (nested) comment, x@example.org) ann@example.com",   ["ann@example.com"]),
    ('ana (5" disk) <ana@example.org>',                       ["ana@example.org"]),
    (r"ana (\) (nested) comment) <ana@example.org>",          ["ana@example.org"]),
    ('"front desk"@example.com',                              ['"front desk"@example.com']),
    ('<"a@b"@example.com>',                                   ['"a@b"@example.com']),
    ("team: a@example.org, Bo <b@example.com>;, c@example.net", ["a@example.org", "b@example.com", "c@example.net"]),
    ('"a: b@c.example": ana@example.org, bo@example.net;',    ["ana@example.org", "bo@example.net"]),
    ("undisclosed-recipients:;",                              []),
    ("<@relay.example,@mx.example:ana@example.org>",          ["ana@example.org"]),
    ("Ana\r\n <ana@example.org>,\r\n\tbo@example.com",        ["ana@example.org", "bo@example.com"]),
    ("=?utf-8?q?Ana_=3Ceve=40example=2Enet=3E?= <ana@example.org>", ["ana@example.org"]),
    ("=?utf-8?q?eve=40example=2Enet?=",                       []),
    ("üsér@exämple.org",                                      ["üsér@exämple.org"]),
    (f"<{LONG}>, ana@example.org",                            [LONG, "ana@example.org"]),
    ("ana@[192.0.2.1]",                                       ["ana@[192.0.2.1]"]),
    ("<ana@example.org> bo@example.net",                      ["ana@example.org"]),
    ("ana@example.org (Ana) bo@example.net",                  ["ana@example.org"]),
    ("\\ ana@example.org",                                     ["\\ ana@example.org"]),  # an escaped blank
    ("postmaster",                                            []),
    ('"a@b"',                                                 []),
    ("",                                                      []),
]  # fmt: skip

# What JavaMail does not read, or reads without a domain or local part.
SCANNED = [
    # text                                                    addresses
    ("ana@example.org bo@example.com",                        ["ana@example.org", "bo@example.com"]),  # was one of them
    ("Ana ana@example.org",                                   ["ana@example.org"]),
    ("ana@example.org Ana",                                   ["ana@example.org"]),
    ("ana@example.org; bo@example.com",                       ["ana@example.org", "bo@example.com"]),
    ("<ana@example.org> <bo@example.net>",                    ["ana@example.org", "bo@example.net"]),
    ("One <a@example.org> Two <b@example.org>",               ["a@example.org", "b@example.org"]),
    ("ana@example.org <bo@example.net> <cy@example.com>",     ["bo@example.net", "cy@example.com"]),
    ("<ana@example.org",                                      ["ana@example.org"]),
    ("<ana@example.org, bo@example.com",                      ["ana@example.org", "bo@example.com"]),  # was one word
    ("<ana@example.org <bo@example.com>",                     ["ana@example.org", "bo@example.com"]),  # was one of them
    ("<ana@example.org, bo@example.com>",                     ["ana@example.org", "bo@example.com"]),  # was one word
    ("ana@example.org>",                                      ["ana@example.org"]),
    ("<ana@example.org (Ana)>",                               ["ana@example.org"]),  # was one with the comment
    ("ana @ example . org",                                   ["ana@example.org"]),  # was none for recipients
    ("ana@ (at) example.org",                                 ["ana@example.org"]),
    ("ana@example.org. Bo <bo@example.com",                   ["bo@example.com"]),
    ("ana@ bo@example.com",                                   ["bo@example.com"]),
    ("ana@example.org @example.com",                          ["ana@example.org"]),
    ("mailto:ana@example.org",                                ["ana@example.org"]),
    ("<mailto:ana@example.org>",                              ["ana@example.org"]),
    ("x@example.net: ana@example.org",                        ["ana@example.org"]),
    ("outer: inner: ana@example.org;;",                       ["ana@example.org"]),
    ("ana@[IPv6:2001:db8::1] bo@example.com",                 ["ana@[IPv6:2001:db8::1]", "bo@example.com"]),
    ("ana@example.org\u00a0",                                 ["ana@example.org"]),
    ("@example.org, ana@, @",                                 []),
    ("<@relay.example:> ana@",                                []),
    ("<>",                                                    []),
    ('"never closed <ana@example.org>',                       []),
    ("(never closed <ana@example.org>",                       []),
    ("[never closed <ana@example.org>",                       []),  # was one for recipients, none for DMARC
    ('bo@example.com, "never closed <ana@example.org>',       ["bo@example.com"]),
    ("ana@a@example.org",                                     ["ana@a@example.org"]),  # divided at the last at-sign
    ("ana@example.org)",                                      ["ana@example.org"]),
    ("\\",                                                    []),
]  # fmt: skip


@pytest.mark.parametrize("text, addresses", WELL_FORMED + SCANNED)
def test_the_addresses_of_a_field(text: str, addresses: list[str]) -> None:
    assert list(addresses_in(text)) == addresses


@pytest.mark.parametrize("text", [text for text, _ in WELL_FORMED])
def test_what_javamail_reads_is_not_scanned(text: str) -> None:
    assert parse_addresses(text) is not None


# What the scan takes where JavaMail passes over something: DMARC wants to know.
PASSED_OVER = [
    ("<ana@example.org> bo@example.net",                      ["ana@example.org", "bo@example.net"]),
    ("ana@example.org (Ana) bo@example.net",                  ["ana@example.org", "bo@example.net"]),
    ("ana@example.org (Ana) .example.net",                    ["ana@example.org.example.net"]),
]  # fmt: skip


@pytest.mark.parametrize("text, addresses", PASSED_OVER)
def test_the_scan_passes_over_nothing(text: str, addresses: list[str]) -> None:
    assert list(scan_addresses(text)) == addresses


mailboxes = st.builds(
    "{}@{}".format,
    st.sampled_from(["ana", "bo.b", "c+d", '"e f"', '"g@h.example"', r'"i\"j"', '"k,l;m:<n>"']),
    st.sampled_from(["example.org", "example.com", "sub.example.net"]),
)
decorations = st.sampled_from(
    ["{}", "<{}>", " {} ", "Name <{}>", '"x@y.example, z" <{}>', "x@y.example <{}>", "{} (x@y.example)",
     "(x@y.example) {}", "<@y.example:{}>", "group: {};", '"x@y.example": A <{}>, ;', "=?utf-8?q?x=40y.example?= <{}>"]
)  # fmt: skip


@given(st.lists(st.tuples(decorations, mailboxes), min_size=1, max_size=6))
def test_recipients_and_dmarc_see_the_same_addresses(entries: list[tuple[str, str]]) -> None:
    addresses = [address for _, address in entries]
    text = ", ".join(decoration.format(address) for decoration, address in entries)
    assert list(addresses_in(text)) == list(scan_addresses(text)) == addresses
    message = Message(f"From: {text}\r\nTo: {text}\r\n\r\n".encode())
    assert envelope_of(message).rcpt_to == tuple(dict.fromkeys(addresses))
    assert Author.of(message).domains == tuple(dict.fromkeys(map(domain_of, addresses)))


@given(st.lists(st.sampled_from([*'"\\()<>,:;@[]. \t', "ana@example.org", "bo@example.com", "x.example"])).map("".join))
def test_no_recipient_is_hidden_from_dmarc(text: str) -> None:
    addresses = list(addresses_in(text))
    domains = [domain_of(address) for address in addresses]
    assert all(domains)
    message = Message(f"From: {text}\r\nTo: {text}\r\n\r\n".encode())
    named = dict.fromkeys(domain for name in domains if (domain := published_domain(name)))
    assert Author.of(message).domains[: len(named)] == tuple(named)


@pytest.mark.parametrize("read", [addresses_in, scan_addresses])
@pytest.mark.parametrize(
    "unit",
    ["(", ")", "<", '"', "\\", "a@b,", "<a@b>,", '"x', "(a", ":", ";", "a ", '" "@x ', "[", "[]", "@ ", "a@", ". ",
     "a@b .", '""', "\\\"", "x:a@b;,", "<@a:", "a@b (c) "],
)  # fmt: skip
def test_long_fields_cost_in_proportion(unit: str, read: Callable[[str], Iterator[str]]) -> None:
    def work(size: int) -> Callable[[], object]:
        text = unit * (size // len(unit))
        return lambda: list(read(text))

    assert_in_proportion(work, 20_000)
