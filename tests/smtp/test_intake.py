"""Between the answer and the action: in order, bounded, never lost, and nobody waits for a slow function."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

import sesreceive as ses
from sesreceive.bounds import Bounds
from sesreceive.errors import ServerError
from sesreceive.smtp.intake import Failed, Intake
from tests.conftest import make_account, make_rule
from tests.patience import PATIENCE_S
from tests.smtp.world import FUNCTION, MESSAGE, STORE, Wire, stored

ENVELOPE = ses.Envelope(client_ip="192.0.2.1", mail_from="ana@example.org", rcpt_to=("bo@example.com",))
GATE = ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse")


class Gate:
    """A function that waits until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = threading.Event()

    def __call__(self, event: object, context: object) -> None:
        self.entered.set()
        assert self.opened.wait(PATIENCE_S)


def gated() -> tuple[ses.Receiver, Gate]:
    """A receiver whose first action is a function that hangs."""
    gate = Gate()
    behind = ses.Receiver(make_account(make_rule("gate", GATE, STORE)), seed=1)
    behind.backend.functions["gate"] = gate
    return behind, gate


def numbered(number: int) -> bytes:
    return b"Subject: %d\r\n\r\n" % number + MESSAGE


def test_the_answer_comes_before_any_action() -> None:
    behind, gate = gated()
    with behind.smtp() as server, Wire(server) as wire:
        assert wire.ready().message().startswith("250 OK")
        assert gate.entered.wait(PATIENCE_S)
        assert not stored(behind)
        gate.opened.set()
        server.wait_for(1)
        assert len(stored(behind)) == 1


def test_a_slow_function_holds_up_nobody_else() -> None:
    behind, gate = gated()
    with behind.smtp() as server:
        with Wire(server) as wire:
            wire.ready().message()
        assert gate.entered.wait(PATIENCE_S)
        for number in range(20):
            with Wire(server) as wire:
                assert wire.ready().message(numbered(number)).startswith("250 OK")
        assert server.counters["waiting"] == 21
        gate.opened.set()
        server.wait_for(21)


def test_messages_are_processed_in_the_order_of_their_answers() -> None:
    behind, gate = gated()
    with behind.smtp() as server:
        wires = [Wire(server).ready() for _ in range(4)]
        ids = [wires[number % 4].message(numbered(number))[7:] for number in range(4)]
        for _ in range(5):
            ids += [wire.ready().message()[7:] for wire in reversed(wires)]
        gate.opened.set()
        server.wait_for(24)
        for wire in wires:
            wire.close()
    assert [one.message_id for one in server.receptions] == ids
    assert list(behind.backend.buckets["inbox"]) == ids


def test_with_workers_the_order_of_the_receptions_stays() -> None:
    behind = ses.Receiver(make_account(make_rule("gate", GATE)), seed=1)
    first = threading.Event()

    def function(event: dict[str, list[dict[str, dict[str, dict[str, str]]]]], context: object) -> None:
        if event["Records"][0]["ses"]["mail"]["commonHeaders"]["subject"] == "0":
            assert first.wait(PATIENCE_S)

    behind.backend.functions["gate"] = function
    with behind.smtp(workers=3) as server, Wire(server) as wire:
        ids = [wire.ready().message(numbered(number))[7:] for number in range(5)]
        assert [one.message_id for one in server.wait_for(4)] == ids[1:]
        first.set()
        assert [one.message_id for one in server.wait_for(5)] == ids


@pytest.mark.parametrize("bounds", [Bounds(waiting=3), Bounds(waiting_bytes=3 * len(MESSAGE))])
def test_when_too_much_waits_the_end_of_data_waits_too(bounds: Bounds) -> None:
    behind, gate = gated()
    with behind.smtp(bounds=bounds) as server, Wire(server) as waiting, Wire(server) as other:
        for _ in range(3):
            assert other.ready().message().startswith("250 OK")
        waiting.ready()
        waiting.send(b"DATA\r\n" + MESSAGE + b".\r\nNOOP\r\n")
        assert waiting.reply().startswith("354")
        waiting.socket.settimeout(0.15)
        with pytest.raises(TimeoutError):
            waiting.socket.recv(1)
        assert other.say("NOOP") == "250 Ok"
        gate.opened.set()
        waiting.socket.settimeout(PATIENCE_S)
        waiting.file = waiting.socket.makefile("rb")
        assert waiting.reply().startswith("250 OK")
        assert waiting.reply() == "250 Ok"
    assert len(stored(behind)) == 4


