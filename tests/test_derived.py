"""What is made here of a chunk that a worker received: only when it is read, only where it is sure, and alike."""

from __future__ import annotations

import gc
from types import ModuleType
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.relay import Relay
from sesreceive.replay import derived
from sesreceive.replay.derived import derives
from sesreceive.replay.receptions import Task, again
from tests.alike import ACTIONS, MAIL, AtOnce, assert_alike, content, receiver_of
from tests.conftest import make_account, make_rule
from tests.scenario import WAYS, ZONE, message

# What a receiver has → how it gets it; its messages are not received again here, but travel as what became of them.
TRAVELS: dict[str, Any] = {
    "a function": lambda receiver: change(receiver, *ACTIONS["function"]),
    "a KMS key": lambda receiver: change(receiver, *ACTIONS["encrypted object"]),
    "a planned failure": lambda receiver: receiver.backend.failures.add(bucket="rest", times=None),
    "a resolver of somebody's": lambda receiver: setattr(receiver, "resolver", Asked()),
    "a scanner of somebody's": lambda receiver: setattr(receiver, "scanners", (ses.ScriptedScanner(),)),
    "a clock of somebody's": lambda receiver: setattr(receiver, "clock", Tick()),
    "a relay": lambda receiver: setattr(receiver.backend, "relay", Relay.at("127.0.0.1:9")),
    "an action of somebody's": lambda receiver: change(receiver, own_action()),
    "a backend of somebody's": lambda receiver: setattr(receiver, "backend", OwnBackend()),
}


def change(receiver: ses.Receiver, *actions: ses.ReceiptAction) -> None:
    receiver.account = make_account(make_rule("all", *actions))


class Asked:
    """A resolver that says something else each time."""

    def __init__(self) -> None:
        self.asked = 0

    def resolve(self, name: str, rdtype: str) -> ses.DnsAnswer:
        self.asked += 1
        return ses.DnsAnswer(ses.DnsStatus.FOUND, (f"v=spf1 exists:{self.asked}.example.org -all",))


class Tick:
    """A clock that moves each time it is read."""

    def __init__(self) -> None:
        self.now = 1_767_348_305.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def own_action() -> ses.ReceiptAction:
    """An action of somebody's, which no other test meets."""

    class OwnAction(ses.StopAction):
        pass

    del ses.ReceiptAction.registry["OwnAction"]
    return OwnAction()


class OwnBackend(ses.MemoryBackend):
    """A backend of somebody's."""


@pytest.mark.parametrize("what", TRAVELS)
def test_what_might_be_another_the_second_time_travels(what: str) -> None:
    receiver = receiver_of(*ACTIONS["object"])
    assert derives(receiver)
    TRAVELS[what](receiver)
    assert not derives(receiver)


def test_a_resolver_is_not_asked_again_for_what_is_read() -> None:
    receiver = receiver_of(*ACTIONS["object"])
    receiver.resolver = Asked()
    report = receiver.replay(MAIL, executor=AtOnce(), chunk=7)
    said = [reception.authentication.questions for reception in report if reception.authentication]
    assert said == [reception.authentication.questions for reception in report if reception.authentication]
    assert receiver.resolver.asked == 0  # that of the worker was
    bodies = [stored.body for stored in receiver.backend.buckets["inbox"].values()]
    assert [reception.effects[0].body for reception in report if reception.effects] == bodies


