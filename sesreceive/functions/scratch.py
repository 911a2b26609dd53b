"""Folders that go when their owner goes."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

__all__ = ["scratch_folder"]


def scratch_folder(owner: object, purpose: str) -> Path:
    """A new empty folder, removed with `owner` or at the end of the process, whichever comes first."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix=f"sesreceive-{purpose}-"))
    weakref.finalize(owner, _remove, folder, os.getpid())
    return folder


def _remove(folder: Path, made_by: int) -> None:
    # A forked child has a copy of the owner but not the say over its folder.
    if os.getpid() == made_by:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
