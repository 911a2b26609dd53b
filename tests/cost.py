"""Whether the cost of some work grows in proportion to its size: told by a ratio, so it is the same on any machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

__all__ = ["MOST", "TIMES", "assert_in_proportion"]

# The larger input is so many times the smaller: work in proportion costs 4 times as much, quadratic work 16 times.
TIMES = 4
# Between the two: a busy machine with cold caches was seen at 8 for what is linear.
MOST = 10.0
# A disturbed measurement is repeated; what is quadratic stays so.
_ROUNDS = 6
# Work that is done sooner is repeated: a clock says little about a microsecond.
_LEAST_S = 0.005


def assert_in_proportion(work: Callable[[int], Callable[[], object]], size: int) -> None:
    """Fail where four times the size costs much more than four times the processor time.

    Parameters
    ----------
    work : callable
        Makes the input of a size, and returns what is measured.
    size : int
        Of the larger input.

    Examples
    --------
    >>> assert_in_proportion(lambda size: lambda: sum(range(size)), 400_000)
    >>> assert_in_proportion(lambda size: lambda: [x for x in range(size) for _ in range(size)], 1200)
    Traceback (most recent call last):
    AssertionError: 4 times the size costs ... times the processor time; 10 at most is in proportion
    """
    small, large = work(size // TIMES), work(size)
    repeats = 1
    while (least := _seconds(small, repeats)) < _LEAST_S:
        repeats *= 4
    least, most = min(least, _seconds(small, repeats)), float("inf")
    for _ in range(_ROUNDS):
        most = min(most, _seconds(large, repeats))
        if most <= MOST * least:
            return
        least = min(least, _seconds(small, repeats))
    raise AssertionError(
        f"{TIMES} times the size costs {most / least:.0f} times the processor time; {MOST:g} at most is in proportion"
    )


def _seconds(work: Callable[[], object], repeats: int) -> float:
    gc.collect()
    gc.disable()  # its rounds over all objects are no cost of the work, and grow with what else there is
    try:
        start = time.process_time()
        for _ in range(repeats):
            work()
        return time.process_time() - start
    finally:
        gc.enable()
