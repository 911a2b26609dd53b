"""Receipts for the tests of what SES writes: one accepted mail, as values, made without network, clock or chance."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sesreceive.auth.results import (
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.verdict import Verdict, Verdicts
from sesreceive.writing.receipt import Receipt

MESSAGE_ID = "7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01"
RECEIVED_AT = datetime(2026, 1, 2, 10, 5, 5, 123_000, tzinfo=UTC)
SCANNED = Verdicts(spam=Verdict.PASS, virus=Verdict.PASS, spf=Verdict.PASS, dkim=Verdict.PASS, dmarc=Verdict.PASS)
NOT_SCANNED = replace(SCANNED, spam=Verdict.DISABLED, virus=Verdict.DISABLED)
MAIL = (
    b"From: Ana <ana@example.org>\r\nTo: bo@example.com\r\nSubject: hello\r\n"
    b"Date: Fri, 2 Jan 2026 10:05:04 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nhello\r\n"
)


def envelope_of(**changes: Any) -> Envelope:
    given: dict[str, Any] = {
        "client_ip": "198.51.100.7", "client_name": "mx.example.org", "helo": "mx.example.org",
        "mail_from": "ana@example.org", "rcpt_to": ("bo@example.com",),
    }  # fmt: skip
    return Envelope(**given | changes)


def receipt_of(raw: bytes = MAIL, *, envelope: Envelope | None = None, **changes: Any) -> Receipt:
    """A mail from example.org that passes everything, with some fields changed."""
    envelope = envelope or envelope_of()
    results = AuthenticationResults(
        spf=SpfResult(
            status=SpfStatus.PASS, domain="example.org", client_ip=envelope.client_ip, helo=envelope.helo,
            envelope_from=envelope.mail_from or f"postmaster@{envelope.helo}",
        ),
        dkim=(DkimResult(status=DkimStatus.PASS, domain="example.org", identity="@example.org"),),
        dmarc=DmarcResult(status=DmarcStatus.PASS, domain="example.org"),
    )  # fmt: skip
    given: dict[str, Any] = {
        "message": Message(raw), "envelope": envelope, "message_id": MESSAGE_ID, "received_at": RECEIVED_AT,
        "results": results, "region": "eu-west-1",
    }  # fmt: skip
    return Receipt(**given | changes)


# What differs from run to run, from service to emulator: keys, ids, and what is made of them.
_VARIABLE = (
    (re.compile(rb"(X-SES-RECEIPT(?:: |\",\"value\":\"))AEFBQUFBQUFBQUF[A-Za-z0-9+/=]+"), rb"\1{receipt}"),
    (re.compile(rb"; b=[A-Za-z0-9+/]{171}=; c=relaxed/simple"), rb"; b={b}; c=relaxed/simple"),
    (re.compile(rb"; v=1; bh=[A-Za-z0-9+/]{43}=; h=From"), rb"; v=1; bh={bh}; h=From"),
    (re.compile(rb"\tbh=[A-Za-z0-9+/]{43}=;\r\n\tb=[A-Za-z0-9+/]{171}="), rb"\tbh={bh};\r\n\tb={b}"),
    (re.compile(rb"----=_Part_[0-9]+_[0-9]+\.[0-9]{13}"), rb"{boundary}"),
    (re.compile(rb"<[0-9a-f]{16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-000000@"), rb"<{id}@"),
    (re.compile(rb"(Feedback-ID: 1\.[a-z0-9-]+\.)[A-Za-z0-9+/]{43}=:"), rb"\1{feedback}:"),
)


def normalised(data: bytes | str) -> bytes:
    """The bytes with placeholders for signatures, tokens and ids, each recognised by its exact form."""
    text = data.encode() if isinstance(data, str) else data
    for pattern, placeholder in _VARIABLE:
        text = pattern.sub(placeholder, text)
    return text
