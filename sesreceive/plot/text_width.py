"""How wide a text is and where it breaks, for pictures whose fonts are not known before they are drawn."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

__all__ = ["clip", "width", "wrap"]

# Advance widths in thousandths of the font size, those of DejaVu Sans, the widest of the usual faces: in a narrower
# one lines end early, in none do they leave their box.
_NARROW, _USUAL, _WIDE = 400, 620, 950
_NARROW_ONES = frozenset(" iljtfrI.,:;'|!()[]{}`/\\-")
_WIDE_ONES = frozenset("mwMW@%→–—…")


def width(text: str, size: float) -> float:
    """The width of one line in pixels, rather too much than too little.

    Examples
    --------
    >>> width("ill", 10), width("MWM", 10)
    (12.0, 28.5)
    """
    return sum(map(_advance, text)) * size / 1000


def _advance(character: str) -> int:
    if character in _NARROW_ONES:
        return _NARROW
    if character in _WIDE_ONES:
        return _WIDE
    if character.isascii():
        return 720 if character.isupper() else _USUAL
    if unicodedata.combining(character):
        return 0
    return 1050 if unicodedata.east_asian_width(character) in "WF" else 720


def clip(text: str, room: float, size: float) -> str:
    """The text, or as much of it as fits, with a dot for what does not.

    Examples
    --------
    >>> clip("reply-loop-guard", 60, 10)
    'reply-loo…'
    """
    if width(text[:1_000], size) <= room and len(text) <= 1_000:
        return text
    return text[: _fits(text, room * 1000 / size - _WIDE)].rstrip() + "…"


def wrap(text: str, room: float, size: float, lines: int) -> tuple[str, ...]:
    """The text on at most so many lines, broken at blanks, a longer word anywhere; the rest is a dot.

    Examples
    --------
    >>> wrap("none of 7 filters contains 192.0.2.33", 100, 10, 2)
    ('none of 7 filters', 'contains…')
    """
    # No more than the lines can hold is looked at, however long the text is.
    most = int(lines * room * 1000 / size / _NARROW) + 1
    broken = list(_broken(text[:most], room * 1000 / size))
    if len(text) <= most and len(broken) <= lines:
        return tuple(broken)
    last = broken[:lines][-1] if broken else ""
    return (*broken[: lines - 1], clip(last, room - _WIDE * size / 1000, size).removesuffix("…") + "…")


def _broken(text: str, limit: float) -> Iterator[str]:
    line, used = "", 0
    for word in text.split():
        taken = sum(map(_advance, word))
        if line and used + _NARROW + taken > limit:
            yield line
            line, used = "", 0
        while taken > limit:
            end = _fits(word, limit)
            yield word[:end]
            word = word[end:]
            taken = sum(map(_advance, word))
        line, used = (f"{line} {word}", used + _NARROW + taken) if line else (word, taken)
    if line:
        yield line


def _fits(word: str, limit: float) -> int:
    """How many characters of a word fit, one at least."""
    for position, character in enumerate(word):
        limit -= _advance(character)
        if limit < 0:
            return max(1, position)
    return len(word)
