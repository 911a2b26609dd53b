r"""The canonical forms of DKIM (RFC 6376 section 3.4), in time proportional to the input.

A body of blanks must cost no more than one of text: everything here is a fixed number of passes by bytes
methods, or a regular expression that meets each octet once. Large bodies go through numpy, whose passes are ten times
as fast; small ones do not, so that most mail never loads it.
"""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["ALGORITHMS", "body", "crlf", "has_plain_blanks", "header"]

ALGORITHMS = (b"simple", b"relaxed")

_RUN = re.compile(rb"  +")
# Found by its first octet, as fast as one octet is.
_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"\n(?<!\r\n)")

# From here on numpy is faster, by measuring; a browser has none. Its masks are made a piece at a time: smaller pieces
# cost more calls, and larger ones more memory, nine octets for each.
LARGE = 8_192 if find_spec("numpy") else sys.maxsize
PIECE = 131_072
# Line ends as many empty lines have them, to be taken off many at a time.
_LINE_ENDS = (b"\r\n" * 4096, b"\r\n" * 64, b"\r\n")

_LF, _CR, _SPACE, _TAB = 10, 13, 32, 9

# Up to so many octets for each one left out, an index of truth values is faster than `compress`, since it copies whole
# runs; with more of them it is several times slower. By measuring.
_RUNS = 16

Octets: TypeAlias = "bytes | memoryview"


def crlf(data: bytes) -> bytes:
    r"""The bytes with each bare LF made a CRLF, as DKIM wants them (section 5.3); a bare CR stays.

    Examples
    --------
    >>> crlf(b"a\nb\r\n")
    b'a\r\nb\r\n'
    """
    return _ended(data) if _BARE_LF.search(data) else data


def header(algorithm: bytes, name: bytes, value: bytes) -> bytes:
    r"""One header field in canonical form, with its CRLF (sections 3.4.1 and 3.4.2).

    Parameters
    ----------
    algorithm : bytes
        ``b"simple"`` or ``b"relaxed"``.
    name : bytes
        What stands before the colon.
    value : bytes
        What stands behind it, folds kept, without the last line end.

    Examples
    --------
    >>> header(b"relaxed", b"SUBJect", b"  a \r\n\tb  ")
    b'subject:a b\r\n'
    >>> header(b"simple", b"SUBJect", b" a \r\n\tb")
    b'SUBJect: a \r\n\tb\r\n'
    """
    if algorithm == b"simple":
        return b"%b:%b\r\n" % (name, bytes(crlf(value)) if b"\n" in value else value)
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    if b"\t" in value or b"  " in value:
        value = _squeezed(value)
    return b"%b:%b\r\n" % (name.rstrip(b" \t").lower(), value.strip(b" "))


def has_plain_blanks(raw: bytes, end: int) -> bool:
    r"""Whether `bytes.split` takes only for white space what a relaxed header does: no VT, FF or bare CR up to `end`.

    Examples
    --------
    >>> has_plain_blanks(b"A: b\r\n\tc\r\n", 11), has_plain_blanks(b"A: b\vc\r\n", 8)
    (True, False)
    """
    return raw.find(b"\v", 0, end) < 0 and raw.find(b"\f", 0, end) < 0 and _BARE_CR.search(raw, 0, end) is None


def body(algorithm: bytes, raw: bytes, start: int = 0) -> Octets:
    r"""The body in canonical form (sections 3.4.3 and 3.4.4), its lines ended by CRLF as `crlf` does.

    Parameters
    ----------
    algorithm : bytes
        ``b"simple"`` or ``b"relaxed"``.
    raw : bytes
        A message.
    start : int
        Where its body begins.

    Returns
    -------
    bytes or memoryview
        A view where the canonical form is a part of what was given.

    Examples
    --------
    >>> bytes(body(b"relaxed", b" C \r\nD \t E\r\n\r\n\r\n"))
    b' C\r\nD E\r\n'
    >>> bytes(body(b"simple", b"From: ana@example.org\n\nhello\n", 23))
    b'hello\r\n'
    >>> bytes(body(b"simple", b""))
    b'\r\n'
    """
    is_relaxed = algorithm == b"relaxed"
    data: Octets | None
    if len(raw) - start < LARGE:
        data = _small(crlf(raw[start:]), is_relaxed)
    elif (data := _large(raw, start, is_relaxed)) is None:
        data = _large(_ended(raw[start:]), 0, is_relaxed)
        assert data is not None
    if len(data) > 4 and data[-2:] == b"\r\n" and data[-4:-2] != b"\r\n":  # the usual end: nothing to take off
        return data
    end = _text_end(data)
    if end == len(data) and data:
        return b"".join((data, b"\r\n"))
    if end == 0:  # nothing but empty lines
        return b"" if is_relaxed else b"\r\n"
    return memoryview(data)[: end + 2]


