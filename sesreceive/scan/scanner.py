"""What a scanner is: a name, and a function of message and envelope to findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.verdict import Verdict

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
    """

    subject: Subject
    verdict: Verdict
    reason: str
    scope: str = ""


class Scanner(Protocol):
    """Anything that looks at a message; a dead engine is a ``PROCESSING_FAILED`` finding, never an exception."""

    @property
    def name(self) -> str:
        """What the trace calls it."""
        ...

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding for each subject the scanner looks for."""
        ...
