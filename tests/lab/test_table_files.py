"""Tables of a replay from Parquet are those in memory, however they were written, and little of them is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.failure_plan import Failure
from sesreceive.lab import table_files
from sesreceive.lab.received_tables import ReceivedTables
from sesreceive.lab.table_cells import READ, FrameCells
from sesreceive.lab.table_files import FileCells
from tests.lab.test_experiment import WRONG_CELLS
from tests.scenario import gate, scenario_account, scenario_items, scenario_receiver

pa = pytest.importorskip("pyarrow", reason="Parquet is an extra: `pip install 'sesreceive[parquet]'`")
pq = pytest.importorskip("pyarrow.parquet", reason="Parquet is an extra: `pip install 'sesreceive[parquet]'`")

TODAY = scenario_account()
ENDS = ["accepted", "rules", "effects", "failed", "stopped_by"]


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    """The tables of a replay in which an effect fails, and one message cannot be read."""
    failures = [Failure(bucket="rest", times=None)]
    receiver = scenario_receiver(backend=ses.MemoryBackend(functions={"gate": gate}, failures=failures))
    report = receiver.replay([*scenario_items(), {"name": "broken", "raw": 5}], keep=False)
    return {name: report.frame(name) for name in READ}


def retyped(table: Any, kinds: dict[Any, Any]) -> Any:
    """The same table with columns of other types."""
    return table.cast(pa.schema([pa.field(field.name, kinds.get(field.type, field.type)) for field in table.schema]))


CATEGORY = pa.dictionary(pa.int8(), pa.string())
# How a table is written: what becomes of its types, and options of the writer.
WAYS: dict[str, tuple[dict[Any, Any], dict[str, Any]]] = {
    "as it is": ({}, {}),
    "small row groups": ({}, {"row_group_size": 3}),
    "without statistics": ({}, {"row_group_size": 3, "write_statistics": False}),
    "categories are text": ({CATEGORY: pa.string()}, {"row_group_size": 2}),
    "texts are categories": ({pa.large_string(): CATEGORY, pa.string(): CATEGORY}, {"row_group_size": 4}),
    "other widths": ({pa.int64(): pa.int32(), pa.timestamp("ms", "UTC"): pa.timestamp("us", "UTC")}, {}),
    "numbers are floats": ({pa.int64(): pa.float64()}, {"row_group_size": 5}),
}


def written(table: Any, way: str, path: Path) -> list[Path]:
    """A table as two files, the first row alone in one."""
    kinds, options = WAYS[way]
    arrow = retyped(pa.Table.from_pandas(table, preserve_index=False), kinds)
    paths = [path / "a.parquet", path / "b.parquet"]
    path.mkdir(parents=True)
    for part, name in zip((arrow.slice(0, 1), arrow.slice(1)), paths, strict=True):
        pq.write_table(part, name, **options)
    return paths


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", READ)
def test_files_have_the_cells_of_the_frame_however_they_were_written(
    tables: dict[str, Any], name: str, way: str, tmp_path: Path
) -> None:
    ours, theirs = FileCells(written(tables[name], way, tmp_path / name), name), FrameCells(tables[name], name)
    assert len(ours) == len(theirs) > 0
    assert ours.columns(*READ[name]) == theirs.columns(*READ[name])
    for positions in ([], [0], range(len(ours)), range(len(ours) - 1, -1, -2)):
        assert list(ours.rows(positions)) == list(theirs.rows(positions))
    for words in ({"outcome": "fail"}, {"action": "LambdaAction", "outcome": "stop"}, {"rule": "rest"}):
        if set(words) <= set(READ[name]):
            assert ours.where(**words) == theirs.where(**words)
    assert name != "messages" or ours.is_zoned


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("table, column, cell, sentence", WRONG_CELLS, ids=[str(row[1:3]) for row in WRONG_CELLS])
def test_a_wrong_cell_of_a_file_is_one_sentence(
    tables: dict[str, Any], table: str, column: str, cell: Any, sentence: str, statistics: bool, tmp_path: Path
) -> None:
    # Of several rows, so that a column of the declared type stays one: the last one is wrong.
    frame = tables[table][tables[table]["number"].notna()].reset_index(drop=True)
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    place = arrow.schema.get_field_index(column)
    before = arrow.column(column).to_pylist()[:-1]
    whole = column in ("recipient", "tls", "received_at")  # the wrong cell is of another type: all of them are then
    made = pa.array([cell] * len(frame) if whole else [*before, cell])
    arrow = arrow.set_column(place, column, made)
    pq.write_table(arrow, tmp_path / "a.parquet", row_group_size=2, write_statistics=statistics)
    with pytest.raises(ses.InputError, match=f"^table `{table}` of a replay, {sentence}") as caught:
        FileCells([tmp_path / "a.parquet"], table)
    assert "\n" not in str(caught.value)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def damaged(path: Path) -> None:
    """The pages are zeros; the notes behind them are as they were."""
    data = path.read_bytes()
    end = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    path.write_bytes(data[:4] + bytes(end - 4) + data[end:])


def without_a_column(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop(["number"]), path)


def not_unicode(path: Path) -> None:
    table = pq.read_table(path)
    texts = pa.array([b"\xff"] * len(table)).view(pa.string())
    pq.write_table(table.set_column(table.schema.get_field_index("message"), "message", texts), path)


# What becomes of a file, of which table, and what the sentence has.
BROKEN: list[tuple[Callable[[Path], None], str, str]] = [
    (cut_short, "messages", "cannot read the table `messages` in `"),
    (cut_short, "effects", "cannot read the table `effects` in `"),
    (damaged, "messages", "cannot read the table `messages` in `"),
    (damaged, "recipients", "cannot read the table `recipients` in `"),
    (damaged, "actions", "cannot read the table `actions` in `"),
    (damaged, "effects", "cannot read the table `effects` in `"),
    (without_a_column, "effects", "expected the column `number` in the table `effects` of a replay but there is none"),
    (not_unicode, "messages", "cannot read the table `messages` in `"),
]


@pytest.mark.parametrize("how, name, sentence", BROKEN, ids=[f"{row[0].__name__}-{row[1]}" for row in BROKEN])
def test_a_broken_file_is_one_sentence(
    tables: dict[str, Any], how: Callable[[Path], None], name: str, sentence: str, tmp_path: Path
) -> None:
    for table, frame in tables.items():
        frame.to_parquet(tmp_path / f"{table}.parquet", index=False)
    how(tmp_path / f"{name}.parquet")
    with pytest.raises(ses.InputError) as caught:
        ses.experiment(scenario_receiver(), variants={"today": TODAY}, corpus=tmp_path)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_changed_rule_set_over_files_gives_what_a_full_replay_gives_and_what_memory_gives(tmp_path: Path) -> None:
    mail = [*ses.Traffic(accounts=(TODAY,), messages=30), *scenario_items()]
    variants = {"today": TODAY, "blocked": TODAY.with_filter(ses.ReceiptFilter.block("192.0.2.0/25", name="lab"))}
    receiver = scenario_receiver()
    folder = scenario_receiver().replay_to(tmp_path / "replay", mail, chunk=4, part=12)
    from_files = ses.experiment(receiver, variants=variants, corpus=folder)
    from_memory = ses.experiment(receiver, variants=variants, corpus=scenario_receiver().replay(mail))
    assert from_files.frame().equals(from_memory.frame())
    assert from_files.messages().equals(from_memory.messages())
    changed = scenario_receiver()
    changed.account = variants["blocked"]
    table = from_files.messages()
    ours = table[table["variant"] == "blocked"][ENDS].reset_index(drop=True)
    assert ours.equals(changed.replay(mail).messages[ENDS])
    lean = ReceivedTables.of_report(scenario_receiver().replay(mail, keep=False), receiver)
    ours, theirs = (list(one.under(TODAY)) for one in (ReceivedTables.read(folder.path, receiver), lean))
    assert ours == theirs


def test_of_files_little_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = [(item["raw"], item["envelope"]) for item in scenario_items() if item["name"] in ("billing", "partner")]
    scenario_receiver().replay_to(tmp_path, ways * 20, chunk=2)
    read: dict[str, set[tuple[str, int]]] = {name: set() for name in READ}
    real = table_files._File.read

    def counted(file: Any, groups: Sequence[int], columns: Sequence[str]) -> Any:
        read[file.path.parent.name] |= {(column, group) for column in columns for group in groups}
        return real(file, groups, columns)

    monkeypatch.setattr(table_files._File, "read", counted)
    receiver = scenario_receiver(backend=ses.MemoryBackend())  # no function is called anew
    tried = ses.experiment(receiver, variants={"today": TODAY, "off": TODAY.activate(None)}, corpus=tmp_path)
    assert len(tried) == 40
    assert tried.classes == 2
    groups = range(20)
    assert not read["effects"], "its notes say that nothing failed"
    assert {column for column, _ in read["actions"]} == {"action", "outcome"}, "no function was called"
    assert read["recipients"] == {(column, group) for column in READ["recipients"] for group in groups}
    of_the_judged = {column for column, group in read["messages"] if group == 0}
    of_all = {column for column, group in read["messages"] if group == 19}
    assert of_the_judged == set(READ["messages"])
    of_all -= {"spf", "dmarc", "spf_result"}  # with different verdicts in a group, its notes leave open what there is
    assert of_all == {"number", "message", "size_bytes", "client_ip", "helo", "mail_from", "tls", "accepted"}


def test_a_row_group_is_read_once_however_many_steps_its_rows_are_taken_in(
    tables: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Sequence[int]] = []
    real = table_files._File.read
    cells = FileCells(written(tables["messages"], "small row groups", tmp_path / "messages"), "messages")
    monkeypatch.setattr(
        table_files._File, "read", lambda file, groups, columns: read.append(groups) or real(file, groups, columns)
    )
    for position in range(len(cells)):
        list(cells.rows([position]))
    assert len(read) == 1 + -(-(len(cells) - 1) // 3), "one row in the first file, three in each group of the second"
