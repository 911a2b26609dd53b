"""Every wrong use of the command line is answered with one line that says what was expected, and its own exit code."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.cli import build_parser, main
from sesreceive.cli.accounts import checked
from sesreceive.cli.exits import MEANINGS, Exit
from sesreceive.cli.parser import Parser
from sesreceive.effects import PutObject
from sesreceive.interrupt import is_command_line
from sesreceive.mail.corpus import Item, read
from sesreceive.redact.bundle import redact

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "datasets" / "first-steps"


def _stored(folder: Path) -> None:
    """An object as the sample's account stores it, for the command that reads what SES wrote."""
    receiver = ses.datasets.load(SAMPLE.name, functions=False).receiver(seed=1)
    envelope = ses.Envelope.from_json((SAMPLE / "mail" / "0001-invoice.envelope.json").read_bytes())
    reception = receiver.receive((SAMPLE / "mail" / "0001-invoice.eml").read_bytes(), envelope)
    (stored,) = [effect for effect in reception.effects if isinstance(effect, PutObject)]
    folder.mkdir()
    (folder / reception.message_id).write_bytes(stored.body)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with mail, an account, a zone, a template, and files that are none of these."""
    shutil.copytree(SAMPLE / "mail", tmp_path / "mail")
    shutil.copy(SAMPLE / "account.json", tmp_path)
    shutil.copy(SAMPLE / "zone.txt", tmp_path)
    shutil.copy(SAMPLE / "mail" / "0001-invoice.eml", tmp_path / "message.eml")
    (tmp_path / "empty").mkdir()
    _stored(tmp_path / "captures")
    (tmp_path / "binary.eml").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "latin.txt").write_bytes(b"example.org. TXT \xe4\n")
    (tmp_path / "main.tf").write_text("# nothing\n", encoding="utf-8")
    text = (SAMPLE / "account.json").read_text(encoding="utf-8")
    (tmp_path / "unread.json").write_text(text.replace('"Filters": [', '"Filters": [,'), encoding="utf-8")
    twice = text.replace('"Enabled": true', '"Enabled": true, "Enabled": false', 1)
    (tmp_path / "twice.json").write_text(twice, encoding="utf-8")
    wrong = text.replace("203.0.113.0/24", "203.0.113.0/33").replace('"Recipients"', '"Recipient"', 1)
    (tmp_path / "wrong.json").write_text(wrong, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


USAGE, INPUT, ACCOUNT, SERVER = Exit.USAGE, Exit.INPUT, Exit.CONFIGURATION, Exit.SERVER
MISTAKES = [
    # arguments                                             code     what the line says
    ("",                                                    USAGE,   "expected a command: `demo`"),
    ("repaly",                                              USAGE,   "did you mean `replay`?"),
    ("demo extra",                                          USAGE,   "nothing more but got `extra`"),
    ("demo --tab rules",                                    USAGE,   "did you mean `--table`?"),
    ("demo --tabel rules",                                  USAGE,   "did you mean `--table`?"),
    ("demo --table ruls",                                   USAGE,   "did you mean `rules`?"),
    ("demo --account account.json",                         USAGE,   "there is no option `--account` (see"),
    ("demo --dataset anycompny",                            INPUT,   "did you mean `anycompany`?"),
    ("demo --dataset",                                      USAGE,   "--dataset: expected one argument"),
    ("demo --out ''",                                       USAGE,   "--out: expected the name of a file"),
    ("demo --out account.json",                             INPUT,   "cannot write to `account.json`"),
    ("demo --out account.json/tables",                      INPUT,   "account.json` is a file"),
    ("demo --all --table rules",                            USAGE,   "expected --all or --table"),
    ("replay ''",                                           USAGE,   "source: expected the name of a file"),
    ("replay mail --out account.json",                      INPUT,   "cannot write to `account.json`"),
    ("replay mial",                                         INPUT,   "did you mean `mail`?"),
    ("replay empty --account account.json",                 INPUT,   "there is no file in `empty`"),
    ("replay binary.eml --account account.json",            INPUT,   "it is a PNG image"),
    ("replay account.json --account account.json",          INPUT,   "`account.json` is no mail: it is JSON"),
    ("replay mail --account acount.json",                   INPUT,   "did you mean `account.json`?"),
    ("replay mail --account mail",                          INPUT,   "`sesreceive load mail` reads templates"),
    ("replay mail --account main.tf",                       INPUT,   "`sesreceive load main.tf` reads"),
    ("replay mail --account unread.json",                   INPUT,   "not JSON: line 5, column 15"),
    ("replay mail --account twice.json",                    INPUT,   "the member `Enabled` is given twice"),
    ("replay mail --account wrong.json",                    ACCOUNT, "wrong.json:6:64: filters[0].cidr: expected"),
    ("replay mail --account account.json --zone zne.txt",   INPUT,   "did you mean `zone.txt`?"),
    ("replay mail --account account.json --zone latin.txt", INPUT,   "it is no UTF-8 text"),
    ("replay mail --account account.json --seed x",         USAGE,   "--seed: expected a number from 0"),
    ("explain message.eml --received-at yesterday",         INPUT,   "--received-at: expected a time"),
    ("explain",                                             USAGE,   "expected message but got nothing"),
    ("explain 010",                                         INPUT,   "`0101-one-of-two`, `0102-no-rule`"),
    ("explain 0001-invoyce",                                INPUT,   "did you mean `0001-invoice`?"),
    ("explain binary.eml",                                  INPUT,   "it is a PNG image"),
    ("check absent.json",                                   INPUT,   "cannot read account `absent.json`"),
    ("check a b",                                           USAGE,   "nothing more but got `b`"),
    ("redact message.eml",                                  USAGE,   "expected --out but got nothing"),
    ("redact mail --out bundle",                            INPUT,   "it holds more than one"),
    ("redact mesage.eml --out bundle",                      INPUT,   "did you mean `message.eml`?"),
    ("lessons ordr",                                        INPUT,   "lessons: expected `path`, `filters`"),
    ("lessons order/stopp",                                 INPUT,   "did you mean `stop`?"),
    ("class make monday",                                   INPUT,   "students: expected names, each once"),
    ("class make mail --student ana --exercise order",      INPUT,   "`mail` has something in it"),
    ("class make monday --students zne.txt",                INPUT,   "did you mean `zone.txt`?"),
    ("class grade mail",                                    INPUT,   "cannot read class `mail/class.json`"),
    ("class grade mail --csv nowhere/x.csv",                INPUT,   "there is no folder `nowhere`"),
    ("class grade mail --csv empty",                        INPUT,   "cannot write `empty`: it is a folder"),
    ("fidelity captures --html mial/score.html",            INPUT,   "did you mean `mail`?"),
    ("load absent",                                         INPUT,   "there is no file or folder `absent`"),
    ("load unread.json --save out.json",                    INPUT,   "expected a value but got `,`"),
    ("load account.json --var x",                           USAGE,   "--var: expected `name=value`"),
    ("load account.json --region Ireland",                  USAGE,   "--region: expected a region such as `us-east-1`"),
    ("check account.json --region eu-west",                 USAGE,   "a region such as `us-east-1` but got `eu-west`"),
    ("drift t.yaml --account account.json --region ''",     USAGE,   "--region: expected a region such as `us-east-1`"),
    ("load account.json --to teraform",                     USAGE,   "did you mean `terraform`?"),
    ("providers",                                           USAGE,   "expected a command: `fetch`"),
    ("providers fetch ec3 --out x",                         USAGE,   "did you mean `ec2`?"),
    ("scanners stop",                                       USAGE,   "expected `start` but got `stop`"),
    ("serve --out account.json",                            INPUT,   "cannot write to `account.json`"),
    ("serve --port 99999",                                  USAGE,   "--port: expected a number from 0 to 65535"),
    ("serve --count 0",                                     USAGE,   "--count: expected a number from 1"),
    ("serve --grace -1",                                    USAGE,   "--grace: expected a number of seconds"),
    ("serve --data account.json",                           INPUT,   "`account.json` is a file"),
    ("serve --host 192.0.2.1 --dataset first-steps",        SERVER,  "no address of this machine"),
    ("serve --subscribe x --dataset first-steps",           USAGE,   "--subscribe: expected TOPIC_ARN=URL"),
    ("serve --fault graylist",                              USAGE,   "did you mean `greylist`?"),
    ("serve --fault latency,number=3",                      USAGE,   "expected `seconds=…` or `times=…`"),
    ("serve --fault close,at=NOON",                         USAGE,   "--fault `close,at=NOON`: at: expected `CONNECT`"),
    ("serve --dataset first-steps --subscribe arn:aws:sns:us-east-1:111122223333:suport=http://localhost/", USAGE,
     "did you mean `arn:aws:sns:us-east-1:111122223333:support`?"),
    ("serve --ui 99999",                                    USAGE,   "--ui: expected a number from 0 to 65535"),
    ("serve --ui inbox",                                    USAGE,   "--ui: expected a number from 0 to 65535"),
    ("serve --seed 1 --data kept",                          USAGE,   "expected none with --data"),
    ("completion fish",                                     USAGE,   "expected `bash`, `zsh` or `tcsh`"),
    # an option that has no effect
    ("replay --zone zone.txt",                              USAGE,   "--zone has no effect without --account"),
    ("replay --format json",                                USAGE,   "--format has no effect without --out"),
    ("replay --table rules --out tables",                   USAGE,   "--table has no effect with --out"),
    ("replay mail --account account.json --dataset zoo",    USAGE,   "--dataset has no effect with --account"),
    ("replay mail --account account.json --no-functions",   USAGE,   "--no-functions has no effect with"),
    ("replay --out tables --parquet rows",                  USAGE,   "--out has no effect with --parquet"),
    ("replay --table rules --parquet rows",                 USAGE,   "--table has no effect with --out or --parquet"),
    ("replay --resume",                                     USAGE,   "--resume has no effect without --parquet"),
    ("replay --parquet rows --resume",                      INPUT,   "there is no replay in `rows` to go on with"),
    ("replay mail --parquet account.json",                  INPUT,   "cannot write to `account.json`"),
    ("replay binary.eml --parquet rows",                    INPUT,   "it is a PNG image"),
    ("demo --all --out tables",                             USAGE,   "--all has no effect with --out"),
    ("serve --sns-host sns.example.com",                    USAGE,   "--sns-host has no effect without"),
    ("serve --sns-certificate sns.pem",                     USAGE,   "--sns-certificate has no effect without"),
]  # fmt: skip


def run(line: str) -> int:
    try:
        return main(shlex.split(line))
    except SystemExit as end:
        return Exit(end.code or 0)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("line, code, says", MISTAKES, ids=[line or "nothing" for line, _, _ in MISTAKES])
def test_a_mistake_is_answered_in_one_line(
    line: str, code: Exit, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.startswith("sesreceive")
    # An account is the one thing that may have several problems: all are listed, one a line.
    assert len(err.splitlines()) == 1 or code is ACCOUNT


@pytest.mark.usefixtures("folder")
def test_all_that_is_wrong_with_an_account_is_said_at_once_with_line_and_column(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("check wrong.json") == Exit.PROBLEMS
    lines = capsys.readouterr().out.splitlines()
    text = Path("wrong.json").read_text(encoding="utf-8").splitlines()
    for words in ("`Recipient`; did you mean `Recipients`?", "`203.0.113.0/33`"):
        (problem,) = [line for line in lines if words in line]
        name, line, column, _ = problem.split(":", 3)
        assert name == "wrong.json"
        assert text[int(line) - 1][int(column) - 1] in '"{'
    problems = [line for line in lines if line.startswith("wrong.json:")]
    assert sorted(problems) == sorted(set(problems))


@pytest.mark.usefixtures("folder")
def test_every_member_that_is_given_twice_is_placed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("many.json").write_text('{"Region": "x",\n "Region": "y",\n "Filters": [], "Filters": []}', encoding="utf-8")
    assert run("check many.json") == Exit.INPUT
    assert capsys.readouterr().err == (
        "sesreceive: account `many.json`: line 2, column 2: the member `Region` is given twice; "
        "line 3, column 17: the member `Filters` is given twice\n"
    )


# what is run                                                  whether somebody else's account judged it unasked
JUDGED = [
    ("replay message.eml",                                        True),
    ("explain message.eml",                                       True),
    ("replay message.eml --dataset anycompany",                   False),
    ("replay message.eml --account account.json",                 False),
    ("replay --dataset first-steps",                              False),
    ("explain 0001",                                              False),
]  # fmt: skip


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("line, noted", JUDGED)
def test_mail_of_ones_own_that_the_sample_account_judges_says_so(
    line: str, noted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == Exit.DONE
    assert ("judged by the account of the sample data" in capsys.readouterr().err) == noted


# ---------------------------------------------------------------- help


def parsers(parser: argparse.ArgumentParser) -> Iterator[Parser]:
    assert isinstance(parser, Parser)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


COMMANDS = list(parsers(build_parser()))
# Examples that are not run here → why.
NOT_RUN = {
    "sesreceive check account.json": "ends with 1, since it has a warning; tests/test_proving.py runs it",
    "sesreceive diff deployed.json template.yaml --out differences": "ends with 1; tests/test_proving.py runs it",
    "sesreceive providers fetch ec2 --out ip-ranges.json": "asks a host on the internet",
    "sesreceive serve --port 0 --dataset first-steps --ui 0": "tests/browser/test_page_browser.py opens it",
    "sesreceive scanners start --once": "starts what is installed; tests/scan does",
    "sesreceive class grade monday --csv grades.csv": "wants a class; tests/lessons/test_class_kit.py makes one",
}
EXAMPLES = sorted({line for parser in COMMANDS for line in parser.examples})
TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: live}
Resources:
  Rules:
    Type: AWS::SES::ReceiptRuleSet
    Properties: {RuleSetName: !Sub "mail-${Stage}"}
"""


