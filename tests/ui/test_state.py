"""What cannot be done does not look as if it could, and an account that cannot receive says what it lacks."""

from __future__ import annotations

import asyncio

import pytest

import sesreceive as ses
from sesreceive import ui
from sesreceive.ui.checklist import missing, steps_of
from sesreceive.ui.whereabouts import place_words
from tests.conftest import MESSAGE, make_account, make_rule

ON = ses.ReceiptRule(name="a", enabled=True)
OFF = ses.ReceiptRule(name="a")


def account(*rules: ses.ReceiptRule, active: str | None = "main", identities: tuple[str, ...] = ("example.com",)):
    return ses.Account(identities=identities, rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),), active=active)


# account: the steps that are missing, and why it receives nothing
LACKING = [
    (ses.Account(), ["identity", "rule set", "rule", "active"], "no domain identity is verified"),
    (ses.Account(identities=("ana@example.com",)), ["identity", "rule set", "rule", "active"], "no domain identity"),
    (ses.Account(identities=("example.com",)), ["rule set", "rule", "active"], "there is no rule set"),
    (account(), ["rule"], "the rule set has no rule"),
    (account(OFF), ["rule"], "no rule of the set is enabled"),
    (account(ON), [], ""),
]  # fmt: skip


@pytest.mark.parametrize(("given", "steps", "why"), LACKING)
def test_what_an_account_lacks_is_said(given: ses.Account, steps: list[str], why: str) -> None:
    assert [step.name for step in steps_of(given) if not step.done] == steps
    assert missing(given).startswith(why)
    assert bool(missing(given)) == bool(why)


def test_a_receiver_agrees_with_the_checklist() -> None:
    for given, steps, _ in LACKING:
        reception = ses.Receiver(given, seed=1).receive(MESSAGE, rcpt_to=["ana@example.com"])
        assert reception.accepted is not bool(steps)


def test_one_button_leads_from_nothing_to_a_first_mail() -> None:
    workbench = ui.Workbench(ses.Receiver(ses.Account(), seed=1))
    builder = next(part for part in workbench.part("1 Build") if isinstance(part, ui.RuleSetBuilder))
    step, words = builder.rules.checklist.button, []
    while not words or step.description != words[-1]:
        words.append(step.description)
        step.click()
        if workbench.views.value != "1 Build":
            break
    assert words == ["Add an identity", "Make a rule set", "Add a rule", "Send a mail to it →"]
    assert workbench.views.value == "2 Send"
    composer = workbench.part("2 Send")[0]
    composer.send_button.click()
    assert workbench.bench.reception is not None
    assert workbench.bench.reception.accepted


def test_what_is_missing_is_said_where_mail_is_sent() -> None:
    workbench = ui.Workbench(ses.Receiver(ses.Account(), seed=1))
    composer = workbench.part("2 Send")[0]
    assert "receives nothing yet: no domain identity is verified" in composer.missing.value
    workbench.value = account(ON)
    assert composer.missing.value == ""


def test_buttons_that_can_do_nothing_are_off_and_say_why() -> None:
    builder = ui.RuleSetBuilder(ses.Account(identities=("example.com",)))
    rules, sets = builder.rules, builder.rules.sets
    off = {
        builder.undo_button: "nothing was changed yet",
        builder.redo_button: "nothing was undone",
        sets.clone_button: "there is no rule set",
        sets.on_button: "there is no rule set",
        sets.off_button: "no rule set is active",
        sets.delete_button: "there is no rule set",
        builder.filters.list.buttons["Delete filter"]: "there is no filter",
    }
    for button, why in off.items():
        assert (button.disabled, button.tooltip) == (True, f"Not now: {why}")
    sets.new_button.click()
    rules.list.buttons["Add rule"].click()
    for button in (builder.undo_button, sets.clone_button, sets.off_button, rules.list.buttons["Delete rule"]):
        assert not button.disabled
        assert not button.tooltip.startswith("Not now")
    assert "it is active already" in sets.on_button.tooltip
    assert "deactivate it first" in sets.delete_button.tooltip
    assert rules.list.buttons["Move rule up"].disabled
    assert rules.list.buttons["Move rule down"].disabled
    rules.list.buttons["Add rule"].click()
    assert not rules.list.buttons["Move rule up"].disabled
    builder.undo_button.click()
    assert not builder.redo_button.disabled


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("account_id", "Account ID"),
        ("rule_sets[0].rules[0].recipients[1]", "rule set main, rule a, recipient 2"),
        ("rule_sets[0].rules[0].actions[0].kms_key_arn", "rule set main, rule a, action 1, KMS key ARN"),
        ("filters[3].cidr", "filter 4, Cidr"),
    ],
)
def test_a_place_is_named_as_it_is_on_screen(path: str, words: str) -> None:
    assert place_words(path, account(ON)) == words


@pytest.mark.usefixtures("shown_errors")
def test_an_error_clears_the_success_before_it_and_the_next_success_the_error() -> None:
    workbench = ui.Workbench(ses.Receiver(make_account(make_rule()), seed=1))
    composer = workbench.part("2 Send")[0]
    composer.send_button.click()
    assert "was accepted" in workbench.status.value
    composer.session.client_ip.box.value = "nowhere"
    composer.send_button.click()
    assert "Client IP: expected an IPv4 or IPv6 address" in workbench.alert.value
    assert "was accepted" not in workbench.status.value
    composer.session.client_ip.box.value = "198.51.100.7"
    composer.send_button.click()
    assert workbench.alert.value == ""


def test_views_out_of_sight_draw_later_and_say_nothing() -> None:
    async def scene() -> tuple[str, str, str]:
        workbench = ui.Workbench(ses.Receiver(make_account(make_rule()), seed=1))
        (path,) = workbench.part("5 Path")
        workbench.show("2 Send")
        workbench.bench.receive(MESSAGE, ses.Envelope(rcpt_to=("ana@example.com",)), name="new")
        before = path.picture.value
        path.say("something in the background")
        told = workbench.status.value
        workbench.show("5 Path")
        return before, told, path.picture.value

    before, told, after = asyncio.run(scene())
    assert "nothing received yet" in before
    assert "background" not in told
    assert "<svg" in after
