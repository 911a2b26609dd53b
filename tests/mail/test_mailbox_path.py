"""The argument of MAIL FROM and RCPT TO."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.mail.mailbox_path import Path, is_valid_sender, parse_path

PATHS = [
    # argument                                           address                        parameters
    ("TO:<ana@example.com>",                              "ana@example.com",             {}),
    ("to:<ana@example.com>",                              "ana@example.com",             {}),
    ("TO: <ana@example.com>",                             "ana@example.com",             {}),
    ("TO:< ana@example.com >",                            "ana@example.com",             {}),
    ("TO:ana@example.com",                                "ana@example.com",             {}),
    ("TO:ana@example.com SIZE=1",                         "ana@example.com",             {"SIZE": "1"}),
    ("TO:<Ana+News@Example.COM>",                         "Ana+News@Example.COM",        {}),
    ("TO:<>",                                             "",                            {}),
    ("TO:<postmaster>",                                   "postmaster",                  {}),
    ('TO:<"a@b"@example.com>',                            '"a@b"@example.com',           {}),
    ('TO:<"a>b"@example.com> NOTIFY=NEVER',               '"a>b"@example.com',           {"NOTIFY": "NEVER"}),
    ('TO:<"a\\"b"@example.com>',                          '"a\\"b"@example.com',         {}),
    ('TO:<"a b"@example.com>',                            '"a b"@example.com',           {}),
    ("TO:<@one.example:ana@example.com>",                 "ana@example.com",             {}),
    ("TO:<@one.example,@two.example:ana@example.com>",    "ana@example.com",             {}),
    ("TO:<ana@xn--mnchen-3ya.example>",                   "ana@xn--mnchen-3ya.example",  {}),
    ("TO:<ana@münchen.example>",                          "ana@münchen.example",         {}),
    ("TO:<ana@[192.0.2.1]>",                              "ana@[192.0.2.1]",             {}),
    ("TO:<ana@example.com> SIZE=10 BODY=7B",            "ana@example.com",             {"SIZE": "10", "BODY": "7B"}),
    ("TO:<ana@example.com> X",                            "ana@example.com",             {"X": ""}),
    ("TO:<ana@example.com>SIZE=10",                       "ana@example.com",             {"SIZE": "10"}),
    ("TO:<ana@example.com> size=10 size=20",              "ana@example.com",             {"SIZE": "20"}),
]  # fmt: skip


@pytest.mark.parametrize(("argument", "address", "parameters"), PATHS)
def test_paths(argument: str, address: str, parameters: dict[str, str]) -> None:
    assert parse_path(argument, "TO") == Path(address, parameters)


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "TO",
        "TO ana@example.com",
        "FROM:<a@b>",
        "TO:",
        "TO: ",
        "TO:<ana@example.com",
        'TO:<"ana@example.com>',
        "<a@b>",
        ":<a@b>",
        "TO:@one.example:<ana@example.com>",
        "TO:@one.example: <ana@example.com> SIZE=10",
        "TO:<@one.example:>",
        "TO:\x1f<ana@example.com>",
        "TO:Ana\t<ana@example.com>",
        "TO:@one.example:",
    ],
)
def test_what_is_no_path(argument: str) -> None:
    assert parse_path(argument, "TO") is None


SENDERS = [
    ("", True),
    ("ana@example.org", True),
    ("ana.b+c=d@mail.example.org", True),
    ("bounce+0123=bo=example.com@mail.example.org", True),
    ("a" * 100 + "@example.org", True),
    ("ana", True),
    ('"ana b"@example.org', True),
    ('"a@b"@example.org', True),
    ("ana@[192.0.2.1]", True),
    ("ana@[IPv6:2001:db8::1]", True),
    ("ana@example.org.", True),
    ("ana@a_b.example", True),
    ("ana@münchen.example", True),
    ("jörg@example.org", True),
    ("ana@", False),
    ("@example.org", False),
    ("ana b@example.org", False),
    ("ana@exam ple.org", False),
    ("ana@@example.org", False),
    ("ana@example..org", False),
    ("ana@.example.org", False),
    (".ana@example.org", False),
    ("ana.@example.org", False),
    ("ana@example.org,bo@example.org", False),
    ("ana@exa<mple.org", False),
    ("ana@example.org\x00", False),
    ("ana\x7f@example.org", False),
    ("ana\ufffd@example.org", False),
    ("a" * 250 + "@example.org", False),
]


@pytest.mark.parametrize(("address", "valid"), SENDERS)
def test_senders(address: str, valid: bool) -> None:
    assert is_valid_sender(address) is valid


@given(st.text(max_size=300))
def test_any_text_is_a_path_or_is_not(text: str) -> None:
    path = parse_path(f"TO:{text}", "TO")
    if path is not None:
        is_valid_sender(path.address)


@pytest.mark.parametrize("piece", ['"', "\\", "a.", "@a,", '"\\', "<", " "])
def test_no_argument_takes_long(piece: str) -> None:
    argument = "TO:<" + piece * (900 // len(piece))
    for tail in ("", ">", "@", '">', '"@a>', ":a@b>"):
        path = parse_path(argument + tail, "TO")
        assert path is None or is_valid_sender(path.address) in (True, False)
