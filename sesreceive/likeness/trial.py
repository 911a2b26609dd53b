"""One mail received again, and what we write of it beside what SES wrote: every capture with its counterpart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sesreceive.account.account import Account
from sesreceive.assumption import Assumptions
from sesreceive.backends.kms_envelope import encrypt_with_key
from sesreceive.backends.sns_envelope import sns_envelope, sns_lambda_event
from sesreceive.captures.capture import Capture, Kind
from sesreceive.captures.recognition import CUT_HEADER
from sesreceive.captures.reconstruction import Reconstruction
from sesreceive.captures.witnesses import content_of
from sesreceive.clock import SteppingClock
from sesreceive.dns.resolver import Resolver
from sesreceive.dns.zone import Zone
from sesreceive.effects import Effect, Invoke, Outcome, Publish, PutObject, SendBounce
from sesreceive.errors import InputError
from sesreceive.json_input import parse_json
from sesreceive.likeness.agreement import UNSIGNED, Agreement, Row, compared
from sesreceive.likeness.artefacts import (
    Artefact,
    Field,
    Fields,
    Sort,
    bounce_fields,
    json_fields,
    message_fields,
    whole_fields,
    wrapping_fields,
)
from sesreceive.likeness.conversation import answer_in_log, answers_of, our_answer, spoken_fields
from sesreceive.likeness.era import Era
from sesreceive.mail.message import Message
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.scan.scanner import Scanner
from sesreceive.stages.retries import Attempted
from sesreceive.stages.taken_over import TakenOver
from sesreceive.writing.dsn import OVERSIZE, oversize_dsn
from sesreceive.writing.mail_object import compact_json

__all__ = ["Trial", "receive_again", "rows_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried: a mail under an account, with the captures to compare.

    Attributes
    ----------
    number : int
        Number of the mail.
    captures : tuple of Capture
        What SES wrote.
    mail : Reconstruction
        The mail behind them.
    reception : Reception
        What became of it here.
    era : Era
        How our fields are written.
    authenticated : bool
        Whether SPF, DKIM and DMARC were evaluated here.
    rows : tuple of Row
        What the comparison came to; none before it was `judged`.
    captured : dict of int to Fields
        The fields of each capture by its place, read once for all that is tried.
    """

    number: int
    captures: tuple[Capture, ...]
    mail: Reconstruction
    reception: Reception
    era: Era
    authenticated: bool = False
    rows: tuple[Row, ...] = field(default=(), repr=False)
    captured: dict[int, Fields] = field(default_factory=dict, repr=False)

    @property
    def different(self) -> frozenset[tuple[str, str]]:
        """Capture and path of each row that differs."""
        return frozenset((row.capture, row.path) for row in self.rows if row.agreement is Agreement.DIFFERENT)

    @property
    def doubts(self) -> int:
        """How many rows differ, or show that the body is not the one that SES signed."""
        return sum(row.agreement is Agreement.DIFFERENT or row.why == UNSIGNED for row in self.rows)

    def judged(self) -> Trial:
        """The trial with its rows."""
        return replace(self, rows=tuple(rows_of(self)))


class _Dry:
    """A backend that does nothing: each effect succeeds."""

    def perform(self, effect: Effect) -> Outcome:
        return Outcome()


def receive_again(
    mail: Reconstruction,
    account: Account,
    *,
    assumptions: Assumptions | None = None,
    resolver: Resolver | None = None,
    scanners: Iterable[Scanner] | None = None,
) -> Reception:
    """The mail received under the account with its own id and time; nothing is performed.

    Without a resolver the results of authentication are those of the captures.
    """
    receiver = Receiver(
        account,
        resolver=resolver if resolver is not None else Zone({}),
        backend=_Dry(),
        scanners=scanners,
        assumptions=assumptions,
        clock=SteppingClock(step_s=0.0),
    )
    at = mail.envelope.received_at or _EPOCH
    submission = receiver.submit(
        mail.message, mail.envelope, drawn=(mail.message_id or "0" * 38 + "01", at.timestamp())
    )
    known = mail.known if resolver is None else replace(mail.known, authentication=None)
    return receiver.process(submission, known=known if known != TakenOver() else None)


# ------------------------------------------------------------------ what stands beside what


def rows_of(trial: Trial) -> Iterator[Row]:
    """The rows of all captures; each beside that effect of ours from which it differs least."""
    for place, capture in enumerate(trial.captures):
        captured = trial.captured.get(place)
        if captured is None:
            captured = trial.captured[place] = _captured(capture)
        candidates = list(_candidates(capture, trial))
        if not candidates:
            yield _nothing(capture, trial)
            continue
        tried = [_judged(captured, ours, capture, trial) for ours in candidates]
        yield from min(tried, key=lambda rows: sum(row.agreement is Agreement.DIFFERENT for row in rows))


