"""What differs between two ends of one message: replies, verdicts, rules, effects, where the evaluation ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sesreceive import signs
from sesreceive.effects import Effect, Invoke
from sesreceive.reading.contents import first_difference
from sesreceive.reading.deciding import stop_sentence
from sesreceive.reception import Reception
from sesreceive.stages.retries import Attempted
from sesreceive.trace.events import Kind, Op, Stage
from sesreceive.trace.facts import Check
from sesreceive.trace.vocabulary import term

__all__ = ["Change", "Where", "changes", "differs", "parting", "same_effect", "untimed"]

# What stands where there is nothing.
NOTHING = signs.NONE

_VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc", "dmarc_policy")


class Where(StrEnum):
    """The place of a change, in the order mail comes by."""

    RECIPIENT = "recipient"
    VERDICT = "verdict"
    RULE = "rule"
    EFFECT = "effect"
    CONTENTS = "contents"
    ORDER = "order of rules"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that comes out otherwise.

    Attributes
    ----------
    where : Where
        What kind of thing.
    subject : str
        Which one: a recipient, a verdict, a rule, or a rule and its operation.
    before, after : str
        What it came to, and what it would come to; ``–`` for nothing.
    why : str
        The reason the trace gives, of `after` where it has one.
    """

    where: Where
    subject: str
    before: str
    after: str
    why: str = ""

    def __str__(self) -> str:
        """The change as one line."""
        return f"{self.where} {self.subject}: {self.before} → {self.after}" + (f" ({self.why})" if self.why else "")


def changes(before: Reception, after: Reception) -> tuple[Change, ...]:
    """All that differs between two ends of one message, in the order mail comes by; empty when nothing does."""
    return tuple(_changes(before, after)) if differs(before, after) else ()


def parting(before: Reception, after: Reception) -> Change | None:
    """The first of the `changes`, where the ways part; what comes behind it is not looked at."""
    return next(_changes(before, after), None) if differs(before, after) else None


def _changes(before: Reception, after: Reception) -> Iterator[Change]:
    yield from _recipients(before, after)
    yield from _verdicts(before, after)
    yield from _rules(before, after)
    yield from _end(before, after)


def differs(before: Reception, after: Reception, *, contents: bool = True) -> bool:
    """Whether there are any `changes`: told without the traces, whose events of all rules are made when read.

    Without `contents` what effects write is not looked at.
    """
    return (
        before.replies != after.replies
        or _other_verdicts(before, after)
        or before.rules != after.rules
        or (before.stopped_by != after.stopped_by and before.accepted and after.accepted)
        or _other_effects(before, after, contents)
    )


def _other_verdicts(before: Reception, after: Reception) -> bool:
    return before.verdicts is not None and after.verdicts is not None and before.verdicts != after.verdicts


def _other_effects(before: Reception, after: Reception, contents: bool) -> bool:
    done, would_be_done = _by_rule(before), _by_rule(after)
    return done.keys() != would_be_done.keys() or any(
        was is None or would_be is None or _kind_of_change(was, would_be, contents) is not None
        for rule, before_rule in done.items()
        for was, would_be in _paired(before_rule, would_be_done[rule])
    )


def _kind_of_change(was: Attempted, would_be: Attempted, contents: bool) -> Where | None:
    """What is another in two effects with the same operation: the effect itself, what it writes, or nothing."""
    if was.effect.target != would_be.effect.target or _came_to(was) != _came_to(would_be):
        return Where.EFFECT
    if not contents or same_effect(was.effect, would_be.effect) or not first_difference(was.effect, would_be.effect)[0]:
        return None
    return Where.CONTENTS


def _recipients(before: Reception, after: Reception) -> Iterator[Change]:
    for was, would_be in zip(before.recipients, after.recipients, strict=True):
        if was.reply != would_be.reply:
            yield Change(
                where=Where.RECIPIENT,
                subject=would_be.recipient,
                before=str(was.reply),
                after=str(would_be.reply),
                why=would_be.reason,
            )


def _verdicts(before: Reception, after: Reception) -> Iterator[Change]:
    if before.verdicts is None or after.verdicts is None:
        return
    for name in _VERDICTS:
        was, would_be = getattr(before.verdicts, name), getattr(after.verdicts, name)
        if was != would_be:
            yield Change(
                where=Where.VERDICT,
                subject=name,
                before=str(was) or NOTHING,
                after=str(would_be) or NOTHING,
                why=_check_reason(after, name),
            )


def _check_reason(reception: Reception, verdict: str) -> str:
    """The reason of the check that a verdict comes from."""
    if verdict in ("spam", "virus"):
        events = tuple(reception.trace.of(Stage.SCANNING))
        findings = [event for event in events if event.check is Check(verdict)]
        return next((event.reason for event in (*findings, *events)), "")
    results = reception.authentication
    if results is None:
        return ""
    if verdict == "dkim":
        return results.dkim[0].reason if results.dkim else "the message carries no signature that counts"
    return results.spf.reason if verdict == "spf" else results.dmarc.reason


def _rules(before: Reception, after: Reception) -> Iterator[Change]:
    """Rule by rule: whether it fires, then what its actions do."""
    rules_before, rules_after = _considered(before), _considered(after)
    done, would_be_done = _by_rule(before), _by_rule(after)
    for name in _merged(tuple(rules_before), tuple(rules_after)):
        op_before, _ = rules_before.get(name, _absent(before))
        op_after, why = rules_after.get(name, _absent(after))
        if (op_before is Op.MATCH) != (op_after is Op.MATCH):
            yield Change(where=Where.RULE, subject=name, before=_verb(op_before), after=_verb(op_after), why=why)
        yield from _effects(name, done.get(name, []), would_be_done.get(name, []), after)


