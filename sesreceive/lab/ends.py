"""How a message ends, in the few words that a comparison of many counts; equal ends are one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sesreceive.effects import SendBounce
from sesreceive.reception import Reception
from sesreceive.trace.events import Kind, Op

__all__ = ["KINDS", "Deed", "End", "bouncing_to", "counted", "end_of"]


class Deed(NamedTuple):
    """One operation that took place.

    Attributes
    ----------
    rule : str
        Whose action asked for it.
    operation, target : str
        The AWS operation, and bucket, topic, function, address or organisation.
    with_content : bool
        Whether the message itself was published, which SNS charges by its size.
    """

    rule: str
    operation: str
    target: str
    with_content: bool


class End(NamedTuple):
    """How a message ends: the answer, the rules that fire, what takes place.

    Attributes
    ----------
    accepted : bool
        Whether SES takes it.
    reply : str
        What the client is told; ``accepted`` where it is taken, since that reply names an id.
    refused : int
        Recipients that are refused.
    blocked_by : str
        Filter or list that refuses the client; empty where none does.
    rules : tuple of str
        Rules that fire, in order.
    deeds : tuple of Deed
        What takes place, in order.
    failed : int
        Actions that fail.
    stopped_by : str
        Rule that ends the evaluation; empty where none does.
    """

    accepted: bool
    reply: str
    refused: int
    blocked_by: str
    rules: tuple[str, ...]
    deeds: tuple[Deed, ...]
    failed: int
    stopped_by: str


def end_of(reception: Reception) -> End:
    """The end of a message.

    Examples
    --------
    >>> import sesreceive as ses
    >>> end = end_of(ses.Receiver(ses.Account(), seed=1).receive(b"", rcpt_to=["ana@example.com"]))
    >>> end.accepted, end.reply, end.refused
    (False, '550 5.1.1 Requested action not taken: mailbox unavailable', 1)
    """
    actions = {} if not reception.performed else _actions(reception)
    return End(
        accepted=reception.accepted,
        reply="accepted" if reception.accepted else str(reception.reply),
        refused=sum(not answer.accepted for answer in reception.recipients),
        blocked_by="" if reception.accepted else reception.decision.decided_by,
        rules=reception.rules,
        deeds=tuple(
            Deed(
                effect.rule,
                effect.operation,
                effect.target,
                effect.operation == "Publish" and actions.get((effect.rule, effect.action)) == "SNSAction",
            )
            for effect in reception.effects
        ),
        failed=sum(event.kind is Kind.ACTION and event.op is Op.FAIL for event in reception.fired),
        stopped_by=reception.stopped_by,
    )


def bouncing_to(end: End, sender: str) -> End:
    """The same end of a message from another sender, to whom bounces go.

    Examples
    --------
    >>> end = End(True, "accepted", 0, "", ("all",), (Deed("all", "SendBounce", "ana@example.org", False),), 0, "")
    >>> [deed.target for deed in bouncing_to(end, "bo@example.net").deeds]
    ['bo@example.net']
    """
    deeds = tuple(
        deed._replace(target=sender) if deed.operation == SendBounce.operation else deed for deed in end.deeds
    )
    return end._replace(deeds=deeds)


def _actions(reception: Reception) -> Mapping[tuple[str, int], str]:
    return {(event.rule, event.action): event.subject for event in reception.fired if event.kind is Kind.ACTION}


# What is counted, and in what; in the order of the table.
KINDS: Mapping[str, str] = {
    "answer": "messages",
    "recipients": "recipients",
    "rule": "messages",
    "effect": "operations",
    "failed": "actions",
    "ended by": "messages",
}


def counted(ends: Iterable[End]) -> Counter[tuple[str, str]]:
    """How often each outcome occurs: its kind, as `KINDS` has them, and what it is.

    Examples
    --------
    >>> end = End(True, "accepted", 0, "", ("all",), (Deed("all", "PutObject", "inbox", False),), 0, "all")
    >>> for (kind, what), number in counted([end, end]).items():
    ...     print(kind, "|", what, "|", number)
    answer | accepted | 2
    rule | all | 2
    effect | PutObject inbox | 2
    ended by | all | 2
    """
    table: Counter[tuple[str, str]] = Counter()
    for end, times in Counter(ends).items():
        table["answer", end.reply] += times
        if end.refused:
            table["recipients", "refused"] += times * end.refused
        for rule in end.rules:
            table["rule", rule] += times
        if end.accepted and not end.rules:
            table["rule", "no rule fires"] += times
        for deed in end.deeds:
            # A bounce goes to whoever wrote: there may be as many of them as messages.
            what = deed.operation if deed.operation == "SendBounce" else f"{deed.operation} {deed.target}"
            table["effect", what] += times
        if end.failed:
            table["failed", "actions that failed"] += times * end.failed
        if end.stopped_by:
            table["ended by", end.stopped_by] += times
    return table
