"""What the services behind SES refuse whatever their state: sizes and names that no retry makes fit.

One table for every backend, so that an effect which AWS would refuse fails in memory and in a folder as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sesreceive import limits
from sesreceive.effects import Effect, Invoke, Publish, PutObject
from sesreceive.errors import one_line
from sesreceive.later import most_of
from sesreceive.limits import Limit

__all__ = ["MEASURES", "refused"]


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _octets_of(effect: Effect, name: str, limit: Limit[int]) -> int:
    """Octets of a text; of one that surely fits a number above that is enough, and it is not made for it."""
    most = most_of(effect, name)
    return most if most is not None and most <= limit.value else _octets(getattr(effect, name))


def _fits(key: str) -> bool:
    return 0 < len(key) <= limits.S3_KEY_SIZE.value


def _metadata(effect: Any) -> int:
    return sum(_octets(name) + _octets(value) for name, value in effect.metadata.items())


def _payload_limit(effect: Invoke) -> Limit[int]:
    waits = effect.invocation_type == "RequestResponse"
    return limits.LAMBDA_SYNC_PAYLOAD_SIZE if waits else limits.LAMBDA_ASYNC_PAYLOAD_SIZE


def _message(effect: Publish) -> int:
    return _octets_of(effect, "message", limits.SNS_PUBLISH_SIZE)


def _event(effect: Invoke) -> int:
    return _octets_of(effect, "payload", _payload_limit(effect))


# effect, what of it is measured, how large it is, the most that the service takes
MEASURES: tuple[tuple[type[Effect], str, Callable[[Any], int], Callable[[Any], Limit[int]]], ...] = (
    (PutObject, "object key",    lambda e: _octets(e.key),     lambda e: limits.S3_KEY_SIZE),
    (PutObject, "user metadata", _metadata,                    lambda e: limits.S3_METADATA_SIZE),
    (Publish,   "message",       _message,                     lambda e: limits.SNS_PUBLISH_SIZE),
    (Publish,   "subject",       lambda e: len(e.subject),     lambda e: limits.SNS_SUBJECT_LENGTH),
    (Invoke,    "event",         _event,                       _payload_limit),
)  # fmt: skip


def refused(effect: Effect) -> str:
    """Why the service refuses this effect whatever happens, as one sentence; empty where it may take it.

    Examples
    --------
    >>> refused(Publish(topic_arn="arn:aws:sns:us-east-1:111122223333:mail", subject="mail", message="x" * 262_145))
    'the message has 262145 bytes, 262144 is the most that Publish takes [SNS API Publish.Message]'
    >>> refused(PutObject(bucket="inbox", key="k", body=b""))
    ''
    """
    if type(effect) is PutObject and not effect.metadata and effect.key.isascii() and _fits(effect.key):
        return ""  # so is nearly every object
    return next(_reasons(effect), "")


def _reasons(effect: Effect) -> Iterator[str]:
    if isinstance(effect, PutObject):
        if not effect.key:
            yield "the object key is empty"
        try:
            effect.key.encode()
        except UnicodeEncodeError:
            yield f"the object key `{one_line(effect.key)}` is not valid Unicode"
    for kind, what, size_of, limit_of in MEASURES:
        if isinstance(effect, kind):
            size, limit = size_of(effect), limit_of(effect)
            if size > limit.value:
                most = f"{limit.value} is the most that {effect.operation} takes"
                yield f"the {what} has {size} {limit.unit}, {most} [{limit.source}]"
