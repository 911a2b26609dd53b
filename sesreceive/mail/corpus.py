"""Collections of mail as one stream of items: folders, mailboxes, archives, buckets, tables, or anything iterable.

Files are read when their turn comes, an mbox line by line, so a collection may be larger than memory. A file whose
lines end in LF alone gets CRLF, as any SMTP client sends it; one that has a CRLF anywhere stays as it is, byte for
byte, and so do bytes that are given directly.

A message without an envelope beside it gets the one its header tells of; see `sesreceive.mail.delivered`. From a
message that SES stored, the block that SES wrote above it is taken off, and its envelope taken over; see
`sesreceive.mail.ses_block`. What is no message is passed over, and said: `Corpus.passed_over`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from sesreceive.errors import InputError, one_line
from sesreceive.mail.delivered import envelope_of
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.file_form import HEAD, Form, form_of
from sesreceive.mail.loose_addresses import addresses_in
from sesreceive.mail.mail_files import (
    SETUP_OBJECT,
    SIDECAR,
    files_below,
    mail_in_bytes,
    mail_in_file,
    mail_in_stream,
    unreadable,
    with_crlf,
)
from sesreceive.mail.message import Message
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.mail.remote_files import is_url, remote_mail
from sesreceive.mail.ses_block import SesBlock, block_of
from sesreceive.mail.unsorted_folder import UnsortedFolder

__all__ = ["Corpus", "Decrypt", "Item", "Override", "Source", "open_source", "read", "read_content", "with_crlf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message of a collection.

    Attributes
    ----------
    name : str
        What reports call it: the file's name without its ending, the mailbox's name and a number, a key, or nothing.
    raw : bytes
        The message as an SMTP client sends it.
    envelope : Envelope
        The one beside the message, or the one its header tells of.
    stored : SesBlock or None
        What SES wrote above the message, where it comes from a stored object.
    size_bytes : int or None
        How large the message was, where only its beginning is known: a live server keeps no more of one it refused.
    """

    name: str = ""
    raw: bytes
    envelope: Envelope
    stored: SesBlock | None = field(default=None, repr=False)
    size_bytes: int | None = None

    @property
    def message(self) -> Message:
        """The message to receive."""
        return Message(self.raw, size_bytes=self.size_bytes)


# Where mail can be read from; what is iterable may give any of the others.
Source: TypeAlias = (
    "str | os.PathLike[str] | UnsortedFolder | bytes | Message | Item | Mapping[str, Any] | Iterable[Any]"
)
# An envelope for all messages, some fields of one, or a function of an item to either.
Override: TypeAlias = "Envelope | Mapping[str, Any] | Callable[[Item], Envelope | Mapping[str, Any]]"
# The message inside an encrypted object: its body, its metadata.
Decrypt: TypeAlias = "Callable[[bytes, Mapping[str, str]], bytes]"

# A message and what is known of its envelope (all, some fields, or nothing), or why there is none.
_Found = tuple[str, bytes | Message, "Envelope | Mapping[str, Any] | None"]
_Stream = Iterator["_Found | Item | PassedOver"]

_FIELDS = tuple(name for name in Envelope.__dataclass_fields__ if name != "origins")
_KINDS = (
    "a folder of mail, one .eml file, an mbox file, a Maildir, an archive of these, a bucket, "
    "a table with a column `raw`, or messages"
)


