"""One message over SMTP without a network: what client and server say to each other, and what becomes of it.

The server's side is the session of the live server (`sesreceive.smtp.session.Session`), so both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver, Submission
from sesreceive.reception import Reception
from sesreceive.smtp.dialogue import Exchange
from sesreceive.smtp.framing import Body
from sesreceive.smtp.session import Policy, Session, Then, Xclient

__all__ = ["Talk", "talk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A whole SMTP session.

    Attributes
    ----------
    exchanges : tuple of Exchange
        What was said and answered, in order.
    reception : Reception or None
        What became of the message, also when it was refused; None when the session ended before MAIL FROM, so that
        there is nothing to tell.
    """

    exchanges: tuple[Exchange, ...]
    reception: Reception | None

    @property
    def transcript(self) -> str:
        """Both sides as text, one line each: ``C:`` and ``S:``."""
        return "\n".join(one.text for one in self.exchanges if one.text)

    @property
    def refusal(self) -> str:
        """The last reply that refused something; empty when none did."""
        refused = [one.lines[-1] for one in self.exchanges if one.lines and one.lines[-1][:1] in "45"]
        return refused[-1] if refused else ""


def talk(receiver: Receiver, raw: bytes, envelope: Envelope, *, name: str = "") -> Talk:
    r"""Send one message to a receiver, command by command, as a mail server would.

    Parameters
    ----------
    receiver : Receiver
        Decides and processes.
    raw : bytes
        The message.
    envelope : Envelope
        Who the client is, what it says, and whether it uses STARTTLS.
    name : str
        What reports call the message.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True)
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> said = talk(
    ...     ses.Receiver(account, seed=1), b"Subject: hello\r\n\r\nbody\r\n",
    ...     ses.Envelope(helo="mx.example.org", mail_from="ana@example.org", rcpt_to=("bo@example.com",)),
    ... )
    >>> print(said.transcript)
    S: 220 inbound-smtp.us-east-1.amazonaws.com ESMTP Amazon SES
    C: EHLO mx.example.org
    S: 250-inbound-smtp.us-east-1.amazonaws.com
    S: 250-8BITMIME
    S: 250-STARTTLS
    S: 250 Ok
    C: MAIL FROM:<ana@example.org>
    S: 250 Ok
    C: RCPT TO:<bo@example.com>
    S: 250 Ok
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>
    C: (the message, 24 bytes)
    C: .
    S: 250 OK q0q10mbm16dgar8rrf1ipb7ba2a8jkell26da401
    C: QUIT
    S: 221 Bye
    """
    return _Client(receiver, raw, envelope, name).talk()


class _Client:
    """The client's side, and what it hears."""

    def __init__(self, receiver: Receiver, raw: bytes, envelope: Envelope, name: str) -> None:
        self.receiver, self.raw, self.envelope = receiver, raw, envelope
        self.exchanges: list[Exchange] = []
        self.submission: Submission | None = None
        policy = Policy(
            hostname=f"inbound-smtp.{receiver.account.region}.amazonaws.com",
            xclient=Xclient.OFF,
            bounds=receiver.bounds,
        )
        self.session = Session(receiver, policy, envelope.client_ip, refused=self._keep, number=lambda: name)
        self._heard((), self.session.greeting())

    def talk(self) -> Talk:
        self._greet()
        eight_bit = "" if self.raw.isascii() else " BODY=8BITMIME"
        if self._say(f"MAIL FROM:<{self.envelope.mail_from}>{eight_bit}").code == 250:
            taken = [self._say(f"RCPT TO:<{recipient}>").code == 250 for recipient in self.envelope.rcpt_to]
            if any(taken) or not taken:
                if self._say("DATA").code == 354:
                    self._message()
            else:
                self._say("RSET")
        self._say("QUIT")
        self.session.reset()
        return Talk(exchanges=tuple(self.exchanges), reception=self._received())

    def _greet(self) -> None:
        self._say(f"EHLO {self.envelope.helo}")
        if self.envelope.tls and self._say("STARTTLS").code == 220:
            self.session.encrypted()
            self._heard(("(both sides encrypt from here on)",), "")
            self._say(f"EHLO {self.envelope.helo}")

    def _message(self) -> None:
        said = f"(the message, {len(self.raw)} bytes)", "."
        submission = self.session.refuse(Body(self.raw, len(self.raw))) or self.session.submit(self.raw)
        self._keep(submission)
        self._heard(said, str(submission.reply))

    def _keep(self, submission: Submission) -> None:
        """Remember what was handed over, with the message also where the server never asked for it."""
        envelope = replace(submission.envelope, client_name=self.envelope.client_name)
        self.submission = replace(submission, envelope=envelope, message=Message(self.raw))

    def _received(self) -> Reception | None:
        return None if self.submission is None else self.receiver.process(self.submission)

    def _say(self, line: str) -> Exchange:
        answer = self.session.command(line.encode("utf-8", "surrogateescape"))
        if answer.then is Then.CLOSE and not line.startswith("QUIT"):
            self.session.reset()
        return self._heard((line,), answer.text)

    def _heard(self, said: tuple[str, ...], text: str) -> Exchange:
        self.exchanges.append(Exchange(said, tuple(text.split("\r\n")) if text else ()))
        return self.exchanges[-1]
