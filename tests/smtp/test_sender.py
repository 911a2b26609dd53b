"""The sender: any host in the world, byte for byte, one message or many."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.bounds import Bounds
from sesreceive.errors import InputError, ServerError
from sesreceive.smtp.channel import address_of
from sesreceive.smtp.sending import Sending, send, send_all
from tests.smtp.world import MESSAGE, receiver, stored

ZONE = {"example.org": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"]}}


def test_it_plays_any_host() -> None:
    with receiver(resolver=ZONE).smtp() as server:
        sent = send(
            MESSAGE, to=server, client_ip="198.51.100.7", client_name="mx.example.org", helo="mail.example.org",
            mail_from="ana@example.org", rcpt_to=["bo@example.com", "nobody@example.com"],
        )  # fmt: skip
        (reception,) = server.wait_for(1)
    assert reception.envelope == replace(sent.envelope, tls=False)
    assert (reception.envelope.client_ip, reception.envelope.client_name) == ("198.51.100.7", "mx.example.org")
    assert str(reception.verdicts.spf) == "PASS"
    assert (sent.accepted, sent.message_id) == (True, reception.message_id)
    assert [reply.code for reply in sent.recipients] == [250, 550]
    assert repr(sent) == f"<Sent 250 OK {sent.message_id}>"


def test_without_a_client_the_server_sees_this_machine() -> None:
    with receiver().smtp() as server:
        sent = send(MESSAGE, to=server.address, mail_from="ana@example.org")
        assert server.wait_for(1)[0].envelope.client_ip == "127.0.0.1"
    assert not any(said.startswith("XCLIENT") for said, _ in sent.steps)


def test_a_refusal_is_an_answer() -> None:
    with receiver().smtp() as server:
        blocked = send(MESSAGE, to=server, client_ip="203.0.113.9", rcpt_to=["bo@example.com"])
        unknown = send(MESSAGE, to=server, rcpt_to=["bo@example.net"])
        bad = send(MESSAGE, to=server, mail_from="ana@", rcpt_to=["bo@example.com"])
        clear = send(MESSAGE, to=server, rcpt_to=["secure@example.com"])
    assert [(one.accepted, str(one.reply)[:9]) for one in (blocked, unknown, bad, clear)] == [
        (False, "550 5.7.1"), (False, "550 5.1.1"), (False, "553 <ana@"), (False, "530 5.7.0"),
    ]  # fmt: skip
    assert blocked.message_id == ""


def test_over_tls_with_any_certificate() -> None:
    with receiver().smtp() as server:
        assert send(MESSAGE, to=server, rcpt_to=["secure@example.com"], tls=True).accepted
        assert send(MESSAGE, to=server, envelope=ses.Envelope(rcpt_to=("secure@example.com",), tls=True)).accepted
        assert [one.envelope.tls for one in server.wait_for(2)] == [True, True]
    with receiver().smtp(tls=False) as server:
        assert str(send(MESSAGE, to=server, tls=True).reply) == "454 TLS not supported"


def test_whatever_is_a_message_can_be_sent(tmp_path: Path) -> None:
    letter = EmailMessage()
    letter["To"], letter["Subject"] = "bo@example.com", "hello"
    letter.set_content("body")
    path = tmp_path / "one.eml"
    path.write_bytes(b"To: bo@example.com\n\nbody\n")
    behind = receiver()
    with behind.smtp() as server:
        for message in (
            letter,
            ses.Message(MESSAGE),
            path,
            str(path),
            (MESSAGE, ses.Envelope(rcpt_to=("cy@example.com",))),
        ):
            assert send(message, to=server).accepted
        again = send(server.wait_for(5)[0], to=server)
        assert again.accepted
    assert [body[-8:] for body in stored(behind)][2:4] == [b"\r\n\r\nbody\r\n"[-8:]] * 2


@given(
    st.lists(st.sampled_from([b"a", b".", b"\r\n", b"\n", b"\r", b"\r\n.\r\n", b"\0", b"\xff", b"QUIT\r\n"]))
    .map(b"".join).filter(lambda raw: not raw or raw.endswith(b"\r\n"))
)  # fmt: skip
def test_what_is_sent_is_what_arrives(raw: bytes) -> None:
    assert server_of_the_law.send(raw) == raw


class _Law:
    """One server for all examples of the law above."""

    def __init__(self) -> None:
        self.server: ses.smtp.server.Server | None = None  # type: ignore[name-defined]

    def send(self, raw: bytes) -> bytes:
        assert self.server
        before = self.server.counters["accepted"]
        assert send(raw, to=self.server, rcpt_to=["bo@example.com"]).accepted
        return self.server.wait_for(before + 1)[-1].message.raw


server_of_the_law = _Law()


@pytest.fixture(autouse=True, scope="module")
def _law() -> object:
    with receiver().smtp() as server_of_the_law.server:
        yield


def test_nobody_there_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with pytest.raises(
        ServerError, match=r"nobody answers on 127\.0\.0\.1:\d+ \(Connection refused\); is the server started"
    ):
        send(MESSAGE, to=address)


@pytest.mark.parametrize("to", ["127.0.0.1", "", ("127.0.0.1",), None, ("127.0.0.1", "25"), "host:port"])
def test_what_is_no_address_is_named(to: object) -> None:
    with pytest.raises(ServerError, match="expected a server"):
        address_of(to)  # type: ignore[arg-type]


def test_what_is_no_message_is_named(tmp_path: Path) -> None:
    with receiver().smtp() as server:
        with pytest.raises(InputError):
            send(tmp_path / "none.eml", to=server)
        with pytest.raises(InputError, match="client_ip"):
            send(MESSAGE, to=server, client_ip="mx.example.org")
        with pytest.raises(InputError, match="without line ends"):
            send(MESSAGE, to=server, mail_from="ana@example.org>\r\nRCPT TO:<x@example.com")


@pytest.mark.parametrize(
    "spoken", [b"", b"421 busy\r\n", b"554 no\r\n", b"220 hi\r\n", b"nonsense\r\n", b"220 hi\r\n250 ok\r\n"]
)
def test_any_server_is_survived(spoken: bytes) -> None:
    """A server that says this and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(spoken)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1024):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        sent = send(MESSAGE, to=listening.getsockname(), timeout=60)
        thread.join()
    assert not sent.accepted
    assert "Sent" in repr(sent)


