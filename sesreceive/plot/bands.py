"""Bands from column to column, as wide as there are messages: the picture behind ``report.plot.flow``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sesreceive.plot.counts import Way
from sesreceive.plot.drawing import ground

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

# Sizes of the picture: it is 1 high without the gaps; columns stand 1 apart.
_NODE, _GAP, _LINE = 0.035, 0.02, 0.05


def draw(ax: Axes, ways: Sequence[Way], columns: Sequence[str], *, accepted: str, refused: str, edge: str) -> None:
    """Draw the ways into `ax`; colours are those of accepted and of refused messages, and of outlines.

    In a column a place is as high as messages come through it, and places stand in the order of `ways`.
    """
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path

    total = sum(way.messages for way in ways) or 1
    heights = [_heights(ways, place) for place in range(len(columns))]
    tops = [_stacked(column, total) for column in heights]
    leaving: dict[tuple[int, str], float] = defaultdict(float)
    arriving: dict[tuple[int, str], float] = defaultdict(float)
    for place in range(len(columns) - 1):
        for (start, end, taken), number in _bands(ways, place):
            high = number / total
            y0 = tops[place][start] + leaving[place, start]
            y1 = tops[place + 1][end] + arriving[place + 1, end]
            leaving[place, start] += high
            arriving[place + 1, end] += high
            x0, x1 = place + _NODE, place + 1
            middle = (x0 + x1) / 2
            outline = [
                (x0, y0),
                (middle, y0),
                (middle, y1),
                (x1, y1),
                (x1, y1 + high),
                (middle, y1 + high),
                (middle, y0 + high),
                (x0, y0 + high),
                (x0, y0),
            ]
            codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
            ax.add_patch(
                PathPatch(
                    Path(outline, codes),
                    facecolor=accepted if taken else refused,
                    alpha=0.45,
                    linewidth=0.4,
                    edgecolor=edge,
                    hatch="" if taken else "///",
                )
            )
    for place, column in enumerate(heights):
        for name, number in column.items():
            y = tops[place][name]
            ax.add_patch(Rectangle((place, y), _NODE, number / total, facecolor=edge, edgecolor="none"))
            ax.text(
                place + _NODE + 0.012,
                y + number / total / 2,
                f"{name} ({number})",
                size=9,
                va="center",
                ha="left",
                clip_on=False,
                parse_math=False,
                bbox={"facecolor": ground(), "edgecolor": "none", "alpha": 0.6, "pad": 0.8},
            )
        ax.text(place, -0.03, columns[place], size=10, weight="bold", va="bottom", ha="left", parse_math=False)
    lowest = max((tops[p][n] + heights[p][n] / total for p in range(len(columns)) for n in heights[p]), default=1)
    ax.set_xlim(0, len(columns) - 0.35)
    ax.set_ylim(lowest + 0.01, 0)
    ax.axis("off")


def _heights(ways: Iterable[Way], place: int) -> dict[str, int]:
    """How many messages come through each place of a column."""
    heights: dict[str, int] = {}
    for way in ways:
        if place < len(way.places):
            heights[way.places[place]] = heights.get(way.places[place], 0) + way.messages
    return heights


def _stacked(column: dict[str, int], total: int) -> dict[str, float]:
    """Where each place of a column begins."""
    tops: dict[str, float] = {}
    y = 0.0
    for name, number in column.items():
        tops[name] = y
        y += max(number / total + _GAP, _LINE)  # room for its name
    return tops


def _bands(ways: Iterable[Way], place: int) -> list[tuple[tuple[str, str, bool], int]]:
    """The messages that go from a place of a column to one of the next."""
    bands: dict[tuple[str, str, bool], int] = {}
    for way in ways:
        if place + 1 < len(way.places):
            key = way.places[place], way.places[place + 1], way.accepted
            bands[key] = bands.get(key, 0) + way.messages
    return list(bands.items())
