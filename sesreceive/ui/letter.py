"""A letter as it is written: the fields a mail program shows, its text, files to go with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.errors import InputError, one_line
from sesreceive.lab.compose import CHARSETS, ENCODINGS, Attachment, Draft
from sesreceive.ui.inputs import Checked, choice
from sesreceive.ui.kit import Part, Section, allow, button, html
from sesreceive.wording import count

__all__ = ["Letter"]


class Letter(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The controls of a `Draft`.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    edited : callable
        Is called after each change by the reader.
    sender, to : str
        What From and To say at first.
    """

    def __init__(self, part: Part, edited: Callable[[], str | None], *, sender: str, to: str) -> None:
        self._edited = edited
        self._files: tuple[Attachment, ...] = ()
        self.charset = choice("Charset", CHARSETS, hint="What text and HTML are encoded in")
        self.encoding = choice(
            "Transfer encoding",
            [("the shortest that fits", ""), *((one, one) for one in ENCODINGS)],
            hint="How text and HTML are made fit for the way",
        )
        self.sender = self._box(part, "From", sender, "sender")
        self.to = self._box(part, "To", to, "to")
        self.cc = self._box(part, "Cc", "", "cc")
        self.subject = self._box(part, "Subject", "hello", "subject")
        self.text = Checked(
            part,
            "Text",
            "A message to see what becomes of it.\n",
            check=self._check_text,
            changed=self._on_change,
            rows=6,
        )
        self.html = Checked(part, "HTML, if any", check=self._check_html, changed=self._on_change, rows=3)
        self.headers = Checked(
            part, "More header fields", check=_fields, changed=self._on_change, rows=2, placeholder="X-Priority: 1"
        )
        for box in (self.charset, self.encoding):
            part.on_change(box, self._on_form)
        self.upload = W.FileUpload(
            accept="",
            multiple=True,
            description="Attach files",
            tooltip="Files to go with the message",
            layout=W.Layout(width="auto"),
        )
        self.detach = part.on_click(button("Detach all", hint="Take the attached files away"), self.detach_all)
        self.files_note = html()
        part.on_change(self.upload, self._on_upload)
        row = W.Layout(flex_flow="row wrap", align_items="center")
        files = W.HBox([self.upload, self.detach, self.files_note], layout=row)
        more = Section([self.cc, self.html, self.headers, self.charset, self.encoding])
        more.tell("Cc, HTML, header fields, charset")
        super().__init__([self.sender, self.to, self.subject, self.text, files, more])
        self._tell_files()

    def _box(self, part: Part, label: str, value: str, name: str) -> Checked:
        def check(text: str) -> None:
            Draft(**{name: text}).to_bytes()  # type: ignore[arg-type]  # the names are those of texts

        return Checked(part, label, value, check=check, changed=self._on_change)

    # ------------------------------------------------------------------ the draft

    def draft(self, *, date: datetime | None = None, message_id: str = "") -> Draft:
        """What is on screen.

        Raises
        ------
        InputError
            When a header field cannot be read.
        """
        return Draft(
            sender=self.sender.value,
            to=self.to.value,
            cc=self.cc.value,
            subject=self.subject.value,
            text=self.text.value,
            html=self.html.value,
            charset=self.charset.value,
            encoding=self.encoding.value,
            attachments=self._files,
            headers=_fields(self.headers.value),
            date=date,
            message_id=message_id,
        )

    def attach(self, *files: Attachment) -> str:
        """Add files; what was done."""
        self._files += files
        self._tell_files()
        return f"attached {', '.join(one_line(one.filename, 60) for one in files)}"

    def detach_all(self) -> str:
        """Take all files away."""
        self._files = ()
        self._tell_files()
        self._edited()
        return "no files are attached"

    # ------------------------------------------------------------------ what is typed

    def _check_text(self, text: str) -> None:
        Draft(text=text, charset=self.charset.value, encoding=self.encoding.value).to_bytes()

    def _check_html(self, text: str) -> None:
        Draft(html=text, charset=self.charset.value, encoding=self.encoding.value).to_bytes()

    def _on_change(self, _: str) -> str | None:
        return self._edited()

    def _on_form(self, _: str) -> str | None:
        """Another charset or encoding: the texts may fit it or not."""
        for box in (self.text, self.html):
            box.value = box.value
        return self._edited()

    def _on_upload(self, files: Any) -> str | None:
        if not files:
            return None
        told = self.attach(*map(_attachment, files))
        self.upload.value = ()
        self._edited()
        return told

    def _tell_files(self) -> None:
        allow(self.detach, "" if self._files else "no files are attached")
        names = ", ".join(f"{escape(one.filename, 60)} ({len(one.content)} bytes)" for one in self._files)
        number = count(len(self._files), "file")
        self.files_note.value = f'<span class="ses-hint">{number}{": " if names else ""}{names}</span>'


def _attachment(file: Any) -> Attachment:
    kind = file["type"] or "application/octet-stream"
    return Attachment(filename=file["name"], content=bytes(file["content"]), content_type=kind)


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    """Header fields, one a line."""
    found = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise InputError(f"expected a header field such as `X-Priority: 1` but got `{one_line(line, 80)}`")
        found.append((name.strip(), value.strip()))
    if found:
        Draft(headers=tuple(found)).to_bytes()
    return tuple(found)
