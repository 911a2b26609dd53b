"""DNS in memory: the resolver everything uses unless it is given another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import Any

from sesreceive.dns.names import is_valid, normalize, parents
from sesreceive.dns.records import (
    Value,
    ZoneRecord,
    absolute_name,
    read_value,
    type_named,
    write_name,
    write_value,
)
from sesreceive.dns.resolver import DnsAnswer, DnsStatus
from sesreceive.dns.zonefile import read_zone
from sesreceive.errors import InputError, ZoneError, one_line
from sesreceive.wording import count, wrong_kind

__all__ = ["Zone", "ZoneRecord"]

# How often a CNAME is followed. RFC 1034 section 5.2.2 wants loops to end and names no number; we choose what
# RFC 7208 section 4.6.4 allows for look-ups.
MAX_ALIASES = 10

# Words that say how a look-up fails, where a mapping has records.
_FAILURES: Mapping[str, DnsStatus] = {"TIMEOUT": DnsStatus.TIMEOUT, "SERVFAIL": DnsStatus.SERVFAIL}

# Answers that a zone has ready, since many messages lead to the same questions.
_REMEMBERED = 4096

_ANY = "*"  # the type of a failure that covers every type without records
_ROWS_SHOWN = 500

_Node = Mapping[str, "tuple[Value, ...] | DnsStatus"]


class Zone:
    r"""DNS records as a value; answers questions and never asks the network.

    Domains need not be related. Names compare without regard to case, internationalised ones by their
    A-labels. CNAME is followed, ``*`` stands for the names that are not there (RFC 4592), a name with names
    below it exists (RFC 8020), and a name may be said to fail.

    Parameters
    ----------
    records : mapping of name to records
        Records are a mapping of type to one value or a list of them: text as in a zone file; for MX also
        ``(10, name)``, for TXT also bytes or a list of strings. ``"TIMEOUT"`` or ``"SERVFAIL"`` in the place of
        the records, or of the values of one type, says how the look-up ends; ``"*"`` stands for every type
        that has no records. Names are absolute.

    Raises
    ------
    ZoneError
        When a name, type or value is none; the message says which and what was expected.

    Examples
    --------
    >>> zone = Zone({
    ...     "example.org": {"TXT": "v=spf1 mx -all", "MX": (10, "mx.example.org")},
    ...     "mx.example.org": {"A": "192.0.2.7"},
    ...     "slow.example": "TIMEOUT",
    ... })
    >>> zone
    <Zone of 3 names, 3 records, 1 failing>
    >>> zone.resolve("Example.ORG.", "MX").values
    ('10 mx.example.org',)
    >>> [zone.resolve(name, "TXT").status.value for name in ("mx.example.org", "example.net", "slow.example")]
    ['nodata', 'nxdomain', 'timeout']

    References
    ----------
    RFC 1035 section 5; RFC 4592; RFC 8020.
    """

    __slots__ = ("_answers", "_existing", "_nodes")

    _answers: dict[tuple[str, str], DnsAnswer]
    _existing: frozenset[str]
    _nodes: Mapping[str, _Node]

    def __init__(self, records: Mapping[str, Mapping[str, Any] | str] | None = None) -> None:
        nodes: dict[str, dict[str, tuple[Value, ...] | DnsStatus]] = {}
        for name, given in (records or {}).items():
            owner = _owner(name)
            by_type = {_ANY: given} if isinstance(given, str | DnsStatus) else given
            if not isinstance(by_type, Mapping):
                raise _error(name, "", "expected record types with values", given)
            for rdtype, values in by_type.items():
                key, read = _values(name, rdtype, values)
                nodes.setdefault(owner, {})[key] = read
        self._keep(nodes)

    def _keep(self, nodes: Mapping[str, Mapping[str, tuple[Value, ...] | DnsStatus]]) -> None:
        kept = {
            name: MappingProxyType({rdtype: values for rdtype, values in node.items() if values})
            for name, node in nodes.items()
        }
        self._nodes = {name: node for name, node in kept.items() if node}
        existing = {""}
        for name in self._nodes:
            if name not in existing:
                existing.add(name)
                existing.update(parents(name))
        self._existing = frozenset(existing)
        self._answers = {}

    @classmethod
    def _of(cls, nodes: Mapping[str, Mapping[str, tuple[Value, ...] | DnsStatus]]) -> Zone:
        zone = cls.__new__(cls)
        zone._keep(nodes)
        return zone

    @classmethod
    def parse(cls, text: str) -> Zone:
        r"""The zone of a zone file's text (RFC 1035 section 5.1).

        Known are ``$ORIGIN``, ``$TTL``, classes, parentheses, quoted strings, comments, ``@`` and names left out.
        Without ``$ORIGIN`` a name needs no final dot. ``$TIMEOUT name`` and ``$SERVFAIL name``, followed by types
        or by none, say that questions fail.

        Raises
        ------
        ZoneError
            When a line cannot be read; the message has its number, what was expected and the line.

        Examples
        --------
        >>> zone = Zone.parse('''
        ... $ORIGIN example.org.
        ... @     IN TXT  "v=spf1 mx -all"   ; the strings of one record are joined
        ...       IN MX   10 mx
        ... mx    IN A    192.0.2.7
        ... $TIMEOUT slow.example.
        ... ''')
        >>> zone.resolve("example.org", "MX").values
        ('10 mx.example.org',)
        >>> Zone.parse("example.org. IN MX mx.example.org.")
        Traceback (most recent call last):
        sesreceive.errors.ZoneError: zone line 1: expected a preference from 0 to 65535 and a name
        [RFC 1035 section 3.3.9] but got `example.org. IN MX mx.example.org.`
        """
        if not isinstance(text, str):
            raise InputError(f"zone: {wrong_kind('text', text)}")
        nodes: dict[str, dict[str, list[Value] | DnsStatus]] = {}
        for name, rdtype, values in read_zone(text):
            node = nodes.setdefault(name, {})
            before = node.get(rdtype)
            if isinstance(values, DnsStatus):
                node[rdtype] = values
            elif isinstance(before, list):
                before.extend(values)
            else:
                node[rdtype] = [*values]
        return cls._of(
            {
                name: {key: tuple(kept) if isinstance(kept, list) else kept for key, kept in node.items()}
                for name, node in nodes.items()
            }
        )

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer to a question; a name that DNS cannot hold does not exist.

        Examples
        --------
        >>> zone = Zone({"*.example.com": {"A": "192.0.2.1"}, "www.example.com": {"CNAME": "any.example.com"}})
        >>> zone.resolve("www.example.com", "A").values
        ('192.0.2.1',)
        """
        answer = self._answers.get((name, rdtype))
        if answer is None:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            answer = self._answers[name, rdtype] = self._answer(normalize(name), rdtype.upper())
        return answer

    def _answer(self, owner: str, rdtype: str) -> DnsAnswer:
        seen: set[str] = set()
        while owner not in seen and len(seen) <= MAX_ALIASES:
            seen.add(owner)
            node = self._node(owner)
            if node is None:
                return DnsAnswer(DnsStatus.NXDOMAIN)
            found = node.get(rdtype)
            if found is None and rdtype != "CNAME" and isinstance(alias := node.get("CNAME"), tuple):
                owner = normalize(str(alias[0]))
                continue
            if found is None:
                found = node.get(_ANY, ())
            if isinstance(found, DnsStatus):
                return DnsAnswer(found)
            return DnsAnswer(DnsStatus.FOUND, found) if found else DnsAnswer(DnsStatus.NODATA)
        return DnsAnswer(DnsStatus.NODATA)  # a loop, or too long a chain, comes to nothing

    def _node(self, owner: str) -> _Node | None:
        """What stands at a name, or at the wildcard that stands for it; None where it does not exist."""
        if (node := self._nodes.get(owner)) is not None:
            return node
        if not is_valid(owner):
            return None
        if owner in self._existing:
            return {}
        for parent in (*parents(owner), ""):
            if parent in self._existing:  # RFC 4592 section 3.3.1: the closest encloser
                return self._nodes.get(f"*.{parent}" if parent else "*")
        return None

    def with_records(self, records: Mapping[str, Mapping[str, Any] | str]) -> Zone:
        """A zone that has these records too; they replace those of the same name and type.

        Examples
        --------
        >>> Zone({"example.org": {"A": "192.0.2.1"}}).with_records({"example.org": {"A": "192.0.2.2"}}).records
        (ZoneRecord(name='example.org', rdtype='A', value='192.0.2.2'),)
        """
        return self | Zone(records)

    def without(self, name: str, rdtype: str | None = None) -> Zone:
        """A zone that lacks a name, or its records of one type; names below it stay."""
        owner = normalize(name)
        kept = {
            one: {t: values for t, values in node.items() if one != owner or (rdtype and t != rdtype.upper())}
            for one, node in self._nodes.items()
        }
        return self._of(kept)

    def merge(self, other: Zone) -> Zone:
        """Both zones in one; where they share a name and type, `other` counts. Also written ``zone | other``."""
        merged = {name: dict(node) for name, node in self._nodes.items()}
        for name, node in other._nodes.items():
            merged.setdefault(name, {}).update(node)
        return self._of(merged)

    def __or__(self, other: object) -> Zone:
        """`merge`; a mapping is taken as its zone."""
        if isinstance(other, Mapping):
            other = Zone(other)
        return self.merge(other) if isinstance(other, Zone) else NotImplemented

    @property
    def names(self) -> tuple[str, ...]:
        """The names that have records or fail, in the order they were given."""
        return tuple(self._nodes)

    @property
    def records(self) -> tuple[ZoneRecord, ...]:
        """Every record and failure, in the order they were given."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[ZoneRecord]:
        for name, node in self._nodes.items():
            for rdtype, values in node.items():
                if isinstance(values, DnsStatus):
                    yield ZoneRecord(name, rdtype, values)
                else:
                    yield from (ZoneRecord(name, rdtype, value) for value in values)

    def to_text(self) -> str:
        r"""Zone-file text that `parse` reads back to an equal zone.

        Examples
        --------
        >>> print(Zone({"example.org": {"TXT": "v=spf1 -all", "A": "SERVFAIL"}}).to_text(), end="")
        example.org. IN TXT "v=spf1 -all"
        $SERVFAIL example.org. A
        """
        return "".join(f"{_line(record)}\n" for record in self._lines())

    def __eq__(self, other: object) -> bool:
        """Zones are equal when they answer alike."""
        return isinstance(other, Zone) and self._nodes == other._nodes

    def __hash__(self) -> int:
        """Hash of the names."""
        return hash(frozenset(self._nodes))

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from the records when unpickled in another process."""
        return _rebuilt, ({name: dict(node) for name, node in self._nodes.items()},)

    def __repr__(self) -> str:
        """One line: how many names and records."""
        failing = sum(isinstance(values, DnsStatus) for node in self._nodes.values() for values in node.values())
        records = len(self.records) - failing
        parts = [count(len(self._nodes), "name"), count(records, "record")]
        return f"<Zone of {', '.join(parts)}{f', {failing} failing' if failing else ''}>"

    def _repr_html_(self) -> str:
        """The records as a table."""
        lines = self.records
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in _cells(line)) + "</tr>"
            for line in lines[:_ROWS_SHOWN]
        )
        left = len(lines) - _ROWS_SHOWN
        more = f"<p>and {left} more</p>" if left > 0 else ""
        head = "".join(f"<th style='text-align:left'>{title}</th>" for title in ("name", "type", "value"))
        return (
            f"<table><caption>{escape(repr(self))}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table>{more}"
        )


