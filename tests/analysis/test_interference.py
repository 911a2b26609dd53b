"""In company as alone, but for the rules that are said to meet; each message to two shows what it is said to show."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.analysis.interference import interference
from tests.analysis.attacks import attack_interference, confirm_interference
from tests.analysis.close_accounts import accounts, mails
from tests.analysis.test_unreachable import ANA, BO, EVENT, GATE, HEADER, S3, SNS, STOP, account_of, rule

BOUNCE = ses.BounceAction(smtp_reply_code="550", message="no", sender="postmaster@example.com")

# rules → kind, rule, the rule that does otherwise, what functions have to answer
CASES = {
    "a stop": ((rule("a", S3, STOP, to=ANA), rule("b", S3, to=BO)), [("stop", "a", "b", ())]),
    "a stop behind": ((rule("b", S3, to=BO), rule("a", S3, STOP, to=ANA)), []),
    "a stop for both": ((rule("a", S3, STOP, to=(*ANA, *BO)), rule("b", S3, to=BO)), []),
    "a stop for everybody": ((rule("all", S3, STOP), rule("b", S3, to=BO)), []),
    "a rule that does nothing is not missed": ((rule("a", S3, STOP, to=ANA), rule("b", to=BO)), []),
    "a function": (
        (rule("a", GATE, to=ANA), rule("b", S3, to=BO)), [("answer", "a", "b", ("`gate` answers STOP_RULE_SET",))]),
    "a function whose answer is not waited for": ((rule("a", EVENT, to=ANA), rule("b", S3, to=BO)), []),
    "a stop behind a function": (
        (rule("a", GATE, STOP, to=ANA), rule("b", S3, to=BO)),
        [("answer", "a", "b", ("`gate` answers STOP_RULE_SET",)), ("stop", "a", "b", ("`gate` answers CONTINUE",))]),
    "a bounce in front": (
        (rule("a", BOUNCE, to=ANA), rule("b", S3, to=BO)), [("bounce", "a", "b", ())]),
    "a bounce behind": (
        (rule("b", S3, to=BO), rule("a", BOUNCE, STOP, to=ANA)), [("bounce", "a", "b", ())]),
    "a bounce that stops": (
        (rule("a", BOUNCE, STOP, to=ANA), rule("b", S3, to=BO)), [("stop", "a", "b", ())]),
    "a header": ((rule("a", HEADER, to=ANA), rule("b", S3, to=BO)), [("header", "a", "b", ())]),
    "a header, and a stop": (
        (rule("a", HEADER, STOP, to=ANA), rule("b", S3, to=BO)), [("stop", "a", "b", ())]),
    "a header that a function is told": ((rule("a", HEADER, to=ANA), rule("b", GATE)), [("header", "a", "b", ())]),
    "a header, and a rule that both match and its function may leave": (
        (rule("a", HEADER, to=ANA), rule("b", S3, GATE, S3, STOP, to=(*ANA, *BO))), [("header", "a", "b", ())]),
    "a header that comes too late": ((rule("b", S3, to=BO), rule("a", HEADER, to=ANA)), []),
    "a stop that only TLS brings": (
        (rule("a", S3, STOP, to=ANA, tls_policy="Require"), rule("b", S3, to=BO)), [("stop", "a", "b", ())]),
    "a rule that SNS takes small mail from": (
        (rule("a", S3, STOP, to=ANA), rule("b", SNS, to=BO)), [("stop", "a", "b", ())]),
}  # fmt: skip


@pytest.mark.parametrize("rules, expected", CASES.values(), ids=CASES)
def test_which_rules_change_what_others_do(rules, expected):
    answer = interference(account_of(*rules))
    assert [(one.kind, one.rule, one.changed, one.needs) for one in answer] == expected
    confirm_interference(answer)


def test_the_answer_is_a_line_a_table_and_shows_in_a_notebook():
    answer = ses.interference(account_of(*CASES["a stop behind a function"][0]))
    assert repr(answer) == "<Interference: 1 rule changes what 1 rule would do for another recipient>"
    assert repr(answer[1]) == (
        "<`a` stops the rule set for `ana@example.com`, so `b` does nothing for `bo@example.com` "
        "if `gate` answers CONTINUE>"
    )
    frame = answer.frame()
    assert list(frame["kind"]) == ["answer", "stop"]
    assert list(frame["certainty"]) == ["possibly", "possibly"]
    assert "? possibly" in answer._repr_html_()
    assert "gate` answers CONTINUE" in answer[1]._repr_html_()
    assert "label_match" in [one.name for one in answer.assumptions]


def test_where_nobody_is_received_nobody_is_in_the_way():
    answer = ses.interference(ses.Account())
    assert not answer
    assert repr(answer) == "<Interference: no rule changes what happens for another recipient of the same message>"
    assert list(answer.frame().columns)[:2] == ["kind", "rule"]
    assert "ses-text" in answer._repr_html_()


@settings(max_examples=150)
@given(accounts(), mails(most=2))
@pytest.mark.slow
def test_nobody_is_treated_otherwise_in_company_unless_it_is_said(account, mail):
    attack_interference(interference(account), mail)


@settings(max_examples=100)
@given(accounts())
@pytest.mark.slow
def test_each_message_shows_what_it_is_said_to_show(account):
    confirm_interference(interference(account))
