"""``sesreceive load``: what a user sees of a folder of templates."""

from __future__ import annotations

from pathlib import Path

import pytest
from formats.folders import write

import sesreceive as ses
from sesreceive.cli import main

FOLDER = {
    "infra/main.tf": """
        variable "domain" {}
        resource "aws_ses_receipt_rule_set" "main" { rule_set_name = "main" }
        resource "aws_ses_receipt_rule" "store" {
          name          = "store"
          rule_set_name = aws_ses_receipt_rule_set.main.rule_set_name
          enabled       = true
          recipients    = ["in@${var.domain}"]
          stop_action {
            scope    = "RuleSet"
            position = 1
          }
        }
    """,
    "stack/template.yaml": """
        Resources:
          Filter:
            Type: AWS::SES::ReceiptFilter
            Properties: {Filter: {IpFilter: {Policy: Block, Cidr: 203.0.113.0/24}}}
    """,
    "README.md": "AWS::SES::ReceiptRule is named here, too",
}


def test_every_part_of_a_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", str(write(tmp_path, FOLDER))]) == 0
    text = capsys.readouterr().out
    assert "store: enabled, in@var-domain.example → StopAction" in text
    assert "in@var-domain.example stands for in@${var.domain}, infra/main.tf:7 (a variable without a default)" in text
    assert "infra/main.tf:2:1: nothing activates a rule set" in text
    assert "filter Filter: Block 203.0.113.0/24" in text


def test_variables_regions_and_accounts_are_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, FOLDER) / "infra"
    arguments = ["--var", "domain=example.com", "--region", "eu-west-1", "--account-id", "123456789012"]
    assert main(["load", str(folder), *arguments]) == 0
    text = capsys.readouterr().out
    assert "123456789012 in eu-west-1" in text
    assert "in@example.com" in text


def test_strict_is_for_pipelines(tmp_path: Path) -> None:
    folder = write(tmp_path, FOLDER) / "infra"
    assert main(["load", str(folder), "--strict"]) == 1
    write(folder, {"on.tf": 'resource "aws_ses_active_receipt_rule_set" "m" { rule_set_name = "main" }'})
    assert main(["load", str(folder), "--strict"]) == 0


def test_a_template_becomes_another_and_an_account_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path, FOLDER) / "infra"
    saved = tmp_path / "account.json"
    assert main(["load", str(folder), "--to", "cloudformation", "--save", str(saved)]) == 0
    text, problems = capsys.readouterr()
    (tmp_path / "out.yaml").write_text(text)
    assert ses.load(tmp_path / "out.yaml").account == ses.Account.load(saved)
    assert "nothing activates a rule set" in problems


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["load", "gone"], 3, "there is no file or folder `gone`"),
        (["load", ".", "--var", "domain"], 2, "expected `name=value` but got `domain`"),
        (["load", ".", "--var", "x=[1"], 3, "variable `x` is not JSON"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    arguments: list[str],
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    assert words in capsys.readouterr().err
