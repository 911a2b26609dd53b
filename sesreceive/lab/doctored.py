"""What can be done to a message to see how it is noticed: pretending, markers of scanners, changes on the way.

Everything is a function from bytes to bytes; the tables at the end of each part are the choices on screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sesreceive.mail.message import Message
from sesreceive.scan.markers import EICAR, GTUBE

__all__ = ["MARKERS", "PRETENCES", "TAMPERINGS", "Tampering", "marked", "pretended", "with_field"]


def with_field(raw: bytes, name: str, value: str) -> bytes:
    r"""The message with another value for its first field of that name, or with the field on top where it has none.

    Examples
    --------
    >>> with_field(b"From: ana@example.org\r\n\r\n", "From", "bo@example.com")
    b'From: bo@example.com\r\n\r\n'
    """
    message = Message(raw)
    line = f"{name}: {value}".replace("\r", " ").replace("\n", " ").encode("utf-8", "replace") + b"\r\n"
    at = 0
    for item in message.fields:
        size = _length(raw, at)
        if item.key == name.lower().encode("ascii", "replace"):
            return raw[:at] + line + raw[at + size :]
        at += size
    return line + raw


def _length(raw: bytes, at: int) -> int:
    """Octets of the header field that begins there, folds and line end included."""
    end = at
    while True:
        end = raw.find(b"\n", end) + 1 or len(raw)
        if raw[end : end + 1] not in (b" ", b"\t"):
            return end - at


# ---------------------------------------------------------------- pretending to be somebody else

# How somebody is pretended to be: where their address is put, in the header and in MAIL FROM.
PRETENCES: Mapping[str, str] = {
    "": "nobody",
    "from": "somebody in From, with the own MAIL FROM",
    "both": "somebody in From and in MAIL FROM",
    "name": "somebody in the display name of From",
}


def pretended(raw: bytes, how: str, victim: str, sender: str) -> bytes:
    r"""The message as if `victim` had written it.

    Parameters
    ----------
    how : str
        A key of `PRETENCES`.
    victim : str
        The address that is used.
    sender : str
        The address the message is really from.

    Examples
    --------
    >>> pretended(b"From: ana@example.org\r\n\r\n", "name", "boss@example.com", "ana@example.org")
    b'From: "boss@example.com" <ana@example.org>\r\n\r\n'
    """
    if not how or not victim:
        return raw
    shown = victim.replace("\\", "").replace('"', "")
    return with_field(raw, "From", f'"{shown}" <{sender}>' if how == "name" else victim)


# ---------------------------------------------------------------- what scanners look for

MARKERS: Mapping[str, bytes] = {"GTUBE": GTUBE, "EICAR": EICAR}


def marked(raw: bytes, name: str) -> bytes:
    """The message with the marker on a line of its own below the body."""
    start = b"" if raw.endswith(b"\n") else b"\r\n"
    return raw + start + MARKERS[name] + b"\r\n"


# ---------------------------------------------------------------- changes on the way


@dataclass(frozen=True, slots=True)
class Tampering:
    """One change.

    Attributes
    ----------
    title : str
        What it is called.
    note : str
        What it does to a signature.
    change : callable
        Bytes to bytes.
    """

    title: str
    note: str
    change: Callable[[bytes], bytes]


def _none(raw: bytes) -> bytes:
    return raw


def _body(raw: bytes) -> bytes:
    """Another first letter of the body."""
    start = Message(raw).body_start
    at = next((at for at in range(start, len(raw)) if chr(raw[at]).isascii() and chr(raw[at]).isalpha()), None)
    if at is None:
        return raw + b"x\r\n"
    other = b"b" if raw[at : at + 1] == b"a" else b"a"
    return raw[:at] + other + raw[at + 1 :]


def _subject(raw: bytes) -> bytes:
    return with_field(raw, "Subject", f"[changed] {Message(raw).get('Subject') or ''}".rstrip())


def _footer(raw: bytes) -> bytes:
    start = b"" if raw.endswith(b"\n") else b"\r\n"
    return raw + start + b"-- \r\nYou get this because you are on a mailing list\r\n"


def _blanks(raw: bytes) -> bytes:
    start = Message(raw).body_start
    return raw[:start] + raw[start:].replace(b" ", b"  ", 1)


def _second_from(raw: bytes) -> bytes:
    return b"From: somebody-else@example.net\r\n" + raw


def _unsigned(raw: bytes) -> bytes:
    """Without its signatures."""
    kept, at = [], 0
    for item in Message(raw).fields:
        size = _length(raw, at)
        if item.key != b"dkim-signature":
            kept.append(raw[at : at + size])
        at += size
    return b"".join(kept) + raw[at:]


TAMPERINGS: tuple[Tampering, ...] = (
    Tampering("nothing", "the message arrives as it was sent", _none),
    Tampering("a letter of the body", "the body hash of a signature no longer fits", _body),
    Tampering("the subject", "a signature that covers Subject no longer fits", _subject),
    Tampering("a footer below the body, as mailing lists add", "only a signature with a length survives", _footer),
    Tampering("a blank more in the body", "the relaxed form does not mind, the simple one does", _blanks),
    Tampering("a second From on top", "DMARC wants one author", _second_from),
    Tampering("its signatures taken away", "what is not there cannot fail", _unsigned),
)
