r"""Bytes from the network cut into command lines and message bodies; no socket, no clock.

The result depends on the bytes alone, never on the packets they came in. A command ends at CRLF; a bare CR or
LF in it is a fault, so that nobody disagrees with us about where one command ends and the next begins. A body
ends at CRLF ``.`` CRLF and nowhere else: ``\n.\n``, ``\r.\r``, ``\n.\r\n`` and ``\r\n.\n`` are text like any
other, which is what makes SMTP smuggling harmless here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["KEPT_BYTES", "Body", "Fault", "Framer"]

_END = b"\r\n.\r\n"
# Searches for a constant: `bytes.find` takes half as long again, or longer, for so few octets.
_DOT, _END_OF_BODY = re.compile(rb"\r\n\."), re.compile(re.escape(_END))
# So much of a message that was refused is remembered, to show where it came from.
KEPT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """A command line that is none.

    Attributes
    ----------
    position : int or None
        Octet of the first bare CR or LF; None where the line is too long.
    start : bytes
        The beginning of a line that is too long, as much of it as a line may have.
    """

    position: int | None = None
    start: bytes = b""


@dataclass(frozen=True, slots=True)
class Body:
    """A message as it came after DATA, dots unstuffed.

    Attributes
    ----------
    raw : bytes
        The message; of one that is larger than ``size_limit``, its first `KEPT_BYTES` octets or fewer.
    size : int
        Octets of the whole message.
    dropped : bool
        Whether the message was given up on the way, by `Framer.drop_body`.
    """

    raw: bytes
    size: int
    dropped: bool = False


class Framer:
    r"""Collects bytes, gives lines and bodies.

    Parameters
    ----------
    command_bytes : int
        Octets a command line must stay below.

    Examples
    --------
    >>> framer = Framer()
    >>> framer.feed(b"MAIL FROM:<>\r\nDATA\r")
    >>> framer.line(), framer.line()
    (b'MAIL FROM:<>', None)
    >>> framer.feed(b"\n..a\r\n.\r\nQUIT\r\n")
    >>> framer.line()
    b'DATA'
    >>> framer.open_body(size_limit=100)
    >>> framer.body()
    Body(raw=b'.a\r\n', size=4, dropped=False)
    >>> framer.line()
    b'QUIT'
    >>> framer.feed(b"RSET\nQUIT\r\n"); framer.line()
    Fault(position=4, start=b'')
    """

    def __init__(self, *, command_bytes: int = 998) -> None:
        self._buffer = bytearray()
        self._command_bytes = command_bytes
        self._scanned = 0  # of the body: where the search for its end goes on
        self._at_start = False  # nothing of the body was looked at yet
        self._size_limit = 0
        self._ceiling = 0  # a body that fits is never larger than this while its dots are stuffed
        self._kept = b""  # the beginning of a body that is too big
        self._gone = 0  # octets of it that were let go, without the dots that stuffed them
        self._first = True  # none were let go yet
        self._dropped = False
        self._dotted = False  # a dot that stuffs a line was seen in the body

    @property
    def size(self) -> int:
        """Octets that were fed and not yet given out."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._buffer += data

    @property
    def pending(self) -> bytearray:
        """What was fed and not yet given out; to look at, not to keep."""
        return self._buffer

    def take(self, size: int) -> bytes:
        """The next octets, whatever they are."""
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def clear(self) -> None:
        """Forget what arrived: nothing sent in clear text outlives STARTTLS (RFC 3207 section 4.2)."""
        del self._buffer[:]

    def line(self) -> bytes | Fault | None:
        """The next command line without its line end; None when it is not complete."""
        buffer, limit = self._buffer, self._command_bytes
        if not buffer:
            return None
        end = buffer.find(b"\n", 0, limit + 2)
        if end < 0:
            # one octet of grace: the CR of a line end whose LF is still on its way
            if len(buffer) > limit or (len(buffer) == limit and not buffer.endswith(b"\r")):
                return self._too_long()
            return None
        paired = end > 0 and buffer[end - 1] == 0x0D
        if end - paired >= limit:
            return self._too_long()
        first_cr = buffer.find(b"\r", 0, end - paired)
        if not paired or first_cr >= 0:
            return Fault(first_cr if first_cr >= 0 else end)
        line = bytes(buffer[: end - 1])
        del buffer[: end + 1]
        return line

    def _too_long(self) -> Fault:
        return Fault(start=bytes(memoryview(self._buffer)[: self._command_bytes]))

    def open_body(self, *, size_limit: int) -> None:
        """What comes next is a message: 354 was sent, or is about to be."""
        self._scanned, self._at_start, self._size_limit = 0, True, size_limit
        # The shortest stuffed line is `..` CRLF for `.` CRLF, so stuffing adds a third at most.
        room = max(size_limit, KEPT_BYTES)
        self._ceiling = room + room // 3 + 8
        self._kept, self._gone, self._dropped, self._first, self._dotted = b"", 0, False, True, False

    def drop_body(self) -> None:
        """Give the message up, but go on to its end."""
        self._dropped, self._kept = True, b""
        self._shorten()

    def body(self) -> Body | None:
        """The message; None when it is not complete."""
        buffer = self._buffer
        if self._at_start:
            if buffer[:3] == b".\r\n":
                del buffer[:3]
                return Body(b"", 0, self._dropped)
            if len(buffer) < 3 and b".\r\n".startswith(buffer):
                return None
            self._at_start = False
        end = self._end()
        if end < 0:
            self._scanned = max(0, len(buffer) - len(_END) + 1)
            if len(buffer) > self._ceiling and not (self._dropped or self._kept):
                self._kept = self._beginning()
            if self._dropped or self._kept:
                self._shorten()
            return None
        if self._dropped or self._kept:
            size = self._gone + self._unstuffed(end + 2, end + 2)
            del buffer[: end + len(_END)]
            return Body(self._kept, size, self._dropped)
        self._buffer = buffer[end + len(_END) :]
        del buffer[end + 2 :]
        raw = bytes(buffer)
        del buffer  # frees the large one before the dots are taken out
        if self._dotted or raw[:1] == b".":
            raw = _unstuff(raw)
        return Body(raw[:KEPT_BYTES] if len(raw) > max(self._size_limit, KEPT_BYTES) else raw, len(raw))

    def _end(self) -> int:
        """Where the end of the body begins; -1 where it is not there. Most bodies have no dot before it."""
        buffer, start = self._buffer, self._scanned
        if not self._dotted:
            dot = _DOT.search(buffer, start)
            if dot is None:
                return -1
            start = dot.start()
            if buffer.startswith(_END, start):
                return start
            self._dotted = start + len(_END) <= len(buffer)
        end = _END_OF_BODY.search(buffer, start)
        return -1 if end is None else end.start()

    def _beginning(self) -> bytes:
        return _unstuff(bytes(memoryview(self._buffer)[: 2 * KEPT_BYTES]))[:KEPT_BYTES]

    def _unstuffed(self, size: int, seen: int) -> int:
        """Octets of the first `size` of the buffer without the dots behind line ends that lie in its first `seen`."""
        first = self._first and self._buffer[:1] == b"."
        self._first = False
        return size - first - self._buffer.count(b"\r\n.", 0, seen)

    def _shorten(self) -> None:
        """Keep only what may be the first part of the end."""
        if not self._at_start and len(self._buffer) >= len(_END):
            given_up = len(self._buffer) - len(_END) + 1
            # a line end that begins in what is given up may have its dot behind it
            self._gone += self._unstuffed(given_up, given_up + 2)
            del self._buffer[:given_up]
            self._scanned = 0


def _unstuff(raw: bytes) -> bytes:
    r"""Take the first dot off every line that starts with one (RFC 5321 section 4.5.2).

    Examples
    --------
    >>> _unstuff(b"..a\r\n.b\r\n\n.c\r\n")
    b'.a\r\nb\r\n\n.c\r\n'
    """
    if b"\r\n." in raw:
        raw = raw.replace(b"\r\n.", b"\r\n")
    return raw[1:] if raw[:1] == b"." else raw
