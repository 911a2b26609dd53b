"""The trace as a debugger walks over it: into what holds others, over what does not, out again with the outcome.

An event that holds others (a step, a recipient, a rule, an action) is in the trace once, with what it came to. On
the way through it there are two moments: when it is entered nothing is known of it yet, when it is left all is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sesreceive.trace.events import Kind, TraceEvent

__all__ = ["Moment", "moments"]


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
    >>> from sesreceive.trace.events import Op, Stage, TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> with log.within(Kind.STAGE, "192.0.2.1", "no filter contains it"):
    ...     log.add(Kind.FILTER, Op.MISS, "office", "203.0.113.0/24 does not contain 192.0.2.1")
    >>> [(moment.event.subject, moment.entering) for moment in moments(log.events())]
    [('192.0.2.1', True), ('office', False), ('192.0.2.1', False)]
    """
    events = tuple(trace)
    holds = {event.parent for event in events}
    stops: list[Moment] = []
    open_: list[TraceEvent] = []
    for event in events:
        while open_ and open_[-1].seq != event.parent:
            stops.append(Moment(event=open_.pop(), leaving=True))
        if event.seq in holds:
            stops.append(Moment(event=event, entering=True))
            open_.append(event)
        else:
            stops.append(Moment(event=event))
    stops += [Moment(event=event, leaving=True) for event in reversed(open_)]
    return tuple(stops)
