"""What public Terraform modules hold, beyond the grammar; each case is a shape seen there, in our own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from formats.folders import rules, stood_for, told, write

import sesreceive as ses

SET = """
resource "aws_ses_receipt_rule_set" "main" { rule_set_name = "main" }
"""
ACTIVE = """
resource "aws_ses_active_receipt_rule_set" "main" { rule_set_name = aws_ses_receipt_rule_set.main.rule_set_name }
resource "aws_ses_domain_identity" "main" { domain = "example.com" }
"""
ACTION = """
  s3_action {
    bucket_name = "inbox"
    position    = 1
  }
"""


def rule(name: str, arguments: str = "", actions: str = ACTION) -> str:
    return f"""
resource "aws_ses_receipt_rule" "{name}" {{
  name          = "{name}"
  rule_set_name = "main"
  enabled       = true
  {arguments}
  {actions}
}}
"""


def load(folder: Path, text: str, **files: str) -> ses.Loaded:
    names = {name.replace("__", "."): content for name, content in files.items()}
    return ses.load(write(folder, {"main.tf": text, **names}))


def test_an_action_lies_where_its_rule_does(tmp_path: Path) -> None:
    """The one provider has an alias, and no block of an action names it."""
    provider = """
provider "aws" {
  alias  = "ireland"
  region = "eu-west-1"
}
"""
    found = load(tmp_path, provider + rule("a", 'provider = aws.ireland\n recipients = ["in@example.com"]'))
    assert found.account.region == "eu-west-1"
    assert not any("region" in str(one) for one in (*found.problems, *found.placeholders))


# ---------------------------------------------------------------- identities and activation


def test_identities_that_are_elsewhere_have_placeholders_so_that_mail_is_received(tmp_path: Path) -> None:
    bounce = """
  bounce_action {
    message = "no"
    sender = "postmaster@bounces.example.net"
    smtp_reply_code = "550"
    position = 1
  }
