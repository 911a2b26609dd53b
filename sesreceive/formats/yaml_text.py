"""Plain data as YAML: mappings and lists in blocks, every text in the quotes of JSON, which YAML reads the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["to_yaml"]

# A key or text that YAML takes for nothing else.
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:::[A-Za-z0-9]+)*")
# How JSON writes a character beyond U+FFFF; a backslash of the text itself is doubled and cannot look like it.
_PAIR = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


def to_yaml(data: Mapping[str, Any]) -> str:
    r"""The text of a mapping.

    Examples
    --------
    >>> print(to_yaml({"A": {"Type": "AWS::SES::ReceiptRuleSet"}, "B": ["x y", True, []]}), end="")
    A:
      Type: AWS::SES::ReceiptRuleSet
    B:
      - "x y"
      - true
      - []
    """
    return "".join(f"{line}\n" for line in _lines(data))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _entry(f"{_scalar(key)}:", inner, "  ")
    elif isinstance(value, (list, tuple)) and value:
        for inner in value:
            below = list(_lines(inner))
            yield f"- {below[0]}"
            yield from (f"  {line}" for line in below[1:])
    else:
        yield _scalar(value)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, (Mapping, list, tuple)) and value:
        yield head
        yield from (indent + line for line in _lines(value))
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _BARE.fullmatch(value) and value.lower() not in _WORDS:
        return str(value)
    # ASCII alone: YAML forbids some characters that JSON may hold as they are. It has no pairs of surrogates.
    return _PAIR.sub(_whole, json.dumps(value))


def _whole(match: re.Match[str]) -> str:
    high, low = int(match[0][2:6], 16), int(match[0][8:], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00:08x}"
