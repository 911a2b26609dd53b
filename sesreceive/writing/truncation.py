"""How many header fields fit into a notification: names and values up to 10 KB, whole fields only."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["truncate", "utf8_length"]


def truncate(
    fields: Iterable[tuple[str, str]], limit_bytes: int = 10_240, *, skip: bool = False
) -> tuple[list[tuple[str, str]], bool]:
    """The fields that fit, in order, and whether any did not.

    Fields are taken while the UTF-8 bytes of their names and values add up to no more than the limit. The first that
    does not fit ends the list [inferred: one public sample kept 10 234 bytes and had a further header]; with `skip` it
    is left out alone. `fields` is not read further than needed.

    Examples
    --------
    >>> truncate([("A", "123"), ("B", "1234567"), ("C", "1")], 8)
    ([('A', '123')], True)
    >>> truncate([("A", "123"), ("B", "1234567"), ("C", "1")], 8, skip=True)
    ([('A', '123'), ('C', '1')], True)
    """
    kept: list[tuple[str, str]] = []
    size = 0
    truncated = False
    for name, value in fields:
        length = len((name + value).encode("utf-8", "surrogatepass"))
        if size + length <= limit_bytes:
            kept.append((name, value))
            size += length
        elif skip:
            truncated = True
        else:
            return kept, True
    return kept, truncated


def utf8_length(text: str) -> int:
    """Bytes of the text in UTF-8.

    Examples
    --------
    >>> utf8_length("Grüße")
    7
    """
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
