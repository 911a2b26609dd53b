"""The two published test strings: GTUBE for spam, EICAR for viruses.

SES gives a message with either of them the verdict FAIL [observed]. They are looked for in the message as it
came and in its base64 and quoted-printable parts, since that is how an attachment travels.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.verdict import Verdict

__all__ = ["EICAR", "GTUBE", "MarkerScanner"]

# Kept in halves, so that a scanner that looks at this file finds nothing.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*" + b"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

_MARKERS = ((Subject.SPAM, "GTUBE", GTUBE), (Subject.VIRUS, "EICAR", EICAR))


def _in_base64(marker: bytes) -> Iterator[bytes]:
    """What base64 makes of a marker that 0, 1 or 2 bytes of a triple stand before, without what depends on others."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + marker)
        yield encoded[-(-before * 8 // 6) : (before + len(marker)) * 8 // 6]


_ENCODED = tuple(text for _, _, marker in _MARKERS for text in _in_base64(marker))
# Lines of base64 text: at least as long as a marker would be, no other character on the line.
_BASE64_BLOCK = re.compile(rb"(?:^[A-Za-z0-9+/]{1,998}={0,2}[ \t]*\r?\n?)+", re.MULTILINE)
_SHORTEST_BLOCK = 80


@dataclass(frozen=True, slots=True)
class MarkerScanner:
    r"""Finds the GTUBE and EICAR strings; everything else passes.

    Examples
    --------
    >>> found = MarkerScanner().scan(Message(b"Subject: x\r\n\r\n" + GTUBE), Envelope())
    >>> [(finding.subject.value, finding.verdict.value) for finding in found]
    [('spam', 'FAIL'), ('virus', 'PASS')]

    References
    ----------
    GTUBE: Apache SpamAssassin, "Generic Test for Unsolicited Bulk Email". EICAR: "Anti-Malware Testfile".
    """

    name: str = "markers"

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding for spam and one for virus."""
        texts = tuple(_texts(message.raw))
        for subject, label, marker in _MARKERS:
            if any(marker in text for text in texts):
                yield Finding(subject, Verdict.FAIL, f"the message contains the {label} test string")
            else:
                yield Finding(subject, Verdict.PASS, f"the message does not contain the {label} test string")


def _texts(raw: bytes) -> Iterator[bytes]:
    """The message itself, then what its encoded parts decode to; linear in its size."""
    yield raw
    lower = raw.lower()
    if b"quoted-printable" in lower:
        yield quopri.decodestring(raw)
    if b"base64" in lower and _may_hide_a_marker(raw):
        for block in _BASE64_BLOCK.finditer(raw):
            if len(block.group()) >= _SHORTEST_BLOCK:
                yield _decode(block.group())


def _may_hide_a_marker(raw: bytes) -> bool:
    """Whether decoding, which is slow, could find anything."""
    encoded = raw.translate(None, b" \t\r\n=")
    return any(text in encoded for text in _ENCODED)


def _decode(block: bytes) -> bytes:
    text = b"".join(block.split()).rstrip(b"=")
    if len(text) % 4 == 1:  # six bits are no byte
        text = text[:-1]
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return b""
