"""Step 1: the sender's IP address against the account's filters and the lists AWS keeps.

Allow over Block over AWS's own list over accept (Developer Guide, "Email receiving concepts" [documented]). The
decision is made once a connection and told to each recipient, since the filters are the recipient's account's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress

from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.assumption import Assumptions
from sesreceive.clock import to_datetime
from sesreceive.dns.recorded_answers import Recorded
from sesreceive.dns.recording import Recording
from sesreceive.dns.resolver import DnsQuestion, Resolver
from sesreceive.mail.address import host_address
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.provenance import Origin, Provenance
from sesreceive.mail.reply import BLOCKED, OK, Reply
from sesreceive.stages.index import FilterIndex
from sesreceive.stages.prefixes import address_number
from sesreceive.stages.provider_lists import AnyList, DnsList, Listing, ListKind, ProviderList
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import ConnectionFact, FilterFact
from sesreceive.trace.outline import Outline, Remembered, outline_of, outlined, outlined_of
from sesreceive.wording import count

__all__ = ["NO_CLIENT", "FilterDecision", "ProviderList", "arrival", "decide", "with_provenance"]

_DEFAULT = Assumptions()


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
    questions : tuple of DnsQuestion
        What lists in DNS were asked, with the answers.
    """

    client_ip: str
    accepted: bool
    decided_by: str
    reason: str
    reply: Reply
    events: Sequence[TraceEvent] = field(default=(), repr=False)
    questions: tuple[DnsQuestion, ...] = ()


