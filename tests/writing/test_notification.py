"""The notification JSON and the Lambda event: order, presence, form, and any bytes at all."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.assumption import Assumptions
from sesreceive.backends.sns_envelope import sns_envelope, sns_lambda_event
from sesreceive.verdict import Verdict
from sesreceive.writing.notification import (
    ACTION_MEMBERS,
    action_object,
    lambda_event,
    mail_object,
    notification,
    receipt_object,
    sns_content,
)
from sesreceive.writing.stored_message import stored_message
from tests.cost import assert_in_proportion
from tests.writing.samples import MAIL, MESSAGE_ID, NOT_SCANNED, RECEIVED_AT, SCANNED, envelope_of, receipt_of
from tests.writing.test_stored_message import HOSTILE

TOPIC = "arn:aws:sns:eu-west-1:111122223333:mail"
STOP = action_object("Stop", topicArn=TOPIC)
TOLD = {"recipients": ("bo@example.com",), "verdicts": SCANNED, "action": STOP}


def mail_of(raw: bytes, **changes: Any) -> dict[str, Any]:
    """The mail object as a reader of the notification has it."""
    parsed: dict[str, Any] = json.loads(notification(receipt_of(raw, **changes), **TOLD))
    return parsed["mail"]


def header_values(raw: bytes, **changes: Any) -> list[tuple[str, str]]:
    """The sender's own headers in the notification."""
    headers = mail_of(raw, **changes)["headers"]
    return [(one["name"], one["value"]) for one in headers[8:]]


# ---------------------------------------------------------------- order and form


def test_members_are_in_the_order_of_the_wire() -> None:
    raw = (
        b"Subject: s\r\nMessage-ID: <1@example.org>\r\nBcc: d@example.com\r\nCc: c@example.com\r\nTo: b@example.com\r\n"
        b"Date: today\r\nReply-To: r@example.org\r\nSender: s@example.org\r\nFrom: a@example.org\r\n\r\n"
    )
    verdicts = replace(SCANNED, dmarc=Verdict.FAIL, dmarc_policy="quarantine")
    told = json.loads(notification(receipt_of(raw), **TOLD | {"verdicts": verdicts}, content="text"))
    assert list(told) == ["notificationType", "mail", "receipt", "content"]
    assert list(told["mail"]) == ["timestamp", "source", "messageId", "destination", "headersTruncated", "headers",
                                  "commonHeaders"]  # fmt: skip
    assert list(told["mail"]["commonHeaders"]) == ["returnPath", "from", "sender", "replyTo", "date", "to", "cc", "bcc",
                                                   "messageId", "subject"]  # fmt: skip
    assert list(told["receipt"]) == ["timestamp", "processingTimeMillis", "recipients", "spamVerdict", "virusVerdict",
                                     "spfVerdict", "dkimVerdict", "dmarcVerdict", "action", "dmarcPolicy"]  # fmt: skip


def test_the_policy_is_told_only_where_dmarc_failed() -> None:
    assert "dmarcPolicy" not in receipt_object(receipt_of(), **TOLD)
    verdicts = replace(SCANNED, dmarc=Verdict.FAIL, dmarc_policy="none")
    assert receipt_object(receipt_of(), **TOLD | {"verdicts": verdicts})["dmarcPolicy"] == "none"


def test_the_text_is_compact_and_keeps_non_ascii_characters() -> None:
    text = notification(receipt_of("Subject: Grüße\r\n\r\n".encode()), **TOLD)
    assert text == json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    assert '"subject":"Grüße"' in text


def test_times_are_utc_with_milliseconds_and_both_are_the_receipts() -> None:
    at = RECEIVED_AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    told = json.loads(notification(receipt_of(received_at=at), **TOLD, processing_time_ms=412))
    assert told["mail"]["timestamp"] == told["receipt"]["timestamp"] == "2026-01-02T10:05:05.123Z"
    assert told["receipt"]["processingTimeMillis"] == 412


def test_a_lambda_event_is_one_record_without_type_and_content() -> None:
    action = action_object("Lambda", functionArn="arn:f", invocationType="Event")
    event = json.loads(lambda_event(receipt_of(), **TOLD | {"action": action}))
    [record] = event["Records"]
    assert list(record) == ["eventSource", "eventVersion", "ses"]
    assert (record["eventSource"], record["eventVersion"]) == ("aws:ses", "1.0")
    told = json.loads(notification(receipt_of(), **TOLD | {"action": action}))
    assert record["ses"] == {"mail": told["mail"], "receipt": told["receipt"]}
    assert list(record["ses"]) == ["mail", "receipt"]


