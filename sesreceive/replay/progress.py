"""Progress of a replay: a function that is told, a bar, or a line of text with rate and remaining time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sesreceive.errors import InputError
from sesreceive.wording import expected

__all__ = ["Progress", "Ticker"]

# Told how many messages are done, and how many there are; None where that is not known.
Progress: TypeAlias = Callable[[int, int | None], object]

# Seconds between two reports of progress.
_EVERY_S = 0.2


class Ticker:
    """Tells of progress about five times a second, and at the end.

    Parameters
    ----------
    progress : bool or callable, optional
        True shows a bar; a function is called.
    total : int, optional
        How many messages there are, those done before included.
    """

    def __init__(self, progress: Progress | bool | None, total: int | None) -> None:
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise InputError(f"progress: {expected('true, false or a function', progress)}")
        self.total = total
        self.tell = _bar(total) if progress is True else progress or None
        self.done = 0
        self.told_s = time.monotonic()

    def tick(self, done: int) -> None:
        """So many are done."""
        self.done = done
        if self.tell is not None and time.monotonic() - self.told_s >= _EVERY_S:
            self.tell(done, self.total)
            self.told_s = time.monotonic()

    def __enter__(self) -> Ticker:
        """Itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Tell of the end."""
        if self.tell is not None:
            self.tell(self.done, self.total)
            close: Any = getattr(self.tell, "close", None)
            if close is not None:
                close()


def _bar(total: int | None) -> Progress:
    """A bar of tqdm, or a line of text that is written over."""
    try:
        from tqdm.auto import tqdm  # type: ignore[import-untyped]  # it has no types
    except ImportError:
        return _Line()
    return _Tqdm(tqdm(total=total, unit=" messages"))


@dataclass(slots=True)
class _Tqdm:
    """tqdm's bar, which shows rate and remaining time itself."""

    bar: Any

    def __call__(self, done: int, total: int | None) -> None:
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        self.bar.close()


class _Line:
    """A line on standard error."""

    def __init__(self) -> None:
        self.started_s = time.monotonic()
        self.width = 0

    def __call__(self, done: int, total: int | None) -> None:
        line = progress_line(done, total, time.monotonic() - self.started_s)
        sys.stderr.write(f"\r{line:<{self.width}}")
        sys.stderr.flush()
        self.width = len(line)

    def close(self) -> None:
        sys.stderr.write("\n")


def progress_line(done: int, total: int | None, taken_s: float) -> str:
    """How far a replay is: messages, messages a second, and the time that remains where that can be told.

    Examples
    --------
    >>> progress_line(500, 2000, 10.0)
    '500 of 2000 messages, 50/s, 0:00:30 left'
    >>> progress_line(500, None, 10.0), progress_line(0, 7, 0.0)
    ('500 messages, 50/s', '0 of 7 messages')
    """
    line = f"{done} messages" if total is None else f"{done} of {total} messages"
    if done == 0 or taken_s <= 0:
        return line
    line += f", {done / taken_s:,.0f}/s"
    if total is None or done >= total:
        return line
    minutes, seconds = divmod(round((total - done) * taken_s / done), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{line}, {hours}:{minutes:02}:{seconds:02} left"
