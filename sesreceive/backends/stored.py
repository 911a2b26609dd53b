"""What backends hold: stored objects, published notifications, invocations, and the mappings they are read through.

Every backend is read in the same way: ``backend.buckets["inbox"]["invoices/…"].body``,
``backend.topics[arn][0].json()``, ``backend.invocations``, ``backend.bounces``.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from sesreceive._html import code, escape, frame, table
from sesreceive.arn import Arn
from sesreceive.errors import one_line
from sesreceive.json_input import parse_json
from sesreceive.later import made_when_read, size_of
from sesreceive.wording import count

__all__ = ["Bucket", "Invocation", "Listing", "Published", "StoredObject", "listing_html"]

_ROWS = 50  # of an HTML table; the rest is counted, not read

T = TypeVar("T")


@made_when_read("body")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StoredObject:
    """An object in a bucket, byte for byte what S3 would hold.

    Attributes
    ----------
    bucket, key : str
        Where it lies.
    body : bytes
        The message with the headers SES adds; ciphertext where the action has a KMS key.
    metadata : mapping of str to str
        User metadata, without ``x-amz-meta-``, in the order it was written; empty unless encrypted.
    content_type : str
        Content-Type of the object.

    Examples
    --------
    >>> stored = StoredObject(bucket="inbox", key="invoices/0vfh", body=b"Subject: hello")
    >>> stored
    <s3://inbox/invoices/0vfh, 14 bytes>
    >>> stored.message_id
    '0vfh'
    """

    bucket: str
    key: str
    body: bytes
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    content_type: str = "application/octet-stream"

    def decrypted(self, kms: Any) -> bytes:
        """The stored message in clear text; `kms` is a boto3 client or a `LocalKms`, asked only where it has to be."""
        from sesreceive.backends.kms_envelope import decrypt

        return decrypt(self.body, self.metadata, kms) if self.encrypted else self.body

    @property
    def message_id(self) -> str:
        """SES message id of the mail: the last part of the key [observed]."""
        return self.key.rpartition("/")[2]

    @property
    def encrypted(self) -> bool:
        """Whether the body is ciphertext of the S3 encryption client."""
        return "x-amz-key-v2" in self.metadata

    def __repr__(self) -> str:
        """One line: where it lies and how long it is."""
        kind = ", encrypted" if self.encrypted else ""
        return f"<s3://{one_line(self.bucket)}/{one_line(self.key)}, {count(size_of(self, 'body'), 'byte')}{kind}>"


@made_when_read("message")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Published:
    """A notification in a topic.

    Attributes
    ----------
    topic_arn : str
        The topic.
    subject : str
        SNS subject.
    message : str
        The notification JSON, as SNS hands it to subscribers.
    message_id : str
        SES message id of the mail it is about.
    rule, action : str and int
        The action that published it: name of its rule, and position there.

    Examples
    --------
    >>> told = Published(topic_arn="arn:aws:sns:us-east-1:111122223333:mail", subject="Hi", message='{"a":1}')
    >>> told
    <arn:aws:sns:us-east-1:111122223333:mail `Hi`, 7 characters>
    >>> told.json()
    {'a': 1}
    """

    topic_arn: str
    subject: str
    message: str
    message_id: str = ""
    rule: str = ""
    action: int = -1

    def json(self) -> Any:
        """The message, parsed."""
        return parse_json(self.message, where=f"the message of `{one_line(self.topic_arn)}`")

    def __repr__(self) -> str:
        """One line: topic, subject and length."""
        size = count(len(self.message), "character")
        return f"<{one_line(self.topic_arn)} `{one_line(self.subject)}`, {size}>"


@made_when_read("payload")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Invocation:
    """One run of a function.

    Attributes
    ----------
    function_arn : str
        As the action names it.
    invocation_type : str
        ``Event`` or ``RequestResponse``.
    payload : str
        The event JSON.
    returned : object
        What ``Invoke`` gives back: the answer as JSON carries it, or Lambda's error object.
    log : str
        What it printed and logged.
    error : str
        Why it failed, also for an ``Event`` invocation, of which SES sees nothing; empty when it did not.
    message_id : str
        SES message id of the mail it is about.
    rule, action : str and int
        The action that asked for it: name of its rule, and position there.
    """

    function_arn: str
    invocation_type: str
    payload: str
    returned: Any = field(default=None, hash=False)
    log: str = ""
    error: str = ""
    message_id: str = ""
    rule: str = ""
    action: int = -1

    def json(self) -> Any:
        """The event, parsed."""
        return parse_json(self.payload, where=f"the event of `{one_line(self.function_arn)}`")

    @property
    def function_name(self) -> str:
        """The plain name of the function."""
        arn = Arn.parse(self.function_arn)
        return arn.function_name if arn else self.function_arn

    def __repr__(self) -> str:
        """One line: the function, and what it came to."""
        came = f"failed: {one_line(self.error)}" if self.error else f"returned {one_line(_compact(self.returned))}"
        return f"<{one_line(self.function_name)} ({self.invocation_type}) {came}>"


class Listing(Mapping[str, T], Generic[T]):
    """A mapping that prints as one line, completes its keys in a notebook and suggests a near one.

    Subclasses say where the entries come from: `_names` and `_entry`, which returns None for what is not there.
    """

    noun = "entry"

    @abstractmethod
    def _names(self) -> Iterable[str]: ...

    @abstractmethod
    def _entry(self, name: str) -> T | None: ...

    def __getitem__(self, name: str) -> T:
        """The entry of that name; a `KeyError` names what there is."""
        entry = self._entry(name)
        if entry is None:
            raise KeyError(_missing(self.noun, name, list(self._names())))
        return entry

    def __contains__(self, name: object) -> bool:
        """Whether there is one of that name."""
        return isinstance(name, str) and self._entry(name) is not None

    def __iter__(self) -> Iterator[str]:
        """The names as they are now, in order; what is added meanwhile does not disturb."""
        return iter(tuple(self._names()))

    def __len__(self) -> int:
        """How many there are."""
        return len(tuple(self._names()))

    def _ipython_key_completions_(self) -> list[str]:
        """The names, for completion in a notebook."""
        return list(self._names())

    def __repr__(self) -> str:
        """One line: how many, and the first names."""
        names = [one_line(name, 60) for name in self._names()]
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        return f"<{count(len(names), self.noun)}{': ' if names else ''}{shown}>"

    def _repr_html_(self) -> str:
        """One row an entry, everything escaped."""
        names = list(self._names())
        return listing_html(repr(self), self._columns, [self._row(name) for name in names[:_ROWS]], total=len(names))

    _columns: tuple[str, ...] = ("name", "what")

    def _row(self, name: str) -> tuple[str, ...]:
        """One row of the table, as HTML."""
        entry = self._entry(name)
        what = count(len(entry), "message") if isinstance(entry, tuple) else repr(entry)
        return code(name), escape(what)


class Bucket(Listing[StoredObject]):
    """The objects of one bucket by key."""

    noun = "object"

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        """One line: the name and how many objects."""
        return f"<s3://{one_line(self.name)} with {count(len(self), 'object')}>"

    _columns = ("key", "bytes", "Content-Type")

    def _row(self, name: str) -> tuple[str, ...]:
        """Key, length and type, as HTML."""
        stored = self._entry(name)
        if stored is None:  # gone meanwhile
            return code(name), "", ""
        size = f"{size_of(stored, 'body')}{', encrypted' if stored.encrypted else ''}"
        return code(name), size, escape(stored.content_type)


def listing_html(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, total: int) -> str:
    """A table with a text fallback; cells are HTML, the title is text."""
    more = f'<p class="ses-note">and {total - len(rows)} more</p>' if total > len(rows) else ""
    return frame(title, table(columns, rows, caption=title.strip("<>")) + more)


def _compact(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return repr(value)


def _missing(noun: str, name: object, names: Sequence[str]) -> str:
    near = get_close_matches(str(name), names, n=1)
    if near:
        hint = f"did you mean `{near[0]}`?"
    elif names:
        shown = ", ".join(f"`{one_line(one, 60)}`" for one in names[:5])
        hint = f"there are {shown}" + (" …" if len(names) > 5 else "")
    else:
        hint = "there are none yet"
    return f"no {noun} `{one_line(name)}`: {hint}"
