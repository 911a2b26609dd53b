"""A scene as HTML, everything escaped: what the debugger shows at a step."""

from __future__ import annotations

from sesreceive._html import code, escape, mark, table
from sesreceive.reading.scene import RecipientThen, RuleThen, Scene
from sesreceive.reception import Reception
from sesreceive.ui.kit import prose
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
    asked = "".join(f"<br>asked DNS: {code(question)}" for question in scene.asked[:10])
    return (
        f'<div class="ses-said"><span class="ses-note">{at + 1} of {steps}: {way}</span><br>'
        f"<strong>{prose(scene.said)}</strong>{because}{asked}</div>"
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
    waiting = [one for one in recipients if one.word == "not named yet"]
    shown = [one for one in recipients if one.word != "not named yet"]
    rows += [["RCPT TO", f"{code(one.address)} {_word(one.word)}"] for one in shown[-_RECIPIENTS:]]
    if waiting:
        rows.append(["RCPT TO", mark(f"{len(waiting)} not named yet", "note")])
    return f'<h4>Envelope</h4><div class="ses-rich">{table(["", "what the client said"], rows)}</div>'


def rules_html(rules: tuple[RuleThen, ...]) -> str:
    """The rules around the current one, and how many remain."""
    remaining = sum(rule.remaining for rule in rules)
    now = next((at for at, rule in enumerate(rules) if rule.word == "looked at now"), None)
    if now is None:
        seen = [at for at, rule in enumerate(rules) if not rule.remaining]
        now = seen[-1] if seen and rules[seen[-1]].word != "never reached" else 0
    start = max(0, min(now - _AROUND // 2, len(rules) - _AROUND))
    shown = rules[start : start + _AROUND]
    rows = [
        [
            str(rule.position),
            escape(rule.name) if at != now else f"▶ {escape(rule.name)}",
            _word(rule.word) + "".join(f"<br>{escape(action)}" for action in rule.actions[:10]),
        ]
        for at, rule in enumerate(shown, start=start)
    ]
    before, after = start, len(rules) - start - len(shown)
    around = ", ".join(filter(None, (f"{before} before" if before else "", f"{after} behind" if after else "")))
    note = f'<p class="ses-note">and {around}</p>' if around else ""
    title = f"Rules: {remaining} of {len(rules)} remain" if rules else "Rules: none is active"
    body = table(["", "rule", "so far"], rows) if rows else ""
    return f'<h4>{escape(title)}</h4><div class="ses-rich">{body}{note}</div>'


def header_html(scene: Scene) -> str:
    """The header as an action would see it now."""
    new = sum(field.added for field in scene.fields)
    title = f"Header as it is now: {new} of {len(scene.fields)} fields added"
    return f'<h4>{escape(title)}</h4><div class="ses-rich">{fields_table(scene.fields, limit=40, width=120)}</div>'


_WORDS = {
    "accepted": ("✓", "good"), "fired": ("✓", "good"), "refused": ("✗", "bad"), "no match": ("✗", "note"),
    "not looked at": ("–", "note"), "looked at now": ("▶", "warn"),
}  # fmt: skip


def _word(word: str) -> str:
    sign, kind = _WORDS.get(word, ("…", "note"))
    return mark(f"{sign} {word}", kind)
