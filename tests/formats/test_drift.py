"""An account and its template: each row a change of one of them, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from formats.folders import write
from moto_server import moto_server

import sesreceive as ses
from sesreceive.cli import main
from sesreceive.cli.exits import Exit

STORE = ses.ReceiptRule(
    name="store", enabled=True, recipients=["in@example.com"], actions=[ses.S3Action(bucket_name="inbox")]
)
REST = ses.ReceiptRule(name="rest", enabled=True, actions=[ses.AddHeaderAction(header_name="X-Rest", header_value="1")])
GATE = ses.ReceiptRule(name="gate", enabled=True, recipients=["in@example.com"], actions=[ses.StopAction()])


def account(*rules: ses.ReceiptRule, **more: object) -> ses.Account:
    made = ses.Account(
        identities=["example.com"],
        rule_sets=[ses.ReceiptRuleSet(name="main", rules=rules or (STORE, REST))],
        active="main",
        filters=[ses.ReceiptFilter.block("203.0.113.0/24", name="test-net")],
    )
    return made.replace(**more)


Change = Callable[[ses.Account], ses.Account]


def with_rules(*rules: ses.ReceiptRule) -> Change:
    return lambda made: made.replace(rule_sets=[ses.ReceiptRuleSet(name="main", rules=rules)])


# What was changed in the account by hand, what it is called, and the words of its line.
CHANGES: list[tuple[Change, list[tuple[str, str, str]], str]] = [
    (lambda made: made, [], "the account has what the template has"),
    (
        with_rules(STORE.replace(enabled=False), REST),
        [("rule", "store", "both")],
        "enabled is False, in the template True; mail to in@example.com: account 250, rest, template 250, store, rest",
    ),
    (with_rules(REST), [("rule", "store", "template")], "only in the template; mail to in@example.com"),
    (with_rules(STORE, REST, GATE), [("rule", "gate", "account")], "rule gate: only in the account"),
    (with_rules(GATE, STORE, REST), [("rule", "gate", "account")], "account 250, gate, template 250, store, rest"),
    (with_rules(REST, STORE), [("order", "main", "both")], "[`rest`, `store`], in the template [`store`, `rest`]"),
    (
        with_rules(STORE.replace(actions=[ses.S3Action(bucket_name="other")]), REST),
        [("rule", "store", "both")],
        "PutObject to other",
    ),
    (
        with_rules(STORE.replace(tls_policy="Require"), REST),
        [("rule", "store", "both")],
        "mail to in@example.com without TLS",
    ),
    (lambda made: made.replace(filters=[]), [("filter", "test-net", "template")], "from 203.0.113.0: account 250"),
    (
        lambda made: made.replace(identities=["example.com", "example.net"]),
        [("identity", "example.net", "account")],
        "mail to someone@example.net: account 250, rest, template 550",
    ),
    (lambda made: made.activate(None), [("active rule set", "main", "both")], "it is not set, in the template `main`"),
    (
        lambda made: made.with_rule_set(ses.ReceiptRuleSet(name="old")),
        [("rule set", "old", "account")],
        "rule set old: only in the account",
    ),
]


@pytest.mark.parametrize(("change", "rows", "words"), CHANGES)
def test_each_change_is_told(change: Change, rows: list[tuple[str, str, str]], words: str) -> None:
    found = ses.drift(account(), change(account()))
    assert [(one.what, one.name, one.side) for one in found.rows] == rows
    assert words in str(found)
    assert list(found.frame()["what"]) == [row[0] for row in rows]
    assert bool(found) is bool(rows)
    assert "difference" in found._repr_html_()


def test_the_mail_of_a_row_shows_it() -> None:
    before, after = account(), account(STORE.replace(enabled=False), REST)
    (row,) = ses.drift(before, after).rows
    receptions = [
        ses.Receiver(one, seed=1).receive(b"Subject: x\r\n\r\n", mail_from="ana@example.org", **row.mail)
        for one in (before, after)
    ]
    assert receptions[0].rules != receptions[1].rules


def test_open_values_are_what_the_account_has(tmp_path: Path) -> None:
    folder = {
        "main.tf": """
        variable "bucket" {}
        resource "aws_ses_receipt_rule_set" "m" { rule_set_name = "main" }
        resource "aws_ses_active_receipt_rule_set" "m" { rule_set_name = "main" }
        resource "aws_ses_receipt_rule" "store" {
          name          = "store"
          rule_set_name = "main"
          enabled       = true
          recipients    = ["in@example.com"]
          s3_action {
            bucket_name = var.bucket
            position    = 1
          }
        }
        """
    }
    live = account(STORE, filters=[])
    found = ses.drift(write(tmp_path, folder), live)
    assert not found.rows
    assert list(found.assumed.values()) == ["inbox"]
    assert "is `inbox`" in str(found)


def test_names_that_cloudformation_makes_up_are_met() -> None:
    template = {
        "Resources": {
            "Rules": {"Type": "AWS::SES::ReceiptRuleSet"},
            "Store": {
                "Type": "AWS::SES::ReceiptRule",
                "Properties": {
                    "RuleSetName": {"Ref": "Rules"},
                    "Rule": {"Enabled": True, "Recipients": ["in@example.com"]},
                },
            },
        }
    }
    rule = ses.ReceiptRule(name="mail-Store-1B7XAMPLE", enabled=True, recipients=["in@example.com"])
    live = ses.Account(
        identities=["example.com"],
        rule_sets=[ses.ReceiptRuleSet(name="mail-Rules-9KEXAMPLE", rules=[rule])],
        active="mail-Rules-9KEXAMPLE",
    )
    assert not ses.drift(template, live).rows
    off = live.replace(rule_sets=[ses.ReceiptRuleSet(name="mail-Rules-9KEXAMPLE", rules=[rule.replace(enabled=False)])])
    (row,) = ses.drift(template, off).rows
    assert (row.name, row.details) == ("mail-Store-1B7XAMPLE", "enabled is False, in the template True")
    assert row.mail["rcpt_to"] == ["in@example.com"]


FILTERED = account().to("cloudformation")

# What describe commands printed of the account, and what it did not tell of.
DUMPS: list[tuple[object, list[tuple[str, str, str]], tuple[str, ...]]] = [
    (
        {"Metadata": {"Name": "main"}, "Rules": [STORE.to_api(), REST.to_api()]},
        [],
        ("the active rule set", "rule sets", "filters", "identities"),
    ),
    (
        [{"Metadata": {"Name": "main"}, "Rules": [REST.to_api()]}, {"Filters": [account().filters[0].to_api()]}],
        [("rule", "store", "template")],
        ("the active rule set", "rule sets", "identities"),
    ),
    (
        [{"Metadata": {"Name": "other"}, "Rules": []}, {"Identities": ["example.net"]}],
        [
            ("rule set", "other", "account"),
            ("identity", "example.com", "template"),
            ("identity", "example.net", "account"),
        ],
        ("the active rule set", "rule sets", "filters"),
    ),
]


@pytest.mark.parametrize(("dump", "rows", "untold"), DUMPS)
def test_what_a_dump_does_not_tell_of_is_not_missing(
    tmp_path: Path, dump: object, rows: list[tuple[str, str, str]], untold: tuple[str, ...]
) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(FILTERED)
    found = ses.drift(template, dump)
    assert [(row.what, row.name, row.side) for row in found.rows] == rows
    assert found.not_compared == untold
    assert f"not compared, as the account did not tell: {', '.join(untold)}" in str(found)


def test_a_dump_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template, dump = tmp_path / "template.yaml", tmp_path / "dump.json"
    template.write_text(account().to("cloudformation"))
    account().save(dump)
    assert main(["drift", str(template), "--account", str(dump)]) == 0
    assert "the account has what the template has" in capsys.readouterr().out
    account(REST).save(dump)
    assert main(["drift", str(template), "--account", str(dump)]) == 1
    assert "rule store: only in the template" in capsys.readouterr().out
    assert main(["drift", str(tmp_path / "gone"), "--account", str(dump)]) == Exit.INPUT


def test_an_open_domain_hides_no_mail() -> None:
    """The template's domain is a parameter, the account is what one describe command printed."""
    recipient, identity = {"Fn::Sub": "in@${Domain}"}, {"EmailIdentity": {"Ref": "Domain"}}
    rule = {"Name": "store", "Enabled": True, "Recipients": [recipient], "Actions": STORE.to_api()["Actions"]}
    template = {
        "Parameters": {"Domain": {"Type": "String"}},
        "Resources": {
            "Rules": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": "main"}},
            "Identity": {"Type": "AWS::SES::EmailIdentity", "Properties": identity},
            "Store": {"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": "main", "Rule": rule}},
        },
    }
    by_hand = GATE.replace(recipients=["old@example.com"])
    dump = {"Metadata": {"Name": "main"}, "Rules": [STORE.replace(tls_policy="Require").to_api(), by_hand.to_api()]}
    found = ses.drift(template, dump)
    assert [(row.name, row.mail.get("rcpt_to")) for row in found.rows] == [
        ("store", ["in@example.com"]),
        ("gate", ["old@example.com"]),
    ]


