"""BounceAction: a delivery status notification to the sender. It stops nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.actions.shared_members import topic_arn
from sesreceive.effects import SendBounce
from sesreceive.errors import Problem, ValidationError
from sesreceive.later import later
from sesreceive.wording import either, expected
from sesreceive.writing.dsn import bounce_dsn
from sesreceive.writing.notification import action_object
from sesreceive.writing.send_bounce import BOUNCE_TYPES

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["TEMPLATES", "BounceAction", "BounceTemplate"]


@dataclass(frozen=True, slots=True)
class BounceTemplate:
    """One of the console's ready-made bounces."""

    smtp_reply_code: str
    status_code: str
    message: str


# Developer Guide, "Return a bounce response action"; names as the console shows them, codes and texts those that
# SendBounce has for the same reasons.
TEMPLATES: Mapping[str, BounceTemplate] = MappingProxyType(
    {
        "mailbox-does-not-exist":   BounceTemplate(*BOUNCE_TYPES["DoesNotExist"]),
        "message-too-large":        BounceTemplate(*BOUNCE_TYPES["MessageTooLarge"]),
        "mailbox-full":             BounceTemplate(*BOUNCE_TYPES["ExceededQuota"]),
        "message-content-rejected": BounceTemplate(*BOUNCE_TYPES["ContentRejected"]),
        "unknown-failure":          BounceTemplate(*BOUNCE_TYPES["Undefined"]),
        "temporary-failure":        BounceTemplate(*BOUNCE_TYPES["TemporaryFailure"]),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BounceAction(ReceiptAction):
    """Send a bounce to the envelope sender, after the message was accepted.

    Attributes
    ----------
    smtp_reply_code : str
        SMTP reply code (RFC 5321) the bounce reports.
    status_code : str, optional
        Enhanced status code (RFC 3463).
    message : str
        Text of the diagnostic.
    sender : str
        Address the bounce comes from; under a verified identity.
    topic_arn : str, optional
        Topic to notify afterwards.

    Examples
    --------
    >>> BounceAction.template("mailbox-full", sender="postmaster@example.com")
    BounceAction(smtp_reply_code='552', status_code='5.2.2', message='Mailbox full', sender='postmaster@example.com')

    References
    ----------
    Amazon SES Developer Guide, "Return a bounce response action"; API Reference, BounceAction.
    """

    api_name: ClassVar[str] = "BounceAction"
    title: ClassVar[str] = "Bounce"
    templates: ClassVar[Mapping[str, BounceTemplate]] = TEMPLATES

    smtp_reply_code: str = field(
        metadata=member(
            "SmtpReplyCode",
            doc="SMTP reply code the bounce reports",
            required=True,
            min=1,
            pattern=limits.SMTP_REPLY_CODE,
            example="550",
        )
    )
    status_code: str | None = field(
        default=None,
        metadata=member(
            "StatusCode",
            doc="enhanced status code",
            pattern=limits.STATUS_CODE,
            example="5.1.1",
        ),
    )
    message: str = field(
        metadata=member("Message", doc="text of the diagnostic", required=True, min=1, example="Mailbox does not exist")
    )
    sender: str = field(
        metadata=member(
            "Sender",
            doc="address the bounce comes from, under a verified identity",
            required=True,
            min=1,
            identity=True,
            example="postmaster@example.com",
        )
    )
    topic_arn: str | None = field(default=None, metadata=topic_arn("topic to notify when the bounce was sent"))

    @classmethod
    def template(cls, name: str, *, sender: str, topic_arn: str | None = None) -> BounceAction:
        """One of the console's ready-made bounces.

        Parameters
        ----------
        name : str
            ``mailbox-does-not-exist``, ``message-too-large``, ``mailbox-full``, ``message-content-rejected``,
            ``unknown-failure`` or ``temporary-failure``.
        sender : str
            Address the bounce comes from.
        topic_arn : str, optional
            Topic to notify afterwards.

        Raises
        ------
        ValidationError
            When there is no such template.
        """
        found = TEMPLATES.get(name)
        if found is None:
            source = 'Developer Guide, "Return a bounce response action"'
            raise ValidationError(Problem("template", expected(either(TEMPLATES), name, TEMPLATES), source))
        return cls(
            smtp_reply_code=found.smtp_reply_code,
            status_code=found.status_code,
            message=found.message,
            sender=sender,
            topic_arn=topic_arn,
        )

    def describe(self, context: ActionContext) -> str:
        """Whom the bounce goes to."""
        if self._is_silent(context):
            return "sends nothing: a message from the null sender is never bounced (RFC 5321 section 4.5.5)"
        return f"bounces to the envelope sender `{context.receipt.envelope.mail_from}`"

    def effects(self, context: ActionContext) -> Sequence[SendBounce]:
        """One delivery status notification about the matched recipients; none to the null sender [inferred]."""
        if self._is_silent(context):
            return ()
        return (
            SendBounce(
                sender=self.sender,
                destination=context.receipt.envelope.mail_from,
                recipients=context.recipients,
                smtp_reply_code=self.smtp_reply_code,
                status_code=self.status_code or "",
                message=self.message,
                raw=later(_dsn, self, context),
                **context.about,
            ),
        )

    def notifies(self, context: ActionContext) -> dict[str, Any] | None:
        """The action as notifications show it; nothing is told when nothing was sent."""
        if self._is_silent(context):
            return None
        return action_object(
            "Bounce",
            topicArn=self.topic_arn,
            smtpReplyCode=self.smtp_reply_code,
            statusCode=self.status_code,
            message=self.message,
            sender=self.sender,
        )

    @staticmethod
    def _is_silent(context: ActionContext) -> bool:
        never = context.receipt.assumptions.null_sender_bounce == "never"
        return never and context.receipt.envelope.is_null_sender


def _dsn(action: BounceAction, context: ActionContext) -> bytes:
    """The bounce as bytes."""
    return bounce_dsn(
        context.receipt,
        recipients=context.recipients,
        sender=action.sender,
        smtp_reply_code=action.smtp_reply_code,
        status_code=action.status_code,
        message=action.message,
        verdicts=context.verdicts,
        added=context.added,
    )
