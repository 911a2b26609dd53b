"""What SES writes, as fields: each artefact is taken apart by one function, whoever wrote it.

A field has a path, which names it, and a place, which says the same without a word of the mail: `Field.place` is what
may be shown to others. Values and form are fields of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from sesreceive.captures.block_values import FORM, block_fields, refolded, values_of
from sesreceive.captures.recognition import returned_part
from sesreceive.captures.witnesses import PART_OF, redacted
from sesreceive.mail.message import HeaderField, Message
from sesreceive.mail.ses_block import BLOCK

__all__ = [
    "Artefact",
    "Field",
    "Fields",
    "Sort",
    "bounce_fields",
    "json_fields",
    "message_fields",
    "whole_fields",
    "wrapping_fields",
]


class Artefact(StrEnum):
    """What is scored apart."""

    HEADER_BLOCK = "header block"
    MESSAGE = "message"
    NOTIFICATION = "notification"
    EVENT = "Lambda event"
    VERDICTS = "verdicts"
    KEY = "key"
    ENCRYPTION = "encryption"
    BOUNCE = "bounce"
    REPLIES = "SMTP replies"


class Sort(StrEnum):
    """How a field is compared: as it is, or by its shape alone where every mail has another."""

    EXACT = "exact"
    ID = "id"
    DATE = "date"
    NEAR = "near"  # a time that may be a second or two later than ours


class Field(NamedTuple):
    """One field of an artefact."""

    artefact: Artefact
    path: str
    place: str
    value: str
    sort: Sort = Sort.EXACT
    part: str = ""


Fields = dict[str, Field]
"""The fields of one artefact, by path, in order."""

_SORTS: Mapping[tuple[str, str], Sort] = {
    ("X-SES-RECEIPT", "token"): Sort.ID,
    ("X-SES-DKIM-SIGNATURE", "b"): Sort.ID,
    ("X-SES-DKIM-SIGNATURE", "s"): Sort.ID,
    ("X-SES-DKIM-SIGNATURE", "t"): Sort.NEAR,
}
_VERDICT_FIELDS = ("X-SES-Spam-Verdict", "X-SES-Virus-Verdict")
_BLOCK_NAMES = tuple(expected.name for expected in BLOCK)
# Members that SES writes; any other is one that nobody knows, and its name is not shown to others.
_MEMBERS = re.compile(
    r"(?:notificationType|mail|receipt|content|Records|eventSource|eventVersion|ses|timestamp|source|messageId|destination"
    r"|headersTruncated|headers|commonHeaders|returnPath|from|sender|replyTo|date|to|cc|bcc|subject|processingTimeMillis"
    r"|recipients|spamVerdict|virusVerdict|spfVerdict|dkimVerdict|dmarcVerdict|dmarcPolicy|status|action|type|topicArn"
    r"|bucketName|objectKeyPrefix|objectKey|encoding|functionArn|invocationType|smtpReplyCode|statusCode|message"
    r"|organizationArn|Type|MessageId|TopicArn|Subject|Timestamp|SignatureVersion|Signature|SigningCertURL|SigningCertUrl"
    r"|UnsubscribeURL|UnsubscribeUrl|EventSource|EventVersion|EventSubscriptionArn|Sns|MessageAttributes)"
)
_JSON_PARTS: Mapping[str, str] = {
    "mail.timestamp": "time",
    "receipt.timestamp": "time",
    "mail.source": "mail_from",
    "mail.messageId": "message_id",
    "mail.commonHeaders.returnPath": "mail_from",
    "receipt.spamVerdict.status": "spam",
    "receipt.virusVerdict.status": "virus",
    "receipt.spfVerdict.status": "verdict",
    "receipt.dkimVerdict.status": "verdict",
    "receipt.dmarcVerdict.status": "verdict",
    "receipt.dmarcPolicy": "policy",
}
_ENVELOPE_SORTS: Mapping[str, Sort] = {
    "MessageId": Sort.ID,
    "Timestamp": Sort.DATE,
    "Signature": Sort.ID,
    "SigningCertURL": Sort.ID,
    "SigningCertUrl": Sort.ID,
    "UnsubscribeURL": Sort.ID,
    "UnsubscribeUrl": Sort.ID,
    "EventSubscriptionArn": Sort.ID,
}


def _digest(data: bytes) -> str:
    return f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()[:16]}"


# A body that somebody took out is a word or two.
_SHORT = 80


def _body(data: bytes) -> str:
    """The body by its length and digest; by its text where that only says that it was taken out."""
    text = _text(data).strip()
    return text if len(data) <= _SHORT and redacted(text) else _digest(data)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _put(fields: Fields, field: Field) -> None:
    fields[field.path] = field


# ------------------------------------------------------------------ messages


def message_fields(
    raw: bytes, *, artefact: Artefact = Artefact.HEADER_BLOCK, prefix: str = "", with_body: bool = True
) -> Fields:
    """The fields of a message as SES hands it on: its block, the sender's header, the body.

    Parameters
    ----------
    raw : bytes
        The message.
    artefact : Artefact
        What the fields of the block count as.
    prefix : str
        What the paths begin with.
    with_body : bool
        Whether there is a body.
    """
    message = Message(raw)
    start, end, block = block_fields(message)
    fields: Fields = {}
    for name, value in block:
        for field in _block_value(name, value, artefact, prefix):
            _put(fields, field)
    own = Artefact.MESSAGE if artefact is Artefact.HEADER_BLOCK else artefact
    seen: dict[str, int] = {}
    names = [_text(one.name) or "(no field)" for one in message.fields]
    for position, one in enumerate(message.fields):
        if start <= position < end:
            continue
        number = seen[names[position].lower()] = seen.get(names[position].lower(), 0) + 1
        path = f"{prefix}header.{names[position]}" + (f"#{number}" if number > 1 else "")
        _put(fields, Field(own, path, f"{prefix}header[*]", _text(_line(one)), part="header"))
    order = ", ".join(names)
    _put(fields, Field(artefact, f"{prefix}order", f"{prefix}order", order, part="order"))
    if with_body:
        _put(fields, Field(own, f"{prefix}body", f"{prefix}body", _body(bytes(message.body)), part="body"))
    return fields


def whole_fields(raw: bytes) -> bytes:
    r"""A header that is cut, without its last field, of which nobody knows how it went on.

    Examples
    --------
    >>> whole_fields(b"A: 1\r\nB: 2\r\n 3")
    b'A: 1\r\n'
    """
    ends = Message(raw).field_ends
    return raw[: ends[-2]] if len(ends) > 1 else b""


def _line(field: HeaderField) -> bytes:
    return field.value.replace(b"\r\n", b"\n")


def _block_value(name: str, value: str, artefact: Artefact, prefix: str) -> Iterator[Field]:
    for part, text in values_of(name, value).items():
        place = re.sub(r"\[\d+\]", "[*]", f"{prefix}{name}.{part}")
        belongs = Artefact.VERDICTS if name in _VERDICT_FIELDS else artefact
        told = PART_OF.get((name, part), "")
        if part.startswith(("dkim[", "dmarc.")):
            told = "results"
        yield Field(
            belongs, f"{prefix}{name}.{part}", place, text, _SORTS.get((name, part), Sort.EXACT),
            part=told or (FORM if part == FORM else ""),
        )  # fmt: skip


# ------------------------------------------------------------------ JSON


def json_fields(document: Any, *, artefact: Artefact) -> Fields:
    """The fields of a notification or an event: each member by path, and the order of all members."""
    fields: Fields = {}
    told = document
    if artefact is Artefact.EVENT and isinstance(document, Mapping) and isinstance(document.get("Records"), list):
        record = document["Records"][0]
        for name in ("eventSource", "eventVersion"):
            if isinstance(record, Mapping) and name in record:
                _put(fields, Field(artefact, name, name, str(record[name])))
        told = record.get("ses") if isinstance(record, Mapping) else None
    for name, value in told.items() if isinstance(told, Mapping) else ():
        if name != "content":
            _members(fields, str(name), _known(str(name)), value, artefact)
    order = ", ".join(_order(document, ""))
    _put(fields, Field(artefact, "order of members", "order of members", order, part="json order"))
    return fields


def _known(name: str) -> str:
    return name if _MEMBERS.fullmatch(name) else "(unknown member)"


def _members(fields: Fields, path: str, place: str, value: Any, artefact: Artefact) -> None:
    if path == "mail.headers" and isinstance(value, list):
        _headers(fields, value, artefact)
    elif isinstance(value, Mapping):
        for name, below in value.items():
            _members(fields, f"{path}.{name}", f"{place}.{_known(str(name))}", below, artefact)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            _members(fields, f"{path}[{number}]", f"{place}[*]", below, artefact)
        _put(fields, Field(artefact, f"{path} (count)", f"{place} (count)", str(len(value)), part=_list_part(path)))
    else:
        sort = Sort.DATE if path == "receipt.processingTimeMillis" else Sort.EXACT
        belongs = Artefact.VERDICTS if "Verdict" in path or path == "receipt.dmarcPolicy" else artefact
        part = _JSON_PARTS.get(path, "") or _list_part(path)
        _put(fields, Field(belongs, path, place, _scalar(value), sort, part))


def _list_part(path: str) -> str:
    return "recipient" if path.startswith("receipt.recipients") else ""


def _scalar(value: Any) -> str:
    """A value of JSON as a text that keeps its kind: the number 1 is not the text `1`."""
    return value if isinstance(value, str) else f"{type(value).__name__} {value}"


def _headers(fields: Fields, entries: list[Any], artefact: Artefact) -> None:
    """``mail.headers``: SES's own by their values, the sender's by name and number: one that is gone moves none."""
    seen: dict[str, int] = {}
    inside = True
    names = []
    for entry in entries:
        name = entry.get("name") if isinstance(entry, Mapping) else None
        value = entry.get("value") if isinstance(entry, Mapping) else None
        name, value = str(name), _scalar(value)
        names.append(name)
        inside = inside and name in _BLOCK_NAMES
        if inside:
            for field in _block_value(name, refolded(name, value), artefact, "mail.headers."):
                belongs = artefact if field.artefact is Artefact.HEADER_BLOCK else field.artefact
                _put(fields, field._replace(artefact=belongs))
            continue
        number = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        path = (
            f"mail.headers.{name}" + (f"#{number}" if number > 1 else "") + (" (below)" if name in _BLOCK_NAMES else "")
        )
        _put(fields, Field(artefact, path, "mail.headers[*]", value, part="json header"))
    order = ", ".join(names)
    _put(fields, Field(artefact, "mail.headers (order)", "mail.headers (order)", order, part="json header order"))


def _order(value: Any, path: str) -> Iterator[str]:
    """The names of all members in the order in which they stand, lists looked into once."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield f"{path}{name}"
            yield from _order(below, f"{path}{name}.")
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield from _order(value[0], path)


