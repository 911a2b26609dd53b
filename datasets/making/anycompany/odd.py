"""Odd messages: real mail that breaks a rule, and some that is made to break a reader."""

from __future__ import annotations

from typing import Any

from making.anycompany.world import (
    BOOKS,
    BRIGHT,
    BRIGHT_AUTH,
    ESP,
    OLDTOWN,
    OLDTOWN_AUTH,
    signed_letter,
    supplier_letter,
)
from making.compose import date, fields, letter, message, multipart, part, token, written
from making.sample import Sample
from making.sign import sign

MAYOR = "mayor@oldtown.example"
ANA = "ana@example.com"
BOOKSHOP_AUTH = "spf=pass dkim=pass/PASS dmarc=pass"


def _raw(*lines: bytes, body: bytes = b"Hello.\r\n") -> bytes:
    """A message of these header lines exactly."""
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def _folded() -> bytes:
    raw = _raw(
        b"From: Bright\r\n\t<orders\r\n @example.org>",
        b"To:\r\n ana@example.com",
        b"Subject: folded\r\n \t \r\n\tover \r\n  four lines, one of them blank",
        b"Date: Fri, 02 Jan 2026\r\n 09:00:00 +0000 (GMT)",
        b"Message-ID:\r\n <folded@example.org>",
        b"X-Empty:",
    )
    return sign(raw, "jan2026", "example.org", at=written("folded"))


def _long_header() -> bytes:
    trail = "\n ".join(f"<{token('trail', number, length=24)}@example.org>" for number in range(300))
    return supplier_letter(
        "long-header",
        to="support+vip@example.com",
        subject="s" * 900,
        body="The thread is long.\n",
        extra=[("References", trail)],
    )


def _two_authors_added() -> bytes:
    """A signed message to which somebody added a second From on the way."""
    return fields(("From", "Your bank <service@bank.example>")) + supplier_letter(
        "two-from", to=ANA, subject="Your order 89", body="Forty lamps.\n"
    )


def _bookshop(slug: str, sender: str, subject: str) -> bytes:
    return sign(
        letter(slug, sender=sender, to=ANA, subject=subject, body="Schöne Grüße!\n", encoding="8bit"),
        "ed1",
        "xn--bcher-kva.example",
        at=written(slug),
    )


def _unclosed() -> bytes:
    inner = letter("attached", sender=MAYOR, to=MAYOR, subject="The first one", body="Sent last year.\n")
    boundary, body = multipart("unclosed", part("text/plain", "Forwarded:\n"), part("message/rfc822", inner))
    return letter(
        "unclosed",
        sender=MAYOR,
        to=ANA,
        subject="Fwd: The first one",
        body=body[: body.rindex(b"--" + boundary.encode())],
        content_type=f'multipart/mixed; boundary="{boundary}"',
    )


def _odd(slug: str, raw: bytes, about: str, **more: Any) -> Sample:
    """An unsigned message from a host without SPF, to Ana, unless told otherwise."""
    told: dict[str, Any] = {
        "host": OLDTOWN,
        "mail_from": MAYOR,
        "rcpt_to": (ANA,),
        "auth": OLDTOWN_AUTH,
        "scan": "PASS PASS",
        "ran": "staff[Workmail]",
    }
    return Sample(slug=slug, about=about, raw=raw, **{**told, **more})