# ---------------------------------------------------------------- actions

# type, members in any order                                       the object
ACTIONS = [
    ("S3", {"objectKey": "p/id", "bucketName": "b", "objectKeyPrefix": "p", "topicArn": "t"},
     {"type": "S3", "topicArn": "t", "bucketName": "b", "objectKeyPrefix": "p", "objectKey": "p/id"}),
    ("S3", {"objectKey": "id", "bucketName": "b", "objectKeyPrefix": "", "topicArn": "t"},
     {"type": "S3", "topicArn": "t", "bucketName": "b", "objectKeyPrefix": "", "objectKey": "id"}),
    ("S3", {"objectKey": "id", "bucketName": "b", "objectKeyPrefix": None, "topicArn": "t"},
     {"type": "S3", "topicArn": "t", "bucketName": "b", "objectKey": "id"}),
    ("SNS", {"encoding": "UTF-8", "topicArn": "t"}, {"type": "SNS", "topicArn": "t", "encoding": "UTF8"}),
    ("SNS", {"encoding": "Base64", "topicArn": "t"}, {"type": "SNS", "topicArn": "t", "encoding": "BASE64"}),
    ("Lambda", {"invocationType": "Event", "functionArn": "f"},
     {"type": "Lambda", "functionArn": "f", "invocationType": "Event"}),
    ("Lambda", {"invocationType": "RequestResponse", "functionArn": "f", "topicArn": "t"},
     {"type": "Lambda", "topicArn": "t", "functionArn": "f", "invocationType": "RequestResponse"}),
    ("Bounce", {"sender": "s", "message": "m", "statusCode": "5.1.1", "smtpReplyCode": "550", "topicArn": "t"},
     {"type": "Bounce", "topicArn": "t", "smtpReplyCode": "550", "statusCode": "5.1.1", "message": "m", "sender": "s"}),
    ("Stop", {"topicArn": "t"}, {"type": "Stop", "topicArn": "t"}),
    ("WorkMail", {"organizationArn": "o", "topicArn": "t"},
     {"type": "WorkMail", "topicArn": "t", "organizationArn": "o"}),
]  # fmt: skip


@pytest.mark.parametrize("kind, members, wanted", ACTIONS)
def test_each_action_has_its_own_members_in_order(kind: str, members: dict[str, Any], wanted: dict[str, str]) -> None:
    made = action_object(kind, **members)
    assert list(made.items()) == list(wanted.items())


def test_every_type_is_in_the_table() -> None:
    assert {kind for kind, *_ in ACTIONS} == set(ACTION_MEMBERS)


def test_an_unknown_type_or_member_is_refused() -> None:
    with pytest.raises(ValueError, match="is one of S3, SNS, Lambda, Bounce, Stop, WorkMail but got `Connect`"):
        action_object("Connect")
    with pytest.raises(ValueError, match="a Stop action has the members topicArn but got `bucketName`"):
        action_object("Stop", bucketName="b")


# ---------------------------------------------------------------- headers

# header of the mail                                                name and value in the JSON
VALUES = [
    (b"Subject: hello\r\n",                                         ("Subject", "hello")),
    (b"SUBJECT:hello\r\n",                                          ("SUBJECT", "hello")),
    (b"Subject:   hello  \r\n",                                     ("Subject", "hello  ")),
    (b"Subject:\r\n",                                               ("Subject", "")),
    (b"Subject: a\r\n b\r\n\t c\r\n",                               ("Subject", "a b c")),
    (b"Subject: a \r\n\tb\r\n",                                     ("Subject", "a  b")),
    (b"Subject:\r\n hello\r\n",                                     ("Subject", "hello")),
    (b"Subject: a\n b\n",                                           ("Subject", "a b")),
    (b"Subject: a\rb\r\n",                                          ("Subject", "a\rb")),
    (b"Subject: a\x00b\r\n",                                        ("Subject", "a\x00b")),
    (b"Subject: caf\xe9 \xff\r\n",                                  ("Subject", "caf\ufffd \ufffd")),
    (b"X-Words: =?utf-8?q?=C3=BC?= =?utf-8?q?=C3=9F?= x\r\n",       ("X-Words", "üß x")),
    (b"From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\r\n",            ("From", "Jörg <j@example.org>")),
    (b'From: "=?utf-8?q?J=C3=B6?=" <j@example.org>\r\n',            ("From", '"=?utf-8?q?J=C3=B6?=" <j@example.org>')),
    (b"Subject : hello\r\n",                                        ("Subject", "hello")),
    (b"S\xfcbject: hello\r\n",                                      ("S\ufffdbject", "hello")),
    (b"no colon\r\n",                                               ("no colon", "no colon")),
    (b": no name\r\n",                                              ("", "no name")),
    (b"ARC-Message-Signature: i=1; h=a\r\n :b; b=AA\r\n BB\r\n",    ("ARC-Message-Signature", "i=1; h=a :b; b=AA BB")),
    (b"DKIM-Signature: v=1; h=a:\r\n\t b; b=AA\r\n BB==\r\n",       ("DKIM-Signature", "v=1; h=a:b; b=AABB==")),
    (b"dkim-signature: v = 1;a=x;\r\n\tb= A A ;\r\n",               ("dkim-signature", "v=1; a=x; b=AA;")),
    (b"DKIM-Signature: not a\r\n list\r\n",                         ("DKIM-Signature", "not a list")),
    (b"DKIM-Signature:\r\n",                                        ("DKIM-Signature", "")),
]  # fmt: skip


