"""Texts of pictures: no line is wider than its room, and nothing is lost but what a dot stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.plot.text_width import clip, width, wrap

rooms = st.floats(40, 800)


@given(st.text(max_size=300), rooms, st.integers(1, 4))
def test_no_line_leaves_its_room(text: str, room: float, lines: int) -> None:
    wrapped = wrap(text, room, 12, lines)
    assert len(wrapped) <= lines
    assert all(width(line, 12) <= room + 1e-6 for line in wrapped)


@given(st.text(st.sampled_from("abc é漢 "), max_size=200), rooms)
def test_with_lines_enough_every_word_is_there_in_order(text: str, room: float) -> None:
    assert "".join(wrap(text, room, 12, 1_000)).replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=200), rooms)
def test_a_clipped_text_is_its_beginning(text: str, room: float) -> None:
    clipped = clip(text, room, 12)
    assert clipped == text or (clipped.endswith("…") and text.startswith(clipped[:-1].rstrip()))


# text, size, lines: what a very long text comes to
LONG = [("x" * 1_000_000, 1), ("x " * 500_000, 2), ("́" * 100_000, 2), ("漢" * 100_000, 3)]


@pytest.mark.parametrize(("text", "lines"), LONG)
def test_a_very_long_text_is_cut(text: str, lines: int) -> None:
    assert all(len(line) < 10_000 for line in wrap(text, 300, 12, lines))
