"""Values that a template leaves open, and texts with open parts; what a template evaluates to besides plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sesreceive.formats.place import Place

__all__ = ["MADE_UP", "Open", "OpenText", "first_open", "is_open", "text_of"]

# Why a resource without a name has an open one.
MADE_UP = "CloudFormation makes up a name"


@dataclass(frozen=True, slots=True)
class Open:
    """One value that nobody can know from the template.

    Attributes
    ----------
    name : str
        The expression as the template writes it: ``var.domain``, ``Ref Domain``.
    place : Place
        Where it is used.
    why : str
        Why it is open: ``a variable without a default``.
    hint : str
        What a stand-in is named after, where that is not `name`.
    many : bool
        Whether it stands for any number of elements of the list it lies in.
    secret : bool
        Whether it has a value that is not to be shown.
    """

    name: str
    # The same expression is the same value wherever it stands.
    place: Place = field(compare=False)
    why: str = ""
    hint: str = ""
    many: bool = False
    secret: bool = False

    def within(self, name: str, place: Place | None = None) -> Open:
        """The value of an expression that cannot be known because this one is not."""
        return replace(self, name=name, place=place or self.place, hint="", many=False)


@dataclass(frozen=True, slots=True)
class OpenText:
    """A text with open parts, in order: texts and `Open` values."""

    parts: tuple[str | Open, ...]

    @property
    def name(self) -> str:
        """The text as a template would write it: ``inbox@${var.domain}``."""
        return "".join(part if isinstance(part, str) else _in_text(part.name) for part in self.parts)

    @property
    def first(self) -> Open:
        """Its first open part."""
        return next(part for part in self.parts if isinstance(part, Open))


def _in_text(name: str) -> str:
    return name if name.startswith("${") else f"${{{name}}}"


def text_of(parts: Iterable[str | Open | OpenText]) -> str | Open | OpenText:
    """The parts as one text: plain where nothing is open.

    Examples
    --------
    >>> text_of(["a", "b"])
    'ab'
    >>> text_of(["inbox@", Open("var.domain", Place("main.tf", 12))]).name
    'inbox@${var.domain}'
    """
    joined: list[str | Open] = []
    for part in parts:
        for piece in part.parts if isinstance(part, OpenText) else (part,):
            if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                joined[-1] += piece
            elif piece != "":
                joined.append(piece)
    if not joined:
        return ""
    if len(joined) == 1:
        return joined[0]
    return OpenText(tuple(joined))


def is_open(value: Any) -> bool:
    """Whether the value itself is open, or a text with open parts."""
    return isinstance(value, (Open, OpenText))


def first_open(value: Any) -> Open | None:
    """The first open value anywhere inside, or None."""
    if isinstance(value, Open):
        return value
    if isinstance(value, OpenText):
        return value.first
    if isinstance(value, Mapping):
        return next((found for element in value.values() if (found := first_open(element))), None)
    if isinstance(value, (list, tuple)):
        return next((found for element in value if (found := first_open(element))), None)
    return None