@pytest.mark.parametrize("header, wanted", VALUES)
def test_header_values_are_unfolded_and_decoded(header: bytes, wanted: tuple[str, str]) -> None:
    assert header_values(header + b"\r\nbody") == [wanted]


def test_headers_are_kept_in_order_with_duplicates() -> None:
    raw = b"Received: one\r\nX-A: 1\r\nReceived: two\r\nx-a: 2\r\n\r\n"
    assert header_values(raw) == [("Received", "one"), ("X-A", "1"), ("Received", "two"), ("x-a", "2")]


def test_words_can_be_assumed_undecoded() -> None:
    raw = b"Subject: =?utf-8?q?=C3=BC?=\r\n\r\n"
    changed = {"assumptions": Assumptions(decode_encoded_words="never")}
    assert header_values(raw, **changed) == [("Subject", "=?utf-8?q?=C3=BC?=")]
    assert mail_of(raw, **changed)["commonHeaders"]["subject"] == "ü"


def test_added_headers_are_told_to_later_actions() -> None:
    added = (("X-One", "1"), ("Subject", "added"), ("To", "new@example.com"))
    mail = mail_object(receipt_of(), NOT_SCANNED, added)
    assert [one["name"] for one in mail["headers"][6:]] == [
        "From", "To", "To", "Subject", "Subject", "Date", "Message-ID", "X-One",
    ]  # fmt: skip
    assert mail["commonHeaders"]["subject"] == "hello"
    assert mail["destination"] == ["bo@example.com", "new@example.com"]
    top = receipt_of(assumptions=Assumptions(added_header_position="top"))
    assert [one["name"] for one in mail_object(top, NOT_SCANNED, added)["headers"][:4]] == [
        "X-One", "Subject", "To", "Return-Path",
    ]  # fmt: skip


def test_rules_with_other_verdicts_or_headers_get_their_own_text() -> None:
    receipt = receipt_of()
    texts = {
        notification(receipt, **TOLD | {"verdicts": verdicts}, added=added)
        for verdicts in (SCANNED, NOT_SCANNED, replace(SCANNED, spam=Verdict.GRAY))
        for added in ((), (("X-One", "1"),))
    }
    assert len(texts) == 6
    assert notification(receipt, **TOLD) in texts


