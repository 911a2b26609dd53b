"""WorkmailAction: the message into the mailboxes of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.actions.shared_members import topic_arn
from sesreceive.effects import DeliverToWorkMail
from sesreceive.writing.notification import action_object

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["WorkmailAction"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WorkmailAction(ReceiptAction):
    """Hand the message to Amazon WorkMail, which writes this rule itself when it is set up.

    Attributes
    ----------
    organization_arn : str
        The organisation; SES does not look whether it exists [observed].
    topic_arn : str, optional
        Topic to notify afterwards.

    References
    ----------
    Amazon SES Developer Guide, "Integrate with Amazon WorkMail action"; API Reference, WorkmailAction.
    """

    api_name: ClassVar[str] = "WorkmailAction"
    title: ClassVar[str] = "Deliver to WorkMail"

    organization_arn: str = field(
        metadata=member(
            "OrganizationArn",
            doc="organisation whose mailboxes get the message",
            required=True,
            min=1,
            pattern=limits.ORGANIZATION_ARN,
            example="arn:aws:workmail:us-east-1:111122223333:organization/m-0123456789abcdef0123456789abcdef",
        )
    )
    topic_arn: str | None = field(default=None, metadata=topic_arn("topic to notify when WorkMail was called"))

    def describe(self, context: ActionContext) -> str:
        """The organisation."""
        return f"hands the message to the WorkMail organisation `{self.organization_arn}`"

    def effects(self, context: ActionContext) -> Sequence[DeliverToWorkMail]:
        """One delivery for all matched recipients."""
        return (
            DeliverToWorkMail(
                organization_arn=self.organization_arn,
                recipients=context.recipients,
                raw=context.later_message,
                **context.about,
            ),
        )

    def notifies(self, context: ActionContext) -> dict[str, Any]:
        """The action as notifications show it."""
        return action_object("WorkMail", topicArn=self.topic_arn, organizationArn=self.organization_arn)
