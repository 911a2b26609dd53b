"""Stand-ins for IP addresses and networks: reserved ones that contain each other as the originals do.

Whether an address lies in a filter's range or in an ``ip4:`` of an SPF record decides about a mail, so a stand-in lies
in the stand-ins of exactly the networks that held the original. Sizes shrink to what that needs.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TypeAlias

from sesreceive.errors import InputError

__all__ = ["Network", "network_stand_ins"]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 5737 for documentation; where those do not suffice, RFC 2544 for benchmarks and RFC 1112 for nothing yet.
# For IPv6 RFC 3849 and RFC 9637, both for documentation.
_DOCUMENTATION = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
_POOLS: Mapping[int, list[Network]] = {
    4: [*map(ipaddress.ip_network, (*_DOCUMENTATION, "198.18.0.0/15", "240.0.0.0/4"))],
    6: [*map(ipaddress.ip_network, ("2001:db8::/32", "3fff::/20"))],
}
# What a network shrinks to where nothing lies in it: still more than one address.
_LEAST = 4


def network_stand_ins(originals: Iterable[Network]) -> Mapping[Network, Network]:
    """A reserved network for each original, none of which is an original itself.

    Parameters
    ----------
    originals : iterable of ipaddress networks
        Single addresses as /32 or /128. A network of everything stands for itself: it says nothing of anybody.

    Returns
    -------
    mapping of network to network
        One lies in another exactly where the originals do.

    Raises
    ------
    InputError
        When there are more than the reserved ranges can hold.

    Examples
    --------
    >>> made = network_stand_ins(map(ipaddress.ip_network, ["10.0.0.0/8", "10.1.2.3", "9.9.9.9"]))
    >>> [str(network) for network in made.values()]
    ['192.0.2.0/30', '192.0.2.0/32', '192.0.2.4/32']
    """
    nets = set(originals)
    made: dict[Network, Network] = {net: net for net in nets if not net.prefixlen}
    for version, pools in _POOLS.items():
        # Wider ones first, so that a network comes before what lies in it.
        own = sorted((n for n in nets if n.version == version and n.prefixlen), key=_order)
        inside = _inside(own)
        sizes: dict[Network, int] = {}
        for net in reversed(own):
            least = 1 if net.num_addresses == 1 else _LEAST
            room = sum(sizes[child] for child in inside[net]) + bool(inside[net])
            sizes[net] = min(net.num_addresses, max(least, 1 << (room - 1).bit_length()))
        nested = {child for children in inside.values() for child in children}
        roots = [net for net in own if net not in nested]
        free = _FreeBlocks(pools, own)
        for net in sorted(roots, key=lambda root: -sizes[root]):
            _settle(net, free.take(sizes[net]), inside, sizes, made)
    return made


def _order(net: Network) -> tuple[int, int]:
    return net.prefixlen, int(net.network_address)


def _inside(own: list[Network]) -> dict[Network, list[Network]]:
    """For each network those that lie in it and in none between."""
    children: dict[Network, list[Network]] = {net: [] for net in own}
    lengths = sorted({net.prefixlen for net in own}, reverse=True)
    for net in own:
        for length in lengths:
            if length < net.prefixlen and (above := net.supernet(new_prefix=length)) in children:
                children[above].append(net)
                break
    return children


def _settle(
    net: Network,
    start: int,
    inside: Mapping[Network, list[Network]],
    sizes: Mapping[Network, int],
    made: dict[Network, Network],
) -> None:
    prefix = net.max_prefixlen - (sizes[net].bit_length() - 1)
    made[net] = type(net)((start, prefix))
    for child in sorted(inside[net], key=lambda one: -sizes[one]):  # the largest first, so that all are aligned
        _settle(child, start, inside, sizes, made)
        start += sizes[child]


class _FreeBlocks:
    """Hands out aligned blocks of the pools that overlap no original in them."""

    def __init__(self, pools: list[Network], avoid: list[Network]) -> None:
        taken = sorted((int(net.network_address), int(net.broadcast_address) + 1) for net in avoid)
        self._gaps: list[list[int]] = []
        for pool in pools:
            first, last = int(pool.network_address), int(pool.broadcast_address) + 1
            edges = [first, *(edge for pair in taken if first <= pair[0] and pair[1] <= last for edge in pair), last]
            reached = first
            for number, (begin, end) in enumerate(pairwise(edges)):
                reached = max(reached, begin)
                if number % 2 == 0 and end > reached:
                    self._gaps.append([reached, end])

    def take(self, size: int) -> int:
        """The first number of a free block of this size, which is a power of two."""
        for gap in self._gaps:
            start = -(-gap[0] // size) * size
            if start + size <= gap[1]:
                # Blocks come in falling sizes, so alignment leaves something over only at the start of a gap.
                gap[0] = start + size
                return start
        raise InputError("expected fewer IP addresses and networks than the ranges for documentation can stand in for")
