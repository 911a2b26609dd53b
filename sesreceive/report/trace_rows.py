"""From the trace of one message to rows of the tables `filters`, `rules`, `actions` and `events`, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sesreceive.report.columns import TABLES
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent
from sesreceive.trace.facts import ConnectionFact, FilterFact, RuleFact

__all__ = ["Row", "Rows", "join", "no_rows", "trace_rows"]

# The cells of one row, without `number` and `message`, which the report knows.
Row = tuple[Any, ...]
# The rows of one message, by table.
Rows = dict[str, list[Row]]


def no_rows() -> Rows:
    """A place for the rows of one message: every table, all empty."""
    return {table.name: [] for table in TABLES}


def join(words: Iterable[str]) -> str:
    """Several words in one cell."""
    return ", ".join(words)


def trace_rows(trace: Iterable[TraceEvent], *, stopped_by: str = "") -> Rows:
    """The rows that a trace holds; the other tables are left empty.

    Parameters
    ----------
    trace : iterable of TraceEvent
        The events of one message.
    stopped_by : str
        Name of the rule that ended the evaluation of the set.

    Examples
    --------
    >>> from sesreceive.account.filters import Policy
    >>> from sesreceive.trace.events import TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> log.add(Kind.FILTER, Op.MISS, "office", "no", fact=FilterFact(Policy.BLOCK, "203.0.113.0/24"))
    >>> trace_rows(log.events())["filters"]
    [('office', <Kind.FILTER: 'filter'>, <Policy.BLOCK: 'Block'>, '203.0.113.0/24', <Op.MISS: 'miss'>, False, 'no')]
    """
    rows = no_rows()
    filters, rules, events = rows["filters"], rows["rules"], rows["events"]
    acts: dict[tuple[str, int], TraceEvent] = {}
    took_place: Counter[tuple[str, int]] = Counter()
    decided_by = ""
    for event in trace:
        stage, kind, op, subject, reason, rule, recipient, action, fact, seq, parent = event
        events.append((
            seq, parent if parent >= 0 else None, stage, kind, op, subject, rule, recipient,
            action + 1 if action >= 0 else None, reason,
        ))  # fmt: skip
        if stage is Stage.FILTERING:
            if kind is Kind.STAGE:
                decided_by = fact.decided_by if isinstance(fact, ConnectionFact) else ""
            elif kind is Kind.FILTER or kind is Kind.PROVIDER_LIST:
                decided = op is Op.MATCH and subject == decided_by
                policy, cidr = fact if isinstance(fact, FilterFact) else (None, "")
                filters.append((subject, kind, policy, cidr, op, decided, reason))
        elif stage is Stage.EVALUATION:
            if kind is Kind.RULE:
                ended = subject == stopped_by and op is Op.MATCH
                matched = fact.recipients if isinstance(fact, RuleFact) else ()
                rules.append((len(rules) + 1, subject, op, join(matched), ended, reason))
            elif kind is Kind.ACTION:
                # Where an action ends the evaluation, that is a second event; the later one is its outcome.
                acts[rule, action] = event
            elif kind is Kind.EFFECT and op is Op.EFFECT:
                took_place[rule, action] += 1
    rows["actions"] = [
        (act.rule, act.action + 1, act.subject, act.op, took_place[key], act.reason) for key, act in acts.items()
    ]
    return rows
