"""Route mail by its subject.

Receipt rules see addresses only, never a subject. A function in front of the actions of a rule is its
condition: STOP_RULE means that the rule is not for this mail, and the next one is asked.
"""

from __future__ import annotations

from typing import Any

from sesreceive.gallery.pieces import STOP, account, rule, store, wait_for
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]


def is_invoice(event: dict[str, Any], context: object) -> dict[str, str]:
    """Go on where the subject speaks of an invoice; a message may have no subject at all."""
    subject = event["Records"][0]["ses"]["mail"]["commonHeaders"].get("subject", "")
    return {"disposition": "CONTINUE" if "invoice" in subject.lower() else "STOP_RULE"}


ACCOUNT = account(
    rule("invoices", wait_for("is-invoice"), store("invoices/"), STOP),
    rule("rest", store("rest/")),
)
HANDLERS = {"is-invoice": is_invoice}
MAIL = (
    SampleMail(
        name="invoice",
        to=("ana@example.com",),
        subject="Your INVOICE 7",
        rules=("invoices",),
        leaves=("s3 inbox/invoices/{invoice}", "lambda is-invoice CONTINUE"),
    ),
    SampleMail(
        name="encoded",
        to=("ana@example.com",),
        subject="Invoice für März",
        rules=("invoices",),
        leaves=("s3 inbox/invoices/{encoded}", "lambda is-invoice CONTINUE"),
    ),
    SampleMail(
        name="no-subject",
        to=("ana@example.com",),
        subject="",
        rules=("invoices", "rest"),
        leaves=("s3 inbox/rest/{no-subject}", "lambda is-invoice STOP_RULE"),
    ),
)
