"""What is told about one message, page by page: pure functions from a reception to HTML, everything escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sesreceive._html import code, details, escape, mark, prose, table, ticked
from sesreceive.effects import DeliverToWorkMail, Invoke, Publish, PutObject, SendBounce, StartContact
from sesreceive.reading.authorship import Field
from sesreceive.reading.scene import Stops
from sesreceive.reception import Reception
from sesreceive.stages.retries import Attempted
from sesreceive.trace.vocabulary import result
from sesreceive.ui.mail_page import mail_html
from sesreceive.ui.source import json_source, source
from sesreceive.verdict import Verdict
from sesreceive.wording import count

__all__ = ["PAGES", "Page", "fields_table", "verdict_mark"]

# Of a message with hundreds of recipients, signatures or effects the first are shown.
_ROWS = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its title, how many things are on it (None where that says nothing), and its contents."""

    title: str
    number: Callable[[Reception], int | None]
    contents: Callable[[Reception], str]

    def label(self, reception: Reception) -> str:
        """The title with the number."""
        number = self.number(reception)
        return self.title if number is None else f"{self.title} ({number})"


def verdict_mark(verdict: Verdict | str | None) -> str:
    """A verdict with a sign and a colour."""
    shown = result(str(verdict))
    return mark(f"{shown.mark} {verdict}", shown.tone)


# ------------------------------------------------------------------ pages


def _summary(reception: Reception) -> str:
    envelope = reception.envelope
    answer = ticked(reception.accepted, reception.reply)
    fired = ", ".join(reception.rules) or "none"
    done = "<br>".join(escape(effect.describe()) for effect in reception.effects[:_ROWS])
    rows = [
        ["answer", answer],
        ["decided", prose(reception.decided.sentence)],
        ["subject", escape(reception.subject) or mark("none", "note")],
        ["from", code(envelope.mail_from or "<>")],
        ["to", code(", ".join(envelope.rcpt_to) or "nobody")],
        [
            "client",
            (
                f"{code(envelope.client_ip) if envelope.client_ip else 'not known'}, HELO {code(envelope.helo)}, "
                f"{'TLS' if envelope.tls else 'clear text'}"
            ),
        ],
        ["envelope", escape(envelope.told)],
        ["size", f"{reception.message.size_bytes} bytes"],
        ["message id", code(reception.message_id) if reception.accepted else mark("none: refused", "note")],
        ["rules that fired", escape(fired)],
        ["what was done", done or mark("nothing", "note")],
        ["set ended by", escape(reception.stopped_by) if reception.stopped_by else mark("no rule", "note")],
    ]
    return table(["", "this message"], rows, caption=reception.name or "message")


def _replies(reception: Reception) -> str:
    rows = (
        [
            code(one.recipient),
            ticked(one.accepted, one.reply),
            escape(", ".join(one.rules)) or mark("none", "note"),
            prose(one.reason),
        ]
        for one in reception.recipients
    )
    last = f"<p>End of data: <strong>{escape(reception.reply)}</strong></p>" if reception.recipients else ""
    return table(["recipient", "reply", "rules that match", "because"], rows, limit=_ROWS) + last


def _verdicts(reception: Reception) -> str:
    verdicts, results = reception.verdicts, reception.authentication
    if verdicts is None or results is None:
        return _nothing("the message was refused before it was sent, so nothing was checked")
    rows = [["SPF", verdict_mark(verdicts.spf), code(results.spf.status), prose(results.spf.reason)]]
    for number, one in enumerate(results.dkim[:_ROWS]):
        verdict = verdict_mark(verdicts.dkim) if not number else ""
        rows.append([f"DKIM {code(one.domain)}", verdict, code(one.status), prose(one.reason)])
    if not results.dkim:
        rows.append(["DKIM", verdict_mark(verdicts.dkim), "", "the message carries no DKIM-Signature field"])
    policy = f" (policy {escape(verdicts.dmarc_policy)})" if verdicts.dmarc_policy else ""
    rows.append(
        ["DMARC", verdict_mark(verdicts.dmarc) + policy, code(results.dmarc.status), prose(results.dmarc.reason)]
    )
    findings = {str(one.subject): one.reason for one in (reception.scan.findings if reception.scan else ())}
    off = "no rule that matches has scanning on, or no scanner looks for it"
    rows += [
        [name, verdict_mark(verdict), "", escape(findings.get(name, off))]
        for name, verdict in (("spam", verdicts.spam), ("virus", verdicts.virus))
    ]
    asked = [
        [escape(one.asked_by), code(one.rdtype), code(one.name), escape(one.status), escape(" ".join(one.values), 300)]
        for one in results.questions[:_ROWS]
    ]
    questions = table(["check", "type", "name", "came to", "answer"], asked)
    return table(["check", "verdict", "result", "because"], rows) + (
        details(count(len(results.questions), "DNS question"), questions) if asked else ""
    )


def _headers(reception: Reception) -> str:
    walk = Stops(reception)
    fields = walk.scene(len(walk) - 1).fields if len(walk) else ()
    new = sum(field.added for field in fields)
    told = f"{count(new, 'field')} added, {count(len(fields) - new, 'field')} as sent; the body is never touched"
    if not reception.accepted:
        told = "the message was refused, so nothing was added"
    before = details("before: the header as it was sent", source(reception.message.header))
    after = "".join(f"{field.name}: {field.value}\n" for field in fields)
    return f"<p>{escape(told)}</p>{fields_table(fields)}{before}" + (
        details("after: the header as the last action could see it, unfolded", source(after)) if new else ""
    )


