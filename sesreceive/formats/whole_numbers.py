"""Whole numbers that stand in templates as text."""

from __future__ import annotations

__all__ = ["whole_number"]

# More digits are no place in a list, and Python reads only so many.
_DIGITS = 18


def whole_number(text: str) -> int | None:
    """The number that a text of digits is; None where it is none, or has more than 18 of them.

    Examples
    --------
    >>> whole_number("12"), whole_number("-1"), whole_number("²"), whole_number("9" * 5000)
    (12, None, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
