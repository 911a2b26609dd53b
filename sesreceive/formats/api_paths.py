"""Paths into a rule, in the API's spelling and in ours, and values in the kinds that the API wants."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import Kind, Member, members
from sesreceive.formats.unresolved import is_open

__all__ = ["account_steps", "api_path", "api_steps", "coerced", "plain"]


def api_path(key: str, steps: Sequence[str | int]) -> str:
    """A key and steps as one path: ``store.Actions[0].S3Action.BucketName``."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"{key}{path}"


def api_steps(path: str) -> list[str | int]:
    """The steps of a path in the API's spelling: ``Actions[0].S3Action``."""
    return [int(word) if word.isdigit() else word for word in re.findall(r"[^.\[\]]+", path)]


def account_steps(cls: type[Any], body: Mapping[str, Any], path: str) -> list[str | int]:
    """A path of the account (``actions[0].bucket_name``) in the API's spelling.

    Examples
    --------
    >>> from sesreceive.account.account import Account
    >>> body = {"Filters": [{"Name": "f", "IpFilter": {"Policy": "Block", "Cidr": "x"}}]}
    >>> account_steps(Account, body, "filters[0].cidr")
    ['Filters', 0, 'IpFilter', 'Cidr']
    """
    steps: list[str | int] = []
    value: Any = body
    for word in re.findall(r"[^.\[\]]+", path):
        if word.isdigit():
            # Identities may stand in an object, by their names.
            keys: Sequence[Any] = list(value) if isinstance(value, Mapping) else range(len(value or ()))
            key = keys[int(word)] if int(word) < len(keys) else int(word)
            steps.append(key)
            value = value[key] if key in keys and isinstance(value, Mapping | list) else None
            if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in ReceiptAction.registry:
                name = next(iter(value))
                steps.append(name)
                cls, value = ReceiptAction.registry[name], value[name]
            continue
        item = next((one for one in members(cls) if one.name == word), None)
        if item is None:
            break
        if item.within:
            steps.append(item.within)
            value = value.get(item.within) if isinstance(value, Mapping) else None
        steps.append(item.api)
        value = value.get(item.api) if isinstance(value, Mapping) else None
        if item.kind in (Kind.VALUES, Kind.IDENTITIES):  # which kind of action it is, stands in the element
            cls = item.of or cls
    return steps


def coerced(item: Member, value: Any) -> Any:
    """The value as CloudFormation and Terraform hand it on: numbers as texts, the words true and false as truths."""
    if item.kind is Kind.TEXT and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if item.kind is Kind.FLAG and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def plain(value: Any) -> Any:
    """Plain containers, and what is still open in unknown members as its name, so that problems can be said."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return f"${{{value.name}}}" if is_open(value) else value
