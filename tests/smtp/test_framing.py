"""How bytes become lines and bodies: the bytes decide, never the packets; only CRLF . CRLF ends a message."""

from __future__ import annotations

import re
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.smtp.channel import stuffed
from sesreceive.smtp.framing import KEPT_BYTES, Body, Fault, Framer
from sesreceive.stages.body import has_long_line

# The pieces that decide where something ends, and a letter.
pieces = st.lists(st.sampled_from([b"a", b".", b"..", b"\r\n", b"\r\n.", b"\r", b"\n", b"\r\n.\r\n", b"\0", b"\xff"]))
streams = pieces.map(b"".join)


def lines_of(stream: bytes, cuts: list[int]) -> list[bytes | Fault]:
    """All command lines of a stream cut at these places, up to the first fault."""
    framer, found = Framer(command_bytes=20), []
    for packet in packets_of(stream, cuts):
        framer.feed(packet)
        while (line := framer.line()) is not None:
            found.append(line)
            if isinstance(line, Fault):
                return found
    return found


def packets_of(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    return [stream[start:end] for start, end in pairwise(places)]


def body_of(stream: bytes, cuts: list[int], limit: int = 1_000) -> tuple[Body | None, bytes]:
    """The body at the start of a stream, and what is left behind it."""
    framer = Framer()
    framer.open_body(size_limit=limit)
    body = framer.body()
    for packet in packets_of(stream, cuts):
        framer.feed(packet)
        body = body or framer.body()
    return body, bytes(framer.pending)


@given(streams, st.lists(st.integers(0, 60)))
def test_cuts_do_not_move_lines(stream: bytes, cuts: list[int]) -> None:
    assert lines_of(stream, cuts) == lines_of(stream, [])


@given(streams, st.lists(st.integers(0, 60)))
def test_cuts_do_not_move_bodies(stream: bytes, cuts: list[int]) -> None:
    assert body_of(stream, cuts) == body_of(stream, [])


@given(streams)
def test_a_line_has_no_line_end_in_it(stream: bytes) -> None:
    for line in lines_of(stream, []):
        assert isinstance(line, Fault) or not re.search(rb"[\r\n]", line)


@given(streams)
def test_a_body_ends_at_the_first_lone_dot_between_crlf(stream: bytes) -> None:
    """The definition, written down another way: RFC 5321 section 4.1.1.4."""
    end = (b"\r\n" + stream).find(b"\r\n.\r\n")
    body, rest = body_of(stream, [])
    if end < 0:
        assert body is None
        return
    lines = stream[:end].split(b"\r\n")
    raw = b"\r\n".join(line[1:] if line[:1] == b"." else line for line in lines)
    assert body == Body(raw, len(raw))
    assert rest == (b"\r\n" + stream)[end + 5 :]


@given(pieces.map(b"".join).filter(lambda raw: not raw or raw.endswith(b"\r\n")))
def test_stuffing_and_unstuffing_are_inverse(raw: bytes) -> None:
    assert body_of(stuffed(raw), []) == (Body(raw, len(raw)), b"")


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (b"EHLO x\r\nQUIT\r\n", [b"EHLO x", b"QUIT"]),
        (b"\r\n", [b""]),
        (b"QUIT\n", [Fault(4)]),
        (b"\n", [Fault(0)]),
        (b"QU\rIT\r\n", [Fault(2)]),
        (b"QUIT\r\r\n", [Fault(4)]),
        (b"QUIT\r", []),
        (b"a" * 19 + b"\r\n", [b"a" * 19]),
        (b"a" * 20 + b"\r\n", [Fault(start=b"a" * 20)]),
        (b"a" * 20, [Fault(start=b"a" * 20)]),
        (b"a" * 19 + b"\r", []),
        (b"a" * 19 + b"\n", [Fault(19)]),
    ],
)
def test_lines(stream: bytes, found: list[bytes | Fault]) -> None:
    for cuts in ([], range(len(stream))):
        assert lines_of(stream, list(cuts)) == found


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r\n\0.\r\n",
        b"\r\n.\0\r\n",
        b"\n\r\n.\n",
    ],
)
def test_nothing_but_crlf_dot_crlf_ends_a_body(end: bytes) -> None:
    stream = b"one" + end + b"MAIL FROM:<x@example.net>\r\n"
    for cut in range(len(stream)):
        assert body_of(stream, [cut])[0] is None
        body, rest = body_of(stream + b".\r\nQUIT\r\n", [cut])
        assert body is not None
        assert body.raw.count(b"MAIL FROM") == 1
        assert rest == b"QUIT\r\n"


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 140, 1_000])
def test_a_body_over_the_limit_is_known_to_be(size: int) -> None:
    raw = b"x" * size + b"\r\n" if size else b""
    for cuts in ([], range(0, 2_000, 7)):
        body, rest = body_of(stuffed(raw) + b"QUIT\r\n", list(cuts), limit=100)
        assert body is not None
        assert body == Body(raw, len(raw))
        assert rest == b"QUIT\r\n"


