r"""The Received fields of a message, each as the hop it tells of: who handed the mail to whom, how, for whom, when.

RFC 5321 section 4.4 gives the clauses (``from``, ``by``, ``via``, ``with``, ``id``, ``for``, a date), and leaves the
place of the client's address to the server. These are the forms that servers write; a test holds one row for each:

==================================  ===========================================================================
Postfix, Sendmail, Haraka,          ``from HELO (NAME [IP])``, IPv6 as ``[IPv6:…]``; Stalwart names the network
Stalwart, OpenSMTPD, SES, Gmail     behind the address, Gmail puts a dot behind the name, Sendmail ``(may be
                                    forged)``
Exim                                ``from NAME ([IP]:PORT helo=HELO)``, without a name ``from [IP] (helo=HELO)``
qmail, qpsmtpd, old Haraka          ``from NAME (HELO HELO) (IDENT@IP)``
Exchange                            ``from HELO (IP) by HOST (IP) with Microsoft SMTP Server``
Dovecot, Cyrus                      ``from HOST ([IP]) by HOST with LMTP``: a hand-over inside one system
fetchmail, webmail                  ``with POP3``, ``with IMAP``, ``with HTTP``: no SMTP client at all
==================================  ===========================================================================

Everything is linear in the length of the field, whatever it holds: it is the sender's text as much as the server's.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sesreceive.mail.message import Message

__all__ = ["Hop", "border", "hop", "hops"]

# A Received field of more than this is none of a mail server; and so many of them are enough to look at.
_LONGEST, _MOST = 2_000, 50
_LONGEST_DATE = 100

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|\\.?|[();]|[^\s"\\();]++', re.DOTALL)
_CLAUSES = frozenset(("from", "by", "via", "with", "id", "for", "envelope-from"))
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)
_BARE = re.compile(r"(?:[^\s@()\[\]]*@)?([0-9A-Fa-f:.]{2,45})")
_HELO_SAID = re.compile(r"[HE][EH]LO\s+(\S+)")
_HELO_IS = re.compile(r"\bhelo=(\S+)", re.IGNORECASE)
_NAME = re.compile(r"([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}))\s+\[")
_HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}")
# RFC 3848 and RFC 6531: an S behind SMTP or LMTP is TLS.
_TLS_PROTOCOL = re.compile(r"\b(?:UTF8)?(?:E?SMTPSA?|LMTPSA?)\b", re.IGNORECASE)
_TLS_COMMENT = re.compile(
    r"\b(?:using |version=)?(?:TLS|SSL)v?[1-3](?:[._][0-3])?\b|\bencrypted\b|^TLS$", re.IGNORECASE
)
_INSIDE_PROTOCOL = re.compile(r"\b(?:UTF8)?LMTPS?A?\b", re.IGNORECASE)
_NO_SMTP = re.compile(r"\b(?:POP3S?|IMAPS?|HTTPS?|MAPI|UUCP|local|NNTP)\b", re.IGNORECASE)

# RFC 1918, 4193, 6598: inside a network, so not the client that a border server saw.
_PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)
# Between its own hosts Exchange Online names public IPv6 addresses of Microsoft's [observed].
_MICROSOFT = tuple(map(ipaddress.ip_network, ("2603:1000::/24", "2a01:111::/32")))
_MICROSOFT_HOSTS = (".outlook.com", ".office365.com", ".exchangelabs.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What one Received field says; what it does not say is empty or None.

    Attributes
    ----------
    helo, client_name, client_ip : str
        The client: what it called itself, its name in reverse DNS, its address.
    by : str
        The host that wrote the field.
    protocol : str
        Behind ``with``, such as ``ESMTPS``.
    tls : bool
        Whether protocol or comments speak of TLS.
    recipient : str
        Behind ``for``, without angle brackets.
    mail_from : str or None
        Behind ``envelope-from``, where a server writes it; empty for the null sender.
    message_id : str
        Behind ``id``.
    at : datetime or None
        When, in UTC; None where there is no date or none that can be read.
    """

    helo: str = ""
    client_name: str = ""
    client_ip: str = ""
    by: str = ""
    protocol: str = ""
    tls: bool = False
    recipient: str = ""
    mail_from: str | None = None
    message_id: str = ""
    at: datetime | None = None

    @property
    def crosses(self) -> bool:
        """Whether the mail came in from outside here, by SMTP: the client is known and in no private network."""
        if not self.client_ip or _INSIDE_PROTOCOL.search(self.protocol) or _NO_SMTP.search(self.protocol):
            return False
        address = ipaddress.ip_address(self.client_ip)
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_loopback or address.is_link_local or address.is_unspecified:
            return False
        inside = _PRIVATE + (_MICROSOFT if self.by.lower().endswith(_MICROSOFT_HOSTS) else ())
        return not any(address.version == network.version and address in network for network in inside)


def hops(message: Message) -> tuple[Hop, ...]:
    """The hops of a message, the last one first, as their fields stand."""
    return tuple(hop(item.value.decode("utf-8", "replace")) for item in message.all("Received")[:_MOST])


def border(path: Sequence[Hop], trusted: Sequence[str] = ()) -> int | None:
    """Position of the hop at which the mail came in from outside; None where none tells of a client outside.

    What stands below it was written by hosts of others, or by the sender.

    Parameters
    ----------
    path : sequence of Hop
        The last one first.
    trusted : sequence of str
        Receiving hosts, by name or domain. With them it is the first that they received; without, the uppermost hop
        whose client is outside.
    """
    if trusted:
        at = None
        for number, one in enumerate(path):
            if one.by and not _is_one_of(one.by, trusted):
                break
            if one.client_ip and not _NO_SMTP.search(one.protocol):
                at = number
        return at
    return next((number for number, one in enumerate(path) if one.crosses), None)