class Corpus(Iterator[Item]):
    """The items of a collection, read as they are asked for; `operator.length_hint` says how many, where known.

    Attributes
    ----------
    passed_over : list of PassedOver
        What was no message, so far: other kinds of file, empty ones, SES's setup notification and, unless the
        collection is read strictly, mail that cannot be read.
    """

    def __init__(
        self, found: _Stream, size: int | None, override: Override | None, *, strict: bool, trusted: Sequence[str]
    ) -> None:
        self._found = found
        self._left = size
        self._override = override
        self._strict = strict
        self._trusted = tuple(trusted)
        self.passed_over: list[PassedOver] = []

    def __next__(self) -> Item:
        """The next message."""
        while True:
            found = next(self._found)
            if isinstance(found, PassedOver):
                self._pass_over(found)
                continue
            if self._left is not None:
                self._left -= 1
            if isinstance(found, Item):
                return self._overridden(found)
            name, raw, known = found
            try:
                item = self._item(name, raw, known)
            except InputError as error:
                self._pass_over(PassedOver(name, Why.BROKEN, str(error)))
                continue
            return self._overridden(item)

    def _pass_over(self, one: PassedOver) -> None:
        if self._strict and one.why is Why.BROKEN:
            raise InputError(one.reason)
        self.passed_over.append(one)

    def _item(self, name: str, raw: bytes | Message, known: Envelope | Mapping[str, Any] | None) -> Item:
        if isinstance(raw, Message):  # a message that is cut, of a reception
            envelope = _changed(known if isinstance(known, Envelope) else Envelope(), {}, name)
            return Item(name=name, raw=raw.raw, envelope=envelope, size_bytes=raw.size_bytes)
        block = block_of(Message(raw)) if known is None else None
        if block is not None:
            return Item(name=name, raw=block.raw, envelope=block.envelope, stored=block)
        if isinstance(known, Envelope):
            return Item(name=name, raw=raw, envelope=known)
        read_out = envelope_of(Message(raw), trusted=self._trusted)
        return Item(name=name, raw=raw, envelope=_changed(read_out, known or {}, name))

    def _overridden(self, item: Item) -> Item:
        override = self._override
        if override is None:
            return item
        change = override(item) if callable(override) else override
        return replace(item, envelope=_changed(item.envelope, change, item.name))

    def __length_hint__(self) -> int:
        """How many are left, as far as one can tell without reading them."""
        return NotImplemented if self._left is None else self._left


def read(
    source: Source,
    *,
    envelope: Override | None = None,
    trusted: Sequence[str] = (),
    decrypt: Decrypt | None = None,
    strict: bool = True,
) -> Corpus:
    r"""The messages of a collection, one after the other.

    Parameters
    ----------
    source : path, bytes, Message, mapping, table, bucket or iterable
        - A folder: all mail in it and below, in natural order (``2`` before ``10``): message files with any name or
          none, mailboxes, archives; ``name.envelope.json`` beside ``name.eml`` is its envelope. A Maildir with its
          subfolders and an MH folder are such folders, and so is what ``aws s3 sync`` made of a bucket.
        - A file: the message, or the messages of a mailbox (mbox in any dialect, MMDF, Babyl) or of an archive
          (``.gz``, ``.zip``, ``.tar``).
        - A folder that is too large to be listed: `UnsortedFolder`. A URL that fsspec opens (``https``, ``sftp``, …): a
          file, or a folder there and below (extra ``fsspec``); ``s3://bucket/prefix`` in a replay is a bucket.
        - A bucket: ``receiver.backend.buckets["inbox"]``, a boto3 ``Bucket``, or a listing of its objects.
        - A DataFrame: one message a row, with a column ``raw`` and, where there are, ``name`` and the fields of an
          envelope. A mapping of names to messages. Anything iterable over bytes, `Message`, `Reception`,
          `email.message.Message`, paths, ``(message, envelope)`` pairs or mappings with the keys of such a table.
    envelope : Envelope, mapping or callable, optional
        In place of what is known of each message: a whole envelope, some fields by name, or a function of an `Item`
        to either.
    trusted : sequence of str, optional
        Your receiving hosts, whose Received fields are believed; see `sesreceive.mail.delivered.envelope_of`.
    decrypt : callable, optional
        Gives the message inside an object that SES encrypted; see `sesreceive.backends.kms_envelope.decrypt`.
    strict : bool
        Whether mail that cannot be read, or an envelope that is none, is an error. Otherwise it is passed over.

    Returns
    -------
    Corpus
        An iterator of `Item`; files are opened when their turn comes.

    Raises
    ------
    InputError
        When there is no such file, or it holds no mail; when reading strictly, for a message or an envelope that
        cannot be read.

    Examples
    --------
    >>> [item.envelope.rcpt_to for item in read([b"To: ana@example.com\r\n\r\n"])]
    [('ana@example.com',)]
    >>> next(read([b""], envelope={"rcpt_to": ["bo@example.com"], "tls": True})).envelope.tls
    True
    """
    found, size = open_source(source, decrypt)
    return Corpus(found, size, envelope, strict=strict, trusted=trusted)


