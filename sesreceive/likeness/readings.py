"""Every reading of every open point tried on captured mail: which ones the captures support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sesreceive.analysis.rerun import alternatives, change_between, rerun
from sesreceive.assumption import Assumption, Assumptions
from sesreceive.captures.capture import Kind
from sesreceive.captures.witnesses import exchanges
from sesreceive.errors import ValidationError
from sesreceive.likeness.agreement import Agreement, Row
from sesreceive.likeness.trial import Trial
from sesreceive.mail.reply import Reply
from sesreceive.support import Support

__all__ = ["Tried", "explained", "supports_of", "tried"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One reading on one mail: what differs under it."""

    name: str
    reading: Any
    different: frozenset[tuple[str, str]]


def tried(trial: Trial) -> tuple[Tried, ...]:
    """Every other reading of every point on one mail; readings that the captures themselves name come first."""
    assumptions = trial.reception.assumptions
    base = rerun(trial.reception)
    found = []
    for name, reading in dict.fromkeys((*_measured(trial), *alternatives(assumptions))):
        if reading == getattr(assumptions, name):
            continue
        try:
            other = replace(assumptions, **{name: reading})
        except ValidationError:
            continue  # what the capture has is no value of this setting
        try:
            reception = rerun(trial.reception, assumptions=other)
        except ValidationError:
            continue  # the account is not valid under it: a quota
        if name not in _SAID_IN_SESSIONS and not change_between(base, reception):
            continue  # not a byte is written otherwise, so nothing has to be compared again
        under = replace(trial, reception=reception).judged()
        found.append(Tried(name, reading, under.different))
    return tuple(found)


# What only the SMTP session says; everything else shows in a reception.
_SAID_IN_SESSIONS = ("smtp_banner", "throttling_reply")


def _measured(trial: Trial) -> Iterator[tuple[str, Any]]:
    """Readings of those points that may have any value, as the captures have them."""
    for capture in trial.captures:
        if capture.kind is Kind.TRANSCRIPT:
            for command, reply in exchanges(capture):
                if not command and reply.startswith("220 ") and len(parts := reply.split(" ", 2)) == 3:
                    yield "smtp_banner", parts[2]
                if command.upper().startswith("RCPT") and reply[:3] in ("530", "454", "451", "421"):
                    yield "tls_required_reply", reply
                if command == "." and reply[:1] == "4" and _is_reply(reply):
                    yield "throttling_reply", reply
        if capture.content_type is not None:
            yield "object_content_type", capture.content_type
        source = capture.mail.get("source")
        if isinstance(source, str) and "@" not in source:
            yield "null_sender_source", source
        if capture.kind is Kind.BOUNCE:
            sender = next((row.captured for row in trial.rows if row.path == "header.From"), None)
            if sender and any(row.path == "report.Status" and row.captured == "5.2.3" for row in trial.rows):
                yield "oversize_sender", sender.rpartition("@")[0] or sender


def _is_reply(text: str) -> bool:
    try:
        Reply.parse(text)
    except ValidationError:
        return False
    return True


def explained(trial: Trial, readings: Sequence[Tried]) -> tuple[Row, ...]:
    """The rows of a mail; one that differs names the reading under which it agrees and nothing new differs."""
    before = trial.different
    better = [one for one in readings if one.different < before]
    rows = []
    for row in trial.rows:
        key = row.capture, row.path
        if row.agreement is Agreement.DIFFERENT:
            by = [f"{one.name}={one.reading}" for one in better if key not in one.different]
            if by:
                row = replace(row, agreement=Agreement.READING, why=" or ".join(by))
        rows.append(row)
    return tuple(rows)


def supports_of(
    trials: Sequence[tuple[Trial, Sequence[Tried]]], assumptions: Assumptions | None = None
) -> tuple[Support, ...]:
    """What all mails together say of each open point; a mail tells of one where its readings differ."""
    rows = Assumption.rows(assumptions)
    speaks_for: dict[str, dict[Any, tuple[str, ...]]] = {row.name: {} for row in rows}
    against: dict[str, dict[Any, tuple[str, ...]]] = {row.name: {} for row in rows}
    for trial, readings in trials:
        for row in rows:
            counts = {row.value: len(trial.different)}
            counts |= {one.reading: len(one.different) for one in readings if one.name == row.name}
            fewest = min(counts.values())
            if fewest == max(counts.values()):
                continue
            for reading, number in counts.items():
                side = speaks_for if number == fewest else against
                side[row.name][reading] = (*side[row.name].get(reading, ()), f"mail {trial.number}")
    return tuple(
        Support(name=row.name, value=row.value, speaks_for=speaks_for[row.name], speaks_against=against[row.name])
        for row in rows
    )
