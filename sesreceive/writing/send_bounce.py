"""The SendBounce operation: a bounce that the account itself writes, for mail received in the last 24 hours.

Requests are values made of the API's dicts; the mail has the layout of a Bounce action's, with the caller's
explanation as its text [inferred].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sesreceive import limits
from sesreceive.errors import one_line
from sesreceive.verdict import Verdicts
from sesreceive.writing.dsn import DsnField, report, returned_header
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import Added

__all__ = ["BOUNCE_TYPES", "BouncedRecipient", "MessageDsn", "refusal", "send_bounce_dsn", "within_window"]

# SES API, BouncedRecipientInfo.BounceType [documented]; codes and texts are those of the console's bounce templates
# in the same order [inferred]. Reply code, status, text, as bounces from SES had them, but for "Unknown failure", of
# which no public sample exists [inferred].
BOUNCE_TYPES: Mapping[str, tuple[str, str, str]] = {
    "DoesNotExist":     ("550", "5.1.1", "Mailbox does not exist"),
    "MessageTooLarge":  ("552", "5.3.4", "Message too large"),
    "ExceededQuota":    ("552", "5.2.2", "Mailbox full"),
    "ContentRejected":  ("500", "5.6.1", "Message content rejected"),
    "Undefined":        ("554", "5.0.0", "Unknown failure"),
    "TemporaryFailure": ("450", "4.0.0", "Temporary failure"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedRecipient:
    """One recipient of a SendBounce request: why it bounces, as a type or as the fields of the report.

    Attributes
    ----------
    recipient : str
        Address of the original mail.
    bounce_type : str
        One of `BOUNCE_TYPES`; empty where `status` and `action` are given instead.
    final_recipient : str
        Address the mail went to in the end; `recipient` where it is empty.
    action, status, diagnostic_code, remote_mta, last_attempt_date : str
        Fields of the report (RFC 3464 section 2.3).
    extension_fields : tuple of (str, str)
        Further fields.
    """

    recipient: str
    bounce_type: str = ""
    final_recipient: str = ""
    action: str = ""
    status: str = ""
    diagnostic_code: str = ""
    remote_mta: str = ""
    last_attempt_date: str = ""
    extension_fields: tuple[DsnField, ...] = ()

    @classmethod
    def from_api(cls, value: Mapping[str, Any]) -> BouncedRecipient:
        """The value of a ``BouncedRecipientInfo`` dict, as boto3 takes it.

        Examples
        --------
        >>> BouncedRecipient.from_api({"Recipient": "ana@example.com", "BounceType": "DoesNotExist"}).bounce_type
        'DoesNotExist'
        """
        fields = value.get("RecipientDsnFields") or {}
        return cls(
            recipient=value["Recipient"],
            bounce_type=value.get("BounceType") or "",
            final_recipient=fields.get("FinalRecipient") or "",
            action=fields.get("Action") or "",
            status=fields.get("Status") or "",
            diagnostic_code=fields.get("DiagnosticCode") or "",
            remote_mta=fields.get("RemoteMta") or "",
            last_attempt_date=_text(fields.get("LastAttemptDate")),
            extension_fields=_extensions(fields),
        )

    def block(self) -> list[DsnField]:
        """The recipient's fields in the report."""
        code, status, text = BOUNCE_TYPES.get(self.bounce_type, ("", "", ""))
        diagnostic = self.diagnostic_code or " ".join(filter(None, (code, status, text)))
        if diagnostic and ";" not in diagnostic:
            diagnostic = f"smtp; {diagnostic}"
        fields = [
            ("Action", self.action or "failed"),
            ("Final-Recipient", f"rfc822; {self.final_recipient or self.recipient}"),
            ("Original-Recipient", f"rfc822; {self.recipient}"),
            ("Remote-MTA", self.remote_mta),
            ("Diagnostic-Code", diagnostic),
            ("Status", self.status or status),
            ("Last-Attempt-Date", self.last_attempt_date),
        ]
        return [(name, value) for name, value in fields if value] + list(self.extension_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDsn:
    """Fields of a SendBounce report that are about the mail; the inbound host and the receipt's time by default."""

    reporting_mta: str = ""
    arrival_date: str = ""
    extension_fields: tuple[DsnField, ...] = ()

    @classmethod
    def from_api(cls, value: Mapping[str, Any] | None) -> MessageDsn:
        """The value of a ``MessageDsn`` dict, as boto3 takes it."""
        value = value or {}
        return cls(
            reporting_mta=value.get("ReportingMta") or "",
            arrival_date=_text(value.get("ArrivalDate")),
            extension_fields=_extensions(value),
        )


def send_bounce_dsn(
    receipt: Receipt,
    *,
    bounce_sender: str,
    recipients: Sequence[BouncedRecipient],
    explanation: str = "",
    message_dsn: MessageDsn | None = None,
    verdicts: Verdicts,
    added: Added = (),
    sent_at: datetime | None = None,
    dsn_id: str = "",
) -> bytes:
    """The bounce as it would be sent to the original's envelope sender.

    Parameters
    ----------
    receipt : Receipt
        The mail that bounces.
    bounce_sender : str
        Verified address it comes from.
    recipients : sequence of BouncedRecipient
        One block each.
    explanation : str
        Text for people; the sentence of SES's own bounces where it is empty.
    message_dsn : MessageDsn, optional
        Fields about the mail.
    verdicts, added, sent_at, dsn_id
        As for `bounce_dsn`.
    """
    about = message_dsn or MessageDsn()
    return report(
        receipt,
        sender=bounce_sender,
        blocks=[one.block() for one in recipients],
        returned=returned_header(receipt, verdicts, added),
        sent_at=sent_at,
        dsn_id=dsn_id,
        reporting_mta=about.reporting_mta,
        arrived=about.arrival_date,
        extensions=about.extension_fields,
        **({"explanation": explanation} if explanation else {}),
    )


def within_window(received_at: datetime, now: datetime) -> bool:
    """Whether SendBounce may still answer: up to 24 hours after receipt [documented].

    Examples
    --------
    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    >>> within_window(noon, noon + timedelta(hours=24)), within_window(noon, noon + timedelta(hours=24, seconds=1))
    (True, False)
    """
    return now - received_at <= timedelta(seconds=limits.SEND_BOUNCE_WINDOW.value)


def refusal(receipt: Receipt | None, *, message_id: str, recipients: Sequence[BouncedRecipient], now: datetime) -> str:
    """Why the request is answered with ``MessageRejected``, as a sentence; empty when it is not.

    The conditions are documented, the texts are ours: the service's are not public.

    Parameters
    ----------
    receipt : Receipt or None
        The mail of that id; None where SES never received one.
    message_id : str
        ``OriginalMessageId`` of the request.
    recipients : sequence of BouncedRecipient
        Whom it is about.
    now : datetime
        When the request came.
    """
    if receipt is None:
        return f"no message `{one_line(message_id)}` was received"
    if not within_window(receipt.received_at, now):
        return f"message `{one_line(message_id)}` was received more than 24 hours ago"
    known = {address.lower() for address in receipt.envelope.rcpt_to}
    for one in recipients:
        if not known & {one.recipient.lower(), one.final_recipient.lower()}:
            return f"`{one_line(one.recipient)}` was no recipient of message `{one_line(message_id)}`"
    return ""


def _extensions(value: Mapping[str, Any]) -> tuple[DsnField, ...]:
    return tuple((one["Name"], one["Value"]) for one in value.get("ExtensionFields") or ())


def _text(value: Any) -> str:
    """A date of the request as the report has it; boto3 gives a datetime."""
    from sesreceive.writing.dates import setup_date

    return setup_date(value) if isinstance(value, datetime) else str(value or "")
