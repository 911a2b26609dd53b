"""An account as the API calls that make it, in an order that works, and as a script for boto3.

A rule goes behind the one before it (``After``), a set is filled before it is made the active one. What the API
has no call for (when a set was created, a verification that has to happen in DNS) becomes a remark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.identities import Identity
from sesreceive.errors import one_line
from sesreceive.wording import count

__all__ = ["Call", "calls", "literal", "to_boto3"]

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the SES API.

    Attributes
    ----------
    method : str
        The method of boto3's client.
    arguments : mapping
        What it is given, in the API's spelling.
    remarks : tuple of str
        What has to be known about it, a sentence each.
    """

    method: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def calls(account: Account) -> tuple[Call, ...]:
    """The calls that make everything of the account in an empty one.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="a"), ses.ReceiptRule(name="b")])
    >>> account = ses.Account(identities=["example.com"], rule_sets=[rules], active="main")
    >>> for call in calls(account):
    ...     print(call.method, call.arguments.get("After", ""))
    verify_domain_identity
    create_receipt_rule_set
    create_receipt_rule
    create_receipt_rule a
    set_active_receipt_rule_set

    References
    ----------
    Amazon SES API Reference, CreateReceiptRule, CreateReceiptFilter, SetActiveReceiptRuleSet.
    """
    found = [_verify(identity) for identity in account.identities]
    found += [Call("create_receipt_filter", {"Filter": one.to_api()}) for one in account.filters]
    for rule_set in account.rule_sets:
        found.append(Call("create_receipt_rule_set", {"RuleSetName": rule_set.name}))
        after: dict[str, str] = {}
        for rule in rule_set.rules:
            unknown = [_not_of_ses(action) for action in rule.actions if not _is_of_ses(action)]
            arguments = {"RuleSetName": rule_set.name, **after, "Rule": rule.to_api()}
            found.append(Call("create_receipt_rule", arguments, tuple(unknown)))
            after = {"After": rule.name}
    if account.active is not None:
        found.append(Call("set_active_receipt_rule_set", {"RuleSetName": account.active}))
    return tuple(found)


def _verify(identity: Identity) -> Call:
    if not identity.is_domain:
        remark = f"then somebody follows the link in the mail to {one_line(identity.name, 80)}"
        return Call("verify_email_identity", {"EmailAddress": identity.name}, (remark,))
    remark = f"then publish the token it answers as TXT record _amazonses.{one_line(identity.name, 80)}"
    return Call("verify_domain_identity", {"Domain": identity.name}, (remark,))


def _is_of_ses(action: ReceiptAction) -> bool:
    return type(action).__module__.startswith("sesreceive.")


def _not_of_ses(action: ReceiptAction) -> str:
    return f"{type(action).api_name} is no action of SES, which will refuse it"


# ---------------------------------------------------------------- as a script


def to_boto3(account: Account) -> str:
    """A Python script that makes the account with boto3.

    Examples
    --------
    >>> import sesreceive as ses
    >>> print(to_boto3(ses.Account(filters=[ses.ReceiptFilter.block("203.0.113.0/24", name="test-net")])))
    import boto3
    <BLANKLINE>
    client = boto3.client("ses", region_name="us-east-1")
    <BLANKLINE>
    client.create_receipt_filter(
        Filter={"Name": "test-net", "IpFilter": {"Policy": "Block", "Cidr": "203.0.113.0/24"}},
    )
    <BLANKLINE>
    """
    lines = ["import boto3", ""]
    if problems := account.problems():
        lines += [f"# SES would refuse this: {count(len(problems), 'problem')}"]
        lines += [f"# - {one_line(problem, 300)}" for problem in problems[:20]]
        lines += ["# - …"] * (len(problems) > 20) + [""]
    lines += [f'client = boto3.client("ses", region_name={literal(account.region)})', ""]
    if any(rule.actions for rule_set in account.rule_sets for rule in rule_set.rules):
        lines += ["# What the actions name has to exist already, and SES has to be allowed to use it."]
    for call in calls(account):
        lines += [f"# {remark}" for remark in call.remarks]
        lines += [_written(call)]
    return "\n".join(lines) + "\n"


def _written(call: Call) -> str:
    flat = ", ".join(f"{name}={literal(value)}" for name, value in call.arguments.items())
    line = f"client.{call.method}({flat})"
    if len(line) <= _WIDTH - 10:
        return line
    inside = "".join(f"    {name}={literal(value, 4, 5 + len(name))},\n" for name, value in call.arguments.items())
    return f"client.{call.method}(\n{inside})"


def literal(value: Any, indent: int = 0, used: int = 0) -> str:
    r"""A value of dicts, lists, texts and truths as Python: on one line where it fits, else an element a line.

    Examples
    --------
    >>> print(literal({"Name": "a", "Enabled": True}))
    {"Name": "a", "Enabled": True}
    >>> literal('it says "no"')
    '\'it says "no"\''
    """
    flat = _flat(value)
    if not isinstance(value, (dict, list)) or not value or used + len(flat) < _WIDTH:
        return flat
    space = " " * (indent + 4)
    if isinstance(value, list):
        inside = "".join(f"{space}{literal(one, indent + 4, indent + 5)},\n" for one in value)
        return f"[\n{inside}{' ' * indent}]"
    keys = {key: f"{_flat(key)}: " for key in value}
    inside = "".join(
        f"{space}{keys[key]}{literal(one, indent + 4, indent + 5 + len(keys[key]))},\n" for key, one in value.items()
    )
    return f"{{\n{inside}{' ' * indent}}}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(key)}: {_flat(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    text = repr(value)
    if isinstance(value, str) and '"' not in text and text.startswith("'"):
        return f'"{text[1:-1]}"'
    return text
