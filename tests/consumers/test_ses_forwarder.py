"""aws-lambda-ses-forwarder, the function that many run behind SES, forwards our mail: unchanged, in Node.js.

It has the AWS SDK that it brings, and the S3 and SES that moto serves.
Its configuration is the one that it has in itself: bucket, prefix, addresses and where they are forwarded to.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from moto_server import moto_server

import sesreceive as ses
from tests.conftest import make_account, make_rule
from tests.consumers.mail import ATTACHMENT, CLIENT, SUBJECT, TEXT, letter
from tests.environments import node_with

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.node, pytest.mark.timeout(600)]

PACKAGES = ("aws-lambda-ses-forwarder@6.0.0", "@aws-sdk/client-s3@3.1175.0", "@aws-sdk/client-sesv2@3.1176.0")
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:forward"
BUCKET, PREFIX = "s3-bucket-name", "emailsPrefix/"


@pytest.fixture(scope="module")
def forwarder() -> ses.Handler:
    folder: Path = node_with("ses-forwarder-6.0.0", *PACKAGES)
    return ses.Handler(folder / "node_modules" / "aws-lambda-ses-forwarder", "index.handler", timeout_s=30)


@pytest.fixture
def backend(forwarder: ses.Handler) -> Iterator[ses.AwsBackend]:
    with moto_server() as url:
        made = ses.AwsBackend(endpoint_url=url, region="us-east-1", functions={FUNCTION: forwarder})
        made.client("s3").create_bucket(Bucket=BUCKET)
        # SES sends for verified identities only; the backend itself has no client for sending.
        sending = made._session.client("sesv2", region_name="us-east-1", endpoint_url=made.endpoint_url)
        sending.create_email_identity(EmailIdentity="example.com")
        yield made


def sent_mail() -> list[tuple[list[str], EmailMessage]]:
    """What the function sent by SES: to whom, and the message."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.ses.models import ses_backends

    return [
        (one.destinations, email.message_from_string(one.raw_data, policy=email.policy.default))
        for one in ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    ]


RECEIVED = [
    # to                          forwarded to
    ("info@example.com",          ["example.john@example.com", "example.jen@example.com"]),
    ("info+spring@example.com",   ["example.john@example.com", "example.jen@example.com"]),
    ("anybody@example.com",       ["example.john@example.com"]),
]  # fmt: skip


@pytest.mark.parametrize("recipient, forwarded", RECEIVED)
def test_it_forwards_what_was_stored(backend: ses.AwsBackend, recipient: str, forwarded: list[str]) -> None:
    rule = make_rule(
        "forward",
        ses.S3Action(bucket_name=BUCKET, object_key_prefix=PREFIX),
        ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse"),
        scan_enabled=True,
    )
    receiver = ses.Receiver(make_account(rule), backend=backend)
    reception = receiver.receive(letter(), rcpt_to=[recipient], **CLIENT)
    (invocation,) = backend.invocations
    assert invocation.error == "", invocation.log
    assert "Process finished successfully." in invocation.log
    assert reception.rules == ("forward",)
    destinations, message = sent_mail()[-1]
    assert destinations[: len(forwarded)] == forwarded
    # moto reads To and Cc of the message too
    assert destinations[len(forwarded) :] == ["Billing <billing@example.com>", "bo@example.net"]
    assert message["From"].addresses[0].addr_spec == "noreply@example.com"
    assert message["From"].addresses[0].display_name == "Ana Müller"
    assert message["Reply-To"].addresses[0].addr_spec == "ana@example.org"
    assert message["Subject"] == SUBJECT
    assert message["Return-Path"] is None
    assert message["X-SES-Spam-Verdict"] == "PASS"  # our header block, which it leaves
    text, attachment = message.iter_parts()
    assert text.get_content().splitlines() == TEXT.splitlines()
    assert attachment.get_content() == ATTACHMENT


def test_it_says_what_it_cannot_find(backend: ses.AwsBackend) -> None:
    """Without the S3 action before it: its own sentence stands in the log and in the trace."""
    rule = make_rule("forward", ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse"))
    receiver = ses.Receiver(
        make_account(rule), backend=backend, assumptions=ses.Assumptions(on_action_failure="record")
    )
    reception = receiver.receive(letter(), rcpt_to=["info@example.com"], **CLIENT)
    (done,) = reception.performed
    assert "Error: Step returned error." in done.outcome.error
    assert "Could not make readable copy of email" in backend.invocations[-1].log
