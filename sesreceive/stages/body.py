r"""The end of the data: whether there is somebody to take the message, its size, and its lines.

A message that is taken leaves no event here, unless its header is too large to be read whole; one that is refused
leaves one that says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sesreceive import limits
from sesreceive.assumption import Assumptions
from sesreceive.bounds import Bounds
from sesreceive.mail.message import Message
from sesreceive.mail.reply import LONG_COMMAND, LONG_TEXT_LINE, NEED_RCPT, TOO_BIG, Reply
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.trace.events import Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check

__all__ = ["BodyDecision", "decide", "has_long_line", "most_bytes", "refused"]

_DEFAULT, _BOUNDS = Assumptions(), Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyDecision:
    """Whether a message is taken at the end of its data.

    Attributes
    ----------
    reply : Reply or None
        Why it is not taken; None where it is, since the answer then names the message id.
    reason : str
        One sentence; empty when it is taken.
    """

    reply: Reply | None = None
    reason: str = ""
    events: tuple[TraceEvent, ...] = field(default=(), repr=False)


_TAKEN = BodyDecision()


def decide(
    message: Message,
    decisions: Sequence[RecipientDecision],
    *,
    bounds: Bounds | None = None,
    assumptions: Assumptions | None = None,
) -> BodyDecision:
    r"""The answer to the end of DATA, as far as it is none of the sender's.

    Parameters
    ----------
    message : Message
        As it came, dots unstuffed; of one that is too large the beginning will do, with its size.
    decisions : sequence of RecipientDecision
        On everybody who was named.

    Examples
    --------
    >>> str(decide(Message(b"Subject: hello\r\n\r\n"), ()).reply)
    '503 Error: need RCPT command'
    """
    bounds, assumptions = bounds or _BOUNDS, assumptions or _DEFAULT
    if not decisions:
        return refused(NEED_RCPT, Check.RECIPIENTS, "the message was sent to nobody", stage=Stage.RECIPIENTS)
    last = decisions[-1]
    if not last.accepted and (last.reply == LONG_COMMAND or not any(one.accepted for one in decisions)):
        return BodyDecision(reply=last.reply, reason=last.reason)  # the recipients' events say so
    size, limit = message.size_bytes, assumptions.text_line_limit
    if size > (most := most_bytes(bounds, assumptions)):
        reason = f"the message has {size} bytes, {most} is the most that is taken"
        return refused(TOO_BIG, Check.MESSAGE_SIZE, reason)
    if limit and has_long_line(message.raw, limit):
        return refused(LONG_TEXT_LINE, Check.TEXT_LINES, f"a line of the message has more than {limit} bytes")
    if message.unread:
        log = TraceLog(Stage.BODY)
        log.check(Check.HEADER, Op.SKIP, message.unread)
        return BodyDecision(events=log.events())
    return _TAKEN


def most_bytes(bounds: Bounds, assumptions: Assumptions) -> int:
    """The size up to which a message is answered 250: the bound, or twice SES's limit where larger ones are bounced.

    Examples
    --------
    >>> most_bytes(Bounds(), Assumptions()), most_bytes(Bounds(), Assumptions(oversize_message="dsn"))
    (41943040, 83886080)
    """
    limit = limits.MESSAGE_SIZE.value
    bounced = assumptions.oversize_message == "dsn" and bounds.message_bytes >= limit
    return max(bounds.message_bytes, 2 * limit) if bounced else bounds.message_bytes


def refused(reply: Reply, check: Check, reason: str, *, stage: Stage = Stage.BODY) -> BodyDecision:
    """A message that is not taken, and the event that says why."""
    log = TraceLog(stage)
    log.check(check, Op.MISS, reason)
    return BodyDecision(reply=reply, reason=reason, events=log.events())


def has_long_line(raw: bytes, limit: int) -> bool:
    r"""Whether a line, with its line end, is longer than `limit` octets; looks at one in `limit` places.

    Examples
    --------
    >>> has_long_line(b"abc\r\nab\r\n", 5), has_long_line(b"abcd\r\n", 5), has_long_line(b"abcdef", 5)
    (False, True, True)
    """
    start, size = 0, len(raw)
    while size - start > limit:
        end = raw.rfind(b"\n", start, start + limit)
        if end < 0:
            return True
        start = end + 1
    return False
