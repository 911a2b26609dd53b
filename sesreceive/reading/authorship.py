"""The header of a message as an action sees it, and who wrote which field of it; no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sesreceive.mail.message import Message, unfold
from sesreceive.reception import Reception
from sesreceive.verdict import Verdicts
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import ses_fields

__all__ = ["Added", "Field", "fields_of", "receipt_of", "sent_fields"]

SES, SENDER = "SES", "the sender"
# Fields of the sender that are looked at; mail may have a hundred thousand.
_FIELDS = 300
Added = tuple[str, str, str]
"""A header an action added: which action, name, value."""


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: who wrote it, its name and its value on one line. Not escaped."""

    by: str
    name: str
    value: str

    @property
    def added(self) -> bool:
        """Whether it was not there when the message came."""
        return self.by != SENDER


def receipt_of(reception: Reception) -> Receipt | None:
    """What SES knew of the message when it wrote its headers; None where the message was refused."""
    if reception.authentication is None or reception.received_at is None:
        return None
    account = reception.account
    taken = (one.recipient for one in reception.recipients if one.accepted)
    return Receipt(
        message=reception.message, envelope=reception.envelope.to(*taken), message_id=reception.message_id,
        received_at=reception.received_at, results=reception.authentication, region=account.region,
        account_id=account.account_id, assumptions=reception.assumptions,
    )  # fmt: skip


def fields_of(receipt: Receipt, verdicts: Verdicts, added: Sequence[Added]) -> tuple[Field, ...]:
    """The header as an action sees it: SES's own fields, those that actions added, those that came."""
    own = [Field(SES, name, " ".join(parts)) for name, parts in ses_fields(receipt, verdicts)]
    extra = [Field(by, name, value) for by, name, value in added]
    first, second = (extra, own) if receipt.assumptions.added_header_position == "top" else (own, extra)
    return (*first, *second, *sent_fields(receipt.message))


def sent_fields(message: Message) -> tuple[Field, ...]:
    """The header fields as they came, on one line each; of very many the first."""
    return tuple(
        Field(SENDER, _decoded(field.name), _decoded(unfold(field.value).strip())) for field in message.fields[:_FIELDS]
    )


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
