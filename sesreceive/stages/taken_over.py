"""What SES found out about a stored message when it received it: its results and verdicts, taken over."""

from __future__ import annotations

from dataclasses import dataclass

from sesreceive.auth.recorded import recorded_results
from sesreceive.auth.results import AuthenticationResults
from sesreceive.mail.ses_block import SesBlock
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.stages.scanning import ScanResults
from sesreceive.trace.events import Kind, Op, Stage, TraceLog
from sesreceive.trace.facts import Check, FindingFact
from sesreceive.verdict import Verdict

__all__ = ["TakenOver", "taken_over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """Results that are known before a message is received again; None where one is to be found out anew."""

    authentication: AuthenticationResults | None = None
    scan: ScanResults | None = None
    told: str = ""  # where the authentication results are from, for the trace


def taken_over(block: SesBlock) -> TakenOver:
    r"""The results that the header block of a stored message tells of.

    Examples
    --------
    >>> from sesreceive.mail.envelope import Envelope
    >>> block = SesBlock(raw=b"", envelope=Envelope(), message_id="7k3v", region="eu-west-1", spam="PASS", virus="FAIL")
    >>> known = taken_over(block)
    >>> known.authentication is None, known.scan.virus.value
    (True, 'FAIL')
    """
    results = recorded_results(block.authentication, block.envelope) if block.authentication else None
    return TakenOver(authentication=results, scan=_scan(block))


def _scan(block: SesBlock) -> ScanResults | None:
    try:
        said = {Subject.SPAM: Verdict(block.spam), Subject.VIRUS: Verdict(block.virus)}
    except ValueError:
        return None  # it was not scanned
    reason = "as SES wrote into the stored message"
    log = TraceLog(Stage.SCANNING)
    with log.within(Kind.STAGE, "scanning", "the verdicts of the stored message are taken over"):
        for subject, verdict in said.items():
            op = Op.MATCH if verdict is Verdict.PASS else Op.MISS
            log.add(Kind.CHECK, op, str(subject), reason, fact=FindingFact(Check(subject), verdict, "SES"))
    findings = tuple(Finding(subject, verdict, reason) for subject, verdict in said.items())
    return ScanResults(spam=said[Subject.SPAM], virus=said[Subject.VIRUS], findings=findings, events=log.events())
