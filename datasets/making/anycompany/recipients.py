"""Recipients, conditions and TLS: who is accepted, and which rules see the message."""

from __future__ import annotations

from making.anycompany.world import BRIGHT, BRIGHT_AUTH, CHECKED, ESP, STARTUP_AUTH, signed_letter, supplier_letter
from making.sample import Sample

SIXTY = tuple(f"desk{number:02}@anycompany.example" for number in range(1, 61))


def _jo(slug: str, to: str, subject: str = "The pump is silent") -> bytes:
    return signed_letter(
        slug, ESP, ("k1", "startup.example"), sender="Jo <jo@startup.example>", to=to, subject=subject, body="Still.\n"
    )


SAMPLES = (
    Sample(
        slug="one-of-two",
        about="each recipient is judged alone: one is accepted, one has no rule",
        raw=supplier_letter(
            "one-of-two", to="help@example.com, nobody@example.com", subject="Paper jam", body="Tray 2.\n"
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("nobody@example.com", "help@example.com"),
        replies="550 5.1.1;250",
        auth=BRIGHT_AUTH,
        scan="PASS PASS",
        ran="support[S3 Lambda]",
    ),
    Sample(
        slug="no-rule",
        about="the domain is verified, but no enabled rule matches",
        raw=supplier_letter("no-rule", to="nobody@example.com", subject="To whom it may concern", body="Hello?\n"),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("nobody@example.com",),
        replies="550 5.1.1",
    ),
    Sample(
        slug="foreign-domain",
        about="no identity of the account covers the domain",
        raw=supplier_letter("foreign-domain", to="info@stranger.example", subject="Relay this", body="Please.\n"),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("info@stranger.example",),
        replies="550 5.1.1",
    ),
    Sample(
        slug="deep-subdomain",
        about="`.example.com` covers subdomains of any depth",
        raw=supplier_letter("deep-subdomain", to="meter7@iot.plant.example.com", subject="reading", body="21.5\n"),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("meter7@iot.plant.example.com",),
        auth=BRIGHT_AUTH,
        ran="subdomains[S3]",
    ),
    Sample(
        slug="uncovered-subdomain",
        about="`anycompany.example` is a domain, not its subdomains: verified, but no rule matches",
        raw=supplier_letter(
            "uncovered-subdomain", to="hello@shop.anycompany.example", subject="Hello", body="Hello?\n"
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("hello@shop.anycompany.example",),
        replies="550 5.1.1",
    ),
    Sample(
        slug="disabled-rule",
        about="the only rule for the address is not enabled",
        raw=supplier_letter("disabled-rule", to="beta@example.com", subject="Beta", body="May I try it?\n"),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("beta@example.com",),
        replies="550 5.1.1",
    ),
    Sample(
        slug="upper-case",
        about="conditions do not care about letter case, and the case that was sent is kept",
        raw=_jo("upper-case", "SUPPORT+Ticket-4712@EXAMPLE.COM"),
        host=ESP,
        mail_from="jo@startup.example",
        rcpt_to=("SUPPORT+Ticket-4712@EXAMPLE.COM",),
        auth=STARTUP_AUTH,
        scan="PASS PASS",
        ran=f"{CHECKED} support[S3 Lambda]",
    ),
    Sample(
        slug="two-labels",
        about="the label starts at the first `+`: `vip+urgent` is not `vip`",
        raw=_jo("two-labels", "support+vip+urgent@example.com"),
        host=ESP,
        mail_from="jo@startup.example",
        rcpt_to=("support+vip+urgent@example.com",),
        auth=STARTUP_AUTH,
        scan="PASS PASS",
        ran=f"{CHECKED} support[S3 Lambda]",
    ),
    Sample(
        slug="quoted-local-part",
        about="a quoted local part with a blank and an `@` in it",
        raw=supplier_letter(
            "quoted-local-part", to='"front @ desk"@anycompany.example', subject="Key", body="Left with you.\n"
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=('"front @ desk"@anycompany.example',),
        auth=BRIGHT_AUTH,
        ran="catch-all[S3 Stop!]",
    ),
    Sample(
        slug="sixty-recipients",
        about="sixty recipients, one message: the rule runs once",
        raw=supplier_letter(
            "sixty-recipients",
            to="All desks <desks@anycompany.example>",
            subject="Chairs arrive",
            body="Sixty of them.\n",
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=SIXTY,
        replies="250 x60",
        auth=BRIGHT_AUTH,
        ran="catch-all[S3 Stop!]",
    ),
    Sample(
        slug="stop-hides-the-rest",
        about="Erin's rule bounces and stops the set: Ana was accepted, but her rule stands behind it",
        raw=supplier_letter(
            "stop-hides-the-rest", to="ana@example.com, erin@example.com", subject="Meeting", body="At ten.\n"
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("ana@example.com", "erin@example.com"),
        replies="250;250",
        auth=BRIGHT_AUTH,
        scan="PASS PASS",
        ran="leavers[Bounce Stop!]",
        bounces="leavers:550 5.1.1",
    ),
    Sample(
        slug="three-rules",
        about="one message, three colleagues of two desks: each rule has its own recipients",
        raw=supplier_letter(
            "three-rules",
            to="ana@example.com, Bruno@Example.com",
            subject="Offer",
            body="Ten per cent.\n",
            extra=[("Cc", "chat@example.com, x@lab.example.com")],
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("ana@example.com", "x@lab.example.com", "Bruno@Example.com", "chat@example.com"),
        replies="250;250;250;250",
        auth=BRIGHT_AUTH,
        scan="PASS PASS",
        ran="chat[Connect] staff[Workmail] subdomains[S3]",
    ),
    Sample(
        slug="tls-required",
        about="clear text, and the only rule for the address requires TLS",
        raw=supplier_letter("tls-required", to="payroll@example.com", subject="My payslip", body="Was it sent?\n"),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("payroll@example.com",),
        tls=False,
        replies="530 5.7.0",
    ),
    Sample(
        slug="tls-for-one-rule",
        about="clear text, and one of two rules requires TLS: accepted, that rule is skipped",
        raw=supplier_letter(
            "tls-for-one-rule", to="legal@example.com", subject="Complaint", body="We reserve our rights.\n"
        ),
        host=BRIGHT,
        mail_from="orders@example.org",
        rcpt_to=("legal@example.com",),
        tls=False,
        auth=BRIGHT_AUTH,
        ran="legal[SNS]",
    ),
)
