"""Questions whose answer is a value: a reply, an id, a name, an address, a verdict, some names."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sesreceive.errors import InputError
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.renaming import Renaming
from sesreceive.lessons.result import Finding
from sesreceive.wording import shown, wrong_kind

__all__ = ["ValueGoal"]


def _number(answer: Any) -> int:
    if isinstance(answer, str) and answer.strip().isascii() and answer.strip().isdigit() and len(answer) < 20:
        return int(answer)
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer
    raise ValueError


def _text(answer: Any) -> str:
    if isinstance(answer, bytes):
        answer = answer.decode("utf-8")
    if not isinstance(answer, str):
        raise ValueError
    return answer.strip()


def _name(answer: Any) -> str:
    """Letter case, a final dot and angle brackets say nothing."""
    return _text(answer).lower().removeprefix("<").removesuffix(">").removesuffix(".")


def _address(answer: Any) -> str:
    return str(ipaddress.ip_address(answer if isinstance(answer, ipaddress.IPv6Address) else _text(str(answer))))


def _names(answer: Any) -> tuple[str, ...]:
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split()
    if not isinstance(answer, Iterable):
        raise ValueError
    return tuple(_name(one) for one in answer)


def _set(answer: Any) -> tuple[str, ...]:
    return tuple(sorted(set(_names(answer))))


# Kind of value → what is expected, and how it is read; reading raises ValueError.
_KINDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "number": ("a whole number", _number),
    "text": ("text", _text),
    "name": ("a name or an address, as text", _name),
    "ip": ("an IP address, such as `198.51.100.7`", _address),
    "names in order": ("a list of names, in order", _names),
    "names": ("a list of names, in any order", _set),
}


@dataclass(frozen=True, slots=True, repr=False)
class ValueGoal(Goal):
    """A value that the library works out.

    Attributes
    ----------
    kind : str
        ``number``, ``text``, ``name``, ``ip``, ``names in order`` or ``names``.
    work_out : callable
        Gives the value, by the library from what the exercise shows, so that it is never out of date.

    Examples
    --------
    >>> goal = ValueGoal("number", lambda: 550)
    >>> goal.read(" 550 "), goal.finding(250).passed
    (550, False)
    >>> goal.read("no")
    Traceback (most recent call last):
    sesreceive.errors.InputError: expected a whole number but got the text `no`
    """

    kind: str
    work_out: Callable[[], Any]

    @property
    def wants(self) -> str:
        """The kind of value."""
        return _KINDS[self.kind][0]

    @property
    def solution(self) -> Any:
        """The value, worked out."""
        return self.read(self.work_out())

    def read(self, answer: Any) -> Any:
        """The value in the form in which values are compared."""
        wants, read = _KINDS[self.kind]
        try:
            return read(answer)
        except ValueError:
            raise InputError(wrong_kind(wants, answer)) from None

    def finding(self, value: Any) -> Finding:
        """Whether it is that value."""
        if value == self.solution:
            return Finding(passed=True)
        named = ", ".join(value) if isinstance(value, tuple) else value
        return Finding(passed=False, message=f"{'nothing' if named == '' else shown(named)} is not right")

    def plain(self, value: Any) -> Any:
        """A list for names."""
        return list(value) if isinstance(value, tuple) else value

    def renamed(self, renaming: Renaming, seed: str) -> ValueGoal:
        """The same value with other names in it."""
        return ValueGoal(self.kind, lambda: renaming.value(self.work_out()))
