"""The cells of a column as numbers into the values that there are: what pandas and Arrow make columns of fastest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from sesreceive.report.clean_text import clean

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["Coded", "Texts"]


class Texts(list[str]):
    """Texts that several columns share."""

    @cached_property
    def arrow(self) -> pa.LargeStringArray:
        """The same in Arrow, made once for all columns; what is no Unicode is written with backslashes."""
        import pyarrow as pa

        try:
            return pa.array(self, pa.large_string())
        except UnicodeEncodeError:
            return pa.array(clean(self), pa.large_string())


class Coded(Sequence[Any]):
    """The cells of a column: values, and of each cell the position of its value.

    Parameters
    ----------
    values : sequence
        The values; not all of them have to occur, and one may stand there twice.
    codes : array of integers
        One a cell; -1 where the cell is None.

    Examples
    --------
    >>> import numpy as np
    >>> cells = Coded(["match", "miss"], np.array([1, 0, -1, 1]))
    >>> list(cells), cells[0], len(cells[1:])
    (['miss', 'match', None, 'miss'], 'miss', 3)
    """

    def __init__(self, values: Sequence[Any], codes: np.ndarray[Any, Any]) -> None:
        self.values = values
        self.codes = codes

    def __len__(self) -> int:
        """Number of cells."""
        return len(self.codes)

    def __iter__(self) -> Iterator[Any]:
        """The cells, in order."""
        # A code of -1 is the last one.
        return map([*self.values, None].__getitem__, self.codes.tolist())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Coded: ...
    def __getitem__(self, index: int | slice) -> Any:
        """One cell, or some."""
        if isinstance(index, slice):
            return Coded(self.values, self.codes[index])
        code = self.codes[index]
        return None if code < 0 else self.values[code]

    def of(self, values: np.ndarray[Any, Any], missing: Any) -> np.ndarray[Any, Any]:
        """For each cell what stands in `values` in the place of its value; `missing` where there is none."""
        import numpy as np

        made: np.ndarray[Any, Any] = np.append(values, np.array([missing], dtype=values.dtype))[self.codes]
        return made

    @property
    def positions(self) -> pa.Array:
        """The codes in Arrow, null where a cell is None: what an array of the values takes."""
        import pyarrow as pa

        missing = self.codes < 0
        return pa.array(self.codes, mask=missing if missing.any() else None)
