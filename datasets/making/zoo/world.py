"""Who writes to the zoo, and the DNS of their domains; every name and address is reserved for documentation."""

from __future__ import annotations

from typing import Any

from making.compose import letter, written
from making.sample import Host
from making.sign import sign

ORG = Host(ip="192.0.2.10", name="mail.example.org")  # SPF, DKIM, and a policy of reject
NET = Host(ip="192.0.2.20", name="out1.example.net")  # SPF, Ed25519 and RSA keys, a policy of quarantine
ESP = Host(ip="192.0.2.33", name="out3.esp.example")  # sends for its customers
BANK = Host(ip="192.0.2.45", name="mx.bank.example")
BOOKS = Host(ip="192.0.2.75", name="mail.xn--bcher-kva.example")
SPF_ONLY = Host(ip="192.0.2.61", name="mail.spfonly.example")  # a DMARC record and SPF, no key
LIST = Host(ip="192.0.2.85", name="lists.gardenclub.example")  # a mailing list
CROOK = Host(ip="198.51.100.66", name="vps66.crook.example")  # owns some domains that look like others
FORWARDER = Host(ip="192.0.2.80", name="forward.alumni.example")

ORG_AUTH = "spf=pass dkim=pass/PASS dmarc=pass"

ZONE = """
; The DNS of everybody who writes to the zoo. Names are absolute. `$TIMEOUT name.` and `$SERVFAIL name.` let
; every question about that name fail.
$TTL 300

; ---- who receives: it sends nothing itself, and asks others to refuse what claims to be from it
example.com.                            IN TXT "v=spf1 -all"
_dmarc.example.com.                     IN TXT "v=DMARC1; p=reject"

; ---- a domain that publishes an address and nothing else
plain.example.                          IN A 192.0.2.60
mail.plain.example.                     IN A 192.0.2.60

; ---- example.org: everything right, what fails is to be rejected
example.org.                            IN TXT "v=spf1 ip4:192.0.2.10 -all"
mail.example.org.                       IN A 192.0.2.10
mail.example.org.                       IN TXT "v=spf1 a -all"
_dmarc.example.org.                     IN TXT "v=DMARC1; p=reject"
@KEY jan2026._domainkey.example.org
; a key that was taken back has an empty p=
old2024._domainkey.example.org.         IN TXT "v=DKIM1; k=rsa; p="
; the public half of another key
@KEY other._domainkey.example.org old2024._domainkey.example.org
$TIMEOUT lost._domainkey.example.org.
; keys that say what they may be used for
@KEY strict._domainkey.example.org jan2026._domainkey.example.org t=s;
@KEY reports._domainkey.example.org jan2026._domainkey.example.org s=tlsrpt;
@KEY sha1._domainkey.example.org jan2026._domainkey.example.org h=sha1;
@KEY test._domainkey.example.org jan2026._domainkey.example.org t=y;
@KEY curve._domainkey.example.org ed2026._domainkey.example.net
garbage._domainkey.example.org.         IN TXT "v=DKIM1; k=rsa; p=this is no base64!"

; ---- example.net: relaxed alignment with its subdomains
example.net.                            IN TXT "v=spf1 ip4:192.0.2.20 -all"
bounce.example.net.                     IN TXT "v=spf1 ip4:192.0.2.20 -all"
out1.example.net.                       IN A 192.0.2.20
_dmarc.example.net.                     IN TXT "v=DMARC1; p=quarantine"
@KEY rsa2026._domainkey.example.net
@KEY ed2026._domainkey.example.net

; ---- a sending service and its customer
esp.example.                            IN TXT "v=spf1 ip4:192.0.2.33 -all"
@KEY shared._domainkey.esp.example
startup.example.                        IN TXT "v=spf1 include:esp.example ~all"
_dmarc.startup.example.                 IN TXT "v=DMARC1; p=none"
@KEY k1._domainkey.startup.example

; ---- bank.example, whom everybody wants to be
bank.example.                           IN TXT "v=spf1 ip4:192.0.2.45 -all"
_dmarc.bank.example.                    IN TXT "v=DMARC1; p=reject; sp=quarantine"
_dmarc.eu.bank.example.                 IN TXT "v=DMARC1; p=none"
@KEY s1._domainkey.bank.example

; ---- xn--bcher-kva.example, which is bücher.example
xn--bcher-kva.example.                  IN TXT "v=spf1 ip4:192.0.2.75 -all"
_dmarc.xn--bcher-kva.example.           IN TXT "v=DMARC1; p=reject"
spfonly.example.                        IN TXT "v=spf1 ip4:192.0.2.61 -all"
_dmarc.spfonly.example.                 IN TXT "v=DMARC1; p=reject"

; ---- a mailing list and a forwarder
gardenclub.example.                     IN TXT "v=spf1 ip4:192.0.2.85 -all"
@KEY list._domainkey.gardenclub.example
alumni.example.                         IN TXT "v=spf1 ip4:192.0.2.80 -all"

; ---- a crook who has set up everything for domains of his own
xn--bnk-6cd.example.                    IN TXT "v=spf1 ip4:198.51.100.66 -all"
_dmarc.xn--bnk-6cd.example.             IN TXT "v=DMARC1; p=reject"
bank-secure.example.                    IN TXT "v=spf1 ip4:198.51.100.66 -all"
_dmarc.bank-secure.example.             IN TXT "v=DMARC1; p=reject"
bank.example.crook.example.             IN TXT "v=spf1 ip4:198.51.100.66 -all"
_dmarc.crook.example.                   IN TXT "v=DMARC1; p=reject"
crook.example.                          IN TXT "v=spf1 +all"
"""


def signed(
    slug: str,
    *,
    sender: str = "Orders <orders@example.org>",
    to: str = "ana@example.com",
    subject: str = "Your order",
    body: str | bytes = "Forty lamps.\n",
    by: tuple[str, str] = ("jan2026", "example.org"),
    extra: Any = (),
    **options: Any,
) -> bytes:
    """A letter signed when it was written; `options` go to `sign`."""
    raw = letter(slug, sender=sender, to=to, subject=subject, body=body, extra=extra)
    return sign(raw, *by, **{"at": written(slug), **options})
