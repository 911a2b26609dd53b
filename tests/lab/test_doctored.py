"""What is done to a message is noticed where the table says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.auth import dkim
from sesreceive.dns.zone import Zone
from sesreceive.lab.doctored import MARKERS, TAMPERINGS, marked, pretended, with_field
from sesreceive.lab.sign import SigningKey, sign
from sesreceive.mail.message import Message
from sesreceive.scan.markers import MarkerScanner

NOW = 1_767_348_000
RAW = b"From: ana@example.org\r\nSubject: hello\r\n\r\nsome text\r\n"
KEY = SigningKey.generate("example.org", "s1", kind="ed25519")
CHANGES = {one.title: one.change for one in TAMPERINGS}

# change → result of a relaxed, of a simple signature, of one with a length
NOTICED = [
    ("nothing", "pass", "pass", "pass"),
    ("a letter of the body", "fail", "fail", "fail"),
    ("the subject", "fail", "fail", "fail"),
    ("a footer below the body, as mailing lists add", "fail", "fail", "pass"),
    ("a blank more in the body", "pass", "fail", "pass"),
    ("its signatures taken away", "", "", ""),
]


@pytest.mark.parametrize("title, relaxed, simple, length", NOTICED)
def test_a_change_is_noticed_as_the_table_says(title: str, relaxed: str, simple: str, length: str) -> None:
    ways = ({}, {"canonicalization": "simple/simple"}, {"length": True})
    got = []
    for way in ways:
        raw = CHANGES[title](sign(RAW, KEY, signed_at=NOW, **way))  # type: ignore[arg-type]  # each is one of its options
        results = dkim.verify(Message(raw), Zone({KEY.name: {"TXT": KEY.record}}), NOW)
        got.append(" ".join(one.status.value for one in results))
    assert got == [relaxed, simple, length]


@given(st.binary(max_size=300), st.sampled_from(TAMPERINGS), st.sampled_from(["", "from", "both", "name"]))
def test_any_bytes_can_be_doctored(raw: bytes, tampering: object, how: str) -> None:
    changed = tampering.change(pretended(raw, how, 'a"b\r\nX: y@example.com', "ana@example.org"))  # type: ignore[attr-defined]
    assert isinstance(changed, bytes)
    assert not Message(changed).all("X") or Message(raw).all("X")


@pytest.mark.parametrize("name, subject", [("GTUBE", "spam"), ("EICAR", "virus")])
@pytest.mark.parametrize("raw", [RAW, RAW.rstrip(), b"", b"From: x\r\n"])
def test_a_marker_is_found_by_the_scanner(name: str, subject: str, raw: bytes) -> None:
    found = {
        one.subject.value: one.verdict.value for one in MarkerScanner().scan(Message(marked(raw, name)), ses.Envelope())
    }
    assert found[subject] == "FAIL"
    assert set(MARKERS) == {"GTUBE", "EICAR"}


FIELDS = [
    (b"From: a\r\nTo: b\r\n\r\nFrom: c\r\n", "From", b"From: x\r\nTo: b\r\n\r\nFrom: c\r\n"),
    (b"From: a\r\n b\r\n\tc\r\nTo: b\r\n\r\n", "from", b"from: x\r\nTo: b\r\n\r\n"),
    (b"To: b\r\n\r\nFrom: c", "From", b"From: x\r\nTo: b\r\n\r\nFrom: c"),
    (b"junk\r\nFrom: a\r\n\r\n", "From", b"junk\r\nFrom: x\r\n\r\n"),
    (b"From: a", "From", b"From: x\r\n"),
]


@pytest.mark.parametrize("raw, name, want", FIELDS)
def test_a_field_is_replaced_in_its_place(raw: bytes, name: str, want: bytes) -> None:
    assert with_field(raw, name, "x") == want
