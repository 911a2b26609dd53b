"""Terraform's functions, those that templates about mail use; over plain values, and over open ones where that can be.

A function that is not here leaves its value open, and says so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sesreceive.formats.unresolved import Open, OpenText, first_open, is_open, text_of

__all__ = ["PARTIAL", "PLAIN", "Unfit", "Unknown", "as_text", "same"]


class Unknown(Exception):  # noqa: N818 - becomes an open value
    """A call whose value is open because `opened` is; an open value that is handed on is no such thing."""

    def __init__(self, opened: Open) -> None:
        self.opened = opened
        super().__init__()


class Unfit(Exception):  # noqa: N818 - becomes a Problem
    """Arguments that a function does not take."""


_LONGEST = 1_000_000


def as_text(value: Any) -> Any:
    """A value as a template writes it: numbers and truths become texts, open ones stay.

    Examples
    --------
    >>> as_text(1), as_text(1.5), as_text(True), as_text("a")
    ('1', '1.5', 'true', 'a')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, str) or is_open(value):
        return value
    raise Unfit(f"expected a text but got {_kind(value)}")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return "another kind of value"


def _text(value: Any) -> str:
    found = as_text(value)
    if not isinstance(found, str):
        raise Unfit("expected a text that is known")
    return found


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise Unfit(f"expected a list but got {_kind(value)}")


