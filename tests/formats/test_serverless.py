"""Serverless Framework services: resources in one file or many, with the framework's variables."""

from __future__ import annotations

from pathlib import Path

from formats.folders import rules, stood_for, told, write

import sesreceive as ses

SERVICE = """
service: mail
custom:
  domain: ${self:custom.domains.${self:provider.stage}}
  domains: {dev: dev.example.com, prod: example.com}
  bucket: ${self:service}-${self:provider.stage}-inbox
  secret: ${env:API_KEY}
provider:
  name: aws
  region: eu-west-1
  stage: ${opt:stage, 'dev'}
functions:
  gate: {handler: gate.handler}
resources:
  Resources:
    Set: {Type: AWS::SES::ReceiptRuleSet, Properties: {RuleSetName: "${self:service}-rules"}}
    Identity: {Type: AWS::SES::EmailIdentity, Properties: {EmailIdentity: "${self:custom.domain}"}}
    Store:
      Type: AWS::SES::ReceiptRule
      Properties:
        RuleSetName: !Ref Set
        Rule:
          Name: store
          Enabled: true
          Recipients: ["in@${self:custom.domain}"]
          Actions:
            - S3Action: {BucketName: "${self:custom.bucket}", ObjectKeyPrefix: "${env:PREFIX}"}
            - LambdaAction: {FunctionArn: !GetAtt GateLambdaFunction.Arn}
"""


def test_variables_are_resolved_from_the_inside_out(tmp_path: Path) -> None:
    found = ses.load(write(tmp_path, {"serverless.yml": SERVICE}) / "serverless.yml")
    assert (found.format, found.account.region) == ("Serverless Framework", "eu-west-1")
    store, call = rules(found)["store"].actions
    assert rules(found)["store"].recipients == ("in@dev.example.com",)
    assert store.bucket_name == "mail-dev-inbox"
    # The framework names functions after service, stage and key.
    assert call.function_arn == "arn:aws:lambda:eu-west-1:111122223333:function:mail-dev-gate"
    assert [one.name for one in found.account.identities] == ["dev.example.com"]


def test_options_are_given_as_variables(tmp_path: Path) -> None:
    found = ses.load(write(tmp_path, {"serverless.yml": SERVICE}), variables={"stage": "prod"})
    assert rules(found)["store"].recipients == ("in@example.com",)


def test_environment_variables_are_never_read(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PREFIX", "hunter2")
    found = ses.load(write(tmp_path, {"serverless.yml": SERVICE}))
    assert "hunter2" not in str(found)
    assert stood_for(found)["prefix"].startswith("${env:PREFIX}, serverless.yml:")


def test_resources_may_be_a_list_of_files(tmp_path: Path) -> None:
    head, _, body = SERVICE.partition("resources:\n")
    parts = {
        "serverless.yml": head
        + "resources:\n  - ${file(resources/rules.yml)}\n  - ${file(gone.yml)}\n  - ${file(make.js)}\n",
        "resources/rules.yml": "\n".join(line[2:] for line in body.splitlines()),
        "make.js": "module.exports = {}",
    }
    found = ses.load(write(tmp_path, parts))
    assert rules(found).keys() == {"store"}
    assert "there is no file `gone.yml`" in told(found, "there is no file")
    assert "a program, which is not run" in told(found, "make.js")


def test_a_missing_value_is_open_and_a_circle_is_a_problem(tmp_path: Path) -> None:
    text = SERVICE.replace("domains: {dev: dev.example.com, prod: example.com}", "domains: ${self:custom.domain}")
    found = ses.load(write(tmp_path, {"serverless.yml": text}))
    assert any("no circle" in one.message for one in found.problems)
    assert rules(found)["store"].recipients[0].startswith("in@")


def test_variables_of_cloudformation_stay(tmp_path: Path) -> None:
    text = SERVICE.replace('RuleSetName: "${self:service}-rules"', "RuleSetName: !Sub '${self:service}-${AWS::Region}'")
    found = ses.load(write(tmp_path, {"serverless.yml": text}))
    assert [one.name for one in found.account.rule_sets] == ["mail-eu-west-1"]


def test_a_service_that_is_a_program_is_named(tmp_path: Path) -> None:
    found = ses.load(write(tmp_path, {"serverless.ts": "export default { resources: 'AWS::SES::ReceiptRule' }"}))
    assert "is a program, which is not run here" in told(found, "serverless.ts")
