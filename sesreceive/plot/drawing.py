"""What every picture with matplotlib is drawn by: its Axes, bars with hatches, labels that are no formulas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sesreceive.errors import MissingExtraError
from sesreceive.plot.fills import Fill

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes", "bar", "bare", "counting", "edge", "ground", "label", "legend", "need_matplotlib", "ticks", "title"]

# Points: the outline of a bar and of its patch in the legend.
_OUTLINE = 0.8


def need_matplotlib(purpose: str) -> None:
    """Raise unless matplotlib is installed: told now, not in the middle of a picture.

    Raises
    ------
    MissingExtraError
        When it is not.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("matplotlib", extra="notebook", purpose=purpose) from None


def axes(ax: Axes | None, wide: float, high: float) -> Axes:
    """The Axes that were given, or new ones in a figure of that many inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(wide, high), layout="constrained")[1]


def bare(ax: Axes, keep: tuple[str, ...] = ()) -> None:
    """No frame but the sides to keep."""
    for name, spine in ax.spines.items():
        spine.set_visible(name in keep)
    ax.tick_params(left=False)


def edge() -> str:
    """The colour of text in the style in force."""
    import matplotlib as mpl

    return str(mpl.rcParams["text.color"])


def ground() -> str:
    """The colour behind the picture in the style in force."""
    import matplotlib as mpl

    return str(mpl.rcParams["axes.facecolor"])


def bar(ax: Axes, y: float, width: float, fill: Fill, *, left: float = 0.0, height: float = 0.7, name: str = "") -> Any:
    """One horizontal bar; `name` is for the legend."""
    (drawn,) = ax.barh(
        y,
        width,
        left=left,
        height=height,
        color=fill.colour,
        hatch=fill.hatch,
        edgecolor=edge() if fill.colour == "none" else ground(),
        linewidth=_OUTLINE if width else 0.0,  # of nothing there would be a line left
        label=name or "_",
    )
    return drawn


def counting(ax: Axes, what: str) -> None:
    """The horizontal axis counts these things: there is no half of one, so its ticks are whole numbers."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel(what)
    ax.xaxis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 2.5, 5, 10], integer=True, min_n_ticks=1))


def label(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    """A word on a bar, on a piece of it without hatch."""
    if colour == "none":
        ax.text(x, y, text, ha="center", va="center", size=9, parse_math=False)
        return
    box = {"facecolor": colour, "edgecolor": "none", "pad": 3}
    ax.text(x, y, text, ha="center", va="center", size=9, color=_ink(colour), bbox=box, parse_math=False)


def _ink(colour: str) -> str:
    """Black or white, whichever stands out more (WCAG 2.2, "contrast ratio": they are equal at a luminance of 0.18)."""
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return "black" if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.18 else "white"


def ticks(ax: Axes, names: Sequence[str]) -> None:
    """One name a lane, the first at the top; a dollar sign in a name starts no formula."""
    ax.set_yticks(range(len(names)), list(names))
    for tick in ax.get_yticklabels():
        tick.set_parse_math(False)
    ax.set_ylim(max(len(names), 1) - 0.4, -0.6)


def title(ax: Axes, text: str, *, pad: float = 6) -> None:
    """The title, in which no dollar sign starts a formula."""
    ax.set_title(text, pad=pad).set_parse_math(False)


def legend(ax: Axes, **options: Any) -> None:
    """What each colour and hatch is, where there is something to tell; no name in it is a formula."""
    if ax.get_legend_handles_labels()[1]:
        made = ax.legend(frameon=False, handleheight=1.4, **options)
        for text in made.get_texts():
            text.set_parse_math(False)
        for patch in made.get_patches():  # the bar it is made after may be one of nothing, without outline
            patch.set_linewidth(_OUTLINE)
