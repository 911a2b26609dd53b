"""Values that are a module each, found by name: the gallery and the lessons.

The first line of a module's docstring is its title, what follows is what it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Generic, NamedTuple, Protocol, TypeVar

from sesreceive.errors import InputError, one_line
from sesreceive.shown import Shown
from sesreceive.wording import either, expected

__all__ = ["Collection", "Described", "described"]


class Titled(Protocol):
    """What a collection lists."""

    @property
    def name(self) -> str:
        """What it is loaded by."""

    @property
    def title(self) -> str:
        """What it is, in one line."""


T = TypeVar("T", bound=Titled)


@dataclass(frozen=True, slots=True, repr=False)
class Collection(Shown, Generic[T]):
    """Values in order, listed a line each.

    Attributes
    ----------
    items : tuple
        What there is.
    """

    items: tuple[T, ...]

    def __iter__(self) -> Iterator[T]:
        """The values."""
        return iter(self.items)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.items)

    def _line(self, item: T) -> str:
        return f"{one_line(item.name)}: {one_line(item.title)}"

    def _plain(self) -> str:
        """A line a value."""
        return "\n".join((repr(self), *(f"  {self._line(item)}" for item in self.items)))

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()


class Described(NamedTuple):
    """A module with what its docstring says."""

    module: ModuleType
    title: str
    about: str


def described(package: ModuleType, name: str, names: Sequence[str], what: str) -> Described:
    """The module of this name, with its title and what it is about.

    Parameters
    ----------
    package : module
        Where the modules are.
    name : str
        The name, with a hyphen where the module has ``_``.
    names : sequence of str
        Which there are.
    what : str
        What the error calls them.

    Raises
    ------
    InputError
        When there is none; the message says which there are, and which is near.
    """
    if name not in names:
        raise InputError(f"{what}: {expected(either(names), name, names)}")
    module = import_module(f"{package.__name__}.{name.replace('-', '_')}")
    title, _, about = (module.__doc__ or "").partition("\n\n")
    return Described(module, title.strip().rstrip("."), " ".join(about.split()))
