"""CloudFormation and SAM templates: intrinsic functions, and what public templates hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from formats.folders import rules, stood_for, told, write

import sesreceive as ses
from sesreceive.formats.draft import Draft
from sesreceive.formats.intrinsics import ABSENT, Stack
from sesreceive.formats.marked_yaml import parse_marked
from sesreceive.formats.unresolved import is_open

OPEN = object()

CONTEXT = """
Parameters:
  Name: {Type: String, Default: mail}
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Open: {Type: String}
  Emails: {Type: CommaDelimitedList, Default: "a@example.com, b@example.com"}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /mail/domain}
Mappings:
  ByRegion:
    eu-west-1: {Bucket: eu-box}
    us-east-1: {Bucket: us-box}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Dev: !Not [!Condition Prod]
  Both: !And [!Condition Prod, !Condition Dev]
  Either: !Or [!Condition Prod, !Condition Dev]
  Unknown: !Equals [!Ref Open, x]
  Decided: !Or [!Condition Dev, !Condition Unknown]
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "${Name}-topic"}}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Join ["-", [!Ref Name, box]]}}
  Function: {Type: AWS::Lambda::Function, Properties: {FunctionName: gate}}
  NoName: {Type: AWS::SNS::Topic}
"""

# What a short form evaluates to, in eu-west-1 and account 123456789012.
VALUES: list[tuple[str, Any]] = [
    ("!Ref Name", "mail"),
    ("!Ref Emails", ["a@example.com", "b@example.com"]),
    ("!Ref AWS::Region", "eu-west-1"),
    ("!Ref AWS::AccountId", "123456789012"),
    ("!Ref AWS::NoValue", ABSENT),
    ("!Ref Topic", "arn:aws:sns:eu-west-1:123456789012:mail-topic"),
    ("!Ref Bucket", "mail-box"),
    ("!GetAtt Function.Arn", "arn:aws:lambda:eu-west-1:123456789012:function:gate"),
    ("{'Fn::GetAtt': [Bucket, Arn]}", "arn:aws:s3:::mail-box"),
    ("!Sub '${Name}.${AWS::Region}.${!Literal}'", "mail.eu-west-1.${Literal}"),
    ("!Sub ['${A}-${Name}', {A: !Ref Stage}]", "dev-mail"),
    ("!Sub 'x ${Function.Arn}'", "x arn:aws:lambda:eu-west-1:123456789012:function:gate"),
    ("!Join ['', [a, !Ref Name]]", "amail"),
    ("!Join [',', !Ref Emails]", "a@example.com,b@example.com"),
    ("!Select [1, !Ref Emails]", "b@example.com"),
    ("!Select ['0', !Split ['|', 'a|b']]", "a"),
    ("!Split [',', 'a,b']", ["a", "b"]),
    ("!FindInMap [ByRegion, !Ref AWS::Region, Bucket]", "eu-box"),
    ("{'Fn::FindInMap': [ByRegion, x, Bucket, {DefaultValue: none}]}", "none"),
    ("!If [Prod, a, b]", "b"),
    ("!If [Dev, a, !Ref AWS::NoValue]", "a"),
    ("!If [Both, a, b]", "b"),
    ("!If [Either, a, b]", "a"),
    ("!If [Decided, a, b]", "a"),
    ("!If [Unknown, same, same]", "same"),
    ("!If [Unknown, a, b]", "a"),
    ("{'Fn::Length': !Ref Emails}", 2),
    ("{'Fn::ToJsonString': {a: !Ref Name}}", '{"a": "mail"}'),
    ("!Base64 a", "YQ=="),
    ("[a, !Ref AWS::NoValue]", ["a"]),
    ("!Ref Open", OPEN),
    ("!Ref Stored", OPEN),
    ("!Ref NoName", OPEN),
    ("!GetAtt NoName.TopicArn", OPEN),
    ("!ImportValue shared-bucket", OPEN),
    ("!Select [0, !GetAZs '']", OPEN),
    ("!Sub 'in@${Open}'", OPEN),
    ("!Ref AWS::StackName", OPEN),
]

REFUSED = [
    ("!Ref Nmae", "got `Nmae`; did you mean `Name`?"),
    ("!GetAtt Fnuction.Arn", "got `Fnuction`; did you mean `Function`?"),
    ("!Sub '${Nmae}'", "got `Nmae`"),
    ("!FindInMap [ByRegion, mars, Bucket]", "expected a key of the map but got `mars`"),
    ("!Join [a]", "Fn::Join: expected a delimiter and a list"),
    ("!If [Porod, a, b]", "got `Porod`; did you mean `Prod`?"),
    ("!Select [9, [a]]", "an index inside the list"),
    ("!Select ['²', [a]]", "an index inside the list"),
    (f"!Select ['{'9' * 5000}', [a]]", "an index inside the list"),
    ("{'Fn::Sbu': x}", "got `Fn::Sbu`; did you mean `Fn::Sub`?"),
    ("!Wrong x", "got `!Wrong`, which is not known"),
]


def evaluate(text: str) -> tuple[Any, Draft]:
    draft = Draft(origin="", format="CloudFormation")
    template = parse_marked(CONTEXT, "t.yaml", draft.problem)
    stack = Stack(template, draft, file="t.yaml", variables={}, region="eu-west-1", account_id="123456789012")
    node = parse_marked(f"x: {text}", "t.yaml", draft.problem)["x"]
    return stack.value(node), draft


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_an_intrinsic_function_has_its_value(text: str, value: Any) -> None:
    found, draft = evaluate(text)
    assert is_open(found) if value is OPEN else found == value
    assert draft.problems == []


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_cloudformation_refuses_is_a_problem_with_its_place(text: str, why: str) -> None:
    _, draft = evaluate(text)
    (problem,) = draft.problems
    assert why in problem.message
    assert problem.path.startswith("t.yaml:1:")


# ---------------------------------------------------------------- whole templates

HEAD = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Domain: {Type: String}
  Emails: {Type: String, Default: "a@example.com|b@example.com"}
Resources:
  Identity: {Type: AWS::SES::EmailIdentity, Properties: {EmailIdentity: example.com}}
  Set: {Type: AWS::SES::ReceiptRuleSet, Properties: {RuleSetName: main}}
  Active:
    Type: Custom::AWS
    Properties:
      Create:
        Fn::Join:
          - ""
          - ['{"service":"SES","action":"setActiveReceiptRuleSet","parameters":{"RuleSetName":"', {Ref: Set}, '"}}']
"""


