"""What of a rule set some mail reaches, with that mail, and what stands before the rest.

One walk for each set of rules that a recipient can match, not for each recipient: classes that match the same rules
are walked once. More recipients in one message only add rules that may stop, so one recipient reaches whatever many do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from sesreceive.account.account import Account
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.class_decisions import ClassDecisions
from sesreceive.analysis.classes import MailClass, RecipientClass, SizeClass
from sesreceive.analysis.partition import Partition
from sesreceive.analysis.walk import Certainty, Need, is_plain, needs_of, refuses, stops, through
from sesreceive.analysis.witness import Witness
from sesreceive.assumption import Assumptions

__all__ = ["Condition", "Reachability", "Way"]

Group = tuple[tuple[int, ...], list[RecipientClass]]


_ORDER = {size: place for place, size in enumerate(SizeClass)}


class Way(NamedTuple):
    """How something is reached: the recipient, TLS, the size, and what functions have to answer."""

    recipient: RecipientClass
    tls: bool
    size: SizeClass
    needs: Need | None

    @property
    def certainty(self) -> Certainty:
        """Always where nothing is needed."""
        return Certainty.ALWAYS if self.needs is None else Certainty.POSSIBLY

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """The simplest first: whatever functions answer, of a small message, over TLS."""
        return self.needs is not None, _ORDER[self.size], not self.tls


@dataclass(slots=True)
class _Seen:
    """What was found out of one rule."""

    way: Way | None = None
    actions: dict[int, Way] = field(default_factory=dict)
    stopped_by: dict[int, tuple[RecipientClass, bool]] = field(default_factory=dict)


@dataclass(slots=True)
class Condition:
    """What was found out of a condition.

    Attributes
    ----------
    matched_by : RecipientClass
        Somebody whom it matches.
    way : Way or None
        The simplest way to its rule of somebody whom it matches.
    alone : RecipientClass or None
        Somebody of these whom no other condition of the rule matches.
    covered_by : set of int
        The conditions that match the others, too.
    """

    matched_by: RecipientClass
    way: Way | None = None
    alone: RecipientClass | None = None
    covered_by: set[int] = field(default_factory=set)


class Reachability:
    """What is reached in the active rule set of an account.

    Parameters
    ----------
    account : Account
        The account.
    assumptions : Assumptions, optional
        How open points are read.
    *asked : Account
        Further accounts whose literals cut mail into classes.

    Notes
    -----
    Linear in the conditions, and in the rules that each set of rules has which some recipient matches: at most
    quadratic in the rules for the same number of conditions in each.
    """

    def __init__(self, account: Account, assumptions: Assumptions | None = None, *asked: Account) -> None:
        self.account = account
        self.partition = Partition(account, *asked, assumptions=assumptions)
        self.assumptions = self.partition.assumptions
        self.judged = ClassDecisions(account, self.partition)
        self.rules = self.judged.rules
        self.plain = [is_plain(rule) for rule in self.rules]
        self.stops = [stops(rule) for rule in self.rules]
        self._refusing = [any(map(refuses, rule.actions)) for rule in self.rules]
        self._reached: dict[tuple[int, ...], dict[int, Way]] = {}
        self._rules_seen = [_Seen() for _ in self.rules]
        self._ends: dict[tuple[int, ...], list[tuple[frozenset[int], int]]] = {}

    # ------------------------------------------------------------------ who comes in

    @cached_property
    def clients(self) -> tuple[AddressRange, ...]:
        """The classes of known clients that the filters let in."""
        return tuple(one for one in self.partition.clients if one.version and self.judged.filtered(one).accepted)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The sets of rules that recipients match, each with those recipients; a set without rules is none."""
        groups: dict[tuple[int, ...], list[RecipientClass]] = {}
        for recipient, matched in self.judged.matched.items():
            if matched:
                groups.setdefault(matched, []).append(recipient)
        return tuple(groups.items())

    @property
    def _sizes(self) -> tuple[SizeClass, ...]:
        sizes = (SizeClass.SMALL, SizeClass.EDGE, SizeClass.LARGE)
        return tuple(one for one in sizes if one in self.partition.sizes)

    def settings(self, recipient: RecipientClass) -> Iterator[tuple[bool, SizeClass, tuple[int, ...]]]:
        """TLS, sizes, and the rules that fire then; those that change nothing are left out."""
        before: tuple[int, ...] | None = None
        for tls in (True, False):
            fired = self.judged.fired_alone(recipient, tls=tls)
            if fired == before:
                continue
            before = fired
            sizes = self._sizes if any(self._refusing[position] for position in fired) else (SizeClass.SMALL,)
            for size in sizes:
                yield tls, size, fired

    # ------------------------------------------------------------------ what they reach

    @cached_property
    def seen(self) -> tuple[_Seen, ...]:
        """Of each rule the simplest way to it and to its actions, and the rules that stand before it."""
        for _ in self._see():
            pass
        return tuple(self._rules_seen)

    def pieces(self) -> Iterator[None]:
        """Find out all that takes long, a little at a time, so that somebody who types is not kept waiting."""
        for recipient in self.partition.recipients:
            self.judged.match(recipient)
            yield
        yield from self._see()

    def _see(self) -> Iterator[None]:
        """Walk for each set of rules that recipients match; what was walked is not walked again."""
        if not self.clients:
            return
        for matched, (recipient, *_) in self.groups:
            if matched in self._reached:
                continue
            reached: dict[int, Way] = {}
            ends: list[tuple[frozenset[int], int]] = []
            for tls, size, fired in self.settings(recipient):
                end = self._walk(Way(recipient, tls, size, None), fired, self._rules_seen, reached)
                if end is not None:
                    ends.append((frozenset(fired), end))
            self._reached[matched], self._ends[matched] = reached, ends
            yield

    def _walk(self, way: Way, fired: Sequence[int], seen: list[_Seen], reached: dict[int, Way]) -> int | None:
        """One walk, and the rule it ends in; `way` is how it begins, `reached` how each rule was reached before."""
        scope = self.assumptions.oversize_scope
        rank = way.rank
        for place, position in enumerate(fired):
            known = reached.get(position)
            if known is None or rank < known.rank:
                reached[position] = way
            entry = seen[position]
            better = entry.way is None or rank < entry.way.rank
            if better:
                entry.way = way
            if self.plain[position]:
                if better:
                    entry.actions = dict.fromkeys(range(len(self.rules[position].actions)), way)
                ends = self.stops[position]
            else:
                step = through(position, self.rules[position], way.size, scope, way.needs)
                for _, action, needed in step.reached[1:]:
                    to_action = way if needed is way.needs else way._replace(needs=needed)
                    before = entry.actions.get(action)
                    if before is None or to_action.rank < before.rank:
                        entry.actions[action] = to_action
                ends = step.ends
                if step.needs is not way.needs:
                    way = way._replace(needs=step.needs)
                    rank = way.rank
            if ends:
                for behind in fired[place + 1 :]:
                    seen[behind].stopped_by.setdefault(position, (way.recipient, way.tls))
                return position
        return None

    def stopping(self, position: int, recipient: RecipientClass) -> tuple[int, ...]:
        """The rules that stop the set before a rule, for one class of recipients that matches it."""
        ends = self._ends.get(self.judged.matched[recipient], ())
        return tuple(sorted({end for fired, end in ends if end < position and position in fired}))

    @cached_property
    def conditions(self) -> dict[tuple[int, int], Condition]:
        """What was found out of each condition that some recipient matches, by rule and position."""
        _ = self.seen
        found: dict[tuple[int, int], Condition] = {}
        for matched, classes in self.groups:
            reached = self._reached.get(matched, {})
            for recipient in classes:
                pairs = [pair for pair in self.judged.conditions(recipient) if pair[1] >= 0]
                for at, pair in enumerate(pairs):
                    entry = found.get(pair)
                    if entry is None:
                        entry = found[pair] = Condition(recipient)
                    rule, number = pair
                    way = reached.get(rule)
                    if way is None:
                        continue
                    if entry.way is None or way.rank < entry.way.rank:
                        entry.way = way._replace(recipient=recipient)
                    if entry.alone is None:
                        others = [other for other in _run(pairs, at) if other != number]
                        entry.covered_by.update(others)
                        entry.alone = None if others else recipient
        return found

    # ------------------------------------------------------------------ mail

    def witness(self, way: Way) -> Witness:
        """The mail that goes this way, with what functions answer."""
        return self.mail(
            way.recipient,
            tls=way.tls,
            size=way.size,
            needs=way.needs,
        )

    def mail(
        self,
        *recipients: RecipientClass,
        tls: bool = True,
        size: SizeClass = SizeClass.SMALL,
        needs: Need | None = None,
        client: AddressRange | None = None,
    ) -> Witness:
        """A mail of these classes from a client that is let in, where there is one."""
        ordinary = self.partition.ordinary
        let_in = self.clients or (ordinary.client,)
        chosen = client or (ordinary.client if ordinary.client in let_in else let_in[0])
        mail = self.partition.witness(MailClass(recipients, chosen, tls, ordinary.sender, size))
        answers = tuple(answer for need in needs_of(needs) if (answer := need.answer) is not None)
        return Witness(envelope=mail.envelope, size_bytes=mail.size_bytes, answers=answers)


def _run(pairs: Sequence[tuple[int, int]], at: int) -> Iterator[int]:
    """The conditions of one rule, which stand together, around one of them."""
    rule = pairs[at][0]
    first = at
    while first and pairs[first - 1][0] == rule:
        first -= 1
    for other, number in pairs[first:]:
        if other != rule:
            return
        yield number
