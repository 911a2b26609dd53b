"""A session on a socket: an `asyncio.Protocol` that reads, answers and closes.

What the client sends goes through `Framer` and `Session`; here are the time-outs, STARTTLS, the PROXY protocol (read
by aiosmtpd), how much one client may send ahead, and the order in which a message is answered and handed on.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiosmtpd.proxy_protocol import get_proxy

from sesreceive.receiver import Receiver, Submission
from sesreceive.smtp import replies
from sesreceive.smtp.client import plain_address
from sesreceive.smtp.committer import Committer
from sesreceive.smtp.framing import Body, Fault, Framer
from sesreceive.smtp.intake import Intake
from sesreceive.smtp.proxy_reader import ProxyReader
from sesreceive.smtp.session import Answer, Policy, Session, Then

__all__ = ["Connection", "Counters", "Hub"]

# What a client may send ahead of its replies before we stop reading from it.
_READ_AHEAD = 64 * 1024
# Replies a client gets in a row while others wait.
_TURN = 100
# How long a client has for the PROXY line or the TLS handshake.
_HANDSHAKE_S = 30.0
_COMMAND = Then.COMMAND  # looked up once: it is asked of each answer


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
    committer: Committer | None = None
    counters: Counters = field(default_factory=Counters)
    open: set[Connection] = field(default_factory=set)
    answered: list[Connection] = field(default_factory=list)
    buffered: int = 0
    stopping: bool = False
    numbers: count[int] = field(default_factory=lambda: count(1))

    def number(self) -> str:
        """The name of the next message."""
        return f"smtp-{next(self.numbers)}"

    def send(self) -> None:
        """Send what was answered since the last call: those who get it are woken in one go, and not each by each."""
        answered, self.answered = self.answered, []
        for connection in answered:
            connection.send()


class Connection(asyncio.Protocol):
    """One client of the server.

    What the client sent is answered where it arrives, in `data_received`, as far as that goes without waiting; what
    has to wait (PROXY, the handshake, a place for a message) is a task, and until it is done nothing is answered.

    Parameters
    ----------
    hub : Hub
        Of the server.
    loop : asyncio.AbstractEventLoop
        In which it lives.
    """

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self.transport: Any = None  # uvloop's are no asyncio.Transport; None once the connection is lost
        self._hub, self._loop, self._bounds = hub, loop, (bounds := hub.policy.bounds)
        self._framer = Framer(command_bytes=bounds.command_bytes)
        self._smtp: Session | None = None  # once the client is known
        self._busy = True  # a task answers next
        self._choked = False  # the client does not read its replies
        self._stalled = False  # we do not read from the client
        self._ended = False  # the client sends no more
        self._waits_its_turn = False  # it sent so much that others are answered first
        self._in_body = False
        self._shaking_hands = self._encrypted = False
        self._unsent = b""  # replies that go out once what arrived together is answered
        self._held = 0  # octets of the message under way
        self._deadline = self._last_call = self._rings = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._job: asyncio.Task[None] | None = None
        self._arrived: asyncio.Future[None] | None = None

    # ---------------------------------------------------------------- asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection and greet the client, or hear first for whom it speaks."""
        hub = self._hub
        self.transport = transport
        hub.open.add(self)
        hub.counters.connections += 1
        hub.counters.connected += 1
        peer = _host(transport)
        if hub.stopping or len(hub.open) > self._bounds.connections:
            hub.counters.turned_away += 1
            self._say(Answer(replies.TOO_MANY_CONNECTIONS.line(), Then.CLOSE))
        elif hub.proxy and peer in hub.policy.trusted:
            self._start(self._greet_proxied, peer)
        else:
            self._reset_timeout()
            try:
                welcome = self._greet(peer)
            except Exception as error:  # noqa: BLE001 - as in `_answer`
                self._fail(error)
                return
            if welcome.delay_s or welcome.then is Then.HANG_UP:
                self._start(self._say_late, welcome)
            else:
                self._say(welcome)
                self._busy = False

    def data_received(self, data: bytes) -> None:
        """Take a packet, answer what is complete."""
        self._framer.feed(data)
        if self._in_body:
            self._count(len(data))
        if not self._busy and not self._waits_its_turn:
            self._answer()
        elif self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
        if self._framer.size > _READ_AHEAD and not self._stalled and self._ahead():
            self._pause(True)

    def eof_received(self) -> bool:
        """The client sends no more; what it sent is answered before the connection is closed."""
        self._ended = True
        if not self._busy and not self._waits_its_turn:
            self._answer()
        elif self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
        return not self._encrypted  # under TLS there is no half of a connection to keep open

    def connection_lost(self, error: Exception | None) -> None:
        """End the transaction and give back what it held."""
        if self not in self._hub.open:  # said before, when the handshake failed
            return
        self._hub.open.discard(self)
        self._hub.counters.connected -= 1
        self._let_go()
        self.transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._job is not None and not self._shaking_hands:  # it is the job that says so then
            self._job.cancel()
        if self._smtp is not None:
            try:
                self._smtp.reset()
            except Exception as problem:  # noqa: BLE001 - as in `_answer`
                self._hub.intake.fail(None, problem)

    def pause_writing(self) -> None:
        """The client does not read: answer nothing more until it does."""
        self._choked = True

    def resume_writing(self) -> None:
        """It reads again."""
        self._choked = False
        if not self._busy and not self._waits_its_turn:
            self._answer()

    # ---------------------------------------------------------------- time

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Move the deadline; the timer itself is set again only when it rings too early."""
        self._deadline = self._loop.time() + (duration or self._bounds.idle_s)
        if self._timer is None:
            self._set_timer()
        elif self._rings > self._deadline:
            self._timer.cancel()
            self._set_timer()

    def _set_timer(self) -> None:
        self._rings = self._deadline
        self._timer = self._loop.call_at(self._rings, self._time_is_up)

    def _time_is_up(self) -> None:
        if self._loop.time() < self._deadline:
            self._set_timer()
            return
        self._hub.counters.timeouts += 1
        self.dismiss(replies.IDLE.line())

    def dismiss(self, text: str) -> None:
        """Say why and hang up, whatever the session is doing; a message under way is not taken."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        self._busy = True
        if not self._shaking_hands:
            self._write(text.encode() + b"\r\n")
        self._close()
        if self._job is not None:
            self._job.cancel()

    # ---------------------------------------------------------------- what needs no waiting

    def _answer(self) -> None:
        """Answer every line and message that is complete."""
        try:
            texts = self._answers()
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the client has to be told and the owner to know
            self._fail(error)
            return
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self._ended and not (self._busy or self._choked or self._waits_its_turn):
            self._close()
        elif self._stalled and not self._ahead():
            self._pause(False)
        if texts and not self._in_body:
            self._reset_timeout()

    def _fail(self, error: Exception) -> None:
        self._hub.intake.fail(None, error)
        self.dismiss(replies.FAILURE.line())

    def _answers(self) -> int:
        """Write the replies; how many there were."""
        session, framer, counters = self._smtp, self._framer, self._hub.counters
        assert session is not None
        given = 0
        while not self._busy and not self._choked:
            if given >= _TURN:
                self._waits_its_turn = True
                self._loop.call_soon(self._take_turn)
                break
            if self._in_body:
                body = framer.body()
                if body is None:
                    self._deadline = min(self._loop.time() + self._bounds.idle_s, self._last_call)
                    break
                answer = self._finish(session, body)
                if answer is None:
                    break
            else:
                line = framer.line()
                if line is None:
                    break
                counters.commands += 1
                if session.waits_for_dns(line):
                    self._start(self._look_up, session, line)
                    break
                answer = session.command(line)
            if answer.then is _COMMAND and not answer.delay_s:  # as nearly all
                self._write(answer.wire)
                given += 1
                continue
            if answer.then is Then.MESSAGE:
                self._open_body()
            elif answer.then is Then.TLS:
                self._start(self._encrypt, session)
                break
            given += 1
            if answer.delay_s or answer.then is Then.HANG_UP:
                self._start(self._say_late, answer)
                break
            self._say(answer)
        return given

    def _take_turn(self) -> None:
        self._waits_its_turn = False
        if not self._busy and self.transport is not None:
            self._answer()

    def _say(self, answer: Answer) -> None:
        self._write(answer.wire)
        if answer.then is Then.CLOSE:
            self._busy = True
            self._close()

    def _write(self, octets: bytes) -> None:
        """Send it with the other answers to what arrived at the same time, `Hub.send`; nothing overtakes it."""
        if not self._unsent:
            hub = self._hub
            if not hub.answered:
                self._loop.call_soon(hub.send)
            hub.answered.append(self)
        self._unsent += octets

    def send(self) -> None:
        """Hand what was answered to the network."""
        unsent, self._unsent = self._unsent, b""
        if unsent and self.transport is not None and not self.transport.is_closing():
            self.transport.write(unsent)

    def _close(self) -> None:
        """Hang up behind the last reply."""
        self.send()
        self.transport.close()

    def _open_body(self) -> None:
        self._framer.open_body(size_limit=self._smtp.most_bytes if self._smtp else self._bounds.message_bytes)
        self._in_body = True
        self._last_call = self._loop.time() + self._bounds.data_s
        self._reset_timeout(min(self._bounds.idle_s, self._bounds.data_s))
        self._count(self._framer.size)  # of a client that did not wait for 354

    def _finish(self, session: Session, body: Body) -> Answer | None:
        """The answer to a whole message; None when it has to wait for a place."""
        self._in_body = False
        refused = session.refuse(body)
        if refused is not None:
            self._let_go()
            self._hub.intake.note(refused)
            return session.final(refused.reply)
        if not self._hub.intake.reserve(len(body.raw)):
            self._start(self._wait_for_place, session, body.raw)
            return None
        submission = self._take(session, body.raw)
        if submission.accepted and self._hub.committer is not None:
            self._start(self._keep, self._hub.committer, session, submission, len(body.raw))
            return None
        return session.final(submission.reply)

    def _take(self, session: Session, raw: bytes, *, waited: bool = False) -> Submission:
        """Hand on a message that has a place: an id, a place in the queue and an answer, or none of them."""
        intake, octets = self._hub.intake, len(raw)
        self._let_go()
        try:
            submission = session.submit(raw, waited=waited)
        except BaseException:
            intake.release(octets)
            raise
        if not submission.accepted:  # the receiver was changed while the message waited
            intake.release(octets)
            intake.note(submission)
        elif self._hub.committer is None:  # otherwise it is handed on once it is kept
            intake.put(submission, octets)
        return submission

    # ---------------------------------------------------------------- what has to wait

    def _start(self, job: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        """Let a task answer next."""
        self._busy = True
        self._job = self._loop.create_task(self._finally_answer(job, *arguments))

    async def _finally_answer(self, job: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        """Do a job, then go on with what the client sent in the meantime."""
        try:
            await job(*arguments)
        except ConnectionError:  # the client hung up, or speaks no TLS
            if self.transport is not None:
                self._close()
        except Exception as error:  # noqa: BLE001 - as in `_answer`
            self._fail(error)
        else:
            if self.transport is not None and not self.transport.is_closing():
                self._busy = False
                self._reset_timeout()
                self._answer()

    def _greet(self, peer: str, proxied: str = "") -> Answer:
        hub = self._hub
        self._smtp = Session(
            hub.receiver, hub.policy, peer, proxied=proxied, refused=hub.intake.note, number=hub.number
        )
        return self._smtp.welcome()

    async def _greet_proxied(self, peer: str) -> None:
        """Greet the client whose address the PROXY protocol gives."""
        self._reset_timeout(_HANDSHAKE_S)
        proxy = await get_proxy(ProxyReader(self))
        if not proxy.valid:
            raise ConnectionResetError(proxy.error)
        try:
            proxied = plain_address(str(proxy.src_addr))
        except ValueError:
            proxied = ""  # LOCAL, UNKNOWN or a Unix socket: the peer speaks for itself
        await self._say_late(self._greet(peer, proxied))

    async def _look_up(self, session: Session, line: bytes | Fault) -> None:
        """Ask the lists in DNS about the client, while others are answered; then answer MAIL FROM."""
        await asyncio.to_thread(session.look_up)
        if self.transport is not None and not self.transport.is_closing():
            await self._say_late(session.command(line))

    async def _encrypt(self, session: Session) -> None:
        """Answer STARTTLS and shake hands; what was sent in clear text behind it is forgotten."""
        context = self._hub.tls_context
        assert context is not None  # Policy.tls
        self._say(Answer(replies.STARTTLS.line()))
        self.send()
        self._framer.clear()
        if self._stalled:
            self._pause(False)
        self._reset_timeout(_HANDSHAKE_S)
        self._shaking_hands = True
        clear_text = self.transport
        try:
            self.transport = await self._loop.start_tls(clear_text, self, context, server_side=True)
        except BaseException as error:
            # asyncio tells no protocol of a connection that ends before its handshake does
            clear_text.close()
            self.connection_lost(error if isinstance(error, Exception) else None)
            if isinstance(error, ssl.SSLError | TimeoutError):
                raise ConnectionResetError from None
            raise
        self._shaking_hands, self._encrypted = False, True
        session.encrypted()

    async def received(self, ready: Callable[[bytearray], int]) -> bytes:
        """The first octets of what the client sent, as many as `ready` says, once that is more than 0.

        Raises
        ------
        ConnectionResetError
            When the client sends no more before.
        """
        while not (size := ready(self._framer.pending)):
            if self._ended:
                raise ConnectionResetError("the client hung up")
            self._arrived = self._loop.create_future()
            await self._arrived
        return self._framer.take(size)

    async def _wait_for_place(self, session: Session, raw: bytes) -> None:
        self._reset_timeout(self._bounds.waiting_s + self._bounds.idle_s)
        granted = await self._hub.intake.wait(len(raw))
        if granted and (self.transport is None or self.transport.is_closing()):
            self._hub.intake.release(len(raw))  # nobody is there to be told 250
        elif granted:
            submission = self._take(session, raw, waited=True)
            if submission.accepted and self._hub.committer is not None:
                await self._keep(self._hub.committer, session, submission, len(raw))
            else:
                await self._say_late(session.final(submission.reply))
        else:
            self._let_go()
            postponed = session.postpone(raw)
            self._hub.intake.note(postponed)
            await self._say_late(session.final(postponed.reply))

    async def _keep(self, committer: Committer, session: Session, submission: Submission, octets: int) -> None:
        kept = await committer.commit(submission, octets)
        await self._say_late(session.final(kept.reply))

    async def _say_late(self, answer: Answer) -> None:
        """Send the reply when its time has come; hang up where something goes wrong on purpose."""
        if answer.delay_s:
            self._reset_timeout(self._bounds.idle_s + answer.delay_s)
            await asyncio.sleep(answer.delay_s)
        if answer.then is Then.HANG_UP:
            if self.transport is not None:
                self._busy = True
                self.send()
                self.transport.abort()
            return
        self._say(answer)

    # ---------------------------------------------------------------- how much

    def _ahead(self) -> bool:
        """Whether the client sent more than it should before a reply; a message that is collected may be large."""
        collects = self._in_body and not self._busy and not self._choked
        return not collects and self._framer.size > _READ_AHEAD

    def _pause(self, pause: bool) -> None:
        """Stop or go on reading: the client waits in its own kernel, not in our memory."""
        transport: Any = self.transport  # uvloop's is no asyncio.ReadTransport
        if transport is not None and not transport.is_closing():
            (transport.pause_reading if pause else transport.resume_reading)()
            self._stalled = pause

    def _count(self, octets: int) -> None:
        self._held += octets
        self._hub.buffered += octets
        self._hub.counters.octets += octets
        if self._hub.buffered > self._bounds.buffered_bytes:
            self._framer.drop_body()
            self._let_go()

    def _let_go(self) -> None:
        self._hub.buffered -= self._held
        self._held = 0


def _host(transport: asyncio.BaseTransport | None) -> str:
    """The address of the connected host."""
    peer: Any = transport.get_extra_info("peername") if transport is not None else None
    try:
        return plain_address(str(peer[0]))
    except (TypeError, IndexError, ValueError):
        return "127.0.0.1"  # no IP transport
