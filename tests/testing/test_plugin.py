"""The plugin in projects of its own: fixtures, what a failing test prints, coverage with a threshold, wrong input."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest
import yaml
from moto_server import moto_server

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests" / "cases" / "pytest_project"
PAGE = ROOT / "notebooks" / "pytest.md"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """The example project in a folder of its own."""
    shutil.copytree(PROJECT, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # In the project of a user a warning is a warning.
    quick = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:nbval", "-W", "default")
    return pytester.runpytest_inprocess(*quick, *arguments, plugins=[Imported(pytester.path)])


class Imported:
    """Notes the libraries that an inner run has loaded."""

    modules: ClassVar[dict[str, ModuleType]] = {}

    def __init__(self, project: Path) -> None:
        self.project = str(project)

    def pytest_unconfigure(self) -> None:
        for name, module in sys.modules.items():
            if not str(getattr(module, "__file__", None) or "").startswith(self.project):
                self.modules.setdefault(name, module)


@pytest.fixture(autouse=True)
def _libraries_stay_loaded() -> Iterator[None]:
    """pytester forgets what was imported in it, and a library written in Rust must not be loaded twice."""
    yield
    for name, module in Imported.modules.items():
        sys.modules.setdefault(name, module)


def test_the_example_project_passes(project: pytest.Pytester) -> None:
    result = run(project)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["template.yaml:5:3: nothing activates a rule set, *"])


# what a threshold is, whether the run passes, a line of the output
THRESHOLDS = [
    ("--ses-coverage",     0, "81 % covered by 3 messages: 9 of 11 items"),
    ("--ses-coverage=81",  0, "  outcome         2 of 4"),
    ("--ses-coverage=82",  1, "FAIL: expected at least 82 % but got 81.8 %"),
    ("--ses-coverage=100", 1, "  outcome a recipient is refused: TLS is required"),
]  # fmt: skip


@pytest.mark.parametrize(("option", "code", "line"), THRESHOLDS)
def test_coverage_is_told_and_asked_for(project: pytest.Pytester, option: str, code: int, line: str) -> None:
    result = run(project, option)
    assert result.ret == code
    assert line in result.stdout.lines


def test_without_mail_nothing_is_covered(project: pytest.Pytester) -> None:
    result = run(project, "--ses-coverage=1", "-k", "nothing")
    assert "0 % covered by 0 messages: 0 of 11 items" in result.stdout.lines
    project.path.joinpath("pytest.ini").unlink()
    result = run(project, "--ses-coverage=1", "-k", "nothing")
    assert "no test used the fixture ses_receiver, and no template was named" in result.stdout.lines


@pytest.mark.slow
def test_the_counts_of_all_workers_are_added_up(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-n", "2", "--ses-coverage=82")
    assert result.ret == 1
    assert "81 % covered by 3 messages: 9 of 11 items" in result.stdout.lines


# the body of a test, lines of what it prints when it fails
FAILING = [
    ('assert_delivered(ses_mail("billing@example.com").receive(ses_receiver), "inbx")',
     ["*expected a delivery to `inbx` but the mail went to `s3://inbox/billing/*",
      "*did you mean `inbox`?", "*step 4, evaluation of mail*"]),
    ('assert_delivered(ses_mail("billing@example.com", tls=False).receive(ses_receiver))',
     ["*expected a delivery but the mail was refused with `530 5.7.0 *`: every matching rule requires TLS*",
      "*TlsPolicy: every matching rule requires TLS*"]),
    ('assert_bounced(ses_mail("nobody@example.com").receive(ses_receiver))',
     ["*expected a bounce but the mail was refused with `550 5.1.1 *`, which is no bounce (see assert_refused)"]),
    ('assert_not_delivered(ses_mail("billing@example.com").receive(ses_receiver), "inbox", rule="billing")',
     ["*expected no delivery to `inbox` by the rule `billing` but the mail went to `s3://inbox/billing/*"]),
    ('assert ses_mail("desk@example.com").receive(ses_receiver).rules == ()',
     ["*what became of the mail*", "decided: `closed` fires*", "step 4, evaluation of mail*"]),
    ('[ses_mail("desk@example.com").receive(ses_receiver) for _ in range(5)]; assert False',
     ["(2 earlier left out)", "*`closed` fires*"]),
    ("assert_equivalent(ses_receiver.account, ses_receiver.account.replace(filters=()))",
     ["*expected two accounts that treat all mail alike but there are * differences",
      "*shown by a mail to billing@example.com; from 203.0.113.1*", "*filter `test-net`*"]),
    ('assert_holds(must(ses_receiver.account, "accepted", recipients="desk@example.com"), ses_receiver.account)',
     ["*is broken*", "*shown by a mail to desk@example.com; from 203.0.113.1*", "*filter `test-net`: Block*"]),
    ("assert_holds(equivalent(ses_receiver.account, ses_receiver.account.activate(None)))",
     ["*both accounts treat all mail alike: is broken*", "*shown by a mail to *"]),
]  # fmt: skip

_HEAD = """
from sesreceive import equivalent, must
from sesreceive.testing import *


