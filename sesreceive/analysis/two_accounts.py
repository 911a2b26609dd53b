"""Two accounts over one partition: which recipients are in the same case, and where a case is treated differently."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.address_ranges import UNKNOWN_CLIENT, AddressRange
from sesreceive.analysis.class_decisions import ClassDecisions
from sesreceive.analysis.classes import RecipientClass, RecipientKind, SizeClass
from sesreceive.analysis.partition import Partition
from sesreceive.analysis.programs import Programs, TooManyWays
from sesreceive.analysis.walk import refuses
from sesreceive.analysis.witness import Answer
from sesreceive.assumption import Assumptions

__all__ = ["Group", "Outcome", "Setting", "TwoAccounts"]

Outcome = tuple[bool, bool]
Positions = tuple[int, ...]
Forms = tuple[Hashable, ...]
_SIZES = (SizeClass.SMALL, SizeClass.LARGE, SizeClass.EDGE)
_EDGE = (
    "whether a message within some thousand bytes of the size limit of SNS actions is treated alike depends on what "
    "SES writes in front of it"
)
_WAYS = "which headers are added depends on the answers of too many functions"


class Setting(NamedTuple):
    """Circumstances of a message: what the filters of either account say of the client, TLS, and the size."""

    outcome: Outcome
    tls: bool
    size: SizeClass


@dataclass(frozen=True, slots=True)
class Group:
    """Classes of recipients that match the same rules in either account, and are answered alike.

    Attributes
    ----------
    recipients : tuple of RecipientClass
        The classes.
    matched : (tuple of int, tuple of int)
        Positions of the rules, in either account.
    """

    recipients: tuple[RecipientClass, ...]
    matched: tuple[Positions, Positions]


class TwoAccounts:
    """Two accounts and the classes of both.

    Parameters
    ----------
    before, after : Account
        The accounts.
    assumptions : Assumptions, optional
        How open points are read.
    order : str
        As `programs.Programs` takes it.

    Attributes
    ----------
    sides : (ClassDecisions, ClassDecisions)
        Either account's decisions.
    undecided : dict
        What could not be decided, as sentences.
    """

    def __init__(
        self, before: Account, after: Account, assumptions: Assumptions | None = None, order: str = "target"
    ) -> None:
        self.partition = Partition(before, after, assumptions=assumptions)
        self.assumptions = self.partition.assumptions
        self.order = order
        self.sides = ClassDecisions(before, self.partition), ClassDecisions(after, self.partition)
        self.programs = Programs(self.assumptions, order)
        self.undecided: dict[str, None] = {}
        self._same: dict[Hashable, bool | None] = {}
        self._parts: dict[Hashable, bool] = {}
        self._differing: dict[tuple[Positions, Positions], list[Setting]] = {}
        ids: dict[Hashable, int] = {}
        self._ids = tuple([ids.setdefault(_does(rule), len(ids)) for rule in judged.rules] for judged in self.sides)
        self._refusing = tuple([any(map(refuses, rule.actions)) for rule in judged.rules] for judged in self.sides)

    # ------------------------------------------------------------------ clients

    @cached_property
    def outcomes(self) -> dict[Outcome, list[AddressRange]]:
        """What the filters of both say together, each with the clients of whom they say it."""
        found: dict[Outcome, list[AddressRange]] = {}
        ordinary = self.partition.ordinary.client
        clients = [one for one in self.partition.clients if one.version]
        for client in sorted(clients, key=lambda one: (one is not ordinary, one.version)):
            before, after = (judged.filtered(client).accepted for judged in self.sides)
            found.setdefault((before, after), []).append(client)
        found.setdefault((True, True), [UNKNOWN_CLIENT])  # of a file the client may not be known
        order = ((True, True), (True, False), (False, True), (False, False))
        return {outcome: found[outcome] for outcome in order if outcome in found}

    def client(self, outcome: Outcome) -> AddressRange:
        """A client of whom the filters say this."""
        return self.outcomes[outcome][0]

    def clients_of(self, outcomes: Iterable[Outcome]) -> Iterator[AddressRange]:
        """All clients of whom they say one of these."""
        for outcome in self.outcomes:
            if outcome in outcomes:
                yield from self.outcomes[outcome]

    # ------------------------------------------------------------------ recipients

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The cases of recipients, in order of their first class."""
        blocked = any(not all(outcome) for outcome in self.outcomes)
        found: dict[Hashable, list[RecipientClass]] = {}
        before, after = self.sides
        for one in self.partition.recipients:
            if one.kind in (RecipientKind.UNSAYABLE, RecipientKind.TOO_LONG):
                continue  # refused unseen, by every account
            key: Hashable = (before.matched[one], after.matched[one])
            if blocked or key == ((), ()):
                refused = tuple(judged.reply(one, let_in=False, tls=True) for judged in self.sides)
                key = (key, *map(str, refused))
            found.setdefault(key, []).append(one)
        return tuple(
            Group(tuple(classes), (before.matched[classes[0]], after.matched[classes[0]])) for classes in found.values()
        )

    def settings_of(self, group: Group) -> Iterator[Setting]:
        """The circumstances that can matter to a case, the simplest first."""
        sizes = _SIZES if self._may_refuse(group.matched) else _SIZES[:1]
        for outcome in self.outcomes:
            for tls in (True, False):
                for size in sizes:
                    if size in self.partition.sizes:
                        yield Setting(outcome, tls, size)

    def _may_refuse(self, matched: tuple[Sequence[int], Sequence[int]]) -> bool:
        return any(
            refusing[position] for refusing, one in zip(self._refusing, matched, strict=True) for position in one
        )

    def differing(self, group: Group) -> list[Setting]:
        """The circumstances under which a case is treated differently, the simplest first."""
        if group.matched in self._differing and all(group.matched):
            return self._differing[group.matched]
        found: list[Setting] = []
        answered: dict[tuple[Outcome, bool], bool | None] = {}
        recipient = group.recipients[0]
        for setting in self.settings_of(group):
            if setting.size is SizeClass.EDGE and found:
                continue  # small or large messages show it
            key = setting.outcome, setting.tls
            if key not in answered:
                answered[key] = self._answered_alike(recipient, setting)
            alike = answered[key]
            if alike is None:  # both take it
                alike = self.same((recipient,), setting.tls, setting.size)
            if alike is False:
                found.append(setting)
        self._differing[group.matched] = found
        return found

    def _answered_alike(self, recipient: RecipientClass, setting: Setting) -> bool | None:
        """Whether a recipient is refused alike, or not answered alike; None where both accept it."""
        before, after = (
            judged.reply(recipient, let_in=let_in, tls=setting.tls)
            for judged, let_in in zip(self.sides, setting.outcome, strict=True)
        )
        if str(before) != str(after):
            return False
        return None if before.accepted else True

    # ------------------------------------------------------------------ what rules do

    def fired(self, recipients: Sequence[RecipientClass], tls: bool) -> tuple[Positions, Positions]:
        """The rules that apply to one message, in either account."""
        if len(recipients) == 1:
            before, after = (judged.fired_alone(recipients[0], tls=tls) for judged in self.sides)
        else:
            before, after = (judged.fired_together(recipients, tls=tls) for judged in self.sides)
        return before, after

    def same(self, recipients: Sequence[RecipientClass], tls: bool, size: SizeClass) -> bool:
        """Whether both do the same to a message that both take; what cannot be decided is noted, and counts as it."""
        fired = self.fired(recipients, tls)
        who = self._who(recipients)
        forms = tuple(
            tuple((ids[position], name(position)) for position in one)
            for ids, name, one in zip(self._ids, who, fired, strict=True)
        )
        if forms[0] == forms[1]:
            return True
        key = forms, size
        if size is SizeClass.EDGE and _EDGE in self.undecided:
            return True  # more of these would say nothing new
        if key not in self._same:
            self._same[key] = self._alike_where_they_part(forms, fired, size, who) or self._compared(fired, size, who)
        same = self._same[key]
        if same is None:
            self.undecided[_WAYS] = None
        elif not same and size is SizeClass.EDGE:
            self.undecided[_EDGE] = None
        return same is not False or size is SizeClass.EDGE

    def _alike_where_they_part(
        self,
        forms: tuple[Forms, ...],
        fired: tuple[Positions, Positions],
        size: SizeClass,
        who: Sequence[Callable[[int], Hashable]],
    ) -> bool:
        """Whether the rules between those that are the same in front and behind do the same; then all do.

        Two accounts differ in few rules as a rule, and what is between is the same for many messages.
        """
        scans = [self.programs.scans(self._rules(side, fired[side])) for side in (0, 1)]
        if scans[0] != scans[1]:
            return False
        first, last = _apart(*forms)
        parts = tuple(form[first : len(form) - last] for form in forms)
        key = parts, size, scans[0]
        if key not in self._parts:
            between = [positions[first : len(positions) - last] for positions in fired]
            try:
                numbers = {
                    self.programs.number(
                        self._rules(side, between[side]), size, who[side], strict=True, scans=scans[0], goes_on=True
                    )
                    for side in (0, 1)
                }
            except TooManyWays:
                numbers = set()
            self._parts[key] = len(numbers) == 1
        return self._parts[key]

    def _compared(
        self, fired: tuple[Positions, Positions], size: SizeClass, who: Sequence[Callable[[int], Hashable]]
    ) -> bool | None:
        if len(set(self._numbers(fired, size, who, strict=True))) == 1:
            return True
        try:
            return len(set(self._numbers(fired, size, who))) == 1
        except TooManyWays:
            return None

    def _numbers(
        self,
        fired: tuple[Positions, Positions],
        size: SizeClass,
        who: Sequence[Callable[[int], Hashable]],
        *,
        strict: bool = False,
    ) -> tuple[int, ...]:
        return tuple(
            self.programs.number(self._rules(side, fired[side]), size, who[side], strict=strict) for side in (0, 1)
        )

    def _rules(self, side: int, positions: Positions) -> list[tuple[int, ReceiptRule]]:
        rules = self.sides[side].rules
        return [(position, rules[position]) for position in positions]

    def _who(self, recipients: Sequence[RecipientClass]) -> tuple[Callable[[int], Hashable], ...]:
        """For either account, whom of these the rule in a position matches."""
        if len(recipients) == 1:
            return (_nobody_else, _nobody_else)

        def named(judged: ClassDecisions) -> Callable[[int], Hashable]:
            matched = [frozenset(judged.matched[one]) for one in recipients]
            return lambda position: tuple(position in one for one in matched)

        return tuple(map(named, self.sides))

    def parting(self, recipients: Sequence[RecipientClass], setting: Setting) -> tuple[Answer, ...]:
        """What functions have to answer so that a message is treated differently."""
        replies = [
            judged.reply(one, let_in=let_in, tls=setting.tls)
            for judged, let_in in zip(self.sides, setting.outcome, strict=True)
            for one in recipients
        ]
        if not all(reply.accepted for reply in replies):
            return ()
        fired, who = self.fired(recipients, setting.tls), self._who(recipients)
        try:
            before, after = self._numbers(fired, setting.size, who)
        except TooManyWays:
            before, after = self._numbers(fired, setting.size, who, strict=True)
        return self.programs.parting(before, after)


def _apart(before: Forms, after: Forms) -> tuple[int, int]:
    """How many are the same in front, and behind."""
    shorter = min(len(before), len(after))
    first = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    behind = range(1, shorter - first + 1)
    return first, next((at - 1 for at in behind if before[-at] != after[-at]), shorter - first)


def _nobody_else(position: int) -> Hashable:
    return (True,)


def _does(rule: ReceiptRule) -> Hashable:
    """What of a rule makes what it does to a message that it matches."""
    named = any(getattr(action, "kms_key_arn", None) for action in rule.actions)
    return rule.actions, rule.scan_enabled, rule.name if named else ""
