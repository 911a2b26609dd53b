"""JSON of the SES API: what its commands print and take, in any of its forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from formats.folders import rules, told, write

import sesreceive as ses

RULE = {
    "Name": "store",
    "Enabled": True,
    "TlsPolicy": "Optional",
    "Recipients": ["in@example.com"],
    "Actions": [{"S3Action": {"BucketName": "inbox"}}],
    "ScanEnabled": False,
}
SET = {"Metadata": {"Name": "main", "CreatedTimestamp": "2026-01-02T10:05:05+00:00"}, "Rules": [RULE]}
FILTER = {"Name": "office", "IpFilter": {"Policy": "Allow", "Cidr": "192.0.2.0/24"}}

# A form, and what is in the account then: rules, filters, identities.
FORMS: list[tuple[str, Any, int, int, int]] = [
    ("describe-receipt-rule-set", SET, 1, 0, 1),
    ("describe-active-receipt-rule-set of nothing", {"Metadata": {"Name": "main"}, "Rules": []}, 0, 0, 0),
    ("describe-receipt-rule", {"Rule": RULE}, 1, 0, 1),
    ("create-receipt-rule --cli-input-json", {"RuleSetName": "main", "After": "", "Rule": RULE}, 1, 0, 1),
    ("--rule file://rule.json", RULE, 1, 0, 1),
    ("--filter file://filter.json", FILTER, 0, 1, 0),
    ("create-receipt-filter", {"Filter": FILTER}, 0, 1, 0),
    ("list-receipt-filters", {"Filters": [FILTER]}, 0, 1, 0),
    ("list-receipt-rule-sets", {"RuleSets": [{"Name": "main", "CreatedTimestamp": "2026-01-02T10:05:05Z"}]}, 0, 0, 0),
    ("an account", {"AccountId": "123456789012", "RuleSets": [SET], "ActiveRuleSet": "main"}, 1, 0, 0),
    ("several", [SET, {"Filters": [FILTER]}], 1, 1, 1),
]


@pytest.mark.parametrize(("form", "data", "rule_count", "filter_count", "identity_count"), FORMS)
def test_every_form_is_read(
    form: str, data: Any, rule_count: int, filter_count: int, identity_count: int, tmp_path: Path
) -> None:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(data, indent=4))
    for found in (ses.load(path), ses.load(data)):
        account = found.account
        assert len(rules(found)) == rule_count
        assert (len(account.filters), len(account.identities)) == (filter_count, identity_count)
        assert not [one for one in found.problems if "is active" not in one.message], form


def test_the_answers_of_several_commands_in_a_folder_are_one_account(tmp_path: Path) -> None:
    files = {
        "active.json": SET,
        "filters.json": {"Filters": [FILTER]},
        "identities.json": {"VerificationAttributes": {"example.com": {"VerificationStatus": "Success"}}},
        "package.json": {"name": "something", "version": "1.0.0"},
    }
    found = ses.load(write(tmp_path, {name: json.dumps(data) for name, data in files.items()}))
    assert len(rules(found)) == len(found.account.filters) == len(found.account.identities) == 1
    assert found.others == ()


def test_the_rules_of_a_dump_are_in_order() -> None:
    many = [{**RULE, "Name": name} for name in "cab"]
    found = ses.load({"Metadata": {"Name": "main"}, "Rules": many})
    assert [rule.name for rule in found.account["main"].rules] == ["c", "a", "b"]


def test_wrong_members_are_problems_with_their_line(tmp_path: Path) -> None:
    wrong = {**RULE, "Enabld": True, "Actions": [{"S3Action": {"Bucket": "inbox"}}]}
    path = tmp_path / "set.json"
    path.write_text(json.dumps({**SET, "Rules": [wrong]}, indent=1))
    found = ses.load(path)
    assert "did you mean `Enabled`?" in told(found, "`Enabld`")
    assert told(found, "`Bucket`").startswith("set.json:17:7: rule store: Actions[0].S3Action.Bucket: ")


def test_a_stand_in_is_said_where_the_rule_set_is_not_named() -> None:
    found = ses.load(RULE)
    assert [(one.value, one.stands_for) for one in found.placeholders if one.kind == "name"] == [
        ("rule-set", "--rule-set-name")
    ]


def test_region_and_account_follow_from_the_arns_where_nothing_else_says_them() -> None:
    topic = {"SNSAction": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:mail", "Encoding": "UTF-8"}}
    found = ses.load({**SET, "Rules": [{**RULE, "Actions": [topic]}]})
    assert (found.account.region, found.account.account_id) == ("eu-west-1", "123456789012")
    assert {one.kind for one in found.placeholders} >= {"region", "account id"}
    assert ses.load(found.account.to_api()).placeholders == ()
