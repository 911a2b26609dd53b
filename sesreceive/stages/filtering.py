"""Step 1: the sender's IP address against the account's filters and the lists AWS keeps.

Allow over Block over AWS's own list over accept (Developer Guide, "Email receiving concepts" [documented]). The
decision is made once a connection and told to each recipient, since the filters are the recipient's account's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress
from pathlib import Path

from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.assumption import Assumptions
from sesreceive.clock import to_datetime
from sesreceive.errors import InputError, one_line
from sesreceive.mail.address import host_address
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.provenance import Origin
from sesreceive.mail.reply import BLOCKED, OK, Reply
from sesreceive.stages.index import FilterIndex
from sesreceive.stages.prefixes import Prefix, PrefixTable, address_number, prefix_of
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import ConnectionFact, FilterFact
from sesreceive.wording import count

__all__ = ["NO_CLIENT", "FilterDecision", "ProviderList", "arrival", "decide", "with_provenance"]

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DEFAULT = Assumptions()


@dataclass(frozen=True)
class ProviderList:
    """Networks that SES refuses by default, such as the address space of Amazon EC2.

    Attributes
    ----------
    name : str
        What the trace calls it.
    networks : tuple of str
        Addresses or CIDR blocks.

    Examples
    --------
    >>> ec2 = ProviderList("EC2", ("203.0.113.0/24",))
    >>> print(ec2.covers("203.0.113.9"))
    203.0.113.0/24
    """

    name: str
    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no network, naming it."""
        object.__setattr__(self, "networks", tuple(self.networks))
        self.table  # noqa: B018 - parse now, so that the error names this list

    @classmethod
    def read(cls, path: str | Path, name: str = "") -> ProviderList:
        """The list in a text file: one network a line, ``#`` starts a comment."""
        path = Path(path)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise InputError(f"provider list `{one_line(path)}` cannot be read: {error.strerror}") from None
        networks = (line.partition("#")[0].strip() for line in lines)
        return cls(name or path.stem, tuple(filter(None, networks)))

    @cached_property
    def table(self) -> PrefixTable:
        """The networks, by position, for the longest match."""
        return PrefixTable(map(self._prefix, self.networks))

    def _prefix(self, text: str) -> Prefix:
        try:
            return prefix_of(text)
        except ValueError:
            where = f"provider list `{one_line(self.name)}`"
            raise InputError(f"{where}: expected an address or CIDR block but got `{one_line(text)}`") from None

    def covers(self, client_ip: str) -> _Network | None:
        """The smallest listed network that contains the address, or None."""
        address = ipaddress.ip_address(client_ip)
        position = self.table.find(address.version, int(address))
        return ipaddress.ip_network(self.networks[position], strict=False) if position >= 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterDecision:
    """Whether mail from this address is let through, and because of what.

    Attributes
    ----------
    client_ip : str
        The address; empty where it is not known.
    accepted : bool
        Whether the recipients are looked at.
    decided_by : str
        Name of the filter or provider list that decided; empty when none contains the address.
    reason : str
        One sentence.
    reply : Reply
        What each recipient is answered when the address is refused: ``550 5.7.1`` [observed].
    """

    client_ip: str
    accepted: bool
    decided_by: str
    reason: str
    reply: Reply
    events: Sequence[TraceEvent] = field(default=(), repr=False)


def decide(
    filters: Sequence[ReceiptFilter],
    client_ip: str,
    provider_lists: Iterable[ProviderList] = (),
    assumptions: Assumptions | None = None,
    index: FilterIndex | None = None,
) -> FilterDecision:
    """The decision on one client address; every filter and list has one event.

    Parameters
    ----------
    filters : sequence of ReceiptFilter
        The account's filters, in any order.
    client_ip : str
        IPv4 or IPv6 address; an IPv4-mapped IPv6 address counts as the IPv4 address in it. Empty where it is not
        known: then nothing is held against it, and the mail is let through.
    provider_lists : iterable of ProviderList
        Lists AWS keeps; they count only where no filter decides.
    assumptions : Assumptions, optional
        Which filter wins.
    index : FilterIndex, optional
        The one made of these filters and assumptions, where it is there already.

    Examples
    --------
    >>> block = ReceiptFilter.block("203.0.113.0/24", name="test-net")
    >>> decide([block], "203.0.113.9").reason
    'Block filter `test-net` (203.0.113.0/24) contains 203.0.113.9'
    >>> allow = ReceiptFilter.allow("203.0.113.9", name="partner")
    >>> decide([block, allow], "203.0.113.9").accepted
    True

    References
    ----------
    Amazon SES Developer Guide, "Email receiving concepts", step 1.
    """
    assumptions = assumptions or _DEFAULT
    filters, provider_lists = tuple(filters), tuple(provider_lists)
    if not client_ip:
        events = Deferred(Stage.FILTERING, _skipped, filters, provider_lists)
        return FilterDecision(client_ip="", accepted=True, decided_by="", reason=NO_CLIENT, reply=OK, events=events)
    if index is None:
        index = FilterIndex(filters, assumptions.filter_precedence)
    version, number, shown = address_number(client_ip)
    deciding = index.deciding(version, number)
    listed = ""
    if deciding is None:  # where a filter decides, no list is asked
        listed = next((entry.name for entry in provider_lists if entry.table.find(version, number) >= 0), "")
    accepted, by, reason = _outcome(deciding, listed, shown, len(filters), len(provider_lists))
    events = Deferred(Stage.FILTERING, _events, shown, filters, provider_lists, assumptions)
    return FilterDecision(
        client_ip=shown, accepted=accepted, decided_by=by, reason=reason, reply=OK if accepted else BLOCKED,
        events=events,
    )  # fmt: skip


