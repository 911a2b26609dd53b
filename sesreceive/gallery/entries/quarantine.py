"""Put spam into quarantine, and release it.

Spam is stored apart and nobody is told. A mail of the administrator to `release+ID@example.com` puts it back:
the function looks whose mail it is, and that DMARC passes, because anybody can write any name into the field
From.
"""

from __future__ import annotations

from typing import Any

from sesreceive.gallery.pieces import STOP, account, rule, start, store, wait_for
from sesreceive.gallery.sample_mail import SampleMail

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]

ADMINISTRATOR = "admin@example.org"


def is_spam(event: dict[str, Any], context: object) -> dict[str, str]:
    """Leave the rule unless the mail is spam."""
    spam = event["Records"][0]["ses"]["receipt"]["spamVerdict"]["status"] == "FAIL"
    return {"disposition": "CONTINUE" if spam else "STOP_RULE"}


def release(event: dict[str, Any], context: object, s3: Any) -> dict[str, str]:
    """Copy the mail whose id is in the address out of the quarantine."""
    ses = event["Records"][0]["ses"]
    author, verdict = ses["mail"]["commonHeaders"]["from"], ses["receipt"]["dmarcVerdict"]["status"]
    if author != [ADMINISTRATOR] or verdict != "PASS":
        return {"released": "", "because": "this is not the administrator"}
    message_id = ses["receipt"]["recipients"][0].partition("@")[0].partition("+")[2]
    body = s3.get_object(Bucket="inbox", Key=f"quarantine/{message_id}")["Body"].read()
    s3.put_object(Bucket="inbox", Key=f"mail/{message_id}", Body=body)
    return {"released": message_id}


ACCOUNT = account(
    rule("release", start("release"), STOP, to=("release@example.com",)),
    rule("quarantine", wait_for("is-spam"), store("quarantine/"), STOP),
    rule("everything", store("mail/")),
)
HANDLERS = {"is-spam": is_spam, "release": release}
MAIL = (
    SampleMail(
        name="lottery",
        to=("ana@example.com",),
        spam=True,
        rules=("quarantine",),
        leaves=("s3 inbox/quarantine/{lottery}", "lambda is-spam CONTINUE"),
    ),
    SampleMail(
        name="clean",
        to=("ana@example.com",),
        rules=("quarantine", "everything"),
        leaves=("s3 inbox/mail/{clean}", "lambda is-spam STOP_RULE"),
    ),
    SampleMail(name="stranger", to=("release+{lottery}@example.com",), rules=("release",), leaves=("lambda release",)),
    SampleMail(
        name="forger",
        sender=ADMINISTRATOR,
        client_ip="203.0.113.9",
        to=("release+{lottery}@example.com",),
        rules=("release",),
        leaves=("lambda release",),
    ),
    SampleMail(
        name="administrator",
        sender=ADMINISTRATOR,
        to=("release+{lottery}@example.com",),
        rules=("release",),
        leaves=("s3 inbox/mail/{lottery}", "lambda release"),
    ),
)
