"""ConnectAction: the message as an e-mail contact in a contact centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.actions.shared_members import iam_role_arn
from sesreceive.effects import StartContact

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["ConnectAction"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConnectAction(ReceiptAction):
    """Start an e-mail contact in Amazon Connect; no topic is told.

    Attributes
    ----------
    instance_arn : str
        The instance.
    iam_role_arn : str
        Role SES takes on to start the contact; 20 to 2048 characters.

    References
    ----------
    Amazon SES API Reference, ConnectAction (which spells the members ``InstanceARN`` and ``IAMRoleARN``).
    """

    api_name: ClassVar[str] = "ConnectAction"
    title: ClassVar[str] = "Start an Amazon Connect contact"

    instance_arn: str = field(
        metadata=member(
            "InstanceARN",
            doc="instance to start the contact in",
            required=True,
            pattern=limits.CONNECT_INSTANCE_ARN,
            example="arn:aws:connect:us-east-1:111122223333:instance/01234567-89ab-cdef-0123-456789abcdef",
        )
    )
    iam_role_arn: str = field(
        metadata=iam_role_arn("IAMRoleARN", "role SES takes on to start the contact", required=True)
    )

    def describe(self, context: ActionContext) -> str:
        """The instance."""
        return f"starts an e-mail contact in `{self.instance_arn}`"

    def effects(self, context: ActionContext) -> Sequence[StartContact]:
        """One contact with the stored message."""
        return (
            StartContact(
                instance_arn=self.instance_arn,
                iam_role_arn=self.iam_role_arn,
                raw=context.later_message,
                **context.about,
            ),
        )
