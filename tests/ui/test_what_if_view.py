"""What-if tells which messages would end differently, at once and without touching anything."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive.analysis.what_if import differences, replayed
from sesreceive.ui.bench import Bench
from sesreceive.ui.what_if_view import WhatIf
from tests.conftest import make_account, make_rule
from tests.scenario import scenario_items, scenario_receiver


@pytest.fixture
def part() -> WhatIf:
    receiver = scenario_receiver()
    bench = Bench(receiver)
    bench.add(receiver.replay(scenario_items()))
    receiver.backend.clear()
    return WhatIf(bench)


def lines(part: WhatIf) -> list[str]:
    return [label for label, _ in part.list.shown]


def test_nothing_differs_before_anything_is_changed(part: WhatIf) -> None:
    assert "0 of 10 messages would end differently" in part.summary.value
    assert lines(part) == []


def test_an_edit_of_the_account_is_compared_at_once(part: WhatIf) -> None:
    account = part.bench.account
    part.bench.edit(account.without_filter("test-net"), "deleted the filter")
    (line,) = lines(part)
    assert line.startswith(
        "blocked — recipient billing@example.com: 550 5.7.1 IP address blacklisted by recipient → 250"
    )
    assert "1 of 10 messages would end differently" in part.status.value
    part.bench.undo()
    assert lines(part) == []


def test_it_says_what_the_library_says(part: WhatIf) -> None:
    part.bench.edit(part.bench.account.activate(None), "switched off")
    receptions = part.bench.receptions
    want = differences(receptions, replayed(receptions, part.bench.account))
    assert [(one.message, one.changes) for one in part.value] == [(one.message, one.changes) for one in want]


def test_nothing_is_performed(part: WhatIf) -> None:
    part.bench.edit(part.bench.account.activate(None), "switched off")
    part.forced["spam"].value = "FAIL"
    assert not part.bench.receiver.backend.buckets


LEFT_OUT = [
    ("nothing", 0),
    ("the rule billing", 2),
    ("the rule off", 0),
    ("the filter test-net", 1),
    ("the filter partner", 1),
    ("the identity example.com", None),
    ("action 3 of billing: Stop", 2),
    ("action 1 of gate: Lambda", 1),
]


@pytest.mark.usefixtures("shown_errors")
@pytest.mark.parametrize("what, number", LEFT_OUT)
def test_leaving_something_out_shows_what_it_matters(part: WhatIf, what: str, number: int | None) -> None:
    part.without.value = what
    if number is None:  # the bounce's sender has to be verified
        assert "not verified" in part.alert.value or "verified" in part.alert.value
        return
    assert len(part.value) == number
    assert part.bench.account == part.bench.receiver.account


def test_both_ends_stand_side_by_side(part: WhatIf) -> None:
    part.without.value = "the rule gate"
    assert "as it was" in part.detail.value
    assert "as it would be" in part.detail.value
    assert "≠ rules that fire" in part.detail.value
    assert "− gate: Invoke gate, which answers STOP_RULE" in part.detail.value
    assert "there is no such rule" in part.told.value


def test_another_difference_is_chosen_from_the_list(part: WhatIf) -> None:
    part.bench.edit(part.bench.account.activate(None), "switched off")
    before = part.detail.value
    part.list.select.value = 3
    assert part.detail.value != before
    assert part.value[3].message in part.detail.value


def test_a_verdict_is_forced_and_taken_back(part: WhatIf) -> None:
    part.forced["dmarc"].value = "FAIL"
    part.policy.value = "reject"
    assert "dmarc FAIL, dmarc_policy reject" in part.summary.value
    passed = [one for one in part.bench.receptions if one.verdicts and one.verdicts.dmarc != "FAIL"]
    assert len(part.value) == len(passed) > 0
    part.reset_button.click()
    assert len(part.value) == 0
    assert part.forced["dmarc"].value == ""


def test_functions_are_called_again_where_their_event_is_another() -> None:
    sample = datasets.load("anycompany")
    receiver = sample.receiver()
    bench = Bench(receiver)
    bench.add([one for one in receiver.replay(sample.mail) if one.name == "0001-invoice"])
    part = WhatIf(bench)
    part.forced["spam"].value = "FAIL"
    assert part.value[0].after.stopped_by == "quarantine"
    part.asked.value = False
    assert part.value[0].after.stopped_by == "billing"


@pytest.mark.parametrize("said, number", [("STOP_RULE", 0), ("CONTINUE", 1), ("STOP_RULE_SET", 1)])
def test_a_function_answers_otherwise(part: WhatIf, said: str, number: int) -> None:
    assert part.function.value == "gate"
    part.answer.value = said
    assert len(part.value) == number
    assert f"gate answers {said}" in part.summary.value


def test_each_answer_stands_side_by_side(part: WhatIf) -> None:
    part.bench.selected = [one.name for one in part.bench.receptions].index("gate")
    part.each_button.click()
    for head in ("as it was", "CONTINUE", "STOP_RULE", "STOP_RULE_SET"):
        assert f'<th scope="col">{head}</th>' in part.detail.value
    assert "gate: what the function gate could answer" in part.status.value


def test_an_account_with_problems_is_not_compared(part: WhatIf) -> None:
    part.bench.edit(part.bench.account.replace(account_id="x"), "typed")
    assert "the account on screen has problems" in part.summary.value


def test_it_compares_only_when_told_if_that_is_wanted(part: WhatIf) -> None:
    part.live.value = False
    part.bench.edit(part.bench.account.activate(None), "switched off")
    assert lines(part) == []
    part.compare_button.click()
    assert len(lines(part)) == 7


def test_mail_that_comes_in_is_compared_too(part: WhatIf) -> None:
    part.bench.edit(part.bench.account.activate(None), "switched off")
    part.bench.add(part.bench.receptions[:1])
    assert part.value.compared == 11


def test_without_mail_it_says_so() -> None:
    assert "no message was received yet" in WhatIf(ses.Receiver(make_account(make_rule()), seed=1)).summary.value


def test_the_notebook_answers_while_it_compares() -> None:
    async def scene() -> list[str]:
        receiver = ses.Receiver(make_account(make_rule("r", ses.S3Action(bucket_name="inbox"))), seed=1)
        bench = Bench(receiver)
        bench.add([receiver.receive(b"\r\n", rcpt_to=["bo@example.com"], name=f"m{n}") for n in range(300)])
        part = WhatIf(bench)
        bench.edit(bench.account.activate(None), "switched off")
        bench.edit(bench.account, "the same")
        seen: list[str] = []
        done = asyncio.Event()

        def note(change: dict[str, Any]) -> None:
            seen.append(change["new"])
            if "300 of 300 messages would" in seen[-1]:
                done.set()

        part.summary.observe(note, "value")
        await asyncio.wait_for(done.wait(), 60)
        return seen

    seen = asyncio.run(scene())
    assert "300 of 300 messages would" in seen[-1]
    assert any("compared so far" in text for text in seen)


def test_names_and_mail_are_escaped() -> None:
    receiver = ses.Receiver(make_account(make_rule()), seed=1)
    bench = Bench(receiver)
    bench.add([receiver.receive(b"\r\n", rcpt_to=['"<img src=x>"@example.com'], name="<script>")])
    part = WhatIf(bench)
    bench.edit(bench.account.activate(None), "switched off")
    shown = part.detail.value + part.told.value + part.snapshot() + part.status.value + part.summary.value
    assert "<img" not in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_the_saved_picture_has_the_differences(part: WhatIf) -> None:
    part.without.value = "the rule gate"
    assert "where the ways part" in part.snapshot()
    assert "as it would be" in part.snapshot()
