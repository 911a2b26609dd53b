"""What public templates hold beyond the grammar: each a folder, and the words that are told of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from formats.folders import told, write

import sesreceive as ses

NOT_MADE = """
    variable "domain" { default = null }
    resource "aws_ses_receipt_rule_set" "main" {
      count         = var.domain != null ? 1 : 0
      rule_set_name = "main"
    }
"""
UNKNOWN_TYPE = """
    Resources:
      Rules: {Type: AWS::SES::ReceiptRuleSet}
      Identity: {Type: AWS::SES::EmailIdentiy, Properties: {EmailIdentity: example.com}}
"""

# The files, and the words of one problem.
FOLDERS: list[tuple[dict[str, str], str]] = [
    ({"main.tf": NOT_MADE}, "main.tf:2:1: aws_ses_receipt_rule_set.main is not made: `var.domain != null ? 1 : 0`"),
    ({"template.yaml": UNKNOWN_TYPE}, "did you mean `AWS::SES::EmailIdentity`?"),
    (
        {"cdk.json": '{"app": "python3 app.py"}', "app.py": "ses.ReceiptRuleSet(stack, 'Rules')"},
        "cdk.json: a CDK app, which is not run here",
    ),
]


@pytest.mark.parametrize(("files", "words"), FOLDERS)
def test_it_is_told(tmp_path: Path, files: dict[str, str], words: str) -> None:
    assert told(ses.load(write(tmp_path, files)), words)


def test_an_app_without_receipt_rules_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(ses.InputError):
        ses.load(write(tmp_path, {"cdk.json": "{}", "app.py": "s3.Bucket(stack, 'Mail')"}))


def test_the_arn_of_a_rule_set_is_no_source_of_a_rule(tmp_path: Path) -> None:
    """A permission for the set alone is met by no rule; one for its rules is."""
    text = """
    data "aws_caller_identity" "me" {}
    resource "aws_ses_receipt_rule_set" "main" { rule_set_name = "main" }
    resource "aws_ses_active_receipt_rule_set" "main" { rule_set_name = "main" }
    resource "aws_ses_domain_identity" "d" { domain = "example.com" }
    resource "aws_lambda_function" "f" { function_name = "gate" }
    resource "aws_lambda_permission" "ses" {
      action         = "lambda:InvokeFunction"
      function_name  = aws_lambda_function.f.arn
      principal      = "ses.amazonaws.com"
      source_arn     = SOURCE
    }
    resource "aws_ses_receipt_rule" "gate" {
      name          = "gate"
      rule_set_name = "main"
      enabled       = true
      lambda_action {
        function_arn = aws_lambda_function.f.arn
        position     = 1
      }
    }
    """
    sources = {
        "aws_ses_receipt_rule_set.main.arn": 1,
        '"${aws_ses_receipt_rule_set.main.arn}:receipt-rule/*"': 0,
        "aws_ses_receipt_rule.gate.arn": 0,
    }
    for source, refused in sources.items():
        loaded = ses.load(write(tmp_path, {"main.tf": text.replace("SOURCE", source)}))
        assert loaded.permissions is not None
        assert len(loaded.permissions.refusals(loaded.account)) == refused, source


ENCRYPTED = """
    locals { stem = "${var.project}-${terraform.workspace}" }
    variable "project" { default = "demo" }
    variable "domain" { default = "in.example.com" }
    data "aws_caller_identity" "current" {}
    resource "aws_sesv2_email_identity" "domain" { email_identity = var.domain }
    resource "aws_ses_receipt_rule_set" "this" { rule_set_name = "${local.stem}-inbound" }
    resource "aws_kms_key" "mail" {
      description = "mail"
      policy = data.aws_iam_policy_document.kms.json
    }
    data "aws_iam_policy_document" "kms" {
      statement {
        actions = ["kms:*"]
        resources = ["*"]
        principals {
          type = "AWS"
          identifiers = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"]
        }
      }
      dynamic "statement" {
        for_each = ["ses.amazonaws.com", "sns.amazonaws.com"]
        content {
          actions = ["kms:GenerateDataKey*", "kms:Decrypt"]
          resources = ["*"]
          principals {
            type = "Service"
            identifiers = [statement.value]
          }
        }
      }
    }
    resource "aws_s3_bucket" "inbound" { bucket_prefix = "${local.stem}-inbound" }
    resource "aws_s3_bucket_server_side_encryption_configuration" "inbound" {
      bucket = aws_s3_bucket.inbound.id
      rule {
        apply_server_side_encryption_by_default {
          sse_algorithm     = "aws:kms"
          kms_master_key_id = aws_kms_key.mail.arn
        }
      }
    }
    data "aws_iam_policy_document" "assume" {
      statement {
        actions = ["sts:AssumeRole"]
        principals {
          type = "Service"
          identifiers = ["ses.amazonaws.com"]
        }
        condition {
          test = "StringEquals"
          variable = "AWS:SourceAccount"
          values = [data.aws_caller_identity.current.account_id]
        }
        condition {
          test = "ArnLike"
          variable = "AWS:SourceArn"
          values = ["${aws_ses_receipt_rule_set.this.arn}:receipt-rule/*"]
        }
      }
    }
    resource "aws_iam_role" "keeper" {
      name = "${local.stem}-ses"
      assume_role_policy = data.aws_iam_policy_document.assume.json
    }
    data "aws_iam_policy_document" "receipt" {
      statement {
        actions = ["s3:PutObject"]
        resources = ["${aws_s3_bucket.inbound.arn}/incoming/*"]
      }
      statement {
        actions = ["kms:GenerateDataKey", "kms:Encrypt"]
        resources = [aws_kms_key.mail.arn]
      }
      statement {
        actions = ["sns:Publish"]
        resources = [aws_sns_topic.inbound.arn]
      }
    }
    resource "aws_iam_role_policy" "keeper" {
      role = aws_iam_role.keeper.id
      policy = data.aws_iam_policy_document.receipt.json
    }
    resource "aws_sns_topic" "inbound" { name = "${local.stem}-inbound" }
    resource "aws_ses_receipt_rule" "keep" {
      name          = "keep"
      rule_set_name = aws_ses_receipt_rule_set.this.rule_set_name
      recipients    = [var.domain]
      enabled       = true
      s3_action {
        position          = 1
        iam_role_arn      = aws_iam_role.keeper.arn
        bucket_name       = aws_s3_bucket.inbound.id
        object_key_prefix = "incoming/"
        topic_arn         = aws_sns_topic.inbound.arn
      }
    }
    resource "aws_ses_active_receipt_rule_set" "this" { rule_set_name = aws_ses_receipt_rule_set.this.rule_set_name }
"""


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("", "", ""),
        ("/incoming/*", "/other/*", "its Resource is `arn:aws:s3:::inbound/other/*`"),
        ('"kms:GenerateDataKey", "kms:Encrypt"', '"kms:Encrypt"', "allows kms:GenerateDataKey on it"),
        ("resources = [aws_sns_topic.inbound.arn]", 'resources = ["x"]', "could not publish to the SNS topic"),
        (':receipt-rule/*"', ':receipt-rule/other"', "could not assume the role"),
    ],
)
def test_a_role_with_all_that_an_encrypted_bucket_needs(tmp_path: Path, was: str, becomes: str, words: str) -> None:
    loaded = ses.load(write(tmp_path, {"main.tf": ENCRYPTED.replace(was, becomes) if was else ENCRYPTED}))
    assert loaded.permissions is not None
    found = [str(one) for one in loaded.permissions.refusals(loaded.account)]
    assert bool(found) is bool(words)
    assert all(words in one for one in found[:1]), found
