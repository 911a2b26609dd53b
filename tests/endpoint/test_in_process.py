"""moto in the process of a test, with receiving: ours is answered, and nothing of other services is touched."""

from __future__ import annotations

import io
import json
import smtplib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto.cloudformation.models", reason="moto[server] is not installed")

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

import sesreceive as ses
from sesreceive.errors import InputError
from tests.conftest import MESSAGE
from tests.endpoint.conftest import code

ACCOUNT = "123456789012"
DECIDE = "def handler(event, context):\n    return {'disposition': 'STOP_RULE_SET'}\n"


def client(service: str, region: str = "us-east-1") -> Any:
    return boto3.client(service, region_name=region)


def make_rules(region: str = "us-east-1") -> None:
    made = client("ses", region)
    made.verify_domain_identity(Domain="example.com")
    made.create_receipt_rule_set(RuleSetName="main")
    topic = client("sns", region).create_topic(Name="mail")["TopicArn"]
    store = [{"S3Action": {"BucketName": "inbox", "TopicArn": topic}}]
    made.create_receipt_rule(RuleSetName="main", Rule={"Name": "all", "Enabled": True, "Actions": store})
    made.set_active_receipt_rule_set(RuleSetName="main")


def test_boto3_makes_the_rules_and_mail_meets_them() -> None:
    with ses.mock_aws_receiving() as aws:
        client("s3").create_bucket(Bucket="inbox")
        make_rules()
        reception = aws.receive(MESSAGE, mail_from="ana@example.org", rcpt_to=["bo@example.com"])
        stored = client("s3").get_object(Bucket="inbox", Key=reception.message_id)["Body"].read()
        assert stored.endswith(MESSAGE)
        assert list(aws.mail) == [reception.message_id]
        with aws.receiver.smtp() as server, smtplib.SMTP(*server.address) as sender:
            sender.sendmail("ana@example.org", ["bo@example.com"], MESSAGE)
            assert server.wait_for(1)[0].rules == ("all",)
        assert len(client("s3").list_objects_v2(Bucket="inbox")["Contents"]) == 3


def test_refusals_are_boto3s_exceptions() -> None:
    with ses.mock_aws_receiving():
        made = client("ses")
        with pytest.raises(made.exceptions.RuleSetDoesNotExistException):
            made.describe_receipt_rule_set(RuleSetName="none")
        with pytest.raises(ClientError, match="2 validation errors detected"):
            boto3.client("ses", config=_unchecked(), region_name="us-east-1").create_receipt_rule_set(RuleSetName="")


def _unchecked() -> Any:
    from botocore.config import Config

    return Config(parameter_validation=False)


def _file(folder: Path) -> Any:
    path = folder / "body"
    path.write_bytes(bytes(range(256)) * 1_000)
    return path.open("rb")


BODIES = [
    lambda folder: b"\x00\xff" * 50_000,
    lambda folder: io.BytesIO(b"Action=CreateReceiptRule&" * 1_000),
    _file,
]


@pytest.mark.parametrize("body", BODIES, ids=["bytes", "stream", "file"])
def test_the_bodies_of_other_services_stay_whole(body: Any, tmp_path: Path) -> None:
    given = body(tmp_path)
    wanted = given if isinstance(given, bytes) else given.read()
    with ses.mock_aws_receiving():
        storage = client("s3")
        storage.create_bucket(Bucket="inbox")
        if not isinstance(given, bytes):
            given.seek(0)
        storage.put_object(Bucket="inbox", Key="body", Body=given)
        assert storage.get_object(Bucket="inbox", Key="body")["Body"].read() == wanted
    if not isinstance(given, bytes):
        given.close()


@pytest.mark.slow
def test_sending_and_functions_are_motos_with_our_identities() -> None:
    with ses.mock_aws_receiving() as aws:
        client("ses").verify_email_identity(EmailAddress="ana@example.com")
        client("ses").send_raw_email(Source="ana@example.com", RawMessage={"Data": b"To: bo@example.org\r\n\r\n"})
        assert client("sts").get_caller_identity()["Account"] == ACCOUNT == aws.service.account_id
        role = client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        function = client("lambda").create_function(
            FunctionName="decide",
            Runtime="python3.12",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": code(DECIDE)},
        )["FunctionArn"]
        answer = client("lambda").invoke(FunctionName=function, Payload=b"{}")
        assert json.load(answer["Payload"]) == {"disposition": "STOP_RULE_SET"}


def test_regions_are_apart() -> None:
    with ses.mock_aws_receiving() as aws:
        client("s3").create_bucket(Bucket="inbox")
        make_rules("eu-west-1")
        assert client("ses").list_receipt_rule_sets()["RuleSets"] == []
        there = aws.receive(MESSAGE, region="eu-west-1", rcpt_to=["bo@example.com"])
        here = aws.receive(MESSAGE, rcpt_to=["bo@example.com"])
        assert (there.rules, here.rules) == (("all",), ())
        with pytest.raises(ses.ApiError, match="valid region"):
            aws.receive(MESSAGE, region="nowhere")


@pytest.mark.slow
def test_afterwards_nothing_is_left() -> None:
    with ses.mock_aws_receiving():
        client("s3").create_bucket(Bucket="inbox")
        make_rules()
    with ses.mock_aws_receiving() as aws:
        assert client("s3").list_buckets()["Buckets"] == []
        assert aws.receiver.account == ses.Account(account_id=ACCOUNT)
    with mock_aws():
        client("ses").create_receipt_rule_set(RuleSetName="motos")  # moto's own again


def test_two_at_once_are_refused() -> None:
    with ses.mock_aws_receiving(), pytest.raises(InputError, match="runs in this process"), ses.mock_aws_receiving():
        pass


@ses.mock_aws_receiving()
def test_it_decorates_a_test() -> None:
    make_empty = client("ses").create_receipt_rule_set(RuleSetName="main")
    assert make_empty["ResponseMetadata"]["HTTPStatusCode"] == 200
