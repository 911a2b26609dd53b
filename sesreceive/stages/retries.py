"""What happens when an effect fails: it is tried again for four hours, in virtual time.

That SES retries for four hours and then gives up is documented; the pauses between attempts and that later
actions wait are inferred. Nothing sleeps: the pauses are added up, so four hours pass in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sesreceive import limits
from sesreceive.assumption import Assumptions
from sesreceive.effects import Effect, Invoke, Outcome

__all__ = ["PAUSES_S", "Attempted", "attempt"]

# Seconds before the second, third and fourth attempt; the last pause repeats [inferred].
PAUSES_S = (1, 5, 30, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """An effect, what came of it in the end, and what went wrong before.

    Attributes
    ----------
    effect : Effect
        What was asked for.
    outcome : Outcome
        What the last attempt came to.
    failures : tuple of Outcome
        What each attempt that failed came to, in order.
    at_s : float
        Seconds from receipt to the first attempt.
    waited_s : float
        Virtual seconds between the first attempt and the last.
    expired : bool
        Whether SES gave up (metric ``PublishExpired``).
    """

    effect: Effect
    outcome: Outcome
    failures: tuple[Outcome, ...] = ()
    at_s: float = 0.0
    waited_s: float = 0.0
    expired: bool = False

    @property
    def errors(self) -> tuple[str, ...]:
        """The error of each attempt that failed, in order."""
        return tuple(outcome.error for outcome in self.failures)


def attempt(
    effect: Effect, perform: Callable[[Effect], Outcome], assumptions: Assumptions, *, at_s: float = 0.0
) -> Attempted:
    """Perform `effect` until it succeeds or four hours have passed.

    Examples
    --------
    >>> answers = iter([Outcome(error="no such bucket `inbox`"), Outcome()])
    >>> from sesreceive.effects import PutObject
    >>> effect = PutObject(bucket="inbox", key="k", body=b"")
    >>> done = attempt(effect, lambda effect: next(answers), Assumptions())
    >>> done.errors, done.waited_s, done.expired
    (('no such bucket `inbox`',), 1.0, False)
    """
    failures: list[Outcome] = []
    waited_s = 0.0
    for pause_s in _pauses(effect, assumptions):
        waited_s += pause_s
        outcome = perform(effect)
        if not outcome.failed:
            return Attempted(effect=effect, outcome=outcome, failures=tuple(failures), at_s=at_s, waited_s=waited_s)
        failures.append(outcome)
    return Attempted(
        effect=effect,
        outcome=outcome,
        failures=tuple(failures),
        at_s=at_s,
        waited_s=waited_s,
        expired=len(failures) > 1,
    )


def _pauses(effect: Effect, assumptions: Assumptions) -> Iterator[float]:
    """Seconds to wait before each attempt, the first at once."""
    yield 0.0
    answers = isinstance(effect, Invoke) and effect.invocation_type == "RequestResponse"
    if assumptions.on_action_failure == "record" or (answers and assumptions.on_lambda_error != "retry"):
        return
    total, step = 0.0, 0
    while total + PAUSES_S[min(step, len(PAUSES_S) - 1)] <= limits.ACTION_RETRY.value:
        pause_s = float(PAUSES_S[min(step, len(PAUSES_S) - 1)])
        total, step = total + pause_s, step + 1
        yield pause_s
