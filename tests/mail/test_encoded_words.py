"""RFC 2047 words in headers: which are decoded, and that no value costs much."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.mail.encoded_words import decode_words
from tests.cost import assert_in_proportion

WORDS = [
    # value                                                  shown
    ("plain text",                                           "plain text"),
    ("",                                                     ""),
    ("=?UTF-8?Q?d=C3=A9ficit?=",                             "déficit"),
    ("=?utf-8?q?two_words?=",                                "two words"),
    ("=?utf-8?B?R3LDvMOfZQ==?=",                             "Grüße"),
    ("=?iso-8859-1?Q?=E9?= =?utf-8?q?=C3=A9?=",              "éé"),
    ("=?utf-8?q?a?=\t =?utf-8?q?b?=",                        "ab"),
    ("=?utf-8?q?a?= and =?utf-8?q?b?=",                      "a and b"),
    ("  =?utf-8?q?a?=  ",                                    "  a  "),
    ("=?utf-8*de?q?a?=",                                     "a"),
    ("=?windows-1252?q?=80?=",                               "€"),
    ("=?windows-874?q?=A1?=",                                "ก"),
    ("=?windows-31j?b?k/o=?=",                               "日"),
    ("=?koi8-u?q?=C1?=",                                     "а"),
    ("=?gb2312?b?xOO6ww==?=",                                "你好"),
    ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=",                   "日本"),
    ("=?utf-8?q??=",                                         ""),
    ("=?us-ascii?q?=E9?=",                                   "é"),
    ("=?gb2312?B?gTCBMA==?=",                                "\x80"),
    ("=?utf-16?B?AGEAYg==?=",                                "ab"),
    # what is attached behind a word stays; in quotes, or behind something, it is no word
    ('"=?US-ASCII?Q?Tax_office?=" <tax@example.org>',        '"=?US-ASCII?Q?Tax_office?=" <tax@example.org>'),
    ("(=?utf-8?q?a?=)",                                      "(=?utf-8?q?a?=)"),
    ("=?utf-8?q?a?=,",                                       "a,"),
    ("=?UTF-8?B?0JLQsNGI0LU=?=. Mail",                       "Ваше. Mail"),
    ("=?utf-8?q?a?==?utf-8?q?b?=",                           "a=?utf-8?q?b?="),
    ("=?utf-8?q?=ZZ?= =?utf-8?q?b?=",                        "=?utf-8?q?=ZZ?= b"),
    # what is no word, or says what is not so
    ("=?utf-8?x?a?=",                                        "=?utf-8?x?a?="),
    ("=?utf-8?q?a b?=",                                      "=?utf-8?q?a b?="),
    ("=?utf-8?q?=ZZ?=",                                      "=?utf-8?q?=ZZ?="),
    ("=?utf-8?b?abc?=",                                      "=?utf-8?b?abc?="),
    ("=?utf-8?q?unfinished",                                 "=?utf-8?q?unfinished"),
    ("=?nobody-knows?q?a?= =?utf-8?q?b?=",                   "=?nobody-knows?q?a?= =?utf-8?q?b?="),
    # nested words are decoded once
    ("=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=",                "=?utf-8?q?a?="),
    # codecs of Python that are no charsets
    ("=?rot13?q?a?=",                                        "=?rot13?q?a?="),
    ("=?zlib?b?eJwDAAAAAAE=?=",                              "=?zlib?b?eJwDAAAAAAE=?="),
    ("=?unicode_escape?q?=5Cud800?=",                        "=?unicode_escape?q?=5Cud800?="),
    ("=?punycode?q?a-b?=",                                   "=?punycode?q?a-b?="),
    ("=?idna?q?xn--a?=",                                     "=?idna?q?xn--a?="),
    ("=?utf-7?q?+2AA-?=",                                    "=?utf-7?q?+2AA-?="),
    ("=?os.path?q?a?=",                                      "=?os.path?q?a?="),
]  # fmt: skip


@pytest.mark.parametrize("value, shown", WORDS)
def test_a_token_that_begins_with_an_encoded_word_is_decoded(value: str, shown: str) -> None:
    assert decode_words(value) == shown


@given(st.text(alphabet='=?utf-8qQbB _AZ09 \t\r\n"é'))
def test_any_text_gives_a_text(value: str) -> None:
    decode_words(value).encode("utf-8")


LONG: dict[str, Callable[[int], str]] = {
    "words": lambda size: "=?utf-8?q?a?= " * (size // 10),
    "openings": lambda size: "=?" * (size // 2),
    "openings apart": lambda size: " =?" * (size // 3),
    "almost words": lambda size: " =?utf-8?q?" * (size // 10),
    "charsets": lambda size: "".join(f" =?x{number}?q?a?=" for number in range(size // 16)),
    "one long word": lambda size: "=?utf-8?q?" + "a" * size + "?=",
    "one long word of escapes": lambda size: "=?utf-8?q?" + "=41" * (size // 3) + "?=",
    "blanks": lambda size: "=?utf-8?q?a?=" + " " * size + "=?utf-8?q?b?=",
}


@pytest.mark.parametrize("make", LONG.values(), ids=LONG.keys())
def test_a_megabyte_costs_in_proportion(make: Callable[[int], str]) -> None:
    def work(size: int) -> Callable[[], object]:
        value = make(size)
        return lambda: decode_words(value)

    assert_in_proportion(work, 1_000_000)
