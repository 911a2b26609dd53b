"""What functions are known to answer, by the verdicts they see; and an account in which that is written down.

Of a function that nobody describes any answer is possible. One that is described answers what its description says, so
for given verdicts its action can be replaced by what follows: nothing, the end of the rule, the end of the set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.actions import LambdaAction, StopAction
from sesreceive.analysis.predicates import VerdictIs
from sesreceive.assumption import Assumptions
from sesreceive.errors import InputError
from sesreceive.flow import Flow
from sesreceive.functions.lambda_context import function_name
from sesreceive.verdict import Verdict, Verdicts
from sesreceive.wording import either, expected

__all__ = ["FunctionModels", "Functions", "scenarios"]

Functions = Mapping[str, Mapping[str, VerdictIs]]
"""Name or ARN of a function → disposition → when it is answered; else it answers CONTINUE."""

_POSSIBLE = (Verdict.PASS, Verdict.FAIL, Verdict.GRAY, Verdict.PROCESSING_FAILED)
_ALL_PASS = Verdicts(**dict.fromkeys(("spam", "virus", "spf", "dkim", "dmarc"), Verdict.PASS))


class FunctionModels:
    """The descriptions of functions.

    Parameters
    ----------
    functions : mapping
        As `Functions` says.
    account : Account
        Whose rules ask them.

    Raises
    ------
    InputError
        When no rule waits for a function that is described, or there is no such disposition.
    """

    def __init__(self, functions: Functions, account: Account, assumptions: Assumptions) -> None:
        active = account.active_rule_set
        self.account, self.assumptions = account, assumptions
        self.rules: tuple[ReceiptRule, ...] = active.rules if active is not None else ()
        waiting = [action for rule in self.rules for action in rule.actions if action.waits]
        arns = dict.fromkeys(action.function_arn for action in waiting if isinstance(action, LambdaAction))
        self._answers: dict[str, tuple[tuple[Flow, VerdictIs], ...]] = {}
        for name, answers in functions.items():
            described = [arn for arn in arns if name in (arn, function_name(arn))]
            if not described:
                names = [function_name(arn) for arn in arns]
                raise InputError(expected(f"a function that a rule waits for, {either(names)},", name, names))
            rows = tuple((_flow(word), when) for word, when in answers.items())
            self._answers.update(dict.fromkeys(described, rows))

    @property
    def checks(self) -> tuple[str, ...]:
        """The verdicts that some description asks about."""
        return tuple(dict.fromkeys(when.check for rows in self._answers.values() for _, when in rows))

    def answer(self, rule: ReceiptRule, action: ReceiptAction, verdicts: Verdicts) -> Flow | None:
        """What a function answers in a rule; None where nobody describes it."""
        rows = self._answers.get(action.function_arn) if isinstance(action, LambdaAction) else None
        if rows is None:
            return None
        scanned = rule.scan_enabled or (
            self.assumptions.scan_scope == "per-message" and any(one.scan_enabled for one in self.rules)
        )
        sees = verdicts if scanned else verdicts.unscanned
        return next((flow for flow, when in rows if when.holds(sees)), Flow.CONTINUE)

    def known(self, verdicts: Verdicts) -> Account:
        """The account with the answers to these verdicts in the place of the questions."""
        active = self.account.active_rule_set
        if active is None or not self._answers:
            return self.account
        rules = [rule.replace(actions=self._known(rule, verdicts)) for rule in self.rules]
        return self.account.with_rule_set(active.replace(rules=rules))

    def _known(self, rule: ReceiptRule, verdicts: Verdicts) -> tuple[ReceiptAction, ...]:
        actions: list[ReceiptAction] = []
        for action in rule.actions:
            flow = self.answer(rule, action, verdicts) if action.waits else None
            if flow is None or not isinstance(action, LambdaAction):
                actions.append(action)
                continue
            actions.append(action.replace(invocation_type="Event"))
            if flow is Flow.STOP_RULE_SET:
                actions.append(StopAction())
            if flow is not Flow.CONTINUE:
                break
        return tuple(actions)


def scenarios(checks: Sequence[str], unless: Sequence[VerdictIs]) -> Iterator[Verdicts]:
    """All verdicts of a message that was scanned, but for those of which one of `unless` holds; all PASS first."""
    named = tuple(dict.fromkeys((*checks, *(one.check for one in unless))))
    for chosen in product(_POSSIBLE, repeat=len(named)):
        verdicts = replace(_ALL_PASS, **dict(zip(named, chosen, strict=True)))
        if not any(one.holds(verdicts) for one in unless):
            yield verdicts


def _flow(word: object) -> Flow:
    words = [flow.value for flow in Flow]
    if not isinstance(word, str) or word not in words:
        raise InputError(expected(either(words), word, words))
    return Flow(word)
