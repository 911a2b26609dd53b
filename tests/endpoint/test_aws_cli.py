"""The aws CLI of PyPI, unchanged, in an environment of its own: every command of receiving, with its exit code."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sesreceive.control.requests import REQUESTS
from sesreceive.endpoint.local_endpoint import Endpoint
from tests.endpoint.conftest import Clients, get, send
from tests.environments import python_with

pytestmark = pytest.mark.slow

AWSCLI = "awscli==1.46.3"
# Version 1: the service refused, or the CLI does; version 2 has more codes. 2 is for a command line it cannot read.
FAILED = 255

INBOX = [{"S3Action": {"BucketName": "inbox"}}]
STORE = {"Name": "store", "Enabled": True, "Recipients": ["example.com"], "Actions": INBOX}
NO_BUCKET = {"Name": "a", "Actions": [{"S3Action": {"BucketName": "none"}}]}
NO_NET = {"Name": "b", "IpFilter": {"Policy": "Block", "Cidr": "x"}}
TAG = {"Name": "tag", "Actions": [{"AddHeaderAction": {"HeaderName": "X-Seen", "HeaderValue": "yes"}}]}
NET = {"Name": "net", "IpFilter": {"Policy": "Block", "Cidr": "203.0.113.0/24"}}
BOUNCE = "send-bounce --bounce-sender postmaster@example.com --original-message-id "
GONE = {"bounced-recipient-info-list": [{"Recipient": "bo@example.com", "BounceType": "DoesNotExist"}]}


def ses(text: str, **members: Any) -> list[str]:
    """A command of ``aws ses``; members that are structures are given as JSON."""
    options = [part for name, value in members.items() for part in (f"--{name}", json.dumps(value))]
    return ["ses", *text.split(), *options]


# In order: a command, its exit code, and a part of its output or error; {id} is the message that was sent before.
BEFORE_MAIL = [
    (ses("verify-domain-identity --domain example.com"),                       0, "VerificationToken"),
    (ses("verify-domain-dkim --domain example.com"),                           0, "DkimTokens"),
    (ses("verify-email-identity --email-address ana@example.org"),             0, ""),
    (ses("list-identities --identity-type Domain"),                            0, "example.com"),
    (ses("get-identity-verification-attributes --identities example.com"),     0, '"VerificationStatus": "Success"'),
    (ses("delete-identity --identity ana@example.org"),                        0, ""),
    (["s3", "mb", "s3://inbox"],                                               0, "make_bucket: inbox"),
    (ses("create-receipt-rule-set --rule-set-name main"),                      0, ""),
    (ses("create-receipt-rule-set --rule-set-name main"),                      255, "(AlreadyExists)"),
    (ses("create-receipt-rule-set --rule-set-name a.b --unknown"),             255, "Unknown options"),
    (ses("create-receipt-rule-set"),                                           2,   "--rule-set-name"),
    (ses("create-receipt-rule --rule-set-name main", rule=STORE),              0, ""),
    (ses("create-receipt-rule --rule-set-name main --after store", rule=TAG),  0, ""),
    (ses("create-receipt-rule --rule-set-name none", rule=TAG),                255, "(RuleSetDoesNotExist)"),
    (ses("create-receipt-rule --rule-set-name main", rule=NO_BUCKET),          255, "No such bucket: none"),
    (ses("describe-receipt-rule --rule-set-name main --rule-name tag"),        0, '"TlsPolicy": "Optional"'),
    (ses("describe-receipt-rule --rule-set-name main --rule-name none"),       255, "(RuleDoesNotExist)"),
    (ses("update-receipt-rule --rule-set-name main", rule=TAG | {"Enabled": True}), 0, ""),
    (ses("set-receipt-rule-position --rule-set-name main --rule-name tag"),    0, ""),
    (ses("reorder-receipt-rule-set --rule-set-name main --rule-names tag store"), 0, ""),
    (ses("reorder-receipt-rule-set --rule-set-name main --rule-names tag"),    255, "rules not found: store"),
    (ses("clone-receipt-rule-set --rule-set-name copy --original-rule-set-name main"), 0, ""),
    (ses("describe-receipt-rule-set --rule-set-name copy"),                    0, '"Name": "copy"'),
    (ses("list-receipt-rule-sets --query RuleSets[].Name --output text"),      0, "copy\tmain"),
    (ses("describe-active-receipt-rule-set"),                                  0, ""),
    (ses("set-active-receipt-rule-set --rule-set-name main"),                  0, ""),
    (ses("describe-active-receipt-rule-set --query Rules[].Name --output text"), 0, "tag\tstore"),
    (ses("delete-receipt-rule-set --rule-set-name main"),                      255, "(CannotDelete)"),
    (ses("create-receipt-filter", filter=NET),                                 0, ""),
    (ses("create-receipt-filter", filter=NO_NET),                              255, "Invalid CIDR block: x"),
    (ses("list-receipt-filters --query Filters[].IpFilter.Cidr --output text"), 0, "203.0.113.0/24"),
]  # fmt: skip
AFTER_MAIL = [
    (["s3", "cp", "s3://inbox/{id}", "-"],                                     0, "\r\nbody\r\n"),
    (ses(BOUNCE + "{id}", **GONE),                                             0, "MessageId"),
    (ses(BOUNCE + "none", **GONE),                                             255, "(MessageRejected)"),
    (ses("delete-receipt-filter --filter-name net"),                           0, ""),
    (ses("delete-receipt-rule --rule-set-name main --rule-name tag"),          0, ""),
    (ses("delete-receipt-rule --rule-set-name none --rule-name tag"),          255, "(RuleSetDoesNotExist)"),
    (ses("set-active-receipt-rule-set"),                                       0, ""),
    (ses("delete-receipt-rule-set --rule-set-name main"),                      0, ""),
    (ses("delete-receipt-rule-set --rule-set-name copy"),                      0, ""),
    (ses("list-receipt-rule-sets --query RuleSets --output text"),             0, ""),
    (["sts", "get-caller-identity", "--query", "Account", "--output", "text"], 0, "111122223333"),
]  # fmt: skip


class Done(NamedTuple):
    code: int
    output: str
    error: str


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with(AWSCLI.replace("==", "-"), AWSCLI)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


def environment(endpoint: Endpoint, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }


def run(python: Path, endpoint: Endpoint, home: Path, commands: list[list[str]]) -> list[Done]:
    script = Path(__file__).with_name("aws_commands.py")
    done = subprocess.run(
        [python, script], input=json.dumps(commands), env=environment(endpoint, home), cwd=home,
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    return [Done(*one) for one in json.loads(done.stdout)]


def test_every_command_of_receiving(python: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    done = run(python, endpoint, tmp_path, [command for command, *_ in BEFORE_MAIL])
    send(endpoint, "bo@example.com")
    (message,) = get(endpoint, "/messages?wait=60")["messages"]
    after = [[part.replace("{id}", message["message_id"]) for part in command] for command, *_ in AFTER_MAIL]
    done += run(python, endpoint, tmp_path, after)
    wanted = [*BEFORE_MAIL, *AFTER_MAIL]
    wrong = [
        (command, result)
        for (command, code, part), result in zip(wanted, done, strict=True)
        if result.code != code or part not in (result.error if code else result.output)
    ]
    assert wrong == []


def test_the_table_has_every_operation() -> None:
    named = {command[1].replace("-", "") for command, *_ in (*BEFORE_MAIL, *AFTER_MAIL) if command[0] == "ses"}
    assert named == {operation.lower() for operation in REQUESTS}


def test_the_program_itself_ends_with_the_code(python: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    command = [python, "-m", "awscli", "ses", "describe-receipt-rule-set", "--rule-set-name", "nothing"]
    done = subprocess.run(
        command,
        env=environment(endpoint, tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == FAILED
    assert "An error occurred (RuleSetDoesNotExist)" in done.stderr


def test_a_stack_is_deployed_by_the_cli(python: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    template = {
        "Resources": {
            "Inbox": {"Type": "AWS::S3::Bucket"},
            "Set": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": "deployed"}},
            "Store": {
                "Type": "AWS::SES::ReceiptRule",
                "Properties": {
                    "RuleSetName": {"Ref": "Set"},
                    "Rule": {"Name": "store", "Actions": [{"S3Action": {"BucketName": {"Ref": "Inbox"}}}]},
                },
            },
        }
    }
    (tmp_path / "template.json").write_text(json.dumps(template))
    deploy = ["cloudformation", "deploy", "--stack-name", "mail", "--template-file", "template.json"]
    done = run(python, endpoint, tmp_path, [deploy, ses("describe-receipt-rule-set --rule-set-name deployed")])
    assert [one.code for one in done] == [0, 0], done
    bucket = Clients(endpoint.url).s3.list_buckets(Prefix="mail-")["Buckets"][0]["Name"]
    assert bucket in done[1].output
