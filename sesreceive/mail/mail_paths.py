"""Mail at a path: a file is looked into before it is read, a folder is walked in natural order.

A Maildir, its Maildir++ subfolders and an MH folder are folders of messages. What a folder holds is listed before the
first file is opened; for more files than memory holds there is `sesreceive.mail.unsorted_folder`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sesreceive.errors import InputError, one_line
from sesreceive.mail.file_form import HEAD, Form, form_of
from sesreceive.mail.item import KINDS, Stream
from sesreceive.mail.mail_files import SIDECAR, Found, mail_in_file, natural_order, stem, unreadable
from sesreceive.mail.passed_over import PassedOver, Why

__all__ = ["mail_at"]

_FLAGS = re.compile("[:;!]2,")  # of a Maildir name; Windows has no colon


def mail_at(path: Path) -> tuple[Stream, int | None]:
    """What a file or folder holds, and how many messages that is where it can be told.

    Raises
    ------
    InputError
        When there is no such file, or it is no mail.
    """
    if path.is_dir():
        found, size, any_file = _files_below(path)
        if not any_file:
            raise InputError(f"there is no file in `{one_line(path)}`: give {KINDS}")
        return found, size
    if not path.exists():
        raise InputError(f"there is no `{one_line(path)}`: give {KINDS}")
    named = path.suffix.lower() == ".eml"
    try:
        with path.open("rb") as file:
            told = form_of(file.read(HEAD), named=named)
    except OSError as error:
        raise unreadable(path, error) from None
    if told.form is Form.OTHER and not path.with_name(f"{path.stem}{SIDECAR}").exists():
        raise InputError(f"`{one_line(path)}` is no mail: {told.reason}")
    return mail_in_file(path), 1 if told.form is Form.MESSAGE else None


def _files_below(folder: Path) -> tuple[Iterator[Found], int | None, bool]:
    """What a folder holds, how many messages that is where it can be told, and whether there is any file."""
    try:
        names, passed_over = _listed(folder)
    except OSError as error:
        raise unreadable(folder, error) from None
    plain = all(path.suffix.lower() == ".eml" or in_maildir for path, in_maildir in names.values())
    found = (one for name in natural_order(names) for one in mail_in_file(names[name][0], name, is_mail=names[name][1]))
    return (
        _chained(found, passed_over),
        len(names) if plain else None,
        bool(names or passed_over) or _is_maildir(folder),
    )


def _chained(found: Iterator[Found], passed_over: list[PassedOver]) -> Iterator[Found]:
    yield from found
    yield from passed_over


def _listed(folder: Path) -> tuple[dict[str, tuple[Path, bool]], list[PassedOver]]:
    """The files by name, each with whether it is a message for certain; and what is passed over unopened."""
    names: dict[str, tuple[Path, bool]] = {}
    aside: list[PassedOver] = []
    for root, folders, files in os.walk(folder, onerror=_raise):
        here = Path(root)
        inside = here.relative_to(folder)
        maildir = _is_maildir(here)
        if maildir:
            folders[:] = [name for name in folders if name not in ("cur", "new", "tmp")]
            for part in ("new", "cur"):
                for path in (here / part).iterdir():
                    if path.is_file():
                        name = (_maildir_name(inside) / _FLAGS.split(path.name)[0]).as_posix()
                        names[name] = path, True
            if (here / "tmp").is_dir() and (left := sum(1 for _ in (here / "tmp").iterdir())):
                why = f"{left} in delivery, which are no messages yet"
                aside.append(PassedOver((_maildir_name(inside) / "tmp").as_posix(), Why.NO_MAIL, why))
        for file in sorted(files, key=lambda file: (not file.lower().endswith(".eml"), file)):
            path, name = here / file, (inside / file).as_posix()
            if file.endswith(SIDECAR) and (here / f"{file[: -len(SIDECAR)]}.eml").exists():
                continue  # read with its message
            if maildir or file.startswith((".", ",")):
                why = "it is a file of the mail program" if maildir or file.startswith(".") else "it was deleted in MH"
                aside.append(PassedOver(name, Why.NO_MAIL, why))
            elif not path.is_file():
                aside.append(PassedOver(name, Why.NO_MAIL, "it is no regular file"))
            else:
                names[name if stem(name) in names else stem(name)] = path, False
    return names, aside


def _raise(error: OSError) -> None:
    raise error


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _maildir_name(inside: Path) -> PurePosixPath:
    """Maildir++ keeps the folder `Lists/Work` in `.Lists.Work`."""
    parts = [part[1:].replace(".", "/") if part.startswith(".") else part for part in inside.parts]
    return PurePosixPath(*parts)
