"""The events of a stage, made when somebody reads them.

Most messages are never explained, and what did not match is most of a trace: 20,000 conditions at the limits of SES.
A stage decides by look-up, and gives with its decision how the events are made and of which values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from sesreceive.trace.events import Stage, TraceEvent

__all__ = ["Deferred"]


class Deferred(Sequence[TraceEvent]):
    """Events that a function makes of values, anew each time they are read.

    Parameters
    ----------
    stage : Stage
        The stage of all of them.
    make : callable
        Gives the events; a function of a module, so that it can be sent to another process.
    *values
        What it is called with; they do not change.

    Examples
    --------
    >>> def missed(name):
    ...     yield TraceEvent(Stage.FILTERING, Kind.FILTER, Op.MISS, name)
    >>> from sesreceive.trace.events import Kind, Op
    >>> events = Deferred(Stage.FILTERING, missed, "office")
    >>> len(events), events[0].subject
    (1, 'office')
    """

    __slots__ = ("make", "stage", "values")

    def __init__(self, stage: Stage, make: Callable[..., Sequence[TraceEvent]], *values: Any) -> None:
        self.stage, self.make, self.values = stage, make, values

    def made(self) -> tuple[TraceEvent, ...]:
        """The events, made now and once; `tuple(events)` would make them for their number first."""
        return tuple(self.make(*self.values))

    def __iter__(self) -> Iterator[TraceEvent]:
        """The events, made now."""
        return iter(self.make(*self.values))

    def __len__(self) -> int:
        """How many there are; makes them."""
        return len(self.made())

    @overload
    def __getitem__(self, index: int) -> TraceEvent: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TraceEvent, ...]: ...
    def __getitem__(self, index: int | slice) -> TraceEvent | tuple[TraceEvent, ...]:
        """One event, or some; makes them."""
        return self.made()[index]

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same events; not made where they come from equal values."""
        if isinstance(other, Deferred) and self.make is other.make and self.values == other.values:
            return True
        return isinstance(other, Sequence) and self.made() == tuple(iter(other))

    def __hash__(self) -> int:
        """That of a tuple of the events."""
        return hash(self.made())

    def __reduce__(self) -> tuple[Any, ...]:
        """The values travel, not the events."""
        return Deferred, (self.stage, self.make, *self.values)

    def __repr__(self) -> str:
        """One line: of which stage."""
        return f"<events of {self.stage}, made when read>"
