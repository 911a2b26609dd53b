"""The mail an intent is about: recipients, clients, TLS and sizes, as classes with a member of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.findings import condition_finding
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.class_decisions import NOT_JUDGED, ClassDecisions
from sesreceive.analysis.class_members import member
from sesreceive.analysis.classes import RecipientClass, SizeClass
from sesreceive.analysis.partition import Partition
from sesreceive.analysis.predicates import NumberIs, TextIs
from sesreceive.errors import InputError, one_line
from sesreceive.stages.index import AccountIndex
from sesreceive.wording import expected

__all__ = ["Recipients", "Scope"]

Recipients = str | TextIs | Iterable[str | TextIs] | None
_RECIPIENT = "an address, a domain, or `TextIs(…)`"
_NETWORK = "an IP address or a network such as `192.0.2.0/24`"
_SIZES = (SizeClass.SMALL, SizeClass.EDGE, SizeClass.LARGE)


def _several(value: Any, kind: Any, what: str) -> tuple[Any, ...]:
    """One or several as several; none without a value. Several that are none would mean no mail at all."""
    if value is None or isinstance(value, kind):
        return () if value is None else (value,)
    if not isinstance(value, Iterable):
        raise InputError(expected(f"{what}, or several", value))
    several = tuple(value)
    if not several:
        raise InputError(f"no mail is meant: expected {what}, or None for any, but got an empty list")
    return several


@dataclass(frozen=True, slots=True)
class Scope:
    """What an intent is about.

    Attributes
    ----------
    conditions : tuple of str
        Recipients as rules name them: an address, a domain, or ``.`` and a domain.
    texts : tuple of TextIs
        Or by their text; then those that some rule matches.
    clients : tuple of str
        Networks; empty for the clients that the filters let in.
    tls : bool or None
        With TLS, without, or either.
    size : NumberIs or None
        Bytes of the message.
    """

    conditions: tuple[str, ...] = ()
    texts: tuple[TextIs, ...] = ()
    clients: tuple[str, ...] = ()
    tls: bool | None = None
    size: NumberIs | None = None

    @classmethod
    def of(
        cls,
        recipients: Recipients,
        clients: str | Iterable[str] | None,
        tls: bool | None,
        size: NumberIs | None,
    ) -> Scope:
        """The scope that arguments ask for.

        Raises
        ------
        InputError
            When a recipient is no text, or a client no network.
        """
        some = _several(recipients, str | TextIs, _RECIPIENT)
        for one in some:
            if not isinstance(one, str | TextIs) or not one:
                raise InputError(expected(_RECIPIENT, one))
            if isinstance(one, str) and (reason := condition_finding(one)):
                raise InputError(f"no mail is meant: {reason}")
        networks = _several(clients, str, _NETWORK)
        for network in networks:
            try:
                ip_network(network)
            except ValueError:
                raise InputError(expected(_NETWORK, network)) from None
        if not (tls is None or isinstance(tls, bool)):
            raise InputError(expected("True, False or None for TLS", tls))
        if not (size is None or isinstance(size, NumberIs)):
            raise InputError(expected("`NumberIs(…)` for the size", size))
        conditions = tuple(one for one in some if isinstance(one, str))
        texts = tuple(one for one in some if isinstance(one, TextIs))
        return cls(conditions, texts, networks, tls, size)

    @property
    def asked(self) -> Account:
        """An account with these literals, so that a partition is cut at them."""
        rule = ReceiptRule(name="asked", enabled=True, recipients=self.conditions)
        filters = [ReceiptFilter.allow(network, name=f"asked-{at}") for at, network in enumerate(self.clients)]
        return Account(rule_sets=(ReceiptRuleSet(name="asked", rules=(rule,)),), active="asked", filters=filters)

    def recipients(self, partition: Partition, judged: ClassDecisions) -> Iterator[tuple[RecipientClass, str]]:
        """The classes with a member that is asked about, and that member."""
        index = AccountIndex(self.asked, partition.assumptions).rules
        for one in partition.recipients:
            if one.kind in NOT_JUDGED:
                continue
            taken = bool(judged.matched[one])
            if not self.conditions and not self.texts:
                if taken:
                    yield one, one.representative
            elif self.conditions and index is not None and index.matching(one.representative):
                yield one, one.representative
            elif taken:
                found = next((name for text in self.texts if (name := member(partition, one, text))), None)
                if found is not None:
                    yield one, found

    def sources(self, partition: Partition, judged: ClassDecisions) -> tuple[AddressRange, ...]:
        """The classes of clients that are asked about, those that examples use first."""
        networks = [ReceiptFilter.allow(one, name="asked").network for one in self.clients]
        known = [one for one in partition.clients if one.version]
        if not networks:
            let_in = [one for one in known if judged.filtered(one).accepted]
            ordinary = partition.ordinary.client
            return tuple(sorted(let_in, key=lambda one: one is not ordinary))
        return tuple(
            one
            for one in known
            if any(
                network is not None
                and network.version == one.version
                and int(network.network_address) <= one.first
                and one.last < int(network.network_address) + network.num_addresses
                for network in networks
            )
        )

    def sizes(self, partition: Partition) -> Iterator[tuple[SizeClass, int]]:
        """The classes of sizes that are asked about, each with a size in it; 0 for the smallest message there is."""
        for size in _SIZES:
            if size not in partition.sizes:
                continue
            least, most = partition.size_range(size)
            chosen = least if self.size is None else self.size.among(least, most)
            if chosen is not None:
                yield size, chosen

    @property
    def text(self) -> str:
        """The mail, as the beginning of a sentence."""
        named = [f"`{one_line(one, 120)}`" for one in self.conditions] + [f"whoever {one}" for one in self.texts]
        parts = [f"mail for {' or '.join(named)}" if named else "any mail"]
        if self.clients:
            parts.append(f"from {' or '.join(self.clients)}")
        if self.tls is not None:
            parts.append("over TLS" if self.tls else "in clear text")
        if self.size is not None:
            parts.append(f"of {self.size} bytes")
        return " ".join(parts)
