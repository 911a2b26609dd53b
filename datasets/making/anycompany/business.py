"""A working day: what each rule of AnyCompany is for."""

from __future__ import annotations

from making.anycompany.world import (
    ALUMNI,
    BANK,
    BRIGHT,
    BRIGHT_AUTH,
    CHECKED,
    ESP,
    EVERGREEN,
    HOBBY,
    NOTARY,
    OLDTOWN,
    OLDTOWN_AUTH,
    SHOP,
    STARTUP_AUTH,
    signed_letter,
    supplier_letter,
    to_ana,
)
from making.compose import letter, multipart, part
from making.sample import Sample

# The smallest GIF there is: one transparent point.
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [] /Count 0>> endobj
trailer <</Root 1 0 R>>
%%EOF
"""


def _invoice() -> bytes:
    boundary, body = multipart(
        "invoice",
        part("text/plain; charset=utf-8", "Dear AnyCompany,\n\nplease find attached invoice 2026-0017.\n\nBright\n"),
        part("application/pdf", PDF, encoding="base64", filename="invoice-2026-0017.pdf"),
    )
    return supplier_letter(
        "invoice",
        to="billing@example.com",
        subject="Invoice 2026-0017",
        body=body,
        content_type=f'multipart/mixed;\n boundary="{boundary}"',
    )


def _newsletter() -> bytes:
    boundary, body = multipart(
        "newsletter",
        part("text/plain; charset=utf-8", "Evergreen, January\n\nFive plants that like the dark.\n"),
        part(
            "text/html; charset=utf-8",
            "<h1>Evergreen, January</h1>\n<p>Five plants that like the dark=2E</p>\n",
            encoding="quoted-printable",
        ),
    )
    return signed_letter(
        "newsletter",
        EVERGREEN,
        ("ed2026", "example.net"),
        ("rsa2026", "example.net"),
        sender="Evergreen <news@example.net>",
        to="Ana <ana@example.com>",
        subject="Five plants that like the dark",
        body=body,
        content_type=f'multipart/alternative; boundary="{boundary}"',
        extra=[
            ("List-Unsubscribe", "<mailto:leave@example.net?subject=ana>"),
            ("List-Id", "Evergreen <news.example.net>"),
        ],
    )


def _application() -> bytes:
    inner, page = multipart(
        "application",
        part("text/html; charset=utf-8", '<p>My portrait: <img src="cid:portrait"></p>\n'),
        part("image/gif", GIF, encoding="base64", filename="portrait.gif", disposition="inline"),
        level=1,
    )
    outer, body = multipart(
        "application",
        part(f'multipart/related; boundary="{inner}"', page),
        part("text/csv; charset=utf-8", "from,to,where\n2019,2022,OldTown\n2022,2026,Bright\n", filename="cv.csv"),
    )
    return letter(
        "application",
        sender="Gael <gael@oldtown.example>",
        to="careers@example.com",
        subject="Gardener wanted? Here I am",
        body=body,
        content_type=f'multipart/mixed; boundary="{outer}"',
    )


def _report() -> bytes:
    report = """<?xml version="1.0" encoding="UTF-8"?>
<feedback>
  <report_metadata><org_name>bank.example</org_name><report_id>20260101.1</report_id></report_metadata>
  <policy_published><domain>example.com</domain><p>reject</p></policy_published>
  <record><row><source_ip>192.0.2.200</source_ip><count>12</count></row></record>
