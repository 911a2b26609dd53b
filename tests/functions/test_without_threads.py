"""A Python callable without threads, as in a browser: it answers, and taking too long is still a time-out."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from sesreceive.functions import callables
from sesreceive.functions.lambda_context import Called, LambdaContext


def slow(event: Any, context: Any) -> str:
    time.sleep(0.02)
    return "late"


def broken(event: Any, context: Any) -> None:
    print("seen")
    raise ValueError(event)


def called(function: Any, limit_s: float) -> Called:
    context = LambdaContext.of("gate", limit_s=limit_s, seed="", day="2026-01-02")
    return callables.call(function, "{}", context, limit_s=limit_s)


def in_thread(event: Any, context: Any) -> bool:
    print("hello")
    return threading.current_thread() is not threading.main_thread()


@pytest.mark.parametrize("function, limit_s", [(slow, 60), (slow, 0.001), (broken, 60)])
def test_the_answer_is_the_same_with_and_without_threads(
    function: Any, limit_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_thread = called(function, limit_s)
    monkeypatch.setattr(callables, "_HAS_THREADS", False)
    without = called(function, limit_s)
    assert (without.returned, without.error, without.log) == (with_thread.returned, with_thread.error, with_thread.log)


def test_no_thread_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(in_thread, 60).returned is True
    monkeypatch.setattr(callables, "_HAS_THREADS", False)
    answer = called(in_thread, 60)
    assert answer.returned is False
    assert "hello" in answer.log
