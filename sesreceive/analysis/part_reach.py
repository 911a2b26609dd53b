"""Of each rule, condition, action and filter whether it is reached or redundant, why not, and a mail that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sesreceive.account.action import short_name
from sesreceive.account.rule_set import TlsPolicy
from sesreceive.analysis.action_targets import is_visible
from sesreceive.analysis.classes import RecipientClass, RecipientKind
from sesreceive.analysis.filter_reach import FilterReach, filter_reach
from sesreceive.analysis.hidden_actions import HiddenActions
from sesreceive.analysis.reachability import Reachability, Way
from sesreceive.analysis.walk import Certainty, needs_of
from sesreceive.analysis.witness import Witness
from sesreceive.errors import one_line
from sesreceive.hostname import plain_domain
from sesreceive.mail.address import Mailbox
from sesreceive.shown import Shown

if TYPE_CHECKING:
    pass

__all__ = ["BLOCKED", "Reach", "parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach(Shown):
    """Whether one thing of the configuration is reached.

    Attributes
    ----------
    kind : str
        ``rule``, ``condition``, ``action`` or ``filter``.
    name : str
        Of the rule or filter.
    part : str
        The condition, or position and name of the action; the network of a filter. Empty for a rule.
    position, item : int
        Where the rule or filter stands, and the part in it; -1 for the rule itself.
    reached : Certainty
        ``always``: some mail reaches it whatever functions answer. ``possibly``: if functions answer so. ``never``.
    needs : tuple of str
        For ``possibly``: what is needed, such as "`gate` answers STOP_RULE".
    redundant : bool
        Whether some mail reaches it and nothing would change without it.
    because : str
        Why it is dead or redundant, as one sentence; empty where it is neither.
    covered_by : tuple of str
        The rules, conditions or filters that stand before it or do the same.
    shown_by : callable or None
        Makes `witness`.
    """

    kind: str
    name: str
    part: str
    position: int
    item: int
    reached: Certainty
    needs: tuple[str, ...] = ()
    redundant: bool = False
    because: str = ""
    covered_by: tuple[str, ...] = ()
    shown_by: Callable[[], Witness] | None = field(default=None, repr=False, compare=False)

    @property
    def witness(self) -> Witness | None:
        """A mail that reaches it; or for what is dead one that would have to, and does not. None where no mail can."""
        return self.shown_by() if self.shown_by is not None else None

    @property
    def dead(self) -> bool:
        """Whether it can never take effect."""
        return self.reached is Certainty.NEVER

    @property
    def status(self) -> str:
        """One word: dead, redundant, possibly or always."""
        return "dead" if self.dead else "redundant" if self.redundant else str(self.reached)

    @property
    def what(self) -> str:
        """Which thing it is, such as "rule last" or "condition example.com of last"."""
        name = one_line(self.name, 80)
        if self.kind == "rule" or self.kind == "filter":
            return f"{self.kind} {name}"
        return f"{self.kind} {one_line(self.part, 120)} of {name}"

    def __repr__(self) -> str:
        """One line."""
        why = f": {one_line(self.because, 300)}" if self.because else ""
        needs = f" if {one_line(' and '.join(self.needs), 300)}" if self.needs else ""
        status = {"possibly": "is reached", "always": "is reached"}.get(self.status, f"is {one_line(self.status, 20)}")
        return f"<{one_line(self.what, 240)} {one_line(status, 20)}{needs}{why}>"


BLOCKED = "the filters refuse every client"
_Shown = Callable[[], Witness] | None
_Followed = Mapping[tuple[int, int], bool]


def parts(reach: Reachability) -> Iterator[Reach]:
    """Every rule with its conditions and actions, then the filters, in the order of the configuration."""
    followed = HiddenActions(reach).followed
    for position, rule in enumerate(reach.rules):
        row = _rule(reach, position, followed)
        yield row
        yield from (_condition(reach, row, number) for number in range(len(rule.recipients)))
        yield from (_action(reach, row, index, followed) for index in range(len(rule.actions)))
    yield from (_filter(reach, item) for item in filter_reach(reach.partition, reach.judged))


def _how(reach: Reachability, way: Way | None) -> dict[str, Any]:
    """What is said of something that is reached this way, or not."""
    if way is None:
        return {"reached": Certainty.NEVER}
    needs = tuple(dict.fromkeys(need.text for need in needs_of(way.needs)))
    return {"reached": way.certainty, "needs": needs, "shown_by": partial(reach.witness, way)}


# ---------------------------------------------------------------- rules


def _rule(reach: Reachability, position: int, followed: _Followed) -> Reach:
    rule, seen = reach.rules[position], reach.seen[position]
    common: dict[str, Any] = {"kind": "rule", "name": rule.name, "part": "", "position": position, "item": -1}
    if seen.way is None:
        because, covered_by, shown_by = _why_dead(reach, position)
        return Reach(**common, reached=Certainty.NEVER, because=because, covered_by=covered_by, shown_by=shown_by)
    redundant, covered_by = _rule_redundant(reach, position, followed)
    because = "it asks for nothing, and others take the mail of all of its recipients" if redundant else ""
    how = _how(reach, seen.way)
    return Reach(**common, **how, redundant=redundant, because=because, covered_by=covered_by)


def _why_dead(reach: Reachability, position: int) -> tuple[str, tuple[str, ...], _Shown]:
    rule, seen = reach.rules[position], reach.seen[position]
    if not rule.enabled:
        return "the rule is not enabled", (), _expected(reach, position)
    if not reach.clients:
        blocking = tuple(one.name for one in reach.account.filters if one.policy == "Block")
        return BLOCKED, blocking, _expected(reach, position)
    if not seen.stopped_by:
        why = "no domain of the account is verified" if not rule.recipients else _why_unmatched(reach, position)
        return why, (), _expected(reach, position)
    stopping = sorted(seen.stopped_by)
    names = tuple(reach.rules[one].name for one in stopping)
    shown = ", ".join(f"`{one_line(name, 64)}`" for name in names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    verb = "stops" if len(names) == 1 else "together stop"
    recipient, tls = seen.stopped_by[stopping[0]]
    because = f"{shown}{more} {verb} the rule set for all of its recipients"
    return because, names, partial(reach.mail, recipient, tls=tls)


def _why_unmatched(reach: Reachability, position: int) -> str:
    rule = reach.rules[position]
    reasons = {_why_condition(reach, condition) for condition in rule.recipients[:100]}
    if len(reasons) == 1 and len(rule.recipients) > 1:
        return (
            reasons.pop().replace("it lies", "each of its conditions lies").replace("no mail", "none of them: no mail")
        )
    return reasons.pop() if len(reasons) == 1 else "none of its conditions matches a recipient under a verified domain"


def _why_condition(reach: Reachability, condition: str) -> str:
    """Why no recipient that is taken matches a condition."""
    wanted = plain_domain(condition)
    domain = Mailbox.parse(wanted).domain if "@" in wanted else wanted.removeprefix(".")
    if reach.judged.index.identities.covering(domain, subdomains=reach.assumptions.subdomains_verified) is None:
        pending = any(one.is_domain and not one.is_verified and one.covers(domain) for one in reach.account.identities)
        return "it lies under a domain that is not verified yet" if pending else "it lies under no verified domain"
    return "no mail can be sent to such an address"


def _expected(reach: Reachability, position: int) -> _Shown:
    """The mail one would expect to reach a rule."""
    rule = reach.rules[position]
    for condition in rule.recipients[:20]:
        if (recipient := _example(reach, condition)) is not None:
            return partial(reach.mail, recipient)
    if rule.recipients:
        return None
    candidates = [one for one in reach.partition.recipients if one.kind is RecipientKind.DOMAIN]
    verified = [one for one in candidates if reach.account.is_verified(one.literal) is not None]
    return partial(reach.mail, (verified or candidates or list(reach.partition.recipients))[0])


def _example(reach: Reachability, condition: str) -> RecipientClass | None:
    """The class that a condition names, where it is not empty."""
    wanted = plain_domain(condition)
    if "@" in wanted:
        place = RecipientKind.ADDRESS, Mailbox.parse(wanted).folded
    elif wanted.startswith("."):
        place = RecipientKind.SUBDOMAIN, wanted[1:]
    else:
        place = RecipientKind.DOMAIN, wanted
    return reach.partition.named(*place)


def _rule_redundant(reach: Reachability, position: int, followed: _Followed) -> tuple[bool, tuple[str, ...]]:
    """Whether nothing would change without a rule that is reached, and which rules take its mail."""
    rule = reach.rules[position]
    if any(map(is_visible, rule.actions)) or (rule.scan_enabled and reach.assumptions.scan_scope == "per-message"):
        return False, ()
    if any(followed.get((position, index), True) for index in range(len(rule.actions))):
        return False, ()
    taking: dict[int, None] = {}
    for matched, _ in reach.groups:
        if position not in matched:
            continue
        others = [other for other in matched if other != position]
        if rule.tls_policy is not TlsPolicy.REQUIRE:
            others = [other for other in others if reach.rules[other].tls_policy is not TlsPolicy.REQUIRE]
        if not others:
            return False, ()
        taking[others[0]] = None
    return True, tuple(reach.rules[other].name for other in sorted(taking))


# ---------------------------------------------------------------- conditions and actions


def _part(kind: str, rule: Reach, part: str, item: int) -> dict[str, Any]:
    return {"kind": kind, "name": rule.name, "part": part, "position": rule.position, "item": item}


def _condition(reach: Reachability, rule: Reach, number: int) -> Reach:
    conditions = reach.rules[rule.position].recipients
    condition = conditions[number]
    common: dict[str, Any] = {
        "kind": "condition",
        "name": rule.name,
        "part": condition,
        "position": rule.position,
        "item": number,
    }
    found = reach.conditions.get((rule.position, number))
    example = _example(reach, condition)
    expected = partial(reach.mail, example) if example is not None else None
    if not reach.rules[rule.position].enabled or not reach.clients:
        dead: dict[str, Any] = {"because": rule.because, "covered_by": rule.covered_by, "shown_by": expected}
        return Reach(**common, reached=Certainty.NEVER, **dead)
    if found is None:
        because = _why_condition(reach, condition)
        return Reach(**common, reached=Certainty.NEVER, because=because, shown_by=expected)
    if found.way is None:
        stopping = reach.stopping(rule.position, found.matched_by)
        names = tuple(reach.rules[one].name for one in stopping)
        verb = "stops" if len(names) == 1 else "together stop"
        because = (
            f"{', '.join(f'`{one_line(name, 64)}`' for name in names[:4])} {verb} the rule set for whom it matches"
        )
        dead = {"because": because, "covered_by": names, "shown_by": partial(reach.mail, found.matched_by)}
        return Reach(**common, reached=Certainty.NEVER, **dead)
    redundant = found.alone is None
    covered_by = tuple(conditions[other] for other in sorted(found.covered_by)) if redundant else ()
    because = "other conditions of the rule match whoever it matches" if redundant else ""
    return Reach(**common, **_how(reach, found.way), redundant=redundant, because=because, covered_by=covered_by)


def _action(reach: Reachability, rule: Reach, index: int, followed: _Followed) -> Reach:
    action = reach.rules[rule.position].actions[index]
    part = f"{index + 1} {short_name(type(action))}"
    common: dict[str, Any] = {
        "kind": "action",
        "name": rule.name,
        "part": part,
        "position": rule.position,
        "item": index,
    }
    way = reach.seen[rule.position].actions.get(index)
    if way is None:
        because = rule.because if rule.dead else "a message that reaches the rule is too large for its SNS action"
        dead: dict[str, Any] = {
            "because": because,
            "covered_by": rule.covered_by if rule.dead else (),
            "shown_by": rule.shown_by,
        }
        return Reach(**common, reached=Certainty.NEVER, **dead)
    redundant = not followed.get((rule.position, index), True)
    because = "nothing that could be seen follows it in any message" if redundant else ""
    return Reach(**common, **_how(reach, way), redundant=redundant, because=because)


# ---------------------------------------------------------------- filters


def _filter(reach: Reachability, one: FilterReach) -> Reach:
    taken = next(iter(reach.groups), None)
    recipient = taken[1][0] if taken else reach.partition.recipients[0]
    return Reach(
        kind="filter",
        name=one.name,
        part=one.cidr,
        position=one.position,
        item=-1,
        reached=Certainty.NEVER if one.dead else Certainty.ALWAYS,
        redundant=one.redundant,
        because=one.because,
        covered_by=one.covered_by,
        shown_by=partial(reach.mail, recipient, client=one.client) if one.client is not None else None,
    )
