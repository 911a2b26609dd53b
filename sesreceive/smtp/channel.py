"""One SMTP connection of a client, kept for message after message; it can speak for any host."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from sesreceive.errors import ServerError, one_line
from sesreceive.mail.corpus import Item
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.reply import Reply

if TYPE_CHECKING:
    from sesreceive.smtp.server import Server

__all__ = ["HUNG_UP", "Address", "Channel", "Sent", "address_of", "any_certificate", "nobody_answers", "stuffed"]

# Where to send: a server, its address, or `"host:port"`.
Address: TypeAlias = "Server | tuple[str, int] | str"

# Said in place of a reply.
HUNG_UP = "the server hung up"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How one message was answered.

    Attributes
    ----------
    name : str
        Of the message in its collection.
    envelope : Envelope
        What was said.
    recipients : tuple of Reply
        One a recipient, in order; fewer when the server hung up or refused the sender.
    reply : Reply or None
        The last word: of the end of the data, or of the step that ended the attempt. None when the server hung up.
    steps : tuple of (str, str)
        What was said and answered, in order; not the message itself.
    seconds : float
        How long it took.
    """

    name: str = ""
    envelope: Envelope
    recipients: tuple[Reply, ...] = ()
    reply: Reply | None = None
    steps: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    seconds: float = field(default=0.0, repr=False, compare=False)
    taken: bool = field(default=False, repr=False)

    @property
    def accepted(self) -> bool:
        """Whether the server took the message for at least one recipient."""
        return self.taken

    @property
    def message_id(self) -> str:
        """The id SES gave the message; empty when it was not taken."""
        return self.reply.text.partition(" ")[2] if self.taken and self.reply else ""

    def __repr__(self) -> str:
        """One line: the last reply."""
        said = HUNG_UP if self.reply is None else one_line(self.reply)
        return f"<Sent {one_line(self.name)}{': ' * bool(self.name)}{said}>"


class _HungUpError(Exception):
    """The server closed the connection."""


class _RefusedError(Exception):
    """A step was refused, so there is no point in going on."""


