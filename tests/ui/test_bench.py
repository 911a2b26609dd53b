"""The state behind the workbench: edits, typing, undo and redo without limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.ui.bench import Bench

START = ses.Account(identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main"),), active="main")


def a_bench() -> Bench:
    return Bench(ses.Receiver(START, seed=1))


def with_region(name: str) -> ses.Account:
    return START.replace(region=name)


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=30))
def test_undoing_everything_leads_back_and_redoing_everything_forth(regions):
    bench = a_bench()
    for number, region in enumerate(regions):
        bench.edit(with_region(region), f"edit {number}")
    end, steps = bench.account, 0
    while bench.can_undo:
        bench.undo()
        steps += 1
    assert bench.account is START
    assert steps == len(bench.history) - 1
    for _ in range(steps):
        bench.redo()
    assert (bench.account, bench.can_redo) == (end, False)


def test_an_edit_after_an_undo_forgets_what_was_undone():
    bench = a_bench()
    bench.edit(with_region("a"), "a")
    bench.undo()
    bench.edit(with_region("b"), "b")
    assert [step.what for step in bench.history[1:]] == ["b"]
    assert (bench.can_redo, bench.next_step) == (False, None)


def test_what_changes_nothing_is_no_step():
    bench = a_bench()
    bench.edit(START.replace(), "nothing")
    assert not bench.can_undo


def test_typing_in_one_field_is_one_step():
    bench = a_bench()
    for text in ("e", "eu", "eu-"):
        bench.edit(with_region(text), "typed the region", typing="region")
    assert [step.what for step in bench.history[1:]] == ["typed the region"]
    bench.undo()
    assert bench.account is START
    bench.redo()
    assert bench.account.region == "eu-"


def test_what_is_typed_and_taken_out_again_is_no_step():
    bench = a_bench()
    bench.edit(with_region("us-east-12"), "typed", typing="region")
    bench.edit(START.replace(), "typed", typing="region")
    assert (bench.account, len(bench.history), bench.can_undo) == (START, 1, False)


def test_typing_goes_on_as_a_new_step_after_anything_else():
    between = [
        lambda bench: bench.settle(),
        lambda bench: bench.edit(START.replace(account_id="222233334444"), "id"),
        lambda bench: bench.edit(with_region("b"), "typed elsewhere", typing="other"),
        lambda bench: setattr(bench, "account", with_region("c")),
        lambda bench: bench.undo(),
    ]
    for happens in between:
        bench = a_bench()
        bench.edit(with_region("first"), "before")
        bench.edit(with_region("a"), "typed", typing="region")
        happens(bench)
        before = bench.account
        bench.edit(with_region("abc"), "typed more", typing="region")
        bench.undo()
        assert bench.account == before


def test_before_typing_is_the_account_that_the_step_began_with():
    bench = a_bench()
    assert bench.before("region") is START
    bench.edit(with_region("a"), "typed", typing="region")
    bench.edit(with_region("ab"), "typed", typing="region")
    assert bench.before("region") is START
    assert bench.before("other").region == "ab"


def test_an_assigned_account_is_a_step_like_any_other():
    bench = a_bench()
    bench.account = with_region("eu-west-1")
    assert (bench.can_undo, bench.step.what) == (True, "assigned from code")
    bench.undo()
    assert bench.account is START


def test_problems_are_those_of_the_account_on_screen():
    bench = a_bench()
    assert bench.problems == ()
    bench.edit(START.replace(active="nowhere"), "broke it")
    assert bench.problems == bench.account.problems() != ()
    bench.undo()
    assert bench.problems == ()
