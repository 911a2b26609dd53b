"""How a message ends, in columns: what became of it beside what would have become of it, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sesreceive import signs
from sesreceive._html import code, escape, mark, prose, table, ticked
from sesreceive.effects import Invoke, PutObject
from sesreceive.flow import Flow
from sesreceive.reception import Reception
from sesreceive.stages.retries import Attempted
from sesreceive.trace.events import Kind, Op
from sesreceive.trace.vocabulary import result, term

__all__ = ["ends_table"]

# Of many recipients those are shown whose answers differ, and the first.
_RECIPIENTS, _LINES = 8, 40


def ends_table(ends: Sequence[tuple[str, Reception]], *, caption: str = "") -> str:
    """A table with a column an end; a row that differs begins with ``≠``.

    Lines that the first column has alone begin with ``−``, lines that it lacks with ``+``.

    Parameters
    ----------
    ends : sequence of (str, Reception)
        Head of each column, and how one and the same message ends there.
    caption : str
        What the table is.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> one = receiver.receive(b"", rcpt_to=["<b>@example.com"])
    >>> shown = ends_table([("as it was", one), ("as it would be", one)])
    >>> "&lt;b&gt;@example.com" in shown, "≠" in shown
    (True, False)
    """
    receptions = [reception for _, reception in ends]
    rows = []
    for head, cell in _lines(receptions):
        cells = [cell(reception) for reception in receptions]
        same = all(lines == cells[0] for lines in cells)
        if head.startswith("RCPT TO") and same and len(receptions[0].recipients) > _RECIPIENTS:
            continue
        shown = ["<br>".join(lines) for lines in cells] if same else _told_apart(cells)
        rows.append([escape(head if same else f"≠ {head}"), *shown])
    return f'<div class="ses-rich ses-even">{table(["", *(head for head, _ in ends)], rows, caption=caption)}</div>'


def _told_apart(cells: list[list[str]]) -> list[str]:
    """The lines of each cell: those that the first cell alone has with ``−``, those that it lacks with ``+``."""
    first, *others = cells
    shared = [line for line in first if all(line in other for other in others)]
    shown = [[line if line in shared else f"− {line}" for line in first]]
    shown += [[line if line in first else f"<strong>+ {line}</strong>" for line in other] for other in others]
    return ["<br>".join(lines) for lines in shown]


# Each cell is a list of lines, as HTML.
_Cell = Callable[[Reception], list[str]]
_Line = tuple[str, _Cell]


def _lines(receptions: Sequence[Reception]) -> list[_Line]:
    lines: list[_Line] = []
    for at, decision in enumerate(receptions[0].recipients):
        lines.append((f"RCPT TO {decision.recipient}", _answer(at)))
    lines.append(("end of data", _reply))
    lines += [(f"{word} verdict", _verdict(word.lower())) for word in ("spam", "virus", "SPF", "DKIM", "DMARC")]
    lines += [("rules that fire", _rules), ("what is done", _effects), ("evaluation", _stopped), ("decided", _decided)]
    return lines


def _answer(at: int) -> _Cell:
    return lambda end: [ticked(end.recipients[at].accepted, str(end.recipients[at].reply))]


def _reply(end: Reception) -> list[str]:
    return [ticked(end.accepted, "250 OK" if end.accepted else str(end.reply))]


def _verdict(name: str) -> _Cell:
    def cell(end: Reception) -> list[str]:
        if end.verdicts is None:
            return [mark(signs.NONE, "note")]
        verdict = getattr(end.verdicts, name)
        policy = f", policy {end.verdicts.dmarc_policy}" if name == "dmarc" and end.verdicts.dmarc_policy else ""
        return [mark(f"{verdict}{policy}", result(verdict).tone)]

    return cell


def _rules(end: Reception) -> list[str]:
    return _cut([code(name) for name in end.rules]) or [mark("none", "note")]


def _effects(end: Reception) -> list[str]:
    return _cut([_brief(done) for done in end.performed]) or [mark("nothing", "note")]


def _brief(done: Attempted) -> str:
    """An effect without what is the same for all: of an ARN the name alone, no message id, no sizes."""
    effect = done.effect
    text = f"{effect.rule}: {effect.operation} {effect.target.rpartition(':')[2]}"
    if isinstance(effect, PutObject):
        text += f"/{effect.key.removesuffix(effect.message_id)}…"
    if isinstance(effect, Invoke) and done.outcome.flow is not Flow.CONTINUE:
        text += f", which answers {done.outcome.flow}"
    if done.outcome.failed:
        return mark(f"{term(Kind.EFFECT, Op.FAIL).mark} {text} fails: {done.outcome.error}", "bad")
    return escape(text, 200)


def _cut(lines: list[str]) -> list[str]:
    left = len(lines) - _LINES
    return [*lines[:_LINES], mark(f"and {left} more", "note")] if left > 0 else lines


def _decided(end: Reception) -> list[str]:
    return [prose(end.decided.sentence)]


def _stopped(end: Reception) -> list[str]:
    if not end.accepted:
        return [mark(signs.NONE, "note")]
    return [f"ends in {code(end.stopped_by)}" if end.stopped_by else "goes to the last rule"]
