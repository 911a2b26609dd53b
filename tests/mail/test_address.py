"""Where an address is divided: at the last at-sign outside quoted strings, wherever an address is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.account.findings import condition_finding
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.account.syntax import is_address, is_recipient
from sesreceive.auth.spf import check_host
from sesreceive.dns.zone import Zone
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import Mailbox
from sesreceive.mail.mailbox_path import is_valid_sender
from sesreceive.stages.conditions import match
from sesreceive.stages.index import RuleIndex
from tests.cost import assert_in_proportion

DIVIDED = [
    # address                          local part                   domain
    ("ana@example.com",                "ana",                       "example.com"),
    ("Ana@Example.COM.",               "Ana",                       "example.com"),
    ("ana",                            "ana",                       ""),
    ("ana@",                           "ana",                       ""),
    ("@example.com",                   "",                          "example.com"),
    ("",                               "",                          ""),
    ("@",                              "",                          ""),
    ("a@b@example.com",                "a@b",                       "example.com"),
    ('"a@b"',                          '"a@b"',                     ""),
    ('"a@b"@example.com',              '"a@b"',                     "example.com"),
    ('"a@b"@',                         '"a@b"',                     ""),
    (r'"a\"@b"',                       r'"a\"@b"',                  ""),
    (r'"a\"@b"@example.com',           r'"a\"@b"',                  "example.com"),
    ('a."b@c".d',                      'a."b@c".d',                 ""),
    ('"a@b" "c@d"',                    '"a@b" "c@d"',               ""),
    ('x@"a@b"',                        "x",                         '"a@b"'),
    ('"a@b',                           '"a',                        "b"),  # a quote that nothing closes is no quote
    ('a@b"c',                          "a",                         'b"c'),
    (r'\"a@b"',                        r'\"a',                      'b"'),  # nor is an escaped one
    (r'"a@b\"',                        '"a',                        r'b\"'),
    (r'"a@b"c\"@d"',                   r'"a@b"c\"',                 'd"'),
]  # fmt: skip


@pytest.mark.parametrize("text, local, domain", DIVIDED)
def test_an_address_is_divided_outside_quotes(text: str, local: str, domain: str) -> None:
    mailbox = Mailbox.parse(text)
    assert (mailbox.text, mailbox.local, mailbox.domain) == (text, local, domain)
    assert mailbox.is_divided is (local != text)


@given(st.text(alphabet='ab@".\\ A') | st.text())
def test_the_parts_make_up_the_text(text: str) -> None:
    mailbox = Mailbox.parse(text)
    local, at, domain = mailbox.local, text[len(mailbox.local) :][:1], text[len(mailbox.local) + 1 :]
    assert local + at + domain == text
    assert (at, mailbox.domain) == (("@", plain_domain(domain)) if mailbox.is_divided else ("", ""))


quoted_strings = st.text(alphabet=st.characters(exclude_characters='"\\', codec="utf-8")).map('"{}"'.format)


@given(quoted_strings)
def test_a_quoted_string_is_never_divided(quoted: str) -> None:
    assert Mailbox.parse(quoted) == Mailbox(text=quoted, local=quoted, domain="")
    assert Mailbox.parse(f"{quoted}@example.com") == Mailbox(f"{quoted}@example.com", quoted, "example.com")


ZONE = Zone({"example.com": {"TXT": "v=spf1 -all"}})
FIRST = ((0, 0),)  # the first rule by its first condition

# Every place where it matters: what it says of a quoted string with an at-sign in it, without and with a domain.
PLACES: list[tuple[str, Callable[[str], object], object, object]] = [
    # place                        asked with the address                                          alone  with a domain
    ("a sender",                   is_valid_sender,                                                True,  True),
    ("an address of the account",  is_address,                                                     False, True),
    ("a recipient of a rule",      is_recipient,                                                   False, True),
    ("an address condition",       lambda address: match(address, address).matches,                True,  True),
    ("a domain condition",         lambda address: match("example.com", address).matches,          False, True),
    ('the domain `b"`',            lambda address: match('b"', address).matches,                   False, False),
    ("the other address",          lambda address: match('"a@example.com', address).matches,       False, False),
    ("the index of addresses",     lambda address: rules(address).matching(address),               FIRST, FIRST),
    ("the index of domains",       lambda address: rules("example.com").matching(address),         (),    FIRST),
    ("what a condition misses",    lambda address: condition_finding(address) == "",               False, True),
    ("SPF",                        lambda address: check_host("192.0.2.1", address, "", ZONE).status, "none", "fail"),
]  # fmt: skip


def rules(condition: str) -> RuleIndex:
    return RuleIndex(ReceiptRuleSet(name="s", rules=(ReceiptRule(name="r", enabled=True, recipients=(condition,)),)))


@pytest.mark.parametrize("place, alone, divided", [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_no_place_divides_a_quoted_string(place: Callable[[str], object], alone: object, divided: object) -> None:
    assert (place('"a@b"'), place('"a@b"@example.com')) == (alone, divided)


@pytest.mark.parametrize("unit", ['"', '\\"', '"@"', '@"', "\\", '"\\"@'])
def test_a_long_address_costs_in_proportion(unit: str) -> None:
    def work(size: int) -> Callable[[], object]:
        text = unit * (size // len(unit)) + '"'
        return lambda: Mailbox.parse(text)

    assert_in_proportion(work, 20_000)
