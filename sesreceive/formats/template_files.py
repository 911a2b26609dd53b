"""Reading the files of a template: sizes bounded, text checked, YAML and JSON parsed with places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sesreceive.errors import one_line
from sesreceive.formats.draft import Draft
from sesreceive.formats.marked_yaml import Syntax, parse_marked
from sesreceive.formats.place import Place

__all__ = ["MAX_BYTES", "parsed", "text_of_file"]

# CloudFormation takes templates of 1 MB; a Terraform state is larger.
MAX_BYTES = 10 * 1024 * 1024


def text_of_file(path: Path, draft: Draft, name: str) -> str | None:
    """The text of a file; None, and a problem, where there is none."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            draft.problem(Place(name), f"expected at most {MAX_BYTES} bytes but the file has {size}", "sesreceive")
            return None
        raw = path.read_bytes()
    except OSError as error:
        draft.problem(Place(name), f"the file cannot be read: {error.strerror or error}", "sesreceive")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        draft.problem(Place(name, line), f"expected UTF-8 text but byte {error.start} is not", "sesreceive")
        return None


def parsed(path: Path, draft: Draft, name: str) -> Any:
    """The YAML or JSON in a file; None, and a problem, where it cannot be read."""
    text = text_of_file(path, draft, name)
    if text is None:
        return None
    try:
        return parse_marked(text, name, lambda place, message: draft.problem(place, message, "YAML"))
    except Syntax as error:
        draft.problem(error.place, one_line(error, 300), "YAML" if "YAML" in str(error) else "JSON")
        return None
