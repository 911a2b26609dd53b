"""The folder backend: what is where, what survives, what is refused."""

from __future__ import annotations

import concurrent.futures
import json
import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest

from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.durable_files import JsonLines, Root
from sesreceive.backends.kms_envelope import decrypt
from sesreceive.backends.object_folder import FolderBucket
from sesreceive.backends.object_names import SIDECAR
from sesreceive.backends.stored import StoredObject
from sesreceive.effects import Invoke, Publish, PutObject, SendBounce
from sesreceive.errors import InputError
from sesreceive.functions.registry import Always

MAIL = "arn:aws:sns:us-east-1:111122223333:mail"
GATE = "arn:aws:lambda:us-east-1:111122223333:function:gate"
BOUNCE = SendBounce(sender="a@example.com", destination="b@example.org", raw=b"DSN\r\n", message_id="0vfh")


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_every_thing_is_where_it_is_looked_for(tmp_path: Path) -> None:
    backend = DirectoryBackend(tmp_path, {"gate": Always(None)})
    for effect in (
        PutObject(bucket="inbox", key="invoices/0vfh", body=b"Subject: hello\r\n", metadata={"a": "1"}),
        Publish(topic_arn=MAIL, subject="Hi", message='{"n":1}', message_id="0vfh"),
        Invoke(function_arn=GATE, payload="{}", message_id="0vfh"),
        BOUNCE,
        BOUNCE,
    ):
        assert backend.perform(effect).error == ""
    assert tree(tmp_path) == [
        ".lock",
        "bounces/000001-0vfh.eml",
        "bounces/000001-0vfh.eml.meta.json",
        "bounces/000002-0vfh.eml",
        "bounces/000002-0vfh.eml.meta.json",
        "buckets/inbox/invoices/0vfh",
        "buckets/inbox/invoices/0vfh.meta.json",
        "invocations.jsonl",
        "topics/mail.jsonl",
    ]
    assert (tmp_path / "buckets/inbox/invoices/0vfh").read_bytes() == b"Subject: hello\r\n"
    described = json.loads((tmp_path / "buckets/inbox/invoices/0vfh.meta.json").read_text())
    assert (described["key"], described["metadata"], described["size_bytes"]) == ("invoices/0vfh", {"a": "1"}, 16)
    assert json.loads((tmp_path / "topics/mail.jsonl").read_text()) == {
        "topic_arn": MAIL, "subject": "Hi", "message": '{"n":1}', "message_id": "0vfh",
        "rule": "", "action": -1,
    }  # fmt: skip
    assert (tmp_path / "bounces/000002-0vfh.eml").read_bytes() == b"DSN\r\n"
    assert json.loads((tmp_path / "bounces/000002-0vfh.eml.meta.json").read_text())["destination"] == "b@example.org"


def test_a_folder_that_is_there_is_gone_on_with(tmp_path: Path) -> None:
    for number in range(3):
        backend = DirectoryBackend(tmp_path)
        backend.perform(PutObject(bucket="inbox", key=f"{number}", body=b""))
        backend.perform(Publish(topic_arn=MAIL, subject="s", message=f"{number}"))
        backend.perform(BOUNCE)
    backend = DirectoryBackend(tmp_path)
    assert list(backend.buckets["inbox"]) == ["0", "1", "2"]
    assert [told.message for told in backend.topics[MAIL]] == ["0", "1", "2"]
    assert len(backend.bounces) == 3
    assert repr(backend) == f"<DirectoryBackend `{tmp_path}`, 1 bucket, 1 topic>"


def test_what_one_run_encrypts_the_next_can_read(tmp_path: Path) -> None:
    effect = PutObject(bucket="inbox", key="k", body=b"hello", kms_key_arn="k", encryption_context={"kms_cmk_id": "k"})
    assert not DirectoryBackend(tmp_path).perform(effect).failed
    backend = DirectoryBackend(tmp_path)
    stored = backend.buckets["inbox"]["k"]
    assert decrypt(stored.body, stored.metadata, backend.kms) == b"hello"
    assert next(iter(stored.metadata)) == "x-amz-key-v2"


def test_topics_of_one_name_are_told_apart(tmp_path: Path) -> None:
    backend = DirectoryBackend(tmp_path)
    for region in ("us-east-1", "eu-west-1"):
        backend.perform(Publish(topic_arn=f"arn:aws:sns:{region}:1:mail", subject="s", message=region))
    assert {arn: [told.message for told in topic] for arn, topic in backend.topics.items()} == {
        "arn:aws:sns:us-east-1:1:mail": ["us-east-1"],
        "arn:aws:sns:eu-west-1:1:mail": ["eu-west-1"],
    }


