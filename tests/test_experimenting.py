"""``sesreceive experiment``: what it prints, the exit code for CI, and one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.cli import main
from sesreceive.cli.exits import Exit
from sesreceive.testing import make_account, make_rule

STORE = ses.S3Action(bucket_name="inbox")
TODAY = make_account(make_rule("ana", STORE, recipients=["ana@example.com"]))
ACCOUNTS = {
    "today.json": TODAY,
    "wider.json": make_account(make_rule("all", STORE, recipients=["example.com"])),
    "more/today.json": TODAY,
}
NO_ACCOUNTS = {
    "broken.json": "{",
    "list.json": "[]",
    "other.json": '{"name": "a package"}',
    "other.yaml": "name: a package",
    "mistyped.json": '{"Identities": ["example.com"], "RuleSet": []}',
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with accounts, two mails, and the tables of a replay of them."""
    (tmp_path / "more").mkdir()
    (tmp_path / "mail").mkdir()
    for name, account in ACCOUNTS.items():
        account.save(tmp_path / name)
    for name in ("ana", "bo"):
        (tmp_path / "mail" / f"{name}.eml").write_bytes(
            f"From: x@example.org\r\nTo: {name}@example.com\r\n\r\n".encode()
        )
    ses.Receiver(TODAY, seed=1).replay(tmp_path / "mail").to_parquet(tmp_path / "tables")
    for name, text in NO_ACCOUNTS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# arguments, exit code, what the output has
SAID = [
    ("today.json wider.json --corpus mail", Exit.DONE,
     ["answer: accepted", "rule: all", "cost", "Experiment on 2 messages: today, wider (2 end otherwise)"]),
    ("today.json wider.json --corpus tables", Exit.DONE,
     ["note: the messages are not in the tables", "Experiment on 2 messages: today, wider (2 end otherwise)"]),
    ("today.json wider.json --corpus mail --expect-same", Exit.PROBLEMS, ["2 end otherwise"]),
    ("today.json more/today.json --corpus mail --expect-same", Exit.DONE, ["more/today.json (0 end otherwise)"]),
    ("today.json wider.json --traffic 20 --seed 3 --table reasons", Exit.DONE, ["550 5.1.1", "on 20 messages"]),
    ("today.json --corpus mail --traffic 20", Exit.DONE, ["Experiment on 22 messages: today"]),
    ("today.json --corpus mail --table cost --price received_per_thousand=1000", Exit.DONE, ["SES receiving", "1.0"]),
    ("today.json wider.json --corpus mail --table messages", Exit.DONE, ["otherwise", "ana", "bo"]),
    ("today.json wider.json --corpus mail --out o --format json", Exit.DONE, ["wrote 5 tables to o"]),
]  # fmt: skip


@pytest.mark.parametrize("arguments, code, has", SAID, ids=[arguments for arguments, _, _ in SAID])
def test_it_says_what_the_mail_comes_to(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: Exit, has: list[str]
) -> None:
    assert main(["experiment", *arguments.split()]) == code
    printed = capsys.readouterr()
    assert [text for text in has if text not in printed.out] == [], printed.out + printed.err


# arguments, exit code, what the one line on standard error has
WRONG = [
    ("today.json", Exit.USAGE, "expected --corpus PATH or --traffic N but got neither"),
    ("today.json --corpus mail --seed 1", Exit.USAGE, "--seed has no effect without --traffic"),
    ("today.json --traffic 3 --zone zone.txt", Exit.USAGE, "--zone has no effect without --corpus"),
    ("today.json --corpus mail --expect-same", Exit.USAGE, "--expect-same has no effect with one template"),
    (
        "today.json today.json --corpus mail",
        Exit.USAGE,
        "expected different templates but `today.json` was given twice",
    ),
    ("today.json --corpus mial", Exit.INPUT, "there is no file or folder `mial`; did you mean `mail`?"),
    ("today.json broken.json --corpus mail", Exit.INPUT, "account `broken.json` is not JSON"),
    (
        "today.json list.json --corpus mail",
        Exit.INPUT,
        "account `list.json` has no member of an account: list.json:1:1",
    ),
    ("today.json other.json --corpus mail", Exit.INPUT, "account `other.json` has no member of an account: "),
    ("today.json other.yaml --corpus mail", Exit.INPUT, "nothing about receiving could be read in `other.yaml`: "),
    ("today.json mistyped.json --corpus mail", Exit.CONFIGURATION, "mistyped.json:1:33: RuleSet: "),
    ("today.json wider.json --corpus mail --var Stage=x", Exit.USAGE, "--var has no effect without a template"),
    ("today.json --traffic 3 --region eu-west-1", Exit.USAGE, "--region has no effect without a template"),
    ("today.json --corpus mail --price recieved=1", Exit.USAGE, "--price: expected NAME=USD with the name of a price"),
    ("today.json --corpus mail --price gb_second=x", Exit.USAGE, "--price gb_second: expected a number but got `x`"),
    (
        "today.json --corpus mail --price gb_second=1 --price gb_second=2",
        Exit.USAGE,
        "--price gb_second: expected one price but got another, `2`",
    ),
    ("today.json --corpus mail --format csv", Exit.USAGE, "--format has no effect without --out"),
    ("broken.json --corpus mail --out today.json", Exit.INPUT, "cannot write to `today.json`"),
    ("today.json --corpus mail --out o --table cost", Exit.USAGE, "--table has no effect with --out"),
]


@pytest.mark.parametrize("arguments, code, has", WRONG, ids=[arguments for arguments, _, _ in WRONG])
def test_a_mistake_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: Exit, has: str
) -> None:
    assert main(["experiment", *arguments.split()]) == code
    printed = capsys.readouterr()
    assert has in printed.err
    assert printed.out == ""
    assert printed.err.count("\n") == 1


def test_what_of_a_template_could_not_be_read_is_not_called_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"RuleSetName": {"Ref": "Main"}, "Rule": {"Nonsense": 1}}
    half = {"Resources": {
        "Main": {"Type": "AWS::SES::ReceiptRuleSet"}, "All": {"Type": "AWS::SES::ReceiptRule", "Properties": rule},
    }}  # fmt: skip
    for name in ("one.json", "two.json"):
        (folder / name).write_text(json.dumps(half))
    arguments = ["experiment", "one.json", "two.json", "--corpus", "mail"]
    assert main(arguments) == Exit.DONE
    assert "not judged" not in capsys.readouterr().out
    assert main([*arguments, "--expect-same"]) == Exit.PROBLEMS
    assert "not judged of all that was given: 2 problems above" in capsys.readouterr().out
