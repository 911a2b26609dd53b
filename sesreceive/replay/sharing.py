"""The messages of a replay in chunks, received here or by the workers of any executor, and given back in order."""

from __future__ import annotations

import copy
import gc
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

from sesreceive.auth.results import AuthenticationResults
from sesreceive.backends.memory import MemoryBackend
from sesreceive.errors import InputError, one_line
from sesreceive.mail.corpus import Item
from sesreceive.mail.passed_over import PassedOver
from sesreceive.receiver import Receiver
from sesreceive.replay.known_results import Keys, KnownResults
from sesreceive.replay.receptions import Task, receptions
from sesreceive.report import Report
from sesreceive.wording import expected, is_whole, shown

__all__ = [
    "Authenticated",
    "Way",
    "check_sharing",
    "fewer_collections",
    "is_here",
    "packed",
    "shared_out",
    "tasks_of",
    "unpacked",
    "workers_of",
]

# Chunks on their way for each worker: enough that none waits, few enough that memory stays bounded.
_AHEAD = 2

# What the results of each message follow from, and whether they are those of an earlier run.
Authenticated: TypeAlias = "list[tuple[str, bool]]"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way(Generic[T]):
    """How the chunks are received.

    Attributes
    ----------
    made : callable
        What is made of the report on a chunk, by who received it: that alone travels. It is told at which position of
        the corpus the chunk begins, and the keys of the results of each message.
    keep, take_over : bool
        As for `replay`.
    known : KnownResults or None
        Results of earlier runs, which are taken over and added to, here.
    keyed : bool
        Whether keys are wanted without these.
    merges : bool
        Whether the receiver's `MemoryBackend` takes over what the messages cause.
    """

    made: Callable[[Report, int, Authenticated], T]
    keep: bool = True
    take_over: bool = True
    known: KnownResults | None = field(default=None, repr=False)
    keyed: bool = False
    merges: bool = True


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


def check_sharing(executor: object, ahead: object, **sizes: object) -> None:
    """Refuse an executor that is none, and sizes of chunks and parts that are no numbers of messages.

    Raises
    ------
    InputError
        Which says what was expected.
    """
    for name, size in sizes.items():
        if not is_whole(size, 1):
            raise InputError(f"expected a {name} of at least one message but got {shown(size)}")
    if ahead is not None and not is_whole(ahead, 1):
        raise InputError(f"expected at least one chunk ahead but got {shown(ahead)}")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InputError(f"executor: {expected('an executor of `concurrent.futures`, or one alike,', executor)}")


def shared_out(
    receiver: Receiver, items: Iterator[Item], executor: Executor | None, chunk: int, ahead: int | None, way: Way[T]
) -> Iterator[tuple[T, list[PassedOver]]]:
    """What is made of each chunk, and what of it could not be received, in order.

    `items` are given their ids and times here, one after the other.
    """
    work = _here(receiver, way) if executor is None or is_here(executor) else _elsewhere(receiver, way)
    tasks = _tasks(receiver, items, chunk, way)
    if executor is None:
        for start, part in tasks:
            yield _merged(receiver, work(part, start), way)
        return
    ahead = ahead or _AHEAD * workers_of(executor)
    running: deque[Future[_Worked[T]]] = deque()
    try:
        while True:
            for start, part in islice(tasks, ahead - len(running)):
                running.append(executor.submit(work, part, start))
            if not running:
                return
            yield _merged(receiver, running.popleft().result(), way)
    finally:
        for future in running:
            future.cancel()


def tasks_of(receiver: Receiver, items: Iterator[Item], way: Way[Any]) -> Iterator[Task]:
    """The messages, each with its id and time, and what is known of it."""
    keys = Keys(receiver) if way.keyed or way.known is not None else None
    for item in items:
        drawn = receiver.draw()
        if keys is None or (way.take_over and item.stored is not None):
            yield Task(item, drawn)
            continue
        key = keys.of(item, drawn[1])
        yield Task(item, drawn, key, None if way.known is None else way.known.get(key))


def _tasks(receiver: Receiver, items: Iterator[Item], chunk: int, way: Way[Any]) -> Iterator[tuple[int, list[Task]]]:
    """The chunks, each with the position it begins at."""
    start, tasks = 0, tasks_of(receiver, items, way)
    while part := list(islice(tasks, chunk)):
        yield start, part
        start += len(part)


