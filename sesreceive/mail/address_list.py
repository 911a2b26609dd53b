"""Address headers as SES prints them in ``commonHeaders``, modelled on JavaMail's InternetAddress [inferred].

Seven public samples agree with ``InternetAddress.parseHeader`` and ``toUnicodeString``: names bare or in quotes,
addresses without brackets where there is no name, a group as one address. A header that breaks RFC 822's syntax is
one element, its raw value. Each character is looked at a fixed number of times, whatever the header holds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sesreceive import limits
from sesreceive.mail.encoded_words import decode_words

__all__ = ["Address", "parse_addresses", "render"]

_BLANKS = " \t\r\n"
_NO_BLANK = re.compile(r"[^ \t\r\n]")
# What ends a run of ordinary characters.
_SPECIAL = re.compile(r'[()<>"\[,;:]')
_IN_COMMENT = re.compile(r"[\\()]")
_IN_QUOTES = re.compile(r'[\\"]')
_IN_ANGLES = re.compile(r'[\\">]')
_IN_BRACKETS = re.compile(r"[\\\]]")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

# RFC 822 section 6.1, as loosely as JavaMail's check of an address from a header: an optional route, then a local part
# of atoms and quoted strings, and perhaps a domain or domain literal. There JavaMail takes the character behind any
# backslash as escaped, also behind one that is escaped itself. Possessive, so that it never backtracks.
_ATOM = r'[^\x00-\x20\x7f()<>,;:\\"\[\]@]'
_ADDR_SPEC = re.compile(
    rf'(?:"(?:[^"\\]++|\\++.?)*+"|\\++.?|{_ATOM}++)*+(?:@(?:\[[^\x00-\x20\[\]]*+\]|{_ATOM}*+))?+', re.DOTALL
)
_ROUTE = re.compile(r"@[^\x00-\x20:]*+:")

# The form most mailboxes of a list have, read in one go: a bare address, or one in brackets behind at most a name,
# with nothing in it that means more than itself.
_PLAIN = rf"{_ATOM}++@{_ATOM}++"
_PLAIN_MAILBOX = re.compile(
    rf'[ \t\r\n]*+(?:(?:"([^"\\]*+)"[ \t\r\n]*+|([^()<>"\[,;:\\]*+))<({_PLAIN})>|({_PLAIN}))[ \t\r\n]*+(?:,|\Z)'
)

# A name with one of these is printed in quotes: the specials of RFC 822 section 3.3, and controls.
_QUOTED = re.compile(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f()<>@,;:\\".\[\]]')
# An address with one of these keeps its angle brackets, even without a name.
_BRACKETED = re.compile(r'[()<>,;:\\"\[\]]')


class Address(NamedTuple):
    """One address of a header: its name, not yet decoded, and the address; a group is an address by itself."""

    address: str
    name: str = ""
    is_group: bool = False


class _BrokenError(Exception):
    """The header is no address list."""


def parse_addresses(text: str) -> tuple[Address, ...] | None:
    """The addresses of an unfolded header value, or None where it breaks the syntax.

    None also for a list longer than `limits.ADDRESSES_READ`: it is printed as the raw value, so that it costs no more.

    Examples
    --------
    >>> parse_addresses('"Doe, John" <john@example.org>, ann@example.com (Ann)')
    (Address(address='john@example.org', name='Doe, John', is_group=False),
     Address(address='ann@example.com', name='Ann', is_group=False))
    >>> parse_addresses("undisclosed-recipients:;")
    (Address(address='undisclosed-recipients:;', name='', is_group=True),)
    >>> parse_addresses("John Doe <john@example.org") is None
    True
    """
    if text.count(",") + text.count(";") > limits.ADDRESSES_READ.value:
        return None
    found: list[Address] = []
    position = 0
    while mailbox := _PLAIN_MAILBOX.match(text, position):
        quoted, name, bracketed, bare = mailbox.groups()
        name = quoted if quoted is not None else name or ""
        shown = name.strip(_BLANKS)
        found.append(Address(bracketed or bare, (shown if quoted is None else name) if shown else ""))
        position = mailbox.end()
        if position == len(text):
            return tuple(found)
    try:
        return tuple(_Parser(text).addresses())
    except _BrokenError:
        return None


def render(address: Address, *, quote_non_ascii: bool = True) -> str:
    r"""The address as one line, its name decoded and quoted where it has to be.

    Examples
    --------
    >>> render(Address("peter@example.org", "Peter"))
    'Peter <peter@example.org>'
    >>> render(Address("john@example.org", "Doe, John"))
    '"Doe, John" <john@example.org>'
    >>> render(Address("joerg@example.org", "=?utf-8?q?J=C3=B6rg?="))
    '"Jörg" <joerg@example.org>'
    """
    name = decode_words(address.name)
    if name:
        return f"{_quote(name, quote_non_ascii)} <{address.address}>"
    if address.is_group or not _BRACKETED.search(address.address):
        return address.address
    return f"<{address.address}>"


def _quote(name: str, quote_non_ascii: bool) -> str:
    if not _QUOTED.search(name) and (name.isascii() or not quote_non_ascii):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Parser:
    """One pass over a header value; where an address and its name start and end is all it remembers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Address] = []
        self.in_group = False
        self.reset()

    def reset(self) -> None:
        self.start = self.end = self.name_start = self.name_end = -1
        self.is_route = False

    def addresses(self) -> list[Address]:
        position = 0
        while position < len(self.text):
            special = _SPECIAL.search(self.text, position)
            stop = special.start() if special else len(self.text)
            if self.start < 0:
                ordinary = _NO_BLANK.search(self.text, position, stop)
                self.start = ordinary.start() if ordinary else -1
            if special is None:
                break
            position = self.special(special.group(), stop)
        if self.start >= 0:
            self.take(len(self.text))
        return self.found

    def special(self, character: str, at: int) -> int:
        """Deal with the special character at a position; the position to go on from."""
        match character:
            case "(":
                return self.comment(at)
            case "<":
                return self.angles(at)
            case '"':
                self.begin(at)
                return self.closing(_IN_QUOTES, at) + 1
            case "[":
                self.begin(at)
                return self.closing(_IN_BRACKETS, at) + 1
            case ":":
                if self.in_group:
                    raise _BrokenError  # a group within a group
                self.begin(at)
                self.in_group = True
            case ";":
                self.semicolon(at)
            case ",":
                if self.start < 0:
                    self.reset()
                elif self.in_group:
                    self.is_route = False
                else:
                    self.take(at)
            case _:
                raise _BrokenError  # a closing bracket that nothing opened
        return at + 1

    def begin(self, at: int) -> None:
        if self.start < 0:
            self.start = at

    def closing(self, stops: re.Pattern[str], at: int) -> int:
        """Position of the character that closes what opened at `at`; a backslash takes the next one with it."""
        position = at + 1
        while found := stops.search(self.text, position):
            if found.group() != "\\":
                return found.start()
            position = found.end() + 1
        raise _BrokenError

    def comment(self, at: int) -> int:
        """A comment ends an address, and names it if nothing else does."""
        if self.start >= 0 and self.end < 0:
            self.end = at
        depth, position = 1, at + 1
        while depth:
            found = _IN_COMMENT.search(self.text, position)
            if not found:
                raise _BrokenError
            position = found.end() + (found.group() == "\\")
            depth += {"(": 1, ")": -1, "\\": 0}[found.group()]
        if self.name_start < 0:
            self.name_start = at + 1
        if self.name_end < 0:
            self.name_end = position - 1
        return position

    def angles(self, at: int) -> int:
        """``<address>``: what stood before it is the name."""
        if self.is_route:
            raise _BrokenError  # two of them without a comma
        position, quoted = at + 1, False
        while found := _IN_ANGLES.search(self.text, position):
            position = found.end()
            if found.group() == "\\":
                position += 1
            elif found.group() == '"':
                quoted = not quoted
            elif not quoted:
                if not self.in_group:
                    if self.start >= 0:
                        self.name_start, self.name_end = self.start, at
                    self.start = at + 1
                self.is_route = True
                self.end = found.start()
                return position
        raise _BrokenError

    def semicolon(self, at: int) -> None:
        """The end of a group; between addresses it is a mistake."""
        if self.start < 0:
            self.reset()
        elif not self.in_group:
            raise _BrokenError
        else:
            self.in_group = False
            group = self.text[self.start : at + 1].strip(_BLANKS)
            self.found.append(Address(address=group, is_group=True))
            self.reset()

    def take(self, stop: int) -> None:
        """An address ends here."""
        end = stop if self.end < 0 else self.end
        address = self.text[self.start : end].strip(_BLANKS)
        start = 0
        if self.is_route and (route := _ROUTE.match(address)):
            start = route.end()
        if not address or not _ADDR_SPEC.fullmatch(address, start):
            raise _BrokenError
        name = ""
        if self.name_start >= 0:
            name = _unquote(self.text[self.name_start : self.name_end].strip(_BLANKS))
        self.found.append(Address(address=address, name=name if name.strip(_BLANKS) else ""))
        self.reset()


def _unquote(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return _QUOTED_PAIR.sub(r"\1", name[1:-1])
    return name
