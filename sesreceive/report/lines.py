"""The messages as lines of a table: what one looks through, looks for and sorts by; no widget.

A line is made once for a message and is small, so that thousands can be searched while a word is typed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sesreceive.errors import one_line
from sesreceive.reading.deciding import decided
from sesreceive.reception import Reception
from sesreceive.report.columns import ActionRow
from sesreceive.report.files import harmless
from sesreceive.report.rows import message_row
from sesreceive.report.trace_rows import HAPPENED, action_rows, filter_rows, rule_rows
from sesreceive.trace.events import Kind, Op

__all__ = ["SORTS", "Line", "Wanted", "asked_about", "cells_of", "chosen", "line_of", "lines_csv"]

# Characters of a cell that are kept; nobody looks for more of a list of fifty recipients.
_CELL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message.

    Attributes
    ----------
    number : int
        Its position, from 0.
    answer : str
        Code and enhanced status of the reply.
    checks : str
        The verdicts that are not PASS, in a few words.
    filter : str
        The IP filter or provider list that decided; empty when none contains the address.
    rules, actions : str
        What fired and what ran, in order.
    because : str
        The reason that decided.
    fired : frozenset of str
        Columns of the matrix (``filter:…``, ``rule:…``, ``action:…``) in which something happened.
    text : str
        All of it in lower case, to be looked through.
    """

    number: int
    name: str
    sender: str
    recipients: str
    subject: str
    answer: str
    accepted: bool
    checks: str
    filter: str
    rules: str
    actions: str
    because: str
    size_bytes: int
    fired: frozenset[str]
    text: str


def line_of(number: int, reception: Reception) -> Line:
    """The line of one message.

    Examples
    --------
    >>> import sesreceive as ses
    >>> reception = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).receive(
    ...     b"Subject: hello", rcpt_to=["ana@example.com"])
    >>> line = line_of(0, reception)
    >>> line.answer, line.subject, line.because
    ('550 5.1.1', 'hello', 'no receipt rule set is active, so nothing is received')
    """
    row, actions = message_row(reception), action_rows(reception.fired)
    fired = frozenset(_fired(reception, actions))
    shown = {
        "name": one_line(reception.name or f"#{number}"),
        "sender": one_line(row.mail_from or "<>", _CELL),
        "recipients": one_line(", ".join(reception.envelope.rcpt_to[:20]), _CELL),
        "subject": row.subject,
        "answer": reception.reply.status,
        "checks": reception.verdicts.findings if reception.verdicts else "",
        "filter": one_line(row.filter),
        "rules": one_line(row.rules, _CELL),
        "actions": one_line(", ".join(act.action for act in actions if act.outcome in HAPPENED), _CELL),
        "because": one_line(row.reason, _CELL),
    }
    return Line(
        number=number,
        accepted=reception.accepted,
        size_bytes=row.size_bytes,
        fired=fired,
        text="\n".join((*shown.values(), reception.message_id)).lower(),
        **shown,
    )


def asked_about(line: Line, reception: Reception, column: str) -> Line:
    """The line with the reason of one rule, where a column of the matrix names it or one of its actions."""
    kind, _, name = column.partition(":")
    rule = name.rpartition("/")[0] if kind == Kind.ACTION else name if kind == Kind.RULE else ""
    return replace(line, because=one_line(decided(reception, rule).sentence, _CELL)) if rule else line


def _fired(reception: Reception, actions: Iterable[ActionRow]) -> Iterator[str]:
    """Columns in which something happened; what did not match is not looked at, so that its events are not made."""
    # A filter or list that contains the address decides, unless lists are left out by an assumption.
    if reception.decision.decided_by or reception.provider_lists:
        for row in filter_rows(reception.trace):
            if row.outcome in HAPPENED:
                yield f"{row.kind}:{row.filter}"
    for event in reception.fired:
        if event.kind is Kind.RULE and event.op in HAPPENED:
            yield f"{Kind.RULE}:{event.subject}"
    for act in actions:
        if act.outcome in HAPPENED:
            yield f"{Kind.ACTION}:{act.rule}/{act.action}#{act.position}"


def cells_of(reception: Reception) -> dict[str, Op]:
    """The row of one message in the matrix, by column as `Report.matrix` names them; what it never met is missing."""
    cells = {f"{row.kind}:{row.filter}": row.outcome for row in filter_rows(reception.trace)}
    cells |= {f"{Kind.RULE}:{row.rule}": row.outcome for row in rule_rows(reception.trace)}
    actions = action_rows(reception.fired)
    return cells | {f"{Kind.ACTION}:{row.rule}/{row.action}#{row.position}": row.outcome for row in actions}


# Columns of the table, and what the line calls them.
_TABLE = {
    "message": "name",
    "answer": "answer",
    "from": "sender",
    "to": "recipients",
    "subject": "subject",
    "because": "because",
    "rules": "rules",
    "actions": "actions",
    "filter": "filter",
    "checks": "checks",
    "size_bytes": "size_bytes",
}


def lines_csv(lines: Iterable[Line]) -> str:
    """The lines as comma-separated values (RFC 4180), with nothing in them that a spreadsheet would run.

    Examples
    --------
    >>> import sesreceive as ses
    >>> reception = ses.Receiver(ses.Account(), seed=1).receive(b"Subject: =1+1", rcpt_to=["ana@example.com"])
    >>> lines_csv([line_of(0, reception)]).splitlines()[1].split(",")[4]
    "'=1+1"
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(_TABLE)
    for line in lines:
        table.writerow([harmless(getattr(line, name)) for name in _TABLE.values()])
    return text.getvalue()


# ------------------------------------------------------------------ choosing


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages one wants to see, and in which order.

    Attributes
    ----------
    words : str
        Words that all have to occur somewhere.
    answer : str
        ``accepted``, ``refused`` or a reply such as ``550 5.1.1``; empty for all.
    fired : str
        A column of the matrix in which something happened; empty for all.
    sort : str
        A key of `SORTS`.
    backwards : bool
        Whether the last comes first.
    """

    words: str = ""
    answer: str = ""
    fired: str = ""
    sort: str = "as received"
    backwards: bool = False


# What messages can be sorted by; those that are alike stay as received.
SORTS: Mapping[str, Callable[[Line], Any]] = {
    "as received": lambda line: line.number,
    "message": lambda line: line.name.lower(),
    "from": lambda line: line.sender.lower(),
    "to": lambda line: line.recipients.lower(),
    "subject": lambda line: line.subject.lower(),
    "answer": lambda line: line.answer,
    "checks": lambda line: line.checks,
    "rules": lambda line: line.rules.lower(),
    "size": lambda line: line.size_bytes,
}


def chosen(lines: Iterable[Line], wanted: Wanted) -> Sequence[Line]:
    """The lines that one wants to see, in that order."""
    words = wanted.words.lower().split()
    wanted_lines = [
        line
        for line in lines
        if _answered(line, wanted.answer)
        and (not wanted.fired or wanted.fired in line.fired)
        and all(word in line.text for word in words)
    ]
    if wanted.sort != "as received" or wanted.backwards:
        wanted_lines.sort(key=SORTS[wanted.sort], reverse=wanted.backwards)
    return wanted_lines


def _answered(line: Line, answer: str) -> bool:
    if answer in ("accepted", "refused"):
        return line.accepted is (answer == "accepted")
    return not answer or line.answer == answer
