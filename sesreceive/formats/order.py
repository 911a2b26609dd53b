"""The order of rules that a template gives, and where it leaves it open.

A rule without ``After`` is put first, one with it directly behind the rule it names [documented]. So of two rules
behind the same one, that which is made later comes first; which that is, a template says only by a dependency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sesreceive.errors import one_line
from sesreceive.formats.draft import RuleEntry
from sesreceive.wording import expected

__all__ = ["Ordered", "Placed", "put_in_order"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule with its filled name and the name it comes behind."""

    entry: RuleEntry
    name: str
    after: str | None


@dataclass(slots=True)
class Ordered:
    """Rules in order, what is wrong with their places, and the groups whose order is open.

    A group of `undecided` holds chains: each a rule and all that stand behind it, which move together.
    """

    rules: list[Placed] = field(default_factory=list)
    problems: list[tuple[RuleEntry, str]] = field(default_factory=list)
    undecided: list[tuple[tuple[Placed, ...], ...]] = field(default_factory=list)


def put_in_order(rules: Sequence[Placed], needs: Mapping[str, frozenset[str]]) -> Ordered:
    """The rules of one set in the order that SES will have them.

    Parameters
    ----------
    rules : sequence of Placed
        In the order of the source.
    needs : mapping
        For every key of the template, what has to exist before it is made.
    """
    result = Ordered()
    if all(rule.entry.ordered for rule in rules):
        result.rules = list(rules)
        return result
    known = [rule.name for rule in rules]
    first_of = {rule.name: rule for rule in reversed(rules)}
    behind: dict[str | None, list[Placed]] = {}
    lost: list[Placed] = []
    for rule in rules:
        if rule.after is not None and rule.after not in first_of:
            result.problems.append((rule.entry, f"After: {expected('a rule of its set', rule.after, known)}"))
            lost.append(rule)
        else:
            behind.setdefault(rule.after, []).append(rule)
    needed = _closure(needs)
    open_groups: list[list[Placed]] = []
    placed: set[int] = set()

    def place(roots: list[Placed]) -> None:
        # A stack in place of recursion: a chain may have any length.
        stack = roots[::-1]
        while stack:
            rule = stack.pop()
            if id(rule) not in placed:
                placed.add(id(rule))
                result.rules.append(rule)
                if first_of[rule.name] is rule:
                    stack += _last_made_first(behind.get(rule.name, []), needed, open_groups)[::-1]

    place(_last_made_first(behind.get(None, []), needed, open_groups))
    place(lost)
    for rule in rules:
        if id(rule) not in placed:
            message = f"After: expected a chain with a beginning but got `{one_line(rule.after, 80)}`, which leads back"
            result.problems.append((rule.entry, message))
            placed.add(id(rule))
            result.rules.append(rule)
    result.undecided = [tuple(_chain(rule, behind) for rule in group) for group in open_groups]
    return result


def _chain(first: Placed, behind: Mapping[str | None, list[Placed]]) -> tuple[Placed, ...]:
    """A rule and all that stand behind it."""
    found: list[Placed] = []
    waiting = [first]
    seen: set[int] = set()
    while waiting:
        rule = waiting.pop()
        if id(rule) not in seen:
            seen.add(id(rule))
            found.append(rule)
            waiting += behind.get(rule.name, [])
    return tuple(found)


def _last_made_first(
    rules: list[Placed], needed: Callable[[str], frozenset[str]], open_groups: list[list[Placed]]
) -> list[Placed]:
    """Rules behind the same one: what needs another is made later, so it comes before it; else as the source has it."""
    if len(rules) < 2:
        return rules
    waiting = {id(rule): 0 for rule in rules}
    before: dict[int, list[Placed]] = {id(rule): [] for rule in rules}
    for later in rules:
        chain = needed(later.entry.key)
        for earlier in rules:
            if earlier.entry.key in chain and earlier is not later:
                before[id(later)].append(earlier)
                waiting[id(earlier)] += 1
    ordered: list[Placed] = []
    ready = [rule for rule in rules if not waiting[id(rule)]]
    undecided = False
    while ready:
        undecided |= len(ready) > 1
        rule = ready.pop(0)
        ordered.append(rule)
        for earlier in before[id(rule)]:
            waiting[id(earlier)] -= 1
            if not waiting[id(earlier)]:
                ready.append(earlier)
    placed = {id(rule) for rule in ordered}
    ordered += [rule for rule in rules if id(rule) not in placed]
    if undecided:
        open_groups.append(ordered)
    return ordered


def _closure(needs: Mapping[str, frozenset[str]]) -> Callable[[str], frozenset[str]]:
    """Everything that a key needs, near or far."""
    known: dict[str, frozenset[str]] = {}

    def everything(key: str) -> frozenset[str]:
        if key not in known:
            reached: set[str] = set()
            waiting: list[str] = list(needs.get(key, ()))
            while waiting:
                name = waiting.pop()
                if name not in reached:
                    reached.add(name)
                    waiting += needs.get(name, ())
            known[key] = frozenset(reached)
        return known[key]

    return everything
