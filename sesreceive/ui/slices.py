"""Long work in short pieces, between which the notebook answers: so that buttons work, Stop too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

from sesreceive.ui.kit import Part

__all__ = ["Slices"]

# How long a piece lasts, and the pause behind it in which clicks are answered.
_SLICE_S, _PAUSE_S = 0.03, 0.02


class Slices:
    """Runs an iterator to its end, a piece at a time; without a running loop all at once.

    Parameters
    ----------
    part : Part
        Shows what the work raises.
    told : callable
        Is called after each piece; its argument says whether that was the last one. What it returns is told.
    """

    def __init__(self, part: Part, told: Callable[[bool], str | None]) -> None:
        self._part, self._told = part, told
        self._work: Iterator[object] | None = None
        self._next: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether there is something left to do."""
        return self._work is not None

    def start(self, work: Iterator[object], *, rest_s: float = 0.0) -> None:
        """Do this; what was being done before is given up.

        Parameters
        ----------
        work : iterator
            Is run to its end.
        rest_s : float
            Seconds to wait first, in case there is something newer to do.
        """
        self.stop()
        self._work = work
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script or a test: nobody waits to press a button
            while self._work is work:
                self._turn(None, work)
        else:
            self._next = loop.call_later(rest_s, self._turn, loop, work)

    def stop(self) -> bool:
        """Give up what is being done; whether there was something."""
        was, self._work = self._work is not None, None
        if self._next is not None:
            self._next.cancel()
            self._next = None
        return was

    def _turn(self, loop: asyncio.AbstractEventLoop | None, work: Iterator[object]) -> None:
        self._part.guard(lambda: self._piece(loop, work))()

    def _piece(self, loop: asyncio.AbstractEventLoop | None, work: Iterator[object]) -> str | None:
        if self._work is not work:  # given up in another thread, when this turn was on its way already
            return None
        end = time.monotonic() + _SLICE_S
        try:
            while time.monotonic() < end:
                next(work)
        except StopIteration:
            self._work = None
            return self._told(True)
        except Exception:
            self._work = None
            raise
        told = self._told(False)
        if loop is not None and self._work is work:
            self._next = loop.call_later(_PAUSE_S, self._turn, loop, work)
        return told