def open_source(source: Source, decrypt: Decrypt | None = None) -> tuple[_Stream, int | None]:
    """What a source holds, nothing read out of it yet, and how many messages that is, where it is known.

    Raises
    ------
    InputError
        When there is no such file, or it holds no mail.
    """
    if isinstance(source, str) and is_url(source):
        return remote_mail(source), None
    if isinstance(source, UnsortedFolder):
        return source.mail(), None
    if isinstance(source, str | os.PathLike):
        return _path(Path(source).expanduser())
    if _is_message(source) or _is_reception(source) or _is_object(source):
        return _elements((source,), decrypt), 1
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        return _frame(source), _length(source)
    if isinstance(source, Mapping):
        return _named(source, decrypt), len(source)
    if hasattr(source, "objects") and hasattr(source.objects, "all"):  # a boto3 Bucket
        return _elements(source.objects.all(), decrypt), None
    if isinstance(source, Iterable):
        return _elements(source, decrypt), _length(source)
    raise InputError(f"expected {_KINDS} but got `{one_line(type(source).__name__)}`")


def read_content(name: str, content: bytes) -> Corpus:
    r"""The messages in the content of a file, such as one that was uploaded; what is no mail is an error.

    Raises
    ------
    InputError
        When reading, where the content is no mail, or cannot be read.

    Examples
    --------
    >>> [item.name for item in read_content("hello.eml", b"To: bo@example.com\r\n\r\n")]
    ['hello']
    """
    return Corpus(_mail_only(mail_in_bytes(content, name), name), None, None, strict=True, trusted=())


def _mail_only(found: _Stream, name: str) -> _Stream:
    for number, one in enumerate(found):
        if number == 0 and isinstance(one, PassedOver) and one.why is not Why.BROKEN:
            raise InputError(f"`{one_line(name)}` is no mail: {one.reason}")
        yield one


def _length(source: object) -> int | None:
    return len(source) if isinstance(source, Sized) else None


# ------------------------------------------------------------------ files


def _path(path: Path) -> tuple[_Stream, int | None]:
    if path.is_dir():
        found, size, any_file = files_below(path)
        if not any_file:
            raise InputError(f"there is no file in `{one_line(path)}`: give {_KINDS}")
        return found, size
    if not path.exists():
        raise InputError(f"there is no `{one_line(path)}`: give {_KINDS}")
    named = path.suffix.lower() == ".eml"
    try:
        with path.open("rb") as file:
            told = form_of(file.read(HEAD), named=named)
    except OSError as error:
        raise unreadable(path, error) from None
    if told.form is Form.OTHER and not path.with_name(f"{path.stem}{SIDECAR}").exists():
        raise InputError(f"`{one_line(path)}` is no mail: {told.reason}")
    return mail_in_file(path), 1 if told.form is Form.MESSAGE else None


# ------------------------------------------------------------------ values


def _is_message(value: object) -> bool:
    return isinstance(value, bytes | bytearray | memoryview | Message | Item) or hasattr(value, "as_bytes")


def _is_reception(value: object) -> bool:
    """Whether it is something that was received before; a `Reception` is known by what it has."""
    return hasattr(value, "message") and hasattr(value, "envelope")


def _is_object(value: object) -> bool:
    """Whether it is an object of a bucket: a stored one of a backend, or boto3's ``Object`` or ``ObjectSummary``."""
    if isinstance(value, Mapping) or not hasattr(value, "key"):
        return False
    return (hasattr(value, "body") and hasattr(value, "metadata")) or (
        hasattr(value, "bucket_name") and hasattr(value, "get")
    )


def _elements(source: Iterable[Any], decrypt: Decrypt | None) -> _Stream:
    for value in source:
        if isinstance(value, str | os.PathLike):
            yield from _path_element(value)
        else:
            yield from _any_element(value, "", decrypt)


def _path_element(value: str | os.PathLike[str]) -> _Stream:
    path = Path(value).expanduser()
    try:
        if isinstance(value, str) and is_url(value):
            found: _Stream = remote_mail(value)
            yield from found
            return
        if isinstance(value, str) and "\n" in value:
            raise InputError(f"expected a message as bytes but got text that begins `{one_line(value, 40)}`: encode it")
        found = mail_in_file(path) if path.is_file() else _path(path)[0]
    except InputError as error:
        yield PassedOver(one_line(value, 80), Why.BROKEN, str(error))
    else:
        yield from found


def _any_element(value: Any, name: str, decrypt: Decrypt | None) -> _Stream:
    if isinstance(value, Item):
        yield value
        return
    if _is_object(value):
        yield from _object(value, decrypt)
        return
    try:
        found = _element(value, name)
    except InputError as error:
        yield PassedOver(name, Why.BROKEN, str(error))
    else:
        yield found


