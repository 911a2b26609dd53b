"""Tables for a terminal: aligned columns, every cell on one line, and the matrix with a mark a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from sesreceive.errors import one_line
from sesreceive.trace.events import Op
from sesreceive.trace.vocabulary import cell_mark, term

__all__ = ["LEGEND", "grid", "matrix_grid"]

# Wider cells are cut, to less where the line is short; the last column takes what is left of it.
_WIDEST, _NARROWEST_LAST = 30, 24
_WIDTHS, _LAST_RESORT = (_WIDEST, 24, 18), 14
_GAP = "  "

LEGEND = (Op.MATCH, Op.MISS, Op.SKIP, Op.EFFECT, Op.STOP, Op.FAIL)
"""What a cell of the matrix may have come to, in the order of its legend."""


def grid(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    width: int | None = None,
    drop: Iterable[str] = (),
) -> str:
    r"""Rows below their heads, in columns as wide as they need to be.

    Parameters
    ----------
    columns : sequence of str
        The heads.
    rows : iterable of sequences
        The cells; None is an empty one. Control characters are made visible.
    width : int, optional
        Characters a line should have; the last column is cut to it. None leaves that column as it is.
    drop : iterable of str
        Columns to leave out, one after the other, until there is room.

    Examples
    --------
    >>> print(grid(["rule", "reason"], [["office\n", "no"], ["all", None]]))
    rule        reason
    office\x0a  no
    all
    """
    texts = [[_cell(cell) for cell in row] for row in rows]
    needed = [max(map(len, (column, *(row[place] for row in texts)))) for place, column in enumerate(columns)]
    kept, widest = _fitting(columns, needed, width, tuple(drop))
    rooms = {place: min(needed[place], widest if place else _WIDEST) for place in kept}
    last = len(columns) - 1
    rooms[last] = (
        needed[last] if width is None else min(needed[last], max(_NARROWEST_LAST, width - _taken(rooms, last)))
    )
    return "\n".join(
        _GAP.join(_fit(row[place], room) for place, room in rooms.items()).rstrip() for row in ([*columns], *texts)
    )


def _fitting(
    columns: Sequence[str], needed: Sequence[int], width: int | None, drop: Sequence[str]
) -> tuple[list[int], int]:
    """The columns to show, and how wide those behind the first may be: as many as there is room for."""
    last = len(columns) - 1
    for dropped, widest in (*product(range(len(drop) + 1), _WIDTHS), (len(drop), _LAST_RESORT)):
        kept = [place for place, column in enumerate(columns) if column not in drop[:dropped]]
        rooms = {place: min(needed[place], widest if place else _WIDEST) for place in kept}
        if width is None or width - _taken(rooms, last) >= min(_NARROWEST_LAST, needed[last]):
            break
    return kept, widest


def _taken(rooms: Mapping[int, int], last: int) -> int:
    """Characters of a line that stand before the last column."""
    return sum(room + len(_GAP) for place, room in rooms.items() if place != last)


def matrix_grid(columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """The matrix with one mark a cell; the columns are numbered, and named above.

    Examples
    --------
    >>> print(matrix_grid(["filter:office", "rule:all"], [("m-1", ["miss", "match"])]))
     1  filter:office
     2  rule:all
    ✓ match, · miss, – skip, → effect, ■ stop, ! fail, empty: not considered
    <BLANKLINE>
    message   1  2
    m-1       ·  ✓
    """
    numbers = [f"{number:>2}" for number in range(1, len(columns) + 1)]
    room = max(map(len, numbers), default=2)
    head = [f"{number:>{room}}  {_cell(column)}" for number, column in zip(numbers, columns, strict=True)]
    legend = ", ".join(f"{cell_mark(op)} {term(None, op).short}" for op in LEGEND) + ", empty: not considered"
    named = [(_fit(_cell(name), _WIDEST).rstrip(), cells) for name, cells in rows]
    width = max((len(name) for name, _ in named), default=0)
    width = max(width, len("message"))
    lines = [f"{'message':<{width}}  {' '.join(f'{number:>{room}}' for number in numbers)}".rstrip()]
    for name, cells in named:
        marks = " ".join(f"{cell_mark(cell):>{room}}" for cell in cells)
        lines.append(f"{name:<{width}}  {marks}".rstrip())
    return "\n".join([*head, legend, "", *lines])


def _cell(value: object) -> str:
    return "" if value is None else one_line(value, 400)


def _fit(text: str, room: int) -> str:
    return f"{text[: room - 1]}…" if len(text) > room else f"{text:<{room}}"
