"""All lessons, by name: each is one file in ``course/``."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from sesreceive._html import code, escape, table
from sesreceive.catalogue import Collection, Described, described
from sesreceive.errors import InputError, one_line
from sesreceive.lessons import course
from sesreceive.lessons.exercise import Exercise
from sesreceive.lessons.lesson import Lesson
from sesreceive.lessons.result import Result
from sesreceive.wording import count, expected

if TYPE_CHECKING:
    from sesreceive.lessons.progress import ProgressFile

__all__ = ["Course", "check", "everything", "exercise", "load", "names"]


class Course(Collection[Lesson]):
    """Lessons in the order of the course."""

    __slots__ = ()

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises of all lessons."""
        return tuple(one for lesson in self.items for one in lesson)

    def frame(self) -> Any:
        """One row an exercise, as a DataFrame, all text: ``lesson``, ``exercise``, ``gives`` and ``task``."""
        import pandas as pd

        rows = [(one.lesson, one.name, one.goal.wants, " ".join(one.task.split())) for one in self.exercises]
        return pd.DataFrame(rows, columns=pd.Index(("lesson", "exercise", "gives", "task")))

    def markdown(self) -> str:
        """The table of the page `exercises.md`: a line an exercise."""
        lines = ["| exercise | what is to be done | answer |", "| --- | --- | --- |"]
        for one in self.exercises:
            task = one_line(" ".join(one.task.split()), 400).replace("|", "\\|")
            lines.append(f"| `{one.id}` | {task} | {one.goal.wants} |")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """One line: how many lessons and exercises."""
        return f"<Course of {count(len(self.items), 'lesson')}, {count(len(self.exercises), 'exercise')}>"

    def _line(self, item: Lesson) -> str:
        return f"{Collection._line(self, item)} ({len(item)})"

    def _rich(self) -> str:
        rows = ((code(one.name), escape(one.title), str(len(one))) for one in self.items)
        return table(("name", "subject", "exercises"), rows, numbers=("exercises",))


def names() -> tuple[str, ...]:
    """The names of the lessons, in the order of the course.

    Examples
    --------
    >>> names()[:3]
    ('path', 'filters', 'conditions')
    """
    return course.ORDER


def load(name: str) -> Lesson:
    """The lesson of this name.

    Raises
    ------
    InputError
        When there is none; the message says which there are.

    Examples
    --------
    >>> lesson = load("order")
    >>> lesson.check("bounce", "z").passed
    False
    >>> load("stopping")
    Traceback (most recent call last):
    sesreceive.errors.InputError: lessons: expected `path`, ... but got `stopping`
    """
    return _lesson(name, described(course, name, names(), "lessons"))


@cache
def _lesson(name: str, lesson: Described) -> Lesson:
    """The lesson of that name, the same value each time: its exercises are known by what they are."""
    return Lesson(
        name=name,
        title=lesson.title,
        about=lesson.about,
        exercises=tuple(replace(one, lesson=name) for one in lesson.module.EXERCISES),
        notebook=getattr(lesson.module, "NOTEBOOK", ""),
    )


def everything() -> Course:
    """All lessons."""
    return Course(tuple(load(name) for name in names()))


def exercise(name: str) -> Exercise:
    """The exercise with this lesson and name.

    Raises
    ------
    InputError
        When there is no such lesson, or no such exercise in it.

    Examples
    --------
    >>> exercise("order/stop")
    <Exercise order/stop: ...>
    >>> exercise("stop")
    Traceback (most recent call last):
    sesreceive.errors.InputError: expected a lesson and an exercise, such as `order/stop`, but got `stop`
    """
    if "/" not in str(name):
        known = [one.id for one in everything().exercises]
        raise InputError(expected("a lesson and an exercise, such as `order/stop`,", name, known))
    lesson, _, rest = name.partition("/")
    return load(lesson)[rest]


def check(name: str, answer: Any, progress: ProgressFile | None = None) -> Result:
    """What the exercise of this name says to an answer; see `Exercise.check`.

    Examples
    --------
    >>> bool(check("order/bounce", "no idea"))
    False
    """
    return exercise(name).check(answer, progress)
