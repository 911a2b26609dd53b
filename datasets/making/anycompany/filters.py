"""IP filters: Allow over Block over the provider list over accept."""

from __future__ import annotations

from making.anycompany.world import (
    BOT,
    BRANCH,
    BRIGHT_AUTH,
    BRIGHT_V6,
    BULK,
    CLOUD,
    DIALUP,
    HARVESTER,
    MONITOR,
    PAYROLL,
    supplier_letter,
    to_ana,
)
from making.compose import letter
from making.sample import Host, Sample

OFFER = "Dear Sir or Madam,\n\nten million addresses, cheap.\n"


def _offer(slug: str, to: str = "ana@example.com") -> bytes:
    return letter(slug, sender="Best Offer <offer@hosting.example>", to=to, subject="Best offer", body=OFFER)


SAMPLES = (
    Sample(
        slug="blocked-network",
        about="a blocked network: every recipient is refused, also the one that no rule is for",
        raw=_offer("blocked-network"),
        host=BULK,
        mail_from="offer@hosting.example",
        rcpt_to=("ana@example.com", "nobody@example.com"),
        replies="550 5.7.1;550 5.7.1",
        filter="block-bulk-hosting",
    ),
    Sample(
        slug="allowed-in-blocked-network",
        about="Allow wins over Block: a partner within the blocked network; its rule requires TLS and gets it",
        raw=letter(
            "allowed-in-blocked-network",
            sender="Payroll partner <slips@payroll.example>",
            to="payroll@example.com",
            subject="Payslips January",
            body="Forty-two payslips are ready.\n",
        ),
        host=PAYROLL,
        mail_from="slips@payroll.example",
        rcpt_to=("payroll@example.com",),
        filter="allow-payroll-partner",
        auth="spf=pass dkim=none/GRAY dmarc=none",
        scan="PASS PASS",
        ran="payroll[S3 Workmail]",
    ),
    Sample(
        slug="blocked-and-foreign",
        about="a blocked address, but a domain that is nobody's here: no account, so no filter is concerned",
        raw=_offer("blocked-and-foreign", to="info@stranger.example"),
        host=BULK,
        mail_from="offer@hosting.example",
        rcpt_to=("info@stranger.example",),
        replies="550 5.1.1",
        filter="block-bulk-hosting",
    ),
    Sample(
        slug="blocked-address",
        about="a single blocked address",
        raw=_offer("blocked-address"),
        host=HARVESTER,
        mail_from="offer@hosting.example",
        rcpt_to=("ana@example.com",),
        replies="550 5.7.1",
        filter="block-harvester",
    ),
    Sample(
        slug="blocked-with-host-bits",
        about="192.0.2.99/29 is the network 192.0.2.96 to 192.0.2.103, and 192.0.2.101 lies in it",
        raw=_offer("blocked-with-host-bits"),
        host=BOT,
        mail_from="offer@hosting.example",
        rcpt_to=("ana@example.com",),
        replies="550 5.7.1",
        filter="block-botnet",
    ),
    Sample(
        slug="next-to-the-blocked",
        about="192.0.2.104 is the first address behind that network: accepted",
        raw=supplier_letter(
            "next-to-the-blocked", to="chitra@example.com", subject="Second thoughts", body="About the chairs.\n"
        ),
        host=Host(ip="192.0.2.104", name="relay.example.org"),
        mail_from="orders@example.org",
        rcpt_to=("chitra@example.com",),
        auth="spf=fail dkim=pass/PASS dmarc=pass",
        scan="PASS PASS",
        ran="staff[Workmail]",
    ),
    Sample(
        slug="from-ec2",
        about="no filter of the account, but the provider list: Amazon EC2 may not send",
        raw=_offer("from-ec2"),
        host=CLOUD,
        mail_from="offer@hosting.example",
        rcpt_to=("ana@example.com",),
        replies="550 5.7.1",
        filter="ec2",
    ),
    Sample(
        slug="allowed-from-ec2",
        about="an Allow filter wins over the provider list",
        raw=letter(
            "allowed-from-ec2",
            sender="Monitor <alarm@monitor.example>",
            to="daniel@example.com",
            subject="[RESOLVED] pump 7",
            body="It was switched off.\n",
            extra=[("X-Priority", "1")],
        ),
        host=MONITOR,
        mail_from="alarm@monitor.example",
        rcpt_to=("daniel@example.com",),
        filter="allow-cloud-monitoring",
        auth="spf=pass dkim=none/GRAY dmarc=none",
        scan="PASS PASS",
        ran="staff[Workmail]",
    ),
    Sample(
        slug="ipv6",
        about="IPv6, in no filter and no list; SPF passes by `ip6`",
        raw=supplier_letter("ipv6", to="bruno@example.com", subject="Six", body="We have IPv6 now.\n"),
        host=BRIGHT_V6,
        mail_from="orders@example.org",
        rcpt_to=("bruno@example.com",),
        auth=BRIGHT_AUTH,
        scan="PASS PASS",
        ran="staff[Workmail]",
    ),
    Sample(
        slug="ipv6-blocked",
        about="a blocked IPv6 network",
        raw=_offer("ipv6-blocked"),
        host=DIALUP,
        mail_from="offer@hosting.example",
        rcpt_to=("ana@example.com",),
        replies="550 5.7.1",
        filter="block-ipv6-dialup",
    ),
    to_ana(
        slug="ipv6-allowed",
        about="Allow wins over Block in IPv6 too",
        raw=letter(
            "ipv6-allowed",
            sender="Branch office <gate@branch.example>",
            to="ana@example.com",
            subject="Alarm test",
            body="This is only a test.\n",
        ),
        host=BRANCH,
        mail_from="gate@branch.example",
        filter="allow-branch-office",
        auth="spf=pass dkim=none/GRAY dmarc=none",
    ),
)