def _ended(data: bytes) -> bytes:
    """The bytes with each bare LF made a CRLF."""
    is_large = len(data) >= LARGE
    if b"\r" in data:
        return _ended_large(data) if is_large else data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    # `replace` is fast between the line ends, and not where hardly anything else is.
    return _ended_large(data) if is_large and data.count(b"\n") * 8 > len(data) else data.replace(b"\n", b"\r\n")


def _small(data: bytes, is_relaxed: bool) -> bytes:
    """The lines of a small body, without the blanks that are too much in the relaxed form."""
    if not is_relaxed:
        return data
    data = _squeezed(data)
    # One octet is looked for ten times as fast as three.
    if b" " in data and b" \r\n" in data:
        data = data.replace(b" \r\n", b"\r\n")
    # Section 3.4.4: blanks at the end of lines go first, also of a last line that has no CRLF yet.
    return data.removesuffix(b" ")


def _squeezed(data: bytes) -> bytes:
    """Every run of blanks and tabs made one blank."""
    if b"\t" in data:
        data = data.replace(b"\t", b" ")
    if b" " not in data or b"  " not in data:
        return data
    # Short runs are many and `replace` is fast on them; long runs are few and the pattern is fast on those.
    data = data.replace(b"    ", b" ")
    for _ in range(3):
        if b"  " not in data:
            return data
        data = data.replace(b"  ", b" ")
    return _RUN.sub(b" ", data)


def _text_end(data: Octets) -> int:
    """Where the empty lines at the end begin: behind the last octet that is not part of a final CRLF."""
    end = len(data)
    for ends in _LINE_ENDS:
        while end >= len(ends) and bytes(data[end - len(ends) : end]) == ends:
            end -= len(ends)
    return end


# ------------------------------------------------------------------------ large bodies


def _large(raw: bytes, start: int, is_relaxed: bool) -> Octets | None:
    """The lines of a large body, without the blanks that are too much; None where an LF has no CR before it.

    In the relaxed form each run of blanks and tabs is one blank, and there are none at the end of a line.
    """
    import numpy as np

    if raw[start] == _LF:
        return None
    octets, view = np.frombuffer(raw, np.uint8), memoryview(raw)
    pieces: list[Octets] = []
    has_changed = False
    for at in range(start, len(raw), PIECE):
        window = octets[at : at + PIECE + 2]  # two more look ahead
        is_lf = window == _LF
        if (is_lf[1:] > (window[:-1] == _CR)).any():
            return None
        piece = _relaxed_piece(raw, at, window, is_lf) if is_relaxed else None
        has_changed = has_changed or piece is not None
        pieces.append(view[at : at + PIECE] if piece is None else piece.data)
    if not has_changed:
        return view[start:]
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _ended_large(data: bytes) -> bytes:
    """What `_ended` gives, as fast for line ends as for anything else."""
    import numpy as np

    octets = np.frombuffer(data, np.uint8)
    pieces: list[memoryview] = []
    for at in range(0, len(octets), PIECE):
        piece = octets[at : at + PIECE]
        pairs = np.empty((len(piece), 2), np.uint8)  # each octet with a CR before it, which most lose again
        pairs[:, 0], pairs[:, 1] = _CR, piece
        stays = np.ones(pairs.shape, np.bool_)
        is_bare = np.equal(piece, _LF, out=stays[:, 0])
        is_bare[1:] &= piece[:-1] != _CR
        if at and octets[at - 1] == _CR:
            is_bare[0] = False
        pieces.append(np.compress(stays.ravel(), pairs.ravel()).data)
    return b"".join(pieces)


def _relaxed_piece(
    raw: bytes, at: int, window: npt.NDArray[np.uint8], is_lf: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8] | None:
    """The first `PIECE` octets of the window with what is too much left out; None where they stay."""
    import numpy as np

    # A search for one octet takes a tenth of a comparison of all.
    has_tabs = raw.find(b"\t", at, at + len(window)) >= 0
    if not has_tabs and raw.find(b" ", at, at + len(window)) < 0:
        return None
    is_blank = window == _SPACE
    piece = window[:PIECE]
    if has_tabs:
        is_tab = window == _TAB
        is_blank |= is_tab
        piece = piece + is_tab[:PIECE].view(np.uint8) * np.uint8(_SPACE - _TAB)
    # Too much is a blank with another one behind it, or the end of the line: an LF as the second octet, since there is
    # a CR before it. What lies behind the last octet of a body ends a line, too.
    behind = np.ones(len(window), np.bool_)
    behind[-2:-1] = is_blank[-1:]
    np.logical_or(is_blank[1:-1], is_lf[2:], out=behind[:-2])
    too_much = (is_blank & behind)[:PIECE]
    left_out = np.count_nonzero(too_much)
    if not left_out:
        return piece if has_tabs else None
    stays = ~too_much
    return piece[stays] if left_out * _RUNS < len(piece) else np.compress(stays, piece)
