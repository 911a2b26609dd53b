"""Receptions as bytes: what a worker of a replay sends back, unpacked when one is asked for.

Accounts stay outside: each is sent once, and where it is known already the receptions are given that one.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sesreceive.account.account import Account

__all__ = ["Packed", "pack"]


@dataclass(frozen=True, slots=True)
class Packed:
    """Values as bytes, and the accounts that they name by number."""

    data: bytes
    accounts: tuple[Account, ...]

    def unpack(self, known: list[Account]) -> list[Any]:
        """The values; an account that equals one of `known` becomes that one, another is added to them."""
        accounts = []
        for account in self.accounts:
            if account not in known:
                known.append(account)
            accounts.append(known[known.index(account)])
        values: list[Any] = _Unpickler(self.data, accounts).load()
        return values


def pack(values: Sequence[Any]) -> Packed:
    """The values as bytes.

    Examples
    --------
    >>> account = Account()
    >>> packed = pack([account, 5])
    >>> packed.unpack([account])[0] is account
    True
    """
    accounts: dict[int, Account] = {}
    numbers: dict[int, int] = {}

    def named(account: Account) -> tuple[Any, ...]:
        number = numbers.setdefault(id(account), len(numbers))
        accounts[number] = account  # kept, so that its id stays its own
        return _account, (number,)

    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, Account: named}
    pickler.dump(list(values))
    return Packed(stream.getvalue(), tuple(accounts.values()))


def _account(number: int) -> Account:
    """What stands for an account in the bytes; reading them puts the account in its place."""
    raise pickle.UnpicklingError(f"account {number} is not in these bytes")


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, accounts: Sequence[Account]) -> None:
        super().__init__(io.BytesIO(data))
        self._accounts = accounts

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _account.__name__):
            return self._known
        return super().find_class(module, name)

    @property
    def _known(self) -> Callable[[int], Account]:
        return self._accounts.__getitem__
