"""What the ARNs in a source say of where it belongs, where nothing else does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sesreceive.formats.draft import Draft
from sesreceive.formats.place import Place
from sesreceive.formats.unresolved import Open

__all__ = ["all_text", "take_hints"]

# Topics and functions lie in the region of the account; a bucket may lie anywhere.
_ARN = re.compile(r"arn:aws[\w-]*:(?:sns|lambda|kms|ses):([a-z]{2}(?:-[a-z]+)+-\d):(\d{12}):")
_SOURCE = "the ARNs in it name no other"


def take_hints(draft: Draft, text: str, place: Place) -> None:
    """Take region and account from the ARNs of a text, where the draft has none and they agree; say so.

    Examples
    --------
    >>> draft = Draft(origin="", format="API JSON")
    >>> take_hints(draft, "arn:aws:sns:eu-west-1:123456789012:mail", Place("dump.json"))
    >>> draft.region, draft.account_id
    ('eu-west-1', '123456789012')
    """
    found = set(_ARN.findall(text))
    regions, accounts = {region for region, _ in found}, {account for _, account in found}
    if draft.region is None and len(regions) == 1:
        draft.region = regions.pop()
        draft.assumed.append((Open("the region", place, _SOURCE), draft.region, "region"))
    if draft.account_id is None and len(accounts) == 1:
        draft.account_id = accounts.pop()
        draft.assumed.append((Open("the account id", place, _SOURCE), draft.account_id, "account id"))


def all_text(node: Any) -> str:
    """All texts in parsed data, at most a megabyte."""
    texts: list[str] = []
    waiting, size = [node], 0
    while waiting and size < 1_000_000:
        one = waiting.pop()
        if isinstance(one, str):
            texts.append(one)
            size += len(one)
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return "\n".join(texts)
