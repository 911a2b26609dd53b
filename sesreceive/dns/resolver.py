"""The one question the library asks of DNS, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

__all__ = ["DnsAnswer", "DnsQuestion", "DnsStatus", "Resolver"]


class DnsStatus(StrEnum):
    """How a look-up ended. `nodata`: the name exists but not this type; `nxdomain`: no such name."""

    FOUND = "found"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What DNS said.

    Attributes
    ----------
    status : DnsStatus
        How the look-up ended; `values` is empty unless it is ``found``.
    values : tuple of str or bytes
        The records in presentation form: A and AAAA as address text, MX as ``"10 mx.example.com"``, PTR, CNAME
        and NS as a name without final dot, TXT as the joined strings in bytes (TXT is bytes, not text).
    """

    status: DnsStatus
    values: tuple[str | bytes, ...] = ()

    @property
    def is_failure(self) -> bool:
        """Whether asking again later may give another answer."""
        return self.status in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT)


class DnsQuestion(NamedTuple):
    """One question that was asked of DNS, and how it ended.

    Attributes
    ----------
    name, rdtype : str
        What was asked.
    status : str
        A `DnsStatus`.
    values : tuple of str
        The records as text.
    asked_by : str
        The check that asked: ``spf``, ``dkim``, ``dmarc`` or ``arc``.
    """

    name: str
    rdtype: str
    status: str
    values: tuple[str, ...] = ()
    asked_by: str = ""

    def __str__(self) -> str:
        """The question and its end, such as ``TXT example.org -> found``."""
        return f"{self.rdtype} {self.name} -> {self.status}"


class Resolver(Protocol):
    """Anything that answers DNS questions; `Zone` is the one used unless another is given."""

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        """The answer for `name` (A-labels, no final dot needed) and `rdtype` (``"TXT"``, ``"A"`` …); never raises."""
        ...
