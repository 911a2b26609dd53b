"""Whoever listens there is believed nothing: one question gets one answer, or one sentence on why not."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.scan.daemon import LONGEST_ANSWER_BYTES, Address, Answer, ask
from tests.patience import PATIENCE_S
from tests.scan.puppet import Puppet, reset, silence

ADDRESSES = [
    # text                          what it is
    ("127.0.0.1:3310",              "127.0.0.1:3310"),
    ("127.0.0.1",                   "127.0.0.1:783"),
    ("scanner.example.com:1783",    "scanner.example.com:1783"),
    ("localhost",                   "localhost:783"),
    ("[2001:db8::1]:3310",          "[2001:db8::1]:3310"),
    ("[::1]",                       "[::1]:783"),
    ("/run/clamd.sock",             "/run/clamd.sock"),
    ("./clamd.sock",                "./clamd.sock"),
    (Path("clamd.sock"),            "clamd.sock"),
]  # fmt: skip


@pytest.mark.parametrize("text, wanted", ADDRESSES)
def test_an_address_is_a_path_or_a_host(text: str | Path, wanted: str) -> None:
    assert str(Address.parse(text, port=783)) == wanted


NO_ADDRESSES = [
    "", ":3310", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:port", "127.0.0.1:33:10", "::1", "[::1",
    "[::1]x80", "two words", "caf\N{LATIN SMALL LETTER E WITH ACUTE}.example.com", "a\nb", "/nowhere/s\0.sock",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused_when_it_is_written(text: str) -> None:
    for scanner in (ses.ClamdScanner, ses.SpamdScanner):
        with pytest.raises(ses.ValidationError, match="expected the path of a Unix socket or `host:port` but got"):
            scanner(address=text)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_time_no_one_can_wait_is_refused_when_it_is_written(seconds: float) -> None:
    for scanner in (ses.ClamdScanner, ses.SpamdScanner):
        with pytest.raises(ses.ValidationError, match="timeout_s: expected seconds above 0"):
            scanner(timeout_s=seconds)


def asked(question: bytes) -> bool:
    return question.endswith(b"?")


def drip(byte: bytes, pause_s: float) -> itertools.chain[bytes | float]:
    return itertools.chain.from_iterable(itertools.repeat((byte, pause_s)))


LONG = PATIENCE_S
ANSWERS = [
    # name                    what the server does          waits what came, or why not
    ("whole",                 (b"yes\0",),                   LONG, b"yes\0"),
    ("in pieces",             (b"y", 0.02, b"es", b"\0"),    LONG, b"yes\0"),
    ("more behind the end",   (b"yes\0no",),                 LONG, b"yes\0no"),
    ("hangs up in the midst", (b"ye",),                      LONG, b"ye"),
    ("a reset in the midst",  (b"ye", 0.05, reset),          LONG, b"ye"),
    ("hangs up",              (),                            LONG, "closed the connection without an answer"),
    ("a reset",               (reset,),                      LONG, "broke the connection: Connection reset by peer"),
    ("silence",               (silence,),                    0.3,  "gave no answer within 0.3 seconds"),
    ("drips",                 drip(b"x", 0.03),              0.3,  "gave no answer within 0.3 seconds"),
    ("never ends",            itertools.repeat(b"x" * 9999), LONG, "answered with more than 65536 bytes"),
]  # fmt: skip


@pytest.mark.parametrize("answer, timeout_s, wanted", [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
@pytest.mark.slow
def test_an_answer_is_bounded_in_bytes_and_in_time(
    answer: tuple[bytes | float, ...], timeout_s: float, wanted: bytes | str
) -> None:
    """Three of the servers go on forever."""
    with Puppet(asked, answer) as server:
        got = ask(Address.parse(server.address, port=1), [b"how?"], timeout_s=timeout_s, end=b"\0")
    assert got == (Answer(wanted) if isinstance(wanted, bytes) else Answer(failure=wanted))


def test_an_answer_may_be_as_long_as_the_limit() -> None:
    with Puppet(asked, (b"x" * LONGEST_ANSWER_BYTES,)) as server:
        assert (
            len(ask(Address.parse(server.address, port=1), [b"how?"], timeout_s=PATIENCE_S).data)
            == LONGEST_ANSWER_BYTES
        )


def test_a_question_that_is_cut_short_by_its_answer_is_answered() -> None:
    with Puppet(lambda question: len(question) > 100, (b"too long\0",)) as server:
        pieces = itertools.repeat(b"x" * 65_536, 1000)
        got = ask(Address.parse(server.address, port=1), pieces, timeout_s=PATIENCE_S, end=b"\0")
    assert got == Answer(b"too long\0")


def test_a_server_that_reads_nothing_is_not_waited_for() -> None:
    with Puppet(lambda question: True, (silence,)) as server:
        pieces = itertools.repeat(b"x" * 1_000_000, 100)
        got = ask(Address.parse(server.address, port=1), pieces, timeout_s=0.3)
    assert got.failure == "gave no answer within 0.3 seconds"


def test_a_socket_whose_queue_is_full_is_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
        server.bind(path)
        server.listen(0)
        first.connect(path)
        with socket.socket(socket.AF_UNIX) as second:
            second.setblocking(False)
            with pytest.raises(BlockingIOError):
                second.connect(path)

        def serve() -> None:
            time.sleep(0.1)
            server.accept()[0].close()
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"yes\0")

        thread = threading.Thread(target=serve)
        thread.start()
        got = ask(Address(path=path), [b"how?"], timeout_s=PATIENCE_S, end=b"\0")
        thread.join()
    assert got == Answer(b"yes\0")


UNREACHABLE = [
    # address                       because
    ("/nowhere/s.sock",             "No such file or directory"),
    ("/" + "x" * 300,               "AF_UNIX path too long"),
    ("a..b:1",                      "`a..b` is no name of a host: a label is empty or too long"),
]  # fmt: skip


@pytest.mark.parametrize("address, because", UNREACHABLE)
def test_what_cannot_be_reached_is_a_sentence(address: str, because: str) -> None:
    failure = ask(Address.parse(address, port=1), [b"how?"], timeout_s=60).failure
    assert failure.startswith("cannot be reached: ")
    assert because in failure


def test_a_port_where_no_one_listens_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address(host="127.0.0.1", port=server.getsockname()[1])
    assert ask(address, [b"how?"], timeout_s=60) == Answer(failure="cannot be reached: Connection refused")
