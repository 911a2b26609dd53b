"""``None`` on its way to the page and back, in a browser alone: there it would arrive as something else.

Pyodide makes ``undefined`` of ``None``, and ``jsnull`` of ``null`` (its documentation, "Type conversions"); in JSON, as
every other kernel sends it, both are ``null``. Widgets mean something by it: a part that was hidden is shown with
``layout.display = None``, and nothing is selected where an index is ``None``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

__all__ = ["keep_nulls", "replaced"]


def replaced(value: Any, old: object, new: object) -> Any:
    """A message with `new` in every place where `old` was; keys stay as they are.

    Examples
    --------
    >>> replaced({"state": {"index": None, "value": [1, None]}}, None, "null")
    {'state': {'index': 'null', 'value': [1, 'null']}}
    """
    if value is old:
        return new
    if isinstance(value, dict):
        return {key: replaced(one, old, new) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(one, old, new) for one in value]
    return value


def keep_nulls(comm: Any, null: object) -> None:
    """Have the channels that are opened from now on send `null` for ``None``, and read ``None`` for `null`.

    Parameters
    ----------
    comm : module
        What opens channels: the package ``comm``, with the kernel's own class in it.
    null : object
        What stands for ``null`` in Python.
    """
    channel = comm.create_comm
    if getattr(channel, "keeps_nulls", False):
        return

    class Channel(channel):  # type: ignore[misc, valid-type]  # the class is the kernel's
        keeps_nulls = True

        def publish_msg(self, msg_type: str, data: Any = None, *others: Any, **named: Any) -> None:
            super().publish_msg(msg_type, replaced(data, None, null) if data is not None else None, *others, **named)

        def handle_msg(self, msg: Any) -> None:
            super().handle_msg(replaced(msg, null, None))

    comm.create_comm = Channel


if sys.platform == "emscripten":
    keep_nulls(import_module("comm"), import_module("pyodide.ffi").jsnull)