def _map(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise Unfit(f"expected an object but got {_kind(value)}")


def _number(value: Any) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            raise Unfit("expected a number but got a text") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit(f"expected a number but got {_kind(value)}")
    return value


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise Unfit("expected a whole number")
    return int(number)


def same(left: Any, right: Any) -> bool:
    """Whether two known values are equal as Terraform has it: ``1 == "1"`` is false, ``true`` is no number."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


# ---------------------------------------------------------------- over plain values


def _replace(whole: Any, part: Any, replacement: Any) -> str:
    text, wanted, by = _text(whole), _text(part), _text(replacement)
    if len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        return _pattern(wanted[1:-1]).sub(re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", by), text)
    return text.replace(wanted, by)


def _pattern(text: str) -> re.Pattern[str]:
    # A pattern of a template is run over texts of the template; both are kept short.
    if len(text) > 500:
        raise Unfit("expected a pattern of at most 500 characters")
    if re.search(r"[+*}]\)?[+*{]", text):
        raise Unfit("a pattern with nested repetition is not run")
    try:
        return re.compile(text)
    except re.error as error:
        raise Unfit(f"expected a pattern: {error.msg}") from None


def _regex(pattern: Any, text: Any) -> Any:
    found = _pattern(_text(pattern)).search(_text(text)[:10_000])
    if found is None:
        raise Unfit("the pattern does not match")
    if found.re.groupindex:
        return {name: found[name] for name in found.re.groupindex}
    return list(found.groups()) if found.re.groups else found[0]


def _regexall(pattern: Any, text: Any) -> list[Any]:
    return [
        list(match.groups()) if match.re.groups else match[0]
        for match in _pattern(_text(pattern)).finditer(_text(text)[:10_000])
    ]


def _substr(whole: Any, offset: Any, count: Any) -> str:
    text, start, length = _text(whole), _whole(offset), _whole(count)
    start = max(len(text) + start, 0) if start < 0 else start
    return text[start:] if length < 0 else text[start : start + length]


def _range(*arguments: Any) -> list[Any]:
    numbers = [_whole(one) for one in arguments]
    if not 1 <= len(numbers) <= 3 or numbers[2:] == [0]:
        raise Unfit("expected one to three numbers, the step not 0")
    made = range(*numbers)
    if len(made) > 1024:  # Terraform's own limit
        raise Unfit("expected at most 1024 numbers")
    return list(made)


def _chunklist(elements: Any, size: Any) -> list[Any]:
    elements, size = _list(elements), _whole(size)
    if size < 1:
        raise Unfit("expected a size above 0")
    return [elements[start : start + size] for start in range(0, len(elements), size)]


def _slice(elements: Any, start: Any, end: Any) -> list[Any]:
    return _list(elements)[_whole(start) : _whole(end)]


def _jsondecode(text: Any) -> Any:
    try:
        return json.loads(_text(text))
    except (ValueError, RecursionError):
        raise Unfit("expected JSON") from None


def _yamldecode(text: Any) -> Any:
    from sesreceive.formats.marked_yaml import Syntax, parse_marked

    try:
        return parse_marked(_text(text), "yamldecode", lambda place, message: None)
    except Syntax:
        raise Unfit("expected YAML") from None


def _title(text: Any) -> str:
    return re.sub(r"(?<![^\W_])[^\W\d_]", lambda match: match[0].upper(), _text(text))


def _trim(text: Any, characters: Any) -> str:
    return _text(text).strip(_text(characters))


def _sort(elements: Any) -> list[Any]:
    return sorted(_text(one) for one in _list(elements))


def _sum(elements: Any) -> Any:
    return sum(_number(one) for one in _list(elements))


def _transpose(found: Any) -> dict[str, Any]:
    turned: dict[str, list[str]] = {}
    for key, values in _map(found).items():
        for value in _list(values):
            turned.setdefault(_text(value), []).append(key)
    return dict(sorted(turned.items()))


def _setproduct(*lists: Any) -> list[Any]:
    rows: list[list[Any]] = [[]]
    for elements in lists:
        rows = [[*row, one] for row in rows for one in _list(elements)]
        if len(rows) > 10_000:
            raise Unfit("expected at most 10000 combinations")
    return rows


def _indent(spaces: Any, text: Any) -> str:
    return _text(text).replace("\n", "\n" + " " * min(_whole(spaces), 100))


def _base64decode(text: Any) -> str:
    try:
        return base64.b64decode(_text(text), validate=True).decode()
    except ValueError:
        raise Unfit("expected base64 of UTF-8 text") from None


def _digest(name: str) -> Callable[[Any], str]:
    return lambda text: hashlib.new(name, _text(text).encode(), usedforsecurity=False).hexdigest()


def _extreme(pick: Callable[[Iterable[Any]], Any]) -> Callable[..., Any]:
    return lambda *numbers: pick([_number(one) for one in numbers])


def _element(elements: Any, index: Any) -> Any:
    elements, index = _list(elements), _whole(index)
    if not elements:
        raise Unfit("expected an element but the list is empty")
    return elements[index % len(elements)]


def _index(elements: list[Any], wanted: Any) -> int:
    if wanted not in elements:
        raise Unfit("expected an element of the list")
    return elements.index(wanted)


def _bool(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise Unfit("expected true or false")


PLAIN: Mapping[str, Callable[..., Any]] = {
    "abs": lambda number: abs(_number(number)),
    "base64decode": _base64decode,
    "base64encode": lambda text: base64.b64encode(_text(text).encode()).decode(),
    "ceil": lambda number: -int(-_number(number) // 1),
    "chomp": lambda text: _text(text).rstrip("\r\n"),
    "chunklist": _chunklist,
    "endswith": lambda text, end: _text(text).endswith(_text(end)),
    "floor": lambda number: int(_number(number) // 1),
    "indent": _indent,
    "index": lambda elements, one: _index(_list(elements), one),
    "jsondecode": _jsondecode,
    "lower": lambda text: _text(text).lower(),
    "max": _extreme(max),
    "md5": _digest("md5"),
    "min": _extreme(min),
    "range": _range,
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "reverse": lambda elements: _list(elements)[::-1],
    "setintersection": lambda first, *more: sorted(set(map(_text, _list(first))).intersection(*map(_list, more))),
    "setproduct": _setproduct,
    "setsubtract": lambda first, second: [one for one in _list(first) if one not in _list(second)],
    "setunion": lambda *lists: sorted({_text(one) for elements in lists for one in _list(elements)}),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "slice": _slice,
    "sort": _sort,
    "startswith": lambda text, start: _text(text).startswith(_text(start)),
    "strcontains": lambda text, part: _text(part) in _text(text),
    "strrev": lambda text: _text(text)[::-1],
    "substr": _substr,
    "sum": _sum,
    "title": _title,
    "tonumber": lambda value: None if value is None else _number(value),
    "tobool": _bool,
    "transpose": _transpose,
    "trim": _trim,
    "trimprefix": lambda text, start: _text(text).removeprefix(_text(start)),
    "trimspace": lambda text: _text(text).strip(),
    "trimsuffix": lambda text, end: _text(text).removesuffix(_text(end)),
    "upper": lambda text: _text(text).upper(),
    "yamldecode": _yamldecode,
    "zipmap": lambda keys, values: dict(zip(map(_text, _list(keys)), _list(values), strict=False)),
}


# ---------------------------------------------------------------- over open values too


def _spread(value: Any) -> list[Any]:
    """The elements of a list, an open list as one open element that stands for any number."""
    if isinstance(value, Open):
        return [value if value.many else Open(value.name, value.place, value.why, value.hint, True, value.secret)]
    return _list(value)


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
    spec = _text(spec)
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
        text = str(_whole(value))
    elif verb in "fe":
        text = f"{_number(value):.{min(int(digits or 6), 50)}{verb}}"
    elif verb in "xXo":
        text = format(_whole(value), verb)
    elif verb == "q":
        text = json.dumps(_text(value))
    elif verb in "sv" and isinstance(value, (list, dict)):
        text = json.dumps(value, separators=(",", ":"))
    elif verb in "svt":
        text = _text(value)
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
    found, key = _map(found), _text(key)
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
            merged.update(_map(one))
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
    return _open(found) if is_open(found) else sorted(_map(found))


def _values(found: Any) -> Any:
    return _open(found) if is_open(found) else [found[key] for key in sorted(_map(found))]


def _split(separator: Any, text: Any) -> Any:
    if isinstance(text, Open) or is_open(separator):
        opened = first_open([text, separator])
        assert opened is not None
        return _spread(opened.within(f"split of {opened.name}"))
    if not isinstance(text, OpenText):
        return _text(text).split(_text(separator)) if separator else list(_text(text))
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
    return _element(elements, index)


def _tomap(found: Any) -> Any:
    return _open(found) if is_open(found) else _map(found)


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
    "jsonencode": lambda value: _open(value) if first_open(value) else json.dumps(value, separators=(",", ":")),
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