@pytest.fixture
def received_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the messages that are received again, in order."""
    names: list[str] = []

    def noted(receiver: ses.Receiver, task: Task, *rest: Any) -> Any:
        names.append(task.item.name)
        return again(receiver, task, *rest)

    monkeypatch.setattr(derived, "again", noted)
    return names


@pytest.mark.parametrize("keep", [True, False])
def test_no_message_is_received_again_before_it_is_read(keep: bool, received_again: list[str]) -> None:
    mail = [{"name": str(number), "raw": message(), "envelope": WAYS["billing"]} for number in range(50)]
    receiver = ses.Receiver(make_account(make_rule("all", *ACTIONS["object"])), resolver=ZONE, seed=1)
    report = receiver.replay(mail, executor=AtOnce(), chunk=10, keep=keep)
    assert (len(report.messages), len(report.metrics), len(repr(report)) > 0) == (50, 6, True)
    assert received_again == []
    if keep:
        assert report["23"].message_id == report.messages["message_id"][23] == report[report[23].message_id].message_id
        assert report[-1].name == "49"
        # The chunks they are in.
        assert received_again == [str(number) for number in (*range(20, 30), *range(40, 50))]
    assert len(receiver.backend.buckets["inbox"]) == 50
    assert sorted(map(int, received_again)) == list(range(50))
    assert len(report.events) > 50
    assert len(received_again) == 50


def test_messages_are_received_again_as_they_were_whatever_changed_since() -> None:
    wanted = receiver_of(*ACTIONS["object told"])
    receiver = receiver_of(*ACTIONS["object told"])
    assert derives(receiver)
    report = receiver.replay(MAIL, executor=AtOnce(), chunk=7)
    receiver.account = make_account()
    receiver.assumptions = ses.Assumptions(oversize_message="dsn")
    receiver.scanners = ()
    receiver.resolver = ses.Zone()
    receiver.backend.failures.add(bucket="inbox", times=None)
    receiver.clock.advance(100)
    assert_alike(report, wanted.replay(MAIL))
    assert content(receiver.backend) == content(wanted.backend)


def test_without_receptions_no_message_is_kept_of_which_nothing_is_stored(received_again: list[str]) -> None:
    receiver = ses.Receiver(make_account(make_rule("all")), resolver=ZONE, seed=1)
    assert derives(receiver)
    report = receiver.replay(MAIL, executor=AtOnce(), keep=False)
    raws = {id(held) for held in gc.get_referents(*_everything(report)) if isinstance(held, bytes)}
    assert len(report.events) > len(report)
    assert received_again == []
    assert not raws & {id(item["raw"]) for item in MAIL}


def _everything(value: object) -> list[object]:
    """The object and what it refers to, some levels deep."""
    met, level = {id(value): value}, [value]
    for _ in range(8):
        level = [
            one for one in gc.get_referents(*level) if id(one) not in met and not isinstance(one, type | ModuleType)
        ]
        met |= {id(one): one for one in level}
    return list(met.values())


@pytest.mark.parametrize("take_over", [True, False])
def test_stored_objects_come_back_alike(take_over: bool) -> None:
    serial, shared = receiver_of(*ACTIONS["object"]), receiver_of(*ACTIONS["object"])
    for _ in range(2):
        wanted = serial.replay(stored_objects(), take_over=take_over)
        report = shared.replay(stored_objects(), take_over=take_over, executor=AtOnce(), chunk=4)
        assert_alike(report, wanted)
        assert content(shared.backend) == content(serial.backend)


def test_what_is_made_of_known_results_comes_back_alike() -> None:
    """The clock stands, since results are those of a time."""
    account = make_account(make_rule("all", *ACTIONS["object"]))
    clocks = [ses.SteppingClock(1_767_348_305.0, step_s=0.0) for _ in range(2)]
    serial, shared = (ses.Receiver(account, resolver=ZONE, seed=2, clock=clock) for clock in clocks)
    options = [{"take_over": False, "known": ses.KnownResults()} for _ in clocks]
    for time in ("first", "second"):
        wanted = serial.replay(stored_objects(), **options[0])
        report = shared.replay(stored_objects(), executor=AtOnce(), chunk=4, **options[1])
        assert_alike(report, wanted)
        assert content(shared.backend) == content(serial.backend)
        assert (report.taken_over, report.taken_over > 0) == (wanted.taken_over, time == "second")


def stored_objects() -> list[bytes]:
    receiver = receiver_of(*ACTIONS["object"])
    receiver.replay(MAIL)
    return [one.body for bucket in receiver.backend.buckets.values() for one in bucket.values()]
