"""The command line prints the library's tables, and one sentence when something is wrong."""

from __future__ import annotations

import csv
import json
import os
import re
import smtplib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.cli import build_parser, main
from sesreceive.cli.exits import Exit
from sesreceive.cli.options import receiver_of
from sesreceive.receiver import Submission
from sesreceive.replay.replay_folder import ReplayFolder

ROOT = Path(__file__).parent.parent


def test_demo_tells_what_fired_for_every_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--dataset", "first-steps"]) == 0
    out = capsys.readouterr().out
    messages = sorted((ROOT / "datasets" / "first-steps" / "mail").glob("*.eml"))
    assert all(message.stem in out for message in messages)
    assert "explain --dataset first-steps 0002-ticket" in out


@pytest.mark.parametrize(
    "table", ["messages", "recipients", "filters", "rules", "actions", "effects", "events", "matrix"]
)
def test_every_table_can_be_printed_and_two_runs_are_equal(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["replay", "--dataset", "first-steps", "--table", table])
    once = capsys.readouterr().out
    main(["replay", "--dataset", "first-steps", "--table", table])
    assert capsys.readouterr().out == once
    assert len(once.splitlines()) > 3


ACCOUNT = str(ROOT / "datasets" / "anycompany" / "account.json")
SMALL = str(ROOT / "datasets" / "first-steps" / "account.json")
# Commands that print and write, without the place they write to.
WRITES = {
    "load": ["load", SMALL, "--save"],
    "load-to": ["load", SMALL, "--to", "terraform", "--save"],
    "cover": ["cover", SMALL, "--out"],
    "diff": ["diff", SMALL, ACCOUNT, "--out"],
    "replay": ["replay", "--dataset", "first-steps", "--out"],
    "demo": ["demo", "--dataset", "first-steps", "--out"],
}


