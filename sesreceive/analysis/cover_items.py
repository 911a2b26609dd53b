"""What of an account mail can exercise, item by item, and which of these items one message exercised.

============  ==================================================================  ============================
kind          an item is                                                          a message covers it when
============  ==================================================================  ============================
rule          an enabled rule of the active set                                   the rule fires
condition     a recipient condition of such a rule                                its rule fires and it matches
action        an action of such a rule                                            it runs
disposition   an answer of a function that a rule waits for                       the function gave it
filter        an IP address filter                                                it decides about the client
outcome       an end of a recipient, or a rule given up because of the size       it comes to that
============  ==================================================================  ============================
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from sesreceive.account.account import Account
from sesreceive.account.action import short_name
from sesreceive.account.filters import Policy
from sesreceive.account.rule_set import TlsPolicy
from sesreceive.analysis.walk import refuses
from sesreceive.assumption import Assumptions
from sesreceive.effects import Invoke
from sesreceive.errors import one_line
from sesreceive.flow import Flow
from sesreceive.mail.reply import MAILBOX_UNAVAILABLE, Reply
from sesreceive.reception import Reception
from sesreceive.stages.index import RuleIndex
from sesreceive.trace.events import Kind, Op, TraceEvent
from sesreceive.trace.facts import Check, RuleFact

__all__ = ["CoverKey", "CoverKind", "Covering", "Outcome", "keys_of"]


class CoverKind(StrEnum):
    """What kind of thing is covered, in the order of the views."""

    RULE = "rule"
    CONDITION = "condition"
    ACTION = "action"
    DISPOSITION = "disposition"
    FILTER = "filter"
    OUTCOME = "outcome"


class Outcome(StrEnum):
    """How a recipient, or a rule, may end."""

    ACCEPTED = "a recipient is accepted"
    UNAVAILABLE = "a recipient is refused: no identity or no rule"
    BLOCKED = "a recipient is refused: its client is blocked"
    TLS = "a recipient is refused: TLS is required"
    TOO_LARGE = "the message is too large for it"


class CoverKey(NamedTuple):
    """Which thing of an account is meant.

    Attributes
    ----------
    kind : CoverKind
        What kind of thing.
    name : str
        Of the rule or filter; empty for the end of a recipient.
    position : int
        Of the condition or action in its rule, from 0; -1 for what has none.
    part : str
        The condition, the action's short name, the disposition or the outcome.
    """

    kind: CoverKind
    name: str
    position: int = -1
    part: str = ""

    @property
    def text(self) -> str:
        """The item on one line.

        Examples
        --------
        >>> CoverKey(CoverKind.ACTION, "billing", 0, "S3").text
        'action 1 S3 of billing'
        """
        name, part = one_line(self.name, 80), one_line(self.part, 200)
        if self.kind is CoverKind.OUTCOME and name:
            return f"{self.kind} of {name}: {part}"
        number = f"{self.position + 1} " if self.kind is not CoverKind.CONDITION and self.position >= 0 else ""
        what = f"{self.kind} {number}{part}" if part else str(self.kind)
        if not self.part:
            return f"{what} {name}"
        return f"{what} of {name}" if name else what


def keys_of(account: Account) -> Iterator[CoverKey]:
    """Everything of the active rule set and the filters that mail can exercise, in the order of the configuration.

    Rules that are off are left out. What the world answers, such as a bucket that is not there, is no matter of mail
    and is left out too.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.StopAction(),))
    >>> account = ses.Account(rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),), active="main")
    >>> [key.text for key in keys_of(account)][:2]
    ['rule all', 'action 1 Stop of all']
    """
    active = account.active_rule_set
    for rule in active.rules if active is not None else ():
        if not rule.enabled:
            continue
        yield CoverKey(CoverKind.RULE, rule.name)
        for number, condition in enumerate(rule.recipients):
            yield CoverKey(CoverKind.CONDITION, rule.name, number, condition)
        for number, action in enumerate(rule.actions):
            yield CoverKey(CoverKind.ACTION, rule.name, number, short_name(type(action)))
            if action.waits:
                for flow in Flow:
                    yield CoverKey(CoverKind.DISPOSITION, rule.name, number, flow.value)
        if any(map(refuses, rule.actions)):
            yield CoverKey(CoverKind.OUTCOME, rule.name, -1, Outcome.TOO_LARGE)
    for item in account.filters:
        yield CoverKey(CoverKind.FILTER, item.name, -1, item.cidr)
    yield CoverKey(CoverKind.OUTCOME, "", -1, Outcome.ACCEPTED)
    yield CoverKey(CoverKind.OUTCOME, "", -1, Outcome.UNAVAILABLE)
    if any(item.policy is Policy.BLOCK for item in account.filters):
        yield CoverKey(CoverKind.OUTCOME, "", -1, Outcome.BLOCKED)
    if active is not None and any(rule.enabled and rule.tls_policy is TlsPolicy.REQUIRE for rule in active.rules):
        yield CoverKey(CoverKind.OUTCOME, "", -1, Outcome.TLS)


class Covering:
    """Tells which items of an account a message exercised; the conditions are compiled once.

    Parameters
    ----------
    account : Account
        The account that the messages were received under.
    assumptions : Assumptions, optional
        How labels are read.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> reception = ses.Receiver(account, seed=1).receive(b"", rcpt_to=["ana@example.com"])
    >>> sorted(key.text for key in Covering(account).of(reception))
    ['condition example.com of all', 'outcome a recipient is accepted', 'rule all']
    """

    def __init__(self, account: Account, assumptions: Assumptions | None = None) -> None:
        active = account.active_rule_set
        rules = active.rules if active is not None else ()
        label_match = (assumptions or Assumptions()).label_match
        self._index = RuleIndex(active, label_match) if active is not None else None
        self._rules = rules
        self._positions = {rule.name: position for position, rule in enumerate(rules)}
        self._filters = {item.name: item.cidr for item in account.filters}

    def of(self, reception: Reception) -> set[CoverKey]:
        """The items that a message exercised."""
        failed = {(done.effect.rule, done.effect.action) for done in reception.performed if done.outcome.failed}
        found = {key for event in reception.fired for key in self._fired(event, failed)}
        for done in reception.performed:
            effect = done.effect
            if isinstance(effect, Invoke) and effect.invocation_type == "RequestResponse" and not done.outcome.failed:
                flow = done.outcome.flow.value
                found.add(CoverKey(CoverKind.DISPOSITION, effect.rule, effect.action, flow))
        decided_by = reception.decision.decided_by
        if decided_by in self._filters:
            found.add(CoverKey(CoverKind.FILTER, decided_by, -1, self._filters[decided_by]))
        tls = Reply.parse(reception.assumptions.tls_required_reply)
        for answer in reception.recipients:
            if answer.accepted:
                found.add(CoverKey(CoverKind.OUTCOME, "", -1, Outcome.ACCEPTED))
            elif answer.reply == MAILBOX_UNAVAILABLE:
                found.add(CoverKey(CoverKind.OUTCOME, "", -1, Outcome.UNAVAILABLE))
            elif not reception.decision.accepted and answer.reply == reception.decision.reply:
                found.add(CoverKey(CoverKind.OUTCOME, "", -1, Outcome.BLOCKED))
            elif answer.reply == tls and answer.rules:
                found.add(CoverKey(CoverKind.OUTCOME, "", -1, Outcome.TLS))
        return found

    def _fired(self, event: TraceEvent, failed: set[tuple[str, int]]) -> Iterator[CoverKey]:
        position = self._positions.get(event.rule)
        if position is None:
            return
        rule = self._rules[position]
        if event.kind is Kind.RULE:
            yield CoverKey(CoverKind.RULE, rule.name)
            recipients = event.fact.recipients if isinstance(event.fact, RuleFact) and rule.recipients else ()
            for recipient in recipients:
                for other, number in self._index.conditions(recipient) if self._index is not None else ():
                    if other == position:
                        yield CoverKey(CoverKind.CONDITION, rule.name, number, rule.recipients[number])
        elif event.kind is Kind.ACTION and event.op in (Op.EFFECT, Op.STOP):
            yield CoverKey(CoverKind.ACTION, rule.name, event.action, short_name(type(rule.actions[event.action])))
        elif event.kind is Kind.ACTION and event.op is Op.FAIL and (rule.name, event.action) not in failed:
            # Nothing that it asked for failed, so it could not take the message.
            yield CoverKey(CoverKind.OUTCOME, rule.name, -1, Outcome.TOO_LARGE)
        elif event.check is Check.MESSAGE_SIZE and event.action >= 0:
            yield CoverKey(CoverKind.OUTCOME, rule.name, -1, Outcome.TOO_LARGE)
