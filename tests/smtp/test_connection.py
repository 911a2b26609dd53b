"""Connections that misbehave: TLS, time, limits."""

from __future__ import annotations

import asyncio
import contextlib
import dis
import socket
import ssl
import threading
import time
from itertools import pairwise
from types import SimpleNamespace

import aiosmtpd.proxy_protocol
import pytest

from sesreceive.bounds import Bounds
from sesreceive.smtp.channel import any_certificate
from sesreceive.smtp.connection import Connection, Hub
from sesreceive.smtp.intake import Intake
from sesreceive.smtp.session import Policy
from tests.patience import PATIENCE_S, until
from tests.smtp.world import MESSAGE, Pipe, Wire, receiver, stored


def settled(server: object, **wanted: int) -> None:
    """Wait until the counters are these."""

    def reached() -> bool:
        counters = server.counters  # type: ignore[attr-defined]
        return all(counters[name] == value for name, value in wanted.items())

    until(reached, f"the counters {wanted}")


def stands_still(server: object) -> None:
    """Wait until the server has begun to read and reads no more."""
    read: list[int] = [0]

    def still() -> bool:
        time.sleep(0.1)
        read.append(server.counters["commands"])  # type: ignore[attr-defined]
        return 0 < read[-2] == read[-1]

    until(still, "the server to read no more")


def test_what_we_use_of_aiosmtpd_is_public() -> None:
    assert "get_proxy" in aiosmtpd.proxy_protocol.__all__


def test_no_name_of_ours_is_one_of_asyncios() -> None:
    ours = {one.argval for one in dis.get_instructions(Connection.__init__) if one.opname == "STORE_ATTR"}
    assert len(ours) > 10
    assert not ours & {*dir(asyncio.Protocol)}


# ---------------------------------------------------------------- TLS


def test_the_certificate_is_the_inbound_hosts() -> None:
    with receiver().smtp() as server, Wire(server) as wire:
        assert wire.say("EHLO mx.example.org")
        assert wire.say("STARTTLS") == "220 Ready to start TLS"
        assert server.certificate
        context = ssl.create_default_context(cadata=server.certificate)
        name = "inbound-smtp.us-east-1.amazonaws.com"
        with context.wrap_socket(wire.socket, server_hostname=name) as wrapped:
            subject = dict(pair[0] for pair in wrapped.getpeercert()["subject"])  # type: ignore[index, misc]
            assert subject == {"commonName": name}


@pytest.mark.parametrize(
    "ahead", [b"RSET\r\n", b"MAIL FROM:<x@example.org>\r\nRCPT TO:<bo@example.com>\r\nDATA\r\n", b"NOOP"]
)
def test_commands_behind_starttls_are_dropped(ahead: bytes) -> None:
    """Whoever sits in between cannot put words into the encrypted session (RFC 3207 section 6)."""
    with receiver().smtp() as server, Wire(server) as wire:
        wire.say("EHLO mx.example.org")
        wire.send(b"STARTTLS\r\n" + ahead)
        assert wire.reply() == "220 Ready to start TLS"
        wire.socket = any_certificate().wrap_socket(wire.socket)
        wire.file = wire.socket.makefile("rb")
        assert wire.say("RCPT TO:<bo@example.com>") == "503 5.5.1 Error: need MAIL command"
        assert wire.say("NOOP") == "250 Ok"
        assert server.counters["commands"] == 4


@pytest.mark.parametrize("cut", range(1, 11))
def test_starttls_may_be_cut_anywhere(cut: int) -> None:
    """Commands in a later packet are no TLS, so the handshake fails: nothing of them is heard either."""
    stream = b"STARTTLS\r\nMAIL FROM:<x@example.org>\r\n"
    with receiver().smtp() as server, Wire(server) as wire:
        wire.send(stream[:cut])
        time.sleep(0.002)  # so that it is two packets most times; as one packet it has to hold, too
        wire.send(stream[cut:])
        assert wire.reply() == "220 Ready to start TLS"
        wire.socket.shutdown(socket.SHUT_WR)
        wire.file.read()
        settled(server, connected=0)
        assert server.counters["commands"] == 1
        assert not server.failures


