"""Which of many networks is the narrowest that contains an address: one binary search, however many there are.

Nested networks are cut into ranges that do not overlap, each owned by the narrowest network it lies in. A million
IPv4 prefixes are two arrays of at most two million numbers (16 MB), where a set for each prefix length takes six times
that and as many look-ups as there are lengths.
"""

from __future__ import annotations

import ipaddress
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, MutableSequence

from sesreceive.mail.address import host_address

__all__ = ["Prefix", "PrefixTable", "address_number", "prefix_of"]

Prefix = tuple[int, int, int]
"""A network: IP version, first address as a number, prefix length."""

_BITS = {4: 32, 6: 128}
# Decimal octets as they are printed; `010`, which some read as octal, is none. Splitting an IPv4 address and looking
# four texts up takes a third of the time of `ipaddress` (0.4 of 1.2 microseconds).
_OCTETS = tuple({str(number): number << shift for number in range(256)} for shift in (24, 16, 8, 0))
_FIRST, _SECOND, _THIRD, _LAST = _OCTETS
_LENGTHS = {str(number): number for number in range(33)}
_NOBODY = -1
# Fewer ranges are lists: a search in them makes no numbers, which saves 0.15 of 0.75 microseconds a look-up.
_FEW = 20_000


def address_number(text: str) -> tuple[int, int, str]:
    """IP version and number of an address, and how it is printed; one mapped into IPv6 is the IPv4 address in it.

    Raises
    ------
    ValueError
        When the text is no IP address.

    Examples
    --------
    >>> address_number("192.0.2.1"), address_number("::ffff:192.0.2.1")
    ((4, 3221225985, '192.0.2.1'), (4, 3221225985, '192.0.2.1'))
    """
    try:
        a, b, c, d = text.split(".")
        return 4, _FIRST[a] | _SECOND[b] | _THIRD[c] | _LAST[d], text
    except (ValueError, KeyError):  # not as IPv4 addresses are usually written
        address = host_address(text)
        return address.version, int(address), str(address)


def prefix_of(text: str) -> Prefix:
    """The network in a text, host bits cleared; a text without a length is one address.

    Raises
    ------
    ValueError
        When the text is no network.

    Examples
    --------
    >>> prefix_of("192.0.2.1/24")
    (4, 3221225984, 24)
    """
    address, slash, length_text = text.partition("/")
    try:
        a, b, c, d = address.split(".")
        number = _FIRST[a] | _SECOND[b] | _THIRD[c] | _LAST[d]
        length = _LENGTHS[length_text] if slash else 32
        return 4, number >> 32 - length << 32 - length, length
    except (ValueError, KeyError):
        network = ipaddress.ip_network(text, strict=False)
        return network.version, int(network.network_address), network.prefixlen


class PrefixTable:
    """The narrowest of some networks that contains an address, by its position among them.

    Parameters
    ----------
    prefixes : iterable of Prefix or None
        The networks in order; None holds a place and contains nothing. Of equal ones the first counts.

    Examples
    --------
    >>> table = PrefixTable([prefix_of("192.0.2.0/24"), prefix_of("192.0.2.64/26"), prefix_of("2001:db8::/32")])
    >>> [table.find(*address_number(ip)[:2]) for ip in ("192.0.2.1", "192.0.2.65", "198.51.100.1", "2001:db8::1")]
    [0, 1, -1, 2]
    """

    __slots__ = ("_v4", "_v6")

    def __init__(self, prefixes: Iterable[Prefix | None]) -> None:
        # One number an entry, which sorts by first address, then the wider, then the earlier: a million tuples
        # would take three times the memory while the table is made.
        keys: dict[int, list[int]] = {4: [], 6: []}
        for position, prefix in enumerate(prefixes):
            if prefix is not None:
                version, start, length = prefix
                keys[version].append((start << 8 | length) << 32 | position)
        self._v4, self._v6 = (_Ranges(entries, _BITS[version]) for version, entries in keys.items())

    def find(self, version: int, number: int) -> int:
        """Position of the narrowest network with this address; -1 where none has it."""
        ranges = self._v4 if version == 4 else self._v6
        return ranges.owners[bisect_right(ranges.starts, number >> ranges.shift) - 1]


class _Ranges:
    """The ranges of one IP version: where each starts, in order, and the position of its owner."""

    __slots__ = ("owners", "shift", "starts")

    starts: MutableSequence[int]
    owners: MutableSequence[int]

    def __init__(self, keys: list[int], bits: int) -> None:
        keys.sort()
        # Networks are seldom longer than /64: the upper half of an IPv6 address is then enough, and fits an array.
        self.shift = 64 if bits == 128 and all((key >> 32) & 255 <= 64 for key in keys) else 0
        self.starts = array("I") if bits == 32 else array("Q") if self.shift else []
        self.owners = array("i")  # with "I", four bytes each
        limit = 1 << bits
        for start, owner in _cut(keys, bits):
            if start < limit:
                self.starts.append(start >> self.shift)
                self.owners.append(owner)
        if len(self.starts) < _FEW:
            self.starts, self.owners = list(self.starts), list(self.owners)


def _cut(keys: Iterable[int], bits: int) -> Iterator[tuple[int, int]]:
    """The starts of the ranges in order, each with its owner; where two are equal the later counts."""
    around: list[tuple[int, int]] = [(1 << bits, _NOBODY)]  # the networks that are open: their ends and positions
    last = -1
    yield 0, _NOBODY
    for key in keys:
        network, position = key >> 32, key & 0xFFFF_FFFF
        if network == last:
            continue
        last, start, length = network, network >> 8, network & 255
        while around[-1][0] <= start:
            end, _ = around.pop()
            yield end, around[-1][1]
        yield start, position
        around.append((start + (1 << bits - length), position))
    while len(around) > 1:
        end, _ = around.pop()
        yield end, around[-1][1]
