"""Bounce spam, keep the rest.

A function leaves the bounce rule for clean mail; spam goes on to its Bounce action. A Bounce stops nothing, so
a Stop stands behind it. The sender of spam is mostly forged, and then the bounce goes to somebody who wrote
nothing: dropping is kinder. A bounce is never bounced (RFC 5321 section 4.5.5).
"""

from __future__ import annotations

from typing import Any

from sesreceive.gallery.pieces import STOP, account, bounce, rule, store, wait_for
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]


def is_spam(event: dict[str, Any], context: object) -> dict[str, str]:
    """Leave the rule unless the mail is spam."""
    spam = event["Records"][0]["ses"]["receipt"]["spamVerdict"]["status"] == "FAIL"
    return {"disposition": "CONTINUE" if spam else "STOP_RULE"}


ACCOUNT = account(
    rule("bounce-spam", wait_for("is-spam"), bounce("message-content-rejected"), STOP),
    rule("everything", store("mail/")),
)
HANDLERS = {"is-spam": is_spam}
MAIL = (
    SampleMail(
        name="clean",
        to=("ana@example.com",),
        rules=("bounce-spam", "everything"),
        leaves=("s3 inbox/mail/{clean}", "lambda is-spam STOP_RULE"),
    ),
    SampleMail(
        name="spam",
        to=("ana@example.com",),
        spam=True,
        rules=("bounce-spam",),
        leaves=("lambda is-spam CONTINUE", "bounce to ana@example.org"),
    ),
    SampleMail(
        name="spam-from-nobody",
        to=("ana@example.com",),
        spam=True,
        mail_from="",
        rules=("bounce-spam",),
        leaves=("lambda is-spam CONTINUE",),
    ),
)
