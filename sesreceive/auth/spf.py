"""SPF (RFC 7208): check_host() by pyspf, with our DNS, our words and none of its traps.

pyspf passes every case of the RFC's test suite. Around it this module sees to what its callers have to: the
domain of a quoted local part, names that are no domains, internationalised domains, addresses that are none.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sesreceive.assumption import Assumptions
from sesreceive.auth.remembered import Answers, Memory, are_small, still_hold
from sesreceive.auth.results import SpfResult, SpfStatus
from sesreceive.dns.names import is_valid, normalize
from sesreceive.dns.resolver import DnsAnswer, Resolver
from sesreceive.errors import one_line
from sesreceive.mail.address import Mailbox, host_address, to_ascii_domain

__all__ = ["MAX_RECORD_OCTETS", "check_host"]

# RFC 7208 section 3.4 wants a record to fit a UDP answer of 512 octets and sets no limit; pyspf's time grows
# with the square of a record's length, so we choose one far above every record in use.
MAX_RECORD_OCTETS = 4096
# What macros may repeat. RFC 5321 section 4.5.3.1: a local part has at most 64 octets, a domain 255.
_MAX_LOCAL, _MAX_DOMAIN = 256, 255

_DEFAULT = Assumptions()


def check_host(
    client_ip: str,
    mail_from: str,
    helo: str,
    resolver: Resolver,
    *,
    now: float = 0.0,
    assumptions: Assumptions | None = None,
    memory: Memory | None = None,
) -> SpfResult:
    """Whether the domain of the sender lets this host send its mail; a result for every input, never an error.

    Parameters
    ----------
    client_ip : str
        Address of the client, IPv4 or IPv6; an IPv4 address mapped into IPv6 counts as IPv4. Empty where it is not
        known: the result is ``none`` then, and DNS is not asked.
    mail_from : str
        The reverse-path without angle brackets. For the null sender (empty) ``postmaster@HELO`` is checked.
    helo : str
        What the client said at HELO or EHLO.
    resolver : Resolver
        Where the records are.
    now : float
        Seconds since 1970, for the macro ``%{t}`` of explanations.
    assumptions : Assumptions, optional
        How many look-ups may find nothing, and what a DNS error inside ``ptr`` means.
    memory : Memory, optional
        What earlier messages left: a result counts again while DNS answers alike.

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> zone = Zone({"example.org": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"}})
    >>> result = check_host("192.0.2.7", "ana@example.org", "mx.example.org", zone)
    >>> result.status.value, result.mechanism
    ('pass', 'ip4:192.0.2.0/24')
    >>> print(result.reason)
    `ip4:192.0.2.0/24` in the record of `example.org` covers 192.0.2.7
    >>> check_host("198.51.100.1", "", "mx.example.net", zone).envelope_from
    'postmaster@mx.example.net'

    References
    ----------
    RFC 7208 sections 2.4 and 4.
    """
    envelope_from = mail_from or f"postmaster@{helo}"
    mailbox = Mailbox.parse(envelope_from)
    # A sender without `@` is taken as a domain, as pyspf and jSPF do (RFC 7208 section 4.3 adds `postmaster`).
    local, said = (mailbox.local, mailbox.domain) if mailbox.is_divided else ("", envelope_from.lower())
    settings = _Settings.of(assumptions or _DEFAULT)
    known = memory or Memory()
    key = (client_ip, said, settings)
    outcome = _remembered(key, resolver, known)
    if outcome is None:
        domain, is_checked = _domain(said) if len(said) <= _MAX_DOMAIN else (said, False)
        address = _address(client_ip)
        if not client_ip:  # RFC 7208 section 2.6.1: `none` is for what could not be determined
            reason = "the address of the client is not known, so there is nothing to check"
            outcome = _Outcome(status=SpfStatus.NONE, domain=domain, reason=reason)
        elif not is_checked:
            reason = f"`{one_line(said)}` is no domain that could have a record (RFC 7208 section 4.3)"
            outcome = _Outcome(status=SpfStatus.NONE, domain=domain, reason=reason)
        elif address is None:
            reason = f"`{one_line(client_ip)}` is no IP address"
            outcome = _Outcome(status=SpfStatus.PERMERROR, domain=domain, reason=reason)
        else:
            sender = _Sender(address, _encodable(local), domain, _encodable(helo))
            outcome = _evaluate(sender, settings, resolver, now, known, key)
    return SpfResult(
        status=outcome.status,
        domain=outcome.domain,
        envelope_from=envelope_from,
        client_ip=client_ip,
        helo=helo,
        mechanism=outcome.mechanism,
        explanation=outcome.explanation,
        reason=outcome.reason,
    )


def _domain(said: str) -> tuple[str, bool]:
    """The domain as A-labels, and whether it could have a record (RFC 7208 section 4.3)."""
    domain = to_ascii_domain(_encodable(said))
    if domain is None:
        return said, False
    return domain, "." in domain and is_valid(domain) and not domain.startswith("[")


class _Sender(NamedTuple):
    """Who is checked: the client's address, the parts of the sender, and HELO."""

    address: str
    local: str
    domain: str
    helo: str


class _Settings(NamedTuple):
    """The open points of SPF, as the evaluation reads them."""

    max_void_lookups: int | None  # None for no limit
    skips_ptr_errors: bool

    @classmethod
    def of(cls, assumptions: Assumptions) -> _Settings:
        limit = assumptions.spf_void_lookups
        return cls(None if limit == "unlimited" else int(limit), assumptions.spf_ptr_errors == "skip")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the records of a domain say of an address, and every DNS answer that it follows from."""

    status: SpfStatus
    domain: str
    reason: str
    mechanism: str = ""
    explanation: str = ""
    answers: Answers = ()


def _remembered(key: tuple[Any, ...], resolver: Resolver, memory: Memory) -> _Outcome | None:
    """The outcome of an earlier message, where DNS gives the same answers; every question is asked again."""
    known: _Outcome | None = memory.senders.get(key)
    return known if known is not None and still_hold(known.answers, resolver) else None


def _evaluate(
    sender: _Sender, settings: _Settings, resolver: Resolver, now: float, memory: Memory, key: tuple[Any, ...]
) -> _Outcome:
    """The outcome for this sender; kept, unless a record expands the local part, HELO or the time."""
    query = _query_class()(sender, settings, resolver, now)
    status, explanation = query.outcome()
    decided = query.decided or sender.domain
    outcome = _Outcome(
        status=status,
        domain=decided,
        mechanism=query.mechanism or "",
        explanation=explanation if status is SpfStatus.FAIL else "",
        reason=_reason(status, query, decided, sender.address),
        answers=tuple(query.answers),
    )
    if not query.is_personal and are_small(outcome.answers):
        memory.senders.keep(key, outcome)
    return outcome


def _address(client_ip: str) -> str | None:
    """The client's address as SPF compares it (RFC 7208 section 5: IPv4-mapped is IPv4), without a scope."""
    try:
        return str(host_address(client_ip))
    except ValueError:
        return None


def _encodable(text: str) -> str:
    """The text without lone surrogates, which no encoding has."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


# ------------------------------------------------------------------------ sentences

# pyspf's message starts with … : what we say instead, `{d}` being the domain whose record was read.
_PERMERRORS: Mapping[str, str] = {
    "Too many DNS lookups": "the look-up limit of 10 was passed (RFC 7208 section 4.6.4)",
    "Void lookup limit": "more than 2 look-ups found nothing (RFC 7208 section 4.6.4)",
    "More than 10 MX": "a domain has more than 10 MX records (RFC 7208 section 4.6.4)",
    "Two or more type TXT": "`{d}` publishes more than one SPF record (RFC 7208 section 4.5)",
    "redirect domain has no SPF record": "`redirect={m}` leads to no SPF record (RFC 7208 section 6.1)",
    "No valid SPF record for included domain": "`{m}` leads to no SPF record (RFC 7208 section 5.2)",
    "Non-ascii": "the record of `{d}` is not ASCII (RFC 7208 section 3.1)",
}


def _reason(status: SpfStatus, query: Any, domain: str, address: str) -> str:
    if status is SpfStatus.TEMPERROR:
        return f"DNS gave no answer for {query.failed} (RFC 7208 section 2.6.6)"
    if status is SpfStatus.PERMERROR:
        where, problem, mechanism = query.problem
        for start, sentence in _PERMERRORS.items():
            if problem.startswith(start):
                return sentence.format(d=one_line(where), m=one_line(mechanism))
        first = problem[:1].lower() if problem[1:2].islower() else problem[:1]
        detail = one_line(first + problem[1:]).rstrip(":. ")
        return f"the record of `{one_line(where)}` is not valid: {detail}" + (
            f": `{one_line(mechanism)}` (RFC 7208 section 4.6)" if mechanism else " (RFC 7208 section 4.6)"
        )
    if status is SpfStatus.NONE:
        return f"`{domain}` publishes no SPF record"
    mechanism = one_line(query.mechanism or "")
    if not mechanism:
        return f"no mechanism in the record of `{domain}` covers {address} (RFC 7208 section 4.7)"
    if mechanism.lstrip("+-?~").lower() == "all":
        return f"no mechanism before `{mechanism}` in the record of `{domain}` covers {address}"
    return f"`{mechanism}` in the record of `{domain}` covers {address}"


# ------------------------------------------------------------------------ pyspf

# The mechanisms that need a domain, without one.
_NAMELESS = re.compile(r"[+?~-]?(?:exists|include):?", re.IGNORECASE)

# Macros for HELO, the sender's local part and address, and the time (RFC 7208 section 7.2).
_PERSONAL = re.compile(r"%\{[hlst]", re.IGNORECASE)


@cache
def _query_class() -> Any:
    """Our `spf.query`; pyspf takes 0.1 s to load and is loaded when the first message is checked."""
    with warnings.catch_warnings():
        # `\\d` in a docstring of spf.py; nothing else is silenced
        for category in (DeprecationWarning, SyntaxWarning):
            warnings.filterwarnings("ignore", message=r"(?s).*invalid escape sequence", category=category)
        # pyspf imports these under a bare `except:`: Ctrl-C there would be a dnspython that is missing.
        import dns.exception
        import dns.resolver  # noqa: F401
        import spf

    class Query(spf.query):  # type: ignore[misc]  # pyspf has no types
        """One check_host(); `dns` is the only place where it touches the world."""

        def __init__(self, sender: _Sender, settings: _Settings, resolver: Resolver, now: float) -> None:
            # The sender is set below: pyspf would split it at the first `@`, also inside quotes.
            super().__init__(i=sender.address, s=f"postmaster@{sender.domain}", h=sender.helo[:_MAX_DOMAIN])
            self.l = sender.local[:_MAX_LOCAL] or "postmaster"
            self.s = f"{self.l}@{sender.domain}"
            self.settings = settings
            self.t = str(int(now))
            self.set_default_explanation("")
            self.resolver = resolver
            self.answers: list[tuple[str, str, DnsAnswer | None]] = []
            self.is_personal = False  # whether the result is about more than the domain and the address
            self.decided = ""  # whose record gave the result
            self.failed = ""  # the question that DNS did not answer
            self.problem = (sender.domain, "", "")  # for a permerror: whose record, pyspf's message, the mechanism

        def outcome(self) -> tuple[SpfStatus, str]:
            """The result and the explanation of the domain."""
            try:
                status, _, explanation = self.check()
                return SpfStatus(status), str(explanation)
            except Exception as error:  # noqa: BLE001 - a record that pyspf stumbles over is a broken record
                self.problem = (self.d, f"{type(error).__name__} {error}", "")
                return SpfStatus.PERMERROR, ""

        def check1(self, record: str | None, domain: str, recursion: int) -> Any:
            """Evaluate one record, remembering the first at the top that comes to an end: a redirect's target."""
            try:
                return super().check1(record, domain, recursion)
            except spf.PermError as error:
                self._blame(domain, error)
                raise
            finally:
                if recursion == 0 and not self.decided:
                    self.decided = to_ascii_domain(domain) or domain

        def _blame(self, domain: str, error: Any) -> None:
            if not self.problem[1]:
                self.problem = (domain, error.msg, str(error.mech or ""))

        def dns_spf(self, domain: str) -> Any:
            """The SPF record of a domain; one that is too long to evaluate is no valid record."""
            try:
                record = super().dns_spf(domain)
                if record and len(record) > MAX_RECORD_OCTETS:
                    raise spf.PermError(f"it has more than {MAX_RECORD_OCTETS} octets")
            except spf.PermError as error:
                self._blame(domain, error)
                raise
            return record

        def validate_mechanism(self, mech: str) -> Any:
            """One mechanism, read; ``include`` of the record's own domain is one too.

            pyspf refuses it before anything else is looked at. RFC 7208 has no such rule: mechanisms are tried from
            left to right and the first that matches ends it (section 4.6.2), and the look-up limit ends a circle
            (section 4.6.4). With a qualifier pyspf takes an ``exists`` without a domain for one about the record's own.
            """
            if _NAMELESS.fullmatch(mech):  # sections 5.2 and 5.7: these two always have a domain
                raise spf.PermError("Mechanism without a domain", mech)
            try:
                return super().validate_mechanism(mech)
            except spf.PermError as error:
                if error.msg != "include has trivial recursion":
                    raise
                return mech, "include", self.d, self.cidrmax, spf.RESULTS.get(mech[0], "pass")

        def validated_ptrs(self) -> list[str]:
            """The client's names that lead back to its address (RFC 7208 section 5.5), ten at most.

            Where the setting says so, a DNS error skips the name it is about, and one of the PTR question leaves none.
            """
            return [
                name
                for name in self._or_skipped(self.dns_ptr, self.i)[: spf.MAX_PTR]
                if self.cidrmatch(self._or_skipped(self.dns_a, name, self.A), self.cidrmax)
            ]

        def _or_skipped(self, look_up: Callable[..., list[Any]], *question: str) -> list[Any]:
            try:
                return look_up(*question)
            except spf.TempError:
                if self.settings.skips_ptr_errors:
                    return []
                raise

        def expand(self, text: str, stripdot: bool = True) -> str:
            """Macros replaced; of a name that is too long, labels go from the left (RFC 7208 section 7.3)."""
            self.is_personal = self.is_personal or _PERSONAL.search(text) is not None
            expanded: str = super().expand(text, stripdot)
            if stripdot and len(expanded) > 253 and (dot := expanded.find(".", len(expanded) - 254)) >= 0:
                return expanded[dot + 1 :]
            return expanded

        def dns(self, name: str, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
            """The records in pyspf's form; counts the look-ups that find nothing (RFC 7208 section 4.6.4)."""
            owner = normalize(name)
            if not owner or not is_valid(owner):
                return []
            self.answers.append((owner, qtype, None))  # what no answer equals, should the resolver raise
            answer = self.resolver.resolve(owner, qtype)
            self.answers[-1] = (owner, qtype, answer)
            if answer.is_failure:
                self.failed = f"`{qtype} {one_line(owner)}`: {answer.status.value}"
                raise spf.TempError(f"DNS {answer.status.value}")
            if not answer.values and not ignore_void:
                self.void_lookups += 1
                limit = self.settings.max_void_lookups
                if limit is not None and self.void_lookups > limit:
                    raise spf.PermError(f"Void lookup limit of {limit} exceeded")
            return [_in_pyspf_form(qtype, value) for value in answer.values]

    return Query


def _in_pyspf_form(qtype: str, value: str | bytes) -> Any:
    if qtype in ("TXT", "SPF"):
        return (value if isinstance(value, bytes) else value.encode("utf-8", "replace"),)
    text = value if isinstance(value, str) else value.decode("ascii", "replace")
    if qtype == "MX":
        preference, exchange = text.split(maxsplit=1)
        return int(preference), exchange
    return text
