"""The two published test strings: GTUBE for spam, EICAR for viruses.

SES gives a message with either of them the verdict FAIL [observed]. They are looked for in the message as it
came and in what it carries: base64, quoted-printable, uuencode, zip and gzip, one within the other (`unpacking`). It
looks for nothing else, and each of its findings says so, as the head of each report does: a PASS of it is no statement
on spam or viruses.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sesreceive.errors import one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.scan.unpacking import Unpacking
from sesreceive.shown import Shown
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


# The same for every message; a program has one scanner of this kind, perhaps a few with other names.
@lru_cache(maxsize=16)
def _clean(name: str) -> tuple[str, Mapping[tuple[Subject, str, bytes], Finding]]:
    """What a scanner of that name looks for, and what it says of a message without any of it."""
    scope = (
        f"the scanner `{one_line(name)}` is the embedded one: it looks for the test strings GTUBE and EICAR "
        "and for nothing else"
    )
    return scope, {
        (subject, label, marker): Finding(
            subject,
            Verdict.PASS,
            f"the message does not contain the {label} test string, which is all this marker scanner looks for",
            scope,
        )
        for subject, label, marker in _MARKERS
    }


@dataclass(frozen=True, slots=True)
class MarkerScanner(Shown):
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

    @property
    def scope(self) -> str:
        """What it looks for, as a sentence."""
        return _clean(self.name)[0]

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding for spam and one for virus."""
        scope, clean = _clean(self.name)
        unpacking = Unpacking(hints=_ENCODED)
        missing = list(_MARKERS)
        for layer in unpacking.layers(message.raw):
            missing = [row for row in missing if row[2] not in layer]
            if not missing:
                break
        for row in _MARKERS:
            subject, label, _ = row
            if row not in missing:
                yield Finding(subject, Verdict.FAIL, f"the message contains the {label} test string", scope)
            elif unpacking.problem:
                yield Finding(
                    subject,
                    Verdict.PROCESSING_FAILED,
                    f"the {label} test string was not found, but not all was looked at: {unpacking.problem}",
                    scope,
                )
            else:
                yield clean[row]
