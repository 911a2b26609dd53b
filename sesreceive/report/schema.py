"""The columns of a table in the words of others: an Arrow schema, Spark DDL, and a frame of the declared dtypes.

`columns` declares each table once; files, workers and clusters read the same columns here. pyarrow and pandas are
loaded when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.report.clean_text import clean
from sesreceive.report.coded import Coded, Texts
from sesreceive.report.frames import frame
from sesreceive.report.table import Column, Table
from sesreceive.wording import shown

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Schema"]

# By the dtype of a column. A category travels as text where there are none.
_SPARK: Mapping[str, str] = {
    "string": "STRING",
    "category": "STRING",
    "Int64": "BIGINT",
    "boolean": "BOOLEAN",
    "float64": "DOUBLE",
    "datetime64[ms, UTC]": "TIMESTAMP",
}


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one table, for other programs.

    Attributes
    ----------
    table : Table
        The declaration.

    Examples
    --------
    >>> from sesreceive.report.columns import table
    >>> schema = Schema(table("filters"))
    >>> schema.spark[:61]
    '`number` BIGINT, `message` STRING, `envelope` STRING, `filter'
    >>> schema.arrow().field("outcome").type
    DictionaryType(dictionary<values=string, indices=int8, ordered=0>)
    >>> schema.frame().dtypes["outcome"].categories.tolist()
    ['match', 'miss', 'skip']
    """

    table: Table

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return self.table.names

    @property
    def spark(self) -> str:
        """The columns as Spark DDL, what `mapInPandas` and `spark.createDataFrame` take for a schema."""
        return ", ".join(f"`{column.name}` {_SPARK[column.dtype]}" for column in self.table.columns)

    def arrow(self) -> pa.Schema:
        """The columns as an Arrow schema; with what pandas needs to read a file of it with the declared dtypes.

        Raises
        ------
        MissingExtraError
            When pyarrow is not installed.
        """
        _pyarrow()
        return _arrow_schema(self.table)

    def frame(self, rows: pd.DataFrame | None = None) -> pd.DataFrame:
        """Rows with the declared columns, dtypes and categories; none by default.

        Parameters
        ----------
        rows : DataFrame, optional
            With these columns, in any order and of any dtype that can be turned, as a file or a cluster gives them. A
            time without a zone is UTC.

        Raises
        ------
        InputError
            When a column is missing, or a cell is none of it.
        """
        if rows is None:
            return frame(self.table, dict.fromkeys(self.names, ()))
        if not hasattr(rows, "columns"):
            raise InputError(f"expected a DataFrame but got {shown(rows)}")
        missing = [name for name in self.names if name not in rows.columns]
        if missing:
            raise InputError(f"expected the columns of the table `{self.table.name}` but `{missing[0]}` is missing")
        dtypes = frame(self.table, dict.fromkeys(self.names, ())).dtypes
        made = rows[list(self.names)].reset_index(drop=True)
        try:
            for name, dtype in dtypes.items():
                # Spark gives times without a zone, in that of its session.
                naive = str(dtype).startswith("datetime") and getattr(made[name].dt, "tz", None) is None
                made[name] = made[name].dt.tz_localize("UTC").astype(dtype) if naive else made[name].astype(dtype)
            return made
        except (AttributeError, TypeError, ValueError) as error:
            raise InputError(f"the table `{self.table.name}` cannot be made of these rows: {one_line(error)}") from None

    def arrow_table(self, data: Mapping[str, Sequence[Any]]) -> pa.Table:
        """The cells of each column as an Arrow table; None where there is nothing to say."""
        pa = _pyarrow()
        arrays = [_arrow_array(pa, column, data[column.name]) for column in self.table.columns]
        return pa.Table.from_arrays(arrays, schema=self.arrow())

    def __repr__(self) -> str:
        """One line: the table and how many columns it has."""
        return f"<Schema of the table {self.table.name}: {len(self.names)} columns>"


@cache
def _arrow_schema(table: Table) -> Any:
    """Made once for each declared table: a chunk of a replay would wait for it longer than for its rows."""
    pa = _pyarrow()
    schema = pa.schema([pa.field(column.name, _arrow_type(column)) for column in table.columns])
    return schema.with_metadata(pa.Schema.from_pandas(Schema(table).frame(), preserve_index=False).metadata)


def _arrow_type(column: Column) -> Any:
    pa = _pyarrow()
    return {
        "string": pa.string(),
        # No table has more words in a column than an octet counts.
        "category": pa.dictionary(pa.int8(), pa.string()),
        "Int64": pa.int64(),
        "boolean": pa.bool_(),
        "float64": pa.float64(),
        "datetime64[ms, UTC]": pa.timestamp("ms", tz="UTC"),
    }[column.dtype]


def _arrow_array(pa: Any, column: Column, values: Sequence[Any]) -> Any:
    kind = _arrow_type(column)
    if isinstance(values, Coded):
        return _arrow_array_of_codes(pa, column, values)
    if column.dtype == "category":
        codes = {word: code for code, word in enumerate(column.categories)}
        return pa.DictionaryArray.from_arrays(
            pa.array([codes.get(value) for value in values], pa.int8()), pa.array(column.categories, pa.string())
        )
    if column.dtype == "string":
        return pa.array(clean(values), kind)
    if column.dtype.startswith("datetime"):
        return pa.array([_milliseconds(value) for value in values], pa.int64()).cast(kind)
    return pa.array(values, kind)


def _arrow_array_of_codes(pa: Any, column: Column, cells: Coded) -> Any:
    """Of a frame's column: its categories are the declared ones, and a cell is missing where the code says so."""
    kind, codes = _arrow_type(column), cells.positions
    if column.dtype == "category":
        words = {word: code for code, word in enumerate(column.categories)}
        numbers = pa.array([words.get(value) for value in cells.values], pa.int8())
        return pa.DictionaryArray.from_arrays(numbers.take(codes), pa.array(column.categories, pa.string()))
    values = cells.values.arrow if isinstance(cells.values, Texts) else _arrow_array(pa, column, cells.values)
    if column.dtype != "string":
        return values.take(codes)
    pieces = [values.take(piece.positions).cast(kind) for piece in _pieces(cells, values)]
    return pieces[0] if len(pieces) == 1 else pa.chunked_array(pieces)


# An array of texts holds less than 2 GiB: its offsets have 31 bits. A piece may have one text more than this.
_OCTETS_OF_A_PIECE = 1 << 30


def _pieces(cells: Coded, values: Any) -> list[Coded]:
    """The cells in as many pieces as their texts need arrays; `values` are the texts in Arrow."""
    import numpy as np
    import pyarrow.compute as pc

    lengths = cells.of(np.array(pc.fill_null(pc.binary_length(values), 0)), 0)
    octets = int(lengths.sum(dtype=np.int64))
    if octets <= _OCTETS_OF_A_PIECE:
        return [cells]
    ends = np.cumsum(lengths, dtype=np.int64)
    cuts = np.searchsorted(ends, np.arange(_OCTETS_OF_A_PIECE, octets, _OCTETS_OF_A_PIECE), side="right")
    places = sorted({0, *cuts.tolist(), len(cells)})
    return [cells[start:end] for start, end in pairwise(places)]


def _milliseconds(value: datetime | None) -> int | None:
    return None if value is None else round(value.timestamp() * 1000)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("pyarrow", extra="parquet", purpose="an Arrow table or schema") from None
    return pyarrow
