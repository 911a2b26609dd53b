"""GTUBE and EICAR are found however they travel; nothing else is."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.scan.markers import EICAR, GTUBE

PLAIN = b"Subject: x\r\n\r\n"
BASE64 = b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
QUOTED = b"Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"


def lines(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


MESSAGES = [
    # name                        message                                              spam    virus
    ("clean", PLAIN + b"hello", "PASS", "PASS"),
    ("gtube plain", PLAIN + GTUBE + b"\r\n", "FAIL", "PASS"),
    ("eicar plain", PLAIN + EICAR, "PASS", "FAIL"),
    ("both", PLAIN + GTUBE + b"\r\n" + EICAR, "FAIL", "FAIL"),
    ("eicar in base64", BASE64 + lines(EICAR), "PASS", "FAIL"),
    ("eicar on one line", BASE64 + base64.b64encode(EICAR), "PASS", "FAIL"),
    ("eicar deep in base64", BASE64 + lines(b"\0" * 1000 + EICAR + b"\0" * 1000), "PASS", "FAIL"),
    ("eicar in quoted-printable", QUOTED + quopri.encodestring(EICAR), "PASS", "FAIL"),
    ("half a marker", PLAIN + GTUBE[:40], "PASS", "PASS"),
    ("nothing at all", b"", "PASS", "PASS"),
]


@pytest.mark.parametrize("name, raw, spam, virus", MESSAGES, ids=[row[0] for row in MESSAGES])
def test_markers_are_found_however_they_travel(name: str, raw: bytes, spam: str, virus: str) -> None:
    findings = ses.MarkerScanner().scan(ses.Message(raw), ses.Envelope())
    assert [str(finding.verdict) for finding in findings] == [spam, virus]


@given(st.binary(max_size=400), st.sampled_from([PLAIN, BASE64, QUOTED]))
def test_any_bytes_get_a_verdict(body: bytes, header: bytes) -> None:
    findings = list(ses.MarkerScanner().scan(ses.Message(header + body), ses.Envelope()))
    assert [finding.verdict for finding in findings] == ["PASS", "PASS"]


def test_a_script_that_raises_is_a_scanner_that_failed() -> None:
    def broken(message: ses.Message, envelope: ses.Envelope) -> str:
        raise RuntimeError("out of memory")

    spam, virus = ses.ScriptedScanner(spam=broken, virus="GRAY").scan(ses.Message(b""), ses.Envelope())
    assert (spam.verdict, spam.reason) == ("PROCESSING_FAILED", "the scanner failed: RuntimeError: out of memory")
    assert virus.verdict == "GRAY"
