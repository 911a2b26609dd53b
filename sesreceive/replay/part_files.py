"""Parquet files written as a replay goes: a part is there whole or not at all, whenever the program is stopped.

While it is written a part has a name that readers of such folders pass by (it begins with a dot). When it is whole its
files get their names, the table of messages last: a part that has no messages yet is written again by who goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.replay.replay_folder import parquet
from sesreceive.report.columns import MESSAGES
from sesreceive.report.columns import table as declared
from sesreceive.report.schema import Schema

__all__ = ["PartFiles"]


class PartFiles:
    """The parts of a folder, as they are written.

    Parameters
    ----------
    folder : Path
        Where to; made where there is none.
    tables : sequence of str
        Which tables, that of messages first.
    rows : int
        Messages in a part; each time something is written is a row group of it.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """

    def __init__(self, folder: Path, tables: Sequence[str], rows: int) -> None:
        self._folder, self._rows = folder, rows
        self._schemas = {name: Schema(declared(name)).arrow() for name in tables}
        self._writers: dict[str, Any] = {}
        self._written = 0
        try:
            for name in tables:
                (folder / name).mkdir(parents=True, exist_ok=True)
            self._number = len(list((folder / MESSAGES.name).glob("part-*.parquet")))
            self._clear()
        except OSError as error:
            raise _unwritable(folder, error) from None

    def _clear(self) -> None:
        """Take away what a program that was killed left: parts that are not whole."""
        for name in self._schemas:
            for path in (self._folder / name).glob(".part-*.parquet"):
                path.unlink()
            for path in (self._folder / name).glob("part-*.parquet"):
                if path.name >= self._path(name, self._number).name:
                    path.unlink()

    def _path(self, table: str, number: int, *, whole: bool = True) -> Path:
        return self._folder / table / f"{'' if whole else '.'}part-{number:06}.parquet"

    def write(self, rows: Mapping[str, Any], messages: int) -> None:
        """Write the rows of some messages, an Arrow table for each table; they are of one part."""
        try:
            for name, schema in self._schemas.items():
                if name not in self._writers:
                    path = self._path(name, self._number, whole=False)
                    self._writers[name] = parquet().ParquetWriter(path, schema, compression="zstd")
                if rows[name].num_rows:
                    self._writers[name].write_table(rows[name], row_group_size=max(1, rows[name].num_rows))
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        self._written += messages
        if self._written >= self._rows:
            self.close()

    def close(self) -> None:
        """The rows written so far are a part; nothing happens where there are none."""
        if not self._writers:
            return
        try:
            for writer in self._writers.values():
                writer.close()
            for name in sorted(self._writers, key=lambda name: name == MESSAGES.name):
                self._path(name, self._number, whole=False).replace(self._path(name, self._number))
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        self._writers.clear()
        self._written = 0
        self._number += 1


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"cannot write to `{one_line(folder)}`: {error.strerror or error}")
