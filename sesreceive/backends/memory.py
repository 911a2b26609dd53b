"""The backend that keeps everything in memory: what tests, lessons and the first look use."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sesreceive.backends.base import BaseBackend, NotKeptError
from sesreceive.backends.failure_plan import Failure
from sesreceive.backends.holdings import Buckets, Content, Holdings, ObjectFolder, Topics
from sesreceive.backends.relay import Relay
from sesreceive.backends.stored import Bucket, Invocation, Listing, Published, StoredObject
from sesreceive.effects import DeliverToWorkMail, Outcome, SendBounce, StartContact
from sesreceive.functions.registry import Function
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
        self._holdings = Holdings()
        for name in buckets:
            self.create_bucket(name)
        for arn in topics:
            self.create_topic(arn)

    @property
    def buckets(self) -> Listing[Bucket]:
        """The buckets by name; each a mapping of keys to stored objects, the last written last."""
        return Buckets(self._holdings)

    @property
    def topics(self) -> Listing[tuple[Published, ...]]:
        """The notifications by topic ARN, in order."""
        return Topics(self._holdings)

    @property
    def invocations(self) -> tuple[Invocation, ...]:
        """Every run of a function, in order."""
        return tuple(self._holdings.records[Invocation])

    @property
    def bounces(self) -> tuple[SendBounce, ...]:
        """The bounces sent, in order."""
        return tuple(self._holdings.records[SendBounce])

    @property
    def workmail(self) -> tuple[DeliverToWorkMail, ...]:
        """The deliveries to WorkMail, in order."""
        return tuple(self._holdings.records[DeliverToWorkMail])

    @property
    def contacts(self) -> tuple[StartContact, ...]:
        """The Connect contacts started, in order."""
        return tuple(self._holdings.records[StartContact])

    def create_bucket(self, name: str) -> None:
        """There is a bucket of that name."""
        self._holdings.make_bucket(name)

    def create_topic(self, arn: str) -> None:
        """There is a topic with that ARN."""
        with self._holdings.lock:
            self._holdings.topics.setdefault(arn, [])

    def clear(self) -> None:
        """Nothing is stored any more; functions, keys and failures stay."""
        self._holdings.clear()

    def fork(self) -> MemoryBackend:
        """An empty one with the same settings, functions, keys, failures, buckets and topics, for a worker to fill.

        `merge` takes back what it holds in the end.
        """
        other = copy.copy(self)
        other._holdings = Holdings()
        for name in self.buckets:
            other.create_bucket(name)
        for arn in self.topics:
            other.create_topic(arn)
        return other

    def merge(self, other: MemoryBackend) -> None:
        """Take over what `other` holds, after what is here: what a replay in other threads ends with."""
        if not isinstance(other, MemoryBackend):
            raise TypeError(f"expected a MemoryBackend but got `{type(other).__name__}`")
        self._holdings.take(other.content)

    @property
    def content(self) -> Content:
        """Everything that it holds, in order: what `merge` takes over, as a value that can travel."""
        return self._holdings.content

    @property
    def held(self) -> int:
        """How many objects, notifications and records there are."""
        return len(self._holdings)

    def merge_later(self, content: Callable[[], Content | None]) -> None:
        """Take over what the callable gives, after what is here; it is called when somebody reads or writes.

        What a replay in other processes ends with: most of what workers send back is never read.
        """
        self._holdings.promise(content)

    def _store(self, stored: StoredObject) -> Outcome | None:
        with self._holdings.lock:
            if stored.bucket not in self._holdings.buckets:
                if self.strict:
                    return None
                self.create_bucket(stored.bucket)
            self._holdings.put(stored)
        return Outcome()

    def _publish(self, published: Published) -> Outcome | None:
        with self._holdings.lock:
            if published.topic_arn not in self._holdings.topics:
                if self.strict:
                    return None
                self.create_topic(published.topic_arn)
            self._holdings.topics[published.topic_arn].append(published)
        return Outcome()

    def _record(self, record: SendBounce | DeliverToWorkMail | StartContact | Invocation) -> None:
        with self._holdings.lock:
            if type(record) not in self._holdings.records:
                raise NotKeptError(record)
            self._holdings.records[type(record)].append(record)

    def _environment(self) -> dict[str, str]:
        """Handlers read the buckets in a folder, which is there once a handler was run."""
        holdings = self._holdings
        with holdings.lock:
            buckets = holdings.buckets
            if holdings.folder is None:
                holdings.folder = ObjectFolder([one for bucket in buckets.values() for one in bucket.objects.values()])
            holdings.folder.write()
            return {"SESRECEIVE_BUCKETS": str(holdings.folder.path)}

    def __repr__(self) -> str:
        """One line: how much there is of everything."""
        objects = sum(len(bucket) for bucket in self.buckets.values())
        messages = sum(len(told) for told in self.topics.values())
        counts = [
            f"{count(len(self.buckets), 'bucket')} with {count(objects, 'object')}" if self.buckets else "",
            f"{count(len(self.topics), 'topic')} with {count(messages, 'message')}" if self.topics else "",
            count(len(self.invocations), "invocation") if self.invocations else "",
            count(len(self.bounces), "bounce") if self.bounces else "",
            f"{len(self.workmail)} to WorkMail" if self.workmail else "",
            f"{len(self.contacts)} to Connect" if self.contacts else "",
        ]
        return f"<MemoryBackend {', '.join(filter(None, counts)) or 'empty'}>"
