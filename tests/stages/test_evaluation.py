"""Step 4: every matching rule in order, every action in order, until something stops."""

from __future__ import annotations

import json
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.effects import Effect, Publish, PutObject
from sesreceive.stages import filtering, recipients
from sesreceive.stages.evaluation import plan
from sesreceive.stages.retries import attempt
from sesreceive.trace.events import Kind, Op
from tests.conftest import MESSAGE, make_account, make_rule

CLIENT = "198.51.100.7"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:gate"
TOPIC = "arn:aws:sns:us-east-1:111122223333:told"


def send(receiver: ses.Receiver, *rcpt_to: str, **said: object) -> ses.Reception:
    return receiver.receive(
        MESSAGE, rcpt_to=rcpt_to or ("billing@example.com",), **{"mail_from": "ana@example.org", **said}
    )


def put(bucket: str, **fields: str) -> ses.S3Action:
    return ses.S3Action(bucket_name=bucket, **fields)


def test_every_matching_rule_runs_in_order_once_a_message() -> None:
    rules = (
        make_rule("b", put("bucket-b"), recipients=("billing@example.com",)),
        make_rule("miss", put("miss"), recipients=("sales@example.com",)),
        make_rule("a", put("bucket-a")),
    )
    receiver = ses.Receiver(make_account(*rules), seed=1)
    reception = send(receiver, "billing@example.com", "Billing+x@example.com", "ana@example.com")
    assert reception.rules == ("b", "a")
    assert [effect.bucket for effect in reception.effects] == ["bucket-b", "bucket-a"]


def test_a_rule_sees_the_recipients_it_matched_in_order_and_case() -> None:
    rule_set = ses.ReceiptRuleSet(
        name="main",
        rules=(
            make_rule("billing", recipients=("billing@example.com", "example.com")),
            make_rule("all"),
            make_rule("sub", recipients=(".example.com",)),
        ),
    )
    rcpt_to = ("Zoe@MX.example.com", "BILLING@example.com", "ana@example.com")
    account = ses.Account(identities=("example.com",), rule_sets=(rule_set,), active="main")
    let_in = filtering.decide((), CLIENT)
    planned = plan(rule_set, [recipients.decide(account, recipient, let_in) for recipient in rcpt_to])
    assert [one.recipients for one in planned.rules] == [rcpt_to[1:], rcpt_to, rcpt_to[:1]]


def test_a_rule_without_actions_only_makes_its_recipients_acceptable() -> None:
    reception = send(ses.Receiver(make_account(make_rule("only")), seed=1))
    assert reception.accepted
    assert reception.rules == ("only",)
    assert reception.effects == ()


def test_an_added_header_is_seen_by_what_comes_later_and_by_nothing_before() -> None:
    rules = (
        make_rule("one", put("before"), ses.AddHeaderAction(header_name="X-A", header_value="1"), put("after")),
        make_rule("two", ses.AddHeaderAction(header_name="X-B", header_value="2"), put("later")),
    )
    receiver = ses.Receiver(make_account(*rules), seed=1)
    message_id = send(receiver).message_id
    stored = {name: bucket[message_id].body for name, bucket in receiver.backend.buckets.items()}
    assert b"X-A:" not in stored["before"]
    assert b"X-A: 1\r\n" in stored["after"]
    assert b"\r\nX-A: 1\r\nX-B: 2\r\n\r\n" in stored["later"]


def test_header_scope_is_a_named_assumption() -> None:
    rules = (make_rule("one", ses.AddHeaderAction(header_name="X-A", header_value="1")), make_rule("two", put("later")))
    receiver = ses.Receiver(make_account(*rules), seed=1, assumptions=ses.Assumptions(added_header_scope="rule"))
    message_id = send(receiver).message_id
    assert b"X-A" not in receiver.backend.buckets["later"][message_id].body


def test_the_topic_of_an_action_is_told_after_the_action() -> None:
    receiver = ses.Receiver(make_account(make_rule("store", put("inbox", topic_arn=TOPIC))), seed=1)
    reception = send(receiver)
    assert [type(effect).__name__ for effect in reception.effects] == ["PutObject", "Publish"]
    told = json.loads(receiver.backend.topics[TOPIC][0].message)
    assert told["receipt"]["action"] == {
        "type": "S3",
        "topicArn": TOPIC,
        "bucketName": "inbox",
        "objectKey": reception.message_id,
    }
    assert "content" not in told


