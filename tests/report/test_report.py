"""The report: tables that agree with each other and with the receptions, the matrix, and the ways out."""

from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive._html import prose
from sesreceive.errors import InputError, MissingExtraError, UnknownNameError
from sesreceive.report import Report, rows_of
from sesreceive.report.columns import CELLS, TABLES
from tests.conftest import make_account, make_rule
from tests.scenario import WAYS, message, scenario_account, scenario_items, scenario_receiver
from tests.trace.test_explain import ALLOWED_ATTRIBUTES, ALLOWED_TAGS, control, markup


@pytest.fixture(scope="module")
def report() -> Report:
    return scenario_receiver().replay(scenario_items())


def rows(frame: pd.DataFrame, name: str) -> list[dict[str, object]]:
    """The rows of one message."""
    return frame[frame["message"] == name].to_dict("records")


# ------------------------------------------------------------------ what the tables say


def test_a_report_is_the_sequence_of_its_receptions(report: Report) -> None:
    assert len(report) == len(WAYS) == len(list(report))
    assert [reception.name for reception in report] == report.names == list(WAYS)
    assert report["billing"] is report[0] is report[report[0].message_id]
    assert report[-1].name == report.names[-1]
    assert report[1:3].names == report.names[1:3]
    assert "gone" in report
    assert "elsewhere" not in report
    assert str(report.explain("gone")) == str(report["gone"].explain())
    assert report._ipython_key_completions_() == report.names


# message, column, what it says
CELLS_OF_MESSAGES = [
    ("billing", "accepted", True),
    ("billing", "rules", "tag, billing"),
    ("billing", "actions", "AddHeaderAction, S3Action, SNSAction, StopAction"),
    ("billing", "effects", "PutObject, Publish"),
    ("billing", "stopped_by", "billing"),
    ("billing", "spf", "PASS"),
    ("billing", "spf_result", "pass"),
    ("billing", "subject", "billing"),
    ("billing", "filter", ""),
    ("billing", "reason", "`billing` ends the evaluation of the rule set, with `StopAction` in position 3"),
    ("blocked", "accepted", False),
    ("blocked", "reply", "550 5.7.1 IP address blacklisted by recipient"),
    ("blocked", "filter", "test-net"),
    ("blocked", "reason", "Block filter `test-net` (203.0.113.0/24) contains 203.0.113.9"),
    ("blocked", "message_id", ""),
    ("partner", "filter", "partner"),
    ("gate", "actions", "AddHeaderAction, LambdaAction, S3Action"),
    ("gone", "recipients", "gone@example.com, billing@example.com, bo@example.net"),
    ("null-sender", "mail_from", ""),
    ("null-sender", "dmarc", "FAIL"),
    ("null-sender", "dmarc_policy", "reject"),
    ("nobody", "reply", "503 Error: need RCPT command"),
    ("nobody", "reason", "the message was sent to nobody"),
    ("tls", "rules", "tag, rest"),
]


NO_MESSAGES = [
    (99, IndexError, "there is no message 99 among"),
    (-99, IndexError, "there is no message -99 among"),
    ("nowhere", UnknownNameError, "expected the name, message id or number of a message but got `nowhere`"),
    (1.5, UnknownNameError, "but got `1.5`"),
    (None, UnknownNameError, "but got nothing"),
]


