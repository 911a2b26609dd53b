"""What would have become of mail that was received, had something been otherwise, and where the two ways part.

Otherwise may be the account, a verdict, or what a function answers. `replayed` sends receptions once more through the
pipeline, `differences` lays both ends side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, overload

from sesreceive import _html
from sesreceive.analysis.contents import first_difference
from sesreceive.analysis.rerun import reruns, same_effect
from sesreceive.effects import Invoke
from sesreceive.errors import one_line
from sesreceive.reception import Reception
from sesreceive.stages.retries import Attempted
from sesreceive.trace.events import Kind, Op, Stage
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Change", "Difference", "Differences", "Where", "changes", "differences", "label", "replayed"]

# What stands where there is nothing.
NOTHING = "–"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A message that would end differently.

    Attributes
    ----------
    message : str
        Its name, or ``#`` and its number.
    before, after : Reception
        Both ends.
    changes : tuple of Change
        All that differs, in the order mail comes by: what a rule does follows on whether it fires. The first is where
        the ways part.
    """

    message: str
    before: Reception
    after: Reception
    changes: tuple[Change, ...]

    def __repr__(self) -> str:
        """One line: where the ways part."""
        more = f", and {count(len(self.changes) - 1, 'more change')}" if len(self.changes) > 1 else ""
        return f"<{one_line(self.message)}: {one_line(self.changes[0])}{more}>"


class Differences(Sequence[Difference]):
    r"""The messages that would end differently, in the order they were received.

    Parameters
    ----------
    found : iterable of Difference
        Those that differ.
    compared : int
        How many were looked at.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> receiver = ses.Receiver(account, seed=1)
    >>> recipients = ("ana@example.com", "bo@example.net")
    >>> received = [receiver.receive(b"\r\n", rcpt_to=[to], client_ip="192.0.2.1") for to in recipients]
    >>> stricter = account.with_filter(ses.ReceiptFilter.block("192.0.2.0/24", name="test-net"))
    >>> found = differences(received, replayed(received, stricter))
    >>> found
    <Differences: 1 of 2 messages would end differently>
    >>> for change in found[0].changes[:2]:
    ...     print(change)
    recipient ana@example.com: 250 Ok → 550 5.7.1 IP address blacklisted by recipient (Block filter `test-net` ...)
    rule all: fires → is not looked at (the message is refused)
    """

    def __init__(self, found: Iterable[Difference], compared: int) -> None:
        self._found = tuple(found)
        self.compared = compared

    @overload
    def __getitem__(self, key: int) -> Difference: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Difference]: ...
    def __getitem__(self, key: int | slice) -> Difference | Sequence[Difference]:
        """One of them, or some."""
        return self._found[key]

    def __len__(self) -> int:
        """How many would end differently."""
        return len(self._found)

    def frame(self) -> pd.DataFrame:
        """One row per change, by message as received, then in the order mail comes by; empty when all ends alike.

        Returns
        -------
        pandas.DataFrame
            message : string     name of the message, or ``#`` and its number
            where : category     recipient, verdict, rule, effect, contents, order of rules or stop
            subject : string     which recipient, verdict, rule or effect
            before : string      what it came to; ``–`` for nothing
            after : string       what it would come to
            why : string         the reason, as the trace gives it
        """
        import pandas as pd

        rows = [
            (one.message, str(change.where), change.subject, change.before, change.after, change.why)
            for one in self._found
            for change in one.changes
        ]
        frame = pd.DataFrame(rows, columns=["message", "where", "subject", "before", "after", "why"])
        return frame.astype({**dict.fromkeys(frame.columns, "string"), "where": _category(pd)})

    def __repr__(self) -> str:
        """One line: how many."""
        return f"<Differences: {len(self)} of {count(self.compared, 'message')} would end differently>"

    def _repr_html_(self) -> str:
        rows = [
            (
                _html.code(one.message),
                _html.escape(f"{change.where} {change.subject}", 200),
                _html.escape(change.before, 200),
                _html.escape(change.after, 200),
                _html.escape(change.why, 300),
            )
            for one in self._found[:200]
            for change in one.changes
        ]
        heads = ("message", "where", "before", "after", "why")
        return _html.frame(repr(self), _html.table(heads, rows, caption=repr(self)[1:-1]))


