"""The edits of the builder, as functions from values to values; no widget is known here.

Positions count from 0. They are used in place of names because two things may have the same name while one is typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet

__all__ = [
    "Place",
    "changed_place",
    "free_name",
    "inserted",
    "moved",
    "removed",
    "rename_set",
    "replaced",
    "with_rule",
    "with_set",
]

T = TypeVar("T")


# ---------------------------------------------------------------- tuples


def inserted(values: tuple[T, ...], at: int, new: T) -> tuple[T, ...]:
    """The values with `new` at that position.

    Examples
    --------
    >>> inserted(("a", "c"), 1, "b")
    ('a', 'b', 'c')
    """
    return (*values[:at], new, *values[at:])


def replaced(values: tuple[T, ...], at: int, new: T) -> tuple[T, ...]:
    """The values with `new` in the place of the one at that position."""
    return (*values[:at], new, *values[at + 1 :])


def removed(values: tuple[T, ...], at: int) -> tuple[T, ...]:
    """The values without the one at that position."""
    return values[:at] + values[at + 1 :]


def moved(values: tuple[T, ...], at: int, to: int) -> tuple[T, ...]:
    """The values with the one at `at` standing at `to`.

    Examples
    --------
    >>> moved(("a", "b", "c"), 2, 0)
    ('c', 'a', 'b')
    """
    return inserted(removed(values, at), to, values[at])


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or with a number behind it the first name that nothing has yet.

    Examples
    --------
    >>> free_name("rule", ["rule", "rule-2"])
    'rule-3'
    """
    known = set(taken)
    name, number = wanted[: limits.NAME_LENGTH.value], 1
    while name in known:
        number += 1
        name = f"{wanted[: limits.NAME_LENGTH.value - len(str(number)) - 1]}-{number}"
    return name


# ---------------------------------------------------------------- accounts


def with_set(account: Account, at: int, rule_set: ReceiptRuleSet) -> Account:
    """The account with another rule set at that position."""
    return account.replace(rule_sets=replaced(account.rule_sets, at, rule_set))


def with_rule(account: Account, set_at: int, at: int, rule: ReceiptRule) -> Account:
    """The account with another rule at that position of a rule set."""
    rule_set = account.rule_sets[set_at]
    return with_set(account, set_at, rule_set.replace(rules=replaced(rule_set.rules, at, rule)))


def rename_set(account: Account, at: int, name: str) -> Account:
    """The account with another name for that rule set, which stays active if it was.

    Examples
    --------
    >>> account = Account(rule_sets=[ReceiptRuleSet(name="main")], active="main")
    >>> rename_set(account, 0, "mail").active
    'mail'
    """
    rule_set = account.rule_sets[at]
    renamed = with_set(account, at, rule_set.replace(name=name))
    return renamed.replace(active=name) if account.active_rule_set is rule_set else renamed


# ---------------------------------------------------------------- where something changed


@dataclass(frozen=True, slots=True)
class Place:
    """A rule set, one of its rules and one of its actions, by position."""

    rule_set: int = 0
    rule: int = 0
    action: int = 0


def changed_place(before: Account, after: Account, here: Place) -> Place:
    """The first rule and action of `after` that `before` does not have; `here` where they are the same.

    Examples
    --------
    >>> old = Account(rule_sets=[ReceiptRuleSet(name="main", rules=[ReceiptRule(name="a"), ReceiptRule(name="b")])])
    >>> new = with_rule(old, 0, 1, ReceiptRule(name="c"))
    >>> changed_place(old, new, Place())
    Place(rule_set=0, rule=1, action=0)
    """
    set_at = _first_change(before.rule_sets, after.rule_sets)
    if set_at is None:
        return here
    if set_at >= len(before.rule_sets) or len(before.rule_sets) != len(after.rule_sets):
        return Place(set_at)
    old, new = before.rule_sets[set_at].rules, after.rule_sets[set_at].rules
    rule_at = _first_change(old, new)
    if rule_at is None:
        return here if here.rule_set == set_at else Place(set_at)
    if rule_at >= len(old) or len(old) != len(new):
        return Place(set_at, rule_at)
    action_at = _first_change(old[rule_at].actions, new[rule_at].actions)
    if action_at is None:
        action_at = here.action if (here.rule_set, here.rule) == (set_at, rule_at) else 0
    return Place(set_at, rule_at, action_at)


def _first_change(before: tuple[T, ...], after: tuple[T, ...]) -> int | None:
    """The first position with another value, at most the last of `after`; None where nothing changed."""
    if before == after:
        return None
    for at, (old, new) in enumerate(zip(before, after, strict=False)):
        if old is not new and old != new:
            return at
    return max(0, min(len(before), len(after) - 1))
