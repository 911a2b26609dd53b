"""Why messages end otherwise: where their ways part, those alike counted together, the most frequent first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sesreceive.reading.changes import Change, Where, parting
from sesreceive.reception import Reception

__all__ = ["Reason", "reasons"]


class Reason(NamedTuple):
    """Messages that part at the same place, in the same way.

    Attributes
    ----------
    messages : int
        How many; each message is counted once, where it parts.
    where, subject, before, after
        As in `sesreceive.reading.changes.Change`; `subject` is empty for recipients, of whom there may be many.
    example : str
        The first such message.
    why : str
        The reason of that one, as the trace gives it.
    """

    messages: int
    where: Where
    subject: str
    before: str
    after: str
    example: str
    why: str


def reasons(ends: Iterable[tuple[str, Reception, Reception]]) -> tuple[Reason, ...]:
    """The reasons for which messages differ.

    Parameters
    ----------
    ends : iterable of (str, Reception, Reception)
        The name of a message and both its ends; one that ends alike is passed over.
    """
    groups: dict[tuple[Where, str, str, str], list[tuple[str, Change]]] = {}
    for name, before, after in ends:
        change = parting(before, after)
        if change is None:
            continue
        subject = "" if change.where is Where.RECIPIENT else change.subject
        key = change.where, subject, change.before, change.after
        groups.setdefault(key, []).append((name, change))
    found = [Reason(len(group), *key, group[0][0], group[0][1].why) for key, group in groups.items()]
    return tuple(sorted(found, key=lambda reason: -reason.messages))
