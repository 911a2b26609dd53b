"""A page of results as HTML, everything escaped: lines of the overview, and the matrix of what fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sesreceive._html import escape, mark, table
from sesreceive.account.account import Account
from sesreceive.reading.lines import Line
from sesreceive.report.grid import CELL_MARKS
from sesreceive.report.rows import layout_of
from sesreceive.trace.events import Op

__all__ = [
    "HEAD", "MATRIX_HEAD", "ROW", "STYLE", "column_name", "in_order", "matrix_html", "overview_html", "page_html",
]  # fmt: skip

# Pixels: a row of the table is as high as the button beside it.
ROW, HEAD, MATRIX_HEAD = 28, 28, 150

STYLE = f"""\
.ses-results .ses-cells table {{ border-collapse: collapse; table-layout: auto; color: inherit; font-size: inherit; }}
.ses-results .ses-cells {{ overflow-x: auto; overflow-y: hidden; contain: inline-size; }}
.ses-results .ses-corner {{ display: flex; align-items: end; height: 100%; padding: 0 8px 3px; font-weight: bold; }}
.ses-results .ses-cells th, .ses-results .ses-cells td {{ height: {ROW}px; max-height: {ROW}px; padding: 0 8px;
  box-sizing: border-box; text-align: left; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  max-width: 220px; line-height: {ROW - 2}px; border-bottom: 1px solid var(--jp-border-color2, GrayText); }}
.ses-results .ses-cells td.ses-long {{ max-width: 420px; }}
.ses-results .ses-cells thead th {{ height: {HEAD}px; vertical-align: bottom; font-weight: bold; }}
.ses-results .ses-cells tr.ses-chosen > * {{ border-top: 2px solid currentcolor; border-bottom: 2px solid currentcolor;
  font-weight: bold; }}
.ses-results .ses-matrix td {{ text-align: center; padding: 0 6px;
  font-family: var(--jp-code-font-family, monospace); }}
.ses-results .ses-matrix thead th {{ height: {MATRIX_HEAD}px; padding: 0 2px; max-width: 24px; line-height: 0; }}
.ses-results .ses-matrix thead th > span {{ writing-mode: vertical-rl; transform: rotate(180deg); line-height: 20px;
  display: inline-block; max-height: {MATRIX_HEAD - 4}px; overflow: hidden; text-overflow: ellipsis;
  font-weight: normal; }}
.ses-results .widget-checkbox {{ margin: 0 16px 0 8px; }}
.ses-results .ses-hidden {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }}
.ses-results .ses-names button.jupyter-button {{ text-align: left; margin: 0; border-radius: 0; overflow: hidden;
  text-overflow: ellipsis; background: none; }}
.ses-results .ses-names button.ses-is-chosen {{ font-weight: bold; background: var(--jp-layout-color3, ButtonFace); }}
"""

# What fired comes first: a narrow page has to be scrolled sideways.
_OVERVIEW = ("answer", "rules", "actions", "filter", "checks", "subject", "from", "to", "because")
# Columns of the overview that the line calls otherwise.
_FIELDS = {"from": "sender", "to": "recipients"}
_LEGEND = {
    Op.MATCH: "match", Op.MISS: "no match", Op.SKIP: "not looked at", Op.EFFECT: "ran", Op.STOP: "ran, ended here",
    Op.FAIL: "failed",
}  # fmt: skip
_KINDS = {Op.MATCH: "good", Op.EFFECT: "good", Op.STOP: "warn", Op.FAIL: "bad"}


def overview_html(lines: Sequence[Line], selected: int) -> str:
    """The lines as rows, the selected message marked."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in _OVERVIEW)
    rows = "".join(_row(line, selected, [_cell(line, name) for name in _OVERVIEW]) for line in lines)
    return _table("messages, and what fired for them", heads, rows)


def matrix_html(lines: Sequence[Line], rows: Sequence[Mapping[str, Op]], columns: Sequence[str], selected: int) -> str:
    """The lines × those columns of the matrix; `rows` are what each came to, and what a sign means stands below."""
    heads = "".join(
        f'<th scope="col" title="{escape(name)}"><span>{escape(_head(name), 40)}</span></th>' for name in columns
    )
    body = "".join(
        _row(line, selected, [_matrix_cell(row.get(name)) for name in columns])
        for line, row in zip(lines, rows, strict=True)
    )
    legend = ", ".join(f"{CELL_MARKS[str(op)]} {word}" for op, word in _LEGEND.items())
    return _table("messages × filters, rules and actions", heads, body, "ses-matrix") + (
        f'<p class="ses-hint">{escape(legend)}; empty: never came that far</p>'
    )


def page_html(lines: Sequence[Line], caption: str) -> str:
    """The lines as a plain table, for a notebook without a kernel."""
    rows = [[escape(line.name), *(escape(_text(line, name), 80) for name in _OVERVIEW)] for line in lines]
    return table(("message", *_OVERVIEW), rows, caption=caption)


def _row(line: Line, selected: int, cells: Sequence[str]) -> str:
    chosen = line.number == selected
    head = f'<th scope="row" class="ses-hidden">{escape(line.name)}{" (selected)" if chosen else ""}</th>'
    return f"<tr{' class=ses-chosen' if chosen else ''}>{head}{''.join(cells)}</tr>"


def _text(line: Line, name: str) -> str:
    return str(getattr(line, _FIELDS.get(name, name)))


def _cell(line: Line, name: str) -> str:
    text = _text(line, name)
    if name == "answer":
        shown = mark(f"✓ {text}", "good") if line.accepted else mark(f"✗ {text}", "bad")
    elif name == "checks" and text and text != "all PASS":
        shown = mark(text, "bad" if "FAIL" in text.replace("PROCESSING_FAILED", "") else "note")
    else:
        shown = escape(text, 120)
    wide = ' class="ses-long"' if name == "because" else ""
    return f'<td{wide} title="{escape(text)}">{shown}</td>'


def _matrix_cell(op: Op | None) -> str:
    if op is None:
        return "<td></td>"
    word = _LEGEND.get(op, str(op))
    return f'<td class="ses-{_KINDS.get(op, "note")}" aria-label="{word}" title="{word}">{CELL_MARKS[str(op)]}</td>'


def _table(caption: str, heads: str, rows: str, kind: str = "") -> str:
    if not rows:
        return ""
    return (
        f'<table class="{kind}"><caption class="ses-hidden">{escape(caption)}</caption><thead><tr>'
        f'<th scope="col" class="ses-hidden">message</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def column_name(name: str) -> str:
    """A column of the matrix as a choice names it."""
    kind, _, rest = name.partition(":")
    return f"{rest.replace('/', ' → ')}" if kind == "action" else f"{kind} {rest}"


def _head(name: str) -> str:
    """The head of a column of the matrix: an action stands behind its rule, so its kind and position are enough."""
    kind, _, rest = name.partition(":")
    return f"→ {rest.partition('/')[2].replace('#', ' ')}" if kind == "action" else rest


def in_order(account: Account, names: set[str]) -> list[str]:
    """Columns in the order of the configuration; provider lists behind the filters, what is no longer in it last."""
    places: dict[str, float] = {name: place for place, name in enumerate(layout_of(account))}
    lists = sum(name.startswith("filter:") for name in places) - 0.5

    def place(name: str) -> tuple[float, str]:
        return (lists if name.startswith("provider list:") else places.get(name, len(places))), name

    return sorted(names, key=place)
