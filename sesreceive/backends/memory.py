"""The backend that keeps everything in memory: what tests, lessons and the first look use."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from sesreceive.backends.base import BaseBackend, NotKeptError
from sesreceive.backends.durable_files import Root
from sesreceive.backends.failure_plan import Failure
from sesreceive.backends.object_folder import FolderBucket
from sesreceive.backends.object_names import name_of
from sesreceive.backends.relay import Relay
from sesreceive.backends.stored import Bucket, Invocation, Listing, Published, StoredObject
from sesreceive.effects import DeliverToWorkMail, Outcome, SendBounce, StartContact
from sesreceive.functions.registry import Function
from sesreceive.functions.scratch import scratch_folder
from sesreceive.wording import count

__all__ = ["MemoryBackend"]


class MemoryBackend(BaseBackend):
    """Buckets, topics, functions, bounces, WorkMail and Connect in memory.

    Parameters
    ----------
    functions : mapping, optional
        Lambda functions: ARN or plain name to ``f(event, context)`` or a `Handler`. More can be assigned later:
        ``backend.functions["gate"] = f``.
    kms : object, optional
        Key service with boto3's ``generate_data_key`` and ``decrypt``; a `LocalKms` by default.
    strict : bool
        Whether a bucket, topic or function that was not made before is an error, as it is in AWS. By default
        buckets and topics come into being on first use, and a function nobody registered does nothing.
    failures : iterable of Failure, optional
        Failures on purpose; more with ``backend.failures.add(bucket="inbox", times=2)``.
    buckets, topics : iterable of str, optional
        Names of the buckets and ARNs of the topics there are from the start.
    relay : str or Relay, optional
        SMTP host that every bounce is handed to, such as ``127.0.0.1:1025``; by default none.

    Examples
    --------
    >>> from sesreceive.effects import PutObject
    >>> backend = MemoryBackend()
    >>> backend.perform(PutObject(bucket="inbox", key="invoices/0vfh", body=b"Subject: hello")).failed
    False
    >>> backend
    <MemoryBackend 1 bucket with 1 object>
    >>> backend.buckets["inbox"]["invoices/0vfh"].body
    b'Subject: hello'
    >>> MemoryBackend(strict=True).perform(PutObject(bucket="inbox", key="0vfh", body=b"")).error
    'no such bucket `inbox`'
    """

    def __init__(
        self,
        functions: Mapping[str, Function] | None = None,
        kms: Any = None,
        strict: bool = False,
        failures: Iterable[Failure] = (),
        *,
        buckets: Iterable[str] = (),
        topics: Iterable[str] = (),
        relay: str | Relay | None = None,
    ) -> None:
        super().__init__(functions=functions, kms=kms, failures=failures, strict=strict, relay=relay)
        self._buckets = _Buckets()
        self._topics = _Topics()
        self._records: dict[type, list[Any]] = {
            kind: [] for kind in (Invocation, SendBounce, DeliverToWorkMail, StartContact)
        }
        self._folder: _Folder | None = None
        for name in buckets:
            self.create_bucket(name)
        for arn in topics:
            self.create_topic(arn)

    @property
    def buckets(self) -> Listing[Bucket]:
        """The buckets by name; each a mapping of keys to stored objects, the last written last."""
        return self._buckets

    @property
    def topics(self) -> Listing[tuple[Published, ...]]:
        """The notifications by topic ARN, in order."""
        return self._topics

    @property
    def invocations(self) -> tuple[Invocation, ...]:
        """Every run of a function, in order."""
        return tuple(self._records[Invocation])

    @property
    def bounces(self) -> tuple[SendBounce, ...]:
        """The bounces sent, in order."""
        return tuple(self._records[SendBounce])

    @property
    def workmail(self) -> tuple[DeliverToWorkMail, ...]:
        """The deliveries to WorkMail, in order."""
        return tuple(self._records[DeliverToWorkMail])

    @property
    def contacts(self) -> tuple[StartContact, ...]:
        """The Connect contacts started, in order."""
        return tuple(self._records[StartContact])

    def create_bucket(self, name: str) -> None:
        """There is a bucket of that name."""
        with self._lock:
            self._buckets.content.setdefault(name, _MemoryBucket(name))

    def create_topic(self, arn: str) -> None:
        """There is a topic with that ARN."""
        with self._lock:
            self._topics.content.setdefault(arn, [])

    def clear(self) -> None:
        """Nothing is stored any more; functions, keys and failures stay."""
        with self._lock:
            self._folder = None
            self._buckets.content.clear()
            self._topics.content.clear()
            for records in self._records.values():
                records.clear()

    def fork(self) -> MemoryBackend:
        """An empty one with the same settings, functions, keys, failures, buckets and topics, for a worker to fill.

        `merge` takes back what it holds in the end.
        """
        other = copy.copy(self)
        other._buckets, other._topics, other._folder = _Buckets(), _Topics(), None
        other._records = {kind: [] for kind in self._records}
        for name in self._buckets:
            other.create_bucket(name)
        for arn in self._topics:
            other.create_topic(arn)
        return other

    def merge(self, other: MemoryBackend) -> None:
        """Take over what `other` holds, after what is here: what a replay in other processes ends with."""
        if not isinstance(other, MemoryBackend):
            raise TypeError(f"expected a MemoryBackend but got `{type(other).__name__}`")
        with self._lock:
            for name, bucket in other._buckets.content.items():
                self.create_bucket(name)
                for stored in bucket.content.values():
                    self._put_object(stored)
            for arn, told in other._topics.content.items():
                self.create_topic(arn)
                self._topics.content[arn].extend(told)
            for kind, records in other._records.items():
                self._records[kind].extend(records)

    def _store(self, stored: StoredObject) -> Outcome | None:
        with self._lock:
            if stored.bucket not in self._buckets.content:
                if self.strict:
                    return None
                self.create_bucket(stored.bucket)
            self._put_object(stored)
        return Outcome()

    def _put_object(self, stored: StoredObject) -> None:
        self._buckets.content[stored.bucket].put(stored)
        if self._folder is not None:
            self._folder.waiting.append(stored)

    def _publish(self, published: Published) -> Outcome | None:
        with self._lock:
            if published.topic_arn not in self._topics.content:
                if self.strict:
                    return None
                self.create_topic(published.topic_arn)
            self._topics.content[published.topic_arn].append(published)
        return Outcome()

    def _record(self, record: SendBounce | DeliverToWorkMail | StartContact | Invocation) -> None:
        with self._lock:
            if type(record) not in self._records:
                raise NotKeptError(record)
            self._records[type(record)].append(record)

    def _environment(self) -> dict[str, str]:
        """Handlers read the buckets in a folder, which is there once a handler was run."""
        with self._lock:
            if self._folder is None:
                self._folder = _Folder(
                    [one for bucket in self._buckets.content.values() for one in bucket.content.values()]
                )
            self._folder.write()
            return {"SESRECEIVE_BUCKETS": str(self._folder.path)}

    def __getstate__(self) -> dict[str, Any]:
        """Everything that can be sent to another process."""
        return super().__getstate__() | {"_folder": None}

    def __repr__(self) -> str:
        """One line: how much there is of everything."""
        objects = sum(len(bucket) for bucket in self._buckets.values())
        messages = sum(len(told) for told in self._topics.values())
        counts = [
            f"{count(len(self.buckets), 'bucket')} with {count(objects, 'object')}" if self.buckets else "",
            f"{count(len(self.topics), 'topic')} with {count(messages, 'message')}" if self.topics else "",
            count(len(self.invocations), "invocation") if self.invocations else "",
            count(len(self.bounces), "bounce") if self.bounces else "",
            f"{len(self.workmail)} to WorkMail" if self.workmail else "",
            f"{len(self.contacts)} to Connect" if self.contacts else "",
        ]
        return f"<MemoryBackend {', '.join(filter(None, counts)) or 'empty'}>"


class _Folder:
    """The buckets as files, for handlers in processes of their own; goes with its backend."""

    def __init__(self, stored: Iterable[StoredObject]) -> None:
        self.path = scratch_folder(self, "buckets")
        self.waiting = list(stored)
        self.root = Root(self.path, sync=False)

    def write(self) -> None:
        for stored in self.waiting:
            FolderBucket(stored.bucket, self.root, self.path / name_of(stored.bucket)).put(stored)
        self.waiting.clear()


class _MemoryBucket(Bucket):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.content: OrderedDict[str, StoredObject] = OrderedDict()

    def put(self, stored: StoredObject) -> None:
        # A later write comes later in the order; the object is there all the while.
        self.content[stored.key] = stored
        self.content.move_to_end(stored.key)

    def _names(self) -> Iterable[str]:
        return tuple(self.content)

    def _entry(self, name: str) -> StoredObject | None:
        return self.content.get(name)

    def __len__(self) -> int:
        return len(self.content)


class _Buckets(Listing[Bucket]):
    noun = "bucket"

    def __init__(self) -> None:
        self.content: dict[str, _MemoryBucket] = {}

    def _names(self) -> Iterable[str]:
        return tuple(self.content)

    def _entry(self, name: str) -> Bucket | None:
        return self.content.get(name)


class _Topics(Listing[tuple[Published, ...]]):
    noun = "topic"

    def __init__(self) -> None:
        self.content: dict[str, list[Published]] = {}

    def _names(self) -> Iterable[str]:
        return tuple(self.content)

    def _entry(self, name: str) -> tuple[Published, ...] | None:
        told = self.content.get(name)
        return None if told is None else tuple(told)
