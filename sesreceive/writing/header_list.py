"""The values of ``mail.headers``: unfolded, decoded, one entry a header line, SES's own first."""

from __future__ import annotations

from collections.abc import Iterator

from sesreceive.mail.encoded_words import decode_words
from sesreceive.mail.message import HeaderField, unfold
from sesreceive.verdict import Verdicts
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import Added, laid_out

__all__ = ["field_name", "field_text", "header_list"]

_BLANKS = b" \t\r\n"


def header_list(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> Iterator[tuple[str, str]]:
    """Every header line as name and value, in order, from SES's ``Return-Path`` down, duplicates kept [observed].

    RFC 2047 words that begin a token are decoded, bytes that are no UTF-8 are U+FFFD. Made one by one: a reader
    that has enough stops.
    """
    charset = receipt.assumptions.raw_header_charset
    decode = receipt.assumptions.decode_encoded_words == "token-start"
    for item in laid_out(receipt, verdicts, added).fields(receipt.message):
        if not isinstance(item, HeaderField):
            written, parts = item
            text = " ".join(parts)
            yield written, decode_words(text) if decode and "=?" in text else text
            continue
        # That name only: ARC-Message-Signature and X-Google-DKIM-Signature keep their blanks [observed].
        name = item.name.decode("ascii") or field_name(item)
        if item.name.lower() == b"dkim-signature" and (tags := _signature_tags(item.value)) is not None:
            yield name, tags
        else:
            text = field_text(item, charset)
            yield name, decode_words(text) if decode and "=?" in text else text


def field_name(field: HeaderField) -> str:
    """The name of a field of the message in the case it was sent.

    A line that is no field is its own name up to a colon, or all of it: JavaMail's reading of such lines [inferred].
    """
    name = field.name or field.value.partition(b":")[0].strip(_BLANKS)
    return name.decode("utf-8", "replace")


def field_text(field: HeaderField, charset: str = "utf-8") -> str:
    r"""The value of a field of the message: unfolded, without blanks in front, not decoded.

    Examples
    --------
    >>> field_text(HeaderField(name=b"Content-Type", value=b" text/plain; \r\n\tcharset=utf-8"))
    'text/plain;  charset=utf-8'
    """
    value = field.value
    if not field.name and b":" in value:
        value = value.partition(b":")[2]
    if b"\n" in value:
        value = unfold(value)
    return value.lstrip(_BLANKS).decode(charset, "replace")


def _signature_tags(value: bytes) -> str | None:
    """A DKIM tag list with the white space inside its tags gone and the tags parted by ``; `` [observed].

    None where it is no tag list (RFC 6376 section 3.2): such a value is unfolded like any other.
    """
    tags = value.translate(None, _BLANKS).split(b";")
    if not all(b"=" in tag for tag in tags if tag) or not any(tags):
        return None
    return b"; ".join(tags).rstrip().decode("utf-8", "replace")
