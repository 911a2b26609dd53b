"""What happens when an effect fails: it is tried again for 36 hours, in virtual time, unless that cannot help.

That SES retries for 36 hours and then gives up, and gives up at once on an error that cannot be retried, is
documented; an older page said four hours (``Assumptions(retry_hours=4)``). The pauses between attempts and that later
actions wait are inferred. Nothing sleeps: the pauses are added up, so 36 hours pass in no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from sesreceive.assumption import Assumptions
from sesreceive.effects import Effect, Invoke, Outcome, Publish

__all__ = ["PAUSES_S", "Attempted", "attempt"]

# Seconds before the second attempt, the third and so on: soon, then every five minutes for an hour, then every hour;
# the last pause repeats [inferred].
PAUSES_S = (1, 5, 30, *[300] * 12, 3600)


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
    """Perform `effect` until it succeeds, cannot succeed, or the time for retries has passed.

    Examples
    --------
    >>> answers = iter([Outcome(error="no such bucket `inbox`"), Outcome()])
    >>> from sesreceive.effects import PutObject
    >>> effect = PutObject(bucket="inbox", key="k", body=b"")
    >>> done = attempt(effect, lambda effect: next(answers), Assumptions())
    >>> done.errors, done.waited_s, done.expired
    (('no such bucket `inbox`',), 1.0, False)
    """
    outcome = perform(effect)
    if not outcome.error:  # so it is with nearly every effect
        return Attempted(effect=effect, outcome=outcome, at_s=at_s)
    failures = [outcome]
    waited_s = 0.0
    for pause_s in _pauses(effect, assumptions):
        if outcome.permanent and _gives_up_at_once(effect, assumptions):
            break
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
        expired=_is_retried(effect, assumptions),
    )


def _is_retried(effect: Effect, assumptions: Assumptions) -> bool:
    """Whether a failure of the effect is tried again at all."""
    answers = isinstance(effect, Invoke) and effect.invocation_type == "RequestResponse"
    return assumptions.on_action_failure == "retry" and not (answers and assumptions.on_lambda_error != "retry")


def _gives_up_at_once(effect: Effect, assumptions: Assumptions) -> bool:
    return not isinstance(effect, Publish) or assumptions.sns_publish_oversize == "give-up"


def _pauses(effect: Effect, assumptions: Assumptions) -> Iterator[float]:
    """Seconds to wait before each attempt but the first."""
    if not _is_retried(effect, assumptions):
        return
    left_s = assumptions.retry_hours * 3600.0
    for pause_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
        yield min(float(pause_s), left_s)  # the last attempt comes when the time is over
        left_s -= pause_s
        if left_s <= 0:
            return
