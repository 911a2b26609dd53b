r"""A message as the bytes that arrived, and one split of its header.

SPF, DKIM, DMARC, the notification and the stored object all read the same split; nothing is ever
re-serialised, so what is stored is what came. Lines end at LF, with or without a CR before it; any byte may
stand anywhere, as in real mail. Of a header beyond all real ones only the beginning is split (`Message.unread`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from sesreceive import limits
from sesreceive.later import made_once
from sesreceive.shown import Shown

__all__ = ["HeaderField", "Message", "unfold"]

# RFC 5322 section 3.6.8: a field name is printable US-ASCII without the colon; blanks before the colon are
# the obsolete form of section 4.5.8.
# One field: its name, where it has one, and the rest of its line with the lines that begin with a blank.
_FIELD = re.compile(rb"(?:([!-9;-~]++)[ \t]*+:)?([^\n]*+\n?(?:[ \t][^\n]*+\n?)*+)")
_OCTETS = (bytes, bytearray, memoryview)
_END = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")


class HeaderField(NamedTuple):
    r"""One header field, its bytes as they came.

    Attributes
    ----------
    name : bytes
        Field name in the case it was sent; empty for a line that is no field.
    value : bytes
        Everything behind the colon, folds kept, without the final line end.
    """

    name: bytes
    value: bytes

    @property
    def key(self) -> bytes:
        """The name for comparison, in lower case."""
        return self.name.lower()


def _shown(item: HeaderField) -> str:
    """The beginning of a field on one line."""
    return f"{item.name[:80].decode('latin-1')}: {unfold(item.value[:300]).decode('utf-8', 'replace').strip()}"


def unfold(value: bytes) -> bytes:
    r"""A field value on one line: each line end and the blanks behind it become one space [observed].

    Blanks before the line end stay, as SES leaves them.

    Examples
    --------
    >>> unfold(b" multipart/mixed; \r\n\tboundary=x")
    b' multipart/mixed;  boundary=x'
    """
    return _FOLD.sub(b" ", value)


class Message(Shown):
    r"""One message: `raw` bytes, header fields, body.

    Parameters
    ----------
    raw : bytes
        The message as it came after DATA, dots already unstuffed. Never changed.
    size_bytes : int, optional
        How large it was, where `raw` is only its beginning: of one that was too large, a server keeps no more.

    Examples
    --------
    >>> message = Message(b"Subject: hello\r\n world\r\n\r\nbody\r\n")
    >>> message.fields
    (HeaderField(name=b'Subject', value=b' hello\r\n world'),)
    >>> bytes(message.body)
    b'body\r\n'
    >>> message.get("subject")
    'hello world'
    """

    def __init__(self, raw: bytes, *, size_bytes: int | None = None) -> None:
        if not isinstance(raw, _OCTETS):
            raise TypeError(f"a message is bytes, as it came after DATA, but got {type(raw).__name__}")
        self.raw = bytes(raw)
        self.size_bytes = len(self.raw) if size_bytes is None else size_bytes

    def __eq__(self, other: object) -> bool:
        """Messages are equal when their bytes are."""
        return isinstance(other, Message) and (other.raw, other.size_bytes) == (self.raw, self.size_bytes)

    def __hash__(self) -> int:
        """Hash of the bytes."""
        return hash(self.raw)

    def __getstate__(self) -> dict[str, object]:
        """The bytes and their size; what was read out of them is read again."""
        return {"raw": self.raw, "size_bytes": self.size_bytes}

    def _facts(self) -> Iterator[tuple[str, object]]:
        """Size, the fields of the header in order, and how the body begins."""
        yield "size", f"{self.size_bytes} bytes"
        yield "header", [_shown(item) for item in self.fields]
        yield "body begins", bytes(self.body[:200]).decode("utf-8", "replace").splitlines()[:3]

    def __repr__(self) -> str:
        """One line: size and subject."""
        subject = self.get("subject")
        text = "no subject" if subject is None else f"subject {subject[:60]!a}"
        return f"<Message {self.size_bytes} bytes, {text}>"

    @made_once
    def header_end(self) -> int:
        """Offset of the empty line that ends the header; the message's length where there is none."""
        if self.raw.startswith((b"\n", b"\r\n")):
            return 0
        end = _END.search(self.raw)
        return len(self.raw) if end is None else end.start() + 1

    @made_once
    def read_end(self) -> int:
        """Offset of the end of what `fields` are split from: `header_end`, but for headers beyond all real ones."""
        most, fields = min(self.header_end, limits.HEADER_READ_SIZE.value), limits.HEADER_FIELDS_READ.value
        if most == self.header_end and (most <= fields or self.raw.count(b"\n", 0, most) <= fields):
            return most
        end = 0
        for match in islice(_FIELD.finditer(self.raw, 0, most), fields):
            if match.end() == most < self.header_end:  # a field is read whole or not at all
                break
            end = match.end()
        return end

    @property
    def unread(self) -> str:
        r"""Which part of the header nothing reads, as a sentence; empty where all of it is read.

        Examples
        --------
        >>> Message(b"a\n" * 6_000).unread
        'the header has more than 5,000 fields; the rest of it, 2,000 bytes, is kept as it came and not read'
        """
        if len(self.raw) <= limits.HEADER_FIELDS_READ.value:
            return ""  # too short for so many fields
        left = self.header_end - self.read_end
        if not left:
            return ""
        octets, fields = limits.HEADER_READ_SIZE.value, limits.HEADER_FIELDS_READ.value
        much = f"{fields:,} fields" if len(self.fields) >= fields else f"{octets:,} bytes"
        return f"the header has more than {much}; the rest of it, {left:,} bytes, is kept as it came and not read"

    @made_once
    def body_start(self) -> int:
        """Offset of the first byte behind the empty line."""
        end = self.header_end
        if self.raw[end : end + 2] == b"\r\n":
            return end + 2
        return end + 1 if self.raw[end : end + 1] == b"\n" else end

    @property
    def header(self) -> bytes:
        """The header block with its line ends, without the empty line."""
        return self.raw[: self.header_end]

    @property
    def body(self) -> memoryview:
        """What stands behind the empty line; a view, not a copy."""
        return memoryview(self.raw)[self.body_start :]

    @made_once
    def fields(self) -> tuple[HeaderField, ...]:
        """The header fields in order, up to `read_end`; a line that is no field has no name and is its own value."""
        # Made without the Python-level constructor of a named tuple, which takes three times as long.
        new = tuple.__new__
        return tuple(
            [
                new(HeaderField, (name, value[:-2] if value[-2:] == b"\r\n" else _without_end(value)))
                for name, value in _FIELD.findall(self.raw, 0, self.read_end)
                if name or value  # the pattern also fits the nothing at the end
            ]
        )

    @made_once
    def field_ends(self) -> tuple[int, ...]:
        r"""Offset behind each of `fields`, its line end included.

        Examples
        --------
        >>> Message(b"A: 1\r\nB: 2\r\n 3\r\n\r\nbody").field_ends
        (6, 16)
        """
        found = _FIELD.finditer(self.raw, 0, self.read_end)
        return tuple(match.end() for match in found if match.group(1) or match.group(2))

    def all(self, name: str) -> tuple[HeaderField, ...]:
        """The fields of this name, in order, whatever the case."""
        return self.by_name.get(name.lower(), ())

    def get(self, name: str) -> str | None:
        """The first field of this name as text: unfolded, trimmed, not decoded; None where there is none."""
        found = self.all(name)
        return unfold(found[0].value).strip(b" \t\r\n").decode("utf-8", "replace") if found else None

    @made_once
    def by_name(self) -> Mapping[str, tuple[HeaderField, ...]]:
        """The fields by name in lower case, in order; those that have none under an empty one."""
        grouped: dict[str, tuple[HeaderField, ...]] = {}
        several: dict[str, list[HeaderField]] = {}  # most names come once
        for item in self.fields:
            key = item[0].decode("ascii").lower()
            if key not in grouped:
                grouped[key] = (item,)
            elif key in several:
                several[key].append(item)
            else:
                several[key] = [*grouped[key], item]
        for key, items in several.items():
            grouped[key] = tuple(items)
        return grouped


def _without_end(value: bytes) -> bytes:
    """The value without its line end; a line ends at LF, so a bare CR, form feed or other control ends none."""
    return value.removesuffix(b"\n").removesuffix(b"\r")
