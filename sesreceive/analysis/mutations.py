"""Small changes of an account, one at a time: what a slip of the hand or of the mind makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sesreceive.account.account import Account
from sesreceive.account.action import short_name
from sesreceive.account.edits import removed
from sesreceive.account.filters import Policy
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet, TlsPolicy
from sesreceive.actions.lambda_ import InvocationType, LambdaAction
from sesreceive.analysis.left_out import left_out
from sesreceive.errors import one_line

__all__ = ["Mutation", "mutations"]

Mutation = tuple[str, Callable[[], Account]]
"""What is changed, as a clause, and what makes the changed account."""


def mutations(account: Account) -> Iterator[Mutation]:
    """Every account that is one small change away: something left out, two things swapped, something wider, a flip.

    Accounts that SES would not take are among them; of the rule sets only the active one is changed.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="ana", enabled=True, recipients=("ana@example.com",), actions=(ses.StopAction(),))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> for what, _ in mutations(account):
    ...     print(what)
    leave out the rule ana
    leave out action 1 of ana: Stop
    leave out the identity example.com
    turn ana off
    require TLS for ana
    take every recipient into ana
    widen ana@example.com of ana to its domain
    """
    for what, make in left_out(account):
        yield f"leave out {what}", make
    active = account.active_rule_set
    for at in range(len(active.rules) if active is not None else 0):
        assert active is not None
        for what, changed in _of_rule(active.rules[at]):
            yield what, _with_rule(account, active, at, changed)
        if at + 1 < len(active.rules):
            first, second = one_line(active.rules[at].name, 64), one_line(active.rules[at + 1].name, 64)
            yield f"swap the rules {first} and {second}", _swapped(account, active, at)
    for at, item in enumerate(account.filters):
        name = one_line(item.name, 64)
        other = Policy.ALLOW if item.policy is Policy.BLOCK else Policy.BLOCK
        yield f"make the filter {name} {other.value}", _with_filter(account, at, policy=other)
        if item.network is not None and item.network.prefixlen:
            wider = str(item.network.supernet())
            yield f"widen the filter {name} to {wider}", _with_filter(account, at, cidr=wider)


def _of_rule(rule: ReceiptRule) -> Iterator[tuple[str, ReceiptRule]]:
    name = one_line(rule.name, 64)
    yield f"turn {name} {'off' if rule.enabled else 'on'}", rule.replace(enabled=not rule.enabled)
    if rule.tls_policy is TlsPolicy.REQUIRE:
        yield f"take clear text in {name}", rule.replace(tls_policy=TlsPolicy.OPTIONAL)
    else:
        yield f"require TLS for {name}", rule.replace(tls_policy=TlsPolicy.REQUIRE)
    if rule.recipients:
        yield f"take every recipient into {name}", rule.replace(recipients=())
    for at, condition in enumerate(rule.recipients):
        shown = one_line(condition, 120)
        if len(rule.recipients) > 1:
            yield f"leave out {shown} of {name}", rule.replace(recipients=removed(rule.recipients, at))
        if "@" in condition:
            wider, how = condition.rpartition("@")[2], "its domain"
        elif condition.startswith("."):
            wider, how = condition[1:], "the domain itself"
        else:
            wider, how = f".{condition}", "what lies below it"
        if wider not in rule.recipients:
            recipients = (*rule.recipients[:at], wider, *rule.recipients[at + 1 :])
            if "@" not in condition:
                recipients = (*rule.recipients, wider)
            yield f"widen {shown} of {name} to {how}", rule.replace(recipients=recipients)
    for at, action in enumerate(rule.actions):
        if isinstance(action, LambdaAction):
            kinds = (InvocationType.EVENT, InvocationType.REQUEST_RESPONSE)
            kind = kinds[action.invocation_type is InvocationType.EVENT]
            changed = (*rule.actions[:at], action.replace(invocation_type=kind), *rule.actions[at + 1 :])
            yield f"invoke action {at + 1} of {name} as {kind.value}", rule.replace(actions=changed)
        if at + 1 < len(rule.actions):
            behind = rule.actions[at + 1]
            names = f"{short_name(type(action))} and {short_name(type(behind))}"
            changed = (*rule.actions[:at], behind, action, *rule.actions[at + 2 :])
            yield f"swap actions {at + 1} and {at + 2} of {name}: {names}", rule.replace(actions=changed)


def _with_rule(account: Account, active: ReceiptRuleSet, at: int, rule: ReceiptRule) -> Callable[[], Account]:
    rules = (*active.rules[:at], rule, *active.rules[at + 1 :])
    return lambda: account.with_rule_set(active.replace(rules=rules))


def _swapped(account: Account, active: ReceiptRuleSet, at: int) -> Callable[[], Account]:
    rules = (*active.rules[:at], active.rules[at + 1], active.rules[at], *active.rules[at + 2 :])
    return lambda: account.with_rule_set(active.replace(rules=rules))


def _with_filter(account: Account, at: int, **changes: object) -> Callable[[], Account]:
    def make() -> Account:
        filters = account.filters
        return account.replace(filters=(*filters[:at], filters[at].replace(**changes), *filters[at + 1 :]))

    return make
