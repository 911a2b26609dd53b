"""What a value shows of itself in a notebook: its facts as a table, with its one line where styles are taken away.

A class that inherits `Shown` is shown by its members; one that has more to tell says so in `_facts` or `_rich`. A
member that is a value itself is one line, and a long list is folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field
from typing import Any

__all__ = ["Shown"]


class Shown:
    """Base of what shows itself; without state of its own."""

    __slots__ = ()

    def _facts(self) -> Iterator[tuple[str, Any]]:
        """The names and values of the table, in order: of a dataclass, its members."""
        members: dict[str, Field[Any]] = getattr(self, "__dataclass_fields__", {})
        names = [name for name, item in members.items() if item.repr] or list(getattr(self, "__dict__", {}))
        for name in names:
            if not name.startswith("_"):
                yield name, getattr(self, name)

    def _rich(self) -> str:
        """What is shown, as HTML, everything escaped."""
        from sesreceive._html import fact_table

        return fact_table(self)

    def _plain(self) -> str:
        """What is shown where styles are taken away: the one line."""
        return repr(self)

    def _repr_html_(self) -> str:
        """The facts as HTML, with the one line as fallback."""
        from sesreceive._html import frame

        return frame(self._plain(), self._rich())