def decide(
    filters: Sequence[ReceiptFilter],
    client_ip: str,
    provider_lists: Iterable[AnyList] = (),
    assumptions: Assumptions | None = None,
    index: FilterIndex | None = None,
    resolver: Resolver | None = None,
) -> FilterDecision:
    """The decision on one client address; every filter and list has one event.

    Parameters
    ----------
    filters : sequence of ReceiptFilter
        The account's filters, in any order.
    client_ip : str
        IPv4 or IPv6 address; an IPv4-mapped IPv6 address counts as the IPv4 address in it. Empty where it is not
        known: then nothing is held against it, and the mail is let through.
    provider_lists : iterable of ProviderList or DnsList
        Lists AWS keeps; they count only where no filter decides. The first that has the address decides, and no list in
        DNS is asked after it.
    assumptions : Assumptions, optional
        Which filter wins, and whether lists of EC2 count.
    index : FilterIndex, optional
        The one made of these filters and assumptions, where it is there already.
    resolver : Resolver, optional
        Whom lists in DNS are asked through; without one they do not answer.

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
    # Where a filter decides, no list is asked.
    asked = tuple(entry for entry in provider_lists if _counts(entry, assumptions)) if deciding is None else ()
    listed = ""
    silent: tuple[str, ...] = ()
    questions: tuple[DnsQuestion, ...] = ()
    if asked:
        recording = Recording(resolver or _NOBODY)
        with recording.asked_by(_ASKED_BY):
            listed, silent = _ask(asked, version, number, shown, recording)
        questions = recording.questions
    accepted, by, reason = _outcome(deciding, listed, shown, len(filters), len(asked), silent)
    events = Deferred(Stage.FILTERING, _events, shown, filters, provider_lists, assumptions, questions)
    return FilterDecision(
        client_ip=shown,
        accepted=accepted,
        decided_by=by,
        reason=reason,
        reply=OK if accepted else BLOCKED,
        events=events,
        questions=questions,
    )


# Who the trace says has asked DNS; a resolver that fails every question, for who has none.
_ASKED_BY = "provider list"
_NOBODY = Recorded(())


def _counts(entry: AnyList, assumptions: Assumptions) -> bool:
    """Whether a list can refuse, by the reading of `ec2_source`."""
    return entry.kind is not ListKind.EC2 or assumptions.ec2_source == "refused"


def _ask(
    entries: Iterable[AnyList], version: int, number: int, shown: str, resolver: Resolver
) -> tuple[str, tuple[str, ...]]:
    """Name of the first list that has the address, empty where none has; and the names of those that did not answer."""
    silent: list[str] = []
    for entry in entries:
        if isinstance(entry, ProviderList):
            op = Op.MATCH if entry.table.find(version, number) >= 0 else Op.MISS
        else:
            op = entry.listing(shown, resolver).op
        if op is Op.MATCH:
            return entry.name, tuple(silent)
        if op is Op.SKIP:
            silent.append(entry.name)
    return "", tuple(silent)


# A file keeps no session: where its header names no client, none is made up.
_NOT_KNOWN = "the address of the client is not known"
NO_CLIENT = f"{_NOT_KNOWN}, so no IP filter is asked"


def _skipped(filters: Sequence[ReceiptFilter], provider_lists: tuple[AnyList, ...]) -> tuple[TraceEvent, ...]:
    """Every filter and list is passed over, and says why."""
    log = TraceLog(Stage.FILTERING)
    reason = NO_CLIENT if provider_lists else NO_CLIENT + NONE_LOADED
    with log.within(Kind.STAGE, "", reason, fact=ConnectionFact(True, "")):
        for item in filters:
            log.add(Kind.FILTER, Op.SKIP, item.name, _NOT_KNOWN, fact=FilterFact(item.policy, item.cidr))
        for entry in provider_lists:
            log.add(Kind.PROVIDER_LIST, Op.SKIP, entry.name, _NOT_KNOWN)
    return log.events()


def _outline_skipped(
    remembered: Remembered, filters: Sequence[ReceiptFilter], provider_lists: tuple[AnyList, ...]
) -> Outline:
    return Outline((_skipped, id(filters), id(provider_lists)))


outlined(_skipped, _outline_skipped)


def with_provenance(decision: FilterDecision, envelope: Envelope, received_s: float) -> FilterDecision:
    """The decision whose trace says how the envelope is known, where it was not given, and when the mail arrived."""
    known = "" if envelope.certainty is Origin.GIVEN else envelope.told
    read = None if envelope.received_at is None else envelope.origins.get("received_at", _GIVEN)
    return FilterDecision(
        client_ip=decision.client_ip,
        accepted=decision.accepted,
        decided_by=decision.decided_by,
        reason=decision.reason,
        reply=decision.reply,
        events=Deferred(Stage.FILTERING, _with_facts, decision.events, known, received_s, read),
        questions=decision.questions,
    )


_GIVEN = Provenance(Origin.GIVEN)


def _with_facts(
    events: Sequence[TraceEvent], known: str, received_s: float, read: Provenance | None
) -> tuple[TraceEvent, ...]:
    first, *others = events
    if not isinstance(first.fact, ConnectionFact):
        return (first, *others)
    return (first._replace(fact=first.fact._replace(envelope=known, arrived=_arrived(received_s, read))), *others)


def _outline_within(
    remembered: Remembered, events: Sequence[TraceEvent], known: str, received_s: float, read: Provenance | None
) -> Outline | None:
    """Of the envelope and the time of arrival nothing but a fact is made; the rest is there for a client once."""
    key = _outline_within, id(events)
    if key not in remembered:
        remembered[key] = events, outline_of(events, remembered)
    outline: Outline | None = remembered[key][1]
    return outline


def _with_texts_within(
    texts: Sequence[str], events: Deferred, known: str, received_s: float, read: Provenance | None
) -> Sequence[TraceEvent]:
    """The events within as they are: only those of an outline are asked for."""
    how = outlined_of(events)
    return events if how is None or how.with_texts is None else how.with_texts(texts, *events.values)


outlined(_with_facts, _outline_within, _with_texts_within)


def arrival(envelope: Envelope, received_s: float) -> str:
    """Which time of arrival was taken, and where from, as a clause.

    Examples
    --------
    >>> arrival(Envelope(), 0)
    '1970-01-01T00:00:00.000Z, now by the clock'
    """
    return _arrived(received_s, envelope.provenance.get("received_at"))


def _arrived(received_s: float, known: Provenance | None) -> str:
    time = to_datetime(received_s).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"{time}, {'now by the clock' if known is None else known}"


def _events(
    client_ip: str,
    filters: Sequence[ReceiptFilter],
    provider_lists: tuple[AnyList, ...],
    assumptions: Assumptions,
    questions: tuple[DnsQuestion, ...],
) -> tuple[TraceEvent, ...]:
    """Every filter and list held against the address, one by one."""
    contains = _containing(filters, client_ip)
    return _held_against(client_ip, contains, filters, provider_lists, assumptions, questions)


def _containing(filters: Iterable[ReceiptFilter], client_ip: str) -> tuple[bool, ...]:
    """Of each filter whether it contains the address."""
    address = host_address(client_ip)
    return tuple([(network := item.network) is not None and address in network for item in filters])


def _held_against(
    shown: str,
    contains: Sequence[bool],
    filters: Sequence[ReceiptFilter],
    provider_lists: tuple[AnyList, ...],
    assumptions: Assumptions,
    questions: tuple[DnsQuestion, ...],
) -> tuple[TraceEvent, ...]:
    """The events of an address that these filters contain; where there are lists, it has to be one."""
    deciding = _deciding(tuple(compress(filters, contains)), assumptions)
    asked = [entry for entry in provider_lists if _counts(entry, assumptions)] if deciding is None else []
    answers = Recorded(questions)
    listed, silent = _ask(asked, *address_number(shown), answers) if asked else ("", ())
    accepted, by, reason = _outcome(deciding, listed, shown, len(filters), len(asked), silent)
    if not provider_lists:
        reason += NONE_LOADED if deciding is None else NONE_COUNTS
    log = TraceLog(Stage.FILTERING)
    with log.within(Kind.STAGE, shown, reason, fact=ConnectionFact(accepted, by)):
        for item, hit in zip(filters, contains, strict=True):
            verb = "contains" if hit else "does not contain"
            log.add(
                Kind.FILTER,
                Op.MATCH if hit else Op.MISS,
                item.name,
                f"{item.policy} {item.cidr} {verb} {shown}",
                fact=FilterFact(item.policy, item.cidr),
            )
        decided = ""  # by the list that is before the one at hand
        for entry in provider_lists:
            if deciding is not None:
                listing = Listing(Op.SKIP, f"{deciding.policy} filter `{deciding.name}` decides")
            elif not _counts(entry, assumptions):
                listing = Listing(Op.SKIP, EC2_ACCEPTED)
            elif decided and isinstance(entry, DnsList):
                listing = Listing(Op.SKIP, f"the provider list `{decided}` decides")
            else:
                listing = entry.listing(shown, answers)
                decided = decided or (entry.name if listing.op is Op.MATCH else "")
            log.add(Kind.PROVIDER_LIST, listing.op, entry.name, listing.reason)
    return log.events()


def _outline(
    remembered: Remembered,
    client_ip: str,
    filters: Sequence[ReceiptFilter],
    provider_lists: tuple[AnyList, ...],
    assumptions: Assumptions,
    questions: tuple[DnsQuestion, ...],
) -> Outline:
    """A client meets the same filters as another one that the same of them contain; of lists, if it comes again."""
    about = id(filters), id(provider_lists), id(assumptions)
    if provider_lists:
        return Outline((_events, client_ip, about, questions))
    client = _containing, client_ip, about
    if client not in remembered:
        remembered[client] = filters, _containing(filters, client_ip)
    return Outline((_events, about, remembered[client][1]), (client_ip,))


def _with_texts(
    texts: Sequence[str],
    client_ip: str,
    filters: Sequence[ReceiptFilter],
    provider_lists: tuple[AnyList, ...],
    assumptions: Assumptions,
    questions: tuple[DnsQuestion, ...],
) -> tuple[TraceEvent, ...]:
    contains = _containing(filters, client_ip)
    return _held_against(texts[0], contains, filters, provider_lists, assumptions, questions)


outlined(_events, _outline, _with_texts)

# What is on AWS's own list is not public, and nothing stands for it unless it is given; every trace says so.
NONE_LOADED = "; AWS would also refuse its own block list and EC2; none is loaded"
NONE_COUNTS = "; AWS's own block list and EC2 would not count; none is loaded"
# The other reading of `ec2_source`.
EC2_ACCEPTED = "EC2 stops outgoing mail itself, so SES refuses none for coming from there"


def _deciding(hits: Sequence[ReceiptFilter], assumptions: Assumptions) -> ReceiptFilter | None:
    """Of the filters that contain the address, the one that counts: the narrowest Allow, else the narrowest Block."""

    def rank(item: ReceiptFilter) -> tuple[int, int]:
        prefix = item.network.prefixlen if item.network else 0
        allow = int(item.policy is Policy.ALLOW)
        return (allow, prefix) if assumptions.filter_precedence == "allow" else (prefix, allow)

    return max(hits, key=rank, default=None)


def _outcome(
    deciding: ReceiptFilter | None, listed: str, address: object, filters: int, lists: int, silent: Sequence[str]
) -> tuple[bool, str, str]:
    if deciding is not None:
        reason = f"{deciding.policy} filter `{deciding.name}` ({deciding.cidr}) contains {address}"
        return deciding.policy is Policy.ALLOW, deciding.name, reason
    if listed:
        return False, listed, f"the provider list `{listed}` contains {address} and no Allow filter does"
    unanswered = f"; no answer from {', '.join(f'`{name}`' for name in silent)}" if silent else ""
    lists -= len(silent)
    counted = [count(filters, "filter")] * bool(filters) + [count(lists, "provider list")] * bool(lists)
    if not counted:
        return True, "", f"no IP filter is configured{unanswered}"
    if filters + lists == 1:
        return True, "", f"the only {counted[0][2:]} does not contain {address}{unanswered}"
    return True, "", f"none of {' and '.join(counted)} contains {address}{unanswered}"
