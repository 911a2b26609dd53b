"""Collections of mail as one stream of items: folder of .eml, mbox, Maildir, table or anything iterable.

Files are read when their turn comes, an mbox line by line, so a collection may be larger than memory. A file whose
lines end in LF alone gets CRLF, as any SMTP client sends it; one that has a CRLF anywhere stays as it is, byte for
byte, and so do bytes that are given directly.

A message without an envelope beside it gets the one its header suggests; see `sesreceive.mail.delivered`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from sesreceive.errors import InputError, one_line
from sesreceive.mail.delivered import addresses_in, envelope_of
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.mbox import looks_like_mbox, messages_in
from sesreceive.mail.message import Message

__all__ = ["Corpus", "Item", "Override", "Source", "read", "with_crlf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message of a collection.

    Attributes
    ----------
    name : str
        What reports call it: the file's name without ``.eml``, the mailbox's name and a number, or nothing.
    raw : bytes
        The message as an SMTP client sends it.
    envelope : Envelope
        The one beside the message, or the one its header suggests.
    size_bytes : int or None
        How large the message was, where only its beginning is known: a live server keeps no more of one it refused.
    """

    name: str = ""
    raw: bytes
    envelope: Envelope
    size_bytes: int | None = None

    @property
    def message(self) -> Message:
        """The message to receive."""
        return Message(self.raw, size_bytes=self.size_bytes)


# Where mail can be read from; what is iterable may give any of the others.
Source: TypeAlias = "str | os.PathLike[str] | bytes | Message | Item | Mapping[str, Any] | Iterable[Any]"
# An envelope for all messages, some fields of one, or a function of an item to either.
Override: TypeAlias = "Envelope | Mapping[str, Any] | Callable[[Item], Envelope | Mapping[str, Any]]"

# A message and what is known of its envelope: all, some fields, or nothing.
_Found = tuple[str, bytes | Message, "Envelope | Mapping[str, Any] | None"]

_FIELDS = tuple(Envelope.__dataclass_fields__)
_KINDS = "a folder of .eml files, one .eml file, an mbox file, a Maildir, a table with a column `raw`, or messages"
_HEAD = 4_096


class Corpus(Iterator[Item]):
    """The items of a collection, read as they are asked for; `operator.length_hint` says how many, where known."""

    def __init__(self, found: Iterator[_Found], size: int | None, override: Override | None) -> None:
        self._found = found
        self._left = size
        self._override = override

    def __next__(self) -> Item:
        """The next message."""
        name, raw, known = next(self._found)
        if self._left is not None:
            self._left -= 1
        size = raw.size_bytes if isinstance(raw, Message) else None  # a message that is cut
        raw = raw.raw if isinstance(raw, Message) else raw
        override = self._override
        if isinstance(override, Envelope):
            return Item(name=name, raw=raw, envelope=override, size_bytes=size)
        envelope = known if isinstance(known, Envelope) else _changed(envelope_of(Message(raw)), known or {}, name)
        item = Item(name=name, raw=raw, envelope=envelope, size_bytes=size)
        if override is None:
            return item
        change = override(item) if callable(override) else override
        return replace(item, envelope=_changed(envelope, change, name))

    def __length_hint__(self) -> int:
        """How many are left, as far as one can tell without reading them."""
        return NotImplemented if self._left is None else self._left


def read(source: Source, *, envelope: Override | None = None) -> Corpus:
    r"""The messages of a collection, one after the other.

    Parameters
    ----------
    source : path, bytes, Message, mapping, table or iterable
        - A folder: its ``.eml`` files, those in folders below it too, in natural order (``2`` before ``10``);
          ``name.envelope.json`` beside ``name.eml`` is its envelope.
        - A Maildir: the messages in ``new`` and ``cur``, in natural order of their names; not its subfolders.
        - A file that begins with a ``From`` line: the messages of an mbox. Any other file: one message.
        - A DataFrame: one message a row, with a column ``raw`` and, where there are, ``name`` and the fields of an
          envelope. A mapping of names to messages. Anything iterable over bytes, `Message`, `Reception`,
          `email.message.Message`, paths, ``(message, envelope)`` pairs or mappings with the keys of such a table.
    envelope : Envelope, mapping or callable, optional
        In place of what is known of each message: a whole envelope, some fields by name, or a function of an `Item`
        to either.

    Returns
    -------
    Corpus
        An iterator of `Item`; files are opened when their turn comes.

    Raises
    ------
    InputError
        When there is no such file, or it holds no mail; when reading, for a message or an envelope that cannot be
        read.

    Examples
    --------
    >>> [item.envelope.rcpt_to for item in read([b"To: ana@example.com\r\n\r\n"])]
    [('ana@example.com',)]
    >>> next(read([b""], envelope={"rcpt_to": ["bo@example.com"], "tls": True})).envelope.tls
    True
    """
    if isinstance(source, str | os.PathLike):
        found, size = _path(Path(source).expanduser())
    elif _is_message(source) or _is_reception(source):
        found, size = _elements((source,)), 1
    elif hasattr(source, "columns") and hasattr(source, "iloc"):
        found, size = _frame(source), _length(source)
    elif isinstance(source, Mapping):
        found, size = _named(source), len(source)
    elif isinstance(source, Iterable):
        found = _elements(source)
        size = _length(source)
    else:
        raise InputError(f"expected {_KINDS} but got `{one_line(type(source).__name__)}`")
    return Corpus(found, size, envelope)