def _judged(captured: Fields, ours: Fields, capture: Capture, trial: Trial) -> list[Row]:
    written = trial.era.applied(ours, trial.mail.envelope)
    return list(compared(captured, written, capture, trial.mail, trial.number, authenticated=trial.authenticated))


_ARTEFACTS = {
    Kind.OBJECT: Artefact.HEADER_BLOCK,
    Kind.NOTIFICATION: Artefact.NOTIFICATION,
    Kind.EVENT: Artefact.EVENT,
    Kind.BOUNCE: Artefact.BOUNCE,
    Kind.TRANSCRIPT: Artefact.REPLIES,
    Kind.LOG: Artefact.HEADER_BLOCK,
}


def _nothing(capture: Capture, trial: Trial) -> Row:
    """The row of a capture that nothing of ours stands beside."""
    why = trial.reception.refusal
    why = f"the mail is refused here: {why}" if why else "no action of the account writes it"
    return Row(
        mail=trial.number,
        capture=capture.name,
        kind=capture.kind,
        artefact=_ARTEFACTS[capture.kind],
        path="(all of it)",
        place="(all of it)",
        agreement=Agreement.DIFFERENT,
        captured=str(capture.kind),
        why=why,
    )


def _captured(capture: Capture) -> Fields:
    """The fields of a capture."""
    match capture.kind:
        case Kind.OBJECT:
            return {**_key(capture), **_encryption(capture), **_stored(capture)}
        case Kind.BOUNCE:
            return bounce_fields(capture.content)
        case Kind.TRANSCRIPT:
            return spoken_fields(capture)
        case Kind.LOG if not _is_received(capture):
            return answer_in_log(capture)
        case Kind.LOG:
            return _received_alone(Message(b"Return-Path: <>\r\n" + capture.content + b"\r\n\r\n"))
    artefact = _ARTEFACTS[capture.kind]
    fields = json_fields(capture.document, artefact=artefact)
    content = content_of(capture)
    if content is not None:
        fields |= message_fields(content, prefix="content.")
    elif isinstance(capture.document, dict) and "content" in capture.document:
        path = "content"
        fields[path] = Field(artefact, path, path, str(capture.document["content"])[:80])
    if capture.wrapping is not None:
        fields |= wrapping_fields(capture.wrapping)
    return fields


def _is_received(capture: Capture) -> bool:
    """Whether a line of a log is a Received line, and no line about an answer."""
    return capture.content.startswith(b"Received: ")


def _stored(capture: Capture) -> Fields:
    if CUT_HEADER in capture.gaps:
        return message_fields(whole_fields(capture.content), with_body=False)
    return message_fields(capture.content) if capture.content else {}


def _received_alone(message: Message) -> Fields:
    fields = message_fields(message.raw, with_body=False)
    return {path: one for path, one in fields.items() if path.startswith("Received.")}


def _candidates(capture: Capture, trial: Trial) -> Iterator[Fields]:
    """What we write that may be the counterpart of a capture."""
    reception = trial.reception
    if capture.kind is Kind.TRANSCRIPT:
        yield answers_of(capture, reception, trial.mail)
        return
    if capture.kind is Kind.LOG and not _is_received(capture):
        yield our_answer(capture, reception)
        return
    if not reception.accepted:
        return
    done = [one for one in reception.performed if not one.outcome.failed]
    if capture.kind is Kind.LOG:
        yield _received_alone(Message(_any_stored(reception)))
    elif capture.kind is Kind.BOUNCE:
        for effect in _of(SendBounce, done):
            yield bounce_fields(effect.raw)
        told = bounce_fields(capture.content).get("report.Diagnostic-Code")
        if told is not None and told.value == f"smtp; {' '.join(OVERSIZE)}":
            yield _oversize(capture, reception)
    elif capture.kind is Kind.OBJECT:
        for effect in _of(PutObject, done):
            yield {**_our_key(capture, effect), **_our_encryption(capture, effect), **_our_stored(capture, effect)}
    else:
        yield from _told(capture, done, reception)


def _of(kind: Any, done: Sequence[Attempted]) -> Iterator[Any]:
    return (one.effect for one in done if isinstance(one.effect, kind))


def _any_stored(reception: Reception) -> bytes:
    from sesreceive.writing.stored_message import header_block

    assert reception.verdicts is not None
    return header_block(reception.receipt, reception.verdicts)


def _oversize(capture: Capture, reception: Reception) -> Fields:
    """The bounce for a message over 150 KB, whatever size the captured one has: its text may be cut."""
    fields = bounce_fields(capture.content)
    recipients = [one.value.partition("; ")[2] for path, one in fields.items() if path.startswith("report.Final-")]
    sender = fields["header.From"].value if "header.From" in fields else ""
    local = reception.assumptions.oversize_sender
    domain = recipients[0].rpartition("@")[2] if recipients else ""
    raw = oversize_dsn(reception.receipt, recipients=recipients, sender=f"{local}@{domain}" if domain else sender)
    return bounce_fields(raw)


