"""The pictures of many messages: what ``report.plot`` gives.

Every picture is drawn into matplotlib Axes, which are given back to be changed further. Text takes the colour of the
style in force, so that a dark style gives a dark picture; what colour says, a hatch, a shape or a word says too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sesreceive.analysis.coverage_tally import coverage
from sesreceive.analysis.reasons import reasons
from sesreceive.errors import InputError
from sesreceive.palette import hue
from sesreceive.plot import counts, tallies
from sesreceive.plot.coverage_picture import draw as draw_coverage
from sesreceive.plot.drawing import axes, bar, bare, counting, edge, label, legend, need_matplotlib, ticks, title
from sesreceive.plot.fills import VERDICTS, Fill, fill
from sesreceive.plot.variant_pictures import draw_differences
from sesreceive.report import Report
from sesreceive.trace.events import Kind, Op
from sesreceive.trace.vocabulary import term
from sesreceive.wording import count, either, expected

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sesreceive.account.account import Account
    from sesreceive.report.cost import Prices

__all__ = ["PICTURES", "ReportPlots"]

# Colour, marker and words of what stands in a timeline.
_POINTS: Mapping[str, tuple[str, str, str]] = {
    "fired": (hue("good"), "o", term(Kind.RULE, Op.MATCH).word),
    "ended": (hue("now"), "s", term(Kind.RULE, Op.STOP).word),
    "failed": (hue("bad"), "X", term(Kind.RULE, Op.FAIL).word),
    "refused": (hue("bad"), "v", term(Kind.RECIPIENT, Op.MISS).word),
}
# What a rule came to; what did not happen is grey or empty.
_RULE_FILLS: Mapping[str, Fill] = dict(
    zip(
        tallies.RULE_OUTCOMES,
        (Fill(hue("good")), Fill(hue("now"), "..."), Fill(hue("bad"), "xxx"), Fill(hue("note"), "///"), Fill("none")),
        strict=True,
    )
)
_WAYS = ("domain", "answer", "rules that match", "rules that ran")
PICTURES = ("funnel", "verdicts", "rules", "timeline", "flow", "recipients", "cost", "differences", "coverage")
"""The names of the pictures."""
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
        need_matplotlib("report.plot")
        self._report = report

    def funnel(self, ax: Axes | None = None) -> Axes:
        """How many messages came how far, from the connection to the action, and what kept the others back."""
        steps = counts.funnel(self._report)
        ax = axes(ax, 9, 3.2)
        places = range(len(steps))
        bars = ax.barh(places, [step.messages for step in steps], color=hue("good"), height=0.7)
        most = max(steps[0].messages, 1)
        for before, step, drawn in zip((steps[0], *steps), steps, bars, strict=False):
            lost = before.messages - step.messages
            told = f" {step.messages}" + (f"  (−{lost}: {step.lost})" if lost and step.lost else "")
            ax.text(
                drawn.get_width() + most * 0.005,
                drawn.get_y() + drawn.get_height() / 2,
                told,
                va="center",
                size=9,
                parse_math=False,
            )
        ax.set_yticks(places, [step.label for step in steps])
        ax.invert_yaxis()
        ax.set_xlim(0, most * 1.9)
        ax.set_xticks([])
        bare(ax)
        ax.set_xlabel("messages")
        ax.set_ylabel("step")
        ax.set_title(f"{self._counted()}: how far they came")
        return ax

    def verdicts(self, ax: Axes | None = None) -> Axes:
        """How many accepted messages have each verdict, one bar for each of the five checks."""
        table = counts.verdicts(self._report)
        ax = axes(ax, 8, 3)
        left = dict.fromkeys(table, 0)
        total = max((sum(row.values()) for row in table.values()), default=0)
        for verdict, filled in VERDICTS.items():
            if not any(row[verdict] for row in table.values()):
                continue
            for place, (check, row) in enumerate(table.items()):
                number = row[verdict]
                bar(ax, place, number, filled, left=left[check], name="" if place else verdict)
                if number > total * 0.04:
                    label(ax, left[check] + number / 2, place, f"{number:,}", filled.colour)
                left[check] += number
        ticks(ax, [check.upper() for check in table])
        counting(ax, "accepted messages")
        ax.set_ylabel("check")
        bare(ax, keep=("bottom",))
        legend(ax, loc="upper left", bbox_to_anchor=(1.01, 1))
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
        ax = axes(ax, 9, 1.4 + 0.28 * len(lanes))
        times = self._report.received["received_at"].ffill().bfill()
        timed = by == "time" and bool(times.notna().all()) and len(times) > 0
        where: Any = times.dt.tz_localize(None).to_numpy() if timed else range(len(times))
        for what, (colour, marker, words) in _POINTS.items():
            chosen = [(number, lane) for number, lane, is_ in points if is_ == what]
            if chosen:
                x = [where[number] for number, _ in chosen]
                y = [lane for _, lane in chosen]
                ax.scatter(x, y, s=26, c=colour, marker=marker, label=words, linewidths=0, alpha=0.85)
        ticks(ax, lanes)
        ax.set_ylabel("rule")
        ax.grid(axis="y", linewidth=0.4, alpha=0.5)
        if timed:
            ax.set_xlabel("received (UTC)")
            _dates(ax, times.min() == times.max())
        else:
            counting(ax, "number of the message")
        bare(ax, keep=("bottom",))
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
        ax = axes(ax, 10, 5.5)
        draw(ax, ways, _COLUMNS, accepted=hue("good"), refused=hue("bad"), edge=edge())
        ax.set_title(f"{self._counted()}: which ways they took", pad=26)
        return ax

    def rules(self, ax: Axes | None = None) -> Axes:
        """What each rule came to for the accepted messages, in the order of the set; of each message one thing."""
        table = tallies.rule_outcomes(self._report)
        ax = axes(ax, 9, 1.6 + 0.32 * max(len(table), 1))
        accepted = max((sum(row.values()) for row in table.values()), default=0)
        left = [0] * len(table)
        for what, filled in _RULE_FILLS.items():
            if not any(row[what] for row in table.values()):
                continue
            for place, row in enumerate(table.values()):
                bar(ax, place, row[what], filled, left=left[place], name="" if place else what)
                if row[what] > accepted * 0.04:
                    label(ax, left[place] + row[what] / 2, place, f"{row[what]:,}", filled.colour)
                left[place] += row[what]
        ticks(ax, list(table))
        ax.set_xlim(0, max(accepted, 1) * 1.005)  # the outline of the last piece is inside
        counting(ax, "accepted messages")
        ax.set_ylabel("rule")
        bare(ax, keep=("bottom",))
        legend(ax, loc="upper left", bbox_to_anchor=(1.01, 1))
        title(ax, f"{count(accepted, 'accepted message')}: what each rule came to")
        return ax

    def recipients(self, ax: Axes | None = None) -> Axes:
        """Which ways the recipients took: from their domain over the answer to the rules that match and that ran.

        A band is as wide as there are recipients; refused ones are hatched.
        """
        from sesreceive.plot.bands import draw

        ways = tallies.recipient_ways(self._report)
        ax = axes(ax, 11, 5.5)
        draw(ax, ways, _WAYS, accepted=hue("good"), refused=hue("bad"), edge=edge())
        named = sum(way.messages for way in ways)
        title(ax, f"{count(named, 'recipient')} of {self._counted()}: which rules they come to", pad=26)
        return ax

    def cost(self, ax: Axes | None = None, *, prices: Prices | None = None) -> Axes:
        """What AWS would charge for this mail: receiving, then each rule; one piece an item.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        prices : Prices, optional
            In US dollars; the dated table of `sesreceive.report.cost` by default.
        """
        cost = self._report.cost(prices)
        table = tallies.by_rule(cost.rows)
        items = list(dict.fromkeys(item for row in table.values() for item in row))
        ax = axes(ax, 9, 1.6 + 0.36 * max(len(table), 1))
        left = [0.0] * len(table)
        for at, item in enumerate(items):
            named = False
            for place, row in enumerate(table.values()):
                if item in row:
                    bar(ax, place, row[item], fill(at), left=left[place], name="" if named else item)
                    named = True
                    left[place] += row[item]
        most = max(left, default=0.0) or 1.0
        for place, total in enumerate(left):
            ax.text(total + most * 0.01, place, f"{total:.6f}", va="center", size=9)
        ticks(ax, list(table))
        ax.set_xlim(0, most * 1.2)
        ax.set_xlabel(f"US dollars ({cost.prices.source}, {cost.prices.as_of})")
        ax.set_ylabel("rule")
        bare(ax, keep=("bottom",))
        legend(ax, loc="upper left", bbox_to_anchor=(1.01, 1))
        title(ax, f"{self._counted()}: what AWS would charge, {cost.total_usd:.6f} US dollars")
        return ax

    def differences(self, other: Report, ax: Axes | None = None) -> Axes:
        """Where the messages of another report part from those of this one, the most frequent ways first.

        Parameters
        ----------
        other : Report
            The same messages in the same order, such as ``Report(replayed(report, account))``.
        ax : Axes, optional
            Where to draw.

        Raises
        ------
        InputError
            When the reports have not as many messages, or one has kept no receptions.
        """
        if len(other) != len(self._report):
            raise InputError(
                f"expected a report of {self._counted()} to compare with but got one of {count(len(other), 'message')}"
            )
        pairs = zip(self._report.names, self._report, other, strict=True)
        rows = [("after", reason[:5]) for reason in reasons(pairs)]
        return draw_differences(ax, ["after"], rows, head=f"{self._counted()}: where the ways part")

    def coverage(self, account: Account | None = None, ax: Axes | None = None) -> Axes:
        """How much of an account this mail exercises, one bar a kind of thing.

        Parameters
        ----------
        account : Account, optional
            By default the one that the mail was received under.
        ax : Axes, optional
            Where to draw.

        Raises
        ------
        InputError
            When the report has kept no receptions, or has no message that an account could be taken from.
        """
        if account is None:
            reception = next(iter(self._report), None)
            if reception is None:
                raise InputError("expected an account to be covered: a report without messages knows none")
            account = reception.account
        return draw_coverage(coverage(account, self._report), ax)

    def _counted(self) -> str:
        return count(len(self._report), "message")

    def __repr__(self) -> str:
        """One line: the pictures there are."""
        return f"<pictures of {self._report!r}: {', '.join(PICTURES)}>"


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
