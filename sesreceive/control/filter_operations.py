"""The operations on IP address filters; there is none that changes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sesreceive import limits
from sesreceive.account.filters import ReceiptFilter, parse_cidr
from sesreceive.control import refusals
from sesreceive.control.exchange import Answer, Call
from sesreceive.control.refusals import check_name

__all__ = ["FILTER_OPERATIONS"]


def create_receipt_filter(call: Call) -> Answer:
    """A filter more."""
    given, account = call.request["Filter"], call.account
    name, cidr = given["Name"], given["IpFilter"]["Cidr"]
    check_name("filterName", name)
    if any(known.name == name for known in account.filters):
        raise refusals.exists("Filter", name)
    refusals.too_many("filters", len(account.filters) + 1, limits.FILTERS)
    if parse_cidr(cidr) is None:
        raise refusals.invalid(f"Invalid CIDR block: {cidr}")
    return Answer(account=account.with_filter(ReceiptFilter.from_api(given)))


def list_receipt_filters(call: Call) -> Answer:
    """All filters, by name [assumed]."""
    found = sorted(call.account.filters, key=lambda one: one.name)
    return Answer(account=call.account, members={"Filters": [one.to_api() for one in found]})


def delete_receipt_filter(call: Call) -> Answer:
    """The filter gone; nothing where there was none, whatever the name [observed]."""
    return Answer(account=call.account.without_filter(call.request["FilterName"]))


FILTER_OPERATIONS: Mapping[str, Callable[[Call], Answer]] = {
    "CreateReceiptFilter": create_receipt_filter,
    "ListReceiptFilters": list_receipt_filters,
    "DeleteReceiptFilter": delete_receipt_filter,
}
