"""What one student is given: exercises with names of their own, and a file in which the answers are handed in."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from sesreceive._html import code, escape, table, ticked
from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.lessons import collection
from sesreceive.lessons.exercise import Exercise
from sesreceive.lessons.function_goal import FunctionGoal
from sesreceive.lessons.json_file import read_object, write_object
from sesreceive.lessons.renaming import Renaming
from sesreceive.lessons.result import Result
from sesreceive.lessons.variant import variant
from sesreceive.shown import Shown
from sesreceive.wording import expected

__all__ = ["Assignment"]

# A student's name is the name of a file.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Assignment(Shown):
    """The exercises of one student; the answers are plain values, and lie in a file.

    Parameters
    ----------
    student : str
        Letters, digits, ``.``, ``_`` and ``-``.
    exercises : tuple of str
        Names of exercises, such as ``order/stop``; none that wants a function, which is no plain value.
    seed : int
        That of the class.
    path : Path, optional
        Where it lies, once it is saved.
    answers : mapping of str to value
        What was handed in so far.

    Raises
    ------
    InputError
        When the name is none, or there is no such exercise.

    Examples
    --------
    >>> ana = Assignment("ana", ("order/stop", "order/bounce"), seed=7)
    >>> bo = Assignment("bo", ("order/stop", "order/bounce"), seed=7)
    >>> ana["order/stop"].task == bo["order/stop"].task
    False
    >>> bool(ana.hand_in("order/stop", ana["order/stop"].goal.solution))
    True
    """

    def __init__(
        self,
        student: str,
        exercises: tuple[str, ...],
        *,
        seed: int = 0,
        path: Path | None = None,
        answers: dict[str, Any] | None = None,
    ) -> None:
        if not _NAME.fullmatch(str(student)):
            raise InputError(expected("a student's name of letters, digits, `.`, `_` and `-`", student))
        self.student = student
        self.seed = seed
        self.path = path
        self.exercises = tuple(variant(_with_plain_answers(name), self._names_seed) for name in exercises)
        self.answers: dict[str, Any] = dict(answers or {})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Assignment:
        """The assignment in a file.

        Raises
        ------
        InputError
            When it cannot be read, or is none.
        """
        path = expect_path(path)
        read = read_object(path, "assignment", {"student": str, "seed": int, "exercises": list, "answers": dict})
        names = tuple(str(name) for name in read["exercises"])
        return cls(read["student"], names, seed=read["seed"], path=path, answers=read["answers"])

    def save(self, path: str | os.PathLike[str] | None = None) -> Path:
        """The assignment is in the file; the path of the file is given back.

        Parameters
        ----------
        path : str or Path, optional
            Where it lies from now on; by default where it lies.

        Raises
        ------
        InputError
            When there is no path, or it cannot be written.
        """
        self.path = expect_path(path) if path is not None else self.path
        if self.path is None:
            raise InputError("give a path: this assignment was not read from a file")
        names = [exercise.id for exercise in self.exercises]
        content = {"student": self.student, "seed": self.seed, "exercises": names, "answers": self.answers}
        write_object(self.path, "assignment", content)
        return self.path

    def __getitem__(self, name: str) -> Exercise:
        """The exercise of that name, with this student's names in it.

        Raises
        ------
        InputError
            When it is not in the assignment.
        """
        for one in self.exercises:
            if one.id == name:
                return one
        raise InputError(expected("an exercise of the assignment", name, [one.id for one in self.exercises]))

    @property
    def _names_seed(self) -> str:
        return f"{self.seed} {self.student}"

    def _ipython_key_completions_(self) -> list[str]:
        return [one.id for one in self.exercises]

    def hand_in(self, name: str, answer: Any) -> Result:
        """The answer is kept, in the file where there is one, and held against the task.

        Parameters
        ----------
        name : str
            One of the exercises, such as ``order/stop``.
        answer : Any
            What the task asks for; an earlier answer is replaced.

        Returns
        -------
        Result
            What is to be said to it.

        Raises
        ------
        InputError
            When the answer is of another kind than the task asks for: it is not kept then.
        """
        exercise = self[name]
        self.answers[name] = exercise.plain(answer)
        if self.path is not None:
            self.save()
        return exercise.check(answer)

    def results(self) -> tuple[Result, ...]:
        """What is to be said to every answer; one that is missing did not pass."""
        return tuple(
            one.check(self.answers[one.id])
            if one.id in self.answers
            else Result(exercise=one.id, passed=False, message="no answer", answered=False)
            for one in self.exercises
        )

    def common(self, result: Result) -> str:
        """The hint of a result with the names of the exercise itself, as all students have it in common."""
        exercise = self[result.exercise]
        if exercise is collection.exercise(result.exercise):  # one that keeps its names
            return result.hint
        return Renaming.of(self._names_seed)(result.hint)

    def __repr__(self) -> str:
        """One line: whose it is, and how much was handed in."""
        return f"<Assignment of {one_line(self.student)}: {len(self.answers)} of {len(self.exercises)} handed in>"

    def _plain(self) -> str:
        """The tasks."""
        return "\n\n".join((repr(self), *map(str, self.exercises)))

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()

    def _rich(self) -> str:
        rows = (
            (code(one.id), escape(" ".join(one.task.split())), ticked(one.id in self.answers, "handed in"))
            for one in self.exercises
        )
        return table(("exercise", "task", ""), rows)


def _with_plain_answers(name: str) -> Exercise:
    """The exercise of that name, unless its answers cannot be handed in."""
    exercise = collection.exercise(name)
    if isinstance(exercise.goal, FunctionGoal):
        raise InputError(f"`{exercise.id}` wants a function, which cannot be handed in as a plain value")
    return exercise