"""
    found = load(tmp_path, SET + rule("a", 'recipients = ["in@example.com", "example.org"]', bounce))
    assert {one.name for one in found.account.identities} == {"example.com", "example.org", "bounces.example.net"}
    assert {one.kind for one in found.placeholders} == {"identity"}
    reception = found.receiver(seed=1).receive(b"", mail_from="ana@example.org", rcpt_to=["in@example.com"])
    assert reception.accepted


@pytest.mark.parametrize(
    "identity",
    [
        'resource "aws_ses_domain_identity" "d" { domain = "example.com" }',
        'resource "aws_sesv2_email_identity" "d" { email_identity = "example.com" }',
        'data "aws_ses_domain_identity" "d" { domain = "example.com" }',
    ],
)
def test_an_identity_of_the_folder_needs_no_placeholder(tmp_path: Path, identity: str) -> None:
    found = load(tmp_path, SET + identity + rule("a", 'recipients = ["in@mx.example.com"]'))
    assert [one.name for one in found.account.identities] == ["example.com"]
    assert not [one for one in found.placeholders if one.kind == "identity"]


def test_a_set_that_is_only_named_is_made_and_noted(tmp_path: Path) -> None:
    found = load(tmp_path, rule("a", 'recipients = ["example.com"]'))
    assert [one.name for one in found.account.rule_sets] == ["main"]
    assert "`main` is only named here" in told(found, "only named")


def test_without_activation_the_one_set_is_run_and_it_is_a_finding(tmp_path: Path) -> None:
    found = load(tmp_path, SET + rule("a", 'recipients = ["example.com"]'))
    assert found.account.active == "main"
    assert told(found, "nothing activates").startswith("main.tf:1:1: ")
    assert load(tmp_path, SET + ACTIVE + rule("a")).problems == ()


def test_several_sets_without_activation_are_not_guessed(tmp_path: Path) -> None:
    other = rule("b").replace('"main"', '"other"')
    found = load(tmp_path, rule("a") + other)
    assert found.account.active is None
    assert "nothing activates one of the rule sets `main`, `other`" in told(found, "nothing activates")


# ---------------------------------------------------------------- modules and variables


def test_rules_lie_in_local_modules_that_the_root_calls(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "modules/mail/main.tf": """
                variable "domain" {}
                variable "boxes" { type = map(string) }
                resource "aws_ses_receipt_rule_set" "this" { rule_set_name = "rules-${var.domain}" }
                resource "aws_ses_receipt_rule" "box" {
                  for_each      = var.boxes
                  name          = each.key
                  rule_set_name = aws_ses_receipt_rule_set.this.rule_set_name
                  recipients    = ["${each.key}@${var.domain}"]
                  s3_action {
                    bucket_name = each.value
                    position    = 1
                  }
                }
                output "set" { value = aws_ses_receipt_rule_set.this.rule_set_name }
            """,
            "env/prod/main.tf": """
                module "mail" {
                  for_each = toset(["example.com", "example.org"])
                  source   = "../../modules/mail"
                  domain   = each.value
                  boxes    = { sales = "sales-box", help = "help-box" }
                }
                resource "aws_ses_active_receipt_rule_set" "on" { rule_set_name = module.mail["example.com"].set }
            """,
        },
    )
    found = ses.load(tmp_path)
    assert [one.name for one in found.account.rule_sets] == ["rules-example.com", "rules-example.org"]
    assert found.account.active == "rules-example.com"
    assert [rule.recipients for rule in found.account["rules-example.org"].rules] == [
        ("help@example.org",),
        ("sales@example.org",),
    ]
    # The module is called, so it is no root of its own.
    assert found.others == ()


def test_tfvars_override_defaults_and_arguments_override_both(tmp_path: Path) -> None:
    text = 'variable "to" { default = ["a@example.com"] }' + SET + ACTIVE + rule("a", "recipients = var.to")
    files = {"terraform__tfvars": 'to = ["b@example.com"]\n'}
    assert rules(load(tmp_path / "1", text))["a"].recipients == ("a@example.com",)
    assert rules(load(tmp_path / "2", text, **files))["a"].recipients == ("b@example.com",)
    files["x__auto__tfvars"] = 'to = ["c@example.com"]\n'
    assert rules(load(tmp_path / "3", text, **files))["a"].recipients == ("c@example.com",)
    assert rules(ses.load(tmp_path / "3", variables={"to": ["d@example.com"]}))["a"].recipients == ("d@example.com",)


def test_open_values_have_stand_ins_with_file_and_line(tmp_path: Path) -> None:
    text = """
variable "domain" {}
variable "topic_arn" {}
variable "bucket" {}
resource "aws_ses_domain_identity" "main" { domain = var.domain }
""" + rule(
        "a",
        'recipients = ["in@${var.domain}"]',
        """
  s3_action {
    bucket_name = var.bucket
    topic_arn   = var.topic_arn
    position    = 1
  }