def _merged(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    """The names of both, in the order of `after`; what `before` has alone stands behind what it followed."""
    merged, at = list(after), 0
    places = {name: place for place, name in enumerate(merged)}
    alone: list[tuple[int, str]] = []
    for name in before:
        if name in places:
            at = places[name] + 1
        else:
            alone.append((at, name))
    for place, name in reversed(alone):
        merged.insert(place, name)
    return merged


def _absent(reception: Reception) -> tuple[Op | None, str]:
    """What a rule comes to that is not in the trace."""
    return (None, "there is no such rule") if reception.accepted else (Op.SKIP, "the message is refused")


def _verb(op: Op | None) -> str:
    return "is not there" if op is None else term(Kind.RULE, op).verb


def _considered(reception: Reception) -> dict[str, tuple[Op | None, str]]:
    """What each rule came to in the evaluation, and why."""
    events = reception.trace.of(Stage.EVALUATION)
    return {event.subject: (event.op, event.reason) for event in events if event.kind is Kind.RULE}


# ---------------------------------------------------------------- effects


def _effects(rule: str, before: list[Attempted], after: list[Attempted], end: Reception) -> Iterator[Change]:
    """The effects of a rule side by side: the same operation on the same thing is the same effect."""
    for was, would_be in _paired(before, after):
        if was is None or would_be is None or was.effect.target != would_be.effect.target:
            done = would_be or was
            assert done is not None  # a pair has one side at least
            yield Change(
                where=Where.EFFECT,
                subject=f"{rule}: {done.effect.operation}",
                before=_described(was),
                after=_described(would_be),
                why=_why_not(end, rule, done) if would_be is None else "",
            )
        elif _came_to(was) != _came_to(would_be):
            yield Change(
                where=Where.EFFECT,
                subject=f"{rule}: {would_be.effect.operation}",
                before=_came_to(was),
                after=_came_to(would_be),
                why=would_be.outcome.reason or would_be.outcome.error,
            )
        elif not same_effect(was.effect, would_be.effect):
            place, text_before, text_after = first_difference(was.effect, would_be.effect)
            if place:
                subject = f"{rule}: {would_be.effect.operation}, {place}"
                yield Change(where=Where.CONTENTS, subject=subject, before=text_before, after=text_after)


def _by_rule(reception: Reception) -> dict[str, list[Attempted]]:
    grouped: dict[str, list[Attempted]] = {}
    for done in reception.performed:
        grouped.setdefault(done.effect.rule, []).append(done)
    return grouped


_Pair = tuple[Attempted | None, Attempted | None]


def _paired(before: list[Attempted], after: list[Attempted]) -> Iterator[_Pair]:
    """First what is on both sides, wherever it stands; then what has the same operation; then the rest alone."""
    left = list(before)
    pairs: list[tuple[Attempted | None, Attempted]] = []
    for would_be in after:
        was = next((done for done in left if _identity(done) == _identity(would_be)), None)
        if was is not None:
            left.remove(was)
        pairs.append((was, would_be))
    for was, would_be in pairs:
        if was is None:
            was = next((done for done in left if done.effect.operation == would_be.effect.operation), None)
            if was is not None:
                left.remove(was)
        yield was, would_be
    for alone in left:
        yield alone, None


def _identity(done: Attempted) -> tuple[str, str]:
    return done.effect.operation, done.effect.target


def _described(done: Attempted | None) -> str:
    if done is None:
        return NOTHING
    return f"{done.effect.describe()} fails: {done.outcome.error}" if done.outcome.failed else done.effect.describe()


def _came_to(done: Attempted) -> str:
    if done.outcome.failed:
        return f"fails: {done.outcome.error}"
    return str(done.outcome.flow) if isinstance(done.effect, Invoke) else "succeeds"


def _why_not(after: Reception, rule: str, done: Attempted) -> str:
    """Why an effect would not take place: its rule does not fire, or is left before its action."""
    op, reason = _considered(after).get(rule, _absent(after))
    if op is not Op.MATCH:
        return reason
    skipped = (
        event
        for event in after.trace.of(Stage.EVALUATION)
        if event.kind is Kind.ACTION and event.op is Op.SKIP and event.rule == rule
    )
    return next(
        (event.reason for event in skipped if event.action == done.effect.action), "the rule has no such action"
    )


def _end(before: Reception, after: Reception) -> Iterator[Change]:
    """The order in which rules fire, and where the evaluation of the set ends."""
    if before.rules != after.rules and sorted(before.rules) == sorted(after.rules):
        yield Change(where=Where.ORDER, subject="", before=", ".join(before.rules), after=", ".join(after.rules))
    if before.stopped_by != after.stopped_by and before.accepted and after.accepted:
        yield Change(
            where=Where.STOP,
            subject="evaluation of the rule set",
            before=_stopped(before),
            after=_stopped(after),
            why=stop_sentence(after),
        )


def _stopped(reception: Reception) -> str:
    return f"ends in {reception.stopped_by}" if reception.stopped_by else "goes to the last rule"


# The one thing in an effect that depends on how fast the machine is.
_TOOK = re.compile(r'"processingTimeMillis":\d+')


def same_effect(before: Effect, after: Effect | None) -> bool:
    """Whether two effects would leave the world alike: the same but for the time processing took, as JSON tells it."""
    if type(before) is not type(after):
        return False
    return before == after or all(
        untimed(getattr(before, item.name)) == untimed(getattr(after, item.name)) for item in fields(before)
    )


def untimed(value: Any) -> Any:
    """A member of an effect without the time that processing took."""
    return _TOOK.sub("", value) if isinstance(value, str) else value
