"""The fills of bars: a colour and a hatch for each thing that is told apart; what colour says, the hatch says too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sesreceive.palette import hue
from sesreceive.verdict import Verdict

__all__ = ["SERIES", "VERDICTS", "Fill", "fill"]


class Fill(NamedTuple):
    """Colour and hatch of a bar; ``none`` is an empty outline."""

    colour: str
    hatch: str = ""


VERDICTS: Mapping[Verdict, Fill] = {
    Verdict.PASS: Fill(hue("good")),
    Verdict.FAIL: Fill(hue("bad"), "xxx"),
    Verdict.GRAY: Fill(hue("note"), "..."),
    Verdict.PROCESSING_FAILED: Fill(hue("odd"), "///"),
    Verdict.DISABLED: Fill("none"),
}
"""DISABLED is an empty outline."""

SERIES = (
    Fill(hue("now")),
    Fill(hue("warn"), "///"),
    Fill(hue("good"), "..."),
    Fill(hue("odd"), "xxx"),
    Fill(hue("bad"), "\\\\\\"),
    Fill(hue("note"), "++"),
)
"""For what has no colour of its own, such as variants of an experiment: the first, the second, and so on."""


def fill(place: int) -> Fill:
    """The fill of the series in this place; from the seventh on a colour comes with another hatch.

    Examples
    --------
    >>> fill(0) == SERIES[0], fill(6).colour == SERIES[0].colour, fill(6).hatch != SERIES[0].hatch
    (True, True, True)
    """
    turn, place_in_turn = divmod(place, len(SERIES))
    return Fill(SERIES[place_in_turn].colour, SERIES[(place_in_turn + turn) % len(SERIES)].hatch)
