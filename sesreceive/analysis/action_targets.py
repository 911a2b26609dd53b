"""What an action asks of the world, found out by asking it: operations, targets, and whether it names recipients."""

from __future__ import annotations

from functools import lru_cache

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.actions.context import ActionContext
from sesreceive.analysis.witness import witness
from sesreceive.errors import one_line
from sesreceive.reading.changes import same_effect
from sesreceive.reception import Reception
from sesreceive.verdict import Verdicts

__all__ = ["is_visible", "names_recipients", "shown", "targets"]

_TWO = ("ana@example.com", "bo@example.com")


@lru_cache(maxsize=1)
def _reception() -> Reception:
    """A small mail that was accepted: what actions are asked about."""
    rules = ReceiptRuleSet(name="main", rules=(ReceiptRule(name="all", enabled=True),))
    account = Account(identities=("example.com",), rule_sets=(rules,), active="main")
    return witness(*_TWO).receive(account)


def _context(recipients: tuple[str, ...]) -> ActionContext:
    reception = _reception()
    rule = ReceiptRule(name="all", enabled=True)
    return ActionContext(reception.receipt, rule, 0, recipients, reception.verdicts or Verdicts())


def is_visible(action: ReceiptAction) -> bool:
    """Whether the action asks the world for anything, or waits for an answer.

    The others are seen through what follows alone: a header that is added, and the end of the rule set.

    Examples
    --------
    >>> import sesreceive as ses
    >>> is_visible(ses.StopAction()), is_visible(ses.StopAction(topic_arn="arn:aws:sns:us-east-1:111122223333:told"))
    (False, True)
    """
    kind = type(action)
    asks = kind.effects is not ReceiptAction.effects or kind.refuses is not ReceiptAction.refuses
    return asks or bool(action.topic_arn) or action.waits


@lru_cache(maxsize=8192)
def targets(action: ReceiptAction) -> tuple[tuple[str, str], ...]:
    """Operation and target of each effect of an action, in order, the notification of its topic last.

    Examples
    --------
    >>> import sesreceive as ses
    >>> targets(ses.S3Action(bucket_name="inbox", topic_arn="arn:aws:sns:us-east-1:111122223333:told"))
    (('PutObject', 'inbox'), ('Publish', 'arn:aws:sns:us-east-1:111122223333:told'))
    """
    context = _context(_TWO)
    asked = [(effect.operation, effect.target) for effect in action.effects(context)]
    if action.topic_arn and action.notifies(context) is not None:
        asked.append(("Publish", action.topic_arn))
    return tuple(asked)


def names_recipients(action: ReceiptAction) -> bool:
    """Whether what the action does tells the recipients that its rule matched.

    Examples
    --------
    >>> import sesreceive as ses
    >>> names_recipients(ses.S3Action(bucket_name="inbox"))
    False
    """
    kind = type(action)
    if action.topic_arn:
        return True
    if kind not in _NAMING:
        for_one, for_two = action.effects(_context(_TWO[:1])), action.effects(_context(_TWO))
        pairs = zip(for_one, for_two, strict=True)
        _NAMING[kind] = not all(same_effect(before, after) for before, after in pairs)
    return _NAMING[kind]


# By class of action: what a class writes depends on its fields, that it names the recipients does not.
_NAMING: dict[type[ReceiptAction], bool] = {}


@lru_cache(maxsize=8192)
def shown(action: ReceiptAction) -> str:
    """The action as a word and its targets, for a table.

    Examples
    --------
    >>> import sesreceive as ses
    >>> shown(ses.S3Action(bucket_name="inbox", object_key_prefix="b/")), shown(ses.StopAction())
    ('PutObject inbox/b/', 'Stop')
    """
    if not is_visible(action):
        return type(action).api_name.removesuffix("Action")
    prefix = getattr(action, "object_key_prefix", None)
    texts = [f"{operation} {one_line(target, 120)}" for operation, target in targets(action)]
    if prefix and texts:
        texts[0] += f"/{one_line(prefix, 80)}"
    return " and ".join(texts) or type(action).api_name.removesuffix("Action")
