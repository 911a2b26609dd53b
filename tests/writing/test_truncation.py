"""Headers in a notification: whole fields up to 10 240 bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.writing.truncation import truncate, utf8_length

fields = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=8)), max_size=20)


@pytest.mark.parametrize("over, kept", [(-1, 2), (0, 2), (1, 1)])
def test_the_limit_holds_to_the_byte(over: int, kept: int) -> None:
    header = [("Name", "v" * 996), ("Ümlaut", "ä" * 500 + "v" * (9240 - 7 - 1000 + over))]
    assert sum(utf8_length(text) for pair in header for text in pair) == 10_240 + over
    assert truncate(header) == (header[:kept], kept < 2)


@given(fields, st.integers(0, 60))
def test_what_is_kept_is_the_longest_beginning_that_fits(header: list[tuple[str, str]], limit: int) -> None:
    def size(some: list[tuple[str, str]]) -> int:
        return sum(len((name + value).encode()) for name, value in some)

    kept, truncated = truncate(header, limit)
    assert kept == header[: len(kept)]
    assert size(kept) <= limit
    assert truncated == (len(kept) < len(header))
    if truncated:
        assert size(header[: len(kept) + 1]) > limit


@given(fields, st.integers(0, 60))
def test_skipping_leaves_out_only_what_does_not_fit(header: list[tuple[str, str]], limit: int) -> None:
    kept, truncated = truncate(header, limit, skip=True)
    rest = iter(header)
    assert all(any(one == other for other in rest) for one in kept)
    assert truncated == (len(kept) < len(header))
    assert len(kept) >= len(truncate(header, limit)[0])


def test_no_more_is_read_than_is_needed() -> None:
    def endless() -> object:
        while True:
            yield "Name", "value"

    kept, truncated = truncate(endless(), 100)
    assert (len(kept), truncated) == (11, True)
