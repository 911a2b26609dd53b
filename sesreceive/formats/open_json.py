"""JSON text with open parts: what ``jsonencode`` and templates make, and the value in it."""

from __future__ import annotations

import json
import re
from typing import Any

from sesreceive.formats.place import Row, Table
from sesreceive.formats.unresolved import Open, OpenText, is_open, text_of

__all__ = ["json_text", "json_value"]

# Stands in the text for an open part, to be found again in what is parsed.
_MARK = "\u241f{}\u241f"
_MARKS = re.compile("\u241f(\\d+)\u241f")


def json_text(value: Any) -> str | Open | OpenText:
    """The value as JSON text; an open value in it is an open part of a text.

    Examples
    --------
    >>> from sesreceive.formats.place import Place
    >>> json_text({"a": [Open("var.x", Place("main.tf", 3)), 1]}).name
    '{"a":["${var.x}",1]}'
    """
    held: list[Open] = []
    text = json.dumps(_marked(value, held), separators=(",", ":"), ensure_ascii=False)
    return _with_open_parts(text, held)


def json_value(text: Any) -> Any:
    """The value in JSON text with open parts; None where it is no JSON, or open as a whole.

    Examples
    --------
    >>> from sesreceive.formats.place import Place
    >>> json_value(OpenText(('{"a":"in@', Open("var.x", Place("main.tf", 3)), '"}')))["a"].name
    'in@${var.x}'
    """
    held: list[Open] = []
    if isinstance(text, OpenText):
        text = _marked(text, held)
    if not isinstance(text, str):
        return text if isinstance(text, dict) else None
    try:
        return _opened(json.loads(text), held)
    except (ValueError, RecursionError):
        return None


def _marked(value: Any, held: list[Open]) -> Any:
    if isinstance(value, OpenText):
        return "".join(part if isinstance(part, str) else _marked(part, held) for part in value.parts)
    if isinstance(value, Open):
        held.append(value)
        return _MARK.format(len(held) - 1)
    if isinstance(value, dict):
        return {
            (_marked(key, held) if is_open(key) else str(key)): _marked(inner, held) for key, inner in value.items()
        }
    return [_marked(inner, held) for inner in value] if isinstance(value, (list, tuple)) else value


def _with_open_parts(text: str, held: list[Open]) -> str | Open | OpenText:
    pieces = _MARKS.split(text)
    return text_of([held[int(piece)] if at % 2 else piece for at, piece in enumerate(pieces)])


def _opened(value: Any, held: list[Open]) -> Any:
    if isinstance(value, str):
        return _with_open_parts(value, held) if held and "\u241f" in value else value
    if isinstance(value, dict):
        return Table({key: _opened(inner, held) for key, inner in value.items()})
    return Row([_opened(inner, held) for inner in value]) if isinstance(value, list) else value
