"""MIME: bodies that are broken, nested, mislabelled, or named to deceive."""

from __future__ import annotations

import base64

from making.compose import crlf, message, multipart, part
from making.zoo.case import Case, case, plain

MIME = "MIME-Version: 1.0"
# GTUBE, the test string that counts as spam, in two halves.
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
TEXT = part("text/plain; charset=utf-8", "Hello.\n")


def _mime(content_type: str, body: str | bytes, *extra: str, sub: str = "Hello") -> bytes:
    return plain(MIME, f"Content-Type: {content_type}", *extra, subject=sub, body=body)


def _mixed(slug: str, *parts: bytes) -> bytes:
    boundary, body = multipart(slug, *parts)
    return _mime(f'multipart/mixed; boundary="{boundary}"', body)


def _attached(slug: str, disposition: str, content_type: str = "application/octet-stream") -> bytes:
    attachment = message(
        (
            ("Content-Type", content_type),
            ("Content-Disposition", disposition),
            ("Content-Transfer-Encoding", "base64"),
        ),
        "SGVsbG8uCg==\n",
    )
    return _mixed(slug, TEXT, attachment)


def _deep(levels: int) -> bytes:
    kind, inner = "text/plain", crlf("The kernel of the nut.\n")
    for level in range(levels):
        boundary, inner = multipart("deep", part(kind, inner), level=level)
        kind = f'multipart/mixed; boundary="{boundary}"'
    return _mime(kind, inner)


INNER = plain(subject="The inner subject", sender="service@bank.example")

