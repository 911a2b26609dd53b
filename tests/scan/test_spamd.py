"""SpamAssassin's points give FAIL, GRAY or PASS; what it cannot say is PROCESSING_FAILED with the reason."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.scan.markers import GTUBE
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.scan.scanner_service import Started
from tests.scan.puppet import Puppet, silence

MAIL = (
    b"Date: Mon, 01 Jan 2024 00:00:00 +0000\r\nFrom: Ana <ana@example.org>\r\nTo: billing@example.com\r\n"
    b"Message-ID: <20240101000000.1234@mx.example.org>\r\nSubject: %b\r\n\r\n%b\r\n"
)
HELLO = MAIL % (b"hello", b"See you on Monday.")


def asked(question: bytes) -> bool:
    head, end, body = question.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(head.rpartition(b" ")[2])


def finding(scanner: ses.SpamdScanner, raw: bytes) -> Finding:
    (found,) = scanner.scan(ses.Message(raw), ses.Envelope())
    assert found.subject is Subject.SPAM
    return found


MESSAGES = [
    # name             message                                   verdict   in the reason
    ("clean",          HELLO,                                     "PASS",    "spam from 5 on: "),
    ("gtube",          MAIL % (b"hello", GTUBE),                  "FAIL",    "GTUBE"),
    ("near spam",      MAIL % (b"four points", b"hello"),         "GRAY",    "OURS_FOUR_POINTS"),
    ("large",          MAIL % (b"hello", b"see you\r\n" * 9000), "PASS",    "points"),
    ("many bytes",     MAIL % (b"hello", bytes(range(256))),      "PASS",    "points"),
    ("nothing at all", b"",                                       "FAIL",    "EMPTY_MESSAGE"),
]  # fmt: skip


@pytest.mark.spamd
@pytest.mark.parametrize("where", ["path", "tcp"])
@pytest.mark.parametrize("raw, verdict, reason", [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
@pytest.mark.slow
def test_what_spamassassin_says_is_the_verdict(
    spamd: Started, where: str, raw: bytes, verdict: str, reason: str
) -> None:
    found = finding(ses.SpamdScanner(address=getattr(spamd, where)), raw)
    assert found.verdict == verdict
    assert reason in found.reason


SETTINGS = [
    # settings                                 verdict on 4 points, where 5 are spam
    ({},                                       "GRAY"),
    ({"gray_band": 0},                         "PASS"),
    ({"gray_band": 0.5},                       "PASS"),
    ({"gray_band": 1},                         "GRAY"),
    ({"threshold": 4},                         "FAIL"),
    ({"threshold": 4.1},                       "GRAY"),
    ({"threshold": 6},                         "GRAY"),
    ({"threshold": 6.1},                       "PASS"),
    ({"threshold": 100, "gray_band": 99},      "GRAY"),
]  # fmt: skip


@pytest.mark.parametrize("settings, verdict", SETTINGS)
def test_threshold_and_band_draw_the_lines(puppet: Puppet, settings: dict[str, float], verdict: str) -> None:
    puppet.answer = (b"SPAMD/1.1 0 EX_OK\r\nSpam: False ; 4.0 / 5.0\r\n\r\nA,B",)
    assert finding(ses.SpamdScanner(address=puppet.address, **settings), HELLO).verdict == verdict  # type: ignore[arg-type] # mypy sees one type for all


@pytest.mark.parametrize("settings", [{"gray_band": -1}, {"gray_band": float("nan")}, {"threshold": float("inf")}])
def test_what_are_no_points_is_refused_when_it_is_written(settings: dict[str, float]) -> None:
    with pytest.raises(ses.ValidationError, match=r"^spamd\.(gray_band|threshold): expected .*points"):
        ses.SpamdScanner(**settings)  # type: ignore[arg-type] # mypy sees one type for all


OK = b"SPAMD/1.1 0 EX_OK\r\n"
ANSWERS = [
    # answer                                                                verdict   reason
    (OK + b"Content-length: 9\r\nSpam: True ; 15.5 / 5.0\r\n\r\nGTUBE,AWL",  "FAIL",
     "spamd gives 15.5 points, spam from 5 on: GTUBE, AWL"),
    (OK + b"Spam: False ; -0.1 / 5.0\r\n\r\n",                              "PASS",
     "spamd gives -0.1 points, spam from 5 on: no test hit"),
    (OK + b"spam:no;2.9/5\r\ncontent-length:2\r\nX-Other: 1\r\n\r\nA\r\n",   "PASS",
     "spamd gives 2.9 points, spam from 5 on: A"),
    (OK + b"Spam: True ; 7.0 / 15.0\r\n\r\nA",                              "FAIL",
     "spamd gives 7 points, spam from 15 on: A"),      # rspamd: its action decides, not the points
    (OK + b"Spam: False ; 3.0 / 5.0\r\n\r\n\x1b[31mA",                      "GRAY",
     r"spamd gives 3 points, spam from 5 on, gray from 3 on (we assume): \x1b[31mA"),
    (b"SPAMD/1.0 76 Bad header line: (Content-Length mismatch)\r\n",        "PROCESSING_FAILED",
     "spamd's answer is an error: `76 Bad header line: (Content-Length mismatch)`"),
    (b"SPAMD/1.0 79 Timeout: (300 second timeout)\r\n",                     "PROCESSING_FAILED",
     "spamd's answer is an error: `79 Timeout: (300 second timeout)`"),
    (OK + b"\r\n",                                                          "PROCESSING_FAILED",
     "spamd's answer has no points: `SPAMD/1.1 0 EX_OK`"),
    (OK + b"Spam: True ; nan / 5.0\r\n\r\n",                                "PROCESSING_FAILED",
     r"spamd's answer has no points: `SPAMD/1.1 0 EX_OK\x0d\x0aSpam: True ; nan / 5.0`"),
    (OK + b"Spam: False ; " + b"9" * 60_000 + b" / 5.0\r\n\r\n",            "PROCESSING_FAILED",
     r"spamd's answer has no points: `SPAMD/1.1 0 EX_OK\x0d\x0aSpam: False ; " + "9" * 166 + "…`"),
    (OK + b"Spam: False ; 1.0 / 5.0\r\n",                                   "PROCESSING_FAILED",
     r"spamd's answer was cut off: `SPAMD/1.1 0 EX_OK\x0d\x0aSpam: False ; 1.0 / 5.0\x0d\x0a`"),
    (OK + b"Spam: no;1/5\r\nContent-length: 5\r\n\r\nA",                    "PROCESSING_FAILED",
     r"spamd's answer was cut off: `SPAMD/1.1 0 EX_OK\x0d\x0aSpam: no;1/5\x0d\x0aContent-length: 5\x0d\x0a\x0d\x0aA`"),
    (b"HTTP/1.1 200 OK\r\n\r\nSpam: False ; 1.0 / 5.0\r\n\r\n",             "PROCESSING_FAILED",
     "spamd's answer is not one of its protocol: `HTTP/1.1 200 OK`"),
    (b"\xff\0\r\n",                                                         "PROCESSING_FAILED",
     r"spamd's answer is not one of its protocol: `\xff\x00`"),
]  # fmt: skip


@pytest.fixture(scope="module")
def puppet() -> Iterator[Puppet]:
    with Puppet(asked) as server:
        yield server


@pytest.mark.parametrize("answer, verdict, reason", ANSWERS, ids=[str(number) for number in range(len(ANSWERS))])
def test_an_answer_is_believed_only_where_it_is_one(puppet: Puppet, answer: bytes, verdict: str, reason: str) -> None:
    puppet.answer = (answer,)
    found = finding(ses.SpamdScanner(address=puppet.address), HELLO)
    assert (found.verdict, found.reason) == (verdict, reason)


PARTS = st.sampled_from(
    [b"SPAMD/1.1 ", b"0 EX_OK", b"\r\n", b"\r\n\r\n", b"Spam: ", b"True ; 9.0 / 5.0", b"Content-length: 3"]
)


@given(answer=st.lists(PARTS | st.binary(max_size=6), max_size=8).map(b"".join))
def test_no_answer_raises_and_only_points_give_a_verdict(puppet: Puppet, answer: bytes) -> None:
    puppet.answer = (answer,)
    found = finding(ses.SpamdScanner(address=puppet.address), HELLO)
    assert found.verdict == "PROCESSING_FAILED" or b"Spam: True ; 9.0 / 5.0" in answer
    assert found.reason.isprintable()


@given(raw=st.binary(max_size=200))
def test_the_message_is_sent_as_it_came(puppet: Puppet, raw: bytes) -> None:
    puppet.answer = (OK + b"Spam: False ; 0.0 / 5.0\r\n\r\n",)
    assert finding(ses.SpamdScanner(address=puppet.address), raw).verdict == "PASS"
    assert puppet.question == b"SYMBOLS SPAMC/1.2\r\nContent-length: %d\r\n\r\n%b" % (len(raw), raw)


def test_a_daemon_that_does_not_answer_is_a_processing_failure() -> None:
    with Puppet(asked, (OK, silence)) as server:
        found = finding(ses.SpamdScanner(address=server.address, timeout_s=0.2), HELLO)
        assert found.verdict == "PROCESSING_FAILED"
        assert found.reason == f"spamd at `{server.address}` gave no answer within 0.2 seconds"


def test_a_scanner_goes_to_other_processes() -> None:
    scanner = ses.SpamdScanner(address="127.0.0.1:783", threshold=6.5)
    assert pickle.loads(pickle.dumps(scanner)) == scanner
