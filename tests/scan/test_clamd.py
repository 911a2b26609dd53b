"""What ClamAV finds is a FAIL with its name; what it cannot say is PROCESSING_FAILED with the reason."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.scan.markers import EICAR
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.scan.scanner_service import Started
from tests.scan.puppet import Puppet, silence

TEXT = b"Subject: x\r\n\r\n"
ATTACHED = (
    b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nsee there\r\n--b\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n%b\r\n--b--\r\n"
)


def asked(question: bytes) -> bool:
    return question.endswith(bytes(4))


def finding(scanner: ses.ClamdScanner, raw: bytes) -> Finding:
    (found,) = scanner.scan(ses.Message(raw), ses.Envelope())
    assert found.subject is Subject.VIRUS
    return found


NOTHING = "clamd found nothing"
FOUND = "clamd found `Eicar-Test-Signature"
PARTLY = "clamd could not scan all of the message: `Heuristics.Limits.Exceeded"
TOO_LARGE = "clamd could not scan the message: `INSTREAM size limit exceeded`"
MESSAGES = [
    # name                  message                                   verdict              reason starts
    ("clean",               TEXT + b"hello\r\n",                      "PASS",              NOTHING),
    ("nothing at all",      b"",                                      "PASS",              NOTHING),
    ("any bytes",           bytes(range(256)) * 9,                    "PASS",              NOTHING),
    ("many chunks",         TEXT + b"x" * 200_000,                    "PASS",              NOTHING),
    ("virus",               TEXT + EICAR,                             "FAIL",              FOUND),
    ("virus in base64",     ATTACHED % base64.encodebytes(EICAR),     "FAIL",              FOUND),
    ("virus in two chunks", TEXT + b"x" * (65_536 - 40) + EICAR,      "FAIL",              FOUND),
    ("half a megabyte",     TEXT.ljust(1 << 19, b"x"),                "PASS",              NOTHING),
    ("over MaxFileSize",    TEXT.ljust((1 << 19) + 1, b"x"),          "PROCESSING_FAILED", PARTLY),
    ("at the size limit",   TEXT.ljust(1 << 20, b"x"),                "PROCESSING_FAILED", PARTLY),
    ("over it by one",      TEXT.ljust((1 << 20) + 1, b"x"),          "PROCESSING_FAILED", TOO_LARGE),
    ("far over it",         TEXT.ljust(20 << 20, b"x"),               "PROCESSING_FAILED", TOO_LARGE),
]  # fmt: skip


@pytest.mark.clamd
@pytest.mark.parametrize("where", ["path", "tcp"])
@pytest.mark.parametrize("raw, verdict, reason", [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_what_clamav_says_is_the_verdict(clamd: Started, where: str, raw: bytes, verdict: str, reason: str) -> None:
    found = finding(ses.ClamdScanner(address=getattr(clamd, where)), raw)
    assert found.verdict == verdict
    assert found.reason.startswith(reason)


@pytest.mark.clamd
def test_messages_scanned_at_once_get_their_own_verdicts(clamd: Started) -> None:
    scanner = ses.ClamdScanner(address=clamd.path)
    mail = [TEXT + (EICAR if number % 3 else b"hello") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda raw: finding(scanner, raw).verdict, mail))
    assert found == ["FAIL" if number % 3 else "PASS" for number in range(40)]


ERROR = "clamd could not scan the message: "
CUT = "clamd's answer was cut off: "
FOREIGN = "clamd's answer is not one of its protocol: "
ANSWERS = [
    # answer                                      verdict              reason
    (b"stream: OK\0",                             "PASS",              NOTHING),
    (b"stream: OK\0stream: X FOUND\0",            "PASS",              NOTHING),
    (b"stream: Win.Test.EICAR_HDB-1 FOUND\0",     "FAIL",              "clamd found `Win.Test.EICAR_HDB-1`"),
    (b"stream: a FOUND FOUND\0",                  "FAIL",              "clamd found `a FOUND`"),
    (b"stream: \x1b[31m\r\nred FOUND\0",          "FAIL",              r"clamd found `\x1b[31m\x0d\x0ared`"),
    (b"stream: Heuristics.Limits.Exceeded FOUND\0", "PROCESSING_FAILED", PARTLY + "`"),
    (b"stream: Can't allocate memory ERROR\0",    "PROCESSING_FAILED", ERROR + "`stream: Can't allocate memory`"),
    (b"stream: OK",                               "PROCESSING_FAILED", CUT + "`stream: OK`"),
    (b"stream: X FOU",                            "PROCESSING_FAILED", CUT + "`stream: X FOU`"),
    (b"stream: ok\0",                             "PROCESSING_FAILED", FOREIGN + "`stream: ok`"),
    (b"UNKNOWN COMMAND\0",                        "PROCESSING_FAILED", FOREIGN + "`UNKNOWN COMMAND`"),
    (b"220 mx.example.com ESMTP\r\n\0",           "PROCESSING_FAILED", FOREIGN + r"`220 mx.example.com ESMTP\x0d\x0a`"),
    (b"\0",                                       "PROCESSING_FAILED", FOREIGN + "``"),
    (b"\xff\xfe\0",                               "PROCESSING_FAILED", FOREIGN + r"`\xff\xfe`"),
]  # fmt: skip


@pytest.fixture(scope="module")
def puppet() -> Iterator[Puppet]:
    with Puppet(asked) as server:
        yield server


@pytest.mark.parametrize("answer, verdict, reason", ANSWERS)
def test_an_answer_is_believed_only_where_it_is_one(puppet: Puppet, answer: bytes, verdict: str, reason: str) -> None:
    puppet.answer = (answer,)
    assert finding(ses.ClamdScanner(address=puppet.address), TEXT) == Finding(
        Subject.VIRUS, ses.Verdict(verdict), reason
    )


@given(answer=st.binary(max_size=80) | st.binary(max_size=80).map(lambda said: b"stream: " + said + b"\0"))
def test_no_answer_raises_and_only_ok_passes(puppet: Puppet, answer: bytes) -> None:
    puppet.answer = (answer,)
    found = finding(ses.ClamdScanner(address=puppet.address), TEXT)
    assert (found.verdict == "PASS") == answer.startswith(b"stream: OK\0")
    assert found.reason.isprintable()


@given(raw=st.binary(max_size=40), repeated=st.integers(0, 4000))
def test_the_message_is_sent_as_it_came(puppet: Puppet, raw: bytes, repeated: int) -> None:
    puppet.answer = (b"stream: OK\0",)
    puppet.asked = lambda question: question.endswith(bytes(4)) and unchunked(question) is not None
    assert finding(ses.ClamdScanner(address=puppet.address), raw * repeated).verdict == "PASS"
    assert unchunked(puppet.question) == raw * repeated


def unchunked(question: bytes) -> bytes | None:
    """The message that an INSTREAM question carries; None while it is not at its end."""
    rest, message = question.removeprefix(b"zINSTREAM\0"), b""
    while len(rest) > 4:
        length = int.from_bytes(rest[:4], "big")
        message, rest = message + rest[4 : 4 + length], rest[4 + length :]
    return message if rest == bytes(4) else None


def test_a_daemon_that_does_not_answer_is_a_processing_failure() -> None:
    with Puppet(asked, (silence,)) as server:
        found = finding(ses.ClamdScanner(address=server.address, timeout_s=0.2), TEXT)
        assert found.verdict == "PROCESSING_FAILED"
        assert found.reason == f"clamd at `{server.address}` gave no answer within 0.2 seconds"


def test_a_scanner_goes_to_other_processes() -> None:
    scanner = ses.ClamdScanner(address="127.0.0.1:3310", timeout_s=5)
    assert pickle.loads(pickle.dumps(scanner)) == scanner
