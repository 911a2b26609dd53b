"""Step 3, first half: SPF on MAIL FROM, DKIM on every signature, DMARC on the author domain.

Always runs and never refuses mail; results are offered to the rules as verdicts [documented].
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter

from sesreceive.assumption import Assumptions
from sesreceive.auth import arc, dkim, dmarc, spf
from sesreceive.auth.body_hashes import BodyHashes
from sesreceive.auth.remembered import Memory
from sesreceive.auth.results import (
    ArcResult,
    ArcStatus,
    AuthenticationResults,
    DkimResult,
    DmarcResult,
    DnsQuestion,
    Failure,
    SpfResult,
)
from sesreceive.auth.verdicts import verdicts_of
from sesreceive.dns.names import normalize
from sesreceive.dns.recorded_answers import Recorded
from sesreceive.dns.recording import Recording
from sesreceive.dns.resolver import Resolver
from sesreceive.errors import one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check, ResultFact
from sesreceive.trace.outline import Outline, Remembered, outlined

__all__ = ["SETTINGS", "AuthenticationDecision", "authenticate", "decided", "reread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationDecision:
    """What authentication found, and its part of the trace."""

    results: AuthenticationResults
    events: Sequence[TraceEvent] = ()


def authenticate(
    message: Message,
    envelope: Envelope,
    resolver: Resolver,
    now: float,
    assumptions: Assumptions | None = None,
    memory: Memory | None = None,
) -> AuthenticationDecision:
    r"""SPF, DKIM and DMARC of one message, with what was asked of DNS; ARC where the message has a chain.

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
        How the open points of SPF and DMARC are decided, and whose signatures the DKIM verdict looks at.
    memory : Memory, optional
        What earlier messages left: parsed records, SPF results while DNS answers alike. No result depends on it.

    Returns
    -------
    AuthenticationDecision
        Its trace has one event for SPF, one for each signature (or one that there is none) and one for DMARC,
        each with the DNS questions it asked; and one for ARC where the message has ARC fields.

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> envelope = Envelope(client_ip="192.0.2.7", helo="mx.example.org", mail_from="ana@example.org")
    >>> zone = Zone({"example.org": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"}})
    >>> decision = authenticate(Message(b"From: ana@example.org\r\n\r\n"), envelope, zone, now=0)
    >>> [(event.subject, event.op.value) for event in decision.events]
    [('authentication', 'enter'), ('SPF', 'match'), ('DKIM', 'skip'), ('DMARC', 'miss')]
    """
    recording, bodies = Recording(resolver), BodyHashes(message)
    memory = memory or Memory()
    with recording.asked_by("spf"):
        sender = spf.check_host(
            envelope.client_ip,
            envelope.mail_from,
            envelope.helo,
            recording,
            now=now,
            assumptions=assumptions,
            memory=memory,
        )
    with recording.asked_by("dkim"):
        signatures = dkim.verify(message, recording, now, memory=memory, bodies=bodies)
    with recording.asked_by("dmarc"):
        policy = dmarc.evaluate(message, sender, signatures, recording, assumptions=assumptions, memory=memory)
    with recording.asked_by("arc"):
        chain = arc.verify(message, recording, bodies)
    results = AuthenticationResults(
        spf=sender, dkim=signatures, dmarc=policy, questions=recording.later_questions, arc=chain
    )
    return decided(results, assumptions)


def decided(
    results: AuthenticationResults, assumptions: Assumptions | None = None, told: str = ""
) -> AuthenticationDecision:
    """The decision that has these results, such as those of an earlier run; `told` says where they are from."""
    events = Deferred(Stage.AUTHENTICATION, _events, results, assumptions, told)
    return AuthenticationDecision(results=results, events=events)


# What of the open points SPF and DMARC results follow from; the verdicts are made anew each time.
SETTINGS = ("spf_void_lookups", "spf_ptr_errors", "dmarc_discovery")


def reread(
    known: AuthenticationResults,
    message: Message,
    envelope: Envelope,
    now: float,
    *,
    before: Assumptions,
    after: Assumptions,
) -> AuthenticationDecision:
    """The decision of an earlier run, under another reading of the open points.

    Where the reading of SPF or DMARC differs, both are evaluated again by the DNS answers of the earlier run. A reading
    that would have asked something else cannot be known from them; then the earlier results stay.
    """
    if all(getattr(before, name) == getattr(after, name) for name in SETTINGS):
        return decided(known, after)
    recorded = Recorded(known.questions)
    sender = spf.check_host(envelope.client_ip, envelope.mail_from, envelope.helo, recorded, now=now, assumptions=after)
    policy = dmarc.evaluate(message, sender, known.dkim, recorded, assumptions=after)
    return decided(known if recorded.missing else replace(known, spf=sender, dmarc=policy), after)


def _events(results: AuthenticationResults, assumptions: Assumptions | None, told: str = "") -> tuple[TraceEvent, ...]:
    log = TraceLog(Stage.AUTHENTICATION)
    verdicts = verdicts_of(results, assumptions=assumptions)
    summary = f"SPF {verdicts.spf}, DKIM {verdicts.dkim}, DMARC {verdicts.dmarc}"
    taken_over = f"; {told}" if told else ""
    with log.within(Kind.STAGE, "authentication", f"the verdicts are {summary}{taken_over}", fact=verdicts):
        _add(log, Check.SPF, "SPF", results.spf, results.spf.domain, _asked(results.questions, "spf"))
        for number, signature in enumerate(results.dkim, start=1):
            subject = f"DKIM signature {number}" if len(results.dkim) > 1 else "DKIM signature"
            if not signature.is_signature:
                why = signature.reason if signature.failure is Failure.SYNTAX else "it has no `d=` that names a domain"
                reason = f"the field is no signature and counts as if it were not there: {why}"
                fact = ResultFact(Check.DKIM, signature.status, failure=signature.failure)
                log.add(Kind.CHECK, Op.SKIP, subject, reason, fact=fact)
                continue
            key = f"{signature.selector}._domainkey.{signature.domain}"
            _add(log, Check.DKIM, subject, signature, signature.domain, _asked(results.questions, "dkim", key))
        if not results.dkim:
            log.check(Check.DKIM, Op.SKIP, "the message carries no DKIM-Signature field")
        _add(log, Check.DMARC, "DMARC", results.dmarc, results.dmarc.domain, _asked(results.questions, "dmarc"))
        if results.arc is not None:
            status, reason = results.arc.status, _chain(results.arc, results)
            fact = ResultFact(Check.ARC, status, questions=_asked(results.questions, "arc"))
            op = Op.MATCH if status is ArcStatus.PASS else Op.MISS
            log.add(Kind.CHECK, op, "ARC", f"{status.value}: {reason}", fact=fact)
    return log.events()


# All that is known of each result: what an event says, and the verdicts, follow from it.
_SPF, _DKIM, _DMARC = (
    attrgetter(*(field.name for field in fields(kind))) for kind in (SpfResult, DkimResult, DmarcResult)
)


def _outline(
    remembered: Remembered, results: AuthenticationResults, assumptions: Assumptions | None, told: str = ""
) -> Outline | None:
    """Most mail of a domain has the results of its other mail; what was asked of DNS for them is a fact."""
    if results.arc is not None:
        return None
    signatures = tuple([_DKIM(one) for one in results.dkim])
    return Outline((_SPF(results.spf), signatures, _DMARC(results.dmarc), id(assumptions), told))


outlined(_events, _outline)


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
    failure = result.failure if isinstance(result, DkimResult) else None
    log.add(Kind.CHECK, op, subject, reason, fact=ResultFact(check, result.status, domain, questions, failure))


def _chain(chain: ArcResult, results: AuthenticationResults) -> str:
    """What the chain explains of the other results; SES looks at none of it [observed]."""
    if chain.status is not ArcStatus.PASS or not chain.sets:
        return chain.reason
    first = chain.sets[0]
    passed = {method for method, result in first.results if result == "pass"}
    here = {
        "SPF": results.spf.status.value == "pass",
        "DKIM": any(one.status.value == "pass" for one in results.dkim),
        "DMARC": results.dmarc.status.value == "pass",
    }
    lost = [name for name, passes in here.items() if not passes and name.lower() in passed]
    if not lost:
        return f"{chain.reason}; no verdict follows from it"
    names = f"{', '.join(lost[:-1])} and {lost[-1]} do" if len(lost) > 1 else f"{lost[0]} does"
    verb = "they" if len(lost) > 1 else "it"
    return (
        f"{names} not pass here because the message was forwarded; the chain says {verb} passed at "
        f"`{one_line(first.authserv_id, 80)}`, and {chain.reason}; no verdict follows from it"
    )


def _asked(questions: Iterable[DnsQuestion], check: str, name: str = "") -> tuple[str, ...]:
    return tuple(
        one_line(question)
        for question in questions
        if question.asked_by == check and (not name or question.name == normalize(name))
    )
