"""Calls that other programs make: those of Terraform's AWS provider, and the script that an account is written as.

The provider is in no registry that tests can reach, so it is not run. Its calls are replayed from a table, in the order
and with the members that its resources use (terraform-provider-aws, internal/service/ses).
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

import sesreceive as ses
from sesreceive import datasets
from sesreceive.endpoint.given_account import provide
from sesreceive.endpoint.local_endpoint import Endpoint
from tests.endpoint.conftest import Clients
from tests.scenario import scenario_account

TAG = {
    "Name": "tag", "Enabled": True, "ScanEnabled": False, "TlsPolicy": "Optional",
    "Actions": [{"AddHeaderAction": {"HeaderName": "X-Seen", "HeaderValue": "yes"}}],
}  # fmt: skip
STOP = {"Name": "stop", "Enabled": False, "Actions": [{"StopAction": {"Scope": "RuleSet"}}]}
NET = {"Name": "net", "IpFilter": {"Cidr": "203.0.113.0/24", "Policy": "Block"}}


def names(answer: dict[str, Any]) -> list[str]:
    return [one["Name"] for one in answer.get("Rules", ())]


def verified(answer: dict[str, Any]) -> str:
    status: str = answer["VerificationAttributes"]["example.com"]["VerificationStatus"]
    return status


MAIN = {"RuleSetName": "main"}
STOP_OF_MAIN, TAG_OF_MAIN = {**MAIN, "RuleName": "stop"}, {**MAIN, "RuleName": "tag"}
DOMAIN = {"Identities": ["example.com"]}

# The method, its members, and what the provider finds in the answer; a text is the error by which it knows that the
# resource is gone.
CALLS = [
    # aws_ses_domain_identity: create, read
    ("verify_domain_identity", {"Domain": "example.com"}, lambda a: bool(a["VerificationToken"])),
    ("get_identity_verification_attributes", DOMAIN, lambda a: verified(a) == "Success"),
    # aws_ses_receipt_rule_set: create, read
    ("create_receipt_rule_set", MAIN, None),
    ("describe_receipt_rule_set", MAIN, lambda a: a["Metadata"]["Name"] == "main"),
    # aws_ses_receipt_rule: create, read; with after: create, position
    ("create_receipt_rule", {**MAIN, "Rule": TAG}, None),
    ("describe_receipt_rule", TAG_OF_MAIN, lambda a: a["Rule"] == TAG),
    ("create_receipt_rule", {**MAIN, "Rule": STOP, "After": "tag"}, None),
    ("describe_receipt_rule_set", MAIN, lambda a: names(a) == ["tag", "stop"]),
    # update, what was left out; another after, position; none, position
    ("update_receipt_rule", {**MAIN, "Rule": STOP | {"Enabled": True}}, None),
    ("describe_receipt_rule", STOP_OF_MAIN, lambda a: a["Rule"]["TlsPolicy"] == "Optional"),
    ("set_receipt_rule_position", {**TAG_OF_MAIN, "After": "stop"}, None),
    ("describe_receipt_rule_set", MAIN, lambda a: names(a) == ["stop", "tag"]),
    ("set_receipt_rule_position", TAG_OF_MAIN, None),
    ("describe_receipt_rule_set", MAIN, lambda a: names(a) == ["tag", "stop"]),
    # aws_ses_receipt_filter: create, read
    ("create_receipt_filter", {"Filter": NET}, None),
    ("list_receipt_filters", {}, lambda a: a["Filters"] == [NET]),
    # aws_ses_active_receipt_rule_set: create, read, delete, gone
    ("set_active_receipt_rule_set", MAIN, None),
    ("describe_active_receipt_rule_set", {}, lambda a: a["Metadata"]["Name"] == "main"),
    ("set_active_receipt_rule_set", {}, None),
    ("describe_active_receipt_rule_set", {}, lambda a: "Metadata" not in a),
    # all of them: delete, gone
    ("delete_receipt_rule", TAG_OF_MAIN, None),
    ("describe_receipt_rule", TAG_OF_MAIN, "RuleDoesNotExist"),
    ("delete_receipt_filter", {"FilterName": "net"}, None),
    ("list_receipt_filters", {}, lambda a: a["Filters"] == []),
    ("delete_receipt_rule_set", MAIN, None),
    ("describe_receipt_rule_set", MAIN, "RuleSetDoesNotExist"),
    ("delete_identity", {"Identity": "example.com"}, None),
    ("get_identity_verification_attributes", DOMAIN, lambda a: a["VerificationAttributes"] == {}),
]


def test_the_calls_of_terraforms_provider(aws: Clients) -> None:
    client = aws.ses
    for number, (method, members, finds) in enumerate(CALLS):
        if isinstance(finds, str):
            with pytest.raises(ClientError) as caught:
                getattr(client, method)(**members)
            assert caught.value.response["Error"]["Code"] == finds, number
            continue
        answer = getattr(client, method)(**members)
        assert finds is None or finds(answer), (number, answer)


def without_times(account: ses.Account) -> dict[str, Any]:
    """The account without what the service makes itself: times, tokens and the order of filters."""
    written = account.to_api()
    for rule_set in written["RuleSets"]:
        rule_set["Metadata"].pop("CreatedTimestamp", None)
    written["Identities"] = [identity.name for identity in account.identities]
    return written


@pytest.mark.parametrize("name", ["scenario", "first-steps", "anycompany"])
@pytest.mark.slow
def test_the_script_that_an_account_is_written_as_makes_the_account(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    account = scenario_account() if name == "scenario" else datasets.load(name).receiver().account
    nothing = ses.Account(region=account.region, account_id=account.account_id)
    actions = [action for one in account.rule_sets for rule in one.rules for action in rule.actions]
    functions = {arn: print for action in actions if (arn := getattr(action, "function_arn", None))}
    with Endpoint(ses.Receiver(nothing, backend=ses.MemoryBackend(functions))) as endpoint:
        assert provide(account) == []
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(variable, "any")
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        exec(compile(account.to("boto3"), "script", "exec"), {})
        assert os.environ["AWS_ENDPOINT_URL"] == endpoint.url
        made = endpoint.service[account.region].receiver.account
    assert without_times(made) == without_times(account)