def test(ses_receiver, ses_mail):
    {body}
"""


@pytest.mark.parametrize(("body", "lines"), FAILING)
def test_a_failing_test_says_why(project: pytest.Pytester, body: str, lines: list[str]) -> None:
    project.makepyfile(test_failing=_HEAD.format(body=body))
    result = run(project, "test_failing.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(lines)


def test_a_soft_assertion_warns_and_goes_on(project: pytest.Pytester) -> None:
    body = 'assert not assert_delivered(ses_mail("desk@example.com").receive(ses_receiver), soft=True)'
    project.makepyfile(test_soft=_HEAD.format(body=body))
    result = run(project, "test_soft.py")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*test_soft.py:6: SoftAssertionWarning: expected a delivery but the mail bounced*"])


def test_mail_over_smtp_meets_the_same_rules(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_smtp="""
        from sesreceive.testing import assert_delivered


        def test(ses_smtp, ses_mail):
            assert ses_mail("billing@example.com").send(ses_smtp).accepted
            (reception,) = ses_smtp.wait_for(1)
            assert_delivered(reception, "s3://inbox/billing/")
        """
    )
    run(project, "test_smtp.py").assert_outcomes(passed=1)


def test_fixtures_are_overridden_as_any(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        import sesreceive as ses
        from sesreceive.testing import assert_delivered, assert_not_delivered, make_account, make_rule


        @pytest.fixture
        def ses_account():
            gate = ses.LambdaAction(
                function_arn="arn:aws:lambda:us-east-1:111122223333:function:gate", invocation_type="RequestResponse"
            )
            return make_account(make_rule("all", gate, ses.S3Action(bucket_name="inbox")))


        @pytest.fixture
        def ses_functions():
            return {"gate": lambda event, context: {"disposition": "STOP_RULE"}}


        def test(ses_receiver, ses_mail):
            reception = ses_mail("ana@example.com").receive(ses_receiver)
            assert_delivered(reception, "gate")
            assert_not_delivered(reception, "inbox")
        """
    )
    result = run(pytester, "--ses-coverage")
    result.assert_outcomes(passed=1)
    assert "  disposition     1 of 3" in result.stdout.lines


# files, arguments, exit code, a line of the output
WRONG = [
    ({}, [], 1, "expected the template of the account under test: give --ses-account=PATH, or write *"),
    ({}, ["--ses-account=none.yaml"], 1, "expected a file or folder but there is no *none.yaml`"),
    ({}, ["--ses-coverage=most"], 4, "*expected a number from 0 to 100, as in --ses-coverage=90, but got 'most'"),
    ({}, ["--ses-coverage=101"], 4, "*expected a number from 0 to 100, as in --ses-coverage=90, but got '101'"),
    ({"a.json": '{"Rules": [{"Name": "a b"}], "Metadata": {"Name": "main"}}'}, ["--ses-account=a.json"], 1,
     "rule_sets?0?.rules?0?.name: expected *"),
    ({"a.json": "{"}, ["--ses-account=a.json"], 1, "a.json:1:2: expected JSON: *"),
    ({"a.json": '{"Identities": ["example.com"]}'}, ["--ses-account=a.json", "--ses-zone=z"], 1, "cannot read zone *"),
    ({"a.json": '{"Identities": ["example.com"]}'}, ["--ses-account=a.json", "--ses-var=x"], 1,
     "--ses-var: expected `name=value` but got `x`"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "arguments", "code", "line"), WRONG)
