"""What the magics do, as functions: text in, values out. No IPython."""

from __future__ import annotations

from typing import Any

from sesreceive.dns.zone import Zone
from sesreceive.errors import InputError, one_line
from sesreceive.mail.corpus import read, with_crlf
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.trace.text import Explanation

__all__ = ["explain", "read_zone", "receive_text"]


def receive_text(text: str, receiver: Receiver, *, name: str = "", **said: Any) -> Reception:
    r"""What becomes of a message that is written as text; does what ``%%ses_message`` does.

    Parameters
    ----------
    text : str
        The message: header, an empty line, body. Lines that end in LF alone end in CRLF when it is sent; the text is
        sent as UTF-8.
    receiver : Receiver
        Who receives it.
    name : str, optional
        What reports call the message.
    **said
        Fields of the envelope by name, as in `Receiver.receive`. What is not said is read from the header, as with
        mail out of a file: MAIL FROM from Return-Path or From, the recipients from To, Cc and Bcc, the client from the
        Received fields.

    Returns
    -------
    Reception
        Also when the message is refused.

    Raises
    ------
    InputError
        When the envelope says what no SMTP session could say, or the text is no Unicode.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> reception = receive_text('''From: ana@example.org
    ... To: bo@example.com
    ... Subject: hello
    ...
    ... Hello, Bo
    ... ''', receiver)
    >>> reception.envelope.mail_from, reception.envelope.rcpt_to, reception.subject
    ('ana@example.org', ('bo@example.com',), 'hello')
    """
    if not isinstance(text, str):
        raise InputError(f"message: expected text but got `{one_line(type(text).__name__)}`")
    _expect(receiver, Receiver, "receiver")
    try:
        raw = with_crlf(text.encode())
    except UnicodeEncodeError as error:
        code = f"U+{ord(error.object[error.start]):04X}"
        raise InputError(f"message: expected characters of Unicode but got the surrogate {code}") from None
    item = next(read([raw], envelope=said))
    return receiver.receive(item.raw, item.envelope, name=name)


def explain(reception: Reception, *, full: bool = False) -> Explanation:
    """Why everything happened to a message; does what ``%ses_explain`` does.

    Parameters
    ----------
    reception : Reception
        From `Receiver.receive`, or one of a report.
    full : bool
        Whether long runs of lines that come to the same are shown whole, and what was asked of DNS.

    Raises
    ------
    InputError
        When it is no reception.

    Examples
    --------
    >>> explain("0001")
    Traceback (most recent call last):
    sesreceive.errors.InputError: reception: expected a Reception but got a `str`
    """
    _expect(reception, Reception, "reception")
    return reception.explain(full=full)


def read_zone(text: str, receiver: Receiver | None = None, *, add: bool = False) -> Zone:
    """The DNS records that a zone file's text holds; does what ``%%ses_zone`` does.

    Parameters
    ----------
    text : str
        Records, one a line; see `Zone.parse`.
    receiver : Receiver, optional
        Who asks these records from now on.
    add : bool
        Whether the records of `receiver` stay where the text has none of the same name and type.

    Raises
    ------
    ZoneError
        When a line cannot be read.
    InputError
        When records cannot be added, since the receiver asks no `Zone`.

    Examples
    --------
    >>> read_zone('example.org IN TXT "v=spf1 -all"')
    <Zone of 1 name, 1 record>
    """
    zone = Zone.parse(text)
    if receiver is None:
        if add:
            raise InputError("add: expected a receiver whose records stay but got none")
        return zone
    _expect(receiver, Receiver, "receiver")
    if add:
        known = receiver.resolver
        _expect(known, Zone, "the receiver's resolver, to which records are added")
        zone = known.merge(zone)  # type: ignore[attr-defined]
    receiver.resolver = zone
    return zone


def _expect(value: object, kind: type, what: str) -> None:
    if not isinstance(value, kind):
        got = one_line(type(value).__name__)
        raise InputError(f"{what}: expected a {kind.__name__} but got a `{got}`")
