r"""Sends mail over SMTP as any host in the world, to a server of ours or to another.

The client address is told by XCLIENT, which `Server` understands from its own machine: filters, provider lists and
SPF then see that address. Bytes go out as they are, dots stuffed; only a message whose lines end in LF alone gets
CRLF, as every mail client does.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from sesreceive.errors import ServerError, one_line
from sesreceive.mail.corpus import Item, Override, Source, read
from sesreceive.mail.envelope import Envelope
from sesreceive.smtp.channel import HUNG_UP, Address, Channel, Sent

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Sending", "Sent", "send", "send_all"]


class Sending(Sequence[Sent]):
    """How many messages were answered, in the order of the collection."""

    def __init__(self, sent: Sequence[Sent], seconds: float) -> None:
        self._sent, self.seconds = tuple(sent), seconds

    @overload
    def __getitem__(self, key: int) -> Sent: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Sent]: ...
    def __getitem__(self, key: int | slice) -> Sent | Sequence[Sent]:
        """One of them, or some."""
        return self._sent[key]

    def __len__(self) -> int:
        """How many were sent."""
        return len(self._sent)

    @property
    def accepted(self) -> int:
        """How many were taken."""
        return sum(one.accepted for one in self._sent)

    def frame(self) -> pd.DataFrame:
        """One row per message, in the order they were sent.

        Returns
        -------
        pandas.DataFrame
            message : string         name in the collection
            client_ip : string       who it came from
            mail_from : string       reverse-path
            recipients : int64       how many were named
            accepted : bool          whether the server took it
            reply : string           its last word
            seconds : float64        how long that took
        """
        import pandas as pd

        columns: dict[str, list[Any]] = {
            "message": [one.name for one in self._sent],
            "client_ip": [one.envelope.client_ip for one in self._sent],
            "mail_from": [one.envelope.mail_from for one in self._sent],
            "recipients": [len(one.envelope.rcpt_to) for one in self._sent],
            "accepted": [one.accepted for one in self._sent],
            "reply": [HUNG_UP if one.reply is None else str(one.reply) for one in self._sent],
            "seconds": [one.seconds for one in self._sent],
        }
        words = dict.fromkeys(("message", "client_ip", "mail_from", "reply"), "string")
        return pd.DataFrame(columns).astype({**words, "recipients": "int64", "accepted": "bool", "seconds": "float64"})

    def __repr__(self) -> str:
        """One line: counts."""
        refused = len(self) - self.accepted
        return f"<{len(self)} messages sent in {self.seconds:.1f} s: {self.accepted} accepted, {refused} refused>"


def send(
    message: Any,
    *,
    to: Address,
    envelope: Override | None = None,
    tls: bool | ssl.SSLContext | None = None,
    timeout: float = 120.0,
    **said: Any,
) -> Sent:
    r"""Send one message, and say how it was answered; a refusal is an answer, no error.

    Parameters
    ----------
    message : bytes, Message, email.message.Message, path or (message, envelope)
        What `sesreceive.mail.corpus.read` takes for one message.
    to : Server, (host, port) or str
        Where to.
    envelope : Envelope, optional
        What to say; by default what the message's header suggests.
    tls : bool or ssl.SSLContext, optional
        Whether to use STARTTLS; as the envelope says by default. Any certificate will do, as between mail servers,
        unless a context is given.
    timeout : float
        Seconds to wait for an answer.
    **said
        Single fields of the envelope: ``client_ip``, ``client_name``, ``helo``, ``mail_from``, ``rcpt_to``. With
        `client_ip` or `client_name` (here or in `envelope`) XCLIENT is used; without, the server sees this machine.

    Returns
    -------
    Sent
        With the replies.

    Raises
    ------
    ServerError
        When nobody listens there.
    InputError
        When the message or envelope cannot be read.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True)
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),),
    ...     filters=(ses.ReceiptFilter.block("203.0.113.0/24", name="test-net"),),
    ... )
    >>> with ses.Receiver(account, seed=1).smtp() as server:
    ...     send(b"To: bo@example.com\r\n\r\n", to=server, client_ip="203.0.113.9").reply.text
    'IP address blacklisted by recipient'
    """
    known = _has_envelope(message) or isinstance(envelope, Envelope)
    items = list(read(message if _is_path(message) else [message], envelope=envelope))
    if len(items) != 1:
        raise ServerError(f"send takes one message but `{one_line(message, 60)}` holds {len(items)}; use send_all")
    item = replace(items[0], envelope=replace(items[0].envelope, **said))
    speaks_for = known or _names_client(envelope) or "client_ip" in said or "client_name" in said
    channel = Channel(to, tls, timeout)
    try:
        return channel.send(item, speaks_for=speaks_for)
    finally:
        channel.close()


def send_all(
    source: Source,
    *,
    to: Address,
    rate: float | None = None,
    connections: int = 1,
    envelope: Override | None = None,
    xclient: bool = True,
    tls: bool | ssl.SSLContext | None = None,
    timeout: float = 120.0,
    limit: int | None = None,
) -> Sending:
    r"""Send a collection: a dataset's folder, an mbox, a Maildir, a table, a report, or anything iterable.

    Parameters
    ----------
    source : path, table or iterable
        What `sesreceive.mail.corpus.read` takes.
    to : Server, (host, port) or str
        Where to.
    rate : float, optional
        Messages a second over all connections; as fast as they are answered by default.
    connections : int
        How many are kept open at a time. With more than one, messages may overtake each other.
    envelope : Envelope, mapping or callable, optional
        In place of what is known of each message.
    xclient : bool
        Whether each message comes from the client its envelope names, or from this machine.
    tls, timeout
        As for `send`.
    limit : int, optional
        Stop after this many messages.

    Returns
    -------
    Sending
        The answers, in the order of the collection.

    Raises
    ------
    ServerError
        When nobody listens there, or a number cannot be meant.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",))
    >>> with ses.Receiver(account, seed=1).smtp() as server:
    ...     send_all([b"To: bo@example.com\r\n\r\n"] * 3, to=server, connections=2).accepted
    0
    """
    if connections < 1 or (rate is not None and not rate > 0):
        raise ServerError(
            "expected at least one connection and a rate above 0 but got "
            f"`{one_line(connections)}` and `{one_line(rate)}`"
        )
    work = _Work(read(source, envelope=envelope), rate, limit)
    threads = [
        threading.Thread(target=work.run, args=(Channel(to, tls, timeout), xclient), name=f"send_all-{n}", daemon=True)
        for n in range(connections)
    ]
    started = time.monotonic()
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        work.cancelled = True  # also when the notebook's stop button was pressed
    if work.error is not None:
        raise work.error
    return Sending([work.sent[n] for n in sorted(work.sent)], time.monotonic() - started)


class _Work:
    """What the connections of `send_all` share."""

    def __init__(self, items: Iterator[Item], rate: float | None, limit: int | None) -> None:
        self._items, self._rate, self._limit = items, rate, limit
        self._lock = threading.Lock()
        self._count = 0
        self._start = time.monotonic()
        self.sent: dict[int, Sent] = {}
        self.error: Exception | None = None
        self.cancelled = False

    def _next(self) -> tuple[int, Item, float] | None:
        with self._lock:
            if self.cancelled or self.error or (self._limit is not None and self._count >= self._limit):
                return None
            item = next(self._items, None)
            if item is None:
                return None
            number, self._count = self._count, self._count + 1
            return number, item, self._start + number / self._rate if self._rate else 0.0

    def run(self, channel: Channel, xclient: bool) -> None:
        try:
            while (task := self._next()) is not None:
                number, item, due = task
                time.sleep(max(0.0, due - time.monotonic()))
                self.sent[number] = channel.send(item, speaks_for=xclient)
        except Exception as error:  # noqa: BLE001 - raised where `send_all` was called
            self.error = error
        finally:
            channel.close()


def _is_path(message: object) -> bool:
    return isinstance(message, str) or hasattr(message, "__fspath__")


def _has_envelope(message: object) -> bool:
    """Whether the message comes with an envelope of its own, in which the client was meant."""
    return hasattr(message, "envelope") or (isinstance(message, tuple) and len(message) == 2)


def _names_client(envelope: object) -> bool:
    return isinstance(envelope, dict) and ("client_ip" in envelope or "client_name" in envelope)
