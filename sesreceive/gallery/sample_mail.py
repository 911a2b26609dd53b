"""A message of the gallery: what is written, who sends it, and what it has to come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sesreceive.clock import SteppingClock
from sesreceive.lab.compose import Attachment, Draft
from sesreceive.lab.sign import SigningKey, sign
from sesreceive.mail.envelope import Envelope
from sesreceive.scan.markers import EICAR, GTUBE
from sesreceive.shown import Shown

__all__ = ["SampleMail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMail(Shown):
    """One message and what has to become of it.

    Attributes
    ----------
    name : str
        What it is called, unique in its entry.
    to : tuple of str
        Recipients of the envelope. ``{invoice}`` stands for the message id of the mail called `invoice` before it.
    rules : tuple of str
        The rules that have to match, in order.
    leaves : tuple of str
        What has to be there afterwards that was not before; `Played` says how it is written.
    reply : int
        The SMTP reply that the sender has to get.
    sender, subject, text : str
        Field From, field Subject and body.
    mail_from : str, optional
        Sender of the envelope; empty for a bounce, that of the field From by default.
    client_ip : str
        The host that sends; SPF of example.org allows only the default.
    headers : tuple of (str, str)
        Further fields.
    attachments : tuple of Attachment
        Files.
    spam, virus : bool
        Whether the message has the test string GTUBE or EICAR in it.
    signed : bool
        Whether it has a DKIM signature of example.org.
    altered : bool
        Whether somebody put a line behind it after it was signed.
    """

    name: str
    to: tuple[str, ...]
    rules: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    reply: int = 250
    sender: str = "ana@example.org"
    subject: str = "hello"
    text: str = "hello"
    mail_from: str | None = None
    client_ip: str = "198.51.100.7"
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    spam: bool = False
    virus: bool = False
    signed: bool = False
    altered: bool = False

    def envelope(self, ids: Mapping[str, str]) -> Envelope:
        """Who connects, from whom, to whom; `ids` are the message ids of the mail before it, by name."""
        return Envelope(
            client_ip=self.client_ip,
            helo="mx.example.org",
            mail_from=self.sender if self.mail_from is None else self.mail_from,
            rcpt_to=tuple(address.format(**ids) for address in self.to),
            tls=True,
        )

    def message(self, key: SigningKey) -> bytes:
        """The message as it comes after DATA, signed with `key` where it is signed."""
        marks = tuple(mark.decode() for wanted, mark in ((self.spam, GTUBE), (self.virus, EICAR)) if wanted)
        raw = Draft(
            sender=self.sender,
            to="box@example.com",
            subject=self.subject,
            text="\n".join((self.text, *marks)) + "\n",
            headers=self.headers,
            attachments=self.attachments,
            message_id=f"{self.name}@example.org",
        ).to_bytes()
        if self.signed:
            raw = sign(raw, key, signed_at=SteppingClock().now_s)
        return raw + b"and one line more\r\n" if self.altered else raw
