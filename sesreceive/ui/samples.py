"""Mail that is there already: a dataset of ours, or files that are uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets as W

from sesreceive import datasets
from sesreceive.errors import InputError, one_line
from sesreceive.mail.corpus import Item, read, read_content
from sesreceive.mail.message import Message
from sesreceive.ui.inputs import choice
from sesreceive.ui.kit import Part, caption
from sesreceive.ui.listing import Listing
from sesreceive.wording import count

__all__ = ["Samples", "Uploads", "items_of"]

# Of a large mailbox this many can be chosen from; all of them can be sent.
_LISTED = 1_000


def items_of(name: str, content: bytes) -> Iterator[Item]:
    r"""The messages of an uploaded file: a message, a mailbox or an archive.

    Examples
    --------
    >>> [item.name for item in items_of("mail.mbox", b"From a Fri Jan  2 10:05:05 2026\nTo: bo@example.com\n\nhi\n")]
    ['mail-1']
    >>> next(items_of("a.eml", b"To: bo@example.com\n\nhi\n")).envelope.rcpt_to
    ('bo@example.com',)

    Raises
    ------
    InputError
        When it is no mail.
    """
    yield from read_content(name, content)


def _line(item: Item) -> str:
    subject = Message(item.raw).get("Subject") or "no subject"
    return f"{item.name}: {subject}"


class _Chooser(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A list of messages to choose from."""

    def __init__(self, part: Part, noun: str, chosen: Callable[[Item], str | None], head: list[W.Widget]) -> None:
        self._chosen = chosen
        self.items: tuple[Item, ...] = ()
        self.list = Listing(part, noun, self._on_choice, rows=7, searched=True)
        super().__init__([*head, self.list])

    def show(self, items: tuple[Item, ...]) -> str | None:
        """Put messages on screen and choose the first."""
        self.items = items
        self.list.show([_line(item) for item in items[:_LISTED]], 0)
        return self._on_choice(0) if items else None

    def _on_choice(self, at: int) -> str | None:
        return self._chosen(self.items[at])


class Samples(_Chooser):
    """The messages of a dataset.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    chosen : callable
        Is given the message that was chosen.
    """

    def __init__(self, part: Part, chosen: Callable[[Item], str | None]) -> None:
        self.name = choice("Dataset", datasets.names())
        super().__init__(part, "sample", chosen, [self.name])
        self._loaded = ""
        part.on_change(self.name, self._on_name)

    @property
    def dataset(self) -> datasets.Dataset:
        """The dataset that is chosen."""
        return datasets.load(self.name.value)

    def pick(self) -> str | None:
        """Read the dataset that is chosen, unless it is on screen."""
        if self._loaded == self.name.value:
            return self._on_choice(self.list.at) if self.items else None
        return self._on_name(self.name.value)

    def _on_name(self, name: str) -> str | None:
        self._loaded = name
        told = self.show(tuple(read(self.dataset.mail)))
        return f"{count(len(self.items), 'message')} of {name}; {told}"


class Uploads(_Chooser):
    """Messages from files of the reader: ``.eml`` files and mailboxes.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    chosen : callable
        Is given the message that was chosen.
    """

    def __init__(self, part: Part, chosen: Callable[[Item], str | None]) -> None:
        self.upload = W.FileUpload(
            accept=".eml,.mbox,.zip,.tar,.tgz,.gz,message/rfc822,application/mbox",
            multiple=True,
            description="Upload .eml or mbox",
            tooltip="Messages from files: .eml, a mailbox in the mbox format, or an archive of these",
            layout=W.Layout(width="auto"),
        )
        note = caption("Each message gets the envelope its header tells of; change it below.")
        super().__init__(part, "upload", chosen, [W.HBox([self.upload]), note])
        part.on_change(self.upload, self._on_upload)

    def pick(self) -> str | None:
        """Choose what was chosen before, if anything was."""
        return self._on_choice(self.list.at) if self.items else "choose files to upload"

    def add(self, name: str, content: bytes) -> str | None:
        """Read the messages of a file and put them on screen, behind those that are there.

        Raises
        ------
        InputError
            When the file holds no mail.
        """
        items = tuple(items_of(name, content))
        if not items:
            raise InputError(f"there is no message in `{one_line(name)}`")
        first = len(self.items)
        self.items += items
        self.list.show([_line(item) for item in self.items[:_LISTED]], min(first, _LISTED - 1))
        return f"{count(len(items), 'message')} from {one_line(name, 60)}; {self._on_choice(first)}"

    def _on_upload(self, files: Any) -> str | None:
        told = None
        for one in files or ():
            told = self.add(one["name"], bytes(one["content"]))
        if files:
            self.upload.value = ()
        return told
