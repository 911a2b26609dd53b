"""Files and archives as one stream: each message with its name, and what is no message with the reason.

An archive (``.gz``, ``.zip``, ``.tar`` and one in another) is read as it is unpacked, member by member, and may hold
anything a folder may. What a file is, its content says; see `sesreceive.mail.file_form`. Memory holds one message.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import mailbox
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeAlias, cast

from sesreceive.errors import InputError, one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.file_form import HEAD, Form, form_of
from sesreceive.mail.mbox import LONGEST_MESSAGE, lines_of, split_mbox
from sesreceive.mail.passed_over import PassedOver, Why

__all__ = [
    "SETUP_OBJECT",
    "SIDECAR",
    "RawMail",
    "mail_in_bytes",
    "mail_in_file",
    "mail_in_stream",
    "natural_order",
    "stem",
    "unreadable",
    "with_crlf",
]

# Name, bytes, and what is known of the envelope beside them.
RawMail: TypeAlias = "tuple[str, bytes, Envelope | None]"
Found: TypeAlias = "RawMail | PassedOver"

# Key of the object that SES writes when a rule is created, behind the prefix [observed].
SETUP_OBJECT = "AMAZON_SES_SETUP_NOTIFICATION"
# Ending of the file beside `name.eml` that holds its envelope.
SIDECAR = ".envelope.json"
# Archives in archives; a mailbox in a backup of a backup is two.
_DEEPEST = 3
# Mail packs to a tenth at best. An archive that grows beyond all reason was made to fill a disk.
_MOST_GROWTH, _GROWTH_FREE = 200, 16 * 1024 * 1024
_BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
_BOM = b"\xef\xbb\xbf"
_ENDINGS = re.compile(r"\.(?:eml|mbox|mbx|gz|tgz|zip|tar)$", re.IGNORECASE)


def with_crlf(raw: bytes) -> bytes:
    r"""The message as an SMTP client sends it: lines that end in LF alone end in CRLF, unless some already do.

    Examples
    --------
    >>> with_crlf(b"Subject: x\n\nbody\n"), with_crlf(b"Subject: x\r\n\r\nbare\nLF\r\n")
    (b'Subject: x\r\n\r\nbody\r\n', b'Subject: x\r\n\r\nbare\nLF\r\n')
    """
    return raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n")


def natural_order(names: Iterable[str]) -> list[str]:
    """Names in natural order: numbers by value, letters whatever their case.

    Examples
    --------
    >>> natural_order(["b", "10", "2", "A"])
    ['2', '10', 'A', 'b']
    """
    return sorted(names, key=lambda name: (_parts(name), name))


def _parts(name: str) -> list[str | int]:
    # Texts and numbers in turn, so that texts are compared with texts; a number of 20 digits is enough to go by.
    parts = re.split("([0-9]{1,20})", name.lower())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def stem(name: str) -> str:
    """The name without the endings of mail and archives."""
    while (shorter := _ENDINGS.sub("", name)) not in (name, "") and not shorter.endswith("/"):
        name = shorter
    return name


def mail_in_file(path: Path, name: str = "", *, is_mail: bool = False) -> Iterator[Found]:
    """The messages of one file, and the envelope beside it.

    Parameters
    ----------
    path : Path
        A message, a mailbox or an archive.
    name : str
        What its messages are called; the file's name without its ending by default.
    is_mail : bool
        Whether it is one message whatever its name, as in a Maildir.
    """
    name = name or stem(path.name)
    if path.name == SETUP_OBJECT:
        yield PassedOver(name, Why.SETUP, _SETUP)
        return
    known: Envelope | None = None
    beside = path.with_name(f"{path.stem}{SIDECAR}")
    try:
        if path.suffix.lower() == ".eml" and (text := _bytes_beside(beside)) is not None:
            known = Envelope.from_json(text, where=f"envelope `{one_line(beside)}`")
        size = path.stat().st_size
        if known is not None and size <= LONGEST_MESSAGE:
            # What an envelope lies beside was sent, however odd it is, and nothing at all can be sent, too.
            yield name, with_crlf(path.read_bytes()), known
            return
        with path.open("rb") as stream:
            named = is_mail or path.suffix.lower() == ".eml"
            yield from _Opened(size, f"`{one_line(path)}`").read(stream, name, known, named=named)
    except InputError as error:
        yield PassedOver(name, Why.BROKEN, str(error))
    except _BROKEN as error:
        yield PassedOver(name, Why.BROKEN, f"`{one_line(path)}` cannot be read: {_said(error)}")


def mail_in_bytes(content: bytes, name: str) -> Iterator[Found]:
    """The messages of the content of a file, such as an object of a bucket or an upload."""
    named = name.lower().endswith(".eml")
    return mail_in_stream(io.BytesIO(content), name, len(content), named=named)


# What an archive of unknown size is taken for: how much may come out of it follows from it.
_UNKNOWN_SIZE = 64 * 1024 * 1024


def mail_in_stream(
    stream: Any, name: str, size: int | None, *, known: Envelope | None = None, named: bool = False
) -> Iterator[Found]:
    """The messages of a file that is open, whatever its size; it is read as they are asked for.

    Parameters
    ----------
    stream : binary file
        Read to its end; moved back and forth where it can be, for a ZIP archive.
    name : str
        Its name; messages are called by it without the ending.
    size : int or None
        How large it is, where that is known.
    known : Envelope, optional
        The one beside it.
    named : bool
        Whether it is one message whatever it begins with.
    """
    opened = _Opened(_UNKNOWN_SIZE if size is None else size, f"`{one_line(name)}`")
    try:
        yield from opened.read(stream, stem(name), known, named=named)
    except _BROKEN as error:  # an InputError is one, too
        yield PassedOver(stem(name), Why.BROKEN, str(error) if isinstance(error, InputError) else _said(error))


_SETUP = "SES writes it when a rule with an S3 action is created; it is no mail"


def _bytes_beside(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> InputError:
    """The error for a file that cannot be read."""
    return InputError(f"`{one_line(path)}` cannot be read: {error.strerror or error}")


class _Opened:
    """A file that is being read, with what may come out of it."""

    def __init__(self, size: int, where: str) -> None:
        self.where = where
        self.most = _GROWTH_FREE + _MOST_GROWTH * size
        self.unpacked = 0

    def read(
        self, stream: BinaryIO, name: str, known: Envelope | None, *, named: bool = False, depth: int = 0
    ) -> Iterator[Found]:
        """What the stream holds, by what its first bytes say."""
        reader = cast(Any, stream if hasattr(stream, "peek") else io.BufferedReader(cast(Any, _Raw(stream)), 1 << 16))
        told = form_of(reader.peek(HEAD)[:HEAD], named=named)
        match told.form:
            case Form.MESSAGE:
                raw = reader.read(LONGEST_MESSAGE + 1)
                if len(raw) > LONGEST_MESSAGE:
                    yield PassedOver(name, Why.BROKEN, f"it has more than {LONGEST_MESSAGE} bytes")
                else:
                    yield name, with_crlf(raw.removeprefix(_BOM)), known
            case Form.MBOX:
                yield from self._mbox(reader, name, known, named)
            case Form.GZIP | Form.ZIP | Form.TAR if depth >= _DEEPEST:
                yield PassedOver(name, Why.BROKEN, f"archives lie in each other more than {_DEEPEST} deep")
            case Form.GZIP:
                with gzip.GzipFile(fileobj=reader) as unpacked:
                    grown = io.BufferedReader(cast(Any, _Grown(cast(BinaryIO, unpacked), self)), 1 << 16)
                    yield from self.read(cast(BinaryIO, grown), name, known, named=named, depth=depth + 1)
            case Form.ZIP:
                yield from self._zip(reader, name, depth)
            case Form.TAR:
                yield from self._tar(reader, name, depth)
            case Form.MMDF | Form.BABYL:
                yield from self._by_library(reader, name, told.form)
            case Form.EMPTY:
                yield PassedOver(name, Why.EMPTY, told.reason)
            case _:
                yield PassedOver(name, Why.NO_MAIL, told.reason)

    def _mbox(self, reader: BinaryIO, name: str, known: Envelope | None, named: bool) -> Iterator[Found]:
        messages = split_mbox(lines_of(reader), where=self.where)
        first = list(islice(messages, 2 if named else 1))
        # One message below a `From ` line keeps the name of its file.
        alone = named and len(first) == 1
        for number, raw in enumerate(chain(first, messages), start=1):
            called = name if alone else f"{name}-{number}"
            if raw is None:
                yield PassedOver(called, Why.BROKEN, f"it has more than {LONGEST_MESSAGE} bytes")
            else:
                yield called, with_crlf(raw), known

    def _zip(self, reader: BinaryIO, name: str, depth: int) -> Iterator[Found]:
        with self._seekable(reader) as whole, zipfile.ZipFile(whole) as archive:
            members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
            if "[Content_Types].xml" in members or "META-INF/MANIFEST.MF" in members:
                yield PassedOver(name, Why.NO_MAIL, "it is an Office document or a program in a ZIP archive")
                return
            for called in natural_order(members):
                member = members[called]
                yield from self._member(called, name, lambda member=member: archive.open(member), depth)

    def _tar(self, reader: BinaryIO, name: str, depth: int) -> Iterator[Found]:
        with tarfile.open(fileobj=reader, mode="r|") as archive:
            for member in archive:
                if member.isdir():
                    continue
                if not member.isreg():
                    yield PassedOver(f"{name}/{member.name}", Why.NO_MAIL, "it is a link or a device")
                    continue
                yield from self._member(member.name, name, lambda member=member: archive.extractfile(member), depth)

    def _member(self, called: str, name: str, opened: Any, depth: int) -> Iterator[Found]:
        """The messages of one member; a broken one is told, and the next is read."""
        path = PurePosixPath(called)
        inside = f"{name}/{stem(called.lstrip('/'))}"
        if path.name == SETUP_OBJECT:
            yield PassedOver(inside, Why.SETUP, _SETUP)
        elif called.endswith(SIDECAR):
            yield PassedOver(f"{name}/{called}", Why.NO_MAIL, "envelopes are read beside files, not in archives")
        elif path.name.startswith(".") or "__MACOSX" in path.parts:
            yield PassedOver(f"{name}/{called}", Why.NO_MAIL, "it is a file of the system or of the mail program")
        else:
            named = path.suffix.lower() == ".eml" or path.parent.name in ("cur", "new")
            try:
                with opened() as stream:
                    grown = io.BufferedReader(cast(Any, _Grown(stream, self)), 1 << 16)
                    yield from self.read(cast(BinaryIO, grown), inside, None, named=named, depth=depth + 1)
            except _TooMuchError:
                raise
            except _BROKEN as error:
                yield PassedOver(inside, Why.BROKEN, _said(error))

    def _by_library(self, reader: BinaryIO, name: str, form: Form) -> Iterator[Found]:
        """What the standard library reads well, and needs a file for."""
        with self._seekable(reader, named=True) as whole:
            kind = mailbox.MMDF if form is Form.MMDF else mailbox.Babyl
            box = kind(whole.name, create=False)
            try:
                for number, key in enumerate(box.iterkeys(), start=1):
                    yield f"{name}-{number}", with_crlf(box.get_bytes(key)), None
            finally:
                box.close()

    @contextlib.contextmanager
    def _seekable(self, reader: BinaryIO, *, named: bool = False) -> Iterator[Any]:
        """The stream as a file that can be read in any order."""
        if not named and reader.seekable() and not isinstance(getattr(reader, "raw", None), _Grown):
            yield reader
            return
        kind: Any = tempfile.NamedTemporaryFile if named else tempfile.TemporaryFile
        with kind() as copy:
            shutil.copyfileobj(reader, copy)
            copy.flush()
            copy.seek(0)
            yield copy


class _TooMuchError(InputError):
    """An archive grows beyond all reason."""


class _Raw(io.RawIOBase):
    """A stream without `peek` as the lower half of a BufferedReader."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class _Grown(_Raw):
    """What comes out of an archive, counted."""

    def __init__(self, stream: BinaryIO, opened: _Opened) -> None:
        super().__init__(stream)
        self._opened = opened

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self._opened.unpacked += count
        if self._opened.unpacked > self._opened.most:
            raise _TooMuchError(f"{self._opened.where} unpacks to more than {_MOST_GROWTH} times its size")
        return count


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return one_line(error) or type(error).__name__
