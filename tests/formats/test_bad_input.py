"""Bad input: each thing that is wrong is a problem with its place, never a traceback and never silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from formats.folders import rules, told, write

import sesreceive as ses

DEEP_JSON = "[" * 5000 + "]" * 5000
BOMB = "a: &a [x]\n" + "".join(f"k{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '*a'] * 9)}]\n" for n in range(9))
SET = 'resource "aws_ses_receipt_rule_set" "main" { rule_set_name = "main" }\n'
SOURCE = "Resources:\n  Set: {Type: AWS::SES::ReceiptRuleSet}\n"

# A file, its text, where the problem is, and what it says.
BROKEN: list[tuple[str, str, str, str]] = [
    ("t.yaml", "Resources:\n  A: [1,\n  B: 2\n# AWS::SES::ReceiptRule", "t.yaml:", "which begins in line 2"),
    ("t.yaml", "Resources:\n\tA: 1\n# AWS::SES::ReceiptRule", "t.yaml:2:1", "expected YAML"),
    ("t.json", '{"Resources": {"A": }}', "t.json:1:21", "expected"),
    ("t.json", '{"Resources": ' + DEEP_JSON + "}", "t.json", "nested too deeply"),
    ("t.yaml", BOMB, "t.yaml:", "aliases stand for more"),
    ("t.yaml", "x: &a [*a]", "t.yaml:1:", "before its alias"),
    ("t.yaml", "Resources:\n  A: !!python/object/apply:os.system [x]\n", "t.yaml:2", "expected"),
    ("t.yaml", SOURCE + "  Set: {Type: AWS::SES::ReceiptRuleSet}\n", "t.yaml:3:3", "each key once but got `Set`"),
    ("t.yaml", "Resources: 7\nAWSTemplateFormatVersion: x", "t.yaml:1:1", "Resources: expected a mapping"),
    ("t.yaml", "Resources:\n  A: 7\n  B: {Type: [x]}\n", "t.yaml:2:3", "A: expected a resource"),
    ("t.yaml", SOURCE + "  R: {Type: AWS::SES::ReceiptRule, Properties: [1]}\n", "t.yaml:3:3", "expected a mapping"),
    ("t.yaml", SOURCE + "  F: {Type: AWS::SES::ReceiptFilter}\n", "t.yaml:3:3", "expected a Filter"),
    ("t.yaml", "Conditions:\n  A: !Condition A\n" + SOURCE + "  X: {Type: Y, Condition: A}", "t.yaml:2", "no circle"),
    ("main.tf", 'resource "a" {', "main.tf:", "expected HCL"),
    ("main.tf", SET + "x = [1\ny = 2", "main.tf:3", "expected HCL"),
    ("main.tf", SET + "x = " + "[" * 3000 + "]" * 3000, "main.tf:2", "nested deeper"),
    ("main.tf", SET + "locals {\n a = local.b\n b = local.a\n}\n" + SET.replace('"main"', "local.a").replace(
        'set" local.a', 'set" "two"'), "main.tf:", "no circle but local.a → local.b → local.a"),
    ("main.tf", SET + SET, "main.tf:2:1", "expected each name once but main.tf:1:1 has it too"),
    ("main.tf", SET + "locals { a = 1 }\nlocals { a = 2 }", "main.tf:3:10", "expected each local value once"),
    ("main.tf", SET + 'module "m" { source = "./gone" }', "main.tf:2:1", "there is no `./gone`"),
    ("main.tf", SET + 'module "m" { source = "." }', "main.tf:2:1", "expected modules that end"),
    ("main.tf", 'resource "aws_ses_receipt_rule" {\n}', "main.tf:1:1", "expected 2 labels but got 1"),
    ("main.tf", 'resource "aws_ses_receipt_rule" "a" {\n}', "main.tf:1:1", "expected `name`, which is required"),
    ("main.tf", 'resource "aws_ses_receipt_rules" "a" {\n}', "main.tf:1:1", "expected a resource type"),
    ("main.tf.json", '{"resource": [}', "main.tf.json:1:15", "expected JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "place", "words"), BROKEN)
def test_what_is_broken_is_a_problem_with_its_place(
    name: str, text: str, place: str, words: str, tmp_path: Path
) -> None:
    found = ses.load(write(tmp_path, {name: text}) / name)
    problems = [str(one) for one in found.problems]
    assert [one for one in problems if one.startswith(place) and words in one], problems
    assert all("\n" not in one and len(one) < 2000 for one in problems)


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    rule = 'resource "aws_ses_receipt_rule" "a" {\n name = "a"\n rule_set_name = "main"\n}\n'
    found = ses.load(write(tmp_path, {"a.tf": "resource {{{", "b.tf": SET + rule}))
    assert rules(found).keys() == {"a"}
    assert told(found, "expected HCL").startswith("a.tf:1:")


def test_syntax_errors_do_not_quote_the_file(tmp_path: Path) -> None:
    found = ses.load(write(tmp_path, {"main.tf": 'variable "x" { default = hunter2hunter2 "hunter2" = }'}))
    assert "hunter2" not in str(found)


def test_a_huge_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"# x\n" * 3_000_000)
    assert "expected at most" in told(ses.load(tmp_path / "t.yaml"), "bytes")


def test_bytes_that_are_no_text_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"a: b\nc: \xff\n")
    assert told(ses.load(tmp_path / "t.yaml"), "UTF-8").startswith("t.yaml:2: ")


@pytest.mark.parametrize("name", ["gone.yaml", "gone/"])
def test_a_missing_source_is_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(ses.InputError, match="expected a file or folder but there is no"):
        ses.load(tmp_path / name)


def test_a_folder_about_something_else_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ses.InputError, match="found nothing about receiving mail"):
        ses.load(write(tmp_path, {"main.tf": 'resource "aws_s3_bucket" "a" {}', "x.yaml": "a: 1"}))


@pytest.mark.parametrize("source", [None, 7, b"main.tf", {"a": 1}, []])
def test_what_is_no_source_is_one_sentence(source: object) -> None:
    with pytest.raises(ses.InputError, match="expected a"):
        ses.load(source)


def test_files_outside_the_folder_are_not_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "secret.txt": "hunter2",
            "in/main.tf": SET
            + 'locals { x = file("../secret.txt") }\n'
            + SET.replace('set" "main" { rule_set_name = "main" }', 'set" "two" { rule_set_name = local.x }'),
        },
    )
    found = ses.load(tmp_path / "in")
    assert "hunter2" not in str(found)
    assert any("outside the folder is not read" in one.why for one in found.placeholders)


def test_texts_of_a_template_cannot_move_a_terminal_or_a_page(tmp_path: Path) -> None:
    text = SET + 'resource "aws_ses_receipt_rule" "a" {\n name = "\\u001b[31m<script>"\n rule_set_name = "main"\n}\n'
    found = ses.load(write(tmp_path, {"main.tf": text}))
    assert "\x1b" not in str(found) + found._repr_html_()
    assert "<script>" not in found._repr_html_()
