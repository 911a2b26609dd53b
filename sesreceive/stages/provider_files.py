"""The files in which networks are published: AWS's ``ip-ranges.json``, Spamhaus DROP as text and JSON, a plain list.

A reader gives the networks as they are written, with the line of each and the date that the file bears. What a network
is, is judged by who uses them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from sesreceive.errors import InputError
from sesreceive.json_input import JsonError, parse_json
from sesreceive.wording import count, shown, wrong_kind

__all__ = ["ListKind", "Published", "read_published"]

_AWS = 'Amazon VPC User Guide, "AWS IP address ranges"'
_SPAMHAUS = "Spamhaus DROP"
# Which entries of `ip-ranges.json` are instances; others, such as EC2_INSTANCE_CONNECT, are services beside them.
_SERVICE = "EC2"


class ListKind(StrEnum):
    """What a list of networks is; values are the names on the command line."""

    EC2 = "ec2"
    DROP = "drop"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Published:
    """What a file says.

    Attributes
    ----------
    networks : tuple of str
        As they are written.
    line_of : callable
        The line of a network, by its position.
    published : datetime or None
        When the file was made, where it says so.
    """

    kind: ListKind
    networks: tuple[str, ...]
    line_of: Callable[[int], int]
    published: datetime | None = None


def read_published(text: str, where: str, kind: ListKind | None = None) -> Published:
    r"""The networks of a file.

    Parameters
    ----------
    text : str
        The contents.
    where : str
        What an error calls the file.
    kind : ListKind, optional
        What it has to be; found out by its contents unless given.

    Raises
    ------
    InputError
        When it is something else, or incomplete; the message has the line.

    Examples
    --------
    >>> read_published("; Spamhaus DROP List 2026/01/02\n192.0.2.0/24 ; SBL1\n", "drop.txt").networks
    ('192.0.2.0/24',)
    >>> read_published('{"cidr": "192.0.2.0/24"', "drop.json")
    Traceback (most recent call last):
    sesreceive.errors.InputError: drop.json line 1: expected a JSON object but got `{"cidr": "192.0.2.0/24"` ...
    """
    start = text.lstrip()[:1]
    if kind is None:
        looks_like_aws = start == "{" and '"prefixes"' in text
        kind = ListKind.EC2 if looks_like_aws else ListKind.DROP if start in ("{", ";") else ListKind.PLAIN
    if kind is ListKind.EC2:
        return _ec2(text, where)
    if kind is ListKind.DROP:
        return _drop_lines(text, where) if start == "{" else _drop_text(text, where)
    return _lines(text, "#", ListKind.PLAIN)


def _error(where: str, line: int, message: str, source: str) -> InputError:
    return InputError(f"{where} line {line}: {message} [{source}]")


# ---------------------------------------------------------------- ip-ranges.json


def _ec2(text: str, where: str) -> Published:
    try:
        document = parse_json(text)
    except JsonError as error:
        raise _error(where, error.line, f"expected JSON, {error.problem}", _AWS) from None
    if not isinstance(document, dict):
        raise _error(where, 1, wrong_kind("an object with `prefixes`", document), _AWS)
    networks: list[str] = []
    for key, member in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")):
        entries = document.get(key, [] if key == "ipv6_prefixes" else None)
        if not isinstance(entries, list):
            raise _error(where, _line(text, f'"{key}"'), wrong_kind(f"a list as `{key}`", entries), _AWS)
        for position, entry in enumerate(entries):
            place = f"{key}[{position}]"
            if not isinstance(entry, Mapping):
                raise _error(where, _line(text, f'"{key}"'), wrong_kind(f"an object as `{place}`", entry), _AWS)
            if entry.get("service") != _SERVICE:
                continue
            network = entry.get(member)
            if not isinstance(network, str):
                expected = wrong_kind(f"a network as `{place}.{member}`", network)
                raise _error(where, _line(text, f'"{key}"'), expected, _AWS)
            networks.append(network)
    if not networks:
        raise _error(where, 1, f"expected networks of the service `{_SERVICE}` but there is none", _AWS)
    return Published(
        ListKind.EC2,
        tuple(networks),
        lambda position: _line(text, json.dumps(networks[position])),
        _create_date(document.get("createDate"), text, where),
    )


def _create_date(value: Any, text: str, where: str) -> datetime | None:
    if value is None:  # somebody took out the part he needs
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    except (ValueError, TypeError):
        expected = wrong_kind("a date such as `2026-01-02-10-05-05` as `createDate`", value)
        raise _error(where, _line(text, '"createDate"'), expected, _AWS) from None


def _line(text: str, part: str) -> int:
    """The line on which a part of the text first stands."""
    return text.count("\n", 0, max(0, text.find(part))) + 1


# ---------------------------------------------------------------- Spamhaus DROP


def _drop_lines(text: str, where: str) -> Published:
    """One JSON object a line; those of ``"type": "metadata"`` say how many there are, and when they were counted."""
    networks: list[str] = []
    lines: list[int] = []
    promised: int | None = None
    dates: list[datetime] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        entry = _object(line, where, number)
        if entry.get("type") == "metadata":
            try:
                promised = (promised or 0) + int(entry["records"])
                dates.append(datetime.fromtimestamp(int(entry["timestamp"]), UTC))
            except (KeyError, TypeError, ValueError, OverflowError, OSError):
                message = "expected whole numbers as `timestamp` and `records` of the metadata"
                raise _error(where, number, message, _SPAMHAUS) from None
            continue
        if not isinstance(entry.get("cidr"), str):
            raise _error(where, number, wrong_kind("a network as `cidr`", entry.get("cidr")), _SPAMHAUS)
        networks.append(entry["cidr"])
        lines.append(number)
    last = text.count("\n") + 1
    if promised is not None and promised != len(networks):
        message = f"expected {count(promised, 'network')}, as its metadata says, but got {len(networks)}"
        raise _error(where, last, message, _SPAMHAUS)
    if not networks:
        raise _error(where, last, "expected networks but there is none", _SPAMHAUS)
    # Of two files in one the older date counts: a list is as old as its oldest part.
    return Published(ListKind.DROP, tuple(networks), lines.__getitem__, min(dates, default=None))


def _object(line: str, where: str, number: int) -> Mapping[str, Any]:
    try:
        entry = parse_json(line)
    except JsonError:
        entry = None
    if not isinstance(entry, dict):
        raise _error(where, number, f"expected a JSON object but got {shown(line.strip())}", _SPAMHAUS)
    return entry


def _drop_text(text: str, where: str) -> Published:
    """A network a line, then ``;`` and its number; comments at the top have the date."""
    published = None
    for line in text[:4096].split("\n"):
        if not line.startswith(";"):
            break
        name, _, value = line.lstrip("; ").partition(":")
        if name.lower() == "last-modified":
            published = _http_date(value.strip())
    plain = _lines(text, ";", ListKind.DROP)
    if not plain.networks:
        raise _error(where, text.count("\n") + 1, "expected networks but there is none", _SPAMHAUS)
    return Published(ListKind.DROP, plain.networks, plain.line_of, published)


def _http_date(value: str) -> datetime | None:
    """The date in a comment; a comment may say anything."""
    try:
        date = parsedate_to_datetime(value)
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _lines(text: str, comment: str, kind: ListKind) -> Published:
    """One network a line, behind which a comment may stand."""
    networks: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        network = line.partition(comment)[0].strip()
        if network:
            networks.append(network)
            lines.append(number)
    return Published(kind, tuple(networks), lines.__getitem__)
