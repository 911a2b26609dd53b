"""The argument of MAIL FROM and RCPT TO: an address in angle brackets and parameters (RFC 5321 section 4.1.2).

Read leniently, as SubEthaSMTP and Postfix do: blanks around and inside the brackets, no brackets at all, a
source route, parameters nobody knows. What an address *means* is `sesreceive.mail.address`'s business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sesreceive.mail.address import Mailbox

__all__ = ["Path", "is_valid_sender", "parse_path"]

# A quoted string may hold `>` and blanks; everything else runs to the bracket.
_BRACKETED = re.compile(r'<((?:"(?:[^"\\]|\\.)*"|[^">])*)>(.*)', re.DOTALL)
# RFC 5321 appendix C: `@one,@two:` before the mailbox; to be accepted and ignored (section 3.6.1).
_ROUTE = re.compile(r"@[^\s:,]+(?:,@[^\s:,]+)*:")

_ATOM = r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"\ufffd]+"
_LOCAL = re.compile(rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\\x00-\x1f\x7f\ufffd]|\\[^\x00-\x1f\x7f])*")')
_LABEL = r"[^\s\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f\ufffd]+"  # letters, digits, `-`, `_`, beyond ASCII
_DOMAIN = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[^\[\]\\\s\x00-\x1f\x7f]+\])")

# RFC 5321 section 4.5.3.1: a path has 256 octets with its brackets; the local part is not cut at 64, as many
# senders (bounce addresses with encoded recipients) go beyond it.
_PATH_OCTETS = 254
# What nearly every sender looks like; the rest is looked at closely.
_PLAIN = re.compile(r"[A-Za-z0-9_+=-]+(?:\.[A-Za-z0-9_+=-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class Path:
    """An address as it was sent, and the parameters behind it.

    Attributes
    ----------
    address : str
        Without brackets and source route, in the case it was sent; empty for ``<>``.
    parameters : dict of str to str
        By name in upper case; the value is empty for a parameter without one.
    """

    address: str
    parameters: dict[str, str] = field(default_factory=dict)


def parse_path(argument: str, keyword: str) -> Path | None:
    """The path of ``MAIL FROM:<…>`` (keyword ``FROM``) or ``RCPT TO:<…>``; None where the syntax is another.

    Examples
    --------
    >>> parse_path("FROM:<Ana@example.org> SIZE=100 BODY=8BITMIME", "FROM")
    Path(address='Ana@example.org', parameters={'SIZE': '100', 'BODY': '8BITMIME'})
    >>> parse_path("to: <@relay.example,@mx.example:bo@example.com>", "TO")
    Path(address='bo@example.com', parameters={})
    >>> parse_path('TO:<"a b>c"@example.com>', "TO").address
    '"a b>c"@example.com'
    >>> parse_path("FROM:<>", "FROM").address
    ''
    >>> parse_path("FROM bo@example.com", "FROM") is None
    True
    """
    head, colon, rest = argument.partition(":")
    if not colon or head.upper() != keyword:
        return None
    rest = rest.strip(" \t")
    if rest.startswith("<"):
        found = _BRACKETED.fullmatch(rest)
        if not found:
            return None
        address, parameters = found.group(1).strip(" \t"), found.group(2)
    else:
        address, _, parameters = rest.partition(" ")
        if not address:
            return None
    if address.startswith("@") and (route := _ROUTE.match(address)):
        address = address[route.end() :].lstrip(" ")
    return Path(address, _parameters(parameters) if parameters else {})


def _parameters(text: str) -> dict[str, str]:
    """Parameters by name; those without meaning here are kept and ignored, as SubEthaSMTP does [inferred]."""
    found = {}
    for word in text.split():
        name, _, value = word.partition("=")
        found[name.upper()] = value
    return found


def is_valid_sender(address: str) -> bool:
    """Whether MAIL FROM takes the address; a domain may be missing, as in SubEthaSMTP [inferred].

    Examples
    --------
    >>> [is_valid_sender(a) for a in ("", "ana@example.org", '"a b"@example.org', "ana", "ana@[192.0.2.1]")]
    [True, True, True, True, True]
    >>> [is_valid_sender(a) for a in ("ana@", "@example.org", "a b@example.org", "a..b@example.org", "a@b@c")]
    [False, False, False, False, False]
    """
    if not address or (len(address) <= _PATH_OCTETS and _PLAIN.fullmatch(address)):
        return True
    if len(address.encode("utf-8", "replace")) > _PATH_OCTETS:
        return False
    mailbox = Mailbox.parse(address)
    if not _LOCAL.fullmatch(mailbox.local):
        return False
    return _DOMAIN.fullmatch(mailbox.domain) is not None if "@" in address[len(mailbox.local) :] else True