def _told(capture: Capture, done: Sequence[Attempted], reception: Reception) -> Iterator[Fields]:
    """Notifications and events of the same type of action."""
    action = capture.receipt.get("action")
    wanted = action.get("type") if isinstance(action, dict) else None
    artefact = _ARTEFACTS[capture.kind]
    if capture.kind is Kind.EVENT:
        for effect in _of(Invoke, done):
            yield json_fields(parse_json(effect.payload), artefact=artefact)
        return
    published = [(one, parse_json(one.message)) for one in _of(Publish, done)]
    alike = [(one, document) for one, document in published if document["receipt"]["action"].get("type") == wanted]
    for effect, document in alike or published:
        fields = json_fields(document, artefact=artefact)
        if "content" in document:
            own = replace(capture, document=document)
            content = content_of(own)
            fields |= message_fields(content or b"", prefix="content.")
        if capture.wrapping is not None:
            fields |= wrapping_fields(_our_wrapping(capture, effect, reception))
        yield fields


def _our_wrapping(capture: Capture, effect: Publish, reception: Reception) -> dict[str, Any]:
    wrap: Callable[..., str] = sns_lambda_event if "Sns" in (capture.wrapping or {}) else sns_envelope
    text = wrap(
        topic_arn=effect.topic_arn,
        subject=effect.subject,
        message=effect.message,
        published_at=reception.received_at or _EPOCH,
    )
    document = parse_json(text)
    if "Records" in document:
        record = document["Records"][0]
        return {**record, "Sns": {name: value for name, value in record["Sns"].items() if name != "Message"}}
    return {name: value for name, value in document.items() if name != "Message"}


# ------------------------------------------------------------------ objects


def _key(capture: Capture) -> Fields:
    """Where an object lies, as far as it is told: its key in a bucket, or the last part of a file's name."""
    fields: Fields = {}
    if capture.key is not None:
        fields["key"] = Field(Artefact.KEY, "key", "key", capture.key)
    elif (last := capture.name.rpartition("/")[2]) == capture.message_id and last:
        fields["key"] = Field(Artefact.KEY, "key", "key", last)
    if capture.content_type is not None:
        path = "Content-Type of the object"
        fields[path] = Field(Artefact.KEY, path, path, capture.content_type)
    return fields


def _our_key(capture: Capture, effect: PutObject) -> Fields:
    told = _key(capture)
    if "key" in told:
        key = effect.key if capture.key is not None else effect.key.rpartition("/")[2]
        told["key"] = told["key"]._replace(value=key)
    path = "Content-Type of the object"
    if path in told:
        told[path] = told[path]._replace(value=effect.content_type)
    return told


def _encryption(capture: Capture) -> Fields:
    return _metadata_fields(dict(capture.metadata)) if capture.metadata else {}


def _our_encryption(capture: Capture, effect: PutObject) -> Fields:
    if not capture.metadata or not effect.kms_key_arn:
        return {}
    plain = capture.content or effect.body
    made = encrypt_with_key(b"", data_key=bytes(32), encrypted_key=b"key", context=effect.encryption_context).metadata
    metadata = {**made, "x-amz-unencrypted-content-length": str(len(plain))}
    if not capture.content:  # its length cannot be known from ours, whose token may be longer
        metadata["x-amz-unencrypted-content-length"] = capture.metadata.get("x-amz-unencrypted-content-length", "")
    return _metadata_fields(metadata)


def _metadata_fields(metadata: dict[str, str]) -> Fields:
    fields: Fields = {}

    def put(path: str, value: str, sort: Sort = Sort.EXACT) -> None:
        fields[path] = Field(Artefact.ENCRYPTION, path, path, value, sort)

    plain = {name.lower().removeprefix("x-amz-meta-"): value for name, value in metadata.items()}
    for name, value in plain.items():
        if name == "x-amz-matdesc":
            try:
                bound = parse_json(value)
            except InputError:
                bound = None
            if isinstance(bound, dict):
                for pair, text in bound.items():
                    known = pair if pair.startswith("aws:ses:") or pair == "kms_cmk_id" else "(unknown pair)"
                    path = f"{name} {pair}"
                    fields[path] = Field(Artefact.ENCRYPTION, path, f"{name} {known}", str(text))
                form = "as SES writes it" if compact_json(bound) == value else "written anew"
                put(f"{name} (form)", f"{', '.join(bound)}; {form}")
                continue
        known_name = name if name.startswith("x-amz-") else "(unknown metadata)"
        sort = Sort.ID if name in ("x-amz-key-v2", "x-amz-iv") else Sort.EXACT
        fields[name] = Field(Artefact.ENCRYPTION, name, known_name, value, sort)
    return fields


def _our_stored(capture: Capture, effect: PutObject) -> Fields:
    return message_fields(effect.body) if capture.content else {}
