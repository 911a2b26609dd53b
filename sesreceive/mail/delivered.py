"""The envelope of mail that was delivered before: guessed out of its header, since mbox files keep no other.

=============  ==============================================================================================
field          taken from
=============  ==============================================================================================
``mail_from``  Return-Path, as the last server noted it (RFC 5321 section 4.4); else the first address of From
``rcpt_to``    Delivered-To; else X-Original-To; else Envelope-To; else To, Cc and Bcc
``client_ip``  the uppermost Received field that names a client outside private networks
``helo``       the same field, behind ``from``
``tls``        the same field: whether it says ``with ESMTPS`` or the like (RFC 3848)
=============  ==============================================================================================

Where the header does not say, the defaults of `Envelope` stand.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any

from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message

__all__ = ["addresses_in", "envelope_of"]

# Who the message was delivered to, surest first.
_DELIVERED = (("Delivered-To",), ("X-Original-To",), ("Envelope-To",), ("To", "Cc", "Bcc"))

# A quoted string, an escaped character, one of the characters that divide addresses, or anything else. Each starts
# with other characters and none backtracks, so the time is linear whatever the header holds.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+("?)|\\.?|[()<>,:;]|[^"\\()<>,:;]++', re.DOTALL)
# What no SMTP command can say.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# RFC 5321 section 4.5.3.1.3: a path has at most 256 octets, its brackets included.
_LONGEST_ADDRESS = 254

_CLIENT = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)
_HELO = re.compile(r"\s*from\s+([^\s()\x00-\x1f\x7f]{1,255})", re.IGNORECASE)
_NAME = re.compile(r"\(([A-Za-z0-9._-]{1,253})\s+\[")
_TLS = re.compile(r"\bwith\s+(?:UTF8)?(?:E?SMTPSA?|LMTPSA?)\b", re.IGNORECASE)
# A Received field of more than this is none of a mail server; and so many of them are enough to look at.
_LONGEST_RECEIVED, _MOST_RECEIVED = 2_000, 50
# RFC 1918, 4193, 6598: inside a network, so not the client that a border server saw.
_PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)


def envelope_of(message: Message) -> Envelope:
    r"""The envelope that the header of a delivered message suggests.

    Examples
    --------
    >>> found = envelope_of(Message(
    ...     b"Return-Path: <ana@example.org>\r\n"
    ...     b"Received: from mx.example.org (mx.example.org [198.51.100.7]) by in.example.com with ESMTPS\r\n"
    ...     b"To: Billing <billing@example.com>\r\n\r\n"
    ... ))
    >>> found.mail_from, found.rcpt_to, found.client_ip, found.helo, found.tls
    ('ana@example.org', ('billing@example.com',), '198.51.100.7', 'mx.example.org', True)
    """
    return Envelope(mail_from=_mail_from(message), rcpt_to=_rcpt_to(message), **_client(message))


def _mail_from(message: Message) -> str:
    returned = message.get("Return-Path")
    if returned is not None:
        return next(addresses_in(returned), "")  # `<>` is the null sender
    return next(addresses_in(message.get("From") or ""), "")


def _rcpt_to(message: Message) -> tuple[str, ...]:
    for names in _DELIVERED:
        found = dict.fromkeys(_addresses(message, names))
        if found:
            return tuple(found)
    return ()


def _addresses(message: Message, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for item in message.all(name):
            yield from addresses_in(item.value.decode("utf-8", "replace"))


def _client(message: Message) -> dict[str, Any]:
    for item in message.all("Received")[:_MOST_RECEIVED]:
        text = item.value[:_LONGEST_RECEIVED].decode("utf-8", "replace")
        found = _CLIENT.search(text)
        helo = _HELO.match(text)
        if not found or not helo or not _is_outside(found.group(1)):
            continue
        name = _NAME.search(text)
        known = name is not None and name.group(1).lower() != "unknown"
        return {
            "client_ip": found.group(1),
            "helo": helo.group(1),
            "tls": bool(_TLS.search(text)),
            "client_name": name.group(1) if name and known else "",
        }
    return {}


def _is_outside(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_link_local or address.is_unspecified:
        return False
    return not any(address.version == network.version and address in network for network in _PRIVATE)


def addresses_in(text: str) -> Iterator[str]:
    r"""The addresses of a To, Cc or From field, in order, without names and comments; linear in its length.

    Tolerant: what is no address is left out.

    Examples
    --------
    >>> list(addresses_in('"Doe, John" <john@example.org>, ann@example.com (Ann), team: bo@example.com;, nobody'))
    ['john@example.org', 'ann@example.com', 'bo@example.com']
    """
    plain: list[str] = []
    angle: list[str] = []
    comments, in_angle, had_angle = 0, False, False
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token == "(" and not in_angle:
            comments += 1
        elif comments:
            comments -= token == ")"
        elif token[0] == '"' and not found.group(1):
            pass  # a quote that nothing closes
        elif in_angle and token != ">":
            angle.append(token)
        elif token == "<":
            angle, in_angle, had_angle = [], True, True
        elif token == ">":
            in_angle = False
        elif token == ":":
            plain = []  # the name of a group
        elif token in ",;":
            yield from _address(plain, angle if had_angle else None)
            plain, had_angle = [], False
        else:
            plain.append(token)
    yield from _address(plain, angle if had_angle else None)


def _address(plain: list[str], angle: list[str] | None) -> Iterator[str]:
    """The address of one entry, if it has one."""
    if angle is not None:
        text = "".join(angle).strip()
        if text.startswith("@"):  # a source route (RFC 5321 appendix C), which is to be ignored
            text = text.rpartition(":")[2]
        words = [text]
    else:
        # Without brackets it is the word with the `@`; blanks in a quoted local part do not divide words.
        words = "".join(t.replace(" ", "\0") if t.startswith('"') else t for t in plain).split()
        words = [word.replace("\0", " ") for word in words]
    for word in words:
        local, at, domain = word.rpartition("@")
        if local and at and domain and len(word) <= _LONGEST_ADDRESS and not _CONTROL.search(word):
            yield word
            return
