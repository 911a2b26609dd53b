"""Questions with choices: one is right, and each of the others has its reason why it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from string import ascii_lowercase
from typing import Any

from sesreceive.errors import InputError
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.renaming import Renaming
from sesreceive.lessons.result import Finding
from sesreceive.wording import either, expected

__all__ = ["ChoiceGoal"]


@dataclass(frozen=True, slots=True, repr=False)
class ChoiceGoal(Goal):
    """One of several sentences.

    Attributes
    ----------
    right : str
        The sentence that is right.
    wrong : mapping of str to str
        The others, with the reason why each is wrong.
    order : str
        Another text puts them in another order.

    Examples
    --------
    >>> goal = ChoiceGoal("a Stop", {"a Bounce": "it stops nothing", "S3": "nor does it"})
    >>> sorted(goal.choices.values())
    ['S3', 'a Bounce', 'a Stop']
    >>> goal.read("A STOP") == goal.read(goal.solution)
    True
    """

    right: str
    wrong: Mapping[str, str] = field(default_factory=dict)
    order: str = ""

    @property
    def choices(self) -> dict[str, str]:
        """Letter to sentence, in an order that says nothing about which is right and is the same on every run."""
        texts = sorted((self.right, *self.wrong), key=lambda text: sha256(f"{self.order}{text}".encode()).digest())
        return dict(zip(ascii_lowercase, texts, strict=False))

    @property
    def wants(self) -> str:
        """The letters."""
        return either(self.choices)

    @property
    def solution(self) -> str:
        """Its letter."""
        return self._letter(self.right)

    def _letter(self, text: str) -> str:
        return next(letter for letter, choice in self.choices.items() if choice == text)

    def read(self, answer: Any) -> str:
        """The letter of the choice; its whole sentence is taken, too."""
        choices = self.choices
        if isinstance(answer, str):
            choice = answer.strip().lower().removesuffix(".").removesuffix(")")
            for letter, text in choices.items():
                if choice in (letter, text.lower().removesuffix(".")):
                    return letter
        raise InputError(expected(self.wants, answer))

    def finding(self, value: str) -> Finding:
        """Whether it is the right one; the reason why not is the hint of `reasons`."""
        if value == self.solution:
            return Finding(passed=True)
        return Finding(passed=False, message=f"`{value}` is not right")

    @property
    def reasons(self) -> dict[str, str]:
        """Letter of each wrong choice to the reason why it is wrong."""
        return {self._letter(text): reason for text, reason in self.wrong.items()}

    def renamed(self, renaming: Renaming, seed: str) -> ChoiceGoal:
        """The sentences with other names, in another order."""
        wrong = {renaming(text): renaming(reason) for text, reason in self.wrong.items()}
        return ChoiceGoal(renaming(self.right), wrong, order=seed)
