"""One SMTP session without a socket: a command line in, a reply and what comes next out.

The order of commands is a table, the replies are another (`sesreceive.smtp.replies`); what is received is
decided by the `Receiver`, whose ``on_connect``, ``on_mail``, ``on_rcpt`` and ``on_data`` are called here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sesreceive.bounds import Bounds
from sesreceive.mail.envelope import NOT_IN_COMMANDS, Envelope
from sesreceive.mail.mailbox_path import command_words, is_bracketed, parse_path
from sesreceive.mail.message import Message
from sesreceive.mail.reply import Reply
from sesreceive.receiver import Receiver, Submission
from sesreceive.smtp import replies
from sesreceive.smtp.client import (
    XCLIENT_ATTRIBUTES,
    ClientAddresses,
    PeerNetworks,
    XclientError,
    XclientState,
    client_address,
    parse_xclient,
)
from sesreceive.smtp.framing import KEPT_BYTES, Body, Fault
from sesreceive.smtp.replies import ReplyRow
from sesreceive.smtp.smtp_faults import SmtpFaults, SmtpMoment
from sesreceive.stages import recipients
from sesreceive.stages.body import BodyDecision, most_bytes, refused
from sesreceive.stages.filtering import FilterDecision
from sesreceive.stages.provider_lists import asks_dns
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.stages.transaction import Transaction
from sesreceive.trace.events import Op, Stage, TraceLog
from sesreceive.trace.facts import Check

__all__ = ["Answer", "Policy", "Session", "State", "Then", "Xclient"]


class Xclient(StrEnum):
    """Whether trusted peers may use XCLIENT: understood, also announced after EHLO (which SES does not), or neither."""

    SILENT, ANNOUNCED, OFF = "silent", "announced", "off"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What all sessions of one server have in common.

    Attributes
    ----------
    hostname, banner : str
        What the greeting and EHLO say.
    tls : bool
        Whether STARTTLS is offered.
    faults : SmtpFaults
        What goes wrong on purpose.
    """

    hostname: str = "inbound-smtp.us-east-1.amazonaws.com"
    banner: str = "ESMTP Amazon SES"
    tls: bool = True
    xclient: Xclient = Xclient.SILENT
    trusted: PeerNetworks = field(default_factory=lambda: PeerNetworks(("127.0.0.0/8", "::1")))
    client_addresses: ClientAddresses | None = None
    bounds: Bounds = field(default_factory=Bounds)
    faults: SmtpFaults = field(default_factory=SmtpFaults)


class State(StrEnum):
    """Where a transaction stands: no sender, a sender, a sender and an accepted recipient."""

    READY, MAIL, RCPT = "ready", "mail", "rcpt"


# RFC 5321 section 4.1.4, order of commands, as SubEthaSMTP enforces it [inferred]: it asks for no HELO.
# A state and verb that is not here is allowed.
REFUSALS: Mapping[tuple[State, str], ReplyRow] = {
    (State.READY, "RCPT"): replies.NEED_MAIL,
    (State.READY, "DATA"): replies.NEED_MAIL,
    (State.MAIL, "MAIL"): replies.NESTED_MAIL,
    (State.MAIL, "DATA"): replies.NEED_RCPT,
    (State.MAIL, "XCLIENT"): replies.XCLIENT_LATE,
    (State.RCPT, "MAIL"): replies.NESTED_MAIL,
    (State.RCPT, "XCLIENT"): replies.XCLIENT_LATE,
}


class Then(StrEnum):
    """What the connection does after the reply."""

    COMMAND, MESSAGE, TLS, CLOSE = "command", "message", "tls", "close"
    HANG_UP = "hang up"  # without the reply


class Answer(NamedTuple):
    r"""A reply, and what comes next.

    Attributes
    ----------
    text : str
        The lines of the reply, joined by CRLF, without the last line end.
    delay_s : float
        Seconds until it is sent.
    """

    text: str
    then: Then = Then.COMMAND
    delay_s: float = 0.0

    @property
    def wire(self) -> bytes:
        """The octets that are sent."""
        return self.text.encode() + b"\r\n"


