"""Where something stands in a file, and containers that know it of what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Place", "Row", "Table", "place_in"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A file with a line and column, both from 1; 0 where they are not known.

    Examples
    --------
    >>> str(Place("main.tf", 12, 5)), str(Place("main.tf", 12)), str(Place("main.tf"))
    ('main.tf:12:5', 'main.tf:12', 'main.tf')
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """File, line and column as compilers write them."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])

    @property
    def short(self) -> str:
        """File and line."""
        return str(Place(self.file, self.line))


class Table(dict[str, Any]):
    """A mapping that knows where it and each of its keys stand."""

    def __init__(self, items: dict[str, Any] | None = None, place: Place | None = None) -> None:
        super().__init__(items or {})
        self.place = place
        self.places: dict[str, Place] = {}

    def put(self, key: str, value: Any, place: Place | None) -> None:
        """Set a key that stands at `place`."""
        self[key] = value
        if place is not None:
            self.places[key] = place


class Row(list[Any]):
    """A list that knows where it and each of its elements stand."""

    def __init__(self, items: Sequence[Any] = (), place: Place | None = None) -> None:
        super().__init__(items)
        self.place = place
        self.places: list[Place] = []


def place_in(value: Any, path: Sequence[str | int], default: Place) -> Place:
    """Where the thing at `path` inside `value` stands; the nearest place around it where its own is not known.

    Examples
    --------
    >>> body = Table(place=Place("main.tf", 1))
    >>> body.put("Name", "x", Place("main.tf", 2))
    >>> str(place_in(body, ["Name"], Place("main.tf"))), str(place_in(body, ["Other", 0], Place("main.tf")))
    ('main.tf:2', 'main.tf:1')
    """
    place = getattr(value, "place", None) or default
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            place = getattr(value, "places", {}).get(step, place)
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            places = getattr(value, "places", [])
            place = places[step] if step < len(places) else place
            value = value[step]
        else:
            break
        place = getattr(value, "place", None) or place
    return place
