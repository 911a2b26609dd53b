"""DMARC (RFC 7489): what the author domain asks for, and whether SPF or DKIM passed for it.

RFC 9989 has replaced RFC 7489; the public behaviour of SES still shows the older one (policy discovery by
organisational domain, no tree walk), so that is what is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from sesreceive.auth.author import Author
from sesreceive.auth.domains import published_domain
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

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["DmarcRecord", "evaluate", "organizational_domain"]

# RFC 7489 section 6.6.1 has every domain of a From field evaluated and names no limit; we choose.
MAX_AUTHOR_DOMAINS = 10

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")

# Where several author domains fail, the strictest policy counts (section 6.6.1).
_STRICTNESS = (None, DmarcPolicy.NONE, DmarcPolicy.QUARANTINE, DmarcPolicy.REJECT)
_WORST_FIRST = (DmarcStatus.FAIL, DmarcStatus.TEMPERROR, DmarcStatus.PERMERROR, DmarcStatus.PASS, DmarcStatus.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcRecord:
    """A policy record (RFC 7489 section 6.3), read.

    Attributes
    ----------
    policy, subdomain_policy : DmarcPolicy
        The ``p`` and ``sp`` tags; without ``sp`` both are ``p``.
    strict_spf, strict_dkim : bool
        Whether ``aspf=s`` and ``adkim=s`` want equal domains.
    percent : int
        The ``pct`` tag: read, and without influence on a result.
    """

    policy: DmarcPolicy
    subdomain_policy: DmarcPolicy
    strict_spf: bool = False
    strict_dkim: bool = False
    percent: int = 100

    @classmethod
    def parse(cls, text: str) -> DmarcRecord | None:
        """The record of a text that starts with ``v=DMARC1``; None where it says no policy.

        Without a good ``p``, or with a bad ``sp``, a record that wants reports counts as ``p=none``
        (section 6.6.3, step 6). Other tags that are unknown or broken are ignored (section 6.3).

        Examples
        --------
        >>> DmarcRecord.parse("v=DMARC1; p=reject; aspf=s").policy.value
        'reject'
        >>> DmarcRecord.parse("v=DMARC1; rua=mailto:dmarc@example.org").policy.value
        'none'
        >>> DmarcRecord.parse("v=DMARC1; p=rejekt") is None
        True
        """
        return _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> DmarcRecord | None:
    tags: dict[str, str] = {}
    for spec in text.split(";"):
        name, _, value = spec.partition("=")
        tags.setdefault(name.strip().lower(), value.strip())
    policy, subdomains = _policy(tags.get("p", "")), _policy(tags.get("sp", tags.get("p", "")))
    if policy is None or subdomains is None:
        if not any(uri.strip().lower().startswith("mailto:") for uri in tags.get("rua", "").split(",")):
            return None
        policy = subdomains = DmarcPolicy.NONE
    percent = tags.get("pct", "")
    return DmarcRecord(
        policy=policy,
        subdomain_policy=subdomains,
        strict_spf=tags.get("aspf", "").lower() == "s",
        strict_dkim=tags.get("adkim", "").lower() == "s",
        percent=min(int(percent), 100) if re.fullmatch("[0-9]{1,3}", percent) else 100,
    )


def _policy(word: str) -> DmarcPolicy | None:
    return next((policy for policy in DmarcPolicy if policy.value == word.lower()), None)


def evaluate(message: Message, spf: SpfResult, dkim: Sequence[DkimResult], resolver: Resolver) -> DmarcResult:
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
    RFC 7489 sections 3, 6.3 and 6.6.
    """
    author = Author.of(message)
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
    results = [_evaluate_domain(domain, spf, dkim, resolver) for domain in author.domains]
    worst = min(results, key=lambda one: (_WORST_FIRST.index(one.status), -_STRICTNESS.index(one.policy)))
    if len(results) > 1:
        return replace(worst, reason=f"of {len(results)} author domains `{worst.domain}` decides: {worst.reason}")
    return worst


def organizational_domain(domain: str) -> str:
    """The domain one below the public suffix (RFC 7489 section 3.2); a public suffix is its own.

    Examples
    --------
    >>> organizational_domain("mail.example.co.uk"), organizational_domain("com")
    ('example.co.uk', 'com')
    """
    return _organizational(domain)


