"""Failures on purpose, and what SES's retries make of them."""

from __future__ import annotations

from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.failure_plan import Failure, FailurePlan
from sesreceive.backends.memory import MemoryBackend
from sesreceive.effects import DeliverToWorkMail, Effect, Invoke, Publish, PutObject, SendBounce, StartContact
from sesreceive.errors import ValidationError
from sesreceive.trace.facts import EffectFact
from tests.conftest import MESSAGE, make_account, make_rule

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
GATE = "arn:aws:lambda:us-east-1:111122223333:function:gate"
PUT = PutObject(bucket="inbox", key="k", body=b"", rule="store")
PUBLISH = Publish(topic_arn=TOPIC, subject="s", message="{}", rule="tell")
INVOKE = Invoke(function_arn=f"{GATE}:live", payload="{}", rule="gate")
BOUNCE = SendBounce(sender="a@example.com", destination="b@example.org")
WORKMAIL = DeliverToWorkMail(organization_arn="arn:aws:workmail:us-east-1:1:organization/m-1")
CONTACT = StartContact(instance_arn="arn:aws:connect:us-east-1:1:instance/i")
ALL = (PUT, PUBLISH, INVOKE, BOUNCE, WORKMAIL, CONTACT)

FITS: list[tuple[dict[str, Any], tuple[Effect, ...]]] = [
    ({"bucket": "inbox"}, (PUT,)),
    ({"bucket": "outbox"}, ()),
    ({"topic": TOPIC}, (PUBLISH,)),
    ({"topic": "mail"}, (PUBLISH,)),
    ({"topic": "mai"}, ()),
    ({"function": "gate"}, (INVOKE,)),
    ({"function": f"{GATE}:live"}, (INVOKE,)),
    ({"function": "function"}, ()),
    ({"operation": "SendBounce"}, (BOUNCE,)),
    ({"operation": "DeliverToWorkMail"}, (WORKMAIL,)),
    ({"operation": "StartEmailContact"}, (CONTACT,)),
    ({"operation": "PutObject", "bucket": "inbox"}, (PUT,)),
    ({"operation": "Publish", "bucket": "inbox"}, ()),
    ({"rule": "tell"}, (PUBLISH,)),
    ({}, ALL),
]


@pytest.mark.parametrize("what, fits", FITS)
def test_a_failure_is_for_the_effects_that_fit_all_it_says(what: dict[str, Any], fits: tuple[Effect, ...]) -> None:
    assert tuple(effect for effect in ALL if Failure(**what).fits(effect)) == fits


@pytest.mark.parametrize("effect, error", [
    (PUT, "could not write to the bucket `inbox`"),
    (PUBLISH, f"could not publish to the SNS topic `{TOPIC}`"),
    (INVOKE, f"could not invoke the Lambda function `{GATE}:live`"),
    (BOUNCE, "could not send the bounce to `b@example.org`"),
    (WORKMAIL, "could not deliver to the WorkMail organisation `arn:aws:workmail:us-east-1:1:organization/m-1`"),
    (CONTACT, "could not start a contact in the Connect instance `arn:aws:connect:us-east-1:1:instance/i`"),
])  # fmt: skip
def test_the_error_is_what_ses_would_have_met_unless_it_is_given(effect: Effect, error: str) -> None:
    assert FailurePlan([Failure()]).take(effect) == error
    assert FailurePlan([Failure(error="gone fishing")]).take(effect) == "gone fishing"


@pytest.mark.parametrize("times, taken", [(1, 1), (3, 3), (None, 5)])
def test_a_failure_happens_so_many_times(times: int | None, taken: int) -> None:
    plan = FailurePlan()
    plan.add(bucket="inbox", times=times)
    assert [bool(plan.take(PUT)) for _ in range(5)] == [True] * taken + [False] * (5 - taken)
    assert len(plan) == (times is None)


