"""The edits of the builder as functions of values."""

from __future__ import annotations

import pytest
import strategies as our
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account import edits
from sesreceive.account.edits import Place


@given(st.lists(st.integers(), min_size=1, max_size=8).map(tuple), st.data())
def test_moving_there_and_back_changes_nothing(values, data):
    positions = st.integers(0, len(values) - 1)
    at, to = data.draw(positions), data.draw(positions)
    moved = edits.moved(values, at, to)
    assert moved[to] == values[at]
    assert edits.moved(moved, to, at) == values


@given(st.lists(st.integers(), max_size=8).map(tuple), st.data())
def test_what_is_inserted_can_be_removed(values, data):
    at = data.draw(st.integers(0, len(values)))
    assert edits.removed(edits.inserted(values, at, "new"), at) == values


@given(our.names, st.lists(our.names))
def test_a_free_name_is_not_taken_and_one_that_ses_takes(wanted, taken):
    name = edits.free_name(wanted, [wanted, *taken])
    assert name not in {wanted, *taken}
    assert ses.ReceiptRule(name=name).problems() == ()


@given(our.accounts(), our.names, st.data())
@pytest.mark.slow
def test_a_rule_set_stays_active_under_another_name(account, name, data):
    if not account.rule_sets:
        return
    at = data.draw(st.integers(0, len(account.rule_sets) - 1))
    renamed = edits.rename_set(account, at, name)
    assert renamed.rule_sets[at].name == name
    was_active = account.active_rule_set is account.rule_sets[at]
    assert renamed.active == (name if was_active else account.active)


def rule_set(name: str, *rules: str) -> ses.ReceiptRuleSet:
    return ses.ReceiptRuleSet(name=name, rules=[ses.ReceiptRule(name=rule) for rule in rules])


def two_actions(value: str) -> ses.ReceiptRule:
    actions = [ses.StopAction(), ses.AddHeaderAction(header_name="X", header_value=value)]
    return ses.ReceiptRule(name="b", actions=actions)


HERE = Place(0, 0, 0)
PLACES = [
    # what happened,          rule sets before,                 rule sets after,                         where it shows
    ("nothing",               [rule_set("m", "a")],             [rule_set("m", "a")],                    HERE),
    ("a rule was changed",    [rule_set("m", "a", "b")],        [rule_set("m", "a", "c")],               Place(0, 1)),
    ("a rule was added",      [rule_set("m", "a")],             [rule_set("m", "a", "b")],               Place(0, 1)),
    ("the last was deleted",  [rule_set("m", "a", "b")],        [rule_set("m", "a")],                    Place(0, 0)),
    ("all were deleted",      [rule_set("m", "a")],             [rule_set("m")],                         Place(0, 0)),
    ("a set was renamed",     [rule_set("m"), rule_set("n")],   [rule_set("m"), rule_set("o")],          Place(1)),
    ("a set was added",       [rule_set("m")],                  [rule_set("m"), rule_set("n")],          Place(1)),
    ("sets were deleted",     [rule_set("m"), rule_set("n")],   [],                                      Place(0)),
    ("an action was changed", [ses.ReceiptRuleSet(name="m", rules=[two_actions("1")])],
                              [ses.ReceiptRuleSet(name="m", rules=[two_actions("2")])],                 Place(0, 0, 1)),
]  # fmt: skip


@pytest.mark.parametrize("what, before, after, place", PLACES, ids=[row[0] for row in PLACES])
def test_what_changed_is_found(what, before, after, place):
    accounts = [ses.Account(rule_sets=sets) for sets in (before, after)]
    assert edits.changed_place(*accounts, HERE) == place
