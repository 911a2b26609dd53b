"""What an account is asked besides receiving: rules with their setup messages, bounces after the fact.

Named after the operations of the SES API; a `Control` holds the receiver whose account they change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.clock import to_datetime
from sesreceive.effects import SendBounce
from sesreceive.errors import MessageRejectedError, Problem, ValidationError, one_line
from sesreceive.mail.address import domain_of
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.verdict import Verdicts
from sesreceive.writing.send_bounce import BouncedRecipient, MessageDsn, refusal, send_bounce_dsn

__all__ = ["Control"]


class Control:
    """The operations of the API over one receiver: its account, backend and clock.

    Parameters
    ----------
    receiver : Receiver
        Whose account is changed and whose backend is written to.

    Examples
    --------
    >>> import sesreceive as ses
    >>> Control(ses.Receiver(ses.Account(), seed=1))
    <Control of us-east-1>
    """

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def __repr__(self) -> str:
        """One line: the region."""
        return f"<Control of {one_line(self.receiver.account.region)}>"

    def create_receipt_rule(self, rule: ReceiptRule, *, rule_set: str = "", after: str | None = None) -> None:
        """Add a rule as CreateReceiptRule does: first, or behind `after`; its targets get their setup messages.

        Parameters
        ----------
        rule : ReceiptRule
            The new rule.
        rule_set : str, optional
            Name of the rule set; the active one by default.
        after : str, optional
            Name of the rule it comes behind; first in the set by default.

        Raises
        ------
        ValidationError
            When the rule breaks documented constraints, or a bucket or topic cannot be written to.

        Examples
        --------
        >>> import sesreceive as ses
        >>> rules = ses.ReceiptRuleSet(name="main")
        >>> receiver = ses.Receiver(ses.Account(identities=("example.com",), rule_sets=(rules,), active="main"), seed=1)
        >>> store = ses.S3Action(bucket_name="inbox", object_key_prefix="mail")
        >>> receiver.create_receipt_rule(ses.ReceiptRule(name="store", enabled=True, actions=(store,)))
        >>> {key: len(item.body) for key, item in receiver.backend.buckets["inbox"].items()}
        {'mail/AMAZON_SES_SETUP_NOTIFICATION': 645}
        """
        before = self._rule_set(rule_set)
        self._deploy(rule, before.with_rule(rule, after=after))

    def update_receipt_rule(self, rule: ReceiptRule, *, rule_set: str = "") -> None:
        """Replace the rule of that name as UpdateReceiptRule does; its targets get their setup messages again.

        Raises
        ------
        ValidationError
            When there is no such rule, the rule breaks documented constraints, or a target cannot be written to.
        """
        self._deploy(rule, self._rule_set(rule_set).replace_rule(rule))

    def _rule_set(self, name: str) -> ReceiptRuleSet:
        active = self.receiver.account.active_rule_set
        return active if active is not None and not name else self.receiver.account.rule_set(name)

    def _deploy(self, rule: ReceiptRule, rule_set: ReceiptRuleSet) -> None:
        account = self.receiver.account.with_rule_set(rule_set).validate()
        at = to_datetime(self.receiver.clock())
        for index, action in enumerate(rule.actions):
            for effect in action.sets_up(at):
                outcome = self.receiver.backend.perform(effect)
                if outcome.failed:
                    raise ValidationError(
                        Problem(f"actions[{index}]", outcome.error, f"SES API {type(action).__name__}")
                    )
        self.receiver.account = account

    def send_bounce(
        self,
        original: Reception,
        *,
        bounce_sender: str,
        bounced_recipient_info_list: Sequence[Mapping[str, Any]],
        explanation: str = "",
        message_dsn: Mapping[str, Any] | None = None,
    ) -> SendBounce:
        """Bounce a message that was received, as the SendBounce operation does.

        Parameters
        ----------
        original : Reception
            The message; received at most 24 hours ago by the receiver's clock.
        bounce_sender : str
            Address the bounce comes from, under a verified identity.
        bounced_recipient_info_list : sequence of mapping
            Whom it is about, as boto3 takes them: ``{"Recipient": …, "BounceType": "DoesNotExist"}`` or with
            ``RecipientDsnFields``.
        explanation : str
            Text for people.
        message_dsn : mapping, optional
            Fields about the message, as boto3 takes them.

        Raises
        ------
        MessageRejectedError
            When SES would not send it: too late, an unknown recipient, a sender that is not verified.

        Examples
        --------
        >>> import sesreceive as ses
        >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
        >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
        >>> receiver = ses.Receiver(ses.Account(identities=("example.com",), rule_sets=(rules,), active="main"), seed=1)
        >>> mail = receiver.receive(b"", mail_from="ana@example.org", rcpt_to=["box@example.com"])
        >>> receiver.send_bounce(
        ...     mail, bounce_sender="postmaster@example.com",
        ...     bounced_recipient_info_list=[{"Recipient": "box@example.com", "BounceType": "DoesNotExist"}],
        ... ).destination
        'ana@example.org'
        """
        recipients = [BouncedRecipient.from_api(one) for one in bounced_recipient_info_list]
        receipt = original.receipt if original.accepted else None
        now = to_datetime(self.receiver.clock())
        why = refusal(receipt, message_id=original.message_id, recipients=recipients, now=now)
        if not why and self.receiver.account.is_verified(domain_of(bounce_sender)) is None:
            why = f"`{one_line(bounce_sender)}` is under no verified identity"
        if why or receipt is None:
            raise MessageRejectedError(why)
        raw = send_bounce_dsn(
            receipt, bounce_sender=bounce_sender, recipients=recipients, explanation=explanation,
            message_dsn=MessageDsn.from_api(message_dsn) if message_dsn else None,
            verdicts=original.verdicts or Verdicts(), sent_at=now,
        )  # fmt: skip
        bounce = SendBounce(
            sender=bounce_sender, destination=receipt.envelope.mail_from, raw=raw, message_id=receipt.message_id,
            recipients=tuple(one.recipient for one in recipients),
        )  # fmt: skip
        outcome = self.receiver.backend.perform(bounce)
        if outcome.failed:
            raise MessageRejectedError(outcome.error)
        return bounce
