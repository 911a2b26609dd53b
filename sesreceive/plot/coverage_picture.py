"""The picture of a coverage: one bar a kind of thing, full where mail exercised all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesreceive.palette import hue
from sesreceive.plot.drawing import axes, bare, need_matplotlib
from sesreceive.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sesreceive.analysis.coverage import Coverage

__all__ = ["draw"]


def draw(covered: Coverage, ax: Axes | None = None) -> Axes:
    """The Axes with one bar a kind, the first at the top: the covered part, then the missed one, hatched.

    Raises
    ------
    MissingExtraError
        When matplotlib is not installed.

    Examples
    --------
    >>> import sesreceive as ses
    >>> from sesreceive.analysis.coverage_tally import coverage
    >>> draw(coverage(ses.Account(identities=("example.com",)), [])).get_title()
    '0 % covered by 0 messages'
    """
    need_matplotlib("coverage.plot")
    kinds = covered.by_kind
    ax = axes(ax, 7, 1.2 + 0.35 * len(kinds))
    for place, (done, total) in enumerate(kinds.values()):
        share = done / total
        ax.barh(place, share, color=hue("good"), height=0.7)
        # What is missing is hatched, too.
        missing = 1 - share
        outline = 0.8 if missing else 0.0  # of nothing there would be a line left
        ax.barh(
            place, missing, left=share, color="none", edgecolor=hue("bad"), hatch="///", linewidth=outline, height=0.7
        )
        ax.text(1.02, place, f"{done} of {total}", va="center", size=9)
    ax.set_yticks(range(len(kinds)), [str(kind) for kind in kinds])
    ax.invert_yaxis()
    ax.set_xlim(0, 1.2)
    ax.set_xticks([])
    ax.set_xlabel("share of what mail can exercise; hatched: what this mail does not")
    ax.set_ylabel("kind")
    bare(ax)
    ax.set_title(f"{int(covered.percent)} % covered by {count(covered.messages, 'message')}")
    return ax
