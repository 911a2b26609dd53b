"""What the tests of live SMTP share: an account, a connection without a network, a reader of replies."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from functools import cache
from typing import Any

import sesreceive as ses
from sesreceive.bounds import Bounds
from sesreceive.receiver import Submission
from sesreceive.smtp.connection import Connection, Hub
from sesreceive.smtp.intake import Intake
from sesreceive.smtp.session import Policy
from tests.conftest import make_account, make_rule
from tests.patience import PATIENCE_S

HOST = "inbound-smtp.us-east-1.amazonaws.com"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:gate"
STORE = ses.S3Action(bucket_name="inbox")
MESSAGE = b"From: ana@example.org\r\nTo: bo@example.com\r\nSubject: hello\r\n\r\nbody\r\n"


@cache
def account() -> ses.Account:
    """Takes mail for all of example.com but secure@, which needs TLS; nothing from 203.0.113.0/24."""
    return make_account(
        make_rule("secure", STORE, recipients=("secure@example.com",), tls_policy=ses.TlsPolicy.REQUIRE),
        make_rule("shelf", STORE, recipients=("bo@example.com", "cy@example.com", "example.com.example.com")),
        make_rule("subdomains", STORE, recipients=(".example.com",)),
        filters=(ses.ReceiptFilter.block("203.0.113.0/24", name="test-net-3"),),
    )


def receiver(**options: Any) -> ses.Receiver:
    """A receiver of that account whose ids and times are the same on every run."""
    return ses.Receiver(account(), seed=1, **options)


class Pipe(asyncio.Transport):
    """A transport without a network: what is written is kept."""

    def __init__(self, peer: str) -> None:
        super().__init__({"peername": (peer, 40_000)})
        self.written = bytearray()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closed:
            self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0


def converse(
    packets: Iterable[bytes], *, bounds: Bounds | None = None, peer: str = "127.0.0.1", **options: Any
) -> tuple[bytes, bool, list[Submission]]:
    """What a session answers to these packets, whether it hung up, and what it handed on; all in memory."""
    behind = receiver(**options)
    got: list[Submission] = []
    bounds = bounds or Bounds()
    intake = Intake(behind.process, bounds)
    intake.put = lambda submission, octets: (intake.release(octets), got.append(submission))[1]  # type: ignore[method-assign]
    intake.note = got.append  # type: ignore[method-assign]

    async def run() -> tuple[bytes, bool]:
        hub = Hub(receiver=behind, policy=Policy(tls=False, bounds=bounds), intake=intake)
        connection = Connection(hub, asyncio.get_running_loop())
        pipe = Pipe(peer)
        connection.connection_made(pipe)
        await asyncio.sleep(0)
        for packet in packets:
            if pipe.closed:
                break
            connection.data_received(packet)
        await asyncio.sleep(0)
        written, closed = bytes(pipe.written), pipe.closed
        pipe.close()
        connection.connection_lost(None)
        await asyncio.sleep(0)
        return written, closed

    written, closed = asyncio.run(run())
    return written, closed, got


class Wire:
    """A raw client: bytes out, replies in."""

    def __init__(self, server: Any, *, source: str | None = None, greeted: bool = True) -> None:
        where = (source, 0) if source else None
        self.socket = socket.create_connection(server.address, PATIENCE_S, source_address=where)
        self.file = self.socket.makefile("rb")
        if greeted:
            self.greeting = self.reply()

    def reply(self) -> str:
        """One reply, its lines joined; empty when the server hung up."""
        lines = []
        while line := self._line():
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] != b"-":
                break
        return "\n".join(lines)

    def _line(self) -> bytes:
        try:
            return self.file.readline()
        except ConnectionError:
            return b""

    def say(self, line: str) -> str:
        """The answer to one line."""
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ready(self, *recipients: str) -> Wire:
        """The state before DATA."""
        assert self.say("EHLO mx.example.org").endswith("250 Ok")
        assert self.say("MAIL FROM:<ana@example.org>") == "250 Ok"
        for recipient in recipients or ("bo@example.com",):
            self.say(f"RCPT TO:<{recipient}>")
        return self

    def message(self, raw: bytes = MESSAGE) -> str:
        """The answer to a whole message; dots are the caller's business."""
        assert self.say("DATA").startswith("354")
        self.send(raw + b".\r\n")
        return self.reply()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def stored(behind: ses.Receiver) -> list[bytes]:
    """The objects in the bucket, in the order they came: each a message with SES's header block before it."""
    return [mail.body for mail in behind.backend.buckets["inbox"].values()] if "inbox" in behind.backend.buckets else []