@pytest.mark.parametrize("lines", [25, 33, 34, 200])
def test_stuffed_dots_do_not_count(lines: int) -> None:
    raw = b".\r\n" * lines
    body, _ = body_of(stuffed(raw), list(range(0, 1_000, 3)), limit=100)
    assert body is not None
    assert body == Body(raw, 3 * lines)


# Pieces that stand at the places where the framer lets go of a large message.
LARGE = [b"x" * 70_000, b".\r\n" * 50_000, b"\r\n..\r\n" * 20_000, b"\r\n" * 60_000 + b".", b"." * 140_000]


@pytest.mark.parametrize("raw", [raw + b"\r\n" for raw in LARGE])
@pytest.mark.parametrize("step", [0, 1_009, 4_096, 65_537])
def test_a_large_body_is_counted_and_its_beginning_kept_however_it_came(raw: bytes, step: int) -> None:
    stream = stuffed(raw)
    for limit in (100, 30_000, len(raw) - 1):
        body, _ = body_of(stream, list(range(0, len(stream), step)) if step else [], limit=limit)
        assert body == Body(raw[:KEPT_BYTES], len(raw))


@given(st.lists(st.sampled_from([b"a", b".", b"\r\n", b"\r\n.", b"\n", b"\r"])).map(b"".join), st.integers(0, 40))
def test_a_dropped_body_is_counted_too(raw: bytes, before: int) -> None:
    raw += b"\r\n"
    stream = stuffed(raw)
    before = min(before, len(stream) - 5)  # given up before its end has come
    framer = Framer()
    framer.open_body(size_limit=1_000)
    for octet in stream[: max(0, before)]:
        framer.feed(bytes([octet]))
        assert framer.body() is None
    framer.drop_body()
    body = None
    for octet in stream[max(0, before) :]:
        framer.feed(bytes([octet]))
        body = framer.body() or body
    assert body == Body(b"", len(raw), dropped=True)


def test_a_body_over_the_limit_takes_no_memory() -> None:
    framer = Framer()
    framer.open_body(size_limit=10_000)
    packet = b"x" * 998 + b"\r\n"
    tracemalloc.start()
    try:
        for _ in range(5_000):
            framer.feed(packet)
            assert framer.body() is None
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
    framer.feed(b".\r\n")
    body = framer.body()
    assert body is not None
    assert (len(body.raw), body.size) == (KEPT_BYTES, 5_000_000)


def test_a_dropped_body_is_read_to_its_end() -> None:
    framer = Framer()
    framer.open_body(size_limit=1_000)
    framer.feed(b"one\r\n")
    assert framer.body() is None
    framer.drop_body()
    for octet in b"two\r\n.three\r\n.\r\nQUIT\r\n":
        framer.feed(bytes([octet]))
        if (body := framer.body()) is not None:
            break
    assert body == Body(b"", len(b"one\r\ntwo\r\nthree\r\n"), dropped=True)
    framer.feed(b"QUIT\r\n")
    assert framer.line() == b"QUIT"


@given(st.lists(st.sampled_from([b"a", b"bb", b"\r\n", b"\n", b"\r"])).map(b"".join), st.integers(1, 12))
def test_long_lines_are_found(raw: bytes, limit: int) -> None:
    lines = raw.split(b"\n")
    longest = max([len(line) + 1 for line in lines[:-1]] + [len(lines[-1])])
    assert has_long_line(raw, limit) == (longest > limit)
