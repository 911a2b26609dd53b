"""ARNs as values: one row each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.arn import Arn

ROWS = [
    # text                                                          region       account         names
    ("arn:aws:sns:eu-west-1:111122223333:mail",                      "eu-west-1", "111122223333", ("mail",)),
    ("arn:aws:lambda:us-east-1:111122223333:function:gate",          "us-east-1", "111122223333", ("gate",)),
    ("arn:aws:lambda:us-east-1:111122223333:function:gate:live",     "us-east-1", "111122223333",
     ("gate:live", "gate")),
    ("arn:aws:s3:::inbox",                                           "",          "",             ("inbox",)),
    ("arn:aws:iam::111122223333:role/ses",                           "",          "111122223333", ("role/ses",)),
    ("arn:aws:ses:us-east-1:111122223333:receipt-rule-set/a:receipt-rule/b", "us-east-1", "111122223333",
     ("receipt-rule-set/a:receipt-rule/b",)),
]  # fmt: skip


@pytest.mark.parametrize("text, region, account_id, names", ROWS)
def test_the_parts_of_an_arn(text: str, region: str, account_id: str, names: tuple[str, ...]) -> None:
    arn = Arn.parse(text)
    assert arn is not None
    assert (arn.region, arn.account_id, arn.names) == (region, account_id, names)
    assert str(arn) == text


@pytest.mark.parametrize("text", ["", "gate", "arn:aws:sns", "arn:aws:sns:us-east-1:111122223333", "urn:a:b:c:d:e"])
def test_other_texts_are_none(text: str) -> None:
    assert Arn.parse(text) is None


@given(st.text())
def test_an_arn_is_written_as_it_was_read(text: str) -> None:
    arn = Arn.parse(text)
    assert arn is None or str(arn) == text