@lru_cache(maxsize=4096)
def _organizational(domain: str) -> str:
    return _suffixes().privatesuffix(domain) or domain


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)


# ------------------------------------------------------------------------ one author domain


def _without_policy(status: DmarcStatus, domain: str, reason: str) -> DmarcResult:
    org = organizational_domain(domain) if domain else ""
    return DmarcResult(status=status, domain=domain, organizational_domain=org, reason=reason)


def _evaluate_domain(domain: str, spf: SpfResult, dkim: Sequence[DkimResult], resolver: Resolver) -> DmarcResult:
    found = _discover(domain, resolver)
    if isinstance(found, DmarcResult):
        return found
    at, text = found
    record = DmarcRecord.parse(text)
    if record is None:
        unread = _without_policy(
            DmarcStatus.PERMERROR, domain, f"the record of `{at}` says no policy (RFC 7489 section 6.6.3)"
        )
        return replace(unread, record=text)
    spf_domain = published_domain(domain_of(spf.envelope_from)) or ""
    spf_fits = _is_aligned(spf_domain, domain, strict=record.strict_spf)
    fitting = [one for one in dkim if _is_aligned(one.domain, domain, strict=record.strict_dkim)]
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
        reason = f"{_spf_sentence(spf, spf_domain, spf_fits, domain)}; {_dkim_sentence(dkim, fitting, domain)}"
    return DmarcResult(
        status=status,
        domain=domain,
        organizational_domain=organizational_domain(domain),
        policy=record.policy if at == domain else record.subdomain_policy,
        spf_aligned=spf_aligned,
        dkim_aligned=signed is not None,
        record=text,
        reason=reason,
    )


def _discover(domain: str, resolver: Resolver) -> tuple[str, str] | DmarcResult:
    """The domain that has the record and its text, or the result where there is none (section 6.6.3)."""
    places = tuple(dict.fromkeys((domain, organizational_domain(domain))))
    for at in places:
        answer = resolver.resolve(f"_dmarc.{at}", "TXT")
        if answer.is_failure:
            failed = f"DNS gave no answer for `TXT _dmarc.{at}`: {answer.status.value} (RFC 7489 section 11.2)"
            return _without_policy(DmarcStatus.TEMPERROR, domain, failed)
        texts = [v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v for v in answer.values]
        records = [text for text in texts if _VERSION.match(text)]
        if len(records) > 1:
            many = f"`_dmarc.{at}` has {len(records)} policy records, so none counts (RFC 7489 section 6.6.3)"
            return _without_policy(DmarcStatus.NONE, domain, many)
        if records:
            return at, records[0]
    return _without_policy(
        DmarcStatus.NONE,
        domain,
        f"{' and '.join(f'`{at}`' for at in places)} publish{'es' * (len(places) == 1)} no policy",
    )


def _is_aligned(identifier: str, domain: str, *, strict: bool) -> bool:
    """Section 3.1: equal, or, unless strict, of one organisational domain."""
    if not identifier:
        return False
    return identifier == domain or (not strict and organizational_domain(identifier) == organizational_domain(domain))


def _spf_sentence(spf: SpfResult, spf_domain: str, fits: bool, domain: str) -> str:
    gave = "SPF passed" if spf.status is SpfStatus.PASS else f"SPF gave {spf.status.value}"
    shown = one_line(spf_domain or domain_of(spf.envelope_from))
    sentence = f"{gave} for `{shown}`" if shown else gave
    return sentence if fits else f"{sentence}, which is not aligned with `{domain}`{_strictly(spf_domain, domain)}"


def _dkim_sentence(dkim: Sequence[DkimResult], fitting: Sequence[DkimResult], domain: str) -> str:
    if not dkim:
        return "there is no DKIM signature"
    if fitting:
        gave = ", ".join(f"`{one.domain}` {one.status.value}" for one in fitting[:3])
        return f"no aligned DKIM signature passed ({gave})"
    others = list(dict.fromkeys(one.domain for one in dkim))
    named = ", ".join(f"`{one_line(other, 80)}`" for other in others[:3])
    strictly = _strictly(others[0], domain) if len(others) == 1 else ""
    return f"the DKIM signature of {named} is not aligned with `{domain}`{strictly}"


def _strictly(identifier: str, domain: str) -> str:
    """What to add where relaxed alignment would have been enough."""
    return " (strict alignment)" if _is_aligned(identifier, domain, strict=False) else ""
