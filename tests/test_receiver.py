"""Operations of the receiver besides receiving: rules with their setup messages, bounces after the fact."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.replay import replay
from sesreceive.smtp.server import Server
from tests.conftest import MESSAGE, make_account, make_rule

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"


ODD: list[tuple[dict[str, Any], str]] = [
    # what a receiver is made of                      what it says
    ({"account": {"Identities": ["example.com"]}},    "account: expected an Account but got .*`Account.from_api`"),
    ({"resolver": 5},                                 "resolver: expected a Zone, records by name, .* but got `5`"),
    ({"backend": "kept"},                             "backend: expected a backend, .* but got `kept`"),
    ({"scanners": ses.MarkerScanner()},               "scanners: expected a list of scanners but got"),
    ({"scanners": ["clamd"]},                         "scanners: expected objects with `scan` but got `clamd`"),
    ({"assumptions": {}},                             "assumptions: expected an Assumptions but got `{}`"),
    ({"bounds": 5},                                   "bounds: expected a Bounds but got `5`"),
    ({"clock": 5.0},                                  "clock: expected a clock, .* but got `5.0`"),
    ({"message_ids": "x"},                            "message_ids: expected something that is called .* but got `x`"),
    ({"permissions": "policy.json"},                  "permissions: expected a Permissions but got `policy.json`"),
]  # fmt: skip


@pytest.mark.parametrize(("made_of", "sentence"), ODD, ids=[row[1][:30] for row in ODD])
def test_what_could_not_receive_is_refused_at_once(made_of: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ses.InputError, match=f"^{sentence}"):
        ses.Receiver(**{"account": ses.Account(), **made_of})


ODD_BACKENDS: list[tuple[dict[str, Any], str]] = [
    # what a backend is made of       what it says
    ({"functions": 5},                "functions: expected functions by ARN or plain name but got `5`"),
    ({"functions": ["gate.py"]},      "functions: expected functions by ARN or plain name but got"),
    ({"failures": 5},                 "failures: expected Failures but got `5`"),
    ({"failures": "x"},               "failures: expected Failures but got `x`"),
    ({"failures": ["x"]},             "failures: expected a Failure but got `x`"),
]  # fmt: skip


@pytest.mark.parametrize(("made_of", "sentence"), ODD_BACKENDS, ids=[row[1] for row in ODD_BACKENDS])
def test_what_could_be_no_backend_is_refused_at_once(made_of: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    for make in (ses.MemoryBackend, lambda **parts: ses.DirectoryBackend(tmp_path, **parts)):
        with pytest.raises(ses.InputError, match=f"^{sentence}"):
            make(**made_of)


def test_an_unknown_part_of_the_envelope_is_one_sentence_with_what_was_meant() -> None:
    with pytest.raises(
        ses.InputError, match=r"^envelope: expected `client_ip`.* but got `mailfrom`; did you mean `mail_from`\?$"
    ):
        ses.Receiver(ses.Account()).receive(b"", mailfrom="ana@example.org")


def test_creating_a_rule_writes_the_setup_object_and_tells_the_topic() -> None:
    receiver = ses.Receiver(make_account(make_rule("first")), seed=1)
    store = ses.S3Action(bucket_name="inbox", object_key_prefix="mail", topic_arn=TOPIC)
    receiver.create_receipt_rule(make_rule("store", store, ses.SNSAction(topic_arn=TOPIC)))
    assert [rule.name for rule in receiver.account["main"]] == ["store", "first"]
    assert len(receiver.backend.buckets["inbox"]["mail/AMAZON_SES_SETUP_NOTIFICATION"].body) == 645
    stored, published = receiver.backend.topics[TOPIC]
    assert stored.subject == published.subject == "Amazon SES Email Receipt Subscription Notification"
    assert json.loads(stored.message)["mail"]["messageId"] == "AMAZON_SES_SETUP_NOTIFICATION"
    assert "to this SNS topic." in json.loads(published.message)["content"]


def test_after_says_where_a_rule_comes_and_update_keeps_its_place() -> None:
    receiver = ses.Receiver(make_account(make_rule("a"), make_rule("b")), seed=1)
    receiver.create_receipt_rule(make_rule("c"), after="a")
    receiver.update_receipt_rule(make_rule("c", enabled=False))
    assert [(rule.name, rule.enabled) for rule in receiver.account["main"]] == [("a", True), ("c", False), ("b", True)]


def test_a_target_that_cannot_be_written_to_leaves_the_rules_as_they_are() -> None:
    account = make_account(make_rule("first"))
    receiver = ses.Receiver(account, seed=1)
    receiver.backend.failures.add(bucket="inbox")
    with pytest.raises(ses.ValidationError, match=r"actions\[0\]: could not write to the bucket `inbox`"):
        receiver.create_receipt_rule(make_rule("store", ses.S3Action(bucket_name="inbox")))
    assert receiver.account == account


def bounced(
    receiver: ses.Receiver, mail: ses.Reception, recipient: str = "box@example.com", **fields: object
) -> object:
    info = [{"Recipient": recipient, "BounceType": "DoesNotExist"}]
    request = {"bounce_sender": "postmaster@example.com", "bounced_recipient_info_list": info, **fields}
    return receiver.send_bounce(mail, **request)


@pytest.fixture
def mail() -> tuple[ses.Receiver, ses.Reception]:
    receiver = ses.Receiver(make_account(make_rule("all")), clock=ses.SteppingClock(), seed=1)
    return receiver, receiver.receive(MESSAGE, mail_from="ana@example.org", rcpt_to=["box@example.com"])


def test_send_bounce_answers_the_envelope_sender(mail: tuple[ses.Receiver, ses.Reception]) -> None:
    receiver, reception = mail
    bounce = bounced(receiver, reception, explanation="Gone fishing.")
    dsn = message_from_bytes(bounce.raw)
    assert (dsn["From"], dsn["To"]) == ("postmaster@example.com", "ana@example.org")
    assert dsn.get_payload(0).get_payload().strip() == "Gone fishing."
    assert b"Diagnostic-Code: smtp; 550 5.1.1 Mailbox does not exist\r\nStatus: 5.1.1\r\n" in bounce.raw
    assert receiver.backend.bounces == (bounce,)


# acceptance test 14 of the specification, at −1, 0 and +1 seconds
@pytest.mark.parametrize("seconds, sent", [(-1, True), (0, True), (1, False)])
def test_send_bounce_is_rejected_after_24_hours(
    mail: tuple[ses.Receiver, ses.Reception], seconds: int, sent: bool
) -> None:
    receiver, reception = mail
    receiver.clock.now_s = reception.received_at.timestamp() + 24 * 3600 + seconds
    if sent:
        assert bounced(receiver, reception)
    else:
        with pytest.raises(ses.MessageRejectedError, match="received more than 24 hours ago"):
            bounced(receiver, reception)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"recipient": "other@example.com"}, "`other@example.com` was no recipient of message"),
        ({"bounce_sender": "ana@example.net"}, "`ana@example.net` is under no verified identity"),
    ],
)
def test_send_bounce_says_why_it_is_rejected(
    mail: tuple[ses.Receiver, ses.Reception], change: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ses.MessageRejectedError, match=re.escape(sentence)):
        bounced(*mail, **change)


def test_what_was_refused_cannot_be_bounced() -> None:
    receiver = ses.Receiver(make_account(), seed=1)
    refused = receiver.receive(MESSAGE, mail_from="ana@example.org", rcpt_to=["box@example.com"])
    with pytest.raises(ses.MessageRejectedError):
        bounced(receiver, refused)
    with pytest.raises(
        ses.InputError, match=r"expected a message that was accepted but this one was answered `550 5\.1\.1"
    ):
        _ = refused.receipt


def test_the_signature_of_ses_verifies_with_the_zone_it_publishes() -> None:
    import dkim

    receiver = ses.Receiver(make_account(make_rule("store", ses.S3Action(bucket_name="inbox"))), seed=1)
    reception = receiver.receive(MESSAGE, mail_from="ana@example.org", rcpt_to=["box@example.com"])
    stored = receiver.backend.buckets["inbox"][reception.message_id].body
    signed = stored[stored.index(b"X-SES-RECEIPT:") :].replace(b"X-SES-DKIM-SIGNATURE:", b"DKIM-Signature:")

    def answer(name: bytes, timeout: float = 5) -> bytes:
        found = receiver.published_zone.resolve(name.decode(), "TXT").values
        return found[0] if found else b""

    assert dkim.verify(signed, dnsfunc=answer)
    assert not dkim.verify(signed.replace(b"hello", b"hallo"), dnsfunc=answer)


FIRST = ("self", "receiver")


@pytest.mark.parametrize(("method", "spelled_out"), [(ses.Receiver.smtp, Server), (ses.Receiver.replay, replay)])
def test_options_are_spelled_out_for_completion(
    method: Callable[..., object], spelled_out: Callable[..., object]
) -> None:
    """The same options with the same defaults, and none hidden behind `**options`."""
    ours, theirs = (
        {one.name: one.default for one in inspect.signature(each).parameters.values() if one.name not in FIRST}
        for each in (method, spelled_out)
    )
    assert ours == theirs
    assert len(ours) > 5
