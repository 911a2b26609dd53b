"""One message out of the tables of a replay, judged again: one of the same size with its subject stands in its place.

SPF, DKIM, DMARC and the scanners are not asked: their verdicts are taken over, and so is what functions answered and
which effects failed. What the tables do not tell is PROCESSING_FAILED, with that reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sesreceive.auth.dmarc import organizational_domain
from sesreceive.auth.forced import forced
from sesreceive.auth.results import (
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcPolicy,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.effects import Effect, Outcome
from sesreceive.errors import one_line
from sesreceive.mail.address import domain_of
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.stages.scanning import ScanResults
from sesreceive.stages.taken_over import TakenOver
from sesreceive.verdict import Verdict

__all__ = ["SAYS", "Place", "ReceivedRow", "Silent"]

SAYS = "as the table of the replay says"
_SILENT = "the table of the replay does not tell, and the message is not in it"
# Beyond this a stand-in is no longer: every limit but that of a whole message is below it.
_LONGEST = 1_000_000
_NO_ID = "0" * 40
_DONE = Outcome()

# Rule, position of the action in it, and operation.
Place: TypeAlias = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class ReceivedRow:
    """What the tables tell of one message.

    Attributes
    ----------
    cells : mapping of str to object
        Its row of the table of messages; what is missing is None.
    recipients : tuple of str
        Who was named.
    outcomes : mapping of Place to Outcome
        What did not simply succeed.
    """

    cells: Mapping[str, Any]
    recipients: tuple[str, ...]
    outcomes: Mapping[Place, Outcome]

    @property
    def envelope(self) -> Envelope:
        """What the session said.

        Raises
        ------
        InputError
            When no session could say it.
        """
        cells = self.cells
        return Envelope(
            client_ip=cells["client_ip"] or "",
            helo=cells["helo"] or "localhost",
            mail_from=cells["mail_from"] or "",
            rcpt_to=self.recipients,
            tls=bool(cells["tls"]),
            received_at=cells["received_at"],
        )

    def under(self, receiver: Receiver) -> Reception:
        """What becomes of it in the account of a receiver, whose backend is another one behind it."""
        cells, envelope = self.cells, self.envelope
        size = int(cells["size_bytes"])
        header = f"Subject: {one_line(cells['subject'], 200)}\r\n\r\n".encode("utf-8", "replace")
        raw = (header + b"x" * max(0, min(size, _LONGEST) - len(header)))[:size]
        receiver.backend = _Remembered(self.outcomes)
        drawn = cells["message_id"] or _NO_ID, 0.0
        submission = receiver.submit(Message(raw, size_bytes=size), envelope, name=cells["message"], drawn=drawn)
        return receiver.process(
            submission, known=TakenOver(authentication=_results(cells, envelope), scan=_scan(cells))
        )


@dataclass(frozen=True, slots=True)
class Silent:
    """A scanner that has no message to look at."""

    name: str = "tables"

    def scan(self, message: Message, envelope: Envelope) -> Iterator[Finding]:
        """That nothing is known."""
        for subject in Subject:
            yield Finding(subject, Verdict.PROCESSING_FAILED, _SILENT)


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A backend in which each effect comes to what it came to in the replay; new ones succeed."""

    outcomes: Mapping[Place, Outcome]

    def perform(self, effect: Effect) -> Outcome:
        """The outcome."""
        return self.outcomes.get((effect.rule, effect.action, effect.operation), _DONE)


def _results(cells: Mapping[str, Any], envelope: Envelope) -> AuthenticationResults:
    """The results that lead to the verdicts in the table."""
    domain = domain_of(envelope.mail_from)
    known = bool(cells["spf"])
    reason = SAYS if known else _SILENT
    spf = SpfResult(
        status=SpfStatus(cells["spf_result"] or "temperror") if known else SpfStatus.TEMPERROR,
        domain=domain,
        envelope_from=envelope.mail_from or f"postmaster@{envelope.helo}",
        client_ip=envelope.client_ip,
        helo=envelope.helo,
        reason=reason,
    )
    # The author is not in the table; a name that nobody has lets the verdict stand for some author's signature.
    author = domain or "author.invalid"
    policy = DmarcPolicy(cells["dmarc_policy"]) if cells["dmarc_policy"] else None
    dmarc = DmarcResult(
        status=DmarcStatus.NONE if known else DmarcStatus.TEMPERROR,
        domain=author,
        organizational_domain=organizational_domain(author),
        policy=policy,
        reason=reason,
    )
    failed = (DkimResult(status=DkimStatus.TEMPERROR, domain=author, identity=f"@{author}", reason=reason),)
    results = AuthenticationResults(spf=spf, dkim=() if known else failed, dmarc=dmarc)
    if not known:
        return results
    return forced(
        results, spf=cells["spf"], dkim=cells["dkim"], dmarc=cells["dmarc"], dmarc_policy=cells["dmarc_policy"] or ""
    )


def _scan(cells: Mapping[str, Any]) -> ScanResults | None:
    """What the scanners found; None where nothing was scanned."""
    if not cells["spam"] or Verdict.DISABLED in (cells["spam"], cells["virus"]):
        return None
    spam, virus = Verdict(cells["spam"]), Verdict(cells["virus"])
    findings = (Finding(Subject.SPAM, spam, SAYS), Finding(Subject.VIRUS, virus, SAYS))
    return ScanResults(spam=spam, virus=virus, findings=findings)
