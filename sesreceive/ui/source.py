"""Text of several lines and JSON as a page shows them: every character visible, no markup, never too much."""

from __future__ import annotations

import html
import json
from contextlib import suppress

from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json

__all__ = ["json_source", "source"]

# Characters, lines and characters of a line that are shown.
_MOST, _LINES, _LINE = 20_000, 400, 2_000


def source(raw: bytes | str) -> str:
    r"""Lines as HTML in a typewriter face; of a long text the beginning, and how much more there is.

    Examples
    --------
    >>> source(b"Subject: <b>\r\n\r\n\x1b[31mred")
    '<pre>Subject: &lt;b&gt;\n\n\\x1b[31mred</pre>'
    """
    size = len(raw)
    start = raw[:_MOST]
    text = start.decode("utf-8", "replace") if isinstance(start, bytes) else start
    lines = text.split("\n")
    shown = [one_line(line.removesuffix("\r"), _LINE) for line in lines[:_LINES]]
    left = size - _MOST if size > _MOST else 0
    more = ""
    if len(lines) > _LINES:
        more = f"the first {_LINES} lines of {size} {'bytes' if isinstance(raw, bytes) else 'characters'}"
    elif left:
        more = f"{left} more {'bytes' if isinstance(raw, bytes) else 'characters'}"
    note = f'<p class="ses-note">… {more}</p>' if more else ""
    return f"<pre>{html.escape(chr(10).join(shown))}</pre>{note}"


def json_source(text: str) -> str:
    """JSON text, indented; text that is none as it is."""
    with suppress(InputError):
        text = json.dumps(parse_json(text), indent=2, ensure_ascii=False)
    return source(text)