def test_a_large_message_sent_while_the_one_before_waits_is_taken_in_its_turn() -> None:
    """The client runs ahead with more than we read ahead; when its turn comes we go on reading."""
    behind, gate = gated()
    large = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 20_000
    transaction = b"MAIL FROM:<ana@example.org>\r\nRCPT TO:<bo@example.com>\r\nDATA\r\n"
    with behind.smtp(bounds=Bounds(waiting=1)) as server, Wire(server) as first, Wire(server) as eager:
        assert first.ready().message().startswith("250 OK")
        stream = transaction + MESSAGE + b".\r\n" + transaction + large + b".\r\nQUIT\r\n"
        sender = threading.Thread(target=eager.send, args=(stream,))
        sender.start()
        time.sleep(0.2)  # so that it runs ahead most times; whatever it had sent by now, the answers are these
        gate.opened.set()
        codes = [eager.reply()[:3] for _ in range(10)]
        sender.join()
        assert codes == ["250", "250", "354", "250", "250", "250", "354", "250", "221", ""]
        assert server.wait_for(3)[-1].message.raw == large


def test_one_message_is_always_let_in() -> None:
    behind, gate = gated()
    gate.opened.set()
    with behind.smtp(bounds=Bounds(waiting_bytes=10)) as server, Wire(server) as wire:
        for _ in range(3):
            assert wire.ready().message().startswith("250 OK")


def test_whoever_waits_too_long_may_come_again() -> None:
    behind, gate = gated()
    with behind.smtp(bounds=Bounds(waiting=1, waiting_s=0.1)) as server, Wire(server) as wire:
        assert wire.ready().message().startswith("250 OK")
        assert wire.ready().message() == "454 4.7.0 Throttling failure: try again later"
        gate.opened.set()
        server.wait_for(1)
        assert wire.ready().message().startswith("250 OK")
    assert len(stored(behind)) == 2


def test_a_client_that_hangs_up_while_it_waits_takes_no_place() -> None:
    behind, gate = gated()
    with behind.smtp(bounds=Bounds(waiting=1)) as server:
        with Wire(server) as wire:
            wire.ready().message()
        for _ in range(3):
            with Wire(server) as wire:
                wire.ready().send(b"DATA\r\n" + MESSAGE + b".\r\n")
                assert wire.reply().startswith("354")
                wire.socket.shutdown(1)
        gate.opened.set()
        with Wire(server) as wire:
            assert wire.ready().message().startswith("250 OK")
    assert server.counters["accepted"] == len(stored(behind))
    assert server.counters["waiting"] == 0


def test_refused_transactions_are_in_the_report_between_the_others() -> None:
    behind, gate = gated()
    gate.opened.set()
    with behind.smtp() as server, Wire(server) as wire:
        wire.ready().message()
        wire.say("MAIL FROM:<ana@example.org>")
        wire.say("RCPT TO:<bo@example.net>")
        wire.say("RSET")
        wire.ready().message()
        assert [one.name for one in server.wait_for(3, kind="all")] == ["smtp-1", "smtp-2", "smtp-3"]
        assert [one.name for one in server.wait_for(2)] == ["smtp-1", "smtp-3"]
        assert [one.name for one in server.wait_for(1, kind="refused")] == ["smtp-2"]
    assert [one.reply.code for one in server.receptions] == [250, 550, 250]
    assert server.report.messages.accepted.tolist() == [True, False, True]


def test_an_error_while_processing_is_told_to_whoever_waits() -> None:
    behind, _ = gated()

    def broken(effect: object) -> ses.Outcome:
        raise RuntimeError("no such <thing>")

    behind.backend.perform = broken
    with behind.smtp() as server, Wire(server) as wire:
        wire.ready().message()
        with pytest.raises(ServerError, match="message `smtp-1` raised RuntimeError: no such <thing>"):
            server.wait_for(1)
        assert wire.ready().message().startswith("250 OK")
    assert [failed.submission.name for failed in server.failures if failed.submission] == ["smtp-1", "smtp-2"]
    assert "2 failed" in repr(server)


def test_who_follows_misses_nothing_where_few_are_kept() -> None:
    behind = ses.Receiver(make_account(make_rule("store", STORE)), seed=1)
    with behind.smtp(keep=2) as server:
        following = server.follow()
        with Wire(server) as wire:
            for number in range(20):
                wire.ready().message(numbered(number))
            server.wait_for(20)
        seen = [next(following) for _ in range(20)]
        assert [came.subject for came in seen if isinstance(came, ses.Reception)] == [str(one) for one in range(20)]
        assert [one.subject for one in server.receptions] == ["18", "19"]
        late = server.follow()  # sees what is kept
        assert [next(late), next(late)] == [*server.receptions]
    assert server.counters["processed"] == 20
    assert len(server.report) == 2