@pytest.mark.parametrize("over, truncated", [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("limit", [10_240, 10_000])
def test_headers_are_truncated_at_the_limit_and_common_headers_are_not(limit: int, over: int, truncated: bool) -> None:
    assumed = Assumptions(notification_headers_bytes=limit)
    used = sum(len(h["name"] + h["value"]) for h in mail_of(b"", assumptions=assumed)["headers"])
    subject = "ü" + "s" * (limit + over - used - len("Subject") - 2)
    raw = f"Subject: {subject}\r\nX-Small: 1\r\n".encode().replace(
        b"X-Small: 1\r\n", b"" if over < 1 else b"X-Small: 1\r\n"
    )
    mail = mail_of(raw, assumptions=assumed)
    assert mail["headersTruncated"] is truncated
    assert len(mail["headers"]) == (8 if truncated else 9)
    assert mail["commonHeaders"]["subject"] == subject
    skipping = replace(assumed, header_truncation="skip")
    assert len(mail_of(raw, assumptions=skipping)["headers"]) == 9


# ---------------------------------------------------------------- common headers

# header of the mail                                     member         what it says
COMMON = [
    (b"Date: Fri, 1 Jan 2026 (a comment)\r\n",           "date",        "Fri, 1 Jan 2026 (a comment)"),
    (b"Message-ID: <a@b>\r\n",                           "messageId",   "<a@b>"),
    (b"Subject: =?utf-8?q?=C3=BC?=\r\n",                 "subject",     "ü"),
    (b"Subject: one\r\nSubject: two\r\n",                "subject",     "one"),
    (b"Sender: A <a@example.org>, b@example.org\r\n",    "sender",      "A <a@example.org>"),
    (b"Sender: (broken\r\n",                             "sender",      "(broken"),
    (b"From: a@example.org\r\nFrom: b@example.org\r\n",  "from",        ["a@example.org", "b@example.org"]),
    (b"from: \"A\"\r\n <a@example.org>\r\n",             "from",        ["A <a@example.org>"]),
    (b"To: (broken, a@example.org\r\n",                  "to",          ["(broken, a@example.org"]),
    (b"To:\r\n",                                         "to",          []),
    (b"To: caf\xe9 <a@example.org>\r\n",                 "to",          ['"caf\ufffd" <a@example.org>']),
    (b"Reply-To: r@example.org\r\n",                     "replyTo",     ["r@example.org"]),
    (b"Bcc: x@example.org\r\n",                          "bcc",         ["x@example.org"]),
]  # fmt: skip


@pytest.mark.parametrize("header, member, says", COMMON)
def test_common_headers_say_what_the_header_says(header: bytes, member: str, says: object) -> None:
    common = mail_of(header + b"\r\n")["commonHeaders"]
    assert list(common) == ["returnPath", member]
    assert common[member] == says


def test_the_return_path_is_the_envelopes() -> None:
    raw = b"Return-Path: <forged@example.net>\r\n\r\n"
    mail = mail_of(raw, envelope=envelope_of(mail_from="Ana+1@Example.org"))
    assert mail["source"] == mail["commonHeaders"]["returnPath"] == "Ana+1@Example.org"
    null = mail_of(raw, envelope=envelope_of(mail_from=""))
    assert null["source"] == null["commonHeaders"]["returnPath"] == ""
    named = mail_of(raw, envelope=envelope_of(mail_from=""), assumptions=Assumptions(null_sender_source="<>"))
    assert named["source"] == named["commonHeaders"]["returnPath"] == "<>"


def test_the_destination_is_the_headers_not_the_envelopes() -> None:
    raw = b'To: "A, B" <a@example.net>, b@example.net\r\nCc: C <c@example.net>\r\nBcc: d@example.net\r\n\r\n'
    assert mail_of(raw)["destination"] == ["a@example.net", "b@example.net", "c@example.net"]
    assert mail_of(b"\r\n")["destination"] == []
    assert mail_of(b"To: <broken\r\n\r\n")["destination"] == ["<broken"]
    omitting = Assumptions(unparsable_addresses="omit")
    mail = mail_of(b"To: <broken\r\n\r\n", assumptions=omitting)
    assert (mail["destination"], mail["commonHeaders"]["to"]) == ([], [])


# ---------------------------------------------------------------- content


def test_content_is_the_stored_message() -> None:
    stored = stored_message(receipt_of("Subject: x\r\n\r\nGrüße\r\n".encode()), SCANNED)
    told = json.loads(notification(receipt_of(), **TOLD, content=sns_content(stored)))
    assert told["content"].encode() == stored
    assert b64decode(sns_content(stored, "Base64"), validate=True) == stored
    assert "\n" not in sns_content(stored, "Base64")


@given(st.binary())
def test_base64_loses_nothing_and_utf8_only_what_is_no_utf8(body: bytes) -> None:
    assert b64decode(sns_content(body, "Base64"), validate=True) == body
    assert sns_content(body) == body.decode("utf-8", "replace")


def test_other_encodings_are_refused() -> None:
    with pytest.raises(ValueError, match="is UTF-8 or Base64 but got `UTF8`"):
        sns_content(b"", "UTF8")


def test_sns_wraps_the_notification_for_its_subscribers() -> None:
    message = notification(receipt_of(), **TOLD)
    published = {"topic_arn": TOPIC, "subject": "s", "message": message, "published_at": RECEIVED_AT}
    envelope = json.loads(sns_envelope(**published))
    assert list(envelope) == ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion",
                              "Signature", "SigningCertURL", "UnsubscribeURL"]  # fmt: skip
    assert envelope["Message"] == message
    assert envelope["SigningCertURL"].startswith("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-")
    assert sns_envelope(**published, raw=True) == message
    [record] = json.loads(sns_lambda_event(**published))["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["Sns"]["Message"] == message
    assert record["Sns"]["MessageId"] == envelope["MessageId"]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_mail_gives_valid_json(raw: bytes) -> None:
    stored = stored_message(receipt_of(raw), SCANNED)
    text = notification(receipt_of(raw), **TOLD, content=sns_content(stored))
    assert json.loads(text)["mail"]["messageId"] == MESSAGE_ID
    text.encode("utf-8")


# What an envelope can say: no line end and no NUL.
said = st.text(st.characters(exclude_characters="\r\n\x00"), max_size=20)


@given(st.binary(max_size=200), said, said)
def test_any_bytes_give_json_that_round_trips(raw: bytes, mail_from: str, helo: str) -> None:
    receipt = receipt_of(raw, envelope=envelope_of(mail_from=mail_from, helo=helo, client_name=""))
    text = notification(receipt, **TOLD, content=sns_content(stored_message(receipt, SCANNED)))
    told = json.loads(text.encode("utf-8"))
    assert json.dumps(told, ensure_ascii=False, separators=(",", ":")) == text
    assert len(told["mail"]["headers"]) >= 8


def test_bytes_of_the_session_that_are_no_utf8_are_kept_in_the_object_and_replaced_in_the_json() -> None:
    mail_from = b"caf\xe9@example.org".decode("utf-8", "surrogateescape")
    receipt = receipt_of(envelope=envelope_of(mail_from=mail_from))
    assert stored_message(receipt, SCANNED).startswith(b"Return-Path: <caf\xe9@example.org>\r\n")
    assert json.loads(notification(receipt, **TOLD))["mail"]["source"] == "caf\ufffd@example.org"
    half = receipt_of(envelope=envelope_of(mail_from=mail_from, helo="half \ud800"))
    assert stored_message(half, SCANNED).startswith(b"Return-Path: <caf")
    notification(half, **TOLD).encode("utf-8")


@given(
    st.lists(st.sampled_from([b"To", b": ", b"\r\n ", b"\r\n", b"=?utf-8?q?", b"?=", b'"', b"<a@b>", b",", b"\xff"]))
)
def test_any_header_gives_json_that_round_trips(pieces: list[bytes]) -> None:
    text = notification(receipt_of(b"".join(pieces)), **TOLD)
    assert json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) == text


# name: the header of a size; at 10 MB, more than 100 000 lines, recipients or folds.
LARGE: dict[str, Callable[[int], bytes]] = {
    "header lines": lambda size: b"X-Line: value\r\n" * (size // 100) + b"\r\n",
    "lines without a colon": lambda size: b"value\r\n" * (size // 100) + b"\r\n",
    "recipients": lambda size: b"To: " + b"Ann <ann@example.com>,\r\n " * (size // 100) + b"\r\n\r\n",
    "a fold of many lines": lambda size: b"Subject: x" + b"\r\n x" * (size // 100) + b"\r\n\r\n",
    "one header": lambda size: b"Subject: " + b"x" * size + b"\r\n\r\n",
    "a signature": lambda size: b"DKIM-Signature: v=1; b=" + b"A " * (size // 2) + b"\r\n\r\n",
    "encoded words": lambda size: b"Subject: " + b"=?utf-8?q?a?= " * (size // 14) + b"\r\n\r\n",
    "brackets": lambda size: b"To: " + b"<(" * (size // 2) + b"\r\n\r\n",
    "blanks": lambda size: b"Subject: x" + b" " * size + b"\r\n \r\n\r\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE.keys())
def test_large_headers_cost_in_proportion(make: Callable[[int], bytes]) -> None:
    def work(size: int) -> Callable[[], object]:
        raw = make(size)

        def write() -> None:
            receipt = receipt_of(raw)
            assert json.loads(notification(receipt, **TOLD))["notificationType"] == "Received"
            assert len(stored_message(receipt, SCANNED)) > len(raw)

        return write

    assert_in_proportion(work, 10_000_000)


def test_the_sender_of_the_sample_is_told() -> None:
    mail = mail_of(MAIL)
    assert mail["commonHeaders"]["from"] == ["Ana <ana@example.org>"]
    assert mail["source"] == "ana@example.org"
