"""The message as SES hands it on: its header block, added headers, then the sender's bytes untouched.

It is the body of the S3 object, the ``content`` of an SNS notification, and what WorkMail and Connect get.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sesreceive.verdict import Verdicts
from sesreceive.writing.authentication_results import single_line
from sesreceive.writing.receipt import Receipt, SesField

__all__ = ["Added", "added_fields", "header_block", "ses_fields", "stored_message", "stored_size", "to_bytes"]

Added = Sequence[tuple[str, str]]
"""Headers that AddHeader actions have added so far: name and value, in action order."""


def stored_message(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> bytes:
    """The bytes one rule's actions see: the header block and the message as it came.

    Parameters
    ----------
    receipt : Receipt
        The accepted mail.
    verdicts : Verdicts
        As the rule sees them: without scanning there are no scan headers [observed].
    added : sequence of (str, str)
        Headers added so far.
    """
    return b"".join((header_block(receipt, verdicts, added), receipt.message.raw))


def stored_size(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> int:
    """Length of `stored_message` in bytes, without making it."""
    return len(header_block(receipt, verdicts, added)) + len(receipt.message.raw)


def header_block(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> bytes:
    """All that stands above the sender's message; every line ends in CRLF.

    Only ``Received`` and ``Authentication-Results`` are folded, by CRLF and one space [observed]. Made once for all
    actions that see the same.
    """
    key = ("header block", verdicts.spam, verdicts.virus, tuple(added))
    block: bytes | None = receipt.memo.get(key)
    if block is None:
        block = receipt.memo[key] = to_bytes("".join(_written(ses_fields(receipt, verdicts, added))))
    return block


def ses_fields(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> tuple[SesField, ...]:
    """The fields of the header block in order, the added ones behind SES's own unless assumed otherwise."""
    scan: tuple[SesField, ...] = ()
    if verdicts.scanned:
        scan = (
            ("X-SES-Spam-Verdict", (str(verdicts.spam),)),
            ("X-SES-Virus-Verdict", (str(verdicts.virus),)),
        )
    own = (*receipt.origin_fields, *scan, *receipt.proof_fields)
    extra = added_fields(added)
    return (*extra, *own) if receipt.assumptions.added_header_position == "top" else (*own, *extra)


def added_fields(added: Added) -> tuple[SesField, ...]:
    """Added headers as fields of one line each: there is no folding."""
    return tuple((single_line(name), (single_line(value),)) for name, value in added)


def to_bytes(text: str) -> bytes:
    r"""UTF-8, with bytes that were no UTF-8 when they came as they were.

    Examples
    --------
    >>> to_bytes(b"caf\xe9".decode("utf-8", "surrogateescape"))
    b'caf\xe9'
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _written(fields: Iterable[SesField]) -> Iterable[str]:
    for name, parts in fields:
        value = "\r\n ".join(parts)
        yield f"{name}: {value}\r\n"
