"""Small pieces of HTML for Jupyter: escaped text, tables, foldable parts, and the frame around them.

Every text goes through `escape`: mail and configuration are not to be trusted. `frame` follows the convention
of xarray and scikit-learn: the plain text is shown where a front end takes the style sheet away (a notebook
that is not trusted, a mail, a web page that strips styles), and the rich form where it does not.

Colours are those of the surrounding page, as CSS variables with fallbacks, so that light and dark both work;
nothing is told by colour alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import islice

from sesreceive import signs
from sesreceive.errors import Problem, Problems, one_line
from sesreceive.shown import Shown
from sesreceive.signs import NO, YES
from sesreceive.wording import count

__all__ = [
    "asset",
    "code",
    "details",
    "escape",
    "fact",
    "fact_table",
    "frame",
    "mark",
    "problem_table",
    "prose",
    "spans",
    "table",
    "ticked",
]


@cache
def asset(package: str, name: str) -> str:
    """The text of a style sheet or script that lies beside the modules of a package; read once."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def escape(value: object, limit: int = 2_000) -> str:
    r"""Text for HTML: markup becomes text, control characters become visible, at most `limit` characters.

    Examples
    --------
    >>> escape('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    >>> escape("a\x1b[0m\u202eb")
    'a\\x1b[0m\\u202eb'
    """
    return html.escape(one_line(value, limit))


def spans(text: str) -> Iterator[tuple[bool, str]]:
    """The pieces of a sentence, and whether each is a name: sentences put names in backquotes; a terminal keeps those.

    Examples
    --------
    >>> list(spans("`a` is in `b`"))
    [(True, 'a'), (False, ' is in '), (True, 'b')]
    >>> list(spans("a lone ` is kept"))
    [(False, 'a lone ` is kept')]
    """
    for number, piece in enumerate(_NAME.split(text)):
        if piece or number % 2:
            yield bool(number % 2), piece


_NAME = re.compile(r"`([^`]*)`")


def prose(text: object, limit: int = 2_000) -> str:
    """A sentence as HTML, escaped, with the names in it in a typewriter face.

    Examples
    --------
    >>> prose("`<b>` is in `example.com`")
    '<code>&lt;b&gt;</code> is in <code>example.com</code>'
    >>> prose("the name is `example.com`", limit=20)
    'the name is <code>exampl…</code>'
    """
    line = one_line(text, limit)
    if len(str(text)) > limit and line.count("`") % 2:
        line += "`"  # of a name whose end was cut off
    pieces = spans(line)
    return "".join(f"<code>{html.escape(piece)}</code>" if name else html.escape(piece) for name, piece in pieces)


def ticked(good: bool, text: object) -> str:
    """A word with a tick, or with a cross where it is bad."""
    return mark(f"{YES} {text}", "good") if good else mark(f"{NO} {text}", "bad")


def code(value: object) -> str:
    """The text in a typewriter face."""
    return f"<code>{escape(value)}</code>"


def mark(text: object, kind: str) -> str:
    """A word with the colour of ``good``, ``bad``, ``warn`` or ``note``; the word has to say it alone, too."""
    return f'<span class="ses-{escape(kind)}">{escape(text)}</span>'


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str = "",
    numbers: Iterable[str] = (),
    limit: int = 200,
    sentences: bool = False,
) -> str:
    """A table with column heads; the first cell of a row is its head.

    Parameters
    ----------
    columns : sequence of str
        Heads, as plain text.
    rows : iterable of sequences of str
        Cells **as HTML**: make them with `escape`, `code` or `mark`.
    caption : str
        What the table is, as plain text.
    numbers : iterable of str
        The columns that are numbers, which stand to the right.
    limit : int
        Rows that are shown; a line below says how many there are.
    sentences : bool
        Cells are long, so that a row becomes a list of them where a page of usual width has no room for columns.

    Examples
    --------
    >>> print(table(["name"], [[escape("<a>")]]).partition("<tbody>")[2])
    <tr><th scope="row">&lt;a&gt;</th></tr></tbody></table>
    """
    right = set(numbers)
    classes = [' class="ses-number"' if column in right else "" for column in columns]
    # A head that says nothing is none: a screen reader would announce it.
    heads = "".join(
        f'<th scope="col"{where}>{escape(column)}</th>' if column else "<td></td>"
        for column, where in zip(columns, classes, strict=True)
    )
    lines, total = [], 0
    for cells in rows:
        total += 1
        if total > limit:
            continue
        first = f'<th scope="row"{classes[0]}>{cells[0]}</th>'
        rest = (f"<td{where}>{cell}</td>" for cell, where in zip(cells[1:], classes[1:], strict=True))
        lines.append(f"<tr>{first}{''.join(rest)}</tr>")
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    # Where there is no room for columns a row is a list, with the head of its column before each cell: html.css.
    kind = '"ses-table"'
    # Without a head of the first one the columns are there to be compared.
    if len(columns) >= _STACKED and columns[0]:
        named = enumerate(columns[1:_LABELLED], start=2)
        labels = "".join(f"--head-{place}:{_css_text(column)};" for place, column in named if column)
        kind = f'"ses-table ses-stacks{" ses-many" if sentences or len(columns) >= _MANY else ""}" style="{labels}"'
    more = f'<p class="ses-note">showing {limit} of {total}</p>' if total > limit else ""
    return f"<table class={kind}>{title}<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>{more}"


