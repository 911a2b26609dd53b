"""The commands that prove: what they print, the exit code for CI, and one line for what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.cli import main
from sesreceive.cli.exits import Exit
from sesreceive.testing import make_account, make_rule

ROOT = Path(__file__).parent.parent
STORE, STOP = ses.S3Action(bucket_name="inbox"), ses.StopAction()
GATE = "arn:aws:lambda:us-east-1:111122223333:function:gate"
BARE = ses.Account(identities=["example.com"])
CLEAN = make_account(make_rule("ana", STORE, recipients=["ana@example.com"]))
DEAD = make_account(make_rule("all", STORE, STOP, recipients=["example.com"]),
                    make_rule("ana", STORE, recipients=["ana@example.com"]))  # fmt: skip
GATED = make_account(
    make_rule("gate", STORE, ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse"),
              recipients=["ana@example.com"])
)  # fmt: skip
ACCOUNTS = {"clean.json": CLEAN, "dead.json": DEAD, "gated.json": GATED, "bare.json": BARE}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with accounts, a template, tests of it, and a mail."""
    shutil.copytree(ROOT / "tests" / "cases" / "pytest_project", tmp_path / "project",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    for name, account in ACCOUNTS.items():
        account.save(tmp_path / name)
    (tmp_path / "message.eml").write_bytes(b"From: bo@example.org\r\nTo: ana@example.com\r\n\r\n")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text('{"name": "a package"}')
    (tmp_path / "wrong.answers.json").write_text('[{"FunctionArn": "gate", "disposition": "STOP"}]')
    shutil.copy(tmp_path / "message.eml", tmp_path / "wrong.eml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# arguments, exit code, what the output has
SAID = [
    ("check clean.json", Exit.DONE, ["clean.json: 0 problems, 0 warnings, 0 notes in <Account"]),
    ("check dead.json", Exit.PROBLEMS, ["warning dead-rule rule_sets[0].rules[1]: rule ana: `all` stops the rule set",
                                        "    fix: move the rule", "    shown by a mail to ana@example.com"]),
    ("check dead.json --ignore dead-rule", Exit.DONE, ["0 problems, 0 warnings, 0 notes"]),
    ("check project/template.yaml", Exit.PROBLEMS, ["warning not-activated template.yaml:5:3: nothing activates",
                                                    "warning backscatter rule_sets[0].rules[1].actions[0]"]),
    ("check project/template.yaml --ignore not-activated --ignore backscatter", Exit.DONE, ["note bounce-to-machine"]),
    ("check project", Exit.PROBLEMS, ["warning not-activated"]),
    ("check clean.json --mail message.eml", Exit.DONE, ["cost: receiving: ", "cost: Cost 0.000"]),
    ("unreachable clean.json", Exit.DONE, ["Unreachable: 0 dead, 0 redundant"]),
    ("unreachable dead.json", Exit.PROBLEMS, ["rule ana is dead: `all` stops the rule set for all of its recipients",
                                              "    expected of a mail to ana@example.com"]),
    ("diff clean.json clean.json", Exit.DONE, ["all mail is treated alike"]),
    ("diff clean.json dead.json", Exit.PROBLEMS, ["001 an address in `example.com` that no condition names: always",
                                                  "    before: 550 5.1.1",
                                                  "    shown by a mail to "]),
    ("diff project/template.yaml clean.json", Exit.PROBLEMS, ["difference"]),
    ("cover clean.json", Exit.DONE, ["mail that cover 100 %" , "100 % covered by 1 message"]),
    ("cover clean.json message.eml", Exit.DONE, ["80 % covered by 1 message: 4 of 5 items"]),
    ("cover clean.json message.eml --at-least 81", Exit.PROBLEMS, ["80 % covered"]),
    ("mutants clean.json", Exit.DONE, ["mutants: ", "  survived: "]),
    ("mutants clean.json message.eml --at-least 100", Exit.PROBLEMS, ["score "]),
    ("why message.eml --account clean.json", Exit.DONE, ["decided: `ana` fires: ", "step 4, evaluation"]),
    ("why message.eml --account project/template.yaml", Exit.DONE, ["decided: no enabled rule of `mail` matches"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "said"), SAID, ids=[row[0] for row in SAID])
def test_what_is_printed_and_the_code_for_ci(
    arguments: str, code: Exit, said: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == code
    out = capsys.readouterr().out
    for text in said:
        assert text in out


HALF = {"Resources": {
    "D": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": {"Ref": "Domain"}}},
    "S": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": "in"}},
    "R": {"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": {"Ref": "S"}, "Rule": {
        "Name": "x", "Enabled": True, "Actions": [{"Nonsense": {}}]}}},
}, "Parameters": {"Domain": {"Type": "String"}}}  # fmt: skip


@pytest.mark.parametrize("command", ["unreachable half.yaml", "diff half.yaml half.yaml", "cover half.yaml",
                                     "why message.eml --account half.yaml"])  # fmt: skip
def test_what_of_a_template_could_not_be_read_is_said_beside_the_answer(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("half.yaml").write_text(json.dumps(HALF))
    code = main(command.split())
    out, said = capsys.readouterr()
    proves = command.startswith(("unreachable", "diff"))
    assert code == (Exit.PROBLEMS if proves else Exit.DONE)
    assert ("not proved of all that was given: " in out) is proves
    assert "half.yaml: problem: " in said
    assert "`Nonsense`" in said
    assert " stands for " in said
    if command.startswith("cover"):
        assert main([*command.split(), "--at-least", "0"]) == Exit.PROBLEMS
        assert "not judged of all that was given: " in capsys.readouterr().out
    main(["check", "half.yaml"])
    assert " stands for " in capsys.readouterr().err


def test_a_variable_of_one_template_alone_leaves_the_other_proved(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "project/template.yaml", "project/template.yaml", "--var", "Stage=live"]) == Exit.DONE
    assert "expected a parameter of the template but got `Stage`" in capsys.readouterr().err


def test_mail_of_every_kind_beside_answers_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mail" / "below").mkdir(parents=True)
    shutil.copy(folder / "message.eml", folder / "mail" / "one.eml")
    (folder / "mail" / "one.answers.json").write_text("[]")
    shutil.copy(folder / "message.eml", folder / "mail" / "below" / "two.eml")
    (folder / "mail" / "box.mbox").write_bytes(b"From bo Fri Jan  2 10:05:05 2026\nTo: ana@example.com\n\nhi\n")
    main(["cover", "clean.json", "mail"])
    assert "covered by 3 messages" in capsys.readouterr().out


# arguments, exit code, what the one line says
WRONG = [
    ("check absent.json", Exit.INPUT, "cannot read account `absent.json`"),
    ("check absent.yaml", Exit.INPUT, "absent.yaml"),
    ("check broken.json", Exit.INPUT, "is not JSON"),
    ("unreachable absent.json", Exit.INPUT, "cannot read account"),
    ("diff clean.json absent.json", Exit.INPUT, "cannot read account"),
    ("check other.json", Exit.INPUT, "account `other.json` has no member of an account: other.json:1:2: name: "),
    ("diff clean.json other.json", Exit.INPUT, "account `other.json` has no member of an account: "),
    ("diff clean.json dead.json --var Stage=x", Exit.USAGE, "--var has no effect without a template: `clean.json` is"),
    ("check clean.json --var Stage=x", Exit.USAGE, "--var has no effect without a template"),
    ("cover clean.json --region eu-west-1", Exit.USAGE, "--region has no effect without a template"),
    ("diff clean.json dead.json --out message.eml", Exit.INPUT, "cannot write to `message.eml`"),
    ("cover clean.json absent", Exit.INPUT, "absent"),
    ("cover clean.json message.eml --out corpus", Exit.USAGE, "--out has no effect with mail"),
    ("mutants clean.json message.eml --tests project", Exit.USAGE, "expected mail or --tests but got both"),
    ("mutants clean.json --tests project", Exit.INPUT, "expected tests that pass for the account as it is"),
    ("why absent.eml --account clean.json", Exit.INPUT, "absent.eml"),
    ("why wrong.eml --account gated.json", Exit.INPUT, "a `disposition` that is `CONTINUE`"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG, ids=[row[0] for row in WRONG])
@pytest.mark.slow
def test_wrong_input_is_one_line(
    arguments: str, code: Exit, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_an_unknown_code_is_no_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["check", "clean.json", "--ignore", "backscater"])
    assert end.value.code == Exit.USAGE
    assert "did you mean `backscatter`?" in capsys.readouterr().err


def test_a_corpus_that_was_written_covers_all_when_it_is_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cover", "gated.json", "--out", "corpus"]) == Exit.DONE
    assert (folder / "corpus" / "001.answers.json").exists()
    assert main(["cover", "gated.json", "corpus", "--at-least", "100"]) == Exit.DONE
    capsys.readouterr()
    rows = json.loads((folder / "corpus" / "002.answers.json").read_text())
    assert [row["disposition"] for row in rows] == ["STOP_RULE"]
    assert main(["why", "corpus/002.eml", "--account", "gated.json"]) == Exit.DONE
    assert "■ stop    LambdaAction #2" in capsys.readouterr().out


def test_the_mail_of_a_difference_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "clean.json", "dead.json", "--out", "differences"]) == Exit.PROBLEMS
    for path in sorted((folder / "differences").glob("*.eml")):
        before, after = (ses.Receiver(ACCOUNTS[name], seed=1).replay(path)[0] for name in ("clean.json", "dead.json"))
        assert before.rules != after.rules or before.replies != after.replies


@pytest.mark.slow
def test_a_suite_is_run_for_each_mutant(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "suite").mkdir()
    (folder / "suite" / "test_ana.py").write_text(
        "def test_the_domain_is_ours(ses_account):\n    assert ses_account.is_verified('example.com')\n"
    )
    assert main(["mutants", "bare.json", "--tests", "suite"]) == Exit.DONE
    assert capsys.readouterr().out.startswith("1 mutant: 1 noticed, 0 survived")
