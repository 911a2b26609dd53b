"""The cells of a table that is in Parquet files: what each holds is told by its own notes, and little of it is read.

A file notes of each column its type, and of the cells of each row group the least and the greatest. That tells of most
columns that every cell fits, and of most row groups that nothing failed in them; the rest is read for it. Of the many
columns that only a judged message needs, the row groups of the judged messages are read. No DataFrame is made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.lab.table_cells import READ, declared, refuse_cells, refuse_missing
from sesreceive.report.table import Column

__all__ = ["FileCells"]


class FileCells:
    """The cells of a table of which there are files.

    Parameters
    ----------
    paths : sequence of Path
        The files, in order.
    name : str
        Which table it is, a key of `READ`.

    Raises
    ------
    InputError
        When a file cannot be read or lacks a column, or a cell is none of its column; what is damaged in a part that is
        read later raises it then.
    """

    def __init__(self, paths: Sequence[Path], name: str) -> None:
        self._name = name
        self._groups: list[_Group] = []
        self._zoned = True
        self._last: tuple[_Group, Any] | None = None  # the row group whose rows were asked for last
        ends = 0
        errors: set[int] = set()
        for path in paths:
            with _reading(path, name):
                file = _File.opened(path)
            refuse_missing(file.kinds, name)
            self._zoned = self._zoned and _is_zoned(file.kinds.get("received_at"))
            groups = [_Group(file, number, start, rows) for number, (start, rows) in enumerate(file.ranges(ends))]
            ends += file.notes.num_rows
            if name == "messages" and (open_groups := list(filter(_may_have_error, groups))):
                errors.update(place for place, error in self._placed(open_groups, "error") if error)
            self._check(groups, errors)
            self._groups += groups
        self._starts = [group.start for group in self._groups]
        # Where each row stands in the files; those with an error are left out.
        self._places: Sequence[int] = range(ends)
        if errors:
            self._places = [place for place in range(ends) if place not in errors]

    def _check(self, groups: Sequence[_Group], errors: Set[int]) -> None:
        """Raise InputError for a cell that is none of its column; what the notes vouch for is not read."""
        for column in declared(self._name):
            if not (doubtful := [group for group in groups if not _vouches(group, column)]):
                continue
            if column.categories and _is_text(groups[0].file.kinds[column.name]):
                cells: Iterable[Any] = self._read(doubtful, column.name, distinct=True)[0]
            else:
                cells = (cell for place, cell in self._placed(doubtful, column.name) if place not in errors)
            refuse_cells(cells, column, self._name)

    def _placed(self, groups: Sequence[_Group], column: str) -> Iterator[tuple[int, Any]]:
        """The cells of a column in some row groups, each with where its row stands."""
        places = chain.from_iterable(range(group.start, group.start + group.rows) for group in groups)
        return zip(places, self._read(groups, column)[0], strict=True)

    @property
    def is_zoned(self) -> bool:
        """Whether the kind of the column `received_at` says that each time has its zone."""
        return self._zoned

    def __len__(self) -> int:
        """How many rows."""
        return len(self._places)

    def columns(self, *names: str) -> list[list[Any]]:
        """All cells of these columns, a list each."""
        columns = self._read(self._groups, *names)
        if isinstance(self._places, range):
            return columns
        return [list(map(cells.__getitem__, self._places)) for cells in columns]

    def rows(self, positions: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The rows in these positions, with the columns of `READ`."""
        wanted: dict[int, list[int]] = {}
        places = [self._places[position] for position in positions]
        for place in places:
            wanted.setdefault(bisect_right(self._starts, place) - 1, []).append(place)
        names = READ[self._name]
        made: dict[int, tuple[Any, ...]] = {}
        for number, its_places in wanted.items():
            made.update(zip(its_places, self._rows_of(self._groups[number], its_places), strict=True))
        return (dict(zip(names, made[place], strict=True)) for place in places)

    def where(self, **words: str) -> list[int]:
        """The positions of the rows in which each of these columns has that word."""
        groups = [group for group in self._groups if all(group.may_have(*pair) for pair in words.items())]
        if not groups:
            return []
        fitting: set[int] | None = None
        for name, word in words.items():
            places = {place for place, cell in self._placed(groups, name) if cell == word}
            fitting = places if fitting is None else fitting & places
            if not fitting:
                return []
        if isinstance(self._places, range):
            return sorted(fitting or ())
        return [position for position, place in enumerate(self._places) if place in (fitting or ())]

    def _rows_of(self, group: _Group, places: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """The rows of a row group that stand in these places; who asks for some will ask for the next ones of it."""
        import pyarrow as pa

        names = READ[self._name]
        with _reading(group.file.path, self._name):
            if self._last is None or self._last[0] is not group:
                self._last = group, group.file.read([group.number], names)
            rows = self._last[1].take(pa.array([place - group.start for place in places], pa.int64()))
            return zip(*(_cells(rows.column(name)) for name in names), strict=True)

    def _read(self, groups: Sequence[_Group], *names: str, distinct: bool = False) -> list[list[Any]]:
        """The cells of these columns in some row groups, which are in order; each `distinct` one of them once."""
        made: list[list[Any]] = [[] for _ in names]
        for file, its_groups in groupby(groups, key=lambda group: group.file):
            with _reading(file.path, self._name):
                table = file.read([group.number for group in its_groups], names)
                for cells, name in zip(made, names, strict=True):
                    column = table.column(name)
                    cells += _cells(column.unique() if distinct else column)
        return made


def _cells(column: Any) -> list[Any]:
    """The cells of an Arrow array; what is missing is None."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    made: list[Any] = column.to_pylist()
    return made


@dataclass(frozen=True, eq=False, slots=True)
class _File:
    """A file, and what it notes: it is read in parts, and open only meanwhile."""

    path: Path
    notes: Any = field(repr=False)
    kinds: dict[str, Any] = field(repr=False)
    places: dict[str, int] = field(repr=False)

    @classmethod
    def opened(cls, path: Path) -> _File:
        """The file at a path."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            notes, schema = file.metadata, file.schema_arrow
        places = {notes.schema.column(at).path: at for at in range(notes.num_columns)}
        return cls(path, notes, {one.name: one.type for one in schema}, places)

    def ranges(self, start: int) -> Iterator[tuple[int, int]]:
        """Of each row group where it starts, when the file does at `start`, and how many rows it has."""
        for number in range(self.notes.num_row_groups):
            rows = self.notes.row_group(number).num_rows
            yield start, rows
            start += rows

    def read(self, groups: Sequence[int], columns: Sequence[str]) -> Any:
        """Some columns of some row groups. Threads would take more of the processor than they save."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, metadata=self.notes) as file:
            return file.read_row_groups(list(groups), columns=list(dict.fromkeys(columns)), use_threads=False)


@dataclass(frozen=True, eq=False)
class _Group:
    """A row group: rows that stand together in a file."""

    file: _File
    number: int
    start: int
    rows: int

    @cached_property
    def notes(self) -> Any:
        """What is noted of it."""
        return self.file.notes.row_group(self.number)

    def range_of(self, column: str) -> tuple[Any, Any, int] | None:
        """Least and greatest cell (None where all are missing) and how many are missing; None where it is not noted."""
        place = self.file.places.get(column)
        noted = None if place is None else self.notes.column(place).statistics
        if noted is None or not noted.has_null_count:
            return None
        if noted.has_min_max:
            return noted.min, noted.max, noted.null_count
        return (None, None, noted.null_count) if noted.null_count == self.rows else None

    def may_have(self, column: str, word: str) -> bool:
        """Whether some cell of a column may be that word."""
        noted = self.range_of(column)
        if noted is None:
            return True
        least, greatest, _ = noted
        return isinstance(least, str) and isinstance(greatest, str) and least <= word <= greatest


def _vouches(group: _Group, column: Column) -> bool:
    """Whether its notes say that each cell fits; doubt is no error, the cells are looked at then."""
    import pyarrow as pa

    kind = group.file.kinds[column.name]
    if column.dtype == "boolean":
        return bool(pa.types.is_boolean(kind))
    if column.dtype.startswith("datetime"):
        return bool(pa.types.is_timestamp(kind))
    if column.dtype == "Int64":
        noted = group.range_of(column.name) if pa.types.is_integer(kind) else None
        return noted is not None and noted[0] is not None and noted[0] >= 0 and not noted[2]
    if not _is_text(kind):
        return False
    if column.dtype == "string":
        return True
    noted = group.range_of(column.name)
    return noted is not None and noted[0] == noted[1] and (noted[0] is None or noted[0] in column.categories)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_zoned(kind: Any) -> bool:
    return getattr(kind, "tz", None) is not None


def _may_have_error(group: _Group) -> bool:
    """Whether some row may be of a message that could not be received."""
    if "error" not in group.file.kinds:
        return False
    noted = group.range_of("error")
    return noted is None or bool(noted[0] or noted[1])


@contextmanager
def _reading(path: Path, name: str) -> Iterator[None]:
    """What pyarrow complains of is told as what is wrong with that file."""
    try:
        yield
    except (OSError, ValueError, OverflowError) as error:  # pyarrow's errors are of the first two, a time's of the last
        raise InputError(f"cannot read the table `{one_line(name)}` in `{one_line(path)}`: {one_line(error)}") from None
