"""What an exercise says to an answer: passed or not, why, and the mail that shows it; never what the answer is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sesreceive._html import details, escape, prose, table, ticked
from sesreceive.analysis.witness import Witness
from sesreceive.errors import one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.reception import Reception
from sesreceive.shown import Shown
from sesreceive.signs import NO, YES
from sesreceive.trace.html import trace_html
from sesreceive.trace.text import Explanation
from sesreceive.wording import count

__all__ = ["Finding", "PartResult", "Result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult(Shown):
    """What is said to one part of an answer that is graded in parts.

    Attributes
    ----------
    name : str
        The part.
    task : str
        What it asks for.
    passed : bool
        Whether the answer does it.
    message : str
        Why not; empty where it does.
    hint : str
        Where to look; empty where it does.
    witness : Witness or None
        The smallest mail that shows that it does not, where a mail shows it.
    """

    name: str
    task: str
    passed: bool
    message: str = ""
    hint: str = ""
    witness: Witness | None = None

    def __bool__(self) -> bool:
        """Whether the answer does it."""
        return self.passed

    def __repr__(self) -> str:
        """One line."""
        message = f"; {one_line(self.message, 300)}" if self.message else ""
        return f"<PartResult {one_line(self.name)}: {'passed' if self.passed else 'not yet'}{message}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Shown):
    """What a goal finds in an answer; `Exercise.check` makes a `Result` of it.

    Attributes
    ----------
    passed : bool
        Whether the answer is right.
    message : str
        What is not as the task asks for, as a sentence; empty where all is.
    witness : Witness or None
        The smallest mail that shows it.
    reception : Reception or None
        What the learner's own answer did with a mail that shows it.
    parts : tuple of PartResult
        The parts, of what is graded in parts.
    """

    passed: bool
    message: str = ""
    witness: Witness | None = None
    reception: Reception | None = None
    parts: tuple[PartResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Result(Shown):
    """What an exercise says to an answer; true in a condition if it passed.

    It holds the learner's answer at work and nothing of the solution, so it may be shown, sent and kept.

    Attributes
    ----------
    exercise : str
        Lesson and name of the exercise, such as ``order/stop``.
    passed : bool
        Whether the answer is right, all parts of it.
    message : str
        What is wrong with it, or that it is right, as a sentence.
    hint : str
        Where to look; empty where the answer is right, or wrong in a way that nobody has foreseen.
    witness : Witness or None
        For rules: the smallest mail that they treat otherwise than the task asks for.
    reception : Reception or None
        What became of such a mail by the learner's own answer; `explain` tells why.
    parts : tuple of PartResult
        The parts, of an exercise that is graded in parts.
    fact : str
        Once it is passed: what there was to learn, with how it is known and who says so.
    answered : bool
        Whether there was an answer at all.
    """

    exercise: str
    passed: bool
    message: str
    hint: str = ""
    witness: Witness | None = None
    reception: Reception | None = field(default=None, compare=False)
    parts: tuple[PartResult, ...] = ()
    fact: str = ""
    answered: bool = True

    def __bool__(self) -> bool:
        """Whether the answer is right."""
        return self.passed

    @property
    def score(self) -> float:
        """Between 0 and 1: the share of the parts that passed; of an exercise without parts 0 or 1."""
        if not self.parts:
            return float(self.passed)
        return sum(part.passed for part in self.parts) / len(self.parts)

    @property
    def mail(self) -> Message | None:
        """The mail that shows what is wrong; None where no mail does."""
        if self.reception is not None:
            return self.reception.message
        return None if self.witness is None else Message(self.witness.message)

    @property
    def envelope(self) -> Envelope | None:
        """The envelope of that mail."""
        if self.reception is not None:
            return self.reception.envelope
        return None if self.witness is None else self.witness.envelope

    def explain(self) -> Explanation | None:
        """Why the learner's own answer does with that mail what it does; None where no mail shows anything."""
        return None if self.reception is None else self.reception.explain()

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values that JSON has: for a grader, a file or a table."""
        envelope = self.envelope
        return {
            "exercise": self.exercise,
            "passed": self.passed,
            "score": self.score,
            "message": self.message,
            "hint": self.hint,
            "fact": self.fact,
            "mail": None if self.mail is None else self.mail.raw.decode("utf-8", "replace"),
            "envelope": None if envelope is None else envelope.to_json(),
            "parts": [
                {"name": part.name, "task": part.task, "passed": part.passed, "message": part.message}
                for part in self.parts
            ],
        }

    def __repr__(self) -> str:
        """One line: the exercise, whether it passed, and why not."""
        return f"<Result {one_line(self.exercise)}: {one_line(self._word)}; {one_line(self.message, 500)}>"

    @property
    def _word(self) -> str:
        if self.parts and not self.passed:
            return f"{sum(part.passed for part in self.parts)} of {count(len(self.parts), 'part')}"
        return "passed" if self.passed else "not yet"

    def _plain(self) -> str:
        """A line each: the message, the hint, the parts, the fact."""
        lines = [f"{YES if self.passed else NO} {one_line(self.exercise)}: {one_line(self.message, 2_000)}"]
        if self.hint:
            lines.append(f"hint: {one_line(self.hint, 2_000)}")
        for part in self.parts:
            what = one_line(part.task if part.passed else f"{part.task}: {part.message} {part.hint}".strip(), 2_000)
            lines.append(f"  {YES if part.passed else NO} {one_line(part.name)}: {what}")
        if self.fact:
            lines.append(one_line(self.fact, 2_000))
        return "\n".join(lines)

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()

    def _rich(self) -> str:
        parts = [f"<p><strong>{escape(self.exercise)}</strong> {ticked(self.passed, self._word)}</p>"]
        parts.append(f"<p>{prose(self.message)}</p>")
        if self.hint:
            parts.append(f"<p><em>hint</em>: {prose(self.hint)}</p>")
        if self.parts:
            rows = (
                (escape(one.name), prose(one.task), ticked(one.passed, "done" if one.passed else "not yet"), _why(one))
                for one in self.parts
            )
            parts.append(table(("part", "asks for", "", "what is wrong"), rows))
        if self.reception is not None:
            sentence = self.reception.decided.sentence
            told = trace_html(self.reception.trace, repr(self.reception)[1:-1], sentence, notes=self.reception.notes)
            parts.append(details("what your answer does with this mail, and why", told))
        if self.fact:
            parts.append(f'<p class="ses-note">{prose(self.fact)}</p>')
        return "".join(parts)


def _why(part: PartResult) -> str:
    return "<br>".join(prose(text) for text in (part.message, part.hint) if text)