""",
    )
    found = load(tmp_path, text)
    names = stood_for(found)
    assert names["var-domain.example"] == "var.domain, main.tf:4"
    assert names["in@var-domain.example"] == "in@${var.domain}, main.tf:10"
    assert names["var-bucket"] == "var.bucket, main.tf:13"
    assert names["arn:aws:sns:us-east-1:111122223333:var-topic-arn"] == "var.topic_arn, main.tf:14"
    assert found.account.problems() == ()


def test_count_or_for_each_over_unknown_data_is_a_placeholder_and_never_no_rule(tmp_path: Path) -> None:
    text = SET + ACTIVE + 'variable "on" {}\nvariable "boxes" {}\n'
    text += rule("a", "count = var.on ? 1 : 0") + rule("b", 'for_each = var.boxes\n after = "a"')
    text = text.replace('name          = "b"', 'name = "b-${each.key}"')
    found = load(tmp_path, text)
    assert len(found.account["main"].rules) == 2
    assert {one.kind for one in found.placeholders} >= {"condition", "for_each"}
    assert rules(found).keys() == {"a", "b-each.key-of-var.boxes"}


def test_a_count_of_0_is_no_rule(tmp_path: Path) -> None:
    text = SET + ACTIVE + 'variable "on" { default = false }\n' + rule("a", "count = var.on ? 1 : 0") + rule("b")
    assert rules(load(tmp_path, text)).keys() == {"b"}


# ---------------------------------------------------------------- empty is not absent


@pytest.mark.parametrize(
    ("recipients", "variables"),
    [
        ("[for x in {} : x]", ""),
        ("var.to", 'variable "to" { default = [] }'),
        ("null", ""),
        ("var.to", 'variable "to" { default = null }'),
    ],
)
def test_empty_recipients_are_a_catch_all_and_said_loudly(tmp_path: Path, recipients: str, variables: str) -> None:
    found = load(tmp_path, SET + ACTIVE + variables + rule("a", f"recipients = {recipients}"))
    assert rules(found)["a"].recipients == ()
    assert "the rule is a catch-all" in told(found, "Recipients")


def test_an_unknown_recipient_list_never_becomes_a_catch_all(tmp_path: Path) -> None:
    found = load(tmp_path, SET + ACTIVE + 'variable "to" {}' + rule("a", "recipients = var.to"))
    assert rules(found)["a"].recipients == ("var-to.example",)
    assert found.problems == ()


def test_a_rule_without_the_argument_is_a_catch_all_on_purpose(tmp_path: Path) -> None:
    assert load(tmp_path, SET + ACTIVE + rule("a")).problems == ()


@pytest.mark.parametrize("after", ['after = ""', "after = null", ""])
def test_an_empty_after_means_none(tmp_path: Path, after: str) -> None:
    found = load(tmp_path, SET + ACTIVE + rule("a", after))
    assert found.problems == ()


def test_a_missing_enabled_is_false_in_the_provider(tmp_path: Path) -> None:
    found = load(tmp_path, SET + ACTIVE + rule("a").replace("enabled       = true", ""))
    assert rules(found)["a"].enabled is False


def test_empty_name_parts_give_illegal_names_with_their_place(tmp_path: Path) -> None:
    text = 'variable "prefix" { default = "" }' + SET + ACTIVE + rule("a").replace('"a"\n', '"${var.prefix}-rule"\n')
    found = load(tmp_path, text)
    assert told(found, "letter or digit at both ends").startswith("main.tf:8:3: aws_ses_receipt_rule.a.Name: ")


# ---------------------------------------------------------------- positions, arguments, order


def test_positions_may_be_texts_and_sort_across_blocks(tmp_path: Path) -> None:
    actions = """
  stop_action {
    scope = "RuleSet"
    position = "10"
  }
  s3_action {
    bucket_name = "inbox"
    position = "2"
  }
  add_header_action {
    header_name = "X-A"
    header_value = "a"
    position = 1
  }
