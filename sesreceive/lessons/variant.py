"""The same exercise with other names, and its choices in another order: different for each student, equally hard."""

from __future__ import annotations

from dataclasses import replace

from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.renaming import Renaming

__all__ = ["variant"]


def variant(exercise: Exercise, seed: str) -> Exercise:
    """The exercise with the names that the seed gives; an answer to it is right where the same answer was.

    An exercise whose goal keeps its names stays as it is; see `Goal.renamed`.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    seed : str
        Any text, such as the name of a class and of a student.

    Examples
    --------
    >>> import sesreceive as ses
    >>> exercise = ses.lessons.exercise("order/stop")
    >>> other = variant(exercise, "7 ana")
    >>> other.task != exercise.task, bool(other.check(other.goal.solution)), bool(other.check(other.start))
    (True, True, False)
    """
    renaming = Renaming.of(seed)
    goal = exercise.goal.renamed(renaming, seed)
    if goal is exercise.goal:
        return exercise
    return replace(
        exercise,
        task=renaming(exercise.task),
        start=renaming.value(exercise.start),
        goal=goal,
        mistakes=tuple(Mistake(renaming.value(one.answer), renaming(one.hint)) for one in exercise.mistakes),
        also=renaming.value(exercise.also),
        fact=renaming(exercise.fact),
    )
