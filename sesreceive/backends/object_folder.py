"""A bucket as a folder: a file an object, and its metadata in a file beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sesreceive.backends.durable_files import Root
from sesreceive.backends.object_names import SIDECAR, key_of, parts_of
from sesreceive.backends.stored import Bucket, StoredObject
from sesreceive.errors import InputError
from sesreceive.json_input import parse_json

__all__ = ["FolderBucket"]

# S3 may hold both `a` and `a/b`; a folder cannot. The one that comes second gets a name no key has.
_FILE, _FOLDER = "%file", "%dir"


class FolderBucket(Bucket):
    """The objects below a folder, the last written last.

    An object counts once its file has its name. Its metadata is written before that, and keeps that of the object
    that is replaced, so body and metadata belong together whenever a process dies; a hash says which.
    """

    def __init__(self, name: str, root: Root, path: Path) -> None:
        super().__init__(name)
        self.root = root
        self.path = path

    def put(self, stored: StoredObject) -> None:
        """The object is in the folder, whole, when this returns."""
        with self.root.writing():
            path = self._find(stored.key)
            self.root.folder(path.parent)
            described: dict[str, Any] = {
                "bucket": stored.bucket,
                "key": stored.key,
                "content_type": stored.content_type,
                "metadata": dict(stored.metadata),
                "size_bytes": len(stored.body),
                "sha256": _hash(stored.body),
            }
            if path.is_file():
                there = path.read_bytes()
                described["replaces"] = _described(path, _hash(there))
            sidecar = path.with_name(path.name + SIDECAR)
            text = json.dumps(described, indent=2) + "\n"
            self.root.write(sidecar, text.encode("ascii"))
            self.root.settle(path.parent)
            self.root.write(path, stored.body, at_ns=_later())
            self.root.settle(path.parent)

    def _names(self) -> list[str]:
        return [key for _, key in sorted(self._walk())]

    def _walk(self) -> Iterator[tuple[int, str]]:
        """When each object was written, and its key."""
        for folder, folders, files in os.walk(self.path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            inside = Path(folder).relative_to(self.path).parts
            for name in files:
                if name.startswith(".") or name.endswith(SIDECAR):
                    continue
                parts = (*(part.removesuffix(_FOLDER) for part in inside), name.removesuffix(_FILE))
                key = key_of(parts)
                path = Path(folder) / name
                if key is not None and self._find(key) == path:
                    with contextlib.suppress(FileNotFoundError):
                        yield path.stat().st_mtime_ns, key

    def _entry(self, name: str) -> StoredObject | None:
        try:
            path = self._find(name)
            for _ in range(3):  # a writer may be between metadata and body
                body = path.read_bytes()
                described = _described(path, digest := _hash(body))
                if described.get("sha256", digest) == digest:
                    break
        except (OSError, ValueError):
            return None
        metadata, content_type = described.get("metadata"), described.get("content_type")
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            metadata = {}  # somebody else wrote it
        if not isinstance(content_type, str):
            content_type = "application/octet-stream"
        return StoredObject(bucket=self.name, key=name, body=body, metadata=metadata, content_type=content_type)

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and self._find(name).is_file()
        except (OSError, ValueError):
            return False

    def _find(self, key: str) -> Path:
        """Where the object of that key is, or would be."""
        *folders, name = parts_of(key)
        path = self.path
        for folder in folders:
            path /= folder + _FOLDER if (path / folder).is_file() else folder
        return path / (name + _FILE if (path / name).is_dir() else name)


def _described(path: Path, digest: str) -> dict[str, Any]:
    """The metadata that belongs to the body of this hash: that of the object, or of the one it is to replace."""
    try:
        described = parse_json(path.with_name(path.name + SIDECAR).read_bytes())
    except (OSError, InputError):
        return {}  # a file somebody put there by hand is an object without metadata
    if not isinstance(described, dict):
        return {}
    replaced = described.pop("replaces", None)
    if isinstance(replaced, dict) and digest != described.get("sha256") and digest == replaced.get("sha256"):
        return replaced
    return described


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


_last_ns = 0


def _later() -> int:
    """The time in nanoseconds, each time a later one: it is what objects are ordered by."""
    global _last_ns  # noqa: PLW0603 - called while writing, by one thread at a time
    _last_ns = max(_last_ns + 1, time.time_ns())
    return _last_ns
