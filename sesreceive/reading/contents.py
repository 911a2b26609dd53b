"""Where the contents of two effects of one kind begin to differ: a line of a message, a place in a JSON text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sesreceive import signs
from sesreceive.effects import Effect
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json

__all__ = ["first_difference"]

# As much of either side is shown.
_SHOWN = 160
# What depends on how fast the machine is, or on where things stand in the configuration.
_ASIDE = {"processingTimeMillis"}
_UNTOLD = {"action", "rule"}


def first_difference(before: Effect, after: Effect) -> tuple[str, str, str]:
    r"""The place of the first difference, what stands there before, and what after; empty when there is none.

    Parameters
    ----------
    before, after : Effect
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
    for item in fields(before):
        was, would_be = getattr(before, item.name), getattr(after, item.name)
        if was == would_be or item.name in _UNTOLD:
            continue
        if isinstance(was, bytes) and isinstance(would_be, bytes):
            return _line(was, would_be)
        if isinstance(was, str) and isinstance(would_be, str):
            place = _json(was, would_be)
            if place is None:
                return item.name, _shown(was), _shown(would_be)
            if place[0]:
                return place
        else:
            return item.name, _shown(was), _shown(would_be)
    return "", "", ""


def _shown(value: Any) -> str:
    return one_line(signs.NONE if value is None or value == "" else value, _SHOWN)


def _line(before: bytes, after: bytes) -> tuple[str, str, str]:
    """The first line that differs, counted from 1."""
    start = number = 0
    while start < len(before):
        end = before.find(b"\n", start) + 1 or len(before)
        if before[start:end] != after[start:end]:
            break
        start, number = end, number + 1
    return f"line {number + 1}", _line_at(before, start), _line_at(after, start)


def _line_at(data: bytes, start: int) -> str:
    line = data[start : min(start + _SHOWN, data.find(b"\n", start) + 1 or len(data))]
    return _shown(line.rstrip(b"\r\n").decode("utf-8", "replace"))


def _json(before: str, after: str) -> tuple[str, str, str] | None:
    """The first place in two JSON texts that differs; None where they are none."""
    try:
        both = parse_json(before), parse_json(after)
    except InputError:
        return None
    return next(_walk(*both, ""), ("", "", ""))


def _walk(before: Any, after: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            if name not in _ASIDE:
                yield from _walk(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            was, would_be = (side[at] if at < len(side) else None for side in (before, after))
            yield from _walk(was, would_be, f"{path}[{at}]")
    elif before != after:
        yield path, _shown(before), _shown(after)
