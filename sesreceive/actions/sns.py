"""SNSAction: the whole message inside a notification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.actions.shared_members import topic_arn
from sesreceive.effects import Publish, SendBounce
from sesreceive.later import later
from sesreceive.writing.dsn import OVERSIZE, oversize_dsn
from sesreceive.writing.notification import action_object
from sesreceive.writing.setup import RECEIPT_SUBJECT, SETUP_MESSAGE_ID, SETUP_SUBJECT, setup_notification
from sesreceive.writing.sizes import exceeds_sns_limit, oversize_sender

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["SNSAction", "SNSEncoding"]


class SNSEncoding(StrEnum):
    """How the message is written into the notification; notifications spell these ``UTF8`` and ``BASE64``."""

    UTF_8 = "UTF-8"
    BASE64 = "Base64"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SNSAction(ReceiptAction):
    """Publish the message, up to 150 KB, to an SNS topic; a larger one bounces.

    Attributes
    ----------
    topic_arn : str
        The topic, in the region of the account.
    encoding : SNSEncoding
        ``UTF-8`` (the default; other characters may be lost) or ``Base64``.

    Examples
    --------
    >>> SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail", encoding="Base64")
    SNSAction(topic_arn='arn:aws:sns:us-east-1:111122223333:mail', encoding='Base64')

    References
    ----------
    Amazon SES Developer Guide, "Publish to Amazon SNS topic action"; API Reference, SNSAction.
    """

    api_name: ClassVar[str] = "SNSAction"
    title: ClassVar[str] = "Publish to an SNS topic"

    topic_arn: str = field(metadata=topic_arn("topic to publish the message to", required=True))
    encoding: SNSEncoding = field(
        default=SNSEncoding.UTF_8,
        metadata=member(
            "Encoding", doc="how the message is written; only Base64 keeps every character", enum=SNSEncoding
        ),
    )

    def describe(self, context: ActionContext) -> str:
        """Topic and encoding."""
        return f"publishes the message to `{self.topic_arn}` in {self.encoding}"

    def refuses(self, context: ActionContext) -> tuple[str, Sequence[SendBounce]] | None:
        """A message over 150 KB bounces with ``552 5.2.3`` instead of being published [observed]."""
        receipt = context.receipt
        if not exceeds_sns_limit(receipt, context.verdicts, context.added):
            return None
        limit = receipt.assumptions.sns_size_limit_bytes
        reason = f"the message is larger than the {limit} bytes that an SNS action takes, so it bounces"
        if receipt.envelope.is_null_sender and receipt.assumptions.null_sender_bounce == "never":
            return f"{reason}; nothing is sent to the null sender", ()
        sender = oversize_sender(receipt, context.recipients)
        raw = later(_dsn, context, sender)
        code, status, text = OVERSIZE
        bounce = SendBounce(
            sender=sender,
            destination=receipt.envelope.mail_from,
            recipients=context.recipients,
            smtp_reply_code=code,
            status_code=status,
            message=text,
            raw=raw,
            **context.about,
        )
        return reason, (bounce,)

    def effects(self, context: ActionContext) -> Sequence[Publish]:
        """One notification with the whole message as ``content``."""
        message = context.later_publication(self._told(), str(self.encoding))
        return (Publish(topic_arn=self.topic_arn, subject=RECEIPT_SUBJECT, message=message, **context.about),)

    def sets_up(self, at: datetime) -> Sequence[Publish]:
        """The setup notification, with the setup message as ``content`` [observed]."""
        message = setup_notification(at, self._told())
        return (Publish(topic_arn=self.topic_arn, subject=SETUP_SUBJECT, message=message, message_id=SETUP_MESSAGE_ID),)

    def _told(self) -> dict[str, str]:
        return action_object("SNS", topicArn=self.topic_arn, encoding=str(self.encoding))


def _dsn(context: ActionContext, sender: str) -> bytes:
    """The bounce of a message that is too large."""
    return oversize_dsn(context.receipt, recipients=context.recipients, sender=sender)
