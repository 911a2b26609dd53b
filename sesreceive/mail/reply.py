"""SMTP replies (RFC 5321 section 4.2) as SES words them, in one table.

Observed replies come from transcripts and probes of the real service; the rest follow the server family those
match word for word and are marked inferred.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sesreceive.errors import Problem, ValidationError, one_line

__all__ = [
    "BLOCKED",
    "BUSY",
    "LONG_COMMAND",
    "LONG_TEXT_LINE",
    "MAILBOX_UNAVAILABLE",
    "MAIL_SYNTAX",
    "NEED_RCPT",
    "NO_ROOM",
    "OK",
    "RCPT_SYNTAX",
    "TOO_BIG",
    "TOO_MANY_RECIPIENTS",
    "Reply",
    "accepted",
    "bad_sender",
]

_STATUS = r"[245]\.\d{1,3}\.\d{1,3}"  # RFC 3463 section 2
_REPLY = re.compile(rf"([2-5]\d\d) (?:({_STATUS}) )?([^\r\n\0]*)", re.ASCII)
_TEXT = re.compile(rf"(?:({_STATUS}) )?(.*)", re.ASCII | re.DOTALL)


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
    def parse(cls, text: str, *, where: str = "reply") -> Reply:
        """The reply that is written like this.

        Parameters
        ----------
        where : str
            What an error names: the setting the text stands in.

        Raises
        ------
        ValidationError
            When the text is no reply of one line.

        Examples
        --------
        >>> Reply.parse("421: try TLS")
        Traceback (most recent call last):
        sesreceive.errors.ValidationError: reply: expected a code of three digits, a space and a text, such as ...
        """
        match = _REPLY.fullmatch(text)
        if not match:
            raise ValidationError(
                Problem(
                    where,
                    "expected a code of three digits, a space and a text, such as `550 5.1.1 No such user`, "
                    f"but got `{one_line(text)}`",
                    "RFC 5321 section 4.2",
                )
            )
        return cls(int(match.group(1)), match.group(2) or "", match.group(3))

    @classmethod
    def read(cls, code: int, text: str) -> Reply:
        """The reply of a server: whatever it said stays, with the code it gave.

        Examples
        --------
        >>> Reply.read(550, "5.1.1 No such user"), Reply.read(550, "")
        (Reply(code=550, enhanced='5.1.1', text='No such user'), Reply(code=550, enhanced='', text=''))
        """
        match = _TEXT.fullmatch(text)
        return cls(code, match.group(1) or "", match.group(2)) if match else cls(code, "", text)

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
MAIL_SYNTAX = Reply(501, "", "Syntax: MAIL FROM: <address>")  # [inferred]
RCPT_SYNTAX = Reply(501, "", "Syntax: RCPT TO: <address>")  # [inferred]
LONG_COMMAND = Reply(501, "", "Input line length is too long!")  # [inferred]
NEED_RCPT = Reply(503, "", "Error: need RCPT command")  # [observed]
TOO_MANY_RECIPIENTS = Reply(452, "", "Error: too many recipients")  # [inferred]
TOO_BIG = Reply(552, "5.3.4", "Message size exceeds fixed limit")  # [inferred]
LONG_TEXT_LINE = Reply(500, "", "Line too long")  # RFC 5321 section 4.5.3.1.6; assumption text_line_limit
NO_ROOM = Reply(452, "4.3.1", "Insufficient system storage")  # RFC 5321, 3463
BUSY = Reply(454, "4.7.0", "Throttling failure: try again later")  # ours; no public sample


def bad_sender(address: str) -> Reply:
    """The reply to MAIL FROM with an address that is none [inferred]."""
    return Reply(553, "", f"<{address}> Invalid email address.")


def accepted(message_id: str) -> Reply:
    """The reply to the end of the data [observed].

    Examples
    --------
    >>> print(accepted("7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01"))
    250 OK 7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01
    """
    return Reply(250, "", f"OK {message_id}")