@pytest.mark.parametrize("parser", COMMANDS, ids=[parser.prog for parser in COMMANDS])
def test_every_help_has_an_example(parser: Parser) -> None:
    assert parser.examples
    assert all(line in parser.format_help() for line in parser.examples)


@pytest.mark.parametrize("parser", COMMANDS, ids=[parser.prog for parser in COMMANDS])
def test_every_help_fits_into_eighty_columns(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    written = {f"  {line}" for line in parser.examples}  # a command that is pasted stays in one line
    assert [line for line in parser.format_help().splitlines() if len(line) > 80 and line not in written] == []


@pytest.mark.parametrize("line", sorted(set(EXAMPLES) - set(NOT_RUN)))
@pytest.mark.slow
def test_every_example_runs(line: str, folder: Path) -> None:
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (folder / "rules.json").write_text('{"RuleSets": [{"Name": "mail-live", "Rules": []}]}', encoding="utf-8")
    # The program of this environment is the one that is found.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    serves = line.startswith("sesreceive serve")
    if line == "sesreceive serve":  # the usual port may be taken
        line += " --port 0"
    shell = "bash" if shutil.which("bash") else None
    with subprocess.Popen(
        f"exec {line}" if serves else line, shell=True, executable=shell and shutil.which(shell), cwd=folder,
        env=environment, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        if serves:
            assert process.stdout is not None
            while "stop with Ctrl-C" not in process.stdout.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Traceback" not in err


def test_examples_that_are_not_run_exist() -> None:
    assert set(NOT_RUN) <= set(EXAMPLES)


def test_the_exit_codes_are_in_the_help_and_differ() -> None:
    text = build_parser().format_help()
    assert set(MEANINGS) == set(Exit)
    assert len({code.value for code in Exit}) == len(Exit)
    words = " ".join(text.split())
    assert all(f" {code.value} {meaning}" in words for code, meaning in MEANINGS.items())


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    import sesreceive

    assert run("--version") == 0
    assert capsys.readouterr().out == f"sesreceive {sesreceive.__version__}\n"


# ---------------------------------------------------------------- a shell that completes

# what is typed                        what is offered
TYPED = [
    (["sesreceive", "re"],                {"replay", "redact"}),
    (["sesreceive", "replay", "--prov"],  {"--provider-list"}),
    (["sesreceive", "demo", "--table", "mat"], {"matrix"}),
    (["sesreceive", "providers", "fetch", "d"], {"drop"}),
    (["sesreceive", "check", "acc"],      {"account.json"}),
]  # fmt: skip


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("words, offered", TYPED)
@pytest.mark.slow
def test_bash_completes(words: list[str], offered: set[str], folder: Path) -> None:
    script = subprocess.run(
        [sys.executable, "-m", "sesreceive", "completion", "bash"], capture_output=True, text=True, check=True
    ).stdout
    asked = (
        f"{script}\nCOMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}\n"
        "function_name=$(complete -p sesreceive | sed 's/.*-F \\([^ ]*\\) .*/\\1/')\n"
        f"$function_name sesreceive {words[-1]} {words[-2]} 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, cwd=folder)
    assert set(done.stdout.split()) == offered, done.stderr


# ---------------------------------------------------------------- where in an account file it stands

_RULES = '{"RuleSets": [{"Metadata": {"Name": "main"},\n "Rules": ['

# the lines of an account file                                           where, of what, all that is wrong with it is
PLACED = [
    ('{"Filters": [\n{"Name": "a b", "IpFilter": {"Policy": "Block",\n"Cidr": "x"}}]}',
     ["2:2: filters[0].name", "3:1: filters[0].cidr"]),
    # what is behind something that cannot be read is looked at, and where it stands
    ('{"Filters": [\n5,\n{"Name": "a b", "IpFilter": {"Policy": "Block", "Cidr": "10.0.0.0/8"}}]}',
     ["2:1: Filters[0]", "3:2: filters[1].name"]),
    # and so is what stands beside it
    ('{"Filters": [\n{"Name": "a b",\n"IpFilter": {\n"Policy": "Blok",\n"Cidr": "x"}}]}',
     ["4:1: Filters[0].IpFilter.Policy", "2:2: filters[0].name", "5:1: filters[0].cidr"]),
    (_RULES + '\n{"Enabled": true},\n{"Name": "r r"}]}]}',
     ["3:1: RuleSets[0].Rules[0].Name", "4:2: rule_sets[0].rules[1].name"]),
    (_RULES + '{"Name": "r", "Recipients": [\n5,\n"no address@"]}]}]}',
     ["3:1: RuleSets[0].Rules[0].Recipients[0]", "4:1: rule_sets[0].rules[0].recipients[1]"]),
    (_RULES + '{"Name": "r", "Actions": [\n{"Foo": {}},\n{"S3Action": {\n"BucketName": "X"}}]}]}]}',
     ["3:2: RuleSets[0].Rules[0].Actions[0].Foo", "5:1: rule_sets[0].rules[0].actions[1].bucket_name"]),
    ('{"RuleSets": [\n{"Rules": [\n{"Name": "r r"}]}]}',
     ["2:1: RuleSets[0].Metadata", "3:2: rule_sets[0].rules[0].name"]),
    ('{"Identities": {"example.com": {"VerificationStatus": "Success"},\n"a b": {"VerificationStatus": "Success"}}}',
     ["2:1: identities[1].name"]),
    ('{"Identities": ["example.com",\n"a b"]}',
     ["2:1: identities[1].name"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where"), PLACED, ids=["; ".join(where)[:60] for _, where in PLACED])
def test_all_that_is_wrong_with_an_account_is_told_where_it_stands(text: str, where: list[str], tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text(text, encoding="utf-8")
    _, problems = checked(str(path))
    assert [problem.path.removeprefix(f"{path}:") for problem in problems] == where


# ---------------------------------------------------------------- paths that no file has

_ACCOUNT = ses.Account(identities=("example.com",))
_RECEIVER = ses.Receiver(_ACCOUNT, seed=1)
_MAIL = b"Subject: hi\r\n\r\n"

# what takes a path
TAKERS = {
    "Account.load": _ACCOUNT.load,
    "Account.save": _ACCOUNT.save,
    "ProviderList.read": ses.ProviderList.read,
    "Report.save": lambda path: _RECEIVER.replay([_MAIL]).save(path),
    "ReplayFolder": ses.ReplayFolder,
    "load": ses.load,
    "fidelity": ses.fidelity,
    "DirectoryBackend": ses.DirectoryBackend,
    "Handler": ses.Handler,
    "smtp": lambda path: _RECEIVER.smtp(spool=path),
    "replay": _RECEIVER.replay,
    "redact": lambda path: redact(_item()).save(path),
    "covering_corpus": lambda path: ses.covering_corpus(_ACCOUNT).save(path),
    "picture": lambda path: _item_received().diagram().save(path),
}


def _item() -> Item:
    """A message of which the header alone is known."""
    (item,) = read([_MAIL])
    return item


def _item_received() -> ses.Reception:
    (reception,) = _RECEIVER.replay([_item()])
    return reception


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"], ids=["NUL", "surrogate"])
@pytest.mark.parametrize("takes", TAKERS.values(), ids=TAKERS)
def test_a_path_that_no_file_has_is_one_sentence(takes: Callable[[str], Any], path: str) -> None:
    with pytest.raises(ses.SesReceiveError) as caught:
        takes(path)
    assert len(str(caught.value).splitlines()) == 1


# ---------------------------------------------------------------- Ctrl-C

# how the program is started                            whether it is the command line
STARTED = [
    (["python", "/usr/bin/sesreceive", "demo"],            True),
    (["python", "-X", "dev", "-m", "sesreceive"],          True),
    (["python", "-m", "sesreceive.cli", "demo"],           True),
    (["python.exe", "C:/venv/sesreceive-script.py"],       True),
    (["python", "-m", "pytest", "sesreceive"],             False),
    (["python", "-c", "import sesreceive"],                False),
    (["python", "my_program.py", "sesreceive"],            False),
    (["python"],                                           False),
]  # fmt: skip


@pytest.mark.parametrize("arguments, ours", STARTED)
def test_only_the_command_line_takes_ctrl_c_over(arguments: list[str], ours: bool) -> None:
    assert is_command_line(arguments) == ours


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a console, not to a process")
@pytest.mark.parametrize("module", ["sesreceive.errors", "sesreceive.account", "sesreceive.cli.serving", "dns", "csv"])
def test_ctrl_c_while_a_module_loads_prints_nothing(module: str, tmp_path: Path) -> None:
    """The moment is found by the module that is loaded then: the interpreter runs a hook when it has been found."""
    hook = f"""
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""
    (tmp_path / "sitecustomize.py").write_text(hook, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sesreceive", "demo", "--table", "matrix"],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode in (-signal.SIGINT, Exit.INTERRUPTED)