def _length(source: object) -> int | None:
    return len(source) if isinstance(source, Sized) else None


def with_crlf(raw: bytes) -> bytes:
    r"""The message as an SMTP client sends it: lines that end in LF alone end in CRLF, unless some already do.

    Examples
    --------
    >>> with_crlf(b"Subject: x\n\nbody\n"), with_crlf(b"Subject: x\r\n\r\nbare\nLF\r\n")
    (b'Subject: x\r\n\r\nbody\r\n', b'Subject: x\r\n\r\nbare\nLF\r\n')
    """
    return raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n")


# ------------------------------------------------------------------ files


def _path(path: Path) -> tuple[Iterator[_Found], int | None]:
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise InputError(f"there is no `{one_line(path)}`: give {_KINDS}")
    if path.suffix.lower() != ".eml" and _is_mbox(path):
        return _mbox(path), None
    return iter([_eml(path, path.stem)]), 1


def _is_mbox(path: Path) -> bool:
    if path.suffix.lower() == ".mbox":
        return True
    try:
        with path.open("rb") as file:
            return looks_like_mbox(file.read(_HEAD))
    except OSError as error:
        raise _unreadable(path, error) from None


def _mbox(path: Path) -> Iterator[_Found]:
    where = f"mbox `{one_line(path)}`"
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(messages_in(file, where=where), start=1):
                yield f"{path.stem}-{number}", with_crlf(raw), None
    except OSError as error:
        raise _unreadable(path, error) from None


def _folder(path: Path) -> tuple[Iterator[_Found], int]:
    try:
        if (path / "cur").is_dir() and (path / "new").is_dir():
            files = [file for part in ("new", "cur") for file in (path / part).iterdir() if file.name[:1] != "."]
            named = {re.split("[:;!]2,", file.name)[0]: file for file in files if file.is_file()}
            return ((name, _bytes_of(named[name]), None) for name in _sorted(named)), len(named)
        named = {
            file.relative_to(path).as_posix()[: -len(".eml")]: file
            for file in path.rglob("*")
            if file.suffix.lower() == ".eml" and file.is_file()
        }
    except OSError as error:
        raise _unreadable(path, error) from None
    if not named:
        raise InputError(f"there is no .eml file in `{one_line(path)}`, and it is no Maildir: give {_KINDS}")
    return (_eml(named[name], name) for name in _sorted(named)), len(named)


def _eml(path: Path, name: str) -> _Found:
    """One message file, and the envelope beside it."""
    beside = path.with_name(f"{path.stem}.envelope.json")
    try:
        text = beside.read_bytes()
    except FileNotFoundError:
        return name, _bytes_of(path), None
    except OSError as error:
        raise _unreadable(beside, error) from None
    return name, _bytes_of(path), Envelope.from_json(text, where=f"envelope `{one_line(beside)}`")


def _bytes_of(path: Path) -> bytes:
    try:
        return with_crlf(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"`{one_line(path)}` cannot be read: {error.strerror or error}")


def _sorted(names: Iterable[str]) -> list[str]:
    """Names in natural order: numbers by value, letters whatever their case."""
    return sorted(names, key=lambda name: ([int(p) if p.isdigit() else p for p in _parts(name)], name))


def _parts(name: str) -> list[str]:
    # Texts and numbers in turn, so that texts are compared with texts.
    return re.split("([0-9]+)", name.lower())


# ------------------------------------------------------------------ values


def _is_message(value: object) -> bool:
    return isinstance(value, bytes | bytearray | memoryview | Message | Item) or hasattr(value, "as_bytes")


