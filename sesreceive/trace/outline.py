"""What the events of many messages have in common, for who reads the traces of all of them.

Most events of a report are those of another message but for a few texts: the client was the same, the sender passed
the same checks, or a recipient met the same rules as another one of its domain. A stage that makes its events of values
when they are read (`Deferred`) says with `outlined` what they follow from. The readers then make them once, and fill in
the texts. Nothing is said twice: the events of an outline are made by the stage's own function.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Trace, TraceEvent

__all__ = ["Outline", "Outlined", "Remembered", "outline_of", "outlined", "outlined_of", "shared"]

Remembered: TypeAlias = "dict[Hashable, Any]"
"""What one reader keeps from message to message, for the functions below: such as the names in the rules of a set."""


class Outline(NamedTuple):
    """What the events of one stage of one message follow from, their facts apart.

    Attributes
    ----------
    key : hashable
        Events of one function with equal keys are equal but for their facts and for `texts`. It may hold the `id` of a
        value that the events are made of: whoever keeps the key keeps the values.
    texts : tuple of str
        Texts of this message that stand in subjects, recipients or reasons as they are.
    """

    key: Hashable
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlined:
    """How the events of one function are outlined.

    Attributes
    ----------
    outline : callable
        Gives the `Outline`, or None where there is none, of what the reader remembers and of the values.
    with_texts : callable or None
        Gives the events that have other texts in the place of the `texts`, of those and of the values.
    """

    outline: Callable[..., Outline | None]
    with_texts: Callable[..., Sequence[TraceEvent]] | None = None


_OUTLINED: dict[Callable[..., Sequence[TraceEvent]], Outlined] = {}


def outlined(
    make: Callable[..., Sequence[TraceEvent]],
    outline: Callable[..., Outline | None],
    with_texts: Callable[..., Sequence[TraceEvent]] | None = None,
) -> None:
    """The events that `make` gives are outlined by these functions from now on; said where `make` is defined."""
    _OUTLINED[make] = Outlined(outline, with_texts)


def outlined_of(part: Deferred) -> Outlined | None:
    """How the events of a part are outlined; None where they are not."""
    return _OUTLINED.get(part.make)


def outline_of(part: Sequence[TraceEvent], remembered: Remembered) -> Outline | None:
    """The outline of a part of a trace; None where its events are there already, or their function has none.

    Examples
    --------
    >>> from sesreceive.account.filters import ReceiptFilter
    >>> from sesreceive.stages import filtering
    >>> filters = (ReceiptFilter.block("203.0.113.0/24", name="test-net"),)
    >>> first, second, other = (filtering.decide(filters, ip) for ip in ("192.0.2.1", "192.0.2.1", "192.0.2.2"))
    >>> outline_of(first.events, {}) == outline_of(second.events, {}) != outline_of(other.events, {})
    True
    """
    if type(part) is not Deferred:
        return None
    how = _OUTLINED.get(part.make)
    return None if how is None else how.outline(remembered, *part.values)


# Parts that are kept to be met again; each is of a message whose trace is kept anyway.
_MOST_SHARED = 10_000


def shared(trace: Trace, remembered: Remembered) -> Trace:
    """The trace, with an earlier part in the place of one whose events are the same, their facts apart.

    Of the traces of many messages this keeps the authentication results of a sender once. Facts may be those of another
    message, such as what DNS was asked, so it is for who reads none.
    """
    parts: list[Sequence[TraceEvent]] = []
    for part in trace.parts:
        how = outlined_of(part) if type(part) is Deferred else None
        if type(part) is Deferred and how is not None and how.with_texts is None:
            outline = how.outline(remembered, *part.values)
            if outline is not None and not outline.texts:
                if len(remembered) > _MOST_SHARED:
                    remembered.clear()
                part = remembered.setdefault((shared, part.make, outline.key), part)
        parts.append(part)
    return Trace.join(*parts)
