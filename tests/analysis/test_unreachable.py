"""What is dead stays dead whatever mail comes; what is redundant can go; each mail that shows something shows it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.analysis.unreachable import unreachable
from sesreceive.analysis.walk import Certainty
from tests.analysis.attacks import attack_redundant, attack_unreachable, confirm
from tests.analysis.close_accounts import ARN, TOPIC, accounts, mails

S3 = ses.S3Action(bucket_name="inbox")
STOP = ses.StopAction()
SNS = ses.SNSAction(topic_arn=TOPIC("mail"))
HEADER = ses.AddHeaderAction(header_name="X-Team", header_value="a")
GATE = ses.LambdaAction(function_arn=ARN("gate"), invocation_type="RequestResponse")
EVENT = ses.LambdaAction(function_arn=ARN("gate"))


def rule(name, *actions, to=(), **more):
    return ses.ReceiptRule(name=name, recipients=to, actions=actions, **{"enabled": True, **more})


def account_of(*rules, filters=(), identities=("example.com",)):
    sets = (ses.ReceiptRuleSet(name="main", rules=rules),)
    return ses.Account(identities=identities, rule_sets=sets, active="main", filters=filters)


ANA, BO = ("ana@example.com",), ("bo@example.com",)

# rules of the set, what is asked about → how it is, what covers it
RULES = {
    "one rule stops before it": (
        (rule("all", STOP), rule("ana", S3, to=ANA)), "rule ana", "dead", ("all",)),
    "a union stops before it": (
        (rule("a", STOP, to=("example.com",)), rule("b", STOP, to=(".example.com",)), rule("last", S3)),
        "rule last", "dead", ("a", "b")),
    "a union that leaves a gap": (
        (rule("a", STOP, to=("example.com",)), rule("last", S3)), "rule last", "always", ()),
    "a stop that needs TLS leaves clear text": (
        (rule("a", STOP, tls_policy="Require"), rule("last", S3)), "rule last", "always", ()),
    "disabled": ((rule("off", S3, enabled=False),), "rule off", "dead", ()),
    "not verified": ((rule("far", S3, to=("example.net",)),), "rule far", "dead", ()),
    "by a function's answer alone": ((rule("gate", GATE, STOP), rule("last", S3)), "rule last", "possibly", ()),
    "an Event function stops nothing": ((rule("gate", EVENT, STOP), rule("last", S3)), "rule last", "dead", ("gate",)),
    "only messages too large for SNS go on": ((rule("sns", SNS, STOP), rule("last", S3)), "rule last", "always", ()),
    "and their own SNS action takes none": (
        (rule("sns", SNS, STOP), rule("last", SNS)), "action 1 SNS of last", "possibly", ()),
    "a condition that another covers": (
        (rule("r", S3, to=("ana@example.com", "example.com")),), "condition ana@example.com of r", "redundant",
        ("example.com",)),
    "a condition of which a label is left": (
        (rule("r", S3, to=("ana@example.com", "ana+x@example.com")),), "condition ana+x@example.com of r", "redundant",
        ("ana@example.com",)),
    "a condition whose mail is stopped before": (
        (rule("a", STOP, to=ANA), rule("r", S3, to=(*ANA, *BO))), "condition ana@example.com of r", "dead", ("a",)),
    "a stop behind which nothing comes": ((rule("r", S3, STOP),), "action 2 Stop of r", "redundant", ()),
    "a stop that matters for a pair alone": (
        (rule("r", S3, STOP, to=ANA), rule("b", S3, to=BO)), "action 2 Stop of r", "always", ()),
    "a header that nobody sees": ((rule("r", S3, HEADER),), "action 2 AddHeader of r", "redundant", ()),
    "a header that is seen in the next rule": (
        (rule("r", HEADER, to=ANA), rule("b", S3, to=BO)), "action 1 AddHeader of r", "always", ()),
    "a rule that does nothing for mail that is taken": (
        (rule("r", to=ANA), rule("all", S3)), "rule r", "redundant", ("all",)),
    "a rule that does nothing but take mail": ((rule("r", to=ANA), rule("b", S3, to=BO)), "rule r", "always", ()),
}  # fmt: skip


@pytest.mark.parametrize("rules, what, status, covered_by", RULES.values(), ids=RULES)
def test_what_is_dead_and_what_is_redundant(rules, what, status, covered_by):
    answer = unreachable(account_of(*rules))
    (row,) = [one for one in answer.items if one.what == what]
    assert (row.status, row.covered_by) == (status, covered_by), row
    assert bool(row.because) is (status in ("dead", "redundant"))
    confirm(answer)


block, allow = ses.ReceiptFilter.block, ses.ReceiptFilter.allow
FILTERS = {
    "a Block under an Allow": (
        (block("192.0.2.0/25", name="b"), allow("192.0.2.0/24", name="a")), "b", "dead", ("a",)),
    "a Block under two Allows": (
        (block("192.0.2.0/24", name="b"), allow("192.0.2.0/25", name="x"), allow("192.0.2.128/25", name="y")),
        "b", "dead", ("x", "y")),
    "a Block inside a Block": (
        (block("192.0.2.0/25", name="b"), block("192.0.2.0/24", name="c")), "b", "redundant", ("c",)),
    "the same network twice": (
        (block("192.0.2.0/24", name="b"), block("192.0.2.0/24", name="c")), "c", "dead", ("b",)),
    "an Allow alone lets in what AWS's own list may refuse": ((allow("192.0.2.0/24", name="a"),), "a", "always", ()),
    "all IPv4 and all IPv6": ((block("0.0.0.0/0", name="b"), block("::/0", name="c")), "b", "always", ()),
}  # fmt: skip


@pytest.mark.parametrize("filters, name, status, covered_by", FILTERS.values(), ids=FILTERS)
def test_filters_that_decide_nothing(filters, name, status, covered_by):
    answer = unreachable(account_of(rule("all", S3), filters=filters))
    (row,) = [one for one in answer.items if one.kind == "filter" and one.name == name]
    assert (row.status, row.covered_by) == (status, covered_by), row
    confirm(answer)


def test_nothing_is_reached_where_every_client_is_refused():
    filters = (block("0.0.0.0/0", name="four"), block("::/0", name="six"))
    answer = unreachable(account_of(rule("all", S3), filters=filters))
    assert answer.rule("all").because == answer.note == "the filters refuse every client"
    assert answer.rule("all").covered_by == ("four", "six")


def test_the_answer_says_which_answers_of_which_function_are_needed():
    answer = unreachable(account_of(rule("gate", GATE, STOP), rule("last", S3)))
    row = answer.rule("last")
    assert row.reached is Certainty.POSSIBLY
    assert row.needs == ("`gate` answers STOP_RULE",)
    assert repr(row) == "<rule last is reached if `gate` answers STOP_RULE>"
    assert row.witness.receive(answer.account).rules == ("gate", "last")


def test_the_answer_names_the_open_points_it_rests_on():
    answer = unreachable(account_of(rule("r", S3, to=("mx.example.com",))))
    assert [one.name for one in answer.assumptions] == ["subdomains_verified"]
    (otherwise,) = answer.assumed()
    assert (otherwise.name, otherwise.alternative) == ("subdomains_verified", False)
    assert "rule r is dead" in otherwise.after


@pytest.mark.slow
def test_the_answer_is_a_table_and_shows_in_a_notebook():
    answer = unreachable(account_of(rule("all", STOP), rule("ana", S3, to=ANA)))
    frame = answer.frame()
    assert list(frame.loc[frame.dead, "kind"]) == ["rule", "condition", "action"]
    html = answer._repr_html_()
    assert "✗ dead" in html
    assert "ses-text" in html
    assert repr(answer).startswith("<Unreachable: 3 dead, 0 redundant, 0 reached only if a function answers so")


@settings(max_examples=150)
@given(accounts(), mails())
@pytest.mark.slow
def test_no_mail_reaches_what_is_dead(account, mail):
    attack_unreachable(unreachable(account), mail)


@settings(max_examples=100)
@given(accounts(), mails())
@pytest.mark.slow
def test_nothing_changes_without_what_is_redundant(account, mail):
    attack_redundant(unreachable(account), mail)


@settings(max_examples=100)
@given(accounts())
@pytest.mark.slow
def test_each_mail_shows_what_it_is_said_to_show(account):
    confirm(unreachable(account))


def test_each_row_and_each_witness_shows_itself():
    answer = unreachable(account_of(rule("a<b>", STOP), rule("ana", S3, to=ANA)))
    for value in (answer.rule("ana"), answer.rule("ana").witness, *answer.assumed()):
        assert "\n" not in repr(value)
        assert "ses-text" in value._repr_html_()
        assert "<b>" not in value._repr_html_()