def fields_table(fields: Sequence[Field], *, limit: int = 60, width: int = 300) -> str:
    """Header fields as a table; a plus marks those that were not there when the message came."""
    rows = (
        [
            code(field.name) if field.name else mark("no field", "note"),
            escape(field.value, width),
            mark(f"+ {field.by}", "good") if field.added else mark("as sent", "note"),
        ]
        for field in fields
    )
    return table(["field", "value", "written by"], rows, limit=limit)


def _stored(reception: Reception) -> str:
    def show(done: Attempted, put: PutObject) -> str:
        encrypted = f", encrypted with {code(put.kms_key_arn)} (shown as it was before)" if put.kms_key_arn else ""
        return f"<p>{len(put.body)} bytes, {code(put.content_type)}{encrypted}</p>{source(put.body)}"

    return _each(reception, PutObject, lambda put: f"s3://{put.bucket}/{put.key}", show, "stored")


def _notifications(reception: Reception) -> str:
    def show(done: Attempted, publish: Publish) -> str:
        return f"<p>subject {code(publish.subject)}</p>{json_source(publish.message)}"

    return _each(reception, Publish, lambda publish: publish.topic_arn, show, "published")


def _functions(reception: Reception) -> str:
    def show(done: Attempted, invoke: Invoke) -> str:
        outcome = done.outcome
        returned = json.dumps(outcome.value, indent=2, ensure_ascii=False, default=repr)
        log = source(outcome.log) if outcome.log else f"<p>{mark('it wrote nothing', 'note')}</p>"
        given = details("the event it was given", json_source(invoke.payload))
        return (
            f"<p>{escape(invoke.invocation_type)}: {prose(outcome.error or outcome.reason or 'called')}</p>"
            f"<p>returned</p>{source(returned)}<p>log</p>{log}{given}"
        )

    return _each(reception, Invoke, lambda invoke: invoke.function_arn, show, "called")


def _bounces(reception: Reception) -> str:
    def show(done: Attempted, bounce: SendBounce) -> str:
        about = ", ".join(bounce.recipients)
        status = " ".join(filter(None, (bounce.smtp_reply_code, bounce.status_code, bounce.message)))
        return f"<p>from {code(bounce.sender)} about {code(about)}: {escape(status)}</p>{source(bounce.raw)}"

    return _each(reception, SendBounce, lambda bounce: f"to {bounce.destination or '<>'}", show, "bounced")


def _deliveries(reception: Reception) -> str:
    def show(done: Attempted, to: DeliverToWorkMail | StartContact) -> str:
        return source(to.raw)

    mail = _each(reception, DeliverToWorkMail, lambda to: to.organization_arn, show, "")
    contacts = _each(reception, StartContact, lambda to: to.instance_arn, show, "")
    return mail + contacts or _nothing("nothing was delivered to WorkMail or Connect")


def _why(reception: Reception) -> str:
    return reception._repr_html_()


def _source(reception: Reception) -> str:
    return f"<p>{len(reception.message.raw)} bytes, as they came</p>{source(reception.message.raw)}"


E_ = TypeVar("E_")


def _each(
    reception: Reception, kind: type[E_], title: Callable[[E_], str], show: Callable[[Attempted, E_], str], verb: str
) -> str:
    """One foldable part for each effect of a kind, the first open."""
    parts: list[str] = []
    for done, effect in _of(reception, kind):
        if len(parts) == _ROWS:
            parts.append(mark(f"showing {_ROWS} of {len(list(_of(reception, kind)))}", "note"))
            break
        failed = ticked(not done.outcome.failed, f"failed: {done.outcome.error} " if done.outcome.failed else "")
        tried = f", tried {len(done.errors) + (not done.outcome.failed)} times" if done.errors else ""
        head = f"{failed}{code(title(effect))} by rule {code(done.effect.rule)}{tried}"
        parts.append(details(head, show(done, effect), opened=not parts))
    return "".join(parts) or (_nothing(f"nothing was {verb}") if verb else "")


def _of(reception: Reception, *kinds: Any) -> Iterator[tuple[Attempted, Any]]:
    for done in reception.performed:
        if isinstance(done.effect, kinds):
            yield done, done.effect


def _number(*kinds: type) -> Callable[[Reception], int]:
    return lambda reception: sum(1 for _ in _of(reception, *kinds))


def _nothing(text: str) -> str:
    return f"<p>{mark(text, 'note')}</p>"


def _no_number(reception: Reception) -> None:
    return None


PAGES: tuple[Page, ...] = (
    Page("Summary", _no_number, _summary),
    Page("Replies", lambda reception: len(reception.recipients), _replies),
    Page("Verdicts", _no_number, _verdicts),
    Page("Headers", _no_number, _headers),
    Page("Mail", _no_number, mail_html),
    Page("Stored", _number(PutObject), _stored),
    Page("Notifications", _number(Publish), _notifications),
    Page("Lambda", _number(Invoke), _functions),
    Page("Bounces", _number(SendBounce), _bounces),
    Page("Deliveries", _number(DeliverToWorkMail, StartContact), _deliveries),
    Page("Why", _no_number, _why),
    Page("Source", _no_number, _source),
)


def pages_html(reception: Reception, titles: Iterable[str]) -> str:
    """Some pages, one below the other: what a saved notebook keeps."""
    chosen = set(titles)
    return "".join(
        f"<h4>{escape(page.label(reception))}</h4>{page.contents(reception)}" for page in PAGES if page.title in chosen
    )