CASES: tuple[Case, ...] = (
    case(
        "unclosed",
        "the last boundary is missing: the connection broke, or a program forgot it",
        "Readers show the part all the same; do not wait for an end that never comes.",
        _mime('multipart/mixed; boundary="b"', b"--b\r\nContent-Type: text/plain\r\n\r\nHello.\r\n"),
    ),
    case(
        "no-boundary",
        "a multipart that does not name its boundary",
        "Without a boundary the body is one block: decide what to do before it happens.",
        _mime("multipart/mixed", b"--b\r\n\r\nHello.\r\n--b--\r\n"),
    ),
    case(
        "boundary-never-comes",
        "the named boundary is nowhere in the body",
        "Readers disagree here: some show the body as text, some show nothing.",
        _mime("multipart/mixed; boundary=absent", b"Hello.\r\n"),
    ),
    case(
        "boundary-within-boundary",
        "the inner boundary begins like the outer one",
        "`--ab` is no end of `--a`: compare whole lines.",
        _mime(
            "multipart/mixed; boundary=a",
            b"--a\r\nContent-Type: multipart/alternative; boundary=ab\r\n\r\n--ab\r\n\r\nHello.\r\n--ab--\r\n--a--\r\n",
        ),
    ),
    case(
        "boundary-with-signs",
        "a boundary of blanks and punctuation, in quotes",
        "A boundary may hold blanks and `?`: never put it into a pattern unescaped.",
        _mime('multipart/mixed; boundary="=_ (1)?+"', b"--=_ (1)?+\r\n\r\nHello.\r\n--=_ (1)?+--\r\n"),
    ),
    case(
        "empty-multipart",
        "a multipart that closes before it opens",
        "A multipart may have no part at all: never take the first part without a check.",
        _mime("multipart/mixed; boundary=b", b"--b--\r\n"),
    ),
    case(
        "text-around-parts",
        "text before the first part and behind the last",
        "Mail programs do not show that text; a filter that reads the raw mail does.",
        _mime("multipart/mixed; boundary=b", b"Buy now!\r\n--b\r\n\r\nHello.\r\n--b--\r\nBuy more!\r\n"),
    ),
    case(
        "forty-levels",
        "a multipart within a multipart, forty deep",
        "Bound how deep you follow: recursion over a hostile mail ends in a crash.",
        _deep(40),
    ),
    case(
        "mail-within-mail",
        "a whole mail attached, with another author and subject",
        "Only the outer header counts for SES; a search through the raw mail finds the inner one too.",
        _mixed("within", TEXT, part("message/rfc822", INNER)),
        {"subject": "Hello", "from": ["Writer <writer@plain.example>"]},
    ),
    case(
        "encoded-multipart",
        "a multipart with Content-Transfer-Encoding base64, which RFC 2045 forbids",
        "Some readers decode it, some do not: two programs see two different mails.",
        _mime(
            "multipart/mixed; boundary=b",
            base64.encodebytes(b"--b\r\n\r\nHello.\r\n--b--\r\n").replace(b"\n", b"\r\n"),
            "Content-Transfer-Encoding: base64",
        ),
    ),
    case(
        "dirty-base64",
        "signs within base64 that are no base64",
        "RFC 2045 tells readers to skip them: a scanner that stops there sees less than the user.",
        _mime("text/plain", b"SGVs!bG8*u\r\n", "Content-Transfer-Encoding: base64"),
    ),
    case(
        "unpadded-base64",
        "base64 without its equals signs at the end",
        "Strict decoders raise an error here; be ready for it.",
        _mime("text/plain", b"SGVsbG8\r\n", "Content-Transfer-Encoding: base64"),
    ),
    case(
        "broken-quoted-printable",
        "escapes of quoted-printable that are none",
        "`=ZZ` and a `=` at the end of the mail are kept or dropped, by each reader in its own way.",
        _mime("text/plain", b"a=ZZb=\r\n=", "Content-Transfer-Encoding: quoted-printable"),
    ),
    case(
        "unknown-encoding",
        "a Content-Transfer-Encoding that nobody knows",
        "An unknown encoding makes the part unreadable, not the mail: keep the octets.",
        _mime("text/plain", b"Hello.\r\n", "Content-Transfer-Encoding: x-nobody"),
    ),
    case(
        "two-content-types",
        "Content-Type twice: text for one reader, a multipart for another",
        "Which of two fields counts is each program's own choice: a scanner and a mail program may differ.",
        _mime("text/plain", b"--b\r\n\r\nHello.\r\n--b--\r\n", "Content-Type: multipart/mixed; boundary=b"),
        {"header Content-Type": ["text/plain", "multipart/mixed; boundary=b"]},
    ),
    case(
        "type-without-slash",
        "a Content-Type of one word, as old programs write it",
        "A type that cannot be read counts as text/plain by RFC 2045.",
        _mime("text", b"Hello.\r\n"),
        {"header Content-Type": ["text"]},
    ),
    case(
        "type-with-comment",
        "comments within Content-Type and MIME-Version",
        "Comments are allowed in these fields: `1.0 (made by hand)` is version 1.0.",
        plain("MIME-Version: 1.0 (made by hand)", "Content-Type: text/plain (just text); charset=us-ascii"),
    ),
    case(
        "no-mime-version",
        "a Content-Type without MIME-Version",
        "Readers take it as MIME all the same.",
        plain("Content-Type: text/html", body="<p>Hello.</p>\n"),
    ),
    case(
        "parameters-in-pieces",
        "a file name in numbered pieces, percent-encoded, after RFC 2231",
        "The name is `Grüße.txt`: a reader without RFC 2231 finds no file name at all.",
        _attached(
            "pieces", "attachment;\r\n filename*0*=utf-8''Gr%C3%BC;\r\n filename*1*=%C3%9Fe;\r\n filename*2=.txt"
        ),
    ),
    case(
        "two-file-names",
        "`name` says .txt and `filename` says .exe",
        "Two fields name one file: look at both before you decide that it is harmless.",
        _attached("two-names", 'attachment; filename="run.exe"', 'application/octet-stream; name="read.txt"'),
    ),
    case(
        "path-as-file-name",
        "a file name that leads out of the folder",
        "Never save an attachment under the name it brings along.",
        _attached("path", 'attachment; filename="../../home/ana/.profile"'),
    ),
    case(
        "backwards-file-name",
        "a file name with a mark that turns the writing: it ends in exe and shows as pdf",
        "Take such marks out before you show a file name.",
        _attached("backwards", "attachment; filename*=utf-8''invoice%E2%80%AEfdp.exe"),
    ),
    case(
        "two-endings",
        "`invoice.pdf.exe`, since Windows hides the last ending",
        "Judge a file by its last ending, or better by its content.",
        _attached("endings", 'attachment; filename="invoice.pdf.exe"'),
    ),
    case(
        "encoded-file-name",
        "an encoded word within quotes as file name: RFC 2047 forbids it, most programs send it",
        "Forbidden forms are common ones: readers decode it anyway.",
        _attached("encoded", 'attachment; filename="=?UTF-8?Q?Gr=C3=BC=C3=9Fe.txt?="'),
    ),
    case(
        "uuencode",
        "a file in uuencode within the text, from before MIME",
        "Scanners that look at MIME parts alone do not see this file.",
        plain(body="begin 644 hello.txt\n&2&5L;&\\*\n`\nend\n"),
    ),
    case(
        "partial",
        "one of three pieces of a mail (message/partial)",
        "No scanner sees the whole: most receivers refuse such mail, SES does not.",
        _mime('message/partial; id="x@plain.example"; number=2; total=3', b"the middle of something\r\n"),
    ),
    case(
        "external-body",
        "a body that is somewhere else and has to be fetched",
        "Fetching it would tell the sender that the mail was read: do not.",
        _mime(
            'message/external-body; access-type=URL; URL="http://plain.example/x"',
            b"Content-Type: image/png\r\n\r\n",
        ),
    ),
    case(
        "part-without-header",
        "a part whose text begins at once, without an empty line",
        "The first lines of that part are read as its header and vanish.",
        _mime("multipart/mixed; boundary=b", b"--b\r\nHello: this is meant as text\r\n--b--\r\n"),
    ),
    case(
        "spam-in-clear",
        "the published test string for spam in the text",
        "SES accepts spam with 250 and tells the verdict: refusing or dropping it is the rule's task.",
        plain(body=GTUBE + "\n"),
        scan="FAIL PASS",
    ),
    case(
        "spam-in-base64",
        "the test string for spam in a base64 body",
        "A scanner has to decode what a mail program decodes.",
        _mime(
            "text/plain",
            base64.encodebytes(f"Hi.\n{GTUBE}\n".encode()).replace(b"\n", b"\r\n"),
            "Content-Transfer-Encoding: base64",
        ),
        scan="FAIL PASS",
    ),
    case(
        "spam-in-quoted-printable",
        "the test string for spam, broken in two by a soft line end",
        "A soft line end is not there once the part is decoded.",
        _mime(
            "text/plain",
            f"{GTUBE[:40]}=\n{GTUBE[40:]}\n",
            "Content-Transfer-Encoding: quoted-printable",
        ),
        scan="FAIL PASS",
    ),
)
