"""Captures of one mail together: by message id first, and by the time of arrival only for what names no id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sesreceive.captures.capture import Capture, Kind, Unrecognised
from sesreceive.errors import one_line
from sesreceive.wording import count

__all__ = ["CapturedMail", "Captures", "paired"]

_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CapturedMail:
    """All captures of one mail.

    Attributes
    ----------
    message_id : str
        SES message id; empty where no capture names one.
    captures : tuple of Capture
        In the order of `Kind`.
    """

    message_id: str
    captures: tuple[Capture, ...]

    def __repr__(self) -> str:
        """One line: the id and the kinds."""
        return f"<{one_line(self.message_id) or 'no id'}: {', '.join(str(one.kind) for one in self.captures)}>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Captures:
    """What was read.

    Attributes
    ----------
    mails : tuple of CapturedMail
        By mail, in the order in which the mails were met.
    unrecognised : tuple of Unrecognised
        What is no capture, with the reason.
    """

    mails: tuple[CapturedMail, ...] = ()
    unrecognised: tuple[Unrecognised, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many captures there are of each kind."""
        told = [str(one.kind) for mail in self.mails for one in mail.captures]
        return {str(kind): told.count(str(kind)) for kind in Kind if str(kind) in told}

    def frame(self) -> Any:
        """One row a capture, with its mail, kind, name and gaps, as a DataFrame.

        Columns: ``mail``, ``message_id``, ``kind``, ``name``, ``at`` (UTC), ``gaps``.
        """
        import pandas as pd

        columns = ("mail", "message_id", "kind", "name", "at", "gaps")
        rows = [
            (number, mail.message_id, str(one.kind), one.name, one.at, "; ".join(one.gaps))
            for number, mail in enumerate(self.mails, start=1)
            for one in mail.captures
        ]
        return pd.DataFrame(rows, columns=pd.Index(columns))

    def __repr__(self) -> str:
        """One line: how many."""
        number = sum(len(mail.captures) for mail in self.mails)
        told = f"{count(number, 'capture')} of {count(len(self.mails), 'mail')}"
        left = f", {count(len(self.unrecognised), 'item')} not recognised" if self.unrecognised else ""
        return f"<{told}{left}>"


@dataclass(slots=True)
class _Group:
    message_id: str
    captures: list[Capture] = field(default_factory=list)

    @property
    def times(self) -> set[datetime]:
        """The whole seconds at which its captures say that the mail came: Received has no more."""
        return {one.at.replace(microsecond=0) for one in self.captures if one.at is not None}


def paired(captures: Iterable[Capture], unrecognised: Sequence[Unrecognised] = ()) -> Captures:
    """The captures by mail.

    A capture without a message id belongs to the one mail that came in the same second; where there are several such
    mails, or none, it stands alone with a gap that says so.
    """
    groups: dict[str, _Group] = {}
    nameless: list[Capture] = []
    for one in captures:
        if one.message_id:
            groups.setdefault(one.message_id, _Group(one.message_id)).captures.append(one)
        else:
            nameless.append(one)
    alone: list[_Group] = []
    for one in nameless:
        second = one.at.replace(microsecond=0) if one.at is not None else None
        near = [group for group in groups.values() if second is not None and second in group.times]
        if len(near) == 1:
            near[0].captures.append(replace(one, gaps=(*one.gaps, "it names no message id: paired by its time")))
        else:
            why = f"{count(len(near), 'mail')} came in its second" if second is not None else "and no time"
            gap = f"it names no message id; {why}, so it is paired with none"
            alone.append(_Group("", [replace(one, gaps=(*one.gaps, gap))]))
    return Captures(
        mails=tuple(
            CapturedMail(
                message_id=group.message_id,
                captures=tuple(sorted(group.captures, key=lambda one: _ORDER[one.kind])),
            )
            for group in (*groups.values(), *alone)
        ),
        unrecognised=tuple(unrecognised),
    )
