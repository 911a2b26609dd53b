"""Accounts with one thing less, to see what a filter, rule, action or identity matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sesreceive.account.account import Account
from sesreceive.account.action import short_name
from sesreceive.account.edits import removed
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.errors import one_line

__all__ = ["left_out"]


def left_out(account: Account) -> Iterator[tuple[str, Callable[[], Account]]]:
    """Everything that can be left out of what is in force: what it is, and the account without it.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.StopAction(),))
    >>> account = ses.Account(
    ...     identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),), active="main",
    ...     filters=(ses.ReceiptFilter.block("203.0.113.0/24", name="test-net"),),
    ... )
    >>> [what for what, _ in left_out(account)]
    ['the rule all', 'action 1 of all: Stop', 'the filter test-net', 'the identity example.com']
    """
    active = account.active_rule_set
    for at, rule in enumerate(active.rules if active else ()):
        assert active is not None
        yield f"the rule {one_line(rule.name, 64)}", _without_rule(account, active, at)
        for position, action in enumerate(rule.actions):
            what = f"action {position + 1} of {one_line(rule.name, 64)}: {short_name(type(action))}"
            yield what, _without_action(account, active, at, position)
    for at, one in enumerate(account.filters):
        yield f"the filter {one_line(one.name, 64)}", _without_filter(account, at)
    for at, identity in enumerate(account.identities):
        yield f"the identity {one_line(identity.name, 64)}", _without_identity(account, at)


def _without_rule(account: Account, active: ReceiptRuleSet, at: int) -> Callable[[], Account]:
    return lambda: account.with_rule_set(active.replace(rules=removed(active.rules, at)))


def _without_action(account: Account, active: ReceiptRuleSet, at: int, position: int) -> Callable[[], Account]:
    def made() -> Account:
        rule = active.rules[at]
        changed = rule.replace(actions=removed(rule.actions, position))
        return account.with_rule_set(active.replace(rules=(*active.rules[:at], changed, *active.rules[at + 1 :])))

    return made


def _without_filter(account: Account, at: int) -> Callable[[], Account]:
    return lambda: account.replace(filters=removed(account.filters, at))


def _without_identity(account: Account, at: int) -> Callable[[], Account]:
    return lambda: account.replace(identities=removed(account.identities, at))
