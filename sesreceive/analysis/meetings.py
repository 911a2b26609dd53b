"""Rules that meet in a message to two recipients, where what one of them does changes what the other comes to.

For each rule those are remembered who reach it alone; of many that match the same other rules one is enough. So a rule
that steers is held against each rule once, not each recipient against each: with *r* rules the work is a walk a case of
recipients and *r* squared look-ups, whatever the number of recipients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import TlsPolicy
from sesreceive.analysis.action_targets import is_visible, targets
from sesreceive.analysis.classes import RecipientClass, SizeClass
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.walk import Need, Reached, Step, needs_of, refuses, through
from sesreceive.effects import Flow, SendBounce

__all__ = ["Meeting", "Meetings", "Occasion"]

_BEHIND_ALL = 1 << 30


class Meeting(NamedTuple):
    """Two rules in a message to two recipients.

    Attributes
    ----------
    kind : str
        What the rule does to the other: ``stop``, ``answer``, ``header`` or ``bounce``.
    rule, changed : int
        Positions of both.
    one, two : RecipientClass
        Whom `rule` matches, and whom `changed` matches and `rule` does not.
    tls : bool
        Whether the session is encrypted.
    size : SizeClass
        Of the message.
    needs, needs_alone : tuple of Need
        What functions answer in the message to both, and in the same message to `two` alone.
    """

    kind: str
    rule: int
    changed: int
    one: RecipientClass
    two: RecipientClass
    tls: bool
    size: SizeClass
    needs: tuple[Need, ...]
    needs_alone: tuple[Need, ...]


class _Visit(NamedTuple):
    """Somebody who reaches a rule alone: with which other rules, what is needed here, and where the walk ends."""

    recipient: RecipientClass
    matched: int  # the rules as bits
    needs: Need | None
    ends: int
    needs_at_end: Need | None

    @property
    def effort(self) -> int:
        return len(needs_of(self.needs))


class _Change(NamedTuple):
    """An action of a rule that may change what others come to, what that needs, and what the way on behind it needs."""

    kind: str
    needs: Need | None
    goes_on: bool = False
    needs_on: Need | None = None


@dataclass(slots=True)
class Occasion:
    """Who reaches each rule, and who reaches what changes others, over TLS or not and of one size."""

    tls: bool
    size: SizeClass
    visits: dict[int, list[_Visit]] = field(default_factory=dict)
    changes: dict[tuple[int, str], list[tuple[_Change, _Visit]]] = field(default_factory=dict)


class Meetings:
    """The pairs of rules that meet, one row for each kind of change.

    Parameters
    ----------
    reach : Reachability
        What is reached in the account.
    """

    def __init__(self, reach: Reachability) -> None:
        self.reach = reach

    def __iter__(self) -> Iterator[Meeting]:
        """In the order of the rules that change something, then of those that are changed."""
        rows: dict[tuple[int, int, str], Meeting] = {}
        for occasion in self._occasions():
            for meeting in self._meeting(occasion):
                key = meeting.rule, meeting.changed, meeting.kind
                if key not in rows or len(meeting.needs) < len(rows[key].needs):
                    rows[key] = meeting
        yield from (rows[key] for key in sorted(rows))

    # ------------------------------------------------------------------ who reaches what

    def _occasions(self) -> Iterator[Occasion]:
        if not self.reach.clients:
            return
        rules = self.reach.rules
        tls = (True, False) if any(rule.tls_policy is TlsPolicy.REQUIRE for rule in rules) else (True,)
        refusing = any(refuses(action) for rule in rules for action in rule.actions)
        sizes = (SizeClass.SMALL, SizeClass.LARGE) if refusing else (SizeClass.SMALL,)
        for encrypted in tls:
            for size in sizes:
                if size in self.reach.partition.sizes:
                    yield self.occasion(encrypted, size)

    def occasion(self, tls: bool, size: SizeClass) -> Occasion:
        """Who reaches what with or without TLS, with a message of a size."""
        occasion = Occasion(tls, size)
        for _, (recipient, *_) in self.reach.groups:
            self._walk(recipient, occasion)
        return occasion

    def _walk(self, recipient: RecipientClass, occasion: Occasion) -> None:
        fired = self.reach.judged.fired_alone(recipient, tls=occasion.tls)
        matched = sum(1 << position for position in fired)
        scope = self.reach.assumptions.oversize_scope
        needs: Need | None = None
        steps: list[tuple[int, Step, Need | None]] = []
        ends = _BEHIND_ALL
        for position in fired:
            step = through(position, self.reach.rules[position], occasion.size, scope, needs)
            steps.append((position, step, needs))
            if step.ends:
                ends = position
                break
            needs = step.needs
        for position, step, before in steps:
            visit = _Visit(recipient, matched, before, ends, needs)
            if self._does_something(position, step, occasion.size):
                occasion.visits.setdefault(position, []).append(visit)
            for change in self._changes(position, step):
                occasion.changes.setdefault((position, change.kind), []).append((change, visit))

    def _does_something(self, position: int, step: Step, size: SizeClass) -> bool:
        """Whether anything that can be seen is done in the rule, whatever its own functions answer."""
        actions = self.reach.rules[position].actions
        if size is SizeClass.LARGE and any(map(refuses, actions)):
            return True  # it is bounced for its size
        needs = step.reached[0].needs
        return any(row.action >= 0 and row.needs is needs and is_visible(actions[row.action]) for row in step.reached)

    def _changes(self, position: int, step: Step) -> Iterator[_Change]:
        actions = self.reach.rules[position].actions
        for row in step.reached:
            if row.action < 0:
                continue
            action = actions[row.action]
            if action.flow() is Flow.STOP_RULE_SET:
                yield _Change("stop", row.needs)
            if action.waits:
                arn = getattr(action, "function_arn", "")
                yield _Change("answer", Need(position, row.action, arn, (Flow.STOP_RULE_SET,), row.needs))
            adds_header = type(action).adds_headers is not ReceiptAction.adds_headers
            if adds_header and self.reach.assumptions.added_header_scope == "rule-set":
                yield _Change("header", row.needs, *self._way_on(position, step, row))
            if any(operation == SendBounce.operation for operation, _ in targets(action)):
                yield _Change("bounce", row.needs, *self._way_on(position, step, row))

    def _way_on(self, position: int, step: Step, behind: Reached) -> tuple[bool, Need | None]:
        """Whether a message that came to an action may come behind its rule, and what that needs."""
        actions = self.reach.rules[position].actions
        if not any(action.flow() is Flow.STOP_RULE_SET for action in actions):
            return True, behind.needs
        for row in step.reached:
            if row.action > behind.action and actions[row.action].waits:
                arn = getattr(actions[row.action], "function_arn", "")
                return True, Need(position, row.action, arn, (Flow.STOP_RULE,), row.needs)
        return False, behind.needs

    # ------------------------------------------------------------------ who meets whom

    def _meeting(self, occasion: Occasion) -> Iterator[Meeting]:
        easiest = {at: _telling(sorted(some, key=lambda one: one.effort)) for at, some in occasion.visits.items()}
        farthest = {at: _telling(sorted(some, key=lambda one: -one.ends)) for at, some in occasion.visits.items()}
        for (rule, kind), ways in occasion.changes.items():
            simple = min(ways, key=lambda way: len(needs_of(way[0].needs)))
            far = max(ways, key=lambda way: (way[0].goes_on, way[1].ends))
            for changed in occasion.visits:
                if changed == rule:
                    continue
                if kind in ("stop", "answer"):
                    if changed < rule:
                        continue
                    change, one = simple
                    two = _without(easiest[changed], rule)
                else:
                    change, one = far
                    two = _without((easiest if changed > rule else farthest)[changed], rule)
                    if changed < rule and kind == "header":
                        continue
                    if changed > rule and (one.ends < changed or not change.goes_on):
                        continue
                    if two is not None and two.ends < rule:
                        continue
                if two is None:
                    continue
                needs = self._together(change, one, two, rule, changed)
                yield Meeting(
                    kind, rule, changed, one.recipient, two.recipient, occasion.tls, occasion.size, needs,
                    needs_of(two.needs),
                )  # fmt: skip

    @staticmethod
    def _together(change: _Change, one: _Visit, two: _Visit, rule: int, changed: int) -> tuple[Need, ...]:
        """What is needed in the message to both, in the order of the calls; of two needs of a call the first counts."""
        listed = [*needs_of(change.needs), *needs_of(two.needs)]
        last = rule
        if change.kind not in ("stop", "answer"):
            last = max(rule, changed)
            ends = *needs_of(two.needs_at_end), *needs_of(one.needs_at_end)
            listed += [need for need in ends if need.rule < last]  # what comes behind both does not matter
            if rule < changed:
                listed = [*needs_of(change.needs_on), *listed]
        calls = {(need.rule, need.action): need for need in reversed(listed)}
        return tuple(need for place, need in sorted(calls.items()) if place[0] <= last)


def _telling(visits: list[_Visit]) -> list[_Visit]:
    """Those before whom everybody matches a rule that they do not: of those without a rule the first is among them."""
    kept, common = [], -1
    for visit in visits:
        if common & visit.matched != common:
            common &= visit.matched
            kept.append(visit)
    return kept


def _without(visits: list[_Visit], rule: int) -> _Visit | None:
    """The first who does not match a rule."""
    return next((visit for visit in visits if not visit.matched >> rule & 1), None)
