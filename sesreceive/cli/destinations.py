"""Files and folders that a command writes: the place is looked at before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path

from sesreceive.cli.parser import near_file
from sesreceive.errors import InputError, one_line

__all__ = ["expect_file_place", "expect_folder_place", "write_text"]


def expect_file_place(path: str | None) -> None:
    """Raise unless a file can be written there, as far as that is seen without writing it; None is no file.

    Raises
    ------
    InputError
        When it is a folder, or there is no folder for it that may be written to.
    """
    if path is None:
        return
    folder = Path(path).parent
    if Path(path).is_dir():
        raise InputError(f"cannot write `{one_line(path)}`: it is a folder")
    if not folder.is_dir():
        raise InputError(
            f"cannot write `{one_line(path)}`: there is no folder `{one_line(folder)}`{near_file(str(folder))}"
        )
    if not os.access(path if Path(path).exists() else folder, os.W_OK):
        raise InputError(f"cannot write `{one_line(path)}`: it may not be written")


def expect_folder_place(path: str | None) -> None:
    """Raise unless files can be written into that folder, which is made where there is none; None is no folder.

    Raises
    ------
    InputError
        When there is a file in the way, or it may not be written to.
    """
    if path is None:
        return
    there = next(one for one in (Path(path), *Path(path).absolute().parents) if one.exists())
    if not there.is_dir():
        raise InputError(f"cannot write to `{one_line(path)}`: `{one_line(there)}` is a file")
    if not os.access(there, os.W_OK):
        raise InputError(f"cannot write to `{one_line(path)}`: `{one_line(there)}` may not be written to")


def write_text(path: str, text: str) -> None:
    """The file holds the text, as UTF-8.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    try:
        Path(path).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(f"cannot write `{one_line(path)}`: {error.strerror or error}") from None
