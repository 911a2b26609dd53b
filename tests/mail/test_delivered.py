"""The envelope out of a header: what is taken from where, and that no header is too odd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.mail.delivered import envelope_of
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message

INSIDE = """\
Received: from localhost (localhost [127.0.0.1]) by in.example.com with LMTP
Received: from filter (filter.lan [10.1.2.3]) by in.example.com with ESMTP
Received: from mx.example.org (mx.example.org [203.0.113.9]) by edge.example.com with ESMTP
Received: from pc (pc [198.51.100.99]) by mx.example.org with ESMTPSA"""

# header, what the envelope has in these fields
HEADERS = [
    ("Return-Path: <ana@example.org>\r\nFrom: bo@example.org", {"mail_from": "ana@example.org"}),
    ("Return-Path: <>\r\nFrom: bo@example.org", {"mail_from": ""}),
    ("From: Bo <bo@example.org>, cy@example.org", {"mail_from": "bo@example.org"}),
    (f"To: <{'x' * 300}@example.com>, ana@example.com", {"rcpt_to": ("ana@example.com",)}),  # SMTP has no room for it
    ('To: <"a\x07b"@example.com>, ana@example.com', {"rcpt_to": ("ana@example.com",)}),  # nor a way to say a control
    ("To: a@example.com b@example.com", {"rcpt_to": ("a@example.com", "b@example.com")}),
    ("Subject: x", {"mail_from": "", "rcpt_to": (), "client_ip": Envelope().client_ip, "helo": "localhost"}),
    ("To: a@example.com, b@example.com\r\nCc: c@example.com, a@example.com",
     {"rcpt_to": ("a@example.com", "b@example.com", "c@example.com")}),
    ("To: list@example.org\r\nDelivered-To: ana@example.com", {"rcpt_to": ("ana@example.com",)}),
    ("To: list@example.org\r\nX-Original-To: ana@example.com", {"rcpt_to": ("ana@example.com",)}),
    ("To: list@example.org\r\nEnvelope-To: ana@example.com", {"rcpt_to": ("ana@example.com",)}),
    ("To: one@example.com\r\nTo: two@example.com", {"rcpt_to": ("one@example.com", "two@example.com")}),
    ("Received: from mx.example.org (mx.example.org [198.51.100.7])\r\n\tby in.example.com (Postfix) with ESMTPS id 1",
     {"client_ip": "198.51.100.7", "helo": "mx.example.org", "client_name": "mx.example.org", "tls": True}),
    ("Received: from helo (unknown [IPv6:2001:db8::7]) by in.example.com with ESMTP",
     {"client_ip": "2001:db8::7", "helo": "helo", "client_name": "", "tls": False}),
    (INSIDE, {"client_ip": "203.0.113.9"}),
    ("Received: by in.example.com with SMTP id 1", {"client_ip": Envelope().client_ip}),
    ("Received: from x ([300.1.1.1]) by y with SMTP", {"client_ip": Envelope().client_ip}),
]  # fmt: skip


@pytest.mark.parametrize("header, fields", HEADERS)
def test_envelope_of_a_delivered_message(header: str, fields: dict[str, object]) -> None:
    found = envelope_of(Message(f"{header}\r\n\r\nbody".encode()))
    assert {name: getattr(found, name) for name in fields} == fields


PIECES = st.lists(
    st.sampled_from(
        ["From: ", "To: ", "Received: from ", "Return-Path: ", "Delivered-To: ", "\r\n", "\n", " ", "<", ">", "(", ")",
         '"', "\\", ",", ";", ":", "@", "ana@example.org", "[", "]", "[192.0.2.1]", "by x with SMTP", "\x00", "é", "["]
    ),
    max_size=40,
)  # fmt: skip


@given(PIECES | st.binary(max_size=200))
def test_any_header_gives_an_envelope(pieces: list[str] | bytes) -> None:
    raw = pieces if isinstance(pieces, bytes) else "".join(pieces).encode()
    found = envelope_of(Message(raw))
    assert all("@" in recipient for recipient in found.rcpt_to)
    assert found == Envelope.from_json(found.to_json())
