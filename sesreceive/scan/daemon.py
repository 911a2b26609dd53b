"""A scanner in a process of its own: where it listens, and one question with its answer over a socket.

Whoever listens there is trusted no more than the mail: an answer is bounded in bytes and in time, and whatever
goes wrong is a sentence in `Answer.failure`, never an exception.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sesreceive.errors import Problem, ValidationError, one_line

__all__ = ["Address", "Answer", "ask", "check_timeout"]

LONGEST_ANSWER_BYTES = 65_536  # a verdict is a line; spamd names some dozens of tests
_PIECE_BYTES = 65_536
_LONGEST_WAIT_S = 86_400
_BUSY_S = 0.01
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a daemon listens: the path of a Unix socket, or host and port.

    Examples
    --------
    >>> Address.parse("127.0.0.1:3310", port=783), Address.parse("[::1]", port=783)
    (Address(path='', host='127.0.0.1', port=3310), Address(path='', host='::1', port=783))
    >>> str(Address.parse("/run/clamd.sock", port=3310))
    '/run/clamd.sock'
    """

    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str | os.PathLike[str], *, port: int, field: str = "address") -> Address:
        """The address that `text` names; `port` where it names none.

        Raises
        ------
        ValidationError
            When it is neither a path nor a host; the problem is at `field`.
        """
        where = os.fspath(text)
        if (where is not text or "/" in where or "\\" in where) and "\0" not in where:  # a system may cut at the NUL
            return cls(path=where)
        found = _HOST.fullmatch(where)
        port = int(found["port"] or port) if found else 0
        if found is None or not 0 < port < 65_536:
            raise ValidationError(
                Problem(field, f"expected the path of a Unix socket or `host:port` but got `{one_line(where)}`")
            )
        return cls(host=found["six"] or found["host"], port=port)

    def __str__(self) -> str:
        """As `parse` reads it."""
        return self.path or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a daemon sent; where `failure` says something, `data` is nothing to go by."""

    data: bytes = b""
    failure: str = ""


def check_timeout(value: float, field: str) -> None:
    """Refuse a time that no one can wait.

    Raises
    ------
    ValidationError
        When it is no number of seconds above 0 and up to a day.
    """
    if not 0 < value <= _LONGEST_WAIT_S:
        raise ValidationError(Problem(field, f"expected seconds above 0 and up to {_LONGEST_WAIT_S} but got `{value}`"))


def ask(
    address: Address, question: Iterable[bytes], *, timeout_s: float, end: bytes = b"", hang_up: bool = True
) -> Answer:
    """What the daemon at `address` answers, from one connection that is closed afterwards.

    Parameters
    ----------
    question : iterable of bytes
        What is sent, piece by piece. A daemon that answers and hangs up before the end is listened to.
    timeout_s : float
        Seconds for all of it: connecting, sending, and the answer up to its end. Looking up the name of a host is the
        system's, in its own time.
    end : bytes
        The byte that ends an answer. Without one both sides hang up when they have said all.
    hang_up : bool
        Whether this side hangs up first; a daemon may take that for a client that went away.
    """
    deadline = time.monotonic() + timeout_s

    def left() -> float:
        """Seconds until the deadline."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    asked = False
    try:
        with _connected(address, left) as sock:
            asked = True
            broken = _send(sock, question, left, hang_up=hang_up and not end)
            data = _receive(sock, end, left)
    except TimeoutError:
        return Answer(failure=f"gave no answer within {timeout_s:g} seconds")
    except UnicodeError:  # what it says differs between versions of Python
        host = one_line(address.host)
        return Answer(failure=f"cannot be reached: `{host}` is no name of a host: a label is empty or too long")
    except (OSError, ValueError) as error:  # ValueError: a NUL in a path
        why = one_line(getattr(error, "strerror", None) or error)
        return Answer(failure=f"broke the connection: {why}" if asked else f"cannot be reached: {why}")
    if len(data) > LONGEST_ANSWER_BYTES:
        return Answer(failure=f"answered with more than {LONGEST_ANSWER_BYTES} bytes")
    if not data:
        return Answer(failure=f"closed the connection without an answer{broken}")
    return Answer(data)


def _connected(address: Address, left: Callable[[], float]) -> socket.socket:
    """A connection to the first of its targets that takes one."""
    refused: OSError = OSError("the host has no address")
    for family, target in _targets(address):
        try:
            return _opened(family, target, left)
        except OSError as error:
            refused = error
    raise refused


def _targets(address: Address) -> Iterator[tuple[int, Any]]:
    """Family and target, as `socket` takes them."""
    if not address.path:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        yield from ((family, target) for family, _, _, _, target in found)
    elif hasattr(socket, "AF_UNIX"):
        yield socket.AF_UNIX, address.path
    else:
        raise OSError("this system has no Unix sockets")


def _opened(family: int, target: Any, left: Callable[[], float]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        _connect(sock, target, left)
        if isinstance(target, tuple):  # TCP; the pieces of a question are written one by one
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _connect(sock: socket.socket, target: Any, left: Callable[[], float]) -> None:
    while True:
        sock.settimeout(left())
        try:
            sock.connect(target)
        except BlockingIOError:  # the queue of a Unix socket is full: the daemon is busy, not dead
            time.sleep(min(_BUSY_S, left()))
        else:
            return


def _send(sock: socket.socket, question: Iterable[bytes], left: Callable[[], float], *, hang_up: bool) -> str:
    """Empty, or why not all of it was taken: the answer that stopped it may be there to read."""
    try:
        for piece in question:
            sock.settimeout(left())
            sock.sendall(piece)
        if hang_up:  # spamd waits for it where the message is empty
            sock.shutdown(socket.SHUT_WR)
    except TimeoutError:
        raise
    except OSError as error:
        return f": {error.strerror}"
    return ""


def _receive(sock: socket.socket, end: bytes, left: Callable[[], float]) -> bytes:
    """All up to `end`, the end of the connection, or a little more than the longest answer."""
    taken = bytearray()
    while len(taken) <= LONGEST_ANSWER_BYTES:
        sock.settimeout(left())
        try:
            piece = sock.recv(_PIECE_BYTES)
        except ConnectionError:
            if not taken:
                raise
            break  # a reset behind an answer: the daemon left part of the question unread
        taken += piece
        if not piece or (end and end in piece):
            break
    return bytes(taken)
