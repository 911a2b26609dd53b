"""The messages received so far: which filters, rules and actions fired for each; look through, look for, choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as W

from sesreceive._html import escape, mark, table
from sesreceive.account.wording import count
from sesreceive.errors import one_line
from sesreceive.report.rows import layout_of
from sesreceive.trace.events import Op
from sesreceive.trace.grid import CELL_MARKS
from sesreceive.ui.kit import Part, bench_of, button, html
from sesreceive.ui.lines import SORTS, Line, Wanted, cells_of, chosen, line_of
from sesreceive.ui.model import Bench

__all__ = ["Results"]

_EMPTY = "nothing received yet: send a message or replay a folder, and each message is a line here"
# Rows a page may have; only those are ever drawn, and there are as many buttons as the most.
_SIZES = (10, 20, 50)
# Columns of the matrix that are shown at a time.
_COLUMNS = 40
# Pixels: a row of the table is as high as the button beside it.
_ROW, _HEAD, _MATRIX_HEAD = 28, 28, 150
_NAME = 26

_STYLE = f"""\
.ses-results .ses-cells table {{ border-collapse: collapse; table-layout: auto; color: inherit; font-size: inherit; }}
.ses-results .ses-cells {{ overflow-x: auto; overflow-y: hidden; contain: inline-size; }}
.ses-results .ses-corner {{ display: flex; align-items: end; height: 100%; padding: 0 8px 3px; font-weight: bold; }}
.ses-results .ses-cells th, .ses-results .ses-cells td {{ height: {_ROW}px; max-height: {_ROW}px; padding: 0 8px;
  box-sizing: border-box; text-align: left; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  max-width: 220px; line-height: {_ROW - 2}px; border-bottom: 1px solid var(--jp-border-color2, GrayText); }}
.ses-results .ses-cells td.ses-long {{ max-width: 420px; }}
.ses-results .ses-cells thead th {{ height: {_HEAD}px; vertical-align: bottom; font-weight: bold; }}
.ses-results .ses-cells tr.ses-chosen > * {{ border-top: 2px solid currentcolor; border-bottom: 2px solid currentcolor;
  font-weight: bold; }}
.ses-results .ses-matrix td {{ text-align: center; padding: 0 6px;
  font-family: var(--jp-code-font-family, monospace); }}
.ses-results .ses-matrix thead th {{ height: {_MATRIX_HEAD}px; padding: 0 2px; max-width: 24px; line-height: 0; }}
.ses-results .ses-matrix thead th > span {{ writing-mode: vertical-rl; transform: rotate(180deg); line-height: 20px;
  display: inline-block; max-height: {_MATRIX_HEAD - 4}px; overflow: hidden; text-overflow: ellipsis;
  font-weight: normal; }}
.ses-results .widget-checkbox {{ margin: 0 16px 0 8px; }}
.ses-results .ses-hidden {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }}
.ses-results .ses-names button.jupyter-button {{ text-align: left; margin: 0; border-radius: 0; overflow: hidden;
  text-overflow: ellipsis; background: none; }}
