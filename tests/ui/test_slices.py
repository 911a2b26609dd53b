"""Long work leaves room for clicks, can be given up, and never runs beside another callback."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

import sesreceive as ses
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part
from sesreceive.ui.slices import Slices


def part() -> Part:
    return Part(Bench(ses.Receiver(ses.Account(), seed=1)), [])


def steps(done: list[int], number: int, pause_s: float = 0.0) -> Iterator[None]:
    for step in range(number):
        time.sleep(pause_s)
        done.append(step)
        yield


def test_without_a_loop_it_is_done_at_once() -> None:
    done: list[int] = []
    ended: list[bool] = []
    Slices(part(), ended.append).start(steps(done, 5))
    assert done == [0, 1, 2, 3, 4]
    assert ended[-1]


def test_other_work_gets_its_turn_in_between() -> None:
    done: list[int] = []

    async def scene() -> list[int]:
        slices, seen = Slices(part(), lambda last: None), []
        slices.start(steps(done, 30, 0.005))
        while slices.running:
            seen.append(len(done))
            await asyncio.sleep(0)
        return seen

    seen = asyncio.run(scene())
    assert len(done) == 30
    assert len({number for number in seen if 0 < number < 30}) > 1


def test_it_can_be_stopped_and_something_newer_takes_its_place() -> None:
    first: list[int] = []
    second: list[int] = []

    async def scene() -> bool:
        slices = Slices(part(), lambda last: None)
        slices.start(steps(first, 1_000, 0.005))
        while not first:
            await asyncio.sleep(0)
        slices.start(steps(second, 3), rest_s=0.01)
        while slices.running:
            await asyncio.sleep(0.01)
        return slices.stop()

    assert asyncio.run(scene()) is False
    assert 0 < len(first) < 1_000
    assert second == [0, 1, 2]


def test_what_another_thread_began_is_done_once_and_what_it_replaced_ends_with_no_answer() -> None:
    ends: list[str] = []
    newest: list[str] = []
    slices = Slices(part(), lambda last: ends.append(newest[-1]) if last else None)

    def work(name: str) -> Iterator[None]:
        newest.append(name)
        for _ in range(3):
            time.sleep(0.001)
            yield
        assert newest[-1] == name

    async def scene(thread: str) -> None:
        for number in range(20):
            slices.start(work(f"{thread} {number}"))
            await asyncio.sleep(0)
        while slices.running:
            await asyncio.sleep(0.01)

    threads = [threading.Thread(target=asyncio.run, args=(scene(name),)) for name in ("main shell", "subshell")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends.count(newest[-1]) == 1
    assert len(ends) == len(set(ends))


@pytest.mark.usefixtures("shown_errors")
def test_an_error_is_shown_and_ends_it() -> None:
    def broken() -> Iterator[None]:
        yield
        raise ValueError("no more <b>")

    shown = part()
    slices = Slices(shown, lambda last: None)
    slices.start(broken())
    assert "ValueError: no more &lt;b&gt;" in shown.alert.value
    assert not slices.running


def test_callbacks_of_two_threads_take_turns() -> None:
    bench = Bench(ses.Receiver(ses.Account(), seed=1))
    inside: list[str] = []
    overlapping: list[str] = []

    def work(name: str) -> None:
        inside.append(name)
        time.sleep(0.02)
        overlapping.extend(other for other in inside if other != name)
        inside.remove(name)

    calls = [(Part(bench, []).guard(work), name) for name in ("a", "b", "c")]
    threads = [threading.Thread(target=call, args=(name,)) for call, name in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlapping == []
