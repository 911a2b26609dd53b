"""Goals whose answer is an account or what is in it, in every form in which rules are written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.renaming import Renaming
from sesreceive.wording import wrong_kind

__all__ = ["AccountGoal", "account_of", "from_api", "valid"]


@dataclass(frozen=True, slots=True, repr=False)
class AccountGoal(Goal):
    """Base of the goals that look at an account.

    Attributes
    ----------
    account : Account
        One right answer.
    base : Account, optional
        Where an answer that is rules alone takes identities and filters from; `account` by default. Where these are
        part of the task, it is the account to repair.
    """

    account: Account
    base: Account | None = field(default=None, kw_only=True)

    @property
    def wants(self) -> str:
        """An account, or what is in it."""
        return "an account, a rule set, or a list of rules"

    @property
    def solution(self) -> Any:
        """The account itself."""
        return self.account

    def read(self, answer: Any) -> Account:
        """The account that the answer stands for, valid."""
        return valid(account_of(answer, self.base or self.account, self.wants))

    def plain(self, value: Account) -> Any:
        """The account as boto3 has it."""
        return value.to_api()

    def renamed(self, renaming: Renaming, seed: str) -> Self:
        """The goal with other names in its accounts."""
        return replace(self, account=renaming.value(self.account), base=renaming.value(self.base))


def valid(account: Account) -> Account:
    """The account, which SES would take.

    Raises
    ------
    InputError
        When it would not, with the first problem.
    """
    if problems := account.problems():
        raise InputError(f"SES would refuse this: {problems[0]}")
    return account


def account_of(answer: Any, base: Account, wants: str) -> Account:
    """The account that an answer stands for: itself, or `base` with the rules of the answer in force.

    Parameters
    ----------
    answer : Account, ReceiptRuleSet, ReceiptRule, several rules, or what `to_api` of these gives
        The answer.
    base : Account
        Where the rest is taken from.
    wants : str
        What is expected, for the sentence of the error.

    Raises
    ------
    InputError
        When it is none of these.
    """
    answer = from_api(answer, wants)
    if isinstance(answer, Account):
        return answer
    if isinstance(answer, ReceiptRule):
        answer = (answer,)
    if not isinstance(answer, ReceiptRuleSet):
        if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
            raise InputError(wrong_kind(wants, answer))
        rules = tuple(from_api(one, wants) for one in answer)
        for rule in rules:
            if not isinstance(rule, ReceiptRule):
                raise InputError(wrong_kind(wants, rule))
        answer = ReceiptRuleSet(name=base.active or "main", rules=rules)
    return base.replace(rule_sets=(answer,), active=answer.name)


def from_api(answer: Any, wants: str) -> Any:
    """An object as boto3 has it as the account, rule set or rule that it is; anything else as it is.

    Raises
    ------
    InputError
        When it is none of the three.
    """
    if not isinstance(answer, Mapping):
        return answer
    kind = ReceiptRuleSet if "Rules" in answer else ReceiptRule if "Name" in answer else Account
    try:
        return kind.from_api(answer)
    except SesReceiveError as error:
        raise InputError(f"expected {wants}: {one_line(str(error).splitlines()[0], 500)}") from error