def test_tls_required_refuses_in_clear_text_unless_another_rule_is_optional() -> None:
    require = make_rule("tls", put("tls"), tls_policy="Require", recipients=("billing@example.com",))
    receiver = ses.Receiver(make_account(require), seed=1)
    assert str(send(receiver).reply) == "530 5.7.0 Must issue a STARTTLS command first"
    assert send(receiver, tls=True).accepted
    both = ses.Receiver(make_account(require, make_rule("any", put("any"))), seed=1)
    reception = send(both)
    assert reception.accepted
    assert list(both.backend.buckets) == ["any"]
    (event,) = reception.trace.select(stage="evaluation", kind=Kind.RULE, subject="tls")
    assert (event.op, event.reason) == (Op.SKIP, "the rule requires TLS and the mail came in clear text")


def test_nothing_happens_after_stop() -> None:
    rules = (make_rule("one", put("one"), ses.StopAction(topic_arn=TOPIC)), make_rule("two", put("two")))
    reception = send(ses.Receiver(make_account(*rules), seed=1))
    stop = next(event.seq for event in reception.trace if event.op is Op.STOP)
    assert not [event for event in reception.trace if event.seq > stop and event.op is Op.EFFECT]
    skipped = reception.trace.select(stage="evaluation", kind=Kind.RULE, op=Op.SKIP)
    assert [(event.subject, event.reason) for event in skipped] == [
        ("two", "evaluation of the rule set ended in the rule `one`")
    ]


def test_the_rule_set_in_force_at_arrival_is_the_one_used() -> None:
    receiver = ses.Receiver(make_account(make_rule("old", put("old"))), seed=1)
    envelope = ses.Envelope(rcpt_to=("billing@example.com",))
    submission = receiver.submit(MESSAGE, envelope)
    receiver.account = make_account(make_rule("new", put("new")))
    assert receiver.process(submission).rules == ("old",)


def test_every_rule_and_action_leaves_an_event_with_a_reason() -> None:
    rules = (
        make_rule("off", put("unused"), enabled=False),
        make_rule("one", put("one"), ses.StopAction()),
        make_rule("two"),
    )
    trace = send(ses.Receiver(make_account(*rules), seed=1)).trace
    evaluated = trace.select(stage="evaluation", kind=Kind.RULE)
    assert [(event.subject, event.op.value) for event in evaluated] == [
        ("off", "skip"),
        ("one", "match"),
        ("two", "skip"),
    ]
    assert all(event.reason for event in trace if event.kind is not Kind.STAGE)


# ------------------------------------------------------------------ failures and retries (3.8)


def test_a_failing_action_is_retried_with_growing_pauses() -> None:
    receiver = ses.Receiver(make_account(make_rule("store", put("inbox"), put("second"))), seed=1)
    receiver.backend.failures.add(bucket="inbox", times=3)
    reception = send(receiver)
    first, second = reception.performed
    assert (len(first.errors), first.waited_s, first.expired) == (3, 36.0, False)
    assert second.at_s > 36
    assert [effect.bucket for effect in reception.effects] == ["inbox", "second"]


@pytest.mark.parametrize("hours", [36, 4])
def test_after_hours_of_retries_ses_gives_up_and_the_next_action_runs(hours: int) -> None:
    account = make_account(make_rule("store", put("inbox", topic_arn=TOPIC), put("second")))
    receiver = ses.Receiver(account, seed=1, assumptions=ses.Assumptions(retry_hours=hours))
    receiver.backend.failures.add(bucket="inbox", times=None)
    reception = send(receiver)
    first, second = reception.performed
    assert first.expired
    assert (hours - 1) * 3600 < first.waited_s <= hours * 3600
    assert second.outcome.error == ""
    assert TOPIC not in receiver.backend.topics
    metrics = [event.fact.metric for event in reception.trace.select(kind=Kind.EFFECT)]
    assert metrics == ["PublishFailure", "PublishExpired", "PublishSuccess"]


