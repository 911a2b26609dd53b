"""Drag and drop of rules, where `anywidget` is installed; with the mouse and with the keyboard."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright.sync_api")
pytest.importorskip("anywidget")

from playwright.sync_api import expect

CELL = """
import sesreceive as ses
from sesreceive.ui.builder import RuleSetBuilder
names = ("a", "<img src=x onerror=window.hit=1>", "c", "d")
rules = [ses.ReceiptRule(name=name, enabled=True) for name in names]
account = ses.Account(rule_sets=[ses.ReceiptRuleSet(name="main", rules=rules)], active="main")
builder = RuleSetBuilder(account)
builder
"""

NAMES = "print(''.join(rule.name[0] for rule in builder.value['main']))"


def test_rules_are_dragged_and_moved_with_keys(open_lab):
    notebook = open_lab(CELL)
    page = notebook.page
    page.get_by_role("button", name="Drag rules").click()
    lines = page.get_by_role("listbox", name="Rules, to be dragged").get_by_role("option")
    expect(lines).to_have_count(4)
    lines.nth(0).drag_to(lines.nth(2))
    expect(page.get_by_role("status")).to_have_text("moved the rule a down: it is number 3 of 4 now")
    assert notebook.python(NAMES) == "<cad"
    lines.nth(3).click()
    expect(page.get_by_label("Rule name")).to_have_value("d")
    lines.nth(3).focus()
    notebook.press("Alt+ArrowUp")
    expect(page.get_by_role("status")).to_have_text("moved the rule d up: it is number 3 of 4 now")
    notebook.press("Alt+ArrowUp")
    expect(page.get_by_role("status")).to_have_text("moved the rule d up: it is number 2 of 4 now")
    assert notebook.python(NAMES) == "<dca"
    assert notebook.focused().endswith("d · all → no action")  # the focus went with the rule
    notebook.press("ArrowDown")
    expect(page.get_by_label("Rule name")).to_have_value("c")
    page.get_by_role("button", name="Undo").click()
    expect(lines.nth(2)).to_contain_text("d")
    assert page.evaluate("window.hit === undefined")