def _object(stored: Any, decrypt: Decrypt | None) -> _Stream:
    """The mail in an object of a bucket."""
    key = str(stored.key)
    if key.rpartition("/")[2] == SETUP_OBJECT:
        yield PassedOver(key, Why.SETUP, "SES writes it when a rule with an S3 action is created; it is no mail")
        return
    try:
        if hasattr(stored, "body") and not callable(stored.body):
            body, metadata = stored.body, stored.metadata
        else:
            answer = stored.get()
            body, metadata = answer["Body"], answer.get("Metadata", {})
        if any(name.lower().removeprefix("x-amz-meta-") == "x-amz-key-v2" for name in metadata):
            if decrypt is None:
                raise InputError("it is encrypted: give `kms`, a boto3 KMS client or the LocalKms that has the key")
            body = decrypt(body if isinstance(body, bytes) else body.read(), metadata)
    except Exception as error:  # noqa: BLE001 - boto3 makes its exceptions at run time; each is one object that is lost
        yield PassedOver(key, Why.BROKEN, one_line(error) or type(error).__name__)
        return
    if isinstance(body, bytes):
        yield from mail_in_bytes(body, key)
        return
    try:  # a mailbox in a bucket may be larger than memory
        yield from mail_in_stream(body, key, answer.get("ContentLength"), named=key.lower().endswith(".eml"))
    except Exception as error:  # noqa: BLE001 - as above, while the body comes
        yield PassedOver(key, Why.BROKEN, one_line(error) or type(error).__name__)


def _element(value: Any, name: str = "") -> _Found:
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


def _named(source: Mapping[str, Any], decrypt: Decrypt | None) -> _Stream:
    if "Contents" in source and "raw" not in source:
        raise InputError(
            "expected objects with their content but got a listing of keys: give `boto3.resource('s3').Bucket(name)`"
        )
    if "raw" in source and not _is_object(source["raw"]):
        yield _row(source)
        return
    for name in list(source):  # a bucket may be what is written to
        yield from _any_element(source[name], str(name), decrypt)


def _row(row: Mapping[str, Any], name: str = "") -> _Found:
    """A mapping with `raw`, perhaps `name`, and an envelope, whole or by its fields."""
    if "raw" not in row:
        raise InputError(f"expected a message in `raw` but got only {one_line(', '.join(map(str, row)) or 'nothing')}")
    name = str(row["name"]) if not _is_missing(row.get("name")) else name
    known = row.get("envelope")
    if isinstance(known, Envelope | Mapping):
        return name, _raw(row["raw"]), known
    return name, _raw(row["raw"]), {f: row[f] for f in _FIELDS if not _is_missing(row.get(f))}


def _frame(frame: Any) -> _Stream:
    columns = [str(column) for column in frame.columns]
    if "raw" not in columns:
        raise InputError(f"expected a table with a column `raw` but got the columns {one_line(', '.join(columns))}")
    for values in zip(*(frame[column] for column in frame.columns), strict=True):
        row = dict(zip(columns, values, strict=True))
        yield from _any_element(row, "" if _is_missing(row.get("name")) else str(row["name"]), None)


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
    parts = dict(change)
    unknown = sorted(map(str, set(parts) - set(_FIELDS)))
    if unknown:
        raise InputError(f"{where}: expected only {', '.join(_FIELDS)} but got `{one_line(', '.join(unknown))}`")
    recipients = parts.get("rcpt_to", ())
    if isinstance(recipients, str):  # in a table a list is often one text
        recipients = tuple(addresses_in(recipients)) or tuple(filter(None, map(str.strip, recipients.split(","))))
    if not isinstance(recipients, Iterable):
        raise InputError(f"{where} rcpt_to: expected a list of addresses but got `{one_line(recipients)}`")
    if "rcpt_to" in parts:
        parts["rcpt_to"] = tuple(recipients)
    if "tls" in parts:
        parts["tls"] = _yes_or_no(parts["tls"])
    try:
        changed = envelope.changed(**parts)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    Envelope.from_json({name: one for name, one in changed.to_json().items() if name in parts}, where=where)
    return changed


# How a table that was once text says it: pandas, spreadsheets, databases.
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _yes_or_no(value: Any) -> Any:
    """The truth value of a cell; what is none stays, for `Envelope` to name it."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), value)
    return bool(value) if value in (0, 1) else value  # numpy's, too
