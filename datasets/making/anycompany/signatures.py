"""DKIM: every result, and what mail looks like behind lists and forwarders."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from making.anycompany.world import (
    ALUMNI,
    BRIGHT,
    BRIGHT_AUTH,
    CHECKED,
    CLUB,
    ESP,
    EVERGREEN,
    signed_letter,
    to_ana,
)
from making.compose import fields, letter, received, written
from making.sample import Sample
from making.sign import sign

ANA = "ana@example.com"
BRIGHT_KEY = "jan2026._domainkey.example.org"


def _order(slug: str, to: str = ANA) -> bytes:
    return letter(
        slug,
        sender='"Bright Office Supplies" <orders@example.org>',
        to=to,
        subject="Your order 88",
        body="Dear customer,\n\nforty chairs at 79.00 EUR each leave on Monday.\n\nBright\n",
    )


def _signed_order(slug: str, selector: str = "jan2026", to: str = ANA, **options: Any) -> bytes:
    raw = sign(_order(slug, to), selector, "example.org", key=BRIGHT_KEY, **{"at": written(slug), **options})
    return received(raw, slug, by=BRIGHT.name)


def _changed(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert raw.count(old) == 1, (old, raw)
    return raw.replace(old, new)


def _two_signers(slug: str) -> bytes:
    return signed_letter(
        slug,
        ESP,
        ("shared", "esp.example"),
        ("k1", "startup.example"),
        sender="Jo <jo@startup.example>",
        to=ANA,
        subject="We have moved",
        body="Our new address is below.\n",
    )


def _newsletter_with_old_key() -> bytes:
    slug = "one-key-gone"
    raw = letter(slug, sender="Evergreen <news@example.net>", to=ANA, subject="Seeds", body="Sow now.\n")
    raw = sign(raw, "ed2026", "example.net", at=written(slug))
    raw = sign(raw, "rsa2023", "example.net", at=written(slug), key="rsa2026._domainkey.example.net")
    return received(raw, slug, by=EVERGREEN.name)


def _through_the_list() -> bytes:
    """As a list would send it on: subject and body changed, list fields and a signature of its own added."""
    slug = "mailing-list"
    raw = _signed_order(slug, to="talk@gardenclub.example")
    raw = _changed(raw, b"Subject: Your", b"Subject: [gardenclub] Your")
    raw += b"--\r\nGarden club, https://lists.gardenclub.example/\r\n"
    raw = fields(("List-Id", "<talk.gardenclub.example>"), ("List-Post", "<mailto:talk@gardenclub.example>")) + raw
    raw = sign(raw, "list", "gardenclub.example", at=written(slug))
    return received(raw, slug, by=CLUB.name, client=f"{BRIGHT.name} ({BRIGHT.name} [{BRIGHT.ip}])")


def _forwarded(slug: str) -> bytes:
    """As a forwarder sends it on: one more trace field, nothing else changed."""
    return received(
        _signed_order(slug, to="ana@alumni.example"),
        slug,
        by=ALUMNI.name,
        client=f"{BRIGHT.name} ({BRIGHT.name} [{BRIGHT.ip}])",
    )


SAMPLES = (
    Sample(
        slug="tampered-body",
        about="the price was changed on the way: the signature fails, and DMARC passes by SPF alone",
        raw=_changed(_signed_order("tampered-body"), b"79.00 EUR", b"97.00 EUR"),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("billing@example.com",),
        auth="spf=pass dkim=fail/FAIL dmarc=pass",
        scan="PASS PASS",
        ran=f"{CHECKED} dmarc-gate[Lambda] billing[S3 SNS Stop!]",
    ),
    to_ana(
        slug="tampered-header",
        about="the subject was changed on the way: the signature fails, and so do SPF and DMARC behind the forwarder",
        raw=_changed(_forwarded("tampered-header"), b"Your order 88", b"URGENT: your order 88"),
        host=ALUMNI,
        mail_from="orders@example.org",
        auth="spf=fail dkim=fail/FAIL dmarc=fail/reject",
    ),
    to_ana(
        slug="expired",
        about="the signature was good until 26 December 2025 (`x=`)",
        raw=_signed_order("expired", at=written("expired") - timedelta(days=14), expires=timedelta(days=7)),
        host=BRIGHT,
        mail_from="orders@example.org",
        auth="spf=pass dkim=fail/FAIL dmarc=pass",
    ),
    to_ana(
        slug="revoked-key",
        about="the key was taken back: its record has an empty `p=`",
        raw=_signed_order("revoked-key", "old2024"),
        host=BRIGHT,
        mail_from="orders@example.org",
        auth="spf=pass dkim=permerror/PROCESSING_FAILED dmarc=pass",
    ),
    to_ana(
        slug="missing-key",
        about="there is no record for the key",
        raw=_signed_order("missing-key", "gone2023"),
        host=BRIGHT,
        mail_from="orders@example.org",
        auth="spf=pass dkim=permerror/PROCESSING_FAILED dmarc=pass",
    ),
    to_ana(
        slug="key-times-out",
        about="the question for the key times out",
        raw=_signed_order("key-times-out", "lost"),
        host=BRIGHT,
        mail_from="orders@example.org",
        auth="spf=pass dkim=temperror/PROCESSING_FAILED dmarc=pass",
    ),
    to_ana(
        slug="malformed-signature",
        about="the signature lacks its body hash (`bh=`)",
        raw=re.sub(rb" bh=[^;]+;\r?\n?", b"", _signed_order("malformed-signature"), count=1),
        host=BRIGHT,
        mail_from="orders@example.org",
        auth="spf=pass dkim=permerror/PROCESSING_FAILED dmarc=pass",
    ),
    to_ana(
        slug="sha1",
        about="rsa-sha1, which may not be used any more (RFC 8301), although the signature fits",
        raw=_signed_order("sha1", algorithm="rsa-sha1"),
        host=BRIGHT,
        mail_from="orders@example.org",
        auth="spf=pass dkim=permerror/PROCESSING_FAILED dmarc=pass",
    ),
    to_ana(
        slug="body-length",
        about="signed up to a length (`l=`), with a line added behind it: passes all the same",
        raw=_signed_order("body-length", length=True) + b"P.S. Somebody else wrote this line.\r\n",
        host=BRIGHT,
        mail_from="orders@example.org",
        auth=BRIGHT_AUTH,
    ),
    to_ana(
        slug="third-party",
        about="signed by the sending service only: valid, but not the author's, so the verdict is GRAY",
        raw=signed_letter(
            "third-party",
            ESP,
            ("shared", "esp.example"),
            sender="Florist <roses@florist.example>",
            to=ANA,
            subject="Roses",
            body="Twelve for ten.\n",
        ),
        host=ESP,
        mail_from="b-1@esp.example",
        auth="spf=pass dkim=pass/GRAY dmarc=none",
    ),
    to_ana(
        slug="third-party-unaligned",
        about="SPF and DKIM pass, both for the sending service: DMARC of the author's domain fails",
        raw=signed_letter(
            "third-party-unaligned",
            ESP,
            ("shared", "esp.example"),
            sender="Jo <jo@startup.example>",
            to=ANA,
            subject="We have moved",
            body="Our new address is below.\n",
        ),
        host=ESP,
        mail_from="b-2@esp.example",
        auth="spf=pass dkim=pass/GRAY dmarc=fail/none",
    ),
    to_ana(
        slug="two-signers",
        about="signed by the sending service and by the author's domain: the second one counts",
        raw=_two_signers("two-signers"),
        host=ESP,
        mail_from="b-3@esp.example",
        auth="spf=pass dkim=pass|pass/PASS dmarc=pass",
    ),
    to_ana(
        slug="one-key-gone",
        about="two signatures of the author's domain, of which one has lost its key: the best one counts",
        raw=_newsletter_with_old_key(),
        host=EVERGREEN,
        mail_from="news@example.net",
        auth="spf=pass dkim=permerror|pass/PASS dmarc=pass",
    ),
    to_ana(
        slug="mailing-list",
        about="through a list that changes subject and body: its signature passes, the author's and DMARC fail",
        raw=_through_the_list(),
        host=CLUB,
        mail_from="talk-bounces@gardenclub.example",
        auth="spf=pass dkim=pass|fail/FAIL dmarc=fail/reject",
    ),
    to_ana(
        slug="forwarded",
        about="forwarded with the author as sender: SPF fails, the signature survives, DMARC passes",
        raw=_forwarded("forwarded"),
        host=ALUMNI,
        mail_from="orders@example.org",
        auth="spf=fail dkim=pass/PASS dmarc=pass",
    ),
    to_ana(
        slug="forwarded-with-srs",
        about="forwarded with a rewritten sender: SPF passes for the forwarder, DMARC by the signature",
        raw=_forwarded("forwarded-with-srs"),
        host=ALUMNI,
        mail_from="SRS0=x1y2=AB=example.org=orders@alumni.example",
        auth="spf=pass dkim=pass/PASS dmarc=pass",
    ),
)
