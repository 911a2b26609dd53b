"""Writing files so that nothing is ever half there: what was acknowledged stays, what was not is not seen.

A whole file is written under another name, synced, and renamed. A line is appended behind the last whole line, synced.
A process that dies at any moment leaves a file under another name, or a line without its end; both are cleared
away by the next one that writes.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from sesreceive.errors import InputError
from sesreceive.json_input import parse_json

__all__ = ["JsonLines", "Root"]


class Root:
    """A folder that several threads and processes write to, one at a time.

    Parameters
    ----------
    path : Path
        The folder; made when it is not there.
    sync : bool
        Whether a write is on the disk, and not only with the operating system, before it counts as done.
    """

    def __init__(self, path: Path, *, sync: bool = True) -> None:
        self.path = path
        self.sync = sync
        self._lock = threading.RLock()
        self._held = 0
        self._numbers = itertools.count()
        self._spare = path / ".tmp"
        self._spare.mkdir(parents=True, exist_ok=True)
        with self.writing():
            # Whoever writes holds the lock, so what lies here now was left by a process that died.
            for left in self._spare.iterdir():
                left.unlink()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else writes meanwhile, in this process or another."""
        with self._lock:
            if self._held:
                yield
                return
            with _locked(self.path / ".lock"):
                self._held += 1
                try:
                    yield
                finally:
                    self._held -= 1

    def folder(self, path: Path) -> Path:
        """There is a folder there; its parents are made, too."""
        if not path.is_dir():
            self.folder(path.parent)
            path.mkdir(exist_ok=True)
            self.settle(path.parent)
        return path

    def write(self, path: Path, content: bytes | Sequence[bytes], *, at_ns: int | None = None) -> None:
        """The whole of `content`, in one piece or several, is at `path`, in place of what was there.

        Call `settle` for its folder afterwards.
        """
        spare = self._spare / f"{os.getpid()}-{threading.get_ident()}-{next(self._numbers)}"
        try:
            with open(spare, "xb") as stream:
                stream.writelines((content,) if isinstance(content, bytes) else content)
                stream.flush()
                if self.sync:
                    os.fsync(stream.fileno())
            if at_ns is not None:
                os.utime(spare, ns=(at_ns, at_ns))
            os.replace(spare, path)
        except BaseException:
            spare.unlink(missing_ok=True)
            raise

    def settle(self, folder: Path) -> None:
        """The names in `folder` are on the disk."""
        if not self.sync or os.name != "posix":
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class JsonLines:
    """A file of one JSON object a line, which only grows."""

    def __init__(self, root: Root, path: Path) -> None:
        self.root = root
        self.path = path
        self._lock = threading.Lock()
        self._read: list[dict[str, Any]] = []
        self._offset = 0

    def append(self, record: dict[str, Any]) -> None:
        """One more line, on the disk when this returns."""
        line = json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"
        with self.root.writing():
            new = not self.path.exists()
            with open(self.path, "ab+") as stream:
                size = stream.seek(0, os.SEEK_END)
                end = _whole(stream, size)
                if end < size:
                    stream.truncate(end)
                stream.write(line)
                stream.flush()
                if self.root.sync:
                    os.fsync(stream.fileno())
            if new:
                self.root.settle(self.path.parent)

    def records(self) -> tuple[dict[str, Any], ...]:
        """All whole lines, in order; only what is new is read."""
        with self._lock:
            try:
                with open(self.path, "rb") as stream:
                    if os.fstat(stream.fileno()).st_size < self._offset:
                        self._read, self._offset = [], 0
                    stream.seek(self._offset)
                    for line in stream:
                        if not line.endswith(b"\n"):
                            break
                        self._offset += len(line)
                        with contextlib.suppress(InputError):  # a line somebody wrote by hand
                            record = parse_json(line)
                            if isinstance(record, dict):
                                self._read.append(record)
            except FileNotFoundError:
                self._read, self._offset = [], 0
            return tuple(self._read)


def _whole(stream: IO[bytes], size: int) -> int:
    """Where the last whole line ends."""
    end = size
    while end > 0:
        start = max(0, end - 65_536)
        stream.seek(start)
        at = stream.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """An exclusive lock between processes, which goes with the process that holds it."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: one process at a time is the caller's business
        yield
        return
    # A lock belongs to an open file: opening it each time keeps a forked child from sharing its parent's.
    with open(path, "ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