"""
    found = load(tmp_path, SET + ACTIVE + rule("a", "", actions))
    assert [type(one).api_name for one in rules(found)["a"].actions] == ["AddHeaderAction", "S3Action", "StopAction"]
    assert found.problems == ()


def test_equal_and_missing_positions_are_findings(tmp_path: Path) -> None:
    actions = ACTION + ACTION.replace("inbox", "copy") + ACTION.replace("position    = 1", "")
    found = load(tmp_path, SET + ACTIVE + rule("a", "", actions))
    assert "position 1 is that of S3Action, too" in told(found, "is that of")
    assert told(found, "expected a position").startswith("main.tf:")


def test_arguments_that_do_not_exist_are_problems_with_their_place(tmp_path: Path) -> None:
    actions = ACTION.replace("position ", "s3_position = 4\n    position ")
    found = load(tmp_path, SET + ACTIVE + rule("a", "recipient = []", actions))
    assert "got `recipient`; did you mean `recipients`?" in told(found, "`recipient`")
    assert told(found, "`s3_position`").startswith("main.tf:")


def test_the_order_of_rules_follows_after(tmp_path: Path) -> None:
    text = rule("c", "after = aws_ses_receipt_rule.b.name") + rule("b", 'after = "a"') + rule("a")
    found = load(tmp_path, SET + ACTIVE + text)
    assert [one.name for one in found.account["main"].rules] == ["a", "b", "c"]
    assert found.problems == ()


def test_an_order_that_is_left_open_is_a_finding_with_a_mail_that_shows_it(tmp_path: Path) -> None:
    stop = 'stop_action {\n scope = "RuleSet"\n position = 1\n }'
    found = load(tmp_path, SET + ACTIVE + rule("keep") + rule("stop", 'recipients = ["example.com"]', stop))
    text = told(found, "leaves the order")
    assert "`keep`, `stop` open, all without `After`" in text
    assert "mail to `someone@example.com` is for `keep` and `stop`" in text
    assert "with `stop` first there is no PutObject to `inbox`" in text


def test_rules_for_different_recipients_have_the_same_outcome_in_any_order(tmp_path: Path) -> None:
    text = rule("a", 'recipients = ["example.com"]') + rule("b", 'recipients = [".example.com"]')
    assert "the outcome is the same in any order" in told(load(tmp_path, SET + ACTIVE + text), "leaves the order")


def test_what_stands_behind_a_rule_moves_with_it(tmp_path: Path) -> None:
    stop = 'stop_action {\n scope = "RuleSet"\n position = 1\n }'
    text = rule("a", 'recipients = ["a@example.com"]') + rule("b", 'recipients = ["b@example.com"]')
    found = load(tmp_path, SET + ACTIVE + text + rule("rest", 'after = "b"', stop))
    # Where b is made after a, b and rest stand in front of a.
    assert "mail to `a@example.com` is for `a` and `rest`" in told(found, "leaves the order of `a`, `b` open")


def test_a_dependency_decides_the_order_since_the_later_rule_goes_first(tmp_path: Path) -> None:
    text = rule("a") + rule("b", "depends_on = [aws_ses_receipt_rule.a]")
    found = load(tmp_path, SET + ACTIVE + text)
    assert [one.name for one in found.account["main"].rules] == ["b", "a"]
    assert found.problems == ()


def test_after_that_names_nothing_is_a_problem_and_the_rule_comes_last(tmp_path: Path) -> None:
    found = load(tmp_path, SET + ACTIVE + rule("a", 'after = "gone"') + rule("b"))
    assert [one.name for one in found.account["main"].rules] == ["b", "a"]
    assert "expected a rule of its set but got `gone`" in told(found, "After")


def test_a_circle_of_after_is_a_problem(tmp_path: Path) -> None:
    found = load(tmp_path, SET + ACTIVE + rule("a", 'after = "b"') + rule("b", 'after = "a"'))
    assert rules(found).keys() == {"a", "b"}
    assert [one for one in found.problems if "a chain with a beginning" in one.message]


def test_dynamic_blocks_are_made(tmp_path: Path) -> None:
    actions = """
  dynamic "s3_action" {
    for_each = ["one-box", "two-box"]
    iterator = box
    content {
      bucket_name = box.value
      position    = box.key + 1
    }
  }
  dynamic "sns_action" {
    for_each = var.topic == null ? [] : [var.topic]
    content {
      topic_arn = sns_action.value
      position  = 9
    }
  }
"""
    found = load(tmp_path, SET + ACTIVE + 'variable "topic" { default = null }' + rule("a", "", actions))
    assert [one.bucket_name for one in rules(found)["a"].actions] == ["one-box", "two-box"]


# ---------------------------------------------------------------- regions, roles, references


def test_the_region_is_that_of_the_provider_and_another_one_is_named(tmp_path: Path) -> None:
    providers = 'provider "aws" { region = "eu-west-1" }\nprovider "aws" {\n alias = "us"\n region = "us-east-1"\n}\n'
    found = load(tmp_path, providers + SET + ACTIVE + rule("a"))
    assert found.account.region == "eu-west-1"
    other = rule("b", 'provider = aws.us\n after = "a"')
    assert "region `us-east-1`" in told(load(tmp_path, providers + SET + ACTIVE + rule("a") + other), "lies in region")
    assert "region `us-west-2`" in told(
        load(tmp_path, providers + SET + ACTIVE + rule("a", 'region = "us-west-2"')), "lies in region"
    )


def test_arns_follow_from_names_and_roles_are_read(tmp_path: Path) -> None:
    actions = """
  s3_action {
    bucket_name  = aws_s3_bucket.mail.id
    topic_arn    = aws_sns_topic.mail.arn
    iam_role_arn = aws_iam_role.ses.arn
    kms_key_arn  = aws_kms_key.mail.arn
    position     = 1
  }
  lambda_action {
    function_arn = aws_lambda_function.gate.arn
    position     = 2
  }
