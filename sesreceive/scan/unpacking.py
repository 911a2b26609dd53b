"""What a message carries in encoded and packed form, layer by layer, for as much work as it is worth.

base64, quoted-printable and uuencode by their lines, gzip and zip by their first octets, each within the others.
`zipfile` reads the directory of an archive before its first entry, however many it says there are; here the entries
are read as they come, in pieces, so that nothing is sized by what a stranger says.
"""

from __future__ import annotations

import binascii
import quopri
import re
import struct
import zlib
from collections.abc import Collection, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge

from sesreceive import limits

__all__ = ["Unpacking"]

# What is read of an archive at a time: an inflater that has no room for more copies what it has not read.
_READ = 1 << 14
_QUOTED, _BASE64_NAME = b"quoted-printable", b"base64"
# Lines of base64 text: no other character on the line.
_BASE64 = re.compile(rb"(?:^[A-Za-z0-9+/]{1,998}+={0,2}+[ \t]*+\r?+\n?+)++", re.MULTILINE)
_SHORTEST_BASE64 = 80
# To look for all of them takes as long as to inflate some three times as much, and is paid for so.
_SEARCH = 3
# A zip, a gzip, or `begin ` of uuencode, at the start of a block of base64: what is worth decoding for itself.
_PACKED_BASE64 = (b"UEsDB", b"H4sI", b"YmVnaW4g")
_UUENCODED = re.compile(rb"begin [0-7]{3,4} [^\n]*\n((?:[!-`][ -`]*+\r?\n)*+)")
# APPNOTE.TXT section 4.3.7: signature, version, flags, method, time, date, CRC, sizes, lengths of name and extra field.
_ENTRY = struct.Struct("<4s5H3I2H")
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b\x08"
_ENCRYPTED, _STORED, _DEFLATED = 1, 0, 8


