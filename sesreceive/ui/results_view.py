"""The messages received so far: which filters, rules and actions fired for each; look through, look for, choose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.report.lines import SORTS, Line, Wanted, asked_about, cells_of, chosen, line_of, lines_csv
from sesreceive.report.matrix import column_name
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part, allow, bench_of, button, classed, html
from sesreceive.ui.message_rows import MessageRows
from sesreceive.ui.message_view import MessageView
from sesreceive.ui.results_html import in_order, matrix_html, overview_html, page_html
from sesreceive.ui.saving import Saved, Saving, no_message
from sesreceive.ui.slices import Slices
from sesreceive.wording import count

__all__ = ["Results"]

_EMPTY = "nothing received yet: send a message or replay a folder, and each message is a line here"
# Rows a page may have; only those are ever drawn, and there are as many buttons as the most.
_SIZES = (10, 20, 50)
# Columns of the matrix that are shown at a time.
_COLUMNS = 40
# Messages that are read at once; more are read in pieces, between which the notebook answers.
_AT_ONCE = 500


class Results(Part):
    """A table of the messages × filters, rules and actions that fired, a page at a time.

    Parameters
    ----------
    given : Bench, Receiver, Reception or Report
        Whose messages are listed.

    Attributes
    ----------
    shown : sequence of Line
        The messages that are wanted, in order; the page is a piece of it.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> results = Results(receiver.replay({"hello": b"To: ana@example.com", "stray": b"To: bo@example.org"}))
    >>> results
    <Results: 2 of 2 messages>
    >>> results.search.value = "stray"
    >>> results
    <Results: 1 of 2 messages>
    """

    def __init__(self, given: Bench | Any) -> None:
        self.bench = bench = bench_of(given)
        self.detail = MessageView(bench)
        self.detail.within(self)
        self._lines: list[Line] = []
        self._first: tuple[Any, ...] = ()
        self._busy = False
        self.shown: Sequence[Line] = ()
        self.page = 0
        described: dict[str, Any] = {"style": {"description_width": "initial"}}
        self.search = W.Text(description="Search", placeholder="name, address, subject, rule, verdict …", **described)
        self.answer = W.Dropdown(description="Answer", options=[("all", "")], **described)
        self.fired = W.Dropdown(description="Fired", options=[("anything", "")], **described)
        self.sort = W.Dropdown(description="Sort by", options=list(SORTS), **described)
        self.backwards = W.Checkbox(description="last first", indent=False, layout=W.Layout(width="auto"))
        self.view = W.Dropdown(description="Columns", options=["overview", "matrix"], **described)
        self.everything = W.Checkbox(
            description="also filters, rules and actions that did not fire", indent=False, layout=W.Layout(width="auto")
        )
        self.column = W.BoundedIntText(description="From column", min=1, max=1, value=1, **described)
        self.size = W.Dropdown(description="Rows", options=list(_SIZES), value=_SIZES[0], **described)
        for widget, wide in (
            (self.search, 320),
            (self.answer, 170),
            (self.fired, 280),
            (self.sort, 190),
            (self.view, 180),
            (self.size, 110),
            (self.column, 220),
        ):
            widget.layout.width = f"{wide}px"
            if widget is not self.search:
                classed(widget, "ses-half")
        self.first, self.previous = button("« First page"), button("‹ Previous page")
        self.next, self.last = button("Next page ›"), button("Last page »")
        self.where = html()
        self.rows = MessageRows(self, self._press, most=_SIZES[-1])
        self.names, self.cells = self.rows.names, self.rows.cells
        self._slices = Slices(self, self._on_slice)
        wraps = {"flex_flow": "row wrap", "align_items": "center"}
        self.saving = Saving(self, {"table (.csv)": self._csv}, ["receptions"], lambda: no_message(bench))
        turning = W.HBox([self.first, self.previous, self.next, self.last, self.where], layout=W.Layout(**wraps))
        self.list = W.VBox([self.rows, turning, self.saving])
        self.list.add_class("ses-list")
        beside = classed(W.HBox([self.list, self.detail]), "ses-beside", "ses-grow")
        super().__init__(
            bench,
            [
                W.HBox([self.search, self.answer, self.fired], layout=W.Layout(**wraps)),
                W.HBox(
                    [self.sort, self.backwards, self.view, self.everything, self.column, self.size],
                    layout=W.Layout(**wraps),
                ),
                beside,
            ],
            title="Results",
        )
        classed(self, "ses-results", "ses-fits")
        for widget in (self.search, self.answer, self.fired, self.sort, self.backwards):
            self.on_change(widget, lambda _: self._choose())
        for widget in (self.view, self.everything, self.column, self.size):
            self.on_change(widget, lambda _: self._draw())
        for pressed, go in (
            (self.first, lambda: self._turn(0)),
            (self.previous, lambda: self._turn(self.page - 1)),
            (self.next, lambda: self._turn(self.page + 1)),
            (self.last, lambda: self._turn(self.pages - 1)),
        ):
            self.on_click(pressed, go)
        self.watch(self._received, ["receptions"])
        self.watch(self._selected, ["selected"])
        self._received()

    # ------------------------------------------------------------------ what is shown

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-len(self.shown) // int(self.size.value)))

    @property
    def visible(self) -> Sequence[Line]:
        """The lines of the page, each with the reason of the rule that is asked for, where one is."""
        page = self.shown[self.page * self.size.value : (self.page + 1) * self.size.value]
        column = self.fired.value or ""
        return [asked_about(line, self.bench.receptions[line.number], column) for line in page]

    @property
    def wanted(self) -> Wanted:
        """What the fields ask for."""
        return Wanted(
            words=self.search.value,
            answer=self.answer.value or "",
            fired=self.fired.value or "",
            sort=self.sort.value,
            backwards=self.backwards.value,
        )

    def _press(self, place: int) -> str:
        line = self.visible[place]
        self.bench.selected = line.number
        return f"{line.name} is selected: {line.answer}, {line.because}"

    # ------------------------------------------------------------------ following the bench

    def _received(self) -> None:
        """Make the lines of what is new; start anew where the messages are others."""
        receptions = self.bench.receptions
        if len(receptions) < len(self._lines) or (self._lines and receptions[:1] != self._first):
            self._lines = []
        self._first = receptions[:1]
        if len(receptions) - len(self._lines) > _AT_ONCE:
            self._read(_AT_ONCE // 10)
            self._slices.start(self._reading())
        elif not self._slices.running:
            self._read(len(receptions))
        self._listed()

    def _read(self, number: int) -> None:
        """Make the lines of so many messages more."""
        receptions, start = self.bench.receptions, len(self._lines)
        self._lines += [line_of(at, receptions[at]) for at in range(start, min(len(receptions), start + number))]

    def _reading(self) -> Iterator[None]:
        while len(self._lines) < len(self.bench.receptions):
            self._read(10)
            yield

    def _on_slice(self, last: bool) -> str | None:
        if last:
            self._listed()
            return f"{count(len(self._lines), 'message')} read"
        self._tell_where()
        return None

    def _listed(self) -> None:
        """Put the lines that are there on screen, and what can be chosen of them."""
        self._busy = True
        try:
            _offer(self.answer, [("all", ""), *((word, word) for word in self._answers())])
            _offer(self.fired, [("anything", ""), *((column_name(name), name) for name in self._fired())])
        finally:
            self._busy = False
        self._choose(keep=True)

    def _answers(self) -> list[str]:
        return ["accepted", "refused", *sorted({line.answer for line in self._lines})] if self._lines else []

    def _fired(self) -> list[str]:
        """Everything that fired for some message, in the order of the configuration."""
        happened: set[str] = set().union(*(line.fired for line in self._lines))
        return in_order(self.bench.account, happened)

    def _selected(self) -> None:
        """Turn to the page with the selected message, where it is among those shown."""
        place = next((at for at, line in enumerate(self.shown) if line.number == self.bench.selected), None)
        if place is not None:
            self.page = place // self.size.value
        self._draw()

    def _choose(self, *, keep: bool = False) -> str | None:
        if self._busy:
            return None
        self.shown = chosen(self._lines, self.wanted)
        if not keep:
            self.page = 0
        self._selected() if keep else self._draw()
        return None if keep else f"{count(len(self.shown), 'message')} of {len(self._lines)}"

    def _turn(self, page: int) -> str:
        self.page = min(max(page, 0), self.pages - 1)
        self._draw()
        return f"page {self.page + 1} of {self.pages}"

    # ------------------------------------------------------------------ drawing

    def _draw(self) -> None:
        self.page = min(self.page, self.pages - 1)
        visible = self.visible
        matrix = self.view.value == "matrix"
        self.everything.layout.display = None if matrix else "none"
        if matrix:
            self.list.add_class("ses-wide")
        else:
            self.list.remove_class("ses-wide")
            self.column.layout.display = "none"
        drawn = self._matrix(visible) if matrix else overview_html(visible, self.bench.selected)
        self.rows.show(visible, self.bench.selected, drawn, matrix=matrix)
        self._tell_where()
        for pressed in (self.first, self.previous):
            allow(pressed, "" if self.page else "it is the first page")
        for pressed in (self.next, self.last):
            allow(pressed, "" if self.page < self.pages - 1 else "it is the last page")
        self.changed()

    def _tell_where(self) -> None:
        """Which of the messages are on screen, and how far they are read."""
        start, on_page = self.page * self.size.value, len(self.visible)
        text = f"{start + 1}–{start + on_page} of {count(len(self.shown), 'message')}"
        if not on_page:
            text = "no message is like that" if self._lines else _EMPTY
        if self._slices.running:
            text = f"reading … {len(self._lines)} of {count(len(self.bench.receptions), 'message')}"
        self.where.value = escape(text)

    def _matrix(self, lines: Sequence[Line]) -> str:
        rows = [cells_of(self.bench.receptions[line.number]) for line in lines]
        names = set().union(*(rows if self.everything.value else (line.fired for line in lines)))
        columns = in_order(self.bench.account, names)
        self.column.max = max(1, len(columns))
        self.column.description = f"From column (of {len(columns)})"
        self.column.layout.display = None if len(columns) > _COLUMNS else "none"
        start = min(self.column.value, len(columns) - _COLUMNS + 1) - 1 if len(columns) > _COLUMNS else 0
        return matrix_html(lines, rows, columns[start : start + _COLUMNS], self.bench.selected)

    def _csv(self) -> Saved:
        """The messages that are wanted, in this order, as a table for a spreadsheet."""
        return Saved("messages.csv", lines_csv(self.shown).encode("utf-8", "backslashreplace"), "text/csv")

    def snapshot(self) -> str:
        """The page as a plain table."""
        if not self.visible:
            return f"<p>{escape(_EMPTY)}</p>"
        return page_html(self.visible, f"{len(self.visible)} of {count(len(self.shown), 'message')}")

    def __repr__(self) -> str:
        """One line: how many are shown of how many."""
        return f"<Results: {len(self.shown)} of {count(len(self._lines), 'message')}>"


def _offer(widget: W.Dropdown, options: list[tuple[str, str]]) -> None:
    """Other options for a choice; what was chosen stays where it is among them."""
    if list(widget.options) == options:
        return
    before = widget.value
    widget.options = options
    widget.value = before if any(value == before for _, value in options) else options[0][1]