"""
    text = """
provider "aws" { region = "eu-west-1" }
resource "aws_s3_bucket" "mail" { bucket = "mail-${data.aws_caller_identity.me.account_id}" }
resource "aws_sns_topic" "mail" { name = "topic" }
resource "aws_iam_role" "ses" { name = "ses-role" }
resource "aws_kms_key" "mail" {}
resource "aws_lambda_function" "gate" { function_name = "gate" }
data "aws_caller_identity" "me" {}
"""
    found = ses.load(
        write(tmp_path, {"main.tf": text + SET + ACTIVE + rule("a", "", actions)}), account_id="123456789012"
    )
    store, call = rules(found)["a"].actions
    assert store.bucket_name == "mail-123456789012"
    assert store.topic_arn == "arn:aws:sns:eu-west-1:123456789012:topic"
    assert store.iam_role_arn == "arn:aws:iam::123456789012:role/ses-role"
    assert stood_for(found)[store.kms_key_arn].startswith("aws_kms_key.mail.arn, main.tf:")
    assert call.function_arn == "arn:aws:lambda:eu-west-1:123456789012:function:gate"
    # Nothing in the folder allows SES anything.
    assert {problem.source for problem in found.problems} == {'Developer Guide, "Permissions"'}


# ---------------------------------------------------------------- what cannot be seen


def test_rules_that_something_else_makes_are_named(tmp_path: Path) -> None:
    text = """
resource "null_resource" "rules" {
  provisioner "local-exec" { command = "aws ses create-receipt-rule --rule-set-name main --rule file://rule.json" }
}
module "ses_inbound" { source = "example/ses-inbound/aws" }
"""
    found = load(tmp_path, text)
    assert "null_resource.rules may make receipt rules when it runs" in told(found, "null_resource")
    assert "module.ses_inbound comes from `example/ses-inbound/aws`" in told(found, "module.ses_inbound")


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    text = (
        """
variable "token" {
  sensitive = true
  default   = "hunter2hunter2"
}
"""
        + SET
        + ACTIVE
        + rule(
            "a",
            "",
            'add_header_action {\n header_name = "X-Token"\n header_value = "t-${var.token}"\n position = 1\n }',
        )
    )
    found = load(tmp_path, text)
    everything = f"{found}{found!r}{found._repr_html_()}{found.frame().to_string()}{found.account.to('json')}"
    assert "hunter2" not in everything
    assert "a sensitive variable: its value is not shown" in everything


def test_old_syntax_is_read(tmp_path: Path) -> None:
    text = (
        SET
        + 'variable "env" { default = "dev" }'
        + rule("a", 'recipients = ["${var.env}@example.com"]').replace(
            'rule_set_name = "main"', 'rule_set_name = "${aws_ses_receipt_rule_set.main.rule_set_name}"'
        )
    )
    assert rules(load(tmp_path, text))["a"].recipients == ("dev@example.com",)


def test_json_syntax_is_read(tmp_path: Path) -> None:
    text = """
{
  "resource": {
    "aws_ses_receipt_rule_set": {"main": {"rule_set_name": "main"}},
    "aws_ses_receipt_rule": {"a": {
      "name": "a", "rule_set_name": "${aws_ses_receipt_rule_set.main.rule_set_name}", "recipients": ["example.com"],
      "s3_action": [{"bucket_name": "inbox", "position": 1}]
    }}
  }
}
"""
    found = ses.load(write(tmp_path, {"main.tf.json": text}))
    assert [one.bucket_name for one in rules(found)["a"].actions] == ["inbox"]
