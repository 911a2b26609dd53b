"""A replay into Parquet files: the tables of a report, written as it goes; stopped, killed and gone on with."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sesreceive as ses
from sesreceive.errors import InputError
from sesreceive.mail.message import Message
from sesreceive.replay.replay_folder import ReplayFolder
from sesreceive.report.columns import TABLES
from sesreceive.scan.scanner import Finding, Subject
from sesreceive.testing import make_account
from sesreceive.verdict import Verdict
from tests.scenario import scenario_items, scenario_receiver

pq = pytest.importorskip("pyarrow.parquet", reason="Parquet is an extra: `pip install 'sesreceive[parquet]'`")

ITEMS = scenario_items()
TABLE_NAMES = [table.name for table in TABLES]


@pytest.fixture(scope="module")
def report() -> ses.Report:
    return scenario_receiver().replay(ITEMS)


def assert_holds(folder: ReplayFolder, report: ses.Report, tables: list[str]) -> None:
    assert len(folder) == len(report)
    for table in tables:
        pd.testing.assert_frame_equal(folder.frame(table), report.frame(table), check_freq=False)


@pytest.mark.parametrize(("chunk", "part"), [(3, 8), (1000, 1000)])
@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.slow
def test_the_files_hold_the_tables_of_a_report(
    chunk: int, part: int, workers: int | None, tmp_path: Path, report: ses.Report
) -> None:
    executor: Executor | None = None if workers is None else ThreadPoolExecutor(workers)
    folder = scenario_receiver().replay_to(
        tmp_path, ITEMS, tables=TABLE_NAMES, chunk=chunk, part=part, executor=executor
    )
    assert_holds(folder, report, TABLE_NAMES)
    assert len(folder.parts()) == -(-len(ITEMS) // (-(-part // chunk) * chunk))
    assert set(folder.tables) == {*TABLE_NAMES, "authentication"}
    for table in folder.tables:
        for path in folder.parts(table):
            assert pq.read_schema(path).equals(folder.schema(table).arrow(), check_metadata=False)
    # As anybody reads it who has never heard of this library.
    plain = pd.read_parquet(tmp_path / "messages")
    assert plain["message"].tolist() == report.names
    assert str(plain["received_at"].dtype) == "datetime64[ms, UTC]"


def test_a_row_group_is_a_chunk(tmp_path: Path) -> None:
    folder = scenario_receiver().replay_to(tmp_path, ITEMS, chunk=5, part=1000)
    (path,) = folder.parts()
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)] == [5] * (len(ITEMS) // 5)


# ------------------------------------------------------------------ stopped


class Stop(BaseException):
    """As a signal that ends the program would."""


def stopping(items: Any, after: int, error: type[BaseException]) -> Iterator[Any]:
    for number, item in enumerate(items):
        if number == after:
            raise error
        yield item


@pytest.mark.parametrize(
    ("after", "error"), [(0, Stop), (1, KeyboardInterrupt), (7, KeyboardInterrupt), (7, Stop), (9, KeyboardInterrupt)]
)
@pytest.mark.slow
def test_going_on_gives_what_a_run_without_a_stop_gives(
    after: int, error: type[BaseException], tmp_path: Path, report: ses.Report
) -> None:
    try:
        folder = scenario_receiver().replay_to(tmp_path, stopping(ITEMS, after, error), chunk=2, part=4)
    except Stop:
        pass
    else:
        assert folder.interrupted
        assert repr(folder).endswith(", interrupted>")
    done = tmp_path if (tmp_path / "messages").is_dir() else None
    assert_holds(scenario_receiver().replay_to(tmp_path, ITEMS, chunk=2, done=done), report, ["messages", "effects"])
    # All is done now: nothing is received again.
    assert_holds(scenario_receiver().replay_to(tmp_path, ITEMS, done=tmp_path), report, ["messages", "effects"])


def test_what_a_killed_program_left_is_written_again(tmp_path: Path, report: ses.Report) -> None:
    scenario_receiver().replay_to(tmp_path, ITEMS, chunk=2, part=4, limit=8)
    # Killed while the third part was written, and while the files of the second were given their names.
    (tmp_path / "messages" / ".part-000002.parquet").write_bytes(b"PAR1")
    (tmp_path / "messages" / "part-000001.parquet").unlink()
    folder = scenario_receiver().replay_to(tmp_path, ITEMS, chunk=2, part=4, done=tmp_path)
    assert_holds(folder, report, ["messages", "effects"])
    assert not list(tmp_path.rglob(".part*"))


def test_going_on_in_memory(report: ses.Report) -> None:
    receiver = scenario_receiver()
    before = receiver.replay(stopping(ITEMS, 7, KeyboardInterrupt))
    assert before.interrupted
    assert len(before) == 7
    after = scenario_receiver().replay(ITEMS, done=before)
    assert list(before) + list(after) == list(report)


def test_messages_that_are_new_in_the_source_are_received_wherever_they_stand(tmp_path: Path) -> None:
    mail = {name: f"Subject: {name}\r\n\r\n".encode() for name in "abcd"}
    scenario_receiver().replay_to(tmp_path, {name: mail[name] for name in "bd"})
    folder = scenario_receiver().replay_to(tmp_path, mail, done=tmp_path)
    assert folder.frame()["message"].tolist() == ["b", "d", "a", "c"]
    assert folder.frame()["number"].tolist() == [0, 1, 2, 3]


def test_a_broken_message_is_a_row_once_however_often_one_goes_on(tmp_path: Path) -> None:
    mail: list[Any] = [b"Subject: x\r\n\r\n", 5, b"Subject: y\r\n\r\n"]
    folder = scenario_receiver().replay_to(tmp_path, mail, chunk=1, limit=1)
    for _ in range(2):
        folder = scenario_receiver().replay_to(tmp_path, mail, chunk=1, done=tmp_path)
    frame = folder.frame()
    assert len(folder) == 2
    (error,) = filter(None, frame["error"])
    assert "but got `int`" in error


@dataclass(frozen=True)
class Breaking:
    """A scanner of somebody's, with a mistake in it."""

    name: str = "breaking"

    def scan(self, message: Message, envelope: ses.Envelope) -> Iterator[Finding]:
        if message.raw.endswith(b"breaks"):
            raise RuntimeError("it breaks")
        yield Finding(Subject.SPAM, Verdict.PASS, "it is short")


