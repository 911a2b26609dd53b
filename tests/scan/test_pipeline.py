"""Real engines under the whole pipeline: their verdicts are the headers of what is stored."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.scan.markers import EICAR, GTUBE
from sesreceive.scan.scanner_service import Started
from tests.conftest import make_account, make_rule
from tests.scan.test_spamd import MAIL

ACCOUNT = make_account(make_rule("keep", ses.S3Action(bucket_name="inbox"), scan_enabled=True))

MESSAGES = [
    # name      body                          spam    virus
    ("clean",   b"See you on Monday.",        "PASS", "PASS"),
    ("spam",    GTUBE,                        "FAIL", "PASS"),
    ("virus",   EICAR,                        "PASS", "FAIL"),
    ("both",    GTUBE + b"\r\n" + EICAR,      "FAIL", "FAIL"),
]  # fmt: skip


def stored(raw: bytes, *scanners: ses.SpamdScanner | ses.ClamdScanner) -> tuple[ses.Reception, ses.Message]:
    receiver = ses.Receiver(ACCOUNT, scanners=scanners, seed=1)
    reception = receiver.receive(
        raw, client_ip="198.51.100.7", mail_from="ana@example.org", rcpt_to=["billing@example.com"]
    )
    (item,) = receiver.backend.buckets["inbox"].values()
    assert item.body.endswith(raw)
    return reception, ses.Message(item.body)


@pytest.mark.clamd
@pytest.mark.spamd
@pytest.mark.parametrize("body, spam, virus", [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
@pytest.mark.slow
def test_real_engines_give_the_verdict_headers(
    spamd: Started, clamd: Started, body: bytes, spam: str, virus: str
) -> None:
    scanners = ses.SpamdScanner(address=spamd.path), ses.ClamdScanner(address=clamd.path)
    reception, kept = stored(MAIL % (b"hello", body), *scanners)
    assert (kept.get("X-SES-Spam-Verdict"), kept.get("X-SES-Virus-Verdict")) == (spam, virus)
    assert "spamd gives " in str(reception.explain())
    assert "clamd found " in str(reception.explain())


def test_mail_is_received_while_the_engines_are_down() -> None:
    scanners = ses.SpamdScanner(address="/nowhere/spamd.sock"), ses.ClamdScanner(address="/nowhere/clamd.sock")
    reception, kept = stored(MAIL % (b"hello", GTUBE), *scanners)
    assert reception.reply.code == 250
    for header in ("X-SES-Spam-Verdict", "X-SES-Virus-Verdict"):
        assert kept.get(header) == "PROCESSING_FAILED"
