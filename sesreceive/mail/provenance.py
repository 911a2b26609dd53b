"""How a part of an envelope is known: it was given, read out of a header, assumed, or it is not known.

A session says its envelope, a file does not keep it. So that a guess is never told as a fact, each part of an
`Envelope` carries where it comes from; tables, explanations and functions show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Origin", "Provenance", "Unsaid", "told", "weakest"]


class Origin(StrEnum):
    """How something is known, surest first."""

    GIVEN = "given"
    READ = "read"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


_ORDER = tuple(Origin)


@dataclass(frozen=True, slots=True)
class Provenance:
    """How one value is known.

    Attributes
    ----------
    origin : Origin
        Given by the caller, the session or the file beside the message; read out of the header; assumed; or unknown.
    where : str
        What it was read from, such as ``Received of in.example.com``; empty where there is nothing to add.
    value : object
        The value this is said of; it says nothing of another.
    """

    origin: Origin
    where: str = ""
    value: Any = None

    def __str__(self) -> str:
        """In words.

        Examples
        --------
        >>> print(Provenance(Origin.READ, "Delivered-To"))
        read from Delivered-To
        """
        return f"{self.origin} from {self.where}" if self.where else str(self.origin)


@dataclass(frozen=True, slots=True)
class Unsaid:
    """The default of a part that nobody named, so that it is told apart from the same value named by somebody."""

    value: Any

    def __repr__(self) -> str:
        """The default."""
        return repr(self.value)


def weakest(known: Iterable[Provenance]) -> Origin:
    """How surely the whole is known: as the part that is known least.

    Examples
    --------
    >>> weakest([Provenance(Origin.GIVEN), Provenance(Origin.ASSUMED), Provenance(Origin.READ)]).value
    'assumed'
    """
    return max((one.origin for one in known), key=_ORDER.index, default=Origin.GIVEN)


def told(known: Mapping[str, Provenance]) -> str:
    """The parts by how they are known, as one line.

    Examples
    --------
    >>> told({"tls": Provenance(Origin.ASSUMED), "rcpt_to": Provenance(Origin.READ, "To"),
    ...       "helo": Provenance(Origin.READ, "Received"), "client_ip": Provenance(Origin.READ, "Received")})
    'read from Received: client_ip, helo; read from To: rcpt_to; assumed: tls'
    >>> told({"tls": Provenance(Origin.GIVEN)})
    'given'
    """
    if weakest(known.values()) is Origin.GIVEN:
        return str(Origin.GIVEN)
    names: dict[str, list[str]] = {}
    for name, one in sorted(known.items(), key=lambda item: (_ORDER.index(item[1].origin), item[1].where, item[0])):
        names.setdefault(str(one), []).append(name)
    return "; ".join(f"{how}: {', '.join(parts)}" for how, parts in names.items())