@pytest.mark.parametrize("names", [True, False], ids=["named", "unnamed"])
@pytest.mark.parametrize("chunk", [1, 2, 3, 200])
def test_what_cannot_be_received_has_no_number_and_is_said_once(chunk: int, names: bool, tmp_path: Path) -> None:
    rule = ses.ReceiptRule(name="all", enabled=True, scan_enabled=True)
    account = make_account(rule)

    def mail(count: int) -> list[dict[str, Any]]:
        raws = [b"To: ana@example.com\r\n\r\n%d%s" % (n, b" breaks" if n in (1, 4) else b"") for n in range(8)]
        return [{"raw": raw, "name": f"m{n}" if names else ""} for n, raw in enumerate(raws[:count])]

    def receiver() -> ses.Receiver:
        return ses.Receiver(account, seed=1, scanners=(Breaking(),))

    whole = receiver().replay(mail(8)).messages
    before = receiver().replay(mail(5), chunk=chunk)
    after = receiver().replay(mail(8), chunk=chunk, done=before)
    receiver().replay_to(tmp_path, mail(5), chunk=chunk)
    folder = receiver().replay_to(tmp_path, mail(8), chunk=chunk, done=tmp_path)
    for frame in ((before + after).messages, folder.frame()):
        assert frame["error"].ne("").sum() == 2
        got = frame.sort_values("number", ignore_index=True)
        assert got.equals(whole)


def test_going_on_knows_names_that_are_no_unicode(tmp_path: Path) -> None:
    mail = [{"raw": b"Subject: x\r\n\r\n", "name": "a\udcff"}]
    for done in (None, tmp_path):
        assert len(scenario_receiver().replay_to(tmp_path, mail, done=done)) == 1


# ------------------------------------------------------------------ refused, and bounds


def cut(path: Path) -> None:
    path.write_bytes(b"PAR1")


def without_names(path: Path) -> None:
    pd.read_parquet(path).drop(columns="message").to_parquet(path, index=False)


def with_numbers(path: Path) -> None:
    pd.read_parquet(path).assign(key=5, content=5).to_parquet(path, index=False)


# What was done to the file of authentication results, and how the sentence ends.
DAMAGED: list[tuple[Callable[[Path], Any], str]] = [
    (cut, "Parquet file size is 4 bytes.*"),
    (Path.unlink, "there is no such file"),
    (without_names, "there is no column `message`"),
    (with_numbers, "the column `content` has int64, not string"),
]


