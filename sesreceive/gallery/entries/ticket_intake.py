"""Make tickets of mail.

A mail to `support@example.com` opens a ticket, one to `support+T7@example.com` goes to ticket T7: the label of
the address is the ticket, so no subject has to be read. Automatic answers open none, or two machines would
write each other for ever.
"""

from __future__ import annotations

import json
from typing import Any

from sesreceive.gallery.pieces import account, rule, start, store, wait_for
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]

TO = ("support@example.com",)


def no_machines(event: dict[str, Any], context: object) -> dict[str, str]:
    """End everything for automatic answers (RFC 3834)."""
    headers = event["Records"][0]["ses"]["mail"]["headers"]
    said = [field["value"].lower() for field in headers if field["name"].lower() == "auto-submitted"]
    return {"disposition": "STOP_RULE_SET" if any(value != "no" for value in said) else "CONTINUE"}


def file_ticket(event: dict[str, Any], context: object, s3: Any) -> dict[str, str]:
    """Put a note into the folder of the ticket; its key has the message id, so that a second run adds nothing."""
    ses = event["Records"][0]["ses"]
    message_id = ses["mail"]["messageId"]
    label = ses["receipt"]["recipients"][0].partition("@")[0].partition("+")[2]
    ticket = label if label.isalnum() else message_id
    note = {"from": ses["mail"]["source"], "mail": f"tickets-mail/{message_id}"}
    s3.put_object(Bucket="inbox", Key=f"tickets/{ticket}/{message_id}.json", Body=json.dumps(note).encode())
    return {"ticket": ticket}


ACCOUNT = account(rule("tickets", wait_for("no-machines"), store("tickets-mail/"), start("file-ticket"), to=TO))
HANDLERS = {"no-machines": no_machines, "file-ticket": file_ticket}
MAIL = (
    SampleMail(
        name="printer",
        to=("support@example.com",),
        rules=("tickets",),
        leaves=(
            "s3 inbox/tickets-mail/{printer}",
            "s3 inbox/tickets/{printer}/{printer}.json",
            "lambda no-machines CONTINUE",
            "lambda file-ticket",
        ),
    ),
    SampleMail(
        name="answer",
        to=("support+t7@example.com",),
        rules=("tickets",),
        leaves=(
            "s3 inbox/tickets-mail/{answer}",
            "s3 inbox/tickets/t7/{answer}.json",
            "lambda no-machines CONTINUE",
            "lambda file-ticket",
        ),
    ),
    SampleMail(
        name="on-holiday",
        to=("support@example.com",),
        headers=(("Auto-Submitted", "auto-replied"),),
        rules=("tickets",),
        leaves=("lambda no-machines STOP_RULE_SET",),
    ),
)