@pytest.mark.parametrize("noise", [b"", b"hello\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 600])
def test_a_failed_handshake_leaves_nothing_behind(noise: bytes) -> None:
    with receiver().smtp() as server:
        with Wire(server) as wire:
            assert wire.say("STARTTLS") == "220 Ready to start TLS"
            wire.send(noise)
            wire.socket.shutdown(socket.SHUT_WR)
            wire.file.read()
        settled(server, connected=0)
        assert not server.failures
        with Wire(server) as wire:
            assert wire.say("NOOP") == "250 Ok"


# ---------------------------------------------------------------- time


def test_an_idle_client_is_told_and_cut_off() -> None:
    with receiver().smtp(bounds=Bounds(idle_s=0.15)) as server, Wire(server) as wire:
        wire.send(b"NOOP\r\n")  # which comes too late where the machine is busy
        said = wire.file.read().decode().removeprefix("250 Ok\r\n")
        assert said == "421 Timeout waiting for data from client.\r\n"
        assert server.counters["timeouts"] == 1


@pytest.mark.parametrize("in_data", [False, True])
@pytest.mark.slow
def test_dripping_bytes_do_not_keep_a_session_open(in_data: bool) -> None:
    """Slow loris: one byte at a time without an end, each well within the time-out for silence."""
    bounds = Bounds(idle_s=PATIENCE_S, data_s=0.3) if in_data else Bounds(idle_s=0.3)
    with receiver().smtp(bounds=bounds) as server, Wire(server) as wire:
        if in_data:
            wire.ready().say("DATA")
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.02):
                try:
                    wire.send(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert wire.reply() == "421 Timeout waiting for data from client."
        stop.set()
        thread.join()
    assert server.counters["accepted"] == 0


class _Clock(asyncio.SelectorEventLoop):
    """A loop whose time goes on only when told, so that no pause of the machine is one of the client."""

    now = 0.0

    def time(self) -> float:
        return self.now


def test_a_steady_client_is_not_cut_off() -> None:
    """Ten pauses of 200 seconds, where silence of 300 is too much, and 301 is; RFC 5321 section 4.5.3.2.7."""
    begin = b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<bo@example.com>\r\nDATA\r\n"
    packets = [b"NOOP\r\n"] * 5 + [begin] + [b"line\r\n"] * 5 + [b".\r\n"]

    async def run() -> tuple[bytes, bytes]:
        clock = asyncio.get_running_loop()
        assert isinstance(clock, _Clock)
        behind, bounds = receiver(), Bounds(idle_s=300.0)
        hub = Hub(receiver=behind, policy=Policy(tls=False), intake=Intake(behind.process, bounds))
        connection, pipe = Connection(hub, clock), Pipe("127.0.0.1")
        connection.connection_made(pipe)
        for packet in packets:
            await asyncio.sleep(0)
            clock.now += 200.0
            await asyncio.sleep(0)
            connection.data_received(packet)
        for _ in range(10):
            await asyncio.sleep(0)
        steady = bytes(pipe.written)
        clock.now += 301.0
        for _ in range(10):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return steady, bytes(pipe.written)[len(steady) :]

    with asyncio.Runner(loop_factory=_Clock) as runner:
        steady, behind = runner.run(run())
    assert b"421" not in steady
    assert steady.count(b"250 Ok\r\n") == 5 + 3
    assert b"250 OK " in steady
    assert behind == b"421 Timeout waiting for data from client.\r\n"


def test_a_stalled_handshake_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sesreceive.smtp.connection._HANDSHAKE_S", 0.15)
    with receiver().smtp() as server, Wire(server) as wire:
        assert wire.say("STARTTLS") == "220 Ready to start TLS"
        assert wire.file.read() == b""
        settled(server, connected=0)


# ---------------------------------------------------------------- limits


def test_connections_have_a_limit() -> None:
    with receiver().smtp(bounds=Bounds(connections=2)) as server:
        first, second = Wire(server), Wire(server)
        with Wire(server) as third:
            assert third.greeting == "421 Too many connections, try again later"
            assert third.reply() == ""
        first.close()
        settled(server, connected=1)
        with Wire(server) as fourth:
            assert fourth.greeting.startswith("220 ")
        second.close()
        assert server.counters["turned_away"] == 1


def test_a_message_of_exactly_the_limit_is_taken() -> None:
    behind = receiver()
    raw = b"Subject: x\r\n\r\n" + (b"y" * 76 + b"\r\n") * 100
    with behind.smtp(bounds=Bounds(message_bytes=len(raw))) as server, Wire(server) as wire:
        assert wire.ready().message(raw).startswith("250 OK")
        assert wire.ready().message(raw + b"z\r\n") == "552 5.3.4 Message size exceeds fixed limit"
        assert wire.ready().message(raw + raw * 9) == "552 5.3.4 Message size exceeds fixed limit"
        assert wire.ready().message().startswith("250 OK")
        assert [one.reply.code for one in server.wait_for(4, kind="all")] == [250, 552, 552, 250]
    assert len(stored(behind)) == 2


@pytest.mark.slow
def test_forty_megabytes_are_the_limit_and_one_octet_more_is_not_kept() -> None:
    raw = b"Subject: x\r\n\r\n" + (b"y" * 998 + b"\r\n") * 41_943
    raw += b"z" * (40 * 1024 * 1024 - len(raw) - 2) + b"\r\n"
    assert len(raw) == 41_943_040
    with receiver().smtp(keep=1) as server, Wire(server) as wire:
        assert wire.ready().message(raw[:-2] + b"z\r\n") == "552 5.3.4 Message size exceeds fixed limit"
        (reception,) = server.wait_for(1, kind="refused")
        assert len(reception.message.raw) < 100_000
        assert wire.ready().message(raw).startswith("250 OK")
        assert server.wait_for(1)[-1].message.raw == raw


def test_messages_under_way_have_a_limit_together() -> None:
    with receiver().smtp(bounds=Bounds(buffered_bytes=50_000)) as server, Wire(server) as slow, Wire(server) as fast:
        slow.ready().say("DATA")
        slow.send(b"x\r\n" * 10_000)
        settled(server, octets=30_000)
        assert fast.ready().message(b"y\r\n" * 10_000) == "452 4.3.1 Insufficient system storage"
        assert fast.ready().message(b"y\r\n" * 1_000).startswith("250 OK")
        slow.send(b".\r\n")
        assert slow.reply().startswith("250 OK")
        assert fast.ready().message(b"y\r\n" * 10_000).startswith("250 OK")


@pytest.mark.slow
def test_a_client_that_does_not_read_is_not_answered_into_memory() -> None:
    """Commands by the megabyte, replies unread: we stop reading before they pile up."""
    with receiver().smtp() as server, Wire(server) as wire:
        wire.socket.settimeout(0.3)
        packet = b"HELP\r\n" * 10_000
        sent = commands = stuck = 0
        while sent < 200_000_000 and stuck < 3:  # a busy machine may be slow without being stuck
            with contextlib.suppress(TimeoutError):
                sent += wire.socket.send(packet)
                continue
            before, commands = commands, server.counters["commands"]
            stuck = stuck + 1 if commands == before else 0
        assert stuck == 3
        assert commands * len(b"HELP\r\n") < sent
        assert server.counters["connected"] == 1


def test_a_client_that_reads_late_gets_every_answer() -> None:
    count = 20_000
    with receiver().smtp() as server, Wire(server) as wire:
        sender = threading.Thread(target=wire.send, args=(b"HELP\r\n" * count + b"QUIT\r\n",))
        sender.start()
        stands_still(server)
        assert server.counters["commands"] < count
        answers = wire.file.read()
        sender.join()
    assert answers.count(b"214 End of HELP info\r\n") == count
    assert answers.endswith(b"221 Bye\r\n")


def test_a_flood_of_commands_is_answered_in_turns_with_others() -> None:
    """One packet of many commands: some are answered at once, the rest when the loop has been round."""

    async def run() -> list[int]:
        behind = receiver()
        hub = Hub(receiver=behind, policy=Policy(tls=False), intake=Intake(behind.process, Bounds()))
        connection, pipe = Connection(hub, asyncio.get_running_loop()), Pipe("127.0.0.1")
        connection.connection_made(pipe)
        await asyncio.sleep(0)
        connection.data_received(b"NOOP\r\n" * 1_000)
        answered = [pipe.written.count(b"250 Ok")]
        connection.eof_received()
        while not pipe.closed:
            await asyncio.sleep(0)
            answered.append(pipe.written.count(b"250 Ok"))
        connection.connection_lost(None)
        return answered

    answered = asyncio.run(run())
    assert answered[-1] == 1_000
    assert max(later - before for before, later in pairwise([0, *answered])) == 100


# ---------------------------------------------------------------- hanging up


@pytest.mark.parametrize("last", [b"", b"NOOP\r\n", b"MAIL FROM", b"DATA\r\n", b"DATA\r\nSubject: half"])
def test_hanging_up_anywhere_leaves_nothing_behind(last: bytes) -> None:
    behind = receiver()
    with behind.smtp() as server:
        wire = Wire(server).ready()
        wire.send(last)
        wire.close()
        settled(server, connected=0)
        assert not server.failures
        assert server.counters["accepted"] == 0
    assert not stored(behind)


def test_answers_to_what_came_together_go_out_together_and_in_order() -> None:
    behind = receiver()
    sent: list[tuple[str, bytes]] = []

    class Named(Pipe):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            sent.append((self.get_extra_info("peername")[0], bytes(data)))

        def close(self) -> None:
            sent.append((self.get_extra_info("peername")[0], b"closed"))
            super().close()

        abort = close

    async def run() -> None:
        hub = Hub(receiver=behind, policy=Policy(tls=False), intake=Intake(behind.process, Bounds()))
        clients = {}
        for peer in ("192.0.2.1", "192.0.2.2"):
            clients[peer] = Connection(hub, asyncio.get_running_loop())
            clients[peer].connection_made(Named(peer))
        await asyncio.sleep(0)
        sent.clear()
        clients["192.0.2.1"].data_received(b"NOOP\r\nVRFY a\r\n")
        clients["192.0.2.2"].data_received(b"RSET\r\n")
        clients["192.0.2.1"].data_received(b"NOOP\r\n")
        assert not sent
        await asyncio.sleep(0)
        clients["192.0.2.2"].data_received(b"NOOP\r\nQUIT\r\n")  # who hangs up sends first
        for client in clients.values():
            client.connection_lost(None)
        await asyncio.sleep(0)

    asyncio.run(run())
    ok = b"250 Ok\r\n"
    assert sent == [
        ("192.0.2.1", ok + b"502 VRFY command is disabled\r\n" + ok), ("192.0.2.2", ok),
        ("192.0.2.2", ok + b"221 Bye\r\n"), ("192.0.2.2", b"closed"),
    ]  # fmt: skip


def test_a_client_that_sends_its_end_at_once_still_gets_its_answers() -> None:
    with receiver().smtp() as server, Wire(server) as wire:
        wire.send(b"MAIL FROM:<>\r\nRCPT TO:<bo@example.com>\r\nDATA\r\n" + MESSAGE + b".\r\n")
        wire.socket.shutdown(socket.SHUT_WR)
        replies = [wire.reply()[:3] for _ in range(5)]
        assert replies == ["250", "250", "354", "250", ""]
        assert len(server.wait_for(1)) == 1


def test_an_error_in_the_receiver_is_told_and_remembered() -> None:
    behind = receiver()
    behind.provider_lists = (SimpleNamespace(name="no list"),)  # type: ignore[assignment]
    with behind.smtp() as server:
        with Wire(server) as wire:
            assert wire.say("MAIL FROM:<>") == "421 4.3.0 Mail system failure, closing transmission channel"
            assert wire.reply() == ""
        assert len(server.failures) == 1
        behind.provider_lists = ()
        with Wire(server) as wire:
            assert wire.say("MAIL FROM:<>") == "250 Ok"
