"""From one reception to the rows of every table, and from one configuration to the columns of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sesreceive.account.account import Account
from sesreceive.reception import Reception
from sesreceive.report.columns import (
    ActionRow,
    EffectRow,
    EventRow,
    FilterRow,
    MessageRow,
    RecipientRow,
    RuleRow,
)
from sesreceive.report.trace_rows import action_outcomes, action_rows, event_rows, filter_rows, join, rule_rows
from sesreceive.trace.events import Kind, Op, Trace
from sesreceive.trace.facts import RuleFact

__all__ = ["SMALL", "Remains", "Rows", "Traced", "large_rows_of", "layout_of", "message_row", "rows_of"]


class Rows(NamedTuple):
    """The rows of one message in every table, in the order of `columns.TABLES`."""

    messages: Sequence[MessageRow]
    recipients: Sequence[RecipientRow]
    filters: Sequence[FilterRow]
    rules: Sequence[RuleRow]
    actions: Sequence[ActionRow]
    effects: Sequence[EffectRow]
    events: Sequence[EventRow]


class Traced(Protocol):
    """What the rows that can be made again at any time are made of."""

    @property
    def trace(self) -> Trace:
        """The events."""
        ...

    @property
    def stopped_by(self) -> str:
        """Rule that ended the evaluation."""
        ...


class Remains(NamedTuple):
    """What is kept of a message whose reception is not."""

    trace: Trace
    stopped_by: str


def large_rows_of(traced: Traced, table: str) -> Sequence[tuple[Any, ...]]:
    """The rows of a table that has one for each filter, rule or condition, made when somebody reads it."""
    match table:
        case "filters":
            return filter_rows(traced.trace)
        case "rules":
            return rule_rows(traced.trace, traced.stopped_by)
        case _:
            return event_rows(traced.trace)


def rows_of(reception: Reception) -> Rows:
    """The rows of one message, for every table, without its number and name.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",), filters=(ses.ReceiptFilter.block("192.0.2.1", name="me"),))
    >>> reception = ses.Receiver(account, seed=1).receive(b"", rcpt_to=["ana@example.com"], client_ip="192.0.2.1")
    >>> rows = rows_of(reception)
    >>> rows.messages[0].filter, rows.recipients[0].code, len(rows.rules), len(rows.events)
    ('me', 550, 0, 5)
    """
    trace = reception.trace
    return Rows(
        messages=_message_rows(reception),
        recipients=_recipient_rows(reception),
        filters=filter_rows(trace),
        rules=rule_rows(trace, reception.stopped_by),
        actions=_action_rows(reception),
        effects=_effect_rows(reception),
        events=event_rows(trace),
    )


def message_row(reception: Reception) -> MessageRow:
    """The row of one message."""
    envelope, verdicts, results = reception.envelope, reception.verdicts, reception.authentication
    actions = action_outcomes(reception.fired).values()
    return MessageRow(
        message_id=reception.message_id,
        received_at=reception.received_at,
        envelope_parts=envelope.told,
        client_ip=envelope.client_ip,
        helo=envelope.helo,
        tls=envelope.tls,
        mail_from=envelope.mail_from,
        recipients=join(envelope.rcpt_to),
        subject=reception.subject,
        size_bytes=reception.message.size_bytes,
        accepted=reception.accepted,
        reply=str(reception.reply),
        filter=reception.decision.decided_by,
        spf=verdicts.spf if verdicts else None,
        dkim=verdicts.dkim if verdicts else None,
        dmarc=verdicts.dmarc if verdicts else None,
        dmarc_policy=(verdicts.dmarc_policy or None) if verdicts else None,
        spam=verdicts.spam if verdicts else None,
        virus=verdicts.virus if verdicts else None,
        spf_result=results.spf.status if results else None,
        dkim_result=join([signature.status for signature in results.dkim]) if results else "",
        dmarc_result=results.dmarc.status if results else None,
        rules=join(reception.rules),
        actions=join([last.subject for last in actions if last.op in (Op.EFFECT, Op.STOP)]),
        effects=join([effect.operation for effect in reception.effects]),
        failed=sum([last.op is Op.FAIL for last in actions]),
        stopped_by=reception.stopped_by,
        error="",
        reason=reception.decided.sentence,
    )


def _message_rows(reception: Reception) -> list[MessageRow]:
    return [message_row(reception)]


def _recipient_rows(reception: Reception) -> list[RecipientRow]:
    fired: dict[str, list[str]] = {}
    for event in reception.fired:
        if isinstance(event.fact, RuleFact):
            for recipient in event.fact.recipients:
                fired.setdefault(recipient, []).append(event.subject)
    return [
        RecipientRow(
            recipient=answer.recipient,
            accepted=answer.accepted,
            reply=str(answer.reply),
            code=answer.reply.code,
            matched=join(answer.rules),
            fired=join(fired.get(answer.recipient, ()) if answer.accepted else ()),
            reason=answer.reason,
        )
        for answer in reception.recipients
    ]


def _effect_rows(reception: Reception) -> list[EffectRow]:
    rows: list[EffectRow] = []
    sentences = iter(reception.sentences)
    for done in reception.performed:
        effect, outcome = done.effect, done.outcome
        rows.append(
            EffectRow(
                rule=effect.rule,
                position=effect.action + 1,
                operation=effect.operation,
                target=effect.target,
                outcome=Op.FAIL if outcome.failed else Op.EFFECT,
                attempts=len(done.errors) + (not outcome.failed),
                at_s=done.at_s,
                waited_s=done.waited_s,
                reason=outcome.complaint or next(sentences),
            )
        )
    return rows


def _action_rows(reception: Reception) -> list[ActionRow]:
    return action_rows(reception.fired)


# The tables whose rows are kept, since only what happened has one there; those of the others are made anew each time, a
# message can have 20,000.
SMALL: Mapping[str, Callable[[Reception], Sequence[tuple[Any, ...]]]] = {
    "messages": _message_rows,
    "recipients": _recipient_rows,
    "actions": _action_rows,
    "effects": _effect_rows,
}


def layout_of(account: Account) -> Iterator[str]:
    """The columns of the matrix that a configuration has: filters, then rules, each followed by its actions."""
    for item in account.filters:
        yield f"{Kind.FILTER}:{item.name}"
    active = account.active_rule_set
    for rule in active.rules if active else ():
        yield f"{Kind.RULE}:{rule.name}"
        for position, action in enumerate(rule.actions, start=1):
            yield f"{Kind.ACTION}:{rule.name}/{type(action).__name__}#{position}"
