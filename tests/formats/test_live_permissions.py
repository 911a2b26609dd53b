"""The policies around a live account, as boto3 reads them; the services behind it are moto's."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

import sesreceive as ses
from sesreceive.formats.live_permissions import live_permissions

ACCOUNT_ID = "123456789012"
SES = {"Service": "ses.amazonaws.com"}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


def document(action: str, principal: Any = SES, resource: str | None = "*") -> str:
    statement = {"Effect": "Allow", "Action": action, "Principal": principal, "Resource": resource}
    kept = {name: value for name, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [kept]})


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return None\n")
    return packed.getvalue()


def world(session: Any) -> dict[str, Any]:
    """A bucket, a topic, a key with an alias, a function and two roles, without leave for anybody."""
    trust = document("sts:AssumeRole", resource=None)
    session.client("s3").create_bucket(Bucket="inbox")
    key = session.client("kms").create_key()["KeyMetadata"]
    session.client("kms").create_alias(AliasName="alias/mail", TargetKeyId=key["KeyId"])
    role = session.client("iam").create_role(RoleName="ses", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    runs = session.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    function = session.client("lambda").create_function(
        FunctionName="gate", Runtime="python3.12", Role=runs, Handler="index.handler", Code={"ZipFile": code()}
    )["FunctionArn"]
    return {
        "topic": session.client("sns").create_topic(Name="mail")["TopicArn"],
        "key": key["KeyId"],
        "alias": f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:alias/mail",
        "function": function,
        "role": role,
    }


def account(*actions: ses.ReceiptAction) -> ses.Account:
    rule = ses.ReceiptRule(name="store", enabled=True, actions=actions)
    rule_set = ses.ReceiptRuleSet(name="main", rules=[rule])
    return ses.Account(identities=["example.com"], rule_sets=[rule_set], active="main", account_id=ACCOUNT_ID)


def kinds(session: Any, made: ses.Account) -> list[str]:
    permissions, problems = live_permissions(made, session.client)
    assert problems == ()
    return [one.kind for one in permissions.refusals(made)]


@pytest.mark.slow
def test_each_policy_is_read(session: Any) -> None:
    there = world(session)
    made = account(
        ses.S3Action(bucket_name="inbox", kms_key_arn=there["alias"]),
        ses.SNSAction(topic_arn=there["topic"]),
        ses.LambdaAction(function_arn=there["function"]),
    )
    assert kinds(session, made) == ["bucket", "key", "function"]  # the topic has the default policy
    session.client("s3").put_bucket_policy(
        Bucket="inbox", Policy=document("s3:PutObject", resource="arn:aws:s3:::inbox/*")
    )
    assert kinds(session, made) == ["key", "function"]
    session.client("kms").put_key_policy(
        KeyId=there["key"], PolicyName="default", Policy=document("kms:GenerateDataKey*")
    )
    assert kinds(session, made) == ["function"]
    session.client("lambda").add_permission(
        FunctionName="gate",
        StatementId="ses",
        Action="lambda:InvokeFunction",
        Principal="ses.amazonaws.com",
        SourceAccount=ACCOUNT_ID,
    )
    assert kinds(session, made) == []
    policy = document("sns:Publish", {"Service": "s3.amazonaws.com"})
    session.client("sns").set_topic_attributes(TopicArn=there["topic"], AttributeName="Policy", AttributeValue=policy)
    assert kinds(session, made) == ["topic"]


@pytest.mark.slow
def test_a_grant_lets_use_a_key(session: Any) -> None:
    there = world(session)
    session.client("s3").put_bucket_policy(Bucket="inbox", Policy=document("s3:PutObject"))
    made = account(ses.S3Action(bucket_name="inbox", kms_key_arn=there["alias"]))
    assert kinds(session, made) == ["key"]
    session.client("kms").create_grant(
        KeyId=there["key"], GranteePrincipal="ses.amazonaws.com", Operations=["GenerateDataKey"]
    )
    assert kinds(session, made) == []


@pytest.mark.slow
def test_a_role_with_its_policies(session: Any) -> None:
    there = world(session)
    made = account(ses.S3Action(bucket_name="inbox", iam_role_arn=there["role"]))
    assert kinds(session, made) == ["bucket"]
    puts = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}
    )
    iam = session.client("iam")
    arn = iam.create_policy(PolicyName="puts", PolicyDocument=puts)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="ses", PolicyArn=arn)
    assert kinds(session, made) == []
    iam.detach_role_policy(RoleName="ses", PolicyArn=arn)
    iam.put_role_policy(RoleName="ses", PolicyName="puts", PolicyDocument=puts)
    assert kinds(session, made) == []
    iam.update_assume_role_policy(RoleName="ses", PolicyDocument=document("sts:AssumeRole", {"AWS": "*"}, None))
    assert kinds(session, made) == []  # `*` is everybody
    iam.update_assume_role_policy(
        RoleName="ses", PolicyDocument=document("sts:AssumeRole", {"Service": "lambda.amazonaws.com"}, None)
    )
    assert kinds(session, made) == ["role"]


def test_what_is_not_there_is_a_problem_and_stays_unknown(session: Any) -> None:
    made = account(ses.S3Action(bucket_name="gone"))
    permissions, problems = live_permissions(made, session.client)
    assert "NoSuchBucket" in str(problems[0])
    assert permissions.unseen(made) == ("bucket `gone`",)


def test_a_session_is_loaded_with_its_permissions(session: Any) -> None:
    world(session)
    client = session.client("ses")
    client.create_receipt_rule_set(RuleSetName="main")
    rule = {"Name": "store", "Enabled": True, "Actions": [{"S3Action": {"BucketName": "inbox"}}]}
    client.create_receipt_rule(RuleSetName="main", Rule=rule)
    loaded = ses.load(session)
    assert loaded.account.account_id == ACCOUNT_ID
    assert "Could" not in str(loaded.permissions)
    assert any("rule store of main: could not write to the bucket `inbox`" in str(one) for one in loaded.problems), str(
        loaded
    )
