"""An exercise as a form: choices, a field or the rule set builder, a button, and what is said to the answer."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from sesreceive._html import escape, prose
from sesreceive.account.account import Account
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.json_input import parse_json
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.collection import load
from sesreceive.lessons.equivalence import FiltersGoal, RulesGoal
from sesreceive.lessons.exercise import Exercise
from sesreceive.lessons.function_goal import FunctionGoal
from sesreceive.lessons.known_value import ValueGoal
from sesreceive.lessons.mail_goal import MailGoal
from sesreceive.lessons.parts import PartsGoal
from sesreceive.lessons.progress import ProgressFile
from sesreceive.lessons.result import Result
from sesreceive.lessons.zone_goal import ZoneGoal
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.builder import RuleSetBuilder
from sesreceive.ui.kit import Part, button, html

__all__ = ["ExerciseForm"]


class ExerciseForm(Part):
    """A task, a place for the answer, a button, and what is said to it.

    Choices are radio buttons, rules and filters are edited in the rule set builder, values and records are typed. A
    function is written in a cell and given to `check`.

    Parameters
    ----------
    exercise : Exercise
        The task.
    progress : ProgressFile, optional
        Where it is kept what passed; the form shows how far its lesson is.

    Attributes
    ----------
    result : Result or None
        What was said to the last answer.

    Examples
    --------
    >>> import sesreceive as ses
    >>> form = ses.lessons.exercise("order/bounce").form()
    >>> form.check("z").passed
    False
    >>> form.result.message
    'expected `a`, `b`, `c` or `d` but got `z`'
    """

    def __init__(self, exercise: Exercise, progress: ProgressFile | None = None) -> None:
        self.exercise = exercise
        self.progress = progress
        self.result: Result | None = None
        self._builder: RuleSetBuilder | None = None
        goal = exercise.goal
        if isinstance(goal, RulesGoal | PartsGoal):
            start = exercise.start if isinstance(exercise.start, Account) else Account()
            self._builder = RuleSetBuilder(start)
        self.answer = self._place(goal)
        self.checks = button("Check", hint="Hold the answer against the task", style="primary")
        self.checks.add_class("ses-primary")
        self.told = html()
        self.far = html()
        super().__init__(
            self._builder.bench if self._builder is not None else Bench(Receiver(Account())),
            [
                html(exercise._task() + _how(goal)),
                *([self.answer] if self.answer is not None else []),
                self._row(),
                self.told,
            ],
        )
        if self._builder is not None:
            self._builder.within(self)
            self._builder.sections["filters"].opened = isinstance(goal, FiltersGoal)
            self._builder.sections["rules"].opened = not isinstance(goal, FiltersGoal)
        self.on_click(self.checks, self._pressed)
        if isinstance(self.answer, W.Text):
            self.answer.on_msg(self._entered)
        self._show_progress()

    def _row(self) -> W.HBox:
        # A function comes from a cell, so there is nothing here that a button could take.
        pressed = [] if isinstance(self.exercise.goal, FunctionGoal) else [self.checks]
        return W.HBox([*pressed, self.far], layout=W.Layout(align_items="center"))

    def _entered(self, _: Any, content: Any, __: Any) -> None:
        """Check what was typed when the Enter key ends it."""
        if content == {"event": "submit"}:
            self.checks.click()

    def _place(self, goal: Any) -> W.Widget | None:
        """Where the answer is given; None for a function, which is written in a cell."""
        if isinstance(goal, ChoiceGoal):
            options = [(f"{letter}) {one_line(text, 300)}", letter) for letter, text in goal.choices.items()]
            wide = W.Layout(width="auto")
            return W.RadioButtons(options=options, value=None, description="Answer", layout=wide)
        if self._builder is not None:
            return self._builder
        if isinstance(goal, FunctionGoal):
            return None
        if isinstance(goal, ValueGoal):
            return W.Text(description="Answer", layout=W.Layout(width="30em"))
        return W.Textarea(description="Answer", placeholder=_placeholder(goal), rows=8, layout=W.Layout(width="auto"))

    def _given(self) -> Any:
        """What stands in the form."""
        if self.answer is None:
            raise InputError("write the function in a cell, and give it to `check` of this form there")
        if isinstance(self.exercise.goal, FiltersGoal):
            return self._account().filters
        if self._builder is not None:
            return self._account()
        value = self.answer.value
        if value is None or value == "":
            raise InputError("give an answer first")
        return _read(self.exercise.goal, value) if isinstance(self.answer, W.Textarea) else value

    def _account(self) -> Account:
        assert self._builder is not None  # its kind of goal has one
        account: Account = self._builder.value
        return account

    def _pressed(self) -> str:
        return "passed" if self.check(self._given()) else "not yet"

    def check(self, answer: Any) -> Result:
        """What is said to an answer; shown in the form, and kept where there is a file for it."""
        self.result = result = self.exercise.check(answer, self.progress)
        self.told.value = f'<div role="status">{result._rich()}</div>'
        self._show_progress()
        self.changed()
        return result

    def _show_progress(self) -> None:
        if self.progress is None or not self.exercise.lesson:
            return
        try:
            of_lesson = [one.id for one in load(self.exercise.lesson)]
        except SesReceiveError:  # an exercise of somebody's own
            return
        done = len(set(of_lesson) & set(self.progress.passed))
        text = escape(f"{done} of {len(of_lesson)} passed in this lesson")
        self.far.value = f'<progress value="{done}" max="{len(of_lesson)}">{done}</progress> {text}'

    def snapshot(self) -> str:
        """The task, and what was said to the last answer."""
        return self.exercise._rich() + (self.result._rich() if self.result is not None else "")

    def __repr__(self) -> str:
        """One line: the exercise, and whether it passed."""
        state = "not tried" if self.result is None else ("passed" if self.result else "not yet")
        return f"<ExerciseForm {one_line(self.exercise.id)}: {one_line(state)}>"


def _how(goal: Any) -> str:
    """What to do for an answer, in this form; nothing where there are choices to pick."""
    if isinstance(goal, ChoiceGoal):
        return ""
    if isinstance(goal, FiltersGoal):
        text = "Edit the IP filters below, then press Check."
    elif isinstance(goal, RulesGoal | PartsGoal):
        text = "Edit the account below, then press Check."
    elif isinstance(goal, FunctionGoal):
        name = goal.name
        text = f"Write the function in a cell, and end the cell with `form.check({name})`, where `form` is this form."
    elif isinstance(goal, ZoneGoal):
        text = "Type DNS records, one a line, as in a zone file."
    elif isinstance(goal, MailGoal) and goal.gives == "message":
        text = "Type or paste the whole message: fields, an empty line, the body."
    elif isinstance(goal, MailGoal) and goal.gives == "both":
        text = "Type an envelope as JSON, or paste a whole message; what you leave out stays as it was."
    elif isinstance(goal, MailGoal):
        text = "Type the envelope as JSON."
    else:
        several = ", with commas between them" if "list" in goal.wants else ""
        text = f"Give {goal.wants}{several}. The Enter key checks it."
    return f'<p class="ses-note">{prose(text)}</p>'


def _placeholder(goal: Any) -> str:
    if isinstance(goal, ZoneGoal):
        return 'example.org.  TXT  "…"'
    if isinstance(goal, MailGoal) and goal.gives == "message":
        return "From: ana@example.org\n\nthe whole message"
    return '{"client_ip": "198.51.100.7", "mail_from": "ana@example.org", "rcpt_to": ["ana@example.com"]}'


def _read(goal: Any, text: str) -> Any:
    """What was typed: text as it is for records and messages (with CRLF), JSON for an envelope."""
    if isinstance(goal, ZoneGoal):
        return text
    if isinstance(goal, MailGoal) and (goal.gives == "message" or not text.lstrip().startswith("{")):
        return text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")
    envelope = parse_json(text, where="the envelope")
    return {"envelope": envelope} if isinstance(goal, MailGoal) else envelope
