"""SMTP replies (RFC 5321 section 4.2) as SES words them, in one table.

Observed replies come from transcripts and probes of the real service; the rest follow the server family those
match word for word and are marked inferred.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["BLOCKED", "MAILBOX_UNAVAILABLE", "NEED_RCPT", "OK", "TOO_BIG", "TOO_MANY_RECIPIENTS", "Reply", "accepted"]

_REPLY = re.compile(r"([2-5]\d\d)(?: ([245]\.\d{1,3}\.\d{1,3}))? (.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply: code, enhanced status where SES gives one (RFC 3463), text.

    Examples
    --------
    >>> print(Reply.parse("550 5.7.1 IP address blacklisted by recipient"))
    550 5.7.1 IP address blacklisted by recipient
    >>> Reply.parse("250 Ok").accepted
    True
    """

    code: int
    enhanced: str
    text: str

    @classmethod
    def parse(cls, text: str) -> Reply:
        """The reply that is written like this; anything else is one of code 250 with that text."""
        found = _REPLY.fullmatch(text)
        if not found:
            return cls(250, "", text)
        return cls(int(found.group(1)), found.group(2) or "", found.group(3))

    @property
    def accepted(self) -> bool:
        """Whether the command was accepted (2yz)."""
        return 200 <= self.code < 300

    def __str__(self) -> str:
        """The line as it is sent, without the line end."""
        return f"{self.code} {self.enhanced} {self.text}" if self.enhanced else f"{self.code} {self.text}"


OK = Reply(250, "", "Ok")  # [observed]
MAILBOX_UNAVAILABLE = Reply(550, "5.1.1", "Requested action not taken: mailbox unavailable")  # [observed]
BLOCKED = Reply(550, "5.7.1", "IP address blacklisted by recipient")  # [observed]
NEED_RCPT = Reply(503, "", "Error: need RCPT command")  # [observed]
TOO_MANY_RECIPIENTS = Reply(452, "", "Error: too many recipients")  # [inferred]
TOO_BIG = Reply(552, "5.3.4", "Message size exceeds fixed limit")  # [inferred]


def accepted(message_id: str) -> Reply:
    """The reply to the end of the data [observed].

    Examples
    --------
    >>> print(accepted("7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01"))
    250 OK 7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01
    """
    return Reply(250, "", f"OK {message_id}")
