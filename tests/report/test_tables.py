"""The tables: declared columns in every frame, whatever is in it; cells that agree with the trace."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.auth.results import DmarcPolicy, DmarcStatus, SpfStatus
from sesreceive.report import columns
from sesreceive.report.clean_text import clean
from sesreceive.report.columns import MESSAGES, TABLES, table
from sesreceive.report.files import FORMATS
from sesreceive.report.frames import frame
from sesreceive.report.grid import grid, matrix_grid
from sesreceive.report.table import Column, Table
from sesreceive.report.tables import Tables
from sesreceive.report.trace_rows import event_rows
from sesreceive.trace.vocabulary import cell_mark
from tests.scenario import scenario_items, scenario_receiver

DTYPES = {"string", "category", "Int64", "boolean", "float64", "datetime64[ms, UTC]"}


@pytest.fixture(scope="module")
def tables() -> Tables:
    report = scenario_receiver().replay(scenario_items())
    return report._tables


@pytest.mark.parametrize("declared", TABLES, ids=lambda one: one.name)
def test_every_column_is_documented(declared: Table) -> None:
    text = declared.describe()
    assert all(column.meaning and column.dtype in DTYPES for column in declared.columns)
    assert all(bool(column.categories) is (column.dtype == "category") for column in declared.columns)
    assert declared.names[:2] == ("number", "message")
    assert len(set(declared.names)) == len(declared.names)
    assert len(text.splitlines()) == 3 + len(declared.columns)
    assert table(declared.name) is declared


def test_an_unknown_table_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"expected one of messages, recipients, .* but got `mesages`"):
        table("mesages")


def test_results_are_the_words_of_the_results() -> None:
    columns = {column.name: column for column in MESSAGES.columns}
    assert set(columns["spf_result"].categories) == {str(status) for status in SpfStatus}
    assert set(columns["dmarc_result"].categories) == {str(status) for status in DmarcStatus}
    assert set(columns["dmarc_policy"].categories) == {str(policy) for policy in DmarcPolicy}


def assert_is_as_declared(made: pd.DataFrame, declared: Table) -> None:
    assert tuple(made.columns) == declared.names
    for column in declared.columns:
        dtype = made[column.name].dtype
        assert str(dtype) == column.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            assert tuple(dtype.categories) == column.categories
            assert not dtype.ordered


@pytest.mark.parametrize("declared", TABLES, ids=lambda one: one.name)
def test_frames_have_the_declared_columns_also_when_empty(declared: Table, tables: Tables) -> None:
    full, empty = (frame(declared, one.data(declared.name)) for one in (tables, Tables()))
    assert len(full) == tables.length(declared.name) > 0 == len(empty)
    assert_is_as_declared(full, declared)
    assert_is_as_declared(empty, declared)
    # What one does with frames of several runs: nothing is lost, also with an empty one.
    assert_is_as_declared(pd.concat([empty, full, full], ignore_index=True), declared)


def test_rows_of_a_message_stand_together_in_its_order(tables: Tables) -> None:
    for declared in TABLES:
        numbers = tables.column(declared.name, "number")
        assert numbers == sorted(numbers)
        names = dict(enumerate(tables.labels))
        assert tables.column(declared.name, "message") == [names[number] for number in numbers]


def test_there_is_a_row_for_each_event_and_only_these() -> None:
    for reception in scenario_receiver().replay(scenario_items()):
        rows = event_rows(reception.trace)
        assert [row.seq for row in rows] == list(range(len(reception.trace)))
        assert [row.subject for row in rows] == [event.subject for event in reception.trace]


def test_tables_joined_are_the_tables_of_all(tables: Tables) -> None:
    items = scenario_items()
    parts = [scenario_receiver().replay([item])._tables for item in items]
    joined = Tables()
    for part in parts:
        joined.extend(part)
    # Each part has its first message id, so what holds ids is left out.
    for declared in TABLES:
        for column in set(declared.names) - {"message_id", "received_at", "reply", "reason", "subject"}:
            assert joined.column(declared.name, column) == tables.column(declared.name, column)


VALUES = {
    "string": st.none() | st.text(max_size=5),
    "Int64": st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
    "boolean": st.none() | st.booleans(),
    "float64": st.none() | st.floats(allow_nan=False),
    "datetime64[ms, UTC]": st.none() | st.datetimes(timezones=st.timezones()),
}


@given(st.sampled_from(sorted(VALUES)).flatmap(lambda dtype: st.tuples(st.just(dtype), st.lists(VALUES[dtype]))))
def test_cells_come_out_as_they_went_in(case: tuple[str, list[object]]) -> None:
    dtype, values = case
    made = frame(Table(name="t", row="", order="", empty="", columns=(Column("c", dtype, ""),)), {"c": values})["c"]
    assert str(made.dtype) == dtype
    for value, cell in zip(values, made, strict=True):
        if value is None:
            assert pd.isna(cell)
        elif dtype.startswith("datetime"):
            assert abs((cell - value).total_seconds()) <= 0.001
        elif dtype == "string":
            assert cell == clean([value])[0]  # type: ignore[list-item]  # it is text
        else:
            assert cell == value


@given(st.lists(st.text(), max_size=5))
def test_clean_text_can_be_written_and_other_text_stays(values: list[str]) -> None:
    for before, after in zip(values, clean(list(values)), strict=True):
        assert after is not None
        after.encode()
        if not any("\ud800" <= character <= "\udfff" for character in before):
            assert after == before


# ------------------------------------------------------------------ for a terminal

CELLS = st.lists(st.tuples(st.text(max_size=60), st.integers() | st.none(), st.text(max_size=300)), max_size=6)


@given(CELLS, st.none() | st.integers(1, 200))
def test_a_grid_has_one_line_a_row_and_keeps_to_its_width(rows: list[tuple[object, ...]], width: int | None) -> None:
    lines = grid(["name", "number", "reason"], rows, width=width, drop=["number"]).split("\n")
    assert len(lines) == 1 + len(rows)
    assert all(len(line.splitlines()) <= 1 for line in lines)
    if width is not None:
        assert max(map(len, lines)) <= max(width, 36 + 14 + 28 + 4)


def test_a_narrow_grid_drops_columns_in_turn() -> None:
    rows = [("m" * 20, "x" * 30, "y" * 30, "z" * 200)]
    heads = ["name", "first", "second", "reason"]
    shown = {
        width: grid(heads, rows, width=width, drop=["first", "second"]).split("\n")[0].split()
        for width in (200, 80, 60)
    }
    assert shown == {200: heads, 80: ["name", "second", "reason"], 60: ["name", "reason"]}


def test_the_matrix_shows_a_mark_for_each_cell() -> None:
    words = list(columns.CELLS)
    text = matrix_grid([f"rule:{word}" for word in words], [("m", words)])
    line = text.splitlines()[-1]
    marks = [cell_mark(word) for word in words]
    assert [mark for mark in marks if mark.strip()] == line.split()[1:]
    assert len(set(marks)) == len(marks)


def test_rows_that_are_not_of_the_columns_are_refused() -> None:
    with pytest.raises(TypeError, match=r"the rows of the table `t` have the fields .*, not \('other',\)"):
        Table(
            name="t", row="", order="", empty="", row_type=table("rules").row_type,
            columns=tuple(Column(name, "string", "") for name in ("number", "message", "envelope", "other")),
        )  # fmt: skip


def test_formats_are_the_three_there_are() -> None:
    assert tuple(FORMATS) == ("csv", "json", "parquet")
