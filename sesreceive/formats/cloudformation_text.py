"""An account as a CloudFormation template: rules in explicit order, and in its metadata what no resource says."""

from __future__ import annotations

import re
from typing import Any

from sesreceive.account.account import Account
from sesreceive.errors import one_line
from sesreceive.formats.yaml_text import to_yaml

__all__ = ["Labels", "to_cloudformation", "to_template"]


class Labels:
    """Names for the resources of a template, each once: letters and digits alone.

    Examples
    --------
    >>> labels = Labels()
    >>> labels.new("Rule", "my-rule"), labels.new("Rule", "my.rule")
    ('RuleMyRule', 'RuleMyRule2')
    """

    def __init__(self, between: str = "") -> None:
        self.between = between
        self.taken: set[str] = set()

    def new(self, kind: str, name: str) -> str:
        """A label for something of that kind and name."""
        words = re.findall(r"[A-Za-z0-9]+", name) or ["unnamed"]
        if self.between:
            label = self.between.join([kind, *words] if kind else words).lower()
            label = label if label[0].isalpha() else f"r{self.between}{label}"
        else:
            label = kind + "".join(word[0].upper() + word[1:] for word in words)
        label = label[:200]
        candidate, number = label, 2
        while candidate in self.taken:
            candidate, number = f"{label}{self.between}{number}", number + 1
        self.taken.add(candidate)
        return candidate


def to_template(account: Account) -> dict[str, Any]:
    """The account as a template, as plain data.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="a"), ses.ReceiptRule(name="b")])
    >>> template = to_template(ses.Account(rule_sets=[rules], active="main"))
    >>> list(template["Resources"]), template["Resources"]["RuleB"]["Properties"]["After"]
    (['RuleSetMain', 'RuleA', 'RuleB'], {'Ref': 'RuleA'})
    """
    labels = Labels()
    resources: dict[str, Any] = {}
    for identity in account.identities:
        label = labels.new("Identity", identity.name)
        resources[label] = {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": identity.name}}
    for one in account.filters:
        resources[labels.new("Filter", one.name)] = {
            "Type": "AWS::SES::ReceiptFilter",
            "Properties": {"Filter": one.to_api()},
        }
    for rule_set in account.rule_sets:
        set_label = labels.new("RuleSet", rule_set.name)
        resources[set_label] = {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": rule_set.name}}
        before = None
        for rule in rule_set.rules:
            label = labels.new("Rule", rule.name)
            properties: dict[str, Any] = {"RuleSetName": {"Ref": set_label}, "Rule": rule.to_api()}
            if before is not None:
                properties["After"] = {"Ref": before}
            resources[label] = {"Type": "AWS::SES::ReceiptRule", "Properties": properties}
            before = label
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Metadata": {"sesreceive": _metadata(account)},
        "Resources": resources,
    }


def _metadata(account: Account) -> dict[str, Any]:
    """What CloudFormation has no resource for; `ses.load` reads it back."""
    whole = account.to_api()
    kept: dict[str, Any] = {name: whole[name] for name in ("Region", "AccountId", "ActiveRuleSet") if name in whole}
    if isinstance(whole.get("Identities"), dict):
        kept["Identities"] = whole["Identities"]
    created = {
        one["Metadata"]["Name"]: one["Metadata"]["CreatedTimestamp"]
        for one in whole.get("RuleSets", [])
        if "CreatedTimestamp" in one["Metadata"]
    }
    if created:
        kept["CreatedTimestamps"] = created
    return kept


def to_cloudformation(account: Account) -> str:
    """The account as a CloudFormation template in YAML, with what has to be done beside it as comments."""
    lines = ["# Each rule is behind the one before it (After); what actions name has to exist, and to let SES use it."]
    if account.active is not None:
        name = one_line(account.active, 80)
        lines.append("# No resource type activates a rule set. After deploying:")
        lines.append(f"#   aws ses set-active-receipt-rule-set --region {account.region} --rule-set-name {name}")
    else:
        lines.append("# No rule set is active, so no mail is received.")
    return "\n".join(lines) + "\n" + to_yaml(to_template(account))
