"""Where captures are read from: a folder, a bucket, what a backend keeps, or anything iterable over these."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from sesreceive.backends.kms_envelope import Kms
from sesreceive.captures.capture import Capture, Unrecognised
from sesreceive.captures.pairing import Captures, paired
from sesreceive.captures.recognition import Found, as_json, in_bytes, in_document, object_capture
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json
from sesreceive.mail.corpus import with_crlf
from sesreceive.mail.file_form import HEAD, Form, form_of
from sesreceive.mail.mail_files import SETUP_OBJECT, mail_in_bytes, natural_order
from sesreceive.mail.passed_over import PassedOver

__all__ = ["CaptureSource", "read"]

CaptureSource: TypeAlias = "str | os.PathLike[str] | bytes | Mapping[str, Any] | Iterable[Any]"

# What is read of one file: an object of SES has 40 MB, and its JSON in base64 half as much again.
_MOST_BYTES = 100 * 1024 * 1024
# Files beside an object that hold its metadata: those of a directory backend, and of `aws s3api head-object`.
_BESIDE = (".meta.json", ".metadata.json", ".head.json")
_SETUP = "SES writes it when a rule with an S3 action is created; it is no mail"


def read(source: CaptureSource, *, kms: Kms | None = None) -> Captures:
    r"""What SES wrote, recognised by its shape and paired by mail; nothing leaves the machine.

    Parameters
    ----------
    source : path, bytes, bucket, mapping or iterable
        - A folder with any mix of files, read with all below it, or one file: stored objects, bodies of SNS, SQS and
          HTTP deliveries, Lambda events, bounces, SMTP transcripts, lines of a sender's log, logs with one JSON a line,
          archives and mailboxes of objects. ``ID.meta.json`` (or ``.metadata.json``, ``.head.json``) beside an
          object ``ID`` holds its metadata.
        - A bucket: ``receiver.backend.buckets["inbox"]`` or a boto3 ``Bucket``.
        - An iterable of paths, bytes, texts, events as dictionaries, objects of a bucket, or what a backend keeps:
          notifications, invocations, bounces.
    kms : Kms, optional
        Decrypts objects: a boto3 KMS client, or the `LocalKms` that made the keys.

    Returns
    -------
    Captures
        The captures by mail, and what was none with the reason.

    Raises
    ------
    InputError
        When there is no such file or folder, or it holds no file.

    Examples
    --------
    >>> captures = read([b"Return-Path: <ana@example.org>\r\nReceived: from mx.example.org (mx.example.org [192.0.2.1])"
    ...     b"\r\n by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01\r\n"
    ...     b" for bo@example.com;\r\n Fri, 02 Jan 2026 10:05:05 +0000 (UTC)\r\n\r\nhello\r\n", b"x"])
    >>> captures
    <1 capture of 1 mail, 1 item not recognised>
    >>> captures.mails[0].captures[0].kind.value, captures.unrecognised[0].reason
    ('stored object', 'it has none of the shapes of what SES writes')
    """
    found: list[Capture] = []
    unrecognised: list[Unrecognised] = []
    for one in _in_source(source, kms):
        if isinstance(one, Capture):
            found.append(one)
        else:
            unrecognised.append(one)
    return paired(found, unrecognised)


def _in_source(source: Any, kms: Kms | None) -> Found:
    if isinstance(source, str) and not source:
        raise InputError("expected a folder or a file of what SES wrote but got an empty name")
    if isinstance(source, str | os.PathLike):
        yield from _in_path(Path(source).expanduser(), kms)
    elif isinstance(source, bytes | bytearray | memoryview):
        yield from in_bytes(bytes(source), "bytes", kms=kms)
    elif hasattr(source, "objects") and hasattr(source.objects, "all"):  # a boto3 Bucket
        for number, one in enumerate(source.objects.all(), start=1):
            yield from _in_value(one, f"item {number}", kms)
    elif isinstance(source, Mapping) and not any(hasattr(value, "body") for value in source.values()):
        yield from in_document(source, "item 1", kms=kms, text=as_json(source))
    elif isinstance(source, Mapping):
        for name, value in source.items():
            yield from _in_value(value, str(name), kms)
    elif isinstance(source, Iterable):
        for number, value in enumerate(source, start=1):
            yield from _in_value(value, f"item {number}", kms)
    else:
        raise InputError(
            "expected a folder, a file, a bucket or an iterable of what SES wrote "
            f"but got `{one_line(type(source).__name__)}`"
        )


def _in_path(path: Path, kms: Kms | None) -> Found:
    if path.is_dir():
        names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
        if not names:
            raise InputError(f"there is no file in `{one_line(path)}`: give a folder of what SES wrote")
        for name in natural_order(names):
            yield from _in_file(path / name, name, kms)
    elif path.exists():
        yield from _in_file(path, path.name, kms)
    else:
        raise InputError(f"there is no `{one_line(path)}`: give a folder or a file of what SES wrote")


def _in_file(path: Path, name: str, kms: Kms | None) -> Found:
    if path.name == SETUP_OBJECT:
        yield Unrecognised(name, _SETUP)
        return
    for ending in _BESIDE:
        if path.name.endswith(ending) and path.with_name(path.name.removesuffix(ending)).is_file():
            return  # read with its object
    try:
        if path.stat().st_size > _MOST_BYTES:
            yield Unrecognised(name, f"it has more than {_MOST_BYTES} bytes")
            return
        content = path.read_bytes()
    except OSError as error:
        yield Unrecognised(name, f"it cannot be read: {error.strerror or error}")
        return
    described = _beside(path)
    if described is not None:
        metadata, content_type = described
        if metadata or content_type is not None:
            told = object_capture(content, name, metadata=metadata, content_type=content_type, kms=kms)
            if metadata or told.message_id:
                yield told
                return
    form = form_of(content[:HEAD], named=False).form
    if form in (Form.MBOX, Form.GZIP, Form.ZIP, Form.TAR):
        for mail in mail_in_bytes(content, name):
            if isinstance(mail, PassedOver):
                yield Unrecognised(mail.name, mail.reason)
            else:
                yield from in_bytes(mail[1], mail[0], kms=kms)
        return
    yield from in_bytes(content, name, kms=kms)


def _beside(path: Path) -> tuple[dict[str, str], str | None] | None:
    """Metadata and Content-Type in the file beside an object; None where there is none that can be read."""
    for ending in _BESIDE:
        try:
            document = parse_json(path.with_name(path.name + ending).read_bytes())
        except (OSError, InputError):
            continue
        if isinstance(document, Mapping):
            metadata = document.get("metadata", document.get("Metadata"))
            told = {str(k): str(v) for k, v in metadata.items()} if isinstance(metadata, Mapping) else {}
            content_type = document.get("content_type", document.get("ContentType"))
            return told, content_type if isinstance(content_type, str) else None
    return None


def _in_value(value: Any, name: str, kms: Kms | None) -> Iterator[Capture | Unrecognised]:
    if isinstance(value, Capture | Unrecognised):
        yield value
    elif isinstance(value, os.PathLike) or (isinstance(value, str) and _is_path(value)):
        yield from _in_path(Path(value).expanduser(), kms)
    elif isinstance(value, bytes | bytearray | memoryview):
        yield from in_bytes(bytes(value), name, kms=kms)
    elif isinstance(value, str):
        yield from in_bytes(value.encode("utf-8", "surrogateescape"), name, kms=kms)
    elif isinstance(value, Mapping):
        yield from in_document(value, name, kms=kms)
    elif hasattr(value, "key") and (hasattr(value, "metadata") or hasattr(value, "get")):
        yield from _in_object(value, kms)
    elif isinstance(raw := getattr(value, "raw", None), bytes):  # a bounce has a message, too, which is its text
        yield from in_bytes(raw, name, kms=kms)
    elif isinstance(text := getattr(value, "message", getattr(value, "payload", None)), str):
        yield from in_bytes(text.encode("utf-8", "replace"), name, kms=kms)
    else:
        yield Unrecognised(name, f"a {one_line(type(value).__name__)} is nothing that SES writes")


def _is_path(text: str) -> bool:
    """Whether a text is the name of something that is there, and no text of SES."""
    try:
        return "\n" not in text and "{" not in text and Path(text).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, no such home
        return False


def _in_object(stored: Any, kms: Kms | None) -> Found:
    """An object of a bucket: one that a backend keeps, or boto3's."""
    key = str(stored.key)
    if key.rpartition("/")[2] == SETUP_OBJECT:
        yield Unrecognised(key, _SETUP)
        return
    try:
        if hasattr(stored, "body") and not callable(stored.body):
            body, metadata, content_type = stored.body, stored.metadata, getattr(stored, "content_type", None)
        else:
            answer = stored.get()
            body, metadata = answer["Body"].read(), answer.get("Metadata", {})
            content_type = answer.get("ContentType")
    except Exception as error:  # noqa: BLE001 - boto3 makes its exceptions at run time; each is one object that is lost
        yield Unrecognised(key, f"it cannot be read: {one_line(error) or type(error).__name__}")
        return
    bucket = getattr(stored, "bucket", None)
    bucket = bucket if isinstance(bucket, str) else getattr(stored, "bucket_name", None)
    capture = object_capture(
        body if metadata else with_crlf(body), key, metadata=metadata, key=key, bucket=bucket,
        content_type=content_type, kms=kms,
    )  # fmt: skip
    if capture.message_id or capture.metadata:
        yield capture
    else:
        yield Unrecognised(key, "it is no object that SES stored")
