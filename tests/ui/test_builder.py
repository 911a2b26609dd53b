"""The rule set builder as its user works with it, without a browser."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import Any

import ipywidgets as W
import pytest

import sesreceive as ses
from sesreceive.account import edits
from sesreceive.account.member import member
from sesreceive.ui.action_editor import title_of
from sesreceive.ui.builder import RuleSetBuilder

START = ses.Account(identities=("example.com",))


def a_builder(*rules: ses.ReceiptRule) -> RuleSetBuilder:
    rule_set = ses.ReceiptRuleSet(name="main", rules=rules)
    return RuleSetBuilder(START.replace(rule_sets=(rule_set,), active="main"))


def rule(name: str, *actions: ses.ReceiptAction, **fields: Any) -> ses.ReceiptRule:
    return ses.ReceiptRule(**{"name": name, "enabled": True, "actions": actions, **fields})


def widgets(of: W.Widget) -> list[W.Widget]:
    return [of, *(one for child in getattr(of, "children", ()) for one in widgets(child))]


def press(builder: RuleSetBuilder, text: str) -> str:
    """Press the button of that text; what the status line says then."""
    (found,) = [one for one in widgets(builder) if isinstance(one, W.Button) and one.description == text]
    found.click()
    return said(builder)


def said(builder: RuleSetBuilder) -> str:
    return html.unescape(re.sub("<[^>]*>", "", builder.status.value))


def box(builder: RuleSetBuilder, label: str) -> W.Widget:
    """The control of that label that is on screen."""
    found = [one for one in widgets(builder) if getattr(one, "description", None) == label]
    assert len(found) == 1, [label, found]
    return found[0]


def seen(builder: RuleSetBuilder) -> str:
    """All text on screen that is no control."""
    shown = " ".join(one.value for one in widgets(builder) if isinstance(one, W.HTML) and "<style>" not in one.value)
    return html.unescape(re.sub("<[^>]*>", "", shown))


def names(builder: RuleSetBuilder) -> list[str]:
    return [one.name for one in builder.value.rule_sets[0].rules]


# ---------------------------------------------------------------- from nothing


def test_a_rule_set_is_built_from_nothing():
    builder = RuleSetBuilder()
    assert "There is no rule set yet" in seen(builder)
    press(builder, "Add identity")
    press(builder, "New rule set")
    box(builder, "Rule set name").value = "main"
    press(builder, "Add rule")
    box(builder, "Rule name").value = "invoices"
    box(builder, "Recipients, one a line").value = "billing@example.com\n.example.com\n"
    box(builder, "Kind of action").value = ses.S3Action
    press(builder, "Add action")
    box(builder, "Bucket name").value = "mail"
    box(builder, "Kind of action").value = ses.StopAction
    assert press(builder, "Add action") == "added the action Stop as number 2 of 2"
    wanted = ses.ReceiptRule(
        name="invoices", enabled=True, scan_enabled=True, recipients=("billing@example.com", ".example.com"),
        actions=(ses.S3Action(bucket_name="mail"), ses.StopAction()),
    )  # fmt: skip
    assert builder.value == ses.Account(
        identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main", rules=(wanted,)),), active="main"
    )
    assert "SES would take this configuration" in seen(builder)
    while builder.bench.can_undo:
        press(builder, "Undo")
    assert builder.value == ses.Account()
    assert press(builder, "Undo") == "nothing to undo"
    while builder.bench.can_redo:
        press(builder, "Redo")
    assert builder.value.active_rule_set == ses.ReceiptRuleSet(name="main", rules=(wanted,))
    assert press(builder, "Redo") == "nothing to redo"


def test_an_account_with_problems_can_be_opened_and_mended():
    builder = RuleSetBuilder(ses.Account(active="gone"))
    assert "SES would refuse this configuration: 1 problem" in seen(builder)
    press(builder, "Deactivate")
    assert "SES would take this configuration" in seen(builder)


# ---------------------------------------------------------------- rule sets


def test_the_first_rule_set_is_activated_and_the_next_is_not():
    builder = RuleSetBuilder(START)
    press(builder, "New rule set")
    press(builder, "New rule set")
    assert [one.name for one in builder.value.rule_sets] == ["rules", "rules-2"]
    assert builder.value.active == "rules"


def test_rule_sets_are_cloned_activated_renamed_and_deleted():
    builder = a_builder(rule("a"))
    assert press(builder, "Clone rule set") == "cloned the rule set main as main-copy"
    assert builder.value["main-copy"].rules == builder.value["main"].rules
    assert press(builder, "Activate rule set") == "activated the rule set main-copy"
    assert press(builder, "Activate rule set") == "the rule set main-copy is active already"
    box(builder, "Rule set name").value = "new"
    assert builder.value.active == "new"
    box(builder, "Rule set").value = 0
    assert said(builder) == "rule set main: 1 rule"
    press(builder, "Delete rule set")
    assert [one.name for one in builder.value.rule_sets] == ["new"]
    assert press(builder, "Deactivate") == "no rule set is active now, so nothing is received"
    press(builder, "Delete rule set")
    assert builder.value.rule_sets == ()


@pytest.mark.usefixtures("shown_errors")
def test_the_active_rule_set_is_not_deleted_and_the_reason_is_shown():
    builder = a_builder(rule("a"))
    before = builder.value
    press(builder, "Delete rule set")
    assert "expected a rule set that is not active but got `main`" in builder.alert.value
    assert 'role="alert"' in builder.alert.value
    assert builder.value is before
    press(builder, "Add rule")
    assert builder.alert.value == ""


def test_a_name_may_be_that_of_another_set_while_it_is_typed():
    builder = RuleSetBuilder(
        START.replace(rule_sets=[ses.ReceiptRuleSet(name="a"), ses.ReceiptRuleSet(name="main")], active="main")
    )
    box(builder, "Rule set").value = 1
    for text in ("mai", "ma", "m", "", "a", "ab"):
        box(builder, "Rule set name").value = text
        assert ("expected a name of its own" in seen(builder)) == (text == "a")
    assert (builder.value.active, [one.name for one in builder.value.rule_sets]) == ("ab", ["a", "ab"])
    press(builder, "Undo")
    assert builder.value.active == "main"


# ---------------------------------------------------------------- rules


def test_rules_are_added_behind_the_chosen_one_and_have_names_of_their_own():
    builder = a_builder(rule("a"), rule("b"))
    assert press(builder, "Add rule") == "added the rule rule-3 as number 2 of 3"
    assert press(builder, "Duplicate rule") == "duplicated the rule rule-3 as rule-3-copy"
    assert names(builder) == ["a", "rule-3", "rule-3-copy", "b"]
    assert builder.rules.rule.name == "rule-3-copy"


def test_rules_are_moved_to_the_ends_and_no_further():
    builder = a_builder(rule("a"), rule("b"), rule("c"))
    assert press(builder, "Move rule up") == "the rule a is the first already"
    assert press(builder, "Move rule down") == "moved the rule a down: it is number 2 of 3 now"
    press(builder, "Move rule down")
    assert names(builder) == ["b", "c", "a"]
    assert press(builder, "Move rule down") == "the rule a is the last already"


def test_a_deleted_rule_comes_back_to_its_place_and_is_shown():
    builder = a_builder(rule("a"), rule("b"), rule("c"))
    builder.rules.list.select.value = 1
    assert press(builder, "Delete rule") == "deleted the rule b; Undo brings it back"
    assert builder.rules.rule.name == "c"
    builder.rules.list.select.value = 0
    press(builder, "Undo")
    assert (names(builder), builder.rules.rule.name) == (["a", "b", "c"], "b")


def test_the_buttons_of_an_empty_list_say_so():
    builder = a_builder()
    for text in ("Duplicate rule", "Move rule up", "Move rule down", "Delete rule"):
        assert press(builder, text).startswith("no rule to")
    builder = RuleSetBuilder(START)
    for text in ("Clone rule set", "Activate rule set", "Delete rule set"):
        assert press(builder, text).startswith("no rule set to")
    for text in ("Move action up", "Delete action", "Duplicate action"):
        assert press(a_builder(rule("a")), text).startswith("no action to")


def test_rules_are_found_by_any_part_of_their_line():
    builder = a_builder(
        rule("invoices", ses.S3Action(bucket_name="inbox"), recipients=["billing@example.com"]),
        rule("support", ses.StopAction(), recipients=["help@example.com"]),
    )
    for text, found in [("billing", [0]), ("stop", [1]), ("EXAMPLE s", [0, 1]), ("nothing", [])]:
        box(builder, "Find rules").value = text
        assert [at for _, at in builder.rules.list.shown] == found
    assert "0 of 2 rules" in seen(builder)
    assert builder.rules.rule.name == "invoices"


def test_switches_are_fields_of_the_rule():
    builder = a_builder(rule("a"))
    box(builder, "Enabled").value = False
    box(builder, "Scan for spam and viruses").value = True
    box(builder, "TLS policy").value = ses.TlsPolicy.REQUIRE
    wanted = ses.ReceiptRule(name="a", enabled=False, scan_enabled=True, tls_policy="Require")
    assert builder.value["main"]["a"] == wanted
    assert "a (off)" in builder.rules.list.shown[0][0]


def test_typing_a_name_is_one_step():
    builder = a_builder(rule("a"))
    for text in ("", "i", "in", "inv", "inv oices", "invoices"):
        box(builder, "Rule name").value = text
    assert names(builder) == ["invoices"]
    press(builder, "Undo")
    assert names(builder) == ["a"]


@pytest.mark.parametrize("typed", ["", "a b", "-a", "x" * 65, "ä"])
def test_problems_appear_next_to_the_field_in_the_words_of_the_validator(typed):
    builder = a_builder(rule("a"))
    box(builder, "Rule name").value = typed
    (problem,) = builder.value.problems()
    note = html.unescape(re.sub("<[^>]*>", "", builder.rules.rule_form.notes["name"].value))
    assert note == "✗ " + problem.message.replace("`", "")
    assert "✗" in builder.rules.list.shown[0][0]


# ---------------------------------------------------------------- recipients


COVERAGE = [
    # condition              tried                        what is told
    ("billing@example.com",  "billing+q3@example.com",    ["every billing+label@example.com", "✓ matches"]),
    ("example.com",          "ana@mx.example.com",        ["itself, none in a subdomain", "– no match"]),
    (".example.com",         "ana@mx.example.com",        ["in a subdomain of example.com", "✓ matches"]),
    ("example.org",          "ana@example.org",           ["no verified identity covers example.org"]),
    ("a b",                  "ana@example.com",           ["✗ expected an address, a domain or a domain behind a dot"]),
    ("",                     "ana@example.com",           ["No recipients", "every address in and under example.com"]),
]  # fmt: skip


@pytest.mark.parametrize("condition, tried, told", COVERAGE)
def test_each_condition_says_at_once_what_it_covers(condition, tried, told):
    builder = a_builder(rule("a"))
    box(builder, "Recipients, one a line").value = condition
    box(builder, "Try an address").value = tried
    for words in told:
        assert words in seen(builder)


def test_the_address_that_is_tried_is_answered_as_the_pipeline_would():
    builder = a_builder(
        rule("first", recipients=["ana@example.com"]),
        rule("second", recipients=["example.com"], tls_policy="Require"),
    )
    receiver = ses.Receiver(builder.value)
    for address in ("ana@example.com", "bea@example.com", "ana@example.org", "ana"):
        box(builder, "Try an address").value = address
        for tls in (True, False):
            box(builder, "over TLS").value = tls
            decision = receiver.on_rcpt(receiver.on_connect("198.51.100.7"), address, tls=tls)
            assert str(decision.reply) in seen(builder)
            assert decision.reason.replace("`", "") in seen(builder)
            marked = {at for label, at in builder.rules.list.shown if "◀" in label}
            assert marked == {at for at, name in enumerate(names(builder)) if name in decision.rules}


def test_of_five_hundred_conditions_only_some_are_drawn():
    builder = a_builder(rule("a", recipients=[f"u{number}@example.com" for number in range(500)]))
    box(builder, "Try an address").value = "u477@example.com"
    table = builder.rules.recipients.table.value
    assert table.count("<tr>") == 22
    assert "u477@example.com" in table
    assert "479 conditions more" in table


# ---------------------------------------------------------------- actions


def test_all_eight_kinds_are_offered_and_each_is_edited_in_its_own_form():
    builder = a_builder(rule("a"))
    kinds = dict(box(builder, "Kind of action").options)
    of_ses = {cls for cls in kinds.values() if cls.__module__.startswith("sesreceive.")}
    assert len(of_ses) == 8
    for cls in of_ses:
        box(builder, "Kind of action").value = cls
        press(builder, "Add action")
        assert builder.rules.actions.place.children[0].cls is cls
    added = [type(action) for action in builder.value["main"]["a"].actions]
    assert set(added) == of_ses
    assert added[-1] is ses.StopAction  # whatever is added, what has to be last stays there
    assert builder.value.problems() == ()


def test_actions_are_moved_duplicated_and_deleted():
    builder = a_builder(rule("a", ses.S3Action(bucket_name="one"), ses.S3Action(bucket_name="two")))
    buckets = lambda: [action.bucket_name for action in builder.value["main"]["a"].actions]  # noqa: E731
    assert press(builder, "Move action down") == "moved the action S3 down: it is number 2 of 2 now"
    assert buckets() == ["two", "one"]
    assert press(builder, "Move action down") == "the action S3 is the last already"
    press(builder, "Duplicate action")
    assert buckets() == ["two", "one", "one"]
    box(builder, "Bucket name").value = "three"
    assert buckets() == ["two", "one", "three"]
    press(builder, "Delete action")
    builder.rules.actions.list.select.value = 0
    press(builder, "Delete action")
    assert buckets() == ["one"]


def test_a_stop_that_is_not_last_says_so():
    builder = a_builder(rule("a", ses.S3Action(bucket_name="inbox"), ses.StopAction()))
    press(builder, "Move action down")
    assert "✗ action 1: expected StopAction at the end of the actions but got S3Action behind it" in seen(builder)


def test_ready_made_bounces_fill_in_the_form():
    builder = a_builder(rule("a"))
    box(builder, "Kind of action").value = ses.BounceAction
    press(builder, "Add action")
    box(builder, "Ready-made").value = "mailbox-full"
    wanted = ses.BounceAction.template("mailbox-full", sender="postmaster@example.com")
    assert builder.value["main"]["a"].actions == (wanted,)
    box(builder, "Message").value = "No room"
    assert box(builder, "Ready-made").value == "as below"


def test_an_action_class_of_a_notebook_is_offered_with_a_form():
    builder = a_builder(rule("a"))
    try:

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class TagAction(ses.ReceiptAction):
            title = "Tag the message"
            tag: str = dataclasses.field(metadata=member("Tag", doc="what to call it", required=True, example="x"))
            loud: bool = dataclasses.field(default=False, metadata=member("Loud", kind="flag", doc="in capitals"))

        builder.rules.actions.offer()  # what the end of a cell does
        assert (title_of(TagAction), TagAction) in box(builder, "Kind of action").options
        box(builder, "Kind of action").value = TagAction
        press(builder, "Add action")
        box(builder, "Tag").value = "invoice"
        box(builder, "Loud").value = True
        assert builder.value["main"]["a"].actions == (TagAction(tag="invoice", loud=True),)
    finally:
        del ses.ReceiptAction.registry["TagAction"]


# ---------------------------------------------------------------- as a value


def test_an_assigned_account_is_on_screen_and_can_be_undone():
    builder = a_builder(rule("a"))
    seen_values = []
    builder.observe(lambda change: seen_values.append(change["new"]), "value")
    new = edits.with_rule(builder.value, 0, 0, rule("b", ses.S3Action(bucket_name="x-bucket")))
    builder.value = new
    assert builder.bench.account is new
    assert (box(builder, "Rule name").value, box(builder, "Bucket name").value) == ("b", "x-bucket")
    press(builder, "Undo")
    assert box(builder, "Rule name").value == "a"
    assert [one["main"].rules[0].name for one in seen_values] == ["b", "a"]


def test_two_builders_of_one_bench_show_the_same():
    one = a_builder(rule("a"))
    two = RuleSetBuilder(one.bench)
    box(one, "Rule name").value = "renamed"
    assert box(two, "Rule name").value == "renamed"
    press(two, "Undo")
    assert box(one, "Rule name").value == "a"


def test_two_hundred_rules_and_hostile_names_are_only_text():
    hostile = "<img src=x onerror=alert(1)>"
    builder = a_builder(
        *(
            rule(f"{hostile}{at}", recipients=[hostile], actions=[ses.S3Action(bucket_name=hostile)])
            for at in range(200)
        )
    )
    builder.value = builder.value.with_identity(hostile).with_filter(ses.ReceiptFilter.block(hostile, name=hostile))
    press(builder, "Duplicate rule")
    for one in widgets(builder):
        if isinstance(one, W.HTML):
            assert "<img" not in one.value
    assert "<img" not in builder.snapshot()


def test_without_a_kernel_the_account_is_shown():
    builder = a_builder(rule("invoices", ses.S3Action(bucket_name="inbox")))
    bundle = builder._repr_mimebundle_()
    assert "invoices" in bundle["text/html"]
    assert "S3Action(bucket_name=&#x27;inbox&#x27;)" in bundle["text/html"]
    assert bundle["text/plain"] == repr(builder) == f"<RuleSetBuilder: {builder.value!r}>"
