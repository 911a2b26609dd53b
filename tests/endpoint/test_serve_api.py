"""``sesreceive serve --api`` as a process: what it prints, how it ends, what a kill leaves, what it touches."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from sesreceive.cli import main
from sesreceive.cli.exits import Exit
from tests.endpoint.conftest import Clients
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]

# Options that cannot be meant, the exit code, and a part of the sentence.
TOPIC = "arn:aws:sns:us-east-1:111122223333:mail=http://127.0.0.1:1/"
REFUSED = [
    (["--api", "0", "--subscribe", TOPIC], Exit.USAGE, "aws sns subscribe"),
    (["--api", "0", "--seed", "1", "--data", "kept"], Exit.USAGE, "expected none with --data"),
    (["--api", "0", "--dataset", "first-steps", "--region", "eu-west-1"], Exit.USAGE, "--region: expected none with"),
    (["--api", "0", "--host", "example.com"], Exit.SERVER, "expected an IP address"),
    (["--api", "0", "--region", "nowhere"], Exit.USAGE, "expected a region such as `us-east-1` but got `nowhere`"),
    (["--api", "0", "--region", "no-where-1"], Exit.INPUT, "no-where-1"),
    (["--api", "99999"], Exit.USAGE, "expected a number from 0 to 65535 but got `99999`"),
    (["--region", "eu-west-1"], Exit.USAGE, "no effect without --api"),
    (["--api-name", "mail"], Exit.USAGE, "no effect without --api"),
]


class Serving:
    """A process that serves, and where."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.lines: list[str] = []
        for line in process.stdout:
            self.lines.append(line)
            if line.startswith("stop with"):
                break
        else:
            raise AssertionError(f"it ended: {self.lines}")
        self.smtp = int(self.lines[0].split()[2].rpartition(":")[2])
        self.url = self.lines[1].split()[1].partition("=")[2]
        self.aws = Clients(self.url)

    def get(self, path: str) -> Any:
        with urlopen(self.url + path, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def send(self, rcpt_to: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp) as client:
            client.sendmail("ana@example.org", [rcpt_to], b"Subject: live\r\n\r\nhi\r\n")


@contextmanager
def serving(*options: str, home: Path) -> Iterator[Serving]:
    """A process of its own that serves; ended when it still runs at the end."""
    command = [sys.executable, "-m", "sesreceive", "serve", "--api", "0", "--port", "0", *options]
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=home, env=environment
    ) as process:
        watchdog = threading.Timer(240, process.kill)
        watchdog.start()
        try:
            yield Serving(process)
        finally:
            if process.poll() is None:
                process.kill()
            watchdog.cancel()


def make_rules(aws: Clients) -> None:
    aws.s3.create_bucket(Bucket="inbox")
    ses = aws.ses
    ses.verify_domain_identity(Domain="example.com")
    ses.create_receipt_rule_set(RuleSetName="main")
    store = [{"S3Action": {"BucketName": "inbox"}}]
    ses.create_receipt_rule(RuleSetName="main", Rule={"Name": "all", "Enabled": True, "Actions": store})
    ses.set_active_receipt_rule_set(RuleSetName="main")


def objects(aws: Clients) -> set[str]:
    return {one["Key"] for one in aws.s3.list_objects_v2(Bucket="inbox").get("Contents", ())}


@pytest.mark.slow
@pytest.mark.parametrize("ended_by", ["SIGTERM", "SIGKILL"])
def test_what_was_accepted_is_there_after_a_restart(tmp_path: Path, ended_by: str) -> None:
    with serving("--data", "kept", home=tmp_path) as server:
        make_rules(server.aws)
        for _ in range(3):
            server.send("bo@example.com")
        server.process.send_signal(getattr(signal, ended_by))
        rest, _ = server.process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in rest
    if ended_by == "SIGTERM":
        assert server.process.returncode == 0
        assert "bo@example.com" in rest  # the table of what came
    with serving("--data", "kept", home=tmp_path) as server:
        server.send("bo@example.com")
        server.get(f"/messages?wait=60&count={1 + _left(server)}")
        keys = objects(server.aws) - {"AMAZON_SES_SETUP_NOTIFICATION"}
        assert len(keys) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"kept"}


def _left(server: Serving) -> int:
    """Messages of the first run that this one has to process."""
    line = next(line for line in server.lines if line.startswith("a message that is answered 250"))
    return int(line.partition("processed, ")[2].split()[0]) if "gone on with" in line else 0


@pytest.mark.slow
def test_without_a_folder_nothing_is_written_anywhere(tmp_path: Path) -> None:
    with serving(home=tmp_path) as server:
        make_rules(server.aws)
        server.send("bo@example.com")
        assert server.get("/messages?wait=60")["messages"][0]["failed"] == 0
        server.process.send_signal(signal.SIGINT)
        rest, _ = server.process.communicate(timeout=PATIENCE_S)
    assert (server.process.returncode, "Traceback" in rest) == (0, False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options, code, sentence", REFUSED)
def test_options_that_cannot_be_meant_are_one_sentence(
    options: list[str],
    code: Exit,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        ended = main(["serve", "--port", "0", *options])
    except SystemExit as exit_:  # what the parser cannot read
        ended = exit_.code
    error = capsys.readouterr().err
    assert (ended, error.count("\n")) == (code, 1)
    assert sentence in error
    assert list(tmp_path.iterdir()) == []
