"""Replay: the same result on any executor, in any chunks; progress, limits, interruption, and what is refused."""

from __future__ import annotations

import inspect
import io
import itertools
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.errors import InputError
from sesreceive.replay import replay
from sesreceive.report import Report
from tests.conftest import make_account, make_rule
from tests.scenario import WAYS, gate, message, scenario_items, scenario_receiver

ITEMS = scenario_items() * 3


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    # Fresh interpreters, as on every system but Linux: nothing is inherited that was not sent.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3) as executor:
        yield executor


class AtOnce(Executor):
    """An executor that knows nothing of workers and does everything when it is asked."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as every executor does
            future.set_exception(error)
        return future


def held(backend: ses.MemoryBackend) -> dict[str, Any]:
    """Everything a backend holds, in order."""
    return {
        "buckets": {name: list(bucket.items()) for name, bucket in backend.buckets.items()},
        "topics": dict(backend.topics),
        **{name: getattr(backend, name) for name in ("invocations", "bounces", "workmail", "contacts")},
    }


@pytest.fixture(scope="module")
def one_by_one() -> tuple[Report, dict[str, Any]]:
    receiver = scenario_receiver()
    return receiver.replay(ITEMS), held(receiver.backend)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
@pytest.mark.parametrize("kind", ["threads", "processes", "at once"])
@pytest.mark.slow
def test_the_result_is_the_same_on_any_executor_in_any_chunks(
    kind: str,
    chunk: int,
    keep: bool,
    one_by_one: tuple[Report, dict[str, Any]],
    threads: ThreadPoolExecutor,
    processes: ProcessPoolExecutor,
) -> None:
    executor = {"threads": threads, "processes": processes, "at once": AtOnce()}[kind]
    receiver = scenario_receiver()
    report = receiver.replay(ITEMS, executor=executor, chunk=chunk, keep=keep)
    wanted, everything = one_by_one
    assert report == wanted
    assert held(receiver.backend) == everything
    if keep:
        assert list(report) == list(wanted)
    # What comes next goes on where the replay ended.
    after = scenario_receiver()
    after.replay(ITEMS)
    assert receiver.receive(message(), WAYS["billing"]) == after.receive(message(), WAYS["billing"])


def test_a_replay_is_receiving_one_after_the_other(one_by_one: tuple[Report, dict[str, Any]]) -> None:
    receiver = scenario_receiver()
    names = [*WAYS] * 3
    receptions = [receiver.receive(message(name), WAYS[name], name=name) for name in names]
    assert receptions == list(one_by_one[0])
    assert held(receiver.backend) == one_by_one[1]


def test_what_was_there_before_stays_and_comes_first(threads: ThreadPoolExecutor) -> None:
    results = []
    for executor in (None, threads):
        receiver = scenario_receiver()
        receiver.receive(message(), WAYS["billing"])
        receiver.replay(ITEMS[:1], executor=executor)
        results.append(held(receiver.backend))
    assert results[0] == results[1]
    assert len(results[0]["buckets"]["inbox"]) == 2


def test_planned_failures_hit_the_same_messages_on_any_executor(threads: ThreadPoolExecutor) -> None:
    results = []
    for executor in (None, threads):
        receiver = scenario_receiver()
        receiver.backend.failures.add(bucket="rest", times=3)
        results.append(receiver.replay(ITEMS, executor=executor, chunk=2))
    assert results[0] == results[1]
    assert (results[0].effects["attempts"] > 1).sum() == 1


def test_a_report_is_received_again_by_another_configuration() -> None:
    report = scenario_receiver().replay(ITEMS)
    other = ses.Receiver(make_account(make_rule("all")), seed=2)
    again = other.replay(report)
    assert again.names == report.names
    assert [reception.envelope for reception in again] == [reception.envelope for reception in report]
    assert set(again.rules["rule"]) == {"all"}


def test_a_folder_and_an_envelope_for_all(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.eml").write_bytes(message(name))
    report = replay(scenario_receiver(), tmp_path, envelope={"rcpt_to": ["billing@example.com"]})
    assert report.messages[["message", "subject", "recipients"]].to_numpy().tolist() == [
        ["a", "a", "billing@example.com"], ["b", "b", "billing@example.com"],
    ]  # fmt: skip


def test_messages_without_a_name_are_numbered() -> None:
    report = scenario_receiver().replay([message()] * 2)
    assert report.messages["message"].tolist() == ["#0", "#1"] == report.names


# ------------------------------------------------------------------ how much, how far


def endless() -> Iterator[bytes]:
    while True:
        yield message()


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_a_limit_ends_also_what_is_endless(limit: int, threads: ThreadPoolExecutor) -> None:
    assert len(scenario_receiver().replay(endless(), limit=limit)) == limit
    assert len(scenario_receiver().replay(endless(), limit=limit, executor=threads, chunk=2)) == limit


def test_no_more_is_read_than_the_workers_can_take(threads: ThreadPoolExecutor) -> None:
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield message()

    seen = []
    scenario_receiver().replay(
        counted(),
        executor=AtOnce(),
        chunk=2,
        limit=400,
        progress=lambda done, total: seen.append(read - done),
        keep=False,
    )
    assert read == 400
    assert max(seen) < 100


def test_progress_is_told_now_and_then_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int | None]] = []
    monkeypatch.setattr("sesreceive.replay.progress._EVERY_S", 0.0)
    scenario_receiver().replay(ITEMS, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, len(ITEMS)) for done in [*range(1, len(ITEMS) + 1), len(ITEMS)]]
    told.clear()
    scenario_receiver().replay(endless(), limit=2, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, None)
    told.clear()
    scenario_receiver().replay(ITEMS, limit=4, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)


def test_progress_is_told_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that goes on by a second each time it is read: at most each second message is told, and the last."""
    told: list[int] = []
    monkeypatch.setattr("sesreceive.replay.progress._EVERY_S", 2.0)
    clock = itertools.count()
    monkeypatch.setattr("sesreceive.replay.progress.time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    ses.Receiver(ses.Account(), seed=1).replay([b""] * 500, progress=lambda done, total: told.append(done))
    assert told[-1] == 500
    assert 0 < len(told) <= 500 / 2 + 1


@pytest.mark.parametrize("tqdm", [True, False])
def test_true_shows_a_bar_on_stderr(tqdm: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if tqdm:
        pytest.importorskip("tqdm", reason="tqdm is optional")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    scenario_receiver().replay(ITEMS, progress=True)
    assert "30" in written.getvalue()
    assert "messages" in written.getvalue()


# ------------------------------------------------------------------ stopping, and mistakes


@pytest.mark.parametrize("kind", ["none", "threads", "at once"])
def test_an_interrupt_gives_the_report_so_far(kind: str, threads: ThreadPoolExecutor) -> None:
    def stopped() -> Iterator[dict[str, object]]:
        yield from scenario_items()
        raise KeyboardInterrupt

    executor = {"none": None, "threads": threads, "at once": AtOnce()}[kind]
    receiver = scenario_receiver()
    report = receiver.replay(stopped(), executor=executor, chunk=1)
    assert report.interrupted
    assert repr(report).endswith(", interrupted>")
    # With an executor, what was on its way is not waited for.
    names = list(WAYS)[: len(report)]
    assert report.names == names
    assert len(report) == len(WAYS) or executor is not None
    assert not scenario_receiver().replay(ITEMS).interrupted


def local_function_receiver() -> ses.Receiver:
    return scenario_receiver(backend=ses.MemoryBackend(functions={"gate": lambda event, context: None}))


def test_a_function_that_cannot_travel_is_one_clear_error(processes: ProcessPoolExecutor) -> None:
    with pytest.raises(
        InputError, match=r"^the receiver cannot be sent to another process \(.*\): define its functions"
    ):
        local_function_receiver().replay(ITEMS, executor=processes)


def test_a_function_that_cannot_travel_runs_in_threads(threads: ThreadPoolExecutor) -> None:
    report = local_function_receiver().replay(ITEMS, executor=threads)
    assert report == local_function_receiver().replay(ITEMS)


class Unreadable:
    """Can be packed and not unpacked, as a function of a notebook is for a fresh interpreter."""

    def __call__(self, event: object, context: object) -> None: ...

    def __reduce__(self) -> tuple[Any, ...]:
        return gone, ()


def gone() -> None:
    raise AttributeError("no `f` in `__main__`")


def test_a_function_that_does_not_arrive_is_the_same_error(processes: ProcessPoolExecutor) -> None:
    receiver = scenario_receiver(backend=ses.MemoryBackend(functions={"gate": Unreadable()}))
    with pytest.raises(InputError, match=r"cannot be sent to another process \(no `f` in `__main__`\)"):
        receiver.replay(ITEMS, executor=processes)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"chunk": 0}, "expected a chunk of at least one message but got `0`"),
        ({"chunk": True}, "expected a chunk of at least one message but got `True`"),
        ({"limit": -1}, "limit: expected a number from 0 but got `-1`"),
        ({"done": 5}, "expected the path of a folder but got `5`"),
        ({"known": []}, r"expected the path of a folder but got `\[\]`"),
        ({"envelope": {"to": "x"}}, "envelope of `billing`: expected only client_ip, .* but got `to`"),
    ],
)
def test_a_mistake_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        scenario_receiver().replay(ITEMS, **options)


