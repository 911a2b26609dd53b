"""The trace as HTML: the same tree as the text, with parts that fold."""

from __future__ import annotations

from collections.abc import Iterable

from sesreceive._html import asset, details, escape, frame, prose
from sesreceive.trace.events import Op, TraceEvent
from sesreceive.trace.text import trace_text
from sesreceive.trace.tree import Fold, Node, tree
from sesreceive.trace.vocabulary import term

__all__ = ["trace_html"]

# What is folded away at first: what came to nothing.
_CLOSED = (Op.MISS, Op.SKIP)


# Lines of one output: more would make a notebook heavy, and nobody reads them.
_MOST = 4_000


def trace_html(
    trace: Iterable[TraceEvent],
    title: str = "",
    decided: str = "",
    *,
    notes: Iterable[str] = (),
    findings: Iterable[str] = (),
    full: bool = False,
) -> str:
    """The trace as HTML, everything escaped, with the text (as long as `full` says) where styles are taken away.

    What the short text leaves out is there, but folded. After a few thousand lines the rest is left out and counted.
    """
    trace, notes, findings = tuple(trace), tuple(notes), tuple(findings)
    page = _Page()
    steps = "".join(page.node(step) for step in tree(trace))
    if page.left_out:
        steps += f'<div class="ses-note">… {page.left_out} more lines are left out</div>'
    steps += "".join(f"<div>finding: {prose(finding)}</div>" for finding in findings)
    heading = f"<div><strong>{escape(title)}</strong></div>" if title else ""
    heading += f"<div>decided: {prose(decided)}</div>" if decided else ""
    heading += "".join(f"<div>note: {prose(note)}</div>" for note in notes)
    rich = f'<div class="ses-trace">{heading}{steps}</div>'
    text = trace_text(trace, title, decided, notes=notes, findings=findings, full=full)
    return frame(text, rich, style=asset(__package__, "trace.css"))


class _Page:
    """One output, and how many lines it has so far."""

    def __init__(self) -> None:
        self.lines = 0

    @property
    def left_out(self) -> int:
        return max(0, self.lines - _MOST)

    def node(self, node: Node | Fold) -> str:
        """A line with all that lies in it."""
        if isinstance(node, Fold):
            body = self.inside(node.nodes)
            return details(f'<span class="ses-note">… {escape(node.summary)}</span>', body) if body else ""
        self.lines += 1
        if self.left_out:
            self.inside(node.inside)  # only counted
            return ""
        line = _line(node)
        if not node.inside:
            return f'<div class="ses-leaf">{line}</div>'
        # A refused recipient is a miss worth reading: it is why nothing else happened.
        opened = node.op not in _CLOSED or node.word == "refused"
        if all(isinstance(below, Fold) and below.aside for below in node.inside):
            nodes = [folded for below in node.inside if isinstance(below, Fold) for folded in below.nodes]
            return details(line, self.inside(nodes))
        return details(line, self.inside(node.inside), opened=opened)

    def inside(self, nodes: Iterable[Node | Fold]) -> str:
        return "".join(map(self.node, nodes))


def _line(node: Node) -> str:
    head = ""
    if node.word:
        tone = term(None, node.op).tone
        head = f'<span class="ses-op ses-op-{node.op} ses-{tone}">{node.mark} {escape(node.word)}</span> '
    label = prose(node.label)
    if not node.word:
        label = f"<strong>{label}</strong>"
    return head + ": ".join(filter(None, (label, prose(node.reason))))
