"""Verdicts by script: what-if questions about spam and virus without making a message that is either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.scanner import Finding, Scanner, Subject
from sesreceive.shown import Shown
from sesreceive.verdict import Verdict

__all__ = ["ForcedScanner", "ScriptedScanner"]

_Answer = Verdict | str | Callable[[Message, Envelope], Verdict | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedScanner(Shown):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedScanner:
    r"""Some verdicts by force, the others as they were found.

    Attributes
    ----------
    said : mapping of Subject to Verdict
        The verdicts by force.
    found : tuple of Finding
        What is known of the message.
    otherwise : tuple of Scanner
        Who is asked where nothing is known.

    Examples
    --------
    >>> from sesreceive.scan.markers import MarkerScanner
    >>> scanner = ForcedScanner(said={Subject.SPAM: Verdict.GRAY}, otherwise=(MarkerScanner(),))
    >>> [(one.subject.value, one.verdict.value) for one in scanner.scan(Message(b""), Envelope())]
    [('spam', 'GRAY'), ('virus', 'PASS')]
    """

    said: Mapping[Subject, Verdict]
    found: tuple[Finding, ...] = ()
    otherwise: tuple[Scanner, ...] = ()
    name: str = "forced"

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding a subject that is forced or known."""
        for subject, verdict in self.said.items():
            yield Finding(subject, verdict, f"{verdict} by force")
        found = self.found or (one for scanner in self.otherwise for one in scanner.scan(message, envelope))
        yield from (one for one in found if one.subject not in self.said)