def load(folder: Path, text: str, **options: Any) -> ses.Loaded:
    return ses.load(write(folder, {"template.yaml": HEAD + text}) / "template.yaml", **options)


def rule(name: str, rule: str = "", more: str = "") -> str:
    inner = f"Enabled: true, Name: {name}{', ' + rule if rule else ''}"
    return f"""
  {name.title()}:
    Type: AWS::SES::ReceiptRule
    Properties: {{RuleSetName: !Ref Set, Rule: {{{inner}}}{", " + more if more else ""}}}
"""


def test_a_set_is_activated_by_the_json_text_of_a_custom_resource(tmp_path: Path) -> None:
    found = load(tmp_path, rule("a"))
    assert found.account.active == "main"
    assert found.problems == ()


def test_values_get_the_kind_that_the_api_wants(tmp_path: Path) -> None:
    bounce = "Actions: [{BounceAction: {SmtpReplyCode: 550, Message: gone, Sender: !Ref Identity}}]"
    found = load(tmp_path, rule("a", f"{bounce}, ScanEnabled: yes".replace("!Ref Identity", "!Sub 'x@${Identity}'")))
    (action,) = rules(found)["a"].actions
    assert (action.smtp_reply_code, action.sender) == ("550", "x@example.com")
    assert rules(found)["a"].scan_enabled is True
    assert found.problems == ()


