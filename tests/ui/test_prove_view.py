"""While one edits: what no mail reaches is marked in words, with the mail; the answer is of the account on screen."""

from __future__ import annotations

import asyncio

import sesreceive as ses
from sesreceive import ui
from sesreceive.ui.prove_view import Marks, ProveView
from tests.conftest import make_account, make_rule

STORE = ses.S3Action(bucket_name="inbox")
EVERYBODY = make_rule("everybody", ses.StopAction())
ANA = make_rule("ana", STORE, recipients=("ana@example.com",))


def view_of(*rules: ses.ReceiptRule) -> ProveView:
    return ProveView(ses.Receiver(make_account(*rules), seed=1))


def test_what_is_never_reached_stands_first_with_the_mail_that_shows_it() -> None:
    view = view_of(EVERYBODY, ANA)
    assert view.list.shown[0][0].startswith("✗ never reached: rule ana — `everybody` stops the rule set")
    assert "to ana@example.com; from 198.51.100.1; over TLS" in view.detail.value
    assert "StopAction" in view.detail.value or "stop" in view.detail.value
    assert repr(view).startswith("<ProveView: 3 parts are never reached")


def test_an_edit_is_answered_at_once_and_an_undo_takes_it_back() -> None:
    view = view_of(ANA, EVERYBODY)
    assert not view.value.rule("ana").dead
    active = view.bench.account.active_rule_set
    view.bench.edit(view.bench.account.with_rule_set(active.replace(rules=(EVERYBODY, ANA))), "moved everybody")
    assert view.value.rule("ana").dead
    view.bench.undo()
    assert not view.value.rule("ana").dead


def test_the_mail_is_received_and_selected_for_the_other_views() -> None:
    view = view_of(EVERYBODY, ANA)
    view.receive_button.click()
    assert view.bench.reception.rules == ("everybody",)
    assert view.bench.reception.name == "shows rule ana"
    assert "received the mail that shows: rule ana" in view.status.value


def test_the_chosen_finding_stays_chosen_through_an_edit() -> None:
    view = view_of(EVERYBODY, ANA)
    at = next(at for label, at in view.list.shown if "condition ana@example.com" in label)
    view.list.select.value = at
    view.bench.edit(view.bench.account.with_identity("example.net"), "added the identity example.net")
    assert "condition ana@example.com of ana" in view.detail.value


def test_an_account_with_problems_is_not_asked_about() -> None:
    view = view_of(EVERYBODY, ANA)
    view.bench.account = view.bench.account.with_identity("no domain")
    assert "has problems, so nothing is proved" in view.summary.value
    assert view.value is None
    assert view.receive_button.disabled
    assert view.receive() == "there is no mail to receive"
    assert repr(view) == "<ProveView: nothing is proved>"


def test_beside_the_builder_rules_are_marked_while_one_edits() -> None:
    workbench = ui.Workbench(ses.Receiver(make_account(EVERYBODY, ANA), seed=1))
    marks = next(part for part in workbench.part("1 Build") if isinstance(part, Marks))
    assert "✗ never reached" in marks.lines.value
    assert "1 rule" in marks.lines.value
    assert "to ana@example.com" in marks.lines.value
    workbench.value = make_account(ANA, EVERYBODY)
    assert marks.lines.value == ""
    assert marks.layout.display == "none"


def test_names_are_escaped() -> None:
    rule = make_rule("a", STORE, recipients=("<b>@example.com",))
    account = make_account(EVERYBODY, rule)
    view = ProveView(ses.Receiver(account, seed=1))
    assert "<b>" not in view.detail.value + view.snapshot()


def test_typing_is_not_kept_waiting() -> None:
    """In a notebook the question is asked when the account rests, so of many edits the last is answered."""

    async def typed() -> ProveView:
        view = view_of(ANA)
        asked = []
        work = view._work
        view._work = lambda: asked.append(1) or work()  # type: ignore[method-assign]
        for letter in "abcdef":
            rule = make_rule(letter, STORE)
            view.bench.account = make_account(EVERYBODY, rule)
            assert view.value is None
            await asyncio.sleep(0)
        while view.value is None:
            await asyncio.sleep(0.05)
        assert view.value.rule("f").dead
        return view

    asyncio.run(typed())


def test_the_saved_picture_has_the_findings() -> None:
    view = view_of(EVERYBODY, ANA)
    assert "rule ana" in view.snapshot()
    assert "✗ never reached" in view.snapshot()
