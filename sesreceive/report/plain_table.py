"""A table to read, where there is no pandas: in a browser.

It has what a lesson does with a table that it shows: some of its columns, one column as a sequence, rows and columns
swapped. Anything else says that it takes pandas.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NoReturn

from sesreceive._html import escape, frame, table
from sesreceive.errors import one_line
from sesreceive.report.grid import grid
from sesreceive.wording import count

__all__ = ["PlainTable", "has_pandas"]

_SHOWN, _SHOWN_AS_TEXT = 200, 20

# A browser runs Python as WebAssembly, and no package registry has numpy built for it. Elsewhere pandas is required.
_PLAIN = sys.platform == "emscripten" and find_spec("pandas") is None


def has_pandas() -> bool:
    """Whether tables are DataFrames here."""
    return not _PLAIN


class PlainTable:
    r"""Columns of equal length, by name.

    Parameters
    ----------
    data : mapping of str to sequence
        The cells of each column.
    index : sequence of str, optional
        What the rows are called.
    index_name : str, optional
        What such a name is of.

    Examples
    --------
    >>> table = PlainTable({"message": ["m-1", "m-2"], "spf": ["PASS", None]})
    >>> list(table["spf"]), len(table), table.columns
    (['PASS', None], 2, ['message', 'spf'])
    >>> print(table[["spf", "message"]])
    spf   message
    PASS  m-1
          m-2
    >>> table.groupby("spf")
    Traceback (most recent call last):
    AttributeError: this table is for reading: `groupby` takes pandas, which this browser has not
    """

    def __init__(
        self, data: Mapping[str, Sequence[Any]], *, index: Sequence[str] | None = None, index_name: str = ""
    ) -> None:
        self._data = {name: list(cells) for name, cells in data.items()}
        self._index = None if index is None else list(index)
        self._index_name = index_name
        self.attrs: dict[Any, Any] = {}  # what a report notes of a table, as with pandas

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> PlainTable:
        """The table of these rows, each with a cell for each column.

        Examples
        --------
        >>> list(PlainTable.of_rows([("m-1", "PASS"), ("m-2", None)], ["message", "spf"])["spf"])
        ['PASS', None]
        """
        return cls({name: [row[at] for row in rows] for at, name in enumerate(columns)})

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._data)

    @property
    def index(self) -> list[Any]:
        """What the rows are called; their numbers where they have no names."""
        return list(range(len(self))) if self._index is None else list(self._index)

    @property
    def T(self) -> PlainTable:  # noqa: N802 - as pandas calls it
        """Rows and columns swapped."""
        names = list(map(str, self.index))
        rows = zip(*self._data.values(), strict=True)
        return PlainTable(dict(zip(names, rows, strict=True)), index=self.columns, index_name=self._index_name)

    def copy(self, deep: bool = True) -> PlainTable:
        """The same table, to change; `deep` is what pandas calls it, and makes no difference."""
        copied = PlainTable(self._data, index=self._index, index_name=self._index_name)
        copied.attrs = dict(self.attrs)
        return copied

    def __getitem__(self, name: Any) -> Any:
        """One column as a list, or a table of some columns."""
        wanted = [name] if isinstance(name, str) else name
        if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
            self._refuse("choosing rows")
        if missing := [one for one in wanted if one not in self._data]:
            known = ", ".join(f"`{one_line(one, 80)}`" for one in self._data)
            raise KeyError(f"no column `{one_line(missing[0], 80)}`: there are {known}")
        if isinstance(name, str):
            return list(self._data[name])
        return PlainTable({one: self._data[one] for one in wanted}, index=self._index, index_name=self._index_name)

    def __getattr__(self, name: str) -> NoReturn:
        """Say that this takes pandas."""
        if name.startswith("_"):
            raise AttributeError(name)
        self._refuse(f"`{one_line(name, 80)}`")

    def _refuse(self, what: str) -> NoReturn:
        raise AttributeError(f"this table is for reading: {what} takes pandas, which this browser has not")

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._data)

    def __len__(self) -> int:
        """Number of rows."""
        return max(map(len, self._data.values()), default=0 if self._index is None else len(self._index))

    def _rows(self, limit: int) -> tuple[list[str], list[list[Any]]]:
        named = self._index is not None
        heads = [*([self._index_name] if named else []), *self._data]
        cells = [([self.index[at]] if named else []) + [column[at] for column in self._data.values()]
                 for at in range(min(limit, len(self)))]  # fmt: skip
        return heads, cells

    def __str__(self) -> str:
        """The rows below their heads."""
        heads, rows = self._rows(len(self))
        return grid(heads, rows) if heads else repr(self)

    def __repr__(self) -> str:
        """One line: how many rows and columns."""
        return f"<PlainTable of {count(len(self), 'row')} × {count(len(self._data), 'column')}>"

    def _repr_html_(self) -> str:
        """The rows as HTML, everything escaped, with the text as fallback."""
        heads, rows = self._rows(_SHOWN)
        if not heads:
            return frame(repr(self), f"<p>{escape(repr(self)[1:-1])}</p>")
        cells = [["" if cell is None else escape(cell) for cell in row] for row in rows]
        more = f'<p class="ses-note">showing {_SHOWN} of {len(self)}</p>' if len(self) > _SHOWN else ""
        text = grid(heads, rows[:_SHOWN_AS_TEXT])
        return frame(text, f'<div class="ses-scroll">{table(heads, cells)}</div>{more}')
