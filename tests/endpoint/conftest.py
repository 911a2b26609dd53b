"""An endpoint that runs, its clients, and the programs that use it."""

from __future__ import annotations

import io
import json
import smtplib
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

pytest.importorskip("moto.cloudformation.models", reason="moto[server] is not installed")

import boto3
from moto.core.base_backend import BackendDict

from sesreceive.endpoint.local_endpoint import Endpoint

collect_ignore = ["cdk"]  # a program for another Python

REGION = "us-east-1"
ACCOUNT = "111122223333"
# A function as a mail application has one: it looks at the mail, leaves a mark, and decides.
GATE = """
import json, boto3

def handler(event, context):
    record = event["Records"][0]
    mail = record["ses"]["mail"] if "ses" in record else json.loads(record["Sns"]["Message"])["mail"]
    boto3.client("s3").put_object(Bucket="inbox", Key="seen/" + mail["messageId"], Body=mail["source"].encode())
    return {"disposition": "STOP_RULE"}
"""


class Clients:
    """boto3's clients for an endpoint, with any credentials."""

    def __init__(self, url: str, region: str = REGION) -> None:
        self.url, self.region = url, region

    def __getattr__(self, service: str) -> Any:
        return boto3.client(
            service.strip("_"),
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )


def code(text: str = GATE) -> bytes:
    """A function as Lambda takes it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", text)
    return packed.getvalue()


def make_function(aws: Clients, name: str = "gate", text: str = GATE) -> str:
    """The ARN of a function that is there now."""
    arn: str = aws.lambda_.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=aws.iam.create_role(RoleName=f"runs-{name}", AssumeRolePolicyDocument="{}")["Role"]["Arn"],
        Handler="index.handler",
        Code={"ZipFile": code(text)},
        Timeout=30,
    )["FunctionArn"]
    return arn


def send(endpoint: Endpoint, *rcpt_to: str, mail_from: str = "ana@example.org", subject: str = "hello") -> None:
    """Real SMTP to the endpoint."""
    raw = f"From: {mail_from}\r\nTo: {rcpt_to[0]}\r\nSubject: {subject}\r\n\r\nbody\r\n".encode()
    with smtplib.SMTP(*endpoint.server.address) as client:
        client.sendmail(mail_from, list(rcpt_to), raw)


def get(endpoint: Endpoint, path: str) -> Any:
    """What a program in any language reads."""
    with urlopen(endpoint.url + path, timeout=120) as answer:
        return json.load(answer)


@pytest.fixture(autouse=True)
def _nothing_left_of_other_servers() -> None:
    """moto has one state a process, and bucket names are one name space: its server in other tests leaves some."""
    BackendDict.reset()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def aws(endpoint: Endpoint) -> Clients:
    return Clients(endpoint.url)
