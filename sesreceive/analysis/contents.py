"""Where the contents of two effects of one kind begin to differ: a line of a message, a place in a JSON text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sesreceive.effects import Effect
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json

__all__ = ["first_difference"]

# As much of either side is shown.
_SHOWN = 160
# What depends on how fast the machine is, or on where things stand in the configuration.
_ASIDE = {"processingTimeMillis"}
_UNTOLD = {"action", "rule"}


def first_difference(one: Effect, other: Effect) -> tuple[str, str, str]:
    r"""The place of the first difference, what stands there in `one`, and what in `other`; empty when there is none.

    Parameters
    ----------
    one, other : Effect
        Of the same class.

    Examples
    --------
    >>> from sesreceive.effects import Publish, PutObject
    >>> def stored(body):
    ...     return PutObject(bucket="inbox", key="k", body=body)
    >>> first_difference(stored(b"X-Seen: yes\r\n\r\nhi\r\n"), stored(b"X-Seen: no\r\n\r\nhi\r\n"))
    ('line 1', 'X-Seen: yes', 'X-Seen: no')
    >>> def told(message):
    ...     return Publish(topic_arn="arn", subject="", message=message)
    >>> first_difference(told('{"receipt": {"spamVerdict": "PASS"}}'), told('{"receipt": {"spamVerdict": "FAIL"}}'))
    ('receipt.spamVerdict', 'PASS', 'FAIL')
    """
    for item in fields(one):
        ours, others = getattr(one, item.name), getattr(other, item.name)
        if ours == others or item.name in _UNTOLD:
            continue
        if isinstance(ours, bytes) and isinstance(others, bytes):
            return _line(ours, others)
        if isinstance(ours, str) and isinstance(others, str):
            found = _json(ours, others)
            if found is None:
                return item.name, _shown(ours), _shown(others)
            if found[0]:
                return found
        else:
            return item.name, _shown(ours), _shown(others)
    return "", "", ""


def _shown(value: Any) -> str:
    return one_line("–" if value is None or value == "" else value, _SHOWN)


def _line(ours: bytes, others: bytes) -> tuple[str, str, str]:
    """The first line that differs, counted from 1."""
    start = number = 0
    while start < len(ours):
        end = ours.find(b"\n", start) + 1 or len(ours)
        if ours[start:end] != others[start:end]:
            break
        start, number = end, number + 1
    return f"line {number + 1}", _line_at(ours, start), _line_at(others, start)


def _line_at(data: bytes, start: int) -> str:
    line = data[start : min(start + _SHOWN, data.find(b"\n", start) + 1 or len(data))]
    return _shown(line.rstrip(b"\r\n").decode("utf-8", "replace"))


def _json(ours: str, others: str) -> tuple[str, str, str] | None:
    """The first place in two JSON texts that differs; None where they are none."""
    try:
        both = parse_json(ours), parse_json(others)
    except InputError:
        return None
    return next(_walk(*both, ""), ("", "", ""))


def _walk(one: Any, other: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            if name not in _ASIDE:
                yield from _walk(one.get(name), other.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(one, list) and isinstance(other, list):
        for at in range(max(len(one), len(other))):
            ours, others = (side[at] if at < len(side) else None for side in (one, other))
            yield from _walk(ours, others, f"{path}[{at}]")
    elif one != other:
        yield path, _shown(one), _shown(other)
