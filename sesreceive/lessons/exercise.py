"""An exercise: a task, what to start from, and a goal that an answer is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sesreceive._html import details, escape, fact, prose
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.lessons.goal import Goal
from sesreceive.lessons.result import Result
from sesreceive.shown import Shown
from sesreceive.wording import expected

if TYPE_CHECKING:
    from sesreceive.lessons.progress import ProgressFile
    from sesreceive.ui.exercise_form import ExerciseForm

__all__ = ["Exercise", "Mistake"]


@dataclass(frozen=True, slots=True)
class Mistake(Shown):
    """A wrong answer that people give, and what helps them; known by what it does, however it is written.

    Attributes
    ----------
    answer : Any
        The answer.
    hint : str
        Where to look; not what the answer is.
    """

    answer: Any
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Exercise(Shown):
    """A task that checks its answers.

    Attributes
    ----------
    name : str
        Lower case words with hyphens; unique in its lesson.
    task : str
        What is to be done, as a learner reads it.
    goal : Goal
        What a right answer is. Not for learners.
    mistakes : tuple of Mistake
        Wrong answers that people give. A goal with choices has more of its own.
    start : Any
        What to begin from: an account, a message, a zone, an envelope; None where there is nothing.
    fact : str
        What there is to learn; told once it is passed.
    tag : str
        How that is known: ``documented``, ``observed``, ``assumed``, or ``standard`` for an RFC.
    source : str
        Who says so.
    also : tuple
        Further right answers, which the tests hold against the goal.
    lesson : str
        The lesson it is in; `load` fills it in.
    """

    name: str
    task: str
    goal: Goal = field(repr=False)
    mistakes: tuple[Mistake, ...] = ()
    start: Any = None
    fact: str = ""
    tag: str = "documented"
    source: str = ""
    also: tuple[Any, ...] = ()
    lesson: str = ""

    @property
    def id(self) -> str:
        """Lesson and name, such as ``order/stop``."""
        return f"{self.lesson}/{self.name}" if self.lesson else self.name

    @property
    def choices(self) -> Mapping[str, str]:
        """Letter to sentence, of a question with choices; else empty."""
        return self.goal.choices

    def check(self, answer: Any, progress: ProgressFile | None = None) -> Result:
        """What is to be said to an answer; it is written down where `progress` is given.

        Parameters
        ----------
        answer : Any
            What the task asks for. Of the wrong kind, it does not pass and the message says what was expected.
        progress : ProgressFile, optional
            Where it is kept that it was tried, and passed.

        Examples
        --------
        >>> import sesreceive as ses
        >>> exercise = ses.lessons.exercise("order/bounce")
        >>> exercise.check(42).message
        'expected `a`, `b`, `c` or `d` but got `42`'
        """
        if progress is not None and not callable(getattr(progress, "keep", None)):
            raise InputError(f"progress: {expected('a ProgressFile', progress)}")
        result = self._checked(answer)
        if progress is not None:
            progress.keep(result)
        return result

    def _checked(self, answer: Any) -> Result:
        try:
            value = self.goal.read(answer)
            finding = self.goal.finding(value)
        except SesReceiveError as error:
            return Result(exercise=self.id, passed=False, message=one_line(error, 1_000))
        if finding.passed:
            return Result(exercise=self.id, passed=True, message="right", parts=finding.parts, fact=self._sourced_fact)
        return Result(
            exercise=self.id,
            passed=False,
            message=finding.message,
            hint=self._hint(value),
            witness=finding.witness,
            reception=finding.reception,
            parts=finding.parts,
        )

    def _hint(self, value: Any) -> str:
        """The hint of the mistake that this is: one written alike, or one that comes to the same."""
        known = [(self.goal.read(one.answer), one.hint) for one in self.wrong]
        mine = self.goal.plain(value)
        alike = (hint for mistake, hint in known if self.goal.plain(mistake) == mine)
        return next(alike, "") or next((hint for mistake, hint in known if self.goal.same(value, mistake)), "")

    @property
    def _sourced_fact(self) -> str:
        known = ", ".join(filter(None, (self.tag, self.source)))
        return f"{self.fact} ({known})" if self.fact else ""

    @property
    def wrong(self) -> tuple[Mistake, ...]:
        """Wrong answers with the hint that each gets; for tests and teachers."""
        return (*(Mistake(answer, reason) for answer, reason in self.goal.reasons.items()), *self.mistakes)

    def plain(self, answer: Any) -> Any:
        """An answer as values that JSON has, to hand in; `check` takes them.

        Raises
        ------
        InputError
            When it is the wrong kind of answer.
        """
        if callable(answer):
            raise InputError(f"{self.id}: a function is no plain value; it is graded where it was written")
        return self.goal.plain(self.goal.read(answer))

    def form(self, progress: ProgressFile | None = None) -> ExerciseForm:
        """The exercise as a form for a notebook: choices or a text, a button, and what is said to the answer.

        Raises
        ------
        MissingExtraError
            When ipywidgets is not installed.
        """
        from sesreceive.ui.exercise_form import ExerciseForm

        return ExerciseForm(self, progress)

    def __repr__(self) -> str:
        """One line: lesson, name and the beginning of the task."""
        return f"<Exercise {one_line(self.id)}: {one_line(' '.join(self.task.split()), 100)}>"

    def _plain(self) -> str:
        """The task and the choices."""
        lines = [one_line(self.id), *(one_line(line, 2_000) for line in self.task.strip().splitlines())]
        lines.extend(f"  {letter}) {one_line(text, 500)}" for letter, text in self.choices.items())
        if not self.choices:
            lines.append(f"give {one_line(self.goal.wants, 300)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()

    def _task(self) -> str:
        """The task and what to start from, without how it is answered."""
        tasks = "".join(f"<p>{prose(line)}</p>" for line in self.task.strip().split("\n\n"))
        return f"<p><strong>{escape(self.id)}</strong></p>{tasks}{_begin(self.start)}"

    def _rich(self) -> str:
        choices = "".join(f"<li><code>{escape(key)}</code> {prose(text)}</li>" for key, text in self.choices.items())
        choices = f"<ul>{choices}</ul>" if choices else f'<p class="ses-note">give {prose(self.goal.wants)}</p>'
        return self._task() + choices


def _begin(start: Any) -> str:
    """What to start from, folded."""
    if start is None:
        return ""
    rich = start._rich() if isinstance(start, Shown) else f"<p>{fact(start)}</p>"
    if isinstance(start, str | bytes):
        text = start if isinstance(start, str) else start.decode("utf-8", "replace")
        rich = f"<pre>{'<br>'.join(escape(line) for line in text.splitlines())}</pre>"
    return details("start", rich)
