"""Zone-file text as records (RFC 1035 section 5.1); dnspython's tokenizer cuts it into words.

It reads letter by letter, so lines with nothing in them to interpret, which nearly all are, are cut by a pattern; and
lines that differ in their strings or addresses alone are read together. Time is proportional to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sesreceive.dns.records import RECORD_TYPES, Value, absolute_name, read_other, type_named
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

# Lines that are alike up to one string, or up to one address in the form in which it is kept (RFC 6943 section 3.1.1).
_RUN = 4096
_HEAD = rf"(?:(?!\$){_BARE})?+[ \t]++(?:[0-9]++[ \t]++)?+(?:IN[ \t]++)?+"
_NUMBER = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ALIKE: Mapping[str, re.Pattern[str]] = {
    rdtype: re.compile(rf"({_HEAD}{rdtype}[ \t]++){value}[ \t]*+\n(?:\1{value}[ \t]*+\n){{1,{_RUN}}}+")
    for rdtype, value in {"TXT": _QUOTED, "A": rf"(?:{_NUMBER}\.){{3}}{_NUMBER}(?![0-9.])"}.items()
}


class Records(NamedTuple):
    """Records of one name and type that follow each other, or that questions for them fail."""

    name: str
    rdtype: str
    values: Sequence[Value] | DnsStatus


def read_zone(text: str) -> Iterator[Records]:
    """The records of a zone, in order.

    Raises
    ------
    ZoneError
        At the first line that cannot be read.
    """
    from dns.exception import DNSException

    lines = _Lines(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    reader = _Reader(lines)
    while True:
        start = lines.at
        try:
            records = reader.next_lines()
        except ValueError as error:
            problem = str(error)
        except DNSException as error:
            problem = f"expected closed quotes and parentheses ({str(error).lower().rstrip('.')})"
        else:
            if records is None:
                return
            yield from records
            continue
        number = lines.text.count("\n", 0, start) + 1
        lines.at = start
        line = lines.readline().strip()
        raise ZoneError(f"zone line {number}: {problem} but got `{one_line(line)}`")


class _Lines:
    """A text that is read by lines and by letters; `io.StringIO` would copy it, with four octets a letter."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def readline(self) -> str:
        end = self.text.find("\n", self.at) + 1 or len(self.text)
        start, self.at = self.at, end
        return self.text[start:end]

    def read(self, letters: int) -> str:
        start = self.at
        self.at = min(start + letters, len(self.text))
        return self.text[start : self.at]


class _Reader:
    """What carries over from one line to the next: the origin and the last owner."""

    def __init__(self, lines: _Lines) -> None:
        from dns.tokenizer import Tokenizer

        self.lines = lines
        self.tokens = Tokenizer(lines)  # holds nothing back behind a line end, so both read from one place
        self.origin = ""
        self.owner: str | None = None

    def next_lines(self) -> list[Records] | None:
        """The records of the next line, and of those that are like it; None behind the last one."""
        start = self.lines.at
        for rdtype, alike in _ALIKE.items():
            if (run := alike.match(self.lines.text, start)) and (run[0][0] not in " \t" or self.owner is not None):
                self.lines.at = run.end()
                return [self._alike(rdtype, run)]
        line = self.lines.readline()
        if not line:
            return None
        if _PLAIN.fullmatch(line):
            indented, words = line[0] in " \t", _plain_words(line)
        else:
            self.lines.at = start
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

    def _alike(self, rdtype: str, run: re.Match[str]) -> Records:
        """What lines that begin alike say."""
        head = run[1]
        if head[0] not in " \t":
            self.owner = self._name(head.split(maxsplit=1)[0])
        assert self.owner is not None
        if rdtype == "TXT":
            return Records(self.owner, rdtype, run[0].encode().split(b'"')[1::2])
        return Records(self.owner, rdtype, [line[len(head) :].rstrip() for line in run[0].splitlines()])

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

    def _directive(self, words: list[Token]) -> list[Records]:
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
            return [Records(owner, rdtype, FAILURE_DIRECTIVES[directive]) for rdtype in types]
        raise ValueError("expected $ORIGIN and a name, $TTL and a time, or $TIMEOUT or $SERVFAIL and a name")

    def _record(self, owner: str, words: list[Token]) -> Records:
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
        return Records(owner, rdtype, (self._data(rdtype, words),))

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
