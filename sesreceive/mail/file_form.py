"""What a file is, by its first bytes: a message, a mailbox, an archive of them, or no mail, and why not.

A name decides little: mail lies in files without any ending (Maildir, MH, S3), and an image may be called ``.eml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sesreceive.errors import one_line
from sesreceive.mail.mbox import looks_like_mbox

__all__ = ["HEAD", "FileForm", "Form", "form_of"]

# Bytes of a file that are looked at; a tar archive says what it is at byte 257.
HEAD = 4096


class Form(StrEnum):
    """The kinds of file that are told apart."""

    MESSAGE = "message"
    MBOX = "mbox"
    GZIP = "gzip"
    ZIP = "zip"
    TAR = "tar"
    MMDF = "mmdf"
    BABYL = "babyl"
    EMPTY = "empty"
    OTHER = "no mail"


@dataclass(frozen=True, slots=True)
class FileForm:
    """What a file is.

    Attributes
    ----------
    form : Form
        Its kind.
    reason : str
        For what is no mail: why, as a clause such as ``it is a PNG image``.
    """

    form: Form
    reason: str = ""


# First bytes that decide. Compressed forms other than gzip are told by name: unpack them first.
_MAGIC: tuple[tuple[bytes, FileForm], ...] = (
    (b"\x1f\x8b\x08",         FileForm(Form.GZIP)),
    (b"PK\x03\x04",           FileForm(Form.ZIP)),
    (b"PK\x05\x06",           FileForm(Form.ZIP)),
    (b"\x89PNG\r\n\x1a\n",    FileForm(Form.OTHER, "it is a PNG image")),
    (b"\xff\xd8\xff",         FileForm(Form.OTHER, "it is a JPEG image")),
    (b"GIF8",                 FileForm(Form.OTHER, "it is a GIF image")),
    (b"BM",                   FileForm(Form.OTHER, "it is a BMP image")),
    (b"II*\x00",              FileForm(Form.OTHER, "it is a TIFF image")),
    (b"MM\x00*",              FileForm(Form.OTHER, "it is a TIFF image")),
    (b"%PDF-",                FileForm(Form.OTHER, "it is a PDF document")),
    (b"!BDN",                 FileForm(Form.OTHER, "it is an Outlook data file (.pst); export it as .eml or mbox")),
    (b"\xd0\xcf\x11\xe0",     FileForm(Form.OTHER, "it is an Outlook or Office document (OLE2); export .eml")),
    (b"\x78\x9f\x3e\x22",     FileForm(Form.OTHER, "it is a winmail.dat attachment (TNEF)")),
    (b"SQLite format 3\x00",  FileForm(Form.OTHER, "it is an SQLite database")),
    (b"BZh",                  FileForm(Form.OTHER, "it is compressed with bzip2; unpack it first")),
    (b"\xfd7zXZ\x00",         FileForm(Form.OTHER, "it is compressed with xz; unpack it first")),
    (b"\x28\xb5\x2f\xfd",     FileForm(Form.OTHER, "it is compressed with zstd; unpack it first")),
    (b"7z\xbc\xaf\x27\x1c",   FileForm(Form.OTHER, "it is a 7z archive; unpack it first")),
    (b"Rar!\x1a\x07",         FileForm(Form.OTHER, "it is a RAR archive; unpack it first")),
    (b"\x7fELF",              FileForm(Form.OTHER, "it is a program")),
    (b"MZ",                   FileForm(Form.OTHER, "it is a program")),
    (b"\xff\xfe",             FileForm(Form.OTHER, "it is text in UTF-16; mail is bytes in which each line is ASCII")),
    (b"\xfe\xff",             FileForm(Form.OTHER, "it is text in UTF-16; mail is bytes in which each line is ASCII")),
    (b"\x01\x01\x01\x01\n",   FileForm(Form.MMDF)),
    (b"BABYL OPTIONS:",       FileForm(Form.BABYL)),
    (b"// <!-- <mdb:mork",    FileForm(Form.OTHER, "it is an index of Thunderbird")),
)  # fmt: skip
# Text of other kinds, by its first characters behind blanks.
_TEXTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"<(?:!doctype html|html|head|body)\b", re.IGNORECASE), "it is an HTML page"),
    (re.compile(rb"<\?xml|<[a-z][\w:-]*[\s>]", re.IGNORECASE), "it is XML"),
    (re.compile(rb"[{\[]\s*(?:[\"{\[\]}0-9tfn-]|$)"), "it is JSON"),
    (re.compile(rb"BEGIN:V(?:CALENDAR|CARD)", re.IGNORECASE), "it is a calendar or an address card"),
    (re.compile(rb"#!"), "it is a script"),
)
_TAR_AT, _TAR = 257, b"ustar"
_BOM = b"\xef\xbb\xbf"
# A first line of a header; `From ` lines were looked for before.
_FIELD = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
# Fields of which mail has at least one; a text that begins `Note: …` has none of them.
_MAIL_FIELD = re.compile(
    rb"^(?:From|To|Cc|Bcc|Subject|Date|Received|Return-Path|Delivered-To|Envelope-To|Message-ID|MIME-Version|Sender|"
    rb"Reply-To|Content-Type|DKIM-Signature|Authentication-Results|X-Original-To|X-Mozilla-Status|X-Gmail-Labels)"
    rb"[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def form_of(head: bytes, *, named: bool = False) -> FileForm:
    r"""What a file is that starts like this.

    Parameters
    ----------
    head : bytes
        Its first `HEAD` bytes, or all of them.
    named : bool
        Whether its name says that it is one message (``.eml``): then any header will do, an empty one too.

    Examples
    --------
    >>> form_of(b"Subject: hello\r\n\r\n").form.value, form_of(b"From ana Fri Jan  2 10:05:05 2026\n").form.value
    ('message', 'mbox')
    >>> form_of(b"\x89PNG\r\n\x1a\n", named=True).reason
    'it is a PNG image'
    >>> form_of(b"TODO: buy milk").reason
    'it begins `TODO: buy milk`, and has no field that mail has'
    """
    if not head:
        return FileForm(Form.EMPTY, "the file is empty")
    for magic, form in _MAGIC:
        if head.startswith(magic) and not (magic.isalnum() and _FIELD.match(head)):
            return form
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return FileForm(Form.TAR)
    if looks_like_mbox(head):
        return FileForm(Form.MBOX)
    text = head.removeprefix(_BOM)
    if not text.strip(b"\0"):
        return FileForm(Form.OTHER, "it holds NUL bytes alone")
    if text[1::2].count(0) > len(text) // 4 or text[::2].count(0) > len(text) // 4:
        return FileForm(Form.OTHER, "it is text in UTF-16 or binary data")
    start = text.lstrip()
    for pattern, reason in _TEXTS:
        if pattern.match(start):
            return FileForm(Form.OTHER, reason)
    if _FIELD.match(text):
        if named or _MAIL_FIELD.search(text):
            return FileForm(Form.MESSAGE)
        return FileForm(Form.OTHER, f"it begins `{_first(text)}`, and has no field that mail has")
    if named and text[:1] in (b"\r", b"\n"):
        return FileForm(Form.MESSAGE)  # a message may have no header at all
    if _CONTROLS.search(text[:64]):
        return FileForm(Form.OTHER, "it is binary data")
    return FileForm(Form.OTHER, f"it begins `{_first(text)}`, which is no header field")


def _first(text: bytes) -> str:
    first = text.lstrip(b"\r\n")[:200].split(b"\n", 1)[0]
    return one_line(first.decode("utf-8", "replace").rstrip("\r"), 40)
