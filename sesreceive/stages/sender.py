"""MAIL FROM: the sender's address, and the size the client declares, before any recipient is named.

A refused sender ends the transaction: no recipient and no message follow, whichever way the mail comes in. One that
is taken leaves no event, since nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sesreceive.bounds import Bounds
from sesreceive.errors import one_line
from sesreceive.mail.mailbox_path import bare_address, cut_by_command, is_valid_sender, may_stand_in_brackets
from sesreceive.mail.reply import LONG_COMMAND, MAIL_SYNTAX, OK, TOO_BIG, Reply, bad_sender
from sesreceive.trace.events import Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check

__all__ = ["SenderDecision", "decide"]

_DEFAULT = Bounds()
_BEFORE = "MAIL FROM:<"


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderDecision:
    """How MAIL FROM is answered, and because of what.

    Attributes
    ----------
    mail_from : str
        The reverse-path as it is understood, without brackets and source route.
    reply : Reply
        What the client is answered.
    reason : str
        One sentence; empty when the sender is taken.
    """

    mail_from: str
    reply: Reply = OK
    reason: str = ""
    events: tuple[TraceEvent, ...] = field(default=(), repr=False)

    @property
    def accepted(self) -> bool:
        """Whether recipients may be named."""
        return self.reply.accepted


def decide(mail_from: str, *, size: str = "", too_long: bool = False, bounds: Bounds | None = None) -> SenderDecision:
    """The answer to MAIL FROM.

    Parameters
    ----------
    mail_from : str
        What stands between the angle brackets; empty for the null sender.
    size : str
        The value of ``SIZE=``; one that is no number is disregarded, as SubEthaSMTP does.
    too_long : bool
        Whether the command was too long already, and `mail_from` is what is left of it.
    bounds : Bounds, optional
        How long the command may be, and how large the message.

    Examples
    --------
    >>> [str(decide(address).reply) for address in ("", "ana@example.org", "a..b@example.org", '"ana')]
    ['250 Ok', '250 Ok', '553 <a..b@example.org> Invalid email address.', '501 Syntax: MAIL FROM: <address>']
    >>> decide("ana@example.org", size="41943041").reason
    'the client declares 41943041 bytes, 41943040 is the most that is taken'
    """
    bounds = bounds or _DEFAULT
    address = bare_address(mail_from)
    cut = mail_from if too_long else cut_by_command(_BEFORE, mail_from, bounds.command_bytes)
    if cut is not None:
        reason = f"the command has {bounds.command_bytes} bytes or more, so the connection is closed"
        return _refused(cut, LONG_COMMAND, Check.COMMAND_LENGTH, reason)
    if not may_stand_in_brackets(address):
        reason = f"`{one_line(mail_from)}` cannot stand between angle brackets"
        return _refused(address, MAIL_SYNTAX, Check.SENDER_ADDRESS, reason)
    if not is_valid_sender(address):
        return _refused(
            address, bad_sender(address), Check.SENDER_ADDRESS, f"`{one_line(address)}` is no valid address"
        )
    # int() reads 4,300 digits at most; one of many digits is too big unread
    if size.isascii() and size.isdigit() and (len(size) > 18 or int(size) > bounds.message_bytes):
        reason = f"the client declares {size[:40]} bytes, {bounds.message_bytes} is the most that is taken"
        return _refused(address, TOO_BIG, Check.DECLARED_SIZE, reason)
    return SenderDecision(mail_from=address)


def _refused(mail_from: str, reply: Reply, check: Check, reason: str) -> SenderDecision:
    log = TraceLog(Stage.SENDER)
    log.check(check, Op.MISS, reason)
    return SenderDecision(mail_from=mail_from, reply=reply, reason=reason, events=log.events())
