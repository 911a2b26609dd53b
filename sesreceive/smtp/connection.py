"""A session on a socket: aiosmtpd's ``SMTP`` with our own loop of commands.

From aiosmtpd come the life of the connection, STARTTLS, the PROXY protocol and `push`. Ours are the reading
(`Framer` instead of a stream read line by line: 76 % of aiosmtpd's time on a 100 KB message), the commands
(`Session`), the time-outs, and the order in which a message is answered and handed on.

The names of aiosmtpd that are used here although they are not public are listed in `INNER_NAMES`; a test
looks whether they still exist.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiosmtpd.proxy_protocol import get_proxy
from aiosmtpd.smtp import SMTP, TLSSetupException

from sesreceive.receiver import Receiver
from sesreceive.smtp import replies
from sesreceive.smtp.client import plain_address
from sesreceive.smtp.framing import Body, Fault, Framer
from sesreceive.smtp.intake import Intake
from sesreceive.smtp.session import Answer, Policy, Session, Then

__all__ = ["INNER_NAMES", "Connection", "Counters", "Hub"]

INNER_NAMES = (
    "_handle_client", "_handler_coroutine", "_original_transport", "_reset_timeout", "_set_rset_state",
    "_timeout_handle", "_tls_protocol", "_writer", "push", "smtp_STARTTLS",
)  # fmt: skip

# What a client may send ahead of its replies before we stop reading from it.
_READ_AHEAD = 64 * 1024
# How long a client has for the PROXY line or the TLS handshake.
_HANDSHAKE_S = 30.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counters:
    """What a server has seen."""

    connections: int = 0
    connected: int = 0
    turned_away: int = 0
    commands: int = 0
    octets: int = 0
    timeouts: int = 0


@dataclass(eq=False)
class Hub:
    """What the connections of one server share."""

    receiver: Receiver
    policy: Policy
    intake: Intake
    tls_context: ssl.SSLContext | None = None
    proxy: bool = False
    counters: Counters = field(default_factory=Counters)
    open: set[Connection] = field(default_factory=set)
    buffered: int = 0
    stopping: bool = False
    numbers: count[int] = field(default_factory=lambda: count(1))

    def number(self) -> str:
        """The name of the next message."""
        return f"smtp-{next(self.numbers)}"


class Connection(SMTP):
    """One client of the server.

    Parameters
    ----------
    hub : Hub
        Of the server.
    loop : asyncio.AbstractEventLoop
        In which it lives.
    """

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        bounds = hub.policy.bounds
        super().__init__(
            None, hostname=hub.policy.hostname, enable_SMTPUTF8=True, tls_context=hub.tls_context,
            timeout=bounds.idle_s, loop=loop,
        )  # fmt: skip
        self._hub, self._bounds = hub, bounds
        self._framer = Framer(command_bytes=bounds.command_bytes)
        self._waiter: asyncio.Future[None] | None = None
        self._smtp: Session | None = None
        self._in_body = False
        self._body: Body | None = None
        self._held = 0  # octets of the message under way
        self._deadline = self._last_call = 0.0
        self._paused = self._ended = self._shaking_hands = False

    # ---------------------------------------------------------------- asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection; under STARTTLS, forget what was sent in clear text."""
        again = self._original_transport is not None
        if not again:
            self._hub.open.add(self)
            self._hub.counters.connections += 1
            self._hub.counters.connected += 1
        self._framer.clear()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take a packet; wake the session when a whole line or message is there."""
        framer = self._framer
        framer.feed(data)
        if self._in_body:
            self._count_body(len(data))
            self._body = framer.body()
            if self._body is None:
                self._deadline = min(self.loop.time() + self._bounds.idle_s, self._last_call)
                return
        elif framer.size > _READ_AHEAD and not self._paused:
            self._pause(True)
        self._wake()

    def eof_received(self) -> bool:
        """The client sends no more; what it sent is answered before the connection is closed."""
        self._ended = True
        self._wake()
        return self._tls_protocol is None  # under TLS there is no half of a connection to keep open

    def connection_lost(self, error: Exception | None) -> None:
        """End the transaction and give back what it held."""
        if self not in self._hub.open:  # aiosmtpd may say so twice when the TLS handshake failed
            return
        self._hub.open.discard(self)
        self._hub.counters.connected -= 1
        self._let_go()
        super().connection_lost(error)
        if self._smtp is not None:
            self._smtp.reset()

    # ---------------------------------------------------------------- time

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Move the deadline; the timer itself is set again only when it rings too early."""
        self._deadline = self.loop.time() + (duration or self._bounds.idle_s)
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)
        elif self._timeout_handle.when() > self._deadline:
            self._timeout_handle.cancel()
            self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._deadline:
            self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)
            return
        self._hub.counters.timeouts += 1
        self.dismiss(replies.IDLE.line())

    def dismiss(self, text: str) -> None:
        """Say why and hang up, whatever the session is doing; a message under way is not taken."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if not self._shaking_hands:
            self._writer.write(text.encode() + b"\r\n")
        transport.close()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    # ---------------------------------------------------------------- the session

    async def _handle_client(self) -> None:
        try:
            # The connection was lost, or dismissed; or the client hung up while it was answered.
            with suppress(asyncio.CancelledError, ConnectionError):
                await self._converse()
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the client has to be told and the owner to know
            self._hub.intake.fail(None, error)
            self.dismiss(replies.FAILURE.line())
        finally:
            if self.transport is not None:
                self.transport.close()

    async def _converse(self) -> None:
        hub = self._hub
        if hub.stopping or len(hub.open) > self._bounds.connections:
            hub.counters.turned_away += 1
            await self.push(replies.TOO_MANY_CONNECTIONS.line())
            return
        peer = _host(self.transport)
        proxied = None
        if hub.proxy and peer in hub.policy.trusted:
            proxied = await self._proxied()
            if proxied is None:
                return
        session = self._smtp = Session(
            hub.receiver, hub.policy, peer, proxied=proxied or None, refused=hub.intake.note, number=hub.number
        )
        await self.push(session.greeting())
        while True:
            self._reset_timeout()
            line = await self._line()
            if line is None:
                return
            hub.counters.commands += 1
            answer = session.command(line)
            if answer.then is Then.MESSAGE:
                answer = await self._message(session, answer)
            elif answer.then is Then.TLS:
                if not await self._encrypt(session):
                    return
                continue
            await self.push(answer.text)
            if answer.then is Then.CLOSE:
                return

    async def _message(self, session: Session, answer: Answer) -> Answer:
        """Collect the message, find a place for it, and only then take it."""
        self._framer.open_body(size_limit=self._bounds.message_bytes)
        self._in_body = True
        self._last_call = self.loop.time() + self._bounds.data_s
        self._reset_timeout(min(self._bounds.idle_s, self._bounds.data_s))
        self._count_body(self._framer.size)
        self._body = self._framer.body()  # of a client that did not wait for 354
        try:
            await self.push(answer.text)
            while self._body is None and not self._ended:
                await self._wait()
            if self._body is None:
                raise ConnectionResetError  # the client hung up in the middle of it
            body, self._body = self._body, None
            return await self._take(session, body)
        finally:
            self._in_body = False
            self._let_go()

    async def _take(self, session: Session, body: Body) -> Answer:
        self._in_body = False
        complaint = session.complain(body)
        if complaint is not None:
            return complaint
        raw, octets = body.raw, len(body.raw)
        del body
        self._reset_timeout(self._bounds.waiting_s + self._bounds.idle_s)
        if not await self._hub.intake.reserve(octets):
            return session.postpone()
        # From here to `push` nothing else runs in this thread: a message has a place, an id and an answer,
        # or none of them.
        try:
            submission = session.submit(raw)
        except BaseException:
            self._hub.intake.release(octets)
            raise
        if submission.accepted:
            self._hub.intake.put(submission, octets)
        else:
            self._hub.intake.release(octets)
            self._hub.intake.note(submission)
        return Answer(str(submission.reply))

    async def _encrypt(self, session: Session) -> bool:
        """Whether the session is under TLS now."""
        self._framer.clear()
        self._reset_timeout(_HANDSHAKE_S)
        self._shaking_hands = True
        try:
            await self.smtp_STARTTLS("")
        except BaseException as error:
            # asyncio tells no protocol of a connection that ends before its handshake does
            if self._original_transport is not None:
                self._original_transport.close()
            self.connection_lost(error if isinstance(error, Exception) else None)
            if isinstance(error, TLSSetupException):
                return False
            raise
        self._shaking_hands = False
        session.encrypted()
        return True

    async def _proxied(self) -> str | None:
        """The address the PROXY protocol gives; empty when it gives none, None when it is not spoken."""
        self._reset_timeout(_HANDSHAKE_S)
        proxy = await get_proxy(_ProxyReader(self))
        if not proxy.valid:
            _log.info("no PROXY header: %s", proxy.error)
            return None
        try:
            return plain_address(str(proxy.src_addr))
        except ValueError:
            return ""  # LOCAL, UNKNOWN or a Unix socket: the peer speaks for itself

    # ---------------------------------------------------------------- waiting for bytes

    async def _line(self) -> bytes | Fault | None:
        """The next command line; None when the client has hung up."""
        while (line := self._framer.line()) is None:
            if self._ended:
                return None
            if self._paused:
                self._pause(False)
            await self._wait()
        return line

    async def _wait(self) -> None:
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _pause(self, pause: bool) -> None:
        """Stop or go on reading: the client waits in its own kernel, not in our memory."""
        transport: Any = self.transport  # uvloop's is no asyncio.ReadTransport
        if transport is not None and not transport.is_closing():
            (transport.pause_reading if pause else transport.resume_reading)()
            self._paused = pause

    def _count_body(self, octets: int) -> None:
        self._held += octets
        self._hub.buffered += octets
        self._hub.counters.octets += octets
        if self._hub.buffered > self._bounds.buffered_bytes:
            self._framer.drop_body()
            self._let_go()

    def _let_go(self) -> None:
        self._hub.buffered -= self._held
        self._held = 0


class _ProxyReader:
    """What aiosmtpd's PROXY parser reads from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def _until(self, ready: Callable[[bytearray], int]) -> bytes:
        connection = self._connection
        while not (size := ready(connection._framer.pending)):
            if connection._ended:
                raise ConnectionError("the client hung up")
            await connection._wait()
        return connection._framer.take(size)

    async def read(self, n: int = -1) -> bytes:
        return await self._until(lambda found: min(len(found), n))

    async def readexactly(self, n: int) -> bytes:
        return await self._until(lambda found: n if len(found) >= n else 0)

    async def readuntil(self, until_chars: bytes | None = None) -> bytes:
        # 107 octets are the longest line of version 1; a longer one is refused by the parser
        return await self._until(lambda found: found.find(b"\n") + 1 or (len(found) if len(found) > 107 else 0))


def _host(transport: asyncio.BaseTransport | None) -> str:
    """The address of the connected host."""
    peer: Any = transport.get_extra_info("peername") if transport is not None else None
    try:
        return plain_address(str(peer[0]))
    except (TypeError, IndexError, ValueError):
        return "127.0.0.1"  # no IP transport
