"""Step 3, second half: the content against spam and virus scanners.

Scanning applies to a message when a matching enabled rule has ScanEnabled; a rule with it off sees DISABLED
[observed]. A scanner never refuses mail: its verdict is offered to the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter

from sesreceive.account.rule_set import ReceiptRule
from sesreceive.assumption import Assumptions
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.scanner import Finding, Scanner
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check, FindingFact
from sesreceive.trace.outline import Outline, Remembered, outlined
from sesreceive.verdict import Verdict, Verdicts

__all__ = ["ScanResults", "scan", "seen_by"]

# Of several findings on one subject the gravest counts.
_GRAVITY = (Verdict.FAIL, Verdict.PROCESSING_FAILED, Verdict.GRAY, Verdict.PASS, Verdict.DISABLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResults:
    """The spam and virus verdicts of one message.

    Attributes
    ----------
    spam, virus : Verdict
        ``DISABLED`` when scanning did not apply or no scanner looks for it.
    findings : tuple of Finding
        What each scanner said.
    """

    spam: Verdict = Verdict.DISABLED
    virus: Verdict = Verdict.DISABLED
    findings: tuple[Finding, ...] = ()
    events: Sequence[TraceEvent] = field(default=(), repr=False)


def scan(message: Message, envelope: Envelope, scanners: Iterable[Scanner], *, enabled: bool) -> ScanResults:
    """What the scanners find; without `enabled` none is asked.

    Examples
    --------
    >>> scan(Message(b""), Envelope(), (), enabled=False).spam.value
    'DISABLED'
    """
    if not enabled:
        names = tuple([scanner.name for scanner in scanners])
        return ScanResults(events=Deferred(Stage.SCANNING, _not_asked, names))
    findings: list[Finding] = []
    names_of: list[str] = []  # the scanner of each
    for scanner in scanners:
        for finding in scanner.scan(message, envelope):
            findings.append(finding)
            names_of.append(scanner.name)
    made = tuple(findings)
    return ScanResults(
        spam=_gravest(made, "spam"),
        virus=_gravest(made, "virus"),
        findings=made,
        events=Deferred(Stage.SCANNING, _events, made, tuple(names_of)),
    )


def _not_asked(names: Sequence[str]) -> tuple[TraceEvent, ...]:
    """Every scanner is passed over."""
    log = TraceLog(Stage.SCANNING)
    with log.within(Kind.STAGE, "scanning", "no matching rule has ScanEnabled, so the content is not scanned"):
        for name in names:
            log.add(Kind.CHECK, Op.SKIP, name, "scanning is off")
    return log.events()


def _events(findings: Sequence[Finding], names: Sequence[str]) -> tuple[TraceEvent, ...]:
    """What each scanner said."""
    log = TraceLog(Stage.SCANNING)
    with log.within(Kind.STAGE, "scanning", "a matching rule has ScanEnabled"):
        for finding, name in zip(findings, names, strict=True):
            op = Op.MATCH if finding.verdict is Verdict.PASS else Op.MISS
            fact = FindingFact(Check(finding.subject), finding.verdict, name)
            log.add(Kind.CHECK, op, str(finding.subject), finding.reason, fact=fact)
    return log.events()


# All that is known of a finding.
_FINDING = attrgetter(*(field.name for field in fields(Finding)))


def _outline(remembered: Remembered, findings: Sequence[Finding], names: Sequence[str]) -> Outline:
    """What a scanner says of one message it says of many."""
    return Outline((tuple(map(_FINDING, findings)), tuple(names)))


def _outline_not_asked(remembered: Remembered, names: Sequence[str]) -> Outline:
    return Outline(tuple(names))


outlined(_events, _outline)
outlined(_not_asked, _outline_not_asked)


def seen_by(rule: ReceiptRule, verdicts: Verdicts, assumptions: Assumptions) -> Verdicts:
    """The verdicts as a rule sees them: without ScanEnabled those of the scanners are DISABLED [observed].

    Examples
    --------
    >>> from sesreceive.assumption import Assumptions
    >>> clean = Verdicts(spam=Verdict.PASS, virus=Verdict.PASS)
    >>> seen_by(ReceiptRule(name="no-scan"), clean, Assumptions()).spam.value
    'DISABLED'
    """
    if rule.scan_enabled or assumptions.scan_scope != "per-rule":
        return verdicts
    return verdicts.unscanned


def _gravest(findings: Iterable[Finding], subject: str) -> Verdict:
    found = {finding.verdict for finding in findings if finding.subject == subject}
    if len(found) == 1:
        return found.pop()
    return next((verdict for verdict in _GRAVITY if verdict in found), Verdict.DISABLED)
