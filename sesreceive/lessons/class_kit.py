"""A class: a task of its own for each student, the answers collected and graded, and who struggles where."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sesreceive._html import code, escape, table, ticked
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.lessons.assignment import Assignment
from sesreceive.lessons.json_file import path_of, read_object, write_object
from sesreceive.lessons.result import Result
from sesreceive.shown import Shown
from sesreceive.signs import NO, NONE, YES
from sesreceive.wording import count, expected, is_whole

__all__ = ["ClassKit", "Grades", "grade"]

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
    >>> ana = Assignment.load(folder / "ana.json")
    >>> bool(ana.hand_in("order/bounce", "a")), bool(ana.hand_in("order/stop", ana["order/stop"].start))
    (False, False)
    >>> print(grade(folder))
    <Grades of 2 students, 2 exercises: 0 of 4 passed>
      order/stop: 0 of 2 passed, 1 without an answer; most often: mail to billing lies in two folders: ...
      order/bounce: 0 of 2 passed, 1 without an answer; most often: the first rule matches, and its action runs.
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
        made = path_of(folder)
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Grades(Shown):
    """What is to be said to each answer of each student.

    Attributes
    ----------
    results : mapping of str to tuple of Result
        Student to results, in the order of the exercises.
    problems : mapping of str to str
        Student to what is wrong with the file that was handed in.
    hints : mapping of str to tuple of str
        Student to the hints of the results, with the names that the exercises have for all.
    """

    results: dict[str, tuple[Result, ...]]
    problems: dict[str, str]
    hints: dict[str, tuple[str, ...]]

    def frame(self) -> Any:
        """One row a student and exercise, as a DataFrame.

        Columns: ``student``, ``exercise``, ``answered``, ``passed``, ``score`` (0 to 1), ``message`` and ``hint``.
        """
        import pandas as pd

        rows = [
            (student, one.exercise, one.answered, one.passed, one.score, one.message, one.hint)
            for student, results in self.results.items()
            for one in results
        ]
        columns = ("student", "exercise", "answered", "passed", "score", "message", "hint")
        return pd.DataFrame(rows, columns=pd.Index(columns))

    def table(self) -> Any:
        """Students in rows and exercises in columns, with the score of each, as a DataFrame: who struggles where."""
        return self.frame().pivot_table(index="student", columns="exercise", values="score", sort=False)

    def struggles(self) -> Any:
        """One row an exercise, the hardest first, as a DataFrame.

        Columns: ``exercise``, ``passed`` and ``unanswered`` (how many students), ``score`` (the mean, 0 to 1) and
        ``hint`` (the one that was given most often).
        """
        import pandas as pd

        frame = pd.DataFrame(self._exercises(), columns=pd.Index(("exercise", "passed", "unanswered", "score", "hint")))
        return frame.sort_values("score", kind="stable").reset_index(drop=True)

    def _exercises(self) -> list[tuple[str, int, int, float, str]]:
        rows = []
        hinted = zip(*self.hints.values(), strict=True)
        for of_one, given in zip(zip(*self.results.values(), strict=True), hinted, strict=True):
            hints = Counter(filter(None, given))
            rows.append(
                (
                    of_one[0].exercise,
                    sum(one.passed for one in of_one),
                    sum(not one.answered for one in of_one),
                    sum(one.score for one in of_one) / len(of_one),
                    hints.most_common(1)[0][0] if hints else "",
                )
            )
        return rows

    def __repr__(self) -> str:
        """One line: how many passed."""
        everything = [one for results in self.results.values() for one in results]
        passed = sum(one.passed for one in everything)
        each = len(everything) // max(len(self.results), 1)
        students = count(len(self.results), "student")
        return f"<Grades of {students}, {count(each, 'exercise')}: {passed} of {len(everything)} passed>"

    def _plain(self) -> str:
        """A line an exercise, and one for each file that cannot be read."""
        lines = [repr(self)]
        for exercise, passed, unanswered, _, hint in self._exercises():
            without = f", {unanswered} without an answer" if unanswered else ""
            often = f"; most often: {one_line(hint, 500)}" if hint else ""
            lines.append(f"  {one_line(exercise)}: {passed} of {len(self.results)} passed{without}{often}")
        lines.extend(f"  {one_line(student)}: {one_line(why, 500)}" for student, why in self.problems.items())
        return "\n".join(lines)

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()

    def text(self) -> str:
        """Students in rows and exercises in columns, as plain text."""
        names = [one.exercise for one in next(iter(self.results.values()), ())]
        widest = max([len(one_line(student)) for student in self.results] or [0])
        lines = [f"{number + 1:>3} {one_line(name)}" for number, name in enumerate(names)]
        lines.append(" " * widest + "".join(f"{number + 1:>5}" for number in range(len(names))))
        for student, results in self.results.items():
            lines.append(f"{one_line(student):<{widest}}" + "".join(f"{_mark(one):>5}" for one in results))
        return "\n".join(lines)

    def _rich(self) -> str:
        names = [one.exercise for one in next(iter(self.results.values()), ())]
        rows = ((escape(who), *(ticked(one.passed, _mark(one)) for one in each)) for who, each in self.results.items())
        said = "".join(f"<p>{code(who)}: {escape(why)}</p>" for who, why in self.problems.items())
        return table(("student", *names), rows) + said


def _mark(result: Result) -> str:
    if not result.answered:
        return NONE
    if result.parts and not result.passed:
        return f"{result.score:.0%}"
    return YES if result.passed else NO


def grade(folder: str | os.PathLike[str]) -> Grades:
    """What is to be said to everything that was handed in.

    Seed and exercises are those of the class, whatever a student's file says, and no code of a student runs.

    Parameters
    ----------
    folder : str or Path
        What `ClassKit.write` made, with the files of the students as they came back.

    Raises
    ------
    InputError
        When it is no folder of a class. A file of a student that is missing or broken is one of `Grades.problems`.
    """
    kit = _kit(path_of(folder))
    results: dict[str, tuple[Result, ...]] = {}
    problems: dict[str, str] = {}
    hints: dict[str, tuple[str, ...]] = {}
    for student in kit.students:
        assignment = kit.assignment(student)
        try:
            assignment.answers = Assignment.load(Path(folder) / f"{student}.json").answers
        except SesReceiveError as error:
            problems[student] = str(error)
        results[student] = assignment.results()
        hints[student] = tuple(assignment.common(one) for one in results[student])
    return Grades(results=results, problems=problems, hints=hints)


def _kit(folder: Path) -> ClassKit:
    read = read_object(folder / _FILE, "class", {"seed": int, "students": list, "exercises": list})
    return ClassKit(students=tuple(read["students"]), exercises=tuple(read["exercises"]), seed=read["seed"])


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
