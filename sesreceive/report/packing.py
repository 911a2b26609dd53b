"""Values as bytes: what a worker of a replay sends back, unpacked when somebody asks for it.

What both sides know stays outside, such as the account and the messages: the bytes name it by number.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sesreceive.report.collecting import fewer_collections
from sesreceive.report.reducers import Reducer, Reducers

__all__ = ["Number", "Outside", "Packed", "Part", "pack", "pickled", "unpacking"]

# Gives the number of a value among those that stay outside; None where it is none of them.
Number = Callable[[Any], int | None]


class Outside(Protocol):
    """What stays outside, by number."""

    def __getitem__(self, number: int, /) -> Any:
        """That value."""


def pickled(value: Any, reducers: Reducers | None = None) -> bytes:
    """The value as bytes, which `pickle.loads` reads; what is made when it is read is made there."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = reducers or Reducers()
    pickler.dump(value)
    return stream.getvalue()


def pack(value: Any, outside: Sequence[Any] = (), numbers: Mapping[type, Number] | None = None) -> bytes:
    """The value as bytes, for `Packed`.

    Parameters
    ----------
    outside : sequence
        What the bytes name by its position here, wherever it stands in the value.
    numbers : mapping of type to callable, optional
        The same for the values of some types, whose numbers go on behind these.

    Examples
    --------
    >>> from sesreceive.account.account import Account
    >>> account = Account()
    >>> values = Packed(pack([account, 5], [account]), [account]).value()
    >>> values[0] is account, values[1]
    (True, 5)
    """
    reducers = Reducers()
    positions = {id(one): number for number, one in enumerate(outside)}
    for cls in {type(one) for one in outside}:
        reducers[cls] = _by_number(lambda one: positions.get(id(one)), reducers[cls])
    for cls, number_of in (numbers or {}).items():
        reducers[cls] = _by_number(number_of, reducers[cls])
    return pickled(value, reducers)


def _by_number(number_of: Number, otherwise: Reducer) -> Reducer:
    def reduced(value: Any) -> tuple[Any, ...]:
        number = number_of(value)
        return otherwise(value) if number is None else (_outside, (number,))

    return reduced


def _outside(number: int) -> Any:
    """What stands for a value outside; reading the bytes puts it in its place."""
    raise pickle.UnpicklingError(f"value {number} is not in these bytes")


# Who unpacks holds it, so that two threads get the same objects.
unpacking = threading.RLock()


class Packed:
    """A value as bytes, until it is asked for.

    Parameters
    ----------
    data : bytes
        From `pack`.
    outside : sequence
        What the bytes name by number.
    """

    __slots__ = ("_data", "_outside", "_value")

    def __init__(self, data: bytes, outside: Outside = ()) -> None:
        self._data: bytes | None = data
        self._outside = outside
        self._value: Any = None

    def value(self) -> Any:
        """It, unpacked the first time; then the bytes are let go."""
        with unpacking, fewer_collections():
            if self._data is not None:
                self._value = _Unpickler(self._data, self._outside).load()
                self._data, self._outside = None, ()
        return self._value


class Whole(Protocol):
    """Several values in one, which are there when somebody asks."""

    def value(self) -> Any:
        """They, made the first time."""


class Part:
    """One of several values that are there when somebody asks: a list, whose length is known before."""

    __slots__ = ("_length", "_number", "_whole")

    def __init__(self, whole: Whole, number: int, length: int) -> None:
        self._whole, self._number, self._length = whole, number, length

    def value(self) -> Any:
        """It, made with the others."""
        return self._whole.value()[self._number]

    def __len__(self) -> int:
        """How long the list is."""
        return self._length


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, outside: Outside) -> None:
        super().__init__(io.BytesIO(data))
        self._values = outside

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _outside.__name__):
            return self._values.__getitem__
        return super().find_class(module, name)
