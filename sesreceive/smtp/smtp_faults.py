"""An SMTP server that misbehaves on purpose: greylisting, delays, limits, refusals, closed connections.

What a sender has to survive. Each fault is a value; a plan holds those of a server and what they remember. Whatever
went wrong is in the trace of the message it met, as the check ``fault on purpose``.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sesreceive.errors import InputError, Problem, ValidationError, one_line
from sesreceive.mail.reply import Reply
from sesreceive.shown import Shown
from sesreceive.wording import expected

__all__ = ["SMTP_FAULTS", "SmtpFault", "SmtpFaults", "SmtpMoment"]

# What each does.
SMTP_FAULTS: Mapping[str, str] = {
    "greylist": "a client, sender and recipient not seen before is told 451; the same again after `seconds` is taken",
    "refuse": "the next `times` messages are told 451 at their end",
    "latency": "every reply comes `seconds` later",
    "tarpit": "each reply of a session comes `seconds` later than the one before",
    "rate-limit": "a client that names more than `number` recipients in `seconds` is told 454",
    "close": "the connection is closed instead of the reply `at`; END is the end of data, where the message was taken",
}
AT = ("CONNECT", "EHLO", "HELO", "MAIL", "RCPT", "DATA", "END", "QUIT")
_SOURCE = "SMTP faults"
# The words are ours: SES does none of this in public.
GREYLISTED = Reply(451, "4.7.1", "Greylisted, please try again later")
REFUSED = Reply(451, "4.3.0", "Temporary failure, please try again later")
TOO_FAST = Reply(454, "4.7.0", "Throttling failure: maximum rate exceeded")
# Triplets and clients that are remembered, the latest: whoever sends from everywhere fills no memory.
_REMEMBERED = 10_000
_LONGEST_S = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpFault(Shown):
    """What goes wrong with a session.

    Attributes
    ----------
    kind : str
        ``greylist``, ``refuse``, ``latency``, ``tarpit``, ``rate-limit`` or ``close``.
    times : int or None
        How often; None for ever. Not for greylist and rate-limit.
    seconds : float
        How long; at most an hour.
    number : int
        How many recipients a rate limit lets through.
    at : str
        Which reply a close takes the place of: ``CONNECT``, a command, or ``END`` for the end of data.

    Examples
    --------
    >>> SmtpFault(kind="close", at="END", times=1)
    SmtpFault(kind='close', times=1, seconds=0.0, number=1, at='END')
    >>> SmtpFault(kind="latency")
    Traceback (most recent call last):
    sesreceive.errors.ValidationError: seconds: expected a number above 0 for `latency` but got `0.0` [SMTP faults]
    """

    kind: str
    times: int | None = None
    seconds: float = 0.0
    number: int = 1
    at: str = ""

    def __post_init__(self) -> None:
        """Refuse what could never go wrong."""
        problems = []
        if self.kind not in SMTP_FAULTS:
            known = ", ".join(f"`{kind}`" for kind in SMTP_FAULTS)
            problems.append(Problem("kind", f"expected {known} but got `{one_line(self.kind)}`", _SOURCE))
        if self.kind == "close":
            object.__setattr__(self, "at", self.at.upper() or "END")
        if self.at and (self.kind != "close" or self.at not in AT):
            known = ", ".join(f"`{at}`" for at in AT)
            problems.append(Problem("at", f"expected {known}, for `close`, but got `{one_line(self.at)}`", _SOURCE))
        if self.times is not None and self.times < 1:
            problems.append(Problem("times", f"expected a number from 1 but got `{self.times}`", _SOURCE))
        if self.number < 1:
            problems.append(Problem("number", f"expected a number from 1 but got `{self.number}`", _SOURCE))
        if not 0 <= self.seconds <= _LONGEST_S:
            message = f"expected a number from 0 to {_LONGEST_S:g} but got `{self.seconds}`"
            problems.append(Problem("seconds", message, _SOURCE))
        elif self.kind in ("latency", "tarpit", "rate-limit") and not self.seconds:
            message = f"expected a number above 0 for `{self.kind}` but got `{self.seconds}`"
            problems.append(Problem("seconds", message, _SOURCE))
        if problems:
            raise ValidationError(*problems)


@dataclass(frozen=True, slots=True)
class SmtpMoment:
    """What happens to one reply: it comes later, or the connection is closed instead."""

    delay_s: float = 0.0
    close: bool = False


class SmtpFaults:
    """The faults of a server, and what they remember. Safe to change while the server runs.

    Parameters
    ----------
    faults : iterable of SmtpFault
        All that are met at a moment count; delays add up.
    clock : callable
        Seconds, for greylist and rate-limit.

    Examples
    --------
    >>> faults = SmtpFaults([SmtpFault(kind="greylist")])
    >>> triplet = ("198.51.100.7", "ana@example.org", "bo@example.com")
    >>> [reply.code if reply else "" for reply, reason in (faults.recipient(*triplet) for attempt in range(2))]
    [451, '']
    """

    def __init__(self, faults: Iterable[SmtpFault] = (), *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: list[list[Any]] = [[fault, fault.times] for fault in map(_expect, faults)]
        self._seen: dict[tuple[str, str, str], float] = {}
        self._named: dict[str, deque[float]] = {}

    def add(self, fault: SmtpFault | None = None, **what: Any) -> None:
        """One more fault: an `SmtpFault`, or its fields by name."""
        fault = fault or SmtpFault(**what)
        with self._lock:
            self._left.append([fault, fault.times])

    def clear(self) -> None:
        """Nothing goes wrong any more, and nothing is remembered."""
        with self._lock:
            self._left.clear()
            self._seen.clear()
            self._named.clear()

    def recipient(self, client_ip: str, mail_from: str, recipient: str) -> tuple[Reply | None, str]:
        """Why a recipient that would be accepted is refused for now; None and an empty text where it is not."""
        with self._lock:
            now = self._clock()
            for fault in self._of("rate-limit"):
                named = self._named.setdefault(client_ip, deque())
                while named and named[0] <= now - fault.seconds:
                    named.popleft()
                if len(named) >= fault.number:
                    limit = f"{fault.number} in {fault.seconds:g} s"
                    return TOO_FAST, f"rate limit on purpose: the client named more recipients than {limit}"
                named.append(now)
                _forget(self._named)
            for fault in self._of("greylist"):
                triplet = (client_ip, mail_from.lower(), recipient.lower())
                if triplet not in self._seen:
                    self._seen[triplet] = now
                    _forget(self._seen)
                    return GREYLISTED, "greylisted on purpose: this client, sender and recipient are new"
                left_s = self._seen[triplet] + fault.seconds - now
                if left_s > 0:
                    return GREYLISTED, f"greylisted on purpose: it came again {math.ceil(left_s)} s too early"
        return None, ""

    def message(self) -> tuple[Reply | None, str]:
        """Why a message that would be taken is refused at its end."""
        with self._lock:
            for fault in self._of("refuse"):
                self._use(fault)
                return REFUSED, "refused on purpose, for now"
        return None, ""

    def moment(self, at: str, before: int) -> SmtpMoment:
        """What happens to the reply to `at`, when a session had `before` replies."""
        with self._lock:
            delay_s = 0.0
            for fault in self._of("latency"):
                delay_s += fault.seconds
                self._use(fault)
            for fault in self._of("tarpit"):
                delay_s += fault.seconds * before
                self._use(fault)
            close = next((fault for fault in self._of("close") if fault.at == at), None)
            if close is not None:
                self._use(close)
        return SmtpMoment(min(delay_s, _LONGEST_S), close is not None)

    def _of(self, kind: str) -> list[SmtpFault]:
        return [fault for fault, times in self._left if fault.kind == kind and times != 0]

    def _use(self, used: SmtpFault) -> None:
        for entry in self._left:
            if entry[0] is used and entry[1]:
                entry[1] -= 1

    def __iter__(self) -> Iterator[SmtpFault]:
        """The faults still to come."""
        return iter([fault for fault, times in list(self._left) if times != 0])

    def __bool__(self) -> bool:
        """Whether anything may still go wrong."""
        return bool(self._left) and any(times != 0 for _, times in list(self._left))

    def __repr__(self) -> str:
        """One line: the kinds still to come."""
        return f"<SmtpFaults {', '.join(fault.kind for fault in self) or 'none'}>"


def _expect(fault: SmtpFault) -> SmtpFault:
    """The fault, unless it is none: a text is read by `read_fault`."""
    if not isinstance(fault, SmtpFault):
        raise InputError(f"faults: {expected('an SmtpFault', fault)}")
    return fault


def _forget(remembered: dict[Any, Any]) -> None:
    while len(remembered) > _REMEMBERED:
        del remembered[next(iter(remembered))]
