"""nbgrader and otter-grader grade exercises as they come: what `check` gives is a plain value with a score.

Each grades a learner who is wrong, one who is right, and one who has done a part.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.environments import python_with

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(600)]

GRADERS = ("otter-grader==7.0.0", "nbgrader==0.9.6")
OURS = (
    "aiosmtpd>=1.4.6,<2",
    "cryptography>=42",
    "dkimpy>=1.1.8",
    "dnspython>=2.6",
    "publicsuffixlist",
    "pyspf>=2.0.14",
)

# Learner → what stands in the answer cells: the letter of a question, and an account that is graded in parts.
START = "account = ses.lessons.exercise('proving/three-claims').start"
STRICT = (
    f"{START}\n"
    "rules = [one.replace(tls_policy='Require') for one in account.active_rule_set.rules]\n"
    "account = account.with_rule_set(account.active_rule_set.replace(rules=tuple(rules)))"
)
BOUNCES = "ses.lessons.exercise('order/bounce')"
RIGHT = f"letter = next(key for key, text in {BOUNCES}.choices.items() if text == 'it is bounced, and stored')"
WRONG = f"letter = next(key for key, text in {BOUNCES}.choices.items() if text == 'it is stored')"
# Points of 2 for the letter and of 3 for the parts.
LEARNERS = {"wrong": (WRONG, START, 0, 0), "part": (RIGHT, STRICT, 2, 1)}


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with("graders", *GRADERS, *OURS)


def run(python: Path, folder: Path, *command: str) -> str:
    # nbgrader calls `alembic` by its name, and the scripts of a kept environment do not run.
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "alembic").write_text(f'#!/bin/sh\nexec "{python}" -m alembic "$@"\n')
    (tools / "alembic").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    done = subprocess.run(
        [str(python), *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# ---------------------------------------------------------------- otter

OTTER_TEST = """
OK_FORMAT = False
from otter.test_files import test_case

name = "exercises"
points = None

@test_case(points=2, name="letter")
def test_letter(letter):
    import sesreceive as ses
    assert ses.lessons.check("order/bounce", letter).passed

def part(name):
    def test(account):
        import sesreceive as ses
        parts = {one.name: one for one in ses.lessons.check("proving/three-claims", account).parts}
        assert parts[name].passed, parts[name].message
    return test

test_tls = test_case(points=1, name="tls")(part("tls"))
test_abuse = test_case(points=1, name="abuse")(part("abuse"))
test_bounce = test_case(points=1, name="no-bounce")(part("no-bounce"))
"""

OTTER = """
import json, sys
import otter
import sesreceive as ses
{letter}
{account}
grader = otter.Notebook(tests_dir="tests")
graded = grader.check("exercises", global_env=globals())
print(json.dumps([[case.test_case.name, case.test_case.points, case.passed] for case in graded.test_case_results]))
"""


@pytest.mark.parametrize("learner", LEARNERS)
def test_otter_gives_the_points(python: Path, tmp_path: Path, learner: str) -> None:
    letter, account, letter_points, part_points = LEARNERS[learner]
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "exercises.py").write_text(OTTER_TEST)
    (tmp_path / "grade.py").write_text(OTTER.format(letter=letter, account=account))
    rows = json.loads(run(python, tmp_path, "grade.py").strip().splitlines()[-1])
    points = {name: points * passed for name, points, passed in rows}
    assert points.pop("letter") == letter_points
    assert len(points) == 3
    assert sum(points.values()) == part_points


# ---------------------------------------------------------------- nbgrader


def cell(grade_id: str, source: str, **said: Any) -> dict[str, Any]:
    marks = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, **said}
    return {
        "cell_type": "code",
        "id": grade_id,
        "metadata": {"nbgrader": {"grade_id": grade_id, **marks}},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def notebook(letter: str, account: str) -> str:
    cells = [
        cell("begin", "import sesreceive as ses", locked=True),
        cell("letter", letter, solution=True),
        cell(
            "letter-points",
            "assert ses.lessons.check('order/bounce', letter).passed",
            grade=True,
            locked=True,
            points=2,
        ),
        cell("account", account, solution=True),
        # The value of the last line counts as points, where it is a number.
        cell(
            "account-points",
            "ses.lessons.check('proving/three-claims', account).score * 3",
            grade=True,
            locked=True,
            points=3,
        ),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


READ = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    graded = {one.student.id: {grade.name: grade.auto_score for grade in one.notebooks[0].grades}
              for one in book.assignment_submissions("ps1")}
print(json.dumps(graded))
"""


def test_nbgrader_gives_the_points(python: Path, tmp_path: Path) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'course'\n")
    source = tmp_path / "source" / "ps1"
    source.mkdir(parents=True)
    (source / "exercises.ipynb").write_text(notebook("### BEGIN SOLUTION\nletter = 'a'\n### END SOLUTION", START))
    run(python, tmp_path, "-m", "nbgrader", "generate_assignment", "ps1")
    assert "BEGIN SOLUTION" not in (tmp_path / "release" / "ps1" / "exercises.ipynb").read_text()
    for learner, (letter, account, *_) in LEARNERS.items():
        handed_in = tmp_path / "submitted" / learner / "ps1"
        handed_in.mkdir(parents=True)
        (handed_in / "exercises.ipynb").write_text(notebook(letter, account))
    run(python, tmp_path, "-m", "nbgrader", "autograde", "ps1")
    graded = json.loads(run(python, tmp_path, "-c", READ).strip().splitlines()[-1])
    for learner, (*_, letter_points, part_points) in LEARNERS.items():
        assert graded[learner] == {"letter-points": letter_points, "account-points": pytest.approx(part_points)}
