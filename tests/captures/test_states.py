"""Captures in any state give named gaps, never a crash: cut, indented, re-encoded, redacted, mixed up, or none."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from captures.written import ACCOUNT, KMS, files, received
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.captures.capture import Kind

MESSAGE_ID = received()[1].message_id
OBJECT, NOTIFICATION, CONTENT = f"inbox/mail/{MESSAGE_ID}", "raw/0-S3.json", "raw/1-SNS.json"
EVENT, BOUNCE, SESSION = "events/gate.json", "bounces/1.eml", "sender/session.txt"


def indented(content: bytes) -> bytes:
    return json.dumps(json.loads(content), indent=2, sort_keys=True).encode()


def escaped(content: bytes) -> bytes:
    return json.dumps(json.loads(content), separators=(",", ":")).encode()


def without_header(content: bytes) -> bytes:
    told = json.loads(content)
    told["mail"]["headers"] = told["mail"]["headers"][:12]
    told["mail"]["headersTruncated"] = True
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


STATES: list[tuple[str, str, Callable[[bytes], bytes], str]] = [
    # what happened to it          file          how               a gap that names it
    ("LF line ends",               OBJECT,       lambda b: b.replace(b"\r\n", b"\n"),                 "LF"),
    ("a byte order mark",          NOTIFICATION, lambda b: b"\xef\xbb\xbf" + b,  ""),
    ("UTF-16",                     NOTIFICATION, lambda b: b.decode().encode("utf-16"),               ""),
    ("indented and sorted",        NOTIFICATION, indented,  "written anew"),
    ("indented",                   EVENT,        indented,  "written anew"),
    ("escaped",                    CONTENT,      escaped,  "written anew"),
    ("cut in the header", OBJECT, lambda b: b[:b.index(b"Message-ID")], "cut inside its header"),
    ("headers cut",                NOTIFICATION, without_header,  "cut in all captures"),
    ("bounce with LF",             BOUNCE,       lambda b: b.replace(b"\r\n", b"\n"),                 "LF"),
    ("bounce cut",                 BOUNCE,       lambda b: b[:-300],  "last boundary"),
    ("no time",                    SESSION,      lambda b: b,  "when the mail arrived"),
    ("names of others",            OBJECT,       lambda b: re.sub(rb"\bbo@example.com", b"[REDACTED]", b), ""),
]  # fmt: skip


@pytest.mark.parametrize(("state", "file", "how", "gap"), STATES, ids=[row[0] for row in STATES])
def test_a_capture_in_another_state_has_a_named_gap_and_no_difference(
    state: str, file: str, how: Callable[[bytes], bytes], gap: str, tmp_path: Path
) -> None:
    (tmp_path / MESSAGE_ID).write_bytes(how(files()[file]))
    captures = ses.captures.read(tmp_path)
    assert captures.mails, captures.unrecognised
    score = ses.fidelity(captures, account=ACCOUNT, readings=False)
    assert any(gap in one.reason for one in score.gaps)
    assert [str(row) for row in score.different] == []


# what happened to one of some captures of a mail → file, how, a gap that names it, or a reason of a row
AMONG_OTHERS: list[tuple[str, str, Callable[[bytes], bytes], str]] = [
    ("an object cut in its block", OBJECT, lambda b: b[:b.index(b"X-SES-RECEIPT") - 20], "cut inside its header"),
    ("an object cut in the sender's header", OBJECT, lambda b: b[:b.index(b"Subject") + 12], "cut inside its header"),
    ("a bounce cut in what it returns", BOUNCE, lambda b: b[:b.index(b"X-Mailer") + 5], "last boundary"),
    ("a bounce cut in its report", BOUNCE, lambda b: b[:b.index(b"Diagnostic-Code") + 25], "last boundary"),
    ("a bounce cut in a Received field", BOUNCE, lambda b: b[:b.index(b"by inbound-smtp") + 9], "last boundary"),
    ("another body", OBJECT, lambda b: b[:b.index(b"\r\n\r\n") + 4] + b"gone\r\n", "not the one that SES signed"),
    ("a redacted body", OBJECT, lambda b: b[:b.index(b"\r\n\r\n") + 4] + b"[REDACTED]\r\n", "it was redacted"),
    ("no body", OBJECT, lambda b: b[:b.index(b"\r\n\r\n") + 4], "not the one that SES signed"),
    ("a redacted client", OBJECT, lambda b: b.replace(b"198.51.100.7", b"[REDACTED]"), "it was redacted"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "file", "how", "reason"), AMONG_OTHERS, ids=[row[0] for row in AMONG_OTHERS])
def test_what_one_capture_lost_is_no_difference_of_the_others(
    state: str, file: str, how: Callable[[bytes], bytes], reason: str
) -> None:
    told = {name: files()[name] for name in (OBJECT, NOTIFICATION, EVENT, BOUNCE)}
    score = ses.fidelity([*{**told, file: how(told[file])}.values()], account=ACCOUNT, readings=False)
    assert len(score.captures.mails) == 1
    assert [str(row) for row in score.different] == []
    assert any(reason in said for said in (*(gap.reason for gap in score.gaps), *(row.why for row in score.rows)))


def test_addresses_redacted_everywhere_are_no_difference() -> None:
    told = [re.sub(rb"[\w.+-]+@[\w.]+", b"REDACTED", files()[name]) for name in (OBJECT, NOTIFICATION)]
    assert ses.fidelity(told, account=ACCOUNT, readings=False).different == ()


def test_a_body_hash_that_others_contradict_is_a_difference_though_the_body_is_gone() -> None:
    """Nobody has the body that was signed; of four captures one has another hash than the rest."""
    without = files()[OBJECT].partition(b"\r\n\r\n")[0] + b"\r\n\r\ngone\r\n"
    changed = re.sub(rb"; bh=.", b"; bh=~", files()[NOTIFICATION])
    score = ses.fidelity([without, changed, files()[EVENT], files()[BOUNCE]], account=ACCOUNT, readings=False)
    assert [row.path for row in score.different] == ["mail.headers.X-SES-DKIM-SIGNATURE.bh"]
    unsigned = [row for row in score.rows if "not the one that SES signed" in row.why]
    assert len(unsigned) == 3
    assert {str(row.agreement) for row in unsigned} == {"not comparable"}


def test_without_an_account_a_header_that_some_copies_lack_is_not_compared() -> None:
    told = [files()[name] for name in (OBJECT, NOTIFICATION, CONTENT, EVENT)]
    score = ses.fidelity(told, readings=False)
    assert score.different == ()
    assert {row.place for row in score.rows if "added header" in row.why} >= {"content.order", "mail.headers[*]"}


NO_CAPTURES = [
    # what it is                                               the reason says
    (b"", "empty"),
    (b"\xff\xfe\x00\xd8", "UTF-16"),
    (b"{", "may be cut"),
    (files()[NOTIFICATION][:-9], "may be cut"),
    (b'{"a": 1}', "neither an event nor a notification"),
    (b"[1]", "no object"),
    (b"[]", "without anything in it"),
    (b'{"Records":[]}', "has nothing in it"),
    (b'{"Messages":[]}', "without anything in it"),
    (b'{"notificationType":"Bounce","mail":{}}', "mail that was sent"),
    (b'{"Type":"SubscriptionConfirmation","Token":"x"}', "confirmation"),
    (b'{"Records":[{"s3":{}}]}', "event of S3"),
    (b'{"Records":[{"ses":{"mail":{}}}]}', "no `mail` or no `receipt`"),
    (b"Subject: hello\r\n\r\nbody\r\n", "nothing that SES wrote"),
    (b"just words", "none of the shapes"),
    (b"Content-Type: multipart/report; boundary=x\r\n\r\n--x--\r\n", "of another host"),
    (b"[" * 500 + b"]" * 500, "nested too deeply"),
    (json.dumps({"body": json.dumps({"body": "{}"})}).encode(), "neither"),
]


@pytest.mark.parametrize(("content", "reason"), NO_CAPTURES, ids=[row[1] + str(i) for i, row in enumerate(NO_CAPTURES)])
def test_what_is_no_capture_is_listed_with_the_reason(content: bytes, reason: str) -> None:
    captures = ses.captures.read([content])
    assert not captures.mails
    assert [reason in one.reason for one in captures.unrecognised] == [True]


def test_redacted_values_are_not_compared() -> None:
    told = json.loads(files()[NOTIFICATION])
    told["mail"]["commonHeaders"]["subject"] = "[REDACTED]"
    told["mail"]["source"] = "***"
    score = ses.fidelity([json.dumps(told), files()[OBJECT]], account=ACCOUNT, readings=False)
    assert score.different == ()
    assert {row.path for row in score.rows if row.why == "it was redacted"} == {
        "mail.source", "mail.commonHeaders.subject",
    }  # fmt: skip


def test_mixed_up_captures_are_paired_by_what_they_say_not_by_their_names(tmp_path: Path) -> None:
    receiver = ses.Receiver(ACCOUNT, seed=2)
    other = receiver.receive(b"Subject: another\r\n\r\n", mail_from="eve@example.org", rcpt_to=["x@example.com"])
    stored = receiver.backend.buckets["plain"][other.message_id].body
    (tmp_path / MESSAGE_ID).write_bytes(stored)  # the object of one mail under the key of another
    (tmp_path / "n.json").write_bytes(files()[NOTIFICATION])
    captures = ses.captures.read(tmp_path)
    assert {mail.message_id for mail in captures.mails} == {MESSAGE_ID, other.message_id}
    assert ses.fidelity(captures, account=ACCOUNT, readings=False).different == ()


def test_what_names_no_id_is_paired_by_its_second_where_one_mail_came_then() -> None:
    nameless = files()[BOUNCE].replace(b" with SMTP id ", b" with SMTP ")
    (mail,) = ses.captures.read([nameless, files()[OBJECT]]).mails
    assert [one.kind for one in mail.captures] == [Kind.OBJECT, Kind.BOUNCE]
    assert "paired by its time" in mail.captures[1].gaps[-1]
    second = files()[OBJECT].replace(MESSAGE_ID.encode(), b"a" * 38 + b"01")
    assert len(ses.captures.read([nameless, files()[OBJECT], second]).mails) == 3


def test_a_transcript_alone_tells_its_region_and_what_begins_in_the_middle_is_not_compared() -> None:
    whole = files()[SESSION].decode().replace("us-east-1", "eu-west-1")
    score = ses.fidelity([whole], readings=False)
    assert (score.different, score.lowest) == ((), 1.0)
    middle = "\n".join(whole.splitlines()[8:])
    score = ses.fidelity([middle], readings=False)
    assert {row.why for row in score.rows} == {"the transcript begins in the middle of a session"}


def test_a_bounce_without_the_header_of_ses_is_compared_by_what_it_says() -> None:
    start, end = files()[BOUNCE].index(b"Return-Path: <bounces"), files()[BOUNCE].index(b"From: =?utf-8?Q?J")
    oversize = files()[BOUNCE].replace(files()[BOUNCE][start:end], b"")
    score = ses.fidelity([oversize], account=ACCOUNT, readings=False)
    paths = {row.path for row in score.rows if row.agreement.agrees}
    assert {"sentence", "report.Diagnostic-Code", "report.Status", "header.From"} <= paths


def test_archives_logs_and_wrappers_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(files()[OBJECT]))
    (tmp_path / "log").write_bytes(files()[NOTIFICATION] + b"\n" + files()[CONTENT] + b"\n")
    (tmp_path / "gateway.json").write_text(json.dumps({"headers": {}, "body": files()["http/4-Bounce.json"].decode()}))
    (tmp_path / "wire.txt").write_bytes(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n" + files()["http/4-Bounce.json"])
    captures = ses.captures.read(tmp_path)
    assert captures.counts == {"stored object": 1, "notification": 4}
    assert ses.fidelity(captures, account=ACCOUNT, readings=False).different == ()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(name for name in files() if not name.startswith("vault"))),
    cut=st.integers(0, 4_000),
    noise=st.binary(max_size=12),
    how=st.sampled_from(["cut", "insert", "drop", "case"]),
)
def test_no_change_to_a_capture_raises(name: str, cut: int, noise: bytes, how: str) -> None:
    content = files()[name]
    at = cut % (len(content) + 1)
    content = {
        "cut": content[:at],
        "insert": content[:at] + noise + content[at:],
        "drop": content[:at] + content[at + 40 :],
        "case": content[:at] + content[at:].swapcase(),
    }[how]
    captures = ses.captures.read([content])
    score = ses.fidelity(captures, account=ACCOUNT, readings=False)
    assert captures.mails or captures.unrecognised
    assert str(score)
    assert score._repr_html_()
    ses.fidelity(captures, readings=False)
    assert ses.captures.read([content, files()[OBJECT]], kms=KMS).mails


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_raise(content: bytes) -> None:
    ses.fidelity(ses.captures.read([content]), readings=False)


_MEMBERS = [
    "mail", "receipt", "headers", "name", "value", "action", "type", "Records", "ses", "Sns", "Message", "timestamp",
    "recipients", "commonHeaders", "messageId", "content", "encoding", "status",
]  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(
        st.sampled_from(_MEMBERS),
        below, max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mail=json_values, receipt=json_values, rest=json_values)
def test_no_json_raises(mail: object, receipt: object, rest: object) -> None:
    told = {"notificationType": "Received", "mail": mail, "receipt": receipt, "content": rest}
    ses.fidelity(ses.captures.read([told, {"Records": [{"ses": told}]}, {"Records": rest}]), readings=False)
