"""What a backend in memory holds: objects by bucket, notifications by topic, and what is only kept.

What workers of a replay have filled in may come as a promise: it is taken in, in order, when somebody reads or writes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sesreceive.backends.durable_files import Root
from sesreceive.backends.object_folder import FolderBucket
from sesreceive.backends.object_names import name_of
from sesreceive.backends.stored import Bucket, Invocation, Listing, Published, StoredObject
from sesreceive.effects import DeliverToWorkMail, SendBounce, StartContact
from sesreceive.functions.scratch import scratch_folder

__all__ = ["Buckets", "Content", "Holdings", "ObjectFolder", "Topics"]

# What is kept in order, and nothing else is done with it.
_KEPT = (Invocation, SendBounce, DeliverToWorkMail, StartContact)


class Content(NamedTuple):
    """Everything that there is, in order: what travels from a worker."""

    buckets: Mapping[str, tuple[StoredObject, ...]]
    topics: Mapping[str, tuple[Published, ...]]
    records: Mapping[type, tuple[Any, ...]]


class Holdings:
    """Buckets, topics and records, and what is still to come.

    Attributes
    ----------
    folder : ObjectFolder or None
        The same objects as files, where somebody has asked for that.
    lock : threading.RLock
        Who changes something holds it.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.folder: ObjectFolder | None = None
        self._buckets: dict[str, _MemoryBucket] = {}
        self._topics: dict[str, list[Published]] = {}
        self._records: dict[type, list[Any]] = {kind: [] for kind in _KEPT}
        self._promised: deque[Callable[[], Content | None]] = deque()

    @property
    def buckets(self) -> dict[str, _MemoryBucket]:
        """The buckets by name."""
        self._settle()
        return self._buckets

    @property
    def topics(self) -> dict[str, list[Published]]:
        """The notifications by topic ARN."""
        self._settle()
        return self._topics

    @property
    def records(self) -> dict[type, list[Any]]:
        """What is kept, by its class."""
        self._settle()
        return self._records

    @property
    def content(self) -> Content:
        """Everything that there is."""
        with self.lock:
            return Content(
                {name: tuple(bucket.objects.values()) for name, bucket in self.buckets.items()},
                {arn: tuple(told) for arn, told in self.topics.items()},
                {kind: tuple(records) for kind, records in self.records.items() if records},
            )

    def __len__(self) -> int:
        """How many objects, notifications and records there are."""
        kept = (*(bucket.objects for bucket in self.buckets.values()), *self.topics.values(), *self.records.values())
        return sum(map(len, kept))

    def promise(self, content: Callable[[], Content | None]) -> None:
        """What the callable gives comes behind what is here; it is called when somebody reads or writes."""
        with self.lock:
            self._promised.append(content)

    def _settle(self) -> None:
        """Take in what was promised."""
        if not self._promised:
            return
        with self.lock:
            while self._promised:
                # It stays among the promised until it is here, so that other threads wait for it.
                content = self._promised[0]()
                if content is not None:
                    self._take(content)
                self._promised.popleft()

    def take(self, content: Content) -> None:
        """Take over this, after what is here."""
        with self.lock:
            self._settle()
            self._take(content)

    def _take(self, content: Content) -> None:
        for name, objects in content.buckets.items():
            bucket = self._bucket(name)
            for stored in objects:
                self._put(bucket, stored)
        for arn, told in content.topics.items():
            self._topics.setdefault(arn, []).extend(told)
        for kind, records in content.records.items():
            self._records[kind].extend(records)

    def clear(self) -> None:
        """There is nothing."""
        with self.lock:
            self.folder = None
            self._promised.clear()
            self._buckets.clear()
            self._topics.clear()
            for records in self._records.values():
                records.clear()

    def make_bucket(self, name: str) -> None:
        """There is a bucket of that name."""
        with self.lock:
            self._settle()
            self._bucket(name)

    def _bucket(self, name: str) -> _MemoryBucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = _MemoryBucket(name, self)
        return bucket

    def put(self, stored: StoredObject) -> None:
        """Keep an object in its bucket, which is there."""
        self._put(self.buckets[stored.bucket], stored)

    def _put(self, bucket: _MemoryBucket, stored: StoredObject) -> None:
        bucket.put(stored)
        if self.folder is not None:
            self.folder.waiting.append(stored)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the lock and the files."""
        with self.lock:
            self._settle()
            return {name: value for name, value in self.__dict__.items() if name != "lock"} | {"folder": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild with a lock of its own."""
        self.__dict__.update(state, lock=threading.RLock())


class ObjectFolder:
    """The buckets as files, for handlers in processes of their own; goes with its backend."""

    def __init__(self, stored: Iterable[StoredObject]) -> None:
        self.path = scratch_folder(self, "buckets")
        self.waiting = list(stored)
        self.root = Root(self.path, sync=False)

    def write(self) -> None:
        """Write what was stored meanwhile."""
        for stored in self.waiting:
            FolderBucket(stored.bucket, self.root, self.path / name_of(stored.bucket)).put(stored)
        self.waiting.clear()


class _MemoryBucket(Bucket):
    def __init__(self, name: str, holdings: Holdings) -> None:
        super().__init__(name)
        self.holdings = holdings
        self.objects: OrderedDict[str, StoredObject] = OrderedDict()

    def put(self, stored: StoredObject) -> None:
        # A later write comes later in the order; the object is there all the while.
        self.objects[stored.key] = stored
        self.objects.move_to_end(stored.key)

    @property
    def content(self) -> OrderedDict[str, StoredObject]:
        """The objects by key, with those that were promised."""
        self.holdings._settle()
        return self.objects

    def _names(self) -> Iterable[str]:
        return tuple(self.content)

    def _entry(self, name: str) -> StoredObject | None:
        return self.content.get(name)

    def __len__(self) -> int:
        return len(self.content)


class Buckets(Listing[Bucket]):
    """The buckets by name."""

    noun = "bucket"

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def _names(self) -> Iterable[str]:
        return tuple(self._holdings.buckets)

    def _entry(self, name: str) -> Bucket | None:
        return self._holdings.buckets.get(name)


class Topics(Listing[tuple[Published, ...]]):
    """The notifications by topic ARN, in order."""

    noun = "topic"

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def _names(self) -> Iterable[str]:
        return tuple(self._holdings.topics)

    def _entry(self, name: str) -> tuple[Published, ...] | None:
        told = self._holdings.topics.get(name)
        return None if told is None else tuple(told)
