"""Every reply of the SMTP server in one table: when it is given, how it reads, and who says so.

Observed replies come from transcripts, logs and probes of the real service. Those match SubEthaSMTP word for
word, so what is not public is filled from its source [inferred]; what neither says comes from an RFC or is
ours, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesreceive.limits import Tag
from sesreceive.mail import reply as _mail
from sesreceive.mail.reply import Reply

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REPLIES", "ReplyRow", "replies", "row"]

_SEEN, _WE = Tag.OBSERVED, Tag.INFERRED
_SUBETHA = "SubEthaSMTP"
_RFC5321 = "RFC 5321"
_XCLIENT = "Postfix XCLIENT"
_OURS = "ours; no public sample"


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """One row of the table.

    Attributes
    ----------
    moment : str
        What the client did.
    reply : Reply
        The answer; ``{host}``, ``{banner}``, ``{id}``, ``{address}``, ``{position}`` and ``{topics}`` are filled in.
    tag : Tag
        Observed in the service, or inferred.
    source : str
        Who says so.
    """

    moment: str
    reply: Reply
    tag: Tag
    source: str

    def line(self, **values: object) -> str:
        """The reply as it is sent, without the line end."""
        text = str(self.reply)
        return text.format_map(values) if values else text


def row(moment: str, text: str | Reply, tag: Tag, source: str) -> ReplyRow:
    """A row of the table from the written reply."""
    return ReplyRow(moment, text if isinstance(text, Reply) else Reply.parse(text), tag, source)


# ------------------------------------------------------------------ the session

GREETING = row("connect", "220 {host} {banner}", _SEEN, "one probe, 2026-08")
TOO_MANY_CONNECTIONS = row("connect, limit reached", "421 Too many connections, try again later", _WE, _SUBETHA)
EHLO = row("EHLO", "250 {host} / 8BITMIME / STARTTLS / Ok", _SEEN, "one report; no SIZE, no PIPELINING")
EHLO_SYNTAX = row("EHLO without a name", "501 Syntax: EHLO hostname", _WE, _SUBETHA)
HELO = row("HELO", "250 {host}", _WE, _SUBETHA)
HELO_SYNTAX = row("HELO without a name", "501 Syntax: HELO <hostname>", _WE, _SUBETHA)
OK = row("NOOP, RSET", _mail.OK, _WE, _SUBETHA)
BYE = row("QUIT", "221 Bye", _WE, _SUBETHA)
HELP = row("HELP", "214 {banner} on {host} / Topics: / {topics} / End of HELP info", _WE, _SUBETHA)
IDLE = row("idle", "421 Timeout waiting for data from client.", _WE, f"{_SUBETHA}; the sending host says 451 4.4.2")
STOPPING = row("the server stops", "421 {host} Service not available, closing transmission channel", _WE, _RFC5321)
FAILURE = row("an error of ours", "421 4.3.0 Mail system failure, closing transmission channel", _WE, _SUBETHA)

# ------------------------------------------------------------------ TLS

STARTTLS = row("STARTTLS", "220 Ready to start TLS", _WE, _SUBETHA)
STARTTLS_SYNTAX = row("STARTTLS with an argument", "501 Syntax error (no parameters allowed)", _WE, _SUBETHA)
TLS_ACTIVE = row(
    "STARTTLS under TLS", "454 TLS not available due to temporary reason: TLS already active", _WE, _SUBETHA
)
NO_TLS = row("STARTTLS on a server without TLS", "454 TLS not supported", _WE, _SUBETHA)
TLS_REQUIRED = row(
    "RCPT in clear text, every matching rule requires TLS",
    "530 5.7.0 Must issue a STARTTLS command first",
    _WE,
    f"{_SUBETHA}; assumption tls_required_reply",
)

# ------------------------------------------------------------------ the transaction

MAIL_OK = row("MAIL FROM", _mail.OK, _WE, f"{_SUBETHA}; the sending host says the same")
NESTED_MAIL = row("a second MAIL FROM", "503 5.5.1 Sender already specified.", _WE, _SUBETHA)
MAIL_SYNTAX = row("MAIL without FROM:", _mail.MAIL_SYNTAX, _WE, _SUBETHA)
BAD_SENDER = row("MAIL FROM with a bad address", _mail.bad_sender("{address}"), _WE, _SUBETHA)
DECLARED_TOO_BIG = row("MAIL FROM with SIZE= over the limit", _mail.TOO_BIG, _WE, _SUBETHA)
RCPT_OK = row("RCPT TO", _mail.OK, _SEEN, "one probe, 2026-08")
NEED_MAIL = row("RCPT or DATA before MAIL", "503 5.5.1 Error: need MAIL command", _WE, _SUBETHA)
RCPT_SYNTAX = row("RCPT without TO:", _mail.RCPT_SYNTAX, _WE, _SUBETHA)
UNKNOWN_MAILBOX = row(
    "RCPT TO, no rule matches or no set is active", _mail.MAILBOX_UNAVAILABLE, _SEEN, "transcripts of 2015, 2016, 2024"
)
BLOCKED = row("RCPT TO, address of the client blocked", _mail.BLOCKED, _SEEN, "transcripts of 2015, 2016, 2026")
TOO_MANY_RECIPIENTS = row(
    "RCPT TO, limit reached", _mail.TOO_MANY_RECIPIENTS, _WE, f"{_SUBETHA}; assumption max_recipients"
)
NEED_RCPT = row("DATA, no recipient accepted", _mail.NEED_RCPT, _SEEN, "transcript of 2015")
DATA = row("DATA", "354 End data with <CR><LF>.<CR><LF>", _WE, f"{_SUBETHA}; the sending host says the same")
ACCEPTED = row("end of data", "250 OK {id}", _SEEN, "logs of 2026-01")
TOO_BIG = row("end of data, message over 40 MB", _mail.TOO_BIG, _WE, _SUBETHA)
LONG_TEXT_LINE = row(
    "end of data, a line longer than text_line_limit",
    _mail.LONG_TEXT_LINE,
    _WE,
    f"{_RFC5321} section 4.5.3.1.6; assumption text_line_limit",
)
BUSY = row("end of data, too much mail waits", _mail.BUSY, _WE, _OURS)
NO_ROOM = row("end of data, too much mail under way", _mail.NO_ROOM, _WE, "RFC 5321, 3463")

# ------------------------------------------------------------------ what is no command

UNKNOWN = row("unknown command", "500 Error: command not implemented", _WE, _SUBETHA)
BAD_SYNTAX = row("a command of fewer than four letters, or with a NUL", "500 Error: bad syntax", _WE, _SUBETHA)
NO_VRFY = row("VRFY", "502 VRFY command is disabled", _WE, _SUBETHA)
NO_EXPN = row("EXPN", "502 EXPN command is disabled", _WE, _SUBETHA)
NO_AUTH = row("AUTH", "502 Authentication not supported", _WE, _SUBETHA)
LONG_COMMAND = row("a command line of 998 octets or more", _mail.LONG_COMMAND, _WE, _SUBETHA)
BARE_LINE_END = row(
    "a bare CR or LF in a command",
    "501 Syntax error at character position {position}. CR and LF must be CRLF paired.  See RFC 2821 #2.7.1.",
    _WE,
    _SUBETHA,
)
TOO_MANY_ERRORS = row("too many errors", "421 4.7.0 Too many errors, closing transmission channel", _WE, _OURS)

# ------------------------------------------------------------------ XCLIENT: a tool of this server, not of SES

XCLIENT_SYNTAX = row("XCLIENT with a bad attribute", "501 5.5.4 Bad XCLIENT command parameter syntax", _WE, _XCLIENT)
XCLIENT_LATE = row("XCLIENT in a transaction", "503 5.5.1 Error: MAIL transaction in progress", _WE, _XCLIENT)

# All of them, in the order above: what the documentation prints.
REPLIES: tuple[ReplyRow, ...] = tuple(value for value in list(globals().values()) if isinstance(value, ReplyRow))


def replies() -> pd.DataFrame:
    """One row per reply of the SMTP server, in the order a session meets them.

    Returns
    -------
    pandas.DataFrame
        moment : string      what the client did
        reply : string       the answer, with places to fill in in braces
        tag : category       observed, inferred
        source : string      who says so

    Examples
    --------
    >>> replies().query("tag == 'observed'").reply.tolist()[0]
    '220 {host} {banner}'
    """
    import pandas as pd

    frame = pd.DataFrame(
        [(one.moment, str(one.reply), str(one.tag), one.source) for one in REPLIES],
        columns=["moment", "reply", "tag", "source"],
    )
    words = dict.fromkeys(("moment", "reply", "source"), "string")
    return frame.astype({**words, "tag": pd.CategoricalDtype([str(tag) for tag in Tag])})
