"""Stacks deployed through the endpoint with boto3 and with the cdk CLI: created, updated, deleted, rolled back."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sesreceive.endpoint.local_endpoint import Endpoint
from sesreceive.formats.loading import load
from tests.endpoint.conftest import ACCOUNT, GATE, Clients, get, send
from tests.environments import node_with

CDK = Path(__file__).with_name("cdk") / "cdk.out"
CDK_CLI = "aws-cdk@2.1148.1"
CDK_LIBRARY = ("aws-cdk-lib@2.276.0", "constructs@10.8.1")


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

# What AwsCustomResource may hold in Create, and the reason of the stack's event where it cannot be done.
WRONG_CALLS = [
    ('{"service": "SES", "action": "setActiveReceiptRuleSet", "parameters": {"RuleSetName": "none"}}',
     "Rule set does not exist: none"),
    ('{"service": "SES", "action": "setActiveReceiptRuleSet", "parameters": {"RuleSetName": 5}}', "RuleSetName"),
    ('{"service": "SES", "action": "makeCoffee"}', "MakeCoffee"),
    ('{"service": "SES"}', "Create: expected a call with service and action"),
    ('{"service": "SES", "action"', "Create: the call is not JSON: line 1, column 28"),
]  # fmt: skip

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

    def run(*arguments: str, app: Path = CDK) -> str:
        done = subprocess.run(
            [program, *arguments, "--app", app, "--no-notices"],
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


def calls(**texts: str | dict[str, Any]) -> dict[str, Any]:
    """A resource as AwsCustomResource makes it; its function is not there, so it cannot be what makes the calls."""
    written = {moment: text if isinstance(text, str) else json.dumps(text) for moment, text in texts.items()}
    properties = {"ServiceToken": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none", **written}
    return {"Call": {"Type": "Custom::AWS", "Properties": properties, "DependsOn": ["Store"]}}


def active(aws: Clients) -> str | None:
    name: str | None = aws.ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name")
    return name


def test_a_stack_activates_its_rule_set_and_takes_it_back(aws: Clients) -> None:
    activate = {"service": "SES", "action": "setActiveReceiptRuleSet", "parameters": {"RuleSetName": "main"}}
    clear = {"service": "@aws-sdk/client-ses", "action": "SetActiveReceiptRuleSetCommand"}
    resources = SMALL | calls(Create=activate, Update=clear, Delete=clear)
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=template(resources))
    assert status(aws) == "CREATE_COMPLETE", reasons(aws)
    assert active(aws) == "main"
    changed = resources | calls(Create=activate, Update={**clear, "parameters": {}}, Delete=clear)
    aws.cloudformation.update_stack(StackName="mail", TemplateBody=template(changed))
    assert (status(aws), active(aws)) == ("UPDATE_COMPLETE", None)
    aws.ses.set_active_receipt_rule_set(RuleSetName="main")
    aws.cloudformation.delete_stack(StackName="mail")
    assert aws.ses.list_receipt_rule_sets()["RuleSets"] == []


def test_a_stack_reads_the_answer_of_its_call(aws: Clients) -> None:
    describe = {
        "service": "SES",
        "action": "describeReceiptRuleSet",
        "parameters": {"RuleSetName": "main"},
        "physicalResourceId": {"responsePath": "Metadata.Name"},
    }
    outputs = {"First": {"Value": {"Fn::GetAtt": ["Call", "Rules.0.Name"]}}, "Id": {"Value": {"Ref": "Call"}}}
    body = json.dumps({"Resources": SMALL | calls(Create=describe), "Outputs": outputs})
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=body)
    told = aws.cloudformation.describe_stacks()["Stacks"][0]["Outputs"]
    assert {one["OutputKey"]: one["OutputValue"] for one in told} == {"First": "store", "Id": "main"}


@pytest.mark.parametrize("call, reason", WRONG_CALLS)
def test_a_call_that_cannot_be_made_rolls_the_stack_back(aws: Clients, call: str, reason: str) -> None:
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=template(SMALL | calls(Create=call)))
    assert status(aws) == "ROLLBACK_COMPLETE", reasons(aws)
    assert reason in reasons(aws)


def test_an_error_that_a_call_ignores_is_none(aws: Clients) -> None:
    call = json.loads(WRONG_CALLS[0][0]) | {"ignoreErrorCodesMatching": "RuleSetDoesNot.*"}
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=template(SMALL | calls(Create=call)))
    assert (status(aws), active(aws)) == ("CREATE_COMPLETE", None)


# Where a template lies in the bucket `templates` under the key `a b.json`, seen from the endpoint, and what is said.
TEMPLATE_URLS = [
    ("{endpoint}/templates/a%20b.json", ""),
    ("https://s3.us-east-1.amazonaws.com/templates/a%20b.json", ""),
    ("https://templates.s3.us-east-1.amazonaws.com/a%20b.json", ""),
    ("https://templates.s3.amazonaws.com/a%20b.json", ""),
    ("{endpoint}/templates/none.json", "S3 error: there is no object none.json in the bucket templates"),
    ("{endpoint}/nothing/a.json", "bucket does not exist"),
]


@pytest.mark.parametrize("url, reason", TEMPLATE_URLS)
def test_a_template_is_read_from_a_bucket_of_the_endpoint(
    endpoint: Endpoint, aws: Clients, url: str, reason: str
) -> None:
    aws.s3.create_bucket(Bucket="templates")
    aws.s3.put_object(Bucket="templates", Key="a b.json", Body=template(SMALL).encode())
    address = url.format(endpoint=endpoint.url)
    if reason:
        with pytest.raises(ClientError, match=reason):
            aws.cloudformation.create_stack(StackName="mail", TemplateURL=address)
        return
    aws.cloudformation.create_stack(StackName="mail", TemplateURL=address)
    assert status(aws) == "CREATE_COMPLETE", reasons(aws)


def allowed(name: str) -> dict[str, Any]:
    statement = {"Sid": name, "Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "*"}
    return {"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]}


# What lets SES and SNS write, and who is told.
GRANTS: dict[str, Any] = {
    "Inbox": MAIL["Inbox"],
    "Told": MAIL["Told"],
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "mail"}},
    "Bucket": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "Inbox"}, "PolicyDocument": allowed("bucket")},
    },
    "Topic": {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [{"Ref": "Told"}], "PolicyDocument": allowed("topic")},
    },
    "Queues": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": allowed("queue")},
    },
    "Tells": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": "Told"},
            "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
            "RawMessageDelivery": True,
            "FilterPolicy": {"kind": ["mail"]},
        },
    },
}


def granted(aws: Clients) -> dict[str, str]:
    """The Sid of each policy and the attributes of the one subscription, as the API describes them."""
    topic, queue = aws.sns.list_topics()["Topics"][0]["TopicArn"], aws.sqs.list_queues()["QueueUrls"][0]
    (told,) = aws.sns.list_subscriptions()["Subscriptions"]
    attributes = aws.sns.get_subscription_attributes(SubscriptionArn=told["SubscriptionArn"])["Attributes"]
    documents = {
        "bucket": aws.s3.get_bucket_policy(Bucket="inbox")["Policy"],
        "topic": aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"],
        "queue": aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["Policy"],
    }
    sids = {name: json.loads(document)["Statement"][0]["Sid"] for name, document in documents.items()}
    return sids | {name: attributes[name] for name in ("Protocol", "RawMessageDelivery", "FilterPolicy")}


def test_a_stack_says_who_may_write_and_who_is_told(aws: Clients) -> None:
    aws.cloudformation.create_stack(StackName="mail", TemplateBody=json.dumps({"Resources": GRANTS}))
    assert status(aws) == "CREATE_COMPLETE", reasons(aws)
    whole = {"bucket": "bucket", "topic": "topic", "queue": "queue", "Protocol": "sqs", "RawMessageDelivery": "true"}
    assert granted(aws) == whole | {"FilterPolicy": '{"kind": ["mail"]}'}
    changed = copy.deepcopy(GRANTS)
    changed["Bucket"]["Properties"]["PolicyDocument"] = allowed("other")
    changed["Tells"]["Properties"]["FilterPolicy"] = {"kind": ["bounce"]}
    aws.cloudformation.update_stack(StackName="mail", TemplateBody=json.dumps({"Resources": changed}))
    assert granted(aws) == whole | {"bucket": "other", "FilterPolicy": '{"kind": ["bounce"]}'}
    kept = {name: GRANTS[name] for name in ("Inbox", "Told", "Queue")}
    aws.cloudformation.update_stack(StackName="mail", TemplateBody=json.dumps({"Resources": kept}))
    assert status(aws) == "UPDATE_COMPLETE", reasons(aws)
    assert aws.sns.list_subscriptions()["Subscriptions"] == []
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        aws.s3.get_bucket_policy(Bucket="inbox")
    aws.cloudformation.delete_stack(StackName="mail")
    with pytest.raises(ClientError, match="does not exist"):
        status(aws)


OVER_TLS = {"Bool": {"aws:SecureTransport": "false"}}
# Statements that deny everything to everyone, and whether a bucket with this policy can be written to.
DENIALS: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({"Condition": OVER_TLS}, True),
]


@pytest.mark.parametrize("more, writable", DENIALS)
def test_a_policy_denies_without_a_condition(aws: Clients, more: dict[str, Any], writable: bool) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::inbox/*", **more}
    aws.s3.create_bucket(Bucket="inbox")
    for statements in ([statement], statement):
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws.s3.put_bucket_policy(Bucket="inbox", Policy=document)
        with nullcontext() if writable else pytest.raises(ClientError, match=r"Denied|403"):
            aws.s3.put_object(Bucket="inbox", Key="a", Body=b"text")


# Policies that S3 would not take, and a part of what is said.
MALFORMED = [
    ("{", "the policy is not JSON"),
    ("[]", "expected a policy with statements"),
    ('{"Version": "2012-10-17"}', "at least one Statement"),
    ('{"Statement": ["x"]}', "statement 1: expected an object"),
    ('{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}}', "Resource"),
]


@pytest.mark.parametrize("document, reason", MALFORMED)
def test_a_policy_that_is_none_is_malformed(aws: Clients, document: str, reason: str) -> None:
    aws.s3.create_bucket(Bucket="inbox")
    with pytest.raises(ClientError, match=reason) as caught:
        aws.s3.put_bucket_policy(Bucket="inbox", Policy=document)
    assert caught.value.response["Error"]["Code"] == "MalformedPolicy"
    aws.s3.put_object(Bucket="inbox", Key="a", Body=b"text")


@pytest.mark.slow
@pytest.mark.node
def test_cdk_synthesizes_bootstraps_deploys_and_activates(
    endpoint: Endpoint, aws: Clients, cdk: Any, tmp_path: Path
) -> None:
    """An app with assets, with what CDK has for receiving: what is deployed is what is read from its ``cdk.out``."""
    library = node_with("aws-cdk-lib", *CDK_LIBRARY)
    folder = tmp_path / "cdk.out"
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(library / "node_modules"), "HOME": str(tmp_path)}
    app = CDK.with_name("activated.cjs")
    subprocess.run(["node", app, folder], env=environment, check=True, timeout=120, capture_output=True)
    cdk("bootstrap", f"aws://{ACCOUNT}/us-east-1", app=folder)
    cdk("deploy", "--require-approval", "never", "activated", app=folder)
    deployed = aws.ses.describe_active_receipt_rule_set()["Rules"]
    read = load(folder).account
    assert read.active_rule_set is not None
    kinds = [
        (rule.enabled, rule.scan_enabled, [type(one).__name__ for one in rule.actions])
        for rule in read.active_rule_set.rules
    ]
    assert kinds == [
        (rule["Enabled"], rule["ScanEnabled"], [next(iter(one)) for one in rule["Actions"]]) for rule in deployed
    ]
    send(endpoint, "bo@example.com")
    (message,) = get(endpoint, "/messages?wait=60")["messages"]
    stored = aws.s3.get_object(Bucket="cdk-activated", Key=f"mail/{message['message_id']}")["Body"].read()
    assert b"X-Rule: store" in stored
    empty(aws, "cdk-activated")
    cdk("destroy", "--force", "activated", app=folder)
    assert aws.ses.list_receipt_rule_sets()["RuleSets"] == []
