"""Forward mail without loops.

A forwarded mail is a new one: the From field is ours, so that SPF and DMARC pass, and Reply-To is the author.
Loops end at three marks: our own field, an automatic answer (RFC 3834), and a bounce, whose sender is empty.
"""

from __future__ import annotations

import email
import email.policy
from typing import Any

from sesreceive.gallery.pieces import STOP, account, rule, start, store, wait_for
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]

TO = ("ana@example.com",)
MARK = "X-Forwarded-By"


def may_forward(event: dict[str, Any], context: object) -> dict[str, str]:
    """End everything for mail that was forwarded here before, written by a machine, or is a bounce."""
    mail = event["Records"][0]["ses"]["mail"]
    fields = {field["name"].lower(): field["value"] for field in mail["headers"]}
    automatic = fields.get("auto-submitted", "no").partition(";")[0].strip().lower() != "no"
    loops = MARK.lower() in fields or automatic or mail["source"] in ("", "<>")
    return {"disposition": "STOP_RULE_SET" if loops else "CONTINUE"}


def forward(event: dict[str, Any], context: object, s3: Any) -> dict[str, str]:
    """Write the mail that goes on into the folder `outbox/`; in AWS, SendRawEmail would take it."""
    message_id = event["Records"][0]["ses"]["mail"]["messageId"]
    stored = s3.get_object(Bucket="inbox", Key=f"mail/{message_id}")["Body"].read()
    message = email.message_from_bytes(stored, policy=email.policy.SMTP)
    author = str(message["From"])
    # What was true of the mail as it came is not true of the one that goes on.
    for name in ("From", "Reply-To", "Return-Path", "Sender", "DKIM-Signature"):
        del message[name]
    message["From"] = "forwarder@example.com"
    message["Reply-To"] = author
    message[MARK] = "example.com"
    s3.put_object(Bucket="inbox", Key=f"outbox/{message_id}", Body=message.as_bytes())
    return {"forwarded": message_id}


ACCOUNT = account(
    rule("keep", store("mail/"), to=TO),
    rule("forward", wait_for("may-forward"), start("forward"), STOP, to=TO),
)
HANDLERS = {"may-forward": may_forward, "forward": forward}
_KEPT = ("keep", "forward")
MAIL = (
    SampleMail(
        name="hello",
        to=TO,
        rules=_KEPT,
        leaves=(
            "s3 inbox/mail/{hello}",
            "s3 inbox/outbox/{hello}",
            "lambda may-forward CONTINUE",
            "lambda forward",
        ),
    ),
    SampleMail(
        name="came-back",
        to=TO,
        headers=((MARK, "example.com"),),
        rules=_KEPT,
        leaves=("s3 inbox/mail/{came-back}", "lambda may-forward STOP_RULE_SET"),
    ),
    SampleMail(
        name="on-holiday",
        to=TO,
        headers=(("Auto-Submitted", "auto-replied"),),
        rules=_KEPT,
        leaves=("s3 inbox/mail/{on-holiday}", "lambda may-forward STOP_RULE_SET"),
    ),
    SampleMail(
        name="bounce",
        to=TO,
        mail_from="",
        rules=_KEPT,
        leaves=("s3 inbox/mail/{bounce}", "lambda may-forward STOP_RULE_SET"),
    ),
)
