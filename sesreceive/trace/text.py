"""The trace as text: one line for everything that was considered, with a mark, a word and the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sesreceive.errors import one_line
from sesreceive.trace.events import TraceEvent
from sesreceive.trace.tree import Fold, Node, tree

__all__ = ["Explanation", "trace_text"]

# Longer names and reasons are cut; they hold what a stranger sent.
_LABEL, _REASON = 160, 1_000
_INDENT = "    "
# Words stand below each other; the longest of the ops has six letters.
_WORD_WIDTH = 6


class Explanation:
    """Why everything happened to one message: prints as text, shows as HTML in a notebook.

    Parameters
    ----------
    trace : iterable of TraceEvent
        The events of the message.
    title : str
        The first line.
    decided : str
        What decided the message, as a sentence.
    notes : iterable of str
        What to know before the rest is read, one sentence each.
    findings : iterable of str
        What of the account can hardly be meant, one sentence each.
    full : bool
        Whether long runs of lines that come to the same are shown whole, and what was asked of DNS.

    Examples
    --------
    >>> from sesreceive.trace.events import Kind, Op, Stage, TraceLog
    >>> log = TraceLog(Stage.FILTERING)
    >>> with log.within(Kind.STAGE, "192.0.2.1", "none of 1 filters contains 192.0.2.1"):
    ...     log.add(Kind.FILTER, Op.MISS, "office", "Block 203.0.113.0/24 does not contain 192.0.2.1")
    >>> Explanation(log.events(), "one message")
    one message
    step 1, filtering of 192.0.2.1: none of 1 filters contains 192.0.2.1
        ✗ miss    filter `office`: Block 203.0.113.0/24 does not contain 192.0.2.1
    """

    def __init__(
        self,
        trace: Iterable[TraceEvent],
        title: str = "",
        decided: str = "",
        *,
        notes: Iterable[str] = (),
        findings: Iterable[str] = (),
        full: bool = False,
    ) -> None:
        self.trace = tuple(trace)
        self.title = title
        self.decided = decided
        self.notes = tuple(notes)
        self.findings = tuple(findings)
        self.full = full

    def __str__(self) -> str:
        """The text."""
        return trace_text(
            self.trace, self.title, self.decided, notes=self.notes, findings=self.findings, full=self.full
        )

    def __repr__(self) -> str:
        """The text."""
        return str(self)

    def _repr_html_(self) -> str:
        """The same as HTML, with the text as fallback."""
        from sesreceive.trace.html import trace_html

        return trace_html(
            self.trace, self.title, self.decided, notes=self.notes, findings=self.findings, full=self.full
        )


def trace_text(
    trace: Iterable[TraceEvent],
    title: str = "",
    decided: str = "",
    *,
    notes: Iterable[str] = (),
    findings: Iterable[str] = (),
    full: bool = False,
) -> str:
    """The trace as lines; control characters are made visible, so that any mail can be printed."""
    lines = [one_line(title, _REASON)] if title else []
    lines += [f"decided: {one_line(decided, _REASON)}"] if decided else []
    lines += [f"note: {one_line(note, _REASON)}" for note in notes]
    steps = tree(trace)
    for step in steps:
        lines += _lines(step, 0, full)
    lines += [f"finding: {one_line(finding, _REASON)}" for finding in findings]
    if not full and any(_folds(step) for step in steps):
        lines.append("(explain(full=True) shows more)")
    return "\n".join(lines)


def _folds(node: Node) -> bool:
    return any(isinstance(below, Fold) or _folds(below) for below in node.inside)


def _lines(node: Node, depth: int, full: bool) -> Iterator[str]:
    indent = _INDENT * depth
    about = ": ".join(filter(None, (one_line(node.label, _LABEL), one_line(node.reason, _REASON))))
    head = f"{node.mark} {one_line(node.word, 40):<{_WORD_WIDTH}}  " if node.word else ""
    yield f"{indent}{head}{about}"
    for below in node.inside:
        if isinstance(below, Node):
            yield from _lines(below, depth + 1, full)
        elif full:
            for folded in below.nodes:
                yield from _lines(folded, depth + 1, full)
        elif not below.aside:
            yield f"{indent}{_INDENT}… {below.summary}"
