"""Which IP filters decide on no address, and which decide as another would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sesreceive.account.filters import Policy, ReceiptFilter
from sesreceive.analysis.address_ranges import AddressRange
from sesreceive.analysis.class_decisions import ClassDecisions
from sesreceive.analysis.partition import Partition
from sesreceive.errors import one_line
from sesreceive.stages.index import FilterIndex
from sesreceive.stages.prefixes import address_number

__all__ = ["FilterReach", "filter_reach"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterReach:
    """Whether a filter decides on any address.

    Attributes
    ----------
    dead : bool
        Whether it decides on none.
    redundant : bool
        Whether another filter of the same policy decides wherever it does, once it is gone.
    client : AddressRange or None
        Addresses on which it decides; of a dead one, addresses in it.
    """

    name: str
    cidr: str
    position: int
    dead: bool
    redundant: bool = False
    because: str = ""
    covered_by: tuple[str, ...] = ()
    client: AddressRange | None = None


def filter_reach(partition: Partition, judged: ClassDecisions) -> tuple[FilterReach, ...]:
    """The filters of an account, in order; cubic in them at worst, of which an account has a hundred."""
    filters = judged.account.filters
    if not filters:
        return ()
    precedence = judged.assumptions.filter_precedence
    index = judged.index.filters
    pieces = [one for one in partition.clients if one.version]
    numbers = [address_number(one.representative)[:2] for one in pieces]
    deciding = [index.deciding(*number) for number in numbers]
    found = []
    for position, item in enumerate(filters):
        decides = [at for at, other in enumerate(deciding) if other is item]
        if not decides:
            found.append(_dead(item, position, [(piece, other) for piece, other in zip(pieces, deciding, strict=True)]))
            continue
        rest = FilterIndex((*filters[:position], *filters[position + 1 :]), precedence)
        instead = [rest.deciding(*numbers[at]) for at in decides]
        same = all(other is not None and other.policy is item.policy for other in instead)
        names = tuple(dict.fromkeys(other.name for other in instead if other is not None)) if same else ()
        found.append(
            FilterReach(
                name=item.name,
                cidr=item.cidr,
                position=position,
                dead=False,
                redundant=same,
                because=f"{_listed(names)} would decide in the same way" if same else "",
                covered_by=names,
                client=pieces[decides[0]],
            )
        )
    return tuple(found)


def _dead(
    item: ReceiptFilter, position: int, pieces: Sequence[tuple[AddressRange, ReceiptFilter | None]]
) -> FilterReach:
    network = item.network
    inside: list[tuple[AddressRange, ReceiptFilter]] = []
    if network is not None:
        first = int(network.network_address)
        last = first + network.num_addresses - 1
        inside = [
            (piece, other)
            for piece, other in pieces
            if other is not None and piece.version == network.version and first <= piece.last and piece.first <= last
        ]
    names = tuple(dict.fromkeys(other.name for _, other in inside))
    allowed = all(other.policy is Policy.ALLOW for _, other in inside)
    if not inside:
        because = "SES takes no such network" if network is None else "no client has such an address"
    elif item.policy is Policy.BLOCK and allowed:
        because = f"every address in it is let in by {_listed(names)}"
    else:
        because = f"{_listed(names)} decide{'s' if len(names) == 1 else ''} on every address in it"
    client = inside[0][0] if inside else None
    return FilterReach(
        name=item.name, cidr=item.cidr, position=position, dead=True, because=because, covered_by=names, client=client
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{one_line(name, 64)}`" for name in names[:4])
    return shown + (f" and {len(names) - 4} more" if len(names) > 4 else "")
