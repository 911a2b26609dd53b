"""A server misbehaves as it is told to, a sender gets through in the end, and the trace says what went wrong."""

from __future__ import annotations

import smtplib
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.delivery_faults import DELIVERY_FAULTS, DeliveryFault, FaultyBackend, read_fault
from sesreceive.errors import InputError, ValidationError
from sesreceive.smtp.smtp_faults import AT, SMTP_FAULTS, SmtpFault, SmtpFaults
from sesreceive.trace.facts import Check
from tests.conftest import make_account, make_rule
from tests.patience import PATIENCE_S, until
from tests.smtp.world import MESSAGE, STORE, Wire, receiver

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"


def said_on_purpose(reception: ses.Reception) -> list[str]:
    return [event.reason for event in reception.trace if "on purpose" in event.reason]


def send(server: Any) -> tuple[int, str]:
    """What one try of a sender comes to; 0 where the connection ended."""
    try:
        with smtplib.SMTP(*server.address, timeout=PATIENCE_S) as client:
            client.sendmail("ana@example.org", ["bo@example.com"], MESSAGE)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = error.recipients["bo@example.com"]
        return code, text.decode()
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, str(error.smtp_error)
    except (smtplib.SMTPServerDisconnected, ConnectionError):
        return 0, ""
    return 250, ""


NEW = ["greylisted on purpose: this client, sender and recipient are new"]
CLOSED = ["the connection was closed instead of the answer, on purpose"]


def held_back(seconds: float) -> list[str]:
    return [f"replies were held back for {seconds:g} s in all, on purpose"]


# What one fault does to three tries of the same sender, how many messages are accepted, and what the trace of the
# first says.
TRIES = [
    # fault                                          codes             accepted  trace of the first reception
    (SmtpFault(kind="greylist"),                     [451, 250, 250],  2, NEW),
    (SmtpFault(kind="greylist", seconds=3600),       [451, 451, 451],  0, NEW),
    (SmtpFault(kind="refuse", times=2),              [451, 451, 250],  1, ["refused on purpose, for now"]),
    (SmtpFault(kind="rate-limit", seconds=3600),     [250, 454, 454],  1, []),
    (SmtpFault(kind="latency", seconds=0.001),       [250, 250, 250],  3, held_back(0.006)),
    (SmtpFault(kind="tarpit", seconds=0.001),        [250, 250, 250],  3, held_back(0.015)),
    (SmtpFault(kind="close", at="CONNECT", times=1), [0, 250, 250],    2, []),
    (SmtpFault(kind="close", at="RCPT", times=2),    [0, 0, 250],      1, []),
    (SmtpFault(kind="close", at="END", times=1),     [0, 250, 250],    3, CLOSED),
]  # fmt: skip


@pytest.mark.parametrize("fault, codes, accepted, why", TRIES, ids=lambda value: getattr(value, "kind", None))
def test_what_a_sender_meets(fault: SmtpFault, codes: list[int], accepted: int, why: list[str]) -> None:
    with receiver().smtp(faults=[fault], tls=False) as server:
        assert [send(server)[0] for _ in codes] == codes
    assert server.counters["accepted"] == accepted
    assert not server.failures
    if server.receptions:
        assert said_on_purpose(server.receptions[0]) == why


def test_what_was_refused_on_purpose_says_so() -> None:
    with receiver().smtp(faults=[SmtpFault(kind="refuse", times=1)]) as server, Wire(server) as wire:
        assert wire.ready().message() == "451 4.3.0 Temporary failure, please try again later"
        assert wire.ready().message().startswith("250")
        refused = server.wait_for(1, kind="refused")[0]
    assert refused.refusal == "refused on purpose, for now"
    assert refused.trace.select(fact=Check.FAULT)


def test_faults_can_be_changed_while_the_server_runs() -> None:
    with receiver().smtp(tls=False) as server:
        assert send(server)[0] == 250
        server.faults.add(kind="close", at="EHLO")
        assert send(server)[0] == 0
        server.faults.clear()
        assert send(server)[0] == 250
    assert repr(server.faults) == "<SmtpFaults none>"


def test_a_rate_limit_forgets_what_is_long_ago() -> None:
    now = [0.0]
    faults = SmtpFaults([SmtpFault(kind="rate-limit", number=2, seconds=60)], clock=lambda: now[0])
    codes = []
    for now[0] in (0.0, 1.0, 2.0, 60.0, 60.5, 61.0):
        reply, _ = faults.recipient("198.51.100.7", "", "bo@example.com")
        codes.append(reply.code if reply else 250)
    assert codes == [250, 250, 454, 250, 454, 250]


