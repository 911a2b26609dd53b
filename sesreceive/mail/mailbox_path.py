"""The argument of MAIL FROM and RCPT TO: an address in angle brackets and parameters (RFC 5321 section 4.1.2).

Read leniently, as SubEthaSMTP and Postfix do: blanks around and inside the brackets, no brackets at all, a
source route, parameters nobody knows. What an address *means* is `sesreceive.mail.address`'s business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sesreceive.mail.address import Mailbox

__all__ = [
    "Path",
    "bare_address",
    "command_words",
    "cut_by_command",
    "is_bracketed",
    "is_valid_sender",
    "may_stand_in_brackets",
    "parse_path",
]

# A quoted string may hold `>` and blanks; everything else runs to the bracket.
_INSIDE = r'(?:"(?:[^"\\]++|\\.)*+"|[^">]++)*+'
_BRACKETED = re.compile(rf"<({_INSIDE})>(.*)", re.DOTALL)
_FITS = re.compile(_INSIDE, re.DOTALL)
# `<ana@example.org>` and `Ana <ana@example.org>`: written for a header, not for an envelope.
_BRACKETS = re.compile(r"(?:.*\s)?<[^<>@]+@[^<>@]+>", re.DOTALL)
# RFC 5321 appendix C: `@one,@two:` before the mailbox; to be accepted and ignored (section 3.6.1).
_ROUTE = re.compile(r"@[^\s:,]+(?:,@[^\s:,]+)*:")

_ATOM = r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"\ud800-\udfff\ufffd]+"
_LOCAL = re.compile(rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\\x00-\x1f\x7f\ud800-\udfff\ufffd]|\\[^\x00-\x1f\x7f])*")')
# letters, digits, `-`, `_`, beyond ASCII; bytes that were no UTF-8 are in no address
_LABEL = r"[^\s\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f\ud800-\udfff\ufffd]+"
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
    in_brackets = rest.startswith("<")
    if in_brackets:
        written, closed, parameters = rest[1:].partition(">")
        if '"' in written:  # which may hold brackets between quotes
            bracketed = _BRACKETED.fullmatch(rest)
            if not bracketed:
                return None
            written, parameters = bracketed.groups()
        elif not closed:
            return None
    else:
        written, _, parameters = rest.partition(" ")
    address = bare_address(written)
    is_null = in_brackets and not written.strip(" \t")
    # A source route alone is no address; and an address has no brackets of its own.
    if (not address and not is_null) or is_bracketed(address):
        return None
    return Path(address, _parameters(parameters) if parameters else {})


def bare_address(text: str) -> str:
    """What stands between the brackets without blanks around it and without a source route.

    Examples
    --------
    >>> bare_address(" @relay.example,@mx.example:bo@example.com ")
    'bo@example.com'
    """
    text = text.strip(" \t")
    if text.startswith("@") and (route := _ROUTE.match(text)):
        text = text[route.end() :].lstrip(" ")
    return text


def is_bracketed(text: str) -> bool:
    """Whether an address in brackets ends the text, as in a header field; an address of an envelope has none.

    Examples
    --------
    >>> [is_bracketed(text) for text in ("<ana@example.org>", "Ana <ana@example.org>", "ana@example.org", "a>b")]
    [True, True, False, False]
    """
    return text[-1:] == ">" and _BRACKETS.fullmatch(text) is not None


def may_stand_in_brackets(address: str) -> bool:
    """Whether a client can say ``<address>``: every quote is closed, and no bracket closes outside quotes.

    Examples
    --------
    >>> [may_stand_in_brackets(text) for text in ("", "ana@example.org", '"a>b"@example.org', "a>b", '"ana')]
    [True, True, True, False, False]
    """
    return ('"' not in address and ">" not in address) or _FITS.fullmatch(address) is not None


def cut_by_command(before: str, address: str, command_bytes: int) -> str | None:
    """What a server sees of an address whose command has `command_bytes` octets or more; None where it is shorter.

    Parameters
    ----------
    before : str
        The command up to the bracket.

    Examples
    --------
    >>> cut_by_command("RCPT TO:<", "ana@example.org", 24), cut_by_command("RCPT TO:<", "ana@example.org", 26)
    ('ana@example.org', None)
    """
    if len(before) + 4 * len(address) + 1 < command_bytes:  # no character has more octets than four
        return None
    octets = address.encode("utf-8", "replace") + b">"
    if len(before) + len(octets) < command_bytes:
        return None
    return octets[: command_bytes - len(before)].removesuffix(b">").decode("utf-8", "replace")


def command_words(text: str) -> list[str]:
    r"""The words of a command, with blanks and tabs between them; Python's ``split`` parts at 29 characters.

    Examples
    --------
    >>> command_words(" SIZE=100\tBODY=8BITMIME "), command_words("\x1e"), command_words("")
    (['SIZE=100', 'BODY=8BITMIME'], ['\x1e'], [])
    """
    return [word for word in text.replace("\t", " ").split(" ") if word]


def _parameters(text: str) -> dict[str, str]:
    """Parameters by name; those without meaning here are kept and ignored, as SubEthaSMTP does [inferred]."""
    parameters = {}
    for word in command_words(text):
        name, _, value = word.partition("=")
        parameters[name.upper()] = value
    return parameters


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
    return _DOMAIN.fullmatch(mailbox.domain) is not None if mailbox.is_divided else True
