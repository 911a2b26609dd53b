"""The addresses of a To, Cc or From field, well formed or not: the one reader of lists that takes what it can get.

A list is read as JavaMail reads it, since that is what SES shows (`sesreceive.mail.address_list`), with the members of
a group in its place. Where JavaMail gives up, or finds an at-sign without a name on both sides, the text is scanned:

=========================  ==============================================================================
of the text                becomes
=========================  ==============================================================================
``(…)``                    a blank; comments nest
``"…"`` and ``[…]``        a part of its word, whatever is inside; unclosed it reaches to the end and is dropped
``<`` and ``:``            the end of a name, a group's name or a route: the words before it are no addresses
``>``  ``,``  ``;``        the end of an entry: of the words before it, each that is an address is taken
a second ``<``             where the first is still open, the end of an entry, too: a bracket is missing
a blank                    the end of a word, but not next to an at-sign that lacks a side, nor next to a dot
                           of a domain (RFC 5322 section 4.4)
=========================  ==============================================================================

An address has something on both sides of its at-sign. Encoded words are not decoded: an address is never written in
one (RFC 2047 section 5). Each character is looked at a fixed number of times, whatever the text holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sesreceive.mail.address import Mailbox
from sesreceive.mail.address_list import parse_addresses

__all__ = ["addresses_in", "scan_addresses"]

_TOKEN = re.compile(
    r"""
      "(?:[^"\\]++|\\.)*+(?P<closed>"?)             # quoted string
    | \[(?:[^\]\\]++|\\.)*+(?P<shut>\]?)            # domain literal
    | [()<>,:;]                                     # what gives the list its structure
    | \s++
    | (?:[^\s"\\()<>,:;\[]++|\\.|\\)++              # everything else
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_COMMENT = re.compile(r"[()]|(?:[^()\\]++|\\.|\\)++", re.DOTALL)
_BLANK = re.compile(r"\s")
# The form most fields have, one address behind at most a name: nothing in it is left to interpret.
_PLAIN = re.compile(
    r'[^"()<>,:;\[\]\\]*+(?:"[^"\\]*+"[^"()<>,:;\[\]\\]*+)?<([^\s"()<>,:;\[\]\\@]++@[^\s"()<>,:;\[\]\\@]++)>\s*+'
)


def addresses_in(text: str) -> Iterator[str]:
    r"""The addresses of a field, in order, without names, comments and routes.

    Parameters
    ----------
    text : str
        The value of the field, folded or not.

    Yields
    ------
    str
        An address with something on both sides of its at-sign; what is none is left out.

    Examples
    --------
    >>> list(addresses_in('"Doe, John" <john@example.org>, ann@example.com (Ann), team: bo@example.com;, nobody'))
    ['john@example.org', 'ann@example.com', 'bo@example.com']
    >>> list(addresses_in("ana@example.org bo@example.com"))
    ['ana@example.org', 'bo@example.com']
    """
    mailboxes = parse_addresses(text)
    if mailboxes is None:
        yield from scan_addresses(text)
        return
    listed = [(_without_route(mailbox.address), mailbox.is_group) for mailbox in mailboxes]
    if any("@" in address and not is_group and not _is_address(address) for address, is_group in listed):
        yield from scan_addresses(text)
        return
    for address, is_group in listed:
        if is_group:
            yield from scan_addresses(address)
        elif "@" in address:
            yield address


def scan_addresses(text: str) -> Iterator[str]:
    """The addresses of a text by the table above alone, also where JavaMail would pass over some of it.

    Examples
    --------
    >>> list(scan_addresses("Ana <@relay.example:ana@example.org> bo @ example . com"))
    ['ana@example.org', 'bo@example.com']
    """
    if plain := _PLAIN.fullmatch(text):
        yield plain[1]
        return
    words: list[_Word] = []
    is_open, is_apart = False, True
    for token in _tokens(text):
        if token in ("<", ">", ",", ";", ":"):
            if token != ":" and (token != "<" or is_open):
                yield from _addresses(words)
            if token != ":":
                is_open = token == "<"
            words, is_apart = [], True
        elif token.isspace():
            is_apart = True
        else:
            if is_apart and not (words and words[-1].goes_on_with(token)):
                words.append(_Word())
            words[-1].add(token)
            is_apart = False
    yield from _addresses(words)


class _Word:
    """Tokens that belong together."""

    __slots__ = ("has_at", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.has_at = False

    def add(self, token: str) -> None:
        self.parts.append(token)
        self.has_at = self.has_at or _has_at(token)

    def goes_on_with(self, token: str) -> bool:
        """Whether the token is of this word although a blank stands between them."""
        if token[0] == "@" and not self.has_at:
            return True
        is_domain = self.has_at and not _has_at(token)
        return is_domain and (self.parts[-1][-1] in "@." or token[0] == ".")


def _has_at(token: str) -> bool:
    return token[0] not in '"[' and "@" in token


def _tokens(text: str) -> Iterator[str]:
    """The tokens, each comment as a blank; a quoted string or literal that nothing closes is left out."""
    depth = at = 0
    while match := (_IN_COMMENT if depth else _TOKEN).match(text, at):
        at, token = match.end(), match.group()
        if token == "(":
            depth += 1
        elif token == ")":
            depth = max(depth - 1, 0)
            yield " "
        elif not depth and (token[0] != '"' or match["closed"]) and (token[0] != "[" or match["shut"]):
            yield token


def _addresses(words: list[_Word]) -> Iterator[str]:
    return filter(_is_address, ("".join(word.parts) for word in words if word.has_at))


def _is_address(text: str) -> bool:
    mailbox = Mailbox.parse(text)
    return bool(mailbox.local and mailbox.domain) and not _BLANK.search(mailbox.domain)


def _without_route(address: str) -> str:
    """The address behind a source route (RFC 5321 appendix C), which is to be ignored."""
    return address.partition(":")[2] if address.startswith("@") else address