@pytest.mark.parametrize("command", WRITES.values(), ids=WRITES)
def test_what_is_written_does_not_depend_on_who_reads_what_is_printed(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with ``| head``: the reader is gone before the first line."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main([*command, str(tmp_path / "written")]) == Exit.DONE
    assert (tmp_path / "written").exists()


def test_all_tables_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("csv", "json", "parquet"):
        assert main(["replay", "--dataset", "first-steps", "--out", str(tmp_path / kind), "--format", kind]) == 0
        assert f"wrote {len(list((tmp_path / kind).iterdir()))} tables" in capsys.readouterr().out
    with (tmp_path / "csv" / "messages.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 5


@pytest.mark.slow
def test_rows_are_written_as_parquet_and_a_stopped_replay_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, stopped = str(tmp_path / "whole"), str(tmp_path / "stopped")
    replay = ["replay", "--dataset", "first-steps", "--parquet"]
    assert main([*replay, whole]) == Exit.DONE
    assert "5 messages in 5 tables, 1 file each" in capsys.readouterr().out
    assert main([*replay, whole]) == Exit.INPUT
    assert "--resume goes on with it" in capsys.readouterr().err
    dataset = ses.datasets.load("first-steps")
    dataset.receiver().replay_to(stopped, dataset.mail, limit=2)
    assert main([*replay, stopped, "--resume"]) == Exit.DONE
    for table in ("messages", "actions"):
        assert ReplayFolder(stopped).frame(table).equals(ReplayFolder(whole).frame(table)), table


FIRST_STEPS = ROOT / "datasets" / "first-steps"
_ACCOUNT, _MAIL = str(FIRST_STEPS / "account.json"), str(FIRST_STEPS / "mail")
_MESSAGE = str(FIRST_STEPS / "mail" / "0001-invoice.eml")

# command                                                       Ctrl-C at which message; standard output, standard error
STOPPED = [
    (["demo"],                                                    1, "", ""),
    (["demo", "--dataset", "first-steps", "--all"],               3, "", ""),
    (["replay", "--dataset", "first-steps"],                      3, "0002-", "stopped: the tables have the first 2"),
    (["replay", "--dataset", "first-steps", "--parquet", "rows"], 3, "in 5 tables", "stopped: the same command with"),
    (["explain", "--dataset", "first-steps", "0001"],             1, "", ""),
    (["why", "--account", _ACCOUNT, _MESSAGE],                    1, "", ""),
    (["cover", _ACCOUNT, _MAIL],                                  3, "", ""),
    (["mutants", _ACCOUNT, _MAIL],                                3, "", ""),
    (["experiment", _ACCOUNT, "--corpus", _MAIL],                 1, "", ""),
    (["experiment", _ACCOUNT, "--corpus", _MAIL],                 3, "was stopped before its end", ""),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "at", "out", "err"), STOPPED, ids=lambda value: str(value)[:20])
def test_ctrl_c_between_messages_ends_every_command_as_one(
    arguments: list[str], at: int, out: str, err: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    taken = 0

    def interrupted(receiver: ses.Receiver, submission: Submission, **options: Any) -> ses.Reception:
        nonlocal taken
        taken += 1
        if taken == at:
            raise KeyboardInterrupt
        return process(receiver, submission, **options)

    process = ses.Receiver.process
    monkeypatch.setattr(ses.Receiver, "process", interrupted)
    assert main(arguments) == Exit.INTERRUPTED
    printed = capsys.readouterr()
    assert out in printed.out
    assert out or not printed.out
    assert err in printed.err


# what a receiver keeps its mail in                       whether a second one gives the same ids
KEPT = [
    (lambda folder: None,                                    True),
    (lambda folder: ses.MemoryBackend(),                     True),
    (lambda folder: ses.DirectoryBackend(str(folder)),       False),
    (lambda folder: ses.FaultyBackend(ses.DirectoryBackend(folder), []), False),
]  # fmt: skip


@pytest.mark.parametrize(("backend", "repeats"), KEPT, ids=["none", "memory", "directory", "faulty"])
def test_what_outlives_a_process_never_sees_an_id_of_a_dataset_twice(
    backend: Callable[[Path], Any], repeats: bool, tmp_path: Path
) -> None:
    dataset = ses.datasets.load("first-steps")
    ids = [
        dataset.receiver(backend=backend(tmp_path / "kept"))
        .receive(b"Subject: hi\r\n\r\n", mail_from="ana@example.org", rcpt_to=["hello@example.com"])
        .message_id
        for _ in range(2)
    ]
    assert (ids[0] == ids[1]) is repeats


def test_live_mail_has_no_id_twice_unless_it_is_asked_for() -> None:
    def ids(*more: str) -> list[str]:
        options = build_parser().parse_args(["serve", "--dataset", "first-steps", *more])
        return [receiver_of(options, is_live=True).message_ids() for _ in range(2)]

    assert len(set(ids())) == 2
    assert len(set(ids("--seed", "7"))) == 1


def test_explain_finds_a_message_of_the_dataset_by_the_start_of_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "0108"]) == 0
    out = capsys.readouterr().out
    assert "has the label `vip+urgent`" in out
    assert "label_match: `first-plus` is assumed" in out


def test_explain_takes_a_file_and_an_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ROOT / "datasets" / "first-steps"
    message = folder / "mail" / "0001-invoice.eml"
    assert (
        main(["explain", str(message), "--account", str(folder / "account.json"), "--zone", str(folder / "zone.txt")])
        == 0
    )
    assert "step 4, evaluation" in capsys.readouterr().out


