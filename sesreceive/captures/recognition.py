r"""What a file or value is, by its shape: which captures lie in it, or why there is none.

JSON is unwrapped as often as it was wrapped: an SQS message holds an SNS envelope holds a notification. What was saved
in another form than SES wrote it (LF line ends, another encoding, indented JSON) is read all the same, and the capture
has a gap that says what cannot be compared then.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sesreceive.backends.kms_envelope import Kms, decrypt, is_encrypted
from sesreceive.captures.block_values import block_fields, refolded, values_of
from sesreceive.captures.capture import Capture, Kind, Unrecognised
from sesreceive.errors import InputError, SesReceiveError, one_line
from sesreceive.json_input import parse_json
from sesreceive.mail.hops import hop
from sesreceive.mail.mail_files import with_crlf
from sesreceive.mail.message import Message
from sesreceive.writing.mail_object import compact_json
from sesreceive.writing.setup import SETUP_MESSAGE_ID

__all__ = ["PRETTY", "Found", "in_bytes", "in_document", "object_capture", "returned_part"]

Found: TypeAlias = "Iterator[Capture | Unrecognised]"

LF = "its lines end in LF, where SES wrote CRLF: line ends are not compared"
PRETTY = "its JSON was written anew (blanks, order or escapes): its form is not compared"
CUT_HEADER = "it is cut inside its header"
CUT_BODY = "it is cut: the last boundary of its parts is missing"
LOCKED = "it is encrypted: give `kms`, a boto3 KMS client or the LocalKms that has the key"

# Wrappers in wrappers; four is what a queue behind a topic behind an API makes.
_DEEPEST = 8
_REPORT = re.compile(rb"multipart/report", re.IGNORECASE)
_BOUNDARY = re.compile(rb"boundary=(?:\"([^\"]+)\"|([^\s;]+))", re.IGNORECASE)
_INBOUND = re.compile(rb"inbound-smtp\.[a-z0-9-]+\.amazonaws\.com")
_SAID = re.compile(r"(?:[CS]:|<[-~*]|[-~]>|===|\*\*\*|#|send:|reply:)", re.IGNORECASE)
_GREETED = re.compile(r"^(?:S:|<[-~]|< )?\s*(?:220[ -]\S+ .*|250[ -].*)", re.MULTILINE)
_ACCEPTED = re.compile(r"250 (?:2\.\d\.\d )?OK ([0-9a-v]{20,60})\b", re.IGNORECASE)
_LOGGED = re.compile(r"\binbound-smtp\.[a-z0-9-]+\.amazonaws\.com\b")


def in_bytes(content: bytes, name: str, *, kms: Kms | None = None, depth: int = 0) -> Found:
    """The captures in the content of a file."""
    text_start = content[:4]
    if text_start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            content = content.decode("utf-16").encode("utf-8")
        except UnicodeDecodeError:
            yield Unrecognised(name, "it begins as UTF-16 and is none")
            return
    content = content.removeprefix(b"\xef\xbb\xbf")
    start = content.lstrip()[:1]
    if not start:
        yield Unrecognised(name, "it is empty")
    elif start in (b"{", b"["):
        yield from _in_json(content, name, kms, depth)
    elif content.startswith(b"POST ") and b"\n{" in content:
        # an HTTP delivery as it was on the wire
        yield from _in_json(content[content.index(b"\n{") + 1 :], name, kms, depth)
    else:
        yield from _in_text(content, name)


def _in_text(content: bytes, name: str) -> Found:
    raw = with_crlf(content)
    gaps = (LF,) if raw is not content and raw != content else ()
    message = Message(raw)
    if any(field.name == b"X-SES-RECEIPT" for field in message.fields) or block_fields(message)[2]:
        yield replace(object_capture(raw, name), gaps=(*gaps, *_cuts(message)))
        return
    if message.get("Subject") == "Amazon SES Setup Notification":
        yield Unrecognised(name, "SES writes it when a rule is created; it is no mail")
        return
    kind = message.get("Content-Type") or ""
    if _REPORT.search(kind.encode()):
        yield _bounce(message, name, gaps)
        return
    text = content.decode("utf-8", "replace")
    sessions = _sessions(text)
    if sessions:
        for number, lines in enumerate(sessions, start=1):
            yield _transcript(lines, name if len(sessions) == 1 else f"{name}#{number}")
        return
    if _LOGGED.search(text):
        yield from _log(text, name)
        return
    if message.fields and message.fields[0].name:
        yield Unrecognised(name, "it is mail, but nothing that SES wrote stands at its top")
    else:
        yield Unrecognised(name, "it has none of the shapes of what SES writes")


# ------------------------------------------------------------------ JSON


def _in_json(content: bytes, name: str, kms: Kms | None, depth: int) -> Found:
    try:
        document = parse_json(content, where="its text")
    except InputError as error:
        lines = [line for line in content.splitlines() if line.strip()]
        whole = [line for line in lines if line.lstrip()[:1] == b"{" and line.rstrip()[-1:] == b"}"]
        if len(lines) > 1 and len(whole) == len(lines):  # a log: one JSON a line
            for number, line in enumerate(lines, start=1):
                yield from _in_json(line, f"{name}:{number}", kms, depth)
            return
        cut = " (it may be cut)" if content.rstrip()[-1:] not in (b"}", b"]") else ""
        yield Unrecognised(name, f"{error}{cut}")
        return
    yield from in_document(document, name, kms=kms, depth=depth, text=content)


def in_document(
    document: Any, name: str, *, kms: Kms | None = None, depth: int = 0, text: bytes | None = None
) -> Found:
    """The captures in a JSON value, such as the event that a function was given; `text` is how it was written."""
    if depth > _DEEPEST:
        yield Unrecognised(name, f"it is wrapped more than {_DEEPEST} deep")
    elif isinstance(document, list):
        if not document:
            yield Unrecognised(name, "it is a list without anything in it")
        for number, one in enumerate(document, start=1):
            yield from in_document(one, f"{name}#{number}", kms=kms, depth=depth + 1)
    elif not isinstance(document, Mapping):
        yield Unrecognised(name, "it is JSON, but no object")
    else:
        yield from _in_object(document, name, kms, depth, text)


def _in_object(document: Mapping[str, Any], name: str, kms: Kms | None, depth: int, text: bytes | None) -> Found:
    records = document.get("Records")
    if isinstance(records, list):
        if not records:
            yield Unrecognised(name, "its list of records has nothing in it")
        for number, record in enumerate(records, start=1):
            where = name if len(records) == 1 else f"{name}#{number}"
            yield from _in_record(record, where, kms, depth, text if len(records) == 1 else None)
    elif isinstance(document.get("Messages"), list):  # `aws sqs receive-message`
        yield from in_document(document["Messages"], name, kms=kms, depth=depth + 1)
    elif document.get("Type") == "Notification" and isinstance(document.get("Message"), str):
        yield from _in_envelope(document, document, name, kms, depth)
    elif isinstance(body := document.get("Body", document.get("body")), str):
        # an SQS message, or an HTTP request as a gateway hands it on
        content = _unpacked(body) if document.get("isBase64Encoded") is True else body.encode("utf-8", "replace")
        yield from in_bytes(content, name, kms=kms, depth=depth + 1)
    elif document.get("notificationType") == "Received" or ("mail" in document and "receipt" in document):
        yield _told(Kind.NOTIFICATION, document, document, name, text)
    elif isinstance(document.get("ses"), Mapping):
        yield _told(Kind.EVENT, {"Records": [document]}, document["ses"], name, text)
    elif "notificationType" in document or "eventType" in document:
        yield Unrecognised(name, "it is a notification about mail that was sent, not received")
    elif isinstance(document.get("body_base64"), str) and isinstance(document.get("metadata"), Mapping):
        yield _packed_object(document, name, kms)
    elif document.get("Type") == "SubscriptionConfirmation":
        yield Unrecognised(name, "SNS asks for a confirmation with it; it is about no mail")
    else:
        yield Unrecognised(name, "it is JSON, but neither an event nor a notification of SES, nor wraps one")


def _in_record(record: Any, name: str, kms: Kms | None, depth: int, text: bytes | None) -> Found:
    if not isinstance(record, Mapping):
        yield Unrecognised(name, "a record of it is no object")
    elif isinstance(record.get("ses"), Mapping):
        yield _told(Kind.EVENT, {"Records": [record]}, record["ses"], name, text)
    elif isinstance(sns := record.get("Sns"), Mapping) and isinstance(sns.get("Message"), str):
        yield from _in_envelope(sns, {**record, "Sns": sns}, name, kms, depth)
    elif "body" in record or "Body" in record:
        yield from _in_object(record, name, kms, depth + 1, None)
    elif "s3" in record:
        yield Unrecognised(name, "it is an event of S3; its object is what SES wrote")
    else:
        yield Unrecognised(name, "a record of it is none of SES, SNS or SQS")


def _in_envelope(
    envelope: Mapping[str, Any], whole: Mapping[str, Any], name: str, kms: Kms | None, depth: int
) -> Found:
    """A notification as SNS handed it on: to HTTP and SQS, or as a record to a function."""
    kept = {key: value for key, value in envelope.items() if key != "Message"}
    if whole is not envelope:
        kept = {**{key: value for key, value in whole.items() if key != "Sns"}, "Sns": kept}
    for found in in_bytes(envelope["Message"].encode("utf-8", "replace"), name, kms=kms, depth=depth + 1):
        yield replace(found, wrapping=kept) if isinstance(found, Capture) else found


def _told(
    kind: Kind, document: Mapping[str, Any], told: Mapping[str, Any], name: str, text: bytes | None
) -> Capture | Unrecognised:
    mail, receipt = told.get("mail"), told.get("receipt")
    if not isinstance(mail, Mapping) or not isinstance(receipt, Mapping):
        return Unrecognised(name, f"it begins as a {kind} but has no `mail` or no `receipt`")
    message_id = mail.get("messageId")
    if message_id == SETUP_MESSAGE_ID:
        return Unrecognised(name, "SES publishes it when a rule is created; it is about no mail")
    as_written = compact_json(document)
    written = as_written if text is None else text.decode("utf-8", "replace").strip()
    return Capture(
        kind=kind,
        name=name,
        content=written.encode("utf-8", "replace"),
        document=document,
        message_id=message_id if isinstance(message_id, str) else "",
        at=_time(mail.get("timestamp")),
        gaps=() if written == as_written else (PRETTY,),
    )


def _packed_object(document: Mapping[str, Any], name: str, kms: Kms | None) -> Capture | Unrecognised:
    """An object whose body and metadata were put into one JSON."""
    metadata = {str(key): str(value) for key, value in document["metadata"].items()}
    key = document.get("data_key_base64")
    try:
        body = b64decode(document["body_base64"], validate=True)
        plain_key = b64decode(key, validate=True) if isinstance(key, str) else None
    except ValueError:
        return Unrecognised(name, "its `body_base64` or `data_key_base64` is no base64")
    return object_capture(body, name, metadata=metadata, kms=_KnownKey(plain_key) if plain_key else kms)


class _KnownKey:
    """A KMS that has decrypted the key already."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def generate_data_key(self, **asked: Any) -> Any:
        raise NotImplementedError

    def decrypt(self, **asked: Any) -> Any:
        return {"Plaintext": self._key}


