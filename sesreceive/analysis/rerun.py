"""A message once more, under other circumstances: another account, another reading of an open point, another answer.

What is known of the message is taken over: its SPF, DKIM and DMARC results, what the scanners said, what each
effect came to. Nothing is performed, so a rerun touches neither buckets nor functions and can be made a thousand
times; functions are called only where they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.auth.forced import forced
from sesreceive.clock import SteppingClock
from sesreceive.dns.recorded_answers import Recorded
from sesreceive.dns.resolver import Resolver
from sesreceive.dns.zone import Zone
from sesreceive.effects import Effect, Invoke, Outcome
from sesreceive.errors import Problem, ValidationError
from sesreceive.functions.lambda_context import Called, function_name
from sesreceive.functions.registry import Functions, outcome_of
from sesreceive.reading.changes import same_effect
from sesreceive.receiver import Receiver, Submission
from sesreceive.reception import Reception
from sesreceive.scan.scanner import Subject
from sesreceive.scan.scripted import ForcedScanner
from sesreceive.stages import scanning
from sesreceive.verdict import Verdict
from sesreceive.wording import count, either, expected

__all__ = ["Mattered", "alternatives", "change_between", "mattered", "rerun", "reruns", "submitted"]

# What a message that was refused and now is not has for its id and time.
_NO_ID, _NO_TIME = "0" * 38 + "01", 0.0

_SOURCE = 'Developer Guide, "Notification contents"'


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
    verdicts: Mapping[str, Verdict | str] | None = None,
    functions: Mapping[str, Any] | None = None,
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
    verdicts : mapping, optional
        Verdicts by force: any of ``spam``, ``virus``, ``spf``, ``dkim`` and ``dmarc``, and ``dmarc_policy`` for a DMARC
        verdict of FAIL. Results and headers are made to fit. A message that no rule has scanned keeps DISABLED, and
        one that names no author keeps its DKIM verdict.
    functions : mapping, optional
        Lambda functions to call, by ARN or plain name, such as ``receiver.backend.functions``: those whose event is
        another one than before. Without them each returns what it did return.
    receiver : Receiver, optional
        Whose resolver and scanners to ask for what is not known, as when the message was refused before.

    Raises
    ------
    ValidationError
        When the account breaks documented constraints, or there is no such verdict.

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
    >>> rerun(reception, verdicts={"spf": "FAIL"}).verdicts.spf.value
    'FAIL'
    """
    (again,) = reruns(
        (reception,),
        account=account,
        assumptions=assumptions,
        answers=answers,
        verdicts=verdicts,
        functions=functions,
        receiver=receiver,
    )
    return again


def reruns(
    receptions: Iterable[Reception],
    *,
    account: Account | None = None,
    assumptions: Assumptions | None = None,
    answers: Mapping[str, Any] | None = None,
    verdicts: Mapping[str, Verdict | str] | None = None,
    functions: Mapping[str, Any] | None = None,
    receiver: Receiver | None = None,
) -> Iterator[Reception]:
    """`rerun` for many messages, one at a time as they are asked for; an account is checked once."""
    called = functions if isinstance(functions, Functions) or functions is None else Functions(functions)
    said = _verdicts(verdicts or {})
    again: Receiver | None = None
    asked = receiver.resolver if receiver else Zone({})
    for reception in receptions:
        wanted = account or reception.account
        if again is None or again.account is not wanted:
            again = Receiver(
                wanted,
                resolver=asked,
                scanners=receiver.scanners if receiver else None,
                permissions=receiver.permissions if receiver else None,
                clock=SteppingClock(step_s=0.0),
            )
        again.backend = _Replayed(reception, answers or {}, called)
        again.assumptions = assumptions or reception.assumptions
        yield _processed(again, reception, asked, said)


def submitted(again: Receiver, reception: Reception, asked: Resolver) -> Submission:
    """The SMTP session of the message once more: what DNS lists said then is taken over."""
    again.provider_lists = reception.provider_lists
    questions = reception.decision.questions
    again.resolver = Recorded(questions, otherwise=asked) if questions else asked
    again.bounds = reception.bounds
    received_s = reception.received_at.timestamp() if reception.received_at else _NO_TIME
    drawn = reception.message_id or _NO_ID, received_s
    return again.submit(reception.message, reception.envelope, name=reception.name, drawn=drawn)


