"""Frames as files in a folder: CSV, JSON or Parquet, one file a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.errors import InputError, MissingExtraError, expect_path, one_line

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMATS", "harmless", "write"]

# What makes a spreadsheet take a text for a formula (OWASP, "CSV Injection"); a stranger may begin a subject so.
_FORMULA = re.compile(r"\A[=+\-@\t\r]")


def write(
    frames: Mapping[str, pd.DataFrame], folder: str | PathLike[str], form: str, *, exact: bool = False
) -> tuple[Path, ...]:
    """The paths of the files that hold the frames afterwards; the folder is made where there is none.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        What to write; the name of a file is the name of its frame.
    folder : path
        Where to.
    form : str
        ``csv``, ``json`` or ``parquet``.
    exact : bool
        Whether texts in a CSV file are left as they are; otherwise controls and marks of direction are escaped, since
        the file may be shown in a terminal, and a ``'`` stands before what a spreadsheet would run as a formula.

    Raises
    ------
    InputError
        When the format is unknown or the folder cannot be written to.
    MissingExtraError
        When Parquet is asked for and pyarrow is not installed.
    """
    if form not in FORMATS:
        raise InputError(f"expected the format {', '.join(FORMATS)} but got `{one_line(form)}`")
    if form == "parquet":
        _need_pyarrow()
    folder = expect_path(folder).expanduser()
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            path = folder / f"{name}.{form}"
            frame = frame if frame.index.name is None else frame.reset_index()
            FORMATS[form](frame if exact or form != "csv" else _harmless(frame), path)
            paths.append(path)
    except OSError as error:
        raise InputError(f"cannot write to `{one_line(folder)}`: {error.strerror or error}") from None
    return tuple(paths)


def _csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%S.%fZ")


def _json(frame: pd.DataFrame, path: Path) -> None:
    frame.to_json(path, orient="records", date_format="iso", date_unit="ms", force_ascii=False, indent=1)


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, engine="pyarrow", index=False)


FORMATS: Mapping[str, Callable[[Any, Path], None]] = {"csv": _csv, "json": _json, "parquet": _parquet}


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with nothing in its texts that a terminal or a spreadsheet would run."""
    texts = [column for column in frame.columns if frame[column].dtype == "string"]
    return frame.assign(**{column: [harmless(value) for value in frame[column]] for column in texts})


def harmless(value: Any) -> Any:
    """A cell of a table as it is, but for a text that a spreadsheet or a terminal would run."""
    if not isinstance(value, str):
        return value
    text = "\t".join(one_line(part, len(part) + 1) for part in value.split("\t"))
    return f"'{text}" if _FORMULA.match(value) else text


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtraError("pyarrow", extra="parquet", purpose="a Parquet file") from None
