"""Hypothesis strategies for configuration: accounts that SES would take, and ones that it would not.

`accounts()` and its parts come from `sesreceive.testing.strategies` and are valid: no problems. `wild(cls)` has any
text in every field, so it is good for laws that must hold for whatever a user typed.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.account.member import Kind, Member, members
from sesreceive.account.value import Value
from sesreceive.testing.strategies import (
    ACCOUNT_ID,
    REGION,
    accounts,
    actions,
    addresses,
    cidrs,
    domains,
    filters,
    function_arns,
    identities,
    instance_arns,
    kms_key_arns,
    labels,
    local_parts,
    names,
    organization_arns,
    recipients,
    role_arns,
    rule_sets,
    rules,
    times,
    topic_arns,
)

__all__ = [
    "ACCOUNT_ID",
    "REGION",
    "accounts",
    "actions",
    "addresses",
    "cidrs",
    "domains",
    "filters",
    "function_arns",
    "identities",
    "instance_arns",
    "kms_key_arns",
    "labels",
    "local_parts",
    "names",
    "organization_arns",
    "recipients",
    "role_arns",
    "rule_sets",
    "rules",
    "topic_arns",
    "wild",
]


# Text of any kind, quotes, controls, bidirectional marks and markup among it; lone surrogates too.
texts = st.text(max_size=20) | st.text("\"'\\\n\r\t\x00\x1b\u202e\u2028\ud800<>&{}`é", max_size=10)


def wild(cls: type[Value]) -> st.SearchStrategy[Any]:
    """Values of a class, or of any action class, with any text in every field."""
    if cls is ses.ReceiptAction:
        return st.one_of([wild(one) for one in ses.ReceiptAction.registry.values()])
    return st.builds(cls, **{item.name: _wild(item) for item in members(cls)})


def _wild(item: Member) -> st.SearchStrategy[Any]:
    if item.kind is Kind.CHOICE:
        return st.sampled_from(item.enum)
    if item.kind in (Kind.VALUES, Kind.ACTIONS):
        return st.lists(wild(item.of), max_size=3)
    if item.kind is Kind.IDENTITIES:  # the API has a mapping for them
        return st.lists(wild(item.of), max_size=3, unique_by=lambda one: one.name)
    kinds = {
        Kind.TEXT: texts,
        Kind.FLAG: st.booleans(),
        Kind.TEXTS: st.lists(texts, max_size=3),
        Kind.TIMESTAMP: times,
    }
    return st.none() | kinds[item.kind] if item.optional else kinds[item.kind]