def test_what_no_mail_shows_is_proved_to_change_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule behind a Stop is off in the account: no mail reaches it."""
    stop = REST.replace(name="stop", actions=[ses.StopAction()])
    template, dump = tmp_path / "template.yaml", tmp_path / "dump.json"
    template.write_text(account(stop, REST).to("cloudformation"))
    account(stop, REST.replace(enabled=False)).save(dump)
    (row,) = (found := ses.drift(template, dump)).rows
    assert (row.name, row.mail) == ("rest", {})
    assert found.comparison.equal
    assert main(["drift", str(template), "--account", str(dump)]) == 1
    assert "all mail is treated alike, proved for any number of recipients in one message" in capsys.readouterr().out
    assert not ses.drift(account(), account(REST)).comparison.equal


@pytest.mark.slow
def test_a_server_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto's server has most of the operations that describe an account; what it lacks is a problem."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto_server() as url:
        client = boto3.client("ses", region_name="us-east-1", endpoint_url=url)
        client.verify_domain_identity(Domain="example.com")
        client.create_receipt_rule_set(RuleSetName="main")
        client.create_receipt_rule(RuleSetName="main", Rule=REST.replace(enabled=False).to_api())
        client.set_active_receipt_rule_set(RuleSetName="main")
        template = tmp_path / "template.yaml"
        template.write_text(account(REST).to("cloudformation"))
        code = main(["drift", str(template), "--endpoint-url", url, "--region", "us-east-1"])
    told = capsys.readouterr().out
    assert code == 1
    assert "rule rest: not alike: enabled is False, in the template True; mail to someone@example.com" in told
