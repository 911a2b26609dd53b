"""What may be asked of a text, a number and a verdict: the comparisons of rule languages, as values with a sentence."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from sesreceive.errors import InputError, one_line
from sesreceive.shown import Shown
from sesreceive.verdict import Verdict, Verdicts
from sesreceive.wording import either, expected

__all__ = ["CHECKS", "NumberIs", "NumberOperator", "TextIs", "TextOperator", "VerdictIs"]

Kind = TypeVar("Kind", bound=StrEnum)

CHECKS = ("spam", "virus", "spf", "dkim", "dmarc")
"""The verdicts that may be asked about."""


class TextOperator(StrEnum):
    """How a text stands to others; upper and lower case are the same."""

    EQUALS = "EQUALS"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    CONTAINS = "CONTAINS"


_TEXT: Mapping[TextOperator, tuple[str, Callable[[str, str], bool]]] = {
    TextOperator.EQUALS: ("is", operator.eq),
    TextOperator.STARTS_WITH: ("starts with", str.startswith),
    TextOperator.ENDS_WITH: ("ends with", str.endswith),
    TextOperator.CONTAINS: ("contains", operator.contains),
}


@dataclass(frozen=True, slots=True)
class TextIs(Shown):
    """Whether a text stands so to one of some values.

    Attributes
    ----------
    operator : str
        How: a `TextOperator`.
    values : sequence of str
        One of them is enough; a text alone is one value.
    negated : bool
        Whether it must not.

    Raises
    ------
    InputError
        When there is no such operator, or no value.

    Examples
    --------
    >>> TextIs("STARTS_WITH", "no-reply").holds("No-Reply@example.com")
    True
    >>> print(TextIs("CONTAINS", ("bot", "robot"), negated=True))
    contains none of `bot`, `robot`
    """

    operator: str
    values: Sequence[str]
    negated: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", _member(TextOperator, self.operator))
        values = (self.values,) if isinstance(self.values, str) else tuple(self.values)
        if not values or not all(isinstance(value, str) for value in values):
            raise InputError(expected("one text or more", self.values))
        object.__setattr__(self, "values", tuple(value.lower() for value in values))

    def holds(self, text: str) -> bool:
        """Whether it is so of a text."""
        compare = _TEXT[TextOperator(self.operator)][1]
        return any(compare(text.lower(), value) for value in self.values) is not self.negated

    def __str__(self) -> str:
        """It as a verb with its objects."""
        verb = _TEXT[TextOperator(self.operator)][0]
        quoted = ", ".join(f"`{one_line(value, 80)}`" for value in self.values)
        if self.negated:
            return f"{verb} none of {quoted}"
        return f"{verb} {'one of ' if len(self.values) > 1 else ''}{quoted}"


class NumberOperator(StrEnum):
    """How a number stands to another."""

    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT_EQUALS"
    LESS_THAN = "LESS_THAN"
    LESS_THAN_OR_EQUAL = "LESS_THAN_OR_EQUAL"
    GREATER_THAN = "GREATER_THAN"
    GREATER_THAN_OR_EQUAL = "GREATER_THAN_OR_EQUAL"


_NUMBER: Mapping[NumberOperator, tuple[str, Callable[[int, int], bool]]] = {
    NumberOperator.EQUALS: ("exactly", operator.eq),
    NumberOperator.NOT_EQUALS: ("other than", operator.ne),
    NumberOperator.LESS_THAN: ("less than", operator.lt),
    NumberOperator.LESS_THAN_OR_EQUAL: ("at most", operator.le),
    NumberOperator.GREATER_THAN: ("more than", operator.gt),
    NumberOperator.GREATER_THAN_OR_EQUAL: ("at least", operator.ge),
}


@dataclass(frozen=True, slots=True)
class NumberIs(Shown):
    """Whether a number stands so to another.

    Raises
    ------
    InputError
        When there is no such operator, or the value is no whole number.

    Examples
    --------
    >>> at_most = NumberIs("LESS_THAN_OR_EQUAL", 100_000)
    >>> at_most.holds(100_000), at_most.among(50_000, 200_000), at_most.among(100_001, 200_000)
    (True, 50000, None)
    """

    operator: str
    value: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", _member(NumberOperator, self.operator))
        value: object = self.value
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(expected("a whole number", value))

    def holds(self, number: int) -> bool:
        """Whether it is so of a number."""
        return _NUMBER[NumberOperator(self.operator)][1](number, self.value)

    def among(self, least: int, most: int) -> int | None:
        """The least number from `least` to `most` of which it is so; None where there is none."""
        near = (least, least + 1, self.value - 1, self.value, self.value + 1, most)
        return min((number for number in near if least <= number <= most and self.holds(number)), default=None)

    def __str__(self) -> str:
        """It as part of a sentence."""
        return f"{_NUMBER[NumberOperator(self.operator)][0]} {self.value:,}"


@dataclass(frozen=True, slots=True)
class VerdictIs(Shown):
    """Whether a verdict of SES is one of some.

    Attributes
    ----------
    check : str
        ``spam``, ``virus``, ``spf``, ``dkim`` or ``dmarc``.
    verdicts : sequence of Verdict
        One of them is enough; a word alone is one verdict.

    Raises
    ------
    InputError
        When there is no such check or verdict.

    Examples
    --------
    >>> print(VerdictIs("virus", "FAIL"))
    the virus verdict is FAIL
    >>> VerdictIs("virus", "FIAL")
    Traceback (most recent call last):
    ...
    sesreceive.errors.InputError: expected `PASS`, `FAIL`, ... but got `FIAL`; did you mean `FAIL`?
    """

    check: str
    verdicts: Sequence[str]

    def __post_init__(self) -> None:
        if self.check not in CHECKS:
            raise InputError(expected(either(CHECKS), self.check, CHECKS))
        words = (self.verdicts,) if isinstance(self.verdicts, str) else tuple(self.verdicts)
        object.__setattr__(self, "verdicts", tuple(_member(Verdict, word) for word in words))

    def holds(self, verdicts: Verdicts) -> bool:
        """Whether it is so of the verdicts of a message."""
        return getattr(verdicts, self.check) in tuple(self.verdicts)

    def __str__(self) -> str:
        """It as a clause."""
        return f"the {self.check} verdict is {' or '.join(self.verdicts)}"


def _member(kind: type[Kind], word: object) -> Kind:
    words = [str(one) for one in kind]
    if not isinstance(word, str) or word not in words:
        raise InputError(expected(either(words), word, words))
    return kind(word)
