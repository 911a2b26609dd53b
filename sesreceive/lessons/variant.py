"""The same exercise with other names, and its choices in another order: different for each student, equally hard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sesreceive.account.account import Account
from sesreceive.analysis.proof import Proof
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.differing_mail import DifferingMailGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.parts import Part, PartsGoal
from sesreceive.lessons.renaming import Renaming

__all__ = ["variant"]


def variant(exercise: Exercise, seed: str) -> Exercise:
    """The exercise with the names that the seed gives; an answer to it is right where the same answer was.

    An exercise about signed mail, records or a function stays as it is: a signature is over the very names.

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
    goal = _goal(exercise.goal, renaming, seed)
    if goal is None:
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


def _goal(goal: Goal, renaming: Renaming, seed: str) -> Goal | None:
    """The goal with other names; None for a kind that keeps its own."""
    if isinstance(goal, ChoiceGoal):
        wrong = {renaming(text): renaming(reason) for text, reason in goal.wrong.items()}
        return ChoiceGoal(renaming(goal.right), wrong, order=seed)
    if isinstance(goal, RulesGoal):  # and filters
        return replace(goal, account=renaming.value(goal.account))
    if isinstance(goal, DifferingMailGoal):
        return DifferingMailGoal(before=renaming.value(goal.before), after=renaming.value(goal.after))
    if isinstance(goal, ValueGoal):
        return ValueGoal(goal.kind, lambda: renaming.value(goal.work_out()))
    if isinstance(goal, PartsGoal):
        parts = tuple(_part(part, renaming) for part in goal.parts)
        return PartsGoal(account=renaming.value(goal.account), parts=parts)
    return None


def _part(part: Part, renaming: Renaming) -> Part:
    return Part(name=part.name, task=renaming(part.task), holds=_holds(part, renaming), hint=renaming(part.hint))


def _holds(part: Part, renaming: Renaming) -> Callable[[Account], Proof | bool]:
    """The claim about an account with other names: asked with the names it was written for."""

    def holds(account: Account) -> Proof | bool:
        proof: Any = part.holds(renaming.value(account))
        if not isinstance(proof, Proof):
            return bool(proof)
        return replace(
            proof,
            claim=renaming(proof.claim),
            because=renaming(proof.because),
            needs=renaming.value(proof.needs),
            witness=renaming.value(proof.witness),
            again=None,
        )

    return holds
