"""SPF: records that go in circles, ask too much, or say something else than their owners think."""

from __future__ import annotations

from typing import Any

from making.compose import letter
from making.sample import Host
from making.zoo.case import ANA, Case, case

# One host sends for all these domains; each lies below spf.example, which has no DMARC record.
HOST = Host(ip="192.0.2.70", name="mail.records.example")
HOST_V6 = Host(ip="2001:db8:70::25", name="mail.records.example")
HOST_MAPPED = Host(ip="::ffff:192.0.2.70", name="mail.records.example")

# `@` is the domain of the case.
_ZONES: list[str] = []


def _case(slug: str, result: str, about: str, lesson: str, *records: str, **more: Any) -> Case:
    """An unsigned mail of a domain of its own, whose DNS is `records`."""
    domain = f"{slug}.spf.example"
    _ZONES.extend(record.replace("@", f"{domain}.").replace("#", domain) for record in records)
    raw = letter(f"spf-{slug}", sender=f"writer@{domain}", to=ANA, subject="Record", body="Hello.\n")
    facts = more.pop("facts", {})
    defaults = {"host": HOST, "mail_from": f"writer@{domain}", "auth": f"spf={result} dkim=none/GRAY dmarc=none"}
    return case(slug, about, lesson, raw, facts, **{**defaults, **more})


def _txt(text: str, owner: str = "@") -> str:
    return f'{owner} IN TXT "{text}"'


