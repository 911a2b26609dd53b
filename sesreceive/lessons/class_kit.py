"""A class: exercises with names of its own for each student, in a folder that is handed out."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.lessons.assignment import Assignment
from sesreceive.lessons.json_file import read_object, write_object
from sesreceive.shown import Shown
from sesreceive.wording import count, expected, is_whole

__all__ = ["ClassKit", "students_of"]

_FILE = "class.json"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClassKit(Shown):
    """Students and the exercises that each gets, with names of their own.

    Attributes
    ----------
    students : tuple of str
        Their names: letters, digits, ``.``, ``_`` and ``-``.
    exercises : tuple of str
        Names of exercises, such as ``order/stop``.
    seed : int
        Another seed gives everybody other names.

    Examples
    --------
    >>> import tempfile
    >>> kit = ClassKit(students=("ana", "bo"), exercises=("order/stop", "order/bounce"), seed=7)
    >>> folder = kit.write(tempfile.mkdtemp() + "/class")
    >>> ClassKit.load(folder) == kit
    True
    >>> Assignment.load(folder / "ana.json")
    <Assignment of ana: 0 of 2 handed in>
    """

    students: tuple[str, ...]
    exercises: tuple[str, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no class: nobody, nothing to do, a student or an exercise twice."""
        given: tuple[tuple[str, Any], ...] = (("students", self.students), ("exercises", self.exercises))
        for name, values in given:
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise InputError(f"{name}: {expected('a list of names', values)}")
            if not all(isinstance(one, str) for one in values):
                raise InputError(f"{name}: expected a list of names but got `{one_line(values)}`")
            twice = [one for one, times in Counter(one.lower() for one in values).items() if times > 1]
            if not values or twice:
                got = f"`{one_line(twice[0])}` twice" if twice else "none"
                raise InputError(f"{name}: expected names, each once, but got {got}")
            object.__setattr__(self, name, tuple(values))
        if "class" in [one.lower() for one in self.students]:
            raise InputError(f"students: expected another name than `class`: `{_FILE}` is the file of the class")
        if not is_whole(self.seed, 0):
            raise InputError(f"seed: {expected('a number from 0', self.seed)}")

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> ClassKit:
        """The class whose folder this is.

        Raises
        ------
        InputError
            When it is no folder of a class.
        """
        path = expect_path(folder) / _FILE
        read = read_object(path, "class", {"seed": int, "students": list, "exercises": list})
        return cls(students=tuple(read["students"]), exercises=tuple(read["exercises"]), seed=read["seed"])

    def assignment(self, student: str) -> Assignment:
        """What one student gets."""
        return Assignment(student, self.exercises, seed=self.seed)

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """A folder with a file and a notebook for each student, and one that says what the class is; its path.

        Parameters
        ----------
        folder : str or Path
            A new or empty folder.

        Raises
        ------
        InputError
            When there is something in the folder already, or it cannot be written.
        """
        made = expect_path(folder)
        assignments = [self.assignment(student) for student in self.students]
        try:
            made.mkdir(parents=True, exist_ok=True)
            if any(made.iterdir()):
                raise InputError(f"expected a new or empty folder but `{one_line(made)}` has something in it")
            content = {"seed": self.seed, "students": self.students, "exercises": self.exercises}
            write_object(made / _FILE, "class", content)
            for one in assignments:
                path = one.save(made / f"{one.student}.json")
                path.with_suffix(".ipynb").write_text(_notebook(one), encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write `{one_line(made)}`: {error.strerror or error}") from error
        return made

    def __repr__(self) -> str:
        """One line: how many of both."""
        return f"<ClassKit: {count(len(self.students), 'student')}, {count(len(self.exercises), 'exercise')}>"


def _notebook(assignment: Assignment) -> str:
    """A notebook with a cell for each task: what a student opens."""
    name = f"{assignment.student}.json"
    cells = [
        _cell(
            "markdown", f"# Exercises of {assignment.student}\n\nEach answer is kept in `{name}`: hand in that file."
        ),
        _cell("code", f"import sesreceive as ses\n\nmine = ses.lessons.Assignment.load({name!r})\nmine"),
    ]
    for one in assignment.exercises:
        cells.append(_cell("markdown", _markdown(f"## {one.id}", one.task, one.choices)))
        cells.append(_cell("code", f"mine[{one.id!r}].start"))
        cells.append(_cell("code", f"answer = None\nmine.hand_in({one.id!r}, answer)"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _markdown(head: str, task: str, choices: Mapping[str, str]) -> str:
    return "\n\n".join((head, task, *(f"- `{letter}` {text}" for letter, text in choices.items())))


def _cell(kind: str, source: str) -> dict[str, Any]:
    code_only: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **code_only}


def students_of(lines: Iterable[str]) -> tuple[str, ...]:
    """The names in lines of text, one a line; empty lines and those that begin with ``#`` are passed over."""
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
