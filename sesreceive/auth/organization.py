"""Where an organisation ends and where its DMARC policy is: by the public suffix list, or up the tree of names.

RFC 7489 (sections 3.2 and 6.6.3) takes the organisational domain from a list and asks there once more. RFC 9989
(section 4.10), which replaced it, asks every name upward and lets records say where a public suffix is. What SES shows
is the older one, so that is the default; `Assumptions.dmarc_discovery` has both.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sesreceive.auth.policy_record import DmarcRecord, is_policy_record
from sesreceive.auth.remembered import MAX_TEXT, Memory
from sesreceive.auth.results import DmarcPolicy
from sesreceive.dns.names import parents
from sesreceive.dns.resolver import DnsStatus, Resolver

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["Discovery", "NotAnswered", "Published", "SuffixList", "TreeWalk", "organizational_domain"]

# RFC 9989 section 4.10: eight questions at most; a longer name goes on with its last seven labels.
MAX_LABELS = 7


class NotAnswered(Exception):  # noqa: N818 - a way out of a check, not an error anybody sees
    """Ends the evaluation of a domain: DNS gave no answer."""


class Published(NamedTuple):
    """The one policy record of a name.

    Attributes
    ----------
    at : str
        The domain it is about, without ``_dmarc``.
    text : str
        As published.
    record : DmarcRecord or str
        Read, or why it says no policy.
    """

    at: str
    text: str
    record: DmarcRecord | str


class Discovery(Protocol):
    """How policies and organisational domains are found; both methods raise `NotAnswered` where DNS fails."""

    def policy(self, domain: str) -> Published | str:
        """The record that applies to an author domain, or why there is none, as a sentence."""
        ...

    def organization(self, domain: str) -> str:
        """The organisational domain of a domain."""
        ...

    def asked_of(self, domain: str, published: Published) -> DmarcPolicy:
        """What a record asks for the mail of this domain."""
        ...


def organizational_domain(domain: str) -> str:
    """The domain one below the public suffix (RFC 7489 section 3.2); a public suffix is its own.

    Examples
    --------
    >>> organizational_domain("mail.example.co.uk"), organizational_domain("com")
    ('example.co.uk', 'com')
    """
    return _suffixes().privatesuffix(domain) or domain


@cache  # a table that is read from a file, once
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)


class _Records:
    """Asks for the policy records of single names."""

    rfc9989 = False

    def __init__(self, resolver: Resolver, memory: Memory) -> None:
        self.resolver, self.memory = resolver, memory

    def _records(self, at: str) -> list[str]:
        answer = self.resolver.resolve(f"_dmarc.{at}", "TXT")
        if answer.is_failure:
            raise NotAnswered(f"DNS gave no answer for `TXT _dmarc.{at}`: {answer.status.value}")
        texts = [v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v for v in answer.values]
        return [text for text in texts if is_policy_record(text)]

    def _published(self, at: str, text: str) -> Published:
        policies = self.memory.policies
        key = f"9989 {text}" if self.rfc9989 else text
        record = policies.get(key)
        if record is None:
            record = DmarcRecord.read(text, rfc9989=self.rfc9989)
            if len(text) <= MAX_TEXT:
                policies.keep(key, record)
        return Published(at, text, record)


class SuffixList(_Records):
    """RFC 7489: the author domain, else its organisational domain by the public suffix list."""

    def policy(self, domain: str) -> Published | str:
        """The record that applies to an author domain, or why there is none (section 6.6.3)."""
        places = [domain]
        for at in places:  # the organisational domain is added where the first has no record
            records = self._records(at)
            if len(records) > 1:
                count = f"`_dmarc.{at}` has {len(records)} policy records"
                return f"{count}, so none counts (RFC 7489 section 6.6.3)"
            if records:
                return self._published(at, records[0])
            if (organization := self.organization(domain)) not in places:
                places.append(organization)
        return f"{' and '.join(f'`{at}`' for at in places)} publish{'es' * (len(places) == 1)} no policy"

    def organization(self, domain: str) -> str:
        """The organisational domain; never raises."""
        known = self.memory.organizations
        return known.get(domain) or known.keep(domain, organizational_domain(domain))

    def asked_of(self, domain: str, published: Published) -> DmarcPolicy:
        """``p`` for the domain that has the record, ``sp`` below it (section 6.3)."""
        record = published.record
        assert isinstance(record, DmarcRecord)
        return record.policy if published.at == domain else record.subdomain_policy


class TreeWalk(_Records):
    """RFC 9989: every name from a domain up to its top, until a record says where the organisation ends."""

    rfc9989 = True

    def policy(self, domain: str) -> Published | str:
        """The record of the author domain, else that of its organisation, else that of its public suffix."""
        found = {published.at: published for published in self._walk(domain)}
        if not found:
            top = domain.rpartition(".")[2]
            return f"no name from `{domain}` up to `{top}` publishes one policy record (RFC 9989 section 4.10)"
        organization = self.organization(domain)
        of_suffix = next((one for one in found.values() if _suffix(one) == "y" and one.at != domain), None)
        applies = found.get(domain) or found.get(organization) or of_suffix
        return applies or f"neither `{domain}` nor `{organization}` publishes a policy (RFC 9989 section 4.10.1)"

    def organization(self, domain: str) -> str:
        """The organisational domain, selected from the records that the walk finds (section 4.10.2)."""
        valid = [one for one in self._walk(domain) if isinstance(one.record, DmarcRecord)]
        for published in valid:  # from the longest name to the shortest
            if _suffix(published) == "n":
                return published.at
            if _suffix(published) == "y" and published.at != domain:
                labels = published.at.count(".") + 2
                return ".".join(domain.split(".")[-labels:])
        return valid[-1].at if valid else domain

    def asked_of(self, domain: str, published: Published) -> DmarcPolicy:
        """``p`` for the domain that has the record; below it ``sp``, or ``np`` where the domain does not exist."""
        record = published.record
        assert isinstance(record, DmarcRecord)
        if published.at == domain:
            return record.policy
        if record.missing_policy is not record.subdomain_policy and not self._exists(domain):
            return record.missing_policy
        return record.subdomain_policy

    def _walk(self, domain: str) -> list[Published]:
        """The records found upward; a name with several has none, ``psd=y`` and ``psd=n`` end it (section 4.10).

        A second walk asks nothing new: the questions of one message are asked once.
        """
        found = []
        for at in (domain, *(name for name in parents(domain) if name.count(".") < MAX_LABELS)):
            records = self._records(at)
            if len(records) == 1:
                published = self._published(at, records[0])
                found.append(published)
                if _suffix(published) != "u":
                    break
        return found

    def _exists(self, domain: str) -> bool:
        """Whether there is an A, AAAA or MX record (section 3.2.13); what DNS does not answer counts as there."""
        answers = (self.resolver.resolve(domain, rdtype) for rdtype in ("A", "AAAA", "MX"))
        return any(answer.is_failure or answer.status is DnsStatus.FOUND for answer in answers)


def _suffix(published: Published) -> str:
    return published.record.suffix if isinstance(published.record, DmarcRecord) else "u"
