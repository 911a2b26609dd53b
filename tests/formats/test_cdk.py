"""CDK's output: manifest, stacks, assets; the activation as a text of JSON; handlers that run.

The shapes are those that aws-cdk-lib 2.275 writes for a ReceiptRuleSet with dropSpam, an AllowListReceiptFilter and
an AwsCustomResource.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from formats.folders import told

import sesreceive as ses

HANDLER = """
exports.handler = async (event) => {
  const receipt = event.Records[0].ses.receipt;
  const verdicts = ["spfVerdict", "dkimVerdict", "spamVerdict", "virusVerdict"];
  const failed = verdicts.some((one) => receipt[one].status === "FAIL");
  return failed ? { disposition: "STOP_RULE_SET" } : null;
};
"""
ASSET = "793fa21dab8ffc39027127c61f7ed6acb3a00bd9e65c0814dab21597cfceb81e"


def rule(recipients: list[str], actions: list[Any], after: str = "") -> dict[str, Any]:
    inner: dict[str, Any] = {"Enabled": True, "Actions": actions}
    if recipients:
        inner["Recipients"] = recipients
    properties: dict[str, Any] = {"RuleSetName": {"Ref": "Rules"}, "Rule": inner}
    if after:
        properties["After"] = {"Ref": after}
    return {"Type": "AWS::SES::ReceiptRule", "Properties": properties}


def filter_of(policy: str, cidr: str) -> dict[str, Any]:
    return {
        "Type": "AWS::SES::ReceiptFilter",
        "Properties": {"Filter": {"IpFilter": {"Cidr": cidr, "Policy": policy}}},
    }


TEMPLATE = {
    "Resources": {
        "Identity": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "example.com"}},
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
        "Rules": {"Type": "AWS::SES::ReceiptRuleSet"},
        "Rule0": rule(["in@example.com"], [{"S3Action": {"BucketName": {"Ref": "Bucket"}}}], after="DropSpam"),
        "DropSpam": rule(
            [],
            [{"LambdaAction": {"FunctionArn": {"Fn::GetAtt": ["Spam", "Arn"]}, "InvocationType": "RequestResponse"}}],
        ),
        "Spam": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {
                    "S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"},
                    "S3Key": f"{ASSET}.zip",
                },
                "Handler": "index.handler",
                "Runtime": {"Fn::FindInMap": ["LatestNodeRuntimeMap", {"Ref": "AWS::Region"}, "value"]},
            },
        },
        # As aws-cdk-lib makes them for the two actions.
        "SpamAllowSes": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Fn::GetAtt": ["Spam", "Arn"]},
                "Principal": "ses.amazonaws.com",
                "SourceAccount": {"Ref": "AWS::AccountId"},
            },
        },
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Action": "s3:PutObject",
                            "Condition": {"StringEquals": {"aws:Referer": {"Ref": "AWS::AccountId"}}},
                            "Effect": "Allow",
                            "Principal": {"Service": "ses.amazonaws.com"},
                            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*"]]},
                        }
                    ],
                },
            },
        },
        "Activate": {
            "Type": "Custom::AWS",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Provider", "Arn"]},
                "Create": {
                    "Fn::Join": [
                        "",
                        [
                            '{"service":"SES","action":"setActiveReceiptRuleSet","parameters":{"RuleSetName":"',
                            {"Ref": "Rules"},
                            '"},"physicalResourceId":{"id":"x"}}',
                        ],
                    ]
                },
            },
        },
        "Provider": {"Type": "AWS::Lambda::Function"},
        "BlockAll": filter_of("Block", "0.0.0.0/0"),
        "Office": filter_of("Allow", "192.0.2.0/24"),
    },
    "Mappings": {"LatestNodeRuntimeMap": {"eu-west-1": {"value": "nodejs22.x"}, "us-east-1": {"value": "nodejs22.x"}}},
}


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    folder = tmp_path / "cdk.out"
    asset = folder / f"asset.{ASSET}"
    asset.mkdir(parents=True)
    (asset / "index.js").write_text(HANDLER)
    artifacts = {
        "Mail.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Mail.assets.json"}},
        "Mail": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://123456789012/eu-west-1",
            "properties": {"templateFile": "Mail.template.json"},
        },
    }
    destinations = {"current": {"bucketName": "assets", "objectKey": f"{ASSET}.zip"}}
    files = {ASSET: {"source": {"path": f"asset.{ASSET}", "packaging": "zip"}, "destinations": destinations}}
    (folder / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": artifacts}, indent=1))
    (folder / "Mail.template.json").write_text(json.dumps(TEMPLATE, indent=1))
    (folder / "Mail.assets.json").write_text(json.dumps({"version": "48.0.0", "files": files}))
    return folder


def test_the_stack_is_read_in_its_environment(assembly: Path) -> None:
    found = ses.load(assembly)
    assert (found.account.region, found.account.account_id) == ("eu-west-1", "123456789012")
    assert [rule.name for rule in found.account["Rules"].rules] == ["DropSpam", "Rule0"]
    assert found.account.active == "Rules"


def test_an_allow_list_that_leaves_ipv6_open_is_a_finding(assembly: Path) -> None:
    assert "it blocks every IPv4 address and no IPv6 one" in told(ses.load(assembly), "BlockAll")


def test_a_stack_without_activation_is_a_finding(assembly: Path) -> None:
    path = assembly / "Mail.template.json"
    data = json.loads(path.read_text())
    del data["Resources"]["Activate"]
    path.write_text(json.dumps(data))
    assert "nothing activates a rule set" in told(ses.load(assembly), "activates")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js, which runs the handler")
def test_the_handler_of_an_asset_runs(assembly: Path) -> None:
    receiver = ses.load(assembly).receiver(seed=1, resolver='example.org. TXT "v=spf1 ip4:192.0.2.0/24 -all"')
    passed = receiver.receive(
        b"Subject: x\r\n\r\n", client_ip="192.0.2.1", mail_from="ana@example.org", rcpt_to=["in@example.com"]
    )
    assert (passed.rules, passed.stopped_by) == (("DropSpam", "Rule0"), "")
    receiver.resolver = ses.Zone.parse('example.org. TXT "v=spf1 -all"')
    failed = receiver.receive(
        b"Subject: x\r\n\r\n", client_ip="192.0.2.1", mail_from="ana@example.org", rcpt_to=["in@example.com"]
    )
    assert (failed.rules, failed.stopped_by) == (("DropSpam",), "DropSpam")


def test_an_assembly_is_found_in_a_folder_and_read_once(assembly: Path) -> None:
    found = ses.load(assembly.parent)
    assert found.format == "CDK"
    assert found.others == ()


def test_paths_that_lead_out_of_the_assembly_are_not_followed(assembly: Path) -> None:
    (assembly.parent / "secret.json").write_text('{"Resources": {}}')
    manifest = json.loads((assembly / "manifest.json").read_text())
    manifest["artifacts"]["Mail"]["properties"]["templateFile"] = "../secret.json"
    (assembly / "manifest.json").write_text(json.dumps(manifest))
    assert "there is no template" in told(ses.load(assembly), "Mail")
