"""A message once more, under other circumstances: another account, another reading of an open point, another answer.

What is known of the message is taken over: its SPF, DKIM and DMARC results, what the scanners said, what each
effect came to. Nothing is performed, so a rerun touches neither buckets nor functions and can be made a thousand
times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.clock import SteppingClock
from sesreceive.dns.zone import Zone
from sesreceive.effects.functions import outcome_of
from sesreceive.effects.runtime.context import Called, function_name
from sesreceive.effects.values import Effect, Invoke, Outcome
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception

__all__ = ["Mattered", "mattered", "rerun"]

# What a message that was refused and now is not has for its id and time.
_NO_ID, _NO_TIME = "0" * 38 + "01", 0.0


@dataclass(frozen=True, slots=True)
class Mattered:
    """An open point of SES that mattered to a message.

    Attributes
    ----------
    name : str
        Field of `Assumptions`.
    value : object
        How it was decided.
    alternative : object
        The other reading.
    change : str
        What would have been different, as a sentence.
    """

    name: str
    value: Any
    alternative: Any
    change: str

    def __str__(self) -> str:
        """The point as one line."""
        return f"{self.name}: `{self.value}` is assumed; with `{self.alternative}`, {self.change}"


def rerun(
    reception: Reception,
    *,
    account: Account | None = None,
    assumptions: Assumptions | None = None,
    answers: Mapping[str, Any] | None = None,
    receiver: Receiver | None = None,
) -> Reception:
    r"""What would have become of a message under other circumstances; nothing is performed.

    Parameters
    ----------
    reception : Reception
        What became of it.
    account : Account, optional
        Another configuration.
    assumptions : Assumptions, optional
        Another reading of the open points.
    answers : mapping, optional
        What Lambda functions return, by ARN or plain name, in place of what they did return.
    receiver : Receiver, optional
        Whose resolver and scanners to ask for what is not known, as when the message was refused before.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> reception = ses.Receiver(account, seed=1).receive(b"Subject: x\r\n\r\n", rcpt_to=["ana@example.com"])
    >>> str(rerun(reception, account=account.activate(None)).reply)
    '550 5.1.1 Requested action not taken: mailbox unavailable'
    """
    again = Receiver(
        account or reception.account,
        resolver=receiver.resolver if receiver else Zone({}),
        backend=_Replayed(reception, answers or {}),
        scanners=receiver.scanners if receiver else None,
        provider_lists=reception.provider_lists,
        assumptions=assumptions or reception.assumptions,
        clock=SteppingClock(step_s=0.0),
    )
    received_s = reception.received_at.timestamp() if reception.received_at else _NO_TIME
    drawn = reception.message_id or _NO_ID, received_s
    submission = again.submit(reception.message, reception.envelope, name=reception.name, drawn=drawn)
    return again.process(submission, known=reception)


def mattered(reception: Reception) -> tuple[Mattered, ...]:
    """The open points where another reading would have changed replies, verdicts, rules, effects or a byte written.

    In the order a message meets them; empty when everything about the message is documented or observed.
    """
    # The yardstick is a rerun too: what differs must not be the clock.
    base = rerun(reception)
    return tuple(
        Mattered(name=name, value=getattr(reception.assumptions, name), alternative=other, change=change)
        for name, other in _alternatives(reception.assumptions)
        if (change := _change(base, rerun(reception, assumptions=replace(reception.assumptions, **{name: other}))))
    )


def _alternatives(assumptions: Assumptions) -> Iterator[tuple[str, Any]]:
    """Every other reading of every point; where any value may be given, an example."""
    for point in fields(assumptions):
        now = getattr(assumptions, point.name)
        for other in (point.default, *point.metadata["alternatives"]):
            telling = point.metadata["example"] if other is None else other
            if telling != now:
                yield point.name, telling


def _change(before: Reception, after: Reception) -> str:
    """The first difference, as the end of a sentence; empty when there is none."""
    for recipient, one, other in zip(before.envelope.rcpt_to, before.replies, after.replies, strict=True):
        if one != other:
            return f"`{recipient}` would be answered `{other}`"
    if before.verdicts != after.verdicts and before.verdicts and after.verdicts:
        for name in ("spam", "virus", "spf", "dkim", "dmarc"):
            one, other = getattr(before.verdicts, name), getattr(after.verdicts, name)
            if one is not other:
                return f"the {name} verdict would be {other}"
    if before.rules != after.rules:
        return f"the rules that fire would be {', '.join(f'`{name}`' for name in after.rules) or 'none'}"
    return _other_effects(before, after)


def _other_effects(before: Reception, after: Reception) -> str:
    ours, others = before.performed, after.performed
    for one, other in zip(ours, others, strict=False):
        if type(one.effect) is not type(other.effect) or one.effect.target != other.effect.target:
            return f"{other.effect.describe()} would take the place of {one.effect.describe()}"
        if one.effect != other.effect:
            return f"the rule `{other.effect.rule}` would write other bytes with {one.effect.operation}"
        if (len(one.errors), one.outcome.flow) != (len(other.errors), other.outcome.flow):
            return f"{one.effect.operation} would be tried {len(other.errors) + (not other.outcome.failed)} times"
    if len(ours) != len(others):
        more = others[len(ours) :] or ours[len(others) :]
        verb = "would" if len(others) > len(ours) else "would not"
        return f"{more[0].effect.operation} {more[0].effect.target} {verb} take place"
    return ""


class _Replayed:
    """A backend that remembers: each effect comes to what it came to before, and nothing takes place."""

    def __init__(self, reception: Reception, answers: Mapping[str, Any]) -> None:
        self._answers = answers
        self._before = {
            _key(done.effect): [*(Outcome(error=error) for error in done.errors), done.outcome]
            for done in reception.performed
        }

    def perform(self, effect: Effect) -> Outcome:
        """What it came to; an effect that is new succeeds."""
        if isinstance(effect, Invoke):
            for name in (effect.function_arn, function_name(effect.function_arn)):
                if name in self._answers:
                    return outcome_of(Called(returned=self._answers[name]), effect)
        outcomes = self._before.get(_key(effect), [])
        if len(outcomes) > 1:
            return outcomes.pop(0)
        return outcomes[0] if outcomes else Outcome()


def _key(effect: Effect) -> tuple[str, int, str, str]:
    return effect.rule, effect.action, effect.operation, effect.target
