"""Store all mail, act only on what is signed.

Orders by mail are obeyed only with a DKIM signature that verifies; everything is stored before that is asked,
so nothing is lost. A message that was altered on the way has a signature, and it does not verify.
"""

from __future__ import annotations

from typing import Any

from sesreceive.gallery.pieces import account, rule, start, store, wait_for
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]

TO = ("orders@example.com",)


def is_signed(event: dict[str, Any], context: object) -> dict[str, str]:
    """Go on only where DKIM passes."""
    passes = event["Records"][0]["ses"]["receipt"]["dkimVerdict"]["status"] == "PASS"
    return {"disposition": "CONTINUE" if passes else "STOP_RULE"}


def take_order(event: dict[str, Any], context: object) -> dict[str, str]:
    """Write down what is ordered."""
    return {"order": event["Records"][0]["ses"]["mail"]["commonHeaders"]["subject"]}


ACCOUNT = account(
    rule("keep", store("orders/"), to=TO),
    rule("obey", wait_for("is-signed"), start("take-order"), to=TO),
)
HANDLERS = {"is-signed": is_signed, "take-order": take_order}
MAIL = (
    SampleMail(
        name="signed",
        to=TO,
        subject="12 chairs",
        signed=True,
        rules=("keep", "obey"),
        leaves=("s3 inbox/orders/{signed}", "lambda is-signed CONTINUE", "lambda take-order"),
    ),
    SampleMail(
        name="unsigned",
        to=TO,
        rules=("keep", "obey"),
        leaves=("s3 inbox/orders/{unsigned}", "lambda is-signed STOP_RULE"),
    ),
    SampleMail(
        name="altered",
        to=TO,
        signed=True,
        altered=True,
        rules=("keep", "obey"),
        leaves=("s3 inbox/orders/{altered}", "lambda is-signed STOP_RULE"),
    ),
)
