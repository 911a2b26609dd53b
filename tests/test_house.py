"""The files around the code: workflows, hooks and templates can be read, and say what the project says."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from sesreceive.cli import main

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TEMPLATES = ROOT / ".github" / "ISSUE_TEMPLATE"

pytestmark = pytest.mark.skipif(not TEMPLATES.is_dir(), reason="a source distribution has none of these files")


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def workflow(name: str) -> dict[str, Any]:
    loaded: dict[Any, Any] = read(f".github/workflows/{name}.yml")
    assert True in loaded or "on" in loaded  # YAML 1.1 reads the word `on` as true
    return loaded


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_the_workflow_runs_every_check_and_the_quick_ones_on_each_python() -> None:
    jobs = workflow("ci")["jobs"]
    assert ".ci/run" in commands(jobs["everything"])
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make quick" in commands(jobs["quick"])
    first = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = re.search(r"Python (3)\.(\d+) to 3\.(\d+)", first)
    assert pinned is not None
    versions = [f"3.{minor}" for minor in range(int(pinned[2]), int(pinned[3]) + 1)]
    assert jobs["quick"]["strategy"]["matrix"]["python"] == versions
    assert versions[0] == PROJECT["requires-python"].removeprefix(">=")
    declared = {row.rpartition(" ")[2] for row in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", row)}
    assert declared <= set(versions)


def test_the_release_is_tried_before_it_is_published_and_needs_no_password() -> None:
    jobs = workflow("release")["jobs"]
    assert jobs["publish"]["needs"] == "try"
    assert jobs["try"]["needs"] == "build"
    assert "sesreceive demo" in commands(jobs["try"])
    assert {Path(file).suffix for file in jobs["try"]["strategy"]["matrix"]["file"]} == {".whl", ".gz"}
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["ci", "release"])
def test_workflows_may_read_only_and_use_actions_of_one_major(name: str) -> None:
    loaded = workflow(name)
    assert loaded["permissions"] == {"contents": "read"}
    for job in loaded["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(release/)?v\d+", step.get("uses", "a/b@v1"))


def test_hooks_are_of_the_environment_and_leave_outputs_alone() -> None:
    hooks = [hook for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert [hook["id"] for hook in hooks] == ["ruff-format", "ruff-check", "mypy"]
    assert all(hook["entry"].startswith(".venv/bin/python -m ") and hook["language"] == "system" for hook in hooks)


def test_what_is_cited_is_this_version() -> None:
    citation = read("CITATION.cff")
    assert (citation["title"], citation["version"], citation["license"]) == (
        PROJECT["name"], PROJECT["version"], PROJECT["license"],
    )  # fmt: skip
    assert citation["authors"] == [{"name": "The sesreceive developers"}]
    assert citation["keywords"] == PROJECT["keywords"]


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_a_template_is_a_form(name: str) -> None:
    form = read(f".github/ISSUE_TEMPLATE/{name}.yml")
    assert {"name", "description", "body"} <= form.keys()
    ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(set(ids)) == len(ids)
    for part in form["body"]:
        assert part["type"] in {"markdown", "textarea", "input", "dropdown", "checkboxes"}
        assert part["attributes"].get("value" if part["type"] == "markdown" else "label")


def test_a_bug_report_asks_for_what_redact_writes(tmp_path: Path) -> None:
    form = (TEMPLATES / "bug.yml").read_text(encoding="utf-8")
    mail = min((ROOT / "datasets" / "first-steps" / "mail").glob("*.eml"))
    assert main(["redact", str(mail), "--out", str(tmp_path / "bundle")]) == 0
    for path in (tmp_path / "bundle").iterdir():
        assert path.name == "README.txt" or path.name in form
    required = {part["id"] for part in read(".github/ISSUE_TEMPLATE/bug.yml")["body"] if part.get("validations")}
    assert {"message", "envelope", "explain"} <= required
    command = re.search(r"sesreceive (redact .*)", form)
    assert command is not None
    from sesreceive.cli import build_parser

    assert build_parser().parse_args(command[1].split()).out == "bundle"
