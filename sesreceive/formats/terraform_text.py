"""An account as Terraform, the order of rules and actions explicit; and import blocks for what exists already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import Kind, members
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.errors import one_line
from sesreceive.formats.cloudformation_text import Labels
from sesreceive.formats.terraform_rules import ACTION_BLOCKS

__all__ = ["quoted", "to_import_blocks", "to_terraform"]

_BLOCK_OF: Mapping[str, str] = {api: block for block, api in ACTION_BLOCKS.items()}


def quoted(text: str) -> str:
    r"""A text in HCL's quotes.

    Examples
    --------
    >>> print(quoted('say "${x}"\n'))
    "say \"${"$"}{x}\"\n"
    """
    # `$${` is the shorter escape; this one cannot run into a `$` in front of it.
    special = "${" in text or "%{" in text
    return '"' + "".join(_character(one, special) for one in text) + '"'


def _character(one: str, special: bool) -> str:
    if one in "$%" and special:
        return f'${{"{one}"}}'
    if one in '"\\':
        return f"\\{one}"
    if one in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[one]
    if one.isprintable():
        return one
    number = ord(one)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def to_terraform(account: Account) -> str:
    r"""The account as one Terraform file.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="keep", enabled=True, actions=[ses.S3Action(bucket_name="inbox")])
    >>> account = ses.Account(rule_sets=[ses.ReceiptRuleSet(name="main", rules=[rule])], active="main")
    >>> text = to_terraform(account)
    >>> print(text[text.index('resource "aws_ses_receipt_rule" '):], end="")
    resource "aws_ses_receipt_rule" "main_keep" {
      name          = "keep"
      rule_set_name = aws_ses_receipt_rule_set.main.rule_set_name
      enabled       = true
      scan_enabled  = false
      tls_policy    = "Optional"
    <BLANKLINE>
      s3_action {
        position    = 1
        bucket_name = "inbox"
      }
    }
    <BLANKLINE>
    resource "aws_ses_active_receipt_rule_set" "active" {
      rule_set_name = aws_ses_receipt_rule_set.main.rule_set_name
    }
    """
    return "\n".join(line for _, lines in _resources(account) for line in [*lines, ""])


def to_import_blocks(account: Account) -> str:
    """Import blocks (Terraform 1.5) that adopt what the account has already, for the file of `to_terraform`.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="keep")])
    >>> print(to_import_blocks(ses.Account(rule_sets=[rules])).split("import")[-1])
     {
      to = aws_ses_receipt_rule.main_keep
      id = "main:keep"
    }
    <BLANKLINE>
    """
    lines = ["# Adopts what exists already: terraform plan, then apply. Needs Terraform 1.5."]
    for (address, import_id), _ in _resources(account):
        if address:
            lines += ["import {", f"  to = {address}", f"  id = {quoted(import_id)}", "}", ""]
    return "\n".join(lines)


def _resources(account: Account) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Each block with its address and import id; both empty for what is no resource."""
    yield (
        ("", ""),
        [
            "# Each rule is behind the one before it (after); what actions name has to exist, and to let SES use it.",
            'provider "aws" {',
            f"  region              = {quoted(account.region)}",
            f"  allowed_account_ids = [{quoted(account.account_id)}]",
            "}",
            "",
            "locals {",
            "  # Read by sesreceive: the identities and the activation below are all there are.",
            "  sesreceive_complete = true",
            "}",
        ],
    )
    labels: dict[str, Labels] = {}

    def address(kind: str, name: str) -> tuple[str, str]:
        label = labels.setdefault(kind, Labels("_")).new("", name)
        return f"{kind}.{label}", f'resource "{kind}" "{label}" {{'

    for identity in account.identities:
        kind, argument = (
            ("aws_ses_domain_identity", "domain") if identity.is_domain else ("aws_ses_email_identity", "email")
        )
        where, head = address(kind, identity.name)
        remark = [] if identity.is_verified else [f"# its verification status is {identity.verification_status}"]
        yield (where, identity.name), [*remark, head, f"  {argument} = {quoted(identity.name)}", "}"]
    for one in account.filters:
        where, head = address("aws_ses_receipt_filter", one.name)
        body = _aligned({"name": quoted(one.name), "policy": quoted(one.policy), "cidr": quoted(one.cidr)})
        yield (where, one.name), [head, *body, "}"]
    sets: dict[str, str] = {}
    for rule_set in account.rule_sets:
        where, head = address("aws_ses_receipt_rule_set", rule_set.name)
        sets[rule_set.name] = where
        yield (where, rule_set.name), [head, f"  rule_set_name = {quoted(rule_set.name)}", "}"]
        before = ""
        for rule in rule_set.rules:
            rule_where, head = address("aws_ses_receipt_rule", f"{rule_set.name}_{rule.name}")
            yield (rule_where, f"{rule_set.name}:{rule.name}"), [head, *_rule(rule, where, before), "}"]
            before = rule_where
    name = account.active
    if name is not None:
        active = f"{sets[name]}.rule_set_name" if name in sets else quoted(name)
        head = 'resource "aws_ses_active_receipt_rule_set" "active" {'
        yield ("aws_ses_active_receipt_rule_set.active", name), [head, f"  rule_set_name = {active}", "}"]


def _rule(rule: ReceiptRule, rule_set: str, before: str) -> Iterator[str]:
    arguments = {"name": quoted(rule.name), "rule_set_name": f"{rule_set}.rule_set_name"}
    if before:
        arguments["after"] = f"{before}.name"
    arguments["enabled"] = str(rule.enabled).lower()
    arguments["scan_enabled"] = str(rule.scan_enabled).lower()
    arguments["tls_policy"] = quoted(rule.tls_policy)
    if rule.recipients:
        arguments["recipients"] = f"[{', '.join(map(quoted, rule.recipients))}]"
    yield from _aligned(arguments)
    for position, action in enumerate(rule.actions, 1):
        yield ""
        yield from _action(action, position)


def _action(action: ReceiptAction, position: int) -> Iterator[str]:
    api = type(action).api_name
    if api not in _BLOCK_OF:
        yield f"  # position {position}: the AWS provider has no block for {one_line(api, 80)}, so it is left out"
        return
    arguments = {"position": str(position)}
    for item in members(type(action)):
        value = getattr(action, item.name)
        if value is not None:
            arguments[item.name] = str(value).lower() if item.kind is Kind.FLAG else quoted(str(value))
    yield f"  {_BLOCK_OF[api]} {{"
    yield from (f"  {line}" for line in _aligned(arguments))
    yield "  }"


def _aligned(arguments: Mapping[str, Any]) -> Iterable[str]:
    """Arguments with their signs below each other, as ``terraform fmt`` has them."""
    width = max(map(len, arguments))
    return [f"  {name:<{width}} = {value}" for name, value in arguments.items()]
