r"""Mailbox files in the mbox format, read line by line, in every dialect.

A message begins at a line ``From …``, the postmark. The dialects differ in the rest:

=======================  ======================================================================================
mboxo                    ``From`` at the start of a line of a body is quoted as ``>From``; ``>From`` is left alone
mboxrd                   ``From``, ``>From``, ``>>From`` … get one more ``>``
mboxcl                   as mboxrd, and ``Content-Length`` says how long the body is
mboxcl2                  nothing is quoted; ``Content-Length`` alone says where the next message begins
Thunderbird              ``From - Fri Jan 02 10:05:05 2026``, at times ``From`` alone
Gmail Takeout            ``From 1789@xxx Fri Jan 02 10:05:05 +0000 2026``
pipermail (Mailman)      ``From ana at example.org  Fri Jan  2 10:05:05 2026``
=======================  ======================================================================================

They are all read by one rule. A ``From`` line that names a time begins a message behind an empty line, or where a
header field follows; one that names none, where a field follows that mail has. A ``Content-Length`` is believed where
the next message begins at its end. Lines ``>From`` lose one ``>``, but where a believed length shows that nothing was
quoted. The standard library's reader takes every ``From`` line for a postmark, keeps the ``>``, and reads a file to its
end before it gives the first message.

References
----------
RFC 4155, "The application/mbox Media Type".
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from sesreceive.errors import InputError, one_line

__all__ = ["LONGEST_MESSAGE", "lines_of", "looks_like_mbox", "messages_in", "split_mbox"]

# SES takes 40 MB. A message beyond this is counted and passed over, so that no file decides how much memory it takes.
LONGEST_MESSAGE = 128 * 1024 * 1024
_POSTMARK = b"From "
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb">+From ")
_HEAD_LEFTOVER = re.compile(rb">*From ")  # `>From ana@example.org remote from relay`, of UUCP
# A postmark without a time: a sender at most.
_BARE_POSTMARK = re.compile(rb"From[ \t]+\S*[ \t]*\r?\n?")
_FIELD = re.compile(rb"[!-9;-~]{1,80}[ \t]*:")
_MAIL_FIELD = re.compile(
    rb"(?:From|To|Cc|Subject|Date|Received|Return-Path|Delivered-To|Message-ID|MIME-Version|Sender|Reply-To|Status|"
    rb"Content-(?:Type|Length|Transfer-Encoding)|References|In-Reply-To|DKIM-Signature|Authentication-Results|"
    rb"Envelope-To|ARC-[A-Za-z-]+|X-[!-9;-~]{1,60})[ \t]*:",
    re.IGNORECASE,
)
_LENGTH = re.compile(rb"Content-Length[ \t]*:[ \t]*([0-9]{1,9})[ \t]*\r?\n?", re.IGNORECASE)
# asctime() or ISO 8601: a time and a year. Searched one by one, so that no line takes long.
_TIME = re.compile(rb"\b[0-9]{1,2}:[0-9]{2}|[0-9]T[0-9]{2}:[0-9]{2}")
_MONTH = re.compile(rb"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|\b[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(rb"\b(?:19|20)[0-9]{2}\b")
_LONGEST_POSTMARK = 1_000
_PIECE = 64 * 1024


def looks_like_mbox(head: bytes) -> bool:
    """Whether a file that starts like this is a mailbox.

    Examples
    --------
    >>> looks_like_mbox(b"From ana@example.org Fri Jan  2 10:05:05 2026")
    True
    >>> looks_like_mbox(b"From: ana@example.org")
    False
    """
    return head.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n").startswith(_POSTMARK)


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, a very long one in pieces: no line decides how much is read at once."""
    return iter(lambda: stream.readline(_PIECE), b"")


def messages_in(lines: Iterable[bytes], *, where: str = "mbox") -> Iterator[bytes]:
    r"""The messages of a mailbox, one at a time, line ends as they are in the file.

    Parameters
    ----------
    lines : iterable of bytes
        The lines with their ends, such as a file opened in binary mode.
    where : str
        What an error calls it.

    Raises
    ------
    InputError
        When the first line that is not empty is no ``From`` line, or a message is longer than `LONGEST_MESSAGE`.

    Examples
    --------
    >>> text = b"From a Fri Jan  2 10:05:05 2026\nSubject: x\n\n>From me\n\nFrom b Fri Jan  2 10:05:06 2026\n\nhi\n"
    >>> list(messages_in(text.splitlines(keepends=True)))
    [b'Subject: x\n\nFrom me\n', b'\nhi\n']
    """
    for number, message in enumerate(split_mbox(lines, where=where), start=1):
        if message is None:
            raise InputError(f"{where}: message {number} has more than {LONGEST_MESSAGE} bytes")
        yield message


