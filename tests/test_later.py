"""Values made when they are read: the same as made at once, made once, and not made by who does not ask."""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.later import later, made_once, made_when_read, size_of, unread
from sesreceive.writing import receipt as writing
from sesreceive.writing.notification import action_object, lambda_event, most_octets, notification, sns_content
from sesreceive.writing.stored_message import most_stored, stored_message, stored_size
from tests.conftest import MESSAGE, make_account, make_rule
from tests.writing.samples import NOT_SCANNED, SCANNED, receipt_of

TOPIC = "arn:aws:sns:us-east-1:111122223333:told"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:gate"


@made_when_read("text")
@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    text: str
    number: int = 0


def letter(calls: list[str], text: str = "hello") -> Letter:
    def make(given: str) -> str:
        calls.append(given)
        return given.upper()

    return Letter(text=later(make, text, size=len))


READERS = {
    "attribute": lambda one: one.text == "HELLO",
    "equality": lambda one: one == Letter(text="HELLO"),
    "hash": lambda one: hash(one) == hash(Letter(text="HELLO")),
    "repr": lambda one: "HELLO" in repr(one),
    "pickle": lambda one: pickle.loads(pickle.dumps(one)) == Letter(text="HELLO"),
    "copy": lambda one: copy.copy(one) == Letter(text="HELLO"),
    "replace": lambda one: replace(one, number=1) == Letter(text="HELLO", number=1),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_every_reader_finds_the_value_and_it_is_made_once(reader: Any) -> None:
    calls: list[str] = []
    one = letter(calls)
    other = Letter(text=unread(one, "text"))
    assert size_of(one, "text") == 5
    assert calls == []
    assert reader(one)
    assert other.text == "HELLO"
    assert calls == ["hello"]
    assert size_of(one, "text") == 5


def test_an_error_is_raised_each_time_the_value_is_asked_for() -> None:
    one = Letter(text=later(lambda: 1 // 0))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            one.text  # noqa: B018 - reading is what is tested


class Words:
    """Made by two threads at the same moment."""

    def __init__(self) -> None:
        self.both_make = Barrier(2)

    @made_once
    def made(self) -> list[str]:
        self.both_make.wait(timeout=10)
        return ["a", "b"]


def test_two_threads_that_make_a_property_at_once_have_the_same_value() -> None:
    words = Words()
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda one: one.made, [words, words])
    assert first is second is words.made


def everything(receiver: ses.Receiver) -> list[Any]:
    """What a backend holds, in order."""
    backend = receiver.backend
    stored = [one.body for bucket in backend.buckets.values() for one in bucket.values()]
    told = [one.message for topic in backend.topics.values() for one in topic]
    return [*stored, *told, *(one.payload for one in backend.invocations), *(one.raw for one in backend.bounces)]


def everywhere() -> ses.Receiver:
    actions = (
        ses.AddHeaderAction(header_name="X-A", header_value="grün"),
        ses.S3Action(bucket_name="inbox", topic_arn=TOPIC),
        ses.SNSAction(topic_arn=TOPIC),
        ses.LambdaAction(function_arn=FUNCTION),
        ses.BounceAction.template("mailbox-full", sender="postmaster@example.com"),
    )
    return ses.Receiver(make_account(make_rule("all", *actions, scan_enabled=True)), seed=1)


def test_nothing_is_signed_until_an_object_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[str] = []
    monkeypatch.setattr(writing, "ses_signature", lambda *a, **k: (signed.append("x"), "b=")[1])
    receiver = everywhere()
    report = receiver.replay([(MESSAGE, ses.Envelope(mail_from="ana@example.org", rcpt_to=("a@example.com",)))])
    assert len(report.messages) == 1
    assert len(report.events) > 20
    assert "bytes)" in str(report[0].explain(full=True))
    assert signed == []
    assert everything(receiver)
    assert signed == ["x"]


def test_what_is_read_after_later_messages_is_what_was_written_then() -> None:
    envelope = ses.Envelope(mail_from="ana@example.org", rcpt_to=("a@example.com",))
    at_once, in_the_end = everywhere(), everywhere()
    read: list[Any] = []
    for number in range(3):
        raw = b"X-Number: %d\r\n%b" % (number, MESSAGE)
        at_once.receive(raw, envelope)
        read = everything(at_once)
        in_the_end.receive(raw, envelope)
    in_the_end.account = ses.Account()
    in_the_end.assumptions = ses.Assumptions(added_header_position="top")
    assert everything(in_the_end) == read
    assert [effect.body for effect in in_the_end.receive(MESSAGE, envelope).effects] == []
    assert json.loads(at_once.backend.topics[TOPIC][0].message)["mail"]["headers"][-1]["name"]


@given(
    st.text(max_size=20),
    st.lists(st.tuples(st.text(max_size=5) | st.just("Received"), st.text(max_size=9)), max_size=2),
    st.sampled_from(["us-east-1", "eu-west-1", "eu-north-1"]), st.sampled_from(["after-ses-block", "top", "end"]),
    st.sampled_from([b"", b"\r\n", b"A: b", b"Subject: a", b"Subject: a\n", b"A: b\r\n\r\nc"]),
)  # fmt: skip
def test_the_size_of_a_stored_message_is_known_before_it_is_made(
    text: str, added: list[tuple[str, str]], region: str, position: str, raw: bytes
) -> None:
    assumed = ses.Assumptions(added_header_position=position)
    known = (
        receipt_of(raw, region=region, assumptions=assumed) if raw else receipt_of(region=region, assumptions=assumed)
    )
    spf = replace(known.results.spf, helo=text, envelope_from="caf\udce9@example.org")
    receipt = replace(known, results=replace(known.results, spf=spf))
    for verdicts in (SCANNED, NOT_SCANNED):
        whole = stored_message(receipt, verdicts, added)
        assert stored_size(receipt, verdicts, added) == len(whole) <= most_stored(receipt, added)


HOSTILE = st.lists(
    st.sampled_from((b"From", b"To", b"Cc", b"Subject", b"Reply-To", b"X", b"Date", b"To")).flatmap(
        lambda name: st.one_of(
            st.binary(max_size=60),
            st.text("\x00\x01\"\\<>@,; aé\udce9", max_size=40).map(lambda text: text.encode("utf-8", "replace")),
            st.sampled_from((
                b"=?koi8-r?Q?=80=80=80=80=80=80?= <a@b>", b"=?iso-8859-1?Q?=01=02=03=04?=", b'"\\"\\"" <a@b>',
                b"=?gb18030?B?gTCBMIEwgTA=?=", b"a@b, " * 30, b"\x01" * 60, b"\xff" * 60,
            )),
        ).map(lambda value: name + b": " + value.replace(b"\n", b"") * 40 + b"\r\n")
    ),
    max_size=12,
)  # fmt: skip


@given(HOSTILE, st.binary(max_size=80), st.text(max_size=12), st.sampled_from(("end", "top")))
def test_no_notification_is_larger_than_the_bound_it_is_measured_by(
    header: list[bytes], body: bytes, text: str, position: str
) -> None:
    assumed = ses.Assumptions(added_header_position=position, unparsable_addresses="raw")
    known = receipt_of(b"".join((*header, b"\r\n", body)), assumptions=assumed)
    recipients, added = (f"{text}@example.com",) * 2, (("To", text), ("X-A", text))
    action = action_object("SNS", topicArn=TOPIC, encoding="UTF-8")
    said: Any = {"recipients": recipients, "verdicts": SCANNED, "action": action, "added": added}
    most = {name: value for name, value in said.items() if name != "verdicts"}
    whole = stored_message(known, SCANNED, added)
    for content in (None, *(sns_content(whole, encoding) for encoding in ("UTF-8", "Base64"))):
        told = notification(known, **said, content=content)
        assert len(told.encode()) <= most_octets(known, **most, content=content is not None)
    assert len(lambda_event(known, **said).encode()) <= most_octets(known, **most)


def test_a_notification_too_large_for_sns_is_refused_as_if_it_were_made_at_once() -> None:
    receiver = ses.Receiver(make_account(make_rule("all", ses.SNSAction(topic_arn=TOPIC))), seed=1)
    for body, failed in ((b"a" * 20_000, False), (b"a" * 60_000, False), (b"\x01" * 60_000, True)):
        raw = b"Subject: x\r\n\r\n" + body
        reception = receiver.receive(raw, mail_from="ana@example.org", rcpt_to=["a@example.com"])
        errors = [done.outcome.error for done in reception.performed if done.outcome.failed]
        assert bool(errors) is failed
        assert all("262144 is the most that Publish takes" in error for error in errors)
