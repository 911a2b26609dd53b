# ruff: noqa: E501 - a case of a table is a line
"""The contract of all backends: the same effects leave the same things behind, and nothing ever raises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sesreceive.backends.failure_plan import Failure
from sesreceive.backends.kms_envelope import decrypt
from sesreceive.effects import (
    DeliverToWorkMail,
    Effect,
    Flow,
    Invoke,
    Publish,
    PutObject,
    SendBounce,
    StartContact,
)
from tests.backends.conftest import Place, arn_of

ID = "0vfh5tq3t6q3k8mb1k9m9h2l5u4e2cs5hr3qb101"
GATE = "arn:aws:lambda:us-east-1:123456789012:function:gate"
BODY = b"Subject: hello\r\n\r\n\x00\xff body\r\n.\r\n"


def put(key: str, body: bytes = BODY, **fields: Any) -> PutObject:
    return PutObject(**{"bucket": "inbox", "key": key, "body": body, "message_id": ID, **fields})


def invoke(kind: str = "RequestResponse", **fields: Any) -> Invoke:
    return Invoke(function_arn=GATE, invocation_type=kind, payload='{"Records":[]}', message_id=ID, **fields)


KEYS = [
    ID,
    f"invoices/{ID}",
    f"a/b/c/{ID}",
    f"//{ID}",
    f"/etc/{ID}",
    f"../../{ID}",
    "..",
    ".",
    "a/./b/../c",
    ".hidden/.x",
    "ends-with-a-dot./x.",
    "a b+c%20d%/é/日本",
    "AMAZON_SES_SETUP_NOTIFICATION",
    "x.meta.json",
    "control\x01\x7f/\ttab",
    "back\\slash:colon*?\"<>|'",
    "%empty",
    "%2E%2E",
    "x" * 1024,
    "é" * 512,
    "/".join("d" * 9 for _ in range(100)),
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.slow
def test_an_object_is_stored_as_it_is_under_any_key(place: Place, key: str) -> None:
    place.create_bucket("inbox")
    outcome = place.backend.perform(put(key))
    assert not outcome.failed, outcome.error
    assert outcome.flow is Flow.CONTINUE
    bucket = place.reopen().buckets["inbox"]
    assert list(bucket) == [key]
    assert (key in bucket, "nothing" in bucket, len(bucket)) == (True, False, 1)
    stored = bucket[key]
    assert (stored.bucket, stored.key, stored.body, dict(stored.metadata)) == ("inbox", key, BODY, {})
    assert stored.content_type == "application/octet-stream"
    assert stored.message_id == key.rpartition("/")[2]


@pytest.mark.parametrize("first, second", [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b"), ("a", "a/b/c"), ("a", "a/")])
@pytest.mark.slow
def test_a_key_may_continue_another(place: Place, first: str, second: str) -> None:
    place.create_bucket("inbox")
    for round_ in (b"1", b"2"):
        for key in (first, second):
            assert not place.backend.perform(put(key, key.encode() + round_)).failed
    bucket = place.reopen().buckets["inbox"]
    assert {key: stored.body for key, stored in bucket.items()} == {
        first: first.encode() + b"2",
        second: second.encode() + b"2",
    }


@pytest.mark.slow
def test_a_later_object_takes_the_place_of_an_earlier_one_with_all_it_had(place: Place) -> None:
    place.create_bucket("inbox")
    place.backend.perform(put("k", b"long ago", metadata={"old": "1"}, content_type="text/plain"))
    place.backend.perform(put("k", b"now", metadata={"new": "2"}))
    stored = place.reopen().buckets["inbox"]["k"]
    assert (stored.body, dict(stored.metadata)) == (b"now", {"new": "2"})
    assert stored.content_type == "application/octet-stream"


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
def test_bodies_of_any_size_come_back(place: Place, size: int) -> None:
    place.create_bucket("inbox")
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert not place.backend.perform(put("k", body)).failed
    assert place.reopen().buckets["inbox"]["k"].body == body


@pytest.mark.parametrize("key, error", [
    ("", "the object key is empty"),
    ("x" * 1025, "the object key has 1025 bytes, 1024 is the most that PutObject takes [Amazon S3 User Guide, \"Naming Amazon S3 objects\"]"),
    ("é" * 513, "the object key has 1026 bytes, 1024 is the most that PutObject takes [Amazon S3 User Guide, \"Naming Amazon S3 objects\"]"),
    ("\ud800", "the object key `\\ud800` is not valid Unicode"),
])  # fmt: skip
def test_a_key_that_s3_refuses_is_refused_in_the_same_words(place: Place, key: str, error: str) -> None:
    place.create_bucket("inbox")
    assert place.backend.perform(put(key)).error == error
    assert len(place.reopen().buckets["inbox"]) == 0


def test_an_object_with_a_key_is_encrypted_before_it_is_stored_and_decrypts(place: Place) -> None:
    place.create_bucket("inbox")
    arn = place.create_key()
    context = {"aws:ses:message-id": ID, "aws:ses:rule-name": "store", "aws:ses:source-account": "1", "kms_cmk_id": arn}
    outcome = place.backend.perform(put(ID, kms_key_arn=arn, encryption_context=context))
    assert not outcome.failed, outcome.error
    backend = place.reopen()
    stored = backend.buckets["inbox"][ID]
    assert stored.encrypted
    assert len(stored.body) == len(BODY) + 16
    assert BODY not in stored.body
    assert set(stored.metadata) == {
        "x-amz-key-v2", "x-amz-iv", "x-amz-cek-alg", "x-amz-wrap-alg", "x-amz-matdesc", "x-amz-tag-len",
        "x-amz-unencrypted-content-length",
    }  # fmt: skip
    assert json.loads(stored.metadata["x-amz-matdesc"]) == context
    assert decrypt(stored.body, stored.metadata, backend.kms) == BODY


def test_notifications_stand_in_their_topic_in_order(place: Place) -> None:
    mail, other = place.create_topic("mail"), place.create_topic("other")
    texts = ['{"n":1}', '{"text":"日本 \\ud800 <b>"}', json.dumps({"content": "x" * 150_000}), '{"n":1}']
    for text in texts:
        assert not place.backend.perform(Publish(topic_arn=mail, subject="Hi", message=text, message_id=ID)).failed
    place.backend.perform(Publish(topic_arn=other, subject="Ho", message="{}"))
    topics = place.reopen().topics
    assert [told.message for told in topics[mail]] == texts
    assert {(told.subject, told.topic_arn, told.message_id) for told in topics[mail]} == {("Hi", mail, ID)}
    assert topics[mail][0].json() == {"n": 1}
    assert [told.subject for told in topics[other]] == ["Ho"]
    assert {mail, other} <= set(topics)


@pytest.mark.parametrize("effect, error", [
    (put("k"), "no such bucket `inbox`"),
    (put("k", bucket="../up"), "no such bucket `../up`: no bucket can have this name"),
    (Publish(topic_arn=arn_of("gone"), subject="Hi", message="{}"), f"could not publish to the SNS topic `{arn_of('gone')}`: no such topic"),
    (invoke(), f"could not invoke the Lambda function `{GATE}`: no such function"),
    (invoke("Event"), f"could not invoke the Lambda function `{GATE}`: no such function"),
])  # fmt: skip
def test_what_is_not_there_is_one_sentence_the_same_everywhere(place: Place, effect: Effect, error: str) -> None:
    outcome = place.backend.perform(effect)
    assert (outcome.error, outcome.flow) == (error, Flow.CONTINUE)
    assert "inbox" not in place.reopen().buckets


def test_a_registered_function_steers_and_its_run_is_kept(place: Place) -> None:
    def gate(event: Any, context: Any) -> Any:
        print("records", event["Records"], context.function_name)
        return {"disposition": "stop_rule"}

    place.backend.functions["gate"] = gate
    outcome = place.backend.perform(invoke())
    assert (outcome.flow, outcome.value, outcome.log) == (
        Flow.STOP_RULE,
        {"disposition": "stop_rule"},
        "records [] gate\n",
    )
    (run,) = place.reopen().invocations
    assert (run.function_arn, run.payload, run.returned) == (GATE, '{"Records":[]}', {"disposition": "stop_rule"})
    assert (run.log, run.error, run.message_id, run.invocation_type) == ("records [] gate\n", "", ID, "RequestResponse")


RECORDS: list[tuple[str, Any]] = [
    ("bounces", SendBounce(sender="postmaster@example.com", destination="ana@example.org", recipients=("bo@example.com", "cy@example.com"),
                           smtp_reply_code="550", status_code="5.1.1", message="Mailbox does not exist", raw=b"Subject: DSN\r\n\r\n\xff",
                           rule="r", action=1, message_id=ID)),
    ("bounces", SendBounce(sender="", destination="", raw=b"", message_id="../é")),
    ("workmail", DeliverToWorkMail(organization_arn="arn:aws:workmail:us-east-1:1:organization/m-1", recipients=("bo@example.com",), raw=BODY, message_id=ID)),
    ("contacts", StartContact(instance_arn="arn:aws:connect:us-east-1:1:instance/i", iam_role_arn="arn:aws:iam::1:role/r", raw=BODY, message_id=ID)),
]  # fmt: skip


@pytest.mark.parametrize("where, effect", RECORDS)
def test_mail_that_leaves_is_kept_as_it_was_asked_for_in_order(place: Place, where: str, effect: Any) -> None:
    for _ in range(12):
        assert not place.backend.perform(effect).failed
    backend = place.reopen()
    assert getattr(backend, where) == (effect,) * 12
    assert {name: len(getattr(backend, name)) for name in ("bounces", "workmail", "contacts")} == {
        name: 12 * (name == where) for name in ("bounces", "workmail", "contacts")
    }


def test_a_planned_failure_leaves_nothing_behind_and_is_used_up(place: Place) -> None:
    place.create_bucket("inbox")
    place.backend.failures.add(Failure(bucket="inbox", times=2))
    errors = [place.backend.perform(put("k")).error for _ in range(2)]
    assert errors == ["could not write to the bucket `inbox`"] * 2
    assert len(place.reopen().buckets["inbox"]) == 0
    assert not place.backend.perform(put("k")).failed
    assert list(place.reopen().buckets["inbox"]) == ["k"]


class Forgotten(StartContact):
    """An effect that `_perform` takes and no backend has a place for."""


UNKNOWN = [
    (Effect(), "`Effect` is no effect a backend knows"),
    (Forgotten(instance_arn="x"), "`Forgotten` is no effect that this backend keeps"),
]


@pytest.mark.parametrize("effect, error", UNKNOWN, ids=["nobody performs it", "nobody keeps it"])
def test_an_effect_nobody_knows_is_an_error_that_is_not_tried_again(place: Place, effect: Effect, error: str) -> None:
    outcome = place.backend.perform(effect)
    assert (outcome.error, outcome.permanent) == (error, True)


def test_a_name_that_is_not_there_suggests_a_near_one(place: Place) -> None:
    place.create_bucket("inbox")
    place.backend.perform(put("invoices/1"))
    backend = place.reopen()
    with pytest.raises(KeyError, match="no bucket `inbux`: did you mean `inbox`\\?"):
        backend.buckets["inbux"]
    with pytest.raises(KeyError, match="no object `invoices/2`: did you mean `invoices/1`\\?"):
        backend.buckets["inbox"]["invoices/2"]
    assert backend.buckets.get("nothing") is None


def test_names_are_completed_and_shown_escaped_on_one_line(place: Place) -> None:
    place.create_bucket("inbox")
    place.create_topic("mail")
    place.backend.perform(put("<b>\t&'\"", b"x"))
    place.backend.perform(Publish(topic_arn=arn_of("mail"), subject="<i>", message="{}"))
    backend = place.reopen()
    assert backend.buckets._ipython_key_completions_() == ["inbox"]
    assert backend.buckets["inbox"]._ipython_key_completions_() == ["<b>\t&'\""]
    for shown in (backend, backend.buckets, backend.buckets["inbox"], backend.topics):
        assert len(repr(shown).splitlines()) == 1
        assert repr(shown).startswith("<")
        html = shown._repr_html_()
        assert "<table" in html
        assert "<b>" not in html
        assert "<i>" not in html
    assert "&lt;b&gt;\\x09&amp;" in backend.buckets["inbox"]._repr_html_()
