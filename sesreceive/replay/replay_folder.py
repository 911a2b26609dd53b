"""A folder of Parquet files that a replay wrote: a folder for each table, in it a file for each part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.report.columns import AUTHENTICATION, MESSAGES
from sesreceive.report.columns import table as declared
from sesreceive.report.schema import Schema
from sesreceive.shown import Shown
from sesreceive.wording import count, expected

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReplayFolder", "folder_at", "parquet"]


class ReplayFolder(Shown):
    """What a replay wrote, read when it is asked for.

    Parameters
    ----------
    path : path
        The folder, as `Receiver.replay_to` made it.

    Attributes
    ----------
    interrupted : bool
        Whether the replay that wrote last was stopped before its end; False for a folder that is opened.

    Raises
    ------
    InputError
        When there is no replay in it.
    MissingExtraError
        When pyarrow is not installed.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = folder_at(path)
        self.interrupted = False
        parquet()
        if not (self.path / MESSAGES.name).is_dir():
            raise InputError(f"there is no replay in `{one_line(self.path)}`: give a folder that `replay_to` made")

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that were written."""
        return tuple(sorted(one.name for one in self.path.iterdir() if one.is_dir() and _is_table(one.name)))

    def parts(self, table: str = "messages") -> list[Path]:
        """The files of a table, in order; those of a part whose messages are not there yet are not whole.

        Raises
        ------
        InputError
            When that table was not written.
        """
        if table not in self.tables:
            raise InputError(f"expected one of the tables {', '.join(self.tables)} but got `{one_line(table)}`")
        whole = sorted(path.name for path in (self.path / MESSAGES.name).glob("part-*.parquet"))
        return [self.path / table / name for name in whole]

    @staticmethod
    def schema(table: str) -> Schema:
        """The columns of a table; see `Report.schema`."""
        return Schema(declared(table))

    def frame(self, table: str = "messages") -> pd.DataFrame:
        """All rows of a table, with the dtypes and categories of `Report.frame`.

        For more than memory holds, read the files one by one, or with Dask, Spark or DuckDB.

        Raises
        ------
        InputError
            When that table was not written, or a file of it cannot be read.
        """
        import pandas as pd

        schema = self.schema(table)
        frames = []
        for path in self.parts(table):
            with _reading(path):
                rows = pd.read_parquet(path)
            frames.append(schema.frame(rows))
        return pd.concat(frames, ignore_index=True) if frames else schema.frame()

    def __len__(self) -> int:
        """How many messages were received; those that could not be are not counted."""
        rows = 0
        for path in self.parts(AUTHENTICATION.name):
            with _reading(path):
                rows += parquet().read_metadata(path).num_rows
        return rows

    def columns(self, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
        """Some columns of a table, row by row, one file at a time.

        Raises
        ------
        InputError
            When that table was not written, or a file of it cannot be read or lacks a column.
        """
        for path in self.parts(table):
            with _reading(path), parquet().ParquetFile(path) as file:
                for name in names:
                    _check_column(file.schema_arrow, name, self.schema(table).arrow().field(name).type)
                for batch in file.iter_batches(columns=list(names)):
                    yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)

    def contents(self) -> Iterator[tuple[str, str]]:
        """Name and SHA-256 of each message that was received; the name is empty where it had none."""
        for number, message, content in self.columns(AUTHENTICATION.name, "number", "message", "content"):
            yield "" if message == f"#{number}" else message, content

    def broken(self) -> Iterator[tuple[str, str]]:
        """Name and reason of each message that could not be read or received."""
        for message, error in self.columns(MESSAGES.name, "message", "error"):
            if error:
                yield message, error

    def _facts(self) -> Iterator[tuple[str, Any]]:
        """The folder, its tables and parts."""
        yield "folder", str(self.path)
        yield "tables", ", ".join(self.tables)
        yield "parts", len(self.parts())

    def __repr__(self) -> str:
        """One line: how many messages, in how many parts."""
        stopped = ", interrupted" if self.interrupted else ""
        return f"<ReplayFolder of {count(len(self), 'message')} in {count(len(self.parts()), 'part')}{stopped}>"


def folder_at(path: object) -> Path:
    """The path of a folder, as a path.

    Raises
    ------
    InputError
        When it is none.

    Examples
    --------
    >>> folder_at(5)
    Traceback (most recent call last):
    sesreceive.errors.InputError: expected the path of a folder but got `5`
    """
    if isinstance(path, str | PathLike):
        text = fspath(path)
        if isinstance(text, str) and text and "\0" not in text:
            return Path(text).expanduser()
    raise InputError(expected("the path of a folder", path))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What pyarrow complains of is told as what is wrong with that file."""
    try:
        yield
    except (OSError, ValueError) as error:  # pyarrow's errors are of these two
        why = "there is no such file" if isinstance(error, FileNotFoundError) else one_line(error)
        raise InputError(f"`{one_line(path)}` cannot be read as a table of a replay: {why}") from None


def _check_column(schema: Any, name: str, declared: Any) -> None:
    """Refuse a column that is not there or of another kind, such as numbers where texts are."""
    import pyarrow as pa

    if name not in schema.names:
        raise ValueError(f"there is no column `{name}`")
    kind = schema.field(name).type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)  # texts come in two widths
    fits = is_text if pa.types.is_string(declared) else pa.types.is_integer(kind)
    if not fits and not pa.types.is_null(kind):
        raise ValueError(f"the column `{name}` has {kind}, not {declared}")


def _is_table(name: str) -> bool:
    try:
        declared(name)
    except KeyError:
        return False
    return True


def parquet() -> Any:
    """The module `pyarrow.parquet`."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", extra="parquet", purpose="a Parquet file") from None
    return pyarrow.parquet
