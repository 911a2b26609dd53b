"""Spam and virus scanning, and the one message that is too large for SNS.

The two published test strings are put together here, so that no scanner takes offence at this file.
"""

from __future__ import annotations

from making.anycompany.world import BRIGHT, BRIGHT_AUTH, STRANGER, supplier_letter
from making.compose import base64_lines, crlf, letter, multipart, part
from making.sample import Sample

# Apache SpamAssassin, "GTUBE"; EICAR, "Anti-Malware Testfile" (each octet is one less here).
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL" + "*C.34X"
EICAR = bytes(octet + 1 for octet in b"W4N O$?@OZ3[OYW43'O](6BB(6|#DHB@Q,RS@MC@QC,@MSHUHQTR,SDRS,EHKD #G*G)")

STRANGER_AUTH = "spf=none dkim=none/GRAY dmarc=none"


def _spam(slug: str, to: str, encoding: str = "7bit") -> bytes:
    text = crlf(f"You have won!\n\n{GTUBE}\n")
    return letter(
        slug,
        sender="Lottery <win@hosting.example>",
        to=to,
        subject="You have won",
        encoding=encoding,
        body=base64_lines(text) if encoding == "base64" else text,
    )


def _virus(slug: str, to: str, text: str = "My CV is attached.\n") -> bytes:
    boundary, body = multipart(
        slug,
        part("text/plain; charset=utf-8", text),
        part("application/octet-stream", EICAR, encoding="base64", filename="cv.com"),
    )
    return letter(
        slug,
        sender="Applicant <me@hosting.example>",
        to=to,
        subject="My application",
        body=body,
        content_type=f'multipart/mixed; boundary="{boundary}"',
    )


def _large() -> bytes:
    """About 160 KB: more than the 150 KB that SNS takes, far less than the 40 MB that S3 takes."""
    lines = "".join(
        f"2025-12-{day:02} gate {gate:03} opened and closed, nobody noticed\n"
        for day in range(1, 32)
        for gate in range(93)
    )
    return supplier_letter("too-large-for-sns", to="careers@example.com", subject="My working log", body=lines)


SAMPLES = (
    Sample(
        slug="spam",
        about="the GTUBE string: the function lets `quarantine` go on, which stores the mail and stops",
        raw=_spam("spam", "support@example.com"),
        host=STRANGER,
        mail_from="win@hosting.example",
        rcpt_to=("support@example.com",),
        auth=STRANGER_AUTH,
        scan="FAIL PASS",
        ran="reply-loop-guard[Lambda] quarantine[AddHeader Lambda S3 Stop!]",
    ),
    Sample(
        slug="spam-in-base64",
        about="the same, encoded: scanners look into the parts",
        raw=_spam("spam-in-base64", "press@example.com", "base64"),
        host=STRANGER,
        mail_from="win@hosting.example",
        rcpt_to=("press@example.com",),
        auth=STRANGER_AUTH,
        scan="FAIL PASS",
        ran="quarantine[AddHeader Lambda S3 Stop!]",
    ),
    Sample(
        slug="virus",
        about="the EICAR test file as an attachment",
        raw=_virus("virus", "careers@example.com"),
        host=STRANGER,
        mail_from="me@hosting.example",
        rcpt_to=("careers@example.com",),
        auth=STRANGER_AUTH,
        scan="PASS FAIL",
        ran="quarantine[AddHeader Lambda S3 Stop!]",
    ),
    Sample(
        slug="spam-and-virus",
        about="both at once",
        raw=_virus("spam-and-virus", "fr@billing.example.com", f"{GTUBE}\n"),
        host=STRANGER,
        mail_from="me@hosting.example",
        rcpt_to=("fr@billing.example.com",),
        auth=STRANGER_AUTH,
        scan="FAIL FAIL",
        ran="quarantine[AddHeader Lambda S3 Stop!]",
    ),
    Sample(
        slug="spam-unscanned",
        about="no matching rule has ScanEnabled: the verdicts are DISABLED, whatever the message holds",
        raw=_spam("spam-unscanned", "hello@anycompany.example"),
        host=STRANGER,
        mail_from="win@hosting.example",
        rcpt_to=("hello@anycompany.example",),
        auth=STRANGER_AUTH,
        ran="catch-all[S3 Stop!]",
    ),
    Sample(
        slug="scanned-and-not",
        about="one rule scans, the other does not and sees DISABLED",
        raw=_spam("scanned-and-not", "chitra@example.com, chitra@lab.example.com"),
        host=STRANGER,
        mail_from="win@hosting.example",
        rcpt_to=("chitra@example.com", "chitra@lab.example.com"),
        replies="250;250",
        auth=STRANGER_AUTH,
        scan="FAIL PASS",
        ran="staff[Workmail] subdomains[S3]",
    ),
    Sample(
        slug="too-large-for-sns",
        about="160 KB: a bounce is sent instead of `careers`, its S3 action included",
        raw=_large(),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("careers@example.com",),
        auth=BRIGHT_AUTH,
        scan="PASS PASS",
        ran="quarantine[AddHeader Lambda] careers[]",
        bounces="careers:552 5.2.3",
    ),
)
