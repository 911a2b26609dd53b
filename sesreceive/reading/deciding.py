"""What decided a message: one event, one sentence; every table, picture and page says this one.

Of a refused message that is the check that gave the answer. Of an accepted one it is, in this order: the first action
that failed; the action that ended the evaluation, where that left something out; a rule that fired.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sesreceive.account.rule_set import ReceiptRule
from sesreceive.flow import Flow
from sesreceive.reception import Reception
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent
from sesreceive.trace.facts import Check, StopFact
from sesreceive.wording import count

__all__ = ["By", "Decided", "decided", "stop_sentence"]


class By(StrEnum):
    """What kind of thing decided."""

    REFUSAL = "refusal"
    FAILURE = "failure"
    STOP = "stop"
    RULE = "rule"
    NO_RULE = "no rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What decided a message.

    Attributes
    ----------
    by : By
        What kind of thing.
    sentence : str
        Because of what; names stand in backquotes. Not escaped.
    """

    by: By
    sentence: str
    _look_up: Callable[[], TraceEvent | None] = field(repr=False, compare=False)

    @property
    def event(self) -> TraceEvent | None:
        """The event of the trace that tells it, looked up now; None where nothing was considered."""
        return self._look_up()


def decided(reception: Reception, rule: str = "") -> Decided:
    """What decided the message, or what one rule came to where `rule` names it.

    Of several rules that fired and ended nothing, the first with recipient conditions is named: one without is for
    every message and tells nothing about this one. What did not match is not looked at, so its events are not made.

    Parameters
    ----------
    reception : Reception
        What became of the message.
    rule : str, optional
        The rule that is asked about; of a refused message it makes no difference.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",), filters=(ses.ReceiptFilter.block("192.0.2.1", name="me"),))
    >>> reception = ses.Receiver(account, seed=1).receive(b"", client_ip="192.0.2.1", rcpt_to=["ana@example.com"])
    >>> decided(reception).sentence
    'Block filter `me` (192.0.2.1) contains 192.0.2.1'
    """
    if not reception.accepted:
        return _refusal(reception)
    rules: list[TraceEvent] = []
    stop: TraceEvent | None = None
    for event in reception.fired:
        if rule and event.rule != rule:
            continue
        kind, op = event.kind, event.op
        if (kind is Kind.ACTION and op is Op.FAIL) or (kind is Kind.CHECK and op is Op.MISS):
            # The action failed, or cannot take the message, so that none of its rule ran.
            return _of(reception, By.FAILURE, event.reason, event)
        if kind is Kind.ACTION and op is Op.STOP:
            stop = event
        elif kind is Kind.RULE:
            rules.append(event)
    if stop is not None and _leaves_out(reception, stop, rule):
        return _of(reception, By.STOP, _stop_sentence(stop), stop)
    return _fired(reception, rules) if rules else _none_fired(reception, rule)


def stop_sentence(reception: Reception) -> str:
    """What ended the evaluation of the rule set, whether or not that left something out; empty where nothing did."""
    stops = [event for event in reception.fired if event.op is Op.STOP and event.rule == reception.stopped_by]
    return _stop_sentence(stops[-1]) if stops else ""


def _of(reception: Reception, by: By, sentence: str, event: TraceEvent) -> Decided:
    """Decided by that event, whose place in the whole trace is found when it is asked for."""

    def placed() -> TraceEvent | None:
        return next((at for at in reception.trace if at[:-2] == event[:-2]), None)

    return Decided(by=by, sentence=sentence, _look_up=placed)


def _leaves_out(reception: Reception, stop: TraceEvent, rule: str) -> bool:
    """Whether a rule or an action would have come after the stop; of a rule that is asked about, only an action."""
    rules = _active(reception)
    actions = 0
    for item in rules:
        if item.name == stop.rule:
            actions = len(item.actions)
            break
    ends_set = isinstance(stop.fact, StopFact) and stop.fact.flow is Flow.STOP_RULE_SET
    if ends_set and rules and rules[-1].name != stop.rule:
        return True
    return (ends_set or bool(rule)) and stop.action + 1 < actions


def _active(reception: Reception) -> Sequence[ReceiptRule]:
    active = reception.account.active_rule_set
    return active.rules if active else ()


def _stop_sentence(stop: TraceEvent) -> str:
    fact = stop.fact if isinstance(stop.fact, StopFact) else StopFact(Flow.STOP_RULE)
    ends = "ends the evaluation of the rule set" if fact.flow is Flow.STOP_RULE_SET else "is left early"
    because = f": {fact.because}" if fact.because else f", with `{stop.subject}` in position {stop.action + 1}"
    return f"`{stop.rule}` {ends}{because}"


def _fired(reception: Reception, fired: Sequence[TraceEvent]) -> Decided:
    event = fired[0]
    if len(fired) > 1:
        conditioned = {rule.name for rule in _active(reception) if rule.recipients}
        event = next((event for event in fired if event.subject in conditioned), event)
    also = f" and {count(len(fired) - 1, 'other rule')} fire" if len(fired) > 1 else " fires"
    return _of(reception, By.RULE, f"`{event.subject}`{also}: {event.reason}", event)


def _none_fired(reception: Reception, rule: str) -> Decided:
    """The rule that an accepted recipient matches and that did not fire all the same, or the one asked about."""
    matched = {rule} if rule else {name for answer in reception.recipients if answer.accepted for name in answer.rules}
    rules = [event for event in reception.trace.of(Stage.EVALUATION) if event.kind is Kind.RULE]
    event = next((event for event in rules if event.subject in matched), rules[-1] if rules else None)
    if event is None:
        return Decided(by=By.NO_RULE, sentence="no rule was looked at", _look_up=lambda: None)
    return _of(reception, By.NO_RULE, f"`{event.subject}` does not fire: {event.reason}", event)


# ------------------------------------------------------------------ refused


def _refusal(reception: Reception) -> Decided:
    """By a check of the sender or of the message, else by the answer to the last recipient that was refused like it."""
    refused = [answer for answer in reception.recipients if answer.reply == reception.reply]
    # The events of the recipients are made only where none of them explains the answer: as when there is none.
    stages = (Stage.SENDER, Stage.BODY) if refused else (Stage.SENDER, Stage.RECIPIENTS, Stage.BODY)
    events = (event for stage in stages for event in reception.trace.of(stage))
    whole = [event for event in events if event.kind is Kind.CHECK and event.op is Op.MISS and event.parent < 0]
    if whole:
        return _of(reception, By.REFUSAL, whole[-1].reason, whole[-1])
    if not refused:
        return Decided(by=By.REFUSAL, sentence=reception.reply.text, _look_up=lambda: None)
    answer = refused[-1]
    return Decided(by=By.REFUSAL, sentence=answer.reason, _look_up=lambda: _refusing(reception, answer.recipient))


def _refusing(reception: Reception, recipient: str) -> TraceEvent | None:
    """The filter that contains the address, else the check of the recipient that failed, else the recipient."""
    trace = reception.trace
    about = trace.select(kind=Kind.RECIPIENT, recipient=recipient)
    if not about:
        return None
    checks = [event for event in trace.children(about[-1]) if event.kind is Kind.CHECK and event.op is Op.MISS]
    if not checks:
        return about[-1]
    if checks[-1].check is Check.IP_FILTERS:
        by = trace.select(stage=Stage.FILTERING, subject=reception.decision.decided_by, op=Op.MATCH)
        return next(iter(by), checks[-1])
    return checks[-1]
