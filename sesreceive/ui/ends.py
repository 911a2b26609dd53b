"""How a message ends, in columns: what became of it beside what would have become of it, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sesreceive._html import code, escape, mark, table
from sesreceive.reception import Reception
from sesreceive.verdict import Verdict

__all__ = ["ends_table"]

# Of many recipients those are shown whose answers differ, and the first.
_RECIPIENTS, _EFFECTS = 8, 40

# Colour repeats what the word says.
_COLOURS = {Verdict.PASS: "good", Verdict.FAIL: "bad", Verdict.PROCESSING_FAILED: "warn"}


def ends_table(ends: Sequence[tuple[str, Reception]], *, caption: str = "") -> str:
    """A table with a column an end; what differs from the first column is marked by ``≠`` in front of its row.

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
        shown = (
            cells if same else [cells[0], *(one if one == cells[0] else f"<strong>{one}</strong>" for one in cells[1:])]
        )
        rows.append([escape(head) if same else f"<strong>≠ {escape(head)}</strong>", *shown])
    return f'<div class="ses-rich">{table(["", *(head for head, _ in ends)], rows, caption=caption)}</div>'


_Line = tuple[str, Callable[[Reception], str]]


def _lines(receptions: Sequence[Reception]) -> list[_Line]:
    lines: list[_Line] = []
    for at, decision in enumerate(receptions[0].recipients):
        lines.append((f"RCPT TO {decision.recipient}", _answer(at)))
    lines.append(("end of data", _reply))
    lines += [(f"{word} verdict", _verdict(word.lower())) for word in ("spam", "virus", "SPF", "DKIM", "DMARC")]
    lines += [("rules that fire", _rules), ("what is done", _effects), ("evaluation", _stopped)]
    return lines


def _answer(at: int) -> Callable[[Reception], str]:
    return lambda one: _marked(one.recipients[at].accepted, str(one.recipients[at].reply))


def _reply(one: Reception) -> str:
    return _marked(one.accepted, "250 OK, the message is taken" if one.accepted else str(one.reply))


def _marked(good: bool, text: str) -> str:
    return mark(f"✓ {text}", "good") if good else mark(f"✗ {text}", "bad")


def _verdict(name: str) -> Callable[[Reception], str]:
    def cell(one: Reception) -> str:
        if one.verdicts is None:
            return mark("–", "note")
        verdict = getattr(one.verdicts, name)
        policy = f", policy {one.verdicts.dmarc_policy}" if name == "dmarc" and one.verdicts.dmarc_policy else ""
        return mark(f"{verdict}{policy}", _COLOURS.get(verdict, "note"))

    return cell


def _rules(one: Reception) -> str:
    return "<br>".join(code(name) for name in one.rules[:_EFFECTS]) or mark("none", "note")


def _effects(one: Reception) -> str:
    lines = []
    for done in one.performed[:_EFFECTS]:
        text = f"{done.effect.rule}: {done.effect.describe()}"
        lines.append(mark(f"! {text} fails: {done.outcome.error}", "bad") if done.outcome.failed else escape(text, 200))
    left = len(one.performed) - _EFFECTS
    if left > 0:
        lines.append(mark(f"and {left} more", "note"))
    return "<br>".join(lines) or mark("nothing", "note")


def _stopped(one: Reception) -> str:
    if not one.accepted:
        return mark("–", "note")
    return f"ends in {code(one.stopped_by)}" if one.stopped_by else "goes to the last rule"
