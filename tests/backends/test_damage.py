"""A data folder that was damaged, or that somebody put files into: one sentence that names the file, or passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sesreceive.backends.directory import DirectoryBackend
from sesreceive.effects import Publish, PutObject, SendBounce
from sesreceive.errors import InputError

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
# what a reader asks for, the file, what is in it → in the sentence
DAMAGE = [
    ("bounces", "bounces/000001-a.eml.meta.json", "[" * 100_000, "is nested too deeply"),
    ("bounces", "bounces/000001-a.eml.meta.json", "[]", "the members of SendBounce but got list"),
    ("bounces", "bounces/000001-a.eml.meta.json", "{", "is not JSON"),
    ("bounces", "bounces/000001-a.eml.meta.json", '{"operation": "Other"}', "expected an object with the members of"),
    ("bounces", "bounces/000001-a.eml.meta.json", '{"col\\u001bour": 1}', "but got one with `col\\x1bour, raw`"),
    ("bounces", "bounces/000001-a.eml.meta.json", '{"n": ' + "9" * 6_000 + "}", "300 digits"),
    ("topic", "topics/mail.jsonl", json.dumps({"topic_arn": TOPIC, "message": "a", "x": 2}) + "\n", "of Published"),
    ("invocations", "invocations.jsonl", '{"colour": 1}\n', "of Invocation but got one with `colour`"),
]  # fmt: skip

# lines that somebody wrote into a file of ours: passed over
FOREIGN = [
    "hello",
    "[1]",
    "7",
    "\x00",
    "[" * 100_000,
    '{"message": "no topic"}',
    '{"topic_arn": 7, "message": "a"}',
    "{}",
]

READERS = {
    "bounces": lambda backend: backend.bounces,
    "topics": lambda backend: list(backend.topics),
    "topic": lambda backend: backend.topics[TOPIC],
    "invocations": lambda backend: backend.invocations,
}


@pytest.mark.parametrize("reader, name, text, words", DAMAGE)
def test_a_damaged_file_is_one_sentence_that_names_it(tmp_path: Path, reader, name, text, words):
    DirectoryBackend(tmp_path)
    (tmp_path / "bounces" / "000001-a.eml").write_bytes(b"Subject: hello\r\n\r\n")
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as error:
        READERS[reader](DirectoryBackend(tmp_path))
    sentence = str(error.value)
    assert words in sentence
    assert Path(name).name in sentence
    assert "\n" not in sentence


def test_a_mail_without_its_description_is_no_mail_of_ours(tmp_path: Path):
    DirectoryBackend(tmp_path)
    (tmp_path / "bounces" / "000001-a.eml").write_bytes(b"Subject: hello\r\n\r\n")
    assert DirectoryBackend(tmp_path).bounces == ()


@pytest.mark.parametrize("metadata", ["[]", "7", '{"metadata": 7}', '{"metadata": {"a": 1}, "content_type": 5}', "{"])
def test_an_object_with_a_description_of_another_shape_has_none(tmp_path: Path, metadata: str):
    DirectoryBackend(tmp_path).perform(PutObject(bucket="inbox", key="a", body=b"hello"))
    (tmp_path / "buckets/inbox/a.meta.json").write_text(metadata)
    stored = DirectoryBackend(tmp_path).buckets["inbox"]["a"]
    assert (stored.body, dict(stored.metadata), stored.content_type) == (b"hello", {}, "application/octet-stream")


@pytest.mark.parametrize("line", FOREIGN)
def test_a_line_that_somebody_wrote_is_passed_over(tmp_path: Path, line: str):
    publish = Publish(topic_arn=TOPIC, message="hello", subject="x", message_id="0vfh")
    DirectoryBackend(tmp_path).perform(publish)
    with (tmp_path / "topics" / "mail.jsonl").open("a") as file:
        file.write(line + "\n")
    assert list(DirectoryBackend(tmp_path).topics) == [TOPIC]
    assert [one.message for one in DirectoryBackend(tmp_path).topics[TOPIC]] == ["hello"]


def test_a_path_with_a_nul_is_one_sentence(tmp_path: Path):
    with pytest.raises(InputError, match="expected the path of a file or folder"):
        DirectoryBackend(f"{tmp_path}/a\0b")


def test_what_was_written_is_read_back(tmp_path: Path):
    bounce = SendBounce(
        message_id="0vfh", sender="a@example.com", destination="b@example.org", recipients=("b@example.org",),
        raw=b"Subject: x\r\n",
    )  # fmt: skip
    assert DirectoryBackend(tmp_path).perform(bounce).failed is False
    assert DirectoryBackend(tmp_path).bounces == (bounce,)
