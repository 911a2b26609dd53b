"""What `sesreceive demo` shows first: numbers that add up, twelve messages with their reasons, colour on a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive.cli import main
from sesreceive.cli.tour import NUMBER, tour
from sesreceive.report.summary import summary_of, telling

DATASETS = ["anycompany", "first-steps"]
COLOUR = re.compile(r"\x1b\[\d+m")


@pytest.fixture(scope="module", params=DATASETS)
def report(request: pytest.FixtureRequest) -> ses.Report:
    dataset = datasets.load(request.param)
    return dataset.receiver().replay(dataset.mail)


def test_the_numbers_are_those_of_the_tables(report: ses.Report) -> None:
    summary = summary_of(report)
    messages = report.messages
    assert summary.total == len(report)
    assert summary.accepted == messages.accepted.sum()
    fired = report.rules[report.rules.outcome.isin(["match", "stop", "fail"])]
    assert dict(summary.rules) == fired.groupby("rule", observed=True).message.nunique().to_dict()
    for name, counts in summary.verdicts.items():
        assert sum(counts.values()) == summary.accepted
        assert {str(verdict): number for verdict, number in counts.items()} == {
            word: number for word, number in messages[messages.accepted][name].value_counts().items() if number
        }


@pytest.mark.slow
def test_the_messages_shown_differ_in_why_they_ended(report: ses.Report) -> None:
    shown = telling(list(report), NUMBER)
    assert len(shown) == min(NUMBER, len(report))
    assert len({reception.name for reception in shown}) == len(shown)
    assert {reception.reply.status for reception in shown} == {reception.reply.status for reception in report}
    assert {reception.decided.by for reception in shown} == {reception.decided.by for reception in report}


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
def test_every_reason_is_whole_and_no_line_is_wider_than_the_terminal(
    report: ses.Report, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = tour(list(report), "the sample data")
    assert max(map(len, text.splitlines())) <= columns
    joined = " ".join(text.split())
    for reception in telling(list(report), NUMBER):
        assert " ".join(reception.decided.sentence.split()) in joined
        assert reception.name in text
    for label in ("SPF", "DKIM", "DMARC"):
        assert f"{label} PASS" in joined


# how it is run                          whether there are colours
COLOURS = [
    ({"TERM": "xterm"},                      True),
    ({"TERM": "xterm", "NO_COLOR": "1"},     False),
    ({"TERM": "dumb"},                       False),
]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty to open")
@pytest.mark.parametrize("environment, coloured", COLOURS)
@pytest.mark.slow
def test_there_are_colours_on_a_terminal_unless_they_are_not_wanted(
    environment: dict[str, str], coloured: bool
) -> None:
    import pty

    ours, theirs = pty.openpty()
    without = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    command = [sys.executable, "-m", "sesreceive", "demo", "--dataset", "first-steps"]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=without | environment) as process:
        os.close(theirs)
        written = b""
        try:
            while block := os.read(ours, 65536):
                written += block
        except OSError:  # Linux says so where others give nothing: the other side has closed
            pass
        finally:
            os.close(ours)
    assert process.returncode == 0
    text = written.decode()
    assert bool(COLOUR.search(text)) == coloured
    assert "\x1b" not in COLOUR.sub("", text)
    assert "✓ 3 accepted" in COLOUR.sub("", text)


def test_a_file_gets_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--dataset", "first-steps"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_all_is_the_table_of_messages(capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "--all"])
    table = capsys.readouterr().out
    main(["demo", "--table", "messages"])
    assert capsys.readouterr().out == table
    note, heads, *rows = table.splitlines()
    assert note.startswith("note: the scanner `markers` is the embedded one")
    assert len(rows) == 104
    assert heads.split()[:2] == ["message", "answer"]


def test_what_a_stranger_wrote_is_escaped() -> None:
    rule = ses.ReceiptRule(name="all", enabled=True)
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    receiver = ses.Receiver(ses.Account(identities=("example.com",), rule_sets=(rules,), active="main"))
    reception = receiver.receive(b"", name="\x1b[2J\u202e", mail_from="a@example.org", rcpt_to=["ana@example.com"])
    refused = receiver.receive(b"", mail_from="a@example.org", rcpt_to=["\x1b[31m@example.org"])
    text = tour([reception, refused], "mail")
    assert all(line.isprintable() for line in text.splitlines())


def test_no_mail_is_no_error() -> None:
    assert tour([], "an empty folder").splitlines()[0] == "0 messages of an empty folder"