def split_mbox(
    lines: Iterable[bytes], *, where: str = "mbox", longest: int = LONGEST_MESSAGE
) -> Iterator[bytes | None]:
    """As `messages_in`; a message of more than `longest` bytes is None, and what follows it is read."""
    feed = _Feed(lines)
    for line in feed:
        if looks_like_mbox(line):
            break
        if line.removeprefix(_BYTE_ORDER_MARK) not in (b"\n", b"\r\n"):
            got = one_line(line.decode("utf-8", "replace").rstrip("\r\n"), 60)
            raise InputError(f"{where}: expected a mailbox that begins with a line `From …` but got `{got}`")
    else:
        return
    while True:
        message = _Message(longest)
        more = _collect(feed, message)
        yield message.whole()
        if not more:
            return


class _Feed:
    """The lines, of which some can be put back."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._back: deque[bytes] = deque()
        self.believes_lengths = True

    def __iter__(self) -> Iterator[bytes]:
        while True:
            line = self.take()
            if line is None:
                return
            yield line

    def take(self) -> bytes | None:
        return self._back.popleft() if self._back else next(self._lines, None)

    def put_back(self, lines: Iterable[bytes]) -> None:
        self._back.extendleft(reversed(list(lines)))


class _Message:
    """The lines of one message, as far as it is not too long."""

    def __init__(self, longest: int) -> None:
        self.lines: list[bytes] = []
        self.size = 0
        self.longest = longest
        self.end: int | None = None  # how many lines belong to it, where a length said so
        self.quoted = True

    def add(self, line: bytes) -> None:
        self.size += len(line)
        if self.size <= self.longest:
            self.lines.append(line)
        else:
            self.lines.clear()

    def whole(self) -> bytes | None:
        """The message without its quoting, and without the empty line that the format puts behind it."""
        if self.size > self.longest:
            return None
        lines = self.lines if self.end is None else self.lines[: self.end]
        if self.end is None and lines and lines[-1] in (b"\n", b"\r\n"):
            lines.pop()
        if self.quoted:
            lines = [line[1:] if line[:1] == b">" and _QUOTED.match(line) else line for line in lines]
        return b"".join(lines)


def _collect(feed: _Feed, message: _Message) -> bool:
    """Take the lines of one message; whether another one begins behind it."""
    in_header, blank_before, starts, length = True, False, True, None
    for line in feed:
        if starts and in_header and not message.size and _HEAD_LEFTOVER.match(line):
            continue  # the file's own lines are no part of the message
        blank = starts and line in (b"\n", b"\r\n")
        if starts and line.startswith(_POSTMARK):
            following = None if blank_before and _is_dated(line) else feed.take()
            if following is not None:
                feed.put_back((following,))
            if _begins_message(line, blank_before, following):
                return True
        message.add(line)
        if in_header and starts and (found := _LENGTH.fullmatch(line)):
            length = int(found.group(1))
        if in_header and blank:
            in_header = False
            if length and feed.believes_lengths and length <= message.longest:
                ended = _measured(feed, message, length)
                if ended is not None:
                    return ended
        blank_before = blank
        starts = line.endswith(b"\n")
    return False


def _measured(feed: _Feed, message: _Message, length: int) -> bool | None:
    """Take a body of a declared length: whether another message begins behind it; None where the length is wrong.

    Wrong lengths are common: senders write the field, too. What was taken is put back then, and no further length of
    the file is believed, so that nothing is read more than twice.
    """
    taken: list[bytes] = []
    left, unquoted = length, False
    while left > 0 and (line := feed.take()) is not None:
        taken.append(line)
        left -= len(line)
        unquoted = unquoted or line.startswith(_POSTMARK)
    body = len(taken)
    more: bool | None = None
    if left == 0:
        while (line := feed.take()) in (b"\n", b"\r\n"):
            taken.append(line)
        if line is None:
            more = False
        elif line.startswith(_POSTMARK):
            more = True
        else:
            taken.append(line)
    if more is None or not unquoted:
        # Without a `From` line in the body the length changes nothing.
        feed.believes_lengths = feed.believes_lengths and more is not None
        feed.put_back((*taken, *((line,) if more and line is not None else ())))
        return None
    message.end = len(message.lines) + body
    message.quoted = False
    for line in taken[:body]:
        message.add(line)
    return more


def _begins_message(line: bytes, blank_before: bool, following: bytes | None) -> bool:
    """Whether a ``From`` line is a postmark; it may also begin a sentence."""
    if _is_dated(line):
        return blank_before or (following is not None and _FIELD.match(following) is not None)
    if following is None or not _MAIL_FIELD.match(following):
        return False
    return blank_before or _BARE_POSTMARK.fullmatch(line) is not None


def _is_dated(line: bytes) -> bool:
    return len(line) <= _LONGEST_POSTMARK and all(pattern.search(line) for pattern in (_MONTH, _TIME, _YEAR))