SAMPLES = (
    _odd(
        "folded",
        _folded(),
        "fields folded in every legal place, one fold of blanks only: the signature passes",
        host=BRIGHT,
        mail_from="orders@example.org",
        auth=BRIGHT_AUTH,
    ),
    _odd(
        "missing-colon",
        _raw(b"From: mayor@oldtown.example", b"This line is no field", b"To: ana@example.com", b"Subject: no colon"),
        "a line in the header that is no field",
    ),
    _odd(
        "bare-cr",
        _raw(b"From: mayor@oldtown.example", b"To: ana@example.com", b"Subject: one\rBcc: two\rthree"),
        "carriage returns within a field: they end no line",
    ),
    _odd(
        "nul",
        _raw(b"From: mayor@oldtown.example", b"To: ana@example.com", b"Subject: nu\x00l", body=b"nothing: \x00\r\n"),
        "NUL in a field and in the body, into the notification of `support-vip`",
        rcpt_to=("support+vip@example.com",),
        ran="reply-loop-guard[Lambda] quarantine[AddHeader Lambda] support-vip[AddHeader SNS] support[S3 Lambda]",
    ),
    _odd(
        "long-header",
        _long_header(),
        "13 KB of header: notifications truncate theirs, the signature passes",
        host=BRIGHT,
        mail_from="orders@example.org",
        auth=BRIGHT_AUTH,
        rcpt_to=("support+vip@example.com",),
        ran="reply-loop-guard[Lambda] quarantine[AddHeader Lambda] support-vip[AddHeader SNS] support[S3 Lambda]",
    ),
    _odd(
        "duplicate-subject",
        signed_letter(
            "duplicate-subject",
            ESP,
            ("k1", "startup.example"),
            sender="Jo <jo@startup.example>",
            to=ANA,
            subject="The first subject",
            body="Which one do you see?\n",
            extra=[("Subject", "The second subject")],
        ),
        "two subjects, both signed",
        host=ESP,
        mail_from="jo@startup.example",
        auth=BRIGHT_AUTH,
    ),
    _odd(
        "obsolete-blanks",
        _raw(
            b"fRoM : mayor@oldtown.example (The Mayor)", b"TO\t: ana@example.com", b"sUBJECT : blanks before the colon"
        ),
        "blanks before the colon, which only old mail has, and names in any case",
    ),
    _odd("empty-from", _raw(b"From:", b"To: ana@example.com", b"Subject: from nobody"), "a From without an author"),
    _odd(
        "two-from",
        _two_authors_added(),
        "a second From on top of a signed message: the signature, made for one, fails, and DMARC cannot choose",
        host=BRIGHT,
        mail_from="orders@example.org",
        auth="spf=pass dkim=fail/GRAY dmarc=permerror",
    ),
    _odd(
        "two-authors",
        _raw(
            b"From: mayor@oldtown.example, Your bank <service@bank.example>",
            b"Sender: mayor@oldtown.example",
            b"To: ana@example.com",
            b"Subject: we two say",
        ),
        "two authors of two domains in one From: each is checked, and the strictest policy counts",
        auth="spf=none dkim=none/GRAY dmarc=fail/reject",
    ),
    _odd("no-header", b"\r\nNo header, only this.\r\n", "the header is empty"),
    _odd(
        "no-body",
        b"From: mayor@oldtown.example\r\nTo: ana@example.com\r\nSubject: that is all\r\n",
        "no body, and no empty line before it",
    ),
    _odd("empty", b"", "nothing at all"),
    _odd(
        "eight-bit",
        message(
            (("From", MAYOR), ("To", "press@example.com"), ("Subject", "Gr\xfc\xdfe".encode("latin-1"))),
            "UTF-8: Grüße\n".encode() + "Latin-1: Grüße\n".encode("latin-1") + b"neither: \xff\xfe\x80\n",
        ),
        "octets above 127 in the subject and the body, not all of them UTF-8, into the notification of `press`",
        rcpt_to=("press@example.com",),
        ran="quarantine[AddHeader Lambda] press[AddHeader SNS]",
    ),
    _odd(
        "idn",
        _bookshop("idn", "=?UTF-8?Q?B=C3=BCcher?= <lena@xn--bcher-kva.example>", "=?UTF-8?B?TmV1ZSBCw7xjaGVy?="),
        "an internationalised domain in its ASCII form, encoded words, signed with Ed25519",
        host=BOOKS,
        mail_from="lena@xn--bcher-kva.example",
        auth=BOOKSHOP_AUTH,
    ),
    _odd(
        "idn-unicode",
        _bookshop("idn-unicode", "Bücher <lena@bücher.example>", "Neue Bücher"),
        "the same domain in Unicode (RFC 6532), unencoded: aligned with its ASCII form",
        host=BOOKS,
        mail_from="lena@xn--bcher-kva.example",
        auth=BOOKSHOP_AUTH,
    ),
    _odd(
        "markup",
        message(
            (
                ("From", '"<img src=x onerror=alert(1)>" <mayor@oldtown.example>'),
                ("To", ANA),
                ("Subject", "<script>alert(1)</script> \x1b[31mred\x1b[0m \u202etxt.exe"),
                ("Date", date(written("markup"))),
            ),
            "Nothing of this may reach a page or a terminal as it is.\n",
        ),
        "HTML, terminal codes and a change of writing direction where a reader prints them",
        helo="<b>mail</b>.oldtown.example",
    ),
    _odd("unclosed", _unclosed(), "a multipart whose last boundary is missing, with a message inside"),
)
