"""Take in DMARC reports.

Others report to the address in your DMARC record how mail in your name fared. An event has no body, so the mail
is stored first and the function reads it there. What strangers send is opened with care: no more than a
megabyte is unpacked, and what is no report leaves no summary.
"""

from __future__ import annotations

import email
import email.policy
import gzip
import io
import json
from typing import Any
from xml.etree import ElementTree

from sesreceive.gallery.pieces import account, rule, start, store
from sesreceive.gallery.sample_mail import SampleMail
from sesreceive.lab.compose import Attachment

__all__ = ["ACCOUNT", "HANDLERS", "MAIL"]

TO = ("dmarc@example.com",)
LARGEST = 1_000_000


def read_report(event: dict[str, Any], context: object, s3: Any) -> dict[str, object]:
    """Count the mail of a report by what was done with it."""
    message_id = event["Records"][0]["ses"]["mail"]["messageId"]
    stored = s3.get_object(Bucket="inbox", Key=f"dmarc/{message_id}")["Body"].read()
    for part in email.message_from_bytes(stored, policy=email.policy.SMTP).walk():
        if part.get_content_type() != "application/gzip":
            continue
        packed = io.BytesIO(bytes(part.get_payload(decode=True) or b""))
        try:
            xml = gzip.GzipFile(fileobj=packed).read(LARGEST + 1)
            if len(xml) > LARGEST or b"<!DOCTYPE" in xml:  # a report has no entities, an attack has
                continue
            summary = _summary(ElementTree.fromstring(xml))  # noqa: S314 - without a document type, see above
        except (OSError, EOFError, ValueError, ElementTree.ParseError):
            continue
        s3.put_object(Bucket="inbox", Key=f"summaries/{message_id}.json", Body=json.dumps(summary).encode())
        return {"mail": summary}
    return {"mail": None}


def _summary(report: ElementTree.Element) -> dict[str, int]:
    """How many messages there were for each disposition (RFC 7489 appendix C)."""
    counts: dict[str, int] = {}
    for row in report.iter("row"):
        disposition = row.findtext("policy_evaluated/disposition", "none")
        counts[disposition] = counts.get(disposition, 0) + int(row.findtext("count", "0"))
    return counts


ACCOUNT = account(rule("reports", store("dmarc/"), start("read-report"), to=TO))
HANDLERS = {"read-report": read_report}

_ROW = "<record><row><count>{}</count><policy_evaluated><disposition>{}</disposition></policy_evaluated></row></record>"
_XML = f"<feedback>{_ROW.format(40, 'none')}{_ROW.format(2, 'reject')}</feedback>".encode()


def _packed(content: bytes) -> tuple[Attachment, ...]:
    return (Attachment(filename="report.xml.gz", content=content, content_type="application/gzip"),)


MAIL = (
    SampleMail(
        name="report",
        to=TO,
        subject="Report domain: example.com",
        attachments=_packed(gzip.compress(_XML, mtime=0)),
        rules=("reports",),
        leaves=("s3 inbox/dmarc/{report}", "s3 inbox/summaries/{report}.json", "lambda read-report"),
    ),
    SampleMail(
        name="too-large",
        to=TO,
        attachments=_packed(gzip.compress(bytes(LARGEST + 1), mtime=0)),
        rules=("reports",),
        leaves=("s3 inbox/dmarc/{too-large}", "lambda read-report"),
    ),
    SampleMail(
        name="damaged",
        to=TO,
        attachments=_packed(b"no archive"),
        rules=("reports",),
        leaves=("s3 inbox/dmarc/{damaged}", "lambda read-report"),
    ),
)
