"""Group commit: messages that end at about the same moment are put on the disk together, then answered 250.

One thread writes; while it waits for the disk, the next messages gather. So a disk that needs ten milliseconds for a
sync holds up each client for ten to twenty, and many clients no longer than one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from sesreceive.backends.spool import Spool, SpooledMessage
from sesreceive.errors import one_line
from sesreceive.mail.reply import NO_ROOM
from sesreceive.receiver import Submission
from sesreceive.smtp.intake import Intake
from sesreceive.stages.body import refused
from sesreceive.trace.facts import Check

__all__ = ["Committer"]

# About the most that one sync waits for (what one turn of the loop hands over together is not parted): with more the
# first message would wait longer than its own sync does.
_MESSAGES, _OCTETS = 500, 1 << 25


@dataclass(frozen=True, slots=True)
class _Entry:
    """A message that waits to be kept, and where the answer goes."""

    submission: Submission
    octets: int
    kept: asyncio.Future[Submission]
    loop: asyncio.AbstractEventLoop


class Committer:
    """Keeps accepted messages in a spool before anybody is told 250.

    Parameters
    ----------
    spool : Spool
        Where they are kept.
    intake : Intake
        Gets them once they are.
    spooled : callable
        What of a submission is kept.
    """

    def __init__(self, spool: Spool, intake: Intake, spooled: Callable[[Submission], SpooledMessage]) -> None:
        self._spool, self._intake, self._spooled = spool, intake, spooled
        self._queue: SimpleQueue[list[_Entry] | asyncio.Event | None] = SimpleQueue()
        self._gathered: list[_Entry] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, name: str) -> None:
        """Start the thread that writes."""
        self._thread = threading.Thread(target=self._work, name=f"{name}-spool", daemon=True)
        self._thread.start()

    async def commit(self, submission: Submission, octets: int) -> Submission:
        """The message, kept and handed to the workers; or its refusal, where it could not be kept.

        A place was reserved for it. It is kept also when the client hangs up meanwhile, as RFC 5321 section 4.5.3.2
        would have it: whoever is not told may send it again.
        """
        self._loop = asyncio.get_running_loop()
        kept: asyncio.Future[Submission] = self._loop.create_future()
        self._gathered.append(_Entry(submission, octets, kept, self._loop))
        if len(self._gathered) == 1:
            # What ends in one turn of the loop is handed over together: to wake a thread costs as much as a message.
            self._loop.call_soon(self._hand_over)
        elif len(self._gathered) >= _MESSAGES:
            self._hand_over()
        return await kept

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            self._queue.put(gathered)

    async def settled(self) -> None:
        """Whatever was handed in before this call has its answer."""
        self._loop = asyncio.get_running_loop()
        reached = asyncio.Event()
        self._hand_over()
        self._queue.put(reached)
        await reached.wait()

    def stop(self) -> None:
        """What was handed in is kept; the thread ends."""
        self._hand_over()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        goes_on = True
        while goes_on:
            entries: list[_Entry] = []
            reached: list[asyncio.Event] = []
            octets = 0
            item = self._queue.get()
            while True:
                if item is None:
                    goes_on = False
                    break
                if isinstance(item, asyncio.Event):
                    reached.append(item)
                else:
                    entries += item
                    octets += sum(entry.octets for entry in item)
                if len(entries) >= _MESSAGES or octets >= _OCTETS:
                    break
                try:
                    item = self._queue.get_nowait()
                except Empty:
                    break
            if entries:
                self._commit(entries)
            for event in reached:
                self._tell(event.set)

    def _commit(self, entries: list[_Entry]) -> None:
        try:
            segment = self._spool.write([self._spooled(entry.submission) for entry in entries])
        except Exception as error:  # noqa: BLE001 - a full disk or a mistake of ours: nobody may be told 250
            if not isinstance(error, OSError):
                self._intake.fail(entries[0].submission, error)
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._tell(lambda: self._refuse(entries, one_line(why)))
            return
        self._intake.put_kept([(entry.submission, entry.octets, segment) for entry in entries])
        self._tell(lambda: _answer(entries))

    def _refuse(self, entries: list[_Entry], why: str) -> None:
        decided = refused(NO_ROOM, Check.ROOM, f"the message could not be kept in the spool: {why}")
        for entry in entries:
            self._intake.release(entry.octets)
            postponed = replace(
                entry.submission, reply=NO_ROOM, message_id="", events=(*entry.submission.events, *decided.events)
            )
            self._intake.note(postponed)
            if not entry.kept.done():
                entry.kept.set_result(postponed)

    def _tell(self, act: Callable[[], object]) -> None:
        """Do it in the thread of the sessions; when that has ended nobody waits for it."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(act)


def _answer(entries: list[_Entry]) -> None:
    for entry in entries:
        if not entry.kept.done():
            entry.kept.set_result(entry.submission)
