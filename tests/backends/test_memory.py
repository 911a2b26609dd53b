"""The memory backend: made on first use, shared by threads, sent to other processes and brought together."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import pickle
from typing import Any

import pytest

from sesreceive.backends.failure_plan import Failure
from sesreceive.backends.kms_envelope import decrypt
from sesreceive.backends.memory import MemoryBackend
from sesreceive.effects import Effect, Flow, Invoke, Publish, PutObject, SendBounce
from sesreceive.functions.registry import Always

MAIL = "arn:aws:sns:us-east-1:111122223333:mail"
GATE = "arn:aws:lambda:us-east-1:111122223333:function:gate"


def some_effects(start: int, count: int) -> list[Effect]:
    return [
        effect
        for number in range(start, start + count)
        for effect in (
            PutObject(bucket=f"bucket{number % 2}", key=f"k{number}", body=b"%d" % number),
            Publish(topic_arn=MAIL, subject="s", message=f"{number}"),
            Invoke(function_arn=GATE, invocation_type="RequestResponse", payload=f"{number}"),
            SendBounce(sender="a@example.com", destination="b@example.org", message=f"{number}"),
        )
    ]


def content(backend: MemoryBackend) -> Any:
    return (
        {name: {key: stored.body for key, stored in bucket.items()} for name, bucket in backend.buckets.items()},
        {arn: [told.message for told in topic] for arn, topic in backend.topics.items()},
        [run.payload for run in backend.invocations],
        [bounce.message for bounce in backend.bounces],
    )


def test_buckets_and_topics_come_into_being_on_first_use() -> None:
    backend = MemoryBackend()
    assert repr(backend) == "<MemoryBackend empty>"
    for effect in some_effects(0, 3):
        assert backend.perform(effect).error == ""
    assert list(backend.buckets) == ["bucket0", "bucket1"]
    assert list(backend.buckets["bucket0"]) == ["k0", "k2"]
    assert [told.json() for told in backend.topics[MAIL]] == [0, 1, 2]
    assert (
        repr(backend) == "<MemoryBackend 2 buckets with 3 objects, 1 topic with 3 messages, 3 invocations, 3 bounces>"
    )


def test_a_function_nobody_registered_does_nothing_and_says_so() -> None:
    backend = MemoryBackend()
    outcome = backend.perform(Invoke(function_arn=GATE, invocation_type="RequestResponse", payload="{}"))
    assert (outcome.flow, outcome.error) == (Flow.CONTINUE, "")
    assert outcome.reason == "no function is registered as `gate`, so nothing was run"
    (kept,) = backend.invocations  # what it would have been told
    assert (kept.payload, kept.returned, kept.log) == ("{}", None, "")


def test_what_is_strict_has_what_it_was_given() -> None:
    backend = MemoryBackend(strict=True, buckets=["inbox"], topics=[MAIL])
    assert not backend.perform(PutObject(bucket="inbox", key="k", body=b"")).failed
    assert not backend.perform(Publish(topic_arn=MAIL, subject="s", message="{}")).failed
    assert backend.perform(PutObject(bucket="outbox", key="k", body=b"")).error == "no such bucket `outbox`"


def test_a_later_object_comes_later_in_the_order() -> None:
    backend = MemoryBackend()
    for key in "bca", "b":
        for one in key:
            backend.perform(PutObject(bucket="inbox", key=one, body=b""))
    assert list(backend.buckets["inbox"]) == ["c", "a", "b"]


def test_metadata_of_an_encrypted_object_keeps_its_order() -> None:
    backend = MemoryBackend()
    context = {"aws:ses:message-id": "0vfh", "aws:ses:rule-name": "r", "aws:ses:source-account": "1", "kms_cmk_id": "k"}
    backend.perform(PutObject(bucket="inbox", key="k", body=b"hello", kms_key_arn="k", encryption_context=context))
    stored = backend.buckets["inbox"]["k"]
    assert list(stored.metadata) == [
        "x-amz-key-v2", "x-amz-iv", "x-amz-cek-alg", "x-amz-wrap-alg", "x-amz-matdesc", "x-amz-tag-len",
        "x-amz-unencrypted-content-length",
    ]  # fmt: skip
    assert repr(stored) == "<s3://inbox/k, 21 bytes, encrypted>"
    # Another run, or another process, can read it: the key service of a backend has the same master key everywhere.
    assert decrypt(stored.body, stored.metadata, MemoryBackend().kms) == b"hello"


def test_a_key_that_refuses_is_the_failure_of_the_object() -> None:
    from sesreceive.backends.local_kms import LocalKms

    backend = MemoryBackend(kms=LocalKms(disabled={"k"}))
    outcome = backend.perform(PutObject(bucket="inbox", key="k", body=b"hello", kms_key_arn="k"))
    assert outcome.error == "unable to use the KMS key `k`: DisabledException: the key `k` is disabled"
    assert "inbox" not in backend.buckets


def test_clearing_leaves_settings_and_nothing_else() -> None:
    backend = MemoryBackend({"gate": Always(None)}, failures=[Failure(bucket="never", times=None)])
    for effect in some_effects(0, 3):
        backend.perform(effect)
    backend.clear()
    assert content(backend) == ({}, {}, [], [])
    assert list(backend.functions) == ["gate"]
    assert len(backend.failures) == 1


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_merging_parts_equals_doing_it_at_once(parts: int) -> None:
    whole = MemoryBackend({"gate": Always(None)})
    for effect in some_effects(0, 20):
        whole.perform(effect)
    merged = MemoryBackend()
    size = 20 // parts
    for part in range(parts):
        backend = MemoryBackend({"gate": Always(None)})
        for effect in some_effects(part * size, size):
            backend.perform(effect)
        merged.merge(pickle.loads(pickle.dumps(backend)))
    assert content(merged) == content(whole)


def test_only_a_memory_backend_can_be_merged() -> None:
    with pytest.raises(TypeError, match="expected a MemoryBackend but got `dict`"):
        MemoryBackend().merge({})  # type: ignore[arg-type]


def in_another_process(backend: MemoryBackend, start: int) -> MemoryBackend:
    for effect in some_effects(start, 5):
        assert not backend.perform(effect).failed
    return backend


@pytest.mark.slow
def test_work_done_in_other_processes_comes_home() -> None:
    backend = MemoryBackend({"gate": Always({"disposition": "STOP_RULE"})}, topics=[MAIL])
    backend.perform(SendBounce(sender="", destination="x@example.org", message="before"))
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        for part in pool.map(in_another_process, [backend.fork()] * 2, [0, 5]):
            backend.merge(part)
    assert [bounce.message for bounce in backend.bounces] == ["before", *map(str, range(10))]
    assert {run.returned["disposition"] for run in backend.invocations} == {"STOP_RULE"}
    assert len(backend.topics[MAIL]) == 10


def test_a_fork_has_the_settings_and_a_content_of_its_own() -> None:
    backend = MemoryBackend({"gate": lambda event, context: None}, strict=True, buckets=["inbox"])
    backend.perform(PutObject(bucket="inbox", key="k", body=b""))
    other = backend.fork()
    assert len(other.buckets["inbox"]) == 0
    other.perform(PutObject(bucket="inbox", key="other", body=b""))
    assert list(backend.buckets["inbox"]) == ["k"]
    assert (other.strict, list(other.functions)) == (True, ["gate"])


def test_many_threads_lose_nothing_and_readers_are_not_disturbed() -> None:
    backend = MemoryBackend({"gate": Always(None)})

    def work(start: int) -> int:
        for effect in some_effects(start, 25):
            assert not backend.perform(effect).failed
        return sum(len(stored.body) for bucket in backend.buckets.values() for stored in bucket.values())

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(0, 200, 25)))
    buckets, topics, payloads, bounces = content(backend)
    assert sum(map(len, buckets.values())) == 200
    assert sorted(map(int, topics[MAIL])) == sorted(map(int, payloads)) == sorted(map(int, bounces)) == list(range(200))


def test_records_say_what_they_are_on_one_line() -> None:
    backend = MemoryBackend({"gate": Always({"disposition": "STOP_RULE"}), "bad": lambda event, context: 1 / 0})
    bad = GATE.replace("gate", "bad")
    for arn in (GATE, bad):
        backend.perform(Invoke(function_arn=arn, invocation_type="RequestResponse", payload='{"n":1}'))
    assert [repr(run) for run in backend.invocations] == [
        '<gate (RequestResponse) returned {"disposition":"STOP_RULE"}>',
        "<bad (RequestResponse) failed: raised ZeroDivisionError: division by zero>",
    ]
    assert backend.invocations[0].json() == {"n": 1}