def test_failures_are_kept_as_receptions_are() -> None:
    behind = ses.Receiver(make_account(make_rule("store", STORE)), seed=1)

    def broken(effect: object) -> ses.Outcome:
        raise RuntimeError("no")

    behind.backend.perform = broken
    with behind.smtp(keep=2) as server, Wire(server) as wire:
        following = server.follow()
        for _ in range(5):
            assert wire.ready().message().startswith("250 OK")
        assert all(isinstance(next(came for came in following if came is not None), Failed) for _ in range(5))
        assert (server.counters["failures"], len(server.failures)) == (5, 2)


# ---------------------------------------------------------------- stopping in the middle


def test_stopping_processes_what_was_answered() -> None:
    behind, gate = gated()
    with behind.smtp() as server:
        with Wire(server) as wire:
            ids = [wire.ready().message()[7:] for _ in range(10)]
        assert gate.entered.wait(PATIENCE_S)
        gate.opened.set()
    assert list(behind.backend.buckets["inbox"]) == ids
    assert [one.message_id for one in server.receptions] == ids


def test_stopping_says_what_it_could_not_wait_for() -> None:
    behind, gate = gated()
    server = behind.smtp().start()
    with Wire(server) as wire:
        wire.ready().message()
        wire.ready().message()
        with pytest.raises(ServerError, match=r"2 accepted messages were not processed within 0\.1 s"):
            server.stop(timeout=0.1)
        gate.opened.set()
        assert len(server.wait_for(2)) == 2


def test_sessions_are_told_421_when_the_server_stops() -> None:
    behind, gate = gated()
    gate.opened.set()
    server = behind.smtp(bounds=Bounds(waiting=1)).start()
    idle, ready, in_data = Wire(server), Wire(server).ready(), Wire(server).ready()
    in_data.say("DATA")
    in_data.send(MESSAGE)
    server.stop()
    for wire in (idle, ready, in_data):
        assert (
            wire.reply()
            == "421 inbound-smtp.us-east-1.amazonaws.com Service not available, closing transmission channel"
        )
        assert wire.reply() == ""
        wire.close()
    assert not stored(behind)


def test_a_message_that_waits_for_a_place_is_not_taken_when_the_server_stops() -> None:
    behind, gate = gated()
    server = behind.smtp(bounds=Bounds(waiting=1)).start()
    with Wire(server) as first, Wire(server) as second:
        assert first.ready().message().startswith("250 OK")
        second.ready().send(b"DATA\r\n" + MESSAGE + b".\r\n")
        assert second.reply().startswith("354")
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        assert second.reply().startswith("421 ")
        gate.opened.set()
        stopping.join()
    assert len(stored(behind)) == 1


@pytest.mark.parametrize("error, traceback", [(ServerError("no room"), False), (RuntimeError("a mistake"), True)])
def test_what_is_raised_on_purpose_is_logged_as_a_sentence(
    error: Exception, traceback: bool, caplog: pytest.LogCaptureFixture
) -> None:
    Intake(lambda submission: pytest.fail("nothing is processed"), Bounds()).fail(None, error)
    (record,) = caplog.records
    assert (record.getMessage(), bool(record.exc_info)) == (str(error), traceback)


def test_the_worker_is_woken_for_many_messages_and_for_one_alone_at_once() -> None:
    behind = ses.Receiver(make_account(make_rule("all", STORE)), seed=1)

    async def woken(messages: int) -> list[int]:
        intake = Intake(behind.process, Bounds(waiting=1_000))
        for _ in range(messages):
            assert intake.reserve(1)
            intake.put(behind.submit(MESSAGE, ENVELOPE), 1)
        await asyncio.sleep(0.1)
        return [len(batch) for _ in range(intake._queue.qsize()) if isinstance(batch := intake._queue.get(), list)]

    assert asyncio.run(woken(1)) == [1]
    assert asyncio.run(woken(500)) == [500]


def test_who_waits_for_a_place_wakes_the_worker() -> None:
    behind = ses.Receiver(make_account(make_rule("all", STORE)), seed=1)

    async def run() -> bool:
        intake = Intake(behind.process, Bounds(waiting=1))
        intake.start("woken")
        assert intake.reserve(1)
        intake.put(behind.submit(MESSAGE, ENVELOPE), 1)
        assert not intake.reserve(1)
        granted = await intake.wait(1)
        intake.stop(PATIENCE_S)
        return granted

    assert asyncio.run(run())
