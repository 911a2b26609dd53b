"""The value of ``X-SES-DKIM-SIGNATURE``: a real DKIM signature (RFC 6376), under a name of SES's own.

What is signed, with ``c=relaxed/simple``: the body; the fields that ``h=`` names, each the lowest of its name in the
message, absent ones left out; and the value itself with an empty ``b=``. The last counts as a field called
``DKIM-Signature``, so that any verifier accepts the message once the field is renamed to that
(``Assumptions(ses_signature_name="X-SES-DKIM-SIGNATURE")`` signs it under its own name instead) [inferred].
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from functools import lru_cache

from sesreceive.auth import canonical
from sesreceive.mail.message import Message
from sesreceive.writing.dates import millis
from sesreceive.writing.ses_keys import SIGNING_DOMAIN, selector, sign

__all__ = ["SENT_FIELDS", "SIGNED_FIELDS", "sent_signature", "ses_signature", "signature_size"]

# In the order of the h= tag [observed]; the sender's own, but for the last, which SES has just written.
SIGNED_FIELDS = (
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "X-SES-RECEIPT",
)

# Those of a mail that SES sends itself, such as a bounce.
SENT_FIELDS = ("Date", "From", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type", "Feedback-ID")

# Characters of base64: a SHA-256 hash, and a signature of a 1024-bit key.
_HASH_SIZE, _RSA_SIZE = 44, 172


def sent_signature(message: Message, *, region: str, sent_at: datetime) -> bytes:
    """The ``DKIM-Signature`` field, with its line end, of a mail that SES sends for the account, such as a bounce.

    Its domain is amazonses.com, its key is in the zone that `zone_records` gives. That there is one is observed, its
    layout is that of public samples of sent mail.
    """
    signed = [
        canonical.header(b"relaxed", own[-1].name, own[-1].value) for name in SENT_FIELDS if (own := message.all(name))
    ]
    value = (
        f" v=1; a=rsa-sha256; q=dns/txt; c=relaxed/simple;\r\n\ts={selector(region)}; d={SIGNING_DOMAIN}; "
        f"t={millis(sent_at) // 1000};\r\n\th={':'.join(SENT_FIELDS)};\r\n\tbh={_body_hash(message)};\r\n\tb="
    ).encode("ascii")
    signed.append(_relaxed("DKIM-Signature", value).removesuffix(b"\r\n"))
    return b"".join((b"DKIM-Signature:", value, sign(b"".join(signed)).encode("ascii"), b"\r\n"))


def ses_signature(
    message: Message, *, x_ses_receipt: str, region: str, received_at: datetime, signed_name: str = "DKIM-Signature"
) -> str:
    """The signature of one message; the same for all rules, since nothing that a rule changes is signed.

    Parameters
    ----------
    message : Message
        The message as it came.
    x_ses_receipt : str
        Value of the ``X-SES-RECEIPT`` header above it.
    region : str
        Whose selector to name.
    received_at : datetime
        Its second is the ``t=`` tag [observed].
    signed_name : str
        Field name under which the signature signs itself.

    References
    ----------
    RFC 6376 sections 3.4.2, 3.4.3, 3.7 and 5.4.2.
    """
    before_b, after_b = _around_b(region, received_at, _body_hash(message))
    signed = []
    for name in SIGNED_FIELDS:
        if own := message.all(name):
            signed.append(canonical.header(b"relaxed", own[-1].name, own[-1].value))
        elif name == "X-SES-RECEIPT":
            signed.append(_relaxed(name, x_ses_receipt.encode("ascii")))
    signed.append(_relaxed(signed_name, (before_b + after_b).encode("ascii")).removesuffix(b"\r\n"))
    return f"{before_b}{sign(b''.join(signed))}{after_b}"


def signature_size(*, region: str, received_at: datetime) -> int:
    """Length of the value that `ses_signature` gives, without making it."""
    return _size_without_time(region) + len(str(millis(received_at) // 1000))


@lru_cache(maxsize=64)  # a constant of each region
def _size_without_time(region: str) -> int:
    around = _around_b(region, datetime.fromtimestamp(0, UTC), "=" * _HASH_SIZE)
    return sum(map(len, around)) + _RSA_SIZE - len("0")


def _around_b(region: str, received_at: datetime, body_hash: str) -> tuple[str, str]:
    """What stands before and behind the signature proper, in the order of the service's own [observed]."""
    before_b = "a=rsa-sha256; q=dns/txt; b="
    after_b = (
        f"; c=relaxed/simple; s={selector(region)}; d={SIGNING_DOMAIN}; t={millis(received_at) // 1000}; v=1; "
        f"bh={body_hash}; h={':'.join(SIGNED_FIELDS)};"
    )
    return before_b, after_b


def _relaxed(name: str, value: bytes) -> bytes:
    return canonical.header(b"relaxed", name.encode("ascii"), value)


def _body_hash(message: Message) -> str:
    body = canonical.body(b"simple", message.raw, message.body_start)
    return b64encode(hashlib.sha256(body).digest()).decode("ascii")