# ---------------------------------------------------------------- deliveries


def faulty(*faults: DeliveryFault) -> tuple[ses.Receiver, Any]:
    backend = FaultyBackend(ses.MemoryBackend(), faults)
    rules = make_rule("all", STORE, ses.SNSAction(topic_arn=TOPIC))
    return ses.Receiver(make_account(rules), seed=1, backend=backend), backend


def receive(behind: ses.Receiver) -> ses.Reception:
    return behind.receive(MESSAGE, mail_from="ana@example.org", rcpt_to=["bo@example.com"])


def test_a_notification_comes_twice() -> None:
    behind, backend = faulty(DeliveryFault(kind="duplicate", times=1))
    first, second = receive(behind), receive(behind)
    assert [told.message_id for told in backend.topics[TOPIC]] == [first.message_id] * 2 + [second.message_id]
    assert said_on_purpose(first)[0].endswith("done twice, on purpose")
    assert not said_on_purpose(second)


def test_a_throttled_notification_is_tried_again() -> None:
    behind, backend = faulty(DeliveryFault(kind="throttle", times=2))
    reception = receive(behind)
    assert len(backend.topics[TOPIC]) == 1
    assert [len(performed.errors) for performed in reception.performed] == [0, 2]
    assert said_on_purpose(reception)


def test_objects_come_out_of_order_and_none_is_forgotten() -> None:
    behind, backend = faulty(DeliveryFault(kind="out-of-order", times=1, number=2))
    ids = [receive(behind).message_id for _ in range(4)]
    assert list(backend.buckets["inbox"]) == [ids[1], ids[2], ids[0], ids[3]]


def test_a_late_notification_comes_after_its_time_or_when_all_is_released() -> None:
    behind, backend = faulty(DeliveryFault(kind="late", seconds=0.01))
    receive(behind)
    until(lambda: TOPIC in backend.topics, "the late notification")
    behind, backend = faulty(DeliveryFault(kind="late", seconds=3000))
    reception = receive(behind)
    assert said_on_purpose(reception)[0].endswith("held back for 3000 s, on purpose")
    assert TOPIC not in backend.topics
    assert backend.release() == 1
    assert len(backend.topics[TOPIC]) == 1


# ---------------------------------------------------------------- how they are written

WRONG = [
    # text                       what it says
    ("graylist",                 "but got `graylist`; did you mean `greylist`?"),
    ("greylist,minutes=3",       "fault greylist: expected `seconds=…` but got `minutes=3`"),
    ("greylist,times=3",         "fault greylist: expected `seconds=…` but got `times=3`"),
    ("latency,number=3",         "expected `seconds=…` or `times=…` but got `number=3`"),
    ("refuse,times=2,times=3",   "expected `times=…` but got `times=3`"),
    ("duplicate,seconds=3",      "expected `operation=…` or `times=…` but got `seconds=3`"),
    ("throttle,number=3",        "expected `operation=…` or `times=…` but got `number=3`"),
    ("latency,seconds=soon",     "fault latency: seconds: expected a number but got `soon`"),
    ("latency",                  "seconds: expected a number above 0 for `latency` but got `0.0`"),
    ("latency,seconds=nan",      "seconds: expected a number from 0 to 3600 but got `nan`"),
    ("close,at=HELLO",           "at: expected `CONNECT`, `EHLO`"),
    ("refuse,times=0",           "times: expected a number from 1 but got `0`"),
    ("late",                     "seconds: expected a number above 0 for `late` but got `0.0`"),
    ("duplicate,operation=Post", "operation: expected `PutObject`, `Publish`"),
]  # fmt: skip


@pytest.mark.parametrize("text, sentence", WRONG)
def test_what_cannot_be_meant_is_one_sentence(text: str, sentence: str) -> None:
    cls = DeliveryFault if text.partition(",")[0] in DELIVERY_FAULTS else SmtpFault
    with pytest.raises((InputError, ValidationError)) as raised:
        read_fault(text, {**SMTP_FAULTS, **DELIVERY_FAULTS}, cls)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("at", AT)
def test_a_connection_can_be_closed_at_every_moment(at: str) -> None:
    with receiver().smtp(faults=[SmtpFault(kind="close", at=at, times=1)], tls=False) as server:
        send(server)
        assert send(server)[0] == 250 or at == "HELO"
    assert not server.failures
