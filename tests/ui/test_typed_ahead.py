"""What is typed while the kernel still answers what came before is not lost: the browser's messages come in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.ui.builder import RuleSetBuilder
from tests.patience import PATIENCE_S, until

ACCOUNT = ses.Account(
    identities=("example.com",),
    rule_sets=(
        ses.ReceiptRuleSet(
            name="main", rules=(ses.ReceiptRule(name="one", enabled=True, actions=(ses.S3Action(bucket_name="mail"),)),)
        ),
    ),
    active="main",
    filters=(ses.ReceiptFilter.block("192.0.2.1", name="me"),),
)


def a_box(label: str) -> Callable[[RuleSetBuilder], Any]:
    """The control of that label."""

    def boxes(widget: Any) -> list[Any]:
        children = [box for child in getattr(widget, "children", ()) for box in boxes(child)]
        return [widget, *children] if getattr(widget, "description", "") == label else children

    return lambda builder: boxes(builder)[0]


def the_rule(account: ses.Account) -> Any:
    return account.rule_sets[0].rules[0]


# The control → what is typed there, and what the account holds for it.
TYPED = {
    "Recipients, one a line": ("billing@example.com", lambda account: the_rule(account).recipients[0]),
    "Rule name": ("billing", lambda account: the_rule(account).name),
    "Scan for spam and viruses": (True, lambda account: the_rule(account).scan_enabled),
    "Bucket name": ("invoices", lambda account: the_rule(account).actions[0].bucket_name),
    "Rule set name": ("rules", lambda account: account.rule_sets[0].name),
    "Filter name": ("him", lambda account: account.filters[0].name),
    "Domain or address": ("example.org", lambda account: account.identities[0].name),
}


@pytest.mark.parametrize("label", TYPED)
def test_what_is_typed_while_something_else_is_shown_is_not_lost(label: str) -> None:
    text, held = TYPED[label]
    builder = RuleSetBuilder(ACCOUNT)
    box = a_box(label)(builder)
    with builder.bench.lock:  # as while an earlier message is answered
        typing = threading.Thread(target=setattr, args=(box, "value", text), daemon=True)
        typing.start()
        until(lambda: box.value == text, "the text to be in its control")
        builder.rules.tryout.box.value = "ana@example.com"
        builder.bench.edit(builder.value.replace(region="eu-west-1"), "changed the region")
    typing.join(PATIENCE_S)
    assert held(builder.value) == text
    assert box.value == text
    assert builder.value.region == "eu-west-1"


def test_what_is_typed_stays_where_the_account_says_otherwise_later() -> None:
    builder = RuleSetBuilder(ACCOUNT)
    box = a_box("Recipients, one a line")(builder)
    box.value = "billing@example.com"
    builder.undo()
    assert box.value == ""
    builder.redo()
    assert box.value == "billing@example.com"
