"""What SES writes when a rule is created: the setup object of 645 bytes and the setup notification."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sesreceive.writing.notification import action_object
from sesreceive.writing.setup import SETUP_MESSAGE_ID, object_key, setup_message, setup_notification, setup_object

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

KEYS = [
    # prefix      key
    (None,        "id"),
    ("",          "id"),
    ("mail",      "mail/id"),
    ("mail/",     "mail/id"),
    ("a/b",       "a/b/id"),
    ("/",         "/id"),
    ("a//",       "a//id"),
]  # fmt: skip


@pytest.mark.parametrize("prefix, key", KEYS)
def test_a_slash_is_put_between_prefix_and_id(prefix: str | None, key: str) -> None:
    assert object_key(prefix, "id") == key


def test_the_setup_object_has_the_size_of_the_services() -> None:
    body = setup_object(AT)
    assert len(body) == 645
    *lines, last = body.split(b"\r\n")
    assert lines[0] == b"Date: Wed, 04 Mar 2026 05:06:07 +0000"
    assert last == b"The Amazon SES Team\n"
    assert not any(b"\n" in line for line in lines)


def test_object_and_notification_differ_in_what_mail_is_delivered_to() -> None:
    assert setup_object(AT).replace(b"S3 bucket", b"SNS topic") == setup_message(AT, "SNS topic")
    assert setup_object(AT).count(b"S3 bucket") == 2


def test_an_sns_action_is_told_the_setup_message() -> None:
    action = action_object("SNS", topicArn="arn:aws:sns:us-east-1:111122223333:mail", encoding="UTF-8")
    text = setup_notification(AT, action)
    told = json.loads(text)
    assert list(told) == ["notificationType", "mail", "receipt", "content"]
    assert told["mail"]["messageId"] == SETUP_MESSAGE_ID == "AMAZON_SES_SETUP_NOTIFICATION"
    assert told["content"].encode() == setup_message(AT, "SNS topic")
    assert told["receipt"]["action"] == action
    assert told["receipt"]["recipients"] == ["recipient@example.com"]
    assert text == json.dumps(told, separators=(",", ":"))


def test_other_actions_are_told_without_content() -> None:
    action = action_object("S3", topicArn="t", bucketName="b", objectKey=object_key("mail", SETUP_MESSAGE_ID))
    told = json.loads(setup_notification(AT, action))
    assert "content" not in told
    assert told["receipt"]["action"]["objectKey"] == "mail/AMAZON_SES_SETUP_NOTIFICATION"
