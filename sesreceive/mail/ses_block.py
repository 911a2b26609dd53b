r"""The header block that SES writes above a message: one table of its fields, by which it is written and taken off.

A stored object is the only file in which the envelope of a mail is kept: by ``Return-Path``, and by ``Received`` with
client, HELO, message id, time and, for a single recipient, the address it was for [observed]. Verdicts stand in the
fields below. All of it is the text of SES as long as it stands at the top: SES writes above everything the sender sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sesreceive.mail.delivered import envelope_of, read_envelope
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.hops import hop
from sesreceive.mail.message import HeaderField, Message

__all__ = ["BLOCK", "FOLD", "BlockField", "SesBlock", "block_of", "block_start"]

# Where SES folds a value, it does it so [observed]; written and read by this alone.
FOLD = "\r\n "


@dataclass(frozen=True, slots=True)
class BlockField:
    """One field of the block: its name, and whether it is always there."""

    name: str
    always: bool = False


# In the order in which they stand [observed]. Without scanning the two verdicts are absent; in 2015 only the first two
# fields were written [observed].
BLOCK: tuple[BlockField, ...] = (
    BlockField("Return-Path", always=True),
    BlockField("Received", always=True),
    BlockField("X-SES-Spam-Verdict"),
    BlockField("X-SES-Virus-Verdict"),
    BlockField("Received-SPF"),
    BlockField("Authentication-Results"),
    BlockField("X-SES-RECEIPT"),
    BlockField("X-SES-DKIM-SIGNATURE"),
)

# The lines of Received, which is folded at these places alone [observed]. The name that a client says at HELO may
# look like any of them, but cannot begin a line.
_FROM = re.compile(r"from (.*) \((?:(.*) )?\[([^\[\]]*)\]\)")
_BY = re.compile(r"by inbound-smtp\.([a-z0-9-]+)\.amazonaws\.com with SMTP id ([0-9a-z]{20,60});?")
_FOR = re.compile(r"for (.+);")
_FOLD = re.compile(r"\r?\n[ \t]")
# Added headers that may stand above the block, where a reading puts them there.
_MOST_ABOVE = 50
_WHERE = "the header block of SES"


@dataclass(frozen=True, slots=True, kw_only=True)
class SesBlock:
    """What SES wrote above a message, and the message.

    Attributes
    ----------
    raw : bytes
        The message as the sender sent it.
    envelope : Envelope
        The session, as far as the block tells; each part says so.
    message_id, region : str
        The SES message id, and where it was received.
    spam, virus : str
        Verdicts of the scanners; empty where the message was not scanned.
    authentication : bytes
        Value of ``Authentication-Results``, folds kept; empty where there is none.
    """

    raw: bytes
    envelope: Envelope
    message_id: str
    region: str
    spam: str = ""
    virus: str = ""
    authentication: bytes = b""


def block_of(message: Message) -> SesBlock | None:
    r"""The block at the top of a message, taken apart; None where SES wrote none.

    Examples
    --------
    >>> stored = Message(
    ...     b"Return-Path: <ana@example.org>\r\n"
    ...     b"Received: from mx.example.org (mx.example.org [198.51.100.7])\r\n"
    ...     b" by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01\r\n"
    ...     b" for Bo+x@example.com;\r\n Fri, 02 Jan 2026 10:05:05 +0000 (UTC)\r\n"
    ...     b"To: list@example.net\r\n\r\nhello\r\n"
    ... )
    >>> block = block_of(stored)
    >>> block.raw, block.envelope.rcpt_to, block.envelope.client_ip, block.region
    (b'To: list@example.net\r\n\r\nhello\r\n', ('Bo+x@example.com',), '198.51.100.7', 'eu-west-1')
    >>> block_of(Message(block.raw)) is None
    True
    """
    fields: dict[str, HeaderField] = {}
    place = end = 0
    for expected in BLOCK:
        field = message.fields[place] if place < len(message.fields) else None
        if field is not None and field.name.decode("ascii") == expected.name:
            fields[expected.name] = field
            end = message.field_ends[place]
            place += 1
        elif expected.always:
            return None
    first, *lines = _FOLD.split(fields["Received"].value.decode("utf-8", "replace").strip())
    by = _BY.fullmatch(lines[0]) if len(lines) in (2, 3) else None
    if by is None:
        return None
    raw = message.raw[end:]
    return SesBlock(
        raw=raw,
        envelope=_envelope(fields["Return-Path"], [first, *lines[1:]], Message(raw)),
        message_id=by.group(2),
        region=by.group(1),
        spam=_text(fields, "X-SES-Spam-Verdict"),
        virus=_text(fields, "X-SES-Virus-Verdict"),
        authentication=fields["Authentication-Results"].value if "Authentication-Results" in fields else b"",
    )


def block_start(message: Message) -> int | None:
    r"""Position of the field that the block of SES begins with; above it stand added headers, in one reading.

    Examples
    --------
    >>> above = b"X-Team: red\r\nReturn-Path: <a@example.org>\r\nReceived: from x\r\n by inbound-smtp.eu-west-1 ...\r\n"
    >>> block_start(Message(above)), block_start(Message(b"To: bo@example.com\r\n"))
    (1, None)
    """
    for position, (field, below) in enumerate(pairwise(message.fields[:_MOST_ABOVE])):
        if field.name == b"Return-Path" and below.name == b"Received" and b"by inbound-smtp." in below.value:
            return position
    return None


def _text(fields: dict[str, HeaderField], name: str) -> str:
    return fields[name].value.strip().decode("ascii", "replace") if name in fields else ""


def _envelope(return_path: HeaderField, lines: list[str], message: Message) -> Envelope:
    """The session. SES writes ``with SMTP`` whatever the session was [observed], so TLS stays unsaid."""
    sender = return_path.value.strip().decode("utf-8", "replace").removeprefix("<").removesuffix(">")
    parts: dict[str, tuple[Any, str]] = {"mail_from": (sender, _WHERE)}
    client = _FROM.fullmatch(lines[0])
    if client is not None:
        helo, name, address = client.groups(default="")
        said = {"helo": helo, "client_name": "" if name == "unknown" else name, "client_ip": address}
        parts |= {part: (value, _WHERE) for part, value in said.items() if value}
    at = hop(f"; {lines[-1]}").at
    if at is not None:
        parts["received_at"] = (at, _WHERE)
    recipient = _FOR.fullmatch(lines[1])
    if recipient is not None:
        parts["rcpt_to"] = ((recipient.group(1),), _WHERE)
    else:  # several were accepted, and SES names none [observed]
        known = envelope_of(message)
        if known.rcpt_to:
            parts["rcpt_to"] = (known.rcpt_to, known.provenance["rcpt_to"].where)
    return read_envelope(parts)
