"""The author domains of a message: those of its From field (RFC 5322 section 3.6.2), whatever stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sesreceive.auth.domains import published_domain
from sesreceive.mail.address import Mailbox
from sesreceive.mail.message import Message, unfold

__all__ = ["Author"]

# RFC 5322 section 2.1.1 holds a line to 998 octets and no field to anything; we choose what a real one never reaches.
MAX_FROM_OCTETS = 65_536

# What an address list is made of (RFC 5322 sections 3.2 and 3.4), and what a comment is. Each octet is met once: an
# unclosed quote, comment or literal reaches to the end of the field.
_TOKEN = re.compile(
    r"""
      "(?:[^"\\]++|\\.)*+(?:"|\\?\Z)      # quoted string
    | [()<>,:;]                           # what gives the list its structure
    | \[[^\]]*+\]?                        # domain literal
    | (?:[^"()<>,:;\[\\]++|\\.|\\\Z)++    # everything else
    """,
    re.VERBOSE | re.DOTALL,
)
# The form most fields have, one address behind at most a name, read in one go: nothing in it is left to interpret.
_PLAIN = re.compile(r"""[^"()<>,:;\[\]\\]*+(?:"[^"\\]*+"[^"()<>,:;\[\]\\]*+)?<([^"()<>,:;\[\]\\]*+)>\s*+""")
_IN_COMMENT = re.compile(r"[()]|(?:[^()\\]++|\\.|\\\Z)++", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Author:
    """Who a message says it is from.

    Attributes
    ----------
    fields : int
        How many From fields there are; RFC 5322 wants one.
    domains : tuple of str
        The domains of the addresses of the first one, as A-labels, in order, none twice.
    problem : str
        Why there is no domain, as part of a sentence; empty where there is one.
    """

    fields: int
    domains: tuple[str, ...] = ()
    problem: str = ""

    @classmethod
    def of(cls, message: Message) -> Author:
        r"""The author of a message; never raises.

        Examples
        --------
        >>> Author.of(Message(b"From: \"a, b\" (x@y) <ana@Example.ORG>\r\n\r\n")).domains
        ('example.org',)
        >>> Author.of(Message(b"From: undisclosed:;\r\n\r\n")).problem
        'the From field names no domain'
        """
        found = message.all("From")
        if not found:
            return cls(0, problem="the message has no From field")
        value = found[0].value
        if len(value) > MAX_FROM_OCTETS:
            return cls(len(found), problem=f"the From field has more than {MAX_FROM_OCTETS} octets")
        text = unfold(value).decode("utf-8", "replace")
        found_in = (Mailbox.parse(address).domain for address in addresses(text))
        domains = dict.fromkeys(name for text in found_in if (name := published_domain("".join(text.split()))))
        return cls(len(found), tuple(domains), "" if domains else "the From field names no domain")


def addresses(text: str) -> Iterator[str]:
    """The addresses of an address list, display names, comments, routes and group names left out.

    Examples
    --------
    >>> list(addresses('Ana <ana@example.org>, team: bo@example.com, "x@y" <@relay:cy@example.net>;'))
    ['ana@example.org', 'bo@example.com', 'cy@example.net']
    """
    if plain := _PLAIN.fullmatch(text):
        yield from _joined([], [plain[1]])
        return
    outside: list[str] = []  # words of the mailbox outside angle brackets
    inside: list[str] | None = None  # and inside them, once there are any
    is_open = False
    for token in _tokens(text):
        if token == "<":
            if inside is not None and not is_open:  # a second address where a comma is missing
                yield from _joined(outside, inside)
            inside, is_open = [], True
        elif token == ">":
            is_open = False
        elif token in (",", ";") and not is_open:
            yield from _joined(outside, inside)
            outside, inside = [], None
        elif token == ":":  # the end of a group's name, or of an obsolete route
            if is_open:
                inside = []
            else:
                outside = []
        elif is_open and inside is not None:
            inside.append(token)
        else:
            outside.append(token)
    yield from _joined(outside, inside)


def _tokens(text: str) -> Iterator[str]:
    """The tokens outside comments."""
    depth = at = 0  # comments nest
    while match := (_IN_COMMENT if depth else _TOKEN).match(text, at):
        at, token = match.end(), match.group()
        if token == "(":
            depth += 1
        elif token == ")":
            depth = max(depth - 1, 0)
        elif not depth:
            yield token


def _joined(outside: list[str], inside: list[str] | None) -> Iterator[str]:
    address = "".join(outside if inside is None else inside).strip()
    if "@" in address:
        yield address
