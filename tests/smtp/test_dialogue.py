"""SMTP typed by hand."""

from __future__ import annotations

import contextlib
import gc
import ssl

import pytest

import sesreceive as ses
from sesreceive.errors import ServerError
from sesreceive.smtp.dialogue import Dialogue
from tests.smtp.test_connection import settled
from tests.smtp.world import HOST, MESSAGE, receiver, stored

TRANSCRIPT = f"""\
S: 220 {HOST} ESMTP Amazon SES
C: EHLO mx.example.org
S: 250-{HOST}
S: 250-8BITMIME
S: 250-STARTTLS
S: 250 Ok
C: MAIL FROM:<ana@example.org>
S: 250 Ok
C: RCPT TO:<bo@example.com>
S: 250 Ok
C: DATA
S: 354 End data with <CR><LF>.<CR><LF>
C: Subject: by hand
C: .
S: 250 OK 6dfj"""


def test_both_sides_are_in_view() -> None:
    behind = receiver()
    with behind.smtp() as server, Dialogue(server) as smtp:
        for line in TRANSCRIPT.splitlines():
            if line.startswith("C: "):
                last = smtp.say(line[3:])
        assert last.code == 250
        assert smtp.transcript.splitlines()[:-1] == TRANSCRIPT.splitlines()[:-1]
        assert repr(smtp) == smtp.transcript
        server.wait_for(1)
    assert len(stored(behind)) == 1


def test_a_whole_message_at_once() -> None:
    behind = receiver()
    with behind.smtp() as server, Dialogue(server.address) as smtp:
        assert smtp.message(MESSAGE).code == 503
        smtp.say("MAIL FROM:<ana@example.org>")
        smtp.say("RCPT TO:<bo@example.com>")
        assert smtp.message(b".\r\n..\r\nend").text.splitlines()[:-1] == ["C: ..", "C: ...", "C: end", "C: ."]
        assert smtp.say("NOOP").code == 250
        assert server.wait_for(1)[0].message.raw == b".\r\n..\r\nend\r\n"


def test_a_large_message_is_shown_in_part() -> None:
    with receiver().smtp() as server, Dialogue(server) as smtp:
        smtp.say("MAIL FROM:<ana@example.org>")
        smtp.say("RCPT TO:<bo@example.com>")
        shown = smtp.message(b"line\r\n" * 1_000)
    assert shown.code == 250
    assert shown.said[0] == "line"
    assert shown.said[39:] == ("line", "… 961 more lines")


def test_under_tls() -> None:
    with receiver().smtp() as server, Dialogue(server) as smtp:
        smtp.say("EHLO mx.example.org")
        assert smtp.starttls(ssl.create_default_context(cadata=server.certificate)).code == 220
        assert "STARTTLS" not in smtp.say("EHLO mx.example.org").text
        assert smtp.starttls().code == 454


def test_bytes_as_they_are() -> None:
    with receiver().smtp() as server, Dialogue(server) as smtp:
        smtp.raw(b"NO")
        smtp.raw(b"OP\r\nNOOP\r\n")
        assert [smtp.read().code, smtp.read().code] == [250, 250]
        assert smtp.say(b"MAIL FROM:<a>\nQUIT").code == 501
        assert smtp.read().lines == ()
        assert "C: MAIL FROM:<a>\\x0aQUIT" in smtp.transcript


def test_a_server_that_hung_up() -> None:
    with receiver().smtp() as server, Dialogue(server) as smtp:
        assert smtp.say("QUIT").code == 221
        assert smtp.read().lines == ()
        with contextlib.suppress(ServerError):  # the first packet to a closed connection may still leave
            smtp.say("NOOP")
        with pytest.raises(ServerError, match="the server hung up"):
            smtp.say("NOOP")


def test_waiting_in_vain_says_why() -> None:
    message = r"no answer within 0\.1 s; the server may be waiting for more"
    with receiver().smtp() as server, Dialogue(server) as smtp:
        smtp._socket.settimeout(0.1)  # the greeting may take its time
        with pytest.raises(ServerError, match=message):
            smtp.read()


def test_nobody_there() -> None:
    with receiver().smtp() as server:
        address = server.address
    with pytest.raises(ServerError, match="is the server started"):
        ses.Dialogue(address)


def test_nothing_of_either_side_is_markup() -> None:
    with receiver().smtp() as server, Dialogue(server) as smtp:
        exchange = smtp.say("MAIL FROM:<<script>alert(1)</script>>")
        assert exchange.code == 553
        for shown in (smtp, exchange):
            html = shown._repr_html_()
            assert "<script" not in html
            assert "&lt;script&gt;" in html


@pytest.mark.slow
def test_a_forgotten_dialogue_closes_its_socket() -> None:
    with receiver().smtp() as server:
        Dialogue(server).say("NOOP")
        gc.collect()
        settled(server, connected=0)
