"""What all tests share: the hypothesis profile, and the little account most of them start from."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from hypothesis import HealthCheck, settings

import sesreceive as ses

settings.register_profile("everyday", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("everyday"), max_examples=2000)
# For `make quick`: as many examples as find what is broken outright.
settings.register_profile("quick", parent=settings.get_profile("everyday"), derandomize=True, max_examples=15)
# The same examples each time, so that a red run is red again; `thorough` looks further.
settings.register_profile("ci", parent=settings.get_profile("everyday"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A cost is measured in rounds, large and small: none of an everyday run."""
    for item in items:
        code = getattr(getattr(item, "function", None), "__code__", None)
        if item.name == "tests.cost.assert_in_proportion" or (code and "assert_in_proportion" in code.co_names):
            item.add_marker(pytest.mark.slow)


# Ctrl-C as in a terminal: what a shell without job control starts behind `&` ignores it, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

MESSAGE = b"From: Ana <ana@example.org>\r\nTo: billing@example.com\r\nSubject: hello\r\n\r\nbody\r\n"


@pytest.fixture
def message() -> bytes:
    """A plain unsigned message."""
    return MESSAGE


def make_account(*rules: ses.ReceiptRule, filters: tuple[ses.ReceiptFilter, ...] = ()) -> ses.Account:
    """example.com, verified, with these rules active."""
    rule_set = ses.ReceiptRuleSet(name="main", rules=rules)
    return ses.Account(identities=("example.com",), filters=filters, rule_sets=(rule_set,), active="main")


def make_rule(name: str = "all", *actions: ses.ReceiptAction, **fields: object) -> ses.ReceiptRule:
    """An enabled rule for everyone at example.com, unless told otherwise."""
    return ses.ReceiptRule(**{"name": name, "enabled": True, "actions": actions, **fields})  # type: ignore[arg-type]
