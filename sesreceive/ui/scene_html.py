"""A scene as HTML, everything escaped: what the debugger shows at a step."""

from __future__ import annotations

from sesreceive._html import code, escape, mark, prose, table
from sesreceive.reading.scene import RecipientThen, RuleThen, Scene
from sesreceive.reception import Reception
from sesreceive.trace.vocabulary import NEVER, NOT_NAMED, NOW, Term
from sesreceive.ui.pages import fields_table

__all__ = ["envelope_html", "header_html", "rules_html", "said_html"]

# Rules around the current one, and recipients, that are shown.
_AROUND, _RECIPIENTS = 6, 20


def said_html(scene: Scene, at: int, steps: int) -> str:
    """What was decided, and from which configuration."""
    way = " › ".join(map(escape, scene.way))
    because = "".join(
        f"<br>from {code(place.path) + ': ' if place.path else ''}{code(place.text)}" for place in scene.because
    )
    decides = f"<br>this decided the message: {prose(scene.decides)}" if scene.decides else ""
    asked = "".join(f"<br>asked DNS: {code(question)}" for question in scene.asked[:10])
    return (
        f'<div class="ses-said"><span class="ses-note">{at + 1} of {steps}: {way}</span><br>'
        f"<strong>{prose(scene.said)}</strong>{decides}{because}{asked}</div>"
    )


def envelope_html(reception: Reception, recipients: tuple[RecipientThen, ...]) -> str:
    """What the client has said so far."""
    envelope = reception.envelope
    rows = [
        ["client", code(envelope.client_ip) if envelope.client_ip else "not known"],
        ["HELO", code(envelope.helo)],
        ["TLS", "yes" if envelope.tls else "no, clear text"],
        ["MAIL FROM", code(envelope.mail_from or "<>")],
    ]
    named = [recipient for recipient in recipients if recipient.term is not NOT_NAMED]
    waiting = len(recipients) - len(named)
    rows += [["RCPT TO", f"{code(recipient.address)} {_marked(recipient.term)}"] for recipient in named[-_RECIPIENTS:]]
    if waiting:
        rows.append(["RCPT TO", mark(f"{waiting} {NOT_NAMED.word}", "note")])
    return f'<h3>Envelope</h3><div class="ses-rich">{table(["", "what the client said"], rows)}</div>'


def rules_html(rules: tuple[RuleThen, ...]) -> str:
    """The rules around the current one, and how many remain."""
    remaining = sum(rule.remaining for rule in rules)
    now = next((at for at, rule in enumerate(rules) if rule.term is NOW), None)
    if now is None:
        seen = [at for at, rule in enumerate(rules) if not rule.remaining]
        now = seen[-1] if seen and rules[seen[-1]].term is not NEVER else 0
    start = max(0, min(now - _AROUND // 2, len(rules) - _AROUND))
    shown = rules[start : start + _AROUND]
    rows = [
        [
            str(rule.position),
            f"{NOW.mark} {escape(rule.name)}" if rule.term is NOW else escape(rule.name),
            _marked(rule.term) + "".join(f"<br>{escape(action)}" for action in rule.actions[:10]),
        ]
        for rule in shown
    ]
    before, after = start, len(rules) - start - len(shown)
    around = ", ".join(filter(None, (f"{before} before" if before else "", f"{after} behind" if after else "")))
    note = f'<p class="ses-note">and {around}</p>' if around else ""
    title = f"Rules: {remaining} of {len(rules)} remain" if rules else "Rules: none is active"
    body = table(["", "rule", "so far"], rows) if rows else ""
    return f'<h3>{escape(title)}</h3><div class="ses-rich">{body}{note}</div>'


def header_html(scene: Scene) -> str:
    """The header as an action would see it now."""
    new = sum(field.added for field in scene.fields)
    title = f"Header as it is now: {new} of {len(scene.fields)} fields added"
    return f'<h3>{escape(title)}</h3><div class="ses-rich">{fields_table(scene.fields, limit=40, width=120)}</div>'


def _marked(term: Term) -> str:
    return mark(f"{term.mark} {term.word}", term.tone)
