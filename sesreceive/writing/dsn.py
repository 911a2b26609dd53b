"""Bounces: the delivery status notifications (RFC 3464) that SES sends after it has accepted a mail.

The layout is that of bounces received from the service in 2015 and 2021, byte for byte but for ids and dates
[observed]: three parts, the report between a fixed sentence and the header of the mail. One block a recipient where
several matched [inferred].
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sesreceive.mail.message import Message
from sesreceive.verdict import Verdicts
from sesreceive.writing.authentication_results import single_line
from sesreceive.writing.dates import arrival_date, dsn_date, millis
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.received import inbound_host
from sesreceive.writing.ses_signature import sent_signature
from sesreceive.writing.stored_message import Added, header_block, sent_header, to_bytes

__all__ = [
    "OVERSIZE",
    "DsnField",
    "bounce_dsn",
    "message_id_host",
    "oversize_dsn",
    "report",
    "returned_header",
    "ses_message_id",
]

DsnField = tuple[str, str]
"""A line of the report: name and value."""

# Reply code, status and text of the bounce of a mail that is too large for an SNS action [observed].
OVERSIZE = ("552", "5.2.3", "Message length exceeds limit set by recipient")

_SENTENCE = "This message could not be delivered."
# What the sending side of SES adds; opaque, so samples do. The address is one of RFC 5737.
_FEEDBACK = b64encode(b"sample" * 5 + b"sa").decode("ascii")
_OUTGOING_IP = "198.51.100.7"

# How the id of sent mail begins, by region [observed in these four]; elsewhere the form is kept [inferred].
_ID_PREFIXES: Mapping[str, str] = {
    "us-east-1": "0100",
    "us-west-2": "0101",
    "eu-west-1": "0102",
    "ap-south-1": "0109",
}
_ID_PREFIX_ELSEWHERE = "010f"


def bounce_dsn(
    receipt: Receipt,
    *,
    recipients: Sequence[str],
    sender: str,
    smtp_reply_code: str,
    status_code: str | None = None,
    message: str,
    verdicts: Verdicts,
    added: Added = (),
    sent_at: datetime | None = None,
    dsn_id: str = "",
    with_ses_headers: bool = True,
) -> bytes:
    """The bounce of a Bounce action, from `sender` to the envelope sender.

    Parameters
    ----------
    receipt : Receipt
        The accepted mail.
    recipients : sequence of str
        Those that the rule matched, one block each.
    sender : str
        Who bounces.
    smtp_reply_code, status_code, message : str
        The diagnostic; without a status code the report says ``5.0.0`` or ``4.0.0`` [inferred]. The action of the
        report is ``failed`` whatever the code [observed].
    verdicts : Verdicts
        As the rule sees them: they are in the header of the mail that is returned.
    added : sequence of (str, str)
        Headers added so far.
    sent_at : datetime, optional
        When it is sent; the second after receipt where it is not given.
    dsn_id : str, optional
        Id that SES gives the bounce; made from the mail and the diagnostic where it is not given.
    with_ses_headers : bool
        Whether the returned header starts with what SES added.
    """
    status = status_code or ""
    if not status and receipt.assumptions.bounce_status_code == "by-class":
        status = "4.0.0" if smtp_reply_code.startswith("4") else "5.0.0"
    diagnostic = " ".join(filter(None, (smtp_reply_code, status_code, message)))
    blocks = [
        [
            ("Action", "failed"),
            ("Final-Recipient", f"rfc822; {recipient}"),
            ("Original-Recipient", f"rfc822; {recipient}"),
            ("Diagnostic-Code", f"smtp; {diagnostic}"),
            *([("Status", status)] if status else []),
        ]
        for recipient in recipients
    ]
    return report(
        receipt,
        sender=sender,
        blocks=blocks,
        sent_at=sent_at,
        dsn_id=dsn_id,
        returned=returned_header(receipt, verdicts, added) if with_ses_headers else receipt.message.header,
    )


def oversize_dsn(
    receipt: Receipt,
    *,
    recipients: Sequence[str],
    sender: str,
    sent_at: datetime | None = None,
    dsn_id: str = "",
) -> bytes:
    """The bounce of a mail that is too large for an SNS action; its returned header is the sender's own [observed]."""
    code, status, text = OVERSIZE
    return bounce_dsn(
        receipt,
        recipients=recipients,
        sender=sender,
        smtp_reply_code=code,
        status_code=status,
        message=text,
        verdicts=Verdicts(),
        sent_at=sent_at,
        dsn_id=dsn_id,
        with_ses_headers=False,
    )