def test_failures_are_used_up_in_the_order_they_were_planned() -> None:
    plan = FailurePlan()
    plan.add(bucket="inbox", times=2, error="first")
    plan.add(operation="PutObject", error="second")
    assert [plan.take(PUT) for _ in range(4)] == ["first", "first", "second", ""]
    plan.add()
    plan.clear()
    assert plan.take(PUT) == ""


@pytest.mark.parametrize("what, words", [
    ({"times": 0}, "times: expected a number from 1, or None for ever, but got `0`"),
    ({"times": True}, "times: expected a number from 1, or None for ever, but got `True`"),
    ({"times": "2"}, "times: expected a number from 1, or None for ever, but got `2`"),
    ({"operation": "PutObjekt"}, "but got `PutObjekt`"),
    ({"bucket": "a", "topic": "b"}, "bucket: expected one of bucket, topic and function but got more"),
])  # fmt: skip
def test_a_failure_that_could_never_happen_is_refused(what: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MemoryBackend().failures.add(**what)
    assert words in str(caught.value)


def receive(backend: MemoryBackend, *actions: Any, **assumptions: Any) -> ses.Reception:
    receiver = ses.Receiver(
        make_account(make_rule("store", *actions)), backend=backend, seed=1, assumptions=ses.Assumptions(**assumptions)
    )
    return receiver.receive(MESSAGE, client_ip="198.51.100.7", mail_from="ana@example.org", rcpt_to=["bo@example.com"])


def metrics(reception: ses.Reception) -> dict[str, int]:
    """The metrics of the mail: PublishSuccess, PublishFailure, PublishExpired."""
    counted: dict[str, int] = {}
    for event in reception.trace:
        if isinstance(event.fact, EffectFact):
            counted[event.fact.metric] = counted.get(event.fact.metric, 0) + event.fact.attempts
    return counted


def test_a_bucket_that_is_gone_for_a_while_gets_its_object_all_the_same() -> None:
    backend = MemoryBackend(failures=[Failure(bucket="inbox", times=2)])
    reception = receive(backend, ses.S3Action(bucket_name="inbox"))
    assert list(backend.buckets["inbox"]) == [reception.message_id]
    assert metrics(reception) == {"PublishFailure": 2, "PublishSuccess": 1}


def test_a_bucket_that_stays_away_is_given_up_after_four_hours_and_the_rest_goes_on() -> None:
    backend = MemoryBackend(failures=[Failure(bucket="inbox", times=None)])
    reception = receive(backend, ses.S3Action(bucket_name="inbox"), ses.S3Action(bucket_name="archive"))
    assert list(backend.buckets) == ["archive"]
    counted = metrics(reception)
    assert counted["PublishFailure"] > 40
    assert (counted["PublishExpired"], counted["PublishSuccess"]) == (1, 1)


def test_a_failing_function_is_tried_again_and_then_steers() -> None:
    backend = MemoryBackend({"gate": lambda event, context: {"disposition": "STOP_RULE"}})
    backend.failures.add(function="gate", times=1)
    action = ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse")
    reception = receive(backend, action, ses.S3Action(bucket_name="inbox"))
    assert "inbox" not in backend.buckets
    assert len(backend.invocations) == 1
    assert metrics(reception) == {"PublishFailure": 1, "PublishSuccess": 1}


def test_without_retries_a_failure_is_recorded_once() -> None:
    backend = MemoryBackend(failures=[Failure(bucket="inbox", times=2)])
    reception = receive(backend, ses.S3Action(bucket_name="inbox"), on_action_failure="record")
    assert len(backend.buckets) == 0
    assert metrics(reception) == {"PublishFailure": 1}


def test_a_callable_that_always_raises_is_run_at_every_attempt() -> None:
    def gate(event: Any, context: Any) -> None:
        raise ValueError("no")

    backend = MemoryBackend({"gate": gate})
    action = ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse")
    reception = receive(backend, action, ses.S3Action(bucket_name="inbox"))
    assert metrics(reception)["PublishFailure"] == len(backend.invocations) > 40
    assert len(backend.buckets["inbox"]) == 1
