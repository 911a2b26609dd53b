"""One function of frames for pandas, Dask and Spark: the rows are those of a serial replay, whatever the partitions."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sesreceive as ses
from sesreceive.errors import InputError
from sesreceive.plot.counts import firings, funnel, verdicts, ways
from sesreceive.report.columns import TABLES
from tests.conftest import make_account
from tests.scenario import scenario_items, scenario_receiver

NAMES = [table.name for table in TABLES]
ITEMS = scenario_items() * 2


def messages_of(items: Any, rows: int = 7) -> pd.DataFrame:
    return pd.concat(list(ses.message_frames(items, rows=rows)), ignore_index=True)


@pytest.fixture(scope="module")
def serial() -> ses.Report:
    return scenario_receiver().replay(ITEMS)


def assert_equal(made: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(made.reset_index(drop=True), wanted, check_freq=False)


@pytest.mark.parametrize("rows", [pytest.param(1, marks=pytest.mark.slow), 7])
@pytest.mark.parametrize("table", NAMES)
def test_the_rows_are_those_of_a_serial_replay_in_any_partitions(table: str, rows: int, serial: ses.Report) -> None:
    function = pickle.loads(pickle.dumps(ses.frame_function(scenario_receiver(), table)))
    parts = list(ses.message_frames(ITEMS, rows=rows))
    assert_equal(pd.concat([function(part) for part in reversed(parts)][::-1]), serial.frame(table))
    # An iterator of frames gives an iterator of frames: what `mapInPandas` wants.
    assert_equal(pd.concat(list(function(iter(parts)))), serial.frame(table))


@pytest.mark.parametrize("table", NAMES)
def test_no_messages_are_no_rows_of_the_same_columns(table: str) -> None:
    function = ses.frame_function(scenario_receiver(), table)
    empty = function(messages_of(ITEMS).iloc[:0])
    assert_equal(empty, function.meta)
    assert_equal(empty, scenario_receiver().replay([]).frame(table))


def test_a_broken_message_is_a_row_with_its_error() -> None:
    mail = {"good": b"To: ana@example.com\r\n\r\n", "bad": {"raw": b"\r\n", "client_ip": "no address"}}
    rows = ses.frame_function(scenario_receiver())(
        pd.DataFrame(
            {"number": [0, 1], "name": list(mail), "raw": [b"\r\n", b"\r\n"], "client_ip": [None, "no address"]}
        )
    )
    report = scenario_receiver().replay(mail)
    for frame in (rows, report.messages):
        assert frame["message"].tolist() == ["good", "bad"]
        assert frame["error"].tolist()[0] == ""
        assert "expected an IPv4 or IPv6 address but got `no address`" in frame["error"].tolist()[1]
        assert pd.isna(frame["accepted"][1])


def test_what_looks_at_a_report_counts_no_message_that_was_not_received() -> None:
    report, without = scenario_receiver().replay([*ITEMS, 5]), scenario_receiver().replay(ITEMS)
    assert report.received.equals(without.messages)
    assert report.cost() == without.cost()
    assert [counted(report) for counted in (funnel, verdicts, firings, ways)] == [
        counted(without) for counted in (funnel, verdicts, firings, ways)
    ]


class Failing(ses.MemoryBackend):
    """A backend that breaks for one message."""

    def perform(self, effect: Any) -> Any:
        raise RuntimeError("disk\x1b full")


def test_what_a_backend_raises_is_of_one_message() -> None:
    receiver = scenario_receiver()
    receiver.backend = Failing()
    report = receiver.replay(ITEMS)
    broken = report.messages[report.messages["error"] != ""]
    assert 0 < len(broken) < len(report.messages) == len(ITEMS)
    assert broken["error"].unique().tolist() == [r"RuntimeError: disk\x1b full"]
    assert report.passed_over["why"].unique().tolist() == ["broken"]


def test_an_envelope_comes_along_and_one_that_is_not_known_is_read_as_elsewhere() -> None:
    mail: list[Any] = [
        (b"To: ana@example.com\r\n\r\n", ses.Envelope(client_ip="192.0.2.1", rcpt_to=("bo@example.com",))),
        (b"To: ana@example.com\r\n\r\n", {"tls": True}),
        b"To: ana@example.com\r\nDelivered-To: cy@example.com\r\n\r\n",
    ]
    function = ses.frame_function(ses.Receiver(make_account(), seed=3))
    assert_equal(function(messages_of(mail)).drop(columns=DERIVED), messages_by_replay(mail).drop(columns=DERIVED))


# A mapping of some parts is turned into a whole envelope on the way: what was assumed is read out again there.
DERIVED = ["envelope", "envelope_parts"]


def messages_by_replay(mail: Any) -> pd.DataFrame:
    return ses.Receiver(make_account(), seed=3).replay(mail).messages


@pytest.mark.parametrize("take_over", [True, False])
def test_what_ses_stored_keeps_its_id_and_results(take_over: bool) -> None:
    first = scenario_receiver()
    first.replay(ITEMS)
    bucket = first.backend.buckets["inbox"]
    made = ses.frame_function(scenario_receiver(), take_over=take_over)(messages_of(bucket))
    assert_equal(made, scenario_receiver().replay(bucket, take_over=take_over).messages)
    accepted = set(made.loc[made["accepted"], "message_id"])
    assert (accepted <= {key.rpartition("/")[2] for key in bucket}) is take_over


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        (pd.DataFrame({"number": [0]}), "expected a frame with a column `raw` but got number"),
        (pd.DataFrame({"raw": [b""]}), "expected a column `number`, the position of each message"),
        (pd.DataFrame({"raw": [b""], "number": ["x"]}), "number: expected the position of a message .* but got `x`"),
        (pd.DataFrame({"raw": [b""], "number": [-1]}), "number: expected the position of a message .* but got `-1`"),
        (
            pd.DataFrame({"raw": [b""], "number": [1.5]}),
            r"number: expected the position of a message .* but got `1\.5`",
        ),
        (None, "expected a DataFrame of messages, or several of them, but got nothing"),
    ],
)
def test_a_frame_that_is_none_of_messages_is_refused(frame: Any, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        ses.frame_function(scenario_receiver())(frame)


def test_what_is_no_receiver_is_refused() -> None:
    with pytest.raises(InputError, match=r"^expected a Receiver but got `5`$"):
        ses.frame_function(5)  # type: ignore[arg-type]


def test_a_receiver_without_a_seed_needs_no_numbers() -> None:
    rows = ses.frame_function(ses.Receiver(make_account()))(pd.DataFrame({"raw": [b"To: a@example.com\r\n\r\n"] * 2}))
    assert rows["number"].isna().all()
    assert rows["message"].tolist() == ["", ""]


# name of no table that is made of receptions, and how the sentence ends
NO_TABLES = [
    ("mesages", r"`mesages`; did you mean `messages`\?$"),
    ("authentication", "`authentication`$"),
    ("passed_over", "`passed_over`$"),
]


@pytest.mark.parametrize("name, end", NO_TABLES)
def test_no_such_table(name: str, end: str, serial: ses.Report) -> None:
    for asked in (lambda: ses.frame_function(scenario_receiver(), name), lambda: serial.frame(name)):
        with pytest.raises(InputError, match=f"^expected one of messages, .* but got {end}"):
            asked()


# ------------------------------------------------------------------ clusters


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="Dask is an extra: `pip install 'sesreceive[dask]'`")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("table", NAMES)
def test_dask_gives_the_rows_of_a_serial_replay(table: str, serial: ses.Report, cluster: Any) -> None:
    frames = pytest.importorskip("dask.dataframe")
    mail = frames.from_pandas(messages_of(ITEMS), npartitions=4)
    function = ses.frame_function(scenario_receiver(), table)
    made = mail.map_partitions(function, meta=function.meta).compute()
    assert_equal(function.schema.frame(made), serial.frame(table))


@pytest.mark.slow
def test_dask_reads_the_files_and_runs_a_replay(tmp_path: Path, serial: ses.Report, cluster: Any) -> None:
    frames = pytest.importorskip("dask.dataframe")
    for number, part in enumerate(ses.message_frames(ITEMS, rows=10)):
        part.to_parquet(tmp_path / f"{number:04}.parquet")
    function = ses.frame_function(scenario_receiver())
    mail = frames.read_parquet(tmp_path)
    assert_equal(function.schema.frame(mail.map_partitions(function, meta=function.meta).compute()), serial.messages)
    # As an executor: twice the workers of the cluster are ahead, whatever machine this is.
    assert scenario_receiver().replay(ITEMS, executor=cluster.get_executor(), chunk=5) == serial


@pytest.mark.slow
def test_spark_gives_the_rows_of_a_serial_replay(
    tmp_path: Path, serial: ses.Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is an extra: it needs Java 17 and pandas before 3")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)  # its workers take what is on the path otherwise
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    try:
        for number, part in enumerate(ses.message_frames(ITEMS, rows=10)):
            part.to_parquet(tmp_path / f"{number:04}.parquet")
        for table in NAMES:
            function = ses.frame_function(scenario_receiver(), table)
            mail = spark.read.parquet(str(tmp_path)).repartition(4, "number")
            made = function.schema.frame(mail.mapInPandas(function, function.schema.spark).toPandas())
            made = made.sort_values("number", kind="stable", ignore_index=True)
            assert_equal(made, serial.frame(table))
    finally:
        spark.stop()
