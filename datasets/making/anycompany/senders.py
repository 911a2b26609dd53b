"""SPF: every result, for the envelope's sender and for the null sender."""

from __future__ import annotations

from making.anycompany.world import (
    BRIGHT,
    CHECKED,
    FLAKY,
    HOBBY,
    MAZE,
    OLDTOWN,
    OLDTOWN_AUTH,
    PATIENT,
    SHOP,
    STRANGER,
    TYPO,
    to_ana,
)
from making.compose import letter, message, multipart, part
from making.sample import Host, Sample


def _note(slug: str, sender: str, to: str = "ana@example.com") -> bytes:
    return letter(slug, sender=sender, to=to, subject="A short note", body="Nothing new here.\n")


def _bounce(slug: str, to: str) -> bytes:
    """A delivery status notification (RFC 3464), as mail servers send them: from the null sender."""
    boundary, body = multipart(
        slug,
        part("text/plain; charset=us-ascii", "Your message could not be delivered.\n"),
        part(
            "message/delivery-status",
            "Reporting-MTA: dns; mail.example.org\n\n"
            "Final-Recipient: rfc822; orders@example.org\nAction: failed\nStatus: 5.2.2\n",
        ),
        part("text/rfc822-headers", f"From: {to}\nTo: orders@example.org\nSubject: Order 88\n"),
    )
    return letter(
        slug,
        sender="Mail Delivery System <MAILER-DAEMON@mail.example.org>",
        to=to,
        subject="Undelivered Mail Returned to Sender",
        body=body,
        content_type=f'multipart/report; report-type=delivery-status;\n\tboundary="{boundary}"',
        extra=[("Auto-Submitted", "auto-replied (bounce)")],
    )


SAMPLES = (
    to_ana(
        slug="spf-none",
        about="none: the sender's domain has no SPF record",
        raw=_note("spf-none", "mayor@oldtown.example"),
        host=OLDTOWN,
        mail_from="mayor@oldtown.example",
        auth=OLDTOWN_AUTH,
    ),
    to_ana(
        slug="spf-neutral",
        about="neutral: the record ends in `?all`",
        raw=_note("spf-neutral", "lou@hobby.example"),
        host=HOBBY,
        mail_from="lou@hobby.example",
        auth="spf=neutral dkim=none/GRAY dmarc=none",
    ),
    to_ana(
        slug="spf-pass-by-macro",
        about="pass: `exists` with a macro, behind a `redirect`",
        raw=_note("spf-pass-by-macro", "parcels@news.shop.example"),
        host=SHOP,
        mail_from="parcels@news.shop.example",
        auth="spf=pass dkim=none/GRAY dmarc=pass",
    ),
    Sample(
        slug="spf-fail",
        about="fail: forged, and the author's domain asks to reject: `dmarc-gate` obeys and ends everything",
        raw=letter(
            "spf-fail",
            sender='"Bright Office Supplies" <orders@example.org>',
            to="billing@example.com",
            subject="New bank account",
            body="Please pay to this account from now on.\n",
        ),
        host=STRANGER,
        mail_from="orders@example.org",
        rcpt_to=("billing@example.com",),
        auth="spf=fail dkim=none/GRAY dmarc=fail/reject",
        scan="PASS PASS",
        ran=f"{CHECKED} dmarc-gate[Lambda!]",
    ),
    to_ana(
        slug="spf-fail-by-redirect",
        about="fail by the target of a `redirect`; SES itself refuses nothing on these results",
        raw=_note("spf-fail-by-redirect", "news@example.net"),
        host=STRANGER,
        mail_from="news@example.net",
        auth="spf=fail dkim=none/GRAY dmarc=fail/quarantine",
    ),
    to_ana(
        slug="spf-fail-behind-include",
        about="fail: an `include` that says fail only does not match; the `-all` behind it does",
        raw=_note("spf-fail-behind-include", "roses@florist.example"),
        host=STRANGER,
        mail_from="roses@florist.example",
        auth="spf=fail dkim=none/GRAY dmarc=none",
    ),
    to_ana(
        slug="spf-softfail",
        about="softfail: the record ends in `~all`; DMARC fails although its policy is `none`",
        raw=_note("spf-softfail", "jo@startup.example"),
        host=STRANGER,
        mail_from="jo@startup.example",
        auth="spf=softfail dkim=none/GRAY dmarc=fail/none",
    ),
    to_ana(
        slug="spf-temperror",
        about="temperror: the question for the record times out",
        raw=_note("spf-temperror", "pat@patient.example"),
        host=PATIENT,
        mail_from="pat@patient.example",
        auth="spf=temperror dkim=none/GRAY dmarc=none",
    ),
    to_ana(
        slug="spf-temperror-in-include",
        about="temperror: the record of an `include` cannot be had (SERVFAIL)",
        raw=_note("spf-temperror-in-include", "flo@flaky.example"),
        host=FLAKY,
        mail_from="flo@flaky.example",
        auth="spf=temperror dkim=none/GRAY dmarc=none",
    ),
    Sample(
        slug="spf-permerror",
        about="permerror: a mechanism that does not exist",
        raw=_note("spf-permerror", "ty@typo.example", to="help@example.com"),
        host=TYPO,
        mail_from="ty@typo.example",
        rcpt_to=("help@example.com",),
        auth="spf=permerror dkim=none/GRAY dmarc=none",
        scan="PASS PASS",
        ran="support[S3 Lambda]",
    ),
    to_ana(
        slug="spf-permerror-look-ups",
        about="permerror: more than ten look-ups; and two DMARC records are none",
        raw=_note("spf-permerror-look-ups", "max@maze.example"),
        host=MAZE,
        mail_from="max@maze.example",
        auth="spf=permerror dkim=none/GRAY dmarc=none",
    ),
    Sample(
        slug="null-sender",
        about="a bounce: SPF looks at the HELO name; `reply-loop-guard` ends everything for mail by machines",
        raw=_bounce("null-sender", "support@example.com"),
        host=BRIGHT,
        mail_from="",
        rcpt_to=("support@example.com",),
        auth="spf=pass dkim=none/GRAY dmarc=pass",
        scan="PASS PASS",
        ran="reply-loop-guard[Lambda!]",
    ),
    Sample(
        slug="null-sender-to-a-leaver",
        about="a bounce to somebody who has left: no bounce is sent back, but the Stop counts",
        raw=_bounce("null-sender-to-a-leaver", "frank@example.com"),
        host=BRIGHT,
        mail_from="",
        rcpt_to=("frank@example.com",),
        auth="spf=pass dkim=none/GRAY dmarc=pass",
        ran="leavers[Stop!]",
    ),
    to_ana(
        slug="null-sender-without-name",
        about="no sender and an address for a name: there is no domain that SPF could ask",
        raw=message(
            (("From", "Scanner <scanner@oldtown.example>"), ("To", "ana@example.com"), ("Subject", "Scan 0001")),
            "See attachment.\n",
        ),
        host=Host(ip="192.0.2.60"),
        mail_from="",
        auth=OLDTOWN_AUTH,
    ),
)
