"""All entries of the gallery, by name: each is one file in ``entries/``."""

from __future__ import annotations

from functools import cache
from pkgutil import iter_modules
from typing import Any

from sesreceive._html import code, escape, table
from sesreceive.catalogue import Collection, described
from sesreceive.gallery import entries
from sesreceive.gallery.entry import Entry
from sesreceive.wording import count

__all__ = ["Gallery", "everything", "load", "names"]


class Gallery(Collection[Entry]):
    """Entries in the order of their names."""

    __slots__ = ()

    def frame(self) -> Any:
        """One row an entry, in the order of the names, as a DataFrame.

        Columns, all text but the counts: ``name``, ``title``, ``shows``, ``rules``, ``functions`` and ``messages``
        (how many of each).
        """
        import pandas as pd

        columns = ("name", "title", "shows", "rules", "functions", "messages")
        rows = [(one.name, one.title, one.shows, _rules(one), len(one.handlers), len(one.mail)) for one in self.items]
        return pd.DataFrame(rows, columns=pd.Index(columns))

    def __repr__(self) -> str:
        """One line: how many."""
        return f"<Gallery of {count(len(self.items), 'rule set')}>"

    def _rich(self) -> str:
        rows = ((code(one.name), escape(one.title), str(len(one.mail))) for one in self.items)
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
    sesreceive.errors.InputError: gallery: expected `bounce-spam`, ... but got `spam`; did you mean `drop-spam`?
    """
    entry = described(entries, name, names(), "gallery")
    return Entry(
        name=name,
        title=entry.title,
        shows=entry.about,
        account=entry.module.ACCOUNT,
        handlers=getattr(entry.module, "HANDLERS", {}),
        mail=entry.module.MAIL,
    )


def everything() -> Gallery:
    """All entries."""
    return Gallery(tuple(load(name) for name in names()))
