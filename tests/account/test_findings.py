"""What SES takes and its owner can hardly have meant: one row a configuration."""

from __future__ import annotations

from typing import Any

import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive.account.findings import condition_finding
from sesreceive.account.regions import RECEIVING, WITHOUT_RECEIVING, region_finding
from tests.conftest import make_account, make_rule

CONDITIONS = [
    # condition                 begins the finding, or nothing
    ("example.com",             ""),
    (".example.com",            ""),
    ("ana+x@example.com",       ""),
    ('"a b"@example.com',       ""),
    ("*@example.com",           "`*@example.com` is for the address `*@example.com` alone, since `*` is no wildcard"),
    ("mailto:u@example.com",    "`mailto:u@example.com` matches nothing: no recipient begins with `mailto:`"),
    ("<u@example.com>",         "`<u@example.com>` matches nothing: a recipient has no brackets"),
    ("grüße@example.com",       "`grüße@example.com` matches no mail that keeps to RFC 5321"),
    ("münchen.example",         "`münchen.example` matches no mail that keeps to RFC 5321"),
    ("a:b@example.com",         "`a:b@example.com` matches no mail that keeps to RFC 5321"),
    ("*.example.com",           "`*.example.com` matches no mail that keeps to RFC 5321"),
    ("ana@example.org",         "`ana@example.org` matches nothing: it lies under no verified domain"),
]  # fmt: skip


@pytest.mark.parametrize("condition, begins", CONDITIONS)
def test_a_condition_that_matches_nothing_is_found(condition: str, begins: str) -> None:
    finding = condition_finding(condition, ses.Account(identities=("example.com",)))
    assert finding.startswith(begins) if begins else finding == ""


@pytest.mark.parametrize("condition", [condition for condition, begins in CONDITIONS if "matches nothing" in begins])
def test_what_is_said_to_match_nothing_matches_nothing(condition: str) -> None:
    """The pipeline agrees: neither the text as a recipient over SMTP nor its plain form gets in."""
    receiver = ses.Receiver(make_account(make_rule(recipients=(condition,))), seed=1)
    plain = condition.strip("<>").removeprefix("mailto:")
    assert not receiver.receive(b"\r\n", mail_from="bo@example.org", rcpt_to=[plain]).accepted


def rule_set(*rules: ses.ReceiptRule) -> dict[str, Any]:
    return {"rule_sets": (ses.ReceiptRuleSet(name="main", rules=rules),), "active": "main"}


STOP = ses.StopAction()
GATE = ses.LambdaAction(
    function_arn="arn:aws:lambda:us-east-1:111122223333:function:gate", invocation_type="RequestResponse"
)
SNS = ses.SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail")
BILLING = ("billing@example.com",)
ACCOUNTS = [
    # account                                                                      places of the findings
    (rule_set(make_rule("a")),                                                      []),
    ({**rule_set(make_rule("a")), "identities": ()},                                ["identities"]),
    ({**rule_set(make_rule("a")), "identities": ("ana@example.com",)},              ["identities"]),
    ({**rule_set(make_rule("a")), "region": "eu-central-2"},                        ["region"]),
    ({**rule_set(make_rule("a")), "active": None},                                  ["active"]),
    (rule_set(),                                                                    ["rule_sets[0].rules"]),
    (rule_set(make_rule("a", enabled=False)),                                       ["rule_sets[0].rules"]),
    (rule_set(make_rule("a", STOP), make_rule("b")),                                ["rule_sets[0].rules[1]"]),
    (rule_set(make_rule("a", STOP, recipients=BILLING), make_rule("b", recipients=BILLING)), ["rule_sets[0].rules[1]"]),
    (rule_set(make_rule("a", STOP, recipients=BILLING), make_rule("b")),            []),
    (rule_set(make_rule("a", GATE, STOP), make_rule("b")),                          []),
    (rule_set(make_rule("a", SNS, STOP), make_rule("b")),                           []),
    (rule_set(make_rule("a", STOP, tls_policy="Require"), make_rule("b")),          []),
    (rule_set(make_rule("a", STOP, enabled=False), make_rule("b")),                 []),
]  # fmt: skip


@pytest.mark.parametrize("members, places", ACCOUNTS)
def test_what_surprises_is_found_with_its_place(members: dict[str, Any], places: list[str]) -> None:
    account = ses.Account(**{"identities": ("example.com",), **members})
    assert [finding.path for finding in account.findings] == places


def test_the_regions_that_receive_are_told_from_those_that_do_not() -> None:
    assert not set(RECEIVING) & set(WITHOUT_RECEIVING)
    assert [region for region in RECEIVING if region_finding(region)] == []
    assert all(region_finding(region) for region in WITHOUT_RECEIVING)


@pytest.mark.parametrize("name", ["anycompany", "first-steps"])
def test_the_sample_accounts_surprise_nobody(name: str) -> None:
    assert datasets.load(name).account.findings == ()