def _unpacked(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return text.encode("utf-8", "replace")


def _time(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None and at.year >= 1970 else None


# ------------------------------------------------------------------ mail


def object_capture(
    body: bytes,
    name: str,
    *,
    metadata: Mapping[str, str] | None = None,
    key: str | None = None,
    bucket: str | None = None,
    content_type: str | None = None,
    kms: Kms | None = None,
) -> Capture:
    """A stored object; one that is encrypted is decrypted where the key can be had."""
    metadata = dict(metadata or {})
    gaps: tuple[str, ...] = ()
    message_id = ""
    if is_encrypted(metadata):
        try:
            context = parse_json(metadata.get("x-amz-matdesc", "{}"))
            message_id = str(context.get("aws:ses:message-id", "")) if isinstance(context, Mapping) else ""
        except InputError:
            pass
        try:
            body = decrypt(body, metadata, kms) if kms is not None else b""
            gaps = () if kms is not None else (LOCKED,)
        except SesReceiveError as error:
            body, gaps = b"", (f"it cannot be decrypted: {one_line(error)}",)
        except Exception as error:  # noqa: BLE001 - boto3 makes its exceptions at run time
            body, gaps = b"", (f"it cannot be decrypted: {one_line(error) or type(error).__name__}",)
    message = Message(body)
    told_id, at = _block_facts(message)
    return Capture(
        kind=Kind.OBJECT,
        name=name,
        content=body,
        message_id=told_id or message_id,
        at=at,
        key=key,
        bucket=bucket,
        content_type=content_type,
        metadata=metadata,
        gaps=(*gaps, *_cuts(message)) if body else gaps,
    )


def _block_facts(message: Message) -> tuple[str, datetime | None]:
    """Message id and time in the Received field of SES."""
    for field_name, value in block_fields(message)[2]:
        if field_name == "Received":
            told = values_of("Received", value)
            return told.get("id", ""), hop(f"; {told['date']}").at if "date" in told else None
    return "", None


def _cuts(message: Message) -> Iterator[str]:
    """What shows that the message is not whole."""
    if message.header_end == len(message.raw):
        yield CUT_HEADER
        return
    found = _BOUNDARY.search((message.get("Content-Type") or "").encode("utf-8", "replace"))
    if (
        found is not None
        and b"--" + (found.group(1) or found.group(2)) + b"--" not in message.raw[message.body_start :]
    ):
        yield CUT_BODY


def returned_part(content: bytes) -> bytes:
    """The header of the mail that a bounce returns; empty where it has none."""
    head = b"Content-Description: Undelivered Message\r\n\r\n"
    start = content.find(head)
    if start < 0:
        return b""
    end = content.find(b"\r\n------=_Part_", start)
    return content[start + len(head) : end if end >= 0 else len(content)]


def _bounce(message: Message, name: str, gaps: tuple[str, ...]) -> Capture | Unrecognised:
    if not _INBOUND.search(message.raw):
        return Unrecognised(name, "it is a bounce, but of another host than one that receives for SES")
    message_id, at = _block_facts(Message(returned_part(message.raw)))
    if at is None:
        found = re.search(rb"Arrival-Date: ([^\r\n]+)", message.raw)
        at = _arrival(found.group(1).decode("ascii", "replace")) if found else None
    cut = tuple(one for one in _cuts(message))
    return Capture(kind=Kind.BOUNCE, name=name, content=message.raw, message_id=message_id, at=at, gaps=(*gaps, *cut))


def _arrival(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), "%a, %d %b %y %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        return None


# ------------------------------------------------------------------ the sender's side


# What stands before a line of either side, in the forms of common clients: ours and RFC's, swaks, smtplib, telnet.
_SERVER = re.compile(r"^(?:S:|<[-~*]+|<<<|reply: b'|<)\s?(?=\s*\d{3})|^(?=\d{3}[ -])")
_CLIENT = re.compile(r"^(?:C:|[-~]+>|>>>|send: '|>)\s?")


def _sessions(text: str) -> list[list[str]]:
    """The sessions in a transcript, as lines ``S: …`` and ``C: …``; each begins with a greeting or behind a comment."""
    sessions: list[list[str]] = [[]]
    spoken = answered = 0
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("#"):
            if sessions[-1]:
                sessions.append([])
            continue
        server, client = _SERVER.match(line), _CLIENT.match(line)
        if server:
            reply = _plain(line[server.end() :])
            if reply.startswith("220") and "start TLS" not in reply and sessions[-1] and spoken:
                sessions.append([])
            sessions[-1].append(f"S: {reply}")
            answered += 1
        elif client:
            sessions[-1].append(f"C: {_plain(line[client.end() :])}")
            spoken += 1
    kept = [lines for lines in sessions if any(line.startswith("S: ") for line in lines)]
    return kept if spoken and answered else []


def _plain(text: str) -> str:
    """A line without what smtplib prints around it, and without a remark at its end."""
    return re.sub(r"\s{2,}\([a-z]\)$", "", text.strip()).removesuffix("'").removesuffix("\\r\\n")


def _transcript(lines: list[str], name: str) -> Capture:
    found = _ACCEPTED.search("\n".join(lines))
    return Capture(
        kind=Kind.TRANSCRIPT,
        name=name,
        content="\n".join(lines).encode("utf-8", "replace"),
        message_id=found.group(1).lower() if found else "",
    )


_RECEIVED_LINE = re.compile(
    r"(?:Received: )?(from \S+ \([^\n]*\]\)\s+by inbound-smtp\.\S+ with SMTP id [^\s;]+;?"
    r"(?:\s+for [^\s;]+;)?\s+[^\n;]+)"
)


def _log(text: str, name: str) -> Found:
    """Lines of a sender's log about deliveries to SES, and Received lines."""
    count = 0
    for number, found in enumerate(_RECEIVED_LINE.finditer(text), start=1):
        count += 1
        value = refolded("Received", " ".join(found.group(1).split()))
        told = values_of("Received", value)
        yield Capture(
            kind=Kind.LOG,
            name=f"{name}:{number}",
            content=f"Received: {value}".encode("utf-8", "replace"),
            message_id=told.get("id", ""),
            at=hop(f"; {told['date']}").at if "date" in told else None,
        )
    for number, line in enumerate(text.splitlines(), start=1):
        status = re.search(r"\bstatus=(?:sent|bounced|deferred) \((.*)\)\s*$", line)
        if status is None or not _LOGGED.search(line):
            continue
        count += 1
        accepted = _ACCEPTED.search(status.group(1))
        yield Capture(
            kind=Kind.LOG,
            name=f"{name}:{number}",
            content=line.strip().encode("utf-8", "replace"),
            message_id=accepted.group(1).lower() if accepted else "",
        )
    if not count:
        yield Unrecognised(name, "it names a receiving host of SES, but in no line that tells what it answered")


def as_json(value: Any) -> bytes:
    """A value of Python as the JSON it stands for."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
