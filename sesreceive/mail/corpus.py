"""Collections of mail as one stream of items: folders, mailboxes, archives, buckets, tables, or anything iterable.

Files are read when their turn comes, an mbox line by line, so a collection may be larger than memory. A file whose
lines end in LF alone gets CRLF, as any SMTP client sends it; one that has a CRLF anywhere stays as it is, byte for
byte, and so do bytes that are given directly.

A message without an envelope beside it gets the one its header tells of; see `sesreceive.mail.delivered`. From a
message that SES stored, the block that SES wrote above it is taken off, and its envelope taken over; see
`sesreceive.mail.ses_block`. What is no message is passed over, and said: `Corpus.passed_over`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sesreceive.errors import InputError, one_line
from sesreceive.mail.delivered import envelope_of
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.item import ENVELOPE_FIELDS, Decrypt, Item, Override, Source, Stream
from sesreceive.mail.loose_addresses import addresses_in
from sesreceive.mail.mail_files import mail_in_bytes, with_crlf
from sesreceive.mail.mail_source import open_source
from sesreceive.mail.message import Message
from sesreceive.mail.passed_over import PassedOver, Why
from sesreceive.mail.ses_block import block_of

__all__ = ["Corpus", "Decrypt", "Item", "Override", "Source", "read", "read_content", "with_crlf"]


class Corpus(Iterator[Item]):
    """The items of a collection, read as they are asked for; `operator.length_hint` says how many, where known.

    Attributes
    ----------
    passed_over : list of PassedOver
        What was no message, so far: other kinds of file, empty ones, SES's setup notification and, unless the
        collection is read strictly, mail that cannot be read.
    """

    def __init__(
        self, found: Stream, size: int | None, override: Override | None, *, strict: bool, trusted: Sequence[str]
    ) -> None:
        self._found = found
        self._left = size
        self._override = override
        self._strict = strict
        self._trusted = tuple(trusted)
        self.passed_over: list[PassedOver] = []

    def __next__(self) -> Item:
        """The next message."""
        while True:
            found = next(self._found)
            if isinstance(found, PassedOver):
                self._pass_over(found)
                continue
            if self._left is not None:
                self._left -= 1
            if isinstance(found, Item):
                return self._overridden(found)
            name, raw, known = found
            try:
                item = self._item(name, raw, known)
            except InputError as error:
                self._pass_over(PassedOver(name, Why.BROKEN, str(error)))
                continue
            return self._overridden(item)

    def _pass_over(self, one: PassedOver) -> None:
        if self._strict and one.why is Why.BROKEN:
            raise InputError(one.reason)
        self.passed_over.append(one)

    def _item(self, name: str, raw: bytes | Message, known: Envelope | Mapping[str, Any] | None) -> Item:
        if isinstance(raw, Message):  # a message that is cut, of a reception
            envelope = _changed(known if isinstance(known, Envelope) else Envelope(), {}, name)
            return Item(name=name, raw=raw.raw, envelope=envelope, size_bytes=raw.size_bytes)
        block = block_of(Message(raw)) if known is None else None
        if block is not None:
            return Item(name=name, raw=block.raw, envelope=block.envelope, stored=block)
        if isinstance(known, Envelope):
            return Item(name=name, raw=raw, envelope=known)
        read_out = envelope_of(Message(raw), trusted=self._trusted)
        return Item(name=name, raw=raw, envelope=_changed(read_out, known or {}, name))

    def _overridden(self, item: Item) -> Item:
        override = self._override
        if override is None:
            return item
        change = override(item) if callable(override) else override
        return replace(item, envelope=_changed(item.envelope, change, item.name))

    def __length_hint__(self) -> int:
        """How many are left, as far as one can tell without reading them."""
        return NotImplemented if self._left is None else self._left


def read(
    source: Source,
    *,
    envelope: Override | None = None,
    trusted: Sequence[str] = (),
    decrypt: Decrypt | None = None,
    strict: bool = True,
) -> Corpus:
    r"""The messages of a collection, one after the other.

    Parameters
    ----------
    source : path, bytes, Message, mapping, table, bucket or iterable
        - A folder: all mail in it and below, in natural order (``2`` before ``10``): message files with any name or
          none, mailboxes, archives; ``name.envelope.json`` beside ``name.eml`` is its envelope. A Maildir with its
          subfolders and an MH folder are such folders, and so is what ``aws s3 sync`` made of a bucket.
        - A file: the message, or the messages of a mailbox (mbox in any dialect, MMDF, Babyl) or of an archive
          (``.gz``, ``.zip``, ``.tar``).
        - A folder that is too large to be listed: `UnsortedFolder`. A URL that fsspec opens (``https``, ``sftp``, …): a
          file, or a folder there and below (extra ``fsspec``); ``s3://bucket/prefix`` in a replay is a bucket.
        - A bucket: ``receiver.backend.buckets["inbox"]``, a boto3 ``Bucket``, or a listing of its objects.
        - A DataFrame: one message a row, with a column ``raw`` and, where there are, ``name`` and the fields of an
          envelope, or a whole one as JSON in ``envelope``. A mapping of names to messages. Anything iterable over
          bytes, `Message`, `Reception`, `email.message.Message`, paths, ``(message, envelope)`` pairs or mappings with
          the keys of such a table.
    envelope : Envelope, mapping or callable, optional
        In place of what is known of each message: a whole envelope, some fields by name, or a function of an `Item`
        to either.
    trusted : sequence of str, optional
        Your receiving hosts, whose Received fields are believed; see `sesreceive.mail.delivered.envelope_of`.
    decrypt : callable, optional
        Gives the message inside an object that SES encrypted; see `sesreceive.backends.kms_envelope.decrypt`.
    strict : bool
        Whether mail that cannot be read, or an envelope that is none, is an error. Otherwise it is passed over.

    Returns
    -------
    Corpus
        An iterator of `Item`; files are opened when their turn comes.

    Raises
    ------
    InputError
        When there is no such file, or it holds no mail; when reading strictly, for a message or an envelope that
        cannot be read.

    Examples
    --------
    >>> [item.envelope.rcpt_to for item in read([b"To: ana@example.com\r\n\r\n"])]
    [('ana@example.com',)]
    >>> next(read([b""], envelope={"rcpt_to": ["bo@example.com"], "tls": True})).envelope.tls
    True
    """
    found, size = open_source(source, decrypt)
    return Corpus(found, size, envelope, strict=strict, trusted=trusted)


def read_content(name: str, content: bytes) -> Corpus:
    r"""The messages in the content of a file, such as one that was uploaded; what is no mail is an error.

    Raises
    ------
    InputError
        When reading, where the content is no mail, or cannot be read.

    Examples
    --------
    >>> [item.name for item in read_content("hello.eml", b"To: bo@example.com\r\n\r\n")]
    ['hello']
    """
    return Corpus(_mail_only(mail_in_bytes(content, name), name), None, None, strict=True, trusted=())


def _mail_only(found: Stream, name: str) -> Stream:
    for number, one in enumerate(found):
        if number == 0 and isinstance(one, PassedOver) and one.why is not Why.BROKEN:
            raise InputError(f"`{one_line(name)}` is no mail: {one.reason}")
        yield one


def _changed(envelope: Envelope, change: Envelope | Mapping[str, Any], name: str) -> Envelope:
    """The envelope with some fields changed, or another one altogether."""
    if isinstance(change, Envelope):
        return change
    where = f"envelope of `{one_line(name)}`" if name else "envelope"
    if not isinstance(change, Mapping):
        raise InputError(f"{where}: expected an Envelope or a mapping but got `{one_line(type(change).__name__)}`")
    if not change:
        return envelope
    parts = dict(change)
    unknown = sorted(map(str, set(parts) - set(ENVELOPE_FIELDS)))
    if unknown:
        raise InputError(
            f"{where}: expected only {', '.join(ENVELOPE_FIELDS)} but got `{one_line(', '.join(unknown))}`"
        )
    recipients = parts.get("rcpt_to", ())
    if isinstance(recipients, str):  # in a table a list is often one text
        recipients = tuple(addresses_in(recipients)) or tuple(filter(None, map(str.strip, recipients.split(","))))
    if not isinstance(recipients, Iterable):
        raise InputError(f"{where} rcpt_to: expected a list of addresses but got `{one_line(recipients)}`")
    if "rcpt_to" in parts:
        parts["rcpt_to"] = tuple(recipients)
    if "tls" in parts:
        parts["tls"] = _yes_or_no(parts["tls"])
    try:
        changed = envelope.changed(**parts)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    Envelope.from_json({name: one for name, one in changed.to_json().items() if name in parts}, where=where)
    return changed


# How a table that was once text says it: pandas, spreadsheets, databases.
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _yes_or_no(value: Any) -> Any:
    """The truth value of a cell; what is none stays, for `Envelope` to name it."""
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), value)
    return bool(value) if value in (0, 1) else value  # numpy's, too
