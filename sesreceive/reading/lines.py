"""The messages as lines of a table: what one looks through, looks for and sorts by; no widget.

A line is made once for a message and is small, so that thousands can be searched while a word is typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sesreceive.errors import one_line
from sesreceive.reading.moments import deciding
from sesreceive.reception import Reception
from sesreceive.trace.events import Kind, Op, Stage
from sesreceive.verdict import Verdict

__all__ = ["SORTS", "Line", "Wanted", "cells_of", "chosen", "line_of"]

# Characters of a cell that are kept; nobody looks for more of a list of fifty recipients.
_CELL = 300
_CHECKS = ("spf", "dkim", "dmarc", "spam", "virus")


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
    cells = cells_of(reception)
    fired = frozenset(column for column, op in cells.items() if op in _HAPPENED)
    happened = [column for column in cells if column in fired]
    rules = [column.removeprefix(_RULE) for column in happened if column.startswith(_RULE)]
    ran = [_ACTION.sub("", column) for column in happened if column.startswith("action:")]
    event = deciding(reception)
    shown = {
        "name": one_line(reception.name or f"#{number}"),
        "sender": one_line(reception.envelope.mail_from or "<>", _CELL),
        "recipients": one_line(", ".join(reception.envelope.rcpt_to[:20]), _CELL),
        "subject": reception.subject,
        "answer": f"{reception.reply.code} {reception.reply.enhanced}".strip(),
        "checks": _checks(reception),
        "filter": one_line(reception.decision.decided_by),
        "rules": one_line(", ".join(rules), _CELL),
        "actions": one_line(", ".join(ran), _CELL),
        "because": one_line(event.reason if event else reception.reply.text, _CELL),
    }
    return Line(
        number=number, accepted=reception.accepted, size_bytes=reception.message.size_bytes, fired=fired,
        text="\n".join((*shown.values(), reception.message_id)).lower(), **shown,
    )  # fmt: skip


_RULE = f"{Kind.RULE}:"
# What stands around the kind of an action in the name of its column.
_ACTION = re.compile(r"^action:.*/|#\d+$")
# Ops of a cell of the matrix that are more than "it did not apply".
_HAPPENED = frozenset({Op.MATCH, Op.EFFECT, Op.STOP, Op.FAIL})


def cells_of(reception: Reception) -> dict[str, Op]:
    """The row of one message in the matrix, by column as `Report.matrix` names them; what it never met is missing."""
    cells: dict[str, Op] = {}
    for event in reception.trace:
        stage, kind = event.stage, event.kind
        if stage is Stage.RECIPIENTS:  # most of a trace, and nothing of the matrix
            continue
        if kind is Kind.RULE:
            cells[_RULE + event.subject] = event.op
        elif kind is Kind.FILTER or kind is Kind.PROVIDER_LIST:
            cells[f"{kind}:{event.subject}"] = event.op
        elif kind is Kind.ACTION:
            # Where an action ends the evaluation, that is a second event; the later one is its outcome.
            cells[f"action:{event.rule}/{event.subject}#{event.action + 1}"] = event.op
    return cells


def _checks(reception: Reception) -> str:
    verdicts = reception.verdicts
    if verdicts is None:
        return ""
    found = [
        f"{name} {verdict}" + (f" ({verdicts.dmarc_policy})" if name == "dmarc" and verdicts.dmarc_policy else "")
        for name in _CHECKS
        if (verdict := getattr(verdicts, name)) not in (Verdict.PASS, Verdict.DISABLED)
    ]
    return ", ".join(found) or "all PASS"


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
    found = [
        line
        for line in lines
        if _answered(line, wanted.answer)
        and (not wanted.fired or wanted.fired in line.fired)
        and all(word in line.text for word in words)
    ]
    if wanted.sort != "as received" or wanted.backwards:
        found.sort(key=SORTS[wanted.sort], reverse=wanted.backwards)
    return found


def _answered(line: Line, answer: str) -> bool:
    if answer in ("accepted", "refused"):
        return line.accepted is (answer == "accepted")
    return not answer or line.answer == answer
