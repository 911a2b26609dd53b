"""Many messages through one receiver, one after the other or on any executor, with the same result."""

from __future__ import annotations

import copy
import gc
import operator
import os
import pickle
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeAlias

from sesreceive.backends.kms_envelope import decrypt
from sesreceive.backends.memory import MemoryBackend
from sesreceive.errors import InputError, one_line
from sesreceive.mail.corpus import Decrypt, Item, Override, Source, read
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.report import Report
from sesreceive.stages.taken_over import taken_over

__all__ = ["Progress", "Source", "replay"]

# Told how many messages are done, and how many there are; None where that is not known.
Progress: TypeAlias = Callable[[int, int | None], object]

# Chunks on their way for each worker: enough that none waits, few enough that memory stays bounded.
_AHEAD = 2
# Seconds between two reports of progress.
_EVERY_S = 0.2


def replay(
    receiver: Receiver,
    source: Source,
    *,
    envelope: Override | None = None,
    executor: Executor | None = None,
    chunk: int = 200,
    progress: Progress | bool | None = None,
    keep: bool = True,
    limit: int | None = None,
    trusted: Sequence[str] = (),
    kms: Any = None,
    take_over: bool = True,
) -> Report:
    r"""The report on all messages of `source`, in order; what they cause is in the receiver's backend.

    The result is equal whatever the executor and the chunk, for a seeded receiver: message ids and times are drawn
    here, in order, and what workers put into copies of a `MemoryBackend` is taken over in order. What is left to
    chance is what a function of yours remembers from message to message, which each worker does for itself.

    Parameters
    ----------
    receiver : Receiver
        Receives the messages, as they are received by `Receiver.receive`.
    source : path, bytes, Message, mapping, table or iterable
        Where they come from; see `sesreceive.mail.corpus.read`. A `Report` is received again.
    envelope : Envelope, mapping or callable, optional
        In place of what is known of each message; see there.
    executor : concurrent.futures.Executor, optional
        Runs the work in chunks: threads, processes, or a Dask cluster through ``client.get_executor()``. Without one
        the messages are received one after the other, and so they are where the backend has failures planned that
        run out, since it depends on the order whom they hit.
    chunk : int
        Messages in one task of the executor; 200 to 500 keep its cost small.
    progress : bool or callable, optional
        True shows a bar (of tqdm, where it is installed); a function is called with the number of messages done and
        how many there are (None where that is not known), about five times a second, and at the end.
    keep : bool
        Whether the report keeps the receptions; see `Report`.
    limit : int, optional
        Stop after this many messages.
    trusted : sequence of str, optional
        Your receiving hosts, whose Received fields are believed; see `sesreceive.mail.delivered.envelope_of`.
    kms : object, optional
        Decrypts stored objects that are encrypted: a boto3 KMS client, or the `LocalKms` that has the key. By default
        that of the receiver's backend.
    take_over : bool
        Whether a message that SES stored keeps its message id, and the results and verdicts that SES wrote into it.
        Otherwise it is judged anew, with the receiver's DNS and scanners.

    Returns
    -------
    Report
        Stopped by KeyboardInterrupt (Ctrl-C, or the stop button of a notebook) it holds what was done so far, with an
        executor in whole chunks, and its `interrupted` is set. What was no message, or could not be read, is in its
        `passed_over`; it ends no replay.

    Raises
    ------
    InputError
        When the source cannot be read, or the receiver cannot be sent to the executor's workers.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> replay(receiver, [b"To: ana@example.com\r\n\r\n"] * 3)
    <Report of 3 messages: 0 accepted, 3 refused, 0 rules fired, 0 effects>
    """
    if chunk < 1:
        raise InputError(f"expected a chunk of at least one message but got `{chunk}`")
    items = read(source, envelope=envelope, trusted=trusted, decrypt=_decrypting(receiver, kms), strict=False)
    total = operator.length_hint(items, -1)
    total = min(total, limit) if limit is not None and total >= 0 else total
    report = Report(keep=keep)
    ordered = any(failure.times is not None for failure in getattr(receiver.backend, "failures", ()))
    with _fewer_collections(), _Ticker(progress, None if total < 0 else total) as ticker:
        try:
            if executor is None or ordered:
                for item in islice(items, limit):
                    report.add(_received(receiver, item, None, take_over))
                    ticker.tick(len(report))
            else:
                for part in _shared_out(receiver, islice(items, limit), executor, chunk, keep, take_over):
                    report.extend(part)
                    ticker.tick(len(report))
        except KeyboardInterrupt:
            report.interrupted = True
        finally:
            report.pass_over(items.passed_over)
    return report


def _received(receiver: Receiver, item: Item, drawn: tuple[str, float] | None, take_over: bool) -> Reception:
    """One message; of one that SES stored, the message id is taken over, and what SES found out about it."""
    stored = item.stored if take_over else None
    if stored is not None:
        drawn = (stored.message_id, (drawn or receiver.draw())[1])
    submission = receiver.submit(item.message, item.envelope, name=item.name, drawn=drawn)
    return receiver.process(submission, known=taken_over(stored) if stored is not None else None)


