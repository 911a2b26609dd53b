"""One message of a collection, and the words for what collections are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.mail.ses_block import SesBlock

if TYPE_CHECKING:
    import os

    from sesreceive.mail.passed_over import PassedOver
    from sesreceive.mail.unsorted_folder import UnsortedFolder

__all__ = ["ENVELOPE_FIELDS", "KINDS", "Decrypt", "Found", "Item", "Override", "Source", "Stream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message of a collection.

    Attributes
    ----------
    name : str
        What reports call it: the file's name without its ending, the mailbox's name and a number, a key, or nothing.
    raw : bytes
        The message as an SMTP client sends it.
    envelope : Envelope
        The one beside the message, or the one its header tells of.
    stored : SesBlock or None
        What SES wrote above the message, where it comes from a stored object.
    size_bytes : int or None
        How large the message was, where only its beginning is known: a live server keeps no more of one it refused.
    """

    name: str = ""
    raw: bytes
    envelope: Envelope
    stored: SesBlock | None = field(default=None, repr=False)
    size_bytes: int | None = None

    @property
    def octets(self) -> int:
        """How large the message was."""
        return len(self.raw) if self.size_bytes is None else self.size_bytes

    @property
    def message(self) -> Message:
        """The message to receive."""
        return Message(self.raw, size_bytes=self.size_bytes)


# Where mail can be read from; what is iterable may give any of the others.
Source: TypeAlias = (
    "str | os.PathLike[str] | UnsortedFolder | bytes | Message | Item | Mapping[str, Any] | Iterable[Any]"
)
# An envelope for all messages, some fields of one, or a function of an item to either.
Override: TypeAlias = "Envelope | Mapping[str, Any] | Callable[[Item], Envelope | Mapping[str, Any]]"
# The message inside an encrypted object: its body, its metadata.
Decrypt: TypeAlias = "Callable[[bytes, Mapping[str, str]], bytes]"

# A message and what is known of its envelope (all, some fields, or nothing), or why there is none.
Found: TypeAlias = tuple[str, bytes | Message, "Envelope | Mapping[str, Any] | None"]
Stream: TypeAlias = Iterator["Found | Item | PassedOver"]

# The parts of an envelope that a mapping or a row of a table may name.
ENVELOPE_FIELDS = tuple(name for name in Envelope.__dataclass_fields__ if name != "origins")
# What a complaint about a source names.
KINDS = (
    "a folder of mail, one .eml file, an mbox file, a Maildir, an archive of these, a bucket, "
    "a table with a column `raw`, or messages"
)