# A file keeps no session: where its header names no client, none is made up.
_NOT_KNOWN = "the address of the client is not known"
NO_CLIENT = f"{_NOT_KNOWN}, so no IP filter is asked"


def _skipped(filters: Sequence[ReceiptFilter], provider_lists: tuple[ProviderList, ...]) -> tuple[TraceEvent, ...]:
    """Every filter and list is passed over, and says why."""
    log = TraceLog(Stage.FILTERING)
    with log.within(Kind.STAGE, "", NO_CLIENT, fact=ConnectionFact(True, "")):
        for item in filters:
            log.add(Kind.FILTER, Op.SKIP, item.name, _NOT_KNOWN, fact=FilterFact(item.policy, item.cidr))
        for entry in provider_lists:
            log.add(Kind.PROVIDER_LIST, Op.SKIP, entry.name, _NOT_KNOWN)
    return log.events()


def with_provenance(decision: FilterDecision, envelope: Envelope, received_s: float) -> FilterDecision:
    """The decision whose trace says how the envelope is known, where it was not given, and when the mail arrived."""
    known = "" if envelope.certainty is Origin.GIVEN else envelope.told
    said = (decision.events, known, arrival(envelope, received_s))
    return replace(decision, events=Deferred(Stage.FILTERING, _with_facts, *said))


def _with_facts(events: Sequence[TraceEvent], known: str, arrived: str) -> tuple[TraceEvent, ...]:
    first, *others = events
    if not isinstance(first.fact, ConnectionFact):
        return (first, *others)
    return (first._replace(fact=first.fact._replace(envelope=known, arrived=arrived)), *others)


def arrival(envelope: Envelope, received_s: float) -> str:
    """Which time of arrival was taken, and where from, as a clause.

    Examples
    --------
    >>> arrival(Envelope(), 0)
    '1970-01-01T00:00:00.000Z, now by the clock'
    """
    time = to_datetime(received_s).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    known = envelope.provenance.get("received_at")
    return f"{time}, {'now by the clock' if known is None else known}"


def _events(
    client_ip: str, filters: Sequence[ReceiptFilter], provider_lists: tuple[ProviderList, ...], assumptions: Assumptions
) -> tuple[TraceEvent, ...]:
    """Every filter and list held against the address, one by one."""
    address = host_address(client_ip)
    shown = str(address)
    contains = [(network := item.network) is not None and address in network for item in filters]
    deciding = _deciding(tuple(compress(filters, contains)), assumptions)
    # Where a filter decides, no list is asked.
    covering = [entry.covers(shown) if deciding is None else None for entry in provider_lists]
    listed = next((entry.name for entry, network in zip(provider_lists, covering, strict=True) if network), "")
    accepted, by, reason = _outcome(deciding, listed, shown, len(filters), len(provider_lists))
    log = TraceLog(Stage.FILTERING)
    with log.within(Kind.STAGE, shown, reason, fact=ConnectionFact(accepted, by)):
        for item, hit in zip(filters, contains, strict=True):
            verb = "contains" if hit else "does not contain"
            log.add(
                Kind.FILTER, Op.MATCH if hit else Op.MISS, item.name, f"{item.policy} {item.cidr} {verb} {shown}",
                fact=FilterFact(item.policy, item.cidr),
            )  # fmt: skip
        for entry, network in zip(provider_lists, covering, strict=True):
            if deciding is not None:
                why = f"{deciding.policy} filter `{deciding.name}` decides"
                log.add(Kind.PROVIDER_LIST, Op.SKIP, entry.name, why)
            else:
                why = f"{network} contains {shown}" if network else f"lists no network with {shown}"
                log.add(Kind.PROVIDER_LIST, Op.MATCH if network else Op.MISS, entry.name, why)
    return log.events()


def _deciding(hits: Sequence[ReceiptFilter], assumptions: Assumptions) -> ReceiptFilter | None:
    """Of the filters that contain the address, the one that counts: the narrowest Allow, else the narrowest Block."""

    def rank(item: ReceiptFilter) -> tuple[int, int]:
        prefix = item.network.prefixlen if item.network else 0
        allow = int(item.policy is Policy.ALLOW)
        return (allow, prefix) if assumptions.filter_precedence == "allow" else (prefix, allow)

    return max(hits, key=rank, default=None)


def _outcome(
    deciding: ReceiptFilter | None, listed: str, address: object, filters: int, lists: int
) -> tuple[bool, str, str]:
    if deciding is not None:
        reason = f"{deciding.policy} filter `{deciding.name}` ({deciding.cidr}) contains {address}"
        return deciding.policy is Policy.ALLOW, deciding.name, reason
    if listed:
        return False, listed, f"the provider list `{listed}` contains {address} and no Allow filter does"
    if not filters and not lists:
        return True, "", "no IP filter is configured"
    counted = [count(filters, "filter")] * bool(filters) + [count(lists, "provider list")] * bool(lists)
    if filters + lists == 1:
        return True, "", f"the only {counted[0][2:]} does not contain {address}"
    return True, "", f"none of {' and '.join(counted)} contains {address}"