def _rebuilt(nodes: Mapping[str, Mapping[str, tuple[Value, ...] | DnsStatus]]) -> Zone:
    return Zone._of(nodes)


def _error(name: object, rdtype: object, expected: object, got: object) -> ZoneError:
    where = one_line(f"{name} {rdtype}".strip())
    return ZoneError(f"zone `{where}`: {expected} but got `{one_line(got)}`")


def _owner(name: str) -> str:
    try:
        return absolute_name(name)
    except (ValueError, AttributeError) as error:
        expected = error if isinstance(error, ValueError) else "expected a name as text"
        raise ZoneError(f"zone: {expected} but got `{one_line(name)}`") from None


def _values(name: str, rdtype: str, values: Any) -> tuple[str, tuple[Value, ...] | DnsStatus]:
    """One type of a mapping and what was given for it, checked."""
    try:
        key = _ANY if rdtype == _ANY else type_named(str(rdtype))
    except ValueError as error:
        raise _error(name, "", error, rdtype) from None
    if isinstance(values, DnsStatus) and values in _FAILURES.values():
        return key, values
    if isinstance(values, str) and values in _FAILURES:
        return key, _FAILURES[values]
    if key == _ANY:
        raise _error(name, "", "expected TIMEOUT, SERVFAIL or record types with values", values)
    if isinstance(values, str | bytes) or (key == "MX" and _is_pair(values)):
        values = [values]
    try:
        values = list(values)
    except TypeError:
        raise _error(name, key, "expected a list of values", values) from None
    return key, tuple(_value(name, key, value) for value in values)


def _value(name: str, rdtype: str, value: Any) -> Value:
    try:
        return read_value(rdtype, value)
    except ValueError as error:
        raise _error(name, rdtype, error, value) from None


def _is_pair(values: Any) -> bool:
    return isinstance(values, tuple) and len(values) == 2 and isinstance(values[0], int)


def _line(record: ZoneRecord) -> str:
    if isinstance(record.value, DnsStatus):
        word = next(word for word, status in _FAILURES.items() if status is record.value)
        return f"${word} {write_name(record.name)}" + ("" if record.rdtype == _ANY else f" {record.rdtype}")
    return f"{write_name(record.name)} IN {record.rdtype} {write_value(record.rdtype, record.value)}"


def _cells(record: ZoneRecord) -> tuple[str, str, str]:
    if isinstance(record.value, DnsStatus):
        return record.name, "every other type" if record.rdtype == _ANY else record.rdtype, record.value.value
    value = record.value
    return record.name, record.rdtype, value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
