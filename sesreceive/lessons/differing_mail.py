"""The goal of a mail that two accounts treat differently."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sesreceive.account.account import Account
from sesreceive.analysis.witness import DryRun, Witness
from sesreceive.errors import InputError
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.played_mail import HELLO
from sesreceive.lessons.renaming import Renaming
from sesreceive.lessons.result import Finding
from sesreceive.lessons.trials import Outcomes
from sesreceive.lessons.wanted import outcome
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.wording import wrong_kind

__all__ = ["DifferingMailGoal"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DifferingMailGoal(Goal):
    """An envelope of which the two accounts make something else.

    Attributes
    ----------
    before, after : Account
        The accounts; what `ses.equivalent` says of them has such a mail.
    """

    before: Account
    after: Account

    @property
    def wants(self) -> str:
        """An envelope."""
        return "an `Envelope`"

    @property
    def solution(self) -> Envelope:
        """The smallest such mail."""
        from sesreceive.analysis.compare import equivalent

        witness = equivalent(self.before, self.after).witness
        if witness is None:
            raise InputError("the two accounts treat all mail alike")
        return witness.envelope

    def read(self, answer: Any) -> Outcomes:
        """What both accounts make of the mail."""
        if isinstance(answer, dict):
            answer = Envelope.from_json(answer)
        if isinstance(answer, Witness):
            answer = answer.envelope
        if not isinstance(answer, Envelope):
            raise InputError(wrong_kind(self.wants, answer))
        receivers = (Receiver(one, backend=DryRun(), seed=1) for one in (self.before, self.after))
        return Outcomes(answer, tuple(one.receive(HELLO, answer) for one in receivers))

    def finding(self, value: Outcomes) -> Finding:
        """Whether replies, rules or effects differ."""
        before, after = value.receptions
        if outcome(before) != outcome(after):
            return Finding(passed=True)
        return Finding(passed=False, message="both accounts treat this mail alike", reception=before)

    def plain(self, value: Outcomes) -> Any:
        """The envelope as JSON has it."""
        return value.answer.to_json()

    def renamed(self, renaming: Renaming, seed: str) -> DifferingMailGoal:
        """The goal with other names in both accounts."""
        return replace(self, before=renaming.value(self.before), after=renaming.value(self.after))
