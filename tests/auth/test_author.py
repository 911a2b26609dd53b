"""The author domain of a From field, whatever stands there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.auth.author import MAX_FROM_OCTETS, Author
from sesreceive.mail.message import Message

NONE = "the From field names no domain"

FIELDS = [
    # From field                                              domains
    ("ana@example.org",                                       ["example.org"]),
    ("<ana@example.org>",                                     ["example.org"]),
    ("Ana <ana@Example.ORG>",                                 ["example.org"]),
    ('"Ana" <ana@example.org>',                               ["example.org"]),
    ('"bo@example.net" <ana@example.org>',                    ["example.org"]),
    ("bo@example.net <ana@example.org>",                      ["example.org"]),
    ('"a, b; c: <d@example.net>" <ana@example.org>',          ["example.org"]),
    (r'"quoted \" <eve@example.net>" <ana@example.org>',      ["example.org"]),
    ('"ana@home"@example.org',                                ["example.org"]),
    ("(eve@example.net) ana@example.org",                     ["example.org"]),
    ("ana@example.org (it's me, eve@example.net)",            ["example.org"]),
    ('ana (5" disk) <ana@example.org>',                       ["example.org"]),
    (r"ana (\) (nested) comment) <ana@example.org>",          ["example.org"]),
    ("ana @ example . org",                                   ["example.org"]),
    ("Ana\r\n <ana@example.org>",                             ["example.org"]),
    ("=?utf-8?q?Ana_=3Ceve=40example=2Enet=3E?= <ana@example.org>", ["example.org"]),
    ("Ana Müller <ana@münchen.example>",                      ["xn--mnchen-3ya.example"]),
    ("ana@example.org, bo@example.org",                       ["example.org"]),
    ("ana@example.org, bo@example.net",                       ["example.org", "example.net"]),
    ("team: ana@example.org, bo@example.net;",                ["example.org", "example.net"]),
    ("team: ana@example.org;, cy@example.com",                ["example.org", "example.com"]),
    ("<@relay.example.net:ana@example.org>",                  ["example.org"]),
    ("<@a.example.net,@b.example.net:ana@example.org>",       ["example.org"]),
    ("<ana@example.org> <bo@example.net>",                    ["example.org", "example.net"]),
    # JavaMail passes over the second one; a mail program may show it, so it has to be aligned, too.
    ("<ana@example.org> bo@example.net",                      ["example.org", "example.net"]),
    ("ana@example.org (Ana) bo@example.net",                  ["example.org", "example.net"]),  # was the second alone
    ("ana@example.org (Ana) .example.net",                    ["example.org", "example.org.example.net"]),
    ("ana@example.org bo@example.net",                        ["example.org", "example.net"]),  # was the second alone
    ("<ana@example.org, bo@example.net>",                     ["example.org", "example.net"]),  # was the second alone
    ("<" + "x" * 300 + "@example.org>",                       ["example.org"]),
    ("eve@example.net: ana@example.org;",                     ["example.org"]),
    ('"ana@example.org"',                                     []),
    ("=?utf-8?q?ana=40example=2Eorg?=",                       []),
    ("ana@example.org.",                                      ["example.org"]),
    ("",                                                      []),
    ("Ana",                                                   []),
    ("undisclosed-recipients:;",                              []),
    ("ana@",                                                  []),
    ("ana@localhost",                                         []),
    ("ana@[192.0.2.1]",                                       []),
    ("ana@a..b",                                              []),
    ("ana@" + "a" * 64 + ".example",                          []),
    ('"unclosed <ana@example.org>',                           []),
    ("(unclosed <ana@example.org>",                           []),
    ("[unclosed <ana@example.org>",                           []),
    ("<ana@example.org",                                      ["example.org"]),
    ("\\",                                                    []),
]  # fmt: skip


@pytest.mark.parametrize("value,domains", FIELDS)
def test_the_domains_of_a_from_field(value: str, domains: list[str]) -> None:
    author = Author.of(Message(b"To: x@example.com\r\nFROM: " + value.encode() + b"\r\n\r\nFrom: body@example.net\r\n"))
    assert list(author.domains) == domains
    assert author.problem == ("" if domains else NONE)
    assert author.fields == 1


def test_a_message_without_a_from_field_has_no_author() -> None:
    assert Author.of(Message(b"Subject: x\r\n\r\n")) == Author(0, (), "the message has no From field")


def test_the_first_of_several_from_fields_is_read_and_all_are_counted() -> None:
    author = Author.of(Message(b"From: ana@example.org\r\nFrom: eve@example.net\r\n\r\n"))
    assert (author.fields, author.domains) == (2, ("example.org",))


def test_a_field_beyond_the_limit_is_not_read() -> None:
    author = Author.of(Message(b"From: " + b"<" * MAX_FROM_OCTETS + b"\r\n\r\n"))
    assert author.problem == f"the From field has more than {MAX_FROM_OCTETS} octets"


@given(st.one_of(st.binary(max_size=80), st.text(alphabet='"\\()<>,:;@[]. ab\r\n', max_size=60).map(str.encode)))
def test_any_field_has_an_answer(value: bytes) -> None:
    author = Author.of(Message(b"From: " + value))
    assert bool(author.domains) is not bool(author.problem)
    assert all("." in domain and domain.isascii() for domain in author.domains)
