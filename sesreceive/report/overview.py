"""What one wants to see first of many messages: a small table as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sesreceive._html import escape, frame, prose, table, ticked
from sesreceive.errors import one_line
from sesreceive.mail.reply import Reply
from sesreceive.report.columns import table as declared
from sesreceive.report.grid import grid
from sesreceive.report.matrix import Matrix
from sesreceive.report.tables import Tables
from sesreceive.verdict import Verdicts

__all__ = ["overview_html", "table_text"]

_COLUMNS = ("message", "from", "to", "answer", "filter", "checks", "rules", "actions", "because")
# What a narrow terminal has to do without, first thing first; a filter that decided is named in `because`, too.
_DROPPED = ("from", "to", "checks", "filter", "actions")
_VERDICTS = ("spf", "dkim", "dmarc", "spam", "virus")
# Rows of the HTML table, and of the text in its place.
_SHOWN, _SHOWN_AS_TEXT = 200, 20
# Characters of a cell in HTML, where it is not the last one.
_WIDEST, _WIDEST_OF = 200, {"from": 32, "to": 32, "rules": 80, "actions": 80}


def table_text(tables: Tables, name: str, *, limit: int | None, width: int | None) -> str:
    """A table for a terminal; see `Report.to_text`."""
    total = len(tables) if name == "matrix" else tables.length(name)
    shown = total if limit is None else min(limit, total)
    match name:
        case "matrix":
            return Matrix(tables).to_text(limit)
        case "messages":
            text = grid(_columns(tables), _overview(tables, shown), width=width, drop=_DROPPED)
        case _:
            columns = declared(name).names[1:]
            cells = (values[:shown] for values in tables.data(name, columns).values())
            text = grid(columns, zip(*cells, strict=True), width=width)
    text = "".join(f"note: {one_line(note, 2_000)}\n" for note in tables.notes) + text
    return f"{text}\nshowing {shown} of {total}" if shown < total else text


def overview_html(tables: Tables, title: str) -> str:
    """The messages as HTML, everything escaped, with text for front ends that take styles away."""
    columns = _columns(tables)
    rows = [
        [_html(column, cell) for column, cell in zip(columns, row, strict=True)] for row in _overview(tables, _SHOWN)
    ]
    note = f'<p class="ses-note">showing {_SHOWN} of {len(tables)}</p>' if len(tables) > _SHOWN else ""
    head = "".join(f'<p class="ses-note">note: {prose(sentence)}</p>' for sentence in tables.notes)
    text = table_text(tables, "messages", limit=_SHOWN_AS_TEXT, width=160)
    return frame(f"{title}\n{text}", head + table(columns, rows, caption=title) + note)


def _columns(tables: Tables) -> tuple[str, ...]:
    """The columns; where an envelope was read or assumed, that is said before what follows from it."""
    return _COLUMNS if set(tables.certainties) <= {"given"} else ("message", "envelope", *_COLUMNS[1:])


def _overview(tables: Tables, shown: int) -> Iterator[Sequence[Any]]:
    said = "envelope" in _columns(tables)
    data = {name: cells[:shown] for name, cells in tables.data("messages").items()}
    for cells in zip(*data.values(), strict=True):
        row = dict(zip(data, cells, strict=True))
        yield (
            row["message"],
            *([row["envelope"]] if said else []),
            row["mail_from"] or "<>",
            row["recipients"],
            Reply.parse(row["reply"]).status,
            row["filter"],
            _checks(row),
            row["rules"],
            row["actions"].replace("Action", ""),
            row["reason"],
        )


def _checks(row: dict[str, Any]) -> str:
    """The verdicts that are not PASS; empty where the message was refused."""
    if not row["accepted"]:
        return ""
    return Verdicts(**{name: row[name] for name in _VERDICTS}, dmarc_policy=row["dmarc_policy"] or "").findings


def _html(column: str, cell: Any) -> str:
    if column == "answer":
        return ticked(str(cell).startswith("2"), cell)
    if column == "because":
        return prose(cell)
    return escape(cell, _WIDEST_OF.get(column, _WIDEST))
