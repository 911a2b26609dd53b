"""Values as Jupyter shows them: tables that fold, with the one-line text where styles are taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sesreceive import signs
from sesreceive._html import code, details, escape, frame, mark, problem_table, table, ticked
from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import Kind, members
from sesreceive.account.placeholder_text import placeholder_texts
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.account.value import Value
from sesreceive.arn import Arn
from sesreceive.errors import Problem, one_line
from sesreceive.wording import count

__all__ = ["body", "summary", "to_html"]


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
    return details(ticked(False, count(len(found), "problem")), problem_table(found), opened=True)


def _fields(value: Value) -> str:
    rows = []
    for item in members(type(value)):
        given = getattr(value, item.name)
        shown = mark(signs.NONE, "note") if given is None else code(given)
        rows.append([code(item.name), shown, escape(item.doc)])
    return table(["field", "value", "meaning"], rows, caption=type(value).__name__)


# Rules of a set that are shown before the rest is folded.
_UNFOLDED = 20


def _rules(value: ReceiptRuleSet) -> str:
    if not value.rules:
        return mark("no rule: every recipient is refused", "note")
    rows = [
        [
            escape(rule.name),
            ticked(True, "on") if rule.enabled else mark("off", "note"),
            "<br>".join(map(escape, rule.recipients)) or mark("every recipient", "note"),
            "<br>".join(
                f'<span title="{escape(repr(action))}">{escape(summary(action))}</span>' for action in rule.actions
            )
            or mark("no action", "note"),
            ", ".join(_requires(rule)) or mark(signs.NONE, "note"),
        ]
        for rule in value.rules
    ]
    heads = ["rule", "state", "for", "what it does", "besides"]
    text = table(heads, rows[:_UNFOLDED], caption=f"rules of {value.name}" if value.name else "rule")
    if len(rows) > _UNFOLDED:
        rest = table(heads, rows[_UNFOLDED:], caption="the other rules")
        text += details(f"{len(rows) - _UNFOLDED} more rules", rest)
    return text


def _action(action: ReceiptAction) -> str:
    """The summary; what else it was given is its title."""
    return f'<span title="{escape(repr(action))}">{escape(summary(action))}</span>'


def summary(action: ReceiptAction) -> str:
    """An action as one line: what it does, and the first text it was given.

    Examples
    --------
    >>> import sesreceive as ses
    >>> summary(ses.S3Action(bucket_name="inbox"))
    'Deliver to an S3 bucket: inbox'
    >>> summary(ses.SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail"))
    'Publish to an SNS topic: mail'
    """
    cls = type(action)
    for item in members(cls):
        given = getattr(action, item.name)
        if item.kind is Kind.TEXT and given:
            return f"{cls.title or cls.api_name}: {_tail(given)}"
    return cls.title or cls.api_name


def _tail(text: str) -> str:
    """The name in an ARN, and any other text as it is."""
    arn = Arn.parse(text)
    return one_line(arn.names[0] if arn else text, 40)


def _requires(rule: ReceiptRule) -> Iterator[str]:
    if rule.scan_enabled:
        yield "spam and virus scan"
    if rule.tls_policy == TlsPolicy.REQUIRE:
        yield "TLS required"


def _rule(value: ReceiptRule) -> str:
    return _rules(ReceiptRuleSet(name="", rules=(value,)))


def _rule_set(value: ReceiptRuleSet) -> str:
    return details(f"rule set {code(value.name)}: {count(len(value.rules), 'rule')}", _rules(value), opened=True)


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
