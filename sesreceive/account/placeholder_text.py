"""Stand-ins: texts of an account that are there for a value which nobody knew when it was read from a template.

A stand-in is an ordinary text everywhere (it validates, it is matched, it is written to keys and headers), and it
remembers what it stands for, so that a trace can say it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from sesreceive.account.member import members
from sesreceive.account.value import Value

__all__ = ["PlaceholderText", "placeholder_texts"]


class PlaceholderText(str):
    """A text that stands for an unknown one.

    Attributes
    ----------
    stands_for : str
        What it stands for and where that is written, such as ``var.domain, main.tf:12``.

    Examples
    --------
    >>> domain = PlaceholderText("var-domain.example", stands_for="var.domain, main.tf:12")
    >>> domain == "var-domain.example", domain.stands_for
    (True, 'var.domain, main.tf:12')
    """

    stands_for: str

    def __new__(cls, value: str, stands_for: str = "") -> Self:
        """The text, and what it stands for."""
        made = super().__new__(cls, value)
        made.stands_for = stands_for
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """What makes it again after pickling."""
        return str(self), self.stands_for


def placeholder_texts(value: Value) -> dict[str, str]:
    """The stand-ins anywhere in a value, each with what it stands for; empty for a value that was written by hand.

    Examples
    --------
    >>> import sesreceive as ses
    >>> domain = PlaceholderText("var-domain.example", stands_for="var.domain, main.tf:12")
    >>> placeholder_texts(ses.Account(identities=[domain]))
    {'var-domain.example': 'var.domain, main.tf:12'}
    """
    return {str(text): text.stands_for for text in _texts(value) if isinstance(text, PlaceholderText)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, Value):
        for item in members(type(value)):
            yield from _texts(getattr(value, item.name))
