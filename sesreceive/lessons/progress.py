"""What was tried and passed, kept in a JSON file."""

from __future__ import annotations

import os
from typing import Any

from sesreceive._html import code, table, ticked
from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.lessons.json_file import read_object, write_object
from sesreceive.lessons.result import Result
from sesreceive.shown import Shown
from sesreceive.signs import NO, YES

__all__ = ["ProgressFile"]


class ProgressFile(Shown):
    """The exercises that were tried, with how often and whether they passed; written at each answer.

    Parameters
    ----------
    path : str or Path
        The file; it is made with the first answer.

    Raises
    ------
    InputError
        When the file is there and is none of these.

    Examples
    --------
    >>> import tempfile, sesreceive as ses
    >>> path = tempfile.mkdtemp() + "/progress.json"
    >>> progress = ProgressFile(path)
    >>> bool(ses.lessons.check("order/bounce", "z", progress))
    False
    >>> ProgressFile(path).attempts("order/bounce"), ProgressFile(path).passed
    (1, ())
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = expect_path(path)
        self._rows: dict[str, dict[str, Any]] = self._read()

    def _read(self) -> dict[str, dict[str, Any]]:
        if not os.path.exists(self.path):
            return {}
        rows: dict[str, dict[str, Any]] = read_object(self.path, "progress", {"exercises": dict})["exercises"]
        for name, row in rows.items():
            if not _is_row(row):
                raise InputError(
                    f"progress `{one_line(self.path)}`: expected `attempts`, `passed` and `score` for the exercise "
                    f"`{one_line(name, 80)}`"
                )
        return rows

    def keep(self, result: Result) -> None:
        """The result is in the file; what has passed once stays passed.

        Raises
        ------
        InputError
            When the file cannot be written.
        """
        old = self._rows.get(result.exercise, {"attempts": 0, "passed": False, "score": 0.0})
        self._rows[result.exercise] = {
            "attempts": old["attempts"] + (0 if old["passed"] else 1),
            "passed": old["passed"] or result.passed,
            "score": max(old["score"], result.score),
        }
        write_object(self.path, "progress", {"exercises": dict(sorted(self._rows.items()))})

    @property
    def passed(self) -> tuple[str, ...]:
        """The exercises that passed, by name."""
        return tuple(sorted(name for name, row in self._rows.items() if row["passed"]))

    def attempts(self, exercise: str) -> int:
        """How often an exercise was tried until it passed."""
        return int(self._rows.get(exercise, {"attempts": 0})["attempts"])

    def frame(self) -> Any:
        """One row an exercise that was tried: ``exercise``, ``attempts``, ``passed`` and ``score`` (0 to 1)."""
        import pandas as pd

        rows = [(name, row["attempts"], row["passed"], row["score"]) for name, row in sorted(self._rows.items())]
        return pd.DataFrame(rows, columns=pd.Index(("exercise", "attempts", "passed", "score")))

    def __repr__(self) -> str:
        """One line: how many passed of those that were tried."""
        return f"<ProgressFile {one_line(self.path.name)}: {len(self.passed)} passed of {len(self._rows)} tried>"

    def _plain(self) -> str:
        lines = (f"  {YES if row['passed'] else NO} {one_line(name)}" for name, row in sorted(self._rows.items()))
        return "\n".join((repr(self), *lines))

    def _rich(self) -> str:
        rows = (
            (code(name), ticked(row["passed"], "passed" if row["passed"] else "not yet"), str(row["attempts"]))
            for name, row in sorted(self._rows.items())
        )
        return table(("exercise", "", "attempts"), rows, numbers=("attempts",))


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and type(row.get("attempts")) is int
        and type(row.get("passed")) is bool
        and type(row.get("score")) in (int, float)
    )
