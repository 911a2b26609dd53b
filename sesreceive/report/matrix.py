"""Messages × filters, rules and actions: what each came to, as one picture that says which cell decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sesreceive._html import asset, escape, frame, prose
from sesreceive.errors import one_line
from sesreceive.report.clean_text import clean
from sesreceive.report.columns import CELLS
from sesreceive.report.grid import LEGEND, matrix_grid
from sesreceive.report.plain_table import PlainTable, has_pandas
from sesreceive.report.tables import Tables
from sesreceive.report.trace_rows import HAPPENED
from sesreceive.trace.events import Kind, Op
from sesreceive.trace.vocabulary import cell_mark, term
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.reception import Reception

__all__ = ["Matrix", "column_name", "deciding_column"]

# Rows of the HTML table, and of the text in its place.
_SHOWN, _SHOWN_AS_TEXT = 200, 20
# Filters stand first in the matrix; a rule and its actions keep the order of the configuration.
_GROUPS = {str(Kind.FILTER): 0, str(Kind.PROVIDER_LIST): 1}
# Characters of a head and of a name in it; the whole is the head's title.
_HEAD = 40


class Matrix:
    """What each filter, rule and action came to for each message.

    In a notebook it is a table with a sign and a word a cell: the cell that decided a message has a heavy frame, and
    columns in which nothing happened are named below it. Printed it is a grid with a sign a cell. The numbers of a
    program are in `frame`.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",), filters=(ses.ReceiptFilter.block("192.0.2.1", name="me"),))
    >>> receiver = ses.Receiver(account, seed=1)
    >>> mail = [receiver.receive(b"", name="mine", client_ip="192.0.2.1", rcpt_to=["ana@example.com"])]
    >>> matrix = ses.Report(mail).matrix()
    >>> matrix
    <Matrix of 1 message × 1 column>
    >>> print(matrix)
     1  filter:me
    ✓ match, · miss, – skip, → effect, ■ stop, ! fail, empty: not considered
    <BLANKLINE>
    message   1
    mine      ✓
    >>> matrix.frame()
            filter:me
    message
    mine        match
    """

    def __init__(self, tables: Tables, decided: Callable[[int], Sequence[str]] | None = None) -> None:
        self._tables = tables
        self._decided = decided  # the columns that decided the first messages, so many of them

    def frame(self) -> pd.DataFrame:
        """The matrix as a table of words.

        Returns
        -------
        pandas.DataFrame
            One row a message, as received; the index `message` is its name. One column a filter (``filter:NAME``),
            then a provider list (``provider list:NAME``), then a rule (``rule:NAME``), each followed by its actions
            (``action:RULE/KIND#POSITION``, positions from 1), in the order of the configuration. A cell is a category:
            ``match``, ``miss`` or ``skip`` for a filter or rule; ``effect`` (it ran), ``stop`` (it ran and ended the
            evaluation of rule or rule set), ``fail`` or ``skip`` for an action; empty where the message never got
            that far. Without messages there are no rows and no columns.
        """
        if not has_pandas():
            heads_only, names, rows = self._words()
            data: Any = dict(zip(heads_only, zip(*rows, strict=True), strict=True)) if rows else {}
            plain: Any = PlainTable(data, index=names, index_name="message")
            return plain  # type: ignore[no-any-return]
        import numpy as np
        import pandas as pd

        columns, cells = self._columns_and_cells()
        places = {column: place for place, column in enumerate(columns)}
        words = {word: number for number, word in enumerate(CELLS)}
        codes = np.zeros((len(places), len(self)), dtype=np.int8)
        start = self._tables.start
        for number, column, word in cells:
            codes[places[column], number - start] = words[word]
        dtype = pd.CategoricalDtype(list(CELLS))
        data = {column: pd.Categorical.from_codes(codes[place], dtype=dtype) for column, place in places.items()}
        index = pd.Index(clean(self._tables.labels), name="message", dtype="string")
        # Without columns pandas would number them.
        heads = pd.Index(columns) if columns else pd.Index([], dtype="object")
        return pd.DataFrame(data, index=index, columns=heads)

    def _columns_and_cells(self) -> tuple[list[str], list[tuple[int, str, str]]]:
        """The columns, in order, and each cell where something was considered."""
        cells = list(_cells(self._tables))
        columns = sorted(
            dict.fromkeys((*self._tables.layout, *(column for _, column, _ in cells))),
            key=lambda column: _GROUPS.get(column.partition(":")[0], len(_GROUPS)),
        )
        return columns, cells

    def _words(self, limit: int | None = None) -> tuple[list[str], list[str], list[list[str]]]:
        """The matrix as it is shown: columns, names of the first `limit` messages, and a word for each cell."""
        columns, cells = self._columns_and_cells()
        places = {column: place for place, column in enumerate(columns)}
        names = ["" if name is None else name for name in clean(self._tables.labels[:limit])]
        rows = [[""] * len(columns) for _ in names]
        for number, column, word in cells:
            if number - self._tables.start < len(rows):
                rows[number - self._tables.start][places[column]] = word
        return columns, names, rows

    def to_text(self, limit: int | None = None) -> str:
        """The grid, with a sign a cell; of at most `limit` messages."""
        return self._text(*self._words(limit))

    def _text(self, columns: Sequence[str], names: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
        """The grid of these messages under the notes."""
        text = matrix_grid(columns, zip(names, cells, strict=True))
        text = "".join(f"note: {one_line(note, 2_000)}\n" for note in self._tables.notes) + text
        return f"{text}\nshowing {len(names)} of {len(self)}" if len(names) < len(self) else text

    def __len__(self) -> int:
        """Number of messages."""
        return len(self._tables)

    def __str__(self) -> str:
        """The grid of all messages."""
        return self.to_text()

    def __repr__(self) -> str:
        """One line: how many messages and columns."""
        return one_line(f"<{self._size(self._words(0)[0])}>")

    def _size(self, columns: Sequence[str]) -> str:
        return f"Matrix of {count(len(self), 'message')} × {count(len(columns), 'column')}"

    def _repr_html_(self) -> str:
        """The table, escaped, with the grid for front ends that take styles away."""
        names, messages, cells = self._words(_SHOWN)
        decided = self._decided(len(cells)) if self._decided is not None else [""] * len(cells)
        shown = [place for place in range(len(names)) if any(row[place] in HAPPENED for row in cells)]
        left_out = [name for place, name in enumerate(names) if place not in shown]
        heads = "".join(_head(names[place]) for place in shown)
        body = "".join(
            f'<tr><th scope="row">{escape(name, 80)}</th>'
            + "".join(_cell(row[place], names[place] == column) for place in shown)
            + "</tr>"
            for name, row, column in zip(messages, cells, decided, strict=True)
        )
        title = f"{count(len(self), 'message')}: what each filter, rule and action came to"
        rich = "".join(f'<p class="ses-note">note: {prose(sentence)}</p>' for sentence in self._tables.notes) + (
            '<div class="ses-scroll" tabindex="0" role="group" aria-label="the matrix">'
            f'<table class="ses-table ses-matrix"><caption>{escape(title)}</caption>'
            f'<thead><tr><th scope="col">message</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>{_legend()}'
        )
        if len(self) > _SHOWN:
            rich += f'<p class="ses-note">showing {_SHOWN} of {len(self)}</p>'
        if left_out:
            listed = ", ".join(f"`{column_name(name)}`" for name in left_out)
            rich += f'<p class="ses-note">nothing happened in: {prose(listed)}</p>'
        text = self._text(names, messages[:_SHOWN_AS_TEXT], cells[:_SHOWN_AS_TEXT])
        return frame(f"{self._size(names)}\n{text}", rich, style=asset(__package__, "matrix.css"))


def deciding_column(reception: Reception) -> str:
    """The column of the matrix whose cell decided the message; empty where no filter, rule or action did.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.StopAction(),))
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule, rule.replace(name="never")))
    >>> account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    >>> deciding_column(ses.Receiver(account, seed=1).receive(b"", rcpt_to=["ana@example.com"]))
    'action:all/StopAction#1'
    """
    event = reception.decided.event
    if event is None:
        return ""
    if event.kind is Kind.ACTION:
        return f"{Kind.ACTION}:{event.rule}/{event.subject}#{event.action + 1}"
    if event.kind in (Kind.FILTER, Kind.PROVIDER_LIST, Kind.RULE):
        return f"{event.kind}:{event.subject}"
    return f"{Kind.RULE}:{event.rule}" if event.rule else ""


def _cells(tables: Tables) -> Iterator[tuple[int, str, str]]:
    """Message number, column and word, wherever something was considered."""
    filters, rules, actions = (tables.data(key) for key in ("filters", "rules", "actions"))
    for number, kind, name, op in zip(
        filters["number"], filters["kind"], filters["filter"], filters["outcome"], strict=True
    ):
        yield number, f"{kind}:{name}", op
    for number, name, op in zip(rules["number"], rules["rule"], rules["outcome"], strict=True):
        yield number, f"{Kind.RULE}:{name}", op
    for number, rule, name, position, op in zip(
        actions["number"], actions["rule"], actions["action"], actions["position"], actions["outcome"], strict=True
    ):
        yield number, f"{Kind.ACTION}:{rule}/{name}#{position}", op


def column_name(column: str) -> str:
    """A column as a reader is told of it: by kind and name; an action behind its rule.

    Examples
    --------
    >>> column_name("filter:office"), column_name("action:all/StopAction#1")
    ('filter office', 'all → StopAction#1')
    """
    kind, _, rest = column.partition(":")
    return rest.replace("/", " → ") if kind == Kind.ACTION else f"{kind} {rest}"


def _head(column: str) -> str:
    """The head, which stands on its side; an action stands behind its rule, so its kind and position are enough."""
    kind, _, rest = column.partition(":")
    short = f"→ {rest.rpartition('/')[2].replace('#', ' ').replace('Action', '')}" if kind == Kind.ACTION else rest
    return f'<th scope="col" title="{escape(column_name(column))}"><span>{escape(short, _HEAD)}</span></th>'


def _cell(word: Any, decides: bool) -> str:
    if not word:
        return "<td></td>"
    op = Op(word)
    shown = term(None, op)
    says = f"{shown.word}{': this decided' if decides else ''}"
    kinds = f"ses-{shown.tone}{' ses-decides' if decides else ''}"
    return f'<td class="{kinds}" title="{says}">{_sign(op)}<span class="ses-unseen">{says}</span></td>'


def _sign(op: Op) -> str:
    return f'<span aria-hidden="true">{escape(cell_mark(op))}</span>'


def _legend() -> str:
    signs = (f'<span class="ses-{term(None, op).tone}">{cell_mark(op)}</span> {term(None, op).word}' for op in LEGEND)
    return f'<p class="ses-note">{", ".join(signs)}; framed: this decided; empty: never came that far</p>'
