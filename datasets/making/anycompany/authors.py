"""DMARC: whose policy applies, and what counts as aligned."""

from __future__ import annotations

from making.anycompany.world import (
    CHECKED,
    ESP,
    MUDDLE,
    NOTARY,
    OLDTOWN,
    SHOP,
    SLOW,
    STRANGER,
    signed_letter,
    to_ana,
)
from making.compose import letter
from making.sample import Sample

ANA = "ana@example.com"


def _alert(slug: str, sender: str, to: str = ANA) -> bytes:
    return letter(slug, sender=sender, to=to, subject="Please confirm your account", body="Confirm it today.\n")


SAMPLES = (
    to_ana(
        slug="relaxed-dkim",
        about="the parent domain signed: aligned for DMARC, but the DKIM verdict wants the exact domain",
        raw=signed_letter(
            "relaxed-dkim",
            ESP,
            ("mail", "shop.example"),
            sender="Shop news <january@news.shop.example>",
            to=ANA,
            subject="January sale",
            body="Everything must go.\n",
        ),
        host=ESP,
        mail_from="b-4@esp.example",
        auth="spf=pass dkim=pass/GRAY dmarc=pass",
    ),
    to_ana(
        slug="relaxed-spf",
        about="the sender's domain is a subdomain of the author's: aligned",
        raw=letter(
            "relaxed-spf", sender="Shop <owner@shop.example>", to=ANA, subject="Thank you", body="For your order.\n"
        ),
        host=SHOP,
        mail_from="bounce@news.shop.example",
        auth="spf=pass dkim=none/GRAY dmarc=pass",
    ),
    to_ana(
        slug="strict-spf",
        about="the same, but the author's domain asks for strict alignment: fails",
        raw=letter("strict-spf", sender="Notary <acts@notary.example>", to=ANA, subject="Deed", body="It is signed.\n"),
        host=NOTARY,
        mail_from="bounce@acts.notary.example",
        auth="spf=pass dkim=none/GRAY dmarc=fail/quarantine",
    ),
    to_ana(
        slug="subdomain-policy",
        about="a subdomain without a record: the `sp=` of the organisational domain applies",
        raw=_alert("subdomain-policy", "Your bank <service@login.bank.example>"),
        host=STRANGER,
        mail_from="service@login.bank.example",
        auth="spf=none dkim=none/GRAY dmarc=fail/quarantine",
    ),
    to_ana(
        slug="subdomain-record",
        about="a subdomain with a record of its own: that one applies",
        raw=_alert("subdomain-record", "Your bank <service@eu.bank.example>"),
        host=STRANGER,
        mail_from="service@eu.bank.example",
        auth="spf=none dkim=none/GRAY dmarc=fail/none",
    ),
    Sample(
        slug="own-name",
        about="somebody writes in AnyCompany's own name to its billing desk: `dmarc-gate` ends everything",
        raw=_alert("own-name", "Director <director@example.com>", to="billing@example.com"),
        host=OLDTOWN,
        mail_from="mayor@oldtown.example",
        rcpt_to=("billing@example.com",),
        auth="spf=none dkim=none/GRAY dmarc=fail/reject",
        scan="PASS PASS",
        ran=f"{CHECKED} dmarc-gate[Lambda!]",
    ),
    to_ana(
        slug="dmarc-temperror",
        about="temperror: the question for the policy times out",
        raw=letter(
            "dmarc-temperror", sender="sid@slow.example", to=ANA, subject="Sorry for the delay", body="Here it is.\n"
        ),
        host=SLOW,
        mail_from="sid@slow.example",
        auth="spf=fail dkim=none/GRAY dmarc=temperror",
    ),
    to_ana(
        slug="dmarc-permerror",
        about="permerror: the record's `p=` is misspelt, and it names nobody to report to",
        raw=letter("dmarc-permerror", sender="mia@muddle.example", to=ANA, subject="Policy", body="We have one now.\n"),
        host=MUDDLE,
        mail_from="mia@muddle.example",
        auth="spf=pass dkim=none/GRAY dmarc=permerror",
    ),
)