def replayed(receptions: Iterable[Reception], /, *arguments: Any, **circumstances: Any) -> tuple[Reception, ...]:
    """What would have become of messages under other circumstances; nothing is performed.

    Parameters
    ----------
    receptions : iterable of Reception
        What became of them; a `Report` or ``server.receptions``, too.
    account : Account, optional
        Another configuration; may be given without its name.
    **circumstances
        ``account``, ``assumptions``, ``answers``, ``verdicts``, ``functions`` and ``receiver``, as
        `sesreceive.analysis.rerun.rerun` takes them.

    Raises
    ------
    ValidationError
        When the account breaks documented constraints, or there is no such verdict.
    """
    if arguments:
        (circumstances["account"],) = arguments
    return tuple(reruns(receptions, **circumstances))


def differences(before: Iterable[Reception], after: Iterable[Reception]) -> Differences:
    """Where two series of receptions of the same messages part.

    Parameters
    ----------
    before, after : iterable of Reception
        Of the same messages, in the same order.

    Raises
    ------
    ValueError
        When one is longer than the other.
    """
    found, compared = [], 0
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        compared += 1
        if what := changes(one, other):
            found.append(Difference(message=label(one, number), before=one, after=other, changes=what))
    return Differences(found, compared)


def label(reception: Reception, number: int) -> str:
    """What a message is called: its name, or ``#`` and its number, counted from 0."""
    return reception.name or f"#{number}"


# ---------------------------------------------------------------- one message


def changes(before: Reception, after: Reception) -> tuple[Change, ...]:
    """All that differs between two ends of one message, in the order mail comes by; empty when nothing does."""
    return (
        *_recipients(before, after),
        *_verdicts(before, after),
        *_rules(before, after),
        *_end(before, after),
    )


def _recipients(before: Reception, after: Reception) -> Iterator[Change]:
    for one, other in zip(before.recipients, after.recipients, strict=True):
        if one.reply != other.reply:
            yield Change(
                where=Where.RECIPIENT, subject=other.recipient, before=str(one.reply), after=str(other.reply),
                why=other.reason,
            )  # fmt: skip


def _verdicts(before: Reception, after: Reception) -> Iterator[Change]:
    if before.verdicts is None or after.verdicts is None:
        return
    for name in _VERDICTS:
        one, other = getattr(before.verdicts, name), getattr(after.verdicts, name)
        if one != other:
            why = _checked(after, name)
            yield Change(
                where=Where.VERDICT, subject=name, before=str(one) or NOTHING, after=str(other) or NOTHING, why=why
            )


def _checked(reception: Reception, name: str) -> str:
    """The reason of the check that a verdict comes from."""
    if name in ("spam", "virus"):
        found = reception.trace.select(stage=Stage.SCANNING)
        return next((one.reason for one in (*found.select(subject=name), *found)), "")
    results = reception.authentication
    if results is None:
        return ""
    if name == "dkim":
        return results.dkim[0].reason if results.dkim else "the message carries no signature that counts"
    return results.spf.reason if name == "spf" else results.dmarc.reason


def _rules(before: Reception, after: Reception) -> Iterator[Change]:
    """Rule by rule: whether it fires, then what its actions do."""
    ours, others = _considered(before), _considered(after)
    done, does = _by_rule(before), _by_rule(after)
    for name in _merged(tuple(ours), tuple(others)):
        (one, _), (other, why) = ours.get(name, _absent(before)), others.get(name, _absent(after))
        if (one is Op.MATCH) != (other is Op.MATCH):
            yield Change(where=Where.RULE, subject=name, before=_RULE[one], after=_RULE[other], why=why)
        yield from _effects(name, done.get(name, []), does.get(name, []), after)