def test_wrong_input_is_one_sentence(
    pytester: pytest.Pytester, files: dict[str, str], arguments: list[str], code: int, line: str
) -> None:
    for name, text in files.items():
        pytester.path.joinpath(name).write_text(text)
    pytester.makepyfile("def test(ses_receiver): pass")
    result = run(pytester, *arguments)
    assert result.ret == code
    result_lines = result.stdout if code == 1 else result.stderr
    result_lines.fnmatch_lines([line])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_the_plugin_imports_nothing_heavy() -> None:
    heavy = [
        "boto3",
        "hypothesis",
        "ipywidgets",
        "matplotlib",
        "numpy",
        "pandas",
        "sesreceive.analysis.compare",
        "yaml",
    ]
    code = (
        "import sys, importlib.metadata as m\n"
        "[entry] = m.entry_points(group='pytest11', name='sesreceive')\n"
        "before = set(sys.modules)\nentry.load()\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_without_hypothesis_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\nimport sesreceive as ses, sesreceive.testing\n"
        "try: import sesreceive.testing.strategies\nexcept ses.MissingExtraError as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said = "sesreceive.testing.strategies needs `hypothesis`: install it with `pip install 'sesreceive[testing]'`"
    assert result.stdout.strip() == said


# ---------------------------------------------------------------- the page


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_page_shows_the_example_project() -> None:
    assert blocks("ini") == [(PROJECT / "pytest.ini").read_text(encoding="utf-8")]
    assert blocks("python")[0] == (PROJECT / "test_rules.py").read_text(encoding="utf-8")


def test_the_other_examples_of_the_page_run(project: pytest.Pytester) -> None:
    _, functions, deployed, permitted, intents, mail = blocks("python")
    project.path.joinpath("conftest.py").write_text(functions)
    project.path.joinpath("test_deployed.py").write_text(deployed)
    project.path.joinpath("test_permitted.py").write_text(permitted)
    project.path.joinpath("test_intents.py").write_text(intents)
    project.path.joinpath("test_mail.py").write_text(mail)
    shutil.copy(project.path / "template.yaml", project.path / "deployed.yaml")
    run(project).assert_outcomes(passed=8)


@pytest.mark.slow
def test_the_workflow_runs_in_the_example_project(project: pytest.Pytester) -> None:
    """Each `run` line but the first, which installs what runs here; that one names extras that there are."""
    workflow, _ = map(yaml.safe_load, blocks("yaml"))
    lines = [step["run"] for step in workflow["jobs"]["rules"]["steps"] if "run" in step]
    extras = re.findall(r"sesreceive\[([\w,]+)\]", lines[0])[0].split(",")
    assert set(extras) <= set(metadata("sesreceive").get_all("Provides-Extra") or ())
    for line in lines[1:]:
        words = [sys.executable if word == "python" else word for word in shlex.split(line)]
        result = subprocess.run(words, cwd=project.path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, (line, result.stdout, result.stderr)
    assert (project.path / "report.xml").exists()


@pytest.mark.slow
def test_the_job_of_drift_runs_against_an_endpoint(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its last line, with an endpoint in place of AWS: moto has the template's rules made by hand, one of them off."""
    import boto3

    import sesreceive as ses
    from sesreceive.cli import main

    _, workflow = map(yaml.safe_load, blocks("yaml"))
    *_, install, command = [step["run"] for step in workflow["jobs"]["drift"]["steps"] if "run" in step]
    assert install.startswith("pip install")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto_server() as url:
        client = boto3.client("ses", region_name="eu-west-1", endpoint_url=url)
        there = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3", region_name="eu-west-1", endpoint_url=url).create_bucket(
            Bucket="inbox", CreateBucketConfiguration=there
        )
        client.create_receipt_rule_set(RuleSetName="mail")
        for rule in ses.load(project.path / "template.yaml").account["mail"].rules:
            made = rule.replace(enabled=rule.name == "billing")
            client.create_receipt_rule(RuleSetName="mail", Rule=made.to_api())
        monkeypatch.chdir(project.path)
        code = main([*shlex.split(command)[3:], "--endpoint-url", url])
    assert code == 1
    assert "rule closed: not alike: enabled is False, in the template True" in capsys.readouterr().out


def test_a_mail_that_may_not_be_stored_fails_with_what_to_add(project: pytest.Pytester) -> None:
    template = project.path / "template.yaml"
    template.write_text(template.read_text().replace("Action: s3:PutObject", "Action: s3:GetObject"))
    result = run(project)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(['*permission: add to the policy of the bucket `inbox`: {"Sid": "AllowSESPuts"*'])
    project.path.joinpath("conftest.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef ses_permissions():\n    return None\n"
    )
    run(project).assert_outcomes(passed=3)
