r"""The canonical forms of DKIM (RFC 6376 section 3.4), in time proportional to the input.

A body of blanks must cost no more than one of text: everything here is a fixed number of passes by bytes
methods, or a regular expression that meets each octet once.
"""

from __future__ import annotations

import re

__all__ = ["ALGORITHMS", "body", "crlf", "header"]

ALGORITHMS = (b"simple", b"relaxed")

_RUN = re.compile(rb"  +")


def crlf(data: bytes) -> bytes:
    r"""The bytes with each bare LF made a CRLF, as DKIM wants them (section 5.3); a bare CR stays.

    Examples
    --------
    >>> crlf(b"a\nb\r\n")
    b'a\r\nb\r\n'
    """
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
        return b"%b:%b\r\n" % (name, crlf(value) if b"\n" in value else value)
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    if b"\t" in value or b"  " in value:
        value = _squeezed(value)
    return b"%b:%b\r\n" % (name.rstrip(b" \t").lower(), value.strip(b" "))


def body(algorithm: bytes, data: bytes) -> bytes | memoryview:
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
    if algorithm == b"relaxed":
        data = _squeezed(data)
        if b" \r\n" in data:
            data = data.replace(b" \r\n", b"\r\n")
        # Section 3.4.4: blanks at the end of lines go first, also of a last line that has no CRLF yet.
        data = data.removesuffix(b" ")
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
    if b"  " not in data:
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
