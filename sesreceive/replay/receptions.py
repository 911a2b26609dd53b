"""The messages of a replay received one after the other; several are authenticated before the first is processed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from sesreceive.auth.results import AuthenticationResults
from sesreceive.clock import SteppingClock, SystemClock
from sesreceive.dns.zone import Zone
from sesreceive.errors import one_line
from sesreceive.mail.corpus import Item
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.receiver import Receiver, Submission
from sesreceive.reception import Reception
from sesreceive.replay.known_results import KnownResults
from sesreceive.stages.taken_over import TakenOver, taken_over

__all__ = ["Drawn", "Task", "again", "received", "receptions"]

# How many messages, and of how many octets in all, are authenticated one after the other before they are processed.
_TOGETHER, _OCTETS_TOGETHER = 32, 1 << 20

# The id and time a message is given.
Drawn: TypeAlias = tuple[str, float]

_TOLD = "the results are those of an earlier run with the same bytes, envelope, DNS, settings and time"


@dataclass(frozen=True, slots=True)
class Task:
    """One message: its id and time, what its results follow from (nothing where nobody asks), and those known."""

    item: Item
    drawn: Drawn
    key: str = ""
    results: AuthenticationResults | None = None


@dataclass(frozen=True, slots=True)
class _Submitted:
    """A message that was handed over, or why it could not be; and what is known of it before."""

    task: Task
    submission: Submission | PassedOver
    known: TakenOver | None


def received(
    receiver: Receiver, item: Item, drawn: Drawn, take_over: bool, results: AuthenticationResults | None = None
) -> Reception | PassedOver:
    """One message; see `receptions`."""
    one = _submitted(receiver, Task(item, drawn, results=results), take_over)
    return _processed(receiver, one, one.known)


def again(
    receiver: Receiver, task: Task, take_over: bool, results: AuthenticationResults | None
) -> Reception | PassedOver:
    """One message as `receptions` received it, which found these results where none were known."""
    one = _submitted(receiver, task, take_over)
    known = one.known
    if known is None and results is not None:
        known = TakenOver(authentication=results)
    return _processed(receiver, one, known)


def receptions(
    receiver: Receiver, tasks: Iterable[Task], take_over: bool, *, known: KnownResults | None = None
) -> Iterator[tuple[Task, Reception | PassedOver]]:
    """Each message and what became of it, in order.

    A few are handed over and authenticated before the first of them is processed: the code of one step then stays in
    the processor's cache, which is a quarter of a replay. Nothing is different by it, as long as neither effects nor
    readings of the clock can reach the authentication of later messages; else they are received one by one.

    Of a message that SES stored, the message id is taken over, and what SES found out about it. What is raised
    meanwhile, by a scanner or a backend of somebody's, is of this message: the next one is received. What `tasks` raise
    is raised behind the messages before it.

    Parameters
    ----------
    take_over : bool
        As for `replay`.
    known : KnownResults, optional
        What the caller adds the results of each message to: where another one follows from the same, it is handed over
        behind that one, with its results.
    """
    most = _TOGETHER if _may_authenticate_first(receiver) else 1
    waiting = _Waiting(iter(tasks), known)
    problem: BaseException | None = None
    while problem is None:
        batch, problem = _next(receiver, waiting, take_over, most)
        if not batch and problem is None:
            return
        results = [_known(receiver, one) if most > 1 else one.known for one in batch]
        for one, its_results in zip(batch, results, strict=True):
            yield one.task, _processed(receiver, one, its_results)
    raise problem


def _may_authenticate_first(receiver: Receiver) -> bool:
    clock = type(receiver.clock)
    return type(receiver.resolver) is Zone and (clock is SteppingClock or clock is SystemClock)


class _Waiting:
    """The tasks that are left; one whose results another one of its batch will teach waits for the next batch."""

    def __init__(self, tasks: Iterator[Task], known: KnownResults | None) -> None:
        self._tasks, self._known = tasks, known
        self._held: Task | None = None

    def take(self, open_keys: set[str]) -> Task | None:
        """The next task, whose key goes into those that the batch will teach; None where it waits."""
        task, self._held = self._held or next(self._tasks), None
        if self._known is None or not task.key or task.results is not None:
            return task
        if task.key in open_keys:
            self._held = task
            return None
        open_keys.add(task.key)
        results = self._known.get(task.key)  # a task that waited: what it waited for is known now
        return task if results is None else replace(task, results=results)


def _next(
    receiver: Receiver, waiting: _Waiting, take_over: bool, most: int
) -> tuple[list[_Submitted], BaseException | None]:
    """The next messages, handed over; and what the source broke off with."""
    batch: list[_Submitted] = []
    octets = 0
    open_keys: set[str] = set()
    try:
        while len(batch) < most and octets < _OCTETS_TOGETHER:
            if (task := waiting.take(open_keys)) is None:
                break
            batch.append(_submitted(receiver, task, take_over))
            octets += len(task.item.raw)
    except StopIteration:
        pass
    except BaseException as error:  # noqa: BLE001 - raised behind what came before it
        return batch, error
    return batch, None


def _submitted(receiver: Receiver, task: Task, take_over: bool) -> _Submitted:
    item, drawn = task.item, task.drawn
    stored = item.stored if take_over else None
    known = None if task.results is None else TakenOver(authentication=task.results, told=_TOLD)
    if stored is not None:
        drawn = (stored.message_id, drawn[1])
        known = taken_over(stored)
    try:
        return _Submitted(task, receiver.submit(item.message, item.envelope, name=item.name, drawn=drawn), known)
    except Exception as error:  # noqa: BLE001 - anybody's code; a run of hours does not end with one message
        return _Submitted(task, _broken(item, error), None)


def _known(receiver: Receiver, one: _Submitted) -> TakenOver | None:
    """What is known of it, with its results found out now where they are not."""
    submission = one.submission
    if isinstance(submission, PassedOver) or not submission.accepted or one.known is not None:
        return one.known
    return TakenOver(authentication=receiver.authenticate(submission).results)


def _processed(receiver: Receiver, one: _Submitted, known: TakenOver | None) -> Reception | PassedOver:
    submission = one.submission
    if isinstance(submission, PassedOver):
        return submission
    try:
        return receiver.process(submission, known=known)
    except Exception as error:  # noqa: BLE001 - as above
        return _broken(one.task.item, error)


def _broken(item: Item, error: Exception) -> PassedOver:
    return PassedOver(item.name, Why.BROKEN, f"{type(error).__name__}: {one_line(error, 500)}")
