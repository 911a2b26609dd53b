"""The table of events made by column is the one made row by row, and what is alike is read once."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.report.coded import Coded, Texts
from sesreceive.report.columns import EVENTS
from sesreceive.report.event_columns import EventColumns
from sesreceive.report.frames import frame
from sesreceive.report.rows import Remains
from sesreceive.report.schema import Schema
from sesreceive.report.table import COMMON, Column, Table
from sesreceive.report.tables import Tables
from sesreceive.report.trace_rows import event_rows
from sesreceive.stages import filtering, recipients
from sesreceive.stages.provider_lists import ProviderList
from sesreceive.testing.strategies import accounts, mails
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Kind, Op, Stage, Trace, TraceEvent
from sesreceive.trace.outline import Outline, outlined
from tests.scenario import envelope, message, scenario_items, scenario_receiver
from tests.stages.test_index import LISTED, READINGS, addresses, clients, lists
from tests.stages.test_index import accounts as odd_accounts

NAMES = EVENTS.names[len(COMMON) :]


def rows_of(traces: Iterable[Trace]) -> list[tuple[Any, ...]]:
    """The rows, message by message."""
    return [row for trace in traces for row in event_rows(trace)]


def assert_made_alike(traces: list[Trace]) -> EventColumns:
    columns = EventColumns(traces, {})
    made = list(zip(*columns.values(), strict=True))
    assert tuple(columns) == NAMES
    assert made == [tuple(row) for row in rows_of(traces)]
    assert columns.counts == [len(event_rows(trace)) for trace in traces]
    return columns


def other_local_parts(addresses: Iterable[str], number: int) -> tuple[str, ...]:
    """Other recipients of the same domains; the first time they are as they were."""
    return tuple(f"n{number}{address}" if number else address for address in addresses)


MET = st.lists(st.tuples(addresses, clients | st.just(""), st.booleans()), max_size=6)


@given(odd_accounts(), MET, lists | st.just([]), st.sampled_from(READINGS))
def test_recipients_and_clients_of_any_shape_have_the_rows_they_have_one_by_one(
    account: ses.Account, met: list[tuple[str, str, bool]], providers: list[ProviderList], reading: ses.Assumptions
) -> None:
    traces, tuple_of_lists = [], tuple(providers)
    for number in range(4):
        for recipient, client, tls in met:
            decision = filtering.decide(account.filters, client, tuple_of_lists, reading, resolver=LISTED)
            for address in other_local_parts([recipient], number):
                answer = recipients.decide(account, address, decision, tls=tls, assumptions=reading)
                traces.append(Trace.join(decision.events, answer.events))
    assert_made_alike(traces)


@settings(max_examples=12)  # an account each
@given(st.data())
def test_any_mail_has_the_rows_it_has_one_by_one(data: st.DataObject) -> None:
    account = data.draw(accounts())
    receiver = ses.Receiver(account, seed=1, assumptions=data.draw(st.sampled_from(READINGS)))
    drawn = data.draw(st.lists(mails(account), min_size=1, max_size=3))
    traces = []
    for number in range(4):
        for mail in drawn:
            to = other_local_parts(mail.envelope.rcpt_to, number)
            traces.append(receiver.receive(mail.message, envelope=mail.envelope, rcpt_to=to).trace)
    assert_made_alike(traces)
    assert_made_alike(pickle.loads(pickle.dumps(traces)))


def test_the_columns_are_those_of_the_rows_in_frames_and_arrow_tables(report: ses.Report) -> None:
    tables = report._tables
    by_row = cells_by_row(tables)
    assert tables.data("events") == by_row
    assert tables.data("events", ("subject", "number")) == {name: by_row[name] for name in ("subject", "number")}
    cells = tables.cells("events")
    assert {name: list(column) for name, column in cells.items()} == by_row
    pd.testing.assert_frame_equal(frame(EVENTS, cells), frame(EVENTS, by_row))
    pd.testing.assert_frame_equal(report.events, frame(EVENTS, by_row))
    pytest.importorskip("pyarrow", reason="Parquet is an extra")
    assert Schema(EVENTS).arrow_table(cells).equals(Schema(EVENTS).arrow_table(by_row))


@pytest.fixture(scope="module")
def report() -> ses.Report:
    """The scenario three times, and mail to somebody whose name is no Unicode."""
    odd = [{"name": "odd", "raw": message(), "envelope": envelope("b\udcff@example.com")}]
    return scenario_receiver().replay([*scenario_items() * 3, *odd])


def cells_by_row(tables: Tables) -> dict[str, list[Any]]:
    """What `data` gives, made of the rows of each trace."""
    rows = [
        (number, label, certainty, *row)
        for number, (label, certainty, item) in enumerate(
            zip(tables.labels, tables.certainties, tables.items(), strict=True)
        )
        for row in event_rows(item.trace)
    ]
    return dict(zip(EVENTS.names, map(list, zip(*rows, strict=True)), strict=True))


# ---------------------------------------------------------------- read once


def test_events_that_are_alike_are_made_a_few_times_however_many_messages_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Deferred] = []
    make = Deferred.made
    monkeypatch.setattr(Deferred, "made", lambda part: made.append(part) or make(part))
    times = []
    for messages in (10, 20, 40):
        receiver = scenario_receiver()
        ways = [envelope(f"user{at}@example.com", client_ip=f"192.0.2.{at}") for at in range(messages)]
        receptions = ses.Report(receiver.receive(message(), envelope=way) for way in ways)
        made.clear()
        assert receptions._tables.cells("events")["seq"][-1] > 20
        # SPF says the client of each.
        times.append(sum(part.stage is not Stage.AUTHENTICATION for part in made))
    assert times[0] == times[1] == times[2]


def test_what_messages_have_in_common_is_kept_once_where_they_are_not_kept() -> None:
    ways = [envelope(f"user{number}@example.com", mail_from=f"s{number % 3}@example.org") for number in range(60)]
    items = [{"raw": message(), "envelope": way} for way in ways]
    lean, whole = (scenario_receiver().replay(items, keep=keep) for keep in (False, True))
    assert lean == whole
    again = pickle.loads(pickle.dumps(lean))
    for report in (lean, again, lean + lean):
        remains = [item for item in report._tables.items() if isinstance(item, Remains)]
        kept = {id(part) for item in remains for part in item.trace.parts if part_stage(part) in SHARED}
        assert len(remains) >= 32
        assert 0 < len(kept) <= len(report) / 10
    assert again == lean


SHARED = {Stage.AUTHENTICATION, Stage.SCANNING}


def part_stage(part: Sequence[TraceEvent]) -> Stage | None:
    return part.stage if isinstance(part, Deferred) else None


# ---------------------------------------------------------------- texts in sentences

# What a reason may make of the texts of a message; what is made of a text, and not the text, has to stay right as well.
SENTENCES: dict[str, Callable[[str, str], str]] = {
    "none": lambda name, other: "nobody",
    "as it is": lambda name, other: name,
    "twice": lambda name, other: f"{name} and {name}",
    "marks of a format": lambda name, other: f"{{0}} 100 % of {name} %s",
    "two in one": lambda name, other: f"{name} told {other}",
    "in upper case": lambda name, other: f"{name.upper()} is {name}",
    "in lower case": lambda name, other: f"{name.lower()} is {name}",
    "cut": lambda name, other: f"{name[:20]} and more",
    "its length": lambda name, other: f"{len(name)} characters",
}
WORDS = (
    "ana",
    "Ana",
    "an",
    "",
    "ana ana",
    "%s {0}",
    "zq00000qz",
    "ZQ00001" + "x" * 55 + "qz",
    "b\udcff",
    "\0",
    "long" * 16,
)


def spoken(sentence: str, name: str, other: str) -> tuple[TraceEvent, ...]:
    reason = SENTENCES[sentence](name, other)
    return (
        TraceEvent(Stage.BODY, Kind.CHECK, Op.MISS, name, reason, recipient=other),
        TraceEvent(Stage.BODY, Kind.CHECK, Op.SKIP, "always", "so", rule=name, action=0, seq=1, parent=0),
    )


outlined(
    spoken,
    lambda remembered, sentence, name, other: Outline(sentence, (name, other)),
    lambda texts, sentence, name, other: spoken(sentence, *texts),
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_texts_of_a_message_stand_where_they_stood(sentence: str) -> None:
    pairs = product(WORDS, WORDS)
    assert_made_alike([Trace.join(Deferred(Stage.BODY, spoken, sentence, *pair)) for pair in pairs])


# ---------------------------------------------------------------- cells

CODES = st.lists(st.integers(-1, 3), max_size=8)


@given(CODES, st.slices(8))
def test_coded_cells_are_a_sequence(codes: list[int], part: slice) -> None:
    words = Texts(["a", "", "a", "b\udcff"])
    cells = Coded(words, np.array(codes, dtype=np.int8))
    plain = [None if code < 0 else words[code] for code in codes]
    assert list(cells) == plain == [cells[at] for at in range(len(cells))]
    assert list(cells[part]) == plain[part]
    assert list(cells.of(np.arange(4), 9)) == [9 if code < 0 else code for code in codes]


@given(CODES)
def test_coded_cells_make_the_column_that_plain_ones_make(codes: list[int]) -> None:
    table = Table(name="t", row="", order="", empty="", columns=COLUMNS)
    coded = {
        column.name: Coded(values, np.array(codes, dtype=np.int32))
        for column, values in zip(COLUMNS, VALUES, strict=True)
    }
    plain = {name: list(cells) for name, cells in coded.items()}
    pd.testing.assert_frame_equal(frame(table, coded), frame(table, plain))
    pytest.importorskip("pyarrow", reason="Parquet is an extra")
    assert Schema(table).arrow_table(coded).equals(Schema(table).arrow_table(plain))


@given(CODES, st.integers(1, 9))
def test_more_text_than_an_array_holds_is_a_column_in_pieces(codes: list[int], most: int) -> None:
    pytest.importorskip("pyarrow", reason="Parquet is an extra")
    table = Table(name="t", row="", order="", empty="", columns=COLUMNS[:2])
    cells = {column.name: Coded(VALUES[0], np.array(codes, dtype=np.int32)) for column in table.columns}
    whole = Schema(table).arrow_table(cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sesreceive.report.schema._OCTETS_OF_A_PIECE", most)
        parted = Schema(table).arrow_table(cells)
    assert parted.equals(whole)
    column = parted[COLUMNS[0].name]
    # At most one text more, and the longest has 7 octets: `b` and an escape.
    assert all(sum(len(text or "") for text in piece.to_pylist()) <= most + 7 for piece in column.chunks)
    assert column.num_chunks <= 1 + sum(len(text or "") for text in whole[COLUMNS[0].name].to_pylist()) / most


COLUMNS = (
    Column("texts", "string", ""),
    Column("list of texts", "string", ""),
    Column("words", "category", "", categories=("miss", "match")),
    Column("numbers", "Int64", ""),
    Column("flags", "boolean", ""),
)
VALUES: tuple[Sequence[Any], ...] = (
    Texts(["a", "", "a", "b\udcff"]),
    ["a", "", "a", "b\udcff"],
    [Op.MATCH, Op.MISS, "match", None],
    range(2, 6),
    [True, False, True, None],
)
