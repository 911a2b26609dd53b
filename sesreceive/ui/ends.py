"""How a message ends, in columns: what became of it beside what would have become of it, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sesreceive._html import code, escape, mark, table
from sesreceive.effects import Invoke, PutObject
from sesreceive.flow import Flow
from sesreceive.reception import Reception
from sesreceive.stages.retries import Attempted
from sesreceive.verdict import Verdict

__all__ = ["ends_table"]

# Of many recipients those are shown whose answers differ, and the first.
_RECIPIENTS, _LINES = 8, 40

# Colour repeats what the word says.
_COLOURS = {Verdict.PASS: "good", Verdict.FAIL: "bad", Verdict.PROCESSING_FAILED: "warn"}


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
        cells = [cell(one) for one in receptions]
        same = all(one == cells[0] for one in cells)
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
    lines += [("rules that fire", _rules), ("what is done", _effects), ("evaluation", _stopped)]
    return lines


def _answer(at: int) -> _Cell:
    return lambda one: [_marked(one.recipients[at].accepted, str(one.recipients[at].reply))]


def _reply(one: Reception) -> list[str]:
    return [_marked(one.accepted, "250 OK" if one.accepted else str(one.reply))]


def _marked(good: bool, text: str) -> str:
    return mark(f"✓ {text}", "good") if good else mark(f"✗ {text}", "bad")


def _verdict(name: str) -> _Cell:
    def cell(one: Reception) -> list[str]:
        if one.verdicts is None:
            return [mark("–", "note")]
        verdict = getattr(one.verdicts, name)
        policy = f", policy {one.verdicts.dmarc_policy}" if name == "dmarc" and one.verdicts.dmarc_policy else ""
        return [mark(f"{verdict}{policy}", _COLOURS.get(verdict, "note"))]

    return cell


def _rules(one: Reception) -> list[str]:
    return _cut([code(name) for name in one.rules]) or [mark("none", "note")]


def _effects(one: Reception) -> list[str]:
    return _cut([_brief(done) for done in one.performed]) or [mark("nothing", "note")]


def _brief(done: Attempted) -> str:
    """An effect without what is the same for all: of an ARN the name alone, no message id, no sizes."""
    effect = done.effect
    text = f"{effect.rule}: {effect.operation} {effect.target.rpartition(':')[2]}"
    if isinstance(effect, PutObject):
        text += f"/{effect.key.removesuffix(effect.message_id)}…"
    if isinstance(effect, Invoke) and done.outcome.flow is not Flow.CONTINUE:
        text += f", which answers {done.outcome.flow}"
    if done.outcome.failed:
        return mark(f"! {text} fails: {done.outcome.error}", "bad")
    return escape(text, 200)


def _cut(lines: list[str]) -> list[str]:
    left = len(lines) - _LINES
    return [*lines[:_LINES], mark(f"and {left} more", "note")] if left > 0 else lines


def _stopped(one: Reception) -> list[str]:
    if not one.accepted:
        return [mark("–", "note")]
    return [f"ends in {code(one.stopped_by)}" if one.stopped_by else "goes to the last rule"]
