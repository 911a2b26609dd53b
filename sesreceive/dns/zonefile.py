"""Zone-file text as records (RFC 1035 section 5.1); dnspython's tokenizer cuts it into words.

It reads letter by letter, so lines with nothing in them to interpret, which nearly all are, are cut by a pattern. Time
is proportional to the text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sesreceive.dns.records import RECORD_TYPES, Value, ZoneRecord, absolute_name, read_other, type_named
from sesreceive.dns.resolver import DnsStatus
from sesreceive.errors import ZoneError, one_line

if TYPE_CHECKING:
    from dns.tokenizer import Token

__all__ = ["read_zone"]

# Our own, beside $ORIGIN of RFC 1035 and $TTL of RFC 2308.
FAILURE_DIRECTIVES: Mapping[str, DnsStatus] = {"$TIMEOUT": DnsStatus.TIMEOUT, "$SERVFAIL": DnsStatus.SERVFAIL}

_TTL = re.compile(r"[0-9]+([wdhms][0-9wdhms]*)?", re.IGNORECASE)
_CLASSES = ("IN", "CH", "HS", "CS")

# A line that is a line by itself, and its words: no parentheses, backslashes or quotes within words.
_QUOTED, _BARE = r'"[ !#-\[\]-~]*+"', r"[!#-'*-:<-\[\]-~]++"
_PLAIN = re.compile(rf"[ \t]*+(?:(?:{_QUOTED}|{_BARE})(?=[ \t\n;]|\Z)[ \t]*+)*+(?:;[^\n]*+)?\n?")
_WORD = re.compile(rf"{_QUOTED}|{_BARE}|;")


def read_zone(text: str) -> Iterator[ZoneRecord]:
    """The records of a zone, in order.

    Raises
    ------
    ZoneError
        At the first line that cannot be read.
    """
    from dns.exception import DNSException

    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = io.StringIO(text, newline="\n")
    reader = _Reader(lines)
    while True:
        start = lines.tell()
        try:
            records = reader.next_line()
        except ValueError as error:
            problem = str(error)
        except DNSException as error:
            problem = f"expected closed quotes and parentheses ({str(error).lower().rstrip('.')})"
        else:
            if records is None:
                return
            yield from records
            continue
        number = text.count("\n", 0, start) + 1
        line = text.split("\n")[number - 1].strip()
        raise ZoneError(f"zone line {number}: {problem} but got `{one_line(line)}`")


class _Reader:
    """What carries over from one line to the next: the origin and the last owner."""

    def __init__(self, lines: io.StringIO) -> None:
        from dns.tokenizer import Tokenizer

        self.lines = lines
        self.tokens = Tokenizer(lines)  # holds nothing back behind a line end, so both read from one place
        self.origin = ""
        self.owner: str | None = None

    def next_line(self) -> list[ZoneRecord] | None:
        """The records of the next line; None behind the last one."""
        start = self.lines.tell()
        line = self.lines.readline()
        if not line:
            return None
        if _PLAIN.fullmatch(line):
            indented, words = line[0] in " \t", _plain_words(line)
        else:
            self.lines.seek(start)
            indented, words = self._words()
        if not words:
            return []
        if words[0].value.startswith("$") and not indented:
            return self._directive(words)
        if not indented:
            self.owner = self._name(words.pop(0).value)
        elif self.owner is None:
            raise ValueError("expected a name before the first record")
        return [self._record(self.owner, words)]

    def _words(self) -> tuple[bool, list[Token]]:
        """Whether the next line, which parentheses may stretch over several, is indented, and its words."""
        first = self.tokens.get(want_leading=True)
        if first.is_eol_or_eof():
            return False, []
        indented = first.is_whitespace()
        if not indented:
            self.tokens.unget(first)
        words = self.tokens.get_remaining()
        self.tokens.get()  # the line end
        return indented, words

    def _directive(self, words: list[Token]) -> list[ZoneRecord]:
        directive, *arguments = (word.value for word in words)
        directive = directive.upper()
        if directive == "$ORIGIN" and len(arguments) == 1:
            self.origin = self._name(arguments[0])
            return []
        if directive == "$TTL" and len(arguments) == 1 and _TTL.fullmatch(arguments[0]):
            return []
        if directive in FAILURE_DIRECTIVES and arguments:
            owner = self._name(arguments[0])
            types = [type_named(word) for word in arguments[1:]] or ["*"]
            return [ZoneRecord(owner, rdtype, FAILURE_DIRECTIVES[directive]) for rdtype in types]
        raise ValueError("expected $ORIGIN and a name, $TTL and a time, or $TIMEOUT or $SERVFAIL and a name")

    def _record(self, owner: str, words: list[Token]) -> ZoneRecord:
        """One record: time to live and class in either order, both optional, then type and data."""
        while words and not words[0].is_quoted_string():
            word = words[0].value.upper()
            if word in _CLASSES and word != "IN":
                raise ValueError("expected class IN")
            if word != "IN" and not _TTL.fullmatch(word):
                break
            del words[0]
        if not words:
            raise ValueError("expected a record type and data")
        rdtype = type_named(words.pop(0).value)
        return ZoneRecord(owner, rdtype, self._data(rdtype, words))

    def _data(self, rdtype: str, words: list[Token]) -> Value:
        kind = RECORD_TYPES.get(rdtype)
        if kind is None:
            return read_other(rdtype, " ".join(map(_as_written, words)), self.origin)
        texts = rdtype in ("TXT", "SPF")
        try:
            return kind.read([_octets(word) if texts else word.value for word in words], self._name)
        except ValueError:
            raise ValueError(f"expected {kind.expected} [{kind.source}]") from None

    def _name(self, word: str) -> str:
        """The absolute name of a word: ``@`` is the origin, and what has no final dot lies in it."""
        from dns.tokenizer import IDENTIFIER, Token

        if word == "@":
            return self.origin
        if "\\" not in word:
            return absolute_name(word if word.endswith(".") or not self.origin else f"{word}.{self.origin}")
        ends = word.endswith(".") and not word.endswith("\\.")
        text = Token(IDENTIFIER, word, "\\" in word).unescape().value
        return absolute_name(text if ends or not self.origin else f"{text}.{self.origin}")


def _plain_words(line: str) -> list[Token]:
    """The words of a plain line, up to its comment."""
    from dns.tokenizer import IDENTIFIER, QUOTED_STRING, Token

    words = []
    for found in _WORD.finditer(line):
        word = found.group()
        if word == ";":
            break
        words.append(Token(QUOTED_STRING, word[1:-1]) if word[0] == '"' else Token(IDENTIFIER, word))
    return words


def _octets(word: Token) -> bytes:
    """A string of TXT; dnspython takes escapes apart octet by octet."""
    if "\\" not in word.value:
        return str(word.value).encode()
    octets: bytes = word.unescape_to_bytes().value
    return octets


def _as_written(word: Token) -> str:
    return f'"{word.value}"' if word.is_quoted_string() else word.value
