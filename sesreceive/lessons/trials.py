"""Trials: mail with what has to become of it, and the goals that are reached when each comes out so.

What the learner gives is a mail, a zone or a function, a file each; the rest of the trial is the exercise's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sesreceive.account.account import Account
from sesreceive.backends.memory import MemoryBackend
from sesreceive.dns.zone import Zone
from sesreceive.errors import one_line
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.played_mail import ENVELOPE, HELLO
from sesreceive.lessons.result import Finding
from sesreceive.lessons.wanted import Wanted, outcome
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.shown import Shown

__all__ = ["Outcomes", "Trial", "TrialsGoal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(Shown):
    """A mail and what has to become of it.

    Attributes
    ----------
    name : str
        What it is called in a sentence: "the mail of a stranger".
    raw : bytes
        The message.
    envelope : Envelope
        Who connects, from whom, to whom.
    wanted : Wanted
        What has to become of it.
    """

    name: str
    raw: bytes = HELLO
    envelope: Envelope = ENVELOPE
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Outcomes:
    """An answer with what it does in every trial."""

    answer: Any
    receptions: tuple[Reception, ...]

    def __eq__(self, other: object) -> bool:
        """Whether two answers do the same in every trial, for the same reasons."""
        return isinstance(other, Outcomes) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[Any, ...]:
        return tuple((outcome(one), _results(one)) for one in self.receptions)


def _results(reception: Reception) -> tuple[str, ...]:
    """The results behind the verdicts: `none` and `neutral` are both GRAY."""
    results = reception.authentication
    if results is None:
        return ()
    return str(results.spf.status), *(f"{one.status} {one.failure}" for one in results.dkim), str(results.dmarc.status)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrialsGoal(Goal):
    """Base of the goals that try an answer with mail.

    Attributes
    ----------
    account : Account
        Rules and domains of the trials.
    trials : tuple of Trial
        The mail.
    zone : mapping
        What senders publish.
    functions : mapping of str to callable
        The Lambda functions.
    answer : Any
        One right answer.
    """

    account: Account
    trials: tuple[Trial, ...]
    zone: Mapping[str, Any] | Zone = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    answer: Any = None

    @property
    def solution(self) -> Any:
        """One right answer."""
        return self.answer

    def _try(
        self,
        answer: Any,
        *,
        trials: tuple[Trial, ...] | None = None,
        zone: Zone | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> Outcomes:
        """What becomes of the mail, each message by a receiver of its own; what is not given is the exercise's."""
        receptions = []
        for trial in self.trials if trials is None else trials:
            backend = MemoryBackend(functions=dict(self.functions if functions is None else functions))
            receiver = Receiver(self.account, resolver=zone or self.zone, backend=backend, seed=1)
            receptions.append(receiver.receive(trial.raw, trial.envelope, name=trial.name))
        return Outcomes(answer, tuple(receptions))

    def finding(self, value: Outcomes) -> Finding:
        """The first trial that does not come out as wanted."""
        for trial, reception in zip(self.trials, value.receptions, strict=True):
            if wrong := trial.wanted.against(outcome(reception)):
                errors = (error for done in reception.performed for error in done.errors)
                why = next(errors, "") if reception.accepted else reception.refusal
                because = f" ({one_line(why, 300)})" if why else ""
                return Finding(passed=False, message=f"{trial.name}: {wrong}{because}", reception=reception)
        return Finding(passed=True)

    def plain(self, value: Outcomes) -> Any:
        """The answer itself."""
        return value.answer