.ses-results .ses-names button.ses-is-chosen {{ font-weight: bold; background: var(--jp-layout-color3, ButtonFace); }}
"""

_OVERVIEW = ("answer", "from", "to", "subject", "checks", "filter", "rules", "actions", "because")


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
        bench = bench_of(given)
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
        self.size = W.Dropdown(description="Rows", options=list(_SIZES), value=_SIZES[0], **described)
        for widget, wide in (
            (self.search, 320), (self.answer, 170), (self.fired, 280), (self.sort, 190), (self.view, 180),
            (self.size, 110),
        ):  # fmt: skip
            widget.layout.width = f"{wide}px"
        self.first, self.previous = button("« First page"), button("‹ Previous page")
        self.next, self.last = button("Next page ›"), button("Last page »")
        self.where = html()
        self.names = [self._name_button(place) for place in range(_SIZES[-1])]
        self.corner = html('<div class="ses-corner">message</div>', layout=W.Layout(height=f"{_HEAD}px", margin="0"))
        self.cells = html(layout=W.Layout(margin="0", flex="1 1 auto", min_width="0"))
        self.cells.add_class("ses-cells")
        names = W.VBox([self.corner, *self.names], layout=W.Layout(flex="0 0 auto", max_width="230px"))
        names.add_class("ses-names")
        wraps = {"flex_flow": "row wrap", "align_items": "center"}
        super().__init__(
            bench,
            [
                html(f"<style>{_STYLE}</style>"),
                W.HBox([self.search, self.answer, self.fired], layout=W.Layout(**wraps)),
                W.HBox([self.sort, self.backwards, self.view, self.everything, self.size], layout=W.Layout(**wraps)),
                W.HBox([names, self.cells], layout=W.Layout(width="100%")),
                W.HBox([self.first, self.previous, self.next, self.last, self.where], layout=W.Layout(**wraps)),
            ],
            title="Results",
        )
        self.add_class("ses-results")
        for widget in (self.search, self.answer, self.fired, self.sort, self.backwards):
            self.on_change(widget, lambda _: self._choose())
        for widget in (self.view, self.everything, self.size):
            self.on_change(widget, lambda _: self._draw())
        for pressed, go in (
            (self.first, lambda: self._turn(0)),
            (self.previous, lambda: self._turn(self.page - 1)),
            (self.next, lambda: self._turn(self.page + 1)),
            (self.last, lambda: self._turn(self.pages - 1)),
        ):
            self.on_click(pressed, go)
        bench.observe(self.guard(self._received), "receptions")
        bench.observe(self.guard(self._selected), "selected")
        self._received()

    # ------------------------------------------------------------------ what is shown

    @property
    def pages(self) -> int:
        """How many pages there are, one at least."""
        return max(1, -(-len(self.shown) // int(self.size.value)))

    @property
    def visible(self) -> Sequence[Line]:
        """The lines of the page."""
        return self.shown[self.page * self.size.value : (self.page + 1) * self.size.value]

    @property
    def wanted(self) -> Wanted:
        """What the fields ask for."""
        return Wanted(
            words=self.search.value, answer=self.answer.value or "", fired=self.fired.value or "",
            sort=self.sort.value, backwards=self.backwards.value,
        )  # fmt: skip

    def _name_button(self, place: int) -> W.Button:
        made = button("", width="100%")
        made.layout.height = f"{_ROW}px"
        made.layout.margin = "0"
        made.on_click(self.guard(lambda: self._press(place)))
        return made

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
        self._lines += [line_of(at, receptions[at]) for at in range(len(self._lines), len(receptions))]
        self._busy = True
        try:
            _offer(self.answer, [("all", ""), *((word, word) for word in self._answers())])
            _offer(self.fired, [("anything", ""), *((_column(name), name) for name in self._fired())])
        finally:
            self._busy = False
        self._choose(keep=True)

    def _answers(self) -> list[str]:
        return ["accepted", "refused", *sorted({line.answer for line in self._lines})] if self._lines else []

    def _fired(self) -> list[str]:
        """Everything that fired for some message, in the order of the configuration."""
        happened: set[str] = set().union(*(line.fired for line in self._lines))
        return _ordered(self.bench.account, happened)

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
        for place, widget in enumerate(self.names):
            line = visible[place] if place < len(visible) else None
            widget.layout.display = None if line else "none"
            if line is not None:
                self._name(widget, line)
        matrix = self.view.value == "matrix"
        self.corner.layout.height = f"{_MATRIX_HEAD if matrix else _HEAD}px"
        self.everything.layout.display = None if matrix else "none"
        drawn = self._matrix(visible) if matrix else self._overview(visible)
        if drawn != self.cells.value:
            self.cells.value = drawn
        start = self.page * self.size.value
        self.where.value = (
            f"{start + 1}–{start + len(visible)} of {count(len(self.shown), 'message')}"
            if visible
            else escape("no message is like that" if self._lines else _EMPTY)
        )
        self.first.disabled = self.previous.disabled = self.page == 0
        self.next.disabled = self.last.disabled = self.page >= self.pages - 1
        self.changed()

    def _name(self, widget: W.Button, line: Line) -> None:
        chosen_ = line.number == self.bench.selected
        widget.description = f"{'▶ ' if chosen_ else ''}{one_line(line.name, _NAME)}"
        widget.tooltip = f"Select {line.name}"
        if chosen_:
            widget.add_class("ses-is-chosen")
        else:
            widget.remove_class("ses-is-chosen")

    def _overview(self, lines: Sequence[Line]) -> str:
        heads = "".join(f'<th scope="col">{name}</th>' for name in _OVERVIEW)
        rows = "".join(self._row(line, [_cell(line, name) for name in _OVERVIEW]) for line in lines)
        return _table("messages, and what fired for them", heads, rows)

    def _matrix(self, lines: Sequence[Line]) -> str:
        receptions = [self.bench.receptions[line.number] for line in lines]
        rows = [cells_of(reception) for reception in receptions]
        names = set().union(*(rows if self.everything.value else (line.fired for line in lines)))
        columns = _ordered(self.bench.account, names)
        shown = columns[:_COLUMNS]
        heads = "".join(
            f'<th scope="col" title="{escape(name)}"><span>{escape(_head(name), 40)}</span></th>' for name in shown
        )
        body = "".join(
            self._row(line, [_matrix_cell(name, row.get(name)) for name in shown])
            for line, row in zip(lines, rows, strict=True)
        )
        more = f"the first {_COLUMNS} of {len(columns)} columns are shown. " if len(columns) > _COLUMNS else ""
        legend = ", ".join(f"{CELL_MARKS[str(op)]} {word}" for op, word in _LEGEND.items())
        return _table("messages × filters, rules and actions", heads, body, "ses-matrix") + (
            f'<p class="ses-hint">{more}{escape(legend)}; empty: never came that far</p>'
        )

    def _row(self, line: Line, cells: Sequence[str]) -> str:
        selected = line.number == self.bench.selected
        head = f'<th scope="row" class="ses-hidden">{escape(line.name)}{" (selected)" if selected else ""}</th>'
        return f"<tr{' class=ses-chosen' if selected else ''}>{head}{''.join(cells)}</tr>"

    def snapshot(self) -> str:
        """The page as a plain table."""
        rows = [
            [escape(line.name), *(escape(getattr(line, _FIELDS.get(name, name)), 80) for name in _OVERVIEW)]
            for line in self.visible
        ]
        where = f"{len(self.visible)} of {count(len(self.shown), 'message')}"
        return table(("message", *_OVERVIEW), rows, caption=where) if rows else f"<p>{escape(_EMPTY)}</p>"

    def __repr__(self) -> str:
        """One line: how many are shown of how many."""
        return f"<Results: {len(self.shown)} of {count(len(self._lines), 'message')}>"


# Columns of the overview that the line calls otherwise.
_FIELDS = {"from": "sender", "to": "recipients"}
_LEGEND = {
    Op.MATCH: "match", Op.MISS: "no match", Op.SKIP: "not looked at", Op.EFFECT: "ran", Op.STOP: "ran, ended here",
    Op.FAIL: "failed",
}  # fmt: skip


def _cell(line: Line, name: str) -> str:
    text = str(getattr(line, _FIELDS.get(name, name)))
    title = escape(text)
    if name == "answer":
        shown = mark(f"✓ {text}", "good") if line.accepted else mark(f"✗ {text}", "bad")
    elif name == "checks" and text and text != "all PASS":
        shown = mark(text, "bad" if "FAIL" in text.replace("PROCESSING_FAILED", "") else "note")
    else:
        shown = escape(text, 120)
    wide = ' class="ses-long"' if name == "because" else ""
    return f'<td{wide} title="{title}">{shown}</td>'


def _matrix_cell(column: str, op: Op | None) -> str:
    if op is None:
        return "<td></td>"
    kind = {Op.MATCH: "good", Op.EFFECT: "good", Op.STOP: "warn", Op.FAIL: "bad"}.get(op, "note")
    word = _LEGEND.get(op, str(op))
    return (
        f'<td title="{escape(column)}: {word}">{mark(CELL_MARKS[str(op)], kind)}'
        f'<span class="ses-hidden">{word}</span></td>'
    )


def _table(caption: str, heads: str, rows: str, kind: str = "") -> str:
    if not rows:
        return ""
    return (
        f'<table class="{kind}"><caption class="ses-hidden">{escape(caption)}</caption><thead><tr>'
        f'<th scope="col" class="ses-hidden">message</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _column(name: str) -> str:
    """A column of the matrix as a choice names it."""
    kind, _, rest = name.partition(":")
    return f"{rest.replace('/', ' → ')}" if kind == "action" else f"{kind} {rest}"


def _head(name: str) -> str:
    """The head of a column of the matrix: an action stands behind its rule, so its kind and position are enough."""
    kind, _, rest = name.partition(":")
    return f"→ {rest.partition('/')[2].replace('#', ' ')}" if kind == "action" else rest


def _ordered(account: Any, names: set[str]) -> list[str]:
    """Columns in the order of the configuration; provider lists behind the filters, what is no longer in it last."""
    places: dict[str, float] = {name: place for place, name in enumerate(layout_of(account))}
    lists = sum(name.startswith("filter:") for name in places) - 0.5

    def place(name: str) -> tuple[float, str]:
        return (lists if name.startswith("provider list:") else places.get(name, len(places))), name

    return sorted(names, key=place)


def _offer(widget: W.Dropdown, options: list[tuple[str, str]]) -> None:
    """Other options for a choice; what was chosen stays where it is among them."""
    if list(widget.options) == options:
        return
    before = widget.value
    widget.options = options
    widget.value = before if any(value == before for _, value in options) else options[0][1]
