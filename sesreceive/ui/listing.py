"""An ordered list of things: choose one, look for some, and the buttons that change the order.

One native list box, however many there are: the keyboard works as everywhere, the focus stays where it is, and
nothing is drawn but what is in view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as W

from sesreceive.errors import one_line
from sesreceive.ui import sortable
from sesreceive.ui.kit import Part, allow, button, html
from sesreceive.wording import count

__all__ = ["Listing"]

# A blank behind which a line may go on in the next: ipywidgets makes all blanks of a list box such that none may.
_BLANK = " \u200b"


class Listing(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A list box with buttons.

    Parameters
    ----------
    part : Part
        Whose list it is; it tells what was done, and shows the errors of the callbacks.
    noun : str
        What is listed, as in "rule"; the buttons say it, too.
    chosen : callable
        Is given the position of the element that was chosen.
    buttons : sequence of (str, callable)
        Their words, and what they do.
    searched : bool
        Whether there is a box to look for elements with.
    moved : callable, optional
        Is given two positions when an element is dragged from one to the other; where `anywidget` is installed a
        button then turns the list into one that can be dragged.

    Attributes
    ----------
    at : int
        Position of the chosen element; -1 when there is none.
    shown : list of (str, int)
        The lines on screen, each with its position: those that were looked for.
    """

    def __init__(
        self,
        part: Part,
        noun: str,
        chosen: Callable[[int], str | None],
        buttons: Sequence[tuple[str, Callable[[], str | None]]] = (),
        *,
        searched: bool = False,
        rows: int = 8,
        moved: Callable[[int, int], str | None] | None = None,
    ) -> None:
        self.noun = noun
        self.at = -1
        self._labels: list[str] = []
        self.shown: list[tuple[str, int]] = []
        self._showing = False
        self._chosen = chosen
        plural = count(2, noun)[2:]
        self.select = W.Select(
            options=[],
            rows=rows,
            description=plural[:1].upper() + plural[1:],
            tooltip=f"Choose a {noun} to see and change it",
            layout=W.Layout(width="auto"),
        )
        self.select.add_class("ses-stacked")
        self.search = W.Text(
            description=f"Find {plural}",
            placeholder="part of its line",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto"),
        )
        self.count = html()
        self.buttons = {text: part.on_click(button(text), press) for text, press in buttons}
        self.drag: Any = self._made_drag(part, moved) if moved is not None and sortable.is_available() else None
        bar = W.HBox(list(self.buttons.values()), layout=W.Layout(flex_flow="row wrap"))
        lists = [self.select] if self.drag is None else [self.select, self.drag]
        super().__init__([*([self.search] if searched else []), *lists, self.count, bar])
        self.add_class("ses-listing")
        self.select.observe(part.guard(self._on_choice), "value")
        self.search.observe(part.guard(self._draw), "value")

    def show(self, labels: Sequence[str], at: int) -> None:
        """Put elements on screen, one line each, with the one at `at` chosen."""
        self._labels = [one_line(label, 160) for label in labels]
        self.at = at if 0 <= at < len(labels) else -1
        self._draw()

    def _draw(self) -> None:
        words = self.search.value.lower().split()
        shown = [(label, at) for at, label in enumerate(self._labels) if all(word in label.lower() for word in words)]
        self._showing = True
        try:
            with self.select.hold_sync():
                if shown != self.shown:
                    self.shown = shown
                    self.select.options = [(label.replace(" ", _BLANK), at) for label, at in shown]
                wanted = self.at if any(at == self.at for _, at in shown) else None
                if self.select.value != wanted:
                    self.select.value = wanted
        finally:
            self._showing = False
        if self.drag is not None and self.drag.layout.display != "none":
            with self.drag.hold_sync():
                self.drag.items, self.drag.chosen = self._labels, self.at
        for text, pressed in self.buttons.items():
            allow(pressed, self._reason(text))
        number = count(len(self._labels), self.noun)
        text = f"{len(shown)} of {number}" if words else number
        self.count.value = f'<span class="ses-hint">{text}</span>'

    def _reason(self, text: str) -> str:
        """Why a button can do nothing now; empty where it can."""
        verb, way = text.split(maxsplit=1)[0], text.rsplit(maxsplit=1)[-1]
        if verb == "Add":
            return ""
        if verb == "Drag":
            return "" if len(self._labels) > 1 else f"there are no two {count(2, self.noun)[2:]}"
        if self.at < 0:
            return f"there is no {self.noun}"
        if way == "up" and self.at == 0:
            return f"it is the first {self.noun}"
        if way == "down" and self.at == len(self._labels) - 1:
            return f"it is the last {self.noun}"
        return ""

    # ------------------------------------------------------------------ dragging

    def _made_drag(self, part: Part, moved: Callable[[int, int], str | None]) -> Any:
        plural = count(2, self.noun)[2:]
        drag = sortable.sortable(f"{plural[:1].upper()}{plural[1:]}, to be dragged")
        drag.layout.display = "none"
        drag.observe(part.guard(lambda change: moved(*change["new"][:2])), "move")
        drag.observe(part.guard(self._on_drag_choice), "chosen")
        text = f"Drag {plural}"
        self.buttons[text] = part.on_click(button(text, hint="Drag to another place, or Alt and an arrow"), self.turn)
        return drag

    def turn(self) -> str:
        """Turn the list into one that can be dragged, or back."""
        dragging = self.drag.layout.display == "none"
        self.drag.layout.display = None if dragging else "none"
        self.select.layout.display = "none" if dragging else None
        self._draw()
        return "drag the lines, or move them with Alt and an arrow" if dragging else "the list is as it was"

    def _on_drag_choice(self, change: Any) -> str | None:
        if change["new"] == self.at or not 0 <= change["new"] < len(self._labels):
            return None
        self.at = change["new"]
        return self._chosen(self.at)

    def _on_choice(self, change: Any) -> str | None:
        if self._showing or change["new"] is None:
            return None
        self.at = change["new"]
        return self._chosen(self.at)
