"""mbox: whatever the standard library writes is read back, a message at a time, however odd the file."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.errors import InputError
from sesreceive.mail.corpus import read, with_crlf
from sesreceive.mail.mbox import looks_like_mbox, messages_in

POSTMARK = b"From ana@example.org Fri Jan  2 10:05:05 2026\n"

# what                               file                                                   messages
FILES = [
    ("nothing", b"", []),
    ("empty lines alone", b"\n\r\n\n", []),
    ("one message", POSTMARK + b"Subject: x\n\nbody\n\n", [b"Subject: x\n\nbody\n"]),
    ("no empty line at the end", POSTMARK + b"Subject: x\n\nbody", [b"Subject: x\n\nbody"]),
    ("no body", POSTMARK + b"Subject: x\n\n\n", [b"Subject: x\n\n"]),
    ("an empty message", POSTMARK + b"\n" + POSTMARK + b"\n", [b"", b""]),
    ("empty lines before the first", b"\n\n" + POSTMARK + b"a\n\n", [b"a\n"]),
    ("a byte order mark", b"\xef\xbb\xbf" + POSTMARK + b"a\n\n", [b"a\n"]),
    ("CRLF", POSTMARK.replace(b"\n", b"\r\n") + b"a\r\n\r\n" + POSTMARK + b"b\r\n\r\n", [b"a\r\n", b"b\r\n"]),
    ("quoted lines", POSTMARK + b"\n>From me\n>>From x\n> From\n>from\n\n", [b"\nFrom me\n>From x\n> From\n>from\n"]),
    ("From in a paragraph", POSTMARK + b"\nx\nFrom here Jan 2026 10:05\n\n", [b"\nx\nFrom here Jan 2026 10:05\n"]),
    ("From that begins one", POSTMARK + b"\nhi\n\nFrom now on all is well\n\n", [b"\nhi\n\nFrom now on all is well\n"]),
    ("Thunderbird", b"From - Fri Jan 02 10:05:05 2026\na\n\nFrom - Fri Jan 02 10:05:06 2026\nb\n\n", [b"a\n", b"b\n"]),
    ("a zone", b"From 1@x Fri Jan 02 10:05:05 +0000 2026\na\n\nFrom x Jan 2 10:05 CET 2026\nb\n\n", [b"a\n", b"b\n"]),
    ("a first line without a date", b"From nobody\na\n\n", [b"a\n"]),
    ("no LF, bare CR", POSTMARK + b"a\rb\rFrom x\n\n", [b"a\rb\rFrom x\n"]),
    ("NUL and 8-bit", POSTMARK + b"\x00\xff\xfe\n\n", [b"\x00\xff\xfe\n"]),
]  # fmt: skip


@pytest.mark.parametrize("what, text, messages", FILES, ids=[what for what, *_ in FILES])
def test_messages_of_odd_files(what: str, text: bytes, messages: list[bytes]) -> None:
    assert list(messages_in(text.splitlines(keepends=True) if b"\r" not in text else lines(text))) == messages


def lines(text: bytes) -> list[bytes]:
    """Lines as a binary file gives them: only LF ends one."""
    pieces = text.split(b"\n")
    return [piece + b"\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def test_what_begins_otherwise_is_no_mailbox() -> None:
    assert not looks_like_mbox(b"Subject: x\n")
    with pytest.raises(
        InputError, match=r"^mbox: expected a mailbox that begins with a line `From …` but got `Subject"
    ):
        list(messages_in([b"\n", b"Subject: \x1b[2J\n"]))


LINES = st.lists(
    st.sampled_from(
        [b"", b"text", b"From me", b"From x Fri Jan  2 10:05:05 2026", b">From me", b">>From", b"\xff\x00"]
    ),
    max_size=8,
)


@given(st.lists(LINES, max_size=4))
def test_what_the_standard_library_writes_is_read_back(bodies: list[list[bytes]]) -> None:
    # It quotes `From ` lines with one `>`, but not those quoted before (the format mboxo), which no reader can undo.
    messages = [b"Subject: x\n\n" + b"".join(line + b"\n" for line in body) for body in bodies]
    written = b"".join(POSTMARK + message.replace(b"\nFrom ", b"\n>From ") + b"\n" for message in messages)
    expected = [message.replace(b"\n>From ", b"\nFrom ") for message in messages]
    assert list(messages_in(lines(written))) == expected


@given(st.lists(LINES, max_size=4))
def test_quoting_as_mboxrd_does_is_undone_exactly(bodies: list[list[bytes]]) -> None:
    messages = [b"Subject: x\n\n" + b"".join(line + b"\n" for line in body) for body in bodies]
    written = b"".join(
        POSTMARK + b"".join(b">" * line.lstrip(b">").startswith(b"From ") + line for line in lines(message)) + b"\n"
        for message in messages
    )
    assert list(messages_in(lines(written))) == messages


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_one_sentence(text: bytes) -> None:
    found = outcome(text)
    if isinstance(found, str):
        assert "\n" not in found
    else:
        assert sum(map(len, found)) <= len(text)


def outcome(text: bytes) -> list[bytes] | str:
    """The messages, or the error."""
    try:
        return list(messages_in(lines(text)))
    except InputError as error:
        return str(error)


def test_a_mailbox_of_the_standard_library_is_read_with_crlf(tmp_path: Path) -> None:
    path = tmp_path / "inbox"
    box = mailbox.mbox(path)
    for number in range(12):
        box.add(f"To: user{number}@example.com\nSubject: {number}\n\nFrom the start\n\nFrom me\n")
    box.close()
    items = list(read(path))
    assert [item.name for item in items] == [f"inbox-{number}" for number in range(1, 13)]
    assert items[3].raw == b"To: user3@example.com\r\nSubject: 3\r\n\r\nFrom the start\r\n\r\nFrom me\r\n"
    assert items[3].envelope.rcpt_to == ("user3@example.com",)


def test_an_mbox_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "big.mbox"
    path.write_bytes(
        (POSTMARK + b"Subject: x\n\n" + b"body\n" * 100 + b"\n") * 2_000
    )  # far more than Python reads ahead: 128 KiB from 3.14 on
    corpus = read(path)
    next(corpus)
    path.write_bytes(b"")  # what was not read ahead is gone
    assert sum(1 for _ in corpus) < 1_999


@given(st.binary(max_size=100))
def test_line_ends_are_all_changed_or_none(raw: bytes) -> None:
    done = with_crlf(raw)
    assert done == (raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n"))
    assert with_crlf(done) == done
