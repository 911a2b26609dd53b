"""Collections: the same mail out of a folder, an mbox, a Maildir, a table and values; and what is refused."""

from __future__ import annotations

import email
import email.policy
import json
import mailbox
import operator
from pathlib import Path

import pandas as pd
import pytest

import sesreceive as ses
from sesreceive.errors import InputError
from sesreceive.mail.corpus import Item, read
from sesreceive.mail.message import Message

RAW = [
    f"From: ana@example.org\r\nTo: user{number}@example.com\r\nSubject: {number}\r\n\r\nbody\r\n".encode()
    for number in range(12)
]


def folder(path: Path, lf: bool) -> Path:
    for number, raw in enumerate(RAW, start=1):
        (path / f"{number}.eml").write_bytes(raw.replace(b"\r\n", b"\n") if lf else raw)
    return path


def mbox(path: Path, lf: bool) -> Path:
    box = mailbox.mbox(path / "inbox")
    for raw in RAW:
        box.add(raw.replace(b"\r\n", b"\n"))
    box.close()
    return path / "inbox"


def maildir(path: Path, lf: bool) -> Path:
    box = mailbox.Maildir(path / "Maildir", create=True)
    for number, raw in enumerate(RAW):
        key = box.add(raw.replace(b"\r\n", b"\n"))
        if number % 2:
            read_one = box[key]
            read_one.set_subdir("cur")
            read_one.set_flags("S")
            box[key] = read_one
    return path / "Maildir"


@pytest.mark.parametrize("make", [folder, mbox, maildir])
@pytest.mark.parametrize("lf", [True, False])
def test_the_same_mail_comes_out_of_every_kind_of_collection(make: object, lf: bool, tmp_path: Path) -> None:
    items = list(read(make(tmp_path, lf)))  # type: ignore[operator]  # one of the three above
    assert sorted(item.raw for item in items) == sorted(RAW)
    assert all(item.envelope.mail_from == "ana@example.org" for item in items)
    assert len({item.name for item in items}) == len(RAW)
    if make is not maildir:  # the names in a Maildir are times
        assert [item.raw for item in items] == RAW


def values() -> list[tuple[str, object]]:
    parsed = [email.message_from_bytes(raw, policy=email.policy.compat32) for raw in RAW]
    return [
        ("bytes", RAW),
        ("a generator", (raw for raw in RAW)),
        ("Message", [Message(raw) for raw in RAW]),
        ("email", parsed),
        ("pairs", [(raw, None) for raw in RAW]),
        ("mappings", [{"raw": raw} for raw in RAW]),
        ("names", {str(number): raw for number, raw in enumerate(RAW)}),
        ("a table", pd.DataFrame({"raw": RAW})),
        ("a table of text", pd.DataFrame({"raw": [raw.decode() for raw in RAW]})),
        ("items", list(read(RAW))),
        ("another corpus", read(RAW)),
    ]


@pytest.mark.parametrize("source", [source for _, source in values()], ids=[name for name, _ in values()])
def test_the_same_mail_comes_out_of_every_kind_of_value(source: object) -> None:
    items = list(read(source))  # type: ignore[arg-type]  # one of those above
    assert [item.raw for item in items] == RAW
    assert [item.envelope.rcpt_to for item in items] == [(f"user{number}@example.com",) for number in range(12)]


def test_names_are_in_natural_order_and_folders_are_entered(tmp_path: Path) -> None:
    for name in ("10.eml", "2.eml", "1.EML", "sub/3.eml", "note.txt", "b.eml", "A.eml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\r\n")
    assert [item.name for item in read(tmp_path)] == ["1", "2", "10", "A", "b", "sub/3"]


def test_a_file_with_any_crlf_stays_byte_for_byte(tmp_path: Path) -> None:
    raw = b"Subject: x\r\n\r\nbare\nLF\rbare CR\x00\xff"
    (tmp_path / "odd.eml").write_bytes(raw)
    assert next(read(tmp_path / "odd.eml")).raw == raw
    assert next(read([raw])).raw == raw
    assert next(read([b"a\nb"])).raw == b"a\nb"  # bytes are taken as they are


def test_the_envelope_beside_a_message_is_its_envelope(tmp_path: Path) -> None:
    (tmp_path / "a.b.eml").write_bytes(RAW[0])
    beside = ses.Envelope(client_ip="2001:db8::1", mail_from="", rcpt_to=("bo@example.com",), tls=True)
    (tmp_path / "a.b.envelope.json").write_text(json.dumps(beside.to_json()))
    assert next(read(tmp_path)) == Item(name="a.b", raw=RAW[0], envelope=beside)
    assert next(read(tmp_path / "a.b.eml")).envelope == beside


def test_paths_and_receptions_are_elements_too(tmp_path: Path) -> None:
    folder(tmp_path, lf=False)
    assert [item.raw for item in read([tmp_path / "1.eml", str(tmp_path / "2.eml")])] == RAW[:2]
    reception = ses.Receiver(ses.Account(), seed=1).receive(RAW[0], name="one", rcpt_to=["bo@example.com"])
    assert next(read(reception)) == next(read([reception])) == Item(name="one", raw=RAW[0], envelope=reception.envelope)


# ------------------------------------------------------------------ envelopes given


def test_a_table_says_what_it_knows_of_the_envelope() -> None:
    frame = pd.DataFrame({
        "raw": RAW[:3], "name": ["a", None, "c"], "rcpt_to": [["x@example.com"], None, "y@example.com, z@example.com"],
        "client_ip": ["198.51.100.7", None, float("nan")], "tls": [True, None, False], "more": [1, 2, 3],
    })  # fmt: skip
    items = list(read(frame))
    assert [item.name for item in items] == ["a", "", "c"]
    assert [item.envelope.rcpt_to for item in items] == [
        ("x@example.com",), ("user1@example.com",), ("y@example.com", "z@example.com"),
    ]  # fmt: skip
    assert [item.envelope.client_ip for item in items] == ["198.51.100.7", "", ""]
    assert [item.envelope.tls for item in items] == [True, False, False]


