"""The envelope of mail that was delivered before, read out of its header, since files keep no other.

===============  =========================================================================================
part             read from, the first that says it
===============  =========================================================================================
``client_ip``    the Received field of the host that took the mail in from outside; see `sesreceive.mail.hops`
``helo``         the same field, with the client's name and whether the session was encrypted
``received_at``  the date of the same field; where no client is known, of the uppermost field that has one
``mail_from``    Return-Path (RFC 5321 section 4.4); ``envelope-from`` of the receiving hosts; From
``rcpt_to``      the ``for`` clause of the receiving host, and of those that it handed the mail to; Delivered-To;
                 X-Original-To; Envelope-To; To, Cc and Bcc
===============  =========================================================================================

Each part tells where it was read (`Envelope.provenance`). What no field says stays unsaid: without a client nothing
is judged by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.hops import Hop, border, hops
from sesreceive.mail.loose_addresses import addresses_in
from sesreceive.mail.message import Message
from sesreceive.mail.provenance import Origin, Provenance

__all__ = ["envelope_of", "read_envelope"]

# Who the message was delivered to, surest first. A forwarded message has one of the first three of each delivery, the
# last one on top.
_DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To")
_ADDRESSED = ("To", "Cc", "Bcc")

# What no SMTP command can say.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# RFC 5321 section 4.5.3.1.3: a path has at most 256 octets, its brackets included.
_LONGEST_ADDRESS = 254
_SHOWN = 80


def envelope_of(message: Message, *, trusted: Sequence[str] = ()) -> Envelope:
    r"""The envelope that the header of a delivered message tells of.

    Parameters
    ----------
    message : Message
        A message out of a mailbox.
    trusted : sequence of str
        Your receiving hosts, by name or domain. Without them the uppermost Received field that names a client outside
        private networks counts as the receiving host's.

    Examples
    --------
    >>> envelope = envelope_of(Message(
    ...     b"Return-Path: <ana@example.org>\r\n"
    ...     b"Received: from mx.example.org (mx.example.org [198.51.100.7]) by in.example.com with ESMTPS\r\n"
    ...     b"To: Billing <billing@example.com>\r\n\r\n"
    ... ))
    >>> envelope.mail_from, envelope.rcpt_to, envelope.client_ip, envelope.helo, envelope.tls
    ('ana@example.org', ('billing@example.com',), '198.51.100.7', 'mx.example.org', True)
    >>> print(envelope.provenance["client_ip"])
    read from Received by in.example.com
    """
    path = hops(message)
    at = border(path, trusted)
    # The hops of one's own hosts: none is known where no client outside is.
    own = path[: at + 1] if at is not None else ()
    return read_envelope({**_mail_from(message, own), **_rcpt_to(message, own), **_session(own), **_time(path, own)})


def read_envelope(parts: dict[str, tuple[Any, str]]) -> Envelope:
    """The envelope of these parts, each with where it was read; one that no envelope can say is left unsaid."""
    said: dict[str, Any] = {}
    origins: dict[str, Provenance] = {}
    for name, (value, where) in parts.items():
        part: dict[str, Any] = {name: value}
        try:
            Envelope(**part)
        except InputError:
            continue
        said[name], origins[name] = value, Provenance(Origin.READ, where, value)
    return Envelope(**said, origins=origins)


def _of(hop: Hop) -> str:
    return f"Received by {one_line(hop.by, _SHOWN)}" if hop.by else "Received"


def _mail_from(message: Message, own: Sequence[Hop]) -> dict[str, tuple[Any, str]]:
    returned = message.get("Return-Path")
    if returned is not None:
        return {"mail_from": (next(_addresses_in(returned), ""), "Return-Path")}  # `<>` is the null sender
    for hop in reversed(own):
        if hop.mail_from is not None:
            return {"mail_from": (hop.mail_from, _of(hop))}
    author = next(_addresses_in(message.get("From") or ""), None)
    return {} if author is None else {"mail_from": (author, "From")}


def _rcpt_to(message: Message, own: Sequence[Hop]) -> dict[str, tuple[Any, str]]:
    for hop in reversed(own):
        if hop.recipient:
            return {"rcpt_to": ((hop.recipient,), _of(hop))}
    for name in _DELIVERED:
        recipients = tuple(_addresses_in(message.get(name) or ""))
        if recipients:
            return {"rcpt_to": (tuple(dict.fromkeys(recipients)), name)}
    named = {name: tuple(_addresses(message, name)) for name in _ADDRESSED}
    recipients = tuple(dict.fromkeys(address for addresses in named.values() for address in addresses))
    names = [name for name, addresses in named.items() if addresses]
    return {"rcpt_to": (recipients, ", ".join(names))} if recipients else {}


def _addresses(message: Message, name: str) -> Iterator[str]:
    for item in message.all(name):
        yield from _addresses_in(item.value.decode("utf-8", "replace"))


def _session(own: Sequence[Hop]) -> dict[str, tuple[Any, str]]:
    if not own:
        return {}
    hop = own[-1]
    parts: dict[str, tuple[Any, str]] = {"client_ip": (hop.client_ip, _of(hop))}
    if hop.helo:
        parts["helo"] = (hop.helo, _of(hop))
    if hop.client_name:
        parts["client_name"] = (hop.client_name, _of(hop))
    if hop.protocol or hop.tls:
        parts["tls"] = (hop.tls, _of(hop))
    return parts


def _time(path: Sequence[Hop], own: Sequence[Hop]) -> dict[str, tuple[Any, str]]:
    for hop in (*own[-1:], *path):
        if hop.at is not None:
            return {"received_at": (hop.at, _of(hop))}
    return {}


def _addresses_in(text: str) -> Iterator[str]:
    """The addresses of a field that an SMTP command can say."""
    for address in addresses_in(text):
        if len(address) <= _LONGEST_ADDRESS and not _CONTROL.search(address):
            yield address
