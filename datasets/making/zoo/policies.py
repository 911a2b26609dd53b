"""DMARC: alignment that nearly fits, and records that say something else than their owners think."""

from __future__ import annotations

from typing import Any

from making.compose import letter, written
from making.sample import Host
from making.sign import sign
from making.zoo.case import ANA, Case, case

# All these domains send from one host.
HOST = Host(ip="192.0.2.90", name="mail.policies.example")

ZONE = """
; ---- domains whose DMARC records hold a surprise; all of them send from 192.0.2.90
relaxed.example.                        IN TXT "v=spf1 ip4:192.0.2.90 -all"
bounces.relaxed.example.                IN TXT "v=spf1 ip4:192.0.2.90 -all"
_dmarc.relaxed.example.                 IN TXT "v=DMARC1; p=reject"
strict.example.                         IN TXT "v=spf1 ip4:192.0.2.90 -all"
bounces.strict.example.                 IN TXT "v=spf1 ip4:192.0.2.90 -all"
_dmarc.strict.example.                  IN TXT "v=DMARC1; p=quarantine; aspf=s; adkim=s"
@KEY jan2026._domainkey.bounces.strict.example jan2026._domainkey.example.org
neighbour.example.                      IN TXT "v=spf1 ip4:192.0.2.90 -all"
subs.example.                           IN TXT "v=spf1 ip4:192.0.2.90 -all"
_dmarc.subs.example.                    IN TXT "v=DMARC1; p=none; sp=reject"
_dmarc.own.subs.example.                IN TXT "v=DMARC1; p=quarantine"
_dmarc.twice.example.                   IN TXT "v=DMARC1; p=reject"
_dmarc.twice.example.                   IN TXT "v=DMARC1; p=none"
_dmarc.typo.example.                    IN TXT "v=DMARC1; p=rejct"
_dmarc.typo-reports.example.            IN TXT "v=DMARC1; p=rejct; rua=mailto:dmarc@typo-reports.example"
_dmarc.no-p.example.                    IN TXT "v=DMARC1; sp=reject"
_dmarc.small.example.                   IN TXT "v=dmarc1; p=reject"
_dmarc.order.example.                   IN TXT "p=reject; v=DMARC1"
_dmarc.shout.example.                   IN TXT "v=DMARC1; P=REJECT"
_dmarc.percent.example.                 IN TXT "v=DMARC1; p=reject; pct=0"
_dmarc.testing.example.                 IN TXT "v=DMARC1; p=reject; t=y"
_dmarc.watching.example.                IN TXT "v=DMARC1; p=none"
_dmarc.pieces.example.                  IN TXT "v=DMARC1; p=re" "ject"
_dmarc.noise.example.                   IN TXT "some other text"
_dmarc.noise.example.                   IN TXT "v=DMARC1; p=quarantine"
_dmarc.comma.example.                   IN TXT "v=DMARC1, p=reject"
_dmarc.unknown.example.                 IN TXT "v=DMARC1; p=reject; colour=blue; ; fo=1"
$TIMEOUT _dmarc.slow.example.
$SERVFAIL _dmarc.broken.example.
$TIMEOUT slow-spf.example.
_dmarc.slow-spf.example.                IN TXT "v=DMARC1; p=reject"
soft.example.                           IN TXT "v=spf1 ~all"
_dmarc.soft.example.                    IN TXT "v=DMARC1; p=reject"
weak.example.                           IN TXT "v=spf1 ?all"
_dmarc.weak.example.                    IN TXT "v=DMARC1; p=reject"
wrong-place.example.                    IN TXT "v=DMARC1; p=reject"
"""


def _case(slug: str, about: str, lesson: str, domain: str, auth: str, *, sent_by: str = "", **more: Any) -> Case:
    """An unsigned mail whose author is in `domain`, and its sender too unless told otherwise."""
    raw = letter(f"dmarc-{slug}", sender=f"writer@{domain}", to=ANA, subject="Policy", body="Hello.\n")
    if signer := more.pop("signer", ()):
        raw = sign(raw, *signer, at=written(f"dmarc-{slug}"), key="jan2026._domainkey.example.org")
    return case(slug, about, lesson, raw, host=HOST, mail_from=f"writer@{sent_by or domain}", auth=auth, **more)


def _unsent(slug: str, about: str, lesson: str, domain: str, dmarc: str) -> Case:
    """The same from a domain without SPF."""
    return _case(slug, about, lesson, domain, f"spf=none dkim=none/GRAY dmarc={dmarc}")


