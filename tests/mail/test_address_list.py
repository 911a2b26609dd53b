"""Address headers as SES prints them: the samples of the specification, JavaMail's rules, and no value costs much."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.mail.address_list import parse_addresses, render
from tests.cost import assert_in_proportion

SHOWN = [
    # header value                                            each address as it is shown
    ("a@example.org",                                         ["a@example.org"]),
    ("<a@example.org>",                                       ["a@example.org"]),
    ("  a@example.org  ",                                     ["a@example.org"]),
    ('"Peter" <p@example.org>',                               ["Peter <p@example.org>"]),
    ("Peter <p@example.org>",                                 ["Peter <p@example.org>"]),
    ("Peter<p@example.org>",                                  ["Peter <p@example.org>"]),
    ('"Doe, John" <s@example.org>',                           ['"Doe, John" <s@example.org>']),
    ('"a@b" <a@b>',                                           ['"a@b" <a@b>']),
    ("Dr. Dan <d@example.org>",                               ['"Dr. Dan" <d@example.org>']),
    ("O'Neill + Co & Son! <o@example.org>",                   ["O'Neill + Co & Son! <o@example.org>"]),
    ('"=?US-ASCII?Q?Tax_office?=" <tax@example.org>',         ["Tax office <tax@example.org>"]),
    ("=?utf-8?q?J=C3=B6rg?= <j@example.org>",                 ['"Jörg" <j@example.org>']),
    ("=?utf-8?q?J=C3=B6?= =?utf-8?q?rg_B=2E?= <j@example.org>", ['"Jörg B." <j@example.org>']),
    ("Jörg <j@example.org>",                                  ['"Jörg" <j@example.org>']),
    (r'"say \"hi\" \\ bye" <q@example.org>',                  [r'"say \"hi\" \\ bye" <q@example.org>']),
    ('Peter "the" Great <g@example.org>',                     [r'"Peter \"the\" Great" <g@example.org>']),
    ('"" <e@example.org>',                                    ["e@example.org"]),
    ("=?utf-8?q??= <e@example.org>",                          ["e@example.org"]),
    ("a@example.org, b@example.org,c@example.org",            ["a@example.org", "b@example.org", "c@example.org"]),
    ("a@example.org,, ,b@example.org,",                       ["a@example.org", "b@example.org"]),
    ("ann@example.org (Ann)",                                 ["Ann <ann@example.org>"]),
    ("ann@example.org (Ann (the) B.)",                        ['"Ann (the) B." <ann@example.org>']),
    (r"ann@example.org (a \) b)",                             [r'"a \\) b" <ann@example.org>']),
    ("Ann <ann@example.org> (work)",                          ["Ann <ann@example.org>"]),
    ('"john doe"@example.org',                                ['<"john doe"@example.org>']),
    ("a@[192.0.2.1]",                                         ["<a@[192.0.2.1]>"]),
    ("Route <@x.example,@y.example:a@example.org>",           ["Route <@x.example,@y.example:a@example.org>"]),
    ("postmaster",                                            ["postmaster"]),
    ("undisclosed-recipients:;",                              ["undisclosed-recipients:;"]),
    ("Team: a@example.org, Bo <b@example.org>;",              ["Team: a@example.org, Bo <b@example.org>;"]),
    ("x@example.org, Team:a@example.org;, y@example.org",
     ["x@example.org", "Team:a@example.org;", "y@example.org"]),
    ("",                                                      []),
    (" , ",                                                   []),
]  # fmt: skip

BROKEN = [
    "John Doe <john@example.org",
    '"John Doe <john@example.org>',
    "john@example.org (no end",
    "john@example.org)",
    "john> doe",
    "a@[192.0.2.1",
    "John Doe",
    "john doe@example.org",
    "a@b@example.org",
    "a@example.org; b@example.org",
    "One <a@example.org> Two <b@example.org>",
    "Outer: Inner: a@example.org;;",
    "mailto:a@example.org",
    "<>",
    "Nobody <>",
    "a\x00b@example.org",
]


@pytest.mark.parametrize("value, shown", SHOWN)
def test_addresses_are_shown_as_javamail_shows_them(value: str, shown: list[str]) -> None:
    parsed = parse_addresses(value)
    assert parsed is not None
    assert [render(address) for address in parsed] == shown


@pytest.mark.parametrize("value", BROKEN)
def test_what_breaks_the_syntax_is_no_address_list(value: str) -> None:
    assert parse_addresses(value) is None


def test_names_can_be_assumed_bare() -> None:
    [address] = parse_addresses("=?utf-8?q?J=C3=B6rg?= <j@example.org>") or ()
    assert render(address, quote_non_ascii=False) == "Jörg <j@example.org>"


names = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t"), min_size=1).filter(
    lambda name: name.strip(" ") and "=?" not in name
)


@given(st.lists(names, min_size=1, max_size=4))
def test_what_is_shown_can_be_read_again(given_names: list[str]) -> None:
    quoted = [name.replace("\\", "\\\\").replace('"', '\\"') for name in given_names]
    value = ", ".join(f'"{name}" <a@example.org>' for name in quoted)
    once = parse_addresses(value)
    assert once is not None
    assert [address.name for address in once] == given_names
    shown = [render(address) for address in once]
    again = parse_addresses(", ".join(shown))
    assert again is not None
    assert [render(address) for address in again] == shown


@given(st.text(alphabet='ab@.,;:<>()[]"\\ \t\r\n'))
def test_any_text_is_a_list_or_none(value: str) -> None:
    for address in parse_addresses(value) or ():
        assert render(address)


LONG: dict[str, Callable[[int], str]] = {
    "addresses": lambda size: "Ann <a@example.org>, " * (size // 20),
    "comments": lambda size: "(" * size,
    "closed comments": lambda size: "(a)" * (size // 3),
    "angles": lambda size: "<" * size,
    "quotes": lambda size: '"' * size,
    "quoted strings": lambda size: '"a" ' * (size // 4),
    "escapes": lambda size: '"' + "\\a" * (size // 2),
    "brackets": lambda size: "[" * size,
    "literals": lambda size: "[a]" * (size // 3),
    "colons": lambda size: ":" * size,
    "semicolons": lambda size: ";" * size,
    "groups": lambda size: "a:;" * (size // 3),
    "commas": lambda size: "," * size,
    "angles and quotes": lambda size: '<">' * (size // 3) + '"',
    "one atom": lambda size: "a" * size,
    "atoms and dots": lambda size: "a." * (size // 2) + "@",
    "blanks": lambda size: " " * size + "a",
    "a route": lambda size: "<" + "@a," * (size // 3) + ">",
}


@pytest.mark.parametrize("make", LONG.values(), ids=LONG.keys())
def test_a_megabyte_costs_in_proportion(make: Callable[[int], str]) -> None:
    def work(size: int) -> Callable[[], object]:
        value = make(size)
        return lambda: [render(address) for address in parse_addresses(value) or ()]

    assert_in_proportion(work, 1_000_000)
