"""Drag and drop for a list, where `anywidget` is installed; the buttons and the keyboard work without it.

The list is drawn in the browser, by the few lines of `sortable.js`; they need no build. What is shown and
what was done are traits, so the list can be drawn again without Python being asked.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import traitlets

from sesreceive._html import asset

__all__ = ["is_available", "sortable"]


def is_available() -> bool:
    """Whether `anywidget` is installed."""
    return find_spec("anywidget") is not None


def sortable(label: str) -> Any:
    """A list whose items can be dragged, or moved with Alt and the arrows; needs `anywidget`.

    Its traits: ``items`` (the lines), ``chosen`` (position, -1 for none; arrows change it) and ``move``, which
    becomes ``[from, to, serial]`` when a reader moves an item. It is up to Python to change ``items`` then.
    """
    return _sortable_list()(label=label)


@cache
def _sortable_list() -> type:
    base: Any = import_module("anywidget").AnyWidget

    class SortableList(base):  # type: ignore[misc]  # whether anywidget has types depends on whether it is there
        _esm = asset(__package__, "sortable.js")
        _css = asset("sesreceive", "colours.css") + asset(__package__, "sortable.css")
        label = traitlets.Unicode().tag(sync=True)
        items = traitlets.List(traitlets.Unicode()).tag(sync=True)
        chosen = traitlets.Int(-1).tag(sync=True)
        move = traitlets.List(traitlets.Int()).tag(sync=True)

    return SortableList
