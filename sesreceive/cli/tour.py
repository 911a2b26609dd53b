"""What ``demo`` shows first: the numbers of all messages, then a few of them with the reason that decided each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sesreceive.cli.terminal import listed, strong, toned, width, wrapped
from sesreceive.errors import one_line
from sesreceive.report.summary import VERDICTS, summary_of, telling
from sesreceive.signs import NO, YES
from sesreceive.trace.vocabulary import Tone, result
from sesreceive.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesreceive.reception import Reception
    from sesreceive.report.summary import Summary

__all__ = ["NUMBER", "message_lines", "summary_lines", "tour"]

NUMBER = 12
"""How many messages are shown."""

_INDENT = " " * 4
# Characters of what a stranger wrote: a name or an address.
_CELL = 80


def tour(receptions: Sequence[Reception], title: str) -> str:
    """The numbers of all messages and the `NUMBER` that tell the most, as text for a terminal."""
    shown = telling(receptions, NUMBER)
    notes = dict.fromkeys(note for reception in receptions for note in reception.notes)
    lines = [*(wrapped(f"note: {note}") for note in notes), *([""] if notes else [])]
    lines += [*summary_lines(summary_of(receptions), title), ""]
    if len(shown) < len(receptions):
        lines.append(strong(f"{len(shown)} of them, and why each ended as it did"))
    elif shown:
        lines.append(strong("each of them, and why it ended as it did"))
    for reception in shown:
        lines += ["", *message_lines(reception)]
    return "\n".join(lines)


def summary_lines(summary: Summary, title: str) -> Iterator[str]:
    """How many were accepted and refused, then the same by rule and by verdict."""
    refused = summary.total - summary.accepted
    good = toned(f"{YES} {summary.accepted} accepted", Tone.GOOD)
    bad = toned(f"{NO} {refused} refused", Tone.BAD if refused else Tone.NOTE)
    answers = [f"{number} with {one_line(answer)}" for answer, number in summary.refused.items()]
    yield from map(strong, wrapped(f"{count(summary.total, 'message')} of {title}").splitlines())
    yield f"  {good}"
    yield from listed(answers, f"  {bad}: " if answers else f"  {bad}", _INDENT)
    rules = dict(summary.rules) | ({"no rule": summary.no_rule} if summary.no_rule else {})
    if rules:
        yield from ("", strong("accepted messages by rule that fired"))
        yield from _columns(rules)
    if summary.accepted:
        yield from ("", strong("accepted messages by verdict"))
        for name, label in VERDICTS.items():
            counts = (f"{_verdict(verdict)} {number}" for verdict, number in summary.verdicts[name].items())
            yield from listed(counts, f"  {label:<6} ", " " * 9)


def message_lines(reception: Reception) -> Iterator[str]:
    """One message: the answer and who wrote to whom, the reason unabridged, the verdicts, what was done."""
    tone, sign = (Tone.GOOD, YES) if reception.accepted else (Tone.BAD, NO)
    answer = toned(f"{sign} {one_line(reception.reply.status)}", tone)
    yield f"{answer}  {strong(one_line(reception.name, _CELL))}"
    first, *others = reception.envelope.rcpt_to or ("nobody",)
    more = f" and {count(len(others), 'other')}" if others else ""
    sender = reception.envelope.mail_from or "<>"
    yield wrapped(f"{one_line(sender, _CELL)} → {one_line(first, _CELL)}{more}", _INDENT)
    yield wrapped(reception.decided.sentence, _INDENT)
    if reception.verdicts is not None:
        policy = f" (policy {reception.verdicts.dmarc_policy})" if reception.verdicts.dmarc_policy else ""
        verdicts = (
            f"{label} {_verdict(getattr(reception.verdicts, name))}{policy if name == 'dmarc' else ''}"
            for name, label in VERDICTS.items()
        )
        yield from listed(verdicts, _INDENT, _INDENT)
    if reception.rules:
        done = ", ".join(type(effect).__name__ for effect in reception.effects) or "nothing"
        yield wrapped(f"rules: {', '.join(reception.rules)}; done: {done}", _INDENT)


def _verdict(verdict: str) -> str:
    return toned(verdict, result(verdict).tone)


def _columns(numbers: Mapping[str, int]) -> Iterator[str]:
    """Names with their numbers, in as many columns as there is room for."""
    cells = [f"{number:>5}  {one_line(name, _CELL)}" for name, number in numbers.items()]
    widest = max(map(len, cells)) + 2
    beside = max(1, min(3, (width() - 2) // widest))
    deep = -(-len(cells) // beside)
    for row in range(deep):
        yield "  " + "".join(f"{cell:<{widest}}" for cell in cells[row::deep]).rstrip()
