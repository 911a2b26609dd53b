"""An account compiled for deciding: a message costs what concerns it, not every condition of every rule.

`conditions.match` is what a condition means, and what the trace says is made by it. The tables here answer the same
question by look-up; property tests over generated accounts hold the two together. A receiver makes one index for an
account and the assumptions it decides by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from sesreceive.account.account import Account
from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.account.identities import Identity
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.assumption import Assumptions
from sesreceive.auth.remembered import Recent
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import Mailbox
from sesreceive.stages.conditions import split_label
from sesreceive.stages.prefixes import Prefix, PrefixTable

if TYPE_CHECKING:
    from sesreceive.stages.filtering import FilterDecision

__all__ = ["AccountIndex", "FilterIndex", "IdentityIndex", "Matched", "RuleIndex"]

Matched = tuple[tuple[int, int], ...]
"""The enabled rules that match a recipient: position in the set, and of the first condition that matches in the rule;
-1 for a rule without conditions."""


class RuleIndex:
    """Which enabled rules of a set match a recipient.

    Parameters
    ----------
    rule_set : ReceiptRuleSet
        The rules.
    label_match : str
        As in `Assumptions`.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(
    ...     ses.ReceiptRule(name="billing", enabled=True, recipients=("bo@example.com", "billing@example.com")),
    ...     ses.ReceiptRule(name="off", recipients=("example.com",)),
    ...     ses.ReceiptRule(name="all", enabled=True),
    ... ))
    >>> RuleIndex(rules).matching("Billing+a@example.com")
    ((0, 1), (2, -1))
    """

    def __init__(self, rule_set: ReceiptRuleSet, label_match: str = "first-plus") -> None:
        self.rule_set = rule_set
        self._label_match = label_match
        # Each maps what a recipient is looked up by to (rule, condition) pairs: the whole address, the address without
        # its label, the domain, and the end of the domain from a dot on.
        self._addresses: dict[str, list[tuple[int, int]]] = {}
        self._labelled: dict[str, list[tuple[int, int]]] = {}
        self._domains: dict[str, list[tuple[int, int]]] = {}
        self._suffixes: dict[str, list[tuple[int, int]]] = {}
        always: list[tuple[int, int]] = []
        for position, rule in enumerate(rule_set.rules):
            if not rule.enabled:
                continue
            if not rule.recipients:
                always.append((position, -1))
            for number, condition in enumerate(rule.recipients):
                for table, key in self._places(plain_domain(condition)):
                    table.setdefault(key, []).append((position, number))
        self._always: Matched = tuple(always)
        self._longest_suffix = max(map(len, self._suffixes), default=0)

    def _places(self, wanted: str) -> Iterator[tuple[dict[str, list[tuple[int, int]]], str]]:
        """Where a condition, compared as a domain is, is looked up."""
        if "@" in wanted:
            mailbox = Mailbox.parse(wanted)
            yield self._addresses, mailbox.folded
            name, label = split_label(mailbox.local, self._label_match)
            if label is None:
                yield self._labelled, f"{name}@{mailbox.domain}"
        elif wanted.startswith("."):
            yield self._suffixes, wanted
        else:
            yield self._domains, wanted

    def matching(self, recipient: str) -> Matched:
        """The rules that match, in order."""
        pairs = self._conditions(recipient)
        if not pairs:
            return self._always
        first: dict[int, int] = {}
        for rule, condition in sorted([*pairs, *self._always]):
            first.setdefault(rule, condition)
        return tuple(first.items())

    def conditions(self, recipient: str) -> Matched:
        """Every condition that matches, not the first of each rule alone, in order; rules without conditions too."""
        return tuple(sorted([*self._conditions(recipient), *self._always]))

    def _conditions(self, recipient: str) -> list[tuple[int, int]]:
        mailbox = Mailbox.parse(recipient)
        domain = mailbox.domain
        name, label = split_label(mailbox.local.lower(), self._label_match)
        pairs: list[tuple[int, int]] = []
        pairs += self._addresses.get(mailbox.folded, ())
        if label is not None:
            pairs += self._labelled.get(f"{name}@{domain}", ())
        pairs += self._domains.get(domain, ())
        for suffix in _suffixes(domain, self._longest_suffix):
            pairs += self._suffixes.get(suffix, ())
        return pairs


class IdentityIndex:
    """Which verified identity of an account covers a domain; `Account.is_verified` by look-up."""

    def __init__(self, account: Account) -> None:
        self._verified: dict[str, tuple[int, int, Identity]] = {}
        for position, identity in enumerate(account.identities):
            if identity.is_verified and identity.is_domain:
                rank = len(identity.name), -position, identity
                key = plain_domain(identity.name)
                if key not in self._verified or rank[:2] > self._verified[key][:2]:
                    self._verified[key] = rank
        self._longest = max(map(len, self._verified), default=0) + 1

    def covering(self, domain: str, *, subdomains: bool = True) -> Identity | None:
        """The nearest verified domain identity; None where there is none."""
        domain = plain_domain(domain)
        ranks = [self._verified.get(domain)]
        if subdomains:
            ranks += [self._verified.get(suffix[1:]) for suffix in _suffixes(domain, self._longest)]
        return max((rank for rank in ranks if rank is not None), key=lambda rank: rank[:2], default=(0, 0, None))[2]


class FilterIndex:
    """Which of some filters decides on an address.

    Of the filters that contain it the narrowest Allow counts, else the narrowest Block; by the other reading of
    `filter_precedence` the narrowest of all, and of equal networks Allow. Of equal filters the first counts.
    """

    def __init__(self, filters: Sequence[ReceiptFilter], filter_precedence: str = "allow") -> None:
        allow = [item for item in filters if item.policy is Policy.ALLOW]
        block = [item for item in filters if item.policy is not Policy.ALLOW]
        groups = (allow, block) if filter_precedence == "allow" else ((*allow, *block),)
        self._groups = tuple((PrefixTable(map(_prefix, group)), tuple(group)) for group in groups if group)

    def deciding(self, version: int, number: int) -> ReceiptFilter | None:
        """The filter that counts for an address; None where none contains it."""
        for table, group in self._groups:
            position = table.find(version, number)
            if position >= 0:
                return group[position]
        return None


class AccountIndex:
    """The three of them for one account and the assumptions it is decided by, each made when it is first needed."""

    def __init__(self, account: Account, assumptions: Assumptions) -> None:
        self.account = account
        self.assumptions = assumptions
        # Step 1 by client address, where it follows from account and assumptions alone; filled by the receiver.
        self.clients: Recent[str, FilterDecision] = Recent()

    def fits(self, account: Account, assumptions: Assumptions) -> bool:
        """Whether it is the index of these very values."""
        return self.account is account and self.assumptions is assumptions

    @cached_property
    def filters(self) -> FilterIndex:
        """For step 1."""
        return FilterIndex(self.account.filters, self.assumptions.filter_precedence)

    @cached_property
    def identities(self) -> IdentityIndex:
        """For step 2."""
        return IdentityIndex(self.account)

    @cached_property
    def rules(self) -> RuleIndex | None:
        """For step 2: the active rule set; None where none is active."""
        rule_set = self.account.active_rule_set
        return RuleIndex(rule_set, self.assumptions.label_match) if rule_set is not None else None


def _suffixes(domain: str, longest: int) -> Iterator[str]:
    """The ends of a domain that begin with a dot, none longer than `longest`: a hostile domain has a thousand dots."""
    at = domain.find(".", max(0, len(domain) - longest))
    while at >= 0:
        yield domain[at:]
        at = domain.find(".", at + 1)


def _prefix(item: ReceiptFilter) -> Prefix | None:
    network = item.network
    return None if network is None else (network.version, int(network.network_address), network.prefixlen)
