"""The trace as HTML: the same tree as the text, with parts that fold."""

from __future__ import annotations

from collections.abc import Iterable

from sesreceive._html import details, escape, frame
from sesreceive.trace.events import Op, TraceEvent
from sesreceive.trace.text import trace_text
from sesreceive.trace.tree import Fold, Node, tree

__all__ = ["trace_html"]

_STYLE = """\
.ses-rich .ses-trace summary, .ses-rich .ses-trace .ses-leaf { padding: 0.05em 0; overflow-wrap: anywhere; }
.ses-rich .ses-trace .ses-leaf { padding-left: 1.05em; }
.ses-rich .ses-trace .ses-op { display: inline-block; min-width: 5.5em; white-space: nowrap; }
.ses-rich .ses-trace .ses-op-effect, .ses-rich .ses-trace .ses-op-stop { font-weight: bold; }
"""

# Colour repeats what mark and word say.
_COLOURS = {Op.MATCH: "good", Op.EFFECT: "good", Op.FAIL: "bad", Op.STOP: "warn", Op.MISS: "note", Op.SKIP: "note"}
# What is folded away at first: what came to nothing.
_CLOSED = (Op.MISS, Op.SKIP)


def trace_html(trace: Iterable[TraceEvent], title: str = "", *, full: bool = False) -> str:
    """The trace as HTML, everything escaped, with the text (as long as `full` says) where styles are taken away.

    The HTML is always whole: what the short text leaves out is folded.
    """
    trace = tuple(trace)
    steps = "".join(_html(step) for step in tree(trace))
    heading = f"<div><strong>{escape(title)}</strong></div>" if title else ""
    rich = f'<div class="ses-trace">{heading}{steps}</div>'
    return frame(trace_text(trace, title, full=full), rich, style=_STYLE)


def _html(node: Node | Fold) -> str:
    if isinstance(node, Fold):
        return details(f'<span class="ses-note">… {escape(node.summary)}</span>', "".join(map(_html, node.nodes)))
    line = _line(node)
    if not node.inside:
        return f'<div class="ses-leaf">{line}</div>'
    if all(isinstance(below, Fold) and below.aside for below in node.inside):
        return details(
            line, "".join(_html(one) for below in node.inside if isinstance(below, Fold) for one in below.nodes)
        )
    # A refused recipient is a miss worth reading: it is why nothing else happened.
    opened = node.op not in _CLOSED or node.word == "refused"
    return details(line, "".join(map(_html, node.inside)), opened=opened)


def _line(node: Node) -> str:
    head = ""
    if node.word:
        colour = _COLOURS.get(node.op, "note")
        head = f'<span class="ses-op ses-op-{node.op} ses-{colour}">{node.mark} {escape(node.word)}</span> '
    label = escape(node.label)
    if not node.word:
        label = f"<strong>{label}</strong>"
    return head + ": ".join(filter(None, (label, escape(node.reason))))
