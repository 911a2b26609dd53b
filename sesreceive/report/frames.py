"""Rows collected by column, and the DataFrames made of them.

A frame has the columns that `columns` declares, in that order and of those dtypes, also when it is empty; pandas is
loaded when the first one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from sesreceive.report.columns import CELLS, COMMON, TABLES, Column, Table, table
from sesreceive.report.trace_rows import Row
from sesreceive.trace.events import Kind

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Tables", "clean", "frame"]


# Filters stand first in the matrix; a rule and its actions keep the order of the configuration.
_GROUPS = {str(Kind.FILTER): 0, str(Kind.PROVIDER_LIST): 1}


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
        self.certainties: list[str] = []
        # The columns of the matrix, in the order of the configurations met; a dict because it keeps order.
        self._layout: dict[str, None] = {}
        self._columns: dict[str, tuple[list[Any], ...]] = {
            one.name: tuple([] for _ in one.columns[len(COMMON) :]) for one in TABLES
        }
        # How many rows each message has: the columns common to all tables are made of it when they are asked for.
        self._counts: dict[str, list[int]] = {one.name: [] for one in TABLES}

    def __len__(self) -> int:
        """Number of messages."""
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        """Tables are equal when all rows of all messages are."""
        if not isinstance(other, Tables):
            return NotImplemented
        mine, others = ((t.names, t.certainties, list(t._layout), t._counts, t._columns) for t in (self, other))
        return mine == others

    __hash__ = None  # type: ignore[assignment]  # they grow

    def add(self, name: str, rows: Mapping[str, Sequence[Row]], *, envelope: str = "given") -> None:
        """Append the rows of one message; `envelope` is how its envelope is known."""
        self.names.append(name)
        self.certainties.append(envelope)
        for key, columns in self._columns.items():
            new = rows.get(key, ())
            self._counts[key].append(len(new))
            if new:
                for column, values in zip(columns, zip(*new, strict=True), strict=True):
                    column.extend(values)

    def lay_out(self, columns: Iterable[str]) -> None:
        """The matrix has these columns, behind those it has already."""
        self._layout |= dict.fromkeys(columns)

    def extend(self, other: Tables) -> None:
        """Append the rows of other messages; their numbers go on where these end."""
        self.names.extend(other.names)
        self.certainties.extend(other.certainties)
        self.lay_out(other._layout)
        for key, columns in self._columns.items():
            self._counts[key].extend(other._counts[key])
            for column, values in zip(columns, other._columns[key], strict=True):
                column.extend(values)

    @property
    def labels(self) -> list[str]:
        """What the tables call each message: its name, or ``#`` and its number."""
        return [name or f"#{number}" for number, name in enumerate(self.names)]

    def length(self, name: str) -> int:
        """Number of rows of one table."""
        return sum(self._counts[table(name).name])

    def column(self, name: str, column: str) -> list[Any]:
        """The cells of one column, in order; words may be enum members, which are text too."""
        names = table(name).names
        if column == "number":
            return list(self._spread(name, range(len(self))))
        if column == "message":
            return list(self._spread(name, self.labels))
        if column == "envelope":
            return list(self._spread(name, self.certainties))
        return self._columns[name][names.index(column) - len(COMMON)]

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

    def matrix(self) -> pd.DataFrame:
        """Messages × filters, rules and actions; see `Report.matrix`."""
        import numpy as np
        import pandas as pd

        cells = list(self._cells())
        columns = sorted(
            dict.fromkeys((*self._layout, *(column for _, column, _ in cells))),
            key=lambda column: _GROUPS.get(column.partition(":")[0], len(_GROUPS)),
        )
        places = {column: place for place, column in enumerate(columns)}
        words = {word: number for number, word in enumerate(CELLS)}
        codes = np.zeros((len(places), len(self)), dtype=np.int8)
        for number, column, word in cells:
            codes[places[column], number] = words[word]
        dtype = pd.CategoricalDtype(list(CELLS))
        data = {column: pd.Categorical.from_codes(codes[place], dtype=dtype) for column, place in places.items()}
        index = pd.Index(clean(self.labels), name="message", dtype="string")
        # Without columns pandas would number them.
        heads = pd.Index(columns) if columns else pd.Index([], dtype="object")
        return pd.DataFrame(data, index=index, columns=heads)

    def _cells(self) -> Iterator[tuple[int, str, str]]:
        """Message number, column and word, wherever something was considered."""
        filters, rules, actions = (self.data(key) for key in ("filters", "rules", "actions"))
        for number, kind, name, op in zip(
            filters["number"], filters["kind"], filters["filter"], filters["outcome"], strict=True
        ):
            yield number, f"{kind}:{name}", op
        for number, name, op in zip(rules["number"], rules["rule"], rules["outcome"], strict=True):
            yield number, f"{Kind.RULE}:{name}", op
        for number, rule, name, position, op in zip(
            actions["number"], actions["rule"], actions["action"], actions["position"], actions["outcome"], strict=True
        ):
            yield number, f"{Kind.ACTION}:{rule}/{name}#{position}", op

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