def _is_reception(value: object) -> bool:
    """Whether it is something that was received before; a `Reception` is known by what it has."""
    return hasattr(value, "message") and hasattr(value, "envelope")


def _elements(source: Iterable[Any]) -> Iterator[_Found]:
    for value in source:
        if isinstance(value, str | os.PathLike):
            if isinstance(value, str) and "\n" in value:
                raise InputError(
                    f"expected a message as bytes but got text that begins `{one_line(value, 40)}`: encode it"
                )
            yield from _path(Path(value).expanduser())[0]
        else:
            yield _element(value)


def _element(value: Any, name: str = "") -> _Found:
    if isinstance(value, Item):
        return value.name, value.raw, value.envelope
    if _is_message(value):
        return name, _raw(value), None
    if isinstance(value, tuple) and len(value) == 2 and _is_message(value[0]):
        message, known = value
        if known is None or isinstance(known, Envelope | Mapping):
            return name, _raw(message), known
    if isinstance(value, Mapping):
        return _row(value, name)
    if _is_reception(value):
        message = value.message
        cut = isinstance(message, Message) and message.size_bytes > len(message.raw)
        return str(getattr(value, "name", "") or name), message if cut else _raw(message), value.envelope
    raise InputError(
        "expected a message as bytes, a path, a (message, envelope) pair or a mapping with `raw` "
        f"but got `{one_line(type(value).__name__)}`"
    )


def _raw(value: Any) -> bytes:
    if isinstance(value, Message | Item):
        return value.raw
    if isinstance(value, str):  # text in a table: what was read with a text codec
        return with_crlf(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if hasattr(value, "as_bytes"):  # email.message.Message
        return bytes(value.as_bytes(policy=value.policy.clone(linesep="\r\n")))
    raise InputError(f"expected a message as bytes but got `{one_line(type(value).__name__)}`")


def _named(source: Mapping[str, Any]) -> Iterator[_Found]:
    if "raw" in source:
        yield _row(source)
        return
    for name, value in source.items():
        yield _element(value, str(name))


def _row(row: Mapping[str, Any], name: str = "") -> _Found:
    """A mapping with `raw`, perhaps `name`, and an envelope, whole or by its fields."""
    if "raw" not in row:
        raise InputError(f"expected a message in `raw` but got only {one_line(', '.join(map(str, row)) or 'nothing')}")
    name = str(row["name"]) if not _is_missing(row.get("name")) else name
    known = row.get("envelope")
    if isinstance(known, Envelope | Mapping):
        return name, _raw(row["raw"]), known
    return name, _raw(row["raw"]), {f: row[f] for f in _FIELDS if not _is_missing(row.get(f))}


def _frame(frame: Any) -> Iterator[_Found]:
    columns = [str(column) for column in frame.columns]
    if "raw" not in columns:
        raise InputError(f"expected a table with a column `raw` but got the columns {one_line(', '.join(columns))}")
    for values in zip(*(frame[column] for column in frame.columns), strict=True):
        yield _row(dict(zip(columns, values, strict=True)))


def _is_missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, NaT or pandas' NA, known by name so that pandas need not be loaded."""
    nan = isinstance(value, float) and value != value
    return value is None or nan or type(value).__name__ in ("NAType", "NaTType")


def _changed(envelope: Envelope, change: Envelope | Mapping[str, Any], name: str) -> Envelope:
    """The envelope with some fields changed, or another one altogether."""
    if isinstance(change, Envelope):
        return change
    where = f"envelope of `{one_line(name)}`" if name else "envelope"
    if not isinstance(change, Mapping):
        raise InputError(f"{where}: expected an Envelope or a mapping but got `{one_line(type(change).__name__)}`")
    if not change:
        return envelope
    changed = {**envelope.to_json(), **change}
    recipients = changed["rcpt_to"]
    if isinstance(recipients, str):  # in a table a list is often one text
        recipients = tuple(addresses_in(recipients)) or tuple(filter(None, map(str.strip, recipients.split(","))))
    if not isinstance(recipients, Iterable):
        raise InputError(f"{where} rcpt_to: expected a list of addresses but got `{one_line(recipients)}`")
    tls = _yes_or_no(changed["tls"])
    return Envelope.from_json({**changed, "rcpt_to": tuple(recipients), "tls": tls}, where=where)


# How a table that was once text says it: pandas, spreadsheets, databases.
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _yes_or_no(value: Any) -> Any:
    """The truth value of a cell; what is none stays, for `Envelope` to name it."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), value)
    return bool(value) if value in (0, 1) else value  # numpy's, too
