"""Verdicts by script: what-if questions about spam and virus without making a message that is either."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.verdict import Verdict

__all__ = ["ScriptedScanner"]

_Answer = Verdict | str | Callable[[Message, Envelope], Verdict | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedScanner:
    r"""Gives the verdicts it was told, or those of a function of message and envelope.

    Examples
    --------
    >>> scanner = ScriptedScanner(spam=lambda message, envelope: "FAIL" if b"lottery" in message.raw else "PASS")
    >>> [finding.verdict.value for finding in scanner.scan(Message(b"\r\nlottery"), Envelope())]
    ['FAIL', 'PASS']
    """

    spam: _Answer = Verdict.PASS
    virus: _Answer = Verdict.PASS
    name: str = "scripted"

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding for spam and one for virus; a function that raises gives PROCESSING_FAILED."""
        for subject, answer in ((Subject.SPAM, self.spam), (Subject.VIRUS, self.virus)):
            try:
                verdict = Verdict(answer(message, envelope) if callable(answer) else answer)
            except Exception as error:  # noqa: BLE001 - whatever the script does, the mail is still received
                yield Finding(
                    subject, Verdict.PROCESSING_FAILED, f"the scanner failed: {type(error).__name__}: {error}"
                )
            else:
                yield Finding(subject, verdict, f"the script says {verdict}")
