"""LambdaAction: a function that is told of the message, and may steer what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sesreceive import limits
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import member
from sesreceive.actions.shared_members import topic_arn
from sesreceive.effects import Invoke
from sesreceive.mail.provenance import Origin
from sesreceive.writing.notification import action_object

if TYPE_CHECKING:
    from sesreceive.actions.context import ActionContext

__all__ = ["InvocationType", "LambdaAction"]


class InvocationType(StrEnum):
    """Whether SES waits for the function: only a ``RequestResponse`` answer has an effect."""

    EVENT = "Event"
    REQUEST_RESPONSE = "RequestResponse"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LambdaAction(ReceiptAction):
    """Call a Lambda function with the headers and verdicts of the message, never its body.

    Attributes
    ----------
    function_arn : str
        The function, in the region of the account.
    invocation_type : InvocationType
        ``Event`` (the default) or ``RequestResponse``, whose ``disposition`` steers what follows.
    topic_arn : str, optional
        Topic to notify afterwards.

    Examples
    --------
    >>> LambdaAction(function_arn="arn:aws:lambda:us-east-1:111122223333:function:gate").invocation_type
    <InvocationType.EVENT: 'Event'>

    References
    ----------
    Amazon SES Developer Guide, "Invoke Lambda function action"; API Reference, LambdaAction.
    """

    api_name: ClassVar[str] = "LambdaAction"
    title: ClassVar[str] = "Invoke a Lambda function"

    function_arn: str = field(
        metadata=member(
            "FunctionArn",
            doc="function to call, in the region of the account",
            required=True,
            min=1,
            pattern=limits.FUNCTION_ARN,
            arn="lambda",
            example="arn:aws:lambda:us-east-1:111122223333:function:gate",
        )
    )
    invocation_type: InvocationType = field(
        default=InvocationType.EVENT,
        metadata=member(
            "InvocationType",
            doc="whether SES waits for the answer, whose disposition steers what follows",
            enum=InvocationType,
        ),
    )
    topic_arn: str | None = field(default=None, metadata=topic_arn("topic to notify when the function was called"))

    @property
    def waits(self) -> bool:
        """Whether the function's disposition counts."""
        return self.invocation_type == InvocationType.REQUEST_RESPONSE

    def describe(self, context: ActionContext) -> str:
        """The function, and whether its answer counts."""
        if self.invocation_type is InvocationType.EVENT:
            return f"calls `{self.function_arn}` and does not wait for an answer"
        return f"calls `{self.function_arn}` and waits for its disposition"

    def effects(self, context: ActionContext) -> Sequence[Invoke]:
        """One invocation a message, however many recipients matched [observed]."""
        action = action_object("Lambda", functionArn=self.function_arn, invocationType=str(self.invocation_type))
        payload = context.later_lambda_event(action)
        kind = str(self.invocation_type)
        envelope = context.receipt.envelope
        known = "" if envelope.certainty is Origin.GIVEN else envelope.told
        return (
            Invoke(
                function_arn=self.function_arn, invocation_type=kind, payload=payload, envelope=known, **context.about
            ),
        )

    def notifies(self, context: ActionContext) -> dict[str, Any]:
        """The action as notifications show it."""
        return action_object(
            "Lambda",
            topicArn=self.topic_arn,
            functionArn=self.function_arn,
            invocationType=str(self.invocation_type),
        )
