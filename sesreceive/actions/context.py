"""What an action knows when it is its turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sesreceive.account.rule_set import ReceiptRule
from sesreceive.later import later
from sesreceive.verdict import Verdicts
from sesreceive.writing import notification, stored_message
from sesreceive.writing.receipt import Receipt

__all__ = ["ActionContext"]


class ActionContext(NamedTuple):
    """The mail as this action of this rule sees it.

    Attributes
    ----------
    receipt : Receipt
        The accepted mail: message, envelope, id, time, authentication results.
    rule : ReceiptRule
        The rule the action stands in.
    action : int
        Position of the action in the rule, from 0.
    recipients : tuple of str
        Accepted recipients that the rule matched, as they were sent.
    verdicts : Verdicts
        The verdicts this rule sees.
    added : tuple of (str, str)
        Headers that AddHeader actions have added so far: name and value.
    processing_time_ms : int
        Milliseconds from receipt to this action.
    """

    receipt: Receipt
    rule: ReceiptRule
    action: int
    recipients: tuple[str, ...]
    verdicts: Verdicts
    added: tuple[tuple[str, str], ...] = ()
    processing_time_ms: int = 0

    @property
    def about(self) -> dict[str, Any]:
        """What every effect says of its origin."""
        return {"rule": self.rule.name, "action": self.action, "message_id": self.receipt.message_id}

    @property
    def stored_message(self) -> bytes:
        """The headers SES adds, the headers that were added, and the message as it came."""
        return stored_message.stored_message(self.receipt, self.verdicts, self.added)

    @property
    def later_message(self) -> bytes:
        """`stored_message`, made when it is read; for a field of an effect."""
        return later(
            stored_message.stored_message, self.receipt, self.verdicts, self.added, size=stored_message.stored_size
        )

    def notification(self, action: Mapping[str, Any], content: str | None = None) -> str:
        """The notification JSON for this action; `action` is its ``receipt.action`` object."""
        return notification.notification(
            self.receipt,
            recipients=self.recipients,
            verdicts=self.verdicts,
            action=action,
            processing_time_ms=self.processing_time_ms,
            added=self.added,
            content=content,
        )

    def later_notification(self, action: Mapping[str, Any]) -> str:
        """`notification`, made when it is read; for a field of an effect."""
        return later(self.notification, action, most=self._most_octets)

    def later_publication(self, action: Mapping[str, Any], encoding: str) -> str:
        """The notification with the whole message as its content, made when it is read; for a field of an effect."""
        return later(self._publication, action, encoding, most=self._most_octets)

    def later_lambda_event(self, action: Mapping[str, Any]) -> str:
        """`lambda_event`, made when it is read; for a field of an effect."""
        return later(self.lambda_event, action, most=self._most_octets)

    def lambda_event(self, action: Mapping[str, Any]) -> str:
        """The event JSON that a Lambda function is invoked with."""
        return notification.lambda_event(
            self.receipt,
            recipients=self.recipients,
            verdicts=self.verdicts,
            action=action,
            processing_time_ms=self.processing_time_ms,
            added=self.added,
        )

    def _publication(self, action: Mapping[str, Any], encoding: str) -> str:
        return self.notification(action, notification.sns_content(self.stored_message, encoding))

    def _most_octets(self, action: Mapping[str, Any], encoding: str = "") -> int:
        return notification.most_octets(
            self.receipt,
            recipients=self.recipients,
            action=action,
            added=self.added,
            content=bool(encoding),
        )
