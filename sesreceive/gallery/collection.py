"""All entries of the gallery, by name: each is one file in ``entries/``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sesreceive._html import code, escape, table
from sesreceive.errors import InputError, one_line
from sesreceive.gallery import entries
from sesreceive.gallery.entry import Entry
from sesreceive.shown import Shown
from sesreceive.wording import count, either

__all__ = ["Gallery", "everything", "load", "names"]


@dataclass(frozen=True, slots=True, repr=False)
class Gallery(Shown):
    """Entries in the order of their names.

    Attributes
    ----------
    entries : tuple of Entry
        What there is.
    """

    entries: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        """The entries."""
        return iter(self.entries)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.entries)

    def frame(self) -> Any:
        """One row an entry, in the order of the names, as a DataFrame.

        Columns, all text but the counts: ``name``, ``title``, ``shows``, ``rules``, ``functions`` and ``messages``
        (how many of each).
        """
        import pandas as pd

        columns = ("name", "title", "shows", "rules", "functions", "messages")
        rows = [(one.name, one.title, one.shows, _rules(one), len(one.handlers), len(one.mail)) for one in self.entries]
        return pd.DataFrame(rows, columns=pd.Index(columns))

    def __repr__(self) -> str:
        """One line: how many."""
        return f"<Gallery of {count(len(self.entries), 'rule set')}>"

    def _plain(self) -> str:
        """A line an entry."""
        lines = (f"  {one_line(one.name)}: {one_line(one.title)}" for one in self.entries)
        return "\n".join((repr(self), *lines))

    def __str__(self) -> str:
        """What is shown where there is no HTML."""
        return self._plain()

    def _rich(self) -> str:
        rows = ((code(one.name), escape(one.title), str(len(one.mail))) for one in self.entries)
        return table(("name", "what it does", "messages"), rows, numbers=("messages",))


def _rules(entry: Entry) -> int:
    return sum(len(rule_set.rules) for rule_set in entry.account.rule_sets)


@cache
def names() -> tuple[str, ...]:
    """The names of the entries, in the order of the alphabet.

    Examples
    --------
    >>> names()[:3]
    ('bounce-spam', 'catch-all', 'dmarc-reports')
    """
    return tuple(sorted(module.name.replace("_", "-") for module in iter_modules(entries.__path__)))


def load(name: str) -> Entry:
    """The entry of this name.

    Raises
    ------
    InputError
        When there is none; the message says which there are.

    Examples
    --------
    >>> entry = load("plus-addressing")
    >>> [played.as_expected for played in entry.run()]
    [True, True, True, True]
    >>> load("spam")
    Traceback (most recent call last):
    sesreceive.errors.InputError: gallery: expected `bounce-spam`, ... but got `spam`
    """
    if name not in names():
        raise InputError(f"gallery: expected {either(names())} but got `{one_line(name)}`")
    module = import_module(f"{entries.__name__}.{name.replace('-', '_')}")
    title, _, shows = (module.__doc__ or "").partition("\n\n")
    return Entry(
        name=name,
        title=title.strip().rstrip("."),
        shows=" ".join(shows.split()),
        account=module.ACCOUNT,
        handlers=getattr(module, "HANDLERS", {}),
        mail=module.MAIL,
    )


def everything() -> Gallery:
    """All entries."""
    return Gallery(tuple(load(name) for name in names()))
