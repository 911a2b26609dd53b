"""The stored message: SES's header block, then the bytes that came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.assumption import Assumptions
from sesreceive.mail.message import Message
from sesreceive.writing.header_list import header_list
from sesreceive.writing.sizes import exceeds_sns_limit, oversize_sender
from sesreceive.writing.stored_message import header_block, stored_message, stored_size
from tests.writing.samples import MAIL, MESSAGE_ID, NOT_SCANNED, SCANNED, envelope_of, receipt_of

ORDER = [b"Return-Path", b"Received", b"X-SES-Spam-Verdict", b"X-SES-Virus-Verdict", b"Received-SPF",
         b"Authentication-Results", b"X-SES-RECEIPT", b"X-SES-DKIM-SIGNATURE"]  # fmt: skip

HOSTILE = {
    "nothing": b"",
    "no header": b"\r\nbody\r\n",
    "no body": b"Subject: x\r\n",
    "no line end": b"Subject: x",
    "bare carriage returns": b"Subject: a\rb\r\rc\r\n\r\na\rb",
    "bare line feeds": b"Subject: a\n b\n\nbody\n",
    "nul": b"Sub\x00ject: a\x00b\r\n\r\n\x00",
    "8-bit": bytes(range(128, 256)) + b"\r\n\r\n" + bytes(range(256)),
    "no colon": b"no colon at all\r\nFrom ana@example.org Fri\r\n: no name\r\n\r\n",
    "starts with a fold": b" folded\r\n\tmore\r\n\r\nbody",
    "blank lines": b"\r\n" * 1000,
}


@given(st.binary(max_size=300), st.booleans())
def test_the_stored_message_without_the_block_is_what_came(raw: bytes, scanned: bool) -> None:
    verdicts = SCANNED if scanned else NOT_SCANNED
    receipt = receipt_of(raw)
    block = header_block(receipt, verdicts)
    stored = stored_message(receipt, verdicts)
    assert stored[: len(block)] == block
    assert stored[len(block) :] == raw
    assert len(stored) == stored_size(receipt, verdicts)


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_change_nothing_above_them(raw: bytes) -> None:
    stored = stored_message(receipt_of(raw), SCANNED)
    block = stored.removesuffix(raw)
    assert [field.name for field in Message(block).fields] == ORDER
    assert stored == block + raw


def test_without_scanning_the_two_verdict_headers_are_absent() -> None:
    names = [field.name for field in Message(header_block(receipt_of(), NOT_SCANNED)).fields]
    assert names == [name for name in ORDER if b"Verdict" not in name]


def test_only_received_and_authentication_results_are_folded() -> None:
    block = header_block(receipt_of(), SCANNED)
    folded = {field.name for field in Message(block).fields if b"\n" in field.value}
    assert folded == {b"Received", b"Authentication-Results"}
    assert b"\r\n\t" not in block
    assert b"\r\n  " not in block


def test_the_receipt_header_is_framed_as_the_service_frames_it() -> None:
    from base64 import b64decode

    seen = set()
    for number in range(200):
        value = receipt_of(message_id=f"{number:040d}").x_ses_receipt
        assert value.startswith("AEFBQUFBQUFBQUF")
        seen.add(value[15])
        outer = b64decode(value, validate=True)
        blob = b64decode(outer[1:], validate=True)
        assert outer[:1] == b"\x00"
        assert blob[:8] == (1).to_bytes(8, "big")
        assert 220 <= len(blob) - 8 <= 280
    assert seen <= set("EFGHI")
    assert receipt_of().x_ses_receipt == receipt_of().x_ses_receipt


ADDED = (("X-One", "1"), ("X-Two", "zwei: ä\t"))


NAMES = ["Return-Path", "Received", "Received-SPF", "Authentication-Results", "X-SES-RECEIPT", "X-SES-DKIM-SIGNATURE"]
PLACES = [
    # the message              added, in action order               the names below SES's own block, in order
    (b"A: 1\r\nB: 2\r\n\r\nx",   [("X", "1"), ("Y", "2")],            ["A", "B", "X", "Y"]),
    (b"A: 1\r\nB: 2\r\n\r\nx",   [("a", "3"), ("Y", "2")],            ["A", "a", "B", "Y"]),
    (b"A: 1\r\nB: 2\r\nA: 4\r\n\r\n", [("A", "5"), ("A", "6")],     ["A", "B", "A", "A", "A"]),
    (b"A: 1\r\n 2\r\nB: 2\r\n\r\n", [("A", "5")],                  ["A", "A", "B"]),
    (b"A: 1\r\n\r\n",          [("X", "1"), ("Y", "2"), ("X", "3")], ["A", "X", "X", "Y"]),
    (b"A: 1\r\n",              [("X", "1")],                        ["A", "X"]),
    (b"A: 1",                  [("X", "1")],                        ["A", "X"]),
    (b"A: 1\nB: 2\n\nx",       [("A", "1")],                        ["A", "A", "B"]),
    (b"\r\nno header",         [("X", "1")],                        ["X"]),
    (b"",                      [("X", "1")],                        ["X"]),
]  # fmt: skip


@pytest.mark.parametrize("raw, added, names", PLACES)
def test_an_added_header_stands_behind_its_name_or_at_the_end_of_the_header(
    raw: bytes, added: list[tuple[str, str]], names: list[str]
) -> None:
    receipt = receipt_of(raw)
    stored = stored_message(receipt, NOT_SCANNED, added)
    message = Message(stored)
    assert [field.name.decode() for field in message.fields] == [*NAMES, *names]
    assert bytes(message.body) == bytes(receipt.message.body)
    assert len(stored) == stored_size(receipt, NOT_SCANNED, added)
    assert [name for name, _ in header_list(receipt, NOT_SCANNED, added)] == [*NAMES, *names]


def test_an_added_header_with_a_name_of_sess_own_stands_behind_that() -> None:
    stored = stored_message(receipt_of(), SCANNED, [("X-SES-Virus-Verdict", "mine"), ("Received", "x")])
    names = [field.name.decode() for field in Message(stored).fields]
    assert names[:6] == [
        "Return-Path", "Received", "Received", "X-SES-Spam-Verdict", "X-SES-Virus-Verdict", "X-SES-Virus-Verdict",
    ]  # fmt: skip


def test_added_headers_can_be_assumed_to_stand_between_the_ses_block_and_the_senders_header() -> None:
    receipt = receipt_of(assumptions=Assumptions(added_header_position="after-ses-block"))
    stored = stored_message(receipt, SCANNED, ADDED)
    assert stored.endswith("\r\nX-One: 1\r\nX-Two: zwei: ä\t\r\n".encode() + MAIL)
    assert [field.name for field in Message(stored).fields][:8] == ORDER


def test_added_headers_can_be_assumed_to_stand_on_top() -> None:
    receipt = receipt_of(assumptions=Assumptions(added_header_position="top"))
    stored = stored_message(receipt, SCANNED, ADDED)
    assert stored.startswith("X-One: 1\r\nX-Two: zwei: ä\t\r\nReturn-Path: ".encode())


# envelope                                       assumptions                            the first lines of Received
RECEIVED = [
    ({}, {}, "from mx.example.org (mx.example.org [198.51.100.7])"),
    ({"client_name": "rev.example.net"}, {}, "from mx.example.org (rev.example.net [198.51.100.7])"),
    ({"client_name": ""}, {}, "from mx.example.org ([198.51.100.7])"),
    ({"client_name": ""}, {"received_without_rdns": "helo"}, "from mx.example.org (mx.example.org [198.51.100.7])"),
    ({"client_name": ""}, {"received_without_rdns": "unknown"}, "from mx.example.org (unknown [198.51.100.7])"),
    ({"client_ip": "2001:db8::1", "helo": "[IPv6:2001:db8::1]", "client_name": ""}, {},
     "from [IPv6:2001:db8::1] ([2001:db8::1])"),
]  # fmt: skip


@pytest.mark.parametrize("said, assumed, line", RECEIVED)
def test_received_names_the_client(said: dict[str, str], assumed: dict[str, str], line: str) -> None:
    receipt = receipt_of(envelope=envelope_of(**said), assumptions=Assumptions(**assumed))
    assert header_block(receipt, SCANNED).decode().split("\r\n")[1] == f"Received: {line}"


BY = f" by inbound-smtp.eu-west-1.amazonaws.com with SMTP id {MESSAGE_ID}"
RECIPIENTS = [
    # recipients                         behind the first line, up to the date
    (("Bo+X@Example.com",),              [BY, " for Bo+X@Example.com;"]),
    (("b@example.com", "a@example.com"), [f"{BY};"]),
]  # fmt: skip


@pytest.mark.parametrize("rcpt_to, lines", RECIPIENTS)
def test_received_names_the_recipient_where_there_is_one(rcpt_to: tuple[str, ...], lines: list[str]) -> None:
    receipt = receipt_of(envelope=envelope_of(rcpt_to=rcpt_to))
    written = header_block(receipt, NOT_SCANNED).decode().split("\r\n")[2:]
    assert written[: len(lines) + 1] == [*lines, " Fri, 02 Jan 2026 10:05:05 +0000 (UTC)"]


def test_the_null_sender_is_a_pair_of_brackets() -> None:
    receipt = receipt_of(envelope=envelope_of(mail_from=""))
    block = header_block(receipt, SCANNED)
    assert block.startswith(b"Return-Path: <>\r\n")
    assert b"envelope-from=postmaster@mx.example.org;" in block


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a time with its zone"):
        receipt_of(received_at=receipt_of().received_at.replace(tzinfo=None))


@pytest.mark.parametrize("over, exceeds", [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("limit", [153_600, 150_000])
@pytest.mark.parametrize("with_headers", [True, False])
def test_the_sns_limit_holds_to_the_byte(limit: int, with_headers: bool, over: int, exceeds: bool) -> None:
    assumed = Assumptions(sns_size_limit_bytes=limit, sns_size_includes_ses_headers=with_headers)
    overhead = stored_size(receipt_of(), SCANNED, ADDED) - len(MAIL) if with_headers else 0
    receipt = receipt_of(MAIL + b"x" * (limit + over - overhead - len(MAIL)), assumptions=assumed)
    assert exceeds_sns_limit(receipt, SCANNED, ADDED) is exceeds


def test_the_bounce_of_a_too_large_message_comes_from_the_postmaster_of_the_domain() -> None:
    assert oversize_sender(receipt_of(), ["Bo@Mail.Example.com", "x@example.net"]) == "postmaster@mail.example.com"
    assumed = Assumptions(oversize_sender="mailer-daemon")
    assert oversize_sender(receipt_of(assumptions=assumed), ["bo@example.com"]) == "mailer-daemon@example.com"
