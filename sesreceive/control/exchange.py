"""One call of an operation as values: what it is given, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule

__all__ = ["Answer", "Call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that satisfies its shape, and the account it is about.

    Attributes
    ----------
    account : Account
        As it is before.
    request : mapping
        The members of the request, in boto3's spelling.
    clock : callable
        The time now; only what has a time in it asks.
    verified_at_once : bool
        Whether a new identity is verified at once, or ``Pending``.
    """

    account: Account
    request: Mapping[str, Any]
    clock: Callable[[], datetime]
    verified_at_once: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation answers, and the account as it is behind it.

    Attributes
    ----------
    account : Account
        As it is after.
    members : mapping
        The members of the answer, in boto3's spelling; empty for most.
    deployed : ReceiptRule or None
        A rule whose targets have to be tried before the account changes.
    """

    account: Account
    members: Mapping[str, Any] = field(default_factory=dict)
    deployed: ReceiptRule | None = None
