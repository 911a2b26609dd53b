"""JSON text with open parts: what ``jsonencode`` and templates make, and the value in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sesreceive.errors import InputError
from sesreceive.formats.place import Row, Table
from sesreceive.formats.unresolved import Open, OpenText, is_open, text_of
from sesreceive.json_input import parse_json

__all__ = ["json_text", "json_value"]

# Stands in the text for an open part, to be found again in what is parsed.
_SIGN = "\u241f"
_MARK = f"{_SIGN}{{}}{_SIGN}"
_MARKS = re.compile(f"{_SIGN}([0-9]+){_SIGN}")


def json_text(value: Any) -> str | Open | OpenText:
    """The value as JSON text; an open value in it is an open part of a text.

    Examples
    --------
    >>> from sesreceive.formats.place import Place
    >>> json_text({"a": [Open("var.x", Place("main.tf", 3)), 1]}).name
    '{"a":["${var.x}",1]}'
    """
    held: list[str | Open] = []
    text = json.dumps(_marked(value, held), separators=(",", ":"), ensure_ascii=False)
    return _with_open_parts(text, held)


def json_value(text: str | OpenText, *, where: str = "the text") -> Any:
    """The value in JSON text with open parts; open as a whole where one of them is no part of a text.

    Parameters
    ----------
    text : str or OpenText
        The text, with open parts.
    where : str
        What the error calls it.

    Raises
    ------
    InputError
        When it is no JSON, as `parse_json` says it.

    Examples
    --------
    >>> from sesreceive.formats.place import Place
    >>> json_value(OpenText(('{"a":"in@', Open("var.x", Place("main.tf", 3)), '"}')))["a"].name
    'in@${var.x}'
    """
    held: list[str | Open] = []
    marked = _marked(text, held)
    try:
        return _opened(parse_json(marked, where=where), held)
    except InputError:
        opened = next((part for part in held if isinstance(part, Open)), None)
        if opened is None:
            raise
        # A part that is no text may be any value; what is wrong with null in its place is wrong with all of them.
        parse_json(_MARKS.sub("null", marked), where=where)
        return opened


def _marked(value: Any, held: list[str | Open]) -> Any:
    """The value with a mark for each open part; a sign of marks that was there before is a part of its own."""
    if isinstance(value, str) and _SIGN in value:
        held.append(_SIGN)
        return value.replace(_SIGN, _MARK.format(len(held) - 1))
    if isinstance(value, OpenText):
        return "".join(_marked(part, held) for part in value.parts)
    if isinstance(value, Open):
        held.append(value)
        return _MARK.format(len(held) - 1)
    if isinstance(value, Mapping):
        return {_marked(key if is_open(key) else str(key), held): _marked(inner, held) for key, inner in value.items()}
    return [_marked(inner, held) for inner in value] if isinstance(value, (list, tuple)) else value


def _with_open_parts(text: str, held: list[str | Open]) -> str | Open | OpenText:
    pieces = _MARKS.split(text)
    return text_of([held[int(piece)] if at % 2 else piece for at, piece in enumerate(pieces)])


def _opened(value: Any, held: list[str | Open]) -> Any:
    if isinstance(value, str):
        return _with_open_parts(value, held) if _SIGN in value else value
    if isinstance(value, dict):
        # The name of a member is text, whatever is open in it.
        return Table({_named(key, held): _opened(inner, held) for key, inner in value.items()})
    return Row([_opened(inner, held) for inner in value]) if isinstance(value, list) else value


def _named(key: str, held: list[str | Open]) -> str:
    opened = _with_open_parts(key, held) if _SIGN in key else key
    return opened if isinstance(opened, str) else opened.name