@pytest.mark.parametrize("name", ["../../up", "/abs", "a/b", "x" * 300, "é\n\0", ""])
def test_a_topic_of_any_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    backend = DirectoryBackend(tmp_path / "deep" / "backend")
    assert backend.perform(Publish(topic_arn=f"arn:aws:sns:us-east-1:1:{name}", subject="s", message="{}")).error == ""
    assert len(backend.topics[f"arn:aws:sns:us-east-1:1:{name}"]) == 1
    assert {path.split("/")[0] for path in tree(tmp_path / "deep" / "backend")} <= {".lock", "topics"}
    assert tree(tmp_path) == [f"deep/backend/{path}" for path in tree(tmp_path / "deep" / "backend")]


def test_files_somebody_put_there_are_objects_and_noise_is_not(tmp_path: Path) -> None:
    backend = DirectoryBackend(tmp_path)
    folder = tmp_path / "buckets" / "inbox" / "by hand"
    folder.mkdir(parents=True)
    (tmp_path / "buckets" / "inbox" / "mail.eml").write_bytes(b"x")
    (tmp_path / "buckets" / "inbox" / ".DS_Store").write_bytes(b"x")
    (folder / "never").write_bytes(b"a key would be escaped")
    line = json.dumps({"topic_arn": MAIL, "subject": "s", "message": "m"})
    (tmp_path / "topics" / "mail.jsonl").write_text(f"no json\n[]\n{line}\n")
    assert list(backend.buckets["inbox"]) == ["mail.eml"]
    assert backend.buckets["inbox"]["mail.eml"].body == b"x"
    assert [told.message for told in backend.topics[MAIL]] == ["m"]


@pytest.mark.parametrize("make, words", [
    (lambda p: p / "file", "is a file: expected a folder, or nothing yet"),
    (lambda p: p / "file" / "below", "cannot write to"),
    (lambda p: Path("/proc/nothing/here"), "cannot write to"),
])  # fmt: skip
def test_a_place_that_cannot_be_a_backend_is_one_sentence(tmp_path: Path, make: object, words: str) -> None:
    (tmp_path / "file").write_text("x")
    path = make(tmp_path)  # type: ignore[operator]
    with pytest.raises(InputError) as caught:
        DirectoryBackend(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_store_that_breaks_later_is_an_outcome(tmp_path: Path) -> None:
    backend = DirectoryBackend(tmp_path)
    (tmp_path / "buckets" / "inbox").write_text("in the way")
    (tmp_path / "topics" / "mail.jsonl").mkdir()
    (tmp_path / "bounces").rmdir()
    assert (
        backend.perform(PutObject(bucket="inbox", key="k", body=b"")).error
        == "could not write to the bucket `inbox`: file exists"
    )
    assert (
        backend.perform(Publish(topic_arn=MAIL, subject="s", message="m")).error
        == f"could not publish to the SNS topic `{MAIL}`: is a directory"
    )
    assert backend.perform(BOUNCE).error == "could not send the bounce to `b@example.org`: no such file or directory"
    assert not list((tmp_path / ".tmp").iterdir())


def test_objects_are_listed_in_the_order_they_were_written(tmp_path: Path) -> None:
    backend = DirectoryBackend(tmp_path)
    keys = [f"{(number * 7919) % 100}" for number in range(100)]
    for key in keys:
        backend.perform(PutObject(bucket="inbox", key=key, body=b""))
    assert list(DirectoryBackend(tmp_path).buckets["inbox"]) == keys


def test_several_backends_and_threads_write_to_one_folder(tmp_path: Path) -> None:
    backends = [DirectoryBackend(tmp_path, {"gate": Always(None)}) for _ in range(2)]

    def work(number: int) -> None:
        backend = backends[number % 2]
        for effect in (
            PutObject(bucket="inbox", key=f"{number}", body=b"x" * number),
            Publish(topic_arn=MAIL, subject="s", message=f"{number}"),
            SendBounce(sender="", destination="b@example.org", message=f"{number}"),
            Invoke(function_arn=GATE, payload=f"{number}"),
        ):
            assert backend.perform(effect).error == ""

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(24)))
    for backend in backends:
        assert sorted(int(key) for key in backend.buckets["inbox"]) == list(range(24))
        assert all(len(stored.body) == int(key) for key, stored in backend.buckets["inbox"].items())
        assert sorted(int(told.message) for told in backend.topics[MAIL]) == list(range(24))
        assert sorted(int(bounce.message) for bounce in backend.bounces) == list(range(24))
        assert sorted(int(run.payload) for run in backend.invocations) == list(range(24))


def test_another_process_opens_the_same_folder(tmp_path: Path) -> None:
    backend = pickle.loads(pickle.dumps(DirectoryBackend(tmp_path, strict=True)))
    backend.create_bucket("inbox")
    assert not backend.perform(PutObject(bucket="inbox", key="k", body=b"x")).failed
    assert DirectoryBackend(tmp_path).buckets["inbox"]["k"].body == b"x"


