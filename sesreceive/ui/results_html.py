"""A page of results as HTML, everything escaped: lines of the overview, and the matrix of what fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sesreceive._html import escape, mark, prose, table, ticked
from sesreceive.account.account import Account
from sesreceive.report.grid import LEGEND
from sesreceive.report.lines import Line
from sesreceive.report.rows import layout_of
from sesreceive.trace.events import Op
from sesreceive.trace.vocabulary import cell_mark, term

__all__ = [
    "in_order",
    "matrix_html",
    "overview_html",
    "page_html",
]

# What a saved notebook shows of each message, and what the line calls otherwise.
_OVERVIEW = ("answer", "from", "because", "rules", "to", "subject", "actions", "filter", "checks")
_FIELDS = {"from": "sender", "to": "recipients"}


def overview_html(lines: Sequence[Line], selected: int) -> str:
    """The lines as rows: the answer, the mail, and what fired because of what; the selected message marked."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("answer", "mail", "what fired, and why"))
    rows = "".join(_row(line, selected, [_answer(line), _mail(line), _why(line)]) for line in lines)
    return _table("messages, and what fired for them", heads, rows, "ses-overview")


def matrix_html(lines: Sequence[Line], rows: Sequence[Mapping[str, Op]], columns: Sequence[str], selected: int) -> str:
    """The lines × those columns of the matrix; `rows` are what each came to, and what a sign means stands below."""
    heads = "".join(
        f'<th scope="col" title="{escape(name)}"><span>{escape(_head(name), 40)}</span></th>' for name in columns
    )
    body = "".join(
        _row(line, selected, [_matrix_cell(row.get(name)) for name in columns])
        for line, row in zip(lines, rows, strict=True)
    )
    legend = ", ".join(f"{cell_mark(op)} {term(None, op).word}" for op in LEGEND)
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


def _answer(line: Line) -> str:
    checks = "" if line.checks in ("", "all PASS") else line.checks
    tone = "bad" if "FAIL" in checks.replace("PROCESSING_FAILED", "") else "note"
    return f'<td class="ses-answer">{ticked(line.accepted, line.answer)}{_small(mark(checks, tone), checks)}</td>'


def _mail(line: Line) -> str:
    ends = (f"{line.sender} ", f"→ {line.recipients}")
    way = "".join(f'<span class="ses-end">{escape(end, 120)}</span>' for end in ends)
    return f"<td>{_first(escape(line.subject or 'no subject', 120), line.subject)}{_small(way, ''.join(ends))}</td>"


def _why(line: Line) -> str:
    fired = line.rules or (f"filter {line.filter}" if line.filter else "no rule")
    done = f"{fired} · {line.actions}" if line.actions else fired
    return f'<td class="ses-why">{_first(escape(done, 200), done)}{_small(prose(line.because), line.because)}</td>'


def _first(shown: str, title: str) -> str:
    return f'<div class="ses-first" title="{escape(title)}">{shown}</div>'


def _small(shown: str, title: str) -> str:
    return f'<div class="ses-second" title="{escape(title)}">{shown}</div>'


def _matrix_cell(op: Op | None) -> str:
    if op is None:
        return "<td></td>"
    _, tone, _, word, _ = term(None, op)
    return f'<td class="ses-{tone}" aria-label="{word}" title="{word}">{cell_mark(op)}</td>'


def _table(caption: str, heads: str, rows: str, kind: str = "") -> str:
    if not rows:
        return ""
    return (
        f'<table class="{kind}"><caption class="ses-hidden">{escape(caption)}</caption><thead><tr>'
        f'<th scope="col" class="ses-hidden">message</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


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
