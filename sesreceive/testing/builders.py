"""A mail, a rule and an account in one line each: what a test is about is said, everything else is ordinary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.identities import Identity
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.errors import InputError, one_line
from sesreceive.lab.compose import Attachment, Draft
from sesreceive.mail.envelope import Envelope
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.wording import count

if TYPE_CHECKING:
    from sesreceive.smtp.channel import Sent
    from sesreceive.smtp.server import Server

__all__ = ["Mail", "make_account", "make_mail", "make_rule"]

_DATE = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
_LINE = b"x" * 76 + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message with its envelope, ready to be received or sent.

    Attributes
    ----------
    message : bytes
        As it comes after DATA.
    envelope : Envelope
        Who connects, from whom, to whom.
    """

    message: bytes
    envelope: Envelope

    def receive(self, receiver: Receiver) -> Reception:
        """What becomes of it, from the connection to the last action."""
        return receiver.receive(self.message, self.envelope)

    def send(self, server: Server) -> Sent:
        """Send it over SMTP, as the client of the envelope; ``server.wait_for`` gives what becomes of it."""
        from sesreceive.smtp.sending import send

        return send(self.message, to=server, envelope=self.envelope)

    def replace(self, **said: Any) -> Mail:
        """The same message with other fields of the envelope, by name."""
        return replace(self, envelope=self.envelope.changed(**said))

    def __repr__(self) -> str:
        """One line: from whom, to whom, how large."""
        to = one_line(", ".join(self.envelope.rcpt_to), 200) or "nobody"
        return f"<Mail from <{one_line(self.envelope.mail_from, 80)}> to {to}, {count(len(self.message), 'byte')}>"


def make_mail(
    *to: str,
    sender: str = "ana@example.org",
    subject: str = "hello",
    text: str = "hello",
    html: str = "",
    headers: Iterable[tuple[str, str]] = (),
    attachments: Iterable[Attachment] = (),
    size_bytes: int = 0,
    client_ip: str = "198.51.100.7",
    helo: str = "mx.example.org",
    mail_from: str | None = None,
    tls: bool = True,
) -> Mail:
    r"""An ordinary mail to somebody; what is not said is the same each time.

    Parameters
    ----------
    *to : str
        The recipients, in the header and in the envelope.
    sender : str
        The author, for the field From.
    subject, text, html, headers, attachments
        What is in it; see `sesreceive.lab.compose.Draft`.
    size_bytes : int
        How large the message is at least: lines of text are put behind it.
    client_ip, helo, tls
        Of the session.
    mail_from : str, optional
        The reverse-path; the address of `sender` by default, ``""`` for the null sender.

    Raises
    ------
    InputError
        When a field cannot be written, or no SMTP session could say an address.

    Examples
    --------
    >>> mail = make_mail("billing@example.com", subject="Invoice 7")
    >>> mail
    <Mail from <ana@example.org> to billing@example.com, 240 bytes>
    >>> mail.message.splitlines()[2]
    b'Subject: Invoice 7'
    >>> len(make_mail("billing@example.com", size_bytes=200_000).message) >= 200_000
    True
    """
    if not to:
        raise InputError("expected the address of a recipient but got none")
    draft = Draft(
        sender=sender,
        to=", ".join(to),
        subject=subject,
        text=text + "\n",
        html=html,
        headers=tuple(headers),
        attachments=tuple(attachments),
        date=_DATE,
        message_id="1@example.org",
    )
    message = draft.to_bytes()
    missing = size_bytes - len(message)
    if missing > 0:
        if html or draft.attachments:
            raise InputError("expected size_bytes with a text alone: behind a part of MIME the lines would not count")
        message += _LINE * -(-missing // len(_LINE))
    address = sender.rpartition("<")[2].rstrip(">").strip() if mail_from is None else mail_from
    envelope = Envelope(client_ip=client_ip, helo=helo, mail_from=address, rcpt_to=to, tls=tls)
    return Mail(message=message, envelope=envelope)


def make_rule(name: str, *actions: ReceiptAction, recipients: Iterable[str] = (), **fields: Any) -> ReceiptRule:
    """An enabled rule with these actions; further fields by name.

    Examples
    --------
    >>> import sesreceive as ses
    >>> make_rule("billing", ses.S3Action(bucket_name="inbox"), recipients=["billing@example.com"])
    <ReceiptRule billing: enabled, billing@example.com → S3Action>
    """
    return ReceiptRule(**{"enabled": True, **fields, "name": name, "recipients": tuple(recipients), "actions": actions})


def make_account(
    *rules: ReceiptRule,
    identities: Iterable[Identity | str] = ("example.com",),
    filters: Iterable[ReceiptFilter] = (),
    **fields: Any,
) -> Account:
    """An account with these rules in force, ``example.com`` verified; further fields by name.

    Examples
    --------
    >>> make_account(make_rule("all"))
    <Account 111122223333 in us-east-1: 1 identity, 0 filters, 1 rule set, main active>
    """
    rule_set = ReceiptRuleSet(name="main", rules=rules)
    return Account(identities=identities, filters=filters, rule_sets=(rule_set,), active="main", **fields)
