"""A folder of any number of files, read as the file system lists them: no list of them is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sesreceive.errors import InputError, one_line
from sesreceive.mail.mail_files import SIDECAR, RawMail, mail_in_file, unreadable
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.shown import Shown
from sesreceive.wording import expected

__all__ = ["UnsortedFolder"]


class UnsortedFolder(Shown):
    """The mail in a folder and below, in no order: for millions of files, which a list of names does not fit.

    A message is called by its path without ``.eml``; other files keep their ending in the name. Which file comes first
    the file system decides, so ids and times of a seeded receiver are those of this machine.

    Parameters
    ----------
    path : path
        The folder.

    Raises
    ------
    InputError
        When there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "hello.eml").write_bytes(b"Subject: hello")
    ...     [(name, raw) for name, raw, _ in UnsortedFolder(folder).mail()]
    [('hello', b'Subject: hello')]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InputError(expected("the path of a folder", path))
        self.path = Path(path).expanduser()
        if not self.path.is_dir():
            raise InputError(f"expected a folder but there is none at `{one_line(self.path)}`")

    def mail(self) -> Iterator[RawMail | PassedOver]:
        """What the files hold, each opened when its turn comes."""
        for inside in self._files():
            if isinstance(inside, PassedOver):
                yield inside
                continue
            is_mail = inside.parent.name in ("cur", "new")
            name = inside.with_suffix("") if inside.suffix.lower() == ".eml" else inside
            yield from mail_in_file(self.path / inside, name.as_posix(), is_mail=is_mail)

    def _files(self) -> Iterator[PurePosixPath | PassedOver]:
        """The files, by paths within the folder; folders that wait are as many as lie beside each other.

        A link to a folder is not followed, since it may lead back; a pipe is not opened, since nobody may write to it.
        """
        waiting = [PurePosixPath()]
        while waiting:
            inside = waiting.pop()
            try:
                with os.scandir(self.path / inside) as entries:
                    for entry in entries:
                        if entry.is_dir():
                            if entry.name != "tmp" and not entry.is_symlink():
                                waiting.append(inside / entry.name)
                        elif not entry.name.endswith(SIDECAR) and not entry.name.startswith("."):
                            path = inside / entry.name
                            no_file = PassedOver(path.as_posix(), Why.NO_MAIL, "it is no regular file")
                            yield path if entry.is_file() else no_file
            except OSError as error:
                raise unreadable(self.path / inside, error) from None

    def __repr__(self) -> str:
        """One line: the folder."""
        return f"UnsortedFolder({one_line(self.path)!r})"
