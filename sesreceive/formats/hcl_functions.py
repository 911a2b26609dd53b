"""Terraform's functions, those that templates about mail use; over plain values, and over open ones where that can be.

A function that is not here leaves its value open, and says so.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sesreceive.formats.unresolved import Open, is_open
from sesreceive.json_input import JsonError, parse_json

__all__ = [
    "PLAIN",
    "Unfit",
    "Unknown",
    "as_element",
    "as_list",
    "as_map",
    "as_number",
    "as_plain_text",
    "as_text",
    "as_whole",
    "same",
]


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


def as_plain_text(value: Any) -> str:
    """A value as a text that is known; `Unfit` where it is none."""
    found = as_text(value)
    if not isinstance(found, str):
        raise Unfit("expected a text that is known")
    return found


def as_list(value: Any) -> list[Any]:
    """A list as it is; `Unfit` for anything else."""
    if isinstance(value, list):
        return value
    raise Unfit(f"expected a list but got {_kind(value)}")


def as_map(value: Any) -> dict[str, Any]:
    """An object as it is; `Unfit` for anything else."""
    if isinstance(value, dict):
        return value
    raise Unfit(f"expected an object but got {_kind(value)}")


def as_number(value: Any) -> int | float:
    """A number, also one that is written as text; `Unfit` for anything else."""
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            raise Unfit("expected a number but got a text") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit(f"expected a number but got {_kind(value)}")
    return value


def as_whole(value: Any) -> int:
    """A whole number; `Unfit` for anything else."""
    number = as_number(value)
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
    text, wanted, by = as_plain_text(whole), as_plain_text(part), as_plain_text(replacement)
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
    found = _pattern(as_plain_text(pattern)).search(as_plain_text(text)[:10_000])
    if found is None:
        raise Unfit("the pattern does not match")
    if found.re.groupindex:
        return {name: found[name] for name in found.re.groupindex}
    return list(found.groups()) if found.re.groups else found[0]


def _regexall(pattern: Any, text: Any) -> list[Any]:
    return [
        list(match.groups()) if match.re.groups else match[0]
        for match in _pattern(as_plain_text(pattern)).finditer(as_plain_text(text)[:10_000])
    ]


def _substr(whole: Any, offset: Any, count: Any) -> str:
    text, start, length = as_plain_text(whole), as_whole(offset), as_whole(count)
    start = max(len(text) + start, 0) if start < 0 else start
    return text[start:] if length < 0 else text[start : start + length]


def _range(*arguments: Any) -> list[Any]:
    numbers = [as_whole(one) for one in arguments]
    if not 1 <= len(numbers) <= 3 or numbers[2:] == [0]:
        raise Unfit("expected one to three numbers, the step not 0")
    made = range(*numbers)
    if len(made) > 1024:  # Terraform's own limit
        raise Unfit("expected at most 1024 numbers")
    return list(made)


def _chunklist(elements: Any, size: Any) -> list[Any]:
    elements, size = as_list(elements), as_whole(size)
    if size < 1:
        raise Unfit("expected a size above 0")
    return [elements[start : start + size] for start in range(0, len(elements), size)]


def _slice(elements: Any, start: Any, end: Any) -> list[Any]:
    return as_list(elements)[as_whole(start) : as_whole(end)]


def _jsondecode(text: Any) -> Any:
    try:
        return parse_json(as_plain_text(text))
    except JsonError as error:
        raise Unfit(f"expected JSON: {error.problem}") from None


def _yamldecode(text: Any) -> Any:
    from sesreceive.formats.marked_yaml import Syntax, parse_marked

    try:
        return parse_marked(as_plain_text(text), "yamldecode", lambda place, message: None)
    except Syntax:
        raise Unfit("expected YAML") from None


def _title(text: Any) -> str:
    return re.sub(r"(?<![^\W_])[^\W\d_]", lambda match: match[0].upper(), as_plain_text(text))


def _trim(text: Any, characters: Any) -> str:
    return as_plain_text(text).strip(as_plain_text(characters))


def _sort(elements: Any) -> list[Any]:
    return sorted(as_plain_text(one) for one in as_list(elements))


def _sum(elements: Any) -> Any:
    return sum(as_number(one) for one in as_list(elements))


def _transpose(found: Any) -> dict[str, Any]:
    turned: dict[str, list[str]] = {}
    for key, values in as_map(found).items():
        for value in as_list(values):
            turned.setdefault(as_plain_text(value), []).append(key)
    return dict(sorted(turned.items()))


def _setintersection(first: Any, *others: Any) -> list[str]:
    return sorted(set(map(as_plain_text, as_list(first))).intersection(*map(as_list, others)))


def _setproduct(*lists: Any) -> list[Any]:
    rows: list[list[Any]] = [[]]
    for elements in lists:
        rows = [[*row, one] for row in rows for one in as_list(elements)]
        if len(rows) > 10_000:
            raise Unfit("expected at most 10000 combinations")
    return rows


def _indent(spaces: Any, text: Any) -> str:
    return as_plain_text(text).replace("\n", "\n" + " " * min(as_whole(spaces), 100))


def _base64decode(text: Any) -> str:
    try:
        return base64.b64decode(as_plain_text(text), validate=True).decode()
    except ValueError:
        raise Unfit("expected base64 of UTF-8 text") from None


def _digest(name: str) -> Callable[[Any], str]:
    return lambda text: hashlib.new(name, as_plain_text(text).encode(), usedforsecurity=False).hexdigest()


def _extreme(pick: Callable[[Iterable[Any]], Any]) -> Callable[..., Any]:
    return lambda *numbers: pick([as_number(one) for one in numbers])


def as_element(elements: Any, index: Any) -> Any:
    """An element of a list, beginning anew behind its end."""
    elements, index = as_list(elements), as_whole(index)
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
    "abs": lambda number: abs(as_number(number)),
    "base64decode": _base64decode,
    "base64encode": lambda text: base64.b64encode(as_plain_text(text).encode()).decode(),
    "ceil": lambda number: -int(-as_number(number) // 1),
    "chomp": lambda text: as_plain_text(text).rstrip("\r\n"),
    "chunklist": _chunklist,
    "endswith": lambda text, end: as_plain_text(text).endswith(as_plain_text(end)),
    "floor": lambda number: int(as_number(number) // 1),
    "indent": _indent,
    "index": lambda elements, one: _index(as_list(elements), one),
    "jsondecode": _jsondecode,
    "lower": lambda text: as_plain_text(text).lower(),
    "max": _extreme(max),
    "md5": _digest("md5"),
    "min": _extreme(min),
    "range": _range,
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "reverse": lambda elements: as_list(elements)[::-1],
    "setintersection": _setintersection,
    "setproduct": _setproduct,
    "setsubtract": lambda first, second: [one for one in as_list(first) if one not in as_list(second)],
    "setunion": lambda *lists: sorted({as_plain_text(one) for elements in lists for one in as_list(elements)}),
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "slice": _slice,
    "sort": _sort,
    "startswith": lambda text, start: as_plain_text(text).startswith(as_plain_text(start)),
    "strcontains": lambda text, part: as_plain_text(part) in as_plain_text(text),
    "strrev": lambda text: as_plain_text(text)[::-1],
    "substr": _substr,
    "sum": _sum,
    "title": _title,
    "tonumber": lambda value: None if value is None else as_number(value),
    "tobool": _bool,
    "transpose": _transpose,
    "trim": _trim,
    "trimprefix": lambda text, start: as_plain_text(text).removeprefix(as_plain_text(start)),
    "trimspace": lambda text: as_plain_text(text).strip(),
    "trimsuffix": lambda text, end: as_plain_text(text).removesuffix(as_plain_text(end)),
    "upper": lambda text: as_plain_text(text).upper(),
    "yamldecode": _yamldecode,
    "zipmap": lambda keys, values: dict(zip(map(as_plain_text, as_list(keys)), as_list(values), strict=False)),
}
