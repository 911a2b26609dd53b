"""Accepted messages on disk until they are processed: what makes ``250`` mean kept.

Messages that are accepted at about the same moment are written to one file, a *segment*, which is synced and then
renamed; so one sync serves many messages (group commit). A segment goes when the last of its messages was processed.
A process that dies leaves its segments; the next one that opens the spool takes them over. ::

    spool/
      settings/9c41….json             account, assumptions and bounds in force when a message was accepted
      server-1712-0/                  of one living process, which holds the lock on `alive`
        00000001764378000000.mail     a segment: a JSON line and the bytes of each message
        00000001764378000000.done     ids of those that were processed, while others of the segment wait
        00000001764378000000.tries    ids of those that a later process began
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sesreceive.backends.durable_files import Root
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json
from sesreceive.mail.envelope import Envelope

__all__ = ["Segment", "Spool", "SpooledMessage"]

_FORMAT = b"sesreceive spool 1\n"
_MAIL, _DONE, _TRIES = ".mail", ".done", ".tries"
_MEMBERS = {"message_id", "received_s", "name", "settings", "replies", "size_bytes", "envelope"}
# A message that ended so many processes is left where it is, and the server goes on with the others.
TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledMessage:
    """A message that was answered 250, as it lies in the spool.

    Attributes
    ----------
    message_id : str
        The id that the client was told; effects of the message are known by it.
    received_s : float
        When it was accepted, seconds since 1970.
    name : str
        What reports call it.
    settings : str
        Name of the settings in force, see `Spool.settings`.
    raw : bytes
        The message as it came after DATA.
    replies : tuple of str
        What was answered to each recipient, in the order of the envelope.
    """

    message_id: str
    received_s: float
    envelope: Envelope
    settings: str
    raw: bytes = field(repr=False)
    name: str = ""
    replies: tuple[str, ...] = ()

    def header(self) -> bytes:
        """The JSON line in front of the bytes."""
        described = {
            "message_id": self.message_id,
            "received_s": self.received_s,
            "name": self.name,
            "settings": self.settings,
            "replies": list(self.replies),
            "size_bytes": len(self.raw),
            "envelope": self.envelope.to_json(),
        }
        return json.dumps(described, separators=(",", ":")).encode("ascii") + b"\n"


class Segment:
    """Messages that were committed together; gone once each of them is done.

    Attributes
    ----------
    message_ids : tuple of str
        The messages that are not done, in order.
    """

    def __init__(self, path: Path, message_ids: Sequence[str]) -> None:
        self.path = path
        done = Counter(_lines(path.with_suffix(_DONE)))
        self._tries = Counter(_lines(self.tries))
        self._lock = threading.Lock()
        self._left = dict.fromkeys(message_id for message_id in message_ids if message_id not in done)
        self._marks: int | None = None  # open as long as some are done and others wait
        self._close: Callable[[], object] = _nothing

    @property
    def message_ids(self) -> tuple[str, ...]:
        """The messages that are not done, in order."""
        return tuple(self._left)

    @property
    def tries(self) -> Path:
        """The file in which stands how often a message was begun by a process that did not come to its end."""
        return self.path.with_suffix(_TRIES)

    def begin(self, message_id: str) -> bool:
        """Whether a message that an earlier process left may be tried once more; it counts as tried from now on."""
        if self._tries[message_id] >= TRIES:
            return False
        self._tries[message_id] += 1
        _append(self.tries, message_id)
        return True

    def done(self, message_id: str) -> None:
        """The message was processed: no later process does it again."""
        with self._lock:
            self._left.pop(message_id, None)
            if not self._left:
                self.remove()
                return
            if self._marks is None:
                self._marks = os.open(self.path.with_suffix(_DONE), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
                self._close = weakref.finalize(self, os.close, self._marks)
            os.write(self._marks, _line(message_id))

    def remove(self) -> None:
        """The segment is gone. If the machine stops before the disk knows, its messages are only done once more."""
        self._close()
        for suffix in (_MAIL, _DONE, _TRIES):
            self.path.with_suffix(suffix).unlink(missing_ok=True)

    def read(self) -> Iterator[SpooledMessage]:
        """The messages that are not done, one in memory at a time.

        Raises
        ------
        InputError
            When the file is none that a spool wrote.
        """
        with open(self.path, "rb") as stream:
            for described in _headers(stream, self.path):
                raw = stream.read(described.pop("size_bytes"))
                if described["message_id"] in self._left:
                    envelope = Envelope.from_json(described.pop("envelope"), where=one_line(self.path.name))
                    described["replies"] = tuple(described["replies"])
                    yield SpooledMessage(**described, envelope=envelope, raw=raw)


class Spool:
    """The messages that one process has accepted and not yet processed, and those that dead ones left.

    Parameters
    ----------
    path : str or Path
        The folder of the spool; several processes may share it.
    sync : bool
        Whether a message is on the disk, and not only with the operating system, before `write` returns.

    Raises
    ------
    InputError
        When the path is a file, or nothing can be written there.

    Examples
    --------
    >>> import tempfile
    >>> from sesreceive.mail.envelope import Envelope
    >>> folder = tempfile.TemporaryDirectory()
    >>> spool = Spool(folder.name)
    >>> settings = spool.keep_settings({"account": {}})
    >>> message = SpooledMessage(
    ...     message_id="0vfh", received_s=0.0, envelope=Envelope(), settings=settings, raw=b"Subject: hello"
    ... )
    >>> segment = spool.write([message])
    >>> Spool.waiting(folder.name)
    ('0vfh',)
    >>> segment.done("0vfh")
    >>> Spool.waiting(folder.name)
    ()
    >>> spool.close()
    >>> folder.cleanup()
    """

    def __init__(self, path: str | Path, *, sync: bool = True) -> None:
        self.path = Path(path).resolve()
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"spool `{one_line(path)}` is a file: expected a folder, or nothing yet")
        try:
            self._shared = Root(self.path, sync=sync)
            self._settings = self._shared.folder(self.path / "settings")
            with self._shared.writing():
                self.folder, self._alive = self._own()
                self._root = Root(self.folder, sync=sync)
                self.left = self._take_over()
                self._shared.settle(self.path)
        except OSError as error:
            raise InputError(f"cannot write to spool `{one_line(path)}`: {one_line(error.strerror)}") from error
        self._kept: set[str] = set()
        self._last = max((int(segment.path.stem) for segment in self.left), default=0)

    # ---------------------------------------------------------------- opening

    def _own(self) -> tuple[Path, IO[bytes]]:
        for number in itertools.count():
            folder = self.path / f"server-{os.getpid()}-{number}"
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                alive = open(folder / "alive", "wb")  # noqa: SIM115 - held as long as the spool is open
                _lock(alive)
                return folder, alive
        raise AssertionError  # the numbers do not end

    def _take_over(self) -> tuple[Segment, ...]:
        """Move the segments of processes that are gone into the folder of this one."""
        for folder in sorted(self.path.glob("server-*")):
            if folder == self.folder or not folder.is_dir():
                continue
            with open(folder / "alive", "ab") as alive:
                if not _lock(alive):
                    continue
                for path in sorted(folder.glob("*")):
                    if path.suffix in (_MAIL, _DONE, _TRIES):
                        # what belongs to a segment is moved before it, so none is ever without its marks
                        for suffix in (_DONE, _TRIES, _MAIL):
                            with contextlib.suppress(FileNotFoundError):
                                os.replace(path.with_suffix(suffix), self.folder / (path.stem + suffix))
            self._root.settle(self.folder)
            _remove(folder)
        segments = []
        for path in sorted(self.folder.glob(f"*{_MAIL}"), key=lambda path: path.name):
            segment = _opened(path, mend=True)
            if segment is not None:
                segments.append(segment)
        return tuple(segments)

    # ---------------------------------------------------------------- writing

    def keep_settings(self, settings: Mapping[str, Any]) -> str:
        """The name under which the settings lie in the spool, for as long as a message needs them."""
        text = json.dumps(settings, sort_keys=True, indent=1).encode("ascii")
        name = hashlib.sha256(text).hexdigest()[:32]
        path = self._settings / f"{name}.json"
        if name not in self._kept and not path.exists():
            with self._shared.writing():
                self._shared.write(path, text)
                self._shared.settle(path.parent)
        self._kept.add(name)
        return name

    def settings(self, name: str) -> Any:
        """What `keep_settings` was given.

        Raises
        ------
        InputError
            When it is not there any more.
        """
        try:
            text = (self._settings / f"{one_line(name, 64)}.json").read_bytes()
        except OSError as error:
            why = one_line(error.strerror)
            raise InputError(f"settings `{one_line(name)}` of the spool cannot be read: {why}") from None
        return parse_json(text, where=f"settings `{one_line(name)}` of the spool")

    def write(self, messages: Sequence[SpooledMessage]) -> Segment:
        """The messages are on the disk, all of them, when this returns.

        Raises
        ------
        OSError
            When they are not; then none of them is.
        """
        self._last = max(self._last + 1, time.time_ns() // 1_000)
        path = self.folder / f"{self._last:020d}{_MAIL}"
        parts: list[bytes] = [_FORMAT]
        for message in messages:
            parts += (message.header(), message.raw)
        self._root.write(path, parts)
        try:
            self._root.settle(self.folder)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Segment(path, [message.message_id for message in messages])

    def close(self) -> None:
        """What is left is for the next process; where nothing is left, the folder of this one goes."""
        if self._alive.closed:
            return
        with self._shared.writing():
            if next(self.folder.glob(f"*{_MAIL}"), None) is None:
                _remove(self.folder)
            self._alive.close()
            if next(self.path.glob("server-*"), None) is None:
                for path in self._settings.glob("*.json"):
                    path.unlink(missing_ok=True)
                self._kept.clear()

    # ---------------------------------------------------------------- looking

    @staticmethod
    def waiting(path: str | Path) -> tuple[str, ...]:
        """Ids of the messages that lie in the spool of that folder, in order, whoever wrote them."""
        segments = (_opened(found) for found in Path(path).glob(f"server-*/*{_MAIL}"))
        ordered = sorted((segment for segment in segments if segment), key=lambda segment: segment.path.name)
        return tuple(message_id for segment in ordered for message_id in segment.message_ids)

    def __repr__(self) -> str:
        """One line: where it is."""
        return f"<Spool `{one_line(self.path)}`>"


def _opened(path: Path, *, mend: bool = False) -> Segment | None:
    """The segment in a file; to mend is to give a damaged file another name, and to remove one that is done."""
    try:
        with open(path, "rb") as stream:
            ids = []
            for described in _headers(stream, path):
                ids.append(described["message_id"])
                stream.seek(described["size_bytes"], os.SEEK_CUR)
    except FileNotFoundError:  # done meanwhile
        return None
    except InputError:
        if mend:
            with contextlib.suppress(OSError):
                os.replace(path, path.with_suffix(".damaged"))
        return None
    segment = Segment(path, ids)
    if segment.message_ids:
        return segment
    if mend:  # the process died between the last mark and the removal
        segment.remove()
    return None


def _headers(stream: IO[bytes], path: Path) -> Iterator[dict[str, Any]]:
    """The JSON line of each message; whoever asks for the next has to have read or passed the bytes."""
    where = f"spool file `{one_line(path.name)}`"
    size = os.fstat(stream.fileno()).st_size
    if stream.readline(64) != _FORMAT:
        raise InputError(f"{where}: expected a segment of a spool but its first line is another")
    while line := stream.readline():
        try:
            described = parse_json(line, where=where)
            ends = stream.tell() + described["size_bytes"]
            whole = set(described) == _MEMBERS
        except (ValueError, TypeError, KeyError):
            raise InputError(f"{where}: expected a JSON line in front of a message but got another") from None
        if not whole or not isinstance(described["message_id"], str) or ends > size:
            raise InputError(f"{where}: expected a whole message but a part of it is missing")
        yield described


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError:
        return []


def _append(path: Path, text: str) -> None:
    with open(path, "ab") as stream:
        stream.write(_line(text))


def _line(text: str) -> bytes:
    return text.encode("ascii", "replace") + b"\n"


def _nothing() -> None:
    """Nothing is open yet."""


def _remove(folder: Path) -> None:
    """The folder of a process is gone, unless something lies in it that is none of ours."""
    with contextlib.suppress(OSError):
        for path in (folder / "alive", folder / ".lock"):
            path.unlink(missing_ok=True)
        for path in (folder / ".tmp").glob("*"):
            path.unlink()
        (folder / ".tmp").rmdir()
        folder.rmdir()


def _lock(stream: IO[bytes]) -> bool:
    """Whether no other process held the lock on the file, which this one holds from now on until it is closed."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: one process at a time is the caller's business
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
