"""Small pieces of HTML for Jupyter: escaped text, tables, foldable parts, and the frame around them.

Every text goes through `escape`: mail and configuration are not to be trusted. `frame` follows the convention
of xarray and scikit-learn: the plain text is shown where a front end takes the style sheet away (a notebook
that is not trusted, a mail, a web page that strips styles), and the rich form where it does not.

Colours are those of the surrounding page, as CSS variables with fallbacks, so that light and dark both work;
nothing is told by colour alone.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from sesreceive.errors import one_line

__all__ = ["CSS", "code", "details", "escape", "frame", "mark", "table"]

CSS = """\
.ses-text { display: none; }
.ses-rich { display: block !important; line-height: 1.4; font-size: var(--jp-ui-font-size1, 13px);
  color: var(--jp-ui-font-color1, var(--vscode-editor-foreground, CanvasText)); }
.ses-rich table.ses-table { border-collapse: collapse; margin: 0.3em 0; border: none; table-layout: auto;
  color: inherit; font-size: inherit; }
.ses-rich table.ses-table caption { text-align: left; padding: 0.2em 0; font-weight: bold; color: inherit; }
.ses-rich table.ses-table th, .ses-rich table.ses-table td { text-align: left; vertical-align: top;
  padding: 0.2em 0.9em 0.2em 0; max-width: 40em; white-space: pre-wrap; overflow-wrap: break-word; background: none;
  border: none; border-bottom: 1px solid var(--jp-border-color2, var(--vscode-panel-border, GrayText)); }
.ses-rich table.ses-table thead th { white-space: nowrap; }
.ses-rich table.ses-table td.ses-number, .ses-rich table.ses-table th.ses-number { text-align: right; }
.ses-rich details { margin: 0.1em 0; }
.ses-rich details > :not(summary), .ses-rich details > table.ses-table { margin-left: 1.2em; }
.ses-rich summary { cursor: pointer; }
.ses-rich code { font-family: var(--jp-code-font-family, monospace); background: none; padding: 0; color: inherit; }
.ses-rich .ses-note { color: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, GrayText)); }
.ses-rich .ses-good { color: var(--jp-success-color1, var(--vscode-testing-iconPassed, CanvasText)); }
.ses-rich .ses-bad { color: var(--jp-error-color1, var(--vscode-errorForeground, CanvasText)); font-weight: bold; }
.ses-rich .ses-warn { color: var(--jp-warn-color1, var(--vscode-editorWarning-foreground, CanvasText)); }
"""


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
        f"<div><style>{CSS}{style}</style>"
        f'<pre class="ses-text">{html.escape(fallback)}</pre>'
        f'<div class="ses-rich" style="display:none">{rich}</div></div>'
    )
