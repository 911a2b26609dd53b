"""What proofs cost: with twice the rules no more than four times the steps, counted; functions double nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

import sesreceive as ses
from tests.analysis.large_accounts import large_account, swapped
from tests.analysis.test_unreachable import account_of, rule

QUESTIONS: dict[str, Callable[[ses.Account], object]] = {
    "unreachable": ses.unreachable,
    "interference": ses.interference,
    "lint": ses.lint,
    "compare, the same": lambda account: ses.compare(account, account),
    "compare, two rules in another order": lambda account: ses.compare(account, swapped(account)),
}


def steps(work: Callable[[], object]) -> int:
    """How many calls of Python functions some work makes: the same on any machine."""
    made = 0

    def called(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


@pytest.mark.parametrize("shape", ["spread", "crowded"])
@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.slow
def test_twice_the_rules_cost_at_most_four_times_the_steps(ask, shape):
    few, many = (large_account(rules, number=10, filters=10, shape=shape) for rules in (20, 40))
    ask(few)  # what is loaded and remembered when it is first used
    assert steps(lambda: ask(many)) <= 4.4 * steps(lambda: ask(few))


def functions(number: int) -> ses.Account:
    """Rules that each wait for a function and end the set where it goes on."""
    arn = "arn:aws:lambda:us-east-1:111122223333:function:f{}".format
    asking = [ses.LambdaAction(function_arn=arn(at), invocation_type="RequestResponse") for at in range(number)]
    kept = ses.S3Action(bucket_name="inbox")
    return account_of(*(rule(f"r{at}", action, kept, ses.StopAction()) for at, action in enumerate(asking)))


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_twice_the_functions_cost_no_more_than_twice_the_rules_do(ask):
    few, many = functions(20), functions(40)
    ask(few)
    assert steps(lambda: ask(many)) <= 4.4 * steps(lambda: ask(few))
