"""A small soak: every 250 has exactly one stored message, also when the server is stopped in the middle.

The large one, 1,000 connections and 100,000 messages, is `tests/soak/soak_smtp.py`.
"""

from __future__ import annotations

import pytest

from sesreceive.bounds import Bounds
from tests.soak.soak_smtp import soak


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_comes_twice() -> None:
    result = soak(50, 500)
    assert result.good, result
    assert result.answered == result.stored == 500


@pytest.mark.parametrize("stop_after", [1, 40, 150])
@pytest.mark.parametrize("bounds", [Bounds(), Bounds(waiting=3)])
@pytest.mark.slow
def test_nothing_is_lost_when_the_server_is_stopped_in_the_middle(stop_after: int, bounds: Bounds) -> None:
    result = soak(20, 100_000, stop_after, bounds=bounds)
    assert result.good, result
    assert stop_after - 20 <= result.answered < 100_000
