"""Policies beside the rules of a template: each folder, and what is refused in it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from formats.folders import write

import sesreceive as ses
from sesreceive.cli import main

HEAD = """
    provider "aws" { region = "us-east-1" }
    data "aws_caller_identity" "me" {}
    resource "aws_ses_domain_identity" "d" { domain = "example.com" }
    resource "aws_ses_receipt_rule_set" "main" { rule_set_name = "main" }
    resource "aws_ses_active_receipt_rule_set" "main" { rule_set_name = "main" }
    resource "aws_s3_bucket" "mail" { bucket = "inbox" }
"""


def rule(*actions: str) -> str:
    blocks = "\n".join(actions)
    return f"""
    resource "aws_ses_receipt_rule" "store" {{
      name          = "store"
      rule_set_name = "main"
      enabled       = true
      {blocks}
    }}
    """


PUT = "s3_action {\n bucket_name = aws_s3_bucket.mail.id\n position = 1\n }"
PUT_BY_KEY = "s3_action {\n bucket_name = aws_s3_bucket.mail.id\n kms_key_arn = aws_kms_key.k.arn\n position = 1\n }"
PUT_BY_ROLE = (
    "s3_action {\n bucket_name = aws_s3_bucket.mail.id\n iam_role_arn = aws_iam_role.ses.arn\n position = 1\n }"
)
TELL = "sns_action {\n topic_arn = aws_sns_topic.t.arn\n position = 2\n }"
CALL = "lambda_action {\n function_arn = aws_lambda_function.f.arn\n position = 3\n }"
DOCUMENT = """
    data "aws_iam_policy_document" "mail" {
      statement {
        sid       = "AllowSES"
        actions   = ["s3:PutObject"]
        resources = ["${aws_s3_bucket.mail.arn}/*"]
        principals {
          type        = "Service"
          identifiers = ["ses.amazonaws.com"]
        }
        condition {
          test     = "StringEquals"
          variable = "aws:SourceAccount"
          values   = [ACCOUNT]
        }
      }
    }
    resource "aws_s3_bucket_policy" "mail" {
      bucket = aws_s3_bucket.mail.id
      policy = data.aws_iam_policy_document.mail.json
    }
"""
JSONENCODE = """
    resource "aws_s3_bucket_policy" "mail" {
      bucket = aws_s3_bucket.mail.bucket
      policy = jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Effect = "Allow", Action = "s3:PutObject", Principal = { Service = "ses.amazonaws.com" }
          Resource = RESOURCE
        }]
      })
    }
"""
HEREDOC = """
    resource "aws_s3_bucket_policy" "mail" {
      bucket = aws_s3_bucket.mail.id
      policy = <<EOF
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"},
     "Action": "s3:PutObject", "Resource": "arn:aws:s3:::${aws_s3_bucket.mail.bucket}/*",
     "Condition": {"StringEquals": {"aws:Referer": "${data.aws_caller_identity.me.account_id}"}}}]}
    EOF
    }
"""
OTHER_NAME = HEAD.replace('bucket = "inbox"', 'bucket_prefix = "inbox-"')
OPEN_NAME = 'variable "name" {}\n' + HEAD.replace('bucket = "inbox"', "bucket = var.name")
ROLE = """
    resource "aws_iam_role" "ses" {
      name               = "ses"
      assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
        Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "SERVICE" } }] })
    }
