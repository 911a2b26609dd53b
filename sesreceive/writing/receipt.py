"""What SES knows of one mail that it accepted: the value that everything it writes is made of."""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sesreceive.assumption import Assumptions
from sesreceive.auth.results import AuthenticationResults
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.writing.authentication_results import authentication_results, received_spf, single_line
from sesreceive.writing.received import received
from sesreceive.writing.ses_signature import ses_signature, signature_size

__all__ = ["Receipt", "SesField", "receipt_token"]

SesField = tuple[str, tuple[str, ...]]
"""A header field that SES writes: its name, and the parts of its value, one a line."""

_DEFAULTS = Assumptions()

# No secret: it makes the tokens of the emulator recognisable by the emulator.
_TOKEN = hmac.new(b"sesreceive receipt token", digestmod="sha512")
# Base64 of a zero byte and of the base64 of 232 bytes.
_TOKEN_SIZE = 420


def receipt_token(message_id: str) -> bytes:
    r"""The opaque token in ``X-SES-RECEIPT``: 224 bytes behind an 8-byte 1, always the same for one message id.

    A message quoted to SendBounce can be checked with it.

    Examples
    --------
    >>> receipt_token("7k3v")[:8]
    b'\x00\x00\x00\x00\x00\x00\x00\x01'
    >>> len(receipt_token("7k3v"))
    232
    """
    about = message_id.encode("utf-8", "replace")
    blocks = [_TOKEN.copy() for _ in range(4)]
    for number, block in enumerate(blocks):
        block.update(b"%d %b" % (number, about))
    opaque = bytearray(b"".join(block.digest() for block in blocks)[:224])
    opaque[0] &= 0xBF  # the header then starts as in every public sample
    return (1).to_bytes(8, "big") + opaque


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One accepted mail.

    What a rule sees besides, its verdicts and the headers that AddHeader actions have added, is given to the functions
    that write: `stored_message`, `notification`, `bounce_dsn`.

    Attributes
    ----------
    message : Message
        The bytes that came.
    envelope : Envelope
        The session; accepted recipients only.
    message_id : str
        The SES message id.
    received_at : datetime
        End of DATA, with its zone.
    results : AuthenticationResults
        SPF, DKIM and DMARC.
    region, account_id : str
        Where the account is.
    assumptions : Assumptions
        How the open points are decided.
    """

    message: Message
    envelope: Envelope
    message_id: str
    received_at: datetime
    results: AuthenticationResults
    region: str = "us-east-1"
    account_id: str = "111122223333"
    assumptions: Assumptions = _DEFAULTS

    def __post_init__(self) -> None:
        """Refuse a time without a zone, which could be any."""
        if self.received_at.tzinfo is None:
            raise ValueError(f"received_at: expected a time with its zone but got `{self.received_at}`")

    @cached_property
    def x_ses_receipt(self) -> str:
        """Value of ``X-SES-RECEIPT``: base64 of a zero byte and the base64 of the token [observed]."""
        return b64encode(b"\x00" + b64encode(receipt_token(self.message_id))).decode("ascii")

    @cached_property
    def signature(self) -> str:
        """Value of ``X-SES-DKIM-SIGNATURE``; the one costly thing here, made once for all rules."""
        return ses_signature(
            self.message,
            x_ses_receipt=self.x_ses_receipt,
            region=self.region,
            received_at=self.received_at,
            signed_name=self.assumptions.ses_signature_name,
        )

    @cached_property
    def origin_fields(self) -> tuple[SesField, ...]:
        """The fields above the scan verdicts: where the mail came from."""
        parts = received(
            self.envelope,
            message_id=self.message_id,
            region=self.region,
            received_at=self.received_at,
            assumptions=self.assumptions,
        )
        return ("Return-Path", (f"<{single_line(self.envelope.mail_from)}>",)), ("Received", parts)

    @cached_property
    def sender_fields(self) -> tuple[SesField, ...]:
        """The fields below the scan verdicts: what was found out about the sender."""
        spf = received_spf(self.results.spf)
        return ("Received-SPF", (spf,)), ("Authentication-Results", authentication_results(self.results, spf))

    @cached_property
    def proof_fields(self) -> tuple[SesField, ...]:
        """The last fields: SES's own token and signature."""
        return ("X-SES-RECEIPT", (self.x_ses_receipt,)), ("X-SES-DKIM-SIGNATURE", (self.signature,))

    @property
    def proof_size(self) -> int:
        """Octets of the values of `proof_fields`, for who asks for a size alone: it takes no hash and no key."""
        return _TOKEN_SIZE + signature_size(region=self.region, received_at=self.received_at)

    @cached_property
    def memo(self) -> dict[object, Any]:
        """What several actions share, by what it depends on; filled by the functions that write it."""
        return {}
