"""DMARC (RFC 7489): what the author domain asks for, and whether SPF or DKIM passed for it.

RFC 9989 has replaced RFC 7489; the public behaviour of SES still shows the older one (policy discovery by
organisational domain, no tree walk), so that is what is evaluated unless a setting says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sesreceive.assumption import Assumptions
from sesreceive.auth.author import Author
from sesreceive.auth.domains import published_domain
from sesreceive.auth.organization import Discovery, NotAnswered, SuffixList, TreeWalk, organizational_domain
from sesreceive.auth.policy_record import DmarcRecord
from sesreceive.auth.remembered import Memory, Noting, are_small, still_hold
from sesreceive.auth.results import (
    DkimResult,
    DkimStatus,
    DmarcPolicy,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.dns.resolver import Resolver
from sesreceive.errors import one_line
from sesreceive.mail.address import domain_of
from sesreceive.mail.message import Message

__all__ = ["DmarcRecord", "evaluate", "organizational_domain"]

# RFC 7489 section 6.6.1 has every domain of a From field evaluated and names no limit; we choose.
MAX_AUTHOR_DOMAINS = 10

# Where several author domains fail, the strictest policy counts (section 6.6.1).
_STRICTNESS = (None, DmarcPolicy.NONE, DmarcPolicy.QUARANTINE, DmarcPolicy.REJECT)
_WORST_FIRST = (DmarcStatus.FAIL, DmarcStatus.TEMPERROR, DmarcStatus.PERMERROR, DmarcStatus.PASS, DmarcStatus.NONE)


# A message with more signatures is none of the kind that comes again.
_MAX_KEPT_SIGNATURES = 5

_DEFAULT = Assumptions()


def evaluate(
    message: Message,
    spf: SpfResult,
    dkim: Sequence[DkimResult],
    resolver: Resolver,
    *,
    assumptions: Assumptions | None = None,
    memory: Memory | None = None,
) -> DmarcResult:
    r"""Whether the message may say it is from its author domain; a result for every message, never an error.

    A From field with several domains is evaluated for each, and the worst result counts, with the strictest
    policy (RFC 7489 section 6.6.1). Several From fields are a ``permerror``: RFC 5322 forbids them and section
    6.6.1 expects them to be refused. Without a domain there is nothing to evaluate: ``none`` (section 11.2).

    Parameters
    ----------
    message : Message
        Its From field has the author domain.
    spf : SpfResult
        Its identity is the domain of MAIL FROM, or of HELO for the null sender (section 4.1).
    dkim : sequence of DkimResult
        One a signature.
    resolver : Resolver
        Where the policies are.
    assumptions : Assumptions, optional
        How policies and organisational domains are found.
    memory : Memory, optional
        Records that earlier messages have led to.

    Examples
    --------
    >>> from sesreceive.auth.results import SpfResult, SpfStatus
    >>> from sesreceive.dns.zone import Zone
    >>> spf = SpfResult(status=SpfStatus.PASS, domain="bounce.example.net", envelope_from="b@bounce.example.net",
    ...                 client_ip="192.0.2.1", helo="mx.example.net")
    >>> result = evaluate(Message(b"From: ana@example.org\r\n\r\n"), spf, (),
    ...                   Zone({"_dmarc.example.org": {"TXT": "v=DMARC1; p=reject"}}))
    >>> result.status.value, result.policy.value
    ('fail', 'reject')
    >>> print(result.reason)
    SPF passed for `bounce.example.net`, which is not aligned with `example.org`; there is no DKIM signature

    References
    ----------
    RFC 7489 sections 3, 6.3 and 6.6; RFC 9989 section 4.10.
    """
    walks = (assumptions or _DEFAULT).dmarc_discovery == "tree-walk"
    memory = memory or Memory()
    author = Author.of(message, memory)
    first = author.domains[0] if author.domains else ""
    if author.fields > 1:
        return _without_policy(
            DmarcStatus.PERMERROR, first, f"the message has {author.fields} From fields (RFC 7489 section 6.6.1)"
        )
    if not author.domains:
        return _without_policy(DmarcStatus.NONE, "", f"{author.problem} (RFC 7489 section 11.2)")
    if len(author.domains) > MAX_AUTHOR_DOMAINS:
        many = f"the From field names {len(author.domains)} domains, more than {MAX_AUTHOR_DOMAINS}"
        return _without_policy(DmarcStatus.PERMERROR, first, f"{many} (RFC 7489 section 6.6.1)")
    results = [_evaluate_domain(domain, spf, dkim, resolver, memory, walks) for domain in author.domains]
    if len(results) == 1:
        return results[0]
    worst = min(results, key=lambda one: (_WORST_FIRST.index(one.status), -_STRICTNESS.index(one.policy)))
    return replace(worst, reason=f"of {len(results)} author domains `{worst.domain}` decides: {worst.reason}")


# ------------------------------------------------------------------------ one author domain


def _without_policy(status: DmarcStatus, domain: str, reason: str) -> DmarcResult:
    org = organizational_domain(domain) if domain else ""
    return DmarcResult(status=status, domain=domain, organizational_domain=org, reason=reason)


def _evaluate_domain(
    domain: str, spf: SpfResult, dkim: Sequence[DkimResult], resolver: Resolver, memory: Memory, walks: bool
) -> DmarcResult:
    """The result for one author domain: that of an earlier message, where all that it follows from is alike."""
    signatures = [one for one in dkim if one.is_signature]
    key = (domain, walks, spf.status, domain_of(spf.envelope_from), *[(one.status, one.domain) for one in signatures])
    known = memory.judged.get(key)
    if known is not None and still_hold(known[1], resolver):
        return known[0]
    noting = Noting(resolver)
    discovery = (TreeWalk if walks else SuffixList)(noting, memory)
    try:
        result = _judged(domain, spf, signatures, discovery)
    except NotAnswered as failed:
        result = _without_policy(DmarcStatus.TEMPERROR, domain, f"{failed} (RFC 7489 section 11.2)")
    answers = tuple(noting.answers)
    if len(signatures) <= _MAX_KEPT_SIGNATURES and are_small(answers):
        memory.judged.keep(key, (result, answers))
    return result


def _judged(domain: str, spf: SpfResult, dkim: Sequence[DkimResult], discovery: Discovery) -> DmarcResult:
    published = discovery.policy(domain)
    if isinstance(published, str):
        return _without_policy(DmarcStatus.NONE, domain, published)
    record = published.record
    if not isinstance(record, DmarcRecord):
        unread = _without_policy(DmarcStatus.PERMERROR, domain, f"the record of `{published.at}` {record}")
        return replace(unread, record=published.text)
    alignment = _Alignment(domain, discovery)
    spf_domain = published_domain(domain_of(spf.envelope_from)) or ""
    spf_fits = alignment.fits(spf_domain, strict=record.strict_spf)
    fitting = [one for one in dkim if alignment.fits(one.domain, strict=record.strict_dkim)]
    signed = next((one for one in fitting if one.status is DkimStatus.PASS), None)
    passed = [f"SPF passed for `{spf_domain}`"] if spf_fits and spf.status is SpfStatus.PASS else []
    spf_aligned = bool(passed)
    if signed is not None:
        passed.append(f"a DKIM signature of `{signed.domain}` passed")
    if passed:
        status, reason = DmarcStatus.PASS, f"{' and '.join(passed)}, aligned with `{domain}`"
    else:
        # Section 6.6.2: who could not be asked has not failed.
        waiting = (spf_fits and spf.status is SpfStatus.TEMPERROR) or any(
            one.status is DkimStatus.TEMPERROR for one in fitting
        )
        status = DmarcStatus.TEMPERROR if waiting else DmarcStatus.FAIL
        reason = f"{_spf_sentence(spf, spf_domain, spf_fits, alignment)}; {_dkim_sentence(dkim, fitting, alignment)}"
    return DmarcResult(
        status=status,
        domain=domain,
        organizational_domain=alignment.organization,
        policy=discovery.asked_of(domain, published),
        spf_aligned=spf_aligned,
        dkim_aligned=signed is not None,
        record=published.text,
        reason=reason,
    )


class _Alignment:
    """Whether an identifier belongs to an author domain (RFC 7489 section 3.1)."""

    def __init__(self, domain: str, discovery: Discovery) -> None:
        self.domain, self.discovery = domain, discovery
        self.organization = discovery.organization(domain)

    def fits(self, identifier: str, *, strict: bool) -> bool:
        """Whether it is equal or, unless strict, of the same organisational domain."""
        if not identifier or identifier == self.domain or strict:
            return bool(identifier) and identifier == self.domain
        # An identifier outside the organisation cannot have the same one, so nothing is asked for it.
        inside = f".{identifier}".endswith(f".{self.organization}")
        return inside and self.discovery.organization(identifier) == self.organization

    def strictly(self, identifier: str) -> str:
        """What to add where relaxed alignment would have been enough."""
        return " (strict alignment)" if self.fits(identifier, strict=False) else ""


def _spf_sentence(spf: SpfResult, spf_domain: str, fits: bool, alignment: _Alignment) -> str:
    gave = "SPF passed" if spf.status is SpfStatus.PASS else f"SPF gave {spf.status.value}"
    shown = one_line(spf_domain or domain_of(spf.envelope_from))
    sentence = f"{gave} for `{shown}`" if shown else gave
    if fits:
        return sentence
    return f"{sentence}, which is not aligned with `{alignment.domain}`{alignment.strictly(spf_domain)}"


def _dkim_sentence(dkim: Sequence[DkimResult], fitting: Sequence[DkimResult], alignment: _Alignment) -> str:
    if not dkim:
        return "there is no DKIM signature"
    if fitting:
        gave = ", ".join(f"`{one.domain}` {one.status.value}" for one in fitting[:3])
        return f"no aligned DKIM signature passed ({gave})"
    others = list(dict.fromkeys(one.domain for one in dkim))
    named = ", ".join(f"`{one_line(other, 80)}`" for other in others[:3])
    strictly = alignment.strictly(others[0]) if len(others) == 1 else ""
    return f"the DKIM signature of {named} is not aligned with `{alignment.domain}`{strictly}"
