"""Goals with parts that are graded one by one: what an account must and must never do, each with its proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sesreceive.account.account import Account
from sesreceive.analysis.proof import Proof
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.lessons.account_goal import AccountGoal
from sesreceive.lessons.renaming import Renaming
from sesreceive.lessons.result import Finding, PartResult
from sesreceive.shown import Shown
from sesreceive.wording import count

__all__ = ["Part", "PartsGoal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Shown):
    """One thing that an answer has to do.

    Attributes
    ----------
    name : str
        What it is called.
    task : str
        What is asked for, as a sentence.
    holds : callable
        ``f(account)``: a `Proof`, as `ses.must` and `ses.must_never` give, or true or false.
    hint : str
        Where to look while it does not hold; not what the answer is.
    """

    name: str
    task: str
    holds: Callable[[Account], Proof | bool]
    hint: str = ""

    def check(self, account: Account) -> PartResult:
        """Whether the account does it; the smallest mail that shows that it does not."""
        witness = None
        try:
            holds = self.holds(account)
        except InputError as error:  # such as: no mail of that kind is received at all
            message = one_line(error, 500)
        else:
            if holds:
                return PartResult(name=self.name, task=self.task, passed=True)
            message = "this does not hold"
            if isinstance(holds, Proof):
                message, witness = f"{holds.verdict}: {holds.because}", holds.witness
        return PartResult(
            name=self.name, task=self.task, passed=False, message=message, hint=self.hint, witness=witness
        )

    def renamed(self, renaming: Renaming) -> Part:
        """The part with other names; an account is asked with the names that the claim was written for."""

        def holds(account: Account) -> Proof | bool:
            proof: Any = self.holds(renaming.value(account))
            if not isinstance(proof, Proof):
                return bool(proof)
            return replace(
                proof,
                claim=renaming(proof.claim),
                because=renaming(proof.because),
                needs=renaming.value(proof.needs),
                witness=renaming.value(proof.witness),
                again=None,
            )

        return Part(name=self.name, task=renaming(self.task), holds=holds, hint=renaming(self.hint))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PartsGoal(AccountGoal):
    """An account of which every part holds; each is graded alone, so a half repaired account gets half the points.

    Attributes
    ----------
    account, base : Account
        As for `AccountGoal`.
    parts : tuple of Part
        What has to hold.
    """

    parts: tuple[Part, ...]

    def finding(self, value: Account) -> Finding:
        """Every part with its proof, and the first mail that breaks one."""
        parts = tuple(part.check(value) for part in self.parts)
        failing = [part for part in parts if not part]
        if not failing:
            return Finding(passed=True, parts=parts)
        names = ", ".join(f"`{part.name}`" for part in failing)
        witness = next((part.witness for part in failing if part.witness is not None), None)
        try:
            reception = None if witness is None else witness.receive(value)
        except SesReceiveError:
            reception = None
        sentence = f"{count(len(parts) - len(failing), 'part')} of {len(parts)} passed; not yet: {names}"
        return Finding(passed=False, message=sentence, witness=witness, reception=reception, parts=parts)

    def same(self, value: Account, known: Account) -> bool:
        """Whether the same parts are open."""
        # A part may take a proof, so the first one that differs is the last one that is asked.
        return value == known or all(bool(part.check(value)) == bool(part.check(known)) for part in self.parts)

    def renamed(self, renaming: Renaming, seed: str) -> PartsGoal:
        """The goal with other names in its accounts and parts."""
        goal = AccountGoal.renamed(self, renaming, seed)
        return replace(goal, parts=tuple(part.renamed(renaming) for part in self.parts))