@pytest.mark.parametrize("damage, end", DAMAGED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_damaged_file_is_one_sentence(damage: Callable[[Path], Any], end: str, tmp_path: Path) -> None:
    scenario_receiver().replay_to(tmp_path, ITEMS[:2])
    damage(tmp_path / "authentication" / "part-000000.parquet")
    with pytest.raises(InputError, match=f"part-000000.parquet` cannot be read as a table of a replay: {end}$"):
        scenario_receiver().replay_to(tmp_path, ITEMS, done=tmp_path)


def test_a_folder_with_another_replay_is_left_alone(tmp_path: Path) -> None:
    scenario_receiver().replay_to(tmp_path, ITEMS[:2])
    for done in (None, scenario_receiver().replay(ITEMS[:1])):
        with pytest.raises(InputError, match=r"there is a replay in .* already: give `done=` that folder"):
            scenario_receiver().replay_to(tmp_path, ITEMS, done=done)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"tables": ["mesages"]}, "expected the name of a table but got `mesages`"),
        ({"tables": "messages"}, "tables: expected a list of names but got `messages`"),
        ({"tables": 5}, "tables: expected a list of names but got `5`"),
        ({"part": 0}, "expected a part of at least one message but got `0`"),
        ({"chunk": 1.5}, r"expected a chunk of at least one message but got `1\.5`"),
        ({"ahead": "2"}, "expected at least one chunk ahead but got `2`"),
        ({"limit": "x"}, "limit: expected a number from 0 but got `x`"),
        ({"progress": "x"}, "progress: expected true, false or a function but got `x`"),
        ({"executor": 5}, "executor: expected an executor of `concurrent.futures`, or one alike, but got `5`"),
        ({"known": 5}, "expected the path of a folder but got `5`"),
        ({"done": b"x"}, "expected the path of a folder but got `b'x'`"),
        ({"ahead": 0}, "expected at least one chunk ahead but got `0`"),
        ({"done": "nowhere"}, "there is no replay in `nowhere`"),
        ({"done": ses.Report(keep=False)}, "done: expected a report that keeps receptions, or the folder of a replay"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=complaint):
        scenario_receiver().replay_to(tmp_path, ITEMS, **options)


@pytest.mark.parametrize("folder", [None, 5, "", "a\0b", b"x"])
def test_where_to_is_a_path(folder: Any) -> None:
    with pytest.raises(InputError, match=r"^expected the path of a folder but got "):
        scenario_receiver().replay_to(folder, ITEMS)


def test_a_table_that_was_not_written_is_named(tmp_path: Path) -> None:
    folder = scenario_receiver().replay_to(tmp_path, ITEMS[:1])
    with pytest.raises(InputError, match=r"expected one of the tables actions, .* but got `events`"):
        folder.frame("events")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_messages(tmp_path: Path) -> None:
    def peak(messages: int) -> int:
        receiver = scenario_receiver()
        mail = (b"Subject: %d\r\n\r\n" % number + b"x" * 4000 for number in range(messages))
        tracemalloc.start()
        try:
            receiver.replay_to(tmp_path / str(messages), mail, chunk=50, envelope=ENVELOPE)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(200)
    assert peak(2000) < 1.5 * peak(500)


ENVELOPE = {"client_ip": "192.0.2.1", "mail_from": "ana@example.org", "rcpt_to": ["billing@example.com"]}


@pytest.mark.parametrize(("ahead", "wanted"), [(None, 6), (1, 1), (2, 2)])
def test_as_many_chunks_are_ahead_as_the_executor_has_workers_or_as_is_asked(ahead: int | None, wanted: int) -> None:
    waiting: list[Any] = []
    most = 0

    class Lazy(Future[Any]):
        def __init__(self, work: Any) -> None:
            super().__init__()
            self.work = work

        def result(self, timeout: float | None = None) -> Any:
            waiting.remove(self)
            return self.work()

    class Cluster(Executor):
        """An executor far away with three workers, which works when a result is waited for."""

        _max_workers = 3

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            nonlocal most
            waiting.append(Lazy(lambda: fn(*args, **kwargs)))
            most = max(most, len(waiting))
            return waiting[-1]

    scenario_receiver().replay(ITEMS, executor=Cluster(), chunk=1, ahead=ahead)
    assert most == wanted