@pytest.mark.parametrize(("key", "error", "text"), NO_MESSAGES)
def test_a_message_that_is_not_there_is_one_sentence(
    report: ses.Report, key: object, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        report[key]  # type: ignore[call-overload]


@pytest.mark.parametrize("name, column, value", CELLS_OF_MESSAGES)
def test_cells_of_messages(report: Report, name: str, column: str, value: object) -> None:
    [row] = rows(report.messages, name)
    assert row[column] == value


def test_what_did_not_happen_is_missing(report: Report) -> None:
    [row] = rows(report.messages, "blocked")
    assert all(
        pd.isna(row[column]) for column in ("received_at", "spf", "dkim", "dmarc", "dmarc_policy", "spam", "virus")
    )


def test_cells_of_the_other_tables(report: Report) -> None:
    recipients = rows(report.recipients, "gone")
    assert [row["accepted"] for row in recipients] == [True, True, False]
    assert [row["code"] for row in recipients] == [250, 250, 550]
    assert [row["matched"] for row in recipients] == ["tag, bounce, rest", "tag, billing, rest", ""]
    assert [row["fired"] for row in recipients] == ["tag", "tag, billing", ""]
    filters = rows(report.filters, "partner")
    assert [(row["filter"], row["outcome"], row["decided"]) for row in filters] == [
        ("test-net", "match", False), ("partner", "match", True),
    ]  # fmt: skip
    rules = rows(report.rules, "tls")
    assert [row["outcome"] for row in rules] == ["match", "skip", "miss", "skip", "miss", "miss", "match"]
    assert [row["position"] for row in rules] == list(range(1, 8))
    assert [row["rule"] for row in rows(report.rules, "billing") if row["ended"]] == ["billing"]
    actions = rows(report.actions, "gate")
    assert [(row["action"], row["position"], row["outcome"], row["effects"]) for row in actions] == [
        ("AddHeaderAction", 1, "effect", 0), ("LambdaAction", 1, "stop", 1), ("S3Action", 2, "skip", 0),
        ("S3Action", 1, "effect", 1),
    ]  # fmt: skip
    [effect] = rows(report.effects, "tls")
    assert (effect["operation"], effect["target"], effect["outcome"], effect["attempts"]) == (
        "PutObject", "rest", "effect", 1,
    )  # fmt: skip
    assert rows(report.rules, "blocked") == rows(report.actions, "blocked") == rows(report.effects, "blocked") == []


def test_a_failing_action_is_counted_and_is_the_reason() -> None:
    backend = ses.MemoryBackend(failures=[])
    backend.failures.add(bucket="inbox", times=None)
    receiver = ses.Receiver(make_account(make_rule("all", ses.S3Action(bucket_name="inbox"))), backend=backend, seed=1)
    report = Report([receiver.receive(message(), rcpt_to=["ana@example.com"])])
    [row] = rows(report.messages, "#0")
    assert row["failed"] == 1
    assert "could not write to the bucket `inbox`" in str(row["reason"])
    [effect] = report.effects.to_dict("records")
    assert effect["outcome"] == "fail"
    assert effect["attempts"] > 1
    assert effect["waited_s"] > 3600


def test_tables_agree_with_the_receptions(report: Report) -> None:
    messages = report.messages
    assert messages["accepted"].tolist() == [reception.accepted for reception in report]
    assert messages["message_id"].tolist() == [reception.message_id for reception in report]
    assert messages["rules"].tolist() == [", ".join(reception.rules) for reception in report]
    assert messages["size_bytes"].tolist() == [len(reception.message.raw) for reception in report]
    assert len(report.events) == sum(len(reception.trace) for reception in report)
    assert len(report.recipients) == sum(len(reception.recipients) for reception in report)
    assert len(report.effects) == sum(len(reception.performed) for reception in report)
    assert messages["failed"].sum() == (report.actions["outcome"] == "fail").sum()
    happened = report.effects.groupby("number")["outcome"].apply(lambda found: (found == "effect").sum())
    assert happened.to_dict() == {n: len(one.effects) for n, one in enumerate(report) if one.performed}


def test_rows_are_made_of_a_reception_alone(report: Report) -> None:
    made = rows_of(report["gone"])
    assert made._fields == tuple(table.name for table in TABLES)
    for table, table_rows in zip(TABLES, made, strict=True):
        assert all(type(row) is table.row_type for row in table_rows)


def test_a_table_given_away_is_a_copy(report: Report) -> None:
    frame = report.messages
    frame.loc[0, "message"] = "changed"
    frame["more"] = 1
    assert report.messages["message"][0] == "billing"
    assert "more" not in report.messages


# What one does to a frame in place.
CHANGES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a cell of each column": lambda frame: [frame.__setitem__(name, frame[name].shift()) for name in frame],
    "cells by position": lambda frame: [frame.iloc.__setitem__((0, at), frame.iloc[-1, at]) for at in range(3)],
    "a cell by label": lambda frame: frame.at.__setitem__((0, "message"), "changed"),
    "cells by a mask": lambda frame: frame.loc.__setitem__((frame["number"] == 0, "message"), None),
    "missing cells": lambda frame: frame.fillna({"message": "", "number": 0}, inplace=True),
    "cells as numpy has them": lambda frame: frame["number"].to_numpy().__setitem__(0, 77),
    "cells as pandas has them": lambda frame: [frame[name].array.__setitem__(0, None) for name in frame],
    "a column less": lambda frame: frame.__delitem__("number"),
    "names of columns": lambda frame: setattr(frame, "columns", [f"{name}_" for name in frame]),
    "index": lambda frame: setattr(frame, "index", frame.index[::-1]),
    "names of the axes": lambda frame: (setattr(frame.index, "name", "n"), setattr(frame.columns, "name", "c")),
    "notes": lambda frame: frame.attrs["notes"].append("more"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_done_to_a_table_does_nothing_to_the_next_one(change: str, report: Report) -> None:
    for table in TABLES:
        before = report.frame(table.name).copy(deep=True)
        notes = list(before.attrs["notes"])
        CHANGES[change](report.frame(table.name))
        after = report.frame(table.name)
        pd.testing.assert_frame_equal(after, before)
        assert (after.index.name, after.columns.name, after.attrs["notes"]) == (None, None, notes)


def test_a_report_grows() -> None:
    report, receiver = Report(), scenario_receiver()
    assert report.messages.empty
    assert report.matrix().frame().shape == (0, 0)
    for number, (name, way) in enumerate(WAYS.items(), start=1):
        report.add(receiver.receive(message(name), way, name=name))
        assert len(report.messages) == len(report) == len(report.matrix()) == number


# ------------------------------------------------------------------ the matrix


def test_the_matrix_has_a_row_a_message_and_a_column_a_configured_thing(report: Report) -> None:
    matrix = report.matrix().frame()
    account = scenario_account()
    assert matrix.index.tolist() == report.names
    assert matrix.index.name == "message"
    wanted = [f"filter:{item.name}" for item in account.filters]
    for rule in account.rule_sets[0].rules:
        wanted.append(f"rule:{rule.name}")
        wanted += [f"action:{rule.name}/{type(a).__name__}#{n}" for n, a in enumerate(rule.actions, start=1)]
    assert matrix.columns.tolist() == wanted
    assert all(dtype == pd.CategoricalDtype(list(CELLS)) for dtype in matrix.dtypes)


def test_the_matrix_says_what_the_tables_say(report: Report) -> None:
    matrix = report.matrix().frame()
    for kind, frame, keys in (
        ("filter", report.filters, ["filter"]), ("rule", report.rules, ["rule"]),
        ("action", report.actions, ["rule", "action", "position"]),
    ):  # fmt: skip
        for row in frame.to_dict("records"):
            label = row[keys[0]] if len(keys) == 1 else f"{row['rule']}/{row['action']}#{row['position']}"
            assert matrix.iloc[row["number"]][f"{kind}:{label}"] == row["outcome"]
    considered = len(report.filters) + len(report.rules) + len(report.actions)
    assert (matrix.astype("object") != "").to_numpy().sum() == considered


def test_a_provider_list_stands_behind_the_filters() -> None:
    receiver = scenario_receiver(provider_lists=[ses.ProviderList("ec2", ("192.0.2.0/24",))])
    columns = receiver.replay(scenario_items()).matrix().frame().columns.tolist()
    assert columns[:4] == ["filter:test-net", "filter:partner", "provider list:ec2", "rule:tag"]


def test_the_matrix_of_two_configurations_has_the_columns_of_both() -> None:
    receiver = scenario_receiver()
    before = receiver.replay(scenario_items())
    receiver.account = make_account(make_rule("new"))
    both = before + receiver.replay(scenario_items())
    columns = both.matrix().frame().columns
    assert columns[:-1].tolist() == before.matrix().frame().columns.tolist()
    assert columns[-1] == "rule:new"


# ------------------------------------------------------------------ two reports


@pytest.mark.parametrize("keep", [True, False])
def test_two_reports_are_one(keep: bool) -> None:
    items = scenario_items()
    receiver, other = scenario_receiver(), scenario_receiver()
    whole = receiver.replay(items, keep=keep)
    parts = other.replay(items[:4], keep=keep) + other.replay(items[4:], keep=keep)
    assert parts == whole
    assert len(parts) == len(whole)
    pd.testing.assert_frame_equal(parts.messages, whole.messages)
    pd.testing.assert_frame_equal(parts.matrix().frame(), whole.matrix().frame())


def test_a_report_without_receptions_has_the_same_tables(report: Report) -> None:
    lean = scenario_receiver().replay(scenario_items(), keep=False)
    assert len(lean) == len(report)
    assert lean.names == report.names
    assert lean == report
    for table in TABLES:
        pd.testing.assert_frame_equal(lean.frame(table.name), report.frame(table.name))
    pd.testing.assert_frame_equal(lean.matrix().frame(), report.matrix().frame())
    with pytest.raises(InputError, match="made with keep=False, so it has tables but no receptions"):
        lean["billing"]
    assert not (report + lean).keep
    with pytest.raises(InputError, match="cannot take over one that was made with keep=False"):
        Report(report).extend(lean)


def test_packed_receptions_stay_in_order(report: Report) -> None:
    grown = Report(report[:3])
    grown.extend(report[3:5].pack())
    grown.extend(report[5:6])
    grown.extend(report[6:7].pack())
    grown.add(report[7])
    grown.extend(report[8:].pack())
    assert len(grown) == len(report)
    assert grown.names == report.names
    assert grown == report
    assert len({id(reception.account) for reception in grown}) == 1
    pd.testing.assert_frame_equal(grown.messages, report.messages)


def test_a_report_can_be_pickled(report: Report) -> None:
    again = pickle.loads(pickle.dumps(report))
    assert again == report
    pd.testing.assert_frame_equal(again.events, report.events)


def test_a_report_is_unequal_to_another_and_to_anything_else(report: Report) -> None:
    assert report != scenario_receiver(seed=2).replay(scenario_items())
    assert report != 5
    with pytest.raises(TypeError):
        report + 5  # type: ignore[operator]  # that is the point


def test_unknown_messages_are_refused_with_a_suggestion(report: Report) -> None:
    with pytest.raises(KeyError, match=r"but got `biling`; did you mean `billing`\?"):
        report["biling"]
    with pytest.raises(IndexError):
        report[99]
    with pytest.raises(KeyError):
        report[""]


# ------------------------------------------------------------------ ways out


def test_csv_files_hold_the_tables(report: Report, tmp_path: Path) -> None:
    paths = report.to_csv(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [f"{table.name}.csv" for table in TABLES] + ["matrix.csv"]
    for table in TABLES:
        with (tmp_path / "new" / "folder" / f"{table.name}.csv").open(newline="", encoding="utf-8") as file:
            read = list(csv.reader(file))
        assert tuple(read[0]) == table.names
        assert len(read) - 1 == len(report.frame(table.name))
    with paths[-1].open(newline="", encoding="utf-8") as file:
        matrix = list(csv.reader(file))
    assert [row[0] for row in matrix] == ["message", *report.names]


def test_json_files_hold_the_tables(report: Report, tmp_path: Path) -> None:
    for path in report.to_json(tmp_path):
        read = json.loads(path.read_text(encoding="utf-8"))
        frame = report.matrix().frame().reset_index() if path.stem == "matrix" else report.frame(path.stem)
        assert [list(row) for row in read] == [list(frame.columns)] * len(frame)
    [first, *_] = json.loads((tmp_path / "messages.json").read_text(encoding="utf-8"))
    assert first["accepted"] is True
    assert first["received_at"] == "2026-01-02T10:05:05.123Z"
    assert first["dmarc_policy"] is None


def test_parquet_files_hold_the_tables_with_their_dtypes(report: Report, tmp_path: Path) -> None:
    for path in report.to_parquet(tmp_path):
        wanted = report.matrix().frame().reset_index() if path.stem == "matrix" else report.frame(path.stem)
        read = pd.read_parquet(path)
        pd.testing.assert_frame_equal(read, wanted, check_categorical=False)


def test_save_writes_any_format(report: Report, tmp_path: Path) -> None:
    assert len(report.save(tmp_path, format="json")) == 8
    with pytest.raises(InputError, match="expected the format csv, json, parquet but got `xlsx`"):
        report.save(tmp_path, format="xlsx")


def test_a_folder_that_cannot_be_made_is_refused_in_one_sentence(report: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"^cannot write to `.*file`: "):
        report.to_csv(tmp_path / "file")


def test_parquet_without_pyarrow_names_the_extra(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"a Parquet file needs `pyarrow`: .*sesreceive\[parquet\]"):
        report.to_parquet(tmp_path)


FORMULAS = ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("exact", [True, False])
def test_a_spreadsheet_runs_no_formula_of_a_stranger(exact: bool, tmp_path: Path) -> None:
    # a server hears no blank before an address, so one is tried as the name it greets with, too
    senders = [f"{text}@example.org" for text in FORMULAS]
    items = [
        {"name": f"={n}", "raw": message(), "envelope": ses.Envelope(helo="\t=1", mail_from=sender, rcpt_to=())}
        for n, sender in enumerate(senders)
    ]
    report = scenario_receiver().replay(items)
    report.to_csv(tmp_path, exact=exact)
    with (tmp_path / "messages.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    before = "" if exact else "'"
    assert [row["mail_from"] for row in read] == [f"{before}{sender}" for sender in senders]
    assert [row["message"] for row in read] == [f"{before}={n}" for n in range(len(senders))]
    assert {row["helo"] for row in read} == {f"{before}\t=1"}


def test_text_for_a_terminal(report: Report) -> None:
    text = report.to_text(width=200)
    note, heading, *rows = text.splitlines()
    assert note.startswith("note: the scanner `markers` is the embedded one")
    assert heading.split() == [
        "message",
        "from",
        "to",
        "answer",
        "filter",
        "checks",
        "rules",
        "actions",
        "because",
    ]
    assert len(rows) == len(report)
    assert report.to_text(limit=2, width=80).endswith("\nshowing 2 of 10")
    assert "matched" in report.to_text("recipients", width=200).splitlines()[1]
    matrix = report.to_text("matrix")
    assert "rule:billing" in matrix
    assert len([line for line in matrix.splitlines() if line.split()[:1] and line.split()[0] in WAYS]) == len(WAYS)
    with pytest.raises(KeyError, match="expected one of messages"):
        report.to_text("mesages")


def test_describe_documents_a_table() -> None:
    assert Report.describe("rules").startswith("One row for each rule of the active set that an accepted message")


def test_the_repr_is_one_line_of_facts(report: Report) -> None:
    assert repr(report) == "<Report of 10 messages: 7 accepted, 3 refused, 16 rules fired, 10 effects>"
    assert repr(Report()) == "<Report of 0 messages: 0 accepted, 0 refused, 0 rules fired, 0 effects>"


# What an SMTP command can say: no line ends, no NUL.
HOSTILE = st.text(st.characters(exclude_characters="\r\n\x00"), max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=1>', "\x1b[2J", "</pre>", "\ud800", "x" * 999]
)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_mail_never_becomes_markup_or_control(name: str, sender: str, recipient: str, helo: str) -> None:
    receiver = scenario_receiver()
    reception = receiver.receive(
        f"Subject: {name}\r\n\r\n".encode("utf-8", "surrogatepass"), name=name, mail_from=sender, helo=helo,
        rcpt_to=[recipient, f"{recipient}@example.com"],
    )  # fmt: skip
    report = Report([reception])
    found = markup(report._repr_html_())
    assert found.tags <= ALLOWED_TAGS | {"table", "caption", "code", "thead", "tbody", "tr", "th", "td", "p"}
    assert found.attributes <= ALLOWED_ATTRIBUTES | {"scope"}
    for text in (
        report.to_text(width=100),
        report.to_text("matrix"),
        report.to_text("events", width=100),
        repr(report),
    ):
        assert not any(control(character) for character in text)
        text.encode()
    assert len(report.to_text(width=100).splitlines()) == 2 + len(report.notes)
    for table in TABLES:
        report.frame(table.name)


def test_a_large_report_shows_its_first_messages() -> None:
    receiver = ses.Receiver(ses.Account(), seed=1)
    report = receiver.replay([b""] * 300, keep=False)
    html = report._repr_html_()
    assert "showing 200 of 300" in html
    assert html.count("<tr>") == 1 + 200


@pytest.mark.slow
def test_a_report_loads_no_pandas_until_a_frame_is_asked_for() -> None:
    code = (
        "import sys, sesreceive as ses; receiver = ses.Receiver(ses.Account(), seed=1)\n"
        "report = receiver.replay([b'x'] * 3); repr(report); report.to_text(); report._repr_html_()\n"
        "print('pandas' in sys.modules); report.messages; print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_open_points_that_mattered_are_a_table() -> None:
    receiver = ses.Receiver(make_account(make_rule("only")), seed=1)
    report = ses.Report([receiver.receive(b"", name="sub", rcpt_to=["box@mx.example.com"])])
    assert report.assumed()[["message", "assumption", "alternative"]].to_numpy().tolist() == [
        ["sub", "subdomains_verified", "False"]
    ]
    assert list(ses.Report().assumed().columns) == list(report.assumed().columns)


# scanners, the notes
SCANNERS = [
    ((ses.MarkerScanner(),), ("markers",)),
    ((ses.MarkerScanner(name="two strings"), ses.ScriptedScanner()), ("two strings",)),
    ((ses.ScriptedScanner(),), ()),
    ((), ()),
]


@pytest.mark.parametrize("scanners, names", SCANNERS)
def test_every_report_says_first_that_the_embedded_marker_scanner_judged(tmp_path, scanners, names) -> None:
    rule = ses.ReceiptRule(name="all", enabled=True, scan_enabled=True, actions=(ses.StopAction(),))
    account = ses.Account(
        identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),), active="main"
    )
    receiver = ses.Receiver(account, scanners=scanners, seed=1)
    reception = receiver.receive(b"To: ana@example.com\r\n\r\n", name="m", rcpt_to=["ana@example.com"])
    refused = receiver.receive(b"", name="r", rcpt_to=["ana@example.net"])
    sentences = [
        f"the scanner `{name}` is the embedded one: it looks for the test strings GTUBE and EICAR and for nothing else"
        for name in names
    ]
    assert list(reception.notes) == sentences
    assert refused.notes == ()
    heads = [f"note: {sentence}" for sentence in sentences]
    assert [line for line in str(reception.explain()).splitlines() if line.startswith("note: ")] == heads
    html = [f"note: {prose(sentence)}<" for sentence in sentences]
    reports = Report([reception, refused]), Report([refused, reception], keep=False), Report() + Report([reception])
    for shown in (reception._repr_html_(), reception.explain()._repr_html_(), reports[0]._repr_html_()):
        assert all(head in shown for head in html)
        assert ("note: the scanner" in shown) is bool(heads)
    for report in (*reports, reports[0].pack()):
        assert list(report.notes) == report.messages.attrs["notes"] == sentences
        for table in ("messages", "events", "matrix"):
            assert report.to_text(table).splitlines()[: len(heads) + 1] != heads
            assert [line for line in report.to_text(table).splitlines() if line.startswith("note: ")] == heads
    for form in ("csv", "json", "parquet"):
        reports[0].save(tmp_path, format=form)


def test_the_cost_as_html_is_a_table_and_as_text_one_line(report: Report) -> None:
    text, rich = report.cost()._repr_html_().split('<div class="ses-rich"')
    assert "<table" in rich
    assert "<table" not in text
    assert "&lt;" not in text
    assert repr(report.cost())[1:-1] in text
