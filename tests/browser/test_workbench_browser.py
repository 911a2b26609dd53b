"""The workbench as a newcomer uses it: a rule set from nothing, three messages, the table, a step, undo, the code."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Locator, expect

START = """
import sesreceive as ses
from sesreceive import ui

workbench = ui.Workbench(ses.Receiver(ses.Account(), seed=1))
workbench
"""


def status(page) -> Locator:
    """The status lines that are on screen: the workbench's, and that of the view."""
    return page.locator("[role=status]:visible")


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def show(page, view: str) -> None:
    page.get_by_role("button", name=view, exact=True).click()


def send(page, to: str, client_ip: str, told: str) -> None:
    page.get_by_label("To", exact=True).fill(to)
    expect(page.get_by_role("textbox", name="Recipients", exact=True)).to_have_value(
        to
    )  # they follow To, by way of the kernel
    page.get_by_label("Client IP").fill(client_ip)
    page.get_by_label("HELO").focus()
    press(page, "Send")
    expect(status(page).filter(has_text=told).first).to_be_visible()


def test_from_nothing_to_an_answer_and_back_to_code(open_lab):
    notebook = open_lab(START)
    page = notebook.page

    # build a rule set from nothing
    page.get_by_role("button", name="Identities").click()
    press(page, "Add identity")
    press(page, "New rule set")
    press(page, "Add rule")
    page.get_by_label("Rule name").fill("billing")
    page.get_by_label("Recipients, one a line").fill("billing@example.com")
    page.get_by_label("Kind of action").select_option("Deliver to an S3 bucket (S3)")
    press(page, "Add action")
    page.get_by_label("Bucket name").fill("inbox")
    page.get_by_role("button", name="IP filters").click()
    press(page, "Add block")
    expect(notebook.ui.get_by_text("✓ SES would take this configuration.")).to_be_visible()

    # send three messages: one for the rule, one for nobody, one from a blocked address
    assert notebook.python("print(workbench.value.rule_sets[0].rules[0].recipients)") == "('billing@example.com',)"
    blocked = notebook.python("print(workbench.value.filters[0].cidr.split('/')[0])")
    show(page, "2 Send")
    send(page, "billing@example.com", "198.51.100.7", "message 1 was accepted")
    send(page, "nobody@example.com", "198.51.100.7", "message 2 was refused")
    send(page, "billing@example.com", blocked, "message 3 was refused")

    # read the table, and everything about one message
    press(page, "Open")
    table = notebook.ui.locator("table:visible").filter(has_text="answer").first
    for text in ("250", "550 5.1.1", "550 5.7.1"):
        expect(table.get_by_text(text).first).to_be_visible()

    expect(notebook.ui.locator(".ses-results .ses-message-head")).to_contain_text("message 3")
    page.locator(".ses-results").get_by_role("tab", name="Why").click()
    expect(page.locator(".ses-results .widget-tab-contents")).to_contain_text(f"contains {blocked}")

    # step through it
    page.locator(".ses-results").get_by_role("button", name="Step", exact=True).click()
    press(page, "Deciding event »")
    expect(notebook.ui.get_by_text(f"contains {blocked}").locator("visible=true").first).to_be_visible()

    # undo what was done last, and do it again
    show(page, "1 Build")
    assert notebook.python("print(len(workbench.value.filters))") == "1"
    press(page, "Undo")
    expect(page.get_by_role("button", name=re.compile("IP filters: 0 filters"))).to_be_visible()
    press(page, "Redo")
    expect(page.get_by_role("button", name=re.compile("IP filters: 1 filter"))).to_be_visible()

    # copy the code, run it, and have an equal account
    press(page, "Show code")
    expect(page.get_by_label("Code", exact=True)).to_have_value(re.compile("billing@example.com"))
    code = page.get_by_label("Code", exact=True).input_value()
    assert notebook.python(f"{code}\nprint(account == workbench.value, len(workbench.bench.receptions))") == "True 3"


def test_every_view_is_reached_by_keyboard_and_keeps_its_state(open_lab):
    notebook = open_lab(START)
    page = notebook.page
    page.get_by_role("button", name="1 Build", exact=True).focus()
    for view, seen in [
        ("2 Send", "Subject"),
        ("3 Live", "Start SMTP"),
        ("4 Results", "Search"),
        ("5 Path", "Show every"),
    ]:
        notebook.press("Tab", "Enter")
        assert notebook.focused() == f"button {view}"
        expect(notebook.ui.get_by_text(seen).locator("visible=true").first).to_be_visible()
    show(page, "2 Send")
    page.get_by_label("Subject").fill("kept")
    show(page, "7 What if")
    show(page, "2 Send")
    expect(page.get_by_label("Subject")).to_have_value("kept")


def test_a_rule_that_no_mail_reaches_is_marked_while_one_edits(open_lab):
    notebook = open_lab(
        """
import sesreceive as ses
from sesreceive import ui

ana = ses.ReceiptRule(name="ana", enabled=True, recipients=("ana@example.com",))
everybody = ses.ReceiptRule(name="everybody", enabled=True, actions=(ses.StopAction(),))
rule_set = ses.ReceiptRuleSet(name="main", rules=(ana, everybody))
account = ses.Account(identities=("example.com",), rule_sets=(rule_set,), active="main")
workbench = ui.Workbench(ses.Receiver(account, seed=1))
workbench
"""
    )
    page = notebook.page
    expect(notebook.ui.get_by_text("✗ never reached")).to_have_count(0)
    notebook.python("workbench.value = account.with_rule_set(rule_set.replace(rules=(everybody, ana)))")
    expect(notebook.ui.get_by_text("✗ never reached").locator("visible=true").first).to_be_visible()
    expect(notebook.ui.get_by_text("to ana@example.com").locator("visible=true").first).to_be_visible()

    # everything, and the mail that shows it, by keyboard alone
    show(page, "8 Prove")
    page.get_by_label("Findings", exact=True).focus()
    notebook.press("ArrowDown", "ArrowUp")
    receive = page.get_by_role("button", name="Receive this mail")
    expect(receive).to_be_enabled()  # a button that is off is no stop of the Tab key
    for _ in range(3):  # what scrolls stops the Tab key, too
        notebook.press("Tab")
        if receive.evaluate("button => button === document.activeElement"):
            break
    notebook.python("")  # a press is not held back as choices are, and would overtake the last of them
    notebook.press("Enter")
    expect(status(page).filter(has_text="received the mail that shows: rule ana").first).to_be_visible()
    assert notebook.python("print(workbench.bench.reception.rules)") == "('everybody',)"