def test_truths_of_yaml_where_a_text_belongs_are_explained(tmp_path: Path) -> None:
    found = load(tmp_path, rule("a", "Recipients: [no]"))
    assert "YAML reads yes, no, on and off as truths" in told(found, "expected text")


def test_a_sender_may_be_the_name_of_an_identity(tmp_path: Path) -> None:
    address = "  Box: {Type: AWS::SES::EmailIdentity, Properties: {EmailIdentity: no-reply@example.org}}\n"
    bounce = "Actions: [{BounceAction: {SmtpReplyCode: '550', Message: gone, Sender: !Ref Box}}]"
    found = load(tmp_path, address + rule("a", bounce))
    assert rules(found)["a"].actions[0].sender == "no-reply@example.org"
    assert found.problems == ()


def test_recipients_may_be_split_from_a_parameter(tmp_path: Path) -> None:
    found = load(tmp_path, rule("a", "Recipients: !Split ['|', !Ref Emails]"))
    assert rules(found)["a"].recipients == ("a@example.com", "b@example.com")
    found = load(tmp_path, rule("a", "Recipients: !Split ['|', !Ref Emails]"), variables={"Emails": "c@example.com"})
    assert rules(found)["a"].recipients == ("c@example.com",)


def test_names_that_are_not_given_are_made_of_the_logical_ids(tmp_path: Path) -> None:
    text = """
  Second:
    Type: AWS::SES::ReceiptRule
    Properties: {RuleSetName: !Ref Set, After: !Ref First, Rule: {Enabled: true}}
  First:
    Type: AWS::SES::ReceiptRule
    Properties: {RuleSetName: !Ref Set, Rule: {Enabled: true}}
  Office:
    Type: AWS::SES::ReceiptFilter
    Properties: {Filter: {IpFilter: {Policy: Allow, Cidr: 192.0.2.7/24}}}
"""
    found = load(tmp_path, text)
    assert [one.name for one in found.account["main"].rules] == ["First", "Second"]
    assert found.account.filters == (ses.ReceiptFilter.allow("192.0.2.7/24", name="Office"),)
    assert stood_for(found)["First"].startswith("the name of First, template.yaml:")
    assert found.problems == ()


def test_after_may_name_nothing(tmp_path: Path) -> None:
    found = load(tmp_path, rule("a", "", "After: gone"))
    assert "expected a rule of its set but got `gone`" in told(found, "After")


def test_a_condition_that_is_false_leaves_a_resource_out_and_an_open_one_does_not(tmp_path: Path) -> None:
    text = "Conditions:\n  Never: !Equals [a, b]\n  Open: !Equals [!Ref Domain, x]\n" + HEAD
    text += rule("a").replace("Type: AWS::SES::ReceiptRule\n", "Type: AWS::SES::ReceiptRule\n    Condition: Never\n")
    text += rule("b").replace("Type: AWS::SES::ReceiptRule\n", "Type: AWS::SES::ReceiptRule\n    Condition: Open\n")
    found = ses.load(write(tmp_path, {"t.yaml": text}) / "t.yaml")
    assert rules(found).keys() == {"b"}
    assert [one.value for one in found.placeholders if one.kind == "condition"] == ["true"]


def test_loops_make_resources(tmp_path: Path) -> None:
    text = """
  Fn::ForEach::Boxes:
    - Box
    - [sales, help]
    - "Rule${Box}":
        Type: AWS::SES::ReceiptRule
        Properties:
          RuleSetName: !Ref Set
          After: !If [IsFirst, !Ref AWS::NoValue, !Ref AWS::NoValue]
          Rule: {Name: !Ref Box, Enabled: true, Recipients: [!Sub "${Box}@example.com"]}
"""
    text = "Conditions: {IsFirst: !Equals [a, a]}\n" + HEAD + text
    found = ses.load(write(tmp_path, {"t.yaml": text}) / "t.yaml")
    assert {name: one.recipients for name, one in rules(found).items()} == {
        "sales": ("sales@example.com",),
        "help": ("help@example.com",),
    }


