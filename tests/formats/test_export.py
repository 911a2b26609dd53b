"""What an account is written as, and that reading it gives an equal account."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import strategies as our
from hypothesis import HealthCheck, example, given, settings

import sesreceive as ses
from sesreceive.account.identities import Identity
from sesreceive.formats.languages import LANGUAGES, write

STOP = ses.StopAction()

# Texts that an exporter has to escape: each is a header value, the message of a bounce and a key prefix.
HOSTILE = [
    "${var.x}",
    "$${x}",
    "a$",
    "$",
    "%{ if true }",
    "%%{",
    "${AWS::Region}",
    'say "yes"',
    "back\\slash",
    "tab\there",
    "yes",
    "no",
    "null",
    "1.10",
    "0123",
    "# no comment",
    "- no list",
    "a: b",
    " lead and trail ",
    "é ü 漢 😀",
    "{{resolve:ssm:x}}",
    "\u2028\u202e",
]


def account_with(text: str) -> ses.Account:
    """An account that has the text wherever SES takes any."""
    actions = (
        ses.AddHeaderAction(header_name="X-Text", header_value=text),
        ses.BounceAction(smtp_reply_code="550", message=text, sender="postmaster@example.com"),
        ses.S3Action(bucket_name="inbox", object_key_prefix=text),
        STOP,
    )
    rules = ses.ReceiptRuleSet(name="main", rules=(ses.ReceiptRule(name="a", enabled=True, actions=actions),))
    return ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")


def read_back(account: ses.Account, form: str, folder: Path) -> ses.Account:
    """The account that is read from what it is written as."""
    suffix = {"terraform": "main.tf", "cloudformation": "template.yaml", "json": "account.json"}[form]
    path = folder / form / suffix
    path.parent.mkdir(exist_ok=True)
    path.write_text(account.to(form), encoding="utf-8")
    loaded = ses.load(path)
    assert [str(problem) for problem in loaded.problems if "SES API" not in problem.source] == []
    return loaded.account


def sayable(account: ses.Account, form: str) -> ses.Account:
    """The account without what the form has no words for, which its text says."""
    if form != "terraform":
        return account
    kept = tuple(
        rules.replace(
            created_timestamp=None,
            rules=tuple(
                rule.replace(actions=tuple(one for one in rule.actions if not isinstance(one, ses.ConnectAction)))
                for rule in rules.rules
            ),
        )
        for rules in account.rule_sets
    )
    identities = tuple(Identity(name=one.name) for one in account.identities)
    return account.replace(rule_sets=kept, identities=identities)


@pytest.mark.parametrize("form", ["json", "cloudformation", "terraform"])
@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_survives(form: str, text: str, tmp_path: Path) -> None:
    account = account_with(text)
    assert read_back(account, form, tmp_path) == account


@pytest.mark.parametrize("form", ["json", "cloudformation", "terraform"])
@pytest.mark.slow
def test_import_of_an_export_gives_an_equal_account(form: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("exports")

    @given(our.accounts())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @example(ses.Account())
    @example(ses.Account(rule_sets=(ses.ReceiptRuleSet(name="idle"),)))
    def law(account: ses.Account) -> None:
        wanted = sayable(account, form)
        assert read_back(account, form, folder) == wanted

    law()


def test_the_order_of_rules_is_explicit_in_every_format() -> None:
    rules = ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name=name) for name in "abc"])
    account = ses.Account(rule_sets=[rules], active="main")
    wanted = {
        "boto3": 'After="b"',
        "cloudformation": "After:\n        Ref: RuleB",
        "terraform": "after         = aws_ses_receipt_rule.main_b.name",
        "cdk": "after=rule_b.ref",
    }
    for form, words in wanted.items():
        assert words in account.to(form), form


def test_what_activates_the_rule_set_is_said_in_every_format() -> None:
    account = ses.Account(rule_sets=[ses.ReceiptRuleSet(name="main")], active="main")
    wanted = {
        "boto3": "set_active_receipt_rule_set",
        "cloudformation": "set-active-receipt-rule-set --region us-east-1 --rule-set-name main",
        "terraform": "aws_ses_active_receipt_rule_set",
        "terraform-import": "to = aws_ses_active_receipt_rule_set.active",
        "cdk": "setActiveReceiptRuleSet",
    }
    for form, words in wanted.items():
        assert words in account.to(form), form


def test_import_blocks_name_what_the_terraform_file_defines() -> None:
    rules = ses.ReceiptRuleSet(name="main", rules=[ses.ReceiptRule(name="a.b"), ses.ReceiptRule(name="a-b")])
    account = ses.Account(identities=["example.com"], rule_sets=[rules], active="main")
    text, blocks = account.to("terraform"), account.to("terraform-import")
    addresses = [line.split("=")[1].strip() for line in blocks.splitlines() if line.strip().startswith("to =")]
    assert len(addresses) == len(set(addresses)) == 5
    for address in addresses:
        kind, label = address.split(".")
        assert f'resource "{kind}" "{label}" {{' in text
    assert 'id = "main:a.b"' in blocks


@pytest.mark.parametrize("form", ["python", "boto3", "cdk"])
@pytest.mark.slow
def test_a_script_is_python(form: str) -> None:
    @given(our.accounts())
    @settings(max_examples=15, deadline=None)
    def law(account: ses.Account) -> None:
        ast.parse(account.to(form))

    law()


def test_every_language_of_the_workbench_is_a_format() -> None:
    assert len({one.name for one in LANGUAGES}) == len(LANGUAGES)
    for one in LANGUAGES:
        assert write(ses.Account(), one.name) == one.write(ses.Account())
    assert json.loads(ses.Account().to("json"))["Region"] == "us-east-1"
