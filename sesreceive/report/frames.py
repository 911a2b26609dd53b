"""The DataFrame of a table: the columns that `columns` declares, in that order and of those dtypes.

An empty table has them, too. pandas is loaded when the first one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any

from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.report.clean_text import clean
from sesreceive.report.coded import Coded, Texts
from sesreceive.report.plain_table import PlainTable, has_pandas
from sesreceive.report.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame", "frame_of_rows", "with_broken"]


def with_broken(data: dict[str, list[Any]], passed_over: Iterable[PassedOver]) -> dict[str, list[Any]]:
    """The columns of the table `messages`, and behind them a row for each message that could not be received.

    Such a row has no number, since no message of the report is behind it: its name, and why, as `error`.
    """
    broken = [one for one in passed_over if one.why is Why.BROKEN]
    if not broken:
        return data
    cells = {"message": [one.name for one in broken], "error": [one.reason for one in broken]}
    missing = [None] * len(broken)
    return {column: [*values, *cells.get(column, missing)] for column, values in data.items()}


def frame(declared: Table, data: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """The columns of a table as a DataFrame.

    Parameters
    ----------
    declared : Table
        The columns, in order.
    data : mapping of str to sequence
        The cells of each column; None where there is nothing to say. `Coded` ones are not made one by one.

    Returns
    -------
    pandas.DataFrame
        One row for each position of the sequences; the columns and dtypes of `declared`, also when empty. Text that
        is no Unicode, as in an address with undecodable bytes, is written with backslashes.
    """
    if not has_pandas():
        plain: Any = PlainTable({column.name: _plain(column, data[column.name]) for column in declared.columns})
        return plain  # type: ignore[no-any-return]
    import pandas as pd

    arrays = {column.name: _ARRAYS[column.dtype](column, data[column.name]) for column in declared.columns}
    return pd.DataFrame(arrays, copy=False)  # each was made here


def frame_of_rows(rows: Iterable[Sequence[Any]], kinds: Mapping[str, str | Sequence[str]]) -> pd.DataFrame:
    """The rows as a DataFrame; in a browser without pandas as a `PlainTable`.

    Parameters
    ----------
    rows : iterable of sequence
        The cells of each row.
    kinds : mapping of str to str, or to a sequence of str
        The columns in order: a dtype of pandas, or the words of a category.

    Examples
    --------
    >>> made = frame_of_rows([("a", 1), ("b", None)], {"name": ["a", "b", "c"], "messages": "Int64"})
    >>> made["name"].dtype.categories.tolist(), str(made["messages"].dtype), len(made)
    (['a', 'b', 'c'], 'Int64', 2)
    """
    names = list(kinds)
    if not has_pandas():
        plain: Any = PlainTable.of_rows(list(rows), names)
        return plain  # type: ignore[no-any-return]
    import pandas as pd

    dtypes = {name: kind if isinstance(kind, str) else pd.CategoricalDtype(list(kind)) for name, kind in kinds.items()}
    return pd.DataFrame(list(rows), columns=names).astype(dtypes)


def _plain(column: Column, values: Sequence[Any]) -> list[Any]:
    """The cells without the types of pandas."""
    return clean(values) if column.dtype == "string" else list(values)


def _categorical(values: Sequence[str | None], categories: Sequence[str]) -> Any:
    """Words as a category with these values, whichever of them occur."""
    import numpy as np
    import pandas as pd

    words = values.values if isinstance(values, Coded) else values
    codes = {word: code for code, word in enumerate(categories)}
    found = np.fromiter(map(codes.get, words, repeat(-1)), dtype=np.int8, count=len(words))
    if isinstance(values, Coded):
        found = values.of(found, -1)
    return pd.Categorical.from_codes(found, dtype=pd.CategoricalDtype(list(categories), ordered=False))


def _category(column: Column, values: Sequence[Any]) -> Any:
    return _categorical(values, column.categories)


def _string(column: Column, values: Sequence[Any]) -> Any:
    import pandas as pd

    dtype = pd.StringDtype()
    if dtype.storage == "pyarrow":
        import pyarrow as pa

        if isinstance(values, Coded) and isinstance(values.values, Texts):
            return pd.array(values.values.arrow.take(values.positions), dtype=dtype)
        try:  # a third of the time that pandas takes to look at each text
            return pd.array(pa.array(values, pa.large_string()), dtype=dtype)
        except (UnicodeEncodeError, pa.ArrowException):
            pass  # text that is no Unicode, or a subclass of it
    return pd.array(clean(values), dtype=dtype)


def _integer(column: Column, values: Sequence[Any]) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(values, Coded):
        numbers = values.of(np.array(values.values, dtype=np.int64), 0)
        return pd.arrays.IntegerArray(numbers, values.codes < 0)
    return pd.array(list(values), dtype="Int64")


def _boolean(column: Column, values: Sequence[Any]) -> Any:
    import numpy as np
    import pandas as pd

    if None in values:
        return pd.array(list(values), dtype="boolean")
    return pd.arrays.BooleanArray(np.array(values, dtype=np.bool_), np.zeros(len(values), dtype=np.bool_))


def _float(column: Column, values: Sequence[Any]) -> Any:
    import numpy as np

    return np.asarray(values, dtype="float64")


def _datetime(column: Column, values: Sequence[datetime | None]) -> Any:
    import numpy as np
    import pandas as pd

    # By hand: pandas guesses a unit from the values, and has none to guess from in an empty table.
    stamps = [_NAT if value is None else round(value.timestamp() * 1000) for value in values]
    numbers = np.array(stamps, dtype="int64")
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
