"""Resource records as text: how each type is written, read and checked.

A zone holds a value in the form a `DnsAnswer` gives it: addresses and names as text, MX as
``"10 mx.example.com"``, TXT as bytes.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sesreceive.dns.names import is_valid, normalize
from sesreceive.dns.resolver import DnsStatus

__all__ = [
    "RECORD_TYPES",
    "RecordType",
    "Value",
    "ZoneRecord",
    "absolute_name",
    "read_other",
    "read_value",
    "type_named",
    "write_name",
    "write_value",
]

Value = str | bytes
Absolute = Callable[[str], str]


class ZoneRecord(NamedTuple):
    """One line of a zone: a record, or that questions of a type (``*``: of every other type) fail."""

    name: str
    rdtype: str
    value: Value | DnsStatus


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type: what its data are, who says so, and how they are read from their words."""

    expected: str
    source: str
    read: Callable[[Sequence[Any], Absolute], Value]


def _ip4(words: Sequence[Any], _: Absolute) -> Value:
    (word,) = words
    return str(ipaddress.IPv4Address(word))


def _ip6(words: Sequence[Any], _: Absolute) -> Value:
    (word,) = words
    return str(ipaddress.IPv6Address(word))


def _name(words: Sequence[Any], absolute: Absolute) -> Value:
    (word,) = words
    return absolute(word) or "."


def _mx(words: Sequence[Any], absolute: Absolute) -> Value:
    preference, exchange = words
    number = int(preference)
    if not 0 <= number <= 65535:
        raise ValueError(preference)
    return f"{number} {absolute(exchange) or '.'}"  # RFC 7505: `0 .` says that there is no mail


def _txt(words: Sequence[Any], _: Absolute) -> Value:
    if not words:
        raise ValueError
    return b"".join(word if isinstance(word, bytes) else word.encode() for word in words)


# The types that mail asks for; every other type is read by dnspython and kept as the text it writes.
RECORD_TYPES: Mapping[str, RecordType] = {
    "A": RecordType("an IPv4 address", "RFC 1035 section 3.4.1", _ip4),
    "AAAA": RecordType("an IPv6 address", "RFC 3596 section 2.4", _ip6),
    "MX": RecordType("a preference from 0 to 65535 and a name", "RFC 1035 section 3.3.9", _mx),
    "TXT": RecordType("one or more strings", "RFC 1035 section 3.3.14", _txt),
    "SPF": RecordType("one or more strings", "RFC 4408 section 3.1.1", _txt),
    "CNAME": RecordType("a name", "RFC 1035 section 3.3.1", _name),
    "PTR": RecordType("a name", "RFC 1035 section 3.3.12", _name),
    "NS": RecordType("a name", "RFC 1035 section 3.3.11", _name),
}


def type_named(text: str) -> str:
    """The record type of this name, in capitals.

    Raises
    ------
    ValueError
        When there is none; the message says what was expected.

    Examples
    --------
    >>> type_named("txt")
    'TXT'
    >>> type_named("TXTT")
    Traceback (most recent call last):
    ValueError: expected a record type such as A, AAAA, MX or TXT (did you mean TXT?)
    """
    name = text.upper()
    if name in RECORD_TYPES:
        return name
    import dns.exception
    import dns.rdatatype

    try:
        known = dns.rdatatype.from_text(name)
        if not dns.rdatatype.is_metatype(known):
            return name
    except (dns.exception.DNSException, ValueError):
        pass
    near = difflib.get_close_matches(name, RECORD_TYPES, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise ValueError(f"expected a record type such as A, AAAA, MX or TXT{hint}")


def absolute_name(text: str) -> str:
    """The name in normal form.

    Raises
    ------
    ValueError
        When DNS can hold no such name.
    """
    name = normalize(text)
    if not is_valid(name):
        raise ValueError("expected a name of labels of 1 to 63 characters, 253 in all")
    return name


def read_value(rdtype: str, given: Any) -> Value:
    """One value of a mapping, checked: text as in a zone, ``(10, name)`` for MX, text or bytes or chunks for TXT.

    Raises
    ------
    ValueError
        When it is not what the type holds; the message says what was expected.

    Examples
    --------
    >>> read_value("MX", (10, "MX.example.org."))
    '10 mx.example.org'
    >>> read_value("TXT", ["v=spf1 ", "-all"])
    b'v=spf1 -all'
    """
    if rdtype not in RECORD_TYPES:
        return read_other(rdtype, str(given))
    kind = RECORD_TYPES[rdtype]
    if rdtype in ("TXT", "SPF"):
        words: Iterable[Any] = [given] if isinstance(given, str | bytes) else given or [b""]
    else:
        words = given.split() if isinstance(given, str) and rdtype == "MX" else given
        words = [words] if isinstance(words, str) else words
    try:
        return kind.read(tuple(words), absolute_name)
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f"expected {kind.expected} [{kind.source}]") from None


def read_other(rdtype: str, text: str, origin: str = "") -> str:
    """Data of a type that mail does not ask for, as dnspython writes them.

    Raises
    ------
    ValueError
        When dnspython cannot read them; the message says why.
    """
    import dns.exception
    import dns.name
    import dns.rdata

    try:
        root = dns.name.from_text(write_name(origin) if origin else ".")
        data = dns.rdata.from_text("IN", rdtype, text, origin=root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"expected the data of {rdtype} ({error})") from None
    return str(data.to_text())


def write_name(name: str) -> str:
    r"""The name as zone text, with its final dot; the root, ``.`` or nothing, is one dot.

    Examples
    --------
    >>> print(write_name("a b.example.org"))
    a\032b.example.org.
    >>> print(write_name("."))
    .
    """
    labels = name.removesuffix(".")
    return "".join(c if c >= "!" and c not in '"();\\@$\x7f' else f"\\{ord(c):03}" for c in labels) + "."


def write_value(rdtype: str, value: Value) -> str:
    r"""The data as zone text; TXT in strings of at most 255 octets.

    Examples
    --------
    >>> print(write_value("TXT", b'say "hi"'))
    "say \"hi\""
    >>> write_value("MX", "10 mx.example.org")
    '10 mx.example.org.'
    """
    if isinstance(value, bytes):
        chunks = [value[at : at + 255] for at in range(0, len(value), 255)] or [b""]
        return " ".join(f'"{"".join(map(_escaped, chunk))}"' for chunk in chunks)
    if rdtype in ("CNAME", "NS", "PTR"):
        return write_name(value)
    if rdtype == "MX":
        preference, _, exchange = value.partition(" ")
        return f"{preference} {write_name(exchange)}"
    return value


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{octet:c}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03}"
