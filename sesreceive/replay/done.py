"""What an earlier run received, so that the next one goes on behind it: by name and content, whatever the order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TypeAlias

from sesreceive.errors import InputError
from sesreceive.mail.corpus import Item
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.receiver import Receiver
from sesreceive.replay.replay_folder import ReplayFolder
from sesreceive.report import Report
from sesreceive.wording import expected, is_whole

__all__ = ["Before", "Done", "Left", "content_of"]

# An earlier run: its report, the folder it wrote, or either's value.
Before: TypeAlias = "Report | ReplayFolder | str | PathLike[str]"


def content_of(raw: bytes) -> str:
    """The SHA-256 of a message as it came, as hexadecimal text.

    Examples
    --------
    >>> content_of(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(raw).hexdigest()


def _key(name: str, content: str) -> bytes:
    # Half a digest tells 2**64 messages apart, and a million of them take 90 MB. A name that is no Unicode stands in a
    # file with backslashes; see `sesreceive.report.frames.clean`.
    return hashlib.sha256(f"{content} {name}".encode("utf-8", "backslashreplace")).digest()[:16]


class Done:
    """The messages of an earlier run: how often each was received; and what could not be, with the reason.

    Examples
    --------
    >>> from sesreceive.mail.corpus import read
    >>> first, second = read([b"To: ana@example.com", b"To: ana@example.com"])
    >>> done = Done([("", content_of(first.raw))])
    >>> done.takes(first), done.takes(second)
    (True, False)
    """

    def __init__(self, received: Iterable[tuple[str, str]] = (), broken: Iterable[tuple[str, str]] = ()) -> None:
        self._received = Counter(_key(name, content) for name, content in received)
        self._broken = Counter(_key(name, reason) for name, reason in broken)

    @classmethod
    def of(cls, before: Before | None) -> Done:
        """What that run received.

        Raises
        ------
        InputError
            When a report has neither receptions nor a name for each message, or there is no such folder.
        """
        if before is None:
            return cls()
        if isinstance(before, Report):
            if not before.keep:
                raise InputError("done: expected a report that keeps receptions, or the folder of a replay")
            received = [(reception.name, content_of(reception.message.raw)) for reception in before]
            broken = [(one.name, one.reason) for one in before.passed_over_items if one.why is Why.BROKEN]
            return cls(received, broken)
        folder = before if isinstance(before, ReplayFolder) else ReplayFolder(before)
        return cls(folder.contents(), folder.broken())

    def __len__(self) -> int:
        """How many messages that are."""
        return self._received.total()

    def takes(self, item: Item) -> bool:
        """Whether the item was received before; each time it was counts once."""
        if not self._received:
            return False
        key = _key(item.name, content_of(item.raw))
        if self._received[key] < 1:
            return False
        self._received[key] -= 1
        return True

    def fresh(self, passed_over: Iterable[PassedOver]) -> Iterator[PassedOver]:
        """Of what was passed over, what the earlier run does not say already: each time it said so counts once."""
        for one in passed_over:
            key = _key(one.name, one.reason)
            if self._broken[key] > 0:
                self._broken[key] -= 1
            else:
                yield one


class Left(Iterator[Item]):
    """The items that were not received before, at most so many; each other one uses up the id and time it had.

    Attributes
    ----------
    skipped : int
        How many were received before, so far.
    """

    def __init__(self, items: Iterator[Item], done: Done, receiver: Receiver, limit: int | None) -> None:
        if limit is not None and not is_whole(limit, 0):
            raise InputError(f"limit: {expected('a number from 0', limit)}")
        self._items, self._done, self._receiver, self._limit = items, done, receiver, limit
        self.skipped = 0

    def __next__(self) -> Item:
        """The next item."""
        if self._limit is not None:
            if self._limit <= 0:
                raise StopIteration
            self._limit -= 1
        for item in self._items:
            if not self._done.takes(item):
                return item
            self.skipped += 1
            self._receiver.draw()
        raise StopIteration
