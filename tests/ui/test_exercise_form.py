"""An exercise as a form, as its user works with it, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as W
import pytest

from sesreceive import lessons
from sesreceive.lessons import ChoiceGoal, ProgressFile
from sesreceive.ui.exercise_form import ExerciseForm


def form_of(name: str, **options: Any) -> ExerciseForm:
    return lessons.exercise(name).form(**options)


@pytest.mark.usefixtures("shown_errors")
def test_a_choice_is_checked_kept_and_told(tmp_path: Path) -> None:
    progress = ProgressFile(tmp_path / "progress.json")
    form = form_of("order/bounce", progress=progress)
    assert isinstance(form.answer, W.RadioButtons)
    assert form.answer.value is None
    form.checks.click()
    assert "give an answer first" in form.alert.value
    goal = form.exercise.goal
    assert isinstance(goal, ChoiceGoal)
    form.answer.value = next(iter(goal.reasons))
    form.checks.click()
    assert "not yet" in form.status.value
    assert "0 of 5 passed" in form.far.value
    form.answer.value = goal.solution
    form.checks.click()
    assert form.result
    assert "Bounce is no Stop" in form.told.value
    assert "1 of 5 passed" in form.far.value
    assert progress.passed == ("order/bounce",)
    assert repr(form) == "<ExerciseForm order/bounce: passed>"


def test_rules_are_built_and_a_wrong_set_shows_its_mail() -> None:
    form = form_of("order/stop")
    form.checks.click()
    assert form.result is not None
    assert not form.result
    assert "billing@example.com" in form.told.value
    assert form._builder is not None
    form._builder.value = form.exercise.goal.solution
    form.checks.click()
    assert form.result


# exercise → what is typed, and whether it passes
TYPED = {
    "path/no-rule": (" 550 ", True),
    "failures/how-long": ("four", False),
    "spf/one-host": ('example.org. TXT "v=spf1 ip4:198.51.100.7 -all"', True),
    "dmarc/reject": ("not a zone", False),
    "scanning/test-virus": ("Subject: test\n\nhello\n", False),
    "envelope/no-bounce": ('{"client_ip": "198.51.100.7", "mail_from": "", "rcpt_to": ["bo@example.com"]}', True),
    "envelope/hidden-copy": ('{"client_ip": "198.51.100.7", "mail_from": "", "rcpt_to": ["bo@example.com"]}', True),
    "proving/show-it": ('{"rcpt_to": ["billing@example.com", "support@example.com"]}', True),
}


@pytest.mark.parametrize("name", TYPED)
@pytest.mark.slow
def test_what_is_typed_is_checked(name: str) -> None:
    text, passes = TYPED[name]
    form = form_of(name)
    assert form.answer is not None
    form.answer.value = text
    form.checks.click()
    assert form.alert.value == ""
    assert form.result is not None
    assert form.result.passed is passes
    assert form.result.message


@pytest.mark.usefixtures("shown_errors")
def test_text_that_is_no_envelope_is_one_sentence() -> None:
    form = form_of("envelope/no-bounce")
    assert form.answer is not None
    form.answer.value = "{"
    form.checks.click()
    assert "the envelope is not JSON: line 1, column 2" in form.alert.value
    assert form.result is None


@pytest.mark.usefixtures("shown_errors")
def test_a_function_is_given_from_a_cell() -> None:
    form = form_of("functions/virus-gate")
    form.checks.click()
    assert "write the function in a cell" in form.alert.value
    assert not form.check(lambda event, context: None)
    assert form.check(form.exercise.goal.solution)


# exercise → how the form says that it is answered
HOW = {
    "order/bounce": "",
    "order/stop": "Edit the account below",
    "filters/block-network": "Edit the IP filters below",
    "path/no-rule": "Give a whole number",
    "spf/one-host": "Type DNS records",
    "scanning/test-virus": "the whole message",
    "envelope/no-bounce": "Type the envelope as JSON",
    "envelope/hidden-copy": "or paste a whole message",
    "functions/polite": "form.check(polite)",
}


@pytest.mark.parametrize("name", HOW)
def test_the_form_says_once_how_it_is_answered(name: str) -> None:
    form = form_of(name)
    task = form.contents[0].value
    assert HOW[name] in task
    assert ('class="ses-note"' in task) is bool(HOW[name])
    assert not any(text in task for text in form.exercise.choices.values())
    assert (form.checks in form._row().children) is not name.startswith("functions/")


def test_filters_are_in_sight_where_they_are_the_answer() -> None:
    opened = {
        name: [title for title, section in builder.sections.items() if section.opened]
        for name in ("order/stop", "filters/block-network")
        if (builder := form_of(name)._builder) is not None
    }
    assert opened == {"order/stop": ["rules"], "filters/block-network": ["filters"]}


def test_enter_checks_what_was_typed() -> None:
    form = form_of("path/no-rule")
    assert isinstance(form.answer, W.Text)
    form.answer.value = "550"
    form.answer._handle_custom_msg({"event": "submit"}, [])
    assert form.result


@pytest.mark.slow
@pytest.mark.parametrize("name", [one.id for one in lessons.everything().exercises])
def test_every_exercise_has_a_form_and_a_picture_without_a_kernel(name: str) -> None:
    form = form_of(name)
    assert "Run this cell" in form._repr_mimebundle_()["text/html"]
    assert form.exercise.task.split()[0].strip("`") in form.snapshot()
