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
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from sesreceive.errors import one_line
from sesreceive.wording import NO, YES

__all__ = ["asset", "code", "details", "escape", "frame", "mark", "prose", "spans", "table", "ticked"]


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
    """
    pieces = spans(one_line(text, limit))
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

    Examples
    --------
    >>> print(table(["name"], [[escape("<a>")]]).partition("<tbody>")[2])
    <tr><th scope="row">&lt;a&gt;</th></tr></tbody></table>
    """
    right = set(numbers)
    classes = [' class="ses-number"' if column in right else "" for column in columns]
    heads = "".join(
        f'<th scope="col"{where}>{escape(column)}</th>' for column, where in zip(columns, classes, strict=True)
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
    more = f'<p class="ses-note">showing {limit} of {total}</p>' if total > limit else ""
    return (
        f'<table class="ses-table">{title}<thead><tr>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table>{more}'
    )


def details(summary: str, body: str, *, opened: bool = False) -> str:
    """A part that folds; `summary` and `body` are HTML."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>{body}</details>"


def frame(text: str, rich: str, *, style: str = "") -> str:
    """The whole output: `text` (plain) for front ends that take styles away, `rich` (HTML) for the others.

    Examples
    --------
    >>> frame("a < b", "<b>a</b>").count("<style>")
    1
    """
    fallback = "\n".join(one_line(line, 2_000) for line in text.split("\n"))
    return (
        f"<div><style>{asset(__package__, 'html.css')}{style}</style>"
        f'<pre class="ses-text">{html.escape(fallback)}</pre>'
        f'<div class="ses-rich" style="display:none">{rich}</div></div>'
    )
