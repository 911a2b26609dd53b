"""What travels between a replay and its workers: everything is there in the end, byte for byte, and little was sent."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.replay import sharing
from sesreceive.replay.parcels import pack_tasks, unpack_tasks
from sesreceive.replay.receptions import Task
from sesreceive.replay.sharing import Way, tasks_of
from sesreceive.report import Report
from sesreceive.report.packing import pickled
from sesreceive.writing import receipt
from tests.alike import ACTIONS, MAIL, AtOnce, assert_alike, content, receiver_of
from tests.conftest import make_account, make_rule
from tests.scenario import TOPIC, WAYS, ZONE, message, scenario_receiver


@pytest.fixture(scope="module")
def executors() -> Iterator[dict[str, Executor]]:
    with (
        ThreadPoolExecutor(2) as threads,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes,
    ):
        yield {"threads": threads, "processes": processes, "at once": AtOnce()}


def check(actions: tuple[ses.ReceiptAction, ...], executor: Executor, keep: bool, chunk: int = 7) -> None:
    serial, shared = receiver_of(*actions), receiver_of(*actions)
    wanted = serial.replay(MAIL, keep=keep)
    report = shared.replay(MAIL, keep=keep, executor=executor, chunk=chunk)
    assert_alike(report, wanted)
    assert content(shared.backend) == content(serial.backend)
    assert repr(shared.backend) == repr(serial.backend)
    assert any(content(serial.backend).values())


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("name", ACTIONS)
def test_everything_is_there_byte_for_byte(name: str, keep: bool) -> None:
    check(ACTIONS[name], AtOnce(), keep)


@pytest.mark.parametrize("name", ACTIONS)
def test_the_same_executor_gives_the_same_bytes_once_more(name: str) -> None:
    """A worker keeps the receiver it unpacked; what this one counted, such as data keys, is of its replay alone."""
    executor = AtOnce()
    check(ACTIONS[name], executor, keep=True)
    check(ACTIONS[name], executor, keep=True)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("name", ACTIONS)
def test_and_where_all_of_it_travels(name: str, keep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a receiver whose messages cannot be received again here."""
    monkeypatch.setattr(sharing, "derives", lambda receiver: False)
    check(ACTIONS[name], AtOnce(), keep)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("chunk", [1, 13, 1000])
@pytest.mark.parametrize("name", ["object told", "function"])
def test_and_in_any_chunks(name: str, chunk: int, keep: bool) -> None:
    check(ACTIONS[name], AtOnce(), keep, chunk)


@pytest.mark.slow
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("kind", ["threads", "processes"])
@pytest.mark.parametrize("name", ACTIONS)
def test_and_on_any_executor(name: str, kind: str, keep: bool, executors: dict[str, Executor]) -> None:
    check(ACTIONS[name], executors[kind], keep)