@dataclass(slots=True)
class Unpacking:
    """The layers of one message.

    Attributes
    ----------
    hints : tuple of bytes
        Pieces of base64 text that make a block worth decoding though nothing is packed in it.
    left : int
        Octets that may still be unpacked.
    problem : str
        Why not all was unpacked, as part of a sentence; empty where all was.
    """

    hints: tuple[bytes, ...] = ()
    left: int = 0
    problem: str = field(default="")

    def layers(self, data: bytes) -> Iterator[bytes]:
        """`data` itself, and what is in it; large files come in pieces that overlap."""
        self.left = limits.UNPACKED_RATIO.value * len(data) + limits.UNPACKED_SIZE.value
        yield data
        names = _names(data)
        if _QUOTED in names:  # its lines may stand anywhere, so all of it is read as such, once
            decoded = self._paid(quopri.decodestring(data))
            yield decoded
            yield from self._below(decoded, _names(decoded), 1)
        yield from self._below(data, names, 0)

    def _below(self, data: bytes, names: Collection[bytes], depth: int) -> Iterator[bytes]:
        for inside in self._inside(data, names):
            if depth + 1 > limits.UNPACKED_DEPTH.value:
                self.problem = self.problem or f"it is packed more than {limits.UNPACKED_DEPTH.value} times over"
                return
            yield inside
            names_inside = _names(inside)
            if depth and _QUOTED in names_inside:  # a message in an archive
                yield self._paid(quopri.decodestring(inside))
            yield from self._below(inside, names_inside, depth + 1)

    def _inside(self, data: bytes, names: Collection[bytes]) -> Iterator[bytes]:
        if data[:3] == _GZIP:
            yield from self._inflated(memoryview(data), 0, 31)
            return
        if data[:4] == _ZIP:
            yield from self._entries(memoryview(data))
            return
        for start in _starts(data, b"begin ") if b"begin " in data else ():
            if text := _UUENCODED.match(data, start):
                yield self._paid(_uudecoded(text.group(1)))
        if _BASE64_NAME in names:
            view = memoryview(data)
            for start, end in self._blocks(data):
                if end - start >= _SHORTEST_BASE64:
                    yield self._paid(_base64(view[start:end]))

    def _blocks(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where blocks of base64 are that are worth decoding."""
        if self._has_hint(data):  # it may stand in any of them
            self.left -= _SEARCH * len(data)
            yield from (block.span() for block in _BASE64.finditer(data))
            return
        end = 0
        for start in _packed(data):
            if start >= end and (block := _BASE64.match(data, start)):
                end = block.end()
                yield block.span()

    def _has_hint(self, data: bytes) -> bool:
        text = data.translate(None, b" \t\r\n=")
        return any(hint in text for hint in self.hints)

    def _paid(self, octets: bytes) -> bytes:
        """What was decoded, as long as there is something left for it."""
        self.left -= len(octets)
        if self.left < 0:
            self.problem = self.problem or f"it unpacks to more than {limits.UNPACKED_RATIO.value} times its size"
            return b""
        return octets

    def _entries(self, data: memoryview) -> Iterator[bytes]:
        """The files of a zip, as they come."""
        at = number = 0
        while data[at : at + 4] == _ZIP and at + _ENTRY.size <= len(data):
            _, _, flags, method, _, _, _, packed, _, name, extra = _ENTRY.unpack_from(data, at)
            at += _ENTRY.size + name + extra
            number += 1
            if number > limits.UNPACKED_FILES.value:
                self.problem = self.problem or f"an archive in it has more than {limits.UNPACKED_FILES.value} files"
                return
            if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
                self.problem = self.problem or "an archive in it is encrypted, or packed in a way not known here"
                at += packed
            elif method == _STORED:
                yield self._paid(bytes(data[at : at + packed]))
                at += packed
            else:
                end = yield from self._inflated(data, at, -15)
                at = end if not packed else at + packed
            if data[at : at + 4].tobytes() == b"PK\x07\x08":  # the sizes, where they were not known before
                at += 16

    def _inflated(self, data: memoryview, at: int, wbits: int) -> Generator[bytes, None, int]:
        """What is deflated from there, in pieces; gives back where it ends."""
        inflater = zlib.decompressobj(wbits)
        piece = limits.UNPACKED_PIECE.value
        parts: list[bytes] = []
        room = piece
        try:
            while not inflater.eof and at < len(data):
                taken = data[at : at + _READ]
                out = inflater.decompress(taken, room)
                at += len(taken) - len(inflater.unconsumed_tail) - len(inflater.unused_data)
                if not out and at >= len(data):
                    break
                self._paid(out)
                if self.left < 0:
                    return at
                parts.append(out)
                room -= len(out)
                if not room:
                    whole = b"".join(parts)
                    if _is_archive(whole):
                        self.problem = self.problem or "an archive in an archive is too large to be looked into"
                    yield whole
                    parts = [whole[-_OVERLAP:]]
                    room = piece
        except zlib.error:
            self.problem = self.problem or "an archive in it is damaged"
            at = len(data)
        yield b"".join(parts)
        return at


# Longer than what is looked for.
_OVERLAP = 256


def _is_archive(data: bytes) -> bool:
    return data[:3] == _GZIP or data[:4] == _ZIP


def _names(data: bytes) -> Collection[bytes]:
    """The encodings that it names, in letters of any case; an archive is read as one, whatever it names."""
    if _is_archive(data):
        return ()
    lowered = data.lower()
    return [name for name in (_QUOTED, _BASE64_NAME) if name in lowered]


def _starts(data: bytes, start: bytes) -> Iterator[int]:
    """Where lines begin like this. Looking for the words is ten times as fast as a pattern for lines."""
    if data.startswith(start):
        yield 0
    at = data.find(b"\n" + start)
    while at >= 0:
        yield at + 1
        at = data.find(b"\n" + start, at + 1)


def _packed(data: bytes) -> Iterable[int]:
    """Where lines of base64 begin with something packed, in order."""
    # In most mail there is none of it, and that is found out in a third of the time of merging nothing.
    present = [start for start in _PACKED_BASE64 if start in data]
    return merge(*(_starts(data, start) for start in present)) if present else ()


def _base64(text: memoryview) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:  # it lacks its end, or has too much
        pass
    clean = bytes(text).translate(None, b" \t\r\n=")
    try:
        return binascii.a2b_base64(clean[: len(clean) - (len(clean) % 4 == 1)] + b"==")
    except binascii.Error:
        return b""


def _uudecoded(text: bytes) -> bytes:
    lines = []
    for line in text.splitlines():
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders pad a line; the length that it says counts.
            lines.append(_padded(line))
    return b"".join(lines)


def _padded(line: bytes) -> bytes:
    octets = ((line[0] - 32) & 63) * 4 // 3 + 3
    try:
        return binascii.a2b_uu(line[:octets])
    except binascii.Error:
        return b""
