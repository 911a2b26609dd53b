"""Mail where no list of names fits, and mail elsewhere: folders of any number of files, URLs."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.errors import InputError, MissingExtraError
from sesreceive.mail.corpus import Item, read

MAIL = b"From: ana@example.org\r\nTo: bo@example.com\r\nSubject: hello\r\n\r\nbody\r\n"
MBOX = b"From ana Fri Jan  2 10:05:05 2026\n" + MAIL.replace(b"\r\n", b"\n") + b"\n"


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.eml", content)
    return target.getvalue()


FILES: dict[str, bytes] = {
    "a.eml": MAIL,
    "a.envelope.json": b'{"mail_from": "x@example.org", "rcpt_to": ["bo@example.com"]}',
    "below/b.eml": MAIL,
    "below/deeper/c.mbox.gz": gzip.compress(MBOX * 2),
    "d.zip": zipped(one=MAIL, two=MAIL),
    "photo.png": b"\x89PNG\r\n\x1a\n",
    ".hidden": MAIL,
}  # fmt: skip


def write(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def contents(items: Any) -> list[tuple[bytes, str]]:
    return sorted((item.raw, item.envelope.mail_from) for item in items)


# ------------------------------------------------------------------ folders


def test_a_folder_that_is_not_sorted_holds_the_same_mail(tmp_path: Path) -> None:
    write(tmp_path)
    corpus = read(ses.UnsortedFolder(tmp_path))
    items = list(corpus)
    assert contents(items) == contents(read(tmp_path))
    names = {"a", "below/b", "below/deeper/c.mbox.gz-1", "below/deeper/c.mbox.gz-2", "d.zip/one", "d.zip/two"}
    assert {item.name for item in items} == names
    assert [str(one.why) for one in corpus.passed_over] == ["no mail"]


def test_a_maildir_that_is_not_sorted(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
        (tmp_path / part / f"1.{part}").write_bytes(b"odd: mail\n\nbody\n")
    assert {item.name for item in read(ses.UnsortedFolder(tmp_path))} == {"cur/1.cur", "new/1.new"}


def test_what_is_no_file_is_passed_over_and_a_link_back_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path)
    wanted = contents(read(ses.UnsortedFolder(tmp_path)))
    (tmp_path / "below" / "back").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "nowhere.eml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.eml")
    corpus = read(ses.UnsortedFolder(tmp_path))
    assert contents(corpus) == wanted
    aside = {one.name: one.reason for one in corpus.passed_over}
    assert [aside[name] for name in ("nowhere.eml", "pipe.eml")] == ["it is no regular file"] * 2


def test_there_is_no_list_of_the_files(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        folder = tmp_path / str(count)
        folder.mkdir()
        for number in range(count):
            (folder / f"a-rather-long-name-of-a-message-{number:06}.eml").write_bytes(b"To: bo@example.com\n\n")
        tracemalloc.start()
        number = sum(1 for _ in read(ses.UnsortedFolder(folder)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert number == count
        return most

    peak(5)  # what is loaded once
    assert peak(320) < 1.5 * peak(20)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a folder but there is none at"):
        ses.UnsortedFolder(tmp_path / "nowhere")


# ------------------------------------------------------------------ URLs


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    fsspec = pytest.importorskip("fsspec", reason="URLs are an extra: `pip install 'sesreceive[fsspec]'`")
    base = f"memory://{request.node.name}"
    for name, content in FILES.items():
        with fsspec.open(f"{base}/{name}", "wb") as file:
            file.write(content)
    return base


def test_a_folder_at_a_url_holds_the_same_mail(url: str, tmp_path: Path) -> None:
    corpus = read(url)
    assert [(one.name, one.raw) for one in corpus] == [
        ("a", MAIL), ("d/one", MAIL), ("d/two", MAIL),
        ("below/b", MAIL), ("below/deeper/c-1", MAIL), ("below/deeper/c-2", MAIL),
    ]  # fmt: skip
    assert contents(read(url)) == contents(read(write(tmp_path)))
    assert len(corpus.passed_over) == 1


@pytest.mark.parametrize("name", ["a.eml", "below/deeper/c.mbox.gz", "d.zip"])
def test_a_file_at_a_url_is_read_as_one_that_lies_here(url: str, name: str, tmp_path: Path) -> None:
    def told(items: Any) -> list[tuple[str, bytes]]:
        return [(item.name, item.raw) for item in items]

    here = write(tmp_path) / name
    assert told(read(f"{url}/{name}")) == told(read(here))
    assert told(read([f"{url}/{name}", here])) == told(read(here)) * 2


def test_a_replay_reads_urls(url: str) -> None:
    report = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).replay(url)
    assert len(report) == 6
    assert "no mail" in report.passed_over["why"].tolist()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("memory://nowhere/mail.mbox", "`memory://nowhere/mail.mbox` cannot be opened: "),
        ("gopher://example.org/", "`gopher://example.org/` cannot be opened: Protocol not known: gopher"),
    ],
)
def test_a_url_with_nothing_behind_it_is_refused_at_once(url: str, complaint: str) -> None:
    pytest.importorskip("fsspec", reason="URLs are an extra: `pip install 'sesreceive[fsspec]'`")
    with pytest.raises(InputError, match=complaint):
        read(url)
    corpus = read([url, b"To: bo@example.com"], strict=False)
    assert [type(item) for item in corpus] == [Item]
    assert corpus.passed_over[0].reason.startswith(complaint)


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"mail at `memory://x` needs `fsspec`: .*sesreceive\[fsspec\]"):
        read("memory://x")
