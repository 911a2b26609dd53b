"""What a scanner is: a name, and a function of message and envelope to findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sesreceive.errors import InputError
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.verdict import Verdict
from sesreceive.wording import wrong_kind

__all__ = ["Finding", "Scanner", "Subject"]


class Subject(StrEnum):
    """What a finding is about; the first part of the names ``spamVerdict`` and ``virusVerdict``."""

    SPAM = "spam"
    VIRUS = "virus"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scanner says about one subject, and because of what.

    Attributes
    ----------
    scope : str
        What of the subject the scanner looks for, as a sentence, where that is not all of it: every report says so
        first.

    Raises
    ------
    InputError
        When a part is of another kind: what a scanner says is read by rules, and stands in headers and tables.

    Examples
    --------
    >>> Finding(Subject.SPAM, Verdict.FAIL, "a score of 7.5").verdict.value
    'FAIL'
    >>> Finding(Subject.SPAM, Verdict.FAIL, 7.5)
    Traceback (most recent call last):
        ...
    sesreceive.errors.InputError: a finding's reason: expected text but got the number `7.5`
    """

    subject: Subject
    verdict: Verdict
    reason: str
    scope: str = ""

    def __post_init__(self) -> None:
        for name, kind, what in _PARTS:
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise InputError(f"a finding's {name}: {wrong_kind(what, value)}")


# Of each part of a finding what it has to be.
_PARTS: tuple[tuple[str, type, str], ...] = (
    ("subject", Subject, "`Subject.SPAM` or `Subject.VIRUS`"),
    ("verdict", Verdict, "a `Verdict`"),
    ("reason", str, "text"),
    ("scope", str, "text"),
)


class Scanner(Protocol):
    """Anything that looks at a message; a dead engine is a ``PROCESSING_FAILED`` finding, never an exception."""

    @property
    def name(self) -> str:
        """What the trace calls it."""
        ...

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding for each subject the scanner looks for."""
        ...
