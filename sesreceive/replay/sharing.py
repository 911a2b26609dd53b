"""The messages of a replay in chunks, received here or by the workers of any executor, and given back in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import uuid4

from sesreceive.auth.results import AuthenticationResults
from sesreceive.backends.memory import MemoryBackend
from sesreceive.errors import InputError
from sesreceive.mail.corpus import Item
from sesreceive.mail.passed_over import PassedOver
from sesreceive.receiver import Receiver
from sesreceive.replay.derived import Home, common_to, derives, fork
from sesreceive.replay.known_results import Keys, KnownResults
from sesreceive.replay.parcels import Octets, Parcel, opened, pack_tasks, packed, parcel, unpack_tasks, unpacked
from sesreceive.replay.receptions import Task, receptions
from sesreceive.report import Report
from sesreceive.report.collecting import fewer_collections
from sesreceive.wording import expected, is_whole, shown

__all__ = [
    "Authenticated",
    "Way",
    "check_sharing",
    "is_here",
    "shared_out",
    "tasks_of",
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
    tasks = _tasks(receiver, items, chunk, way)
    if executor is None:
        for start, part in tasks:
            yield _merged(receiver, _receive(fork(receiver), part, start, way), way)
        return
    ahead = ahead or _AHEAD * workers_of(executor)
    submit, taken = _here(receiver, executor, way) if is_here(executor) else _elsewhere(receiver, executor, way)
    running: deque[tuple[Future[Any], Sequence[Task]]] = deque()
    try:
        while True:
            for start, part in islice(tasks, ahead - len(running)):
                running.append((submit(part, start), part))
            if not running:
                return
            future, asked = running.popleft()
            yield _merged(receiver, taken(future.result(), asked), way)
    finally:
        for future, _ in running:
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
    """What a worker gives back: what it made of the report, what could not be received, and the backend it filled.

    Besides, what DNS came to for each message: as it was learned, by key, and for all that were received.
    """

    made: T
    broken: list[PassedOver]
    backend: MemoryBackend | None
    learned: list[tuple[str, AuthenticationResults]]
    results: Sequence[AuthenticationResults | None] = ()


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
    results: list[AuthenticationResults | None] = []
    with fewer_collections():
        for task, one in receptions(receiver, tasks, way.take_over):
            if isinstance(one, PassedOver):
                broken.append(one)
                continue
            report.add(one)
            results.append(one.authentication)
            if one.authentication is not None and task.key:
                report.taken_over += task.results is not None
                if task.results is None:
                    learned.append((task.key, one.authentication))
            keys.append((task.key, task.results is not None and one.accepted))
    filled = receiver.backend if way.merges and isinstance(receiver.backend, MemoryBackend) else None
    return _Worked(way.made(report, start, keys), broken, filled, learned, results)


# How a chunk is handed to an executor, and how what comes back is taken.
_Submit: TypeAlias = "Callable[[Sequence[Task], int], Future[Any]]"
_Taken: TypeAlias = "Callable[[Any, Sequence[Task]], _Worked[Any]]"


def _here(receiver: Receiver, executor: Executor, way: Way[T]) -> tuple[_Submit, _Taken]:
    """The work on a chunk in another thread."""

    def submit(tasks: Sequence[Task], start: int) -> Future[_Worked[T]]:
        return executor.submit(_receive, fork(receiver), tasks, start, way)

    return submit, lambda worked, tasks: worked


def _elsewhere(receiver: Receiver, executor: Executor, way: Way[T]) -> tuple[_Submit, _Taken]:
    """The work on a chunk in another process; each task brings the results that it needs."""
    work = _Elsewhere(packed(receiver), replace(way, known=None), derives(receiver))
    home = Home(work.packed, common_to(receiver), way.take_over)

    def submit(tasks: Sequence[Task], start: int) -> Future[_Worked[T]]:
        return executor.submit(work, pack_tasks(tasks), start)

    def taken(worked: _Worked[Any], tasks: Sequence[Task]) -> _Worked[Any]:
        if not isinstance(worked.made, Parcel):
            return worked
        return replace(worked, made=opened(worked.made, home, tasks, receiver.backend))

    return submit, taken


@dataclass(frozen=True, slots=True)
class _Elsewhere(Generic[T]):
    """The work on a chunk in another process; the receiver travels as bytes and is unpacked once a worker.

    A worker that had an equal receiver in another `run` unpacks it again: a local KMS counts the keys it made.
    """

    packed: bytes = field(repr=False)
    way: Way[T]
    derives: bool
    run: str = field(default_factory=lambda: uuid4().hex)

    def __call__(self, data: Octets, start: int) -> _Worked[Any]:
        """One chunk."""
        receiver = unpacked(self.packed, self.run)
        with fewer_collections():
            tasks = unpack_tasks(data)
            worked: _Worked[Any] = _receive(receiver, tasks, start, self.way)
            if not isinstance(worked.made, Report):
                return replace(worked, results=())
            results = worked.results if self.derives and not worked.broken else None
            sent = parcel(receiver, tasks, worked.made, worked.backend, results)
            return replace(worked, made=sent, backend=None, results=())
