"""What SES writes when a rule is created or updated: the setup object in the bucket, the setup notification.

Code that handles mail meets them first: an object that is no mail, and a notification whose message id is no id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sesreceive.writing.dates import setup_date, timestamp
from sesreceive.writing.mail_object import compact_json
from sesreceive.writing.notification import sns_content

__all__ = [
    "RECEIPT_SUBJECT",
    "SETUP_MESSAGE_ID",
    "SETUP_SUBJECT",
    "object_key",
    "setup_message",
    "setup_notification",
    "setup_object",
]

# SNS subject of every notification about a mail, whatever the action [observed].
RECEIPT_SUBJECT = "Amazon SES Email Receipt Notification"
# SNS subject of the notification about a new or changed rule [observed].
SETUP_SUBJECT = "Amazon SES Email Receipt Subscription Notification"
# Key of the setup object, behind the prefix, and message id of the setup notification [observed].
SETUP_MESSAGE_ID = "AMAZON_SES_SETUP_NOTIFICATION"

_TO = "recipient@example.com"
_FROM_NAME, _FROM = "Amazon Web Services", "no-reply-aws@amazon.com"
_SUBJECT = "Amazon SES Setup Notification"

# Every line ends in CRLF but the last, which ends in LF: with a date of 31 characters the S3 form has the 645 bytes
# of the real object [observed].
_LINES = (
    "Date: {date}",
    f"To: {_TO}",
    f"From: {_FROM_NAME} <{_FROM}>",
    f"Subject: {_SUBJECT}",
    "",
    "Hello,",
    "",
    "You received this message because you attempted to set up Amazon SES to deliver emails to this {target}.",
    "",
    (
        "Please note that the rule that you configured to deliver emails to this {target} is only valid if the entire "
        "setup process is successful. For more information about"
    ),
    (
        "setting up email-receiving rules, see the Amazon SES Developer Guide at "
        "http://docs.aws.amazon.com/ses/latest/DeveloperGuide/Welcome.html ."
    ),
    "",
    "Thank you for using Amazon SES!",
    "",
    "The Amazon SES Team\n",
)


def object_key(prefix: str | None, message_id: str) -> str:
    """The key of an object: SES puts a ``/`` between prefix and id where the prefix does not end in one [observed].

    Examples
    --------
    >>> object_key("mail", "0vfh"), object_key("mail/", "0vfh"), object_key("", "0vfh"), object_key(None, "0vfh")
    ('mail/0vfh', 'mail/0vfh', '0vfh', '0vfh')
    """
    if not prefix:
        return message_id
    return f"{prefix}{message_id}" if prefix.endswith("/") else f"{prefix}/{message_id}"


def setup_message(at: datetime, target: str = "S3 bucket") -> bytes:
    """The setup message; `target` is what mail is delivered to, ``S3 bucket`` or ``SNS topic``."""
    return "\r\n".join(_LINES).format(date=setup_date(at), target=target).encode("ascii")


def setup_object(at: datetime) -> bytes:
    """The body of the setup object; not encrypted, whatever the action says [inferred].

    Examples
    --------
    >>> from datetime import UTC
    >>> len(setup_object(datetime(2026, 1, 2, 10, 0, tzinfo=UTC)))
    645
    """
    return setup_message(at, "S3 bucket")


def setup_notification(at: datetime, action: Mapping[str, Any]) -> str:
    """The setup notification for an action's topic, as the SNS ``Message`` has it.

    For an SNS action it carries the setup message as ``content`` [observed]. Message id and recipient are observed;
    the rest is made from the setup message as from any other [inferred].

    Parameters
    ----------
    at : datetime
        When the rule was created or updated.
    action : mapping
        What `action_object` gave for the action.
    """
    headers = {"Date": setup_date(at), "To": _TO, "From": f"{_FROM_NAME} <{_FROM}>", "Subject": _SUBJECT}
    passed = {"status": "PASS"}
    told: dict[str, Any] = {
        "notificationType": "Received",
        "mail": {
            "timestamp": timestamp(at),
            "source": _FROM,
            "messageId": SETUP_MESSAGE_ID,
            "destination": [_TO],
            "headersTruncated": False,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "commonHeaders": {
                "returnPath": _FROM,
                "from": [headers["From"]],
                "date": headers["Date"],
                "to": [_TO],
                "subject": _SUBJECT,
            },
        },
        "receipt": {
            "timestamp": timestamp(at),
            "processingTimeMillis": 0,
            "recipients": [_TO],
            "spamVerdict": passed,
            "virusVerdict": passed,
            "spfVerdict": passed,
            "dkimVerdict": passed,
            "dmarcVerdict": passed,
            "action": dict(action),
        },
    }
    if action.get("type") == "SNS":
        encoding = "Base64" if action.get("encoding") == "BASE64" else "UTF-8"
        told["content"] = sns_content(setup_message(at, "SNS topic"), encoding)
    return compact_json(told)
