"""Tables for a terminal: aligned columns, every cell on one line, and the matrix with a mark a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sesreceive.errors import one_line
from sesreceive.trace.events import Op
from sesreceive.trace.tree import MARKS

__all__ = ["CELL_MARKS", "grid", "matrix_grid"]

# Wider cells are cut; the last column takes what is left of the line, but is never narrower than this.
_WIDEST, _NARROWEST_LAST = 36, 40
_GAP = "  "

# One character a cell. Most of a matrix is misses, so they are a dot here and the rest stands out.
CELL_MARKS: Mapping[str, str] = {**{str(op): mark for op, mark in MARKS.items()}, str(Op.MISS): "·", "": " "}
_LEGEND = tuple(map(str, (Op.MATCH, Op.MISS, Op.SKIP, Op.EFFECT, Op.STOP, Op.FAIL)))


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
    widths = {
        column: max(map(len, (column, *(row[place] for row in texts)))) for place, column in enumerate(columns)
    }
    last = columns[-1]
    for column in widths:
        widths[column] = widths[column] if column == last else min(_WIDEST, widths[column])
    if width is not None:
        left_out = iter(drop)
        while (room := width - _taken(widths, last)) < _NARROWEST_LAST and (column := next(left_out, "")):
            del widths[column]
        widths[last] = min(widths[last], max(_NARROWEST_LAST, room))
    kept = [(place, widths[column]) for place, column in enumerate(columns) if column in widths]
    return "\n".join(
        _GAP.join(_fit(row[place], room) for place, room in kept).rstrip() for row in ([*columns], *texts)
    )


def _taken(widths: Mapping[str, int], last: str) -> int:
    """Characters of a line that stand before the last column."""
    return sum(room + len(_GAP) for column, room in widths.items() if column != last)


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
    legend = ", ".join(f"{CELL_MARKS[word]} {word}" for word in _LEGEND) + ", empty: not considered"
    named = [(_fit(_cell(name), _WIDEST).rstrip(), cells) for name, cells in rows]
    width = max((len(name) for name, _ in named), default=0)
    width = max(width, len("message"))
    lines = [f"{'message':<{width}}  {' '.join(f'{number:>{room}}' for number in numbers)}".rstrip()]
    for name, cells in named:
        marks = " ".join(f"{CELL_MARKS.get(cell, '?'):>{room}}" for cell in cells)
        lines.append(f"{name:<{width}}  {marks}".rstrip())
    return "\n".join([*head, legend, "", *lines])


def _cell(value: object) -> str:
    return "" if value is None else one_line(value, 400)


def _fit(text: str, room: int) -> str:
    return f"{text[: room - 1]}…" if len(text) > room else f"{text:<{room}}"
