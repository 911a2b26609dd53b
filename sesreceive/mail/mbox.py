r"""Mailbox files in the mbox format, read line by line.

A message begins at a line ``From …`` that names a time, at the start of the file or behind an empty line; lines
``>From`` lose one ``>``, whatever their number (the format called mboxrd, which also reads what mboxo programs write,
but for bodies that had ``>From`` in the first place). The standard library's reader keeps the ``>`` and cuts a
message at any line that starts with ``From``.

References
----------
RFC 4155, "The application/mbox Media Type".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sesreceive.errors import InputError, one_line

__all__ = ["looks_like_mbox", "messages_in"]

_POSTMARK = b"From "
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb">+From ")
# asctime(), as it stands in such a line: month, time and year. Searched one by one, so that no line takes long.
_MONTH = re.compile(rb"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b")
_TIME = re.compile(rb"\b[0-9]{1,2}:[0-9]{2}")
_YEAR = re.compile(rb"\b(?:19|20)[0-9]{2}\b")
_LONGEST_POSTMARK = 1_000


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
        When the first line that is not empty is no ``From`` line.

    Examples
    --------
    >>> text = b"From a Fri Jan  2 10:05:05 2026\nSubject: x\n\n>From me\n\nFrom b Fri Jan  2 10:05:06 2026\n\nhi\n"
    >>> list(messages_in(text.splitlines(keepends=True)))
    [b'Subject: x\n\nFrom me\n', b'\nhi\n']
    """
    message: list[bytes] | None = None
    blank_before = False
    for line in lines:
        blank = line in (b"\n", b"\r\n")
        if message is None:
            if looks_like_mbox(line):
                message = []
            elif not blank and line not in (_BYTE_ORDER_MARK + b"\n", _BYTE_ORDER_MARK + b"\r\n"):
                got = one_line(_text(line), 60)
                raise InputError(f"{where}: expected a mailbox that begins with a line `From …` but got `{got}`")
        elif blank_before and _is_postmark(line):
            yield _whole(message)
            message = []
        else:
            message.append(line[1:] if line[:1] == b">" and _QUOTED.match(line) else line)
        blank_before = blank
    if message is not None:
        yield _whole(message)


def _is_postmark(line: bytes) -> bool:
    """Whether a line behind an empty one begins a message; ``From`` may also begin a sentence."""
    if not line.startswith(_POSTMARK) or len(line) > _LONGEST_POSTMARK:
        return False
    return all(pattern.search(line) for pattern in (_MONTH, _TIME, _YEAR))


def _whole(lines: list[bytes]) -> bytes:
    """The message without the empty line that the format puts behind it."""
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines.pop()
    return b"".join(lines)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")
