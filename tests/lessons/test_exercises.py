"""Every exercise: its solution passes, and each other right answer; a wrong one gets its hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive import lessons
from sesreceive.lessons import ChoiceGoal, course

EXERCISES = {one.id: one for one in lessons.everything().exercises}


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes_and_tells_the_fact(name: str) -> None:
    exercise = EXERCISES[name]
    result = exercise.check(exercise.goal.solution)
    assert result, str(result)
    assert result.fact
    assert not result.hint
    assert exercise.source or exercise.tag == "standard"
    assert exercise.tag in {"documented", "observed", "assumed", "standard"}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "at"), [(name, at) for name, one in EXERCISES.items() for at in range(len(one.also))])
def test_every_other_right_answer_passes(name: str, at: int) -> None:
    result = EXERCISES[name].check(EXERCISES[name].also[at])
    assert result, str(result)


@pytest.mark.parametrize("name", EXERCISES)
def test_each_wrong_answer_gets_its_hint_and_never_the_solution(name: str) -> None:
    exercise = EXERCISES[name]
    assert len(exercise.wrong) >= 3
    for mistake in exercise.wrong:
        result = exercise.check(mistake.answer)
        assert not result
        assert result.hint == mistake.hint
        assert result.message
        assert not result.fact
        if isinstance(exercise.goal, ChoiceGoal):
            assert exercise.goal.right not in str(result)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXERCISES)
def test_a_wrong_kind_of_answer_is_one_clear_sentence(name: str) -> None:
    for odd in (object(), None, 3.5, [None]):
        result = EXERCISES[name].check(odd)
        assert not result
        assert "expected" in result.message or "not right" in result.message
        assert "\n" not in result.message


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, one in EXERCISES.items() if not callable(one.goal.solution)])
def test_an_answer_can_be_handed_in_as_json(name: str) -> None:
    exercise = EXERCISES[name]
    assert exercise.check(json.loads(json.dumps(exercise.plain(exercise.goal.solution))))
    for mistake in exercise.wrong:  # read from a file, a mistake is the same mistake
        result = exercise.check(json.loads(json.dumps(exercise.plain(mistake.answer))))
        assert not result
        assert result.hint == mistake.hint
    assert json.loads(json.dumps(exercise.check(exercise.goal.solution).to_dict()))["passed"]


def test_there_are_enough_of_them() -> None:
    assert len(EXERCISES) >= 50
    assert all(len(lesson) >= 2 for lesson in lessons.everything())


def test_the_notebook_of_a_lesson_is_there() -> None:
    pages = Path(__file__).resolve().parents[2] / "notebooks"
    if not pages.is_dir():
        pytest.skip("an installed package has no notebooks")
    named = [lesson.notebook for lesson in lessons.everything() if lesson.notebook]
    assert [name for name in named if not (pages / name).is_file()] == []
    assert len(named) >= 17


def test_every_file_of_the_course_is_a_lesson() -> None:
    from pkgutil import iter_modules

    files = {module.name.replace("_", "-") for module in iter_modules(course.__path__)}
    assert files == set(ses.lessons.names())
