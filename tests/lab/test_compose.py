"""What is written can be read again, is the same bytes each time, and cannot break out of its place."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.errors import InputError
from sesreceive.lab.compose import CHARSETS, ENCODINGS, Attachment, Draft
from sesreceive.mail.message import Message

WHEN = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)


def read(draft: Draft) -> email.message.EmailMessage:
    message = email.message_from_bytes(draft.to_bytes(), policy=policy.SMTP)
    assert isinstance(message, email.message.EmailMessage)
    return message


# a text that the charset has, and that is not ASCII where it has more
TEXTS = {
    "utf-8": "Grüße, 日本", "us-ascii": "hello", "iso-8859-1": "Grüße", "iso-8859-15": "10 €", "windows-1252": "“10 €”",
    "iso-8859-2": "Łódź", "koi8-r": "Привет", "windows-1251": "Привет", "iso-2022-jp": "日本語", "shift_jis": "日本語",
    "gb18030": "你好", "big5": "你好", "euc-kr": "안녕",
}  # fmt: skip


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("encoding", ["", "8bit", "quoted-printable", "base64"])
def test_text_comes_back_in_every_charset_and_encoding(charset: str, encoding: str) -> None:
    message = read(Draft(text=TEXTS[charset], charset=charset, encoding=encoding))
    assert message.get_content().splitlines() == [TEXTS[charset]]
    assert encoding in ("", message["Content-Transfer-Encoding"])


def test_every_charset_and_encoding_is_told() -> None:
    assert set(TEXTS) == set(CHARSETS)
    assert "8bit" in ENCODINGS


def test_parts_and_attachments_come_back() -> None:
    files = (
        Attachment(filename="Größe.pdf", content=b"%PDF\x00\xff", content_type="application/pdf"),
        Attachment(filename='a"b.txt', content=b"text", content_type="text/plain"),
        Attachment(filename="c", content=b"x", content_type="multipart/mixed"),
        Attachment(filename="d", content=b"y", content_type="nonsense"),
    )
    message = read(Draft(sender="ana@example.org", text="hello", html="<b>hello</b>", attachments=files))
    assert message.get_body(("plain",)).get_content() == "hello\r\n"  # type: ignore[union-attr]  # there is one
    assert message.get_body(("html",)).get_content() == "<b>hello</b>\r\n"  # type: ignore[union-attr]  # there is one
    got = [(part.get_filename(), part.get_payload(decode=True), part.get_content_type())
           for part in message.iter_attachments()]  # fmt: skip
    assert got == [
        ("Größe.pdf", b"%PDF\x00\xff", "application/pdf"), ('a"b.txt', b"text", "text/plain"),
        ("c", b"x", "application/octet-stream"), ("d", b"y", "application/octet-stream"),
    ]  # fmt: skip


def test_html_alone_is_no_multipart() -> None:
    assert read(Draft(html="<b>x</b>")).get_content_type() == "text/html"


def test_a_boundary_is_never_part_of_the_contents() -> None:
    files = (Attachment(filename="a", content=b"--=_part\r\n--=_part_--\r\n"),)
    message = read(Draft(text="--=_part", attachments=files))
    assert [part.get_payload(decode=True) for part in message.iter_parts()] == [b"--=_part\r\n", files[0].content]


def test_the_same_draft_is_the_same_bytes() -> None:
    draft = Draft(
        sender="Änne <ana@example.org>", to="bo@example.com, cy@example.com", cc="di@example.net", subject="ü" * 200,
        text="hello", attachments=(Attachment(filename="a", content=b"\x00"),), headers=(("X-Seen", "yes"),), date=WHEN,
        message_id="1@example.org",
    )  # fmt: skip
    assert draft.to_bytes() == draft.to_bytes()
    assert Message(draft.to_bytes()).get("Date") == "Fri, 02 Jan 2026 08:00:00 +0000"
    assert Message(draft.to_bytes()).get("X-Seen") == "yes"


WRONG = [
    (Draft(subject="a\r\nBcc: all@example.com"), r"message Subject: expected one line"),
    (Draft(sender="ana@example.org\n"), "message From: expected one line"),
    (Draft(text="Grüße", charset="us-ascii"), "message text: expected characters of `us-ascii` but got `üß`"),
    (Draft(html="日本", charset="iso-8859-1"), "message html: expected characters of `iso-8859-1` but got `日本`"),
    (Draft(text="x", charset="utf-99"), "message charset: expected a charset such as `utf-8` but got `utf-99`"),
    (Draft(text="Grüße", encoding="7bit"), "message text: expected text that `7bit` can hold"),
    (Draft(headers=(("a b", "c"),)), "message header: expected a field name but got `a b`"),
    (Draft(headers=(("", "c"),)), "message header: expected a field name but got ``"),
    (Draft(sender="ana@example.org", headers=(("From", "bo@example.org"),)), "message From: `bo@example.org` cannot"),
    (Draft(subject="\ud800"), "message Subject: "),
]


@pytest.mark.parametrize("draft, told", WRONG)
def test_what_cannot_be_written_is_refused(draft: Draft, told: str) -> None:
    with pytest.raises(InputError) as refused:
        draft.to_bytes()
    assert str(refused.value).startswith(told)


@given(st.text(), st.text(), st.text(), st.text(), st.sampled_from(["", *ENCODINGS]))
def test_any_text_becomes_a_message_or_a_refusal(sender: str, to: str, subject: str, text: str, encoding: str) -> None:
    try:
        raw = Draft(sender=sender, to=to, subject=subject, text=text, encoding=encoding).to_bytes()
    except InputError:
        return
    names = [item.name for item in Message(raw).fields]
    # whatever was typed, it made no field of its own
    assert set(names) <= {b"From", b"To", b"Subject", b"Content-Type", b"Content-Transfer-Encoding", b"MIME-Version"}
    assert len(names) == len(set(names))
