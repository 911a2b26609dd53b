"""The grades of a class: what is to be said to each answer that was handed in, and who struggles where."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sesreceive._html import code, escape, table, ticked
from sesreceive.errors import SesReceiveError, one_line
from sesreceive.lessons.assignment import Assignment
from sesreceive.lessons.class_kit import ClassKit
from sesreceive.lessons.result import Result
from sesreceive.shown import Shown
from sesreceive.signs import NO, NONE, YES
from sesreceive.wording import count

__all__ = ["Grades", "grade"]


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
    kit = ClassKit.load(folder)
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
