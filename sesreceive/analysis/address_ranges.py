"""All client addresses, cut at the boundaries of some networks: inside a piece every network says the same.

*n* prefixes cut the addresses of one IP version into at most 2*n* + 1 pieces. IPv4 addresses that are mapped into IPv6
are IPv4 addresses, so the piece of IPv6 that holds nothing else is no piece.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from sesreceive.account.filters import ReceiptFilter
from sesreceive.stages.prefixes import address_number

__all__ = ["UNKNOWN_CLIENT", "AddressRange", "AddressRanges"]

_BITS = {4: 32, 6: 128}
_MAPPED = 0xFFFF << 32, (0xFFFF << 32) + 0xFFFF_FFFF
# What a reader knows for an example (RFC 5737, RFC 3849), where it lies in the piece.
_PREFERRED = {4: ("198.51.100.1", "192.0.2.1", "203.0.113.1"), 6: ("2001:db8::1",)}


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Client addresses that are inside the same networks.

    Attributes
    ----------
    version : int
        4 or 6; 0 for the client whose address is not known, which no session has and a file may have.
    first, last : int
        The lowest and the highest address, as numbers.
    representative : str
        One of them; empty where the address is not known.
    """

    version: int
    first: int = 0
    last: int = 0
    representative: str = ""

    @property
    def text(self) -> str:
        """What it is, as part of a sentence.

        Examples
        --------
        >>> AddressRange(4, 0, 255, "0.0.0.0").text
        '0.0.0.0 to 0.0.0.255'
        """
        if not self.version:
            return "a client whose address is not known"
        if self.first == 0 and self.last == (1 << _BITS[self.version]) - 1:
            return f"any IPv{self.version} client"
        first, last = _address(self.version, self.first), _address(self.version, self.last)
        return first if first == last else f"{first} to {last}"

    def __contains__(self, client_ip: str) -> bool:
        """Whether an address lies in it."""
        if not client_ip:
            return not self.version
        version, number, _ = address_number(client_ip)
        return version == self.version and self.first <= number <= self.last


UNKNOWN_CLIENT = AddressRange(0)
"""The client of a mail that comes from a file: its address is not known."""


class AddressRanges:
    """The pieces that the networks of filters cut all addresses into.

    Parameters
    ----------
    filters : iterable of ReceiptFilter
        One whose network SES would not take cuts nothing.

    Examples
    --------
    >>> pieces = AddressRanges([ReceiptFilter.block("192.0.2.0/24", name="test-net")])
    >>> [piece.text for piece in pieces]
    ['0.0.0.0 to 192.0.1.255', '192.0.2.0 to 192.0.2.255', '192.0.3.0 to 255.255.255.255', 'any IPv6 client']
    >>> pieces.of("192.0.2.7").text, pieces.of("::ffff:192.0.2.7").text
    ('192.0.2.0 to 192.0.2.255', '192.0.2.0 to 192.0.2.255')
    """

    def __init__(self, filters: Iterable[ReceiptFilter]) -> None:
        starts: dict[int, set[int]] = {4: {0}, 6: {0}}
        for item in filters:
            network = item.network
            if network is not None:
                first = int(network.network_address)
                starts[network.version] |= {first, first + network.num_addresses}
        self._pieces: dict[int, list[AddressRange]] = {}
        self._starts: dict[int, list[int]] = {}
        for version, numbers in starts.items():
            end = 1 << _BITS[version]
            cuts = sorted(number for number in numbers if number < end)
            pieces = [
                piece
                for first, after in zip(cuts, [*cuts[1:], end], strict=True)
                if (piece := _piece(version, first, after - 1)) is not None
            ]
            self._pieces[version] = pieces
            self._starts[version] = [piece.first for piece in pieces]

    def __iter__(self) -> Iterator[AddressRange]:
        """The pieces, IPv4 first, in order of their addresses."""
        return iter((*self._pieces[4], *self._pieces[6]))

    def __len__(self) -> int:
        """How many there are."""
        return sum(map(len, self._pieces.values()))

    def of(self, client_ip: str) -> AddressRange:
        """The piece with an address.

        Raises
        ------
        ValueError
            When the text is no IP address.
        """
        if not client_ip:
            return UNKNOWN_CLIENT
        version, number, _ = address_number(client_ip)
        return self._pieces[version][bisect_right(self._starts[version], number) - 1]


def _piece(version: int, first: int, last: int) -> AddressRange | None:
    """The piece with a representative; None where all its addresses are IPv4 addresses in IPv6."""
    low, high = _MAPPED
    if version == 6 and low <= first and last <= high:
        return None
    for text in _PREFERRED[version]:
        if first <= address_number(text)[1] <= last:
            return AddressRange(version, first, last, text)
    number = first
    if version == 6 and low <= first <= high:
        number = high + 1
    return AddressRange(version, first, last, _address(version, number))


def _address(version: int, number: int) -> str:
    return str(IPv4Address(number) if version == 4 else IPv6Address(number))