def test_a_table_has_envelopes_as_json() -> None:
    envelope = ses.Envelope(client_ip="198.51.100.7", rcpt_to=["x@example.com"], tls=True)
    frame = pd.DataFrame({"raw": RAW[:2], "envelope": [json.dumps(envelope.to_json()), None]})
    assert [(item.envelope.rcpt_to, item.envelope.tls) for item in read(frame)] == [
        (("x@example.com",), True), (("user1@example.com",), False),
    ]  # fmt: skip


def test_frames_of_messages_are_a_source() -> None:
    [frame] = ses.message_frames({"a": {"raw": RAW[0], "client_ip": "198.51.100.7"}, "b": RAW[1]})
    assert [(item.name, item.raw, item.envelope.client_ip) for item in read(frame)] == [
        ("a", RAW[0], "198.51.100.7"), ("b", RAW[1], ""),
    ]  # fmt: skip


def test_an_envelope_for_all_takes_the_place_of_each() -> None:
    whole = ses.Envelope(client_ip="198.51.100.7", rcpt_to=("bo@example.com",))
    assert {item.envelope for item in read(RAW, envelope=whole)} == {whole}
    parts = list(read(RAW, envelope={"client_ip": "198.51.100.7", "helo": "mx"}))
    assert {item.envelope.client_ip for item in parts} == {"198.51.100.7"}
    assert parts[3].envelope.rcpt_to == ("user3@example.com",)
    named = read({"a": RAW[0], "b": RAW[1]}, envelope=lambda item: {"rcpt_to": [f"{item.name}@example.com"]})
    assert [item.envelope.rcpt_to for item in named] == [("a@example.com",), ("b@example.com",)]
    assert next(read(RAW, envelope={"rcpt_to": "postmaster"})).envelope.rcpt_to == ("postmaster",)


def test_the_size_is_known_where_it_can_be(tmp_path: Path) -> None:
    folder(tmp_path, lf=False)
    corpus = read(tmp_path)
    assert operator.length_hint(corpus) == 12
    next(corpus)
    assert operator.length_hint(corpus) == 11
    assert operator.length_hint(read(iter(RAW)), -1) == -1
    assert operator.length_hint(read(pd.DataFrame({"raw": RAW})), -1) == 12


# ------------------------------------------------------------------ what is refused

BAD_VALUES = [
    (5, "expected a folder of mail, .* but got `int`"),
    (ses.datasets.load("first-steps"), r"expected a folder of mail, .* but got `Dataset`; did you mean its `mail`\?"),
    ([5], r"expected a message as bytes, a path, a \(message, envelope\) pair or a mapping with `raw` but got `int`"),
    (["Subject: x\n\nbody"], "expected a message as bytes but got text that begins `Subject: x.*`: encode it"),
    ([{"text": b""}], "expected a message in `raw` but got only text"),
    ([(b"", "x")], "expected a message as bytes, .* but got `tuple`"),
    ([{"raw": 5}], "expected a message as bytes but got `int`"),
    (pd.DataFrame({"text": ["x"]}), "expected a table with a column `raw` but got the columns text"),
    ([(b"", {"to": "x"})], "envelope: expected only client_ip, .* but got `to`"),
    ([{"raw": b"", "client_ip": "x", "name": "n"}], "envelope of `n`: envelope client_ip: expected an IPv4 or IPv6 .*"),
    ([{"raw": b"", "rcpt_to": 5}], "envelope rcpt_to: expected a list of addresses but got `5`"),
    ([{"raw": b"", "envelope": 5}], "envelope: expected an Envelope, a mapping or JSON but got `5`"),
    ([{"raw": b"", "envelope": "{", "name": "n"}], "envelope of `n` is not JSON: .*"),
]


@pytest.mark.parametrize("source, message", BAD_VALUES)
def test_what_is_no_mail_is_refused_in_one_sentence(source: object, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$") as raised:
        list(read(source))  # type: ignore[arg-type]  # that is the point
    assert "\n" not in str(raised.value)


def test_a_bad_override_is_refused() -> None:
    with pytest.raises(InputError, match="envelope: expected an Envelope or a mapping but got `int`"):
        list(read(RAW, envelope=lambda item: 5))  # type: ignore[arg-type, return-value]  # that is the point


def test_missing_and_empty_places_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^there is no `.*nowhere`: give a folder of mail, one .eml file,"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"^there is no file in `.*`: give"):
        read(tmp_path)


def test_a_broken_envelope_is_named(tmp_path: Path) -> None:
    folder(tmp_path, lf=False)
    (tmp_path / "2.envelope.json").write_text("{")
    with pytest.raises(
        InputError,
        match=r"^envelope `.*2.envelope.json` is not JSON: line 1, column 2: expected a name in double quotes",
    ):
        list(read(tmp_path))


def test_a_folder_in_the_place_of_a_file_is_said_to_be_unreadable(tmp_path: Path) -> None:
    folder(tmp_path, lf=False)
    (tmp_path / "1.envelope.json").mkdir()
    with pytest.raises(InputError, match=r"^`.*1.envelope.json` cannot be read: Is a directory$"):
        list(read(tmp_path))


def test_an_empty_mailbox_has_no_messages(tmp_path: Path) -> None:
    (tmp_path / "empty.mbox").write_bytes(b"")
    mailbox.Maildir(tmp_path / "md", create=True)
    assert list(read(tmp_path / "empty.mbox")) == list(read(tmp_path / "md")) == list(read([])) == []