# ---------------------------------------------------------------- many


def corpus(count: int) -> list[tuple[bytes, ses.Envelope]]:
    """Messages from several clients, some blocked, some over TLS."""
    clients = ["198.51.100.7", "203.0.113.9", "2001:db8::7"]
    return [
        (
            b"Subject: %d\r\n\r\n.\r\nbody\r\n" % number,
            ses.Envelope(
                client_ip=clients[number % 3], helo=f"mx{number % 2}.example.org", mail_from="ana@example.org",
                rcpt_to=("bo@example.com",), tls=number % 4 == 1,
            ),
        )
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("connections", [1, 4])
def test_a_corpus_over_smtp_is_what_replay_makes_of_it(connections: int) -> None:
    mails = corpus(24)
    replayed = receiver().replay(mails)
    with receiver().smtp() as server:
        sending = send_all(mails, to=server, connections=connections)
        server.wait_for(len(mails), kind="all")
    assert [one.reply for one in sending] == [
        replace(one.reply, text=f"OK {sending[number].message_id}") if one.reply.accepted else one.reply
        for number, one in enumerate(replayed)
    ]
    live = server.receptions
    if connections > 1:
        live = tuple(sorted(live, key=lambda one: one.envelope.client_ip))
        replayed = sorted(replayed, key=lambda one: one.envelope.client_ip)  # type: ignore[assignment]
        assert [one.envelope.client_ip for one in live] == [one.envelope.client_ip for one in replayed]
        return
    assert [one.envelope for one in live] == [one.envelope for one in replayed]
    assert [one.verdicts for one in live] == [one.verdicts for one in replayed]
    assert server.counters["connections"] < len(mails)


def test_a_rate_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that stands still, each message waits for its own time."""
    waited: list[float] = []
    monkeypatch.setattr("sesreceive.smtp.sending.time", SimpleNamespace(monotonic=lambda: 100.0, sleep=waited.append))
    with receiver().smtp() as server:
        sending = send_all([MESSAGE] * 11, to=server, rate=50, connections=3)
        assert (len(sending), sending.accepted) == (11, 11)
    assert sorted(waited) == pytest.approx([number / 50 for number in range(11)])


def test_what_was_sent_is_a_table() -> None:
    with receiver().smtp() as server:
        sending = send_all(corpus(4), to=server)
    frame = sending.frame()
    assert frame.accepted.tolist() == [True, False, True, True]
    assert frame.client_ip.tolist() == ["198.51.100.7", "203.0.113.9", "2001:db8::7", "198.51.100.7"]
    assert list(Sending([], 0.0).frame().dtypes) == list(frame.dtypes)
    assert repr(sending).endswith("3 accepted, 1 refused>")


def test_a_limit_stops_an_endless_source() -> None:
    def endless() -> object:
        while True:
            yield MESSAGE

    with receiver().smtp() as server:
        assert len(send_all(endless(), to=server, limit=5)) == 5  # type: ignore[arg-type]


def test_a_message_that_cannot_be_read_is_an_error_of_the_caller() -> None:
    with receiver().smtp() as server, pytest.raises(InputError):
        send_all([MESSAGE, 42], to=server, connections=2)


def test_a_connection_that_was_cut_is_made_again() -> None:
    """A server that hangs up after some errors: the next message goes over a new connection."""
    bad = (MESSAGE, ses.Envelope(mail_from="ana@", rcpt_to=("bo@example.com",)))
    with receiver().smtp(bounds=Bounds(errors=2)) as server:
        sending = send_all([bad, bad, MESSAGE], to=server, xclient=False)
    assert [one.accepted for one in sending] == [False, False, True]


@pytest.mark.parametrize("options", [{"connections": 0}, {"rate": 0}, {"rate": -1.0}])
def test_numbers_that_cannot_be_meant_are_named(options: dict[str, object]) -> None:
    with pytest.raises(ServerError, match="at least one connection and a rate above 0"):
        send_all([MESSAGE], to=("127.0.0.1", 1), **options)  # type: ignore[arg-type]
