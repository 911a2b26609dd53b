"""Files of one JSON object, as progress, assignments and classes are kept: read with what has to be in them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json

__all__ = ["read_object", "write_object"]


def read_object(path: Path, what: str, members: Mapping[str, type]) -> dict[str, Any]:
    """The object in a file, with at least these members of these types.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What an error calls it, such as ``assignment``.
    members : mapping of str to type
        Member to its type; true and false are no numbers.

    Raises
    ------
    InputError
        When it cannot be read, is no JSON object, or a member is missing or of another type.
    """
    where = f"{what} `{one_line(path)}`"
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {where}: {error.strerror or error}") from error
    value = parse_json(text, where=where)
    for name, kind in members.items():
        if not isinstance(value, dict) or type(value.get(name)) is not kind:
            raise InputError(f"{where}: expected an object with `{name}`, as sesreceive writes it")
    return dict(value)


def write_object(path: Path, what: str, value: Mapping[str, Any]) -> None:
    """The file holds this object; whoever reads it meanwhile, or after a crash, has the old one or the new one.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(json.dumps(value, indent=1) + "\n", encoding="ascii")
        os.replace(beside, path)
    except OSError as error:
        raise InputError(f"cannot write {what} `{one_line(path)}`: {error.strerror or error}") from error
