"""An account as a CDK app in Python: one construct a resource, in an order that is explicit, and the activation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import Kind, members
from sesreceive.account.rule_set import ReceiptRule
from sesreceive.formats.boto3_script import literal
from sesreceive.formats.cloudformation_text import Labels

__all__ = ["to_cdk"]

_HEAD = '''\
"""What the actions name has to exist, and to let SES use it."""

import aws_cdk as cdk
from aws_cdk import aws_ses as ses
from aws_cdk import custom_resources as cr
from constructs import Construct


class ReceivingStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, **kwargs) -> None:
        super().__init__(scope, construct_id, **kwargs)
'''

_TAIL = """\


app = cdk.App()
ReceivingStack(app, "Receiving", env=cdk.Environment(account={account}, region={region}))
app.synth()
"""

_ACTIVATE = """\
        # No construct activates a rule set; this calls the API when the stack is made and clears it when it is deleted.
        cr.AwsCustomResource(
            self, "Activate",
            on_update=cr.AwsSdkCall(
                service="SES", action="setActiveReceiptRuleSet", parameters={{"RuleSetName": {rule_set}.ref}},
                physical_resource_id=cr.PhysicalResourceId.of("active-receipt-rule-set"),
            ),
            on_delete=cr.AwsSdkCall(service="SES", action="setActiveReceiptRuleSet"),
            policy=cr.AwsCustomResourcePolicy.from_statements([
                cdk.aws_iam.PolicyStatement(actions=["ses:SetActiveReceiptRuleSet"], resources=["*"]),
            ]),
        )
"""


def to_cdk(account: Account) -> str:
    """A CDK app in Python that makes the account.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rules = ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="keep", enabled=True)])
    >>> text = to_cdk(ses.Account(rule_sets=[rules], active="main"))
    >>> print(text[text.index("        rule_set_main ="):text.index("        # No construct")], end="")
            rule_set_main = ses.CfnReceiptRuleSet(self, "RuleSetMain", rule_set_name="main")
            rule_keep = ses.CfnReceiptRule(
                self, "RuleKeep",
                rule_set_name=rule_set_main.ref,
                rule=ses.CfnReceiptRule.RuleProperty(
                    name="keep",
                    enabled=True,
                    scan_enabled=False,
                    tls_policy="Optional",
                ),
            )
    """
    return (
        _HEAD
        + "\n".join(_body(account))
        + _TAIL.format(account=literal(account.account_id), region=literal(account.region))
    )


def _body(account: Account) -> Iterator[str]:
    ids, names = Labels(), Labels("_")
    for identity in account.identities:
        kind = "domain" if identity.is_domain else "email"
        yield (
            f"        ses.EmailIdentity(self, {literal(ids.new('Identity', identity.name))}, "
            f"identity=ses.Identity.{kind}({literal(identity.name)}))"
        )
    for one in account.filters:
        yield (
            f"        ses.CfnReceiptFilter(self, {literal(ids.new('Filter', one.name))}, "
            f"filter=ses.CfnReceiptFilter.FilterProperty(\n            name={literal(one.name)},\n"
            f"            ip_filter=ses.CfnReceiptFilter.IpFilterProperty("
            f"policy={literal(one.policy.value)}, cidr={literal(one.cidr)}),\n"
            "        ))"
        )
    sets: dict[str, str] = {}
    for rule_set in account.rule_sets:
        sets[rule_set.name] = variable = names.new("rule_set", rule_set.name)
        label = ids.new("RuleSet", rule_set.name)
        name = literal(rule_set.name)
        yield f"        {variable} = ses.CfnReceiptRuleSet(self, {literal(label)}, rule_set_name={name})"
        before = ""
        for rule in rule_set.rules:
            name = names.new("rule", rule.name)
            yield f"        {name} = ses.CfnReceiptRule("
            yield f"            self, {literal(ids.new('Rule', rule.name))},"
            yield f"            rule_set_name={variable}.ref,"
            if before:
                yield f"            after={before}.ref,"
            yield from _rule(rule)
            yield "        )"
            before = name
    if account.active in sets:
        yield _ACTIVATE.format(rule_set=sets[account.active or ""])
    else:
        yield "        # No rule set is active, so no mail is received.\n"


def _rule(rule: ReceiptRule) -> Iterator[str]:
    yield "            rule=ses.CfnReceiptRule.RuleProperty("
    for item in members(ReceiptRule):
        value: Any = getattr(rule, item.name)
        if item.kind is Kind.ACTIONS:
            if value:
                yield "                actions=["
                for action in value:
                    yield f"                    {_action(action)},"
                yield "                ],"
        elif item.kind is Kind.TEXTS:
            if value:
                yield f"                recipients={literal([str(one) for one in value], 16, 27)},"
        else:
            yield f"                {item.name}={literal(value.value if item.kind is Kind.CHOICE else value)},"
    yield "            ),"


def _action(action: ReceiptAction) -> str:
    api = type(action).api_name
    given = []
    for item in members(type(action)):
        value = getattr(action, item.name)
        if value is not None:
            given.append(f"{item.name}={literal(value.value if item.kind is Kind.CHOICE else value)}")
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", api).lower()
    return f"ses.CfnReceiptRule.ActionProperty({word}=ses.CfnReceiptRule.{api}Property({', '.join(given)}))"
