"""Captures made by the kit itself: one mail, and every form in which what SES writes of it can be kept."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import sesreceive as ses
from sesreceive.backends.kms_envelope import LocalKms
from sesreceive.backends.sns_envelope import sns_envelope, sns_lambda_event

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:gate"
ORGANIZATION = "arn:aws:workmail:us-east-1:111122223333:organization/m-0123456789abcdef0123456789abcdef"
KEY = "arn:aws:kms:us-east-1:111122223333:alias/aws/ses"
ZONE = """
example.org.            IN TXT "v=spf1 ip4:198.51.100.0/24 -all"
_dmarc.example.org.     IN TXT "v=DMARC1; p=none"
"""
RAW = (
    b"From: =?utf-8?Q?J=C3=B6rg?= <ana@example.org>\r\n"
    b'To: "Team, A" <team@example.net>,\r\n\tbo@example.com\r\nCc: carol@example.net\r\n'
    b"Reply-To: help@example.org\r\nSender: desk@example.org\r\n"
    b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= from far\r\nDate: Fri, 2 Jan 2026 10:05:04 +0000\r\n"
    b"Message-ID: <1@example.org>\r\nX-Mailer: one\r\nX-Mailer: two\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\nprivate body \xc3\xa4\r\n"
)
SESSION: dict[str, Any] = {
    "client_ip": "198.51.100.7",
    "client_name": "out.example.org",
    "helo": "mx.example.org",
    "mail_from": "bounces@example.org",
    "rcpt_to": ("Bo+x@example.com", "nobody@example.net"),
}
RULES = (
    ses.ReceiptRule(
        name="store",
        enabled=True,
        scan_enabled=True,
        recipients=("bo@example.com",),
        actions=(
            ses.S3Action(bucket_name="inbox", object_key_prefix="mail", topic_arn=TOPIC),
            ses.AddHeaderAction(header_name="X-Team", header_value="red"),
            ses.AddHeaderAction(header_name="X-Mailer", header_value="SES"),
            ses.SNSAction(topic_arn=TOPIC),
            ses.SNSAction(topic_arn=TOPIC, encoding="Base64"),
            ses.LambdaAction(function_arn=FUNCTION, topic_arn=TOPIC),
            ses.S3Action(bucket_name="vault", kms_key_arn=KEY),
            ses.BounceAction.template("mailbox-full", sender="postmaster@example.com", topic_arn=TOPIC),
            ses.WorkmailAction(organization_arn=ORGANIZATION, topic_arn=TOPIC),
        ),
    ),
    ses.ReceiptRule(
        name="rest",
        enabled=True,
        recipients=("example.com",),
        actions=(ses.S3Action(bucket_name="plain"), ses.StopAction(topic_arn=TOPIC)),
    ),
)
ACCOUNT = ses.Account(
    identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main", rules=RULES),), active="main"
)
KMS = LocalKms(seed=1)


@cache
def received() -> tuple[ses.Receiver, ses.Reception]:
    """The mail, received."""
    backend = ses.MemoryBackend(kms=KMS)
    receiver = ses.Receiver(ACCOUNT, resolver=ZONE, seed=1, backend=backend)
    backend.functions[FUNCTION] = lambda event, context: None
    return receiver, receiver.receive(RAW, **SESSION)


@cache
def files() -> dict[str, bytes]:
    """Every artefact, by the name of the file that it is kept in."""
    receiver, reception = received()
    backend: Any = receiver.backend
    told: dict[str, bytes] = {}
    for bucket in ("inbox", "vault", "plain"):
        for key, stored in backend.buckets[bucket].items():
            told[f"{bucket}/{key}"] = stored.body
            if stored.metadata:
                told[f"{bucket}/{key}.meta.json"] = json.dumps({"metadata": dict(stored.metadata)}).encode()
    published = list(backend.topics[TOPIC])
    at = reception.received_at
    assert at is not None
    for number, one in enumerate(published):
        envelope = sns_envelope(topic_arn=TOPIC, subject=one.subject, message=one.message, published_at=at)
        record = sns_lambda_event(topic_arn=TOPIC, subject=one.subject, message=one.message, published_at=at)
        kind = one.json()["receipt"]["action"]["type"]
        told |= {
            f"raw/{number}-{kind}.json": one.message.encode(),
            f"http/{number}-{kind}.json": envelope.encode(),
            f"sqs/{number}-{kind}.json": json.dumps({"Messages": [{"MessageId": "1", "Body": envelope}]}).encode(),
            f"functions/{number}-{kind}.json": record.encode(),
        }
    told["events/gate.json"] = backend.invocations[0].payload.encode()
    told["bounces/1.eml"] = backend.bounces[0].raw
    told["sender/session.txt"] = transcript(receiver, reception).encode()
    received_field = reception.receipt.origin_fields[1][1]
    told["sender/received.log"] = f"Received: {' '.join(received_field)}\n".encode()
    host = "inbound-smtp.us-east-1.amazonaws.com[192.0.2.1]:25"
    told["sender/postfix.log"] = (
        f"Jan  2 10:05:05 mx postfix/smtp[1]: A1: to=<Bo+x@example.com>, relay={host}, dsn=2.0.0, "
        f"status=sent (250 OK {reception.message_id})\n"
    ).encode()
    return told


def transcript(receiver: ses.Receiver, reception: ses.Reception) -> str:
    """The session as the sender saw it."""
    lines = [
        "S: 220 inbound-smtp.us-east-1.amazonaws.com ESMTP Amazon SES",
        "C: EHLO mx.example.org",
        "S: 250-inbound-smtp.us-east-1.amazonaws.com", "S: 250-8BITMIME", "S: 250-STARTTLS", "S: 250 Ok",
        "C: MAIL FROM:<bounces@example.org>", "S: 250 Ok",
        "C: RCPT TO:<Bo+x@example.com>", f"S: {reception.replies[0]}",
        "C: RCPT TO:<nobody@example.net>", f"S: {reception.replies[1]}",
        "C: DATA", "S: 354 End data with <CR><LF>.<CR><LF>", "C: .", f"S: {reception.reply}",
        "C: QUIT", "S: 221 Bye",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