def test_unknown_properties_and_missing_ones_are_problems(tmp_path: Path) -> None:
    text = (
        rule("a", "Recipient: [example.com]", "Afer: x")
        + """
  NoSet: {Type: AWS::SES::ReceiptRule, Properties: {Rule: {Name: lost}}}
"""
    )
    found = load(tmp_path, text)
    assert "did you mean `After`?" in told(found, "`Afer`")
    assert "did you mean `Recipients`?" in told(found, "`Recipient`")
    assert "expected RuleSetName" in told(found, "RuleSetName")


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (
            "Maker: {Type: Custom::Rules, Properties: {ServiceToken: x, Call: createReceiptRule}}",
            "Maker (custom resource) may make receipt rules",
        ),
        (
            "Fn: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: 'ses.create_receipt_rule(Rule=x)'}}}",
            "Fn (AWS::Lambda::Function) may make receipt rules",
        ),
        ("Many: {Type: AWS::CloudFormation::StackSet, Properties: {}}", "Many is a StackSet"),
        (
            "Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://example.com/t.yaml}}",
            "Inner is a nested stack of `https://example.com/t.yaml`",
        ),
    ],
)
def test_sources_that_cannot_be_seen_are_named(tmp_path: Path, resource: str, words: str) -> None:
    assert words in told(load(tmp_path, f"  {resource}\n"), words)


def test_a_nested_stack_that_lies_beside_is_read_with_its_parameters(tmp_path: Path) -> None:
    inner = """
        Parameters: {Box: {Type: String}}
        Resources:
          Rule:
            Type: AWS::SES::ReceiptRule
            Properties: {RuleSetName: main, Rule: {Name: inner, Recipients: [!Ref Box]}}
    """
    outer = (
        HEAD
        + """
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: inner.yaml, Parameters: {Box: in@example.com}}
"""
    )
    found = ses.load(write(tmp_path, {"t.yaml": outer, "inner.yaml": inner}) / "t.yaml")
    assert rules(found)["inner"].recipients == ("in@example.com",)


def test_an_activation_by_a_function_of_the_template_is_taken_and_said(tmp_path: Path) -> None:
    text = """
Resources:
  Set: {Type: AWS::SES::ReceiptRuleSet, Properties: {RuleSetName: main}}
  Activate: {Type: Custom::Activate, Properties: {ServiceToken: !GetAtt Fn.Arn, RuleSetName: !Ref Set}}
  Fn: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: "ses.set_active_receipt_rule_set(RuleSetName=name)"}}}
"""
    found = ses.load(write(tmp_path, {"t.yaml": text}) / "t.yaml")
    assert found.account.active == "main"
    assert "its RuleSetName is taken for active" in told(found, "Activate")


def test_parameters_are_checked(tmp_path: Path) -> None:
    found = load(tmp_path, rule("a"), variables={"Domian": "example.com"})
    assert "got `Domian`; did you mean `Domain`?" in told(found, "Domian")


def test_the_same_template_in_json_gives_the_same(tmp_path: Path) -> None:
    data = {
        "Resources": {
            "Set": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": "main"}},
            "Rule": {
                "Type": "AWS::SES::ReceiptRule",
                "Properties": {
                    "RuleSetName": {"Ref": "Set"},
                    "Rule": {"Name": "a", "Recipients": [{"Fn::Sub": "in@example.com"}], "Enabled": "true"},
                },
            },
        }
    }
    (tmp_path / "a.json").write_text(json.dumps(data, indent="\t"))
    found = ses.load(tmp_path / "a.json")
    assert rules(found)["a"].enabled
    assert found.account == ses.load(data).account