def test_recording_a_failure_once_is_a_named_assumption() -> None:
    assumptions = ses.Assumptions(on_action_failure="record")
    receiver = ses.Receiver(make_account(make_rule("store", put("inbox"))), seed=1, assumptions=assumptions)
    receiver.backend.failures.add(bucket="inbox", times=1)
    (done,) = send(receiver).performed
    assert (len(done.errors), done.waited_s, done.expired) == (1, 0.0, False)


@pytest.mark.parametrize(
    "choice, attempts, next_rule", [("retry", 51, True), ("continue", 1, True), ("stop_rule_set", 1, False)]
)
def test_what_a_function_error_means_is_a_named_assumption(choice: str, attempts: int, next_rule: bool) -> None:
    gate = ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse")
    rules = (make_rule("gate", gate), make_rule("two", put("two")))
    receiver = ses.Receiver(make_account(*rules), seed=1, assumptions=ses.Assumptions(on_lambda_error=choice))

    def broken(event: object, context: object) -> None:
        raise KeyError("subject")

    receiver.backend.functions["gate"] = broken
    reception = send(receiver)
    assert len(reception.performed[0].errors) == attempts
    assert ("two" in receiver.backend.buckets) is next_rule


PUBLISH = Publish(topic_arn=TOPIC, subject="mail", message="x" * 262_145)
STORE = PutObject(bucket="inbox", key="k" * 1_025, body=b"")
ATTEMPTS = [
    # effect   assumed                               permanent  attempts  given up
    (STORE,    {},                                   False,     51,       True),
    (STORE,    {"retry_hours": 4},                   False,     19,       True),
    (STORE,    {},                                   True,      1,        True),
    (STORE,    {"on_action_failure": "record"},      True,      1,        False),
    (PUBLISH,  {},                                   True,      51,       True),
    (PUBLISH,  {"sns_publish_oversize": "give-up"},  True,      1,        True),
]  # fmt: skip


@pytest.mark.parametrize("effect, assumed, permanent, attempts, expired", ATTEMPTS)
def test_a_failure_is_tried_again_while_that_can_help(
    effect: Effect, assumed: dict[str, Any], permanent: bool, attempts: int, expired: bool
) -> None:
    assumptions = ses.Assumptions(**assumed)
    done = attempt(effect, lambda effect: ses.Outcome(error="down", permanent=permanent), assumptions)
    assert (len(done.errors), done.expired) == (attempts, expired)
    assert done.waited_s <= assumptions.retry_hours * 3600


def test_a_key_that_is_too_long_is_given_up_at_once() -> None:
    rule = make_rule("store", put("inbox", object_key_prefix="k" * 1_000))
    reception = send(ses.Receiver(make_account(rule), seed=1))
    reasons = [event.reason for event in reception.trace.select(kind=Kind.EFFECT)]
    assert reasons[-1].startswith("given up at once, since no retry can help: the object key has 1041 bytes")


def test_a_publish_that_sns_refuses_for_its_size_fails() -> None:
    """149,000 bytes that are no UTF-8 pass SES's own limit and are three times as many as text."""
    rule = make_rule("told", ses.SNSAction(topic_arn=TOPIC))
    receiver = ses.Receiver(make_account(rule), seed=1)
    reception = receiver.receive(b"Subject: x\r\n\r\n" + b"\xff" * 149_000, rcpt_to=["ana@example.com"])
    (done,) = reception.performed
    assert done.expired
    assert "262144 is the most that Publish takes" in done.outcome.error
    assert TOPIC not in receiver.backend.topics


def test_the_log_of_a_function_that_failed_is_in_the_trace() -> None:
    gate = ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse")
    receiver = ses.Receiver(make_account(make_rule("gate", gate)), seed=1)

    def broken(event: object, context: object) -> None:
        print("looking at the subject")
        raise KeyError("subject")

    receiver.backend.functions["gate"] = broken
    (failed, expired) = send(receiver).trace.select(kind=Kind.EFFECT, op=Op.FAIL)
    assert "looking at the subject" in failed.fact.log
    assert failed.fact.attempts == 51
    assert expired.fact.metric == "PublishExpired"
