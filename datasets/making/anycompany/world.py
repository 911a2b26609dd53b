"""Who writes to AnyCompany: the hosts mail comes from, and the DNS of the domains it is from.

Every address and name is reserved for documentation (RFC 2606, RFC 5737, RFC 3849).
"""

from __future__ import annotations

from typing import Any

from making.compose import letter, received, written
from making.sample import Host, Sample
from making.sign import sign

# Senders that are what they say.
BRIGHT = Host(ip="192.0.2.10", name="mail.example.org")  # an office supplier
BRIGHT_V6 = Host(ip="2001:db8:10::25", name="mail.example.org")
EVERGREEN = Host(ip="192.0.2.20", name="out1.example.net")  # a newsletter
ESP = Host(ip="192.0.2.33", name="out3.esp.example")  # sends for others
BANK = Host(ip="192.0.2.45", name="mx.bank.example")
SHOP = Host(ip="192.0.2.50", name="mail.shop.example")
NOTARY = Host(ip="192.0.2.55", name="mail.notary.example")
BOOKS = Host(ip="192.0.2.75", name="mail.xn--bcher-kva.example")
ALUMNI = Host(ip="192.0.2.80", name="forward.alumni.example")  # forwards for its members
CLUB = Host(ip="192.0.2.85", name="lists.gardenclub.example")  # a mailing list
PAYROLL = Host(ip="198.51.100.25", name="mx.payroll.example")  # a partner at a host others abuse
MONITOR = Host(ip="203.0.113.203", name="notify.monitor.example")  # on Amazon EC2, and wanted
BRANCH = Host(ip="2001:db8:bad:25::10", name="gw.branch.example")  # the branch office behind a dial-up line

# Senders whose DNS says little, nonsense or nothing.
OLDTOWN = Host(ip="192.0.2.60", name="mail.oldtown.example")
HOBBY = Host(ip="192.0.2.61", name="mail.hobby.example")
TYPO = Host(ip="192.0.2.62", name="mail.typo.example")
MAZE = Host(ip="192.0.2.63", name="mail.maze.example")
PATIENT = Host(ip="192.0.2.64", name="mail.patient.example")
FLAKY = Host(ip="192.0.2.65", name="mail.flaky.example")
MUDDLE = Host(ip="192.0.2.68", name="mail.muddle.example")
SLOW = Host(ip="192.0.2.70", name="mail.slow.example")

# Senders nobody wants, or nobody knows.
HARVESTER = Host(ip="192.0.2.66", name="pool66.hosting.example")
BOT = Host(ip="192.0.2.101")
BULK = Host(ip="198.51.100.77", name="mass77.hosting.example")
CLOUD = Host(ip="203.0.113.140", name="ec2-203-0-113-140.compute.example")
CLOUD_V6 = Host(ip="2001:db8:ec2::1")
DIALUP = Host(ip="2001:db8:bad:1::9")
STRANGER = Host(ip="192.0.2.140", name="vps140.hosting.example")