def is_here(executor: Executor) -> bool:
    """Whether its workers are threads of this process."""
    return isinstance(executor, ThreadPoolExecutor)


def workers_of(executor: Executor) -> int:
    """How many tasks an executor works at once; the cores of this machine where it does not say.

    Examples
    --------
    >>> workers_of(ThreadPoolExecutor(3))
    3
    """
    for name in ("_max_workers", "num_workers"):
        said = getattr(executor, name, None)
        if isinstance(said, int) and said > 0:
            return said
    client: Any = getattr(executor, "_client", None)  # Dask: `Client.get_executor()`
    if hasattr(client, "nthreads"):
        return max(1, int(sum(client.nthreads().values())))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Worked(Generic[T]):
    """What a worker gives back: what it made of the report, what could not be received, and the backend it filled."""

    made: T
    broken: list[PassedOver]
    backend: MemoryBackend | None
    learned: list[tuple[str, AuthenticationResults]]


def _merged(receiver: Receiver, done: _Worked[T], way: Way[T]) -> tuple[T, list[PassedOver]]:
    if way.known is not None:
        way.known.learn(done.learned)
    if done.backend is not None and isinstance(receiver.backend, MemoryBackend):
        receiver.backend.merge(done.backend)
    return done.made, done.broken


def _receive(receiver: Receiver, tasks: Sequence[Task], start: int, way: Way[T]) -> _Worked[T]:
    """One chunk."""
    report = Report(keep=way.keep)
    learned: list[tuple[str, AuthenticationResults]] = []
    keys: Authenticated = []
    broken: list[PassedOver] = []
    with fewer_collections():
        for task, one in receptions(receiver, tasks, way.take_over):
            if isinstance(one, PassedOver):
                broken.append(one)
                continue
            report.add(one)
            if one.authentication is not None and task.key:
                report.taken_over += task.results is not None
                if task.results is None:
                    learned.append((task.key, one.authentication))
            keys.append((task.key, task.results is not None and one.accepted))
    filled = receiver.backend if way.merges and isinstance(receiver.backend, MemoryBackend) else None
    return _Worked(way.made(report, start, keys), broken, filled, learned)


def _fork(receiver: Receiver) -> Receiver:
    """The same receiver with an empty backend, where the backend is in memory."""
    worker = copy.copy(receiver)
    if isinstance(receiver.backend, MemoryBackend):
        worker.backend = receiver.backend.fork()
    return worker


def _here(receiver: Receiver, way: Way[T]) -> Callable[[Sequence[Task], int], _Worked[T]]:
    return lambda tasks, start: _receive(_fork(receiver), tasks, start, way)


@dataclass(frozen=True, slots=True)
class _Elsewhere(Generic[T]):
    """The work on a chunk in another process; the receiver travels as bytes and is unpacked once a worker."""

    packed: bytes = field(repr=False)
    way: Way[T]

    def __call__(self, tasks: Sequence[Task], start: int) -> _Worked[T]:
        """One chunk."""
        return _receive(unpacked(self.packed), tasks, start, self.way)


def _elsewhere(receiver: Receiver, way: Way[T]) -> _Elsewhere[T]:
    return _Elsewhere(packed(receiver), replace(way, known=None))  # each task brings the results that it needs


def packed(receiver: Receiver) -> bytes:
    """The receiver as bytes, for `unpacked` in another process; without what a backend in memory holds.

    Raises
    ------
    InputError
        When something of it cannot be sent.
    """
    try:
        return pickle.dumps(_fork(receiver), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise InputError(_NOT_SENT.format(one_line(error))) from error


_NOT_SENT = (
    "the receiver cannot be sent to another process ({}): define its functions and scanners in a module, "
    "or use a ThreadPoolExecutor"
)
# The receiver a worker process unpacked last.
_last: tuple[bytes, Receiver] | None = None


def unpacked(data: bytes) -> Receiver:
    """The receiver of `packed`, with a backend of its own; unpacked once for a process that is given it again."""
    global _last  # noqa: PLW0603 - one for each worker process, which outlives the tasks
    if _last is None or _last[0] != data:
        try:
            _last = (data, pickle.loads(data))  # noqa: S301 - packed by this program
        except Exception as error:
            raise InputError(_NOT_SENT.format(one_line(error))) from error
    return _fork(_last[1])
