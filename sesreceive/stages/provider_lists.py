"""The lists by which SES refuses mail on its own account: networks out of a file, or a list that DNS is asked for.

What is on AWS's own list nobody outside knows. The guide says that it has Spamhaus in it and all of Amazon EC2; both
publish theirs, so those are what a receiver can be given.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeAlias

from sesreceive.dns.names import is_valid, normalize
from sesreceive.dns.resolver import DnsStatus, Resolver
from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.shown import Shown
from sesreceive.stages.prefixes import Prefix, PrefixTable, prefix_of
from sesreceive.stages.provider_files import ListKind, read_published
from sesreceive.trace.events import Op
from sesreceive.wording import count, expected

__all__ = ["AnyList", "DnsList", "ListKind", "Listing", "ProviderList", "asks_dns"]

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# An IPv6 address in front of the zone: 32 nibbles, each with its dot (RFC 5782 section 2.4).
_NIBBLES = 64
_MAX_NAME = 253
_HOST_NAME = re.compile(r"[a-z0-9_.-]+")
_LISTED = ipaddress.ip_network("127.0.0.0/8")
# Spamhaus, "DNSBL return codes": a mistyped zone, a question by a public resolver, too many questions.
_REFUSED_TO_ANSWER = ipaddress.ip_network("127.255.255.0/24")


class Listing(NamedTuple):
    """What a list says of one address.

    Attributes
    ----------
    op : Op
        ``match`` when the address is on it, ``miss`` when it is not, ``skip`` when the list said neither.
    reason : str
        One sentence.
    """

    op: Op
    reason: str


@dataclass(frozen=True)
class ProviderList(Shown):
    """Networks that SES refuses by default, such as the address space of Amazon EC2.

    Attributes
    ----------
    name : str
        What the trace calls it.
    networks : tuple of str
        Addresses or CIDR blocks.
    kind : ListKind
        Whose they are, ``ec2``, ``drop`` or ``plain``: whether those of EC2 count is an open point, ``ec2_source``.
    published : datetime or None
        When the list was made, where it says so.

    Raises
    ------
    InputError
        When a network or the kind is none.

    Examples
    --------
    >>> ec2 = ProviderList("EC2", ("203.0.113.0/24",), kind="ec2")
    >>> print(ec2.covers("203.0.113.9"))
    203.0.113.0/24
    """

    name: str
    networks: tuple[str, ...] = ()
    kind: ListKind = ListKind.PLAIN
    published: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what is no network and no kind, naming it."""
        object.__setattr__(self, "networks", tuple(self.networks))
        object.__setattr__(self, "kind", _kind_of(self.kind, self.name))
        self.table  # noqa: B018 - parse now, so that the error names this list

    @classmethod
    def read(cls, path: str | Path, name: str = "") -> ProviderList:
        """The list in a file, whichever it is: that of `ec2`, of `drop`, or one network a line and ``#`` for comments.

        Parameters
        ----------
        path : str or Path
            The file.
        name : str, optional
            What the trace calls the list; the name of the file without its suffix unless given.

        Raises
        ------
        InputError
            When it cannot be read; the message has the line.
        """
        return cls.parse(_contents(path), str(path), name or Path(path).stem)

    @classmethod
    def ec2(cls, path: str | Path, name: str = "EC2") -> ProviderList:
        """The networks of Amazon EC2 in AWS's ``ip-ranges.json``: IPv4 and IPv6 entries whose service is EC2.

        Raises
        ------
        InputError
            When the file is none of this form; the message has the line.

        References
        ----------
        Amazon VPC User Guide, "AWS IP address ranges".
        """
        return cls.parse(_contents(path), str(path), name, ListKind.EC2)

    @classmethod
    def drop(cls, path: str | Path, name: str = "Spamhaus DROP") -> ProviderList:
        """The networks of Spamhaus DROP, from its text or its JSON, an object a line; IPv4 and IPv6 may be in one file.

        Raises
        ------
        InputError
            When the file is none of this form, or not whole; the message has the line.
        """
        return cls.parse(_contents(path), str(path), name, ListKind.DROP)

    @staticmethod
    def dnsbl(zone: str, name: str = "") -> DnsList:
        """A list that the receiver's resolver is asked for, once a connection; see `DnsList`.

        Examples
        --------
        >>> ProviderList.dnsbl("dnsbl.example").question_of("192.0.2.99")
        '99.2.0.192.dnsbl.example'
        """
        return DnsList(name or one_line(zone), zone)

    @classmethod
    def parse(cls, contents: bytes, where: str, name: str, kind: ListKind | None = None) -> ProviderList:
        """The list that a file's contents are; `where` is what an error calls the file."""
        place = f"provider list `{one_line(where)}`"
        try:
            text = contents.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = contents.count(b"\n", 0, error.start) + 1
            raise InputError(f"{place} line {line}: expected text in UTF-8") from None
        published = read_published(text, place, kind)
        try:
            return cls(name, published.networks, published.kind, published.published)
        except InputError:
            position = next(n for n, network in enumerate(published.networks) if not _is_network(network))
            raise InputError(
                f"{place} line {published.line_of(position)}: {_no_network(published.networks[position])}"
            ) from None

    @cached_property
    def table(self) -> PrefixTable:
        """The networks, by position, for the longest match."""
        return PrefixTable(map(self._prefix, self.networks))

    def _prefix(self, text: str) -> Prefix:
        try:
            return prefix_of(text)
        except ValueError:
            raise InputError(f"provider list `{one_line(self.name)}`: {_no_network(text)}") from None

    def covers(self, client_ip: str) -> _Network | None:
        """The smallest listed network that contains the address, or None."""
        address = ipaddress.ip_address(client_ip)
        position = self.table.find(address.version, int(address))
        return ipaddress.ip_network(self.networks[position], strict=False) if position >= 0 else None

    def listing(self, shown: str, resolver: Resolver | None = None) -> Listing:
        """What the list says of the address; nobody has to be asked."""
        network = self.covers(shown)
        dated = f", in the list of {self.published:%Y-%m-%d}" if self.published else ""
        if network is None:
            return Listing(Op.MISS, f"lists no network with {shown}{dated}")
        return Listing(Op.MATCH, f"{network} contains {shown}{dated}")

    def about(self, now: datetime) -> str:
        """How much is listed, and how old it is, as one line.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> made = datetime(2026, 1, 2, 10, 5, tzinfo=UTC)
        >>> ProviderList("EC2", ("203.0.113.0/24",), published=made).about(datetime(2026, 1, 9, tzinfo=UTC))
        'EC2: 1 network, published 2026-01-02 10:05 UTC, 6 days ago'
        """
        listed = f"{one_line(self.name)}: {count(len(self.networks), 'network')}"
        if self.published is None:
            return f"{listed}; the file does not say how old it is"
        days = (now - self.published).days
        ago = "in the future" if days < 0 else f"{count(days, 'day')} ago" if days else "less than a day ago"
        return f"{listed}, published {self.published:%Y-%m-%d %H:%M} UTC, {ago}"


