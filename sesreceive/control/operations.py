"""The control plane of one account in one region: every operation of receiving, and the identities.

Named after the operations of the SES API; a `Control` holds the receiver whose account they change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.regions import WITHOUT_RECEIVING
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.clock import Clock, to_datetime
from sesreceive.control.bounce_operation import bounce, bounce_id, bounce_of_request
from sesreceive.control.exchange import Answer, Call
from sesreceive.control.filter_operations import FILTER_OPERATIONS
from sesreceive.control.identity_operations import IDENTITY_OPERATIONS
from sesreceive.control.requests import REQUESTS
from sesreceive.control.rule_operations import RULE_OPERATIONS
from sesreceive.control.shapes import check
from sesreceive.control.targets import Refused, Trial, trials
from sesreceive.effects import Effect, SendBounce
from sesreceive.errors import ApiError, MessageRejectedError, Problem, ValidationError, one_line
from sesreceive.permissions.refusal import Refusal
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.writing.send_bounce import BouncedRecipient, MessageDsn

__all__ = ["OPERATIONS", "Control"]


class Control:
    """The operations of the API over one receiver: its account, backend and clock.

    Parameters
    ----------
    receiver : Receiver
        Whose account is changed and whose backend is written to.
    received : mapping of str to Reception, optional
        The mail that SendBounce may answer, by message id; none by default.
    verified_at_once : bool
        Whether a new identity is verified at once, or stays ``Pending``.
    clock : callable, optional
        Seconds since 1970; that of the receiver by default.

    Examples
    --------
    >>> import sesreceive as ses
    >>> control = Control(ses.Receiver(ses.Account(identities=["example.com"]), seed=1))
    >>> control
    <Control of us-east-1>
    >>> control.call("CreateReceiptRuleSet", {"RuleSetName": "main"})
    {}
    >>> control.call("CreateReceiptRule", {"RuleSetName": "main", "Rule": {"Name": "all"}})
    {}
    >>> control.call("DescribeReceiptRule", {"RuleSetName": "main", "RuleName": "all"})
    {'Rule': {'Name': 'all', 'Enabled': False, 'ScanEnabled': False, 'TlsPolicy': 'Optional', 'Actions': []}}
    >>> control.call("SetActiveReceiptRuleSet", {"RuleSetName": "mail"})
    Traceback (most recent call last):
    sesreceive.errors.ApiError: RuleSetDoesNotExist: Rule set does not exist: mail

    References
    ----------
    Amazon SES API Reference (2010-12-01), "Actions".
    """

    def __init__(
        self,
        receiver: Receiver,
        *,
        received: Mapping[str, Reception] | None = None,
        verified_at_once: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.receiver = receiver
        self._clock = clock
        self.received: Mapping[str, Reception] = {} if received is None else received
        self.verified_at_once = verified_at_once
        # Two requests at once must not lose the change of one.
        self._changing = RLock()

    def __repr__(self) -> str:
        """One line: the region."""
        return f"<Control of {one_line(self.receiver.account.region)}>"

    def call(self, operation: str, request: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the operation answers; the receiver's account is changed when it returns.

        Parameters
        ----------
        operation : str
            One of `OPERATIONS`, such as ``CreateReceiptRule``.
        request : mapping, optional
            Its members, as boto3 takes them.

        Returns
        -------
        dict
            The members of the answer, as boto3 gives them; empty where there is nothing to say.

        Raises
        ------
        ApiError
            When SES would refuse, with its code and message; ``InvalidAction`` where it has no such operation.
            Nothing is changed then.
        ValidationError
            When the request has a member or a kind of value that no typed client would send.
        """
        request = {} if request is None else request
        shape = REQUESTS.get(operation)
        if shape is None:
            raise ApiError("InvalidAction", f"Could not find operation {operation} for version 2010-12-01")
        if self.receiver.account.region in WITHOUT_RECEIVING:
            raise ApiError("InvalidAction", "Unavailable Operation")  # [observed], in 2021
        check(shape, request)
        with self._changing:
            if operation == "SendBounce":
                return self._send_bounce(request)
            before = self.receiver.account
            answer = _PURE[operation](
                Call(account=before, request=request, clock=self._now, verified_at_once=self.verified_at_once)
            )
            if answer.deployed is not None:
                try:
                    refused = self._refused(before, request["RuleSetName"], answer.deployed)
                    trials(answer.deployed, self.receiver.backend, self._now(), refused)
                except Trial as trial:
                    raise trial.refusal from trial
            if answer.account is not before:
                self.receiver.account = answer.account
            return dict(answer.members)

    def _send_bounce(self, request: Mapping[str, Any]) -> dict[str, Any]:
        sent = bounce_of_request(request, self.received, self.receiver.account, self._now())
        outcome = self.receiver.backend.perform(sent)
        if outcome.failed:
            raise ApiError("MessageRejected", outcome.error)
        return {"MessageId": bounce_id(sent)}

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
        with self._changing:
            account = self.receiver.account.with_rule_set(rule_set).validate()
            try:
                trials(rule, self.receiver.backend, self._now(), self._refused(account, rule_set.name, rule))
            except Trial as trial:
                source = f"SES API {type(rule.actions[trial.position]).__name__}"
                raise ValidationError(Problem(f"actions[{trial.position}]", trial.reason, source)) from None
            self.receiver.account = account

    def _refused(self, account: Account, rule_set: str, rule: ReceiptRule) -> Refused | None:
        """What permissions refuse the rule, where they are known."""
        permissions = self.receiver.permissions
        if not permissions:
            return None

        def refused(effect: Effect, action: ReceiptAction) -> Refusal | None:
            return permissions.refusal(
                effect, account, rule_set=rule_set, rule=rule.name, action=action, at=self._now()
            )

        return refused

    def _now(self) -> datetime:
        return to_datetime((self._clock or self.receiver.clock)())

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
        sent = bounce(
            original,
            message_id=original.message_id,
            account=self.receiver.account,
            now=self._now(),
            bounce_sender=bounce_sender,
            explanation=explanation,
            recipients=[BouncedRecipient.from_api(info) for info in bounced_recipient_info_list],
            message_dsn=MessageDsn.from_api(message_dsn) if message_dsn else None,
        )
        outcome = self.receiver.backend.perform(sent)
        if outcome.failed:
            raise MessageRejectedError(outcome.error)
        return sent


_PURE: Mapping[str, Callable[[Call], Answer]] = {**RULE_OPERATIONS, **FILTER_OPERATIONS, **IDENTITY_OPERATIONS}

# What a control plane is asked by these names, in the order of the table of requests.
OPERATIONS: tuple[str, ...] = tuple(REQUESTS)
