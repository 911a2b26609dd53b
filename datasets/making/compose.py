"""Messages as bytes, put together by hand.

Python's `email` package writes the same message differently from one version to the next; a sample has to be
the same bytes on every machine, so the few MIME forms needed are spelled out here. Lines end with CRLF.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

# A seeded receiver's time starts on 2 January 2026 at 10:05:05 UTC: the messages were written in the two hours before.
FIRST = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)

Field = tuple[str, str | bytes]


def token(*words: object, length: int = 16) -> str:
    """Letters and digits that look random and depend on the words only."""
    return hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()[:length]


def written(slug: str) -> datetime:
    """When a message was written: some minute of the two hours, the same on every run."""
    return FIRST + timedelta(seconds=int(token(slug, "date"), 16) % 7200)


def date(when: datetime) -> str:
    """A Date field: ``Fri, 02 Jan 2026 08:00:00 +0000``."""
    return format_datetime(when)


def crlf(text: str | bytes) -> bytes:
    """The text in UTF-8 with CRLF line ends."""
    data = text.encode() if isinstance(text, str) else text
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def fields(*items: Field) -> bytes:
    """Header lines."""
    return b"".join(
        name.encode() + b": " + (value if isinstance(value, bytes) else crlf(value)) + b"\r\n" for name, value in items
    )


def message(header: Iterable[Field], body: str | bytes = b"") -> bytes:
    """Header, empty line, body."""
    return fields(*header) + b"\r\n" + crlf(body)


def letter(
    slug: str,
    *,
    sender: str,
    to: str,
    subject: str,
    body: str | bytes,
    content_type: str = "text/plain; charset=utf-8",
    encoding: str = "7bit",
    extra: Iterable[Field] = (),
) -> bytes:
    """An ordinary message: the fields most mail has, then `extra`, then the body."""
    domain = sender.rpartition("@")[2].rstrip(">")
    return message(
        (
            ("From", sender),
            ("To", to),
            ("Subject", subject),
            ("Date", date(written(slug))),
            ("Message-ID", f"<{token(slug, 'id')}@{domain}>"),
            ("MIME-Version", "1.0"),
            ("Content-Type", content_type),
            ("Content-Transfer-Encoding", encoding),
            *extra,
        ),
        body,
    )


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters (RFC 2045 section 6.8)."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def part(
    content_type: str, body: str | bytes, *, encoding: str = "7bit", filename: str = "", disposition: str = "attachment"
) -> bytes:
    """One part of a multipart message; `encoding` base64 encodes it."""
    header: list[Field] = [("Content-Type", content_type), ("Content-Transfer-Encoding", encoding)]
    if filename:
        header.append(("Content-Disposition", f'{disposition}; filename="{filename}"'))
    if encoding == "base64":
        body = base64_lines(body.encode() if isinstance(body, str) else body)
    return message(header, body)


def multipart(slug: str, *parts: bytes, level: int = 0) -> tuple[str, bytes]:
    """The boundary of a multipart body, and the body."""
    boundary = "=_" + token(slug, "boundary", level)
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + one.removesuffix(b"\r\n") + b"\r\n" for one in parts)
    return boundary, body + b"--" + boundary.encode() + b"--\r\n"


def received(raw: bytes, slug: str, *, by: str, client: str = "[192.0.2.222]") -> bytes:
    """The message with the trace field of the server that took it from its author."""
    line = f"from {client} by {by} with ESMTPSA\n id {token(slug, 'queue', by, length=12)}; {date(written(slug))}"
    return fields(("Received", line)) + raw
