"""Whatever stands in a template, loading it ends with an account and problems, or with one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from formats.folders import write
from formats.test_cdk import TEMPLATE
from formats.test_cloudformation import HEAD, rule
from formats.test_serverless import SERVICE
from formats.test_terraform_expressions import EXPRESSIONS
from formats.test_terraform_json import RULE, plan
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.formats.intrinsic_functions import FUNCTIONS

HCL = """
variable "domain" { type = list(object({ a = optional(string, "x") })) }
locals { all = { for i, one in var.domain : one.a => merge(one, { n = i }) if i < 3 } }
module "m" {
  source   = "./m"
  for_each = local.all
  name     = each.key
}
resource "aws_ses_receipt_rule" "r" {
  for_each      = local.all
  name          = "r-${each.key}"
  rule_set_name = "main"
  recipients    = [for one in ["a", "b"] : "${one}@${each.value.a}.example.com"]
  after         = each.value.n > 0 ? "r-0" : null
  dynamic "s3_action" {
    for_each = toset(["x"])
    content {
      bucket_name = s3_action.value
      position    = 1
    }
  }
}
"""

SAMPLES = {
    "main.tf": HCL,
    "template.yaml": HEAD + rule("a", "Recipients: !Split ['|', !Ref Emails]", "After: !Ref Set"),
    "serverless.yml": SERVICE,
    "template.json": json.dumps(TEMPLATE),
    "plan.json": json.dumps(plan(RULE, {})),
}

# Anything that JSON holds, with functions of CloudFormation at any place.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 700)
    | st.sampled_from(["", "a", "main", "Set", "R", "example.com", "${R}"])
)
NAMES = st.sampled_from(["a", "Name", "Type", "Rule", "Actions", "Recipients", "S3Action", "BucketName", *FUNCTIONS])
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=2), max_leaves=8
)


def ends_well(source: Any) -> None:
    """Load it; show all there is."""
    try:
        found = ses.load(source)
    except ses.InputError:
        return
    assert str(found)
    assert found._repr_html_()
    for one in found.problems:
        assert "\n" not in str(one)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_damaged_template_ends_well(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, text = tmp_path_factory.mktemp("damaged"), SAMPLES[name]

    @given(st.integers(0, len(text)), st.integers(0, 30), st.text('{}[]()"${}:=,\n !&*-#%a1', max_size=6))
    @settings(max_examples=60, deadline=None)
    def law(start: int, length: int, put: str) -> None:
        write(folder, {name: ""})
        (folder / name).write_text(text[:start] + put + text[start + length :], encoding="utf-8")
        ends_well(folder / name)

    law()


@given(VALUES, VALUES, VALUES, VALUES)
@settings(max_examples=150, deadline=None)
@pytest.mark.slow
def test_any_value_anywhere_in_a_template_ends_well(one: Any, two: Any, three: Any, four: Any) -> None:
    resources = {
        "Set": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": one},
        "R": {"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": two, "Rule": three, "After": four}},
        "F": {"Type": "AWS::SES::ReceiptFilter", "Properties": {"Filter": one}, "Condition": two},
        "I": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": three}, "DependsOn": four},
        "C": {"Type": "Custom::AWS", "Properties": {"Create": one, "ServiceToken": two}},
        "N": {"Type": "AWS::CloudFormation::Stack", "Properties": three},
    }
    ends_well({"Resources": resources, "Conditions": {"a": one, "Set": two}, "Parameters": {"main": three, "a": four}})
    ends_well({"Resources": {"R": one, "Fn::ForEach::X": two}, "Mappings": three, "Metadata": {"sesreceive": four}})


@given(VALUES, VALUES, VALUES)
@settings(max_examples=100, deadline=None)
@pytest.mark.slow
def test_any_value_anywhere_in_json_of_the_api_or_terraform_ends_well(one: Any, two: Any, three: Any) -> None:
    ends_well({"Metadata": one, "Rules": two})
    ends_well({"Filters": one, "RuleSets": two, "Identities": three, "ActiveRuleSet": one, "Region": two})
    ends_well({"Rule": one, "RuleSetName": two, "After": three})
    ends_well([{"Filters": one}, {"Rules": [two]}])
    ends_well({"service": one, "provider": two, "resources": three, "functions": one, "custom": two})
    rule = {**RULE, "s3_action": one, "name": two, "recipients": three, "after": one}
    ends_well(plan(rule, {"s3_action": two}))
    ends_well({"terraform_version": "1", "resources": [{"type": "aws_ses_receipt_rule", "instances": one}, two]})


@given(data=st.data())
@settings(max_examples=80, deadline=None)
@pytest.mark.slow
def test_any_expression_anywhere_in_terraform_ends_well(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = st.sampled_from(["var.open", "null", "[]", "{}", "1", '"a"', "[null]", "[var.open]", '{ a = "b" }'])
    choose = plain | st.sampled_from([text for text, _ in EXPRESSIONS])
    extra = data.draw(st.sampled_from(["count", "for_each", "x"]))
    text = 'variable "open" {}\nvariable "list" {}\nvariable "map" {}\nvariable "name" {}\nvariable "none" {}\n'
    arguments = ["name", "rule_set_name", "recipients", "after", "enabled", "tls_policy", extra]
    text += 'resource "aws_ses_receipt_rule" "r" {\n'
    text += "".join(f"  {name} = {data.draw(choose)}\n" for name in arguments)
    text += f"  s3_action {{\n bucket_name = {data.draw(choose)}\n position = {data.draw(choose)}\n }}\n"
    text += (
        f'  dynamic "stop_action" {{\n for_each = {data.draw(choose)}\n content {{\n scope = stop_action.value\n }}\n'
    )
    text += "  }\n}\n"
    text += (
        f'resource "aws_ses_receipt_filter" "f" {{\n cidr = {data.draw(choose)}\n policy = {data.draw(choose)}\n}}\n'
    )
    text += f'resource "aws_ses_domain_identity" "d" {{\n domain = {data.draw(choose)}\n}}\n'
    text += f'provider "aws" {{\n region = {data.draw(choose)}\n}}\n'
    folder = tmp_path_factory.mktemp("any")
    (folder / "main.tf").write_text(text)
    ends_well(folder)
