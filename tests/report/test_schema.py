"""The declared columns in the words of others: Arrow, Parquet, Spark, and frames that come back from them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from sesreceive.errors import InputError, MissingExtraError
from sesreceive.report import Report
from sesreceive.report.columns import AUTHENTICATION, PASSED_OVER, TABLES
from sesreceive.report.schema import Schema
from sesreceive.report.table import Table
from tests.scenario import scenario_items, scenario_receiver

pq = pytest.importorskip("pyarrow.parquet", reason="Parquet is an extra: `pip install 'sesreceive[parquet]'`")
pa = pytest.importorskip("pyarrow")

ALL = (*TABLES, PASSED_OVER, AUTHENTICATION)
SPARK = {
    "string": "STRING", "category": "STRING", "Int64": "BIGINT", "boolean": "BOOLEAN", "float64": "DOUBLE",
    "datetime64[ms, UTC]": "TIMESTAMP",
}  # fmt: skip


@pytest.fixture(scope="module")
def report() -> Report:
    return scenario_receiver().replay(scenario_items())


@pytest.mark.parametrize("declared", ALL, ids=lambda one: one.name)
def test_the_spark_columns_are_the_declared_ones(declared: Table) -> None:
    written = re.findall(r"`(\w+)` ([A-Z]+)(?:, |$)", Report.schema(declared.name).spark)
    assert written == [(column.name, SPARK[column.dtype]) for column in declared.columns]


@pytest.mark.parametrize("declared", TABLES, ids=lambda one: one.name)
@pytest.mark.parametrize("filled", [True, False])
def test_a_table_comes_back_from_arrow_and_parquet_as_its_frame(
    declared: Table, filled: bool, report: Report, tmp_path: Path
) -> None:
    rows = report if filled else Report()
    schema, wanted = rows.schema(declared.name), rows.frame(declared.name)
    table = schema.arrow_table(rows.data(declared.name))
    assert table.schema.equals(schema.arrow(), check_metadata=True)
    assert table.schema.names == list(declared.names)
    pq.write_table(table, tmp_path / "t.parquet")
    for back in (table.to_pandas(), pd.read_parquet(tmp_path / "t.parquet")):
        pd.testing.assert_frame_equal(schema.frame(back), wanted, check_freq=False)
    # Whoever knows nothing of the declaration gets the types all the same.
    plain = pd.read_parquet(tmp_path / "t.parquet").dtypes
    for column in declared.columns:
        assert str(plain[column.name]).replace("Int64", "int64") == column.dtype.replace("Int64", "int64")


def test_text_that_is_no_unicode_can_be_written() -> None:
    declared = Table(name="t", row="", order="", empty="", columns=(PASSED_OVER.columns[0],))
    assert Schema(declared).arrow_table({"name": ["a\udcff", None]}).to_pydict() == {"name": ["a\\udcff", None]}


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (pd.DataFrame({"name": ["a"]}), "expected the columns of the table `passed_over` but `why` is missing"),
        (pd.DataFrame({"number": ["x"]}), "expected the columns of the table `passed_over` but `name` is missing"),
    ],
)
def test_rows_of_another_table_are_refused(rows: pd.DataFrame, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        Report.schema("passed_over").frame(rows)


def test_cells_that_are_none_of_a_column_are_refused() -> None:
    schema = Report.schema("effects")
    wrong = schema.frame().astype("object").reindex([0]).assign(position="first")
    with pytest.raises(InputError, match="the table `effects` cannot be made of these rows: "):
        schema.frame(wrong)


def test_a_time_without_a_zone_is_utc() -> None:
    schema = Report.schema("messages")
    rows = schema.frame().reindex([0]).assign(received_at=pd.to_datetime(["2026-01-02 10:05:05"]))
    assert schema.frame(rows)["received_at"][0].isoformat() == "2026-01-02T10:05:05+00:00"


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"needs `pyarrow`: .*sesreceive\[parquet\]"):
        Report.schema("messages").arrow()
