"""Receptions of a chunk that are made here when somebody reads them, although a worker received the messages.

Where nothing but the message, the account, the settings and the answers of DNS decides, a message that is received
again with its id, its time and what DNS came to is received alike, effects and all. So only that is sent.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sesreceive.actions.lambda_ import LambdaAction
from sesreceive.actions.s3 import S3Action
from sesreceive.auth.results import AuthenticationResults
from sesreceive.backends.memory import MemoryBackend
from sesreceive.clock import SteppingClock, SystemClock
from sesreceive.dns.zone import Zone
from sesreceive.permissions.guard import Permissions
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.replay.receptions import Task, again
from sesreceive.report.collecting import fewer_collections
from sesreceive.report.packing import pickled, unpacking
from sesreceive.report.rows import Remains
from sesreceive.scan.markers import MarkerScanner
from sesreceive.trace.outline import Remembered, shared

__all__ = ["Derived", "Home", "common_to", "derives", "fork", "pack_results"]


def derives(receiver: Receiver) -> bool:
    """Whether the receiver, or an equal one, receives a message again as before, given its id, time and results.

    It does not where time that passes is told, or somebody else is asked: a scanner, a function, a key of KMS, a relay;
    or where code is not of this package.
    """
    backend, clock = receiver.backend, receiver.clock
    account = receiver.account
    actions = [action for rule_set in account.rule_sets for rule in rule_set.rules for action in rule.actions]
    return (
        type(receiver) is Receiver
        and type(receiver.resolver) is Zone
        and (type(clock) is SteppingClock or (type(clock) is SystemClock and clock.step_s is not None))
        and all(type(scanner) is MarkerScanner for scanner in receiver.scanners)
        and (receiver.permissions is None or type(receiver.permissions) is Permissions)
        and type(backend) is MemoryBackend
        and not len(backend.failures)
        and backend.relay is None
        and not any(isinstance(action, LambdaAction) for action in actions)
        and not any(isinstance(action, S3Action) and action.kms_key_arn for action in actions)
        and all(_is_ours(one) for one in (*actions, *receiver.provider_lists, account))
    )


def _is_ours(value: object) -> bool:
    return type(value).__module__.startswith("sesreceive.")


def common_to(receiver: Receiver) -> tuple[Any, ...]:
    """What a receiver and its copy in another process have in the same order, for both to name by number."""
    account = receiver.account
    rules = [rule for rule_set in account.rule_sets for rule in rule_set.rules]
    actions = [action for rule in rules for action in rule.actions]
    settings = (receiver.assumptions, receiver.bounds)
    return (account, *settings, *account.filters, *account.identities, *account.rule_sets, *rules, *actions)


@dataclass(slots=True)
class Home:
    """The receiver of a replay as it was when the replay began.

    Attributes
    ----------
    packed : bytes
        It, as it was sent to the workers.
    common : tuple
        From `common_to`, of the receiver itself.
    take_over : bool
        As for `replay`.
    """

    packed: bytes = field(repr=False)
    common: tuple[Any, ...]
    take_over: bool
    _receiver: Receiver | None = None

    def receiver(self) -> Receiver:
        """It, with an empty backend of its own."""
        if self._receiver is None:
            self._receiver = pickle.loads(self.packed)  # noqa: S301 - packed by this program
            self._receiver.account = self.common[0]
        return fork(self._receiver)

    def __getstate__(self) -> tuple[Any, ...]:
        """Everything but what is unpacked."""
        return self.packed, self.common, self.take_over

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Rebuild it."""
        self.packed, self.common, self.take_over = state
        self._receiver = None


def pack_results(tasks: Sequence[Task], results: Sequence[AuthenticationResults | None]) -> bytes:
    """What DNS came to for each message, for `Derived`; nothing where the replay knew it before."""
    return pickled([None if task.results is not None else one for task, one in zip(tasks, results, strict=True)])


class Derived:
    """The receptions of a chunk and what they put into a backend, made when somebody asks.

    Parameters
    ----------
    home : Home
        Receives them.
    tasks : sequence of Task
        The messages.
    data : bytes
        From `pack_results`.
    keep : bool
        Whether the receptions are wanted, or what remains of them.
    """

    __slots__ = ("_data", "_home", "_keep", "_tasks", "_value")

    def __init__(self, home: Home, tasks: Sequence[Task], data: bytes, *, keep: bool) -> None:
        self._home, self._tasks, self._keep = home, tasks, keep
        self._data: bytes | None = data
        self._value: Any = None

    def value(self) -> Any:
        """A list of the receptions, and a `Content`; made the first time."""
        with unpacking, fewer_collections():
            if self._data is not None:
                self._value = self._derived(pickle.loads(self._data))  # noqa: S301 - packed by this program
                self._data, self._tasks = None, ()
        return self._value

    def _derived(self, results: Sequence[AuthenticationResults | None]) -> Any:
        receiver = self._home.receiver()
        made: list[Any] = []
        remembered: Remembered = {}
        for task, one in zip(self._tasks, results, strict=True):
            reception = again(receiver, task, self._home.take_over, one)
            if not isinstance(reception, Reception):
                raise AssertionError(f"a message that was received is not received again: {reception.reason}")
            made.append(reception if self._keep else Remains(shared(reception.trace, remembered), reception.stopped_by))
        backend = receiver.backend
        return made, backend.content if isinstance(backend, MemoryBackend) else None


def fork(receiver: Receiver) -> Receiver:
    """The same receiver with an empty backend, where the backend is in memory."""
    worker = copy.copy(receiver)
    if isinstance(receiver.backend, MemoryBackend):
        worker.backend = receiver.backend.fork()
    return worker