</feedback>
"""
    name = "bank.example!example.com!1767139200!1767225599.xml"
    boundary, body = multipart(
        "dmarc-report",
        part("text/plain; charset=us-ascii", "This is a DMARC aggregate report for example.com.\n"),
        part("application/xml", report, encoding="base64", filename=name),
    )
    return signed_letter(
        "dmarc-report",
        BANK,
        ("s1", "bank.example"),
        canonicalization="simple/simple",
        sender="dmarc-noreply@bank.example",
        to="dmarc-reports@example.com",
        subject="Report Domain: example.com Submitter: bank.example Report-ID: <20260101.1@bank.example>",
        body=body,
        content_type=f'multipart/mixed; boundary="{boundary}"',
        extra=[("Auto-Submitted", "auto-generated")],
    )


SAMPLES = (
    Sample(
        slug="invoice",
        about="an invoice with a PDF: passes every check, is stored encrypted and announced",
        raw=_invoice(),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("billing@example.com",),
        auth=BRIGHT_AUTH,
        scan="PASS PASS",
        ran=f"{CHECKED} dmarc-gate[Lambda] billing[S3 SNS Stop!]",
    ),
    Sample(
        slug="invoice-to-subdomain",
        about="the same desk under a subdomain: `billing` stops the set before `subdomains` is asked",
        raw=supplier_letter(
            "invoice-to-subdomain",
            to="fr@billing.example.com",
            subject="Facture 2026-0018",
            body="Bonjour,\n\nla facture suit.\n",
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("fr@billing.example.com",),
        auth=BRIGHT_AUTH,
        scan="PASS PASS",
        ran="quarantine[AddHeader Lambda] dmarc-gate[Lambda] billing[S3 SNS Stop!]",
    ),
    Sample(
        slug="support-ticket",
        about="a condition without a label is for every label; an RSA key of 1024 bits; SPF passes by `include`",
        raw=signed_letter(
            "support-ticket",
            ESP,
            ("k1", "startup.example"),
            sender="Jo <jo@startup.example>",
            to="support+ticket-4711@example.com",
            subject="Re: [4711] The pump is silent",
            body="> Have you switched it on?\n\nI had not. Thank you!\n",
            extra=[
                ("In-Reply-To", "<4711.1@example.com>"),
                ("References", "<4711.0@startup.example>\n <4711.1@example.com>"),
            ],
        ),
        host=ESP,
        mail_from="jo@startup.example",
        rcpt_to=("support+ticket-4711@example.com",),
        auth=STARTUP_AUTH,
        scan="PASS PASS",
        ran=f"{CHECKED} support[S3 Lambda]",
    ),
    Sample(
        slug="support-vip",
        about="a label with a rule of its own: both rules run",
        raw=signed_letter(
            "support-vip",
            SHOP,
            ("mail", "shop.example"),
            sender="Shop <owner@shop.example>",
            to="support+vip@example.com",
            subject="Twelve pumps, all silent",
            body="Please call us.\n",
        ),
        host=SHOP,
        mail_from="owner@shop.example",
        rcpt_to=("support+vip@example.com",),
        auth="spf=pass dkim=pass/PASS dmarc=pass",
        scan="PASS PASS",
        ran=f"{CHECKED} support-vip[AddHeader SNS] support[S3 Lambda]",
    ),
    to_ana(
        slug="newsletter",
        about="two signatures of one domain, Ed25519 and RSA; SPF passes by `redirect`",
        raw=_newsletter(),
        host=EVERGREEN,
        mail_from="bounce-ana@example.net",
        auth="spf=pass dkim=pass|pass/PASS dmarc=pass",
    ),
    Sample(
        slug="press-question",
        about="HTML only; the header that `press` adds is in what it publishes",
        raw=signed_letter(
            "press-question",
            NOTARY,
            sender='"Kim, The Daily" <kim@notary.example>',
            to="press@example.com",
            subject="A question about your pumps",
            content_type="text/html; charset=utf-8",
            body="<html><body><p>Dear press desk,</p>\n<ol><li>Why are they silent?</li></ol></body></html>\n",
        ),
        host=NOTARY,
        mail_from="kim@notary.example",
        rcpt_to=("press@example.com",),
        auth="spf=pass dkim=none/GRAY dmarc=pass",
        scan="PASS PASS",
        ran="quarantine[AddHeader Lambda] press[AddHeader SNS]",
    ),
    Sample(
        slug="application",
        about="a multipart within a multipart, with a picture and a CSV; the disabled `beta-program` is passed over",
        raw=_application(),
        host=OLDTOWN,
        mail_from="gael@oldtown.example",
        rcpt_to=("careers@example.com",),
        auth=OLDTOWN_AUTH,
        scan="PASS PASS",
        ran="quarantine[AddHeader Lambda] careers[S3 SNS]",
    ),
    Sample(
        slug="chat",
        about="a customer's question becomes a contact in Amazon Connect",
        raw=signed_letter(
            "chat",
            SHOP,
            ("mail", "shop.example"),
            sender="Shop <owner@shop.example>",
            to="care@example.com",
            subject="Where is my parcel?",
            body="It left on Monday.\n",
        ),
        host=SHOP,
        mail_from="owner@shop.example",
        rcpt_to=("care@example.com",),
        auth="spf=pass dkim=pass/PASS dmarc=pass",
        scan="PASS PASS",
        ran="chat[Connect]",
    ),
    Sample(
        slug="unsubscribe",
        about="no subject and next to no body: the address says it all",
        raw=letter("unsubscribe", sender="jo@hobby.example", to="unsubscribe@example.com", subject="", body="\n"),
        host=HOBBY,
        mail_from="jo@hobby.example",
        rcpt_to=("unsubscribe@example.com",),
        auth="spf=neutral dkim=none/GRAY dmarc=none",
        ran="unsubscribe[Lambda Stop!]",
    ),
    Sample(
        slug="dmarc-report",
        about="an aggregate report, signed with simple canonicalisation; SPF passes by `mx`",
        raw=_report(),
        host=BANK,
        mail_from="dmarc-noreply@bank.example",
        rcpt_to=("dmarc-reports@example.com",),
        auth="spf=pass dkim=pass/PASS dmarc=pass",
        ran="reports[S3 Lambda]",
    ),
    Sample(
        slug="contract",
        about="over TLS the sealed store takes it and stops: nobody is told in clear text",
        raw=letter(
            "contract",
            sender="Notary <acts@notary.example>",
            to="legal@example.com",
            subject="Contract for signature",
            body="The contract of 2 January is ready to sign.\n",
        ),
        host=NOTARY,
        mail_from="acts@notary.example",
        rcpt_to=("legal@example.com",),
        auth="spf=pass dkim=none/GRAY dmarc=pass",
        ran="legal-encrypted[S3 Stop!]",
    ),
    Sample(
        slug="to-a-leaver",
        about="Erin has left: the mail is accepted, then a bounce is sent",
        raw=letter(
            "to-a-leaver",
            sender="Lee <lee@alumni.example>",
            to="erin@example.com",
            subject="Lunch?",
            body="Tomorrow at noon?\n",
        ),
        host=ALUMNI,
        mail_from="lee@alumni.example",
        rcpt_to=("erin@example.com",),
        auth="spf=pass dkim=none/GRAY dmarc=none",
        ran="leavers[Bounce Stop!]",
        bounces="leavers:550 5.1.1",
    ),
    Sample(
        slug="to-a-full-mailbox",
        about="a bounce stops nothing: the mail is stored all the same",
        raw=supplier_letter(
            "to-a-full-mailbox",
            to="archive@example.com",
            subject="Catalogue 2026",
            body="Four hundred pages follow by post.\n",
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("archive@example.com",),
        auth=BRIGHT_AUTH,
        ran="mailbox-full[Bounce S3]",
        bounces="mailbox-full:552 5.2.2",
    ),
    Sample(
        slug="to-the-warehouse",
        about="a temporary failure without a status code; the bounce says `failed` all the same",
        raw=supplier_letter(
            "to-the-warehouse", to="warehouse@example.com", subject="Delivery on Monday", body="Forty boxes, gate 3.\n"
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("warehouse@example.com",),
        auth=BRIGHT_AUTH,
        ran="moving[Bounce]",
        bounces="moving:450",
    ),
    Sample(
        slug="to-the-postmaster",
        about="a rule without actions only makes its addresses acceptable",
        raw=supplier_letter(
            "to-the-postmaster",
            sender="postmaster@example.org",
            to="postmaster@example.com",
            subject="Your bounces",
            body="Dear colleague,\n\nyour bounces say `failed` for temporary failures.\n",
        ),
        host=BRIGHT,
        mail_from="postmaster@example.org",
        rcpt_to=("postmaster@example.com",),
        auth=BRIGHT_AUTH,
        ran="postmaster[]",
    ),
    Sample(
        slug="catch-all",
        about="any address of the second domain, which nobody scans",
        raw=supplier_letter("catch-all", to="hello@anycompany.example", subject="Hello", body="Is anybody there?\n"),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("hello@anycompany.example",),
        auth=BRIGHT_AUTH,
        ran="catch-all[S3 Stop!]",
    ),
)
