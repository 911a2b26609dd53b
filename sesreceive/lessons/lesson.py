"""A lesson: one subject of the course with its exercises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sesreceive._html import code, escape, prose, table
from sesreceive.errors import InputError, one_line
from sesreceive.lessons.exercise import Exercise
from sesreceive.lessons.result import Result
from sesreceive.shown import Shown
from sesreceive.wording import count, expected

if TYPE_CHECKING:
    from sesreceive.lessons.progress import ProgressFile

__all__ = ["Lesson"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Lesson(Shown):
    """The exercises of a subject.

    Attributes
    ----------
    name : str
        What `load` knows it by.
    title : str
        The subject.
    about : str
        What it is about, in some sentences.
    exercises : tuple of Exercise
        In the order in which they are done.
    notebook : str
        The notebook that teaches it; empty where there is none.
    """

    name: str
    title: str
    about: str
    exercises: tuple[Exercise, ...]
    notebook: str = ""

    def __getitem__(self, name: str) -> Exercise:
        """The exercise of that name.

        Raises
        ------
        InputError
            When there is none; the nearest name is suggested.
        """
        for one in self.exercises:
            if one.name == name:
                return one
        names = [one.name for one in self.exercises]
        raise InputError(f"lesson `{self.name}`: {expected('an exercise of it', name, names)}")

    def __iter__(self) -> Iterator[Exercise]:
        """The exercises."""
        return iter(self.exercises)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.exercises)

    def _ipython_key_completions_(self) -> list[str]:
        return [one.name for one in self.exercises]

    def check(self, name: str, answer: Any, progress: ProgressFile | None = None) -> Result:
        """What the exercise of that name says to an answer; see `Exercise.check`."""
        return self[name].check(answer, progress)

    def __repr__(self) -> str:
        """One line: name, title, how many exercises."""
        return f"<Lesson {one_line(self.name)}: {one_line(self.title)}, {count(len(self.exercises), 'exercise')}>"

    def _plain(self) -> str:
        """A line an exercise."""
        return "\n".join((repr(self), *(f"  {one_line(one.name)}: {_short(one)}" for one in self.exercises)))

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()

    def _rich(self) -> str:
        rows = ((code(one.name), escape(_short(one))) for one in self.exercises)
        head = f"<p><strong>{escape(self.title)}</strong></p><p>{prose(self.about)}</p>"
        return head + table(("exercise", "task"), rows)


def _short(exercise: Exercise) -> str:
    return one_line(" ".join(exercise.task.split()), 160)
