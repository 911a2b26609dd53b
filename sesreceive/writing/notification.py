"""What SES tells of a received mail: the notification JSON of SNS topics and the event of Lambda functions.

Both are one line of compact JSON with the members in the order of the wire, which is not that of the documentation's
samples [observed].
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from sesreceive.verdict import Verdicts
from sesreceive.writing.dates import timestamp
from sesreceive.writing.mail_object import compact_json, mail_json, mail_object
from sesreceive.writing.receipt import Receipt
from sesreceive.writing.stored_message import Added, most_stored

__all__ = [
    "ACTION_MEMBERS",
    "SNS_ENCODINGS",
    "action_object",
    "lambda_event",
    "mail_object",
    "most_octets",
    "notification",
    "receipt_object",
    "sns_content",
]

# Developer Guide, "Notification contents", action object; order as in public samples for S3, SNS and Lambda without a
# topic [observed], else inferred. Connect has no topic and no notification.
ACTION_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "S3":       ("topicArn", "bucketName", "objectKeyPrefix", "objectKey"),
    "SNS":      ("topicArn", "encoding"),
    "Lambda":   ("topicArn", "functionArn", "invocationType"),
    "Bounce":   ("topicArn", "smtpReplyCode", "statusCode", "message", "sender"),
    "Stop":     ("topicArn",),
    "WorkMail": ("topicArn", "organizationArn"),
}  # fmt: skip

# The API's spelling and that of the JSON [observed; BASE64 documented].
SNS_ENCODINGS: Mapping[str, str] = {"UTF-8": "UTF8", "Base64": "BASE64"}


def action_object(kind: str, **members: str | None) -> dict[str, str]:
    """The ``receipt.action`` object of an action, its members in wire order; None leaves one out.

    Raises
    ------
    ValueError
        When there is no such type, or it has no such member.

    Examples
    --------
    >>> action_object("S3", objectKey="0vfh", bucketName="inbox", topicArn=None)
    {'type': 'S3', 'bucketName': 'inbox', 'objectKey': '0vfh'}
    >>> action_object("SNS", topicArn="arn:aws:sns:us-east-1:111122223333:mail", encoding="UTF-8")["encoding"]
    'UTF8'
    """
    order = ACTION_MEMBERS.get(kind)
    if order is None:
        raise ValueError(f"an action of a notification is one of {', '.join(ACTION_MEMBERS)} but got `{kind}`")
    if unknown := [name for name in members if name not in order]:
        raise ValueError(f"a {kind} action has the members {', '.join(order)} but got `{', '.join(sorted(unknown))}`")
    encoding = members.get("encoding")
    if encoding is not None:
        members["encoding"] = SNS_ENCODINGS.get(encoding, encoding)
    return {"type": kind, **{name: value for name in order if (value := members.get(name)) is not None}}


def receipt_object(
    receipt: Receipt,
    *,
    recipients: Sequence[str],
    verdicts: Verdicts,
    action: Mapping[str, Any],
    processing_time_ms: int = 0,
) -> dict[str, Any]:
    """The ``receipt`` object, its members in wire order; ``dmarcPolicy`` is last, where DMARC failed [observed].

    Parameters
    ----------
    receipt : Receipt
        The accepted mail.
    recipients : sequence of str
        Those that the rule matched, as they were sent.
    verdicts : Verdicts
        As the rule sees them.
    action : mapping
        What `action_object` gave.
    processing_time_ms : int
        Milliseconds from receipt to the action.
    """
    told: dict[str, Any] = {
        "timestamp": timestamp(receipt.received_at),
        "processingTimeMillis": int(processing_time_ms),
        "recipients": list(recipients),
        "spamVerdict": {"status": str(verdicts.spam)},
        "virusVerdict": {"status": str(verdicts.virus)},
        "spfVerdict": {"status": str(verdicts.spf)},
        "dkimVerdict": {"status": str(verdicts.dkim)},
        "dmarcVerdict": {"status": str(verdicts.dmarc)},
        "action": dict(action),
    }
    if verdicts.dmarc_policy:
        told["dmarcPolicy"] = verdicts.dmarc_policy
    return told


def notification(
    receipt: Receipt,
    *,
    recipients: Sequence[str],
    verdicts: Verdicts,
    action: Mapping[str, Any],
    processing_time_ms: int = 0,
    added: Added = (),
    content: str | None = None,
) -> str:
    """The notification as the SNS ``Message`` has it.

    Parameters
    ----------
    receipt, recipients, verdicts, action, processing_time_ms
        As for `receipt_object`.
    added : sequence of (str, str)
        Headers that AddHeader actions have added so far.
    content : str, optional
        The whole message, for an SNS action only: what `sns_content` gave.
    """
    told = receipt_object(
        receipt, recipients=recipients, verdicts=verdicts, action=action, processing_time_ms=processing_time_ms
    )
    tail = "" if content is None else f',"content":{compact_json(content)}'
    mail = mail_json(receipt, verdicts, added)
    return f'{{"notificationType":"Received","mail":{mail},"receipt":{compact_json(told)}{tail}}}'


def lambda_event(
    receipt: Receipt,
    *,
    recipients: Sequence[str],
    verdicts: Verdicts,
    action: Mapping[str, Any],
    processing_time_ms: int = 0,
    added: Added = (),
) -> str:
    """The event that a function of a Lambda action is invoked with: one record, no body of the message.

    Its headers may be five times as large as those of a notification [documented].
    """
    told = receipt_object(
        receipt, recipients=recipients, verdicts=verdicts, action=action, processing_time_ms=processing_time_ms
    )
    mail = mail_json(receipt, verdicts, added, headers_bytes=receipt.assumptions.lambda_headers_bytes)
    ses = f'{{"mail":{mail},"receipt":{compact_json(told)}}}'
    return f'{{"Records":[{{"eventSource":"aws:ses","eventVersion":"1.0","ses":{ses}}}]}}'


# A control character of one octet is six in JSON; what is decoded takes three for one at most.
_ESCAPED = 6
# Names and punctuation of one header field, and of all the rest, with room.
_FIELD_FRAME, _FRAME = 32, 4_096


def most_octets(
    receipt: Receipt,
    *,
    recipients: Sequence[str],
    action: Mapping[str, Any],
    added: Added = (),
    content: bool = False,
) -> int:
    """A size that the notification or event surely does not exceed; had without making it.

    Each octet of the header is repeated three times at most: in ``headers``, ``commonHeaders`` and ``destination``.
    """
    whole = most_stored(receipt, added)
    message = receipt.message
    header = whole - len(message.raw) + message.body_start
    sender = len(receipt.envelope.mail_from) + len(receipt.assumptions.null_sender_source)
    told = sum(map(len, recipients)) + sum(len(name) + len(str(value)) for name, value in action.items())
    frames = _FIELD_FRAME * (len(message.fields) + len(added) + len(recipients) + len(action)) + _FRAME
    return _ESCAPED * (3 * header + 2 * sender + told + (whole if content else 0)) + frames


def sns_content(stored: bytes, encoding: str = "UTF-8") -> str:
    r"""The stored message as text for ``content``.

    Parameters
    ----------
    stored : bytes
        What `stored_message` gave.
    encoding : str
        ``UTF-8``: bytes that are none become U+FFFD, so they are lost [inferred]. ``Base64``: one line, lossless.

    Raises
    ------
    ValueError
        When the encoding is neither.

    Examples
    --------
    >>> sns_content(b"caf\xe9\r\n"), sns_content(b"caf\xe9\r\n", "Base64")
    ('caf�\r\n', 'Y2Fm6Q0K')
    """
    if encoding not in SNS_ENCODINGS:
        raise ValueError(f"an SNS action's encoding is UTF-8 or Base64 but got `{encoding}`")
    return b64encode(stored).decode("ascii") if encoding == "Base64" else stored.decode("utf-8", "replace")
