"""Message ids of SES: 40 characters of base32hex in lower case, 25 bytes of which the last is 1 [observed].

Eleven public ids of 2016 to 2024 decode that way. The id is given at the end of DATA, is part of the reply, names the
S3 object and is shared by all rules.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from typing import Protocol

from sesreceive.shown import Shown

__all__ = ["MESSAGE_ID", "MessageIds", "RandomMessageIds", "SeededMessageIds", "new_message_id"]

# The final byte 1 leaves the last two characters 01, 81, g1 or o1.
MESSAGE_ID = re.compile(r"[0-9a-v]{38}[08go]1")

# Base32hex two characters at a time, which takes a third of the time of `base64.b32hexencode`.
_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)
_SHIFTS = range(190, -1, -10)
# A random byte to a digit; and the last digit but one, of which three bits are zeros of the last byte.
_FREE = "".join(_DIGITS[byte & 31] for byte in range(256)).encode("ascii")
_LAST_BUT_ONE = "08go"


class MessageIds(Protocol):
    """Anything that gives a message id each time it is called."""

    def __call__(self) -> str:
        """The next id."""
        ...


def new_message_id(entropy: bytes) -> str:
    r"""The id made of 24 bytes.

    Raises
    ------
    ValueError
        When there are not 24 bytes.

    Examples
    --------
    >>> new_message_id(bytes(range(24)))
    '000g40o40k30e209185go38e1s8124gj2gahc5o1'
    >>> MESSAGE_ID.fullmatch(new_message_id(b"\xff" * 24)) is not None
    True
    """
    if len(entropy) != 24:
        raise ValueError(f"a message id is made of 24 bytes but got {len(entropy)}")
    number = int.from_bytes(entropy + b"\x01")
    return "".join([_PAIRS[number >> shift & 0x3FF] for shift in _SHIFTS])


class RandomMessageIds(Shown):
    """Ids from the system's randomness, as the service gives them."""

    def __call__(self) -> str:
        """The next id."""
        chosen = os.urandom(39)
        return f"{chosen[:38].translate(_FREE).decode('ascii')}{_LAST_BUT_ONE[chosen[38] & 3]}1"

    def __repr__(self) -> str:
        """Name of the source."""
        return "RandomMessageIds()"


class SeededMessageIds(Shown):
    """The same ids in the same order for the same seed, in the shape of the service's.

    May be called from several threads; a copy sent to another process goes on from where it was.

    Parameters
    ----------
    seed : int or str
        Where the ids come from.
    start : int
        Position of the first id.

    Examples
    --------
    >>> ids = SeededMessageIds(7)
    >>> ids() == SeededMessageIds(7).at(0), ids() == ids.at(1)
    (True, True)
    """

    def __init__(self, seed: int | str, start: int = 0) -> None:
        self.seed = seed
        self._next = start
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """The next id."""
        with self._lock:
            index = self._next
            self._next += 1
        return self.at(index)

    def at(self, index: int) -> str:
        """The id at a position, from 0, without moving on: workers that share out messages give the ids of one run."""
        return new_message_id(hashlib.sha256(f"message id {self.seed} {index}".encode()).digest()[:24])

    def ahead(self, count: int) -> str:
        """The id that comes after so many others, without moving on."""
        return self.at(self._next + count)

    def __reduce__(self) -> tuple[type, tuple[int | str, int]]:
        """Seed and position, for another process."""
        return type(self), (self.seed, self._next)

    def __repr__(self) -> str:
        """Seed and position."""
        return f"SeededMessageIds({self.seed!r}, start={self._next})"
