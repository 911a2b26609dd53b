"""Values as Jupyter shows them: tables that fold, with the one-line text where styles are taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sesreceive._html import code, details, escape, frame, mark, table, ticked
from sesreceive.account.account import Account
from sesreceive.account.member import members
from sesreceive.account.placeholder_text import placeholder_texts
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.account.value import Value
from sesreceive.errors import Problem
from sesreceive.wording import count

__all__ = ["body", "to_html"]


def to_html(value: Value) -> str:
    """A value as HTML, everything escaped."""
    return frame(repr(value), body(value))


def body(value: Value) -> str:
    """A value as HTML to stand in a page that has the style sheet already, everything escaped."""
    show = next((show for kind, show in _SHOW.items() if isinstance(value, kind)), _fields)
    return show(value) + _problems(value.problems())


def _problems(found: Sequence[Problem]) -> str:
    if not found:
        return ""
    rows = [[code(one.path), escape(one.message), escape(one.source)] for one in found]
    head = ticked(False, count(len(found), "problem"))
    return details(head, table(["where", "what", "who says so"], rows), opened=True)


def _fields(value: Value) -> str:
    rows = []
    for item in members(type(value)):
        given = getattr(value, item.name)
        shown = mark("–", "note") if given is None else code(given)
        rows.append([code(item.name), shown, escape(item.doc)])
    return table(["field", "value", "meaning"], rows, caption=type(value).__name__)


def _rules(value: ReceiptRuleSet) -> str:
    if not value.rules:
        return mark("no rule: every recipient is refused", "note")
    rows = [
        [
            escape(rule.name),
            ticked(True, "on") if rule.enabled else mark("off", "note"),
            escape(", ".join(rule.recipients) or "everything"),
            "<br>".join(escape(repr(action)) for action in rule.actions) or mark("no action", "note"),
            "scan" if rule.scan_enabled else "",
            escape(rule.tls_policy),
        ]
        for rule in value.rules
    ]
    return table(["rule", "enabled", "recipients", "actions", "scan", "TLS"], rows)


def _rule(value: ReceiptRule) -> str:
    return _rules(ReceiptRuleSet(name="", rules=(value,)))


def _rule_set(value: ReceiptRuleSet) -> str:
    return details(f"{code(value.name)}: {count(len(value.rules), 'rule')}", _rules(value), opened=True)


def _account(value: Account) -> str:
    identities = [[escape(one.name), escape(one.verification_status)] for one in value.identities]
    filters = [[escape(one.name), escape(one.policy), code(one.cidr)] for one in value.filters]
    sets = [
        details(
            f"rule set {code(one.name)}: {count(len(one.rules), 'rule')}"
            + (f", {ticked(True, 'active')}" if one.name == value.active else ""),
            _rules(one),
            opened=one.name == value.active,
        )
        for one in value.rule_sets
    ]
    return (
        f"<div>account {code(value.account_id)} in {code(value.region)}</div>"
        + details(escape(count(len(identities), "identity")), table(["identity", "verification"], identities))
        + details(escape(count(len(filters), "filter")), table(["filter", "policy", "addresses"], filters))
        + "".join(sets)
        + _placeholders(value)
    )


def _placeholders(value: Account) -> str:
    """What stands for something open in a template; nothing for an account that was written by hand."""
    known = placeholder_texts(value)
    if not known:
        return ""
    rows = [[code(text), escape(meaning)] for text, meaning in known.items()]
    return details(escape(count(len(rows), "placeholder")), table(["value", "stands for"], rows))


_SHOW: Mapping[type[Value], Callable[[Any], str]] = {
    Account: _account,
    ReceiptRuleSet: _rule_set,
    ReceiptRule: _rule,
}
