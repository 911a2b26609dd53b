"""A message as it is written: fields, text and attachments in, the bytes a mail program would send out.

Date, Message-ID and boundary are given, so that the same draft is the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from sesreceive.errors import InputError, one_line

__all__ = ["CHARSETS", "ENCODINGS", "Attachment", "Draft"]

# What mail is written in: UTF-8 and the ones most often met beside it.
CHARSETS = (
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "iso-8859-15",
    "windows-1252",
    "iso-8859-2",
    "koi8-r",
    "windows-1251",
    "iso-2022-jp",
    "shift_jis",
    "gb18030",
    "big5",
    "euc-kr",
)
# RFC 2045 section 6.1, but for `binary`, which needs an SMTP extension that SES does not have.
ENCODINGS = ("7bit", "8bit", "quoted-printable", "base64")

_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 section 3.6.8
_TYPE = re.compile(r"([A-Za-z0-9!#$&^_.+-]+)/([A-Za-z0-9!#$&^_.+-]+)")
# Types that have to hold messages; as an attachment of bytes they are just bytes.
_STRUCTURED = ("multipart", "message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message.

    Attributes
    ----------
    filename : str
        What the recipient sees.
    content : bytes
        The file.
    content_type : str
        Its media type; one that cannot be meant becomes ``application/octet-stream``.
    """

    filename: str
    content: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    r"""A message being written.

    Attributes
    ----------
    sender, to, cc, subject : str
        Values of the fields From, To, Cc and Subject; an empty one is left out.
    text, html : str
        The message; with both, a reader shows what it can.
    charset : str
        What text and HTML are encoded in.
    encoding : str
        Content-Transfer-Encoding of text and HTML; empty for the shortest that fits.
    attachments : tuple of Attachment
        Files.
    headers : tuple of (str, str)
        Further fields, in order.
    date : datetime, optional
        The Date field, aware; left out where there is none.
    message_id : str
        The Message-ID field without brackets; left out when empty.
    boundary : str
        What parts are separated by; made longer where the contents have it.

    Examples
    --------
    >>> from datetime import UTC
    >>> draft = Draft(
    ...     sender="Ana <ana@example.org>", to="bo@example.com", subject="Grüße", text="hello",
    ...     date=datetime(2026, 1, 2, 8, 0, tzinfo=UTC), message_id="1@example.org",
    ... )
    >>> print(draft.to_bytes().decode().replace("\r\n", "\n"), end="")
    From: Ana <ana@example.org>
    To: bo@example.com
    Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
    Date: Fri, 02 Jan 2026 08:00:00 +0000
    Message-ID: <1@example.org>
    Content-Type: text/plain; charset="utf-8"
    Content-Transfer-Encoding: 7bit
    MIME-Version: 1.0
    <BLANKLINE>
    hello
    """

    sender: str = ""
    to: str = ""
    cc: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    charset: str = "utf-8"
    encoding: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    date: datetime | None = None
    message_id: str = ""
    boundary: str = "=_part"

    def to_bytes(self) -> bytes:
        """The message with CRLF line ends.

        Raises
        ------
        InputError
            When a field has a line end, a text has characters that the charset has not, or the encoding cannot hold
            it.
        """
        # The 8-bit encoding is the one a generator has to be allowed.
        kind = policy.SMTP.clone(cte_type="8bit" if self.encoding == "8bit" else "7bit")
        message = EmailMessage(policy=kind)
        for name, value in self._fields():
            _set(message, name, value)
        self._fill(message)
        try:
            self._separate(message)
            return message.as_bytes()
        except (UnicodeError, ValueError, IndexError) as error:
            raise InputError(f"message: it cannot be written ({one_line(error)})") from None

    def _fields(self) -> list[tuple[str, str]]:
        known = [("From", self.sender), ("To", self.to), ("Cc", self.cc), ("Subject", self.subject)]
        found = [(name, value) for name, value in known if value]
        if self.date is not None:
            found.append(("Date", format_datetime(self.date)))
        if self.message_id:
            found.append(("Message-ID", f"<{self.message_id}>"))
        return [*found, *self.headers]

    def _fill(self, message: EmailMessage) -> None:
        if self.text or not self.html:
            self._write(message.set_content, self.text, "plain")
        if self.html:
            add = message.add_alternative if self.text else message.set_content
            self._write(add, self.html, "html")
        for item in self.attachments:
            found = _TYPE.fullmatch(item.content_type)
            main, sub = (
                found.groups() if found and found[1].lower() not in _STRUCTURED else ("application", "octet-stream")
            )
            message.add_attachment(item.content, maintype=main, subtype=sub, filename=one_line(item.filename))

    def _write(self, add: Any, text: str, subtype: str) -> None:
        where = "text" if subtype == "plain" else "html"
        options = {"cte": self.encoding} if self.encoding else {}
        try:
            add(text, subtype=subtype, charset=self.charset, **options)
        except LookupError:
            raise InputError(
                f"message charset: expected a charset such as `utf-8` but got `{one_line(self.charset)}`"
            ) from None
        except UnicodeEncodeError as error:
            got = one_line(error.object[error.start : error.end], 20)
            raise InputError(
                f"message {where}: expected characters of `{one_line(self.charset)}` but got `{got}`"
            ) from None
        except ValueError:
            raise InputError(
                f"message {where}: expected text that `{one_line(self.encoding)}` can hold; choose another encoding"
            ) from None

    def _separate(self, message: EmailMessage) -> None:
        """Give each multipart a boundary that nothing inside has."""
        parts = [part for part in message.walk() if part.is_multipart()]
        if not parts:
            return
        texts = [bytes(part.get_payload(decode=True) or b"") for part in message.walk() if not part.is_multipart()]
        boundary = self.boundary
        while any(boundary.encode("utf-8", "replace") in text for text in texts):
            boundary += "_"
        for number, part in enumerate(parts, start=1):
            part.set_boundary(f"{boundary}-{number}" if len(parts) > 1 else boundary)


def _set(message: EmailMessage, name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(f"message header: expected a field name but got `{one_line(name)}`")
    if "\r" in value or "\n" in value:
        raise InputError(f"message {name}: expected one line but got `{one_line(value)}`")
    try:
        message[name] = value
        str(message[name])
        message.policy.fold_binary(name, message[name])
    except (UnicodeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"message {name}: `{one_line(value)}` cannot be written ({one_line(error)})") from None
