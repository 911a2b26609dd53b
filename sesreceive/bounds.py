"""How much mail is taken: of one message and transaction, and by one SMTP server at a time.

A `Receiver` carries them, so that `Receiver.receive`, replay and the SMTP server refuse the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from sesreceive import limits
from sesreceive.errors import Problem, ValidationError
from sesreceive.shown import Shown

__all__ = ["Bounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Shown):
    """Limits of mail and of a server; none of SES's own are public but for the size, so these are ours [inferred].

    The first three count whichever way mail comes in; the rest are a server's alone.

    Attributes
    ----------
    message_bytes : int
        Octets of a message; also the limit for ``SIZE=``.
    recipients_named : int
        RCPT commands of one transaction that are judged, refused ones included; further ones are answered 452 and not
        remembered. How many may be *accepted* is the assumption ``max_recipients``.
    command_bytes : int
        Octets of a command line without its line end; at as many or more the connection is closed (SubEthaSMTP).
    connections : int
        Sessions at a time; the next is answered 421.
    errors : int
        Commands a session may get wrong before it is closed with 421.
    buffered_bytes : int
        Octets of messages under way in all sessions together; more are refused with 452.
    waiting : int
        Accepted messages that wait to be processed; then the end of DATA waits, too.
    waiting_bytes : int
        Octets of those messages. One message alone is always let in.
    waiting_s : float
        Seconds the end of DATA waits for a place before 454.
    idle_s : float
        Seconds for a whole command line, or between two pieces of a message (RFC 5321 section 4.5.3.2.7: 5 minutes).
    data_s : float
        Seconds for a whole message, however steadily it drips.
    """

    message_bytes: int = limits.MESSAGE_SIZE.value
    recipients_named: int = 1_000
    command_bytes: int = 998
    connections: int = 1_000
    errors: int = 20
    buffered_bytes: int = 1 << 30
    waiting: int = 1_000
    waiting_bytes: int = 1 << 28
    waiting_s: float = 60.0
    idle_s: float = 300.0
    data_s: float = 1_800.0

    def __post_init__(self) -> None:
        """Refuse a limit that lets nothing through."""
        problems = [
            Problem(f"bounds.{item.name}", f"expected a number above 0 but got `{value}`", "sesreceive.bounds")
            for item in fields(self)
            if isinstance(value := getattr(self, item.name), bool)
            or not isinstance(value, int | float)
            or not value > 0
        ]
        if problems:
            raise ValidationError(*problems)