def report(
    receipt: Receipt,
    *,
    sender: str,
    blocks: Sequence[Sequence[DsnField]],
    returned: bytes,
    sent_at: datetime | None = None,
    dsn_id: str = "",
    explanation: str = _SENTENCE,
    reporting_mta: str = "",
    arrived: str = "",
    extensions: Sequence[DsnField] = (),
) -> bytes:
    """A delivery status notification, whatever it reports; CR, LF and NUL in a value become spaces.

    Parameters
    ----------
    receipt : Receipt
        The mail it is about.
    sender : str
        Who sends it.
    blocks : sequence of sequences of (str, str)
        Per recipient, the fields in order.
    returned : bytes
        The header of the mail, for the third part: what `returned_header` gave, or the sender's own.
    explanation : str
        Text of the first part.
    reporting_mta, arrived : str
        Fields about the mail; the inbound host and the time of receipt where they are not given.
    extensions : sequence of (str, str)
        Further fields about the mail.
    """
    sent_at = sent_at or receipt.received_at.replace(microsecond=0) + timedelta(seconds=1)
    dsn_id = dsn_id or ses_message_id(f"{receipt.message_id} {sender} {blocks}", sent_at, receipt.region)
    about_mail = [
        ("Reporting-MTA", reporting_mta or f"dns; {inbound_host(receipt.region)}"),
        ("Arrival-Date", arrived or arrival_date(receipt.received_at)),
        *extensions,
    ]
    status = b"\r\n".join((_lines(about_mail), *map(_lines, blocks), b""))
    sentence = "\r\n".join(explanation.replace("\x00", " ").splitlines())
    charset, encoding = ("us-ascii", "7bit") if sentence.isascii() else ("utf-8", "8bit")
    parts = (
        _part(f"text/plain; charset={charset}", encoding, "Notification", to_bytes(sentence)),
        _part("message/delivery-status", "7bit", "Delivery Status Notification", status),
        _part("text/rfc822-headers", "7bit", "Undelivered Message", _refolded(_whole_lines(returned)) + b"\r\n"),
    )
    boundary = _boundary(dsn_id, sent_at, parts)
    head = [
        ("Date", dsn_date(sent_at)),
        ("From", sender),
        ("To", receipt.envelope.mail_from or "<>"),
        ("Message-ID", f"<{dsn_id}@{message_id_host(receipt.region)}>"),
        ("Subject", "Delivery Status Notification (Failure)"),
        ("MIME-Version", "1.0"),
    ]
    tail = [
        ("Feedback-ID", f"1.{receipt.region}.{_FEEDBACK}:AmazonSES"),
        ("X-SES-Outgoing", f"{sent_at.astimezone(UTC):%Y.%m.%d}-{_OUTGOING_IP}"),
    ]
    delimiter = f"--{boundary}\r\n".encode("ascii")
    content_type = f'Content-Type: multipart/report; \r\n\tboundary="{boundary}"; \r\n\treport-type=delivery-status\r\n'
    header = b"".join((_lines(head), content_type.encode("ascii"), _lines(tail)))
    end = f"--{boundary}--\r\n".encode("ascii")
    body = b"".join((*(piece for part in parts for piece in (delimiter, part, b"\r\n")), end))
    signature = sent_signature(Message(b"\r\n".join((header, body))), region=receipt.region, sent_at=sent_at)
    return b"".join((b"Return-Path: <>\r\n", signature, header, b"\r\n", body))


def returned_header(receipt: Receipt, verdicts: Verdicts, added: Added = ()) -> bytes:
    """The header that a bounce returns: SES's block, the sender's fields, and those that were added."""
    return header_block(receipt, verdicts, added) + sent_header(receipt, verdicts, added)


def message_id_host(region: str) -> str:
    """The host behind the ``@`` of a sent mail's Message-ID; us-east-1 has one of its own [observed].

    Examples
    --------
    >>> message_id_host("us-east-1"), message_id_host("eu-west-1")
    ('email.amazonses.com', 'eu-west-1.amazonses.com')
    """
    return "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"


def ses_message_id(about: str, at: datetime, region: str = "us-east-1") -> str:
    """An id in the shape that SES gives sent mail: the region, the time in milliseconds, then what looks like a UUID.

    Examples
    --------
    >>> ses_message_id("a bounce", datetime(2026, 1, 2, 10, 5, 6, tzinfo=UTC))[:17]
    '0100019b7e2b0050-'
    """
    digest = hashlib.sha256(about.encode("utf-8", "replace")).hexdigest()
    middle = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    return f"{_ID_PREFIXES.get(region, _ID_PREFIX_ELSEWHERE)}{millis(at):012x}-{middle}-000000"


def _boundary(dsn_id: str, sent_at: datetime, parts: Iterable[bytes]) -> str:
    """JavaMail's form, counted up until it occurs in no part: nothing in the mail can end one."""
    number = int.from_bytes(hashlib.sha256(dsn_id.encode("utf-8", "replace")).digest()[:4], "big") % 2_000_000_000
    count = 0
    while True:
        boundary = f"----=_Part_{count}_{number}.{millis(sent_at)}"
        if not any(boundary.encode("ascii") in part for part in parts):
            return boundary
        count += 1


def _part(content_type: str, encoding: str, description: str, body: bytes) -> bytes:
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return f"{head}Content-Description: {description}\r\n\r\n".encode("ascii") + body


def _lines(fields: Iterable[DsnField]) -> bytes:
    return to_bytes("".join(f"{single_line(name)}: {single_line(value)}\r\n" for name, value in fields))


def _whole_lines(header: bytes) -> bytes:
    """A header whose last line has its end; mail without a body may lack it."""
    return header if not header or header.endswith(b"\n") else header + b"\r\n"


def _refolded(header: bytes) -> bytes:
    """The header with a space in place of each tab that begins a folded line [inferred from eight samples]."""
    return header.replace(b"\n\t", b"\n ")