def _processed(again: Receiver, reception: Reception, asked: Resolver, said: Mapping[str, Verdict | str]) -> Reception:
    submission = submitted(again, reception, asked)
    if not said:
        return again.process(submission, known=reception)
    known = reception
    if submission.accepted and reception.authentication is None:
        # Refused before, so nothing is known yet; what this run performs is remembered, not done.
        known = again.process(submission)
    if known.authentication is not None:
        results = forced(
            known.authentication,
            assumptions=again.assumptions,
            **{name: value for name, value in said.items() if name not in tuple(Subject)},
        )
        scanned = {Subject(name): Verdict(said[name]) for name in Subject if name in said}
        scan = known.scan
        if scanned:
            found = scan.findings if scan else ()
            scanner = ForcedScanner(said=scanned, found=found, otherwise=again.scanners)
            scan = scanning.scan(submission.message, submission.envelope, (scanner,), enabled=True)
        known = replace(known, authentication=results, scan=scan)
    return again.process(submission, known=known)


# Verdicts that can be forced, and what they may be. A rule decides what is DISABLED, no message.
_FORCIBLE = ("spam", "virus", "spf", "dkim", "dmarc")
_POLICIES = ("none", "quarantine", "reject")


def _verdicts(given: Mapping[str, Verdict | str]) -> dict[str, Verdict | str]:
    """The verdicts by name, checked."""
    values = tuple(verdict.value for verdict in Verdict if verdict is not Verdict.DISABLED)
    problems, said = [], {}
    for name, value in given.items():
        allowed = _POLICIES if name == "dmarc_policy" else values
        if name not in (*_FORCIBLE, "dmarc_policy"):
            known = (*_FORCIBLE, "dmarc_policy")
            problems.append(Problem("verdicts", expected(either(known), name, known), _SOURCE))
        elif value not in allowed:
            problems.append(Problem(f"verdicts.{name}", expected(either(allowed), value, allowed), _SOURCE))
        else:
            said[name] = value if name == "dmarc_policy" else Verdict(value)
    if problems:
        raise ValidationError(*problems)
    return said


def mattered(reception: Reception) -> tuple[Mattered, ...]:
    """The open points where another reading would have changed replies, verdicts, rules, effects or a byte written.

    In the order a message meets them; empty when everything about the message is documented or observed.
    """
    # The yardstick is a rerun too: what differs must not be the clock.
    base = rerun(reception)
    return tuple(
        Mattered(name=name, value=getattr(reception.assumptions, name), alternative=other, change=change)
        for name, other in alternatives(reception.assumptions)
        if (
            change := change_between(
                base, rerun(reception, assumptions=replace(reception.assumptions, **{name: other}))
            )
        )
    )


def alternatives(assumptions: Assumptions) -> Iterator[tuple[str, Any]]:
    """Every other reading of every point, in order; where any value may be given, an example."""
    for point in fields(assumptions):
        now = getattr(assumptions, point.name)
        for other in (point.default, *point.metadata["alternatives"]):
            telling = point.metadata["example"] if other is None else other
            if telling != now:
                yield point.name, telling


def change_between(before: Reception, after: Reception) -> str:
    """The first difference, as the end of a sentence; empty when there is none."""
    for recipient, one, other in zip(before.envelope.rcpt_to, before.replies, after.replies, strict=True):
        if one != other:
            return f"`{recipient}` would be answered `{other}`"
    if before.accepted != after.accepted:
        return f"the message would be answered `{after.reply}`"
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
            tries = count(len(other.errors) + (not other.outcome.failed), "attempt")
            return f"{one.effect.operation} would end after {tries}"
    if len(ours) != len(others):
        more = others[len(ours) :] or ours[len(others) :]
        verb = "would" if len(others) > len(ours) else "would not"
        return f"{more[0].effect.operation} {more[0].effect.target} {verb} take place"
    return ""


class _Replayed:
    """A backend that remembers: each effect comes to what it came to before, and nothing takes place."""

    def __init__(self, reception: Reception, answers: Mapping[str, Any], functions: Functions | None) -> None:
        self._answers, self._functions = answers, functions
        self._effects = {_key(done.effect): done.effect for done in reception.performed}
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
            if self._functions is not None and not same_effect(effect, self._effects.get(_key(effect))):
                called = self._functions.call(effect)
                if called is not None:
                    return outcome_of(called, effect)
        outcomes = self._before.get(_key(effect), [])
        if len(outcomes) > 1:
            return outcomes.pop(0)
        return outcomes[0] if outcomes else Outcome()


def _key(effect: Effect) -> tuple[str, int, str, str]:
    return effect.rule, effect.action, effect.operation, effect.target
