r"""SMTP typed by hand, with both sides in view: for a lesson, and for whatever no well-behaved client would send."""

from __future__ import annotations

import socket
import ssl
import weakref
from dataclasses import dataclass
from types import TracebackType

from sesreceive import _html
from sesreceive.errors import ServerError, one_line
from sesreceive.smtp.channel import Address, address_of, any_certificate, nobody_answers, stuffed

__all__ = ["Dialogue", "Exchange"]

# How much is shown of one line, and of a message.
_SHOWN = 2_000
_LINES = 40


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said, and what was answered.

    Attributes
    ----------
    said : tuple of str
        The client's lines; none for the greeting.
    lines : tuple of str
        The server's lines; none while it waits for more, or when it hung up.
    """

    said: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def code(self) -> int:
        """Code of the reply; 0 when there is none."""
        return int(self.lines[-1][:3]) if self.lines and self.lines[-1][:3].isdecimal() else 0

    @property
    def text(self) -> str:
        """Both sides, one line each: ``C:`` and ``S:``."""
        sides = [*(("C:", line) for line in self.said), *(("S:", line) for line in self.lines)]
        return "\n".join(f"{who} {one_line(line, _SHOWN)}".rstrip() for who, line in sides)

    def __repr__(self) -> str:
        """Both sides."""
        return self.text

    def _repr_html_(self) -> str:
        return _html.frame(self.text, _both_sides((self,)))


class Dialogue:
    r"""An SMTP session by hand.

    Parameters
    ----------
    to : Server, (host, port) or str
        Where to.
    timeout : float
        Seconds to wait for an answer.

    Raises
    ------
    ServerError
        When nobody listens there.

    Examples
    --------
    >>> import sesreceive as ses
    >>> with ses.Receiver(ses.Account(identities=("example.com",)), seed=1).smtp() as server:
    ...     with Dialogue(server) as smtp:
    ...         smtp.say("EHLO mx.example.org")
    ...         smtp.say("MAIL FROM:<ana@example.org>").code
    ...         smtp.say("RCPT TO:<bo@example.com>")
    C: EHLO mx.example.org
    S: 250-inbound-smtp.us-east-1.amazonaws.com
    S: 250-8BITMIME
    S: 250-STARTTLS
    S: 250 Ok
    250
    C: RCPT TO:<bo@example.com>
    S: 550 5.1.1 Requested action not taken: mailbox unavailable
    """

    def __init__(self, to: Address, *, timeout: float = 10.0) -> None:
        host, port = address_of(to)
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except OSError as error:
            raise nobody_answers(host, port, error) from None
        self._host = host
        self._finalizer = weakref.finalize(self, self._socket.close)
        self._pending = b""
        self._in_data = False
        self._exchanges: list[Exchange] = []
        self._add((), self._reply())

    # ---------------------------------------------------------------- talking

    def say(self, line: str | bytes) -> Exchange:
        """Send one line and read the answer; between 354 and the lone dot there is none to read."""
        data = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
        self._send(data + b"\r\n")
        if self._in_data and data != b".":
            return self._add((_shown(data),), ())
        self._in_data = False
        exchange = self._add((_shown(data),), self._reply())
        self._in_data = exchange.code == 354
        return exchange

    def message(self, raw: bytes) -> Exchange:
        """Send DATA, the message with its dots stuffed, and the end."""
        start = self.say("DATA")
        if start.code != 354:
            return start
        self._in_data = False
        wire = stuffed(raw)
        self._send(wire)
        *lines, rest = wire.split(b"\r\n", _LINES)
        more = rest.count(b"\r\n")
        said = [_shown(line) for line in lines] + ([f"… {more} more lines"] if more else [])
        return self._add(tuple(said), self._reply())

    def starttls(self, context: ssl.SSLContext | None = None) -> Exchange:
        """Send STARTTLS and encrypt, whatever the certificate, unless a context is given."""
        exchange = self.say("STARTTLS")
        if exchange.code == 220:
            try:
                wrapped = (context or any_certificate()).wrap_socket(self._socket, server_hostname=self._host)
            except (OSError, ValueError) as error:
                raise ServerError(f"the TLS handshake with {self._host} failed: {error}") from None
            self._finalizer.detach()
            self._socket = wrapped
            self._finalizer = weakref.finalize(self, wrapped.close)
            self._pending = b""
        return exchange

    def raw(self, data: bytes) -> None:
        """Send bytes as they are and read nothing: packets cut anywhere, bare line ends, what you like."""
        self._send(data)
        self._add((_shown(data),), ())

    def read(self) -> Exchange:
        """Read one more reply."""
        return self._add((), self._reply())

    def close(self) -> None:
        """Hang up, without QUIT."""
        self._finalizer()

    def __enter__(self) -> Dialogue:
        """The dialogue itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self.close()

    # ---------------------------------------------------------------- looking

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Everything so far."""
        return tuple(self._exchanges)

    @property
    def transcript(self) -> str:
        """Both sides as text, one line each: ``C:`` and ``S:``."""
        return "\n".join(one.text for one in self._exchanges if one.text)

    def __repr__(self) -> str:
        """Both sides."""
        return self.transcript or "<Dialogue: nothing was said>"

    def _repr_html_(self) -> str:
        return _html.frame(repr(self), _both_sides(self.exchanges))

    # ---------------------------------------------------------------- the socket

    def _add(self, said: tuple[str, ...], lines: tuple[str, ...]) -> Exchange:
        exchange = Exchange(said, lines)
        self._exchanges.append(exchange)
        return exchange

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ServerError(f"the server hung up: {error}") from None

    def _reply(self) -> tuple[str, ...]:
        """The lines of one reply; none when the server hung up."""
        lines: list[str] = []
        while True:
            while b"\n" not in self._pending:
                try:
                    packet = self._socket.recv(65_536)
                except TimeoutError:
                    raise ServerError(
                        f"no answer within {self._socket.gettimeout():g} s; the server may be waiting for more"
                    ) from None
                except OSError:
                    packet = b""
                if not packet:
                    return tuple(lines)
                self._pending += packet
            line, _, self._pending = self._pending.partition(b"\n")
            text = line.removesuffix(b"\r").decode("utf-8", "replace")
            lines.append(text)
            if text[3:4] != "-":
                return tuple(lines)


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _both_sides(exchanges: tuple[Exchange, ...]) -> str:
    rows = []
    for one in exchanges:
        rows += [(_html.mark("client", "note"), _html.code(line)) for line in one.said]
        for line in one.lines:
            kind = "bad" if line[:1] in "45" else "good"
            rows.append((_html.mark("server", kind), _html.code(line)))
    return _html.table(("who", "said"), rows)
