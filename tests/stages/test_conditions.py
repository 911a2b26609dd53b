"""The condition table of the specification (3.4), and the sentences that explain a miss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.stages.conditions import match

CONDITIONS = [
    # condition               recipient                     matches
    ("user@example.com", "user@example.com", True),
    ("user@example.com", "USER@Example.COM", True),
    ("User@Example.Com", "user@example.com", True),
    ("user@example.com", "user+label@example.com", True),
    ("user@example.com", "user+a+b@example.com", True),
    ("user@example.com", "user@sub.example.com", False),
    ("user@example.com", "users@example.com", False),
    ("user@example.com", "user@example.org", False),
    ("user+label@example.com", "user+label@example.com", True),
    ("user+label@example.com", "User+LABEL@example.com", True),
    ("user+label@example.com", "user@example.com", False),
    ("user+label@example.com", "user+other@example.com", False),
    ("user+a@example.com", "user+a+b@example.com", False),
    ("example.com", "anyone@example.com", True),
    ("example.com", "anyone@EXAMPLE.com", True),
    ("example.com", "anyone@mx.example.com", False),
    ("example.com", "anyone@badexample.com", False),
    (".example.com", "anyone@mx.example.com", True),
    (".example.com", "anyone@a.b.example.com", True),
    (".example.com", "anyone@example.com", False),
    (".example.com", "anyone@badexample.com", False),
    ("*@example.com", "anyone@example.com", False),
    ('"a@b"@example.com', '"A@B"@example.com', True),
    ("xn--mnchen-3ya.example", "ana@xn--mnchen-3ya.example", True),
]


@pytest.mark.parametrize("condition, recipient, matches", CONDITIONS)
def test_conditions_match_as_the_table_says(condition: str, recipient: str, matches: bool) -> None:
    assert match(condition, recipient).matches is matches


REASONS = [
    (
        ".example.com",
        "ana@example.com",
        "`.example.com` covers subdomains only; `ana@example.com` is in the domain itself",
    ),
    (
        "example.com",
        "ana@mx.example.com",
        "`example.com` covers the domain itself only; `ana@mx.example.com` is in the subdomain `mx.example.com`",
    ),
    ("example.com", "ana@example.org", "`ana@example.org` is not in the domain `example.com`"),
    (".example.com", "ana@example.org", "`example.org` is not a subdomain of `example.com`"),
    ("ana@example.com", "bo@example.com", "`bo@example.com` is another address than `ana@example.com`"),
    ("ana@example.com", "ana@mx.example.com", "`ana@mx.example.com` is in a subdomain, not in `example.com`"),
    ("ana@example.com", "ana+x@example.com", "`ana+x@example.com` is `ana@example.com` with the label `x`"),
    (
        "ana+x@example.com",
        "ana+y@example.com",
        "`ana+x@example.com` is for the label `x` only; `ana+y@example.com` has the label `y`",
    ),
]


@pytest.mark.parametrize("condition, recipient, reason", REASONS)
def test_the_reason_is_a_sentence_about_this_recipient(condition: str, recipient: str, reason: str) -> None:
    assert match(condition, recipient).reason == reason


def test_where_a_label_starts_is_a_named_assumption() -> None:
    last = ses.Assumptions(label_match="last-plus")
    assert match("a+b@example.com", "a+b+c@example.com", last).matches is False
    assert match("a+b+c@example.com", "a+b+c@example.com", last).matches is True
    assert match("a@example.com", "a+b+c@example.com", last).matches is False


@given(st.text(max_size=40), st.text(max_size=40))
def test_case_never_matters_and_nothing_raises(condition: str, recipient: str) -> None:
    result = match(condition, recipient)
    assert result.reason
    if recipient.isascii() and condition.isascii():
        assert match(condition.upper(), recipient.lower()).matches == result.matches
