"""The trace: one event for everything that was considered, with the reason as a sentence.

Stages build their events with a `TraceLog`; a `Reception` joins them into one `Trace`. Tables, text, HTML,
pictures and coverage are readers of that stream and know nothing that is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple, overload

from sesreceive.trace.facts import Check, Fact, FindingFact, ResultFact
from sesreceive.wording import count

__all__ = ["Kind", "Op", "Stage", "Trace", "TraceEvent", "TraceLog"]


class Stage(StrEnum):
    """The steps of the service, in the order mail meets them; values are the module names in `stages`."""

    FILTERING = "filtering"
    SENDER = "sender"
    RECIPIENTS = "recipients"
    BODY = "body"
    AUTHENTICATION = "authentication"
    SCANNING = "scanning"
    EVALUATION = "evaluation"


class Kind(StrEnum):
    """What an event is about."""

    STAGE = "stage"
    FILTER = "filter"
    PROVIDER_LIST = "provider list"
    RECIPIENT = "recipient"
    RULE = "rule"
    CONDITION = "condition"
    CHECK = "check"
    ACTION = "action"
    EFFECT = "effect"


class Op(StrEnum):
    """What happened to it.

    ``enter`` and ``exit`` bracket what lies within; ``match`` and ``miss`` say how a filter, rule, condition or
    check came out; ``skip`` means it was not looked at; ``effect`` that the world was touched; ``fail`` that it
    should have been and was not; ``stop`` that evaluation ends here.
    """

    ENTER = "enter"
    MATCH = "match"
    MISS = "miss"
    SKIP = "skip"
    EFFECT = "effect"
    FAIL = "fail"
    STOP = "stop"
    EXIT = "exit"


class TraceEvent(NamedTuple):
    """One thing that was considered.

    A message leaves some thirty of them, and a named tuple is made in a third of the time of a frozen dataclass.

    Attributes
    ----------
    stage : Stage
        Step of the service.
    kind : Kind
        What the event is about.
    op : Op
        What happened.
    subject : str
        Name of the filter, recipient, rule, condition, check or action; mail content is kept as it came, so a
        reader has to escape it.
    reason : str
        One sentence: because of what.
    rule : str
        Name of the rule it belongs to; empty outside rules.
    recipient : str
        Recipient it is about; empty where it is about the message.
    action : int
        Position of the action in its rule, from 0; -1 where it is about no action.
    fact : Fact or None
        What it knows besides: a value of the class that `trace.facts` has for its kind.
    seq : int
        Position in the trace, from 0.
    parent : int
        `seq` of the event this one lies in; -1 at the top.
    """

    stage: Stage
    kind: Kind
    op: Op
    subject: str
    reason: str = ""
    rule: str = ""
    recipient: str = ""
    action: int = -1
    fact: Fact | None = None
    seq: int = 0
    parent: int = -1

    def __hash__(self) -> int:
        """Hash of everything but `fact`, which may hold what a function returned."""
        return hash((*self[:8], self.seq, self.parent))

    @property
    def check(self) -> Check | None:
        """Which check it is about; None where it is about something else."""
        fact = self.fact
        if isinstance(fact, Check):
            return fact
        return fact.check if isinstance(fact, (ResultFact, FindingFact)) else None

    @property
    def result(self) -> str:
        """The result of SPF, DKIM or DMARC, or the verdict of a scanner; empty where there is none that counts."""
        fact = self.fact
        if isinstance(fact, ResultFact) and self.op is not Op.SKIP:
            return fact.status.value
        return fact.verdict.value if isinstance(fact, FindingFact) else ""


# What `TraceEvent._make` calls; a message makes seventy events, counting those that move when stages are joined.
_new = tuple.__new__


class TraceLog:
    """Collects the events of one stage; append only.

    Examples
    --------
    >>> log = TraceLog(Stage.FILTERING)
    >>> with log.within(Kind.STAGE, "192.0.2.1", "1 filter"):
    ...     log.add(Kind.FILTER, Op.MISS, "office", "203.0.113.0/24 does not contain 192.0.2.1")
    >>> [(event.seq, event.parent, event.op.value) for event in log.events()]
    [(0, -1, 'enter'), (1, 0, 'miss')]
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._events: list[TraceEvent] = []
        self._parent = -1

    def add(
        self,
        kind: Kind,
        op: Op,
        subject: str,
        reason: str = "",
        *,
        rule: str = "",
        recipient: str = "",
        action: int = -1,
        fact: Fact | None = None,
    ) -> None:
        """Append one event below the one that is open."""
        events = self._events
        fields = (self.stage, kind, op, subject, reason, rule, recipient, action, fact, len(events), self._parent)
        events.append(_new(TraceEvent, fields))

    def check(self, check: Check, op: Op, reason: str, *, recipient: str = "") -> None:
        """Append the event of a check that has nothing more to say than its reason."""
        self.add(Kind.CHECK, op, check.value, reason, recipient=recipient, fact=check)

    def within(
        self,
        kind: Kind,
        subject: str,
        reason: str = "",
        *,
        op: Op = Op.ENTER,
        rule: str = "",
        recipient: str = "",
        action: int = -1,
        fact: Fact | None = None,
    ) -> AbstractContextManager[None]:
        """Append an event that the ones added inside lie in."""
        self.add(kind, op, subject, reason, rule=rule, recipient=recipient, action=action, fact=fact)
        return _Within(self)

    def amend(self, position: int, **changes: Any) -> None:
        """Replace fields of an event already added: what an action came to is known after its effects."""
        self._events[position] = self._events[position]._replace(**changes)

    def take(self, events: Sequence[TraceEvent]) -> None:
        """Append events that another log has numbered; those at its top lie in the event that is open here."""
        by = len(self._events) - events[0].seq if events else 0
        for event in events:
            parent = event.parent + by if event.parent >= 0 else self._parent
            self._events.append(_new(TraceEvent, (*event[:-2], event.seq + by, parent)))

    @property
    def position(self) -> int:
        """`seq` of the event added last."""
        return len(self._events) - 1

    def events(self) -> tuple[TraceEvent, ...]:
        """The events so far."""
        return _Events(self._events)


