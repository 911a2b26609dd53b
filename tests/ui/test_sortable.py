"""The list that can be dragged: Python's side of it, where `anywidget` is installed."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.ui import sortable
from sesreceive.ui.builder import RuleSetBuilder

ACCOUNT = ses.Account(
    rule_sets=[ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name=name) for name in "abc"])], active="main"
)


def test_without_anywidget_there_is_no_button_to_drag(monkeypatch):
    monkeypatch.setattr(sortable, "is_available", lambda: False)
    builder = RuleSetBuilder(ACCOUNT)
    assert builder.rules.list.drag is None
    assert "Drag rules" not in builder.rules.list.buttons


@pytest.mark.skipif(not sortable.is_available(), reason="needs anywidget")
def test_what_is_dragged_is_moved_and_what_is_chosen_is_shown():
    builder = RuleSetBuilder(ACCOUNT)
    rules = builder.rules.list
    rules.buttons["Drag rules"].click()
    assert (rules.select.layout.display, rules.drag.layout.display) == ("none", None)
    rules.drag.move = [2, 0, 1]
    assert [rule.name for rule in builder.value["main"]] == ["c", "a", "b"]
    assert (rules.drag.chosen, rules.drag.items[0]) == (0, " 1. c (off) · all → no action")
    rules.drag.chosen = 2
    assert builder.rules.rule.name == "b"
    builder.undo_button.click()
    assert [rule.name for rule in builder.value["main"]] == ["a", "b", "c"]
    rules.buttons["Drag rules"].click()
    assert rules.select.layout.display is None
