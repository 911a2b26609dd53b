"""How SNS wraps a notification: for HTTP and SQS subscribers, and for Lambda functions (SNS Developer Guide).

The texts are what a subscriber's code parses. The signature is a placeholder: nothing here can sign for AWS.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sesreceive.arn import Arn
from sesreceive.writing.dates import timestamp
from sesreceive.writing.mail_object import compact_json

__all__ = ["sns_envelope", "sns_lambda_event", "sns_message_id"]

_SIGNATURE = "c2FtcGxl"
_CERTIFICATE = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
_NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


def sns_message_id(topic_arn: str, message: str) -> str:
    """An id in the shape of SNS's, the same for the same message to the same topic.

    Examples
    --------
    >>> len(sns_message_id("arn:aws:sns:us-east-1:111122223333:mail", "{}"))
    36
    """
    digest = hashlib.sha256(f"{topic_arn}\n{message}".encode("utf-8", "replace")).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def sns_envelope(
    *, topic_arn: str, subject: str, message: str, published_at: datetime, message_id: str = "", raw: bool = False
) -> str:
    """The JSON that an HTTP or SQS subscriber of the topic gets.

    Parameters
    ----------
    topic_arn, subject, message : str
        What was published.
    published_at : datetime
        When.
    message_id : str
        Id that SNS gave; made from topic and message where there is none.
    raw : bool
        Whether the subscription asks for raw delivery: then the message alone.
    """
    if raw:
        return message
    region = _region(topic_arn)
    return compact_json(
        {
            "Type": "Notification",
            "MessageId": message_id or sns_message_id(topic_arn, message),
            "TopicArn": topic_arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": timestamp(published_at),
            "SignatureVersion": "1",
            "Signature": _SIGNATURE,
            "SigningCertURL": f"https://sns.{region}.amazonaws.com/{_CERTIFICATE}",
            "UnsubscribeURL": f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn="
            f"{topic_arn}:{_NO_SUBSCRIPTION}",
        }
    )


def sns_lambda_event(
    *, topic_arn: str, subject: str, message: str, published_at: datetime, message_id: str = ""
) -> str:
    """The event of a function that is subscribed to the topic; its keys are capitalised, unlike those of SES's own."""
    region = _region(topic_arn)
    record: dict[str, Any] = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic_arn}:{_NO_SUBSCRIPTION}",
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id or sns_message_id(topic_arn, message),
            "TopicArn": topic_arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": timestamp(published_at),
            "SignatureVersion": "1",
            "Signature": _SIGNATURE,
            "SigningCertUrl": f"https://sns.{region}.amazonaws.com/{_CERTIFICATE}",
            "UnsubscribeUrl": f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn="
            f"{topic_arn}:{_NO_SUBSCRIPTION}",
            "MessageAttributes": {},
        },
    }
    return compact_json({"Records": [record]})


def _region(arn: str) -> str:
    parts = Arn.parse(arn)
    return parts.region if parts and parts.region else "us-east-1"
