"""Terraform's functions that have a value although some of their arguments are open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from sesreceive.formats.hcl_functions import (
    Unfit,
    Unknown,
    as_element,
    as_list,
    as_map,
    as_number,
    as_plain_text,
    as_text,
    as_whole,
    same,
)
from sesreceive.formats.open_json import json_text
from sesreceive.formats.unresolved import Open, OpenText, first_open, is_open, text_of

__all__ = ["PARTIAL"]


def _spread(value: Any) -> list[Any]:
    """The elements of a list, an open list as one open element that stands for any number."""
    if isinstance(value, Open):
        return [value if value.many else Open(value.name, value.place, value.why, value.hint, True, value.secret)]
    return as_list(value)


def _concat(*lists: Any) -> list[Any]:
    return [one for elements in lists for one in _spread(elements)]


def _flatten(elements: Any) -> list[Any]:
    flat: list[Any] = []
    waiting = list(reversed(_spread(elements)))
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        else:
            flat.append(one)
    return flat


def _distinct(elements: Any) -> list[Any]:
    kept: list[Any] = []
    texts: set[str] = set()
    for one in _spread(elements):
        if isinstance(one, str):
            if one in texts:
                continue
            texts.add(one)
        elif one in kept:
            continue
        kept.append(one)
    return kept


def _toset(elements: Any) -> list[Any]:
    """A set; Terraform goes over the texts of one in order of their bytes."""
    kept = _distinct(elements)
    return kept if any(not isinstance(one, str) for one in kept) else sorted(kept)


def _compact(elements: Any) -> list[Any]:
    return [one for one in _spread(elements) if one is not None and one != ""]


def _join(separator: Any, *lists: Any) -> Any:
    elements = _concat(*lists)
    if any(isinstance(one, Open) and one.many for one in elements) or not isinstance(separator, str):
        return _open(separator, elements)
    parts: list[Any] = []
    for position, one in enumerate(elements):
        parts += [separator] if position else []
        parts.append(as_text(one))
    return text_of(parts)


def _open(*values: Any) -> Any:
    """Give up: the value of the call is not known, since one of these is open."""
    opened = first_open(list(values))
    assert opened is not None
    raise Unknown(opened)


_VERB = re.compile(r"%(?:\[(\d+)\])?([-+ #0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])")


def _format(spec: Any, *values: Any) -> Any:
    if is_open(spec):
        return _open(spec)
    parts: list[Any] = []
    end = taken = 0
    spec = as_plain_text(spec)
    for match in _VERB.finditer(spec):
        parts.append(spec[end : match.start()])
        end = match.end()
        if match[5] == "%":
            parts.append("%")
            continue
        if match[1]:
            taken = int(match[1]) - 1
        if taken >= len(values):
            raise Unfit("expected a value for each verb")
        value = values[taken]
        taken += 1
        parts.append(value if is_open(value) else _verb(match, value))
    return text_of([*parts, spec[end:]])


def _verb(match: re.Match[str], value: Any) -> str:
    flags, width, digits, verb = match[2], min(int(match[3] or 0), 200), match[4], match[5]
    if verb == "d":
        text = str(as_whole(value))
    elif verb in "fe":
        text = f"{as_number(value):.{min(int(digits or 6), 50)}{verb}}"
    elif verb in "xXo":
        text = format(as_whole(value), verb)
    elif verb == "q":
        text = json.dumps(as_plain_text(value))
    elif verb in "sv" and isinstance(value, (list, dict)):
        text = json.dumps(value, separators=(",", ":"))
    elif verb in "svt":
        text = as_plain_text(value)
    else:
        raise Unfit(f"expected a verb of format but got %{verb}")
    if "-" in flags:
        return text.ljust(width)
    return text.rjust(width, "0" if "0" in flags and verb != "s" else " ")


def _formatlist(spec: Any, *values: Any) -> Any:
    lists = [one for one in values if isinstance(one, list)]
    length = max((len(one) for one in lists), default=1)
    if any(isinstance(one, Open) for one in values):
        return _open(*values)
    if any(len(one) != length for one in lists):
        raise Unfit("expected lists of one length")
    return [_format(spec, *(one[at] if isinstance(one, list) else one for one in values)) for at in range(length)]


def _lookup(found: Any, key: Any, *default: Any) -> Any:
    if is_open(found) or is_open(key):
        return _open(found, key)
    found, key = as_map(found), as_plain_text(key)
    if key in found:
        return found[key]
    if default:
        return default[0]
    raise Unfit("expected a key of the object, or a default")


def _merge(*maps: Any) -> Any:
    merged: dict[str, Any] = {}
    for one in maps:
        if is_open(one):
            return _open(one)
        if one is not None:
            merged.update(as_map(one))
    return merged


def _coalesce(*values: Any) -> Any:
    for one in values:
        if is_open(one):
            return one
        if one is not None and one != "":
            return one
    raise Unfit("expected a value that is neither null nor empty")


def _coalescelist(*lists: Any) -> Any:
    for one in lists:
        if is_open(one) or one:
            return one
    raise Unfit("expected a list that is not empty")


def _length(value: Any) -> Any:
    if is_open(value):
        return _open(value)
    if isinstance(value, list):
        return _open(value) if any(isinstance(one, Open) and one.many for one in value) else len(value)
    if isinstance(value, (dict, str)):
        return len(value)
    raise Unfit("expected a list, an object or a text")


def _contains(elements: Any, wanted: Any) -> Any:
    elements = _spread(elements)
    if any(same(one, wanted) for one in elements):
        return True
    return _open(elements, wanted) if first_open([elements, wanted]) else False


def _one(elements: Any) -> Any:
    elements = _spread(elements)
    if len(elements) > 1:
        raise Unfit("expected at most one element")
    return elements[0] if elements else None


def _keys(found: Any) -> Any:
    return _open(found) if is_open(found) else sorted(as_map(found))


def _values(found: Any) -> Any:
    return _open(found) if is_open(found) else [found[key] for key in sorted(as_map(found))]


def _split(separator: Any, text: Any) -> Any:
    if isinstance(text, Open) or is_open(separator):
        opened = first_open([text, separator])
        assert opened is not None
        return _spread(opened.within(f"split of {opened.name}"))
    if not isinstance(text, OpenText):
        return as_plain_text(text).split(as_plain_text(separator)) if separator else list(as_plain_text(text))
    rows: list[list[Any]] = [[]]
    for part in text.parts:
        if isinstance(part, str):
            first, *more = part.split(separator)
            rows[-1].append(first)
            rows += [[piece] for piece in more]
        else:
            rows[-1].append(part)
    return [text_of(row) for row in rows]


def _partial_element(elements: Any, index: Any) -> Any:
    if is_open(elements) or is_open(index):
        return _open(elements, index)
    if any(isinstance(one, Open) and one.many for one in elements or []):
        return _open(elements)
    return as_element(elements, index)


def _tomap(found: Any) -> Any:
    return _open(found) if is_open(found) else as_map(found)


PARTIAL: Mapping[str, Callable[..., Any]] = {
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _partial_element,
    "flatten": _flatten,
    "format": _format,
    "formatlist": _formatlist,
    "join": _join,
    "jsonencode": json_text,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": lambda value: value,
    "one": _one,
    "split": _split,
    "tolist": _spread,
    "tomap": _tomap,
    "toset": _toset,
    "tostring": lambda value: None if value is None else as_text(value),
    "values": _values,
}
