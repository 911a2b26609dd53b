"""The table of quotas, lengths and patterns."""

from __future__ import annotations

import re

import pytest

from sesreceive import limits

# Section 4.1 of the guide's quotas, and what was observed: the numbers once more, so that a slip of the hand shows.
NUMBERS = {
    "RULE_SETS": 40,
    "RULES_PER_RULE_SET": 200,
    "ACTIONS_PER_RULE": 10,
    "RECIPIENTS_PER_RULE": 500,
    "FILTERS": 100,
    "RECIPIENTS_PER_MESSAGE": 100,
    "MESSAGE_SIZE": 41_943_040,
    "SNS_MESSAGE_SIZE": 153_600,
    "NOTIFICATION_HEADERS_SIZE": 10_240,
    "LAMBDA_HEADERS_SIZE": 51_200,
    "S3_KEY_SIZE": 1_024,
    "S3_METADATA_SIZE": 2_048,
    "SNS_PUBLISH_SIZE": 262_144,
    "SNS_SUBJECT_LENGTH": 100,
    "SQS_MESSAGE_SIZE": 1_048_576,
    "LAMBDA_SYNC_PAYLOAD_SIZE": 6_291_456,
    "LAMBDA_ASYNC_PAYLOAD_SIZE": 1_048_576,
    "LAMBDA_TIMEOUT": 30,
    "ACTION_RETRY": 129_600,
    "SEND_BOUNCE_WINDOW": 86_400,
    "API_RATE": 1,
    "NAME_LENGTH": 64,
    "HEADER_NAME_LENGTH": 50,
    "HEADER_VALUE_LENGTH": 2_048,
}


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_numbers_are_those_of_the_service(name):
    assert getattr(limits, name).value == NUMBERS[name]


def test_every_limit_is_in_the_table_and_says_who_says_so():
    named = [value for name, value in vars(limits).items() if isinstance(value, limits.Limit)]
    assert tuple(named) == limits.LIMITS
    for limit in limits.LIMITS:
        assert limit.name
        assert limit.unit
        assert limit.source
        assert limit.tag in limits.Tag
        assert "\n" not in str(limit)


@pytest.mark.parametrize("limit", [one for one in limits.LIMITS if one.unit == "pattern"], ids=lambda one: one.name)
def test_patterns_are_said_in_words_too_and_stay_fast(limit):
    assert limit.meaning
    hostile = "arn:aws:iam::1:role/" + "a/" * 1_000 + "!"
    assert re.fullmatch(limit.value, hostile, re.ASCII) is None or limit.value.startswith("^[^") or "x3B" in limit.value
