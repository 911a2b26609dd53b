"""What is too large: the 150 KB that an SNS action takes, and who answers for it."""

from __future__ import annotations

from collections.abc import Sequence

from sesreceive.mail.address import Mailbox
from sesreceive.verdict import Verdicts
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import Added, most_stored, stored_size

__all__ = ["exceeds_sns_limit", "oversize_sender"]


def exceeds_sns_limit(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> bool:
    """Whether the message is too large for an SNS action; one of exactly the limit is not.

    The limit is documented as 150 KB with the headers; that a KB has 1024 bytes, and that the headers SES adds count,
    is inferred (`Assumptions.sns_size_limit_bytes`, `Assumptions.sns_size_includes_ses_headers`).
    """
    assumed = receipt.assumptions
    size = len(receipt.message.raw)
    if assumed.sns_size_includes_ses_headers:
        # Most mail is far below it, which shows without the headers being written.
        if most_stored(receipt, added) <= assumed.sns_size_limit_bytes:
            return False
        size = stored_size(receipt, verdicts, added)
    return size > assumed.sns_size_limit_bytes


def oversize_sender(receipt: Receipt, recipients: Sequence[str]) -> str:
    """Sender of the bounce of a too large message: ``postmaster`` at the first recipient's domain [inferred]."""
    domain = next((box.domain for box in map(Mailbox.parse, recipients) if box.domain), "")
    return f"{receipt.assumptions.oversize_sender}@{domain}"