def wrapping_fields(envelope: Mapping[str, Any]) -> Fields:
    """The fields of an SNS envelope, or of the record that a function is given."""
    fields: Fields = {}

    def walk(value: Any, path: str, place: str) -> None:
        if isinstance(value, Mapping):
            for name, below in value.items():
                walk(below, f"{path}.{name}", f"{place}.{_known(str(name))}")
            return
        sort = _ENVELOPE_SORTS.get(path.rpartition(".")[2], Sort.EXACT)
        _put(fields, Field(Artefact.NOTIFICATION, path, place, _scalar(value), sort))

    walk(envelope, "SNS", "SNS")
    return fields


# ------------------------------------------------------------------ bounces

_DSN_SORTS: Mapping[str, Sort] = {
    "DKIM-Signature": Sort.ID,
    "Date": Sort.DATE,
    "Message-ID": Sort.ID,
    "Feedback-ID": Sort.ID,
    "X-SES-Outgoing": Sort.ID,
}
# What SES writes above a bounce; a mailbox on the way writes more, which is nobody's business here.
_DSN_FIELDS = ("From", "To", "Subject", "MIME-Version", "Content-Type", "Return-Path", *_DSN_SORTS)
_BOUNDARY = re.compile(rb"----=_Part_\d+_\d+\.\d{1,16}")
_REPORT_FIELD = re.compile(rb"^([A-Z][A-Za-z-]+): ([^\r\n]*)", re.MULTILINE)


