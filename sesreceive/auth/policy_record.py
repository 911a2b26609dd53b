"""A DMARC policy record, read: RFC 7489 section 6.3, and what RFC 9989 section 4.7 added to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sesreceive.auth.results import DmarcPolicy
from sesreceive.errors import one_line

__all__ = ["DmarcRecord", "is_policy_record"]

# RFC 7489 section 6.4: `v` is a quoted string of ABNF and has no case; the version is written as %x44 %x4d … and
# "MUST match precisely" (section 6.3), so `v=dmarc1` is no DMARC record. RFC 9989 section 4.8 says the same.
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")

# A URI of RFC 3986 with something behind its scheme; one of `mailto` has to name a mailbox (RFC 6068 section 2), and
# behind `!` may stand a size (RFC 7489 section 6.2).
_URI = re.compile(r"(?!mailto:)[a-z][a-z0-9+.-]*:[^\s!]+(?:![0-9]+[kmgt]?)?", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:[^\s@!?]+@[^\s@!?]+(?:\?[^\s!]*)?(?:![0-9]+[kmgt]?)?", re.IGNORECASE)


def is_policy_record(text: str) -> bool:
    """Whether a TXT record is a DMARC record at all: it starts with the version (RFC 7489 section 6.6.3, step 2).

    Examples
    --------
    >>> [is_policy_record(text) for text in ("V = DMARC1; p=none", "v=dmarc1; p=none", "v=spf1 -all")]
    [True, False, False]
    """
    return _VERSION.match(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcRecord:
    """What a policy record asks for.

    Attributes
    ----------
    policy, subdomain_policy : DmarcPolicy
        The ``p`` and ``sp`` tags; without ``sp`` both are ``p``.
    missing_policy : DmarcPolicy
        The ``np`` tag, for subdomains that do not exist (RFC 9989 only); without it `subdomain_policy`.
    suffix : str
        The ``psd`` tag (RFC 9989 only): ``y`` for a public suffix, ``n`` for an organisational domain, else ``u``.
    strict_spf, strict_dkim : bool
        Whether ``aspf=s`` and ``adkim=s`` want equal domains.
    percent : int
        The ``pct`` tag: read, and without influence on a result.
    """

    policy: DmarcPolicy
    subdomain_policy: DmarcPolicy
    missing_policy: DmarcPolicy
    suffix: str = "u"
    strict_spf: bool = False
    strict_dkim: bool = False
    percent: int = 100

    @classmethod
    def parse(cls, text: str) -> DmarcRecord | None:
        """The record of a text that starts with ``v=DMARC1``, by RFC 7489; None where it says no policy.

        Examples
        --------
        >>> DmarcRecord.parse("v=DMARC1; p=reject; aspf=s").policy.value
        'reject'
        >>> DmarcRecord.parse("v=DMARC1; rua=mailto:dmarc@example.org").policy.value
        'none'
        >>> DmarcRecord.parse("v=DMARC1; p=rejekt") is None
        True
        """
        record = cls.read(text)
        return record if isinstance(record, DmarcRecord) else None

    @classmethod
    def read(cls, text: str, *, rfc9989: bool = False) -> DmarcRecord | str:
        """The record, or why it says no policy, as part of a sentence.

        Tag names and keywords have no case (section 6.4). A tag that comes twice invalidates the whole list (RFC 6376
        section 3.2, which section 6.3 refers to). Without a good ``p``, or with a bad ``sp``, a record that wants
        reports counts as ``p=none`` (section 6.6.3, step 6). Other tags that are unknown or broken are ignored.
        By RFC 9989 a record without ``p`` counts as ``p=none``, and a bad ``np`` is like a bad ``sp``.

        Examples
        --------
        >>> DmarcRecord.read("v=DMARC1; p=none; p=reject")
        'has the tag `p` twice (RFC 6376 section 3.2)'
        >>> DmarcRecord.read("v=DMARC1; P=Reject; np=none", rfc9989=True).missing_policy.value
        'none'
        """
        tags: dict[str, str] = {}
        for spec in text.split(";"):
            name, equals, value = spec.partition("=")
            name = name.strip().lower()
            if equals and name in tags:
                return f"has the tag `{one_line(name, 40)}` twice (RFC 6376 section 3.2)"
            if equals:
                tags[name] = value.strip()
        if rfc9989:
            tags.setdefault("p", "none")
        asked = ("p", "sp", "np") if rfc9989 else ("p", "sp")
        policies = {name: _policy(tags[name]) for name in asked if name in tags}
        if "p" not in policies or None in policies.values():
            if not any(map(_is_uri, tags.get("rua", "").split(","))):
                source = "RFC 9989 section 4.10.1" if rfc9989 else "RFC 7489 section 6.6.3"
                return f"says no policy ({source})"
            policies = {"p": DmarcPolicy.NONE}
        policy = policies["p"] or DmarcPolicy.NONE
        subdomains = policies.get("sp") or policy
        percent, suffix = tags.get("pct", ""), tags.get("psd", "").lower()
        return cls(
            policy=policy,
            subdomain_policy=subdomains,
            missing_policy=policies.get("np") or subdomains,
            suffix=suffix if rfc9989 and suffix in ("y", "n") else "u",
            strict_spf=tags.get("aspf", "").lower() == "s",
            strict_dkim=tags.get("adkim", "").lower() == "s",
            percent=min(int(percent), 100) if re.fullmatch("[0-9]{1,3}", percent) else 100,
        )


def _policy(word: str) -> DmarcPolicy | None:
    return next((policy for policy in DmarcPolicy if policy.value == word.lower()), None)


def _is_uri(text: str) -> bool:
    text = text.strip()
    return bool(_MAILTO.fullmatch(text) or _URI.fullmatch(text))