@pytest.mark.parametrize("step", ["sidecar", "body"])
def test_an_object_that_was_not_replaced_to_the_end_is_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A process dies before the metadata, or between metadata and body: the place is found by making the write fail."""
    root = Root(tmp_path)
    bucket = FolderBucket("inbox", root, tmp_path / "inbox")
    bucket.put(StoredObject(bucket="inbox", key="k", body=b"old", metadata={"iv": "old"}))
    real = Root.write

    def dies(self: Root, path: Path, content: bytes, **more: object) -> None:
        if path.name.endswith(SIDECAR) is (step == "sidecar"):
            raise KeyboardInterrupt
        real(self, path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Root, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            bucket.put(StoredObject(bucket="inbox", key="k", body=b"new!", metadata={"iv": "new"}))
    assert (bucket["k"].body, bucket["k"].metadata) == (b"old", {"iv": "old"})
    bucket.put(StoredObject(bucket="inbox", key="k", body=b"newer", metadata={"iv": "newer"}))
    assert (bucket["k"].body, bucket["k"].metadata) == (b"newer", {"iv": "newer"})


@pytest.mark.parametrize("left", [b"", b'{"n":', b"x" * 200_000, b'{"n": 9}'])
def test_a_line_without_its_end_is_not_read_and_goes_with_the_next_one(tmp_path: Path, left: bytes) -> None:
    lines = JsonLines(Root(tmp_path), tmp_path / "a.jsonl")
    lines.append({"n": 1})
    with open(tmp_path / "a.jsonl", "ab") as stream:
        stream.write(left)
    assert lines.records() == ({"n": 1},)
    lines.append({"n": 2})
    assert lines.records() == ({"n": 1}, {"n": 2})
    assert (tmp_path / "a.jsonl").read_bytes() == b'{"n":1}\n{"n":2}\n'


# Forks a writer for each line "number seconds" it reads and kills it after so long; writers say what came back.
# Forking is quick, and it happens in a process that has no threads.
WRITERS = """
import os, signal, sys, time
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.effects import Publish, PutObject, SendBounce

def write(number):
    backend = DirectoryBackend(sys.argv[1])
    while True:
        body = f"{number}:".encode() + b"x" * (number % 3 * 100_000)
        for effect in (
            PutObject(bucket="inbox", key=f"new/{number}", body=body, metadata={"n": str(number)}),
            PutObject(bucket="inbox", key="same", body=body, metadata={"n": str(number)}),
            Publish(topic_arn="arn:aws:sns:us-east-1:1:mail", subject="s", message=body.decode()),
            SendBounce(sender="", destination="b@example.org", message=str(number), raw=body),
        ):
            assert not backend.perform(effect).failed
        os.write(1, b"%d\\n" % number)
        number += 1

for line in sys.stdin:
    number, seconds = line.split()
    child = os.fork()
    if not child:
        write(int(number))
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.write(1, b"killed\\n")
"""


def body_of(n: int) -> bytes:
    return f"{n}:".encode() + b"x" * (n % 3 * 100_000)


@pytest.mark.parametrize("kills", [100, pytest.param(1500, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_kill_9_at_any_moment_leaves_nothing_half_and_loses_nothing_acknowledged(tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    acknowledged: list[int] = []
    number, last, rounds, survived = 0, -1, 0, 0
    writers = subprocess.Popen(
        [sys.executable, "-c", WRITERS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert writers.stdin is not None
    assert writers.stdout is not None
    with writers, writers.stdin, writers.stdout:
        longest = 1.0  # the first one lives long enough to say how long one number takes
        while rounds < kills:
            writers.stdin.write(f"{number} {longest * (chance.random() if acknowledged else 1)}\n")
            while (line := writers.stdout.readline()) != "killed\n":
                last = int(line)
                acknowledged.append(last)
                number = last + 1
            if acknowledged and longest == 1.0:
                longest = 2.0 / len(acknowledged)
            rounds += 1
            number += 1  # the one that was being written may or may not be there; the next writer leaves it alone
            backend = DirectoryBackend(tmp_path)
            assert not list((tmp_path / ".tmp").iterdir())
            same = backend.buckets["inbox"].get("same") if "inbox" in backend.buckets else None
            if same is not None:
                n = int(same.metadata["n"])
                assert n >= last
                assert same.body == body_of(n)
        writers.stdin.close()
    assert acknowledged

    for key, stored in backend.buckets["inbox"].items():
        n = int(stored.metadata["n"])
        assert key in ("same", f"new/{n}")
        assert stored.body == body_of(n)
        survived += n not in acknowledged
    assert survived  # writers were killed in the middle of their work
    told = [one.message.encode() for one in backend.topics["arn:aws:sns:us-east-1:1:mail"]]
    assert told == [body_of(n) for n in sorted(int(text.partition(b":")[0]) for text in told)]
    bounced = {int(bounce.message): bounce.raw for bounce in backend.bounces}
    assert bounced == {n: body_of(n) for n in bounced}
    assert set(acknowledged) <= set(bounced)
    assert {f"new/{n}" for n in acknowledged} <= set(backend.buckets["inbox"])
    assert {body_of(n) for n in acknowledged} <= set(told)
