"""Accepted messages on their way to the workers: never more than there is room for, none lost.

A place is reserved *before* a message is answered 250; when there is none the end of DATA waits, and so does
the client, which is the only back-pressure SMTP has. With one worker, messages are processed in the order in
which they were accepted.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from sesreceive.bounds import Bounds
from sesreceive.receiver import Submission
from sesreceive.reception import Reception

__all__ = ["Failed", "Intake"]

_log = logging.getLogger(__name__)

# How long messages are gathered before the worker is woken.
_GATHER_S = 0.001


@dataclass(frozen=True, slots=True)
class Failed:
    """A message whose processing raised: a mistake in a backend, a scanner or this library."""

    submission: Submission | None
    error: BaseException


class Intake:
    """The queue between sessions and workers.

    `reserve`, `wait`, `put`, `note` and `flush` are for the thread of the sessions; the rest may be called from any.

    Parameters
    ----------
    process : callable
        ``Receiver.process``.
    bounds : Bounds
        How much may wait.
    workers : int
        Threads that process; more than one gives up the order.
    keep : int, optional
        How many receptions are remembered, the latest; all by default.
    """

    def __init__(
        self,
        process: Callable[[Submission], Reception],
        bounds: Bounds,
        *,
        workers: int = 1,
        keep: int | None = None,
    ) -> None:
        self._process, self._bounds, self._workers = process, bounds, workers
        self._queue: SimpleQueue[list[tuple[int, Submission, int]] | None] = SimpleQueue()
        self._batch: list[tuple[int, Submission, int]] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._changed = threading.Condition()
        self._receptions: deque[tuple[int, Reception]] = deque(maxlen=keep)
        self._waiters: deque[tuple[int, asyncio.Future[bool], asyncio.AbstractEventLoop]] = deque()
        self._threads: list[threading.Thread] = []
        self._places = self._octets = 0  # reserved or waiting or being processed
        self._notes = 0  # refusals that wait to be written down
        self._serial = 0
        self.accepted = self.refused = self.skipped = 0
        self.done = {True: 0, False: 0}  # processed, by whether they were accepted
        self.failures: list[Failed] = []

    # ---------------------------------------------------------------- for the sessions

    def reserve(self, octets: int) -> bool:
        """Whether a place for a message of this size was free, and is taken now; otherwise `wait` for one."""
        with self._changed:
            if self._waiters or not self._fits(octets):
                return False
            self._take(octets)
            return True

    async def wait(self, octets: int) -> bool:
        """Whether a place came free within `Bounds.waiting_s`; whoever waits longest is served first."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        entry = (octets, turn, loop)
        with self._changed:
            self._waiters.append(entry)
            self._serve()
        patience = loop.call_later(self._bounds.waiting_s, self._give_up, entry)
        try:
            return await turn
        except asyncio.CancelledError:
            if not self._give_up(entry):  # a worker made room in the same moment
                self.release(octets)
            raise
        finally:
            patience.cancel()

    def _give_up(self, entry: tuple[int, asyncio.Future[bool], asyncio.AbstractEventLoop]) -> bool:
        """Whether the entry still waited; it does not any more."""
        with self._changed:
            if entry not in self._waiters:
                return False
            self._waiters.remove(entry)
            self._serve()
        _answer(entry[1], False)
        return True

    def put(self, submission: Submission, octets: int) -> None:
        """Hand over an accepted message for which a place was reserved."""
        with self._changed:
            self.accepted += 1
        self._hand_over(submission, octets)

    def note(self, submission: Submission) -> None:
        """Hand over a refusal, for the report alone; left out while as many wait as messages may wait.

        They have places of their own, so that a message that is turned away because all places are taken is seen.
        """
        with self._changed:
            self.refused += 1
            if self._notes >= self._bounds.waiting:
                self.skipped += 1
                return
            self._notes += 1
        self._hand_over(submission, 0)

    def _hand_over(self, submission: Submission, octets: int) -> None:
        self._serial += 1
        self._batch.append((self._serial, submission, octets))
        if self._workers > 1:
            self.flush()
        elif self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(_GATHER_S, self.flush)

    def flush(self) -> None:
        """Give the worker what was gathered: to wake it for every message costs as much as to receive one."""
        self._alarm = None
        batch, self._batch = self._batch, []
        if batch:
            self._queue.put(batch)

    def release(self, octets: int) -> None:
        """Give a place back, and pass it on to whoever waits longest."""
        with self._changed:
            self._places -= 1
            self._octets -= octets
            self._serve()
            self._changed.notify_all()

    def _serve(self) -> None:
        """Give the places that are free to those who wait, in order."""
        while self._waiters and self._fits(self._waiters[0][0]):
            wanted, turn, loop = self._waiters.popleft()
            try:
                loop.call_soon_threadsafe(_answer, turn, True)
            except RuntimeError:  # the loop has ended, and the session with it
                continue
            self._take(wanted)

    def _fits(self, octets: int) -> bool:
        if not self._places:
            return True
        return self._places < self._bounds.waiting and self._octets + octets <= self._bounds.waiting_bytes

    def _take(self, octets: int) -> None:
        self._places += 1
        self._octets += octets

    # ---------------------------------------------------------------- for the owner

    @property
    def pending(self) -> int:
        """Messages accepted or noted and not yet processed."""
        return self._places + self._notes

    @property
    def receptions(self) -> tuple[Reception, ...]:
        """What was processed, in the order in which it was accepted."""
        with self._changed:
            found: Sequence[tuple[int, Reception]] = tuple(self._receptions)
        if self._workers > 1:
            found = sorted(found, key=lambda one: one[0])
        return tuple(reception for _, reception in found)

    def start(self, name: str) -> None:
        """Start the workers."""
        for number in range(self._workers):
            thread = threading.Thread(target=self._work, name=f"{name}-worker-{number + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait_for(self, count: int, timeout: float, accepted: tuple[bool, ...]) -> bool:
        """Whether so many messages of these kinds were processed, or something failed, within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(
                lambda: bool(self.failures) or sum(self.done[kind] for kind in accepted) >= count, timeout
            )

    def drain(self, timeout: float) -> bool:
        """Whether everything that was accepted was processed within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.pending, timeout)

    def stop(self, timeout: float | None = None) -> None:
        """Let the workers end when the queue is empty; wait for them `timeout` seconds, not at all when None."""
        for _ in self._threads:
            self._queue.put(None)
        if timeout is not None:
            for thread in self._threads:
                if thread is not threading.current_thread():
                    thread.join(timeout)
        self._threads.clear()

    def fail(self, submission: Submission | None, error: BaseException) -> None:
        """Remember an error that no session and no message may answer for."""
        _log.error("%s", error, exc_info=error)
        with self._changed:
            self.failures.append(Failed(submission, error))
            self._changed.notify_all()

    def _work(self) -> None:
        while (batch := self._queue.get()) is not None:
            batch.reverse()
            while batch:  # each is forgotten once it is done
                self._do(*batch.pop())

    def _do(self, serial: int, submission: Submission, octets: int) -> None:
        try:
            reception = self._process(submission)
        except BaseException as error:  # noqa: BLE001 - a user's function may raise anything; the queue goes on
            self.fail(submission, error)
        else:
            with self._changed:
                self._receptions.append((serial, reception))
                self.done[submission.accepted] += 1
        if submission.accepted:
            self.release(octets)
        else:
            with self._changed:
                self._notes -= 1
                self._changed.notify_all()


def _answer(turn: asyncio.Future[bool], granted: bool) -> None:
    if not turn.done():
        turn.set_result(granted)
