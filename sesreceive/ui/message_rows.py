"""A table of messages whose rows open: a button a row, which reaches over all of its row, and the cells beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as W

from sesreceive import signs
from sesreceive.errors import one_line
from sesreceive.report.lines import Line
from sesreceive.ui.kit import Part, button, html

__all__ = ["MessageRows"]

# Characters of a name on its button.
_NAME = 60


class MessageRows(W.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """A piece of a table of messages; the buttons are there as long as the table, so that the focus stays.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    pressed : callable
        Is given the place of the row that was opened, from 0.
    most : int
        Rows that are ever shown at a time.
    """

    def __init__(self, part: Part, pressed: Callable[[int], str | None], *, most: int) -> None:
        self.names = [self._name_button(part, place, pressed) for place in range(most)]
        self.corner = html('<div class="ses-corner">message</div>')
        self.corner.add_class("ses-corner-box")
        self.cells = html(layout=W.Layout(margin="0", flex="1 1 auto", min_width="0"))
        self.cells.add_class("ses-cells")
        names = W.VBox([self.corner, *self.names])
        names.add_class("ses-names")
        super().__init__([names, self.cells], layout=W.Layout(width="100%"))
        self.add_class("ses-rows")

    def show(self, lines: Sequence[Line], selected: int, cells: str, *, matrix: bool = False) -> None:
        """Put these lines on screen; `cells` is their table as HTML, and `selected` the number of the open message."""
        self.layout.display = None if lines else "none"
        if matrix:
            self.add_class("ses-narrow-rows")
        else:
            self.remove_class("ses-narrow-rows")
        for place, widget in enumerate(self.names):
            line = lines[place] if place < len(lines) else None
            widget.layout.display = None if line else "none"
            if line is not None:
                _tell(widget, line, chosen=line.number == selected)
        if cells != self.cells.value:
            self.cells.value = cells

    def _name_button(self, part: Part, place: int, pressed: Callable[[int], str | None]) -> W.Button:
        made = button("", width="100%")
        made.on_click(part.guard(lambda: pressed(place)))
        return made


def _tell(widget: W.Button, line: Line, *, chosen: bool) -> None:
    with widget.hold_sync():  # one message to the browser
        widget.description = f"{f'{signs.NOW} ' if chosen else ''}{one_line(line.name, _NAME)}"
        widget.tooltip = f"Open {line.name}"
    if chosen:
        widget.add_class("ses-is-chosen")
    else:
        widget.remove_class("ses-is-chosen")
