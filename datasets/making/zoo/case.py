"""One odd message: a sample with a lesson, and with facts that its notification has to state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from making.compose import crlf
from making.sample import COLUMNS, Host, Sample

ANA = "ana@example.com"
DATE = "Fri, 02 Jan 2026 09:00:00 +0000"

# A host whose domain publishes an address and nothing else: neither SPF nor DMARC.
PLAIN = Host(ip="192.0.2.60", name="mail.plain.example")
PLAIN_AUTH = "spf=none dkim=none/GRAY dmarc=none"

# expected.csv of this dataset: the usual columns, then two more.
ZOO_COLUMNS = {
    **COLUMNS,
    "about": "the oddity: what is strange about the message, and why it exists",
    "facts": "JSON object of what else has to come out: see the table of facts",
    "lesson": "what to learn from it, as one sentence",
}


@dataclass(frozen=True, kw_only=True)
class Case(Sample):
    """One odd message.

    Attributes
    ----------
    lesson : str
        What somebody who writes mail-handling code learns from it, as one sentence.
    facts : mapping of str to anything
        What has to come out besides the columns; the README has a table of the names.
    """

    headings: ClassVar[tuple[str, ...]] = ("oddity", "lesson")

    lesson: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def cells(self) -> tuple[str, ...]:
        """What the README says about it."""
        return self.about, self.lesson

    def row(self, name: str) -> dict[str, str]:
        """The row of the answer key."""
        facts = json.dumps(dict(self.facts), ensure_ascii=True, sort_keys=True) if self.facts else ""
        return super().row(name) | {"facts": facts, "lesson": self.lesson}


def case(slug: str, about: str, lesson: str, raw: bytes, facts: Mapping[str, Any] | None = None, **more: Any) -> Case:
    """An unsigned message of the host without SPF, to Ana, unless told otherwise."""
    defaults: dict[str, Any] = {
        "host": PLAIN,
        "mail_from": "writer@plain.example",
        "rcpt_to": (ANA,),
        "auth": PLAIN_AUTH,
        "scan": "PASS PASS",
        "ran": "keep[S3]",
    }
    return Case(slug=slug, about=about, lesson=lesson, raw=raw, facts=facts or {}, **{**defaults, **more})


def refused(slug: str, about: str, lesson: str, raw: bytes, replies: str, **more: Any) -> Case:
    """A message that no recipient is accepted for."""
    return case(slug, about, lesson, raw, **{"replies": replies, "auth": "", "ran": "", **more})


def lines(*header: str | bytes, body: str | bytes = b"Hello.\r\n") -> bytes:
    """A message of exactly these header lines, ended by CRLF; nothing in them is changed."""
    coded = (line.encode() if isinstance(line, str) else line for line in header)
    return b"".join(line + b"\r\n" for line in coded) + b"\r\n" + (crlf(body) if isinstance(body, str) else body)


def plain(
    *extra: str | bytes,
    sender: str = "Writer <writer@plain.example>",
    to: str = ANA,
    subject: str = "Hello",
    body: str | bytes = b"Hello.\r\n",
) -> bytes:
    """An ordinary message with `extra` lines at the end of its header."""
    usual = (
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Date: {DATE}",
        "Message-ID: <hello@plain.example>",
    )
    return lines(*usual, *extra, body=body)
