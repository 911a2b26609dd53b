"""The columns of every table, declared once, and beside them its rows as named tuples.

Frames, files, empty tables and the documentation all read these. `TABLES` is in the order a message meets the
steps. Every table starts with `number` and `message`, by which rows of different tables are joined, and `envelope`,
which says whether the row follows from an envelope that was given or from a guess.

>>> [table.name for table in TABLES]
['messages', 'recipients', 'filters', 'rules', 'actions', 'effects', 'events']
>>> print(table("filters").describe().splitlines()[3])
number    Int64                position of the message in the report, from 0
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sesreceive.account.filters import Policy
from sesreceive.auth.results import DmarcStatus, SpfStatus
from sesreceive.errors import UnknownNameError
from sesreceive.mail.passed_over import Why
from sesreceive.mail.provenance import Origin
from sesreceive.report.table import COMMON, Column, Table
from sesreceive.trace.events import Kind, Op, Stage
from sesreceive.verdict import Verdict
from sesreceive.wording import expected

__all__ = [
    "ACTIONS",
    "AUTHENTICATION",
    "CELLS",
    "COMMON",
    "EFFECTS",
    "EVENTS",
    "FILTERS",
    "MESSAGES",
    "PASSED_OVER",
    "RECIPIENTS",
    "RULES",
    "TABLES",
    "ActionRow",
    "EffectRow",
    "EventRow",
    "FilterRow",
    "MessageRow",
    "RecipientRow",
    "RuleRow",
    "report_table",
    "table",
]


def _words(*words: str) -> tuple[str, ...]:
    """Plain text out of enum members: what a frame holds."""
    return tuple(str(word) for word in words)


_VERDICTS = _words(*Verdict)
# RFC 7208 section 2.6, RFC 7489 section 11.2.
_SPF, _DMARC = _words(*SpfStatus), _words(*DmarcStatus)
_OUTCOMES = _words(Op.MATCH, Op.MISS, Op.SKIP)

# What a cell of `Report.matrix` says; empty where the message never got that far.
CELLS = ("", *_words(Op.MATCH, Op.MISS, Op.SKIP, Op.EFFECT, Op.STOP, Op.FAIL))

_MESSAGE = (
    Column("number", "Int64", "position of the message in the report, from 0"),
    Column("message", "string", "name of the message; its message id where it has none, then `#` and its number"),
    Column(
        "envelope",
        "category",
        "how its envelope is known, as the part that is known least; a fact where `given`",
        categories=_words(*Origin),
    ),
)
_REASON = Column("reason", "string", "because of what, as one sentence")


class MessageRow(NamedTuple):
    """One message: how it came, how it was answered, what was done, and what decided."""

    message_id: str
    received_at: datetime | None
    envelope_parts: str
    client_ip: str
    helo: str
    tls: bool
    mail_from: str
    recipients: str
    subject: str
    size_bytes: int
    accepted: bool
    reply: str
    filter: str
    spf: Verdict | None
    dkim: Verdict | None
    dmarc: Verdict | None
    dmarc_policy: str | None
    spam: Verdict | None
    virus: Verdict | None
    spf_result: SpfStatus | None
    dkim_result: str
    dmarc_result: DmarcStatus | None
    rules: str
    actions: str
    effects: str
    failed: int
    stopped_by: str
    error: str
    reason: str


MESSAGES = Table(
    row_type=MessageRow,
    name="messages",
    row="message",
    order="as received",
    empty="no message was received",
    columns=(
        *_MESSAGE,
        Column("message_id", "string", "SES message id; empty when the message was refused"),
        Column("received_at", "datetime64[ms, UTC]", "when it was accepted; missing when it was refused"),
        Column(
            "envelope_parts",
            "string",
            "which parts of the envelope were given, read and where, assumed, or are not known; `given` where all were",
        ),
        Column("client_ip", "string", "address of the connecting host; empty where it is not known"),
        Column("helo", "string", "what it called itself"),
        Column("tls", "boolean", "whether the session was encrypted"),
        Column("mail_from", "string", "reverse-path; empty for the null sender"),
        Column("recipients", "string", "forward-paths as sent, joined by `, `"),
        Column("subject", "string", "Subject field, decoded, on one line, at most 200 characters"),
        Column("size_bytes", "Int64", "size of the message as it came", "bytes"),
        Column("accepted", "boolean", "whether SES took the message"),
        Column("reply", "string", "what the client was told in the end"),
        Column("filter", "string", "IP filter or provider list that decided; empty when none contains the address"),
        Column("spf", "category", "SPF verdict; missing when the message was refused", categories=_VERDICTS),
        Column("dkim", "category", "DKIM verdict; missing when the message was refused", categories=_VERDICTS),
        Column("dmarc", "category", "DMARC verdict; missing when the message was refused", categories=_VERDICTS),
        Column(
            "dmarc_policy",
            "category",
            "what the author's domain asks for; missing unless DMARC failed",
            categories=("none", "quarantine", "reject"),
        ),
        Column("spam", "category", "spam verdict of the message; missing when refused", categories=_VERDICTS),
        Column("virus", "category", "virus verdict of the message; missing when refused", categories=_VERDICTS),
        Column("spf_result", "category", "result of check_host() (RFC 7208)", categories=_SPF),
        Column("dkim_result", "string", "result of each signature, in the order of the header, joined by `, `"),
        Column("dmarc_result", "category", "result of the DMARC evaluation (RFC 7489)", categories=_DMARC),
        Column("rules", "string", "rules that fired, in order, joined by `, `"),
        Column("actions", "string", "actions that ran, in order, joined by `, `"),
        Column("effects", "string", "operations that took place, in order, joined by `, `"),
        Column("failed", "Int64", "actions that failed for good", "actions"),
        Column("stopped_by", "string", "rule whose action ended the evaluation of the set; empty when none did"),
        Column("error", "string", "why it could not be read or received, then the rest is missing; else empty"),
        _REASON,
    ),
)


class RecipientRow(NamedTuple):
    """One recipient that was named."""

    recipient: str
    accepted: bool
    reply: str
    code: int
    matched: str
    fired: str
    reason: str


RECIPIENTS = Table(
    row_type=RecipientRow,
    name="recipients",
    row="recipient that was named to the server",
    order="by message, then as named",
    empty="no recipient was named",
    columns=(
        *_MESSAGE,
        Column("recipient", "string", "address as it was sent"),
        Column("accepted", "boolean", "whether the message goes to this recipient"),
        Column("reply", "string", "what the client was answered"),
        Column("code", "Int64", "the reply's code"),
        Column("matched", "string", "enabled rules that match it, in order, joined by `, `"),
        Column("fired", "string", "rules that ran for it, in order, joined by `, `"),
        _REASON,
    ),
)


class FilterRow(NamedTuple):
    """One IP filter or provider list that was held against the address."""

    filter: str
    kind: Kind
    policy: Policy | None
    cidr: str
    outcome: Op
    decided: bool
    reason: str


FILTERS = Table(
    row_type=FilterRow,
    name="filters",
    row="IP filter or provider list that a message's client address was held against",
    order="by message, then the filters of the account, then the provider lists",
    empty="the account has no filters and there are no provider lists",
    columns=(
        *_MESSAGE,
        Column("filter", "string", "name of the filter or list"),
        Column("kind", "category", "whose it is", categories=_words(Kind.FILTER, Kind.PROVIDER_LIST)),
        Column("policy", "category", "what the filter asks for; missing for a list", categories=_words(*Policy)),
        Column("cidr", "string", "addresses the filter is for; empty for a list"),
        Column("outcome", "category", "whether it contains the address", categories=_OUTCOMES),
        Column("decided", "boolean", "whether it decided on the message"),
        _REASON,
    ),
)


class RuleRow(NamedTuple):
    """One rule of the active set."""

    position: int
    rule: str
    outcome: Op
    recipients: str
    ended: bool
    reason: str


RULES = Table(
    row_type=RuleRow,
    name="rules",
    row="rule of the active set that an accepted message was held against",
    order="by message, then the order of the rule set",
    empty="no message got as far as the rule set",
    columns=(
        *_MESSAGE,
        Column("position", "Int64", "position of the rule in the set, from 1"),
        Column("rule", "string", "name of the rule"),
        Column("outcome", "category", "whether it fired", categories=_OUTCOMES),
        Column("recipients", "string", "accepted recipients it matches, joined by `, `"),
        Column("ended", "boolean", "whether one of its actions ended the evaluation of the set"),
        _REASON,
    ),
)


class ActionRow(NamedTuple):
    """One action of a rule that fired."""

    rule: str
    position: int
    action: str
    outcome: Op
    effects: int
    reason: str


ACTIONS = Table(
    row_type=ActionRow,
    name="actions",
    row="action of a rule that fired",
    order="by message, then the order of rules and actions",
    empty="no rule fired",
    columns=(
        *_MESSAGE,
        Column("rule", "string", "name of the rule"),
        Column("position", "Int64", "position of the action in its rule, from 1"),
        Column("action", "string", "kind of action, such as `S3Action`"),
        Column("outcome", "category", "what became of it", categories=_words(Op.EFFECT, Op.STOP, Op.FAIL, Op.SKIP)),
        Column("effects", "Int64", "operations that took place", "operations"),
        _REASON,
    ),
)


class EffectRow(NamedTuple):
    """One operation that was asked for."""

    rule: str
    position: int
    operation: str
    target: str
    outcome: Op
    attempts: int
    at_s: float
    waited_s: float
    reason: str


EFFECTS = Table(
    row_type=EffectRow,
    name="effects",
    row="operation that was asked of the world",
    order="by message, then as asked",
    empty="nothing was asked for",
    columns=(
        *_MESSAGE,
        Column("rule", "string", "rule that asked for it"),
        Column("position", "Int64", "position of the action in its rule, from 1"),
        Column("operation", "string", "AWS operation, such as `PutObject`"),
        Column("target", "string", "bucket, topic, function, address or organisation"),
        Column("outcome", "category", "whether it took place", categories=_words(Op.EFFECT, Op.FAIL)),
        Column("attempts", "Int64", "how often it was tried", "attempts"),
        Column("at_s", "float64", "from receipt to the first attempt", "seconds"),
        Column("waited_s", "float64", "between the first attempt and the last, in virtual time", "seconds"),
        _REASON,
    ),
)


class EventRow(NamedTuple):
    """One event of the trace."""

    seq: int
    parent: int | None
    stage: Stage
    kind: Kind
    op: Op
    subject: str
    rule: str
    recipient: str
    position: int | None
    reason: str


EVENTS = Table(
    row_type=EventRow,
    name="events",
    row="thing that was considered",
    order="by message, then as it happened",
    empty="no message was received",
    columns=(
        *_MESSAGE,
        Column("seq", "Int64", "position in the trace of the message, from 0"),
        Column("parent", "Int64", "`seq` of the event it lies in; missing at the top"),
        Column("stage", "category", "step of the service", categories=_words(*Stage)),
        Column("kind", "category", "what the event is about", categories=_words(*Kind)),
        Column("op", "category", "what happened", categories=_words(*Op)),
        Column("subject", "string", "name of the filter, recipient, rule, condition, check or action"),
        Column("rule", "string", "rule it belongs to; empty outside rules"),
        Column("recipient", "string", "recipient it is about; empty where it is about the message"),
        Column("position", "Int64", "position of the action in its rule, from 1; missing where it is about none"),
        _REASON,
    ),
)

AUTHENTICATION = Table(
    name="authentication",
    row="message that was received; only in the files that a replay writes as it goes",
    order="as received",
    empty="no message was received",
    columns=(
        *_MESSAGE,
        Column("content", "string", "SHA-256 of the message as it came, in hexadecimal"),
        Column("key", "string", "SHA-256 of all that its results follow from; empty when refused, or SES said them"),
        Column("results", "string", "authentication results as JSON; missing when it was refused"),
        Column("taken_over", "boolean", "whether they are those of an earlier run"),
    ),
)

PASSED_OVER = Table(
    name="passed_over",
    row="file, member of an archive, object or row of the source that no message was made of",
    order="as met",
    empty="everything was a message",
    columns=(
        Column("name", "string", "where it is, as a message of it would be called"),
        Column("why", "category", "in a word", categories=_words(*Why)),
        _REASON,
    ),
)

TABLES: tuple[Table, ...] = (MESSAGES, RECIPIENTS, FILTERS, RULES, ACTIONS, EFFECTS, EVENTS)


def table(name: str) -> Table:
    """The declaration of one table: of a report, of what it passed over, or of the files a replay writes.

    Raises
    ------
    UnknownNameError
        When there is none; the message names those of a report.

    Examples
    --------
    >>> table("messages").names[:3]
    ('number', 'message', 'envelope')
    """
    return next((one for one in (PASSED_OVER, AUTHENTICATION) if one.name == name), None) or report_table(name)


def report_table(name: str) -> Table:
    """The declaration of one of the tables that are made of receptions.

    Raises
    ------
    UnknownNameError
        When there is none; the message names those there are.

    Examples
    --------
    >>> report_table("authentication")
    Traceback (most recent call last):
    sesreceive.errors.UnknownNameError: expected one of messages, recipients, ... but got `authentication`
    """
    for one in TABLES:
        if one.name == name:
            return one
    names = [one.name for one in TABLES]
    raise UnknownNameError(expected(f"one of {', '.join(names)}", name, names))
