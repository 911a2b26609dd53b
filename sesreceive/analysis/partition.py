"""The cut of all mail into classes for given accounts: which class a mail is in, and a mail of each class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import count as numbers

from sesreceive.account.account import Account
from sesreceive.actions.add_header import AddHeaderAction
from sesreceive.analysis.address_ranges import UNKNOWN_CLIENT, AddressRange, AddressRanges
from sesreceive.analysis.classes import MailClass, RecipientClass, RecipientKind, SenderClass, SizeClass
from sesreceive.analysis.witness import Witness, witness
from sesreceive.assumption import Assumptions
from sesreceive.bounds import Bounds
from sesreceive.hostname import plain_domain
from sesreceive.limits import MESSAGE_SIZE
from sesreceive.mail.address import Mailbox
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.mailbox_path import bare_address, cut_by_command, is_valid_sender, may_stand_in_brackets
from sesreceive.stages.body import most_bytes
from sesreceive.stages.conditions import split_label

__all__ = ["Partition"]

_BEFORE = "RCPT TO:<"
# Where nothing else depends on it, what a reader takes for an example (RFC 2606).
_SENDER, _NO_SENDER = "ana@example.org", "a..b@example.org"
# What SES writes in front of a message: 600 bytes of it are fixed, the rest names client, sender and results. Messages
# that are closer to a limit than this are a class of their own, in which nothing is said for sure.
_HEADERS = 65_536


_IN_DOMAINS = (RecipientKind.ADDRESS, RecipientKind.LABEL, RecipientKind.DOMAIN, RecipientKind.SUBDOMAIN)


class Partition:
    """The classes of all mail for one account, or for several at once: then each class is one in all of them.

    Parameters
    ----------
    *accounts : Account
        Whose literals cut. Of the rule sets the active one counts, of its rules the disabled ones too.
    assumptions : Assumptions, optional
        The readings by which labels and sizes are taken.
    bounds : Bounds, optional
        How long a command and how large a message may be.

    Attributes
    ----------
    recipients : tuple of RecipientClass
        All classes of recipients that are not empty; they are disjoint and complete.
    clients : tuple of AddressRange
        All classes of clients, the unknown one last.
    senders, sizes : tuple
        All classes of senders and of sizes that are not empty.

    Notes
    -----
    Made in time and memory linear in the conditions, but for sorting the networks. `recipient_class` of an address
    costs as many look-ups as its domain has labels.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("ana@example.com", ".example.com"))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> partition = Partition(account)
    >>> for one in partition.recipients[:4]:
    ...     print(one.representative, "is", one.text)
    ana@example.com is `ana@example.com`
    ana+tag@example.com is `ana@example.com` with a label that no condition names
    someone@example.com is an address in `example.com` that no condition names
    someone@sub.example.com is an address below `example.com`, in no domain that is named
    >>> partition.recipient_class("Ana+News@EXAMPLE.com").representative
    'ana+tag@example.com'
    """

    def __init__(
        self, *accounts: Account, assumptions: Assumptions | None = None, bounds: Bounds | None = None
    ) -> None:
        self.accounts = accounts
        self.assumptions = assumptions or Assumptions()
        self.bounds = bounds or Bounds()
        self._addresses: dict[str, None] = {}
        self._bases: dict[str, None] = {}  # addresses whose labels count as them
        self._domains: dict[str, None] = {}
        self._verified: list[str] = []
        self._added_bytes = 0
        for account in accounts:
            self._take(account)
        self._longest = max(map(len, self._domains), default=0) + 1

    def _take(self, account: Account) -> None:
        for identity in account.identities:
            if identity.is_domain:
                self._domains[plain_domain(identity.name)] = None
                if identity.is_verified:
                    self._verified.append(plain_domain(identity.name))
        active = account.active_rule_set
        added_bytes = 0
        for rule in active.rules if active is not None else ():
            for condition in rule.recipients:
                self._take_condition(plain_domain(condition))
            for action in rule.actions:
                if isinstance(action, AddHeaderAction):  # four bytes are the most that a character takes
                    added_bytes += 4 * (len(action.header_name) + len(action.header_value) + 1)
        self._added_bytes = max(self._added_bytes, added_bytes)

    def _take_condition(self, wanted: str) -> None:
        if "@" not in wanted:
            self._domains[wanted.removeprefix(".")] = None
            return
        mailbox = Mailbox.parse(wanted)
        self._addresses[mailbox.folded] = None
        self._domains[mailbox.domain] = None
        name, label = split_label(mailbox.local, self.assumptions.label_match)
        if label is None:
            self._bases[f"{name}@{mailbox.domain}"] = None

    # ------------------------------------------------------------------ what there is

    @cached_property
    def recipients(self) -> tuple[RecipientClass, ...]:
        """All classes of recipients that have a member."""
        return tuple(self._recipients())

    def _recipients(self) -> Iterator[RecipientClass]:
        for address in self._addresses:
            yield from self._first(RecipientKind.ADDRESS, address, (address,))
            if address in self._bases:
                name, _, domain = address.rpartition("@")
                yield from self._first(
                    RecipientKind.LABEL, address, (f"{name}+{word}@{domain}" for word in _words("tag", "x"))
                )
        for domain in self._domains:
            yield from self._first(
                RecipientKind.DOMAIN, domain, (f"{word}@{domain}" for word in _words("someone", "x"))
            )
            below = (f"{'x' if word == 'x' else 'someone'}@{word}.{domain}" for word in _words("sub", "x"))
            yield from self._first(RecipientKind.SUBDOMAIN, domain, below)
        nowhere = (f"someone@{word}.example" for word in _words("elsewhere", "nowhere"))
        yield from self._first(RecipientKind.ELSEWHERE, "", nowhere)
        yield from self._first(RecipientKind.NO_DOMAIN, "", ("postmaster",))
        yield from self._first(RecipientKind.UNSAYABLE, "", ('"ana@example.com',))
        yield from self._first(RecipientKind.TOO_LONG, "", (f"{'x' * (self.bounds.command_bytes - 22)}@example.com",))

    def _first(self, kind: RecipientKind, literal: str, candidates: Iterable[str]) -> Iterator[RecipientClass]:
        """The class with the first candidate that is in it; nothing where it is empty.

        A candidate may be taken by a literal, of which there are finitely many; where even a short one is no address
        of a domain, none is.
        """
        for number, candidate in enumerate(candidates):
            place = self.place(candidate)
            if place == (kind, literal):
                yield RecipientClass(kind, literal, candidate)
                return
            if number and place[0] not in _IN_DOMAINS:
                return

    @cached_property
    def _by_place(self) -> dict[tuple[RecipientKind, str], RecipientClass]:
        return {(one.kind, one.literal): one for one in self.recipients}

    @cached_property
    def _ranges(self) -> AddressRanges:
        return AddressRanges(item for account in self.accounts for item in account.filters)

    @cached_property
    def clients(self) -> tuple[AddressRange, ...]:
        """All classes of clients; the unknown one, which comes from files alone, is the last."""
        return (*self._ranges, UNKNOWN_CLIENT)

    @property
    def senders(self) -> tuple[SenderClass, ...]:
        """All classes of senders."""
        return tuple(one for one in SenderClass if self._verified or one is not SenderClass.INSIDE)

    @cached_property
    def sizes(self) -> tuple[SizeClass, ...]:
        """All classes of sizes, the smaller first."""
        return tuple(one for one in SizeClass if self._most(one) > self._most_before(one))

    # ------------------------------------------------------------------ which class something is in

    def recipient_class(self, recipient: str) -> RecipientClass:
        """The class of a recipient, as it was said in RCPT TO."""
        return self._by_place[self.place(recipient)]

    def named(self, kind: RecipientKind, literal: str) -> RecipientClass | None:
        """The class that a literal makes; None where it is empty, or where there is no such literal."""
        return self._by_place.get((kind, literal))

    def place(self, recipient: str) -> tuple[RecipientKind, str]:
        """Kind and literal of the class of a recipient, which tell the class; nothing is made but these.

        Asked in the order in which a transaction and the index ask.
        """
        text = bare_address(recipient)
        if cut_by_command(_BEFORE, recipient, self.bounds.command_bytes) is not None:
            return RecipientKind.TOO_LONG, ""
        if not may_stand_in_brackets(text):
            return RecipientKind.UNSAYABLE, ""
        mailbox = Mailbox.parse(text)
        domain = mailbox.domain
        if not domain:
            return RecipientKind.NO_DOMAIN, ""
        if domain in self._domains:
            folded = mailbox.folded
            if folded in self._addresses:
                return RecipientKind.ADDRESS, folded
            name, label = split_label(mailbox.local.lower(), self.assumptions.label_match)
            if label is not None and (base := f"{name}@{domain}") in self._bases:
                return RecipientKind.LABEL, base
            return RecipientKind.DOMAIN, domain
        at = domain.find(".", max(0, len(domain) - self._longest))
        while at >= 0:
            if (parent := domain[at + 1 :]) in self._domains:
                return RecipientKind.SUBDOMAIN, parent
            at = domain.find(".", at + 1)
        return RecipientKind.ELSEWHERE, ""

    def client_class(self, client_ip: str) -> AddressRange:
        """The class of a client's address; empty where it is not known."""
        return self._ranges.of(client_ip)

    def sender_class(self, mail_from: str) -> SenderClass:
        """The class of a reverse-path."""
        address = bare_address(mail_from)
        too_long = cut_by_command("MAIL FROM:<", mail_from, self.bounds.command_bytes) is not None
        if too_long or not may_stand_in_brackets(address) or not is_valid_sender(address):
            return SenderClass.REFUSED
        if not address:
            return SenderClass.NULL
        domain = Mailbox.parse(address).domain
        inside = any(domain == one or domain.endswith(f".{one}") for one in self._verified)
        return SenderClass.INSIDE if inside else SenderClass.OUTSIDE

    def size_class(self, size_bytes: int) -> SizeClass:
        """The class of a message by its size."""
        return next((one for one in SizeClass if size_bytes <= self._most(one)), SizeClass.REFUSED)

    def _most(self, size: SizeClass) -> int:
        """The most bytes of a class."""
        limit, taken = self.assumptions.sns_size_limit_bytes, most_bytes(self.bounds, self.assumptions)
        small = limit
        if self.assumptions.sns_size_includes_ses_headers:
            small = max(limit - _HEADERS - self._added_bytes, limit // 8)
        most = {
            SizeClass.SMALL: small,
            SizeClass.EDGE: limit,
            SizeClass.LARGE: MESSAGE_SIZE.value,
            SizeClass.OVER: taken,
        }
        return min(most[size], taken) if size in most else taken + 1

    def size_range(self, size: SizeClass) -> tuple[int, int]:
        """The least and the most bytes of a class."""
        return self.size_bytes(size), self._most(size)

    def _most_before(self, size: SizeClass) -> int:
        place = list(SizeClass).index(size)
        return self._most(list(SizeClass)[place - 1]) if place else -1

    def of(self, envelope: Envelope, size_bytes: int) -> MailClass:
        """The classes a mail is in."""
        return MailClass(
            recipients=tuple(map(self.recipient_class, envelope.rcpt_to)),
            client=self.client_class(envelope.client_ip),
            tls=envelope.tls,
            sender=self.sender_class(envelope.mail_from),
            size=self.size_class(size_bytes),
        )

    # ------------------------------------------------------------------ a mail of a class

    @cached_property
    def ordinary(self) -> MailClass:
        """What is taken where nothing depends on it: some client and sender, TLS, a small message, nobody to get it."""
        clients = {item.version: item for item in reversed(self._ranges_with_examples())}
        return MailClass((), clients[min(clients)], True, SenderClass.OUTSIDE, SizeClass.SMALL)

    def _ranges_with_examples(self) -> list[AddressRange]:
        return sorted(self._ranges, key=lambda one: (one.version, "198.51.100.1" not in one))

    def witness(self, mail: MailClass) -> Witness:
        """The smallest mail of these classes."""
        return witness(
            *(one.representative for one in mail.recipients),
            client_ip=mail.client.representative,
            tls=mail.tls,
            mail_from=self.sender(mail.sender),
            size_bytes=self.size_bytes(mail.size),
        )

    def sender(self, sender: SenderClass) -> str:
        """A reverse-path of a class."""
        if sender is SenderClass.NULL:
            return ""
        if sender is SenderClass.REFUSED:
            return _NO_SENDER
        if sender is SenderClass.INSIDE:
            return f"someone@{self._verified[0]}"
        outside = (_SENDER, *(f"ana@{word}.example" for word in ("elsewhere", "nowhere", "x", "y", "z")))
        return next((one for one in outside if self.sender_class(one) is sender), "ana")

    def size_bytes(self, size: SizeClass) -> int:
        """The least bytes of a class; 0 for the smallest."""
        return self._most_before(size) + 1


def _words(*first: str) -> Iterator[str]:
    """Words to try, without end: those given, then the last of them with a number."""
    yield from first
    for number in numbers(1):
        yield f"{first[-1]}{number}"
