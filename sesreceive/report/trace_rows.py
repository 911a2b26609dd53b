"""From the trace of one message to rows of the tables `filters`, `rules`, `actions` and `events`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sesreceive.trace.events import Kind, Op, Stage, Trace, TraceEvent
from sesreceive.trace.facts import ConnectionFact, FilterFact, RuleFact

__all__ = ["Row", "action_rows", "event_rows", "filter_rows", "join", "rule_rows"]

# The cells of one row, without `number` and `message`, which the report knows.
Row = tuple[Any, ...]


def join(words: Iterable[str]) -> str:
    """Several words in one cell."""
    return ", ".join(words)


def event_rows(trace: Trace) -> list[Row]:
    """One row an event; the trace does not keep them."""
    return [
        (seq, parent if parent >= 0 else None, stage, kind, op, subject, rule, recipient,
         action + 1 if action >= 0 else None, reason)
        for stage, kind, op, subject, reason, rule, recipient, action, _, seq, parent in trace.passing()
    ]  # fmt: skip


def filter_rows(trace: Trace) -> list[Row]:
    """One row a filter or provider list.

    Examples
    --------
    >>> from sesreceive.account.filters import Policy
    >>> from sesreceive.trace.events import TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> log.add(Kind.FILTER, Op.MISS, "office", "no", fact=FilterFact(Policy.BLOCK, "203.0.113.0/24"))
    >>> filter_rows(Trace(log.events()))
    [('office', <Kind.FILTER: 'filter'>, <Policy.BLOCK: 'Block'>, '203.0.113.0/24', <Op.MISS: 'miss'>, False, 'no')]
    """
    rows: list[Row] = []
    decided_by = ""
    for event in trace.of(Stage.FILTERING):
        kind, op, subject, fact = event.kind, event.op, event.subject, event.fact
        if kind is Kind.STAGE:
            decided_by = fact.decided_by if isinstance(fact, ConnectionFact) else ""
        elif kind is Kind.FILTER or kind is Kind.PROVIDER_LIST:
            policy, cidr = fact if isinstance(fact, FilterFact) else (None, "")
            rows.append((subject, kind, policy, cidr, op, op is Op.MATCH and subject == decided_by, event.reason))
    return rows


def rule_rows(trace: Trace, stopped_by: str = "") -> list[Row]:
    """One row a rule of the active set.

    Parameters
    ----------
    trace : Trace
        The events of one message.
    stopped_by : str
        Name of the rule that ended the evaluation of the set.
    """
    rows: list[Row] = []
    for event in trace.of(Stage.EVALUATION):
        if event.kind is Kind.RULE:
            matched = event.fact.recipients if isinstance(event.fact, RuleFact) else ()
            ended = event.subject == stopped_by and event.op is Op.MATCH
            rows.append((len(rows) + 1, event.subject, event.op, join(matched), ended, event.reason))
    return rows


def action_rows(fired: Iterable[TraceEvent]) -> list[Row]:
    """One row an action, out of the events of the rules that fired."""
    acts: dict[tuple[str, int], TraceEvent] = {}
    took_place: Counter[tuple[str, int]] = Counter()
    for event in fired:
        if event.kind is Kind.ACTION:
            # Where an action ends the evaluation, that is a second event; the later one is its outcome.
            acts[event.rule, event.action] = event
        elif event.kind is Kind.EFFECT and event.op is Op.EFFECT:
            took_place[event.rule, event.action] += 1
    return [(act.rule, act.action + 1, act.subject, act.op, took_place[key], act.reason) for key, act in acts.items()]
