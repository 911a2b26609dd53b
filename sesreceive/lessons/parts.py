"""Goals with parts that are graded one by one: what an account must and must never do, each with its proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sesreceive.account.account import Account
from sesreceive.analysis.proof import Proof
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.lessons.equivalence import account_of
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.result import Finding, PartResult, proved
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
        try:
            return proved(self.name, self.task, self.hint, self.holds(account))
        except InputError as error:  # such as: no mail of that kind is received at all
            message = one_line(error, 500)
            return PartResult(name=self.name, task=self.task, passed=False, message=message, hint=self.hint)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PartsGoal(Goal):
    """An account of which every part holds; each is graded alone, so a half repaired account gets half the points.

    Attributes
    ----------
    account : Account
        One right answer. What an answer does not say is taken from here.
    parts : tuple of Part
        What has to hold.
    """

    account: Account
    parts: tuple[Part, ...]

    @property
    def wants(self) -> str:
        """An account, or what is in it."""
        return "an account, a rule set, or a list of rules"

    @property
    def solution(self) -> Account:
        """One right answer."""
        return self.account

    def read(self, answer: Any) -> Account:
        """The account that the answer stands for, valid."""
        account = account_of(answer, self.account, self.wants)
        if problems := account.problems():
            raise InputError(f"SES would refuse this: {problems[0]}")
        return account

    def finding(self, value: Account) -> Finding:
        """Every part with its proof, and the first mail that breaks one."""
        parts = tuple(part.check(value) for part in self.parts)
        open_ = [part for part in parts if not part]
        if not open_:
            return Finding(passed=True, parts=parts)
        names = ", ".join(f"`{part.name}`" for part in open_)
        witness = next((part.witness for part in open_ if part.witness is not None), None)
        try:
            reception = None if witness is None else witness.receive(value)
        except SesReceiveError:
            reception = None
        sentence = f"{count(len(parts) - len(open_), 'part')} of {len(parts)} passed; not yet: {names}"
        return Finding(passed=False, message=sentence, witness=witness, reception=reception, parts=parts)

    def same(self, value: Account, known: Account) -> bool:
        """Whether the same parts are open."""
        # A part may take a proof, so the first one that differs is the last one that is asked.
        return value == known or all(bool(part.check(value)) == bool(part.check(known)) for part in self.parts)

    def plain(self, value: Account) -> Any:
        """The account as boto3 has it."""
        return value.to_api()
