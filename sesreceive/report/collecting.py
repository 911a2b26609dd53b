"""The garbage collector of Python while many messages are received."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["fewer_collections"]

# New objects between two runs of the garbage collector while messages are received; Python's own number is 700.
_COLLECT_EVERY = 20_000


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Meanwhile the garbage collector runs less often.

    A message leaves some ninety objects, none of them in a cycle, and all of them stay: looking through them every
    eighth message takes a tenth of a replay on a quiet machine, a quarter on a busy one. Who has switched the collector
    off or made it run less often still is left alone, so that two replays at once cannot leave this number behind.
    """
    before = gc.get_threshold()
    if not gc.isenabled() or not 0 < before[0] < _COLLECT_EVERY:
        yield
        return
    gc.set_threshold(_COLLECT_EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