"""
ROLE_POLICY = """
    resource "aws_iam_policy" "puts" {
      policy = jsonencode({ Version = "2012-10-17", Statement = [{
        Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.mail.arn}/*" }] })
    }
    resource "aws_iam_role_policy_attachment" "puts" {
      role       = aws_iam_role.ses.name
      policy_arn = aws_iam_policy.puts.arn
    }
"""
FUNCTION = """
    resource "aws_lambda_function" "f" { function_name = "gate" }
"""
PERMISSION = """
    resource "aws_lambda_permission" "f" {
      statement_id   = "AllowSES"
      action         = "lambda:InvokeFunction"
      function_name  = aws_lambda_function.f.function_name
      principal      = "ses.amazonaws.com"
      source_account = data.aws_caller_identity.me.account_id
    }
"""
TOPIC = """
    resource "aws_sns_topic" "t" { name = "mail" }
"""
KEY = """
    resource "aws_kms_key" "k" { POLICY }
"""
GRANT = """
    resource "aws_kms_grant" "g" {
      key_id            = aws_kms_key.k.key_id
      grantee_principal = "ses.amazonaws.com"
      operations        = ["GenerateDataKey"]
    }
"""
KEY_POLICY = """policy = jsonencode({ Version = "2012-10-17", Statement = [{
      Effect = "Allow", Action = "kms:GenerateDataKey*", Resource = "*", Principal = { Service = "ses.amazonaws.com" }
      Condition = { Null = { "kms:EncryptionContext:aws:ses:rule-name" = "false" } } }] })"""

WHOLE_KEY = KEY_POLICY.replace("GenerateDataKey*", "*").partition("Condition")[0] + "}] })"
ENCRYPTED = """
    resource "aws_s3_bucket_server_side_encryption_configuration" "mail" {
      bucket = aws_s3_bucket.mail.id
      rule {
        apply_server_side_encryption_by_default {
          sse_algorithm = "aws:kms"
        }
      }
    }
"""
ALIAS = """
    resource "aws_kms_alias" "a" {
      name          = "alias/mail"
      target_key_id = aws_kms_key.k.key_id
    }
"""

# The folder's text, and the words of its one refusal; empty where there is none.
FOLDERS: list[tuple[str, str, str]] = [
    ("a bucket without a policy", HEAD + rule(PUT), "it has no policy that lets ses.amazonaws.com do s3:PutObject"),
    ("a document", HEAD + rule(PUT) + DOCUMENT.replace("ACCOUNT", "data.aws_caller_identity.me.account_id"), ""),
    (
        "another account",
        HEAD + rule(PUT) + DOCUMENT.replace("ACCOUNT", '"444455556666"'),
        "its condition `aws:SourceAccount` StringEquals `444455556666` fails: the value is `111122223333`",
    ),
    ("jsonencode", HEAD + rule(PUT) + JSONENCODE.replace("RESOURCE", '"${aws_s3_bucket.mail.arn}/*"'), ""),
    (
        "the bucket alone",
        HEAD + rule(PUT) + JSONENCODE.replace("RESOURCE", "aws_s3_bucket.mail.arn"),
        "its Resource is",
    ),
    ("a heredoc", HEAD + rule(PUT) + HEREDOC, ""),
    ("a name that is made up", OTHER_NAME + rule(PUT) + HEREDOC, ""),
    (
        "made up, in jsonencode",
        OTHER_NAME + rule(PUT) + JSONENCODE.replace("RESOURCE", '"${aws_s3_bucket.mail.arn}/*"'),
        "",
    ),
    ("an open name", OPEN_NAME + rule(PUT) + HEREDOC, ""),
    ("an open name without a policy", OPEN_NAME + rule(PUT), "it has no policy"),
    ("an account of its own", 'variable "a" {}' + HEAD + rule(PUT) + DOCUMENT.replace("ACCOUNT", "var.a"), ""),
    ("a topic", HEAD + TOPIC + rule(TELL), ""),
    (
        "a function",
        HEAD + FUNCTION + rule(CALL),
        "it has no policy that lets ses.amazonaws.com do lambda:InvokeFunction",
    ),
    ("a function that SES may call", HEAD + FUNCTION + PERMISSION + rule(CALL), ""),
    (
        "a function with a made up name",
        HEAD + FUNCTION.replace('function_name = "gate"', "") + PERMISSION + rule(CALL),
        "",
    ),
    (
        "a function for others",
        HEAD + FUNCTION + PERMISSION.replace("ses.amazonaws", "s3.amazonaws") + rule(CALL),
        "no statement of its policy",
    ),
    ("a role", HEAD + ROLE.replace("SERVICE", "ses.amazonaws.com") + ROLE_POLICY + rule(PUT_BY_ROLE), ""),
    (
        "a role for others",
        HEAD + ROLE.replace("SERVICE", "lambda.amazonaws.com") + ROLE_POLICY + rule(PUT_BY_ROLE),
        "could not assume the role `arn:aws:iam::111122223333:role/ses`",
    ),
    (
        "a role that may nothing",
        HEAD + ROLE.replace("SERVICE", "ses.amazonaws.com") + rule(PUT_BY_ROLE),
        "allows s3:PutObject",
    ),
    (
        "a key nobody gave a policy",
        HEAD + HEREDOC + KEY.replace("POLICY", "") + rule(PUT_BY_KEY),
        "unable to use the KMS key",
    ),
    (
        "an alias that the permission is not for",
        HEAD
        + FUNCTION
        + PERMISSION
        + rule(CALL.replace("aws_lambda_function.f.arn", '"${aws_lambda_function.f.arn}:live"')),
        "its Resource is `arn:aws:lambda:us-east-1:111122223333:function:gate`",
    ),
    (
        "an alias that the permission is for",
        HEAD
        + FUNCTION
        + PERMISSION.replace("principal ", 'qualifier = "live"\n principal ')
        + rule(CALL.replace("aws_lambda_function.f.arn", '"${aws_lambda_function.f.arn}:live"')),
        "",
    ),
    (
        "a permission for an alias alone",
        HEAD + FUNCTION + PERMISSION.replace("principal ", 'qualifier = "live"\n principal ') + rule(CALL),
        "its Resource is `arn:aws:lambda:us-east-1:111122223333:function:gate:live`",
    ),
    ("a bucket that AWS's own key encrypts", HEAD + HEREDOC + ENCRYPTED + rule(PUT), "it is a key of AWS's own"),
    (
        "a bucket with a key by its alias",
        HEAD
        + HEREDOC
        + ENCRYPTED.replace('"aws:kms"', '"aws:kms"\n kms_master_key_id = aws_kms_alias.a.arn')
        + ALIAS
        + KEY.replace("POLICY", WHOLE_KEY)
        + rule(PUT),
        "",
    ),
    ("a key with a policy", HEAD + HEREDOC + KEY.replace("POLICY", KEY_POLICY) + rule(PUT_BY_KEY), ""),
    ("a key with a grant", HEAD + HEREDOC + KEY.replace("POLICY", "") + GRANT + rule(PUT_BY_KEY), ""),
]


def refusals(loaded: ses.Loaded) -> list[str]:
    assert loaded.permissions is not None
    return [str(one) for one in loaded.permissions.refusals(loaded.account)]


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in FOLDERS], ids=[row[0] for row in FOLDERS])
def test_terraform(tmp_path: Path, text: str, words: str) -> None:
    loaded = ses.load(write(tmp_path, {"main.tf": text}))
    found = refusals(loaded)
    assert len(found) == bool(words), found
    assert all(words in one for one in found)
    told = [problem for problem in loaded.problems if "Permissions" in problem.source]
    assert [problem.path.startswith("main.tf:") for problem in told] == [True] * len(found)
    mail = loaded.receiver(seed=1).receive(b"Subject: x\r\n\r\n", client_ip="192.0.2.7", rcpt_to=["ana@example.com"])
    failed = [done.outcome.error for done in mail.performed if done.outcome.failed]
    assert bool(failed) is bool(words)


def test_open_values_that_were_taken_to_fit_are_told(tmp_path: Path) -> None:
    text = 'variable "a" {}\n' + HEAD + rule(PUT) + DOCUMENT.replace("ACCOUNT", "var.a")
    told = str(ses.load(write(tmp_path, {"main.tf": text})))
    assert "permissions: nothing that the rules need is refused; open values taken to fit: var.a, main.tf:" in told


def test_what_is_elsewhere_is_taken_to_allow_it(tmp_path: Path) -> None:
    text = HEAD + rule('s3_action {\n bucket_name = "theirs"\n position = 1\n }')
    told = str(ses.load(write(tmp_path, {"main.tf": text})))
    assert "taken to allow it, as no policy is seen: bucket `theirs`" in told


def test_a_policy_aws_would_not_take_is_a_problem_with_its_place(tmp_path: Path) -> None:
    text = HEAD + rule(PUT) + JSONENCODE.replace("RESOURCE", '"*"').replace("Effect =", "Efect =")
    loaded = ses.load(write(tmp_path, {"main.tf": text}))
    problems = [str(one) for one in loaded.problems]
    assert any("did you mean `Effect`?" in one and one.startswith("main.tf:") for one in problems), problems
    assert "AWS does not take the policy" in refusals(loaded)[0]


# A policy as Terraform has it, and the words of the problem at its place; empty where nobody can know the policy.
UNREADABLE: list[tuple[str, str]] = [
    ('"{"', "policy: the policy is not JSON: line 1, column 2"),
    ('"not a policy"', "policy: the policy is not JSON: line 1, column 1"),
    ('"{\\"Version\\": ,, \\"Id\\": \\"${var.id}\\"}"', "policy: the policy is not JSON: line 1, column 13"),
    ('"[]"', "policy: expected a policy with statements but got `[]`"),
    ('"{\\"Statement\\": 7}"', "policy: statement 1: expected an object but got `7`"),
    (
        'jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "*" }] })',
        "policy: statement 1: expected a Principal or NotPrincipal but got none",
    ),
    (f'"{"[" * 300}{"]" * 300}"', "policy: the policy is nested too deeply: expected at most 100 levels"),
    ('"{\\"Statement\\": ${var.statements}}"', ""),
    ("var.policy", ""),
    ('file("gone.json")', ""),
]


@pytest.mark.parametrize(("policy", "words"), UNREADABLE, ids=[row[0][:40] for row in UNREADABLE])
def test_a_policy_that_cannot_be_read(tmp_path: Path, policy: str, words: str) -> None:
    text = f"""
    variable "statements" {{}}
    variable "policy" {{}}
    variable "id" {{}}
    resource "aws_s3_bucket_policy" "mail" {{
      bucket = aws_s3_bucket.mail.id
      policy = {policy}
    }}
    """
    loaded = ses.load(write(tmp_path, {"main.tf": HEAD + rule(PUT) + text}))
    told = [str(one) for one in loaded.problems if one.message.startswith("policy: ")]
    assert bool(told) is bool(words), told
    assert all(one.startswith("main.tf:") and words in one for one in told)
    assert bool(refusals(loaded)) is bool(words)
    if not words:
        assert "taken to allow it, as no policy is seen: bucket `inbox`" in str(loaded)


def test_a_text_with_the_sign_of_marks_is_a_text(tmp_path: Path) -> None:
    sign = "\u241f7\u241f"
    policy = DOCUMENT.replace("ACCOUNT", f'"{sign}"').replace("AllowSES", f"${{var.sid}}{sign}")
    loaded = ses.load(write(tmp_path, {"main.tf": HEAD + 'variable "sid" {}\n' + rule(PUT) + policy}))
    assert f"StringEquals `{sign}` fails" in refusals(loaded)[0]


@pytest.mark.parametrize("kind", ["role", "key", "bucket"])
@pytest.mark.slow
def test_resources_about_others_are_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Twice as many resources take twice as many evaluations, not four times as many."""
    from sesreceive.formats.hcl_values import Evaluator

    pieces = {
        "role": ROLE.replace('"ses"', '"ses@"') + ROLE_POLICY.replace("aws_iam_role.ses", "aws_iam_role.ses@"),
        "key": KEY.replace('"k"', '"k@"').replace("POLICY", "") + ALIAS.replace("aws_kms_key.k", "aws_kms_key.k@"),
        "bucket": HEAD.splitlines()[-1].replace('"mail"', '"mail@"')
        + "\n"
        + ENCRYPTED.replace("bucket.mail", "bucket.mail@"),
    }
    counts = []
    value = Evaluator.value
    for number in (20, 40):
        calls = 0

        def counted(self: Evaluator, *arguments: object) -> object:
            nonlocal calls
            calls += 1
            return value(self, *arguments)  # type: ignore[arg-type]

        text = "".join(
            pieces[kind].replace("@", str(at)).replace('"puts"', f'"puts{at}"').replace('"a"', f'"a{at}"')
            .replace('configuration" "mail"', f'configuration" "mail{at}"')
            for at in range(number)
        )  # fmt: skip
        monkeypatch.setattr(Evaluator, "value", counted)
        ses.load(write(tmp_path / str(number), {"main.tf": HEAD + rule(PUT) + text}))
        monkeypatch.undo()
        counts.append(calls)
    assert counts[1] < 2.5 * counts[0], counts


def test_a_bucket_of_another_region(tmp_path: Path) -> None:
    aliased = HEAD.replace('bucket = "inbox"', 'bucket = "inbox"\n provider = aws.zurich\n ')
    alias = 'provider "aws" {\n alias = "zurich"\n region = "eu-central-2"\n }\n'
    loaded = ses.load(write(tmp_path, {"main.tf": alias + aliased + rule(PUT) + HEREDOC}))
    assert "it lies in `eu-central-2`, where SES does not receive mail" in refusals(loaded)[0]


def test_check_says_what_the_policies_of_a_template_refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "infra", {"main.tf": HEAD + rule(PUT)})
    ses.load(folder).account.save(tmp_path / "account.json")
    arguments = ["check", str(tmp_path / "account.json"), "--permissions", str(folder)]
    assert main(arguments) == 1
    assert "permissions: rule store: could not write to the bucket `inbox`" in capsys.readouterr().out
    write(folder, {"policy.tf": HEREDOC})
    assert main(arguments) == 0
    assert "permissions:" not in capsys.readouterr().out


def test_mail_on_the_command_line_meets_the_policies_of_a_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "infra", {"main.tf": HEAD + rule(PUT)})
    ses.load(folder).account.save(tmp_path / "account.json")
    (tmp_path / "mail.eml").write_bytes(b"From: ana@example.org\r\nTo: ben@example.com\r\nSubject: x\r\n\r\nx\r\n")
    arguments = ["explain", str(tmp_path / "mail.eml"), "--account", str(tmp_path / "account.json")]
    main(arguments)
    assert "s3:PutObject" not in capsys.readouterr().out
    main([*arguments, "--permissions", str(folder)])
    told = capsys.readouterr().out
    assert "could not write to the bucket `inbox`: it has no policy that lets ses.amazonaws.com do s3:PutObject" in told
    assert 'permission: add to the policy of the bucket `inbox`: {"Sid": "AllowSESPuts"' in told
    (tmp_path / "none.yaml").write_text("Resources: {Rules: {Type: AWS::SES::ReceiptRuleSet}}")
    assert main([*arguments, "--permissions", str(tmp_path / "none.yaml")]) == 3
    assert "expected policies in" in capsys.readouterr().err


STACK = """
    Resources:
      Identity: {Type: AWS::SES::EmailIdentity, Properties: {EmailIdentity: example.com}}
      Rules: {Type: AWS::SES::ReceiptRuleSet}
      Store:
        Type: AWS::SES::ReceiptRule
        Properties:
          RuleSetName: !Ref Rules
          Rule:
            Enabled: true
            Actions:
              - S3Action: {BucketName: !Ref Bucket}
              - LambdaAction: {FunctionArn: !GetAtt Gate.Arn}
              - SNSAction: {TopicArn: !Ref Topic}
      Bucket: {Type: AWS::S3::Bucket}
      Topic: {Type: AWS::SNS::Topic}
      Gate: {Type: AWS::Lambda::Function}
"""
BUCKET_POLICY = """
      Policy:
        Type: AWS::S3::BucketPolicy
        Properties:
          Bucket: !Ref Bucket
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal: {Service: ses.amazonaws.com}
                Action: s3:PutObject
                Resource: RESOURCE
                Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}
"""
ALLOW = """
      Allow:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          FunctionName: !Ref Gate
          Principal: ses.amazonaws.com
          SourceAccount: !Ref AWS::AccountId
          SourceArn: !Sub arn:aws:ses:${AWS::Region}:${AWS::AccountId}:receipt-rule-set/${Rules}:receipt-rule/*
"""
TOPIC_POLICY = """
      Told:
        Type: AWS::SNS::TopicPolicy
        Properties:
          Topics: [!Ref Topic]
          PolicyDocument:
            Statement:
              - {Effect: Allow, Principal: {Service: SERVICE}, Action: "sns:Publish", Resource: !Ref Topic}
"""
SES_TOPIC = TOPIC_POLICY.replace("SERVICE", "ses.amazonaws.com")
FITTING = BUCKET_POLICY.replace("RESOURCE", '!Sub "${Bucket.Arn}/*"')

# Parts of a stack, and the kinds of its refusals.
STACKS: list[tuple[str, list[str]]] = [
    (STACK, ["bucket", "function"]),
    (STACK + FITTING, ["function"]),
    (STACK + FITTING + ALLOW, []),
    (STACK + BUCKET_POLICY.replace("RESOURCE", '!Join ["", ["arn:aws:s3:::", !Ref Bucket, "/*"]]') + ALLOW, []),
    (STACK + BUCKET_POLICY.replace("RESOURCE", '!Sub "arn:${AWS::Partition}:s3:::${Bucket}/*"') + ALLOW, []),
    (STACK + BUCKET_POLICY.replace("RESOURCE", "!GetAtt Bucket.Arn") + ALLOW, ["bucket"]),
    (STACK + FITTING + ALLOW + SES_TOPIC, []),
    (STACK + FITTING + ALLOW + TOPIC_POLICY.replace("SERVICE", "s3.amazonaws.com"), ["topic"]),
    (STACK + FITTING + ALLOW.replace("receipt-rule-set/${Rules}:receipt-rule/*", "identity/*"), ["function"]),
]


def test_a_logical_id_of_one_letter_stands_for_a_legal_bucket(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    text = (STACK + FITTING + ALLOW).replace("Bucket: {Type", "B: {Type").replace("${Bucket.", "${B.")
    path.write_text(textwrap.dedent(text.replace("!Ref Bucket", "!Ref B")))
    loaded = ses.load(path)
    assert loaded.account.problems() == ()
    assert loaded.permissions is not None
    assert loaded.permissions.refusals(loaded.account) == ()


def test_an_output_of_a_nested_stack_may_be_the_bucket(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    policy = BUCKET_POLICY.replace("RESOURCE", '!Sub "${Storage.Outputs.Arn}/*"')
    nested = "      Storage: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: s3.yaml}}\n"
    path.write_text(textwrap.dedent(STACK + policy + ALLOW + nested))
    loaded = ses.load(path)
    assert loaded.permissions is not None
    assert loaded.permissions.refusals(loaded.account) == ()
    assert "open values taken to fit: ${Storage.Outputs.Arn}/*" in str(loaded)


@pytest.mark.parametrize(("text", "kinds"), STACKS)
def test_cloudformation(tmp_path: Path, text: str, kinds: list[str]) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(textwrap.dedent(text))
    loaded = ses.load(path)
    assert loaded.permissions is not None
    found = loaded.permissions.refusals(loaded.account)
    assert [one.kind for one in found] == kinds, list(map(str, found))
    assert all(one.add for one in found)
