"""StopAction: nothing of the rule set comes after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.actions.shared_members import topic_arn
from sesreceive.flow import Flow
from sesreceive.writing.notification import action_object

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["StopAction", "StopScope"]


class StopScope(StrEnum):
    """What is stopped: the API knows the whole rule set alone."""

    RULE_SET = "RuleSet"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StopAction(ReceiptAction):
    """End the evaluation of the rule set; has to be the last action of its rule.

    Attributes
    ----------
    scope : StopScope
        ``RuleSet``, the only value there is.
    topic_arn : str, optional
        Topic to notify.

    Examples
    --------
    >>> StopAction().scope
    <StopScope.RULE_SET: 'RuleSet'>

    References
    ----------
    Amazon SES Developer Guide, "Stop rule set action"; API Reference, StopAction.
    """

    api_name: ClassVar[str] = "StopAction"
    title: ClassVar[str] = "Stop the rule set"
    final: ClassVar[bool] = True

    scope: StopScope = field(
        default=StopScope.RULE_SET,
        metadata=member("Scope", doc="what is stopped", required=True, enum=StopScope),
    )
    topic_arn: str | None = field(default=None, metadata=topic_arn("topic to notify when the rule set was stopped"))

    def describe(self, context: ActionContext) -> str:
        """What the trace says."""
        return "ends the evaluation of the rule set"

    def notifies(self, context: ActionContext) -> dict[str, Any]:
        """The action as notifications show it."""
        return action_object("Stop", topicArn=self.topic_arn)

    def flow(self) -> Flow:
        """No later rule is looked at."""
        return Flow.STOP_RULE_SET