# Columns from which on html.css makes lists of rows in a narrow and in a middling page, and those it has labels for.
_STACKED, _MANY, _LABELLED = 3, 6, 12


def _css_text(text: str) -> str:
    """A text as a string of CSS that stands in an attribute: whatever is no letter or digit is its number."""
    line = one_line(text, 60)
    return "'" + re.sub(r"[^ 0-9A-Za-z]", lambda found: f"\\{ord(found[0]):x} ", line) + "'"


def details(summary: str, body: str, *, opened: bool = False) -> str:
    """A part that folds; `summary` and `body` are HTML."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>{body}</details>"


# Facts that are sentences of ours, with names in backquotes.
_SENTENCES = frozenset({"reason", "remedy"})
# Entries of a list that are shown before it is folded.
_UNFOLDED = 3


def fact_table(value: Shown) -> str:
    """The facts of a value as a table of names and values, everything escaped; problems as a table of their own."""
    if isinstance(value, Problems):
        return problem_table(value)
    rows = [
        [escape(name.replace("_", " ")), prose(item) if name in _SENTENCES and item else fact(item)]
        for name, item in value._facts()
    ]
    return table(["", ""], rows, caption=type(value).__name__) if rows else f"<div>{escape(repr(value))}</div>"


def problem_table(problems: Sequence[Problem]) -> str:
    """All that is wrong as a table; one line where nothing is."""
    if not problems:
        return ticked(True, "no problems")
    rows = [[code(one.path), prose(one.message), escape(one.source)] for one in problems]
    return table(["where", "what", "who says so"], rows, caption=count(len(rows), "problem"))


def fact(value: object) -> str:
    """A value as the cell of a table: a word, a name, one line of a value that has more to tell, or a folded list.

    Examples
    --------
    >>> fact(None), fact(True), fact("a<b")
    ('<span class="ses-note">–</span>', 'yes', 'a&lt;b')
    """
    if value is None or (isinstance(value, str | bytes | Collection) and not len(value)):
        return mark(signs.NONE, "note")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes | bytearray):
        return escape(f"{len(value)} bytes: {value[:60]!r}", 300)
    if isinstance(value, str | int | float) or not isinstance(value, Collection) or isinstance(value, Shown):
        return escape(value if isinstance(value, str | int | float | datetime) else repr(value), 300)
    if isinstance(value, Mapping):
        lines = [f"{escape(name, 80)}: {escape(item, 200)}" for name, item in islice(value.items(), _LISTED)]
    else:
        shown = islice(iter(value), _LISTED)
        lines = [escape(item if isinstance(item, str) else repr(item), 300) for item in shown]
    if len(value) > len(lines):
        lines.append(f"… and {len(value) - len(lines)} more")
    text = "<br>".join(lines)
    return text if len(value) <= _UNFOLDED else details(f"{len(value)} entries", f"<div>{text}</div>")


# Entries of a list that are in the page at all.
_LISTED = 200


def frame(text: str, rich: str, *, style: str = "") -> str:
    """The whole output: `text` (plain) for front ends that take styles away, `rich` (HTML) for the others.

    Examples
    --------
    >>> frame("a < b", "<b>a</b>").count("<style>")
    1
    """
    fallback = "\n".join(one_line(line, 2_000) for line in text.split("\n"))
    return (
        f"<div><style>{asset(__package__, 'colours.css')}{asset(__package__, 'html.css')}{style}</style>"
        f'<pre class="ses-text">{html.escape(fallback)}</pre>'
        f'<div class="ses-rich" style="display:none">{rich}</div></div>'
    )
