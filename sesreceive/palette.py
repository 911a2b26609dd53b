"""The colours of ``colours.css`` as Python needs them: for pictures that no style sheet reaches.

That style sheet is the one place where colours are: widgets, representations, diagrams and the documentation read it
as it is; matplotlib, and a diagram that is saved as a file, get theirs from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from sesreceive._html import asset

__all__ = ["hue", "hues", "ink", "mixed"]

_HUE = re.compile(r"--ses-hue-(\w+): (#[0-9a-f]{6});")
_TONE = re.compile(r"--ses-(\w+): color-mix\(in srgb, var\(--ses-hue-(\w+)\) (\d+)%, var\(--ses-text\)\)")
_INK = re.compile(r"--ses-ink-(\w+): (#[0-9a-f]{6});")


@cache
def hues() -> Mapping[str, str]:
    """Every hue by its name: what an area is filled with, and what the colour of a word is mixed from.

    Examples
    --------
    >>> sorted(hues())
    ['bad', 'good', 'note', 'now', 'odd', 'warn']
    """
    return dict(_HUE.findall(asset("sesreceive", "colours.css")))


def hue(name: str) -> str:
    """A hue, as ``#rrggbb``.

    Examples
    --------
    >>> hue("good")
    '#009e73'
    """
    return hues()[name]


def ink(scheme: str) -> str:
    """The colour of text where no page around it gives one, in the ``light`` or the ``dark`` scheme.

    Examples
    --------
    >>> ink("light")
    '#1f1f1f'
    """
    return str(dict(_INK.findall(asset("sesreceive", "colours.css")))[scheme])


def mixed(name: str, text: str) -> str:
    """The colour of words of that tone beside text of the colour `text`, as a browser mixes it.

    Examples
    --------
    >>> mixed("good", "#212121")
    '#0c7055'
    """
    shares = {tone: (hue(of), int(share)) for tone, of, share in _TONE.findall(asset("sesreceive", "colours.css"))}
    colour, share = shares[name]
    parts = zip(_parts(colour), _parts(text), strict=True)
    return "#" + "".join(f"{round((a * share + b * (100 - share)) / 100):02x}" for a, b in parts)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