ZONE = """
; The DNS of everybody who writes to AnyCompany. Names are absolute. Two directives go beyond zone files:
; `$TIMEOUT name.` and `$SERVFAIL name.` let every question about that name fail.
$TTL 300

; ---- AnyCompany itself
example.com.                            IN TXT "v=spf1 ip4:192.0.2.200 -all"
example.com.                            IN MX 10 inbound-smtp.us-east-1.amazonaws.com.
_dmarc.example.com.                     IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc-reports@example.com"
anycompany.example.                     IN MX 10 inbound-smtp.us-east-1.amazonaws.com.

; ---- example.org, an office supplier: everything right, mail that fails is to be rejected
example.org.                            IN TXT "v=spf1 ip4:192.0.2.10 ip6:2001:db8:10::/48 -all"
mail.example.org.                       IN A 192.0.2.10
mail.example.org.                       IN AAAA 2001:db8:10::25
mail.example.org.                       IN TXT "v=spf1 a -all"
_dmarc.example.org.                     IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"
@KEY jan2026._domainkey.example.org
; a key that was taken back has an empty p=
old2024._domainkey.example.org.         IN TXT "v=DKIM1; k=rsa; p="
$TIMEOUT lost._domainkey.example.org.

; ---- example.net, a newsletter: SPF by redirect, signs with RSA and Ed25519
example.net.                            IN TXT "v=spf1 redirect=_spf.example.net"
_spf.example.net.                       IN TXT "v=spf1 ip4:192.0.2.20/30 -all"
out1.example.net.                       IN A 192.0.2.20
_dmarc.example.net.                     IN TXT "v=DMARC1; p=quarantine; pct=100"
@KEY rsa2026._domainkey.example.net
@KEY ed2026._domainkey.example.net

; ---- esp.example sends for its customers startup.example and florist.example
esp.example.                            IN TXT "v=spf1 include:spf.esp.example -all"
spf.esp.example.                        IN TXT "v=spf1 ip4:192.0.2.32/28 -all"
out3.esp.example.                       IN A 192.0.2.33
@KEY shared._domainkey.esp.example
startup.example.                        IN TXT "v=spf1 include:spf.esp.example ~all"
_dmarc.startup.example.                 IN TXT "v=DMARC1; p=none"
@KEY k1._domainkey.startup.example
florist.example.                        IN TXT "v=spf1 include:spf.esp.example -all"

; ---- bank.example: one policy for itself, another for its subdomains, and one of its own for eu.bank.example
bank.example.                           IN TXT "v=spf1 mx -all"
bank.example.                           IN MX 10 mx.bank.example.
mx.bank.example.                        IN A 192.0.2.45
_dmarc.bank.example.                    IN TXT "v=DMARC1; p=reject; sp=quarantine"
_dmarc.eu.bank.example.                 IN TXT "v=DMARC1; p=none"
@KEY s1._domainkey.bank.example

; ---- shop.example: one host at a time by macro, one signature for all its subdomains
shop.example.                           IN TXT "v=spf1 exists:%{ir}.hosts.shop.example -all"
50.2.0.192.hosts.shop.example.          IN A 127.0.0.2
mail.shop.example.                      IN A 192.0.2.50
news.shop.example.                      IN TXT "v=spf1 redirect=shop.example"
_dmarc.shop.example.                    IN TXT "v=DMARC1; p=quarantine"
@KEY mail._domainkey.shop.example

; ---- notary.example: subdomains are strangers to it (strict alignment)
notary.example.                         IN TXT "v=spf1 a:mail.notary.example -all"
mail.notary.example.                    IN A 192.0.2.55
acts.notary.example.                    IN TXT "v=spf1 a:mail.notary.example -all"
_dmarc.notary.example.                  IN TXT "v=DMARC1; p=quarantine; aspf=s; adkim=s"

; ---- xn--bcher-kva.example, which is bücher.example
xn--bcher-kva.example.                  IN TXT "v=spf1 ip4:192.0.2.75 -all"
_dmarc.xn--bcher-kva.example.           IN TXT "v=DMARC1; p=reject"
@KEY ed1._domainkey.xn--bcher-kva.example

; ---- forwarders, lists, partners
alumni.example.                         IN TXT "v=spf1 ip4:192.0.2.80 -all"
gardenclub.example.                     IN TXT "v=spf1 a:lists.gardenclub.example -all"
lists.gardenclub.example.               IN A 192.0.2.85
_dmarc.gardenclub.example.              IN TXT "v=DMARC1; p=none"
@KEY list._domainkey.gardenclub.example
payroll.example.                        IN TXT "v=spf1 ip4:198.51.100.25 -all"
monitor.example.                        IN TXT "v=spf1 ip4:203.0.113.200/29 -all"
branch.example.                         IN TXT "v=spf1 ip6:2001:db8:bad:25::/64 -all"

; ---- little, nonsense or nothing
oldtown.example.                        IN A 192.0.2.60
hobby.example.                          IN TXT "v=spf1 ?all"
; the mechanism is called ip4
typo.example.                           IN TXT "v=spf1 ipv4:192.0.2.62 -all"
muddle.example.                         IN TXT "v=spf1 ip4:192.0.2.68 -all"
_dmarc.muddle.example.                  IN TXT "v=DMARC1; p=rejct"
; more than ten look-ups
maze.example. IN TXT "v=spf1 include:a.maze.example include:b.maze.example include:c.maze.example -all"
a.maze.example.                         IN TXT "v=spf1 a:a1.maze.example a:a2.maze.example a:a3.maze.example ?all"
b.maze.example.                         IN TXT "v=spf1 a:b1.maze.example a:b2.maze.example a:b3.maze.example ?all"
c.maze.example.                         IN TXT "v=spf1 a:c1.maze.example a:c2.maze.example ?all"
a1.maze.example.                        IN A 192.0.2.1
a2.maze.example.                        IN A 192.0.2.2
a3.maze.example.                        IN A 192.0.2.3
b1.maze.example.                        IN A 192.0.2.4
b2.maze.example.                        IN A 192.0.2.5
b3.maze.example.                        IN A 192.0.2.6
c1.maze.example.                        IN A 192.0.2.7
c2.maze.example.                        IN A 192.0.2.8
; two policies are no policy
_dmarc.maze.example.                    IN TXT "v=DMARC1; p=reject"
_dmarc.maze.example.                    IN TXT "v=DMARC1; p=none"
; servers that do not answer, or say that they cannot
$TIMEOUT patient.example.
flaky.example.                          IN TXT "v=spf1 include:_spf.flaky.example -all"
$SERVFAIL _spf.flaky.example.
slow.example.                           IN TXT "v=spf1 -all"
$TIMEOUT _dmarc.slow.example.
"""


def signed_letter(
    slug: str, host: Host, *keys: tuple[str, str], canonicalization: str = "relaxed/relaxed", **fields: Any
) -> bytes:
    """A letter as it leaves `host`: signed with each ``(selector, domain)``, the first on top."""
    raw = letter(slug, **fields)
    for selector, domain in reversed(keys):
        raw = sign(raw, selector, domain, at=written(slug), canonicalization=canonicalization)
    return received(raw, slug, by=host.name)


def supplier_letter(slug: str, **fields: Any) -> bytes:
    """A letter of example.org, signed with its RSA key of 2048 bits."""
    fields.setdefault("sender", '"Bright Office Supplies" <orders@example.org>')
    return signed_letter(slug, BRIGHT, ("jan2026", "example.org"), **fields)


def to_ana(slug: str, about: str, raw: bytes, *, host: Host, mail_from: str, auth: str, **more: Any) -> Sample:
    """A message to Ana: the one rule for her scans it and hands it to WorkMail, whatever authentication finds."""
    return Sample(
        slug=slug,
        about=about,
        raw=raw,
        host=host,
        mail_from=mail_from,
        rcpt_to=("ana@example.com",),
        auth=auth,
        scan="PASS PASS",
        ran="staff[Workmail]",
        **more,
    )


# What an ordinary message of each sender comes to.
BRIGHT_AUTH = "spf=pass dkim=pass/PASS dmarc=pass"
STARTUP_AUTH = "spf=pass dkim=pass/PASS dmarc=pass"
OLDTOWN_AUTH = "spf=none dkim=none/GRAY dmarc=none"

# What a clean message to a guarded address has behind it when its own rule begins.
CHECKED = "reply-loop-guard[Lambda] quarantine[AddHeader Lambda]"
