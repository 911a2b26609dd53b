"""The header of a message as an action sees it, and who wrote which field of it; no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sesreceive.mail.message import HeaderField, Message, unfold
from sesreceive.verdict import Verdicts
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import laid_out

__all__ = ["Added", "Field", "fields_of", "sent_fields"]

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


def fields_of(receipt: Receipt, verdicts: Verdicts, added: Sequence[Added]) -> tuple[Field, ...]:
    """The header as an action sees it: SES's own fields, those that actions added, those that came."""
    layout = laid_out(receipt, verdicts, [(name, value) for _, name, value in added])
    actions = {id(item): by for item, (by, _, _) in zip(layout.added, added, strict=True)}
    shown: list[Field] = []
    sent = 0
    for item in layout.fields(receipt.message):
        if not isinstance(item, HeaderField):
            name, parts = item
            shown.append(Field(actions.get(id(item), SES), name, " ".join(parts)))
        elif sent < _FIELDS:
            sent += 1
            shown.append(_sent(item))
    return tuple(shown)


def sent_fields(message: Message) -> tuple[Field, ...]:
    """The header fields as they came, on one line each; of very many the first."""
    return tuple(map(_sent, message.fields[:_FIELDS]))


def _sent(field: HeaderField) -> Field:
    return Field(SENDER, _decoded(field.name), _decoded(unfold(field.value).strip()))


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
