"""Stand-ins: they run like any value, and the trace and the tables say what they stand for."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from formats.folders import write

import sesreceive as ses
from sesreceive.account.placeholder_text import PlaceholderText, placeholder_texts

FOLDER = {
    "main.tf": """
        variable "domain" {}
        variable "bucket" {}
        resource "aws_ses_domain_identity" "main" { domain = var.domain }
        resource "aws_ses_receipt_rule" "store" {
          name          = "store"
          rule_set_name = "main"
          enabled       = true
          recipients    = ["in@${var.domain}"]
          s3_action {
            bucket_name = var.bucket
            position    = 1
          }
        }
    """
}
MAIL = b"From: ana@example.org\r\nSubject: hello\r\n\r\nbody\r\n"


@pytest.fixture
def loaded(tmp_path: Path) -> ses.Loaded:
    return ses.load(write(tmp_path, FOLDER))


def test_the_account_runs_and_the_trace_says_what_stands_for_what(loaded: ses.Loaded) -> None:
    reception = loaded.receiver(seed=1).receive(MAIL, mail_from="ana@example.org", rcpt_to=["in@var-domain.example"])
    assert reception.accepted
    for text in (str(reception.explain(full=True)), reception._repr_html_()):
        assert "var-bucket" in text
        assert "stands for var.bucket, main.tf:10" in text
        assert "stands for in@${var.domain}, main.tf:8" in text


def test_a_step_says_it_once(loaded: ses.Loaded) -> None:
    reception = loaded.receiver(seed=1).receive(MAIL, mail_from="ana@example.org", rcpt_to=["in@var-domain.example"])
    evaluation = [event.reason for event in reception.trace if event.stage == "evaluation"]
    assert sum("stands for var.bucket" in reason for reason in evaluation) == 1


def test_the_tables_say_it_too(loaded: ses.Loaded) -> None:
    reception = loaded.receiver(seed=1).receive(MAIL, mail_from="ana@example.org", rcpt_to=["in@var-domain.example"])
    from sesreceive.report import Report

    events = Report([reception]).events
    assert events["reason"].str.contains("stands for var.bucket, main.tf:10", regex=False).any()
    frame = loaded.frame()
    assert list(frame.columns) == ["value", "stands_for", "kind", "file", "line", "why"]
    assert ("var-bucket", "var.bucket", "main.tf", 10) in set(
        zip(frame["value"], frame["stands_for"], frame["file"], frame["line"], strict=True)
    )


def test_an_account_written_by_hand_has_no_legend(message: bytes) -> None:
    rule = ses.ReceiptRule(name="all", enabled=True)
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    assert placeholder_texts(account) == {}
    reception = ses.Receiver(account, seed=1).receive(message, mail_from="a@example.org", rcpt_to=["b@example.com"])
    assert "stands for" not in str(reception.explain(full=True))


def test_a_stand_in_is_a_text_and_keeps_its_legend() -> None:
    text = PlaceholderText("var-domain.example", stands_for="var.domain, main.tf:12")
    assert text == "var-domain.example"
    for twin in (pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):
        assert (twin, twin.stands_for) == (text, "var.domain, main.tf:12")


def test_an_edit_keeps_the_others(loaded: ses.Loaded) -> None:
    edited = loaded.account.with_identity("example.net")
    assert placeholder_texts(edited) == placeholder_texts(loaded.account)


def test_the_account_can_be_saved_and_exported(loaded: ses.Loaded, tmp_path: Path) -> None:
    loaded.account.save(tmp_path / "account.json")
    assert ses.Account.load(tmp_path / "account.json") == loaded.account
    for name in ("python", "json", "boto3", "cloudformation", "terraform", "cdk"):
        assert "var-bucket" in loaded.account.to(name)


def test_an_empty_frame_has_its_columns() -> None:
    frame = ses.load({"Filters": [{"Name": "a", "IpFilter": {"Policy": "Block", "Cidr": "192.0.2.1"}}]}).frame()
    assert len(frame) == 0
    assert str(frame.dtypes["line"]) == "Int64"


def test_an_account_in_a_notebook_lists_what_stands_for_something(loaded: ses.Loaded) -> None:
    assert "var.bucket, main.tf:10" in loaded.account._repr_html_()
    assert "placeholder" not in ses.Account(identities=["example.com"])._repr_html_()
