"""Step 3, first half: SPF on MAIL FROM, DKIM on every signature, DMARC on the author domain.

Always runs and never refuses mail; results are offered to the rules as verdicts [documented].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sesreceive.assumption import Assumptions
from sesreceive.auth import dkim, dmarc, spf
from sesreceive.auth.results import AuthenticationResults, DkimResult, DmarcResult, DnsQuestion, SpfResult
from sesreceive.auth.verdicts import verdicts_of
from sesreceive.dns.names import normalize
from sesreceive.dns.recording import Recording
from sesreceive.dns.resolver import Resolver
from sesreceive.errors import one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check, ResultFact

__all__ = ["AuthenticationDecision", "authenticate", "decided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationDecision:
    """What authentication found, and its part of the trace."""

    results: AuthenticationResults
    events: tuple[TraceEvent, ...] = ()


def authenticate(
    message: Message, envelope: Envelope, resolver: Resolver, now: float, assumptions: Assumptions | None = None
) -> AuthenticationDecision:
    r"""SPF, DKIM and DMARC of one message, with what was asked of DNS.

    Parameters
    ----------
    message : Message
        The message as it came.
    envelope : Envelope
        Client address, HELO and MAIL FROM.
    resolver : Resolver
        Where DNS answers come from; each question is asked once a message.
    now : float
        When the message came, in seconds since 1970.
    assumptions : Assumptions, optional
        Whose signatures the DKIM verdict looks at; only the trace is concerned.

    Returns
    -------
    AuthenticationDecision
        Its trace has one event for SPF, one for each signature (or one that there is none) and one for DMARC,
        each with the DNS questions it asked.

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> envelope = Envelope(client_ip="192.0.2.7", helo="mx.example.org", mail_from="ana@example.org")
    >>> zone = Zone({"example.org": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"}})
    >>> decision = authenticate(Message(b"From: ana@example.org\r\n\r\n"), envelope, zone, now=0)
    >>> [(event.subject, event.op.value) for event in decision.events]
    [('authentication', 'enter'), ('SPF', 'match'), ('DKIM', 'skip'), ('DMARC', 'miss')]
    """
    recording = Recording(resolver)
    with recording.asked_by("spf"):
        sender = spf.check_host(envelope.client_ip, envelope.mail_from, envelope.helo, recording, now=now)
    with recording.asked_by("dkim"):
        signatures = dkim.verify(message, recording, now)
    with recording.asked_by("dmarc"):
        policy = dmarc.evaluate(message, sender, signatures, recording)
    results = AuthenticationResults(spf=sender, dkim=signatures, dmarc=policy, questions=recording.questions)
    return decided(results, assumptions)


def decided(results: AuthenticationResults, assumptions: Assumptions | None = None) -> AuthenticationDecision:
    """The decision that has these results, such as those of an earlier run."""
    return AuthenticationDecision(results=results, events=_events(results, assumptions))


def _events(results: AuthenticationResults, assumptions: Assumptions | None) -> tuple[TraceEvent, ...]:
    log = TraceLog(Stage.AUTHENTICATION)
    verdicts = verdicts_of(results, assumptions=assumptions)
    summary = f"SPF {verdicts.spf}, DKIM {verdicts.dkim}, DMARC {verdicts.dmarc}"
    with log.within(Kind.STAGE, "authentication", f"the verdicts are {summary}", fact=verdicts):
        _add(log, Check.SPF, "SPF", results.spf, results.spf.domain, _asked(results.questions, "spf"))
        for number, signature in enumerate(results.dkim, start=1):
            subject = f"DKIM signature {number}" if len(results.dkim) > 1 else "DKIM signature"
            key = f"{signature.selector}._domainkey.{signature.domain}"
            _add(log, Check.DKIM, subject, signature, signature.domain, _asked(results.questions, "dkim", key))
        if not results.dkim:
            log.check(Check.DKIM, Op.SKIP, "the message carries no DKIM-Signature field")
        _add(log, Check.DMARC, "DMARC", results.dmarc, results.dmarc.domain, _asked(results.questions, "dmarc"))
    return log.events()


def _add(
    log: TraceLog,
    check: Check,
    subject: str,
    result: SpfResult | DkimResult | DmarcResult,
    domain: str,
    questions: tuple[str, ...],
) -> None:
    op = Op.MATCH if result.status == "pass" else Op.MISS
    reason = f"{result.status.value}: {result.reason}"
    log.add(Kind.CHECK, op, subject, reason, fact=ResultFact(check, result.status, domain, questions))


def _asked(questions: Iterable[DnsQuestion], check: str, name: str = "") -> tuple[str, ...]:
    return tuple(
        one_line(question)
        for question in questions
        if question.asked_by == check and (not name or question.name == normalize(name))
    )
