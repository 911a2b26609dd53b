"""A rerun touches nothing and differs from the original only in what was changed."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.analysis.rerun import mattered, rerun
from tests.conftest import MESSAGE, make_account, make_rule

FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:gate"
GATE = ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse")
STORE = ses.S3Action(bucket_name="inbox")


def receive(account: ses.Account, *rcpt_to: str, function: object = None, **said: object) -> ses.Reception:
    receiver = ses.Receiver(account, seed=1)
    receiver.backend.functions["gate"] = lambda event, context: function
    return receiver.receive(MESSAGE, rcpt_to=rcpt_to or ("billing@example.com",), **said)


def test_without_a_change_everything_is_the_same() -> None:
    once = receive(make_account(make_rule("all", GATE, STORE)), function={"disposition": "STOP_RULE"})
    again = rerun(once)
    assert (again.replies, again.rules, again.verdicts, again.message_id) == (
        once.replies, once.rules, once.verdicts, once.message_id,
    )  # fmt: skip
    assert [type(effect) for effect in again.effects] == [type(effect) for effect in once.effects]


def test_nothing_is_performed() -> None:
    receiver = ses.Receiver(make_account(make_rule("all", STORE)), seed=1)
    once = receiver.receive(MESSAGE, rcpt_to=["billing@example.com"])
    receiver.backend.clear()
    rerun(once)
    assert not receiver.backend.buckets


@pytest.mark.parametrize(
    "disposition, effects",
    [
        ("CONTINUE", ["Invoke", "PutObject", "PutObject"]),
        ("STOP_RULE", ["Invoke", "PutObject"]),
        ("STOP_RULE_SET", ["Invoke"]),
    ],
)
def test_a_function_can_be_answered_with_each_disposition(disposition: str, effects: list[str]) -> None:
    once = receive(make_account(make_rule("one", GATE, STORE), make_rule("two", STORE)))
    again = rerun(once, answers={"gate": {"disposition": disposition}})
    assert [type(effect).__name__ for effect in again.effects] == effects


def test_another_account_may_take_what_was_refused() -> None:
    once = receive(make_account())
    assert not once.accepted
    assert rerun(once, account=make_account(make_rule())).accepted


# What was sent → the points that mattered. The bytes of the SES signature depend on its assumed name.
SIGNED = "ses_signature_name"
MATTERED = [
    # rules, recipients, session, points
    ((make_rule("only"),), ("a@example.com",), {}, set()),
    ((make_rule("only"),), ("a@mx.example.com",), {}, {"subdomains_verified"}),
    ((make_rule("r", recipients=("a@example.com",)),), ("a+b+c@example.com",), {}, {"label_match"}),
    ((make_rule("r", tls_policy="Require"),), ("a@example.com",), {}, {"tls_required_reply"}),
    ((make_rule("r", tls_policy="Require"),), ("a@example.com",), {"tls": True}, set()),
    ((make_rule("s", STORE),), ("a@example.com",), {}, {SIGNED, "object_content_type", "received_without_rdns"}),
    (
        (make_rule("b", ses.BounceAction.template("mailbox-full", sender="p@example.com")),),
        ("a@example.com",),
        {"mail_from": ""},
        {"null_sender_bounce"},
    ),
    (
        (make_rule("r"),),
        ("a@example.com",),
        {"client_ip": "203.0.113.9"},
        {"filter_precedence"},
    ),
]


@pytest.mark.parametrize("rules, rcpt_to, said, points", MATTERED)
def test_the_open_points_that_mattered_are_told(
    rules: tuple[ses.ReceiptRule, ...], rcpt_to: tuple[str, ...], said: dict[str, object], points: set[str]
) -> None:
    filters = (
        ses.ReceiptFilter.allow("203.0.113.0/24", name="net"),
        ses.ReceiptFilter.block("203.0.113.9", name="host"),
    )
    once = receive(make_account(*rules, filters=filters), *rcpt_to, **said)
    assert {one.name for one in mattered(once)} == points


def test_what_would_change_is_a_sentence() -> None:
    (point,) = receive(make_account(make_rule("only")), "a@mx.example.com").assumed()
    assert str(point) == (
        "subdomains_verified: `True` is assumed; with `False`, `a@mx.example.com` would be answered "
        "`550 5.1.1 Requested action not taken: mailbox unavailable`"
    )