class Channel:
    """One connection, kept for message after message."""

    def __init__(self, to: Address, tls: bool | ssl.SSLContext | None, timeout: float) -> None:
        self._address, self._tls, self._timeout = address_of(to), tls, timeout
        self._client: smtplib.SMTP | None = None
        self._encrypted = False
        self._greeted: tuple[object, ...] | None = None
        self._steps: list[tuple[str, str]] = []

    def send(self, item: Item, *, speaks_for: bool) -> Sent:
        """Send one message, reconnecting where the kept connection is of no use for it."""
        envelope = item.envelope
        tls = envelope.tls if self._tls is None else bool(self._tls)
        envelope = replace(envelope, tls=tls)
        if self._encrypted and not tls:
            self.close()
        started = time.monotonic()
        self._steps = []
        recipients: list[Reply] = []
        reply: Reply | None = None
        taken = False
        try:
            self._prepare(envelope, speaks_for)
            reply = self._must(self._mail(item.raw, envelope))
            for recipient in envelope.rcpt_to:
                reply = self._do(f"RCPT TO:<{recipient}>")
                recipients.append(reply)
            if any(one.accepted for one in recipients):
                self._must("DATA", 354)
                reply = self._data(item.raw)
                taken = reply.accepted
            else:
                self._do("RSET")
        except _RefusedError as refusal:
            reply = refusal.args[0]
            if self._client is not None and reply.code != 421:
                self._quietly("RSET")
            else:
                self._drop()
        except _HungUpError:
            reply = None
            self._drop()
        return Sent(
            name=item.name,
            envelope=envelope,
            recipients=tuple(recipients),
            reply=reply,
            steps=tuple(self._steps),
            seconds=time.monotonic() - started,
            taken=taken,
        )

    def close(self) -> None:
        """Say goodbye."""
        if self._client is not None:
            self._quietly("QUIT")
        self._drop()

    # ---------------------------------------------------------------- steps

    def _prepare(self, envelope: Envelope, speaks_for: bool) -> None:
        """Connect, encrypt, say who is speaking; whatever of it was not done before."""
        if self._client is None:
            self._connect()
        if envelope.tls and not self._encrypted:
            self._must(f"EHLO {envelope.helo}")
            self._must("STARTTLS", 220)
            self._encrypt()
            self._greeted = None
        # Of a client whose address is not known nothing is claimed: the server sees this machine.
        who = (envelope.client_ip, envelope.client_name) if speaks_for and envelope.client_ip else None
        if self._greeted == (envelope.helo, who):
            return
        if who is not None and (self._greeted is None or self._greeted[1] != who):
            address = f"IPV6:{envelope.client_ip}" if ":" in envelope.client_ip else envelope.client_ip
            name = _xtext(envelope.client_name) or "[UNAVAILABLE]"
            self._must(f"XCLIENT ADDR={address} NAME={name}", 220)
        self._must(f"EHLO {envelope.helo}")
        self._greeted = (envelope.helo, who)

    def _connect(self) -> None:
        host, port = self._address
        client = smtplib.SMTP(timeout=self._timeout, local_hostname="localhost")
        client.command_encoding = "utf-8"  # smtplib's own, for SMTPUTF8
        try:
            code, text = client.connect(host, port)
        except smtplib.SMTPServerDisconnected:
            raise _HungUpError from None
        except OSError as error:
            raise ServerError(
                f"nobody answers on {host}:{port} ({error.strerror or error}); is the server started?"
            ) from None
        self._client, self._encrypted, self._greeted = client, False, None
        self._said("", code, text)
        if code != 220:
            raise _RefusedError(_reply(code, text))

    def _encrypt(self) -> None:
        client = self._client
        assert client is not None
        assert client.sock is not None
        context = self._tls if isinstance(self._tls, ssl.SSLContext) else any_certificate()
        try:
            client.sock = context.wrap_socket(client.sock, server_hostname=self._address[0])
        except (OSError, ValueError) as error:
            raise ServerError(f"the TLS handshake with {self._address[0]} failed: {error}") from None
        client.file = None
        self._encrypted = True

    def _mail(self, raw: bytes, envelope: Envelope) -> str:
        eight_bit = "" if raw.isascii() else " BODY=8BITMIME"
        return f"MAIL FROM:<{envelope.mail_from}>{eight_bit}"

    def _data(self, raw: bytes) -> Reply:
        client = self._client
        assert client is not None
        try:
            client.send(stuffed(raw))
            code, text = client.getreply()
        except (smtplib.SMTPServerDisconnected, OSError):
            raise _HungUpError from None
        return self._said(".", code, text)

    def _must(self, line: str, code: int = 250) -> Reply:
        reply = self._do(line)
        if reply.code != code:
            raise _RefusedError(reply)
        return reply

    def _do(self, line: str) -> Reply:
        client = self._client
        assert client is not None
        try:
            code, text = client.docmd(line)
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException, OSError):
            raise _HungUpError from None
        if code < 0:
            raise _HungUpError
        return self._said(line, code, text)

    def _said(self, line: str, code: int, text: bytes) -> Reply:
        reply = _reply(code, text)
        self._steps.append((line, f"{code} {text.decode('utf-8', 'replace')}"))
        if code == 421:
            raise _RefusedError(reply)
        return reply

    def _quietly(self, line: str) -> None:
        try:
            self._do(line)
        except (_HungUpError, _RefusedError):
            self._drop()

    def _drop(self) -> None:
        client, self._client, self._encrypted, self._greeted = self._client, None, False, None
        if client is not None:
            client.close()


def _reply(code: int, text: bytes) -> Reply:
    return Reply.read(code, text.decode("utf-8", "replace").split("\n")[-1])


def stuffed(raw: bytes) -> bytes:
    r"""The message as it goes over the wire, with its end (RFC 5321 section 4.5.2).

    Examples
    --------
    >>> stuffed(b".a\r\n\n.b")
    b'..a\r\n\n.b\r\n.\r\n'
    """
    if raw[:1] == b".":
        raw = b"." + raw
    if b"\r\n." in raw:
        raw = raw.replace(b"\r\n.", b"\r\n..")
    return raw + (b".\r\n" if not raw or raw.endswith(b"\r\n") else b"\r\n.\r\n")


def address_of(to: Address) -> tuple[str, int]:
    """Host and port.

    Raises
    ------
    ServerError
        When there is no port.

    Examples
    --------
    >>> address_of("127.0.0.1:2525"), address_of(("localhost", 25))
    (('127.0.0.1', 2525), ('localhost', 25))
    """
    given: Any = getattr(to, "address", to)
    if isinstance(given, str):
        host, _, port = given.rpartition(":")
        if host and port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65_536:
            return host.strip("[]"), int(port)
    elif isinstance(given, Sequence) and len(given) == 2 and isinstance(given[1], int):
        return str(given[0]), given[1]
    raise ServerError(f"to: expected a server, (host, port) or `host:port` but got `{one_line(given)}`")


def nobody_answers(host: str, port: int, error: OSError) -> ServerError:
    """The error of a connection that could not be made."""
    return ServerError(f"nobody answers on {host}:{port} ({error.strerror or error}); is the server started?")


def any_certificate() -> ssl.SSLContext:
    """TLS as between mail servers: encrypted, to whoever it is (RFC 7435)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _xtext(text: str) -> str:
    """A value of XCLIENT (RFC 3461 section 4)."""
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)
