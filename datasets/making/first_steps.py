"""The first lesson: one domain, three rules, one filter, five messages."""

from __future__ import annotations

from typing import Any

from making.compose import letter, received, written
from making.sample import Host, Sample
from making.sign import sign
from making.write import Theme

SUPPLIER = Host(ip="192.0.2.10", name="mail.example.org")
STRANGER = Host(ip="203.0.113.66", name="pool66.example.net")

ZONE = """
; The DNS of example.org, who writes to example.com.
$TTL 300
example.org.                            IN TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.org.                     IN TXT "v=DMARC1; p=reject"
@KEY jan2026._domainkey.example.org
"""

PASS = "spf=pass dkim=pass/PASS dmarc=pass"


def _from_supplier(slug: str, to: str, subject: str, body: str) -> bytes:
    raw = letter(f"first-{slug}", sender="Orders <orders@example.org>", to=to, subject=subject, body=body)
    raw = sign(raw, "jan2026", "example.org", at=written(f"first-{slug}"))
    return received(raw, f"first-{slug}", by=SUPPLIER.name)


def _sample(slug: str, to: str, subject: str, body: str, about: str, **more: Any) -> Sample:
    told: dict[str, Any] = {"host": SUPPLIER, "mail_from": "orders@example.org", "rcpt_to": (to,)}
    return Sample(slug=slug, about=about, raw=_from_supplier(slug, to, subject, body), **{**told, **more})


THEMES = (
    Theme(
        title="message",
        first=1,
        samples=(
            _sample(
                "invoice",
                "billing@example.com",
                "Invoice 17",
                "Please find the amount below: 79.00 EUR.\n",
                "for `invoices`, which stores it and stops",
                auth=PASS,
                ran="invoices[S3 Stop!]",
            ),
            _sample(
                "ticket",
                "support+42@example.com",
                "Re: [42] It hums",
                "It does not hum any more.\n",
                "the condition `support@example.com` is for every label; then `everything` runs too",
                auth=PASS,
                scan="PASS PASS",
                ran="support[SNS] everything[S3]",
            ),
            _sample(
                "hello",
                "ana@example.com",
                "Hello",
                "Is anybody there?\n",
                "only `everything` is for Ana",
                auth=PASS,
                ran="everything[S3]",
            ),
            _sample(
                "subdomain",
                "ana@shop.example.com",
                "Hello",
                "Is anybody there?\n",
                "`example.com` is the domain itself, not its subdomains",
                replies="550 5.1.1",
            ),
            Sample(
                slug="blocked",
                about="the filter blocks the network of the sender",
                raw=letter(
                    "first-blocked", sender="offer@example.net", to="ana@example.com", subject="Offer", body="Cheap!\n"
                ),
                host=STRANGER,
                mail_from="offer@example.net",
                rcpt_to=("ana@example.com",),
                replies="550 5.7.1",
                filter="block-test-net",
            ),
        ),
    ),
)
