"""A message with each private word replaced: header by header and part by part, in the encodings it came in.

What the header and the parts are made of stays: the order of fields, folds, line ends, boundaries, charsets, transfer
encodings, bare CRs and octets that are no text. Lengths stay where a stand-in of the same length can be had.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import NamedTuple

from sesreceive.mail.message import Message
from sesreceive.redact.masking import HEADER_WORDS, TAG_WORDS, mask, mask_octets, words_of
from sesreceive.redact.stand_ins import StandIns
from sesreceive.scan.markers import EICAR, GTUBE

__all__ = ["redacted_message"]

# Fields whose names say nothing of anybody; other names are replaced, as in a signature's `h=`.
_KNOWN_FIELDS = words_of("""
    arc-authentication-results arc-message-signature arc-seal authentication-results auto-submitted bcc cc comments
    content-class content-description content-disposition content-id content-language content-location content-md5
    content-transfer-encoding content-type date delivered-to dkim-signature domainkey-signature envelope-to errors-to
    feedback-id from importance in-reply-to keywords list-archive list-help list-id list-post list-subscribe
    list-unsubscribe list-unsubscribe-post mailing-list message-id mime-version organization original-recipient
    precedence priority received received-spf references reply-to resent-bcc resent-cc resent-date resent-from
    resent-message-id resent-sender resent-to return-path sender sensitivity subject thread-index thread-topic to
    user-agent x-auto-response-suppress x-mailer x-msmail-priority x-originating-ip x-priority x-receipt x-received
    x-return-path x-sender x-ses-dkim-signature x-ses-receipt x-ses-spam-verdict x-ses-virus-verdict x-spam-flag
    x-spam-score x-spam-status x-virus-scanned
    final-recipient reporting-mta action status diagnostic-code remote-mta original-envelope-id arrival-date
    """)
# Fields that are grammar around names and addresses: its words stay (RFC 5322, 8601, 6376, 2045). In the others, such
# as Subject, every word is somebody's.
_GRAMMAR_FIELDS = words_of("""
    arc-authentication-results arc-message-signature arc-seal authentication-results auto-submitted
    content-disposition content-transfer-encoding content-type date dkim-signature domainkey-signature importance
    list-unsubscribe-post mime-version precedence priority received received-spf resent-date sensitivity
    x-msmail-priority x-priority x-received x-ses-dkim-signature x-spam-flag
    final-recipient reporting-mta action status remote-mta arrival-date
    """)

_FIELD = re.compile(rb"[^\n]*\n?(?:[ \t][^\n]*\n?)*")
_NAME = re.compile(rb"[!-9;-~]+(?=[ \t]*:)")
_BOUNDARY = re.compile(r'(?i)(\bboundary\s{0,9}=\s{0,9}"?)([^"\r\n;]{1,200})')
_CHARSET = re.compile(r'(?i)\bcharset\s{0,9}=\s{0,9}"?([\w.:+-]{1,40})')
_TYPE = re.compile(r"\s*([\w.+-]{1,60})/([\w.+-]{1,60})")
_TAG = re.compile(rb"(<[!/?a-zA-Z][^<>]*+>)")
_ENTITY = re.compile(rb"(&[a-zA-Z]{2,10};)")
_NUMBERED = re.compile(rb"&#[xX]?[0-9a-fA-F]{1,7};")
_QUOTED = re.compile(rb"=[0-9A-Fa-f]{2}|=[ \t]*\r?\n|[^=]|=", re.DOTALL)
_SCAN_MARKER = re.compile(b"(" + re.escape(EICAR) + b"|" + re.escape(GTUBE) + b")")
# Parts within parts within parts: a message deeper than this is text.
_DEEPEST = 30


class _Kind(NamedTuple):
    """What the header of a part says of its content."""

    maintype: str
    subtype: str
    charset: str
    encoding: str
    boundary: str


def redacted_message(raw: bytes, stand_ins: StandIns) -> bytes:
    """The message with stand-ins for all that says who wrote what to whom; `raw` itself while they learn."""
    return _part(raw, stand_ins, 0)


def _part(raw: bytes, stand_ins: StandIns, depth: int) -> bytes:
    message = Message(raw)
    kind = _kind_of(message)
    header = b"".join(_field(field, stand_ins) for field in _FIELD.findall(message.header))
    gap = raw[message.header_end : message.body_start]
    return header + gap + _content(bytes(message.body), kind, stand_ins, depth)


def _kind_of(message: Message) -> _Kind:
    text = message.get("content-type") or ""
    named = _TYPE.match(text)
    charset, boundary = _CHARSET.search(text), _BOUNDARY.search(text)
    return _Kind(
        maintype=named[1].lower() if named else "text",
        subtype=named[2].lower() if named else "plain",
        charset=charset[1] if charset else "",
        encoding=(message.get("content-transfer-encoding") or "").lower(),
        boundary=boundary[2].rstrip() if boundary else "",
    )


# ---------------------------------------------------------------- header


def _field(field: bytes, stand_ins: StandIns) -> bytes:
    """One field with its folds; a line that is no field is text."""
    named = _NAME.match(field)
    if named is None:
        return mask_octets(field, stand_ins)
    name, value = named[0], field[named.end() :]
    lower = name.decode("ascii").lower()
    shown = name if lower in _KNOWN_FIELDS else mask_octets(name, stand_ins, HEADER_WORDS)
    if lower not in _GRAMMAR_FIELDS:
        return shown + mask_octets(value, stand_ins)
    text = value.decode("utf-8", "surrogateescape")
    boundary = _BOUNDARY.search(text) if lower == "content-type" else None
    if boundary is None:
        return shown + _masked(text, stand_ins)
    before, after = text[: boundary.start(2)], text[boundary.end(2) :]
    return shown + _masked(before, stand_ins) + _masked(boundary[2], stand_ins) + _masked(after, stand_ins)


def _masked(text: str, stand_ins: StandIns) -> bytes:
    return mask(text, stand_ins, HEADER_WORDS).encode("utf-8", "surrogateescape")


# ---------------------------------------------------------------- content


def _content(body: bytes, kind: _Kind, stand_ins: StandIns, depth: int) -> bytes:
    if depth < _DEEPEST:
        if kind.maintype == "multipart" and kind.boundary:
            return b"".join(_parts(body, kind, stand_ins, depth))
        if kind.maintype == "message" and kind.encoding not in ("base64", "quoted-printable"):
            return _part(body, stand_ins, depth + 1)
    if kind.encoding == "base64":
        return _base64(body, kind, stand_ins)
    if kind.encoding == "quoted-printable":
        return _quoted_printable(body, kind, stand_ins)
    return _text(body, kind, stand_ins)


def _parts(body: bytes, kind: _Kind, stand_ins: StandIns, depth: int) -> Iterator[bytes]:
    """The preamble, and each part behind its delimiter (RFC 2046 section 5.1.1)."""
    plain = kind.boundary.encode("utf-8", "surrogateescape")
    delimiter = b"--" + _masked(kind.boundary, stand_ins)
    ends = re.compile(rb"(?m)^--" + re.escape(plain) + rb"(?P<rest>(?:--)?[ \t]*+\r?(?:\n|\Z))")
    at, is_part = 0, False
    for found in ends.finditer(body):
        piece = body[at : found.start()]
        yield _part(piece, stand_ins, depth + 1) if is_part else mask_octets(piece, stand_ins)
        yield delimiter + found["rest"]
        at, is_part = found.end(), not found["rest"].startswith(b"--")
    rest = body[at:]
    yield _part(rest, stand_ins, depth + 1) if is_part else mask_octets(rest, stand_ins)


def _text(octets: bytes, kind: _Kind, stand_ins: StandIns) -> bytes:
    """Text with its words replaced; the published test strings of scanners stay, because a verdict hangs on them."""
    mask_piece = _html if kind.subtype == "html" else mask_octets
    pieces = _SCAN_MARKER.split(octets)
    pieces[::2] = [mask_piece(piece, stand_ins, charset=kind.charset) for piece in pieces[::2]]
    return b"".join(pieces)


def _html(octets: bytes, stand_ins: StandIns, *, charset: str) -> bytes:
    """HTML with its tags; characters written as numbers spell words too, so each becomes an x."""
    made = []
    for number, piece in enumerate(_TAG.split(octets)):
        if number % 2:
            made.append(mask_octets(piece, stand_ins, TAG_WORDS, charset))
            continue
        if not stand_ins.learning:
            piece = _NUMBERED.sub(b"&#120;", piece)
        texts = _ENTITY.split(piece)
        texts[::2] = [mask_octets(text, stand_ins, charset=charset) for text in texts[::2]]
        made.append(b"".join(texts))
    return b"".join(made)


def _base64(body: bytes, kind: _Kind, stand_ins: StandIns) -> bytes:
    """The same lines with other text in them; what is no text becomes as many octets that say nothing."""
    lines = re.split(rb"(\r?\n)", body)
    try:
        octets = b64decode(b"".join(lines[::2]), validate=True)
    except (binascii.Error, ValueError):
        return mask_octets(body, stand_ins)
    if kind.maintype == "text":
        octets = _text(octets, kind, stand_ins)
    elif not stand_ins.learning:
        pieces = _SCAN_MARKER.split(octets)
        pieces[::2] = [bytes(len(piece)) for piece in pieces[::2]]
        octets = b"".join(pieces)
    if stand_ins.learning:
        return body
    coded, made = b64encode(octets), []
    longest = max(map(len, lines[::2]))
    for line, end in zip(lines[::2], [*lines[1::2], b""], strict=True):
        made.append(coded[: len(line)] + end)
        coded = coded[len(line) :]
    while coded:  # a stand-in was longer
        made.append(coded[:longest] + b"\r\n")
        coded = coded[longest:]
    return b"".join(made)


def _quoted_printable(body: bytes, kind: _Kind, stand_ins: StandIns) -> bytes:
    """Soft line breaks where they were, and the same octets written as `=XX` (RFC 2045 section 6.7)."""
    octets, breaks, coded = bytearray(), dict[int, bytes](), set[int]()
    for found in _QUOTED.finditer(body):
        unit = found[0]
        if len(unit) > 1 and unit.endswith(b"\n"):
            breaks[len(octets)] = breaks.get(len(octets), b"") + unit
            continue
        if len(unit) == 3:
            coded.add(len(octets))
            unit = bytes([int(unit[1:], 16)])
        octets += unit
    masked = _text(bytes(octets), kind, stand_ins)
    if stand_ins.learning:
        return body
    made = bytearray()
    for at, octet in enumerate(masked):
        made += breaks.pop(at, b"")
        same = at < len(octets) and octets[at] == octet
        plain = octet in b"\r\n\t" or (32 <= octet < 127 and octet != 61)
        made += (
            bytes([octet]) if (plain and not (same and at in coded)) or (same and at not in coded) else b"=%02X" % octet
        )
    return bytes(made + b"".join(breaks.values()))
