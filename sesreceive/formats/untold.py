"""What an account did not tell of: operations that may not be called, and what describe commands were not asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.formats.loaded import Loaded

__all__ = ["PLURALS", "untold"]

# What an account did not tell of where it does not answer these.
_TOLD_BY: Mapping[str, frozenset[str]] = {
    "active rule set": frozenset({"describe_active_receipt_rule_set"}),
    "rule set": frozenset({"list_receipt_rule_sets"}),
    "rule": frozenset({"describe_receipt_rule_set"}),
    "filter": frozenset({"list_receipt_filters"}),
    "identity": frozenset({"list_identities", "get_identity_verification_attributes"}),
}


PLURALS = {
    "active rule set": "the active rule set",
    "rule set": "rule sets",
    "rule": "rules",
    "filter": "filters",
    "identity": "identities",
}


def untold(live: Loaded) -> Iterator[str]:
    """The kinds of things that an account did not tell all of."""
    silent = {problem.path for problem in live.problems}
    account = live.account
    # What describe commands printed tells of no more than they were asked for.
    not_asked = {
        "active rule set": True,
        "rule set": True,
        "filter": not account.filters,
        "identity": all(isinstance(one.name, PlaceholderText) for one in account.identities),
    }
    for what, operations in _TOLD_BY.items():
        if operations & silent or (not live.complete and not_asked.get(what, False)):
            yield what
