"""From one reception to the rows of every table, and from one configuration to the columns of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from sesreceive.account.account import Account
from sesreceive.reception import Reception
from sesreceive.report.columns import TABLES
from sesreceive.report.trace_rows import Row, action_rows, event_rows, filter_rows, join, rule_rows
from sesreceive.trace.events import Kind, Op, Trace
from sesreceive.trace.facts import RuleFact

__all__ = ["SMALL", "Remains", "Traced", "large_rows_of", "layout_of", "rows_of"]

# The rows of one message, by table.
Rows = dict[str, list[Row]]


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


def large_rows_of(traced: Traced, table: str) -> list[Row]:
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
    >>> [(name, len(rows)) for name, rows in rows_of(reception).items()]
    [('messages', 1), ('recipients', 1), ('filters', 1), ('rules', 0), ('actions', 0), ('effects', 0), ('events', 5)]
    """
    return {
        table.name: SMALL[table.name](reception) if table.name in SMALL else large_rows_of(reception, table.name)
        for table in TABLES
    }


def _message_rows(reception: Reception) -> list[Row]:
    envelope, verdicts, results = reception.envelope, reception.verdicts, reception.authentication
    actions = action_rows(reception.fired)
    ran = [row[2] for row in actions if row[3] in (Op.EFFECT, Op.STOP)]
    failed = [row for row in actions if row[3] is Op.FAIL]
    done = [effect.operation for effect in reception.effects]
    return [(
        reception.message_id, reception.received_at, envelope.told, envelope.client_ip, envelope.helo, envelope.tls,
        envelope.mail_from, join(envelope.rcpt_to), reception.subject, reception.message.size_bytes,
        reception.accepted, str(reception.reply), reception.decision.decided_by,
        *((verdicts.spf, verdicts.dkim, verdicts.dmarc, verdicts.dmarc_policy or None, verdicts.spam, verdicts.virus)
          if verdicts else [None] * 6),
        *((results.spf.status, join(one.status for one in results.dkim), results.dmarc.status)
          if results else (None, "", None)),
        join(reception.rules), join(ran), join(done), len(failed), reception.stopped_by, _because(reception, failed),
    )]  # fmt: skip


def _because(reception: Reception, failed: Sequence[Row]) -> str:
    """The reason that decided: of the refusal, else of the first action that failed, else of the first rule."""
    if not reception.accepted:
        return reception.refusal or reception.reply.text
    reason: str
    if failed:
        reason = failed[0][-1]
        return reason
    fired = [event.reason for event in reception.fired if event.kind is Kind.RULE]
    looked_at = fired or [row[-1] for row in rule_rows(reception.trace)[-1:]]
    return looked_at[0] if looked_at else ""


def _recipient_rows(reception: Reception) -> list[Row]:
    fired: dict[str, list[str]] = {}
    for event in reception.fired:
        if isinstance(event.fact, RuleFact):
            for recipient in event.fact.recipients:
                fired.setdefault(recipient, []).append(event.subject)
    return [
        (
            one.recipient, one.accepted, str(one.reply), one.reply.code, join(one.rules),
            join(fired.get(one.recipient, ()) if one.accepted else ()), one.reason,
        )
        for one in reception.recipients
    ]  # fmt: skip


def _effect_rows(reception: Reception) -> list[Row]:
    rows: list[Row] = []
    said = iter(reception.sentences)
    for done in reception.performed:
        effect, outcome = done.effect, done.outcome
        reason = outcome.error or next(said)
        attempts = len(done.errors) + (not outcome.failed)
        rows.append((
            effect.rule, effect.action + 1, effect.operation, effect.target, Op.FAIL if outcome.failed else Op.EFFECT,
            attempts, done.at_s, done.waited_s, reason,
        ))  # fmt: skip
    return rows


def _action_rows(reception: Reception) -> list[Row]:
    return action_rows(reception.fired)


# The tables whose rows are kept, since only what happened has one there; those of the others are made anew each time, a
# message can have 20,000.
SMALL: Mapping[str, Callable[[Reception], list[Row]]] = {
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