class _Events(tuple[TraceEvent, ...]):
    """Events that are pickled as one row of cells: taking each apart is a tenth of sending a reception."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return _events_of, tuple(chain.from_iterable(self))


def _events_of(*cells: Any) -> _Events:
    width = len(TraceEvent._fields)
    return _Events([_new(TraceEvent, cells[at : at + width]) for at in range(0, len(cells), width)])


class _Within:
    """While it is entered, what a log is given lies in the event that the log was given last."""

    __slots__ = ("log", "outer")

    def __init__(self, log: TraceLog) -> None:
        self.log = log

    def __enter__(self) -> None:
        self.outer, self.log._parent = self.log._parent, len(self.log._events) - 1

    def __exit__(self, *exception: object) -> None:
        self.log._parent = self.outer


class Trace(Sequence[TraceEvent]):
    """All events of one message, in order.

    Examples
    --------
    >>> log = TraceLog(Stage.FILTERING)
    >>> log.add(Kind.FILTER, Op.MATCH, "office", "203.0.113.0/24 contains 203.0.113.9")
    >>> trace = Trace.join(log.events(), log.events())
    >>> trace
    <Trace of 2 events>
    >>> [event.seq for event in trace.select(kind=Kind.FILTER, op=Op.MATCH)]
    [0, 1]
    """

    __slots__ = ("_made", "_parts")

    def __init__(self, events: Iterable[TraceEvent] = ()) -> None:
        self._parts: tuple[Sequence[TraceEvent], ...] = (tuple(events),)
        self._made: tuple[TraceEvent, ...] | None = None

    @classmethod
    def join(cls, *parts: Sequence[TraceEvent]) -> Trace:
        """One trace out of the events of several stages, numbered through; made when it is read."""
        trace = cls()
        trace._parts = parts
        return trace

    @property
    def parts(self) -> tuple[Sequence[TraceEvent], ...]:
        """What the trace is made of, a sequence for each stage that left events, each numbered by itself."""
        return self._parts

    @property
    def _events(self) -> tuple[TraceEvent, ...]:
        if self._made is None:
            self._made = tuple(self.passing())
        return self._made

    def passing(self) -> Iterator[TraceEvent]:
        """The events in order, which the trace does not keep: for who reads many traces once."""
        start = 0
        for part in self._parts:
            events = tuple(iter(part))  # not of the part itself, which is asked for its length and makes them twice
            yield from (_moved(event, start) for event in events) if start else events
            start += len(events)

    def of(self, stage: Stage) -> Iterator[TraceEvent]:
        """The events of one stage, numbered within their part; the other stages are not even made."""
        for part in self._parts:
            known = getattr(part, "stage", None)
            if known is None or known is stage:
                yield from (event for event in part if event.stage is stage)

    @overload
    def __getitem__(self, index: int) -> TraceEvent: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> TraceEvent | Trace:
        """One event, or a trace of some; a part keeps the numbers of the whole."""
        return Trace(self._events[index]) if isinstance(index, slice) else self._events[index]

    def __len__(self) -> int:
        """Number of events."""
        return len(self._events)

    def __iter__(self) -> Iterator[TraceEvent]:
        """The events, in order; three times as fast as the one of `Sequence`."""
        return iter(self._events)

    def __eq__(self, other: object) -> bool:
        """Traces are equal when their events are."""
        return isinstance(other, Trace) and other._events == self._events

    def __hash__(self) -> int:
        """Hash of the events."""
        return hash(self._events)

    def __reduce__(self) -> tuple[Any, ...]:
        """What the events are made of travels, not the events."""
        return _joined, self._parts

    def _repr_html_(self) -> str:
        """The tree of the events, with parts that fold."""
        from sesreceive.trace.html import trace_html

        return trace_html(self)

    def __repr__(self) -> str:
        """One line: how many events."""
        return f"<Trace of {count(len(self), 'event')}>"

    def select(self, **wanted: Any) -> Trace:
        """The events whose fields have these values.

        Raises
        ------
        TypeError
            When an event has no such field.
        """
        unknown = set(wanted) - set(TraceEvent._fields)
        if unknown:
            known = ", ".join(TraceEvent._fields)
            raise TypeError(f"an event has the fields {known} but not `{', '.join(sorted(unknown))}`")
        return Trace(e for e in self._events if all(getattr(e, name) == value for name, value in wanted.items()))

    def children(self, event: TraceEvent | None = None) -> Trace:
        """The events directly inside `event`, or those at the top."""
        inside = -1 if event is None else event.seq
        return Trace(e for e in self._events if e.parent == inside)


def _joined(*parts: Sequence[TraceEvent]) -> Trace:
    # A function of the module, whose name a pickle of many traces has once.
    return Trace.join(*parts)


def _moved(event: TraceEvent, by: int) -> TraceEvent:
    """The event so many places later in the trace."""
    place = (event.seq + by, event.parent + by if event.parent >= 0 else -1)
    return _new(TraceEvent, (*event[:-2], *place))