def _decrypting(receiver: Receiver, kms: Any) -> Decrypt | None:
    client = kms if kms is not None else getattr(receiver.backend, "kms", None)
    return None if client is None else lambda body, metadata: decrypt(body, metadata, client)


# New objects between two runs of the garbage collector while messages are received; Python's own number is 700.
_COLLECT_EVERY = 20_000


@contextmanager
def _fewer_collections() -> Iterator[None]:
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


# ------------------------------------------------------------------ sharing out

# One message of a task: the item, and the id and time it was given.
_Task = tuple[Item, tuple[str, float]]


@dataclass(frozen=True, slots=True)
class _Done:
    """What a worker gives back: the report on its chunk, and the backend it filled."""

    report: Report
    backend: MemoryBackend | None


def _shared_out(
    receiver: Receiver, items: Iterator[Item], executor: Executor, chunk: int, keep: bool, take_over: bool
) -> Iterator[Report]:
    """The reports on the chunks, in order, each with its effects taken over."""
    here = isinstance(executor, ThreadPoolExecutor)
    work = _in_threads(receiver, keep, take_over) if here else _elsewhere(receiver, keep, take_over)
    ahead = _AHEAD * (getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
    running: deque[Future[_Done]] = deque()
    try:
        while True:
            while len(running) < ahead and (tasks := [(item, receiver.draw()) for item in islice(items, chunk)]):
                running.append(executor.submit(work, tasks))
            if not running:
                return
            done = running.popleft().result()
            if done.backend is not None and isinstance(receiver.backend, MemoryBackend):
                receiver.backend.merge(done.backend)
            yield done.report
    finally:
        for future in running:
            future.cancel()


def _receive(receiver: Receiver, tasks: Sequence[_Task], keep: bool, take_over: bool) -> _Done:
    """One chunk."""
    report = Report(keep=keep)
    with _fewer_collections():
        for item, drawn in tasks:
            report.add(_received(receiver, item, drawn, take_over))
    return _Done(report, receiver.backend if isinstance(receiver.backend, MemoryBackend) else None)


def _fork(receiver: Receiver) -> Receiver:
    """The same receiver with an empty backend, where the backend is in memory."""
    worker = copy.copy(receiver)
    if isinstance(receiver.backend, MemoryBackend):
        worker.backend = receiver.backend.fork()
    return worker


def _in_threads(receiver: Receiver, keep: bool, take_over: bool) -> Callable[[Sequence[_Task]], _Done]:
    return lambda tasks: _receive(_fork(receiver), tasks, keep, take_over)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The work on a chunk in another process; the receiver travels as bytes and is unpacked once a worker."""

    packed: bytes
    keep: bool
    take_over: bool

    def __call__(self, tasks: Sequence[_Task]) -> _Done:
        """One chunk."""
        done = _receive(_fork(_unpacked(self.packed)), tasks, self.keep, self.take_over)
        return replace(done, report=done.report.pack())


def _elsewhere(receiver: Receiver, keep: bool, take_over: bool) -> _Elsewhere:
    try:
        packed = pickle.dumps(_fork(receiver), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise InputError(_NOT_SENT.format(one_line(error))) from error
    return _Elsewhere(packed, keep, take_over)


_NOT_SENT = (
    "the receiver cannot be sent to another process ({}): define its functions and scanners in a module, "
    "or use a ThreadPoolExecutor"
)
# The receiver a worker process unpacked last.
_last: tuple[bytes, Receiver] | None = None


def _unpacked(packed: bytes) -> Receiver:
    global _last  # noqa: PLW0603 - one for each worker process, which outlives the tasks
    if _last is None or _last[0] != packed:
        try:
            _last = (packed, pickle.loads(packed))  # noqa: S301 - packed by this program
        except Exception as error:
            raise InputError(_NOT_SENT.format(one_line(error))) from error
    return _last[1]


# ------------------------------------------------------------------ progress


class _Ticker:
    """Tells of progress about five times a second, and at the end."""

    def __init__(self, progress: Progress | bool | None, total: int | None) -> None:
        self.total = total
        self.tell = _bar(total) if progress is True else progress or None
        self.done = 0
        self.told_s = time.monotonic()

    def tick(self, done: int) -> None:
        self.done = done
        if self.tell is not None and time.monotonic() - self.told_s >= _EVERY_S:
            self.tell(done, self.total)
            self.told_s = time.monotonic()

    def __enter__(self) -> _Ticker:
        return self

    def __exit__(self, *exception: object) -> None:
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
    bar: Any

    def __call__(self, done: int, total: int | None) -> None:
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        self.bar.close()


class _Line:
    def __call__(self, done: int, total: int | None) -> None:
        of = "" if total is None else f" of {total}"
        sys.stderr.write(f"\r{done}{of} messages")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\n")
