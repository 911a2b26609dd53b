"""The time, passed in: a clock is a function to seconds since 1970.

`SystemClock` reads the machine's; `SteppingClock` starts where it is told and moves by a fixed step each time
it is read, so that two runs give equal output.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sesreceive.shown import Shown

__all__ = ["Clock", "SteppingClock", "SystemClock", "to_datetime"]

Clock = Callable[[], float]

# 2 January 2026, 10:05:05.123 UTC: where a seeded receiver's time starts.
_START = 1_767_348_305.123


class SystemClock(Shown):
    """The machine's clock.

    Parameters
    ----------
    step_s : float, optional
        Seconds that each step of processing is told to take, so that two runs tell the same; measured by default.
    """

    def __init__(self, *, step_s: float | None = None) -> None:
        self.step_s = step_s

    def __call__(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def __repr__(self) -> str:
        """Name of the clock."""
        return "SystemClock()" if self.step_s is None else f"SystemClock(step_s={self.step_s!r})"


class SteppingClock(Shown):
    """A clock that moves only when it is read or told to.

    Parameters
    ----------
    start : float or datetime
        First reading, in seconds since 1970 or as an aware datetime.
    step_s : float
        Seconds it moves at each reading.

    Examples
    --------
    >>> clock = SteppingClock(1_000.0, step_s=0.5)
    >>> clock(), clock()
    (1000.0, 1000.5)
    >>> clock.advance(3600)
    >>> clock()
    4601.0
    """

    def __init__(self, start: float | datetime = _START, *, step_s: float = 0.1) -> None:
        self.now_s = start.timestamp() if isinstance(start, datetime) else float(start)
        self.step_s = step_s

    def __call__(self) -> float:
        """The present reading; the next one is a step later."""
        now = self.now_s
        self.now_s = round(now + self.step_s, 6)
        return now

    def ahead(self, count: int) -> float:
        """The reading that comes after so many others, without moving.

        Examples
        --------
        >>> clock = SteppingClock(1_000.0, step_s=0.5)
        >>> clock.ahead(2), clock()
        (1001.0, 1000.0)
        """
        return round(self.now_s + count * self.step_s, 6)

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now_s = round(self.now_s + seconds, 6)

    def __repr__(self) -> str:
        """Where the clock stands."""
        return f"SteppingClock({self.now_s!r}, step_s={self.step_s!r})"


def to_datetime(seconds: float) -> datetime:
    """The reading of a clock as UTC, in whole milliseconds.

    Examples
    --------
    >>> to_datetime(1767348305.1239).isoformat()
    '2026-01-02T10:05:05.123000+00:00'
    """
    return datetime.fromtimestamp(int(seconds * 1000 + 1e-6) / 1000, UTC)