_AS_USUAL = SmtpMoment()
_OK = Answer(replies.OK.line())
_DATA = Answer(replies.DATA.line(), Then.MESSAGE)


class Session:
    """One client, from its greeting to QUIT.

    Parameters
    ----------
    receiver : Receiver
        Decides.
    policy : Policy
        Of the server.
    peer : str
        Address of the connected host.
    proxied : str, optional
        Address the PROXY protocol gave.
    refused : callable, optional
        Is handed a transaction that ended without a message: its sender or all its recipients were refused.
    number : callable, optional
        Gives the name of the next message.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True)
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> session = Session(ses.Receiver(account, seed=1), Policy(), "127.0.0.1")
    >>> for line in ("EHLO mx.example.org", "MAIL FROM:<ana@example.org>", "RCPT TO:<bo@example.net>", "DATA"):
    ...     print(session.command(line.encode()).text)
    250-inbound-smtp.us-east-1.amazonaws.com
    250-8BITMIME
    250-STARTTLS
    250 Ok
    250 Ok
    550 5.1.1 Requested action not taken: mailbox unavailable
    503 Error: need RCPT command
    """

    def __init__(
        self,
        receiver: Receiver,
        policy: Policy,
        peer: str,
        *,
        proxied: str = "",
        refused: Callable[[Submission], object] = lambda submission: None,
        number: Callable[[], str] = lambda: "",
    ) -> None:
        self._receiver, self._policy = receiver, policy
        self._refused, self._number = refused, number
        self._address = proxied or client_address(peer, policy.client_addresses)
        self._may_xclient = policy.xclient is not Xclient.OFF and peer in policy.trusted
        self._xclient = XclientState()
        self._helo = ""
        self._transaction: Transaction | None = None
        self._asked = False  # the client wanted to send the message of a transaction without accepted recipients
        self._decided: tuple[object, str, FilterDecision] | None = None
        self._replies = 0
        self._delayed_s = 0.0  # in the transaction
        self._taken: tuple[Message, BodyDecision] | None = None  # the message that `refuse` let through
        self._at_end = _AS_USUAL  # what happens to the answer to the message
        self.tls = False
        self.errors = 0

    # ---------------------------------------------------------------- what others ask

    @property
    def client_ip(self) -> str:
        """The address filters and SPF judge."""
        return self._xclient.address or self._address

    @property
    def state(self) -> State:
        """Where the transaction stands."""
        if self._transaction is None:
            return State.READY
        return State.RCPT if self._transaction.accepted else State.MAIL

    @property
    def most_bytes(self) -> int:
        """The size up to which a message is kept whole."""
        return most_bytes(self._policy.bounds, self._receiver.assumptions)

    def welcome(self) -> Answer:
        """The greeting, and what comes next."""
        return self._troubled(Answer(self.greeting()), "CONNECT")

    def greeting(self) -> str:
        """The first reply."""
        return replies.GREETING.line(host=self._policy.hostname, banner=self._policy.banner)

    def encrypted(self) -> None:
        """The session is under TLS now and starts anew (RFC 3207 section 4.2)."""
        self.tls = True
        self._helo = ""
        self.reset()

    def reset(self) -> None:
        """End the transaction, if there is one; one whose recipients were all refused is remembered."""
        ended, asked = self._transaction, self._asked
        self._transaction, self._asked = None, False
        if ended and not ended.accepted and (ended.recipients or asked):
            self._refused(self._submission(Message(b""), ended))

    # ---------------------------------------------------------------- commands

    def command(self, line: bytes | Fault) -> Answer:
        """The answer to one command line."""
        answer = self._command(line)
        if isinstance(line, Fault) or not self._policy.faults:
            return answer
        return self._troubled(answer, line.partition(b" ")[0].decode("ascii", "replace").upper())

    def _troubled(self, answer: Answer, at: str) -> Answer:
        """The answer with what goes wrong on purpose."""
        if not self._policy.faults:
            return answer
        return self._at(self._policy.faults.moment(at, self._replies), answer)

    def _at(self, moment: SmtpMoment, answer: Answer) -> Answer:
        self._replies += 1
        self._delayed_s += moment.delay_s
        then = Then.HANG_UP if moment.close else answer.then
        return answer._replace(then=then, delay_s=moment.delay_s)

    def _command(self, line: bytes | Fault) -> Answer:
        if isinstance(line, Fault):
            if line.position is None:
                self._too_long(line.start)
                return Answer(replies.LONG_COMMAND.line(), Then.CLOSE)
            return Answer(replies.BARE_LINE_END.line(position=line.position), Then.CLOSE)
        text = line.decode("utf-8", "replace")
        if len(text) < 4 or "\0" in text:
            return self._wrong(replies.BAD_SYNTAX)
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        act = self._verbs.get(verb)
        if act is None or (verb == "XCLIENT" and not self._may_xclient):
            return self._wrong(replies.UNKNOWN)
        refusal = REFUSALS.get((self.state, verb))
        if refusal is not None:
            self._asked = self._asked or refusal is replies.NEED_RCPT
            return self._wrong(refusal)
        return act(self, argument.strip(" \t"))

    def _wrong(self, refusal: ReplyRow | Reply) -> Answer:
        self.errors += 1
        if self.errors >= self._policy.bounds.errors:
            return Answer(replies.TOO_MANY_ERRORS.line(), Then.CLOSE)
        return Answer(refusal.line() if isinstance(refusal, ReplyRow) else str(refusal))

    def _too_long(self, start: bytes) -> None:
        """Remember an address that was too long for a command: the connection ends, and the transaction with it."""
        verb, _, argument = start.decode("utf-8", "replace").partition(" ")
        keyword = {(State.READY, "MAIL"): "FROM", (State.MAIL, "RCPT"): "TO", (State.RCPT, "RCPT"): "TO"}.get(
            (self.state, verb.upper())
        )
        name, colon, address = argument.partition(":")
        if not colon or name.strip(" \t").upper() != keyword or NOT_IN_COMMANDS.search(address):
            return  # as a short command with a NUL: no address, so nobody was refused
        text = address.strip(" \t").removeprefix("<").removesuffix(">")
        if is_bracketed(text):
            return  # as a short command with it: a syntax error
        if self._transaction is None:
            self._sender(text, too_long=True)
            return
        self._transaction.rcpt(text, self._judge, too_long=True)
        ended, self._transaction = self._transaction, None
        self._refused(self._submission(Message(b""), ended))

    def _ehlo(self, argument: str) -> Answer:
        if not argument:
            return self._wrong(replies.EHLO_SYNTAX)
        self._greeted(argument)
        lines = [self._policy.hostname, "8BITMIME"]
        if self._policy.tls and not self.tls:
            lines.append("STARTTLS")
        if self._may_xclient and self._policy.xclient is Xclient.ANNOUNCED:
            lines.append("XCLIENT " + " ".join(XCLIENT_ATTRIBUTES))
        return Answer("\r\n".join([*(f"250-{one}" for one in lines), "250 Ok"]))

    def _helo_(self, argument: str) -> Answer:
        if not argument:
            return self._wrong(replies.HELO_SYNTAX)
        self._greeted(argument)
        return Answer(replies.HELO.line(host=self._policy.hostname))

    def _greeted(self, argument: str) -> None:
        self.reset()
        self._helo = command_words(argument)[0]

    def _mail(self, argument: str) -> Answer:
        path = parse_path(argument, "FROM")
        if path is None:
            return self._unreadable(argument, replies.MAIL_SYNTAX)
        transaction = self._sender(path.address, path.parameters.get("SIZE", ""))
        if transaction.sender.accepted:
            self._transaction = transaction
            return _OK
        reply = transaction.sender.reply
        # SubEthaSMTP counts what the client got wrong, and a large message is no mistake
        return Answer(str(reply)) if reply == replies.DECLARED_TOO_BIG.reply else self._wrong(reply)

    def _sender(self, address: str, size: str = "", *, too_long: bool = False) -> Transaction:
        """The transaction that MAIL FROM begins; where the sender is refused, it is over and remembered."""
        transaction = self._receiver.on_mail(
            self._decision(), address, size=size, too_long=too_long, bounds=self._policy.bounds
        )
        if not transaction.sender.accepted:
            self._refused(self._submission(Message(b""), transaction))
        return transaction

    def _unreadable(self, argument: str, syntax: ReplyRow) -> Answer:
        """The answer to an argument that is no path: a quote or bracket is not closed, or there is no address."""
        address = argument.partition(":")[2].strip(" \t")
        if address.startswith("<"):
            # the judges refuse what cannot stand between brackets
            address = address[1:].removesuffix(">")
            if self._transaction is not None:
                self._transaction.rcpt(address, self._judge)
            else:
                self._sender(address)
        return self._wrong(syntax)

    def _judge(self, recipient: str) -> RecipientDecision:
        assert self._transaction is not None
        decision = self._receiver.on_rcpt(self._transaction.decision, recipient, tls=self.tls)
        if decision.accepted and self._policy.faults:
            sender = self._transaction.sender.mail_from
            reply, reason = self._policy.faults.recipient(self.client_ip, sender, recipient)
            if reply is not None:
                return recipients.refused(recipient, reply, reason)
        return decision

    def _rcpt(self, argument: str) -> Answer:
        transaction = self._transaction
        assert transaction is not None  # REFUSALS: RCPT needs MAIL
        path = parse_path(argument, "TO")
        if path is None:
            return self._unreadable(argument, replies.RCPT_SYNTAX)
        reply = transaction.rcpt(path.address, self._judge).reply
        if reply is replies.RCPT_OK.reply:
            return _OK
        return self._wrong(reply) if reply == replies.RCPT_SYNTAX.reply else Answer(str(reply))

    def _data(self, argument: str) -> Answer:
        return _DATA

    def _starttls(self, argument: str) -> Answer:
        if argument:
            return self._wrong(replies.STARTTLS_SYNTAX)
        if not self._policy.tls:
            return self._wrong(replies.NO_TLS)
        if self.tls:
            return self._wrong(replies.TLS_ACTIVE)
        return Answer(replies.STARTTLS.line(), Then.TLS)

    def _xclient_(self, argument: str) -> Answer:
        try:
            self._xclient = parse_xclient(argument, self._xclient)
        except XclientError:
            return self._wrong(replies.XCLIENT_SYNTAX)
        self._helo, self._decided = "", None
        return Answer(self.greeting())

    def _rset(self, argument: str) -> Answer:
        self.reset()
        return _OK

    def _noop(self, argument: str) -> Answer:
        return _OK

    def _quit(self, argument: str) -> Answer:
        return Answer(replies.BYE.line(), Then.CLOSE)

    def _help(self, argument: str) -> Answer:
        lines = [f"{self._policy.banner} on {self._policy.hostname}", "Topics:"]
        lines += [f"    {verb}" for verb in self._verbs if verb not in ("AUTH", "XCLIENT")]
        return Answer("\r\n".join([*(f"214-{one}" for one in lines), "214 End of HELP info"]))

    def _vrfy(self, argument: str) -> Answer:
        return self._wrong(replies.NO_VRFY)

    def _expn(self, argument: str) -> Answer:
        return self._wrong(replies.NO_EXPN)

    def _auth(self, argument: str) -> Answer:
        return self._wrong(replies.NO_AUTH)

    _verbs: ClassVar[Mapping[str, Callable[[Session, str], Answer]]] = {
        "AUTH": _auth,
        "DATA": _data,
        "EHLO": _ehlo,
        "EXPN": _expn,
        "HELO": _helo_,
        "HELP": _help,
        "MAIL": _mail,
        "NOOP": _noop,
        "QUIT": _quit,
        "RCPT": _rcpt,
        "RSET": _rset,
        "STARTTLS": _starttls,
        "VRFY": _vrfy,
        "XCLIENT": _xclient_,
    }

    # ---------------------------------------------------------------- the message

    def refuse(self, body: Body) -> Submission | None:
        """The message that is refused, so that the transaction is over; None where it may be taken."""
        transaction = self._transaction
        assert transaction is not None  # REFUSALS: DATA needs an accepted RCPT
        message = Message(body.raw, size_bytes=body.size)
        if body.dropped:
            decided = refused(replies.NO_ROOM.reply, Check.ROOM, "too much mail was under way in all sessions together")
        else:
            decided = self._receiver.on_body(message, transaction)
        if not decided.reply and self._policy.faults:
            reply, reason = self._policy.faults.message()
            if reply is not None:
                decided = refused(reply, Check.FAULT, reason)
        if decided.reply:
            return self._end(message, decided)
        self._taken = message, decided
        return None

    def final(self, reply: Reply) -> Answer:
        """The answer to a message, once it is known what becomes of it."""
        moment, self._at_end = self._at_end, _AS_USUAL
        if moment is _AS_USUAL:
            self._replies += 1
            return Answer(str(reply))
        return self._at(moment, Answer(str(reply)))

    def submit(self, raw: bytes, *, waited: bool = False) -> Submission:
        """The message handed over; the transaction is over, whatever the answer.

        Parameters
        ----------
        waited : bool
            Whether it waited for a place: then it is judged anew, since the receiver may have been changed.
        """
        taken = self._taken
        if taken is None or waited or taken[0].raw is not raw:
            return self._end(Message(raw))
        return self._end(*taken)

    def postpone(self, raw: bytes) -> Submission:
        """The message that cannot be taken now; the transaction is over."""
        busy = Reply.parse(self._receiver.assumptions.throttling_reply)
        return self._end(Message(raw), refused(busy, Check.ROOM, "too many accepted messages wait"))

    def _end(self, message: Message, decided: BodyDecision | None = None) -> Submission:
        transaction, self._transaction, self._taken = self._transaction, None, None
        assert transaction is not None  # REFUSALS: DATA needs an accepted RCPT
        if decided and decided.reply and len(message.raw) > KEPT_BYTES:
            message = Message(message.raw[:KEPT_BYTES], size_bytes=message.size_bytes)
        if self._policy.faults or self._delayed_s:
            self._at_end = self._policy.faults.moment("END", self._replies)
            decided = self._with_faults(decided or self._receiver.on_body(message, transaction))
        return self._submission(message, transaction, decided)

    def _with_faults(self, decided: BodyDecision) -> BodyDecision:
        """The decision with an event for what went wrong on purpose."""
        log = TraceLog(Stage.BODY)
        delayed_s, self._delayed_s = self._delayed_s + self._at_end.delay_s, 0.0
        if delayed_s:
            log.check(Check.FAULT, Op.SKIP, f"replies were held back for {delayed_s:g} s in all, on purpose")
        if self._at_end.close:
            log.check(Check.FAULT, Op.SKIP, "the connection was closed instead of the answer, on purpose")
        log.take(decided.events)
        return replace(decided, events=log.events())

    def _submission(
        self, message: Message, transaction: Transaction, decided: BodyDecision | None = None
    ) -> Submission:
        envelope = Envelope(
            client_ip=self.client_ip,
            helo=self._xclient.helo or self._helo or "unknown",
            mail_from=transaction.sender.mail_from,
            rcpt_to=tuple([decision.recipient for decision in transaction.recipients]),
            tls=self.tls,
            client_name=self._xclient.name or "",
        )
        return self._receiver.on_data(message, envelope, transaction, name=self._number(), decided=decided)

    def waits_for_dns(self, line: bytes | Fault) -> bool:
        """Whether a command asks lists in DNS before it is answered, which takes time; see `look_up`."""
        lists = self._receiver.provider_lists
        if not lists or not asks_dns(lists) or self._is_decided():
            return False
        return (line.start if isinstance(line, Fault) else line)[:5].upper() == b"MAIL "

    def look_up(self) -> None:
        """Ask the lists in DNS, so that MAIL FROM is answered without waiting; may be called in another thread."""
        self._decision()

    def _is_decided(self) -> bool:
        known = self._decided
        return known is not None and known[0] is self._receiver.account and known[1] == self.client_ip

    def _decision(self) -> FilterDecision:
        """Step 1, once a client; again when the configuration was changed under a long session."""
        known = self._decided
        if known is None or not self._is_decided():
            account, address = self._receiver.account, self.client_ip
            known = self._decided = (account, address, self._receiver.on_connect(address))
        return known[2]
