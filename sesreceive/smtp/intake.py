"""Accepted messages on their way to the workers: never more than there is room for, none lost.

A place is reserved *before* a message is answered 250; when there is none the end of DATA waits, and so does
the client, which is the only back-pressure SMTP has. With one worker, messages are processed in the order in
which they were accepted.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from queue import SimpleQueue
from typing import TypeAlias

from sesreceive.backends.spool import TRIES, Segment, SpooledMessage
from sesreceive.bounds import Bounds
from sesreceive.errors import ServerError, SesReceiveError, one_line
from sesreceive.receiver import Submission
from sesreceive.reception import Reception

__all__ = ["Failed", "Intake"]

_log = logging.getLogger(__name__)

# A place in the order, the message, the room it takes, and where it lies in the spool if it does.
_Item: TypeAlias = tuple[int, Submission, int, Segment | None]

# How long messages are gathered before the worker is woken: one alone; the next, while they keep coming; and in all.
_GATHER_S, _GATHER_NEXT_S, _GATHER_MOST_S = 0.001, 0.003, 0.01
_GATHER_MOST = 100


@dataclass(frozen=True, slots=True)
class Failed:
    """A message whose processing raised: a mistake in a backend, a scanner or this library."""

    submission: Submission | None
    error: BaseException

    def __str__(self) -> str:
        """One sentence: which message, and what was raised."""
        what = f"message `{self.submission.name}`" if self.submission else "a command"
        if isinstance(self.error, SesReceiveError):
            return one_line(self.error, 2000)
        return f"{what} raised {type(self.error).__name__}: {one_line(self.error)}"


class _News(deque["Reception | Failed"]):
    """What one follower has not seen yet."""


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
        How many receptions are remembered, the latest, and how many failures; all by default.
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
        self._queue: SimpleQueue[list[_Item] | Callable[[], None] | None] = SimpleQueue()
        self._batch: list[_Item] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._gathered, self._gather_until = 0, 0.0  # at the last alarm; when the worker is woken at the latest
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)  # entered by its lock, which is C's, where nobody waits
        self._receptions: deque[tuple[int, Reception]] = deque(maxlen=keep)
        self._followers: list[weakref.ref[_News]] = []
        self._waiters: deque[tuple[int, asyncio.Future[bool], asyncio.AbstractEventLoop]] = deque()
        self._threads: list[threading.Thread] = []
        self._places = self._octets = 0  # reserved or waiting or being processed
        self._notes = 0  # refusals that wait to be written down
        self._resuming = 0  # messages of an earlier process that wait
        self._serials = count(1)
        self.accepted = self.refused = self.skipped = 0
        self.done = {True: 0, False: 0}  # processed, by whether they were accepted
        self.failed = 0
        self.failures: deque[Failed] = deque(maxlen=keep)

    # ---------------------------------------------------------------- for the sessions

    def reserve(self, octets: int) -> bool:
        """Whether a place for a message of this size was free, and is taken now; otherwise `wait` for one."""
        with self._lock:
            if self._waiters or not self._fits(octets):
                return False
            self._take(octets)
            return True

    async def wait(self, octets: int) -> bool:
        """Whether a place came free within `Bounds.waiting_s`; whoever waits longest is served first."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        entry = (octets, turn, loop)
        self.flush()  # a place comes free by the work of the worker
        with self._lock:
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
        with self._lock:
            if entry not in self._waiters:
                return False
            self._waiters.remove(entry)
            self._serve()
        _answer(entry[1], False)
        return True

    def put(self, submission: Submission, octets: int) -> None:
        """Hand over an accepted message for which a place was reserved."""
        with self._lock:
            self.accepted += 1
        self._hand_over(submission, octets)

    def put_kept(self, kept: Sequence[tuple[Submission, int, Segment]]) -> None:
        """Hand over accepted messages that lie in the spool; may be called from any thread."""
        with self._lock:
            self.accepted += len(kept)
        self._queue.put([(next(self._serials), *one) for one in kept])

    def note(self, submission: Submission) -> None:
        """Hand over a refusal, for the report alone; left out while as many wait as messages may wait.

        They have places of their own, so that a message that is turned away because all places are taken is seen.
        """
        with self._lock:
            self.refused += 1
            if self._notes >= self._bounds.waiting:
                self.skipped += 1
                return
            self._notes += 1
        self._hand_over(submission, 0)

    def _hand_over(self, submission: Submission, octets: int) -> None:
        self._batch.append((next(self._serials), submission, octets, None))
        if self._workers > 1:
            self.flush()
        elif self._alarm is None:
            loop = asyncio.get_running_loop()
            self._gathered, self._gather_until = 1, loop.time() + _GATHER_MOST_S
            self._alarm = loop.call_later(_GATHER_S, self._gather, loop)

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the worker, unless messages keep coming: each time it wakes, two threads contend for one interpreter."""
        waiting = len(self._batch)
        if self._gathered < waiting < _GATHER_MOST and loop.time() < self._gather_until:
            self._gathered = waiting
            self._alarm = loop.call_later(_GATHER_NEXT_S, self._gather, loop)
        else:
            self.flush()

    def flush(self) -> None:
        """Give the worker what was gathered: to wake it for every message costs as much as to receive one."""
        alarm, self._alarm = self._alarm, None
        if alarm is not None:
            alarm.cancel()
        batch, self._batch = self._batch, []
        if batch:
            self._queue.put(batch)

    def release(self, octets: int) -> None:
        """Give a place back, and pass it on to whoever waits longest."""
        with self._lock:
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
        return self._places + self._notes + self._resuming

    @property
    def receptions(self) -> tuple[Reception, ...]:
        """What was processed, in the order in which it was accepted."""
        with self._lock:
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

    def resume(self, left: Sequence[Segment], resume: Callable[[SpooledMessage], Reception]) -> None:
        """Process what an earlier process left, before anything that comes; called before `start`."""
        self._resuming = sum(len(segment.message_ids) for segment in left)
        self.accepted += self._resuming
        if self._resuming:
            self._queue.put(lambda: self._resume(left, resume))

    def _resume(self, left: Sequence[Segment], resume: Callable[[SpooledMessage], Reception]) -> None:
        for segment in left:
            waiting = len(segment.message_ids)
            try:
                for message in segment.read():
                    self._resume_one(segment, message, resume)
                    waiting -= 1
                    self._resumed(1)
            except Exception as error:  # noqa: BLE001 - the file cannot be read; it stays where it is
                self.fail(None, error)
            self._resumed(waiting)

    def _resume_one(
        self, segment: Segment, message: SpooledMessage, resume: Callable[[SpooledMessage], Reception]
    ) -> None:
        if not segment.begin(message.message_id):
            why = (
                f"message `{message.message_id}` was not processed in {TRIES} tries; it stays in `{segment.path}`, and "
                f"is tried again at a start without `{segment.tries.name}` beside it"
            )
            self.fail(None, ServerError(why))
            return
        try:
            reception = resume(message)
        except BaseException as error:  # noqa: BLE001 - as in `_do`; the message stays in the spool
            self.fail(None, error)
            return
        segment.done(message.message_id)
        with self._lock:
            self._add(next(self._serials), reception, accepted=True)

    def _add(self, serial: int, reception: Reception, *, accepted: bool) -> None:
        self._receptions.append((serial, reception))
        self.done[accepted] += 1
        self._tell(reception)

    def _tell(self, news: Reception | Failed) -> None:
        """Let everybody know who follows; who does no more is forgotten."""
        if not self._followers:
            return
        followers = [(reference, waiting) for reference in self._followers if (waiting := reference()) is not None]
        for _, waiting in followers:
            waiting.append(news)
        self._followers = [reference for reference, _ in followers]

    def _resumed(self, number: int) -> None:
        with self._lock:
            self._resuming -= number
            self._changed.notify_all()

    def follow(self) -> Iterator[Reception | Failed | None]:
        """Each reception and each failure as it comes, from the first on that is kept; None while there is none.

        From the call on nothing is missed, however few are kept.
        """
        news: _News = _News()
        with self._lock:
            news += [*self.failures, *(reception for _, reception in self._receptions)]
            self._followers.append(weakref.ref(news))
        return self._follow(news)

    def _follow(self, news: _News) -> Iterator[Reception | Failed | None]:
        while True:
            with self._lock:
                if not news:
                    self._changed.wait(1.0)
                batch = list(news)
                news.clear()
            yield from batch or (None,)

    def wait_for(self, count: int, timeout: float, accepted: tuple[bool, ...]) -> bool:
        """Whether so many messages of these kinds were processed, or something failed, within `timeout` seconds."""
        with self._lock:
            return self._changed.wait_for(
                lambda: bool(self.failed) or sum(self.done[kind] for kind in accepted) >= count, timeout
            )

    def drain(self, timeout: float) -> bool:
        """Whether everything that was accepted was processed within `timeout` seconds."""
        with self._lock:
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
        # What this library raises on purpose is a sentence that needs no traceback.
        _log.error("%s", error, exc_info=None if isinstance(error, SesReceiveError) else error)
        with self._lock:
            self.failed += 1
            self.failures.append(Failed(submission, error))
            self._tell(self.failures[-1])
            self._changed.notify_all()

    def _work(self) -> None:
        while (batch := self._queue.get()) is not None:
            if callable(batch):
                batch()
                continue
            batch.reverse()
            while batch:  # each is forgotten once it is done
                self._do(*batch.pop())

    def _do(self, serial: int, submission: Submission, octets: int, segment: Segment | None) -> None:
        try:
            reception = self._process(submission)
            if segment is not None:
                segment.done(submission.message_id)
        except BaseException as error:  # noqa: BLE001 - a user's function may raise anything; the queue goes on
            self.fail(submission, error)
            self._give_back(submission, octets)
        else:
            with self._lock:
                self._add(serial, reception, accepted=submission.accepted)
                self._give_back(submission, octets)

    def _give_back(self, submission: Submission, octets: int) -> None:
        """The place of a message that is done with, or of a refusal that is written down."""
        if submission.accepted:
            self.release(octets)
            return
        with self._lock:
            self._notes -= 1
            self._changed.notify_all()


def _answer(turn: asyncio.Future[bool], granted: bool) -> None:
    if not turn.done():
        turn.set_result(granted)
