"""Deliveries that go wrong on purpose: twice, late, out of order, throttled.

S3, SNS and Lambda promise that something arrives *at least once*, and no order. Code that was only ever tried with one
delivery of everything, at once and in order, works until it does not.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sesreceive.backends.failure_plan import ERRORS
from sesreceive.effects import Effect, Outcome
from sesreceive.errors import InputError, Problem, ValidationError, one_line
from sesreceive.shown import Shown
from sesreceive.wording import count, either, expected

__all__ = ["DELIVERY_FAULTS", "DeliveryFault", "FaultyBackend", "read_fault"]

# What each does, and to which operation where none is named.
DELIVERY_FAULTS: Mapping[str, tuple[str, str]] = {
    "duplicate": ("Publish", "done twice under the same message id"),
    "late": ("Publish", "done `seconds` after the message was processed"),
    "out-of-order": ("PutObject", "done after the next `number` of its operation"),
    "throttle": ("Publish", "fails with a throttling error, so that it is tried again"),
}
_SOURCE = "delivery faults"
# What a fault of each kind, also those of `sesreceive.smtp.smtp_faults`, can be told; the rest would have no effect.
_EFFECTIVE: Mapping[str, tuple[str, ...]] = {
    "greylist": ("seconds",),
    "refuse": ("times",),
    "latency": ("seconds", "times"),
    "tarpit": ("seconds", "times"),
    "rate-limit": ("number", "seconds"),
    "close": ("at", "times"),
    "duplicate": ("operation", "times"),
    "late": ("seconds", "operation", "times"),
    "out-of-order": ("number", "operation", "times"),
    "throttle": ("operation", "times"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFault(Shown):
    """What goes wrong with the effects of one operation.

    Attributes
    ----------
    kind : str
        ``duplicate``, ``late``, ``out-of-order`` or ``throttle``.
    operation : str
        ``PutObject``, ``Publish``, ``Invoke`` …; by default that of the kind.
    times : int or None
        How many effects it meets; None for all.
    seconds : float
        How late.
    number : int
        How many others go first.

    Examples
    --------
    >>> DeliveryFault(kind="duplicate", times=1).operation
    'Publish'
    >>> DeliveryFault(kind="late")
    Traceback (most recent call last):
    sesreceive.errors.ValidationError: seconds: expected a number above 0 for `late` but got `0.0` [delivery faults]
    """

    kind: str
    operation: str = ""
    times: int | None = None
    seconds: float = 0.0
    number: int = 1

    def __post_init__(self) -> None:
        """Refuse what could never go wrong."""
        problems = []
        if self.kind not in DELIVERY_FAULTS:
            known = ", ".join(f"`{kind}`" for kind in DELIVERY_FAULTS)
            problems.append(Problem("kind", f"expected {known} but got `{one_line(self.kind)}`", _SOURCE))
        elif not self.operation:
            object.__setattr__(self, "operation", DELIVERY_FAULTS[self.kind][0])
        if self.operation and self.operation not in ERRORS:
            known = ", ".join(f"`{name}`" for name in ERRORS)
            problems.append(Problem("operation", f"expected {known} but got `{one_line(self.operation)}`", _SOURCE))
        if self.times is not None and self.times < 1:
            problems.append(Problem("times", f"expected a number from 1 but got `{self.times}`", _SOURCE))
        if self.kind == "late" and not self.seconds > 0:
            message = f"expected a number above 0 for `late` but got `{self.seconds}`"
            problems.append(Problem("seconds", message, _SOURCE))
        if self.number < 1:
            problems.append(Problem("number", f"expected a number from 1 but got `{self.number}`", _SOURCE))
        if problems:
            raise ValidationError(*problems)


class FaultyBackend(Shown):
    """Another backend whose deliveries go wrong as planned; everything else is that backend's.

    What is held back is delivered by `release`, which a server that stops calls too. It is in no spool meanwhile.

    Parameters
    ----------
    backend : Backend
        Where effects take place.
    faults : iterable of DeliveryFault
        The first that fits an effect is the one it meets.

    Examples
    --------
    >>> from sesreceive.backends.memory import MemoryBackend
    >>> from sesreceive.effects import Publish
    >>> backend = FaultyBackend(MemoryBackend(), [DeliveryFault(kind="duplicate")])
    >>> arn = "arn:aws:sns:us-east-1:111122223333:mail"
    >>> backend.perform(Publish(topic_arn=arn, subject="Hi", message="{}")).reason
    'done twice, on purpose'
    >>> len(backend.topics[arn])
    2
    """

    def __init__(
        self, backend: Any, faults: Iterable[DeliveryFault], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._backend, self._clock = backend, clock
        self._lock = threading.Lock()
        self._left: list[list[Any]] = [[fault, fault.times] for fault in faults]
        # Each with the moment, or the number of effects of its operation, after which it is done.
        self._late: list[tuple[float, Effect]] = []
        self._behind: list[list[Any]] = []

    @property
    def backend(self) -> Any:
        """The other backend, in which nothing goes wrong on purpose."""
        return self._backend

    def perform(self, effect: Effect) -> Outcome:
        """Carry the effect out, twice, later or not yet."""
        fault = self._take(effect)
        outcome = self._with(fault, effect) if fault else self._done(effect)
        for late in self._due(effect):
            self._done(late)
        return outcome

    def _with(self, fault: DeliveryFault, effect: Effect) -> Outcome:
        if fault.kind == "throttle":
            return Outcome(error="ThrottlingException: Rate exceeded, on purpose")
        if fault.kind == "duplicate":
            outcome = self._done(effect)
            if not outcome.failed:
                self._done(effect)
            return dataclasses.replace(outcome, reason=outcome.reason or "done twice, on purpose")
        if fault.kind == "late":
            with self._lock:
                self._late.append((self._clock() + fault.seconds, effect))
            timer = threading.Timer(fault.seconds, self._on_time)
            timer.daemon = True
            timer.start()
            return Outcome(reason=f"held back for {fault.seconds:g} s, on purpose")
        with self._lock:
            self._behind.append([fault.number + 1, effect])
        others = count(fault.number, "other")
        return Outcome(reason=f"held back until {others} of its operation went first, on purpose")

    def _done(self, effect: Effect) -> Outcome:
        outcome: Outcome = self._backend.perform(effect)
        return outcome

    def _take(self, effect: Effect) -> DeliveryFault | None:
        with self._lock:
            if any(held.operation == effect.operation for _, held in self._behind):
                return None  # what would wait for others that wait, too, would never come
            for entry in self._left:
                fault, times = entry
                if fault.operation == effect.operation and times != 0:
                    entry[1] = None if times is None else times - 1
                    return fault  # type: ignore[no-any-return]
        return None

    def _due(self, effect: Effect) -> list[Effect]:
        """What was held back until this effect."""
        with self._lock:
            for entry in self._behind:
                entry[0] -= entry[1].operation == effect.operation
            due = [held for left, held in self._behind if left <= 0]
            self._behind = [entry for entry in self._behind if entry[0] > 0]
        return due

    def _on_time(self) -> None:
        with self._lock:
            now = self._clock()
            due = [effect for moment, effect in self._late if moment <= now]
            self._late = [entry for entry in self._late if entry[0] > now]
        for effect in due:
            self._done(effect)

    def release(self) -> int:
        """Deliver all that is held back; how many there were."""
        with self._lock:
            held = [effect for _, effect in self._late] + [effect for _, effect in self._behind]
            self._late, self._behind = [], []
        for effect in held:
            self._done(effect)
        return len(held)

    def __getattr__(self, name: str) -> Any:
        """What the other backend has under this name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._backend, name)

    def __repr__(self) -> str:
        """One line: the other backend, and how much is held back."""
        held = len(self._late) + len(self._behind)
        return f"<FaultyBackend of {self._backend!r}, {count(held, 'effect')} held back>"


def read_fault(text: str, kinds: Mapping[str, Any], cls: Callable[..., Any]) -> Any:
    """The fault that is written like ``late,seconds=30,times=2``.

    Raises
    ------
    InputError
        When the kind is none, a field is none or has no effect with it, or a number cannot be read.

    Examples
    --------
    >>> read_fault("late,seconds=30,times=2", DELIVERY_FAULTS, DeliveryFault).seconds
    30.0
    """
    kind, *settings = text.split(",")
    if kind not in kinds:
        raise InputError(f"fault: {expected(either(kinds), kind, kinds)}")
    names = _EFFECTIVE[kind]
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if name not in names or not equals or name in values:
            raise InputError(f"fault {kind}: {expected(either(f'{one}=…' for one in names), setting)}")
        read = float if name == "seconds" else int if name in ("times", "number") else str
        try:
            values[name] = read(value)
        except ValueError:
            raise InputError(f"fault {kind}: {name}: expected a number but got `{one_line(value)}`") from None
    return cls(kind=kind, **values)
