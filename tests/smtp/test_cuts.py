"""How the bytes are cut into packets never changes what is answered or received; smuggling, byte by byte."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.bounds import Bounds
from tests.smtp.test_framing import packets_of
from tests.smtp.world import Wire, converse, receiver, stored

# What a client may say, in order or not, and the bytes that decide where something ends.
words = st.sampled_from(
    [
        b"EHLO mx.example.org\r\n", b"MAIL FROM:<ana@example.org>\r\n", b"RCPT TO:<bo@example.com>\r\n",
        b"RCPT TO:<nobody@example.net>\r\n", b"DATA\r\n", b"DATA\r\n.\r\n", b"Subject: x\r\n\r\nbody\r\n", b".\r\n",
        b"..\r\n", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\n.\r\n", b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"QUIT\n",
        b"\r", b"\n", b"\0", b"x" * 50,
    ]
)  # fmt: skip
# A transaction that gets somewhere, with some of that in between.
streams = st.lists(words, max_size=12).map(b"".join) | st.builds(
    lambda early, body, late: (
        early + b"MAIL FROM:<ana@example.org>\r\nRCPT TO:<bo@example.com>\r\nDATA\r\n" + body + b"\r\n.\r\n" + late
    ),
    st.lists(words, max_size=2).map(b"".join),
    st.lists(words, max_size=6).map(b"".join),
    st.lists(words, max_size=4).map(b"".join),
)
TIGHT = Bounds(command_bytes=60, message_bytes=150, errors=6)
SHORT_LINES = ses.Assumptions(text_line_limit=40)


def outcome(packets: list[bytes]) -> tuple[bytes, bool, list[tuple[ses.Envelope, ses.Message, str]]]:
    written, closed, got = converse(packets, bounds=TIGHT, assumptions=SHORT_LINES)
    return written, closed, [(one.envelope, one.message, str(one.reply)) for one in got]


@given(streams, st.lists(st.integers(0, 400), max_size=30))
def test_cuts_never_change_the_outcome(stream: bytes, cuts: list[int]) -> None:
    assert outcome(packets_of(stream, cuts)) == outcome([stream])


@given(streams)
def test_neither_does_one_byte_at_a_time(stream: bytes) -> None:
    assert outcome([stream[n : n + 1] for n in range(len(stream))]) == outcome([stream])


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=10))
def test_any_bytes_are_answered_without_an_error_of_ours(stream: bytes, cuts: list[int]) -> None:
    written, _, _ = converse(packets_of(stream, cuts))
    assert b"421 4.3.0" not in written


# ---------------------------------------------------------------- smuggling

_SECOND = b"MAIL FROM:<chief@example.com>\r\nRCPT TO:<cy@example.com>\r\nDATA\r\nhidden\r\n"
ENDS = [
    b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\n\n.\n\n", b"\r\r.\r\r", b"\r\n\0.\r\n",
    b"\r\n.\0\r\n", b"\r\n .\r\n", b"\r\n.\x0b\r\n", b"\n.\r", b"\r.\n",
]  # fmt: skip


def smuggled(end: bytes) -> bytes:
    """A session whose one message holds a second one behind something like an end."""
    return (
        b"EHLO mx.example.org\r\nMAIL FROM:<ana@example.org>\r\nRCPT TO:<bo@example.com>\r\nDATA\r\nfirst"
        + end + _SECOND + b".\r\nQUIT\r\n"
    )  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_no_second_message_at_any_split(end: bytes) -> None:
    stream = smuggled(end)
    start = stream.index(b"first")
    whole = converse([stream])
    assert [(one.envelope.mail_from, one.message.raw) for one in whole[2]] == [
        ("ana@example.org", b"first" + end.replace(b"\r\n.", b"\r\n") + _SECOND)
    ]
    for cut in range(start, start + len(end) + 8):
        for width in (1, 3):
            packets = [stream[:cut], stream[cut : cut + width], stream[cut + width :]]
            written, _, got = converse(packets)
            assert written == whole[0]
            assert [one.message.raw for one in got] == [one.message.raw for one in whole[2]]


def test_the_real_end_is_the_end_at_any_split() -> None:
    """So that the test above cannot pass because nothing ever ends."""
    stream = smuggled(b"\r\n.\r\n")
    for cut in range(stream.index(b"first"), len(stream)):
        assert [one.envelope.mail_from for one in converse([stream[:cut], stream[cut:]])[2]] == [
            "ana@example.org", "chief@example.com",
        ]  # fmt: skip


def test_on_a_real_socket_too() -> None:
    """Every end in packets of random sizes over TCP, without waiting for a reply."""
    behind, chance = receiver(), random.Random(5)
    with behind.smtp() as server:
        for end in ENDS:
            stream = smuggled(end)
            with Wire(server) as wire:
                while stream:
                    size = chance.randrange(1, 40)
                    wire.send(stream[:size])
                    stream = stream[size:]
                while wire.reply():
                    pass
        got = server.wait_for(len(ENDS))
    assert len(got) == len(stored(behind)) == len(ENDS)
    assert {one.envelope.mail_from for one in got} == {"ana@example.org"}
    assert {one.envelope.rcpt_to for one in got} == {("bo@example.com",)}


def test_a_client_that_waits_for_nothing_gets_the_same() -> None:
    """Commands sent ahead of their replies, the message ahead of 354: answered in order, as if it had waited."""
    stream = smuggled(b"\r\n.\r\n")
    with receiver().smtp() as server, Wire(server) as wire:
        wire.send(stream)
        codes = []
        while reply := wire.reply():
            codes.append(reply[:3])
        assert codes == ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
        assert len(server.wait_for(2)) == 2
