"""Drop spam and viruses for all domains.

SES marks mail and never drops it by itself. The first rule has no condition, so it is for every recipient of
every domain; its function reads the verdicts and ends the rule set. The sender is told 250 all the same.
"""

from __future__ import annotations

from typing import Any

from sesreceive.gallery.pieces import account, rule, store, wait_for
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]


def drop_spam(event: dict[str, Any], context: object) -> dict[str, str]:
    """End everything for spam and viruses."""
    receipt = event["Records"][0]["ses"]["receipt"]
    bad = "FAIL" in (receipt["spamVerdict"]["status"], receipt["virusVerdict"]["status"])
    return {"disposition": "STOP_RULE_SET" if bad else "CONTINUE"}


ACCOUNT = account(
    rule("drop-spam", wait_for("drop-spam")),
    rule("everything", store("mail/")),
    domains=("example.com", "example.net"),
)
HANDLERS = {"drop-spam": drop_spam}
MAIL = (
    SampleMail(
        name="clean",
        to=("ana@example.com",),
        rules=("drop-spam", "everything"),
        leaves=("s3 inbox/mail/{clean}", "lambda drop-spam CONTINUE"),
    ),
    SampleMail(
        name="spam",
        to=("ana@example.com",),
        spam=True,
        rules=("drop-spam",),
        leaves=("lambda drop-spam STOP_RULE_SET",),
    ),
    SampleMail(
        name="virus-elsewhere",
        to=("bo@example.net",),
        virus=True,
        rules=("drop-spam",),
        leaves=("lambda drop-spam STOP_RULE_SET",),
    ),
)
