"""IP address filters: who may not, or may in any case, send to an account."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import ClassVar

from sesreceive import limits
from sesreceive.account.member import member
from sesreceive.account.value import Value

__all__ = ["Policy", "ReceiptFilter", "parse_cidr"]

# What CreateReceiptFilter takes [observed]: IPv4 without leading zeros, or IPv6 in groups of hexadecimal digits,
# both with an optional prefix length. No brackets, zones, dotted tails (`::ffff:192.0.2.1`) or netmasks, ASCII
# digits only. Ranges and the number of `::` are left to `ipaddress`.
_SHAPE = re.compile(
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/(?:0|[1-9][0-9]?))?"
    r"|(?=[^/]*:)[0-9A-Fa-f:]{2,39}(?:/(?:0|[1-9][0-9]{0,2}))?"
)


class Policy(StrEnum):
    """What a filter does with mail from its addresses."""

    BLOCK = "Block"
    ALLOW = "Allow"


@lru_cache(maxsize=4096)
def parse_cidr(text: str) -> IPv4Network | IPv6Network | None:
    """The network SES reads in a filter's CIDR, host bits cleared; None where SES refuses the text.

    Examples
    --------
    >>> parse_cidr("10.0.0.1/24")
    IPv4Network('10.0.0.0/24')
    >>> parse_cidr("2001:db8::1")
    IPv6Network('2001:db8::1/128')
    >>> parse_cidr("::ffff:192.0.2.1") is None
    True
    """
    if not _SHAPE.fullmatch(text):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReceiptFilter(Value):
    """An address range whose mail is refused or let in.

    Attributes
    ----------
    name : str
        Its name; only error messages and the API use it.
    policy : Policy
        ``Block`` or ``Allow``; Allow wins.
    cidr : str
        An IPv4 or IPv6 address or range; host bits may be set.

    Examples
    --------
    >>> ReceiptFilter.block("203.0.113.7/24", name="test-net").network
    IPv4Network('203.0.113.0/24')
    >>> ReceiptFilter.from_api({"Name": "office", "IpFilter": {"Policy": "Allow", "Cidr": "192.0.2.0/24"}})
    ReceiptFilter.allow('192.0.2.0/24', name='office')

    References
    ----------
    Amazon SES Developer Guide, "Create IP address filters console walkthrough"; API Reference, ReceiptFilter.
    """

    api_name: ClassVar[str] = "ReceiptFilter"

    name: str = field(
        metadata=member(
            "Name",
            doc="name of the filter",
            required=True,
            min=1,
            max=limits.NAME_LENGTH.value,
            pattern=limits.NAME_CHARACTERS,
            example="office",
        )
    )
    policy: Policy = field(
        metadata=member(
            "Policy",
            within="IpFilter",
            doc="whether mail from these addresses is refused or let in",
            required=True,
            enum=Policy,
        )
    )
    cidr: str = field(
        metadata=member("Cidr", within="IpFilter", doc="IP address or range", required=True, example="192.0.2.0/24")
    )

    @classmethod
    def block(cls, cidr: str, *, name: str) -> ReceiptFilter:
        """A filter that refuses mail from `cidr`."""
        return cls(name=name, policy=Policy.BLOCK, cidr=cidr)

    @classmethod
    def allow(cls, cidr: str, *, name: str) -> ReceiptFilter:
        """A filter that lets mail from `cidr` in, whatever else is blocked."""
        return cls(name=name, policy=Policy.ALLOW, cidr=cidr)

    @property
    def network(self) -> IPv4Network | IPv6Network | None:
        """The network it is about, host bits cleared; None while `cidr` is none SES would take."""
        return parse_cidr(self.cidr)
