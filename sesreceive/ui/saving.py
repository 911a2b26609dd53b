"""Save what is on screen as a file: choose a form, press Save, and a link takes it to the reader's computer.

A link rather than a file beside the notebook: nothing is overwritten, and it works where the kernel is elsewhere.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.errors import InputError
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part, allow, button
from sesreceive.ui.kit import html as html_widget

__all__ = ["Saved", "Saving", "file_name", "link", "no_message"]

# Octets of a file that a link holds; browsers take more, a notebook that is saved with it should not.
_MOST = 20_000_000

# A picture is drawn twice as large, on white, by the browser: Python would need a library for it.
_PNG = (
    "event.preventDefault();const a=this,i=new Image();i.onload=()=>{const c=document.createElement('canvas');"
    "c.width=2*i.width;c.height=2*i.height;const p=c.getContext('2d');p.fillStyle='#fff';"
    "p.fillRect(0,0,c.width,c.height);p.drawImage(i,0,0,c.width,c.height);const d=document.createElement('a');"
    "d.download=a.download;d.href=c.toDataURL('image/png');d.click()};i.src=a.href"
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A file: its name, its octets, and what kind of file it is; `as_png` where the browser makes a picture of it."""

    name: str
    content: bytes
    kind: str = "application/octet-stream"
    as_png: bool = False


def file_name(text: str, ending: str) -> str:
    """A name that every file system takes.

    Examples
    --------
    >>> file_name("../a b<c>", "eml")
    'a-b-c.eml'
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:80]
    return f"{stem or 'message'}.{ending}"


def link(saved: Saved) -> str:
    """A link that gives the file to the reader.

    Examples
    --------
    >>> link(Saved("a.txt", b"hi", "text/plain"))
    '<a class="ses-file" download="a.txt" href="data:text/plain;base64,aGk=">⬇ a.txt</a> (2 bytes)'

    Raises
    ------
    InputError
        When it is too large for a link.
    """
    if len(saved.content) > _MOST:
        raise InputError(f"expected a file of at most {_MOST} bytes but this one has {len(saved.content)}")
    data = f"data:{saved.kind};base64,{base64.b64encode(saved.content).decode()}"
    drawn = f' onclick="{html.escape(_PNG)}"' if saved.as_png else ""
    size = "" if saved.as_png else f" ({len(saved.content)} bytes)"
    return f'<a class="ses-file" download="{escape(saved.name)}" href="{data}"{drawn}>⬇ {escape(saved.name)}</a>{size}'


def no_message(bench: Bench) -> str:
    """Why nothing of a message can be saved; an empty text where one was received."""
    return "" if bench.receptions else "no message was received yet"


class Saving(W.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A choice of forms, a button, and the link to the file once it was made.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    forms : mapping of str to callable
        What can be saved, by the word of the choice; each gives the file when it is asked for.
    clears : list of str
        The traits of the bench with which a file that was made is no longer what is on screen.
    lacking : callable, optional
        Why there is nothing to save now; an empty text where there is something.
    """

    def __init__(
        self,
        part: Part,
        forms: Mapping[str, Callable[[], Saved]],
        clears: list[str],
        lacking: Callable[[], str] = str,
    ) -> None:
        self._forms, self._lacking = forms, lacking
        self.form = W.Dropdown(
            options=list(forms),
            description="Save as",
            tooltip="The form of the file",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto", max_width="100%"),
        )
        self.button = part.on_click(button("Save", hint="Make the file, and a link to it"), self.save)
        self.link = html_widget()
        super().__init__(
            [self.form, self.button, self.link], layout=W.Layout(flex_flow="row wrap", align_items="center")
        )
        self.add_class("ses-saving")
        part.bench.observe(lambda _: self.clear(), clears)
        self.clear()

    def save(self) -> str:
        """Make the file; the answer names it.

        Raises
        ------
        InputError
            When there is nothing to save, or too much.
        """
        saved = self._forms[self.form.value]()
        self.link.value = link(saved)
        return f"{saved.name} is made: press the link to save it"

    def clear(self) -> None:
        """Take the link away: what is on screen is another."""
        allow(self.button, self._lacking())
        if self.link.value:
            self.link.value = ""