def test_check_lists_every_problem_and_says_so_in_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = ROOT / "datasets" / "anycompany" / "account.json"
    assert main(["check", str(good)]) == 1
    assert f"{good}: 0 problems, " in capsys.readouterr().out
    account = json.loads(good.read_text(encoding="utf-8"))
    account["Filters"][0]["IpFilter"]["Cidr"] = "203.0.113.0/33"
    account["ActiveRuleSet"] = "absent"
    (tmp_path / "bad.json").write_text(json.dumps(account), encoding="utf-8")
    assert main(["check", str(tmp_path / "bad.json")]) == 1
    out = capsys.readouterr().out
    assert "filters[0].cidr: expected an IPv4 or IPv6 address or CIDR range but got `203.0.113.0/33`" in out
    assert "active: expected a rule set of the account but got `absent`" in out


def test_the_assumptions_of_the_documentation_are_those_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    main(["assumptions", "--markdown"])
    assert capsys.readouterr().out in (ROOT / "notebooks" / "assumptions.md").read_text(encoding="utf-8")


def test_a_broken_zone_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zone.txt").write_text('example.org. TXT "v=spf1 -all"\nexample.org. MX nonsense\n', encoding="utf-8")
    account = ROOT / "datasets" / "first-steps" / "account.json"
    assert (
        main(["replay", str(tmp_path), "--account", str(account), "--zone", str(tmp_path / "zone.txt")]) == Exit.INPUT
    )
    assert "line 2" in capsys.readouterr().err


@pytest.mark.slow
def test_serve_receives_live_mail_and_ends_after_the_count() -> None:
    command = [
        sys.executable,
        "-m",
        "sesreceive.cli",
        "serve",
        "--dataset",
        "first-steps",
        "--port",
        "0",
        "--count",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        first = process.stdout.readline()
        host, _, port = first.split()[2].partition(":")
        with smtplib.SMTP(host, int(port)) as client:
            client.sendmail("ana@example.org", ["hello@example.com"], b"Subject: live\r\n\r\nhi\r\n")
        rest, _ = process.communicate(timeout=60)
        watchdog.cancel()
    assert process.returncode == 0
    (line,) = [line for line in rest.splitlines() if "live" in line or "→" in line]
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d  ✓ 250  ana@example.org → hello@example.com  everything  "
        r"`everything` fires: `hello@example.com` is in the domain `example.com`",
        line,
    )


@pytest.mark.slow
def test_serve_keeps_the_latest_messages_for_the_tables_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sesreceive.cli", "serve", "--dataset", "first-steps", "--port", "0"]
    command += ["--count", "5", "--keep", "2", "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        host, _, port = process.stdout.readline().split()[2].partition(":")
        with smtplib.SMTP(host, int(port)) as client:
            for number in range(5):
                client.sendmail("ana@example.org", ["hello@example.com"], b"Subject: %d\r\n\r\nhi\r\n" % number)
        rest, _ = process.communicate(timeout=60)
        watchdog.cancel()
    assert process.returncode == 0
    assert rest.count(" 250  ana@example.org") == 5
    assert "5 messages were processed: the tables have the latest 2 (--keep)" in rest
    with open(tmp_path / "messages.csv", encoding="utf-8", newline="") as file:
        assert [row["subject"] for row in csv.DictReader(file)] == ["3", "4"]


def test_provider_lists_in_files_of_one_name_have_columns_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["replay", "--dataset", "first-steps", "--table", "matrix"]
    for folder, network in (("a", "192.0.2.0/24"), ("b", "203.0.113.0/24")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "drop.txt").write_text(f"{network}\n", encoding="utf-8")
        options += ["--provider-list", str(tmp_path / folder / "drop.txt")]
    assert main(options) == 0
    out = capsys.readouterr().out
    assert "provider list:drop\n" in out
    assert f"provider list:{tmp_path}/b/drop.txt\n" in out


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m sesreceive.cli replay --dataset first-steps --table events | head -n 1",
        shell=True, capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.stdout
    assert done.stderr == ""


def test_without_functions_no_code_of_a_dataset_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sesreceive.datasets._functions", lambda path: pytest.fail(f"{path} was run"))
    assert main(["explain", "--no-functions", "0001"]) == 0
    assert "no function" in capsys.readouterr().out
