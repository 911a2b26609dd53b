"""Exercises that grade themselves: a task, an answer, and what is wrong with it, with the smallest mail that shows it.

::

    lesson = ses.lessons.load("order")
    lesson                                   # its exercises
    lesson["stop"]                           # the task, and what to start from
    result = lesson.check("stop", rules)     # every right set of rules passes
    result.explain()                         # a wrong one: a mail, and what the rules do with it
"""

from __future__ import annotations

from sesreceive.lessons.assignment import Assignment
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.class_kit import ClassKit
from sesreceive.lessons.collection import Course, check, everything, exercise, load, names
from sesreceive.lessons.differing_mail import DifferingMailGoal
from sesreceive.lessons.equivalence import FiltersGoal, RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.function_goal import FunctionGoal
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.grades import Grades, grade
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.lesson import Lesson
from sesreceive.lessons.mail_goal import MailGoal
from sesreceive.lessons.parts import Part, PartsGoal
from sesreceive.lessons.progress import ProgressFile
from sesreceive.lessons.result import Finding, PartResult, Result
from sesreceive.lessons.trials import Trial
from sesreceive.lessons.variant import variant
from sesreceive.lessons.wanted import Wanted
from sesreceive.lessons.zone_goal import ZoneGoal

__all__ = [
    "Assignment",
    "ChoiceGoal",
    "ClassKit",
    "Course",
    "DifferingMailGoal",
    "Exercise",
    "FiltersGoal",
    "Finding",
    "FunctionGoal",
    "Goal",
    "Grades",
    "Lesson",
    "MailGoal",
    "Mistake",
    "Part",
    "PartResult",
    "PartsGoal",
    "ProgressFile",
    "Result",
    "RulesGoal",
    "Trial",
    "ValueGoal",
    "Wanted",
    "ZoneGoal",
    "check",
    "everything",
    "exercise",
    "grade",
    "load",
    "names",
    "variant",
]
