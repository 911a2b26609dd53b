"""django-anymail, a Django app for mail, reads our notifications, and the objects they are about, as inbound mail."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from moto_server import moto_server

import sesreceive as ses
from sesreceive.backends.sns_envelope import sns_envelope
from tests.conftest import make_account, make_rule
from tests.consumers.asking import HERE, ask
from tests.consumers.mail import ATTACHMENT, CLIENT, MESSAGE_ID, RECIPIENT, SUBJECT, TEXT, letter
from tests.environments import python_with

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(600)]

REQUIREMENTS = (
    "django-anymail==15.2",
    "amazon-s3-encryption-client-python==4.0.0",
    "attrs==26.1.0",
    "boto3==1.44.5",
    "botocore==1.44.5",
    "cryptography==48.0.1",
    "django==5.2.19",
)
REGION = "us-east-1"


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with("anymail-15.2", *REQUIREMENTS)


@pytest.fixture(scope="module")
def backend() -> Iterator[ses.AwsBackend]:
    with moto_server() as url:
        yield ses.AwsBackend(endpoint_url=url, region=REGION)


@pytest.fixture(scope="module")
def received(backend: ses.AwsBackend) -> tuple[ses.Reception, list[dict[str, Any]]]:
    """One message with four notifications: content in UTF-8, in base64, in an object, in an encrypted object."""
    backend.client("s3").create_bucket(Bucket="inbox")
    topic = backend.client("sns").create_topic(Name="mail")["TopicArn"]
    key = backend.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = make_rule(
        "all",
        ses.SNSAction(topic_arn=topic, encoding="UTF-8"),
        ses.SNSAction(topic_arn=topic, encoding="Base64"),
        ses.S3Action(bucket_name="inbox", object_key_prefix="plain/", topic_arn=topic),
        ses.S3Action(bucket_name="inbox", object_key_prefix="secret/", kms_key_arn=key, topic_arn=topic),
        scan_enabled=True,
    )
    receiver = ses.Receiver(make_account(rule), backend=backend, seed=1)
    reception = receiver.receive(letter(), rcpt_to=[RECIPIENT], **CLIENT)
    assert [done.outcome.error for done in reception.performed] == [""] * 6
    notifications = []
    for published, kms_key_id in zip(backend.topics[topic], (None, None, None, key), strict=True):
        assert reception.received_at is not None
        body = sns_envelope(
            topic_arn=topic, subject=published.subject, message=published.message, published_at=reception.received_at
        )
        headers = {"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": json.loads(body)["MessageId"]}
        notifications.append({"body": body, "headers": headers, "kms_key_id": kms_key_id})
    return reception, notifications


def test_anymail_reads_the_mail_of_every_notification(
    python: Path, backend: ses.AwsBackend, received: tuple[ses.Reception, list[dict[str, Any]]]
) -> None:
    reception, notifications = received
    answers = ask(
        python, "-I", HERE / "read_with_anymail.py",
        question={"endpoint": backend.endpoint_url, "region": REGION, "notifications": notifications},
    )  # fmt: skip
    assert reception.received_at is not None
    assert [answer["status"] for answer in answers] == [200] * 4
    for answer in answers:
        (event,) = answer["events"]
        assert datetime.fromisoformat(event.pop("timestamp")) == reception.received_at
        assert event == {
            "esp_name": "Amazon SES",
            "event_type": "inbound",
            "event_id": reception.message_id,
            "envelope_sender": CLIENT["mail_from"],
            "envelope_recipient": RECIPIENT,
            "spam_detected": False,
            "from": ["Ana Müller", "ana@example.org"],
            "to": [RECIPIENT],
            "cc": ["bo@example.net"],
            "subject": SUBJECT,
            "date": "2026-01-02T10:05:00+00:00",
            "message_id": MESSAGE_ID,
            "text": TEXT,
            "attachments": [["rechnung.pdf", base64.b64encode(ATTACHMENT).decode()]],
        }
