"""Plans and states as `terraform show -json` prints them, and state files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from formats.folders import rules, stood_for, told

import sesreceive as ses

RULE: dict[str, Any] = {
    "name": "store",
    "rule_set_name": "main",
    "enabled": True,
    "scan_enabled": True,
    "tls_policy": "Require",
    "recipients": ["in@example.com"],
    "after": None,
    "stop_action": [{"position": 2, "scope": "RuleSet", "topic_arn": ""}],
    "s3_action": [
        {"position": 1, "bucket_name": "inbox", "kms_key_arn": "", "object_key_prefix": "", "topic_arn": None}
    ],
    "sns_action": [],
}


def resource(kind: str, name: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    address = f"{kind}.{name}"
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values, **more}


def plan(rule: dict[str, Any], unknown: dict[str, Any], **more: Any) -> dict[str, Any]:
    resources = [
        resource("aws_ses_domain_identity", "d", {"domain": "example.com"}),
        resource("aws_ses_receipt_rule_set", "main", {"rule_set_name": "main"}),
        resource("aws_ses_active_receipt_rule_set", "main", {"rule_set_name": "main"}),
        resource("aws_ses_receipt_filter", "office", {"name": "office", "cidr": "192.0.2.0/24", "policy": "Allow"}),
    ]
    inner = {"resources": [resource("aws_ses_receipt_rule", "store", rule, **more)], "address": "module.mail"}
    change = {"address": "aws_ses_receipt_rule.store", "change": {"after_unknown": unknown}}
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources, "child_modules": [inner]}},
        "resource_changes": [change],
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-1"}}}}
        },
    }


def test_a_plan_is_read_with_its_child_modules() -> None:
    found = ses.load(plan(RULE, {}))
    assert found.problems == found.placeholders == ()
    assert (found.account.region, found.account.active) == ("eu-west-1", "main")
    store, stop = rules(found)["store"].actions
    assert (store.bucket_name, store.object_key_prefix, type(stop)) == ("inbox", None, ses.StopAction)


def test_what_is_known_after_apply_has_a_stand_in(tmp_path: Path) -> None:
    rule = {**RULE, "s3_action": [{"position": 1, "topic_arn": None, "bucket_name": None}]}
    unknown = {"s3_action": [{"topic_arn": True, "bucket_name": True}]}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(rule, unknown), indent=1))
    found = ses.load(path)
    assert stood_for(found)["store-bucket-name"].startswith(
        "aws_ses_receipt_rule.store.s3_action.bucket_name, plan.json:"
    )
    assert found.account.problems() == ()


def test_sensitive_values_are_not_shown() -> None:
    found = ses.load(plan({**RULE, "recipients": ["hunter2@example.com"]}, {}, sensitive_values={"recipients": True}))
    assert "hunter2" not in str(found)
    assert rules(found)["store"].recipients == ("mail@aws-ses-receipt-rule-store-recipients.example",)


def test_sensitive_values_inside_blocks_are_not_shown_either() -> None:
    rule = {**RULE, "s3_action": [{"position": 1, "bucket_name": "hunter2-box"}]}
    found = ses.load(plan(rule, {}, sensitive_values={"s3_action": [{"bucket_name": True}]}))
    assert "hunter2" not in str(found)
    attributes = {"name": "store", "rule_set_name": "main", **rule}
    instance = {"attributes": attributes, "sensitive_attributes": [[{"type": "get_attr", "value": "s3_action"}]]}
    held = {"mode": "managed", "type": "aws_ses_receipt_rule", "name": "store", "instances": [instance]}
    found = ses.load({"version": 4, "terraform_version": "1.9.0", "resources": [held]})
    assert "hunter2" not in str(found)
    assert rules(found)["store"].actions[0].bucket_name == "store-bucket-name"


def test_a_state_file_is_read() -> None:
    def held(kind: str, name: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": values, **more}]}

    state = {
        "version": 4,
        "terraform_version": "1.9.0",
        "lineage": "x",
        "resources": [
            held("aws_ses_domain_identity", "d", {"domain": "example.com"}),
            held("aws_ses_receipt_rule_set", "main", {"rule_set_name": "main"}),
            held("aws_ses_receipt_rule", "store", {**RULE, "recipients": None}, index_key="a"),
        ],
    }
    found = ses.load(state)
    assert found.format == "Terraform state"
    assert rules(found)["store"].recipients == ()
    assert [one.path for one in found.problems] == ["template"]
    assert "nothing activates" in told(found, "activates")
