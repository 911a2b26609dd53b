"""What an experiment reads of the tables of a replay, and whether each cell can stand in its column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from sesreceive.errors import InputError
from sesreceive.report.columns import report_table
from sesreceive.report.table import Column
from sesreceive.wording import expected, is_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["READ", "FrameCells", "TableCells", "declared", "refuse_cells", "refuse_missing"]

# What is read of each table; a folder may lack all but the first.
READ: Mapping[str, tuple[str, ...]] = {
    "messages": (
        "number", "message", "message_id", "received_at", "client_ip", "helo", "tls", "mail_from", "recipients",
        "subject", "size_bytes", "accepted", "spf", "dkim", "dmarc", "dmarc_policy", "spam", "virus", "spf_result",
        "stopped_by",
    ),
    "recipients": ("number", "recipient"),
    "actions": ("number", "rule", "position", "action", "outcome"),
    "effects": ("number", "rule", "position", "operation", "outcome", "reason"),
}  # fmt: skip


class TableCells(Protocol):
    """The cells of one table, checked; what is missing is None.

    Rows of messages that could not be received are not among them: they have an `error`, and no number.
    """

    @property
    def is_zoned(self) -> bool:
        """Whether the kind of the column `received_at` says that each time has its zone."""
        ...

    def __len__(self) -> int:
        """How many rows."""
        ...

    def columns(self, *names: str) -> list[list[Any]]:
        """All cells of these columns, a list each."""
        ...

    def rows(self, positions: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The rows in these positions, with the columns of `READ`."""
        ...

    def where(self, **words: str) -> list[int]:
        """The positions of the rows in which each of these columns has that word."""
        ...


class FrameCells:
    """The cells of a table that is a DataFrame.

    Parameters
    ----------
    frame : DataFrame
        Rows of the table; of any dtypes that hold what is declared.
    name : str
        Which table it is, a key of `READ`.

    Raises
    ------
    InputError
        When a column is missing, or a cell is none of its column.
    """

    def __init__(self, frame: pd.DataFrame, name: str) -> None:
        refuse_missing(frame.columns, name)
        if name == "messages" and "error" in frame:
            frame = frame[frame["error"].fillna("") == ""]
        for column in declared(name):
            if not _is_as_declared(frame[column.name], column):
                refuse_cells(_cells(frame, column.name), column, name)
        self._frame, self._name = frame.reset_index(drop=True), name

    @property
    def is_zoned(self) -> bool:
        """Whether the kind of the column `received_at` says that each time has its zone."""
        return getattr(self._frame["received_at"].dtype, "tz", None) is not None

    def __len__(self) -> int:
        """How many rows."""
        return len(self._frame)

    def columns(self, *names: str) -> list[list[Any]]:
        """All cells of these columns, a list each."""
        return [_cells(self._frame, name) for name in names]

    def rows(self, positions: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The rows in these positions, with the columns of `READ`."""
        names, rows = READ[self._name], self._frame.iloc[list(positions)]
        columns = [_cells(rows, name) for name in names] if len(rows) else []
        return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))

    def where(self, **words: str) -> list[int]:
        """The positions of the rows in which each of these columns has that word."""
        import numpy as np

        found = np.ones(len(self._frame), dtype=bool)
        for name, word in words.items():
            found &= (self._frame[name] == word).to_numpy(dtype=bool, na_value=False)
        return [int(position) for position in found.nonzero()[0]]


def declared(name: str) -> list[Column]:
    """The declarations of the columns that are read of a table."""
    columns = {column.name: column for column in report_table(name).columns}
    return [columns[column] for column in READ[name]]


def refuse_missing(columns: Iterable[str], name: str) -> None:
    """Raise InputError for a table that lacks a column which is read."""
    there = set(columns)
    if missing := [column for column in READ[name] if column not in there]:
        raise InputError(f"expected the column `{missing[0]}` in the table `{name}` of a replay but there is none")


def refuse_cells(cells: Iterable[Any], column: Column, name: str) -> None:
    """Raise InputError for the first cell that is none of its column."""
    for cell in cells:
        if not _fits(column, cell):
            words = f"one of {', '.join(column.categories)}" if column.categories else _WORDS[column.dtype]
            raise InputError(f"table `{name}` of a replay, column `{column.name}`: {expected(words, cell)}")


# What a cell of each dtype is.
_WORDS = {
    "string": "text", "Int64": "a whole number from 0", "boolean": "true or false", "datetime64[ms, UTC]": "a time",
}  # fmt: skip


def _fits(column: Column, cell: Any) -> bool:
    """Whether a cell can stand in a column; a number is never missing in those that are read."""
    if column.dtype == "Int64":
        # Who writes a table anew may have made floats of whole numbers.
        return is_whole(int(cell) if isinstance(cell, float) and cell.is_integer() else cell, 0)
    if cell is None:
        return True
    if column.dtype == "category":
        return isinstance(cell, str) and cell in column.categories
    kind = {"string": str, "boolean": bool, "datetime64[ms, UTC]": datetime}[column.dtype]
    return isinstance(cell, kind)


def _is_as_declared(cells: pd.Series[Any], column: Column) -> bool:
    """Whether the dtype says already that each cell fits."""
    dtype: Any = cells.dtype
    if column.dtype == "category":
        return dtype == "category" and set(dtype.categories) <= set(column.categories)
    if column.dtype == "Int64":
        return dtype == "Int64" and not cells.hasnans and bool((cells >= 0).all())
    return str(dtype) == column.dtype


def _cells(frame: pd.DataFrame, column: str) -> list[Any]:
    """A column as a list; what is missing is None."""
    cells = frame[column].astype(object)
    made: list[Any] = (cells.where(cells.notna(), None) if cells.hasnans else cells).tolist()
    return made