def test_the_scenario_asks_its_function() -> None:
    receiver = scenario_receiver()
    receiver.replay(ITEMS)
    assert len(receiver.backend.invocations) == 3
    assert gate({}, None) == {"disposition": "STOP_RULE"}


def test_a_source_may_change_the_account_between_two_messages() -> None:
    """Several messages are handed over before the first is processed; each has the account of its own moment."""
    receiver = ses.Receiver(make_account(make_rule("first")), seed=1, resolver=ses.Zone())
    other = make_account(make_rule("second"))

    def source() -> Iterator[tuple[bytes, ses.Envelope]]:
        envelope = ses.Envelope(client_ip="192.0.2.1", mail_from="ana@example.org", rcpt_to=("a@example.com",))
        yield b"Subject: 1\r\n\r\n", envelope
        receiver.account = other
        yield b"Subject: 2\r\n\r\n", envelope

    assert list(receiver.replay(source()).messages["rules"]) == ["first", "second"]


class _Tick:
    """A clock of somebody's: it moves a second each time it is read."""

    def __init__(self) -> None:
        self.now = 1_767_348_305.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.mark.parametrize("clock", [_Tick, ses.SteppingClock])
def test_every_clock_is_read_as_if_messages_came_one_by_one(clock: Any) -> None:
    def receiver() -> ses.Receiver:
        account = make_account(make_rule("all", ses.S3Action(bucket_name="inbox")))
        return ses.Receiver(account, clock=clock(), message_ids=ses.SeededMessageIds(1), resolver=ses.Zone())

    envelope = ses.Envelope(client_ip="192.0.2.1", mail_from="ana@example.org", rcpt_to=("a@example.com",))
    one_after_the_other = receiver()
    received = [one_after_the_other.receive(b"Subject: x\r\n\r\n", envelope) for _ in range(3)]
    assert list(receiver().replay([(b"Subject: x\r\n\r\n", envelope)] * 3)) == received


def test_the_method_has_the_options_of_the_function() -> None:
    of_method = inspect.signature(ses.Receiver.replay).parameters
    of_function = inspect.signature(replay).parameters
    assert list(of_method)[1:] == list(of_function)[1:]
    assert [one.default for one in of_method.values()] == [one.default for one in of_function.values()]
