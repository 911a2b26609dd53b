"""Ways of a message to something a rule does, or past it, alone and in company."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.analysis.classes import RecipientClass, SizeClass
from sesreceive.analysis.meetings import Occasion
from sesreceive.analysis.walk import Need, needs_of, refuses, through
from sesreceive.effects import Flow

__all__ = ["Course", "way_past", "way_to"]

Wanted = Callable[[ReceiptAction], bool]


class Course(NamedTuple):
    """A way that was looked for.

    Attributes
    ----------
    needs : tuple of Need
        What functions have to answer, in order of the calls.
    company : RecipientClass or None
        The other recipient of the message, where it takes one.
    rule : int
        Where it ends: the rule that does what is wanted, or that ends the set before; -1 behind the last.
    """

    needs: tuple[Need, ...]
    company: RecipientClass | None
    rule: int


def way_to(
    rules: Sequence[ReceiptRule], fired: Sequence[int], size: SizeClass, scope: str, wanted: Wanted
) -> Course | None:
    """The way with the fewest needs to an action that is wanted; None where no answers lead to one."""
    before: Need | None = None
    best: Course | None = None
    for position in fired:
        step = through(position, rules[position], size, scope, before)
        for row in step.reached:
            if row.action >= 0 and wanted(rules[position].actions[row.action]):
                needs = needs_of(row.needs)
                if best is None or len(needs) < len(best.needs):
                    best = Course(needs, None, position)
        if step.ends:
            break
        before = step.needs
    return best


class _Past(NamedTuple):
    """What is left of ways past what is wanted, behind a rule: one that goes on, or one that has come to the end."""

    alive: bool
    needs: Need | None
    ended: bool = False


def way_past(
    rules: Sequence[ReceiptRule], fired: Sequence[int], occasion: Occasion, scope: str, wanted: Wanted
) -> Course | None:
    """A way on which nothing wanted is done, alone if there is one, else in company; None where it is always done.

    In company the rule of another recipient may end the set before what is wanted. Whoever reaches that rule alone
    reaches it in company, too, since this message comes as far.
    """
    enders = _enders(fired, occasion)
    in_company: Course | None = None
    before: Need | None = None
    behind = -1
    for position in fired:
        if in_company is None:
            in_company = next((_join(course, before) for course in enders if behind < course.rule < position), None)
        past = _past(position, rules[position], occasion.size, scope, before, wanted)
        if past.ended:
            return Course(needs_of(past.needs), None, position)
        if not past.alive:
            return in_company
        before, behind = past.needs, position
    return Course(needs_of(before), None, -1)


def _join(course: Course, before: Need | None) -> Course:
    calls = {(need.rule, need.action): need for need in (*needs_of(before), *course.needs)}
    return course._replace(needs=tuple(need for place, need in sorted(calls.items()) if place[0] <= course.rule))


def _enders(fired: Sequence[int], occasion: Occasion) -> list[Course]:
    """The rules that some other recipient brings and that may end the set, in order."""
    own = set(fired)
    found: dict[int, Course] = {}
    for (rule, kind), ways in occasion.changes.items():
        if rule in own or kind not in ("stop", "answer"):
            continue
        for change, visit in ways:
            needs = needs_of(change.needs)
            if rule not in found or len(needs) < len(found[rule].needs):
                found[rule] = Course(needs, visit.recipient, rule)
    return [found[rule] for rule in sorted(found)]


def _past(position: int, rule: ReceiptRule, size: SizeClass, scope: str, before: Need | None, wanted: Wanted) -> _Past:
    """The way past one rule."""
    refusing = size is not SizeClass.SMALL and any(map(refuses, rule.actions))
    if refusing and size is SizeClass.LARGE and scope == "rule":
        return _Past(True, before)
    close = Need(position, -1, "", (), before)
    left: Need | None = None
    may_leave = False
    if refusing and size is SizeClass.EDGE and scope == "rule":
        left, may_leave = close, True
    inside = before
    for index, action in enumerate(rule.actions):
        refused = refusing and refuses(action)
        if wanted(action) and not (refused and size is SizeClass.LARGE):
            if refused and scope != "rule":
                inside = close  # it may be refused, or not
            else:
                return _Past(may_leave, left)
        if action.waits:
            arn = getattr(action, "function_arn", "")
            return _Past(False, Need(position, index, arn, (Flow.STOP_RULE_SET,), inside), ended=True)
        flow = action.flow()
        if flow is Flow.STOP_RULE_SET:
            return _Past(False, inside, ended=True)
        if flow is Flow.STOP_RULE:
            break
    return _Past(True, inside)
