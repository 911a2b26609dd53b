"""Mail that nobody wrote: any number of messages for given accounts, the same for the same seed, with the DNS to it.

Whom it is to and where it comes from is taken from the classes that the accounts cut mail into, so that every
condition and every filter is met. Who writes is a table, `WRITERS`; its shares are chosen, not measured anywhere.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from ipaddress import ip_address
from itertools import accumulate
from math import inf

from sesreceive.account.account import Account
from sesreceive.analysis.classes import RecipientKind
from sesreceive.analysis.partition import Partition
from sesreceive.auth.arithmetic import arithmetic
from sesreceive.auth.domains import published_domain
from sesreceive.dns.resolver import DnsAnswer, Resolver
from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, one_line
from sesreceive.lab.compose import Attachment, Draft
from sesreceive.lab.sign import SigningKey, sign
from sesreceive.mail.corpus import Item
from sesreceive.mail.envelope import Envelope
from sesreceive.scan.markers import EICAR, GTUBE
from sesreceive.shown import Shown
from sesreceive.wording import count, expected, is_whole

__all__ = ["WRITERS", "Traffic", "Writer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer(Shown):
    """One kind of sender.

    Attributes
    ----------
    name : str
        Part of a message's name in tables.
    share : int
        How many of its messages come among all; shares are held against each other.
    domain : str
        Of the author.
    client_ip : str
        The host that sends.
    spf : str
        The SPF record of the domain; empty for none.
    dmarc : str
        The policy that it asks for: ``none``, ``quarantine`` or ``reject``; empty for no record.
    signs : bool
        Whether its mail is signed.
    null_sender : bool
        Whether the reverse-path is empty, as in bounces.
    size_bytes : (int, int)
        The smallest and the largest text.
    marker : str
        ``spam`` for a message with GTUBE, ``virus`` for an attachment with EICAR; empty for neither.
    """

    name: str
    share: int
    domain: str
    client_ip: str
    spf: str = ""
    dmarc: str = ""
    signs: bool = False
    null_sender: bool = False
    size_bytes: tuple[int, int] = (200, 3_000)
    marker: str = ""


# Domains of RFC 2606 and networks of RFC 5737.
WRITERS = (
    Writer(name="customer", share=46, domain="customers.example", client_ip="198.51.100.10",
           spf="v=spf1 ip4:198.51.100.0/26 -all", dmarc="reject", signs=True),
    Writer(name="newsletter", share=18, domain="news.example", client_ip="198.51.100.70",
           spf="v=spf1 ip4:198.51.100.64/26 -all", dmarc="quarantine", signs=True, size_bytes=(4_000, 12_000)),
    Writer(name="forwarded", share=10, domain="customers.example", client_ip="192.0.2.25",
           spf="v=spf1 ip4:198.51.100.0/26 -all", dmarc="reject", signs=True),
    Writer(name="no-records", share=9, domain="small-shop.example", client_ip="192.0.2.80"),
    Writer(name="forged", share=7, domain="bank.example", client_ip="192.0.2.140",
           spf="v=spf1 ip4:198.51.100.200 -all", dmarc="reject"),
    Writer(name="spam", share=5, domain="bulk.example", client_ip="192.0.2.200",
           spf="v=spf1 ip4:192.0.2.200 -all", marker="spam"),
    Writer(name="large", share=2, domain="design.example", client_ip="198.51.100.130",
           spf="v=spf1 ip4:198.51.100.128/26 ~all", size_bytes=(160_000, 200_000)),
    Writer(name="bounce", share=2, domain="customers.example", client_ip="198.51.100.10",
           spf="v=spf1 ip4:198.51.100.0/26 -all", dmarc="reject", signs=True, null_sender=True),
    Writer(name="virus", share=1, domain="bulk.example", client_ip="192.0.2.200",
           spf="v=spf1 ip4:192.0.2.200 -all", marker="virus"),
)  # fmt: skip
"""Who writes by default."""

# Of a hundred messages: to an address that no rule is for, to two recipients, in clear text, from a filter's network.
_STRAY, _SECOND, _CLEAR, _FILTERED = 8, 6, 12, 10
_WORD = re.compile(r"[A-Za-z0-9-]+")
_LINE = "the quick brown fox jumps over the lazy dog and runs away\r\n"
_START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Traffic(Shown):
    """Messages with envelopes, made as they are asked for; a source for `Receiver.replay`.

    Parameters
    ----------
    accounts : tuple of Account
        Whom the mail is for; of several, mail that tells them apart.
    messages : int
        How many.
    seed : int
        The same seed gives the same mail, byte for byte.
    writers : tuple of Writer
        Who writes, and how often.
    start, every_s
        When the first message arrives, and how many seconds lie between two of them on average.

    Raises
    ------
    InputError
        When there are no accounts or writers, or a number is none that can be.
    MissingExtraError
        When a writer signs and PyNaCl is not installed (extra ``notebook``).

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("ana@example.com",))
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    >>> account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    >>> traffic = Traffic(accounts=(account,), messages=3, seed=1)
    >>> [item.name for item in traffic]
    ['000000-customer', '000001-no-records', '000002-forged']
    >>> traffic
    <Traffic of 3 messages by 9 writers, seed 1>
    """

    accounts: tuple[Account, ...]
    messages: int = 1_000
    seed: int = 1
    writers: tuple[Writer, ...] = WRITERS
    start: datetime = _START
    every_s: float = 20.0
    _keys: dict[str, SigningKey] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what no mail can be made of."""
        for writer in self.writers:
            if not _WORD.fullmatch(writer.name) or published_domain(writer.domain) != writer.domain:
                got = f"`{one_line(writer.name, 80)}` of `{one_line(writer.domain, 80)}`"
                raise InputError(f"traffic writers: expected a plain word and a domain in lower case but got {got}")
            if writer.marker not in ("", "spam", "virus"):
                raise InputError(f"traffic writers: {expected('`spam`, `virus` or nothing', writer.marker)}")
            if not 0 <= writer.size_bytes[0] <= writer.size_bytes[1]:
                raise InputError(f"traffic writers: {expected('a smallest and a largest size', writer.size_bytes)}")
        if not self.accounts or not self.writers:
            raise InputError(f"traffic: expected {'writers' if self.accounts else 'accounts'} but got none")
        numbers: tuple[tuple[str, object, int], ...] = (("messages", self.messages, 1), ("seed", self.seed, 0))
        for name, number, least in numbers:
            if not is_whole(number, least):
                raise InputError(f"traffic {name}: expected a number from {least} but got `{one_line(number)}`")
        pause: object = self.every_s
        if isinstance(pause, bool) or not isinstance(pause, int | float) or not 0 <= pause < inf:
            raise InputError(f"traffic every_s: {expected('a number of seconds from 0', pause)}")
        if sum(writer.share for writer in self.writers) < 1 or min(writer.share for writer in self.writers) < 0:
            raise InputError("traffic writers: expected shares of which none is negative and one is more than 0")
        if self.start.tzinfo is None:
            raise InputError(f"traffic start: expected a time with its zone but got `{one_line(self.start)}`")

    @cached_property
    def zone(self) -> Zone:
        """The DNS records of the writers."""
        records: dict[str, dict[str, str]] = {}
        for writer in self.writers:
            if writer.spf:
                records[writer.domain] = {"TXT": writer.spf}
            if writer.dmarc:
                records[f"_dmarc.{writer.domain}"] = {"TXT": f"v=DMARC1; p={writer.dmarc}"}
            if writer.signs:
                key = self._key(writer.domain)
                records[key.name] = {"TXT": key.record}
        return Zone(records)

    def resolver(self, otherwise: Resolver) -> Resolver:
        """DNS in which the writers' domains are those of `zone`, and all others are looked up in `otherwise`."""
        return _WritersFirst(self.zone, frozenset(writer.domain for writer in self.writers), otherwise)

    def __len__(self) -> int:
        """How many messages."""
        return self.messages

    def __iter__(self) -> Iterator[Item]:
        """The messages, in the order they arrive."""
        # Chance here decides what mail is made, nothing that has to be kept from anybody.
        draw = random.Random(self.seed)  # noqa: S311
        addressed, stray, clients = self._whom_and_where()
        ends = list(accumulate(writer.share for writer in self.writers))
        at = self.start
        for number in range(self.messages):
            writer = draw.choices(self.writers, cum_weights=ends)[0]
            at += timedelta(milliseconds=round(draw.expovariate(1 / self.every_s) * 1_000) if self.every_s else 0)
            to = [draw.choice(stray if stray and draw.randrange(100) < _STRAY else addressed)]
            if draw.randrange(100) < _SECOND:
                to.append(draw.choice(addressed))
            filtered = clients and draw.randrange(100) < _FILTERED
            client_ip = draw.choice(clients) if filtered else writer.client_ip
            envelope = Envelope(
                client_ip=client_ip,
                helo=f"mx.{writer.domain}",
                mail_from="" if writer.null_sender else f"someone@{writer.domain}",
                rcpt_to=tuple(dict.fromkeys(to)),
                tls=draw.randrange(100) >= _CLEAR,
                received_at=at,
            )
            size = draw.randint(*writer.size_bytes)
            raw = self._message(writer, number, envelope, at, size)
            yield Item(name=f"{number:06}-{writer.name}", raw=raw, envelope=envelope)

    def _whom_and_where(self) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """Recipients that a condition or an identity is about, others, and clients that a filter is about."""
        partition = Partition(*self.accounts)
        likely = [
            one for one in partition.recipients if one.kind not in (RecipientKind.TOO_LONG, RecipientKind.UNSAYABLE)
        ]
        stray = [one.representative for one in likely if one.kind in _NOBODY]
        addressed = [one.representative for one in likely if one.kind not in _NOBODY] or stray
        networks = [entry.network for account in self.accounts for entry in account.filters if entry.network]
        clients = [one.representative for one in partition.clients if one.representative] if networks else []
        return addressed, stray, [one for one in clients if any(ip_address(one) in network for network in networks)]

    def _message(self, writer: Writer, number: int, envelope: Envelope, at: datetime, size: int) -> bytes:
        header = (
            f"From: {writer.name} <someone@{writer.domain}>\r\nTo: {', '.join(envelope.rcpt_to)}\r\n"
            f"Subject: {writer.name} {number}\r\nDate: {format_datetime(at)}\r\n"
            f"Message-ID: <{number}.{self.seed}@{writer.domain}>\r\nMIME-Version: 1.0\r\n"
        )
        raw = header.encode() + self._body(writer.marker, size // len(_LINE) + 1)
        return sign(raw, self._key(writer.domain), signed_at=at.timestamp()) if writer.signs else raw

    def _body(self, marker: str, lines: int) -> bytes:
        """The rest of the message: what it is, an empty line, some lines of text, and what a scanner looks for."""
        if marker == "virus":
            draft = Draft(text=_LINE, attachments=(Attachment(filename="report.com", content=EICAR),))
            return draft.to_bytes().partition(b"MIME-Version: 1.0\r\n")[2]
        text = _LINE.encode() * lines
        return b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + text + (GTUBE + b"\r\n" if marker else b"")

    def _key(self, domain: str) -> SigningKey:
        """The key of a domain, the same for the same seed: for trying things out, as public as the seed."""
        if domain not in self._keys:
            digest = hashlib.sha256(f"traffic {self.seed} {domain}".encode()).digest()
            private = arithmetic().read_private_ed25519(digest)
            self._keys[domain] = SigningKey(domain=domain, selector="lab", private=private)
        return self._keys[domain]

    def __repr__(self) -> str:
        """One line: how many, by how many writers, and the seed."""
        writers = count(len(self.writers), "writer")
        return f"<Traffic of {count(self.messages, 'message')} by {writers}, seed {self.seed}>"


_NOBODY = (RecipientKind.ELSEWHERE, RecipientKind.NO_DOMAIN)


@dataclass(frozen=True, slots=True)
class _WritersFirst:
    """DNS of the writers, and of everybody else."""

    zone: Zone
    domains: frozenset[str]
    otherwise: Resolver

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer of whoever has the domain."""
        labels = name.rstrip(".").lower().split(".")
        ours = any(".".join(labels[at:]) in self.domains for at in range(len(labels)))
        return (self.zone if ours else self.otherwise).resolve(name, rdtype)
