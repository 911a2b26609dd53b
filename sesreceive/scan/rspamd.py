"""Spam by Rspamd: its HTTP service scores a message and names an action, which gives the verdict."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any

from sesreceive.errors import one_line
from sesreceive.json_input import JsonError, parse_json
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.daemon import Address, ask, check_timeout
from sesreceive.scan.points import check_points, judge_points
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.shown import Shown
from sesreceive.verdict import Verdict

__all__ = ["RspamdScanner"]

PORT = 11333
# Rspamd documentation, "Metrics and actions": what a mail server is told to do. SES has no such words, so we assume:
# what is refused or put into the folder for spam is spam, what shall come again later is not sure.
VERDICTS: Mapping[str, Verdict] = {
    "no action":       Verdict.PASS,
    "accept":          Verdict.PASS,
    "greylist":        Verdict.GRAY,
    "soft reject":     Verdict.GRAY,
    "add header":      Verdict.FAIL,
    "rewrite subject": Verdict.FAIL,
    "quarantine":      Verdict.FAIL,
    "discard":         Verdict.FAIL,
    "reject":          Verdict.FAIL,
}  # fmt: skip
_SYMBOLS_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RspamdScanner(Shown):
    r"""Asks Rspamd for spam, with the client's address, HELO, sender and recipients.

    What Rspamd would reject or mark is a FAIL, what it would have come again is GRAY, the rest a PASS, with points and
    symbols as the reason. Everything else is PROCESSING_FAILED: no daemon, no answer in time, an answer that is none,
    a message it skipped.

    Attributes
    ----------
    address : str or path
        Path of the daemon's Unix socket, or ``host:port``, of its *normal* worker; on this machine unless told
        otherwise. The message goes there as it came, unencrypted, and nowhere else.
    threshold : float, optional
        Points from which on a message is spam; the daemon's own actions unless given.
    gray_band : float
        With `threshold`: a message that is not spam is GRAY when it lacks no more than these points for it; 0 for
        never. We assume the width, since SES publishes neither points nor thresholds.
    timeout_s : float
        Seconds one message may take, from connecting to the end of the answer.

    Raises
    ------
    ValidationError
        When one of them is none.

    Notes
    -----
    Whether the daemon asks DNS and other services is up to its configuration; that of `sesreceive scanners` asks
    nobody.

    Examples
    --------
    >>> scanner = RspamdScanner(address="/nowhere/rspamd.sock")
    >>> for finding in scanner.scan(Message(b"Subject: hello\r\n\r\nbody\r\n"), Envelope()):
    ...     print(finding.subject, finding.verdict, "because", finding.reason)
    spam PROCESSING_FAILED because rspamd at `/nowhere/rspamd.sock` cannot be reached: No such file or directory

    References
    ----------
    Rspamd documentation, "Rspamd protocol", ``/checkv2``. Developer Guide, "Notification contents", spamVerdict.
    """

    address: str | os.PathLike[str] = f"127.0.0.1:{PORT}"
    threshold: float | None = None
    gray_band: float = 2.0
    timeout_s: float = 30.0
    name: str = "rspamd"

    def __post_init__(self) -> None:
        """Refuse an address, a time or a band that is none."""
        Address.parse(self.address, port=PORT, field="rspamd.address")
        check_timeout(self.timeout_s, "rspamd.timeout_s")
        check_points("rspamd", self.threshold, self.gray_band)

    def scan(self, message: Message, envelope: Envelope) -> Iterable[Finding]:
        """One finding, for spam."""
        address = Address.parse(self.address, port=PORT)
        question = (_head(message, envelope), message.raw)
        answer = ask(address, question, timeout_s=self.timeout_s, hang_up=False)
        if answer.failure:
            verdict, reason = Verdict.PROCESSING_FAILED, f"rspamd at `{one_line(address)}` {answer.failure}"
        else:
            verdict, reason = self._read(answer.data)
        yield Finding(Subject.SPAM, verdict, reason)

    def _read(self, answer: bytes) -> tuple[Verdict, str]:
        """What the daemon's answer means."""
        response = HTTPResponse(_Answered(answer))  # type: ignore[arg-type]  # it reads from its `makefile` alone
        try:
            response.begin()
            body = response.read()
        except (HTTPException, ValueError, OSError) as error:
            return _failed("answer is not one of HTTP", f"{type(error).__name__} {error}")
        try:
            told = parse_json(body)
        except JsonError:
            told = None
        if response.status != 200:
            why = told.get("error") if isinstance(told, dict) else None
            return _failed(f"answer is an error, HTTP {response.status}", why or response.reason)
        if not isinstance(told, dict):
            return _failed("answer is no JSON object", body[:200].decode("utf-8", "backslashreplace"))
        if told.get("is_skipped") and told.get("action") == "no action":  # GTUBE skips the tests, too, and decides
            return Verdict.PROCESSING_FAILED, "rspamd skipped the message: its settings say not to scan it"
        score, action = told.get("score"), told.get("action")
        if isinstance(score, bool) or not isinstance(score, int | float) or not abs(score) < 1e9:
            return _failed("answer has no points", score)
        if not isinstance(action, str) or action not in VERDICTS:
            return _failed("answer has no action that is known", action)
        return self._judge(points=float(score), action=action, symbols=told.get("symbols"))

    def _judge(self, *, points: float, action: str, symbols: object) -> tuple[Verdict, str]:
        """The verdict on so many points and the daemon's word for what to do."""
        if self.threshold is None:
            verdict = VERDICTS[action]
            reason = f" and the action `{action}`, which we take for {verdict}"
        else:
            verdict, reason = judge_points(
                points, is_spam=points >= self.threshold, required=self.threshold, gray_band=self.gray_band
            )
        return verdict, f"rspamd gives {points:g} points{reason}: {', '.join(_named(symbols)) or 'no symbol hit'}"


class _Answered:
    """The answer in place of the socket it came from."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._answer)


def _head(message: Message, envelope: Envelope) -> bytes:
    """The request up to the message; what is not said in SMTP is left out."""
    about = [
        ("IP", envelope.client_ip),
        ("Helo", envelope.helo),
        ("From", envelope.mail_from),
        *(("Rcpt", recipient) for recipient in envelope.rcpt_to),
    ]
    lines = [
        "POST /checkv2 HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"Content-Length: {len(message.raw)}",
        *(f"{name}: {one_line(value, 1000)}" for name, value in about if value),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def _named(symbols: object) -> Iterator[str]:
    """The symbols with their points, the weightiest first."""
    if not isinstance(symbols, dict):
        return
    scored = [(name, _points(symbol)) for name, symbol in symbols.items()]
    scored.sort(key=lambda item: -abs(item[1]))
    for name, points in scored[:_SYMBOLS_NAMED]:
        yield f"{one_line(name, 60)} {points:g}"
    if len(scored) > _SYMBOLS_NAMED:
        yield f"{len(scored) - _SYMBOLS_NAMED} more"


def _points(symbol: Any) -> float:
    score = symbol.get("score") if isinstance(symbol, dict) else None
    return float(score) if isinstance(score, int | float) and abs(score) < 1e9 else 0.0


def _failed(what: str, told: object) -> tuple[Verdict, str]:
    return Verdict.PROCESSING_FAILED, f"rspamd's {what}: `{one_line(told)}`"
