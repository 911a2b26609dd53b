"""The trace as a debugger walks over it: into what holds others, over what does not, out again with the outcome.

An event that holds others (a step, a recipient, a rule, an action) is in the trace once, with what it came to. On
the way through it there are two moments: when it is entered nothing is known of it yet, when it is left all is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sesreceive.reception import Reception
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent
from sesreceive.trace.facts import Check

__all__ = ["Moment", "deciding", "moments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One stop on the way through a trace.

    Attributes
    ----------
    event : TraceEvent
        What it is about.
    entering : bool
        Whether what lies in the event is still to come; its outcome is not known then.
    leaving : bool
        Whether all that lies in the event was met before.
    """

    event: TraceEvent
    entering: bool = False
    leaving: bool = False

    @property
    def is_rule(self) -> bool:
        """Whether a rule is met, for the first time in its step."""
        return self.event.kind is Kind.RULE and not self.leaving

    @property
    def is_effect(self) -> bool:
        """Whether the world was touched, or should have been and was not."""
        return self.event.kind is Kind.EFFECT


def moments(trace: Iterable[TraceEvent]) -> tuple[Moment, ...]:
    """The moments of a trace, in order; an event without others in it is one, with others two.

    Examples
    --------
    >>> from sesreceive.trace.events import TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> with log.within(Kind.STAGE, "192.0.2.1", "no filter contains it"):
    ...     log.add(Kind.FILTER, Op.MISS, "office", "203.0.113.0/24 does not contain 192.0.2.1")
    >>> [(moment.event.subject, moment.entering) for moment in moments(log.events())]
    [('192.0.2.1', True), ('office', False), ('192.0.2.1', False)]
    """
    events = tuple(trace)
    holds = {event.parent for event in events}
    found: list[Moment] = []
    open_: list[TraceEvent] = []
    for event in events:
        while open_ and open_[-1].seq != event.parent:
            found.append(Moment(event=open_.pop(), leaving=True))
        if event.seq in holds:
            found.append(Moment(event=event, entering=True))
            open_.append(event)
        else:
            found.append(Moment(event=event))
    found += [Moment(event=event, leaving=True) for event in reversed(open_)]
    return tuple(found)


def deciding(reception: Reception) -> TraceEvent | None:
    """The event that decided the outcome, or None where nothing was considered.

    Of a refused message that is the check that gave the answer; of an accepted one the action that failed, else the
    action that ended the evaluation of the rule set, else the first rule that fired, else that none did.
    """
    trace = reception.trace
    if not reception.accepted:
        return _refusing(reception)
    last_rule: TraceEvent | None = None
    fired: TraceEvent | None = None
    stopped: TraceEvent | None = None
    for event in trace:
        if event.stage is not Stage.EVALUATION:
            continue
        if event.kind is Kind.RULE:
            last_rule = event
            fired = fired or (event if event.op is Op.MATCH else None)
        elif event.kind is Kind.ACTION:
            if event.op is Op.FAIL:
                return event
            if event.op is Op.STOP and event.rule == reception.stopped_by:
                stopped = event
    return stopped or fired or last_rule or (trace[-1] if len(trace) else None)


def _refusing(reception: Reception) -> TraceEvent | None:
    trace = reception.trace
    whole = [event for event in trace if event.kind is Kind.CHECK and event.op is Op.MISS and event.parent < 0]
    if whole:
        return whole[-1]
    refused = {one.recipient for one in reception.recipients if one.reply == reception.reply}
    at = [event for event in trace if event.kind is Kind.RECIPIENT and event.recipient in refused]
    inside = [event for event in trace if at and event.parent == at[-1].seq and event.op is Op.MISS]
    checks = [event for event in inside if event.kind is Kind.CHECK]
    if any(event.check is Check.IP_FILTERS for event in checks):
        filters = trace.select(stage=Stage.FILTERING, subject=reception.decision.decided_by, op=Op.MATCH)
        return _first(filters, checks)
    return _first(checks[-1:], at[-1:], trace[-1:])


def _first(*groups: Sequence[TraceEvent]) -> TraceEvent | None:
    return next((event for group in groups for event in group), None)
