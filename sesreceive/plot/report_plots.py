"""The pictures of many messages: what ``report.plot`` gives.

Every picture is drawn into matplotlib Axes, which are given back to be changed further. Text takes the colour of the
style in force, so that a dark style gives a dark picture; what colour says, a hatch, a shape or a word says too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sesreceive.errors import InputError, MissingExtraError
from sesreceive.palette import hue
from sesreceive.plot import counts
from sesreceive.report import Report
from sesreceive.trace.events import Kind, Op
from sesreceive.trace.vocabulary import term
from sesreceive.verdict import Verdict
from sesreceive.wording import count, either, expected

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ReportPlots"]

# Colour and hatch of a verdict; DISABLED is an empty outline.
_FILLS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.PASS: (hue("good"), ""),
    Verdict.FAIL: (hue("bad"), "xxx"),
    Verdict.GRAY: (hue("note"), "..."),
    Verdict.PROCESSING_FAILED: (hue("odd"), "///"),
    Verdict.DISABLED: ("none", ""),
}
# Colour, marker and words of what stands in a timeline.
_POINTS: Mapping[str, tuple[str, str, str]] = {
    "fired": (hue("good"), "o", term(Kind.RULE, Op.MATCH).word),
    "ended": (hue("now"), "s", term(Kind.RULE, Op.STOP).word),
    "failed": (hue("bad"), "X", term(Kind.RULE, Op.FAIL).word),
    "refused": (hue("bad"), "v", term(Kind.RECIPIENT, Op.MISS).word),
}
_COLUMNS = ("address", "answer", "rules that fired", "what was done")


class ReportPlots:
    """The pictures of a report; each method takes the Axes to draw into, or makes some, and returns them.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.

    Examples
    --------
    >>> import sesreceive as ses
    >>> report = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).replay({"hi": b"To: ana@example.com"})
    >>> report.plot.funnel().get_title()
    '1 message: how far they came'
    """

    def __init__(self, report: Report) -> None:
        try:
            import matplotlib  # noqa: F401 - tell now, not in the middle of a picture
        except ImportError:
            raise MissingExtraError("matplotlib", extra="notebook", purpose="report.plot") from None
        self._report = report

    def funnel(self, ax: Axes | None = None) -> Axes:
        """How many messages came how far, from the connection to the action, and what kept the others back."""
        steps = counts.funnel(self._report)
        ax = _axes(ax, 9, 3.2)
        places = range(len(steps))
        bars = ax.barh(places, [step.messages for step in steps], color=hue("good"), height=0.7)
        most = max(steps[0].messages, 1)
        for before, step, bar in zip((steps[0], *steps), steps, bars, strict=False):
            lost = before.messages - step.messages
            told = f" {step.messages}" + (f"  (−{lost}: {step.lost})" if lost and step.lost else "")
            ax.text(bar.get_width() + most * 0.005, bar.get_y() + bar.get_height() / 2, told, va="center", size=9)
        ax.set_yticks(places, [step.label for step in steps])
        ax.invert_yaxis()
        ax.set_xlim(0, most * 1.9)
        ax.set_xticks([])
        _bare(ax)
        ax.set_title(f"{self._counted()}: how far they came")
        return ax

    def verdicts(self, ax: Axes | None = None) -> Axes:
        """How many accepted messages have each verdict, one bar for each of the five checks."""
        table = counts.verdicts(self._report)
        ax = _axes(ax, 8, 3)
        left = dict.fromkeys(table, 0)
        total = max((sum(row.values()) for row in table.values()), default=0)
        for verdict, (colour, hatch) in _FILLS.items():
            row = [table[check][verdict] for check in table]
            if not any(row):
                continue
            start = [left[check] for check in table]
            bars = ax.barh(
                [check.upper() for check in table],
                row,
                left=start,
                color=colour,
                hatch=hatch,
                edgecolor=_edge() if colour == "none" else "white",
                linewidth=0.8,
                height=0.7,
                label=verdict,
            )
            for check, number, bar in zip(table, row, bars, strict=True):
                left[check] += number
                if number > total * 0.03:
                    _label(ax, bar.get_x() + number / 2, bar.get_y() + bar.get_height() / 2, str(number), colour)
        ax.invert_yaxis()
        ax.set_xlabel("accepted messages")
        _bare(ax, keep=("bottom",))
        if total:
            ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, handleheight=1.4)
        ax.set_title(f"{total} accepted: what was found out about them")
        return ax

    def timeline(self, ax: Axes | None = None, *, by: str = "time") -> Axes:
        """When which rule fired: one lane a rule, one mark a message; refused messages have a lane of their own.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        by : {'time', 'number'}
            What the horizontal axis is: when a message was accepted, or its position in the report. A refused
            message has no time; it stands at that of the message before it.
        """
        if by not in ("time", "number"):
            raise InputError(f"by: {expected(either(('time', 'number')), by, ('time', 'number'))}")
        lanes, points = counts.firings(self._report)
        ax = _axes(ax, 9, 1.4 + 0.28 * len(lanes))
        times = self._report.messages["received_at"].ffill().bfill()
        timed = by == "time" and bool(times.notna().all()) and len(times) > 0
        where: Any = times.dt.tz_localize(None).to_numpy() if timed else range(len(times))
        for what, (colour, marker, words) in _POINTS.items():
            chosen = [(number, lane) for number, lane, is_ in points if is_ == what]
            if chosen:
                x = [where[number] for number, _ in chosen]
                y = [lane for _, lane in chosen]
                ax.scatter(x, y, s=26, c=colour, marker=marker, label=words, linewidths=0, alpha=0.85)
        ax.set_yticks(range(len(lanes)), list(lanes))
        ax.set_ylim(len(lanes) - 0.4, -0.6)
        ax.grid(axis="y", linewidth=0.4, alpha=0.5)
        ax.set_xlabel("received (UTC)" if timed else "number of the message")
        if timed:
            _dates(ax, times.min() == times.max())
        _bare(ax, keep=("bottom",))
        if points:
            ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, frameon=False)
        ax.set_title(f"{self._counted()}: when which rule fired", pad=28 if points else 6)
        return ax

    def flow(self, ax: Axes | None = None) -> Axes:
        """Which ways the messages took: from the client's address over the answer and the rules to what was done.

        A band is as wide as there are messages; refused ones are hatched.
        """
        from sesreceive.plot.bands import draw

        ways = counts.ways(self._report)
        ax = _axes(ax, 10, 5.5)
        draw(ax, ways, _COLUMNS, accepted=hue("good"), refused=hue("bad"), edge=_edge())
        ax.set_title(f"{self._counted()}: which ways they took", pad=26)
        return ax

    def _counted(self) -> str:
        number = len(self._report)
        return count(number, "message")

    def __repr__(self) -> str:
        """One line: the pictures there are."""
        return f"<pictures of {self._report!r}: funnel, verdicts, timeline, flow>"


def _axes(ax: Axes | None, wide: float, high: float) -> Axes:
    """The Axes that were given, or new ones in a figure of that many inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(wide, high), layout="constrained")[1]


def _bare(ax: Axes, keep: tuple[str, ...] = ()) -> None:
    """No frame but the sides to keep."""
    for name, spine in ax.spines.items():
        spine.set_visible(name in keep)
    ax.tick_params(left=False)


def _edge() -> str:
    """The colour of text in the style in force."""
    import matplotlib as mpl

    return str(mpl.rcParams["text.color"])


def _label(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    """A word on a bar, on a piece of it without hatch."""
    if colour == "none":
        ax.text(x, y, text, ha="center", va="center", size=9)
        return
    box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
    ax.text(x, y, text, ha="center", va="center", size=9, color="black", bbox=box)


def _dates(ax: Axes, one: bool) -> None:
    """Dates below the picture; where all are the same, with a second of room on both sides."""
    from matplotlib import dates

    if one:
        left, right = ax.get_xlim()
        middle = (left + right) / 2
        ax.set_xlim(middle - 1 / 86_400, middle + 1 / 86_400)
    untyped: Any = dates
    locator = untyped.AutoDateLocator(maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator))
