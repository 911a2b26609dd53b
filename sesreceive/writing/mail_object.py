"""The ``mail`` object of notifications and Lambda events (Developer Guide, "Notification contents")."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from sesreceive.mail.address_list import Address, parse_addresses, render
from sesreceive.mail.encoded_words import decode_words
from sesreceive.verdict import Verdicts
from sesreceive.writing.authentication_results import single_line
from sesreceive.writing.dates import timestamp
from sesreceive.writing.header_list import field_text, header_list
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import Added
from sesreceive.writing.truncation import truncate

__all__ = ["common_headers", "compact_json", "destination", "mail_json", "mail_object"]

_SURROGATE = re.compile("[\ud800-\udfff]")
# The members of commonHeaders that are made of a header, in wire order [observed], cc and bcc [inferred]. `sender`
# is one string, the other addresses are lists.
_ADDRESSES, _SENDER, _RAW, _TEXT = "addresses", "sender", "raw", "text"
_COMMON = (
    ("from",      "From",       _ADDRESSES),
    ("sender",    "Sender",     _SENDER),
    ("replyTo",   "Reply-To",   _ADDRESSES),
    ("date",      "Date",       _RAW),
    ("to",        "To",         _ADDRESSES),
    ("cc",        "Cc",         _ADDRESSES),
    ("bcc",       "Bcc",        _ADDRESSES),
    ("messageId", "Message-ID", _RAW),
    ("subject",   "Subject",    _TEXT),
)  # fmt: skip


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def compact_json(value: Any) -> str:
    r"""JSON without blanks, non-ASCII characters as they are [observed]; always encodable as UTF-8.

    Examples
    --------
    >>> compact_json({"subject": "Grüße", "half": "\ud800"})
    '{"subject":"Grüße","half":"�"}'
    """
    text = _JSON.encode(value)
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def mail_json(receipt: Receipt, verdicts: Verdicts, added: Added = (), *, headers_bytes: int = 0) -> str:
    """`mail_object` as JSON text; made once for all actions that see the same headers."""
    key = ("mail", verdicts.spam, verdicts.virus, tuple(added), headers_bytes)
    text: str | None = receipt.memo.get(key)
    if text is None:
        text = receipt.memo[key] = compact_json(mail_object(receipt, verdicts, added, headers_bytes=headers_bytes))
    return text


def mail_object(receipt: Receipt, verdicts: Verdicts, added: Added = (), *, headers_bytes: int = 0) -> dict[str, Any]:
    """The ``mail`` object, its members in wire order [observed].

    Parameters
    ----------
    receipt, verdicts, added
        As for `stored_message`.
    headers_bytes : int
        Most bytes of names and values in ``headers``; the limit of a notification by default.
    """
    assumed = receipt.assumptions
    headers, truncated = truncate(
        header_list(receipt, verdicts, added),
        headers_bytes or assumed.notification_headers_bytes,
        skip=assumed.header_truncation == "skip",
    )
    return {
        "timestamp": timestamp(receipt.received_at),
        "source": _source(receipt),
        "messageId": receipt.message_id,
        "destination": destination(receipt, added),
        "headersTruncated": truncated or bool(receipt.message.unread),
        "headers": [{"name": name, "value": value} for name, value in headers],
        "commonHeaders": common_headers(receipt, added),
    }


def common_headers(receipt: Receipt, added: Added = ()) -> dict[str, Any]:
    """The headers most mails have, complete however long they are [observed]; a header that is absent has no member.

    ``returnPath`` is the envelope sender, whatever the message's own ``Return-Path`` says [observed].
    """
    common: dict[str, Any] = {"returnPath": _source(receipt)}
    rendering = _rendering(receipt)
    for member, name, kind in _COMMON:
        values = _values(receipt, name, added)
        if not values:
            continue
        if kind == _RAW:
            common[member] = values[0]
        elif kind == _TEXT:
            common[member] = decode_words(values[0])
        else:
            shown = _addresses(receipt, values, rendering)
            if kind == _ADDRESSES:
                common[member] = shown
            else:
                common[member] = shown[0] if shown else values[0]
    return common


def destination(receipt: Receipt, added: Added = ()) -> list[str]:
    """The bare addresses of the To and Cc headers, which are not the envelope's recipients [observed]."""
    values = [*_values(receipt, "To", added), *_values(receipt, "Cc", added)]
    return _addresses(receipt, values, lambda address: address.address)


def _parsed(receipt: Receipt, value: str) -> tuple[Address, ...] | None:
    """The addresses of a header value; each is read once a message, whoever asks."""
    key = ("addresses", value)
    if key not in receipt.memo:
        receipt.memo[key] = parse_addresses(value)
    parsed: tuple[Address, ...] | None = receipt.memo[key]
    return parsed


def _source(receipt: Receipt) -> str:
    if receipt.envelope.is_null_sender:
        return receipt.assumptions.null_sender_source
    return single_line(receipt.envelope.mail_from)


def _values(receipt: Receipt, name: str, added: Added) -> list[str]:
    """Unfolded values of all fields of this name, added ones in the place where they stand in the message."""
    charset = receipt.assumptions.raw_header_charset
    values = [field_text(item, charset) for item in receipt.message.all(name)]
    if not added:
        return values
    extra = [single_line(value) for added_name, value in added if added_name.lower() == name.lower()]
    return [*values, *extra] if receipt.assumptions.added_header_position == "end" else [*extra, *values]


def _addresses(receipt: Receipt, values: list[str], shown: Callable[[Address], str]) -> list[str]:
    found: list[str] = []
    for value in values:
        parsed = _parsed(receipt, value)
        if parsed is not None:
            found.extend(map(shown, parsed))
        elif receipt.assumptions.unparsable_addresses == "raw":
            found.append(value)
    return found


def _rendering(receipt: Receipt) -> Callable[[Address], str]:
    quote = receipt.assumptions.quote_non_ascii_names
    return lambda address: render(address, quote_non_ascii=quote)
