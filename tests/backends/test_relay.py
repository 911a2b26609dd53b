"""Bounces handed to a real SMTP host."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

import sesreceive as ses
from sesreceive.backends.memory import MemoryBackend
from sesreceive.backends.relay import Relay
from sesreceive.effects import SendBounce
from sesreceive.errors import InputError
from tests.conftest import MESSAGE, make_account, make_rule

RAW = b"Subject: Delivery Status Notification (Failure)\r\nTo: ana@example.org\r\n\r\n.\r\nTh\xe9 end\r\n"


class Sink:
    """Keeps what it is handed: envelope sender, recipients, bytes."""

    def __init__(self) -> None:
        self.mails: list[tuple[str | None, list[str], bytes]] = []
        self.refuses = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        # aiosmtpd says `<>` for the null sender.
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"


class FreePortController(Controller):
    """aiosmtpd's controller asks port 0 for itself when it checks that it runs; it has to ask the real one."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    controller = FreePortController(handler, hostname="127.0.0.1", port=0, enable_SMTPUTF8=True)
    controller.start()
    yield handler, f"127.0.0.1:{controller.port}"
    controller.stop()


def bounce(destination: str = "ana@example.org", raw: bytes = RAW) -> SendBounce:
    return SendBounce(sender="postmaster@example.com", destination=destination, raw=raw)


def test_a_bounce_arrives_byte_for_byte_from_the_null_sender(sink: tuple[Sink, str]) -> None:
    handler, place = sink
    backend = MemoryBackend(relay=place)
    outcome = backend.perform(bounce())
    assert (outcome.error, outcome.reason) == ("", f"relayed to `{place}`")
    assert handler.mails == [("<>", ["ana@example.org"], RAW)]
    assert backend.bounces == (bounce(),)


def test_an_address_that_is_not_ascii_is_relayed(sink: tuple[Sink, str]) -> None:
    handler, place = sink
    assert MemoryBackend(relay=place).perform(bounce("jörg@example.org")).reason.startswith("relayed")
    assert handler.mails[0][1] == ["jörg@example.org"]


def test_a_real_bounce_action_is_relayed_and_its_reason_is_in_the_trace(sink: tuple[Sink, str]) -> None:
    handler, place = sink
    rule = make_rule("refuse", ses.BounceAction.template("mailbox-full", sender="postmaster@example.com"))
    receiver = ses.Receiver(make_account(rule), backend=MemoryBackend(relay=place), seed=1)
    reception = receiver.receive(
        MESSAGE, client_ip="198.51.100.7", mail_from="ana@example.org", rcpt_to=["bo@example.com"]
    )
    assert [(sender, to) for sender, to, _ in handler.mails] == [("<>", ["ana@example.org"])]
    assert b"Mailbox full" in handler.mails[0][2]
    assert any(f"relayed to `{place}`" in event.reason for event in reception.trace)


def test_nothing_is_relayed_unless_asked_for(sink: tuple[Sink, str]) -> None:
    handler, _ = sink
    assert MemoryBackend().perform(bounce()).reason == ""
    assert handler.mails == []


def test_a_relay_that_refuses_does_not_change_what_ses_did(sink: tuple[Sink, str]) -> None:
    handler, place = sink
    handler.refuses = "550 5.1.1 nobody\there"
    backend = MemoryBackend(relay=place)
    outcome = backend.perform(bounce())
    assert outcome.error == ""
    assert outcome.reason == f"the relay `{place}` refused the bounce: 550 5.1.1 nobody\\x09here"
    assert len(backend.bounces) == 1


def test_a_relay_that_is_not_there_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    backend = MemoryBackend(relay=f"127.0.0.1:{port}")
    assert (
        backend.perform(bounce()).reason
        == f"the relay `127.0.0.1:{port}` could not take the bounce: connection refused"
    )
    assert len(backend.bounces) == 1


def test_a_relay_that_says_nothing_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = Relay(host="127.0.0.1", port=server.getsockname()[1], timeout_s=0.2)
        reason = MemoryBackend(relay=relay).perform(bounce()).reason
    assert reason.startswith(f"the relay `{relay}` could not take the bounce: ")
    assert reason.endswith("timed out")


@pytest.mark.parametrize("destination, reached", [
    ("", []),
    ("a\r\nRCPT TO:<evil@example.net>@example.org", []),
    ("a><evil@example.net", []),
    ('"a b"@example.org', ['"a b"@example.org']),
    ("x" * 2000 + "@example.org", []),
])  # fmt: skip
def test_no_destination_breaks_out_of_its_command(sink: tuple[Sink, str], destination: str, reached: list[str]) -> None:
    handler, place = sink
    outcome = MemoryBackend(relay=place).perform(bounce(destination))
    assert outcome.error == ""
    assert [address for _, recipients, _ in handler.mails for address in recipients] == reached


@pytest.mark.parametrize("place, host, port", [
    ("127.0.0.1:1025", "127.0.0.1", 1025),
    ("localhost:25", "localhost", 25),
    ("[::1]:65535", "::1", 65535),
])  # fmt: skip
def test_a_place_is_host_and_port(place: str, host: str, port: int) -> None:
    relay = Relay.at(place)
    assert (relay.host, relay.port, str(relay)) == (host, port, place)


@pytest.mark.parametrize(
    "place", ["", "localhost", ":25", "localhost:", "localhost:0", "localhost:65536", "::1:25", "a b:25", "h:２５"]
)
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(InputError, match=r"relay: expected `host:port` such as `127.0.0.1:1025` but got"):
        MemoryBackend(relay=place)
