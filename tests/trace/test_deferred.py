"""Events that are made when they are read: once for each time somebody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, Trace, TraceEvent

EVENT = TraceEvent(Stage.FILTERING, Kind.FILTER, Op.MISS, "office")

# Who reads them, and what of.
READERS: list[tuple[str, Callable[[Deferred], Any]]] = [
    ("all in a row", lambda part: list(Trace.join(part).passing())),
    ("second part of a trace", lambda part: list(Trace.join((EVENT,), part).passing())),
    ("a trace, twice", lambda part: [list(trace) for trace in [Trace.join(part)] for _ in range(2)]),
    ("number of events", len),
    ("one event", lambda part: part[0]),
    ("hash", hash),
    ("one stage", lambda part: list(Trace.join(part).of(Stage.FILTERING))),
    ("beside events", lambda part: part == (EVENT,)),
]


@pytest.mark.parametrize(("name", "read"), READERS, ids=[name for name, _ in READERS])
def test_events_are_made_once_for_a_reader(name: str, read: Callable[[Deferred], Any]) -> None:
    times = 0

    def make() -> tuple[TraceEvent, ...]:
        nonlocal times
        times += 1
        return (EVENT,)

    read(Deferred(Stage.FILTERING, make))
    assert times == 1, name
