"""Spam by SpamAssassin: its daemon gives points for the tests that hit, and the points give the verdict."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sesreceive.errors import one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.daemon import Address, ask, check_timeout
from sesreceive.scan.points import check_points, judge_points
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.shown import Shown
from sesreceive.verdict import Verdict

__all__ = ["SpamdScanner"]

PORT = 783
_POINTS = rb"(-?\d{1,9}(?:\.\d{1,9})?)"
# spamd's PROTOCOL: `SPAMD/1.1 0 EX_OK`, header lines of which one is `Spam: True ; 15.0 / 5.0`, an empty line, and
# for SYMBOLS the names of the tests, separated by commas. Other lines are to be ignored.
_STATUS = re.compile(rb"SPAMD/\d{1,3}\.\d{1,3} (\d{1,9})(?: (.*))?", re.DOTALL)
_SPAM = re.compile(rb"spam: *(true|yes|false|no) *; *" + _POINTS + rb" */ *" + _POINTS + rb" *", re.IGNORECASE)
_LENGTH = re.compile(rb"content-length: *(\d{1,9}) *", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamdScanner(Shown):
    r"""Asks a SpamAssassin daemon for spam.

    What the daemon calls spam is a FAIL, what comes near it is GRAY, the rest a PASS, with points and tests as the
    reason. Everything else is PROCESSING_FAILED: no daemon, no answer in time, an answer that is none.

    Attributes
    ----------
    address : str or path
        Path of the daemon's Unix socket, or ``host:port``; on this machine unless told otherwise. The message goes
        there as it came, unencrypted, and nowhere else.
    threshold : float, optional
        Points from which on a message is spam; the daemon's own ``required_score`` unless given.
    gray_band : float
        A message that is not spam is GRAY when it lacks no more than these points for it; 0 for never. We assume the
        width: SES documents that spam may be GRAY, "scanned, not sure", and publishes neither points nor thresholds.
    timeout_s : float
        Seconds one message may take, from connecting to the end of the answer.

    Raises
    ------
    ValidationError
        When one of them is none.

    Notes
    -----
    The daemon gets the message as the client sent it, without a ``Received`` line of the receiving host: tests of
    the client's address, such as SPF and block lists, see what the message itself says. Whether the daemon asks
    DNS and other services is up to how it was started: ``spamd --local`` asks nobody.

    Examples
    --------
    >>> scanner = SpamdScanner(address="/nowhere/spamd.sock")
    >>> for finding in scanner.scan(Message(b"Subject: hello\r\n\r\nbody\r\n"), Envelope()):
    ...     print(finding.subject, finding.verdict, "because", finding.reason)
    spam PROCESSING_FAILED because spamd at `/nowhere/spamd.sock` cannot be reached: No such file or directory

    References
    ----------
    Apache SpamAssassin, spamd/PROTOCOL, "SYMBOLS". Developer Guide, "Notification contents", spamVerdict.
    """

    address: str | os.PathLike[str] = f"127.0.0.1:{PORT}"
    threshold: float | None = None
    gray_band: float = 2.0
    timeout_s: float = 30.0
    name: str = "spamd"

    def __post_init__(self) -> None:
        """Refuse an address, a time or a band that is none."""
        Address.parse(self.address, port=PORT, field="spamd.address")
        check_timeout(self.timeout_s, "spamd.timeout_s")
        check_points("spamd", self.threshold, self.gray_band)

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding, for spam."""
        address = Address.parse(self.address, port=PORT)
        head = f"SYMBOLS SPAMC/1.2\r\nContent-length: {len(message.raw)}\r\n\r\n".encode("ascii")
        answer = ask(address, (head, message.raw), timeout_s=self.timeout_s)
        if answer.failure:
            verdict, reason = Verdict.PROCESSING_FAILED, f"spamd at `{one_line(address)}` {answer.failure}"
        else:
            verdict, reason = self._read(answer.data)
        yield Finding(Subject.SPAM, verdict, reason)

    def _read(self, answer: bytes) -> tuple[Verdict, str]:
        """What the daemon's answer means."""
        head, end, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        status = _STATUS.fullmatch(first)
        if status is None:
            return _failed("answer is not one of its protocol", first)
        if int(status[1]):
            return _failed("answer is an error", status[1] + b" " + (status[2] or b""))
        spam = next((found for line in lines if (found := _SPAM.fullmatch(line))), None)
        if spam is None:
            return _failed("answer has no points", head)
        length = next((int(found[1]) for line in lines if (found := _LENGTH.fullmatch(line))), len(body))
        if not end or len(body) < length:
            return _failed("answer was cut off", answer)
        return self._judge(
            said=spam[1].lower() in (b"true", b"yes"),
            points=float(spam[2]),
            required=float(spam[3]),
            tests=body[:length].decode("utf-8", "backslashreplace").strip(),
        )

    def _judge(self, *, said: bool, points: float, required: float, tests: str) -> tuple[Verdict, str]:
        """The verdict on so many points; `said` is the daemon's word on spam."""
        if self.threshold is not None:
            required, said = self.threshold, points >= self.threshold
        verdict, reason = judge_points(points, is_spam=said, required=required, gray_band=self.gray_band)
        return (
            verdict,
            f"spamd gives {points:g} points{reason}: {one_line(', '.join(tests.split(','))) or 'no test hit'}",
        )


def _failed(what: str, said: bytes) -> tuple[Verdict, str]:
    return Verdict.PROCESSING_FAILED, f"spamd's {what}: `{one_line(said.decode('utf-8', 'backslashreplace'))}`"
