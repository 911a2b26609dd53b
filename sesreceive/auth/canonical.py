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

__all__ = ["ALGORITHMS", "body", "crlf", "header"]

ALGORITHMS = (b"simple", b"relaxed")

_RUN = re.compile(rb"  +")

# From here on numpy is faster, by measuring; a browser has none. Its masks are made a piece at a time, which fits the
# processor's cache.
LARGE = 8_192 if find_spec("numpy") else sys.maxsize
PIECE = 262_144
_LF, _CR, _SPACE, _TAB = 10, 13, 32, 9

Octets: TypeAlias = "bytes | memoryview"


def crlf(data: Octets) -> Octets:
    r"""The bytes with each bare LF made a CRLF, as DKIM wants them (section 5.3); a bare CR stays.

    Examples
    --------
    >>> crlf(b"a\nb\r\n")
    b'a\r\nb\r\n'
    """
    if len(data) >= LARGE and not _has_bare_lf(data):
        return data
    data = bytes(data)
    if data.count(b"\n") == data.count(b"\r\n"):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


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


def body(algorithm: bytes, data: Octets) -> Octets:
    r"""The body in canonical form (sections 3.4.3 and 3.4.4); lines must end in CRLF, see `crlf`.

    Parameters
    ----------
    algorithm : bytes
        ``b"simple"`` or ``b"relaxed"``.

    Returns
    -------
    bytes or memoryview
        A view where the canonical form is a part of what was given.

    Examples
    --------
    >>> bytes(body(b"relaxed", b" C \r\nD \t E\r\n\r\n\r\n"))
    b' C\r\nD E\r\n'
    >>> bytes(body(b"simple", b""))
    b'\r\n'
    """
    if algorithm == b"relaxed" and len(data) >= LARGE:
        data = _relaxed(data)
    elif algorithm == b"relaxed":
        data = _squeezed(bytes(data))
        # One octet is looked for ten times as fast as three.
        if b" " in data and b" \r\n" in data:
            data = data.replace(b" \r\n", b"\r\n")
        # Section 3.4.4: blanks at the end of lines go first, also of a last line that has no CRLF yet.
        data = data.removesuffix(b" ")
    if len(data) > 4 and data[-2:] == b"\r\n" and data[-4:-2] != b"\r\n":  # the usual end: nothing to take off
        return data
    data = bytes(data)
    end = _text_end(data)
    if end == len(data) and data:
        return data + b"\r\n"
    if end == 0:  # nothing but empty lines
        return b"\r\n" if algorithm == b"simple" else b""
    return memoryview(data)[: end + 2]


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


def _text_end(data: bytes) -> int:
    r"""Where the empty lines at the end begin: behind the last octet that is not part of a final CRLF."""
    text = len(data.rstrip(b"\r\n"))
    tail = data[text:]  # CR and LF in any order; the pairs at its very end are to be found
    if not tail.endswith(b"\r\n"):
        return len(data)
    pairs = max(tail.rfind(b"\n\n") + 2 if b"\n\n" in tail else 0, tail.rfind(b"\r\r") + 1)
    return text + (1 if pairs == 0 and tail[:1] == b"\n" else pairs)


# ------------------------------------------------------------------------ large bodies


def _has_bare_lf(data: Octets) -> bool:
    """Whether an LF has no CR before it."""
    import numpy as np

    octets = np.frombuffer(data, np.uint8)
    if octets[0] == _LF:
        return True
    for start in range(1, len(octets), PIECE):
        is_lf = octets[start : start + PIECE] == _LF
        has_cr_before = octets[start - 1 : start - 1 + len(is_lf)] == _CR
        if (is_lf & ~has_cr_before).any():
            return True
    return False


def _relaxed(data: Octets) -> Octets:
    """The lines with each run of blanks and tabs made one blank, and none at their end (section 3.4.4)."""
    import numpy as np

    octets = np.frombuffer(data, np.uint8)
    pieces = [_relaxed_piece(octets[start : start + PIECE + 2]) for start in range(0, len(octets), PIECE)]
    if all(piece is None for piece in pieces):
        return data
    view = memoryview(data)
    return b"".join(
        view[number * PIECE : (number + 1) * PIECE] if piece is None else piece.data
        for number, piece in enumerate(pieces)
    )


def _relaxed_piece(octets: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8] | None:
    """The first `PIECE` octets with what is too much left out; None where they stay. Two more look ahead."""
    import numpy as np

    is_blank = octets == _SPACE
    has_tabs = bool((octets == _TAB).any())
    if not has_tabs and not is_blank.any():
        return None
    if has_tabs:
        octets = np.frombuffer(octets.tobytes().replace(b"\t", b" "), np.uint8)
        is_blank = octets == _SPACE
    # What lies behind the last octet of a body ends a line, too.
    behind = np.ones(len(octets), np.bool_)
    behind[:-1] = is_blank[1:]
    behind[:-2] |= (octets[1:-1] == _CR) & (octets[2:] == _LF)
    too_much = (is_blank & behind)[:PIECE]
    if not has_tabs and not too_much.any():
        return None
    return np.compress(~too_much, octets[:PIECE])  # three times as fast as an index of truth values