def bounce_fields(raw: bytes) -> Fields:
    """The fields of a bounce: header, sentence, report, the header that is returned, and the form of all."""
    fields: Fields = {}
    raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    message = Message(raw)
    seen: list[str] = []
    for one in message.fields:
        name = _text(one.name)
        if name in _DSN_FIELDS and name not in seen:
            seen.append(name)
            value = _text(_BOUNDARY.sub(b"{boundary}", one.value)).strip()
            part = "transport" if name in ("DKIM-Signature", "Return-Path", "Feedback-ID", "X-SES-Outgoing") else ""
            part = "mail_from" if name == "To" else part
            _put(fields, Field(Artefact.BOUNCE, f"header.{name}", f"header.{name}", value,
                               _DSN_SORTS.get(name, Sort.EXACT), part))  # fmt: skip
    body = bytes(message.body)
    returned = returned_part(raw)
    pieces = _BOUNDARY.split(body)
    if len(pieces) > 1:
        sentence = pieces[1].partition(b"\r\n\r\n")[2]
        _put(fields, Field(Artefact.BOUNCE, "sentence", "sentence", _text(sentence.strip())))
    report = pieces[2].partition(b"\r\n\r\n")[2] if len(pieces) > 2 else b""
    counts: dict[str, int] = {}
    for found in _REPORT_FIELD.finditer(report):
        name = found.group(1).decode()
        number = counts[name] = counts.get(name, 0) + 1
        path = f"report.{name}" + (f"#{number}" if number > 1 else "")
        part = {"Arrival-Date": "second", "Reporting-MTA": "region"}.get(name, "")
        part = "recipient" if name.endswith("-Recipient") else part
        _put(fields, Field(Artefact.BOUNCE, path, f"report.{name}", _text(found.group(2)), part=part))
    shape = _REPORT_FIELD.sub(rb"\1: {}", report)
    heads = b"|".join(piece.partition(b"\r\n\r\n")[0] for piece in pieces[1:4])
    form = _text(b"|".join((heads, shape)))
    _put(fields, Field(Artefact.BOUNCE, FORM, FORM, form, part=FORM))
    if returned:
        if not body.rstrip().endswith(b"--"):
            returned = whole_fields(returned)
            if not block_fields(Message(returned))[2]:  # too little is left to know what SES wrote of it
                returned = b""
        # its last line end is the part's
        fields |= message_fields(
            returned.removesuffix(b"\r\n"), artefact=Artefact.BOUNCE, prefix="returned.", with_body=False
        )
    return fields
