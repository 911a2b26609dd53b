"""Failures on purpose: a plan that lets a backend fail for a bucket, a topic, a function, so many times.

SES tries again for four hours; what that looks like is best seen with a bucket that is gone for a while.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sesreceive.arn import Arn
from sesreceive.effects import (
    DeliverToWorkMail,
    Effect,
    Invoke,
    Publish,
    PutObject,
    SendBounce,
    StartContact,
)
from sesreceive.errors import InputError, Problem, ValidationError, one_line
from sesreceive.wording import expected

__all__ = ["Failure", "FailurePlan", "what_failed"]

_SOURCE = "failure plan"

# What SES would have run into, operation by operation; `{}` is the target.
ERRORS: dict[str, str] = {
    PutObject.operation: "could not write to the bucket `{}`",
    Publish.operation: "could not publish to the SNS topic `{}`",
    Invoke.operation: "could not invoke the Lambda function `{}`",
    SendBounce.operation: "could not send the bounce to `{}`",
    DeliverToWorkMail.operation: "could not deliver to the WorkMail organisation `{}`",
    StartContact.operation: "could not start a contact in the Connect instance `{}`",
}

# The same for a target that does not exist.
ABSENT: dict[str, str] = {
    PutObject.operation: "no such bucket `{}`",
    Publish.operation: "could not publish to the SNS topic `{}`: no such topic",
    Invoke.operation: "could not invoke the Lambda function `{}`: no such function",
}


def what_failed(effect: Effect, *, absent: bool = False) -> str:
    """The error as SES would have met it.

    Examples
    --------
    >>> what_failed(PutObject(bucket="inbox", key="k", body=b""), absent=True)
    'no such bucket `inbox`'
    """
    table = ABSENT if absent else ERRORS
    return table.get(effect.operation, "could not reach `{}`").format(one_line(effect.target))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Effects that shall fail: all that fit every field that is given.

    Attributes
    ----------
    bucket, topic, function : str
        Name of the bucket; ARN or plain name of the topic or function.
    operation : str
        ``PutObject``, ``Publish``, ``Invoke``, ``SendBounce``, ``DeliverToWorkMail`` or ``StartEmailContact``.
    rule : str
        Name of the rule whose action asks for it.
    times : int or None
        How many attempts fail; None for all of them, so that SES gives up after `Assumptions.retry_hours`.
    error : str
        The error as one sentence; by default what SES would have met.

    Examples
    --------
    >>> Failure(bucket="inbox", times=None).fits(PutObject(bucket="inbox", key="k", body=b""))
    True
    >>> Failure(bucket="inbox", times=0)
    Traceback (most recent call last):
    sesreceive.errors.ValidationError: times: expected a number from 1, or None for ever, but got `0` [failure plan]
    """

    bucket: str = ""
    topic: str = ""
    function: str = ""
    operation: str = ""
    rule: str = ""
    times: int | None = 1
    error: str = ""

    def __post_init__(self) -> None:
        """Refuse what could never fail anything."""
        problems = []
        if self.times is not None and (type(self.times) is not int or self.times < 1):
            message = f"expected a number from 1, or None for ever, but got `{self.times}`"
            problems.append(Problem("times", message, _SOURCE))
        if self.operation and self.operation not in ERRORS:
            message = f"expected {', '.join(f'`{name}`' for name in ERRORS)} but got `{self.operation}`"
            problems.append(Problem("operation", message, _SOURCE))
        if sum(map(bool, (self.bucket, self.topic, self.function))) > 1:
            problems.append(Problem("bucket", "expected one of bucket, topic and function but got more", _SOURCE))
        if problems:
            raise ValidationError(*problems)

    def fits(self, effect: Effect) -> bool:
        """Whether this is meant for `effect`."""
        return (
            (not self.bucket or (isinstance(effect, PutObject) and effect.bucket == self.bucket))
            and (not self.topic or (isinstance(effect, Publish) and _names(self.topic, effect.topic_arn)))
            and (not self.function or (isinstance(effect, Invoke) and _names(self.function, effect.function_arn)))
            and self.operation in ("", effect.operation)
            and self.rule in ("", effect.rule)
        )

    def sentence(self, effect: Effect) -> str:
        """The error that `effect` meets."""
        return self.error or what_failed(effect)


def _names(wanted: str, arn: str) -> bool:
    """Whether `wanted` is this ARN, or the plain name in it, for a function also without version or alias."""
    parts = Arn.parse(arn)
    return wanted == arn or (parts is not None and wanted in parts.names)


class FailurePlan:
    """The failures still to come; the first that fits an effect is used up by one.

    Safe to use from several threads. A copy sent to another process counts for itself.

    Raises
    ------
    InputError
        When what is given are no failures.

    Examples
    --------
    >>> plan = FailurePlan()
    >>> plan.add(bucket="inbox", times=2)
    >>> effect = PutObject(bucket="inbox", key="k", body=b"")
    >>> [plan.take(effect) for attempt in range(3)]
    ['could not write to the bucket `inbox`', 'could not write to the bucket `inbox`', '']
    """

    def __init__(self, failures: Iterable[Failure] = ()) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Failure, int | None]] = []
        planned: Any = failures
        if not isinstance(planned, Iterable) or isinstance(planned, str | bytes):
            raise InputError(f"failures: {expected('Failures', planned)}")
        for failure in planned:
            self._append(failure)

    def add(self, failure: Failure | None = None, **what: Any) -> None:
        """One more failure, after those there are: a `Failure`, or its fields by name.

        Raises
        ------
        ValidationError
            When it could never fail anything.
        InputError
            When it is no failure.
        """
        self._append(Failure(**what) if failure is None else failure)

    def _append(self, failure: Any) -> None:
        if not isinstance(failure, Failure):
            raise InputError(f"failures: {expected('a Failure', failure)}")
        with self._lock:
            self._left.append((failure, failure.times))

    def take(self, effect: Effect) -> str:
        """The error `effect` meets now, or an empty text; uses up one failure."""
        if not self._left:
            return ""
        with self._lock:
            for index, (failure, times) in enumerate(self._left):
                if failure.fits(effect):
                    if times == 1:
                        del self._left[index]
                    elif times is not None:
                        self._left[index] = (failure, times - 1)
                    return failure.sentence(effect)
        return ""

    def clear(self) -> None:
        """No more failures."""
        with self._lock:
            self._left.clear()

    def __iter__(self) -> Iterator[Failure]:
        """The failures still to come."""
        return iter(tuple(failure for failure, _ in self._left))

    def __len__(self) -> int:
        """How many kinds are still to come."""
        return len(self._left)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the lock."""
        return {"_left": list(self._left)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild with a lock of its own."""
        self.__dict__.update(state, _lock=threading.Lock())

    def __repr__(self) -> str:
        """One line: how many are still to come."""
        return f"<FailurePlan with {len(self)} to come>"