@pytest.mark.parametrize("keep", [True, False])
def test_nothing_is_signed_before_it_is_read(keep: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature of SES is most of what the bytes of an object cost."""
    signed: list[int] = []
    original = receipt.ses_signature

    def counted(message: ses.Message, **options: Any) -> str:
        signed.append(len(message.raw))
        return original(message, **options)

    monkeypatch.setattr(receipt, "ses_signature", counted)
    receiver = receiver_of(*ACTIONS["object told"])
    report = receiver.replay(MAIL, executor=AtOnce(), keep=keep)
    stored = [one for bucket in receiver.backend.buckets.values() for one in bucket.values()]
    assert len(report.effects) == 2 * len(stored)
    assert signed == []
    assert stored[3].body.endswith(b"body\r\n")
    assert len(signed) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_messages_travel_in_one_direction(keep: bool) -> None:
    """What comes back is as long for large messages as for small ones, and what is sent is little more than they."""
    returned = []
    for size in (1_000, 100_000):
        executor = AtOnce()
        mail = [(message() + b"x" * size, WAYS["billing"]) for _ in range(20)]
        report = receiver_of(*ACTIONS["object"]).replay(mail, executor=executor, keep=keep)
        assert len(report) == 20
        assert sum(executor.sent) < 20 * (size + 300) + 25_000
        returned.append(sum(executor.returned))
    # A number of more digits, here and there.
    assert returned[1] < returned[0] + 20 * 50


def test_what_is_sent_names_the_account_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of an account do not come back with each chunk."""
    returned = []
    for number in (5, 105):
        executor = AtOnce()
        rules = [make_rule(f"rule{at}", recipients=(f"user{at}@example.com",)) for at in range(number)]
        receiver = ses.Receiver(make_account(*rules), resolver=ZONE, seed=1)
        report = receiver.replay(MAIL, executor=executor, chunk=2)
        assert {id(reception.account) for reception in report} == {id(receiver.account)}
        returned.append(sum(executor.returned))
    # The columns of the matrix are named in each, one a rule.
    assert returned[1] < returned[0] + 10 * 100 * 30


def test_who_holds_a_listing_sees_what_workers_stored() -> None:
    receiver = scenario_receiver()
    receiver.backend.create_bucket("inbox")
    buckets, inbox, topics = receiver.backend.buckets, receiver.backend.buckets["inbox"], receiver.backend.topics
    assert (list(buckets), len(inbox), len(topics)) == (["inbox"], 0, 0)
    receiver.replay(MAIL, executor=AtOnce())
    assert (len(inbox), len(topics[TOPIC])) == (4, 4)
    assert list(buckets) == ["inbox", "rest"]


def test_what_is_stored_afterwards_comes_behind_what_workers_stored() -> None:
    serial, shared = scenario_receiver(), scenario_receiver()
    for receiver, executor in ((serial, None), (shared, AtOnce())):
        receiver.receive(message(), WAYS["billing"])
        receiver.replay(MAIL, executor=executor)
        receiver.receive(message(), WAYS["billing"])
    assert content(shared.backend) == content(serial.backend)
    shared.replay(MAIL, executor=AtOnce())
    shared.backend.clear()
    assert not any(content(shared.backend).values())
    again = pickle.loads(pickle.dumps(serial.backend))
    assert content(again) == content(serial.backend)


@pytest.mark.parametrize("keep", [True, False])
def test_reports_of_workers_can_be_added_taken_apart_and_pickled(keep: bool) -> None:
    def report(executor: Executor | None) -> Report:
        return scenario_receiver().replay(MAIL, executor=executor, chunk=3, keep=keep)

    serial = report(None)
    rows = {table: len(serial.frame(table)) for table in ("recipients", "effects")}
    both = report(AtOnce()) + serial
    both.extend(report(AtOnce()))
    assert_alike(both, serial + serial + serial)
    assert {table: len(both.frame(table)) for table in rows} == {table: 3 * number for table, number in rows.items()}
    for copied in (pickle.loads(pickle.dumps(report(AtOnce()))), report(AtOnce()).pack()):
        assert_alike(copied, serial)
    if keep:
        assert_alike(report(AtOnce())[2:9], serial[2:9])
        lean = Report(keep=False)
        lean.extend(report(AtOnce()))
        assert_alike(lean, scenario_receiver().replay(MAIL, keep=False))


def test_tasks_are_what_they_were() -> None:
    receiver = scenario_receiver()
    stored = scenario_receiver()
    stored.replay(MAIL)
    objects = [one.body for bucket in stored.backend.buckets.values() for one in bucket.values()]
    items = [*ses_items(objects), *ses_items(MAIL)]
    way = Way(made=lambda report, start, keys: None, known=ses.KnownResults())
    tasks = list(tasks_of(receiver, iter(items), way))
    for some in (tasks, tasks[-3:], []):
        again: list[Task] = unpack_tasks(pack_tasks(some))
        assert again == some
        assert [one.item.envelope.origins for one in again] == [one.item.envelope.origins for one in some]


def ses_items(source: Any) -> Iterator[Any]:
    from sesreceive.mail.corpus import read

    return read(source)


def test_values_travel_as_copyreg_says() -> None:
    values = [re.compile("a+"), {"nested": re.compile(b"b", re.IGNORECASE)}]
    assert pickle.loads(pickled(values)) == values
