"""A spool gives back what was written to it, whole or not at all, to whoever comes next and to nobody twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.backends.spool import TRIES, Spool, SpooledMessage
from sesreceive.errors import InputError
from sesreceive.mail.envelope import Envelope

SETTINGS = {"account": {"Region": "eu-west-1"}}


def message(message_id: str, raw: bytes = b"Subject: hello\r\n\r\nbody\r\n") -> SpooledMessage:
    envelope = Envelope(mail_from="ana@example.org", rcpt_to=("bo@example.com",), tls=True)
    return SpooledMessage(message_id=message_id, received_s=1.25, envelope=envelope, settings="s", raw=raw)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    for spool in opened:
        spool.close()
    opened.clear()


opened: list[Spool] = []


def open_spool(path: Path) -> Spool:
    """A spool that is closed when the test has ended."""
    opened.append(Spool(path))
    return opened[-1]


def abandoned(path: Path, *batches: list[SpooledMessage]) -> Spool:
    """A spool whose process has died: its lock is gone, its files are there."""
    spool = Spool(path, sync=False)
    for batch in batches:
        spool.write(batch)
    spool._alive.close()
    return spool


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_what_was_written_comes_back(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("spool")
    written = [message(str(number), raw) for number, raw in enumerate(bodies)]
    abandoned(path, written)
    spool = Spool(path, sync=False)
    assert [found for segment in spool.left for found in segment.read()] == written
    spool.close()


def test_the_order_is_that_of_the_answers(tmp_path: Path) -> None:
    abandoned(tmp_path, [message("a"), message("b")], [message("c")])
    assert Spool.waiting(tmp_path) == ("a", "b", "c")
    assert [one for segment in open_spool(tmp_path).left for one in segment.message_ids] == ["a", "b", "c"]


def test_what_is_done_does_not_come_back(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    segment = spool.write([message("a"), message("b"), message("c")])
    segment.done("b")
    spool._alive.close()
    following = open_spool(tmp_path)
    assert [found.message_id for segment in following.left for found in segment.read()] == ["a", "c"]
    for segment in following.left:
        for message_id in segment.message_ids:
            segment.done(message_id)
    following.close()
    assert open_spool(tmp_path).left == ()


def test_a_living_process_keeps_what_is_its_own(tmp_path: Path) -> None:
    living = open_spool(tmp_path)
    living.write([message("a")])
    assert open_spool(tmp_path).left == ()
    assert Spool.waiting(tmp_path) == ("a",)


def test_nothing_is_left_behind_when_all_is_done(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.keep_settings(SETTINGS)
    spool.write([message("a")]).done("a")
    spool.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"] == []


def test_settings_are_written_once_and_read_again(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    name = spool.keep_settings(SETTINGS)
    assert spool.keep_settings(json.loads(json.dumps(SETTINGS))) == name
    assert spool.settings(name) == SETTINGS
    with pytest.raises(InputError, match="settings `absent` of the spool cannot be read"):
        spool.settings("absent")


def test_a_message_that_ends_every_process_is_not_tried_for_ever(tmp_path: Path) -> None:
    abandoned(tmp_path, [message("a")])
    tried = []
    for _ in range(TRIES + 2):
        spool = open_spool(tmp_path)
        (segment,) = spool.left
        tried.append(segment.begin("a"))
        spool._alive.close()
    assert tried == [True] * TRIES + [False] * 2
    assert Spool.waiting(tmp_path) == ("a",)
    segment.tries.unlink()
    (segment,) = open_spool(tmp_path).left
    assert segment.begin("a")  # somebody found what it was


DAMAGES = [
    # what becomes of the file                                       why
    (lambda content: content[:-1],                                   "the last byte is missing"),
    (lambda content: content[:40],                                   "it ends in a header"),
    (lambda content: b"",                                            "it is empty"),
    (lambda content: b"From ana\n" + content,                        "it is another file"),
    (lambda content: content.replace(b'"size_bytes":24', b'"size_bytes":-4'), "a size below nothing"),
    (lambda content: content.replace(b'"envelope"', b'"envelop"'),   "a member of another name"),
    (lambda content: b"sesreceive spool 1\n" + b"[" * 100_000 + b"\n", "brackets without end"),
    (lambda content: b"sesreceive spool 1\n" + b"9" * 6_000 + b"\n",   "a number without end"),
]  # fmt: skip


@pytest.mark.parametrize("damage, why", DAMAGES, ids=[why for _, why in DAMAGES])
def test_a_damaged_file_is_set_aside_and_the_others_go_on(tmp_path: Path, damage: object, why: str) -> None:
    spool = abandoned(tmp_path, [message("a")], [message("b")])
    first = min(spool.folder.glob("*.mail"))
    first.write_bytes(damage(first.read_bytes()))  # type: ignore[operator]
    following = open_spool(tmp_path)
    assert [one for segment in following.left for one in segment.message_ids] == ["b"]
    assert len(list(following.folder.glob("*.damaged"))) == 1


def test_a_file_is_no_spool(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("mine")
    with pytest.raises(InputError, match="is a file: expected a folder, or nothing yet"):
        open_spool(tmp_path / "spool")
