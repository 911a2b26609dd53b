"""Mail at a URL that fsspec opens: a file or a folder there, read as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from sesreceive.errors import InputError, MissingExtraError, one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.mail_files import SIDECAR, RawMail, mail_in_stream, natural_order, stem
from sesreceive.mail.passed_over import PassedOver, Why

__all__ = ["is_url", "remote_mail"]

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def is_url(text: str) -> bool:
    """Whether a text is a URL and no path.

    Examples
    --------
    >>> is_url("https://example.org/mail.mbox.gz"), is_url("mail/inbox.mbox"), is_url("C:/mail")
    (True, False, False)
    """
    return _URL.match(text) is not None


def remote_mail(url: str) -> Iterator[RawMail | PassedOver]:
    """The messages of the file, or of all files in the folder and below, each folder in natural order.

    Raises
    ------
    InputError
        When there is nothing at the URL, or nobody who opens it.
    MissingExtraError
        When fsspec is not installed, or what it needs for this kind of URL.

    Examples
    --------
    >>> import fsspec
    >>> with fsspec.open("memory://inbox/hello.eml", "wb") as file:
    ...     _ = file.write(b"Subject: hello")
    >>> list(remote_mail("memory://inbox"))
    [('hello', b'Subject: hello', None)]
    """
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError("fsspec", extra="fsspec", purpose=f"mail at `{one_line(url)}`") from None
    try:
        system, path = fsspec.core.url_to_fs(url)
        about = system.info(path)
    except ImportError as error:  # fsspec says what to install
        raise InputError(f"`{one_line(url)}` cannot be opened: {one_line(error)}") from None
    except Exception as error:  # noqa: BLE001 - each kind of storage has exceptions of its own
        raise InputError(f"`{one_line(url)}` cannot be opened: {_said(error)}") from None
    if about.get("type") == "directory":
        return _below(system, path)
    return _file(system, path, stem(PurePosixPath(path).name), about.get("size"))


def _below(system: Any, path: str) -> Iterator[RawMail | PassedOver]:
    for root, _, files in system.walk(path, detail=True):
        inside = PurePosixPath(root.removeprefix(path).strip("/"))
        for name in natural_order(files):
            message = f"{name[: -len(SIDECAR)]}.eml"
            if name.startswith(".") or (name.endswith(SIDECAR) and message in files):
                continue
            beside = f"{PurePosixPath(name).stem}{SIDECAR}"
            known = files[beside]["name"] if name.lower().endswith(".eml") and beside in files else None
            yield from _file(
                system, files[name]["name"], stem((inside / name).as_posix()), files[name].get("size"), known
            )


def _file(system: Any, path: str, name: str, size: int | None, beside: str | None = None) -> Iterator[Any]:
    """The messages of one file; what the storage raises is of this file."""
    file = PurePosixPath(path)
    named = file.suffix.lower() == ".eml" or file.parent.name in ("cur", "new")
    try:
        known = None
        if beside is not None:
            known = Envelope.from_json(system.cat_file(beside), where=f"envelope `{one_line(beside)}`")
        with system.open(path, "rb") as stream:
            yield from mail_in_stream(stream, name, size, known=known, named=named)
    except Exception as error:  # noqa: BLE001 - each kind of storage has exceptions of its own
        yield PassedOver(name, Why.BROKEN, f"`{one_line(path)}` cannot be read: {_said(error)}")


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return one_line(error) or type(error).__name__
