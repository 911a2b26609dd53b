"""Rspamd's action or points give FAIL, GRAY or PASS; what it cannot say is PROCESSING_FAILED with the reason."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.scan.markers import GTUBE
from sesreceive.scan.rspamd import VERDICTS
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.scan.scanner_service import Started
from tests.scan.puppet import Puppet, silence

MAIL = b"From: Ana <ana@example.org>\r\nTo: billing@example.com\r\nSubject: %b\r\n\r\n%b\r\n"
HELLO = MAIL % (b"hello", b"See you on Monday.")
ENVELOPE = ses.Envelope(
    client_ip="192.0.2.7", helo="mx.example.org", mail_from="ana@example.org",
    rcpt_to=("billing@example.com", "bo@example.com"),
)  # fmt: skip


def finding(scanner: ses.RspamdScanner, raw: bytes, envelope: ses.Envelope = ENVELOPE) -> Finding:
    (found,) = scanner.scan(ses.Message(raw), envelope)
    assert found.subject is Subject.SPAM
    assert "\n" not in found.reason
    return found


MESSAGES = [
    # name             message                                   verdict              in the reason
    ("clean",          HELLO,                                    "PASS",              "no symbol hit"),
    ("gtube",          MAIL % (b"hello", GTUBE),                 "FAIL",              "reject"),
    ("not sure",       MAIL % (b"five points", b"hello"),        "GRAY",              "OURS_FIVE_POINTS 5"),
    ("marked",         MAIL % (b"seven points", b"hello"),       "FAIL",              "OURS_SEVEN_POINTS 7"),
    ("many bytes",     MAIL % (b"hello", bytes(range(256))),     "PASS",              "0 points"),
    ("nothing at all", b"",                                      "PASS",              "0 points"),
    ("too much",       MAIL % (b"hello", b"x" * 3_000_000),      "PROCESSING_FAILED", "rspamd"),
]  # fmt: skip


@pytest.mark.rspamd
@pytest.mark.parametrize("where", ["path", "tcp"])
@pytest.mark.parametrize("raw, verdict, reason", [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
@pytest.mark.slow
def test_what_rspamd_says_is_the_verdict(rspamd: Started, where: str, raw: bytes, verdict: str, reason: str) -> None:
    found = finding(ses.RspamdScanner(address=getattr(rspamd, where)), raw)
    assert found.verdict == verdict
    assert reason in found.reason


SETTINGS = [
    # settings                              verdict on 5 points
    ({},                                    "GRAY"),
    ({"threshold": 5},                      "FAIL"),
    ({"threshold": 7},                      "GRAY"),
    ({"threshold": 7, "gray_band": 0},      "PASS"),
    ({"threshold": 7.5},                    "PASS"),
]  # fmt: skip


@pytest.mark.rspamd
@pytest.mark.parametrize("settings, verdict", SETTINGS)
def test_thresholds_of_ones_own_count_before_the_daemons(rspamd: Started, settings, verdict) -> None:
    found = finding(ses.RspamdScanner(address=rspamd.tcp, **settings), MAIL % (b"five points", b"hello"))
    assert found.verdict == verdict


def answer(body: object, status: str = "200 OK") -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(text), text)


GOOD = {"score": 1.5, "action": "no action", "symbols": {"A": {"score": 1.5}}}

ANSWERS = [
    # name                   what the daemon says                                       in the reason
    ("nothing",              [],                                                        "closed the connection"),
    ("no HTTP",              [b"SPAMD/1.1 0 EX_OK\r\n\r\n"],                            "is not one of HTTP"),
    ("an error",             [answer({"error": "no room\n"}, "500 Oops")],              "HTTP 500: `no room\\x0a`"),
    ("an error in words",    [answer(b"go away", "403 Forbidden")],                     "HTTP 403: `Forbidden`"),
    ("cut off",              [answer(GOOD)[:-5]],                                       "is not one of HTTP"),
    ("no JSON",              [answer(b"<html>")],                                       "is no JSON object"),
    ("a list",               [answer([])],                                              "is no JSON object"),
    ("brackets",             [answer(b"[" * 60_000)],                                   "is no JSON object"),
    ("digits",               [answer(b'{"score": ' + b"9" * 50_000 + b"}")],            "is no JSON object"),
    ("endless",              [b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000],             "more than 65536 bytes"),
    ("skipped",              [answer({**GOOD, "is_skipped": True})],                    "skipped the message"),
    ("points that are none", [answer({**GOOD, "score": "many"})],                       "has no points"),
    ("infinite points",      [answer(b'{"score": Infinity, "action": "reject"}')],      "is no JSON object"),
    ("an unknown action",    [answer({**GOOD, "action": "dance\x1b"})],                 "that is known: `dance\\x1b`"),
    ("an action of a kind",  [answer({**GOOD, "action": ["reject"]})],                  "no action that is known"),
    ("silence",              [silence],                                                 "no answer within 0.3 seconds"),
]  # fmt: skip


def asked(question: bytes) -> bool:
    head, end, body = question.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])


@pytest.mark.parametrize("steps, reason", [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_an_answer_that_is_none_is_a_failure_with_its_reason(steps, reason: str) -> None:
    with Puppet(asked, steps) as puppet:
        found = finding(ses.RspamdScanner(address=puppet.address, timeout_s=0.3 if steps == [silence] else 30), HELLO)
    assert found.verdict == "PROCESSING_FAILED"
    assert reason in found.reason


@pytest.mark.parametrize("action", VERDICTS)
def test_every_action_has_its_verdict_and_symbols_are_named(action: str) -> None:
    symbols = {f"S{number}\x1b": {"score": number} for number in range(20)}
    with Puppet(asked, [answer({"score": 3, "action": action, "symbols": symbols})]) as puppet:
        found = finding(ses.RspamdScanner(address=puppet.address), HELLO)
    assert found.verdict is VERDICTS[action]
    assert "S19\\x1b 19, S18\\x1b 18" in found.reason
    assert found.reason.endswith("8 more")


def test_the_question_tells_of_the_session_and_holds_the_message_as_it_came() -> None:
    with Puppet(asked, [answer(GOOD)]) as puppet:
        finding(ses.RspamdScanner(address=puppet.address), HELLO)
    head, _, body = puppet.question.partition(b"\r\n\r\n")
    assert body == HELLO
    assert head.split(b"\r\n")[0] == b"POST /checkv2 HTTP/1.1"
    assert head.split(b"\r\n")[-5:] == [
        b"IP: 192.0.2.7", b"Helo: mx.example.org", b"From: ana@example.org", b"Rcpt: billing@example.com",
        b"Rcpt: bo@example.com",
    ]  # fmt: skip


@given(st.binary(max_size=200))
def test_any_answer_is_a_verdict(text: bytes) -> None:
    verdict, reason = ses.RspamdScanner()._read(text)
    assert verdict == "PROCESSING_FAILED"
    assert reason


@pytest.mark.parametrize(
    "settings", [{"address": "a b"}, {"timeout_s": 0}, {"threshold": float("nan")}, {"gray_band": -1}]
)
def test_settings_that_are_none_are_refused(settings) -> None:
    with pytest.raises(ses.ValidationError, match=f"rspamd.{next(iter(settings))}"):
        ses.RspamdScanner(**settings)


def test_a_scanner_can_be_sent_to_another_process() -> None:
    scanner = ses.RspamdScanner(threshold=7)
    assert pickle.loads(pickle.dumps(scanner)) == scanner
