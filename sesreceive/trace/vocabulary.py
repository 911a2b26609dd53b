"""The words of a trace: what steps and kinds are called, and how each outcome is marked and said, in one table.

Text, HTML, tables, pictures and widgets all take title, mark, tone and word from here, so that one thing looks and
reads alike wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from sesreceive import signs
from sesreceive.signs import NO, YES
from sesreceive.trace.events import Kind, Op, Stage

__all__ = [
    "AHEAD",
    "COUNTED",
    "NEVER",
    "NOT_NAMED",
    "NOT_REACHED",
    "NOW",
    "STEPS",
    "TITLES",
    "Step",
    "Term",
    "Tone",
    "cell_mark",
    "result",
    "term",
]


class Tone(StrEnum):
    """What an outcome feels like; the class of its colour in HTML. The word says the same without colour."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    NOTE = "note"


class Step(NamedTuple):
    """A step as the Developer Guide counts them, 0 for what it does not count, and what it looks at."""

    number: int
    title: str

    def named(self, what: str = "") -> str:
        """The step as a line begins: by its title, or by another word for a step that has a number.

        Examples
        --------
        >>> STEPS[Stage.FILTERING].named(), STEPS[Stage.FILTERING].named("filtering"), STEPS[Stage.BODY].named("body")
        ('step 1, IP filters', 'step 1, filtering', 'the message')
        """
        return f"step {self.number}, {what or self.title}" if self.number else self.title


class Term(NamedTuple):
    """How one outcome is shown.

    Attributes
    ----------
    mark : str
        One character for the eye.
    tone : Tone
        Its colour, where there are colours.
    short : str
        The word of columns and of the tables' cells, at most eight letters.
    word : str
        The word of sentences and pictures.
    verb : str
        What a rule does, as the end of a sentence.
    """

    mark: str
    tone: Tone
    short: str
    word: str
    verb: str = ""


# Checking identity and content is one step ("Email receiving concepts").
STEPS: Mapping[Stage, Step] = {
    Stage.FILTERING: Step(1, "IP filters"),
    Stage.SENDER: Step(0, "MAIL FROM"),
    Stage.RECIPIENTS: Step(2, "recipients"),
    Stage.BODY: Step(0, "the message"),
    Stage.AUTHENTICATION: Step(3, "authentication"),
    Stage.SCANNING: Step(3, "content scanning"),
    Stage.EVALUATION: Step(4, "receipt rules"),
}

TITLES: Mapping[Kind, str] = {
    Kind.STAGE: "step",
    Kind.FILTER: "filter",
    Kind.PROVIDER_LIST: "provider list",
    Kind.RECIPIENT: "recipient",
    Kind.RULE: "rule",
    Kind.CONDITION: "condition",
    Kind.CHECK: "check",
    Kind.ACTION: "action",
    Kind.EFFECT: "effect",
}

_GOOD, _BAD, _WARN, _NOTE = Tone

# By kind and op; None stands for every kind that has no row of its own.
_TERMS: Mapping[tuple[Kind | None, Op], Term] = {
    (None, Op.ENTER):           Term(signs.SEEN, _NOTE, "enter",    "looked at"),
    (None, Op.EXIT):            Term(signs.SEEN, _NOTE, "exit",     "left"),
    (None, Op.MATCH):           Term(YES, _GOOD, "match",    "match"),
    (None, Op.MISS):            Term(NO,  _NOTE, "miss",     "no match"),
    (None, Op.SKIP):            Term(signs.NONE, _NOTE, "skip",     "not looked at"),
    (None, Op.EFFECT):          Term(signs.DOES, _GOOD, "effect",   "done"),
    (None, Op.FAIL):            Term(signs.FAILS, _BAD,  "fail",     "failed"),
    (None, Op.STOP):            Term(signs.STOPS, _WARN, "stop",     "done, ends here"),
    (Kind.RECIPIENT, Op.MATCH): Term(YES, _GOOD, "accepted", "accepted"),
    (Kind.RECIPIENT, Op.MISS):  Term(NO,  _BAD,  "refused",  "refused"),
    (Kind.RULE, Op.MATCH):      Term(YES, _GOOD, "match",    "fired",                   "fires"),
    (Kind.RULE, Op.MISS):       Term(NO,  _NOTE, "miss",     "no match",                "does not match"),
    (Kind.RULE, Op.SKIP):       Term(signs.NONE, _NOTE, "skip",     "not looked at",           "is not looked at"),
    (Kind.RULE, Op.STOP):       Term(signs.STOPS, _WARN, "stop",     "fired, ends the set"),
    (Kind.RULE, Op.FAIL):       Term(signs.FAILS, _BAD,  "fail",     "fired, an action failed"),
    (Kind.CHECK, Op.MATCH):     Term(YES, _GOOD, "yes",      "yes"),
    (Kind.CHECK, Op.MISS):      Term(NO,  _NOTE, "no",       "no"),
    (Kind.CHECK, Op.SKIP):      Term(signs.NONE, _NOTE, "skip",     "none"),
    (Kind.ACTION, Op.SKIP):     Term(signs.NONE, _NOTE, "skip",     "not run"),
}  # fmt: skip

# What several of a kind come to, where a run of them is counted.
COUNTED: Mapping[tuple[Kind | None, Op], str] = {
    (None, Op.MISS): "miss",
    (None, Op.SKIP): "are skipped",
    (Kind.RECIPIENT, Op.MATCH): "are accepted",
    (Kind.RECIPIENT, Op.MISS): "are refused",
}

# Results of the RFCs and verdicts of SES, in lower case.
_RESULTS: Mapping[str, Term] = {
    word: Term(mark, tone, word, word)
    for mark, tone, words in (
        (YES, _GOOD, ("pass",)),
        (NO, _BAD, ("fail",)),
        (signs.FAILS, _WARN, ("temperror", "permerror", "processing_failed")),
        (signs.OPEN, _NOTE, ("neutral", "softfail", "gray")),
        (signs.NONE, _NOTE, ("none", "disabled")),
    )
    for word in words
}

# What is not known yet at a moment of the way.
NOW = Term(signs.NOW, _WARN, "now", "looked at now")
AHEAD = Term(signs.AHEAD, _NOTE, "ahead", "not yet")
NOT_NAMED = Term(signs.AHEAD, _NOTE, "ahead", "not named yet")
NOT_REACHED = Term(signs.AHEAD, _NOTE, "ahead", "not reached yet")
NEVER = Term(signs.AHEAD, _NOTE, "never", "never reached")


def term(kind: Kind | None, op: Op) -> Term:
    """How an outcome of that kind is shown.

    Examples
    --------
    >>> term(Kind.RECIPIENT, Op.MISS).word, term(Kind.FILTER, Op.MISS).word
    ('refused', 'no match')
    """
    return _TERMS.get((kind, op)) or _TERMS[None, op]


def result(word: str) -> Term:
    """How a result of SPF, DKIM or DMARC, or a verdict, is shown; the word is kept as it is.

    Examples
    --------
    >>> result("permerror").mark, result("GRAY").mark, result("PASS").word
    ('!', '○', 'PASS')
    """
    return _RESULTS.get(word.lower(), _RESULTS["none"])._replace(short=word, word=word)


def cell_mark(op: Op | str) -> str:
    """The mark of a cell of the matrix; most of one is misses, so they are a dot there and the rest stands out.

    Examples
    --------
    >>> cell_mark(Op.MATCH), cell_mark("miss"), cell_mark("")
    ('✓', '·', ' ')
    """
    if not op:
        return " "
    return "·" if op == Op.MISS else term(None, Op(op)).mark
