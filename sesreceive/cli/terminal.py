"""Text for whoever reads it: as wide as the terminal, and in colour where it is one.

Colours are left out where the output is no terminal, where ``NO_COLOR`` is set (https://no-color.org) and where
``TERM`` is ``dumb``; each word says alone what its colour says.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO

from sesreceive.errors import one_line
from sesreceive.trace.vocabulary import Tone

__all__ = ["coloured", "listed", "print_lines", "strong", "toned", "width", "wrapped"]

# Lines longer than this are hard to read, however wide the window is; without a terminal that is the width.
_WIDEST, _NARROWEST = 100, 40

# SGR codes of the sixteen colours that every terminal has, each of which its owner has made readable.
_COLOURS: Mapping[Tone, str] = {Tone.GOOD: "32", Tone.BAD: "31", Tone.WARN: "33", Tone.NOTE: "36"}
_BOLD = "1"
_SGR = re.compile(r"\x1b\[\d+m")


def coloured(stream: TextIO | None = None) -> bool:
    """Whether what is written there may have colours."""
    stream = sys.stdout if stream is None else stream
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Characters of a line: those of the terminal, or of ``COLUMNS``, within what can be read."""
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns))


def toned(text: str, tone: Tone) -> str:
    """The text in the colour of a tone, where there are colours."""
    return _sgr(text, _COLOURS[tone])


def strong(text: str) -> str:
    """The text in bold, where there are colours."""
    return _sgr(text, _BOLD)


def _sgr(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if coloured() else text


def wrapped(text: object, indent: str = "", *, columns: int | None = None) -> str:
    """The whole text, nothing cut, in lines that begin with the indent; controls are made visible.

    Examples
    --------
    >>> print(wrapped("`billing` ends the evaluation of the rule set", "  ", columns=30))
      `billing` ends the
      evaluation of the rule set
    """
    line = one_line(text, 100_000)
    return textwrap.fill(
        line, columns or width(), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def listed(pieces: Iterable[str], head: str = "", indent: str = "") -> Iterator[str]:
    """Short pieces, which may be coloured, behind a head, with commas: as many lines as they need, nothing cut.

    Examples
    --------
    >>> list(listed(["PASS 3", "FAIL 1"], "SPF ", "    "))
    ['SPF PASS 3, FAIL 1']
    """
    line, empty = head, True
    for piece in pieces:
        longer = f"{line}{piece}" if empty else f"{line}, {piece}"
        if not empty and len(_SGR.sub("", longer)) >= width():
            yield f"{line},"
            longer = f"{indent}{piece}"
        line, empty = longer, False
    yield line


def print_lines(lines: Iterable[object]) -> None:
    """Each is one line on standard output, with what a stranger wrote in it made visible."""
    for line in lines:
        print(one_line(line, 4_000))
