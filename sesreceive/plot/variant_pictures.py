"""The pictures of an experiment: what ``experiment.plot`` gives; every variant has a colour and a hatch of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sesreceive.errors import one_line
from sesreceive.plot.drawing import axes, bar, bare, counting, legend, need_matplotlib, ticks, title
from sesreceive.plot.fills import fill
from sesreceive.plot.tallies import short_target, told
from sesreceive.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["VariantPictures", "draw_differences"]

# As many outcomes and reasons are shown; a last line counts the others.
_OUTCOMES, _REASONS = 20, 10
# Names in a line of the legend; points from the picture to its title, and what a line of the legend takes.
_COLUMNS, _ABOVE, _LEGEND = 4, 8, 20

# Messages, where they part, what about, before, after.
Parting = tuple[int, str, str, str, str]


class VariantPictures:
    """The pictures of an experiment; each method takes the Axes to draw into, or makes some, and returns them.

    Parameters
    ----------
    names : sequence of str
        The variants.
    messages : int
        How many messages there are.
    outcomes : sequence of (str, str, tuple of int)
        Kind, what, and how often under each variant.
    differences : sequence of (str, Parting)
        Variant, and messages that part from the first one in the same way.
    costs : sequence of (str, rows)
        Variant, and rows of its `sesreceive.report.cost.Cost`.
    priced : str
        Where the prices are from, and of when.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        messages: int,
        outcomes: Sequence[tuple[str, str, tuple[int, ...]]],
        differences: Sequence[tuple[str, Parting]],
        costs: Sequence[tuple[str, Iterable[tuple[str, str, float, str, float]]]],
        priced: str,
    ) -> None:
        need_matplotlib("experiment.plot")
        self._names, self._messages, self._outcomes = tuple(names), messages, outcomes
        self._differences, self._costs, self._priced = differences, costs, priced

    @property
    def _legend_rows(self) -> int:
        return -(-len(self._names) // _COLUMNS)

    def outcomes(self, ax: Axes | None = None) -> Axes:
        """How often each outcome occurs that is not the same under all variants, one bar a variant."""
        differing = [row for row in self._outcomes if len(set(row[2])) > 1]
        shown = (differing or list(self._outcomes))[:_OUTCOMES]
        same, left_out = len(self._outcomes) - len(differing), len(differing or self._outcomes) - len(shown)
        each = 0.68 / len(self._names)
        ax = axes(ax, 9, 1.7 + len(shown) * (0.3 + 0.2 * len(self._names)))
        most = max((max(numbers) for _, _, numbers in shown), default=1) or 1
        for place, (kind, what, numbers) in enumerate(shown):
            row = one_line(f"{kind}: {short_target(what)}", 100)
            ax.text(0, place - 0.22, row, va="bottom", ha="left", size=9, parse_math=False)
            for at, (name, number) in enumerate(zip(self._names, numbers, strict=True)):
                y = place - 0.2 + each * (at + 0.5)
                bar(ax, y, number, fill(at), height=each * 0.92, name="" if place else one_line(name, 30))
                ax.text(number + most * 0.01, y, f"{number:,}", va="center", size=8)
        ax.set_yticks([])
        ax.set_ylim(max(len(shown), 1) - 0.4, -0.6)
        ax.set_xlim(0, most * 1.1)
        counting(ax, "messages; recipients, operations or actions where the row is about these")
        ax.set_ylabel("outcome")
        bare(ax, keep=("bottom",))
        told_more = [f"{count(same, 'outcome')} the same"] if differing and same else []
        told_more += [f"{count(left_out, 'outcome')} not shown"] if left_out else []
        head = f"{count(self._messages, 'message')}: outcomes by variant"
        legend(ax, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=_COLUMNS)
        title(ax, head + (f" ({', '.join(told_more)})" if told_more else ""), pad=_ABOVE + _LEGEND * self._legend_rows)
        return ax

    def differences(self, ax: Axes | None = None) -> Axes:
        """Where messages part from the first variant, the most frequent ways first; each message counts once."""
        first, *others = self._names
        return draw_differences(
            ax,
            others or [first],
            self._differences,
            head=f"{count(self._messages, 'message')}: where they part from {one_line(first, 40)}",
        )

    def cost(self, ax: Axes | None = None) -> Axes:
        """What AWS would charge under each variant: one bar a variant, one piece an item."""
        tables: list[dict[str, float]] = []
        for _, rows in self._costs:
            items: dict[str, float] = {}
            for _, item, _, _, usd in rows:
                items[item] = items.get(item, 0.0) + usd
            tables.append(items)
        kinds = list(dict.fromkeys(item for items in tables for item in items))
        ax = axes(ax, 9, 1.7 + 0.5 * len(tables))
        most = max((sum(items.values()) for items in tables), default=0.0) or 1.0
        left = [0.0] * len(tables)
        for at, item in enumerate(kinds):
            for place, items in enumerate(tables):
                bar(ax, place, items.get(item, 0.0), fill(at), left=left[place], name=item if not place else "")
                left[place] += items.get(item, 0.0)
        for place, total in enumerate(left):
            ax.text(total + most * 0.01, place, f"{total:.4f}", va="center", size=9)
        ticks(ax, [one_line(name, 30) for name, _ in self._costs])
        ax.set_xlim(0, most * 1.15)
        ax.set_xlabel(f"US dollars ({self._priced})")
        ax.set_ylabel("variant")
        bare(ax, keep=("bottom",))
        legend(ax, loc="upper left", bbox_to_anchor=(1.01, 1))
        title(ax, f"{count(self._messages, 'message')}: what AWS would charge")
        return ax

    def __repr__(self) -> str:
        """One line: the pictures there are."""
        return f"<pictures of {count(len(self._names), 'variant')}: outcomes, differences, cost>"


def draw_differences(
    ax: Axes | None, names: Sequence[str], differences: Sequence[tuple[str, Parting]], *, head: str
) -> Axes:
    """The Axes with one line and one bar a way in which messages part; names have the fills behind the first one's."""
    known = {name: place for place, name in enumerate(names, 1)}
    rows = sorted((one for one in differences if one[0] in known), key=lambda one: (known[one[0]], -one[1][0]))
    shown = rows if len(rows) <= _REASONS else _most_of_each(rows, len(names))
    left_out = len(rows) - len(shown)
    ax = axes(ax, 9.5, 1.5 + 0.52 * max(len(shown), 1))
    most = max((messages for _, (messages, *_) in shown), default=1)
    named: set[str] = set()
    for place, (name, (messages, where, subject, before, after)) in enumerate(shown):
        y = place + 0.17
        bar(ax, y, messages, fill(known[name]), height=0.38, name="" if name in named else one_line(name, 30))
        named.add(name)
        ax.text(0, place - 0.03, told(where, subject, before, after), va="bottom", ha="left", size=9, parse_math=False)
        ax.text(messages + most * 0.01, y, f"{messages:,}", va="center", size=9)
    if not shown:
        ax.text(0.5, 0.5, "no message ends otherwise", ha="center", va="center", transform=ax.transAxes)
    ax.set_ylim(max(len(shown), 1) - 0.4, -0.6)
    ax.set_yticks([])
    ax.set_xlim(0, most * 1.1)
    counting(ax, "messages, each counted once, where it parts")
    ax.set_ylabel("change")
    bare(ax, keep=("bottom",))
    legend(ax, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=_COLUMNS)
    more = f" ({count(left_out, 'rarer way')} not shown)" if left_out else ""
    title(ax, head + more, pad=_ABOVE + _LEGEND * -(-len(named) // _COLUMNS))
    return ax


def _most_of_each(rows: Sequence[tuple[str, Parting]], names: int) -> list[tuple[str, Parting]]:
    """Of each variant the most frequent ways, as many as there is room for."""
    each = max(1, _REASONS // max(names, 1))
    taken: dict[str, int] = {}
    kept = []
    for row in rows:
        taken[row[0]] = taken.get(row[0], 0) + 1
        if taken[row[0]] <= each:
            kept.append(row)
    return kept
