"""What an exercise wants: reads an answer, finds what is wrong with it, and knows when two answers are the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from sesreceive.errors import one_line
from sesreceive.lessons.renaming import Renaming
from sesreceive.lessons.result import Finding
from sesreceive.shown import Shown

__all__ = ["Goal"]


class Goal(Shown, ABC):
    """Base of the kinds of goals; a new kind is a file with these methods.

    A goal holds the solution, so nothing of it is ever shown to a learner but `wants`.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def wants(self) -> str:
        """What kind of answer it takes, as part of the sentence "expected … but got …"."""

    @property
    @abstractmethod
    def solution(self) -> Any:
        """One right answer; for tests and teachers."""

    @property
    def choices(self) -> Mapping[str, str]:
        """Letter to sentence, where one of several sentences is the answer; else empty."""
        return {}

    @property
    def reasons(self) -> Mapping[str, str]:
        """Wrong answers that the goal itself knows of, each with the reason why it is wrong."""
        return {}

    @abstractmethod
    def read(self, answer: Any) -> Any:
        """The answer as the goal looks at it.

        Raises
        ------
        InputError
            When it is another kind of thing, or not whole; one sentence says what was expected.
        """

    @abstractmethod
    def finding(self, value: Any) -> Finding:
        """What is wrong with an answer that was read, or nothing."""

    def same(self, value: Any, known: Any) -> bool:
        """Whether two answers that were read come to the same: so a mistake is known by what it does."""
        return bool(value == known)

    def plain(self, value: Any) -> Any:
        """An answer that was read, as values that JSON has; `read` takes them back."""
        return value

    def renamed(self, renaming: Renaming, seed: str) -> Goal:
        """The goal with other names in it, and choices in the order that the seed gives; itself where it keeps them.

        A goal about signed mail, records or a function keeps its names: a signature is over the very names.
        """
        return self

    def __repr__(self) -> str:
        """One line, without the solution."""
        return f"<{type(self).__name__}: {one_line(self.wants, 300)}>"

    def _plain(self) -> str:
        return repr(self)

    def _rich(self) -> str:
        from sesreceive._html import escape

        return f"<p>{escape(self.wants)}</p>"
