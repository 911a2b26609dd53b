"""Bounces: their form (the golden files hold it to the byte), their parts, and mail that wants to break them."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.assumption import Assumptions
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message
from sesreceive.writing.dsn import bounce_dsn, oversize_dsn
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.send_bounce import (
    BOUNCE_TYPES,
    BouncedRecipient,
    MessageDsn,
    refusal,
    send_bounce_dsn,
    within_window,
)
from sesreceive.writing.ses_keys import zone_records
from sesreceive.writing.stored_message import header_block
from tests.writing.samples import MAIL, MESSAGE_ID, RECEIVED_AT, SCANNED, normalised, receipt_of
from tests.writing.test_stored_message import HOSTILE

HEADER = MAIL.partition(b"\r\n\r\n")[0] + b"\r\n"


def bounce(receipt: Receipt | None = None, **changes: Any) -> bytes:
    given_: dict[str, Any] = {
        "recipients": ("bo@example.com",), "sender": "postmaster@example.com", "smtp_reply_code": "550",
        "status_code": "5.1.1", "message": "Mailbox does not exist", "verdicts": SCANNED,
    }  # fmt: skip
    return bounce_dsn(receipt or receipt_of(), **given_ | changes)


def parts(raw: bytes) -> list[bytes]:
    """The bodies of the parts, cut by the boundary alone."""
    head, _, body = raw.partition(b"\r\n\r\n")
    boundary = head.partition(b'boundary="')[2].partition(b'"')[0]
    pieces = body.split(b"--" + boundary)
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    return [piece.partition(b"\r\n\r\n")[2] for piece in pieces[1:-1]]


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_bounce_is_a_delivery_status_notification() -> None:
    message = parsed(bounce())
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain", "message/delivery-status", "text/rfc822-headers",
    ]  # fmt: skip
    assert (message["From"], message["To"]) == ("postmaster@example.com", "ana@example.org")
    assert message["Return-Path"] == "<>"


def test_the_report_has_a_block_for_each_recipient() -> None:
    about_mail, *blocks, rest = parts(bounce(recipients=("Bo@Example.com", "x@example.com")))[1].split(b"\r\n\r\n")
    assert about_mail.decode().split("\r\n") == [
        "Reporting-MTA: dns; inbound-smtp.eu-west-1.amazonaws.com",
        "Arrival-Date: Fri, 02 Jan 26 10:05:05 UTC",
    ]
    assert [block.decode().split("\r\n") for block in blocks] == [
        [
            "Action: failed",
            f"Final-Recipient: rfc822; {recipient}",
            f"Original-Recipient: rfc822; {recipient}",
            "Diagnostic-Code: smtp; 550 5.1.1 Mailbox does not exist",
            "Status: 5.1.1",
        ]
        for recipient in ("Bo@Example.com", "x@example.com")
    ]
    assert rest == b"\r\n"


# reply code, status code, assumed      diagnostic                        status
DIAGNOSTICS = [
    ("550", "5.1.1", "by-class",        "smtp; 550 5.1.1 why",            "5.1.1"),
    ("550", None,    "by-class",        "smtp; 550 why",                  "5.0.0"),
    ("450", None,    "by-class",        "smtp; 450 why",                  "4.0.0"),
    ("450", "4.2.2", "by-class",        "smtp; 450 4.2.2 why",            "4.2.2"),
    ("550", None,    "absent",          "smtp; 550 why",                  None),
]  # fmt: skip


@pytest.mark.parametrize("code, status, assumed, diagnostic, told", DIAGNOSTICS)
def test_the_diagnostic_is_code_status_and_text(
    code: str, status: str | None, assumed: str, diagnostic: str, told: str | None
) -> None:
    receipt = receipt_of(assumptions=Assumptions(bounce_status_code=assumed))
    report = parts(bounce(receipt, smtp_reply_code=code, status_code=status, message="why"))[1].decode()
    assert "\r\nAction: failed\r\n" in report
    assert f"\r\nDiagnostic-Code: {diagnostic}\r\n" in report
    assert ("\r\nStatus:" in report) is (told is not None)
    assert told is None or f"\r\nStatus: {told}\r\n" in report


def test_the_header_comes_back_with_what_ses_added() -> None:
    added = (("X-Reviewed", "yes"),)
    returned = parts(bounce(added=added))[2]
    assert returned == header_block(receipt_of(), SCANNED, added) + HEADER + b"X-Reviewed: yes\r\n\r\n\r\n"


def test_a_too_large_message_comes_back_with_the_senders_header_alone() -> None:
    raw = oversize_dsn(receipt_of(), recipients=("bo@example.com",), sender="postmaster@example.com")
    text, report, returned = parts(raw)
    assert text == b"This message could not be delivered.\r\n"
    assert b"\r\nDiagnostic-Code: smtp; 552 5.2.3 Message length exceeds limit set by recipient\r\n" in report
    assert b"\r\nStatus: 5.2.3\r\n" in report
    assert returned == HEADER + b"\r\n\r\n"


def test_a_bounce_is_the_same_each_time_and_differs_between_mails() -> None:
    assert bounce() == bounce()
    assert bounce(receipt_of(message_id="0" * 39 + "1")) != bounce()
    named = bounce(dsn_id="0100000000000000-00000000-0000-0000-0000-000000000000-000000")
    assert named != bounce()
    assert normalised(named) == normalised(bounce())


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_headers_come_back_as_they_are_in_three_parts(raw: bytes) -> None:
    receipt = receipt_of(raw)
    returned = parts(bounce(receipt, with_ses_headers=False))[2]
    expected = bytes(receipt.message.header).replace(b"\n\t", b"\n ")
    assert returned.removesuffix(b"\r\n\r\n").rstrip(b"\r\n") == expected.rstrip(b"\r\n")


def test_folds_with_a_tab_come_back_with_a_space() -> None:
    receipt = receipt_of(b"Subject: a\r\n\tb\r\n c\td\r\n\r\nx\r\n")
    assert parts(bounce(receipt, with_ses_headers=False))[2] == b"Subject: a\r\n b\r\n c\td\r\n\r\n\r\n"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-north-1"])
def test_a_bounce_is_signed_by_amazonses_and_verifies_with_the_published_key(region: str) -> None:
    raw = bounce(receipt_of(region=region))
    signature = Message(raw).get("DKIM-Signature") or ""
    assert " d=amazonses.com; " in signature
    zone = Zone(zone_records(region))
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: zone.resolve(name.decode(), "TXT").values[0])
    assert not dkim.verify(
        raw.replace(b"could not be", b"could be"),
        dnsfunc=lambda name, timeout=5: zone.resolve(name.decode(), "TXT").values[0],
    )


IDS = [
    # region       prefix   host
    ("us-east-1",  "0100",  "email.amazonses.com"),
    ("us-west-2",  "0101",  "us-west-2.amazonses.com"),
    ("eu-west-1",  "0102",  "eu-west-1.amazonses.com"),
    ("ap-south-1", "0109",  "ap-south-1.amazonses.com"),
]  # fmt: skip


@pytest.mark.parametrize("region, prefix, host", IDS)
def test_the_message_id_names_the_region(region: str, prefix: str, host: str) -> None:
    message_id = Message(bounce(receipt_of(region=region))).get("Message-ID") or ""
    assert message_id.startswith(f"<{prefix}")
    assert message_id.endswith(f"@{host}>")


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b":", b"--", b"\x00", b"\xff", b"----=_Part_0_"]), max_size=30))
def test_no_header_breaks_the_parts(pieces: list[bytes]) -> None:
    assert len(parts(bounce(receipt_of(b"".join(pieces))))) == 3


def test_a_boundary_that_the_mail_knows_is_not_used() -> None:
    """A sender who guesses the boundary, which is no secret here, gains nothing."""
    fixed = {"dsn_id": "fixed", "with_ses_headers": False}
    boundary = bounce(**fixed).partition(b'boundary="')[2].partition(b'"')[0]
    raw = b"Subject: x\r\n--" + boundary + b"--\r\nX-More: y\r\n\r\n"
    again = bounce(receipt_of(raw), **fixed)
    assert b'boundary="' + boundary not in again
    assert len(parts(again)) == 3
    assert b"--" + boundary + b"--\r\nX-More: y" in parts(again)[2]


def test_text_from_the_session_begins_no_line() -> None:
    evil = "x\r\n\r\n--b\nX-Injected: yes\r"
    spf = replace(receipt_of().results.spf, helo=evil, envelope_from=evil, domain=evil)
    receipt = receipt_of(results=replace(receipt_of().results, spf=spf))
    raw = bounce(receipt, recipients=(evil,), sender=evil, message=evil, smtp_reply_code=evil, status_code=evil)
    assert not any(line.startswith((b"X-Injected", b"--b")) for line in raw.split(b"\r\n"))
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert len(parts(raw)) == 3


def test_times_follow_the_receipt_unless_they_are_given() -> None:
    assert b"\r\nDate: Fri, 2 Jan 2026 10:05:06 +0000\r\n" in bounce()
    later = RECEIVED_AT + timedelta(hours=30)
    raw = bounce(sent_at=later)
    assert b"\r\nDate: Sat, 3 Jan 2026 16:05:05 +0000\r\n" in raw
    assert b"\r\nX-SES-Outgoing: 2026.01.03-" in raw
    assert b"Arrival-Date: Fri, 02 Jan 26 10:05:05 UTC" in raw


# ---------------------------------------------------------------- SendBounce


@pytest.mark.parametrize("kind", BOUNCE_TYPES)
def test_each_bounce_type_has_code_status_and_text(kind: str) -> None:
    code, status, text = BOUNCE_TYPES[kind]
    block = dict(BouncedRecipient(recipient="bo@example.com", bounce_type=kind).block())
    assert block["Diagnostic-Code"] == f"smtp; {code} {status} {text}"
    assert block["Status"] == status
    assert block["Action"] == "failed"


def test_the_callers_fields_are_in_the_report() -> None:
    request = {
        "Recipient": "bo@example.com",
        "RecipientDsnFields": {
            "FinalRecipient": "bo@example.net", "Action": "delayed", "RemoteMta": "dns; mx.example.net",
            "Status": "4.4.7", "DiagnosticCode": "smtp; 451 later", "LastAttemptDate": RECEIVED_AT,
            "ExtensionFields": [{"Name": "X-Why", "Value": "because"}],
        },
    }  # fmt: skip
    dsn = {"ReportingMta": "dns; mail.example.com", "ArrivalDate": RECEIVED_AT,
           "ExtensionFields": [{"Name": "X-Mail", "Value": "1"}]}  # fmt: skip
    raw = send_bounce_dsn(
        receipt_of(), bounce_sender="postmaster@example.com", recipients=[BouncedRecipient.from_api(request)],
        message_dsn=MessageDsn.from_api(dsn), explanation="Bitte später.\nZwei Zeilen.", verdicts=SCANNED,
    )  # fmt: skip
    text, report, returned = parts(raw)
    assert text.decode() == "Bitte später.\r\nZwei Zeilen.\r\n"
    assert next(part.get_content_charset() for part in parsed(raw).iter_parts()) == "utf-8"
    assert report.decode().split("\r\n") == [
        "Reporting-MTA: dns; mail.example.com", "Arrival-Date: Fri, 02 Jan 2026 10:05:05 +0000", "X-Mail: 1", "",
        "Action: delayed", "Final-Recipient: rfc822; bo@example.net", "Original-Recipient: rfc822; bo@example.com",
        "Remote-MTA: dns; mx.example.net", "Diagnostic-Code: smtp; 451 later", "Status: 4.4.7",
        "Last-Attempt-Date: Fri, 02 Jan 2026 10:05:05 +0000", "X-Why: because", "", "", "",
    ]  # fmt: skip
    assert returned == header_block(receipt_of(), SCANNED) + HEADER + b"\r\n\r\n"


def test_a_bare_request_gives_the_bounce_of_the_bounce_action() -> None:
    raw = send_bounce_dsn(
        receipt_of(), bounce_sender="postmaster@example.com", verdicts=SCANNED,
        recipients=[BouncedRecipient(recipient="bo@example.com", bounce_type="DoesNotExist")],
    )  # fmt: skip
    assert normalised(raw) == normalised(bounce())


@pytest.mark.parametrize("over_s, open_", [(-1, True), (0, True), (1, False)])
def test_the_window_is_24_hours(over_s: int, open_: bool) -> None:
    now = RECEIVED_AT + timedelta(hours=24, seconds=over_s)
    assert within_window(RECEIVED_AT, now) is open_
    refused = refusal(receipt_of(), message_id=MESSAGE_ID, recipients=(), now=now)
    assert refused == ("" if open_ else f"message `{MESSAGE_ID}` was received more than 24 hours ago")


def test_only_recipients_of_a_known_mail_can_bounce() -> None:
    about = {"message_id": MESSAGE_ID, "now": RECEIVED_AT}
    one = BouncedRecipient(recipient="BO@example.com")
    other = BouncedRecipient(recipient="x@example.com")
    forwarded = BouncedRecipient(recipient="x@example.com", final_recipient="bo@example.com")
    assert refusal(receipt_of(), recipients=[one, forwarded], **about) == ""
    assert refusal(receipt_of(), recipients=[one, other], **about) == (
        f"`x@example.com` was no recipient of message `{MESSAGE_ID}`"
    )
    assert refusal(None, recipients=[one], **about) == f"no message `{MESSAGE_ID}` was received"
