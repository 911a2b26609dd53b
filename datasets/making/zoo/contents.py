"""Contents that need a program of their own: calendars, TNEF, S/MIME, OpenPGP and the like."""

from __future__ import annotations

from making.compose import base64_lines, multipart, part
from making.zoo.case import Case, case, plain

MIME = "MIME-Version: 1.0"
TEXT = part("text/plain; charset=utf-8", "Hello.\n")


def _typed(kind: str, *parts: bytes, parameters: str = "") -> bytes:
    boundary, body = multipart(f"contents-{kind}", *parts)
    return plain(MIME, f'Content-Type: multipart/{kind}{parameters};\r\n boundary="{boundary}"', body=body)


def _event(method: str, *lines: str) -> str:
    return "\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//plain.example//EN",
            f"METHOD:{method}",
            "BEGIN:VEVENT",
            "UID:1@plain.example",
            "DTSTAMP:20260102T090000Z",
            "DTSTART:20260105T090000Z",
            "ORGANIZER:mailto:writer@plain.example",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )


CASES: tuple[Case, ...] = (
    case(
        "invitation",
        "a calendar invitation as one of two alternatives",
        "The invitation is an alternative, not an attachment: who looks at attachments alone does not find it.",
        _typed("alternative", TEXT, part("text/calendar; method=REQUEST; charset=utf-8", _event("REQUEST"))),
    ),
    case(
        "cancelled-invitation",
        "a calendar message that takes an invitation back",
        "Some calendars act on METHOD:CANCEL without asking: check the author first.",
        _typed(
            "alternative",
            TEXT,
            part("text/calendar; method=CANCEL; charset=utf-8", _event("CANCEL", "STATUS:CANCELLED", "SEQUENCE:1")),
        ),
    ),
    case(
        "invitation-for-somebody-else",
        "an invitation whose organiser is not the author of the mail",
        "Nothing binds ORGANIZER to From: this is how strangers get into calendars.",
        _typed(
            "mixed",
            TEXT,
            part(
                "text/calendar; method=REQUEST",
                _event("REQUEST").replace("writer@plain.example", "boss@example.com"),
            ),
        ),
    ),
    case(
        "tnef",
        "`winmail.dat`: Outlook has packed the attachments in a format of its own (TNEF)",
        "The attachments are inside: unpack TNEF or ask the sender for another format.",
        _typed(
            "mixed",
            TEXT,
            part("application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00", encoding="base64", filename="winmail.dat"),
        ),
    ),
    case(
        "smime-signed",
        "signed with S/MIME, the signature beside the text",
        "Every octet of the first part is signed: store the mail unchanged or the signature is lost.",
        _typed(
            "signed",
            TEXT,
            part(
                "application/pkcs7-signature; name=smime.p7s", b"0\x80\x06\x09", encoding="base64", filename="smime.p7s"
            ),
            parameters='; protocol="application/pkcs7-signature"; micalg=sha-256',
        ),
    ),
    case(
        "smime-opaque",
        "signed with S/MIME, text and signature in one block",
        "The text is readable to those who unpack it: a scanner that does not sees base64.",
        plain(
            MIME,
            "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
            "Content-Transfer-Encoding: base64",
            body=base64_lines(b"0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02"),
        ),
    ),
    case(
        "smime-encrypted",
        "encrypted with S/MIME",
        "No scanner can look inside: the verdicts are about the wrapping.",
        plain(
            MIME,
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            "Content-Transfer-Encoding: base64",
            body=base64_lines(b"0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x03"),
        ),
    ),
    case(
        "pgp-encrypted",
        "encrypted with OpenPGP (RFC 3156)",
        "The visible Subject may be a stand-in: the real one can be inside.",
        _typed(
            "encrypted",
            part("application/pgp-encrypted", "Version: 1\n"),
            part("application/octet-stream", "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n"),
            parameters='; protocol="application/pgp-encrypted"',
        ),
    ),
    case(
        "pgp-in-the-text",
        "OpenPGP written straight into the text",
        "Only the lines between the marks are signed: text around them is anybody's.",
        plain(
            body="-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -- \nHello.\n"
            "-----BEGIN PGP SIGNATURE-----\n\niHUE\n-----END PGP SIGNATURE-----\nP.S. added later\n"
        ),
    ),
    case(
        "alternatives-that-differ",
        "plain text and HTML say different things",
        "A scanner may read one alternative and a person the other: look at all of them.",
        _typed(
            "alternative",
            part("text/plain", "The meeting is at nine.\n"),
            part("text/html", "<p>Please pay 500 EUR.</p>\n"),
        ),
    ),
    case(
        "link-that-lies",
        "a link that shows one address and leads to another",
        "Show where a link leads, not what it says.",
        plain(MIME, "Content-Type: text/html", body='<a href="http://crook.example/">https://bank.example/</a>\n'),
    ),
    case(
        "counting-pixel",
        "a picture of one dot that tells the sender when the mail is opened",
        "Do not load remote pictures by program.",
        plain(MIME, "Content-Type: text/html", body='<img src="https://plain.example/p?id=1" width=1 height=1>\n'),
    ),
    case(
        "three-alternatives",
        "plain text, AMP and HTML: the middle one is a small program",
        "There may be more than two alternatives: take the last one that you can show.",
        _typed(
            "alternative",
            TEXT,
            part("text/x-amp-html", "<!doctype html><html amp4email></html>\n"),
            part("text/html", "<p>Hello.</p>\n"),
        ),
    ),
    case(
        "flowed",
        "text with soft line ends (`format=flowed`) and a line that begins with From",
        "A blank at a line's end joins it to the next one; the blank before `From` is stuffing.",
        plain(MIME, "Content-Type: text/plain; format=flowed; delsp=no", body="One \nsentence.\n From here on.\n"),
    ),
    case(
        "contact-card",
        "a vCard as the whole body",
        "A mail need not have any text: the body is one attachment.",
        plain(
            MIME,
            'Content-Type: text/vcard; name="bo.vcf"',
            "Content-Disposition: attachment",
            body="BEGIN:VCARD\nVERSION:4.0\nFN:Bo\nEND:VCARD\n",
        ),
    ),
    case(
        "dots",
        "lines that begin with dots, one of them a dot alone",
        "SMTP doubles a leading dot on the way and takes it out again: the stored text has what was written.",
        plain(body="..two\n.\n.one\n"),
    ),
)
