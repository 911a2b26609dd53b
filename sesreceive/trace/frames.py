"""Rows collected by column, and the DataFrames made of them.

A frame has the columns that `columns` declares, in that order and of those dtypes, also when it is empty; pandas is
loaded when the first one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from sesreceive.trace.columns import TABLES, Column, Table, table
from sesreceive.trace.rows import Row

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Tables", "clean", "frame"]


class Tables:
    """The rows of many messages, kept as one list a column.

    Examples
    --------
    >>> tables = Tables()
    >>> tables.add("m-1", {"filters": [("office", "filter", "Block", "203.0.113.0/24", "miss", False, "no")]})
    >>> len(tables), tables.column("filters", "filter"), tables.column("filters", "message")
    (1, ['office'], ['m-1'])
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._columns: dict[str, tuple[list[Any], ...]] = {
            one.name: tuple([] for _ in one.columns[2:]) for one in TABLES
        }
        # How many rows each message has: `number` and `message` are made of it when they are asked for.
        self._counts: dict[str, list[int]] = {one.name: [] for one in TABLES}

    def __len__(self) -> int:
        """Number of messages."""
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        """Tables are equal when all rows of all messages are."""
        if not isinstance(other, Tables):
            return NotImplemented
        return (self.names, self._counts, self._columns) == (other.names, other._counts, other._columns)

    __hash__ = None  # type: ignore[assignment]  # they grow

    def add(self, name: str, rows: Mapping[str, Sequence[Row]]) -> None:
        """Append the rows of one message."""
        self.names.append(name)
        for key, columns in self._columns.items():
            new = rows.get(key, ())
            self._counts[key].append(len(new))
            if new:
                for column, values in zip(columns, zip(*new, strict=True), strict=True):
                    column.extend(values)

    def extend(self, other: Tables) -> None:
        """Append the rows of other messages; their numbers go on where these end."""
        self.names.extend(other.names)
        for key, columns in self._columns.items():
            self._counts[key].extend(other._counts[key])
            for column, values in zip(columns, other._columns[key], strict=True):
                column.extend(values)

    def length(self, name: str) -> int:
        """Number of rows of one table."""
        return sum(self._counts[name])

    def column(self, name: str, column: str) -> list[Any]:
        """The cells of one column, in order; words may be enum members, which are text too."""
        names = table(name).names
        if column == "number":
            return list(self._spread(name, range(len(self))))
        if column == "message":
            labels = [label or f"#{number}" for number, label in enumerate(self.names)]
            return list(self._spread(name, labels))
        return self._columns[name][names.index(column) - 2]

    def data(self, name: str) -> dict[str, list[Any]]:
        """All columns of one table."""
        return {column: self.column(name, column) for column in table(name).names}

    def records(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of one table as dicts."""
        data = self.data(name)
        for row in zip(*data.values(), strict=True):
            yield dict(zip(data, row, strict=True))

    def frame(self, name: str) -> pd.DataFrame:
        """One table as a DataFrame."""
        return frame(table(name), self.data(name))

    def cells(self) -> Iterator[tuple[int, str, str]]:
        """Message number, column and cell of the matrix, wherever something was considered."""
        filters, rules, actions = (self.data(key) for key in ("filters", "rules", "actions"))
        for number, kind, name, op in zip(
            filters["number"], filters["kind"], filters["filter"], filters["outcome"], strict=True
        ):
            yield number, f"{kind}:{name}", op
        for number, name, op in zip(rules["number"], rules["rule"], rules["outcome"], strict=True):
            yield number, f"rule:{name}", op
        for number, rule, name, position, op in zip(
            actions["number"], actions["rule"], actions["action"], actions["position"], actions["outcome"], strict=True
        ):
            yield number, f"action:{rule}/{name}#{position}", op

    def _spread(self, name: str, values: Sequence[Any] | range) -> Iterator[Any]:
        """Each message's value, once for each of its rows."""
        return chain.from_iterable(map(repeat, values, self._counts[name]))


def frame(declared: Table, data: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """The columns of a table as a DataFrame.

    Parameters
    ----------
    declared : Table
        The columns, in order.
    data : mapping of str to sequence
        The cells of each column; None where there is nothing to say.

    Returns
    -------
    pandas.DataFrame
        One row for each position of the sequences; the columns and dtypes of `declared`, also when empty. Text that
        is no Unicode, as in an address with undecodable bytes, is written with backslashes.
    """
    import pandas as pd

    return pd.DataFrame({column.name: _ARRAYS[column.dtype](column, data[column.name]) for column in declared.columns})


def _categorical(values: Sequence[str | None], categories: Sequence[str]) -> Any:
    """Words as a category with these values, whichever of them occur."""
    import numpy as np
    import pandas as pd

    codes = {word: code for code, word in enumerate(categories)}
    found = np.fromiter((codes.get(value, -1) for value in values), dtype=np.int8, count=len(values))  # type: ignore[arg-type]
    return pd.Categorical.from_codes(found, dtype=pd.CategoricalDtype(list(categories), ordered=False))


def _category(column: Column, values: Sequence[Any]) -> Any:
    return _categorical(values, column.categories)


def _string(column: Column, values: Sequence[Any]) -> Any:
    import pandas as pd

    return pd.array(clean(values), dtype="string")


def _integer(column: Column, values: Sequence[Any]) -> Any:
    import pandas as pd

    return pd.array(list(values), dtype="Int64")


def _boolean(column: Column, values: Sequence[Any]) -> Any:
    import pandas as pd

    return pd.array(list(values), dtype="boolean")


def _float(column: Column, values: Sequence[Any]) -> Any:
    import numpy as np

    return np.asarray(values, dtype="float64")


def _datetime(column: Column, values: Sequence[datetime | None]) -> Any:
    import numpy as np
    import pandas as pd

    # By hand: pandas guesses a unit from the values, and has none to guess from in an empty table.
    stamps = [None if value is None else round(value.timestamp() * 1000) for value in values]
    numbers = np.array([_NAT if stamp is None else stamp for stamp in stamps], dtype="int64")
    return pd.DatetimeIndex(numbers.view("datetime64[ms]")).tz_localize("UTC")


# What numpy takes for "not a time".
_NAT = -(2**63)

_ARRAYS: Mapping[str, Callable[[Column, Sequence[Any]], Any]] = {
    "string": _string,
    "category": _category,
    "Int64": _integer,
    "boolean": _boolean,
    "float64": _float,
    "datetime64[ms, UTC]": _datetime,
}


def clean(values: Sequence[str | None]) -> list[str | None]:
    r"""The texts with everything in them that no file can hold written with backslashes.

    Examples
    --------
    >>> clean(["ana", "b\udcff"])
    ['ana', 'b\\udcff']
    """
    try:
        "".join(filter(None, values)).encode()
    except UnicodeEncodeError:
        return [v and v.encode("utf-8", "backslashreplace").decode() for v in values]
    return list(values)
