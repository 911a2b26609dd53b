"""The results of authentication, in the words of the RFCs; `verdicts` turns them into the words of SES."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sesreceive.dns.resolver import DnsQuestion
from sesreceive.later import made_when_read

__all__ = [
    "ArcResult",
    "ArcSet",
    "ArcStatus",
    "AuthenticationResults",
    "DkimResult",
    "DkimStatus",
    "DmarcPolicy",
    "DmarcResult",
    "DmarcStatus",
    "DnsQuestion",
    "Failure",
    "SpfResult",
    "SpfStatus",
]


class SpfStatus(StrEnum):
    """Results of check_host() (RFC 7208 section 2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class DkimStatus(StrEnum):
    """Results of verifying one signature (RFC 8601 section 2.7.1)."""

    PASS = "pass"
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class DmarcStatus(StrEnum):
    """Results of a DMARC evaluation (RFC 7489 section 11.2)."""

    NONE = "none"
    PASS = "pass"
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class DmarcPolicy(StrEnum):
    """What the domain owner asks for (RFC 7489 section 6.3, tag ``p``)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Failure(StrEnum):
    """What can keep a signature from passing; `auth.failures` has the status and the source of each."""

    SYNTAX = "syntax"
    VERSION = "version"
    MISSING_TAG = "missing tag"
    BAD_VALUE = "bad value"
    ALGORITHM_UNKNOWN = "algorithm unknown"
    ALGORITHM_FORBIDDEN = "algorithm forbidden"
    FROM_NOT_SIGNED = "From not signed"
    IDENTITY = "identity"
    QUERY_METHOD = "query method"
    TIMES = "times"
    EXPIRED = "expired"
    FUTURE = "future"
    TOO_MANY = "too many signatures"
    DNS = "DNS"
    NO_KEY = "no key"
    KEY_SYNTAX = "key syntax"
    KEY_REVOKED = "key revoked"
    KEY_TYPE = "key type"
    KEY_HASH = "key hash"
    KEY_SERVICE = "key service"
    KEY_IDENTITY = "key identity"
    KEY_SIZE = "key size"
    BODY_LENGTH = "body length"
    BODY_HASH = "body hash"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfResult:
    """The result of check_host() for one message.

    Attributes
    ----------
    status : SpfStatus
        The result.
    domain : str
        Domain whose record gave the result: the target after ``redirect=``, not the target of an ``include:``.
    envelope_from : str
        The identity that was checked: MAIL FROM, or ``postmaster@HELO`` for the null sender.
    client_ip, helo : str
        As the session gave them.
    mechanism : str
        Mechanism that matched, as it stands in the record, such as ``ip4:192.0.2.0/24`` or ``-all``; empty when
        none did.
    explanation : str
        What the domain's ``exp=`` says to a sender that fails (RFC 7208 section 6.2); empty without one.
    reason : str
        One sentence.
    """

    status: SpfStatus
    domain: str
    envelope_from: str
    client_ip: str
    helo: str
    mechanism: str = ""
    explanation: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimResult:
    """The result of verifying one signature; a message has as many as it has DKIM-Signature fields.

    Attributes
    ----------
    status : DkimStatus
        The result.
    domain : str
        Signing domain, the ``d=`` tag in lower case; empty when the tag is missing.
    identity : str
        ``i=``, decoded from quoted-printable, or ``@`` and the domain.
    selector : str
        The ``s=`` tag.
    algorithm : str
        The ``a=`` tag.
    key_bits : int
        Size of the public key; 0 when there was none to try.
    failure : Failure or None
        What kept the signature from passing; None for one that passed.
    reason : str
        One sentence.
    """

    status: DkimStatus
    domain: str = ""
    identity: str = ""
    selector: str = ""
    algorithm: str = ""
    key_bits: int = 0
    failure: Failure | None = None
    reason: str = ""

    @property
    def is_signature(self) -> bool:
        """Whether the field is one at all: a tag list with a ``d=``; SES counts any other as if it were not there.

        A key record that was pasted into a DKIM-Signature field left no ``dkim=`` item [observed].

        Examples
        --------
        >>> DkimResult(status=DkimStatus.FAIL, domain="example.org", failure=Failure.BODY_HASH).is_signature
        True
        >>> DkimResult(status=DkimStatus.PERMERROR, failure=Failure.MISSING_TAG).is_signature
        False
        """
        return self.failure is not Failure.SYNTAX and any(map(str.isalnum, self.domain))


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcResult:
    """The result of a DMARC evaluation.

    Attributes
    ----------
    status : DmarcStatus
        The result; ``none`` when the author domain publishes no policy.
    domain : str
        The author domain (RFC 5322 From), A-labels, lower case; empty when there is none.
    organizational_domain : str
        The domain one below the public suffix.
    policy : DmarcPolicy or None
        The policy that applies to the author domain (``sp`` for a subdomain where given); None without a record.
    spf_aligned, dkim_aligned : bool
        Whether an aligned identifier passed.
    record : str
        The policy record as published; empty without one.
    reason : str
        One sentence.
    """

    status: DmarcStatus
    domain: str = ""
    organizational_domain: str = ""
    policy: DmarcPolicy | None = None
    spf_aligned: bool = False
    dkim_aligned: bool = False
    record: str = ""
    reason: str = ""


class ArcStatus(StrEnum):
    """Results of a chain's validation (RFC 8617 section 4.4); without a chain there is no result."""

    PASS = "pass"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcSet:
    """What one host on the way said it found.

    Attributes
    ----------
    instance : int
        Its place in the chain, from 1.
    authserv_id : str
        The name it gives itself in ARC-Authentication-Results.
    sealed_by : str
        The ``d=`` tag of its ARC-Seal; empty where it has none.
    results : tuple of (str, str)
        Method and result, such as ``("spf", "pass")``, in order.
    """

    instance: int
    authserv_id: str = ""
    sealed_by: str = ""
    results: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcResult:
    """The result of verifying the ARC chain of a message; no verdict follows from it.

    Attributes
    ----------
    status : ArcStatus
        Whether every seal and the newest message signature hold.
    sets : tuple of ArcSet
        What the hosts on the way said, the first one first; believe it only where `status` is pass, and only as
        far as the hosts are believed.
    reason : str
        One sentence.
    """

    status: ArcStatus
    sets: tuple[ArcSet, ...] = ()
    reason: str = ""


@made_when_read("questions")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationResults:
    """All that authentication found out about one message.

    Attributes
    ----------
    spf : SpfResult
        One, always.
    dkim : tuple of DkimResult
        One a signature, in the order of the header; empty for an unsigned message.
    dmarc : DmarcResult
        One, always.
    questions : tuple of DnsQuestion
        What was asked of DNS, in order.
    arc : ArcResult or None
        The chain of a forwarded message; None for one without ARC fields.
    """

    spf: SpfResult
    dkim: tuple[DkimResult, ...]
    dmarc: DmarcResult
    questions: tuple[DnsQuestion, ...] = ()
    arc: ArcResult | None = None
