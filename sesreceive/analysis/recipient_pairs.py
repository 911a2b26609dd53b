"""Messages to several recipients: where two accounts agree on each recipient alone and not on a message to two.

What a message to many does is put together from its rules in order, each with those it matches, up to the first that
stops. For recipients on whom the accounts agree, each rule of the one that does something has a counterpart in the
other. If the counterparts of any two rules stand in the same order (or are one rule where they are), every message to
however many is treated alike. Where two stand in another order, and that can matter, messages to two recipients are
looked at that bring them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.action_targets import is_visible, targets
from sesreceive.analysis.classes import RecipientClass, SizeClass
from sesreceive.analysis.two_accounts import Group, Positions, Setting, TwoAccounts
from sesreceive.analysis.walk import is_plain, stops
from sesreceive.effects import Flow

__all__ = ["RecipientPairs"]

# Of two rules in another order as many pairs of cases are looked at; of all of them so many.
_MOST_EACH, _MOST = 4_000, 12_000
_MOST_COUNTERPARTS = 3_000
_TOO_MANY = "more messages to two recipients would have to be looked at than were"


class _Counterparts(NamedTuple):
    """A rule of the one account and the rule of the other that does the same for somebody; -1 where none stops."""

    before: int
    after: int


Differing = tuple[RecipientClass, RecipientClass, Setting]


class RecipientPairs:
    """The pairs of recipients that two accounts treat differently, though each of them alone is treated alike.

    Attributes
    ----------
    differences : tuple of (RecipientClass, RecipientClass, Setting)
        One for any two rules whose order makes a difference.
    undecided : tuple of str
        What was not looked at.
    for_all : bool
        Whether, with no difference, the same is proved for any number of recipients.
    """

    def __init__(self, both: TwoAccounts) -> None:
        self.both = both
        self.undecided: tuple[str, ...] = ()
        self.for_all = both.assumptions.scan_scope == "per-rule"
        self._looked = 0
        self._rules = tuple(judged.rules for judged in both.sides)
        self._targets = tuple([_touched(rule) for rule in rules] for rules in self._rules)
        self._steers = tuple([_steers(rule) for rule in rules] for rules in self._rules)
        self.differences: tuple[Differing, ...] = tuple(self._differences())

    @cached_property
    def _agreed(self) -> tuple[Group, ...]:
        """The cases that both take, and treat alike."""
        return tuple(group for group in self.both.groups if all(group.matched) and not self.both.differing(group))

    def _differences(self) -> Iterator[Differing]:
        seen: dict[frozenset[RecipientClass], None] = {}
        for tls in (True, False):
            if not tls and not self._needs_tls:
                continue
            counterparts: dict[_Counterparts, list[Group]] = {}
            alone: list[Group] = []
            for group in self._agreed:
                pairs = self._counterparts(group, tls)
                if pairs is None:
                    alone.append(group)
                    continue
                for one in pairs:
                    counterparts.setdefault(one, []).append(group)
            for first, second in self._candidates(counterparts, alone):
                found = self._first_differing(first, second, tls)
                if found is not None and (key := frozenset(found[:2])) not in seen:
                    seen[key] = None
                    yield found

    @property
    def _needs_tls(self) -> bool:
        return any(rule.tls_policy == "Require" for rules in self._rules for rule in rules)

    # ------------------------------------------------------------------ counterparts

    def _counterparts(self, group: Group, tls: bool) -> set[_Counterparts] | None:
        """The counterparts of the rules of a case; None where they cannot be told one by one."""
        fired = [self._effective(side, group, tls) for side in (0, 1)]
        rows = [self._rows(side, positions) for side, positions in enumerate(fired)]
        (effects, headers, ends), (other_effects, other_headers, other_ends) = rows
        if effects.keys() != other_effects.keys() or len(headers) != len(other_headers):
            return None
        found: set[_Counterparts] = set()
        for target, row in effects.items():
            if len(row) != len(other_effects[target]):
                return None
            found.update(map(_Counterparts, row, other_effects[target]))
        found.update(map(_Counterparts, headers, other_headers))
        for at in range(max(len(ends), len(other_ends))):
            before = ends[at] if at < len(ends) else -1
            after = other_ends[at] if at < len(other_ends) else -1
            found.add(_Counterparts(before, after))
        return found

    def _effective(self, side: int, group: Group, tls: bool) -> Positions:
        """The rules of a case up to the one that ends the set for sure."""
        positions = self.both.sides[side].fired_alone(group.recipients[0], tls=tls)
        rules = self._rules[side]
        for place, position in enumerate(positions):
            if stops(rules[position]) and is_plain(rules[position]):
                return positions[: place + 1]
        return positions

    def _rows(self, side: int, positions: Sequence[int]) -> tuple[dict[object, list[int]], list[int], list[int]]:
        """Where effects on each target come from, where headers, and where the set may end."""
        effects: dict[object, list[int]] = {}
        headers: list[int] = []
        ends: list[int] = []
        for position in positions:
            for action in self._rules[side][position].actions:
                if is_visible(action):
                    for target in targets(action):
                        effects.setdefault(None if self.both.order == "all" else target, []).append(position)
                elif action.flow() is Flow.CONTINUE:
                    headers.append(position)
                if action.flow() is Flow.STOP_RULE_SET:
                    ends.append(position)
        return effects, headers, ends

    # ------------------------------------------------------------------ what could differ

    def _candidates(
        self, counterparts: dict[_Counterparts, list[Group]], alone: Sequence[Group]
    ) -> Iterator[tuple[Sequence[Group], Sequence[Group]]]:
        """Sets of cases whose pairs have to be looked at."""
        if len(counterparts) > _MOST_COUNTERPARTS:
            self._give_up()
            return
        pairs = sorted(counterparts)
        for at, one in enumerate(pairs):
            for other in pairs[at + 1 :]:
                if self._swapped(one, other) and self._matters(one, other):
                    yield counterparts[one], counterparts[other]
        if alone:
            yield alone, self._agreed

    @staticmethod
    def _swapped(one: _Counterparts, other: _Counterparts) -> bool:
        """Whether two rules stand in another order than their counterparts; one that is not there comes last."""
        far = 1 << 60
        before = (one.before if one.before >= 0 else far) - (other.before if other.before >= 0 else far)
        after = (one.after if one.after >= 0 else far) - (other.after if other.after >= 0 else far)
        return (before > 0) - (before < 0) != (after > 0) - (after < 0)

    def _matters(self, one: _Counterparts, other: _Counterparts) -> bool:
        """Whether the order of two rules can matter: one steers, both touch the same, or they are one rule."""
        if self.both.order == "all" or one.before == other.before or one.after == other.after:
            return True
        for side in (0, 1):
            positions = one[side], other[side]
            if any(position < 0 or self._steers[side][position] for position in positions):
                return True
        return bool(self._touching(one) & self._touching(other))

    def _touching(self, one: _Counterparts) -> frozenset[object]:
        return self._targets[0][one.before] | self._targets[1][one.after]

    def _first_differing(self, first: Sequence[Group], second: Sequence[Group], tls: bool) -> Differing | None:
        """The first pair of cases that is treated differently in one message."""
        looked = 0
        both = self.both
        outcome = next(iter(both.outcomes))
        for one in first:
            for other in second:
                if one is other:
                    continue
                if looked >= _MOST_EACH or self._looked >= _MOST:
                    self._give_up()
                    return None
                looked += 1
                self._looked += 1
                recipients = one.recipients[0], other.recipients[0]
                for size in (SizeClass.SMALL, SizeClass.LARGE, SizeClass.EDGE):
                    if size in both.partition.sizes and not both.same(recipients, tls, size):
                        return *recipients, Setting(outcome, tls, size)
        # No pair shows it; three recipients might.
        self.for_all = False
        return None

    def _give_up(self) -> None:
        self.undecided = (_TOO_MANY,)


def _touched(rule: ReceiptRule) -> frozenset[object]:
    return frozenset(target for action in rule.actions if is_visible(action) for target in targets(action))


def _steers(rule: ReceiptRule) -> bool:
    """Whether what follows a rule may depend on it: it may end the set, ask, be given up, or add a header."""
    return not is_plain(rule) or any(_is_hidden(action) for action in rule.actions)


def _is_hidden(action: ReceiptAction) -> bool:
    return not is_visible(action) or action.flow() is not Flow.CONTINUE