def _is_one_of(host: str, names: Sequence[str]) -> bool:
    host = host.lower().rstrip(".")
    return any(host == name.lower() or host.endswith(f".{name.lower().lstrip('.')}") for name in names)


def hop(value: str) -> Hop:
    """The hop that the value of a Received field tells of; folded or not.

    Examples
    --------
    >>> told = hop("from mx.example.org (mail.example.org [198.51.100.7]) by in.example.com (Postfix) with ESMTPS "
    ...            "id 4Xy for <ana@example.com>; Fri, 2 Jan 2026 10:05:05 +0100 (CET)")
    >>> told.helo, told.client_name, told.client_ip, told.by, told.protocol, told.recipient
    ('mx.example.org', 'mail.example.org', '198.51.100.7', 'in.example.com', 'ESMTPS', 'ana@example.com')
    >>> told.at.isoformat(), told.tls
    ('2026-01-02T09:05:05+00:00', True)
    >>> hop("from unknown (HELO mx.example.org) (198.51.100.7) by 0 with SMTP; 2 Jan 2026 10:05:05 -0000").helo
    'mx.example.org'
    """
    clauses, date = _clauses(value[:_LONGEST])
    words, comments = clauses.get("from", ([], []))
    by, by_comments = clauses.get("by", ([], []))
    protocol, more = clauses.get("with", ([], []))
    told = " ".join(protocol[: 3 if protocol[:1] == ["Microsoft"] else 1])
    helo, name, address = _client(
        words,
        comments,
        exim=any(one.startswith("Exim") for one in (*by_comments, *more)),
        microsoft="Microsoft" in told,
    )
    beside = [one for one in (*comments, *by_comments, *more) if not _LITERAL.search(one)]
    sender = clauses.get("envelope-from")
    every = [one for _, inside in clauses.values() for one in inside]
    from_comment = next((one for one in every if one.startswith("envelope-from ")), None)
    if sender is None and from_comment is not None:
        sender = (from_comment.split()[1:2], [])
    return Hop(
        helo=helo,
        client_name=name,
        client_ip=address,
        by=by[0] if by else "",
        protocol=told,
        tls=bool(_TLS_PROTOCOL.search(told)) or any(map(_TLS_COMMENT.search, beside)),
        recipient=_address(clauses.get("for", ([], []))[0]),
        mail_from=None if sender is None else _address(sender[0]),
        message_id=" ".join(clauses.get("id", ([], []))[0][:1]),
        at=_time(date),
    )


def _clauses(text: str) -> tuple[dict[str, tuple[list[str], list[str]]], str]:
    """Words and comments of each clause, the first of its name, and what stands behind the last semicolon."""
    clauses: dict[str, tuple[list[str], list[str]]] = {}
    words: list[str] = []
    comments: list[str] = []
    depth, opened, date_at, named = 0, 0, len(text), True
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token == "(":
            depth += 1
            if depth == 1:
                opened = found.end()
        elif token == ")":
            depth = max(0, depth - 1)
            if depth == 0:
                comments.append(" ".join(text[opened : found.start()].split()))
        elif depth:
            continue
        elif token == ";":
            date_at, words, comments = found.end(), [], []
        elif token.lower() in _CLAUSES and (named or words):
            # A name behind a keyword is a name, though it be `by`.
            words, comments, named = [], [], False
            clauses.setdefault(token.lower(), (words, comments))
        else:
            words.append(token)
            named = False
    return clauses, text[date_at:]


def _client(words: list[str], comments: list[str], *, exim: bool, microsoft: bool) -> tuple[str, str, str]:
    """HELO, name and address out of a ``from`` clause."""
    said = words[0] if words else ""
    helo_comment = next(filter(None, map(_HELO_SAID.match, comments)), None)  # qmail
    helo_member = next(filter(None, map(_HELO_IS.search, comments)), None)  # Exim
    others = [_HELO_IS.sub("", one) for one in comments if not _HELO_SAID.match(one)]
    in_comment = next(((one, found) for one in others if (found := _LITERAL.search(one))), None)
    bare = next(
        (found.group(1) for one in others if (found := _BARE.fullmatch(one)) and _is_address(found.group(1))), ""
    )
    outside = next((found.group(1) for one in words[:2] if (found := _LITERAL.fullmatch(one))), "")
    name = ""
    if in_comment is not None:
        address = in_comment[1].group(1)
        named = _NAME.match(in_comment[0])
        if named:
            name = named.group(1)
        elif (exim or helo_member) and not outside:
            name = said
    else:
        address = bare or outside
        if bare and not microsoft:
            name = said
    helo = next((found.group(1) for found in (helo_comment, helo_member) if found), said)
    name = name.rstrip(".")
    if name.lower() == "unknown" or not _HOST_NAME.fullmatch(name) or _is_address(name):
        name = ""
    return helo, name, address if _is_address(address) else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address(words: Sequence[str]) -> str:
    """The address behind a keyword; without one, nothing."""
    for word in words:
        bare = word.strip("<>,")
        if "@" in bare[1:-1]:
            return bare
    return ""


def _time(text: str) -> datetime | None:
    text = text.strip()
    if not text or len(text) > _LONGEST_DATE:
        return None
    try:
        time = parsedate_to_datetime(text)
        # `-0000` says that the zone is not known, and that the time is UTC (RFC 5322 section 3.3).
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return time if time.year >= 1970 else None
