"""What a table is: its columns with dtype, unit and meaning, and the documentation made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["COMMON", "Column", "Table"]

# What each table of messages begins with; the tables know it of the message without its rows.
COMMON = ("number", "message", "envelope")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Its name.
    dtype : str
        ``string``, ``category``, ``Int64``, ``boolean``, ``float64`` or ``datetime64[ms, UTC]``.
    meaning : str
        What a cell says, and what an empty one means.
    unit : str
        What a number counts; empty where it has none.
    categories : tuple of str
        All values a ``category`` can have, in order; the same in every frame, so that frames can be joined.
    """

    name: str
    dtype: str
    meaning: str
    unit: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what a row is, in which order rows stand, what it means that there is none, its columns.

    Attributes
    ----------
    row_type : type or None
        Class of its rows, a named tuple of all columns but the `COMMON` first ones, which the report knows.
    """

    name: str
    row: str
    order: str
    empty: str
    columns: tuple[Column, ...] = field(repr=False)
    row_type: type[tuple[Any, ...]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse a table whose rows are not of its columns."""
        own = self.names[len(COMMON) :]
        fields_: tuple[str, ...] = getattr(self.row_type, "_fields", own)
        if fields_ != own:
            raise TypeError(f"the rows of the table `{self.name}` have the fields {fields_}, not {own}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def describe(self) -> str:
        """The table as documentation: a row is …, the order, then one line a column."""
        head = [f"One row for each {self.row}.", f"Order: {self.order}. Empty when {self.empty}.", ""]
        width = max(len(column.name) for column in self.columns)
        return "\n".join(head + [f"{c.name:<{width}}  {c.dtype:<19}  {_meaning(c)}" for c in self.columns])


def _meaning(column: Column) -> str:
    words = f" ({', '.join(column.categories)})" if column.categories else ""
    unit = f" [{column.unit}]" if column.unit else ""
    return f"{column.meaning}{unit}{words}"
