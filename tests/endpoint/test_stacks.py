"""Stacks deployed through the endpoint with boto3 and with the cdk CLI: created, updated, deleted, rolled back."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sesreceive.endpoint.local_endpoint import Endpoint
from tests.endpoint.conftest import ACCOUNT, GATE, Clients, get, send
from tests.environments import node_with

CDK = Path(__file__).with_name("cdk") / "cdk.out"
CDK_CLI = "aws-cdk@2.1148.1"


def rule(name: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    wanted = {"Name": name, "Enabled": True, "Actions": actions}
    return {"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": {"Ref": "Set"}, "Rule": wanted, **more}}


def filtered(cidr: str, **more: str) -> dict[str, Any]:
    wanted = {"IpFilter": {"Policy": "Block", "Cidr": cidr}, **more}
    return {"Type": "AWS::SES::ReceiptFilter", "Properties": {"Filter": wanted}}


MAIL: dict[str, Any] = {
    "Domain": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "example.com"}},
    "Inbox": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "inbox"}},
    "Told": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "told"}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17"}}},
    "Gate": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": GATE},
            "Timeout": 30,
        },
    },
    "Set": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": "main"}},
    "Store": rule("store", {"S3Action": {"BucketName": {"Ref": "Inbox"}, "TopicArn": {"Ref": "Told"}}}),
    "Call": rule(
        "call",
        {"LambdaAction": {"FunctionArn": {"Fn::GetAtt": ["Gate", "Arn"]}, "InvocationType": "RequestResponse"}},
        After={"Ref": "Store"},
    ),
    "Net": filtered("203.0.113.0/24", Name="net"),
}
OUTPUTS = {
    "Set": {"Value": {"Ref": "Set"}},
    "Store": {"Value": {"Ref": "Store"}},
    "Token": {"Value": {"Fn::GetAtt": ["Domain", "DkimDNSTokenName1"]}},
}

# A bucket would hold the setup object, and stay.
SMALL = {"Domain": MAIL["Domain"], "Set": MAIL["Set"], "Store": rule("store", {"StopAction": {"Scope": "RuleSet"}})}

# Further resources, and a part of the reason that its events give.
FAILING = [
    ({"Net": filtered("x")}, "Invalid CIDR block: x (Service: Ses, Error Code: InvalidParameterValue)"),
    ({"Call": rule("call", {"S3Action": {"BucketName": "none"}})}, "No such bucket: none"),
    ({"Call": rule("call", After="nothing")}, "Rule does not exist: nothing"),
    ({"Call": rule("store")}, "Rule already exists: store"),
    ({"Call": rule("call", {"StopAction": {"Scope": "All"}})}, "failed to satisfy constraint"),
    ({"More": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "taken"}}}, "BucketAlreadyExists"),
]  # fmt: skip


def template(resources: dict[str, Any]) -> str:
    return json.dumps({"Resources": resources, "Outputs": OUTPUTS})


def status(aws: Clients) -> str:
    text: str = aws.cloudformation.describe_stacks(StackName="mail")["Stacks"][0]["StackStatus"]
    return text


def reasons(aws: Clients) -> str:
    events = aws.cloudformation.describe_stack_events(StackName="mail")["StackEvents"]
    return " ".join(event.get("ResourceStatusReason", "") for event in events)


def described(aws: Clients) -> list[tuple[str, bool]]:
    rules = aws.ses.describe_receipt_rule_set(RuleSetName="main")["Rules"]
    return [(one["Name"], one["ScanEnabled"]) for one in rules]


def empty(aws: Clients, bucket: str) -> None:
    for one in aws.s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
        aws.s3.delete_object(Bucket=bucket, Key=one["Key"])


@pytest.mark.slow
def test_the_life_of_a_stack(endpoint: Endpoint, aws: Clients) -> None:
    stacks = aws.cloudformation
    stacks.create_stack(StackName="mail", TemplateBody=template(MAIL), Capabilities=["CAPABILITY_IAM"])
    assert status(aws) == "CREATE_COMPLETE", reasons(aws)
    assert described(aws) == [("store", False), ("call", False)]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks.describe_stacks()["Stacks"][0]["Outputs"]}
    assert (outputs["Set"], outputs["Store"]) == ("main", "store")
    assert outputs["Token"].endswith("._domainkey.example.com")
    assert aws.ses.list_identities()["Identities"] == ["example.com"]

    aws.ses.set_active_receipt_rule_set(RuleSetName="main")
    send(endpoint, "bo@example.com")
    (message,) = get(endpoint, "/messages?wait=60")["messages"]
    assert (message["rules"], message["failed"]) == ("store, call", 0)
    assert aws.s3.get_object(Bucket="inbox", Key=f"seen/{message['message_id']}")["Body"].read()

    changed = copy.deepcopy(MAIL)
    changed["Store"]["Properties"]["Rule"]["ScanEnabled"] = True
    changed["Store"]["Properties"]["After"] = "call"
    del changed["Call"]["Properties"]["After"], changed["Net"]
    stacks.update_stack(StackName="mail", TemplateBody=template(changed), Capabilities=["CAPABILITY_IAM"])
    assert status(aws) == "UPDATE_COMPLETE", reasons(aws)
    assert described(aws) == [("call", False), ("store", True)]
    assert aws.ses.list_receipt_filters()["Filters"] == []

    stacks.delete_stack(StackName="mail")
    assert status(aws) == "DELETE_FAILED"  # the set is active, and the bucket holds mail
    assert "Cannot delete active rule set: main" in reasons(aws) or "not empty" in reasons(aws)
    aws.ses.set_active_receipt_rule_set()
    empty(aws, "inbox")
    stacks.delete_stack(StackName="mail")
    with pytest.raises(ClientError, match="does not exist"):
        status(aws)
    assert aws.ses.list_receipt_rule_sets()["RuleSets"] == []
    assert aws.ses.list_identities()["Identities"] == []
    assert aws.s3.list_buckets()["Buckets"] == []


@pytest.mark.slow
def test_a_bucket_with_the_setup_object_keeps_a_creation_from_being_rolled_back(aws: Clients) -> None:
    resources = {name: MAIL[name] for name in ("Inbox", "Set", "Domain", "Told", "Store")}
    wrong = {"Net": filtered("x") | {"DependsOn": "Store"}}
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=template(resources | wrong))
    assert status(aws) == "ROLLBACK_FAILED"
    left = aws.cloudformation.describe_stack_resources(StackName="mail")["StackResources"]
    assert [one["LogicalResourceId"] for one in left] == ["Inbox"]
    assert aws.ses.list_receipt_rule_sets()["RuleSets"] == []


def test_a_bucket_with_the_setup_object_keeps_its_stack(aws: Clients) -> None:
    resources = {name: MAIL[name] for name in ("Inbox", "Set", "Domain", "Told", "Store")}
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=template(resources))
    aws.cloudformation.delete_stack(StackName="mail")
    assert status(aws) == "DELETE_FAILED"
    assert "The bucket you tried to delete is not empty" in reasons(aws)


@pytest.mark.parametrize("wrong, reason", FAILING)
@pytest.mark.slow
def test_what_is_refused_is_rolled_back(aws: Clients, wrong: dict[str, Any], reason: str) -> None:
    if "More" in wrong:
        aws.s3.create_bucket(Bucket="taken")
        reason = "bucket name is not available"
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=template(SMALL | wrong))
    assert status(aws) == "ROLLBACK_COMPLETE", reasons(aws)
    assert reason in reasons(aws)
    assert aws.ses.list_receipt_rule_sets()["RuleSets"] == []
    assert aws.ses.list_receipt_filters()["Filters"] == []


@pytest.mark.parametrize("wrong, reason", FAILING[:4])
@pytest.mark.slow
def test_an_update_that_is_refused_leaves_what_was(aws: Clients, wrong: dict[str, Any], reason: str) -> None:
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=template(SMALL))
    before = described(aws)
    aws.cloudformation.update_stack(StackName="mail", TemplateBody=template(SMALL | wrong))
    assert status(aws) == "UPDATE_ROLLBACK_COMPLETE", reasons(aws)
    assert reason in reasons(aws)
    assert described(aws) == before


def test_a_template_that_is_wrong_is_the_answer_of_the_request(aws: Clients) -> None:
    for text in ("{", "- a: [", "text", "{}"):
        with pytest.raises(ClientError, match=r"ValidationError.*Template format error") as caught:
            aws.cloudformation.create_stack(StackName="mail", TemplateBody=text)
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.fixture
def cdk(endpoint: Endpoint, tmp_path: Path) -> Iterator[Any]:
    program = node_with("aws-cdk", CDK_CLI) / "node_modules" / ".bin" / "cdk"

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments, "--app", CDK, "--no-notices"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ENDPOINT_URL": endpoint.url,
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "any",
                "AWS_SECRET_ACCESS_KEY": "any",
                "CDK_DISABLE_CLI_TELEMETRY": "true",
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.slow
@pytest.mark.node
def test_cdk_deploys_what_it_has_synthesized(endpoint: Endpoint, aws: Clients, cdk: Any) -> None:
    """`cdk.out` is what ``cdk synth`` made of ``app.py`` beside it; of its manifest the stack."""
    told = cdk("deploy", "--require-approval", "never", "cdk-mail")
    assert f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/cdk-mail/" in told
    rules = aws.ses.describe_receipt_rule_set(RuleSetName="cdk-rules")["Rules"]
    assert [one["Name"] for one in rules] == ["store", "call"]
    aws.ses.verify_domain_identity(Domain="example.com")
    aws.ses.set_active_receipt_rule_set(RuleSetName="cdk-rules")
    send(endpoint, "bo@example.com")
    (message,) = get(endpoint, "/messages?wait=60")["messages"]
    keys = {one["Key"] for one in aws.s3.list_objects_v2(Bucket="cdk-inbox")["Contents"]}
    assert keys >= {f"mail/{message['message_id']}", f"seen/{message['message_id']}"}
    aws.ses.set_active_receipt_rule_set()
    empty(aws, "cdk-inbox")
    cdk("destroy", "--force", "cdk-mail")
    assert aws.ses.list_receipt_rule_sets()["RuleSets"] == []