CASES: tuple[Case, ...] = (
    _case(
        "include-itself",
        "permerror",
        "a record that includes itself",
        "A circle ends at ten look-ups with a permanent error, not with an endless wait.",
        _txt("v=spf1 include:# -all"),
    ),
    _case(
        "redirect-itself",
        "permerror",
        "a record that redirects to itself",
        "`redirect` counts as a look-up, so this circle ends as well.",
        _txt("v=spf1 redirect=#"),
    ),
    _case(
        "two-in-a-circle",
        "permerror",
        "two records that include each other",
        "Circles are easy to build when two services include each other: test after each change.",
        _txt("v=spf1 include:a.# -all"),
        _txt("v=spf1 include:# -all", "a.@"),
    ),
    _case(
        "ten-look-ups",
        "pass",
        "exactly ten look-ups, the tenth of which fits",
        "Ten is allowed: the limit is passed by the eleventh.",
        _txt("v=spf1 " + " ".join(f"a:h{n}.#" for n in range(9)) + " a:fits.# -all"),
        *(f"h{n}.@ IN A 192.0.2.{n + 1}" for n in range(9)),
        "fits.@ IN A 192.0.2.70",
    ),
    _case(
        "eleven-look-ups",
        "permerror",
        "eleven look-ups, the last of which would fit",
        "One service too many in the record, and mail from your own servers loses its PASS.",
        _txt("v=spf1 " + " ".join(f"a:h{n}.#" for n in range(10)) + " a:fits.# -all"),
        *(f"h{n}.@ IN A 192.0.2.{n + 1}" for n in range(10)),
        "fits.@ IN A 192.0.2.70",
    ),
    _case(
        "fits-before-the-limit",
        "pass",
        "twelve look-ups in the record, the first of which fits",
        "Evaluation ends where a mechanism fits: whether the limit hurts depends on who sends.",
        _txt("v=spf1 a:fits.# " + " ".join(f"a:h{n}.#" for n in range(11)) + " -all"),
        "fits.@ IN A 192.0.2.70",
    ),
    _case(
        "two-void-look-ups",
        "pass",
        "two names that do not exist, then one that fits",
        "Look-ups that find nothing are tolerated twice by RFC 7208.",
        _txt("v=spf1 a:gone1.# a:gone2.# ip4:192.0.2.70 -all"),
    ),
    _case(
        "three-void-look-ups",
        "pass",
        "three names that do not exist, then one that fits",
        "RFC 7208 wants receivers to stop after two; we assume that SES goes on. Do not rely on either.",
        _txt("v=spf1 a:gone1.# a:gone2.# a:gone3.# ip4:192.0.2.70 -all"),
    ),
    _case(
        "sender-times-out",
        "temperror",
        "the question for the SPF record gets no answer",
        "A time-out is a temporary error: PROCESSING_FAILED says nothing about the sender.",
        "$TIMEOUT @",
    ),
    _case(
        "server-fails",
        "temperror",
        "the server of the domain says SERVFAIL",
        "SERVFAIL and a time-out come to the same.",
        "$SERVFAIL @",
    ),
    _case(
        "include-times-out",
        "temperror",
        "the record of an `include` gets no answer",
        "Who includes another's record depends on the other's DNS.",
        _txt("v=spf1 include:slow.# -all"),
        "$TIMEOUT slow.@",
    ),
    _case(
        "time-out-behind-a-match",
        "pass",
        "a mechanism fits before the one that would time out",
        "What stands behind a match is never asked: put your own servers first.",
        _txt("v=spf1 ip4:192.0.2.70 include:slow.# -all"),
        "$TIMEOUT slow.@",
    ),
    _case(
        "two-sender-records",
        "permerror",
        "two SPF records at one name",
        "Merge records: two of them are an error, however good each one is.",
        _txt("v=spf1 ip4:192.0.2.70 -all"),
        _txt("v=spf1 include:esp.example -all"),
    ),
    _case(
        "other-version",
        "none",
        "`v=spf10`, which is another version",
        "The version is a word of its own: this is no SPF record.",
        _txt("v=spf10 ip4:192.0.2.70 -all"),
    ),
    _case(
        "everybody",
        "pass",
        "`+all`: the whole world may send",
        "SPF PASS is worth what the record is worth.",
        _txt("v=spf1 +all"),
    ),
    _case(
        "no-all",
        "neutral",
        "a record that ends without `all`",
        "Without `all` the rest is neutral, that is GRAY, and nobody is kept out.",
        _txt("v=spf1 ip4:203.0.113.1"),
    ),
    _case(
        "behind-all",
        "fail",
        "a mechanism behind `-all`",
        "`all` fits always: nothing behind it is ever read.",
        _txt("v=spf1 -all ip4:192.0.2.70"),
    ),
    _case(
        "all-and-redirect",
        "fail",
        "`-all` and a `redirect` beside it",
        "A redirect is ignored where `all` stands.",
        _txt("v=spf1 redirect=_r.# -all"),
        _txt("v=spf1 +all", "_r.@"),
    ),
    _case(
        "redirect-to-nothing",
        "permerror",
        "a redirect to a name without a record",
        "A redirect has to lead to a record; an empty end is an error.",
        _txt("v=spf1 redirect=_r.#"),
    ),
    _case(
        "include-of-nothing",
        "permerror",
        "an include of a name without a record",
        "When a service closes and its record goes, your record breaks.",
        _txt("v=spf1 include:closed.# ip4:192.0.2.70 -all"),
    ),
    _case(
        "include-says-fail",
        "pass",
        "the included record ends in `-all`, and a mechanism behind it fits",
        "An `include` asks one question: would that record say pass? Its `-all` refuses nobody here.",
        _txt("v=spf1 include:strict.# ip4:192.0.2.70 -all"),
        _txt("v=spf1 ip4:203.0.113.1 -all", "strict.@"),
    ),
    _case(
        "by-redirect",
        "fail",
        "the record of a redirect refuses the host",
        "The result names the domain of the record that decided, here the target of the redirect.",
        _txt("v=spf1 redirect=_r.#"),
        _txt("v=spf1 ip4:203.0.113.1 -all", "_r.@"),
        facts={"spf domain": "_r.by-redirect.spf.example"},
    ),
    _case(
        "misspelt-mechanism",
        "permerror",
        "`ipv4:` in the place of `ip4:`",
        "One unknown mechanism breaks the whole record.",
        _txt("v=spf1 ipv4:192.0.2.70 -all"),
    ),
    _case(
        "unknown-modifier",
        "pass",
        "an unknown `name=value` in the record",
        "Modifiers that nobody knows are ignored; mechanisms that nobody knows are errors.",
        _txt("v=spf1 colour=blue ip4:192.0.2.70 -all"),
    ),
    _case(
        "impossible-network",
        "permerror",
        "a network with a mask of /33",
        "An impossible mask is an error even when nobody of that network writes.",
        _txt("v=spf1 ip4:192.0.2.0/33 -all"),
    ),
    _case(
        "host-bits",
        "pass",
        "a network given by an address in its middle",
        "The mask decides: 192.0.2.77/28 is 192.0.2.64 to 192.0.2.79.",
        _txt("v=spf1 ip4:192.0.2.77/28 -all"),
    ),
    _case(
        "ip6",
        "pass",
        "a client with IPv6",
        "`ip4` never fits an IPv6 client: list both.",
        _txt("v=spf1 ip4:192.0.2.70 ip6:2001:db8:70::/48 -all"),
        host=HOST_V6,
    ),
    _case(
        "mapped-address",
        "pass",
        "an IPv4 address written as IPv6 (`::ffff:192.0.2.70`)",
        "A mapped address is the IPv4 address in it.",
        _txt("v=spf1 ip4:192.0.2.70 -all"),
        host=HOST_MAPPED,
    ),
    _case(
        "macro-address",
        "pass",
        "`exists` with the client's address in the name",
        "One DNS name for each host: a record can be as long as a zone.",
        _txt("v=spf1 exists:%{ir}.hosts.# -all"),
        "70.2.0.192.hosts.@ IN A 127.0.0.2",
    ),
    _case(
        "macro-local-part",
        "pass",
        "`exists` with the sender's local part in the name",
        "A record can allow single addresses: `writer` may send, others may not.",
        _txt("v=spf1 exists:%{l}.users.# -all"),
        "writer.users.@ IN A 127.0.0.2",
    ),
    _case(
        "macro-helo",
        "pass",
        "`exists` with the HELO name in the name",
        "What the client says of itself can become part of a DNS question.",
        _txt("v=spf1 exists:%{h}.helo.# -all"),
        "mail.records.example.helo.@ IN A 127.0.0.2",
    ),
    _case(
        "macro-cut",
        "pass",
        "`exists` with the last two labels of the domain only",
        "`%{d2}` keeps labels from the right: here `spf.example`.",
        _txt("v=spf1 exists:%{d2}.cut.# -all"),
        "spf.example.cut.@ IN A 127.0.0.2",
    ),
    _case(
        "macro-unknown",
        "permerror",
        "a macro letter that does not exist",
        "An unknown macro breaks the record.",
        _txt("v=spf1 exists:%{z}.# -all"),
    ),
    _case(
        "percent-alone",
        "permerror",
        "a percent sign that begins no macro",
        "Write `%%` for a percent sign.",
        _txt("v=spf1 exists:%.# -all"),
    ),
    _case(
        "explanation",
        "fail",
        "`exp=` names a text that explains the refusal",
        "The explanation is the sender's text; SES does not pass it on.",
        _txt("v=spf1 exp=why.# -all"),
        _txt("%{i} is none of ours", "why.@"),
        facts={"spf explanation": "192.0.2.70 is none of ours"},
    ),
    _case(
        "by-name",
        "pass",
        "`ptr`, which RFC 7208 asks not to use",
        "The host's name by reverse DNS has to lead back to its address: slow, and at the mercy of others.",
        _txt("v=spf1 ptr:records.example -all"),
        facts={},
    ),
    _case(
        "eleven-mail-servers",
        "permerror",
        "`mx` at a domain with eleven mail servers",
        "`mx` looks at ten names at most.",
        _txt("v=spf1 mx -all"),
        *(f"@ IN MX 10 m{n}.@" for n in range(11)),
        *(f"m{n}.@ IN A 203.0.113.{n + 1}" for n in range(11)),
    ),
    _case(
        "sender-record-in-pieces",
        "pass",
        "one record in two strings, cut within an address",
        "The strings of a TXT record are joined without a blank: mind blanks at the cut.",
        '@ IN TXT "v=spf1 ip4:192.0." "2.70 -all"',
    ),
    _case(
        "beside-other-texts",
        "pass",
        "other TXT records at the same name",
        "TXT records of other purposes are passed over.",
        _txt("site-verification=abc"),
        _txt("v=spf1 ip4:192.0.2.70 -all"),
    ),
    _case(
        "beyond-ascii",
        "permerror",
        "a typographic dash before `all`, from a word processor",
        "Records are ASCII: a dash that was made pretty breaks the record.",
        _txt("v=spf1 ip4:203.0.113.1 –all"),
    ),
    _case(
        "comma-list",
        "permerror",
        "two networks with a comma between them",
        "Mechanisms are parted by blanks.",
        _txt("v=spf1 ip4:192.0.2.70,ip4:203.0.113.1 -all"),
    ),
)

ZONE = "\n; ---- one domain for each odd SPF record; all of them send from 192.0.2.70\n" + "\n".join(
    [
        *_ZONES,
        "mail.records.example. IN A 192.0.2.70",
        "70.2.0.192.in-addr.arpa. IN PTR mail.records.example.",
        "",
    ]
)
