"""From the trace of one message to rows of the tables `filters`, `rules`, `actions` and `events`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from sesreceive.report.columns import ActionRow, EventRow, FilterRow, RuleRow
from sesreceive.trace.events import Kind, Op, Stage, Trace, TraceEvent
from sesreceive.trace.facts import ConnectionFact, FilterFact, RuleFact

__all__ = ["HAPPENED", "SEPARATOR", "action_outcomes", "action_rows", "event_rows", "filter_rows", "join", "rule_rows"]

HAPPENED = frozenset({Op.MATCH, Op.EFFECT, Op.STOP, Op.FAIL})
"""What a filter, rule or action came to where something happened: more than that it did not apply."""

# Rows of these tables are most of a report; made like this one costs a third of calling its class.
_event_row = partial(tuple.__new__, EventRow)
_filter_row = partial(tuple.__new__, FilterRow)
_rule_row = partial(tuple.__new__, RuleRow)


# Stands between the words of one cell, and in none of them.
SEPARATOR = ", "


def join(words: Iterable[str]) -> str:
    """Several words in one cell."""
    return SEPARATOR.join(words)


def event_rows(trace: Trace) -> list[EventRow]:
    """One row an event; the trace does not keep them."""
    cells = [
        (
            seq,
            parent if parent >= 0 else None,
            stage,
            kind,
            op,
            subject,
            rule,
            recipient,
            action + 1 if action >= 0 else None,
            reason,
        )
        for stage, kind, op, subject, reason, rule, recipient, action, _, seq, parent in trace.passing()
    ]
    return list(map(_event_row, cells))


def filter_rows(trace: Trace) -> list[FilterRow]:
    """One row a filter or provider list.

    Examples
    --------
    >>> from sesreceive.account.filters import Policy
    >>> from sesreceive.trace.events import TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> log.add(Kind.FILTER, Op.MISS, "office", "no", fact=FilterFact(Policy.BLOCK, "203.0.113.0/24"))
    >>> [row] = filter_rows(Trace(log.events()))
    >>> row.filter, row.cidr, row.outcome
    ('office', '203.0.113.0/24', <Op.MISS: 'miss'>)
    """
    rows: list[FilterRow] = []
    decided_by = ""
    for event in trace.of(Stage.FILTERING):
        kind, op, subject, fact = event.kind, event.op, event.subject, event.fact
        if kind is Kind.STAGE:
            decided_by = fact.decided_by if isinstance(fact, ConnectionFact) else ""
        elif kind is Kind.FILTER or kind is Kind.PROVIDER_LIST:
            policy, cidr = fact if isinstance(fact, FilterFact) else (None, "")
            decided = op is Op.MATCH and subject == decided_by
            rows.append(_filter_row((subject, kind, policy, cidr, op, decided, event.reason)))
    return rows


def rule_rows(trace: Trace, stopped_by: str = "") -> list[RuleRow]:
    """One row a rule of the active set.

    Parameters
    ----------
    trace : Trace
        The events of one message.
    stopped_by : str
        Name of the rule that ended the evaluation of the set.
    """
    rows: list[RuleRow] = []
    for event in trace.of(Stage.EVALUATION):
        if event.kind is Kind.RULE:
            matched = event.fact.recipients if isinstance(event.fact, RuleFact) else ()
            ended = event.subject == stopped_by and event.op is Op.MATCH
            rows.append(_rule_row((len(rows) + 1, event.subject, event.op, join(matched), ended, event.reason)))
    return rows


def action_rows(fired: Sequence[TraceEvent]) -> list[ActionRow]:
    """One row an action, out of the events of the rules that fired."""
    effects: dict[tuple[str, int], int] = {}
    outcomes = action_outcomes(fired)
    for event in fired:
        if event.kind is Kind.EFFECT and event.op is Op.EFFECT:
            place = event.rule, event.action
            effects[place] = effects.get(place, 0) + 1
    return [
        ActionRow(last.rule, last.action + 1, last.subject, last.op, effects.get(place, 0), last.reason)
        for place, last in outcomes.items()
    ]


def action_outcomes(fired: Iterable[TraceEvent]) -> dict[tuple[str, int], TraceEvent]:
    """The event that says what came of each action, by rule and position."""
    # Where an action ends the evaluation, that is a second event; the later one is its outcome.
    return {(event.rule, event.action): event for event in fired if event.kind is Kind.ACTION}
