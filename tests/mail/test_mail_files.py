"""Every kind of file that mail lies in, and every kind that it does not: the same mail out, the rest said."""

from __future__ import annotations

import gzip
import io
import mailbox
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sesreceive.errors import InputError
from sesreceive.mail.corpus import read
from sesreceive.mail.mbox import messages_in, split_mbox

MAIL = b"From: ana@example.org\r\nTo: bo@example.com\r\nSubject: hello\r\n\r\nbody\r\n"
LF = MAIL.replace(b"\r\n", b"\n")
DATE = b"Fri Jan  2 10:05:05 2026"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def lines(text: bytes) -> list[bytes]:
    pieces = text.split(b"\n")
    return [piece + b"\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


# ------------------------------------------------------------------ mbox dialects

A, B = b"Subject: a\n\nbody a\n", b"Subject: b\n\nbody b\n"
UNQUOTED = b"Subject: c\nContent-Length: 31\n\nFrom me\n\nFrom x " + DATE + b"\n"
UNQUOTED = UNQUOTED.replace(b"31", str(len(UNQUOTED.split(b"\n\n", 1)[1])).encode())

DIALECTS = [
    # dialect, file, messages
    ("mboxo, mboxrd", b"From ana " + DATE + b"\n" + A + b"\nFrom bo " + DATE + b"\n" + B + b"\n", [A, B]),
    ("mboxrd, quoted twice", b"From ana " + DATE + b"\n\n>From x\n>>From y\n\n", [b"\nFrom x\n>From y\n"]),
    ("mboxcl2, nothing quoted", b"From ana " + DATE + b"\n" + UNQUOTED + b"\nFrom bo " + DATE + b"\n" + B + b"\n",
     [UNQUOTED, B]),
    ("mboxcl2, at the end of the file", b"From ana " + DATE + b"\n" + UNQUOTED, [UNQUOTED]),
    ("mboxcl, quoted", b"From ana " + DATE + b"\nContent-Length: 9\n\n>From me\n\nFrom bo " + DATE + b"\n" + B,
     [b"Content-Length: 9\n\nFrom me\n", B]),
    ("a length that is wrong", b"From ana " + DATE + b"\nContent-Length: 9999\n\nhi\n\nFrom bo " + DATE + b"\n" + B,
     [b"Content-Length: 9999\n\nhi\n", B]),
    ("a length too short", b"From ana " + DATE + b"\nContent-Length: 2\n\nhi there\n\nFrom bo " + DATE + b"\n" + B,
     [b"Content-Length: 2\n\nhi there\n", B]),
    ("Thunderbird", b"From - " + DATE + b"\nX-Mozilla-Status: 0001\n" + A + b"\nFrom - " + DATE + b"\n" + B + b"\n",
     [b"X-Mozilla-Status: 0001\n" + A, B]),
    ("Thunderbird, no date", b"From \n" + A + b"\nFrom \n" + B, [A, B]),
    ("Gmail Takeout", b"From 1789@xxx Fri Jan 02 10:05:05 +0000 2026\nX-GM-THRID: 1789\n" + A
     + b"\nFrom 1790@xxx Fri Jan 02 10:05:06 +0000 2026\n" + B, [b"X-GM-THRID: 1789\n" + A, B]),
    ("pipermail", b"From ana at example.org  " + DATE + b"\nFrom: ana at example.org (Ana)\n" + A
     + b"\nFrom bo at example.org  " + DATE + b"\nFrom: bo at example.org (Bo)\n" + B,
     [b"From: ana at example.org (Ana)\n" + A, b"From: bo at example.org (Bo)\n" + B]),
    ("an ISO date", b"From ana 2026-01-02T10:05:05Z\n" + A + b"\nFrom bo 2026-01-02T10:05:06Z\n" + B, [A, B]),
    ("no empty line before", b"From ana " + DATE + b"\n" + A + b"From bo " + DATE + b"\n" + B, [A, B]),
    ("no empty line before, no date", b"From ana@example.org\n" + A + b"From bo@example.org\n" + B, [A, B]),
    ("no date", b"From nobody\n" + A + b"\nFrom nobody in particular\n" + B, [A, B]),
    ("CRLF", (b"From ana " + DATE + b"\n" + A + b"\nFrom bo " + DATE + b"\n" + B + b"\n").replace(b"\n", b"\r\n"),
     [A.replace(b"\n", b"\r\n"), B.replace(b"\n", b"\r\n")]),
    ("a line of UUCP", b"From ana " + DATE + b"\n>From ana " + DATE + b" remote from relay\n" + A, [A]),
    ("prose", b"From ana " + DATE + b"\nSubject: a\n\nFrom here on\nNote: all is well\n\nFrom now on\n\nFrom me\n",
     [b"Subject: a\n\nFrom here on\nNote: all is well\n\nFrom now on\n\nFrom me\n"]),
    ("a field before an empty body", b"From ana " + DATE + b"\nSubject: a\n\nFrom bo " + DATE + b"\nSubject: b\n\n",
     [b"Subject: a\n", b"Subject: b\n"]),
]  # fmt: skip


@pytest.mark.parametrize("dialect, text, messages", DIALECTS, ids=[dialect for dialect, *_ in DIALECTS])
def test_every_dialect_of_mbox_is_read(dialect: str, text: bytes, messages: list[bytes]) -> None:
    assert list(messages_in(lines(text))) == messages


@pytest.mark.parametrize("number", [1, 7])
def test_what_the_standard_library_reads_is_read_alike(number: int, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for at in range(number):
        box.add(f"To: user{at}@example.com\nSubject: {at}\n\nline\n\n")
    box.close()
    library = mailbox.mbox(tmp_path / "box")
    theirs = [one.get_payload() for one in library]
    library.close()
    ours = [item.raw.partition(b"\r\n\r\n")[2].decode() for item in read(tmp_path / "box")]
    assert ours == [text.replace("\n", "\r\n") for text in theirs]


def test_a_message_that_is_too_long_is_passed_over_and_the_next_is_read() -> None:
    text = b"From a " + DATE + b"\n" + b"x: y\n" * 100 + b"\nFrom b " + DATE + b"\n" + B
    assert list(split_mbox(lines(text), longest=200)) == [None, B]
    with pytest.raises(InputError, match=r"^mbox: message 1 has more than"):
        list(messages_in(lines(b"From a " + DATE + b"\n" + b"x" * 130 * 1024 * 1024)))


def test_a_mailbox_takes_the_memory_of_one_message(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.mbox"
        path.write_bytes((b"From a " + DATE + b"\nTo: bo@example.com\n\n" + b"line of text\n" * 500 + b"\n") * count)
        tracemalloc.start()
        number = sum(1 for _ in read(path))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert number == count
        return most

    peak(5)  # what is loaded once
    assert peak(160) < 3 * peak(10)  # the file is sixteen times as large


# ------------------------------------------------------------------ files, folders, archives


def one_file(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def tree(*files: tuple[str, bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for name, content in files:
            path = folder / "top" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder / "top"

    return make


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def maildir(folder: Path) -> Path:
    box = mailbox.Maildir(folder / "Maildir", create=True)
    for name, inner in (("", box), ("Lists.Work", box.add_folder("Lists.Work"))):
        for part, file in (("new", f"1.{name or 'x'}.host"), ("cur", f"2.{name or 'x'}.host:2,S")):
            (Path(inner._path) / part / file).write_bytes(LF)  # type: ignore[attr-defined]
    return folder / "Maildir"


def mh(folder: Path) -> Path:
    box = mailbox.MH(folder / "mh", create=True)
    for _ in range(3):
        box.add(LF)
    box.add_folder("sub").add(LF)
    return folder / "mh"


def mmdf(folder: Path) -> Path:
    box = mailbox.MMDF(folder / "box.mmdf")
    box.add(LF)
    box.add(LF)
    box.close()
    return folder / "box.mmdf"


def babyl(folder: Path) -> Path:
    box = mailbox.Babyl(folder / "rmail")
    box.add(LF)
    box.close()
    return folder / "rmail"


MBOX = b"From ana " + DATE + b"\n" + LF + b"\nFrom bo " + DATE + b"\n" + LF + b"\n"
FILES = [
    # what, how it is made, names of the messages
    ("one .eml", one_file("a.b.eml", MAIL), ["a.b"]),
    ("one .eml with a From line above", one_file("a.eml", b"From ana " + DATE + b"\n" + LF), ["a"]),
    ("one .eml that is a mailbox", one_file("a.eml", MBOX), ["a-1", "a-2"]),
    ("one .eml with a byte order mark", one_file("a.eml", b"\xef\xbb\xbf" + LF), ["a"]),
    ("a file without an ending", one_file("7k3v9q2m1d8s", MAIL), ["7k3v9q2m1d8s"]),
    ("a mailbox", one_file("inbox.mbox", MBOX), ["inbox-1", "inbox-2"]),
    ("a mailbox without an ending", one_file("Inbox", MBOX), ["Inbox-1", "Inbox-2"]),
    ("a compressed message", one_file("a.eml.gz", gzip.compress(MAIL)), ["a"]),
    ("a compressed mailbox", one_file("inbox.mbox.gz", gzip.compress(MBOX)), ["inbox-1", "inbox-2"]),
    ("a zip", one_file("all.zip", zipped(("10.eml", MAIL), ("2.eml", MAIL), ("in/box.mbox", MBOX))),
     ["all/2", "all/10", "all/in/box-1", "all/in/box-2"]),
    ("a tar", one_file("all.tar", tarred(("b.eml", MAIL), ("cur/1:2,S", LF))), ["all/b", "all/cur/1:2,S"]),
    ("a compressed tar", one_file("all.tar.gz", gzip.compress(tarred(("b.eml", MAIL), ("box", MBOX)))),
     ["all/b", "all/box-1", "all/box-2"]),
    ("a zip in a tar", one_file("x.tar", tarred(("y.zip", zipped(("z.eml", MAIL))))), ["x/y/z"]),
    ("a mailbox in a zip", one_file("x.zip", zipped(("y.mbox.gz", gzip.compress(MBOX)))), ["x/y-1", "x/y-2"]),
    ("a folder", tree(("2.eml", MAIL), ("10.eml", LF), ("sub/3", MAIL), ("box.mbox", MBOX)),
     ["2", "10", "box-1", "box-2", "sub/3"]),
    ("files that differ in the ending", tree(("a.eml", MAIL), ("a.mbox", MBOX)), ["a", "a.mbox-1", "a.mbox-2"]),
    ("what aws s3 sync makes", tree(("invoices/7k3v", MAIL), ("invoices/AMAZON_SES_SETUP_NOTIFICATION", MAIL)),
     ["invoices/7k3v"]),
    ("a Maildir with a subfolder", maildir,
     ["1.x.host", "2.x.host", "Lists/Work/1.Lists.Work.host", "Lists/Work/2.Lists.Work.host"]),
    ("MH with a subfolder", mh, ["1", "2", "3", "sub/1"]),
    ("MMDF", mmdf, ["box.mmdf-1", "box.mmdf-2"]),
    ("Babyl", babyl, ["rmail-1"]),
]  # fmt: skip


@pytest.mark.parametrize("what, make, names", FILES, ids=[what for what, *_ in FILES])
def test_the_same_mail_comes_out_of_every_kind_of_file(
    what: str, make: Callable[[Path], Path], names: list[str], tmp_path: Path
) -> None:
    items = list(read(make(tmp_path)))
    assert [item.name for item in items] == names
    assert {item.raw.rstrip(b"\r\n") for item in items} == {MAIL.rstrip(b"\r\n")}
    if what not in ("MMDF", "Babyl"):  # the standard library adds line ends there
        assert {item.raw for item in items} == {MAIL}
    assert all(item.envelope.rcpt_to == ("bo@example.com",) for item in items)


# name, content, the word and the sentence
OTHERS = [
    ("cat.eml", PNG, "no mail", "it is a PNG image"),
    ("cat", PNG, "no mail", "it is a PNG image"),
    ("photo.jpg", b"\xff\xd8\xff\xe0", "no mail", "it is a JPEG image"),
    ("doc.pdf", b"%PDF-1.7\n", "no mail", "it is a PDF document"),
    ("old.pst", b"!BDN" + b"\0" * 100, "no mail", "it is an Outlook data file (.pst); export it as .eml or mbox"),
    ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1", "no mail", "it is an Outlook or Office document (OLE2); export .eml"),
    ("utf16.eml", MAIL.decode().encode("utf-16"), "no mail",
     "it is text in UTF-16; mail is bytes in which each line is ASCII"),
    ("utf16le.eml", MAIL.decode().encode("utf-16-le"), "no mail", "it is text in UTF-16 or binary data"),
    ("page.eml", b"<!DOCTYPE html><html>", "no mail", "it is an HTML page"),
    ("data.json", b'{"a": 1}', "no mail", "it is JSON"),
    ("lost.envelope.json", b'{"rcpt_to": []}', "no mail", "it is JSON"),
    ("note.txt", b"TODO: buy milk\n", "no mail", "it begins `TODO: buy milk`, and has no field that mail has"),
    ("hello.eml", b"hello world\n", "no mail", "it begins `hello world`, which is no header field"),
    ("evil.eml", b"\x1b[2Jhello\n", "no mail", "it begins `\\x1b[2Jhello`, which is no header field"),
    ("empty.eml", b"", "empty", "the file is empty"),
    ("zeros", b"\0" * 5000, "no mail", "it holds NUL bytes alone"),
    ("a.xz", b"\xfd7zXZ\x00", "no mail", "it is compressed with xz; unpack it first"),
    ("a.docx", zipped(("[Content_Types].xml", b"<x/>")), "no mail",
     "it is an Office document or a program in a ZIP archive"),
    ("inbox.msf", b'// <!-- <mdb:mork:z v="1.4"/> -->', "no mail", "it is an index of Thunderbird"),
    (".DS_Store", b"\0\0\0\1Bud1", "no mail", "it is a file of the mail program"),
    (",5", MAIL, "no mail", "it was deleted in MH"),
    ("AMAZON_SES_SETUP_NOTIFICATION", MAIL, "setup notification",
     "SES writes it when a rule with an S3 action is created; it is no mail"),
    ("half.mbox.gz", gzip.compress(MBOX * 50)[:60], "broken", None),
    ("half.zip", zipped(("a.eml", MAIL))[:-30], "broken", None),
]  # fmt: skip


@pytest.mark.parametrize("name, content, why, reason", OTHERS, ids=[name for name, *_ in OTHERS])
def test_what_is_no_mail_is_said_to_be_none(
    name: str, content: bytes, why: str, reason: str | None, tmp_path: Path
) -> None:
    (tmp_path / "1.eml").write_bytes(MAIL)
    (tmp_path / name).write_bytes(content)
    corpus = read(tmp_path, strict=False)
    assert [item.name for item in corpus] == ["1"]
    [one] = corpus.passed_over
    assert one.name == name.removesuffix(".eml").removesuffix(".gz").removesuffix(".mbox").removesuffix(".zip")
    assert one.why.value == why
    assert reason is None or one.reason == reason
    assert "\n" not in str(one)
    assert "\x1b" not in str(one)


@pytest.mark.parametrize(
    "name, content", [(name, content) for name, content, why, _ in OTHERS[:16] if why == "no mail"]
)
def test_a_file_that_is_no_mail_is_refused_when_it_is_given_alone(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"^`.*` is no mail: it "):
        read(tmp_path / name)


@pytest.mark.parametrize(
    "raw", [b"", b" folded\r\n", PNG, b"hello\r\n", b"From me to you\r\n", b"\xef\xbb\xbfTo: x\r\n"]
)
def test_what_an_envelope_lies_beside_is_a_message_whatever_it_holds(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(raw)
    (tmp_path / "a.envelope.json").write_text('{"rcpt_to": ["bo@example.com"]}')
    for source in (tmp_path, tmp_path / "a.eml", [tmp_path / "a.eml"]):
        [item] = read(source)
        assert (item.name, item.raw, item.envelope.rcpt_to) == ("a", raw, ("bo@example.com",))


def test_an_archive_that_grows_beyond_reason_is_left(tmp_path: Path) -> None:
    bomb = gzip.compress(b"From a " + DATE + b"\nTo: bo@example.com\n\n" + (b"0" * 9_999 + b"\n") * 5_000)
    (tmp_path / "bomb.mbox.gz").write_bytes(bomb)
    (tmp_path / "deep.gz").write_bytes(gzip.compress(gzip.compress(gzip.compress(gzip.compress(MAIL)))))
    corpus = read(tmp_path, strict=False)
    assert list(corpus) == []
    bomb_said, deep_said = (one.reason for one in corpus.passed_over)
    assert bomb_said.endswith("unpacks to more than 200 times its size")
    assert deep_said == "archives lie in each other more than 3 deep"


def test_members_that_are_links_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    corpus = read(tmp_path / "x.tar")
    assert list(corpus) == []
    assert [str(one) for one in corpus.passed_over] == ["x/passwd: no mail: it is a link or a device"]