@dataclass(frozen=True)
class DnsList:
    """A list that is asked by DNS, such as Spamhaus publishes: an address is on it when its name there has an A record.

    The name is the address backwards, by octets or, of IPv6, by nibbles, in front of the zone. Answers are in
    127.0.0.0/8; one of 127.255.255.0/24, or any other, says that the list did not answer. A DNS error refuses nobody,
    and the trace says that it happened.

    Attributes
    ----------
    name : str
        What the trace calls it.
    zone : str
        Where it is asked.

    Raises
    ------
    InputError
        When DNS can hold no such names.

    References
    ----------
    RFC 5782 sections 2.1 and 2.4; Spamhaus, "DNSBL return codes".

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> zone = Zone({"9.113.0.203.dnsbl.example": {"A": "127.0.0.2"}})
    >>> DnsList("dnsbl", "dnsbl.example").listing("203.0.113.9", zone).reason
    '9.113.0.203.dnsbl.example is 127.0.0.2, so 203.0.113.9 is listed'
    """

    name: str
    zone: str

    def __post_init__(self) -> None:
        """Refuse a zone that DNS cannot hold."""
        zone = normalize(self.zone)
        if not _HOST_NAME.fullmatch(zone) or not is_valid(zone) or len(zone) + _NIBBLES > _MAX_NAME:
            limit = _MAX_NAME - _NIBBLES
            raise InputError(
                f"DNS list: expected a domain of at most {limit} characters but got `{one_line(self.zone)}` [RFC 5782]"
            )
        object.__setattr__(self, "zone", zone)

    @property
    def kind(self) -> ListKind:
        """Whose addresses it has: anybody's."""
        return ListKind.PLAIN

    def question_of(self, shown: str) -> str:
        """The name whose A record says whether the address is listed."""
        pointer = ipaddress.ip_address(shown).reverse_pointer
        return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{self.zone}"

    def listing(self, shown: str, resolver: Resolver) -> Listing:
        """What the list says of the address."""
        name = self.question_of(shown)
        answer = resolver.resolve(name, "A")
        if answer.is_failure:
            return Listing(Op.SKIP, f"the list did not answer: {answer.status} for {name}, so it refuses nobody")
        if answer.status is not DnsStatus.FOUND:
            return Listing(Op.MISS, f"does not list {shown}: {answer.status} for {name}")
        values = [one_line(value, 40) for value in answer.values[:5]]
        codes = [value for value in values if _within(value, _LISTED) and not _within(value, _REFUSED_TO_ANSWER)]
        if codes:
            return Listing(Op.MATCH, f"{name} is {', '.join(codes)}, so {shown} is listed")
        return Listing(
            Op.SKIP,
            f"the list did not answer: {name} is {', '.join(values)}, which lists nothing, so it refuses nobody",
        )


AnyList: TypeAlias = ProviderList | DnsList
"""A list of either kind: what `Receiver` takes."""


def asks_dns(provider_lists: Sequence[AnyList]) -> bool:
    """Whether one of them has to wait for an answer."""
    return any(isinstance(entry, DnsList) for entry in provider_lists)


def _within(text: str, network: _Network) -> bool:
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        prefix_of(text)
    except ValueError:
        return False
    return True


def _kind_of(kind: object, name: str) -> ListKind:
    """The kind that a word names: the text `ec2` is the kind, and compared as it."""
    for known in ListKind:
        if kind == known:
            return known
    raise InputError(f"provider list `{one_line(name)}`: {expected(_KINDS, kind, tuple(ListKind))}")


_KINDS = "the kind `ec2`, `drop` or `plain`"


def _no_network(text: str) -> str:
    return f"expected an address or CIDR block but got `{one_line(text)}`"


def _contents(path: str | Path) -> bytes:
    try:
        return expect_path(path).read_bytes()
    except OSError as error:
        raise InputError(f"provider list `{one_line(path)}` cannot be read: {error.strerror or error}") from None
