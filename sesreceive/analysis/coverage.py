"""How much of an account some mail exercised: rules, conditions, actions, functions' answers, filters and outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.analysis.cover_items import CoverKey, CoverKind
from sesreceive.errors import one_line
from sesreceive.report.frames import frame_of_rows
from sesreceive.signs import NO, YES
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["CoverItem", "Coverage", "shown_percent"]

# Lines of what is missing that a text shows.
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverItem:
    """One thing of an account, and how many messages exercised it.

    Attributes
    ----------
    key : CoverKey
        Which thing.
    messages : int
        How many messages.
    dead : str
        Why no mail can, as one sentence; empty where some can.
    """

    key: CoverKey
    messages: int = 0
    dead: str = ""

    @property
    def status(self) -> str:
        """One word: covered, missed, or dead where no mail can cover it."""
        return "covered" if self.messages else "dead" if self.dead else "missed"

    def __repr__(self) -> str:
        """One line."""
        why = f": {one_line(self.dead, 300)}" if self.status == "dead" else ""
        return f"<{one_line(self.key.text, 300)}: {one_line(self.status, 10)}, {count(self.messages, 'message')}{why}>"


class Coverage:
    """What of an account some mail exercised; what no mail can exercise does not count.

    Attributes
    ----------
    account : Account
        The account.
    items : tuple of CoverItem
        Everything that mail can exercise, in the order of the configuration, filters and outcomes last.
    messages : int
        How many messages there were.
    """

    def __init__(self, account: Account, items: Iterable[CoverItem], messages: int) -> None:
        self.account, self.items, self.messages = account, tuple(items), messages

    @property
    def countable(self) -> tuple[CoverItem, ...]:
        """The items that some mail can cover, or did."""
        return tuple(item for item in self.items if item.status != "dead")

    @property
    def missed(self) -> tuple[CoverItem, ...]:
        """The items that some mail can cover and none did."""
        return tuple(item for item in self.items if item.status == "missed")

    @property
    def percent(self) -> float:
        """Of the items that mail can cover those that were, from 0 to 100; 100 where there are none."""
        countable = self.countable
        return 100.0 * (len(countable) - len(self.missed)) / len(countable) if countable else 100.0

    @property
    def by_kind(self) -> Mapping[CoverKind, tuple[int, int]]:
        """How many items of each kind were covered, and how many there are; kinds without items are left out."""
        countable = Counter(item.key.kind for item in self.countable)
        missed = Counter(item.key.kind for item in self.missed)
        return {kind: (countable[kind] - missed[kind], countable[kind]) for kind in CoverKind if countable[kind]}

    def frame(self) -> pd.DataFrame:
        """One row an item, in the order of the configuration.

        Returns
        -------
        pandas.DataFrame
            kind : category      rule, condition, action, disposition, filter or outcome
            name : string        of the rule or filter; empty for the end of a recipient
            position : Int64     of the condition or action in its rule, from 1; empty for what has none
            part : string        the condition, the action, the disposition, the network or the outcome
            status : category    covered, missed, or dead where no mail can cover it
            messages : Int64     how many messages covered it
            dead : string        why no mail can; empty where some can
        """
        rows = [
            (
                str(item.key.kind),
                item.key.name,
                item.key.position + 1 if item.key.position >= 0 else None,
                str(item.key.part),
                item.status,
                item.messages,
                item.dead,
            )
            for item in self.items
        ]
        return frame_of_rows(
            rows,
            {
                "kind": [str(kind) for kind in CoverKind],
                "name": "string",
                "position": "Int64",
                "part": "string",
                "status": ["covered", "missed", "dead"],
                "messages": "Int64",
                "dead": "string",
            },
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """One bar a kind: how many of its items were covered; drawn into the Axes given, or into new ones.

        Raises
        ------
        MissingExtraError
            When matplotlib is not installed.
        """
        from sesreceive.plot.coverage_picture import draw

        return draw(self, ax)

    @property
    def text(self) -> str:
        """The whole on some lines: a line a kind, then what is missing and what no mail can cover."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        covered = len(self.countable) - len(self.missed)
        yield (
            f"{shown_percent(self.percent)} covered by {count(self.messages, 'message')}: "
            f"{covered} of {count(len(self.countable), 'item')}"
        )
        for kind, (done, total) in self.by_kind.items():
            yield f"  {kind.value:<12}{done:>5} of {total}"
        dead = [item for item in self.items if item.status == "dead"]
        for title, items in (("missed", self.missed), ("dead: no mail can cover it", dead)):
            if items:
                yield title
            for item in items[:_SHOWN]:
                yield f"  {item.key.text}" + (f": {one_line(item.dead, 300)}" if item.dead else "")
            if len(items) > _SHOWN:
                yield f"  and {len(items) - _SHOWN} more"

    def __str__(self) -> str:
        """The whole on some lines."""
        return self.text

    def __repr__(self) -> str:
        """One line: how much, by how many messages."""
        return (
            f"<Coverage {shown_percent(self.percent)}: {len(self.countable) - len(self.missed)} of "
            f"{count(len(self.countable), 'item')} by {count(self.messages, 'message')}>"
        )

    def _repr_html_(self) -> str:
        """A table a kind, with what is missing first."""
        parts = [f"<p>{_html.escape(repr(self)[1:-1])}</p>"]
        for kind, (done, total) in self.by_kind.items():
            items = sorted((item for item in self.items if item.key.kind is kind), key=_missed_first)
            rows = [
                (
                    _html.escape(item.key.text.removeprefix(f"{kind} "), 300),
                    _html.mark(*_MARKS[item.status]),
                    _html.escape(item.messages),
                    _html.prose(item.dead, 300),
                )
                for item in items
            ]
            heads = (str(kind), "is", "messages", "why not")
            summary = _html.ticked(done == total, f"{kind}: {done} of {total}")
            parts.append(_html.details(summary, _html.table(heads, rows, numbers=("messages",)), opened=done < total))
        return _html.frame(self.text, "".join(parts))


_MARKS = {"covered": (f"{YES} covered", "good"), "missed": (f"{NO} missed", "bad"), "dead": ("dead", "note")}


def _missed_first(item: CoverItem) -> int:
    return ("missed", "dead", "covered").index(item.status)


def shown_percent(percent: float) -> str:
    """A share in whole numbers; 100 % only where nothing is missing.

    Examples
    --------
    >>> shown_percent(99.9), shown_percent(100)
    ('99 %', '100 %')
    """
    return f"{int(percent)} %"