CASES: tuple[Case, ...] = (
    _case(
        "relaxed-subdomain",
        "bounces go to a subdomain of the author's domain",
        "Relaxed alignment, the default, takes any domain of one organisation.",
        "relaxed.example",
        "spf=pass dkim=none/GRAY dmarc=pass",
        sent_by="bounces.relaxed.example",
    ),
    _case(
        "strict-spf",
        "bounces go to a subdomain, and the record says `aspf=s`",
        "Strict alignment wants equal domains: a subdomain for bounces is a stranger.",
        "strict.example",
        "spf=pass dkim=none/GRAY dmarc=fail/quarantine",
        sent_by="bounces.strict.example",
    ),
    _case(
        "strict-dkim",
        "a valid signature of a subdomain with `adkim=s`",
        "Both checks pass, both for a subdomain, and DMARC fails.",
        "strict.example",
        "spf=pass dkim=pass/GRAY dmarc=fail/quarantine",
        sent_by="bounces.strict.example",
        signer=("jan2026", "bounces.strict.example"),
    ),
    _case(
        "neighbour",
        "SPF passes for another domain of the same host",
        "Sharing a server is no alignment: the domains have to fit.",
        "relaxed.example",
        "spf=pass dkim=none/GRAY dmarc=fail/reject",
        sent_by="neighbour.example",
    ),
    _unsent(
        "subdomain-policy",
        "`p=none; sp=reject`, and the author is in a subdomain",
        "`sp` is for subdomains: the domain itself watches, its subdomains reject.",
        "any.subs.example",
        "fail/reject",
    ),
    _unsent(
        "subdomain-own-record",
        "the subdomain has a record of its own",
        "The nearest record counts, and `sp` above it does not.",
        "own.subs.example",
        "fail/quarantine",
    ),
    _case(
        "domain-only-watches",
        "the domain of `p=none; sp=reject` itself, sent by a stranger",
        "With p=none the verdict is still FAIL, and dmarcPolicy says `none`: read both.",
        "subs.example",
        "spf=pass dkim=none/GRAY dmarc=fail/none",
        sent_by="neighbour.example",
    ),
    _unsent(
        "two-records",
        "two DMARC records under one name",
        "Two policies are none: the domain that wanted to be safe has no protection.",
        "twice.example",
        "none",
    ),
    _unsent(
        "policy-misspelt",
        "the policy is misspelt: `p=rejct`",
        "A misspelt policy is an error of the record: the verdict is PROCESSING_FAILED and nothing is enforced.",
        "typo.example",
        "permerror",
    ),
    _unsent(
        "policy-misspelt-with-reports",
        "`p=rejct` in a record that wants reports",
        "With an address for reports a broken policy counts as `none` (RFC 7489 section 6.6.3).",
        "typo-reports.example",
        "fail/none",
    ),
    _unsent(
        "no-policy",
        "a record without `p=`",
        "`p` is required; `sp` alone says nothing.",
        "no-p.example",
        "permerror",
    ),
    _unsent(
        "version-in-small-letters",
        "the version in small letters: `v=dmarc1`",
        "The version has to be written in capitals: this is no DMARC record at all.",
        "small.example",
        "none",
    ),
    _unsent(
        "version-not-first",
        "the policy before the version: `p=reject; v=DMARC1`",
        "The version has to come first: with the tags turned round this is no DMARC record.",
        "order.example",
        "none",
    ),
    _unsent(
        "policy-in-capitals",
        "name and policy in capitals: `P=REJECT`",
        "Names and policies have no case: this record works.",
        "shout.example",
        "fail/reject",
    ),
    _unsent(
        "zero-percent",
        "`p=reject; pct=0`: apply the policy to no mail",
        "SES tells the published policy: sampling by `pct` is left to you.",
        "percent.example",
        "fail/reject",
    ),
    _unsent(
        "test-mode",
        "`t=y`, the test mode that RFC 9989 has brought",
        "Tags of the new standard are ignored by the old one: the policy stays `reject`.",
        "testing.example",
        "fail/reject",
    ),
    _unsent(
        "only-watching",
        "`p=none` and nothing that passes",
        "FAIL with policy `none` asks you to do nothing: do not drop mail by the verdict alone.",
        "watching.example",
        "fail/none",
    ),
    _unsent(
        "record-in-pieces",
        "a record in two strings, cut within a word",
        "The strings of one TXT record are joined without a blank.",
        "pieces.example",
        "fail/reject",
    ),
    _unsent(
        "other-text-beside",
        "a TXT record of another kind under the same name",
        "Records that are not DMARC are passed over.",
        "noise.example",
        "fail/quarantine",
    ),
    _unsent(
        "commas",
        "commas in the place of semicolons",
        "One wrong sign, and the record is not recognised: the domain has no policy.",
        "comma.example",
        "none",
    ),
    _unsent(
        "unknown-tags",
        "unknown tags and an empty one",
        "Unknown tags are ignored, the policy counts.",
        "unknown.example",
        "fail/reject",
    ),
    _unsent(
        "record-times-out",
        "the question for the DMARC record gets no answer",
        "Whether there is a policy is unknown: PROCESSING_FAILED is neither PASS nor FAIL.",
        "slow.example",
        "temperror",
    ),
    _unsent(
        "record-server-fails",
        "the server of the record says SERVFAIL",
        "A domain whose DNS is broken loses its protection for that time.",
        "broken.example",
        "temperror",
    ),
    _case(
        "spf-times-out",
        "SPF gets no answer, and there is no signature",
        "What could not be asked has not failed: DMARC waits too.",
        "slow-spf.example",
        "spf=temperror dkim=none/GRAY dmarc=temperror",
    ),
    _case(
        "softfail",
        "SPF gives softfail for the author's domain",
        "For DMARC softfail is not pass: `~all` does not soften `p=reject`.",
        "soft.example",
        "spf=softfail dkim=none/GRAY dmarc=fail/reject",
    ),
    _case(
        "neutral",
        "SPF gives neutral for the author's domain",
        "For DMARC neutral counts as little as softfail: only pass counts.",
        "weak.example",
        "spf=neutral dkim=none/GRAY dmarc=fail/reject",
    ),
    _unsent(
        "record-at-the-wrong-place",
        "the DMARC record stands at the domain, not under `_dmarc.`",
        "Only `_dmarc.` is asked: check your own record with a DNS query.",
        "wrong-place.example",
        "none",
    ),
)
