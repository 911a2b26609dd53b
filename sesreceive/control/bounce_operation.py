"""SendBounce: a bounce by the account itself, for mail it received in the last 24 hours.

Conditions are documented, texts assumed: the service's are not public.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.validate import may_send
from sesreceive.control import refusals
from sesreceive.effects import SendBounce
from sesreceive.errors import ApiError, MessageRejectedError, one_line
from sesreceive.reception import Reception
from sesreceive.verdict import Verdicts
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.send_bounce import BouncedRecipient, MessageDsn, refusal, send_bounce_dsn

__all__ = ["bounce", "bounce_id", "bounce_of_request"]

_FIELD_NAME = re.compile(r"[A-Za-z0-9-]+")
_LINE_END = re.compile(r"[\r\n\x00]")


def bounce(
    original: Reception | None,
    *,
    message_id: str,
    account: Account,
    now: datetime,
    bounce_sender: str,
    recipients: Sequence[BouncedRecipient],
    explanation: str = "",
    message_dsn: MessageDsn | None = None,
) -> SendBounce:
    """The bounce to send.

    Raises
    ------
    MessageRejectedError
        When SES would not send it: too late, an unknown message or recipient, a sender that is not verified.
    """
    receipt = original.receipt if original is not None and original.accepted else None
    why = refusal(receipt, message_id=message_id, recipients=recipients, now=now)
    if not why and not may_send(bounce_sender, account):
        why = f"`{one_line(bounce_sender)}` is under no verified identity"
    if why or receipt is None or original is None:
        raise MessageRejectedError(why)
    return _made(receipt, original.verdicts or Verdicts(), bounce_sender, recipients, explanation, message_dsn, now)


def _made(
    receipt: Receipt,
    verdicts: Verdicts,
    sender: str,
    recipients: Sequence[BouncedRecipient],
    explanation: str,
    message_dsn: MessageDsn | None,
    now: datetime,
) -> SendBounce:
    raw = send_bounce_dsn(
        receipt,
        bounce_sender=sender,
        recipients=recipients,
        explanation=explanation,
        message_dsn=message_dsn,
        verdicts=verdicts,
        sent_at=now,
    )
    return SendBounce(
        sender=sender,
        destination=receipt.envelope.mail_from,
        raw=raw,
        message_id=receipt.message_id,
        recipients=tuple(one.recipient for one in recipients),
    )


def bounce_of_request(
    request: Mapping[str, Any], received: Mapping[str, Reception], account: Account, now: datetime
) -> SendBounce:
    """The bounce that a SendBounce request, which satisfies its shape, asks for.

    Raises
    ------
    ApiError
        ``InvalidParameterValue`` for fields that no report can have, else ``MessageRejected``.
    """
    infos, about = request["BouncedRecipientInfoList"], request.get("MessageDsn")
    if not infos:
        raise refusals.invalid("BouncedRecipientInfoList must not be empty")
    for info in infos:
        if bool(info.get("BounceType")) == bool(info.get("RecipientDsnFields")):
            raise refusals.invalid("Exactly one of BounceType and RecipientDsnFields must be specified")
        _check_fields(info.get("RecipientDsnFields") or {})
    _check_fields(about or {})
    for text in _header_texts(request):
        if _LINE_END.search(text):
            raise refusals.invalid(f"Invalid address: {one_line(text)}")
    message_id = request["OriginalMessageId"]
    try:
        return bounce(
            received.get(message_id),
            message_id=message_id,
            account=account,
            now=now,
            bounce_sender=request["BounceSender"],
            recipients=[BouncedRecipient.from_api(one) for one in infos],
            explanation=request.get("Explanation") or "",
            message_dsn=MessageDsn.from_api(about) if about else None,
        )
    except MessageRejectedError as error:
        raise ApiError("MessageRejected", str(error)) from error


def bounce_id(sent: SendBounce) -> str:
    """The message id that the bounce itself has: the local part of its Message-ID."""
    found = re.search(rb"^Message-ID: <([^@>]+)@", sent.raw, re.MULTILINE)
    assert found is not None
    return found[1].decode("ascii")


def _header_texts(request: Mapping[str, Any]) -> Iterator[str]:
    yield request["BounceSender"]
    yield from (info["Recipient"] for info in request["BouncedRecipientInfoList"])


def _check_fields(fields: Mapping[str, Any]) -> None:
    """One line each; names and values of extension fields as documented."""
    for name, value in fields.items():
        if isinstance(value, str) and _LINE_END.search(value):
            raise refusals.invalid(f"Invalid {name}: {one_line(value)}")
    for one in fields.get("ExtensionFields") or ():
        name, value = one["Name"], one["Value"]
        if not _FIELD_NAME.fullmatch(name) or len(name) > limits.EXTENSION_FIELD_NAME_LENGTH.value:
            raise refusals.invalid(f"Invalid extension field name: {one_line(name)}")
        if len(value) > limits.EXTENSION_FIELD_VALUE_LENGTH.value or _LINE_END.search(value):
            raise refusals.invalid(f"Invalid extension field value: {one_line(value)}")
