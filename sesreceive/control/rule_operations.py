"""The operations on receipt rule sets and rules: from an account to an account.

Each looks in the order of the service: names, then what exists, then what the rule says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sesreceive import limits
from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.control import refusals
from sesreceive.control.exchange import Answer, Call
from sesreceive.control.paging import page
from sesreceive.control.refusals import check_name
from sesreceive.control.rule_checks import checked_rule

__all__ = ["RULE_OPERATIONS"]


def _find(account: Account, name: str) -> ReceiptRuleSet | None:
    return next((one for one in account.rule_sets if one.name == name), None)


def _rule_set(account: Account, name: str) -> ReceiptRuleSet:
    found = _find(account, name)
    if found is None:
        raise refusals.no_rule_set(name)
    return found


def _require_rule(rule_set: ReceiptRuleSet, name: str | None) -> None:
    if name is not None and all(rule.name != name for rule in rule_set.rules):
        raise refusals.no_rule(name)


def _named(call: Call) -> str:
    name: str = call.request["RuleSetName"]
    check_name("ruleSetName", name)
    return name


def _named_rule(call: Call) -> tuple[str, str]:
    rule_set, rule = _named(call), call.request["RuleName"]
    check_name("ruleName", rule)
    return rule_set, rule


# ---------------------------------------------------------------- rule sets


def create_receipt_rule_set(call: Call) -> Answer:
    """An empty set more."""
    name = _named(call)
    return _added(call, name)


def clone_receipt_rule_set(call: Call) -> Answer:
    """A copy of a set, with a time of its own, that is not active [observed]."""
    original = call.request["OriginalRuleSetName"]
    check_name("ruleSetName", original)
    name = _named(call)
    return _added(call, name, original)


def _added(call: Call, name: str, original: str = "") -> Answer:
    account = call.account
    if _find(account, name) is not None:  # the target before the source [observed]
        raise refusals.exists("Rule set", name)
    rules = _rule_set(account, original).rules if original else ()
    refusals.too_many("rule sets", len(account.rule_sets) + 1, limits.RULE_SETS)
    created = call.clock().replace(microsecond=0)
    return Answer(account=account.with_rule_set(ReceiptRuleSet(name=name, rules=rules, created_timestamp=created)))


def describe_receipt_rule_set(call: Call) -> Answer:
    """Metadata and rules of a set."""
    rule_set = _rule_set(call.account, _named(call))
    return Answer(account=call.account, members=rule_set.to_api())


def describe_active_receipt_rule_set(call: Call) -> Answer:
    """Metadata and rules of the active set; no members where none is [observed]."""
    active = call.account.active_rule_set
    return Answer(account=call.account, members=active.to_api() if active is not None else {})


def list_receipt_rule_sets(call: Call) -> Answer:
    """The sets by name [assumed], a hundred on a page."""
    by_name = {one.name: one for one in call.account.rule_sets}
    names, token = page(sorted(by_name), call.request.get("NextToken"), limits.RULE_SETS_PER_PAGE.value)
    members: dict[str, Any] = {"RuleSets": [by_name[name].to_api()["Metadata"] for name in names]}
    return Answer(account=call.account, members=members | ({"NextToken": token} if token else {}))


def set_active_receipt_rule_set(call: Call) -> Answer:
    """One set active in the place of another; none without a name."""
    name = call.request.get("RuleSetName")
    if name is not None:
        _rule_set(call.account, _named(call))
    return Answer(account=call.account.activate(name))


def delete_receipt_rule_set(call: Call) -> Answer:
    """The set and its rules gone; nothing where there was none."""
    name = _named(call)
    if name == call.account.active:
        raise refusals.active_set(name)
    return Answer(account=call.account.without_rule_set(name))


def reorder_receipt_rule_set(call: Call) -> Answer:
    """The rules of a set in the order of the names."""
    rule_set = _rule_set(call.account, _named(call))
    names: list[str] = list(call.request["RuleNames"])
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise refusals.invalid(f"Multiple positions found for rule: {name}")
        seen.add(name)
    by_name = {rule.name: rule for rule in rule_set.rules}
    if missing := [name for name in by_name if name not in seen]:
        raise refusals.invalid(f"Positions for rules not found: {', '.join(missing)}")
    for name in names:
        if name not in by_name:
            raise refusals.no_rule(name)
    return Answer(account=call.account.with_rule_set(rule_set.replace(rules=[by_name[name] for name in names])))


# ---------------------------------------------------------------- rules


def create_receipt_rule(call: Call) -> Answer:
    """A rule more: first, or behind the rule that ``After`` names."""
    set_name, rule, after = _named(call), call.request["Rule"], call.request.get("After")
    check_name("ruleName", rule["Name"])
    rule_set = _rule_set(call.account, set_name)
    if any(known.name == rule["Name"] for known in rule_set.rules):
        raise refusals.exists("Rule", rule["Name"])
    refusals.too_many("rules", len(rule_set.rules) + 1, limits.RULES_PER_RULE_SET)
    _require_rule(rule_set, after)
    stored = checked_rule(rule, call.account)
    return _deployed(call, rule_set.with_rule(stored, after=after), stored)


def update_receipt_rule(call: Call) -> Answer:
    """The whole rule anew at its place; what is left out goes back to its default."""
    set_name, rule = _named(call), call.request["Rule"]
    check_name("ruleName", rule["Name"])
    rule_set = _rule_set(call.account, set_name)
    _require_rule(rule_set, rule["Name"])
    stored = checked_rule(rule, call.account)
    return _deployed(call, rule_set.replace_rule(stored), stored)


def _deployed(call: Call, rule_set: ReceiptRuleSet, rule: ReceiptRule) -> Answer:
    return Answer(account=call.account.with_rule_set(rule_set), deployed=rule)


def describe_receipt_rule(call: Call) -> Answer:
    """One rule, with its defaults."""
    set_name, name = _named_rule(call)
    rule_set = _rule_set(call.account, set_name)
    _require_rule(rule_set, name)
    return Answer(account=call.account, members={"Rule": rule_set[name].to_api()})


def delete_receipt_rule(call: Call) -> Answer:
    """The rule gone; nothing where there was none [observed]."""
    set_name, name = _named_rule(call)
    rule_set = _rule_set(call.account, set_name)
    rest = tuple(rule for rule in rule_set.rules if rule.name != name)
    return Answer(account=call.account.with_rule_set(rule_set.replace(rules=rest)))


def set_receipt_rule_position(call: Call) -> Answer:
    """The rule first, or behind another; behind itself it stays where it is [observed]."""
    set_name, name = _named_rule(call)
    after = call.request.get("After")
    rule_set = _rule_set(call.account, set_name)
    _require_rule(rule_set, name)
    _require_rule(rule_set, after)
    return Answer(account=call.account.with_rule_set(rule_set.move(name, after=after)))


RULE_OPERATIONS: Mapping[str, Callable[[Call], Answer]] = {
    "CreateReceiptRuleSet": create_receipt_rule_set,
    "CloneReceiptRuleSet": clone_receipt_rule_set,
    "DescribeReceiptRuleSet": describe_receipt_rule_set,
    "DescribeActiveReceiptRuleSet": describe_active_receipt_rule_set,
    "ListReceiptRuleSets": list_receipt_rule_sets,
    "SetActiveReceiptRuleSet": set_active_receipt_rule_set,
    "DeleteReceiptRuleSet": delete_receipt_rule_set,
    "ReorderReceiptRuleSet": reorder_receipt_rule_set,
    "CreateReceiptRule": create_receipt_rule,
    "DescribeReceiptRule": describe_receipt_rule,
    "UpdateReceiptRule": update_receipt_rule,
    "DeleteReceiptRule": delete_receipt_rule,
    "SetReceiptRulePosition": set_receipt_rule_position,
}
