"""What holds mail, of every kind, opened: a path, a URL, a bucket, a table, or values with messages in them.

Nothing is read out of a message here; what is no message, or cannot be read, stands in the stream with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sized
from pathlib import Path
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.item import ENVELOPE_FIELDS, KINDS, Decrypt, Found, Item, Source, Stream
from sesreceive.mail.mail_files import SETUP_OBJECT, mail_in_bytes, mail_in_file, mail_in_stream, with_crlf
from sesreceive.mail.mail_paths import mail_at
from sesreceive.mail.message import Message
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.mail.remote_files import is_url, remote_mail
from sesreceive.mail.unsorted_folder import UnsortedFolder
from sesreceive.wording import expected

__all__ = ["is_missing", "open_source"]


def open_source(source: Source, decrypt: Decrypt | None = None) -> tuple[Stream, int | None]:
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
        return mail_at(Path(source).expanduser())
    if _is_message(source) or _is_reception(source) or _is_object(source):
        return _elements((source,), decrypt), 1
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        return _table_rows(source), _length(source)
    if isinstance(source, Mapping):
        return _named(source, decrypt), len(source)
    if hasattr(source, "objects") and hasattr(source.objects, "all"):  # a boto3 Bucket
        return _elements(source.objects.all(), decrypt), None
    if isinstance(source, Iterable):
        return _elements(source, decrypt), _length(source)
    # A dataset, or whatever else has mail.
    meant = "; did you mean its `mail`?" if isinstance(getattr(source, "mail", None), str | os.PathLike) else ""
    raise InputError(f"expected {KINDS} but got `{one_line(type(source).__name__)}`{meant}")


def _length(source: object) -> int | None:
    return len(source) if isinstance(source, Sized) else None


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


def _elements(source: Iterable[Any], decrypt: Decrypt | None) -> Stream:
    for value in source:
        if isinstance(value, str | os.PathLike):
            yield from _path_element(value)
        else:
            yield from _any_element(value, "", decrypt)


def _path_element(value: str | os.PathLike[str]) -> Stream:
    path = Path(value).expanduser()
    try:
        if isinstance(value, str) and is_url(value):
            found: Stream = remote_mail(value)
            yield from found
            return
        if isinstance(value, str) and "\n" in value:
            raise InputError(f"expected a message as bytes but got text that begins `{one_line(value, 40)}`: encode it")
        found = mail_in_file(path) if path.is_file() else mail_at(path)[0]
    except InputError as error:
        yield PassedOver(one_line(value, 80), Why.BROKEN, str(error))
    else:
        yield from found


def _any_element(value: Any, name: str, decrypt: Decrypt | None) -> Stream:
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


def _object(stored: Any, decrypt: Decrypt | None) -> Stream:
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


def _element(value: Any, name: str = "") -> Found:
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


def _named(source: Mapping[str, Any], decrypt: Decrypt | None) -> Stream:
    if "Contents" in source and "raw" not in source:
        raise InputError(
            "expected objects with their content but got a listing of keys: give `boto3.resource('s3').Bucket(name)`"
        )
    if "raw" in source and not _is_object(source["raw"]):
        yield _row(source)
        return
    for name in list(source):  # a bucket may be what is written to
        yield from _any_element(source[name], str(name), decrypt)


def _row(row: Mapping[str, Any], name: str = "") -> Found:
    """A mapping with `raw`, perhaps `name`, and an envelope, whole or by its fields."""
    if "raw" not in row:
        raise InputError(f"expected a message in `raw` but got only {one_line(', '.join(map(str, row)) or 'nothing')}")
    name = str(row["name"]) if not is_missing(row.get("name")) else name
    known = row.get("envelope")
    if is_missing(known):
        parts = {part: row[part] for part in ENVELOPE_FIELDS if not is_missing(row.get(part))}
        return name, _raw(row["raw"]), parts or None
    where = f"envelope of `{one_line(name)}`" if name else "envelope"
    if isinstance(known, str):
        known = Envelope.from_json(known, where=where)
    if not isinstance(known, Envelope | Mapping):
        raise InputError(f"{where}: {expected('an Envelope, a mapping or JSON', known)}")
    return name, _raw(row["raw"]), known


def _table_rows(frame: Any) -> Stream:
    columns = [str(column) for column in frame.columns]
    if "raw" not in columns:
        raise InputError(f"expected a table with a column `raw` but got the columns {one_line(', '.join(columns))}")
    for values in zip(*(frame[column] for column in frame.columns), strict=True):
        row = dict(zip(columns, values, strict=True))
        yield from _any_element(row, "" if is_missing(row.get("name")) else str(row["name"]), None)


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, NaT or pandas' NA, known by name so that pandas need not be loaded.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing(b"")
    (True, True, False)
    """
    nan = isinstance(value, float) and value != value
    return value is None or nan or type(value).__name__ in ("NAType", "NaTType")