def _merged(ours: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
    """The names of both, in the order of `others`; what `ours` has alone stands behind what it followed."""
    merged, at = list(others), 0
    places = {name: place for place, name in enumerate(merged)}
    alone: list[tuple[int, str]] = []
    for name in ours:
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


_RULE: dict[Op | None, str] = {
    None: "is not there", Op.MATCH: "fires", Op.MISS: "does not match", Op.SKIP: "is not looked at",
}  # fmt: skip


def _considered(reception: Reception) -> dict[str, tuple[Op | None, str]]:
    """What each rule came to in the evaluation, and why."""
    events = reception.trace.select(stage=Stage.EVALUATION, kind=Kind.RULE)
    return {event.subject: (event.op, event.reason) for event in events}


# ---------------------------------------------------------------- effects


def _effects(rule: str, ours: list[Attempted], others: list[Attempted], after: Reception) -> Iterator[Change]:
    """The effects of a rule side by side: the same operation on the same thing is the same effect."""
    for one, other in _paired(ours, others):
        if one is None or other is None or one.effect.target != other.effect.target:
            done = other or one
            assert done is not None  # a pair has one side at least
            yield Change(
                where=Where.EFFECT, subject=f"{rule}: {done.effect.operation}", before=_described(one),
                after=_described(other), why=_why_not(after, rule, done) if other is None else "",
            )  # fmt: skip
        elif _came_to(one) != _came_to(other):
            yield Change(
                where=Where.EFFECT, subject=f"{rule}: {other.effect.operation}", before=_came_to(one),
                after=_came_to(other), why=other.outcome.reason or other.outcome.error,
            )  # fmt: skip
        elif not same_effect(one.effect, other.effect):
            place, was, would = first_difference(one.effect, other.effect)
            if place:
                subject = f"{rule}: {other.effect.operation}, {place}"
                yield Change(where=Where.CONTENTS, subject=subject, before=was, after=would)


def _by_rule(reception: Reception) -> dict[str, list[Attempted]]:
    grouped: dict[str, list[Attempted]] = {}
    for done in reception.performed:
        grouped.setdefault(done.effect.rule, []).append(done)
    return grouped


_Pair = tuple[Attempted | None, Attempted | None]


def _paired(ours: list[Attempted], others: list[Attempted]) -> Iterator[_Pair]:
    """First what is on both sides, wherever it stands; then what has the same operation; then the rest alone."""
    left = list(ours)
    pairs: list[tuple[Attempted | None, Attempted]] = []
    for other in others:
        one = next((one for one in left if _identity(one) == _identity(other)), None)
        if one is not None:
            left.remove(one)
        pairs.append((one, other))
    for one, other in pairs:
        if one is None:
            one = next((one for one in left if one.effect.operation == other.effect.operation), None)
            if one is not None:
                left.remove(one)
        yield one, other
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
    skipped = after.trace.select(stage=Stage.EVALUATION, kind=Kind.ACTION, op=Op.SKIP, rule=rule)
    return next(
        (event.reason for event in skipped if event.action == done.effect.action), "the rule has no such action"
    )


def _end(before: Reception, after: Reception) -> Iterator[Change]:
    """The order in which rules fire, and where the evaluation of the set ends."""
    if before.rules != after.rules and sorted(before.rules) == sorted(after.rules):
        yield Change(where=Where.ORDER, subject="", before=", ".join(before.rules), after=", ".join(after.rules))
    if before.stopped_by != after.stopped_by and before.accepted and after.accepted:
        stops = after.trace.select(kind=Kind.ACTION, op=Op.STOP)
        yield Change(
            where=Where.STOP, subject="evaluation of the rule set", before=_stopped(before), after=_stopped(after),
            why=stops[-1].reason if stops and after.stopped_by else "",
        )  # fmt: skip


def _stopped(reception: Reception) -> str:
    return f"ends in {reception.stopped_by}" if reception.stopped_by else "goes to the last rule"


def _category(pd: Any) -> Any:
    return pd.CategoricalDtype([str(one) for one in Where])
