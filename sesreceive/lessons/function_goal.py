"""The goal of a Lambda function with which mail comes out as it should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sesreceive.errors import InputError
from sesreceive.lessons.trials import Outcomes, TrialsGoal
from sesreceive.wording import wrong_kind

__all__ = ["FunctionGoal"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FunctionGoal(TrialsGoal):
    """A Lambda function with which every trial comes out as wanted.

    Attributes
    ----------
    name : str
        What the rules of `account` call it.
    """

    name: str

    @property
    def wants(self) -> str:
        """A function."""
        return "a function with two parameters, `event` and `context`"

    def read(self, answer: Any) -> Outcomes:
        """What the function does in every trial."""
        if not callable(answer) or isinstance(answer, type):
            raise InputError(wrong_kind(self.wants, answer))
        return self._try(answer, functions={**self.functions, self.name: answer})
