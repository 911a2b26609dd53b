"""Viruses by ClamAV: a message is streamed to its daemon, and what the daemon says is the finding."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sesreceive.errors import one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.daemon import Address, ask, check_timeout
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.shown import Shown
from sesreceive.verdict import Verdict

__all__ = ["ClamdScanner"]

PORT = 3310
# clamd(8), INSTREAM: chunks of a length in network byte order and that many bytes; a length of 0 ends them. The `z`
# in front has the answer end in a NUL.
_CHUNK_BYTES = 65_536
_END = b"\0"
_FOUND = re.compile(r"stream: (.+) FOUND", re.DOTALL)
_LIMITS = "Heuristics.Limits.Exceeded"  # clamd.conf(5), AlertExceedsMax: no virus, but more than it looks at
_CLEAN = "stream: OK"
_ERROR = re.compile(r"(.+?)\.? ERROR", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClamdScanner(Shown):
    r"""Asks a ClamAV daemon for viruses.

    A signature that is found is a FAIL with its name, nothing found a PASS. Everything else is PROCESSING_FAILED with
    the reason: no daemon, no answer in time, a message over the daemon's limit, an answer that is none.

    Attributes
    ----------
    address : str or path
        Path of the daemon's Unix socket, or ``host:port``; on this machine unless told otherwise. The message goes
        there as it came, unencrypted, and nowhere else.
    timeout_s : float
        Seconds one message may take, from connecting to the end of the answer.

    Raises
    ------
    ValidationError
        When `address` or `timeout_s` is none.

    Notes
    -----
    `StreamMaxLength` of ``clamd.conf`` is the largest message that is scanned. What exceeds `MaxFileSize` or
    `MaxScanSize` is passed unseen by the daemon, or PROCESSING_FAILED where `AlertExceedsMax` is on. SES takes messages
    of 40 MB.

    Examples
    --------
    >>> scanner = ClamdScanner(address="/nowhere/clamd.sock")
    >>> for finding in scanner.scan(Message(b"Subject: hello\r\n\r\nbody\r\n"), Envelope()):
    ...     print(finding.subject, finding.verdict, "because", finding.reason)
    virus PROCESSING_FAILED because clamd at `/nowhere/clamd.sock` cannot be reached: No such file or directory

    References
    ----------
    clamd(8), "INSTREAM"; clamd.conf(5).
    """

    address: str | os.PathLike[str] = f"127.0.0.1:{PORT}"
    timeout_s: float = 30.0
    name: str = "clamd"

    def __post_init__(self) -> None:
        """Refuse an address or a time that is none."""
        Address.parse(self.address, port=PORT, field="clamd.address")
        check_timeout(self.timeout_s, "clamd.timeout_s")

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding, for virus."""
        address = Address.parse(self.address, port=PORT)
        answer = ask(address, _instream(message.raw), timeout_s=self.timeout_s, end=_END)
        if answer.failure:
            verdict, reason = Verdict.PROCESSING_FAILED, f"clamd at `{one_line(address)}` {answer.failure}"
        else:
            verdict, reason = _read(answer.data)
        yield Finding(Subject.VIRUS, verdict, reason)


def _instream(raw: bytes) -> Iterator[bytes]:
    yield b"zINSTREAM\0"
    for start in range(0, len(raw), _CHUNK_BYTES):
        chunk = raw[start : start + _CHUNK_BYTES]
        yield struct.pack("!I", len(chunk)) + chunk
    yield struct.pack("!I", 0)


def _read(answer: bytes) -> tuple[Verdict, str]:
    """What the daemon's answer means."""
    line, end, _ = answer.partition(_END)
    text = line.decode("utf-8", "backslashreplace")
    if not end:
        return Verdict.PROCESSING_FAILED, f"clamd's answer was cut off: `{one_line(text)}`"
    if (found := _FOUND.fullmatch(text)) and found[1].startswith(_LIMITS):
        return Verdict.PROCESSING_FAILED, f"clamd could not scan all of the message: `{one_line(found[1])}`"
    if found:
        return Verdict.FAIL, f"clamd found `{one_line(found[1])}`"
    if text == _CLEAN:
        return Verdict.PASS, "clamd found nothing"
    if error := _ERROR.fullmatch(text):
        return Verdict.PROCESSING_FAILED, f"clamd could not scan the message: `{one_line(error[1])}`"
    return Verdict.PROCESSING_FAILED, f"clamd's answer is not one of its protocol: `{one_line(text)}`"
