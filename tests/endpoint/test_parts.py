"""The parts of the endpoint inside moto itself: stacks with the resources of receiving, functions that run."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

pytest.importorskip("moto.cloudformation.models", reason="moto[server] is not installed")

import boto3
from moto import mock_aws

import sesreceive as ses
from sesreceive.control.service import Service
from sesreceive.endpoint.functions import FunctionRunner
from sesreceive.endpoint.moto_parts import prepared

MOTO_ACCOUNT = "123456789012"
RULE_SET = {"Type": "AWS::SES::ReceiptRuleSet"}
STACK = {
    "Set": RULE_SET,
    "First": {"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": {"Ref": "Set"}, "Rule": {"Name": "one"}}},
    "Second": {
        "Type": "AWS::SES::ReceiptRule",
        "Properties": {"RuleSetName": {"Ref": "Set"}, "After": {"Ref": "First"}, "Rule": {"Enabled": "true"}},
    },
    "Filter": {
        "Type": "AWS::SES::ReceiptFilter",
        "Properties": {"Filter": {"Name": "net", "IpFilter": {"Policy": "Block", "Cidr": "203.0.113.0/24"}}},
    },
}
# What is refused: resources to add, and a part of the reason that the events of the stack give.
REFUSED = [
    (
        {
            "Wrong": {
                "Type": "AWS::SES::ReceiptFilter",
                "Properties": {"Filter": {"IpFilter": {"Policy": "Block", "Cidr": "x"}}},
            }
        },
        "Invalid CIDR block: x",
    ),
    (
        {"Wrong": {"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": "none", "Rule": {"Name": "a"}}}},
        "Rule set does not exist: none",
    ),
]


@pytest.fixture
def service():
    service = Service([ses.Receiver(ses.Account(account_id=MOTO_ACCOUNT), seed=1)])
    with mock_aws(), prepared(service, FunctionRunner({})):
        yield service


@pytest.fixture
def stacks(service):
    return boto3.client("cloudformation", region_name="us-east-1")


def template(resources):
    return json.dumps({"Resources": resources})


def status(stacks):
    return stacks.describe_stacks(StackName="mail")["Stacks"][0]["StackStatus"]


def reasons(stacks):
    events = stacks.describe_stack_events(StackName="mail")["StackEvents"]
    return " ".join(event.get("ResourceStatusReason", "") for event in events)


def test_a_stack_makes_sets_rules_in_order_and_filters(service, stacks):
    stacks.create_stack(StackName="mail", TemplateBody=template(STACK))
    assert status(stacks) == "CREATE_COMPLETE"
    account = service["us-east-1"].receiver.account
    (rule_set,) = account.rule_sets
    assert rule_set.name.startswith("mail-Set-")
    first, second = rule_set.rules
    assert (first.name, first.enabled, second.enabled) == ("one", False, True)
    assert second.name.startswith("mail-Second-")
    assert [one.name for one in account.filters] == ["net"]
    stacks.delete_stack(StackName="mail")
    assert service["us-east-1"].receiver.account == ses.Account(account_id=MOTO_ACCOUNT)


@pytest.mark.slow
def test_an_update_changes_rules_in_place(service, stacks):
    stacks.create_stack(StackName="mail", TemplateBody=template(STACK))
    changed = json.loads(json.dumps(STACK))
    changed["First"]["Properties"]["Rule"]["ScanEnabled"] = True
    stacks.update_stack(StackName="mail", TemplateBody=template(changed))
    rules = service["us-east-1"].receiver.account.rule_sets[0].rules
    assert [(rule.name == "one", rule.scan_enabled) for rule in rules] == [(True, True), (False, False)]


@pytest.mark.parametrize("wrong, reason", REFUSED)
def test_what_is_refused_is_an_event_and_the_stack_rolls_back(service, stacks, wrong, reason):
    stacks.create_stack(StackName="mail", TemplateBody=template(STACK | wrong))
    assert status(stacks) == "ROLLBACK_COMPLETE"
    assert reason in reasons(stacks)
    assert service["us-east-1"].receiver.account == ses.Account(account_id=MOTO_ACCOUNT)


def test_an_active_set_is_not_deleted_with_its_stack(service, stacks):
    stacks.create_stack(StackName="mail", TemplateBody=template({"Set": RULE_SET}))
    control = service["us-east-1"]
    name = control.receiver.account.rule_sets[0].name
    control.call("SetActiveReceiptRuleSet", {"RuleSetName": name})
    stacks.delete_stack(StackName="mail")
    assert status(stacks) == "DELETE_FAILED"
    assert f"Cannot delete active rule set: {name}" in reasons(stacks)


@pytest.mark.slow
def test_a_function_made_through_the_api_runs(service):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "index.py", "def handler(event, context):\n    return {'saw': event, 'as': context.function_name}\n"
        )
    role = boto3.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = boto3.client("lambda", region_name="us-east-1")
    functions.create_function(
        FunctionName="echo", Runtime="python3.12", Role=role, Handler="index.handler", Code={"ZipFile": code.getvalue()}
    )
    answer = functions.invoke(FunctionName="echo", Payload=json.dumps({"a": 1}))
    assert json.loads(answer["Payload"].read()) == {"saw": {"a": 1}, "as": "echo"}
