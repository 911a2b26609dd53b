"""One capture: a thing that SES wrote, with what is known of where it lay; and what is none, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sesreceive.errors import one_line

__all__ = ["Capture", "Kind", "Unrecognised"]


class Kind(StrEnum):
    """What a capture is; in the order in which captures of one mail are believed where they disagree."""

    OBJECT = "stored object"
    NOTIFICATION = "notification"
    EVENT = "Lambda event"
    BOUNCE = "bounce"
    TRANSCRIPT = "SMTP transcript"
    LOG = "log line"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Capture:
    """One thing that SES wrote.

    Attributes
    ----------
    kind : Kind
        What it is.
    name : str
        File, key or place it came from.
    content : bytes
        The object in clear text, the JSON of a notification or event, the bounce, the transcript; empty for an object
        that is encrypted and whose key was not given.
    document : object
        The JSON, parsed; None for what is none.
    message_id : str
        SES message id that it names; empty where it names none.
    at : datetime or None
        When the mail arrived, as far as it says.
    key, bucket, content_type : str or None
        Of an object that came out of a bucket; None where it is not known.
    metadata : mapping of str to str
        User metadata of an encrypted object.
    wrapping : mapping or None
        The SNS envelope it came in, without its message.
    gaps : tuple of str
        What cannot be known of it because of the state it is in, one sentence each.
    """

    kind: Kind
    name: str
    content: bytes = field(default=b"", repr=False)
    document: Any = field(default=None, repr=False, hash=False)
    message_id: str = ""
    at: datetime | None = None
    key: str | None = None
    bucket: str | None = None
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    wrapping: Mapping[str, Any] | None = field(default=None, hash=False)
    gaps: tuple[str, ...] = ()

    @property
    def mail(self) -> Mapping[str, Any]:
        """The ``mail`` object of a notification or event; empty for anything else."""
        return _member(self._told, "mail")

    @property
    def receipt(self) -> Mapping[str, Any]:
        """The ``receipt`` object of a notification or event; empty for anything else."""
        return _member(self._told, "receipt")

    @property
    def _told(self) -> Any:
        if self.kind is Kind.EVENT and isinstance(self.document, Mapping):
            records = self.document.get("Records")
            return _member(records[0], "ses") if isinstance(records, list) and records else {}
        return self.document

    def __repr__(self) -> str:
        """One line: what, where, of which mail."""
        of = f" of {one_line(self.message_id, 60)}" if self.message_id else ""
        return f"<{self.kind}{of}: {one_line(self.name, 80)}>"


def _member(value: Any, name: str) -> Mapping[str, Any]:
    member = value.get(name) if isinstance(value, Mapping) else None
    return member if isinstance(member, Mapping) else {}


@dataclass(frozen=True, slots=True, repr=False)
class Unrecognised:
    """What is no capture, and why."""

    name: str
    reason: str

    def __repr__(self) -> str:
        """One line."""
        return f"<{one_line(self.name, 80)}: {one_line(self.reason)}>"
