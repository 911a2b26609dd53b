"""Mail::SPF and mailauth as oracles of SPF: generated records, and a table of every difference there is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from oracles import drivers
from oracles.differences import Explains, explained

from sesreceive.assumption import Assumptions
from sesreceive.auth.results import SpfResult, SpfStatus
from sesreceive.auth.spf import check_host
from sesreceive.dns.zone import Zone

# The oracles hold to the letter of the RFC.
RFC = Assumptions(spf_void_lookups=2)

DOMAINS = [f"d{number}.example" for number in range(5)]
CLIENTS = ["192.0.2.1", "192.0.2.77", "198.51.100.9", "2001:db8::1", "2001:db8:1::9"]

TERMS = [
    "ip4:192.0.2.0/24", "ip4:192.0.2.1", "ip4:198.51.100.0/25", "ip4:203.0.113.5", "ip6:2001:db8::/48",
    "ip6:2001:db8::1", "a", "a:{d}", "a:host.{d}", "a/24", "a:host.{d}/24//64", "mx", "mx:{d}", "mx/24", "mx:{d}//48",
    "ptr", "ptr:{d}",
    "exists:{d}", "exists:%{{i}}.list.{d}", "exists:%{{l}}.user.{d}", "exists:%{{d2}}", "exists:%{{ir}}.%{{v}}.{d}",
    "include:{d}", "include:{d}", "include:{d}", "a:gone.{d}", "a:%{{o}}", "a:%{{p}}.{d}", "INCLUDE:{d}", "A:host.{d}",
    "mx:empty.example",
]  # fmt: skip
BROKEN = [
    "include:none.example", "include:slow.example", "a:slow.example", "ip4:192.0.2.300", "ip4:192.0.2.0/33",
    "ip6:2001:db8::/129", "a:", "include", "exists", "ip4", "all:x", "moo", "a:{d}/", "a:{d}//200", "a:-bad-.{d}",
]  # fmt: skip
ENDS = [
    "-all",
    "~all",
    "?all",
    "+all",
    "all",
    "",
    "redirect={d}",
    "redirect=none.example",
    "redirect={d} exp=why.{d}",
    "-ALL",
]
MODIFIERS = ["x=y", "exp=why.{d}", "unknown-mod=%{{d}}", "bad=%{{z}}", "exp=", "redirect="]


@dataclass(frozen=True)
class Case:
    zone: Zone
    ip: str
    sender: str

    def __str__(self) -> str:
        return f"{self.ip} {self.sender}\n{self.zone.to_text()}"


def case(seed: int) -> Case:
    """One generated zone, client and sender."""
    rnd = random.Random(seed)
    records: dict[str, Any] = {"slow.example": rnd.choice(["TIMEOUT", "SERVFAIL"]), "empty.example": {"TXT": "hello"}}
    for domain in DOMAINS:
        terms = [
            rnd.choice(["", "", "", "+", "-", "~", "?"])
            + rnd.choice(TERMS if rnd.random() > 0.06 else BROKEN).format(d=rnd.choice(DOMAINS))
            for _ in range(rnd.choice([0, 1, 1, 2, 2, 3, 4]))
        ]
        if rnd.random() < 0.1:
            terms.insert(rnd.randrange(len(terms) + 1), rnd.choice(MODIFIERS).format(d=rnd.choice(DOMAINS)))
        text = " ".join(["v=spf1", *terms, rnd.choice(ENDS).format(d=rnd.choice(DOMAINS))])
        texts = [text] if rnd.random() > 0.04 else [text, "v=spf1 -all"]
        records[domain] = {"TXT": texts, "A": rnd.choice(CLIENTS[:3]), "AAAA": rnd.choice(CLIENTS[3:])}
        if rnd.random() < 0.7:
            records[domain]["MX"] = [(10, f"host.{rnd.choice(DOMAINS)}"), (20, "host.d0.example")][: rnd.choice([1, 2])]
        records[f"host.{domain}"] = {"A": rnd.choice(CLIENTS[:3]), "AAAA": rnd.choice(CLIENTS[3:])}
        records[f"why.{domain}"] = {"TXT": "%{i} is not one of ours"}
    records["192.0.2.1.list.d1.example"] = {"A": "127.0.0.2"}
    records["ana.user.d2.example"] = {"A": "127.0.0.2"}
    records["1.2.0.192.in-addr.d3.example"] = {"A": "127.0.0.2"}
    for address in ("1.2.0.192", "9.100.51.198"):
        names = [f"host.{rnd.choice(DOMAINS)}", "slow.example", f"host.{rnd.choice(DOMAINS)}"]
        records[f"{address}.in-addr.arpa"] = rnd.choice([{"PTR": names[: rnd.choice([1, 3])]}, "TIMEOUT"])
    return Case(Zone(records), rnd.choice(CLIENTS), f"ana@{rnd.choice(DOMAINS)}")


# ------------------------------------------------------------------------ differences

Table = list[tuple[str, Explains[Case, SpfResult, dict[str, Any]]]]

SYNTAX = "RFC 7208 section 4.6: a syntax error anywhere in the record is a permerror, before anything is looked at"

# Why we stay with our result, and the differences it explains: of what was made, our result and theirs.
MAIL_SPF: Table = [
    ("RFC 7208 section 5.5: if the PTR look-up fails, the mechanism does not match; Mail::SPF makes it a temperror",
     lambda made, ours, theirs: theirs["result"] == "temperror" and "'PTR' lookup" in theirs["text"]),
    (("RFC 7208 section 12: the value of an unknown modifier is a macro-string, so `%{z}` in it is a syntax error; "
      "Mail::SPF does not read it"),
     lambda made, ours, theirs: ours.status == "permerror" and "`%{z}`" in ours.reason),
]  # fmt: skip

MAILAUTH: Table = [
    ("RFC 7208 section 5.5: if the PTR look-up fails, the mechanism does not match; mailauth makes it a temperror",
     lambda made, ours, theirs: (theirs["result"] == "temperror" and "DNS timeout" in theirs["text"]
                                 and "slow.example" not in ours.reason)),
    ("RFC 7208 section 5: a server failure (RCODE 2) is a temperror; mailauth takes it for an empty answer",
     lambda made, ours, theirs: ours.status == "temperror" and "servfail" in ours.reason),
    ("RFC 7208 section 4.6.4: a look-up of `%{p}` that finds nothing is a void one, too; mailauth does not count it",
     lambda made, ours, theirs: ours.status == "permerror" and "look-ups found nothing" in ours.reason),
    (f"{SYNTAX}; mailauth reads a term when it comes to it",
     lambda made, ours, theirs: ours.status == "permerror" and "is not valid" in ours.reason),
]  # fmt: skip


def compare(oracle: drivers.Oracle, table: Table, count: int, **kind: str) -> Counter[str]:
    """How often each row of the table explains a difference in the result."""

    def judged(made: Case) -> SpfResult:
        return check_host(made.ip, made.sender, "mx.example.org", made.zone, assumptions=RFC)

    def asked(made: Case) -> dict[str, Any]:
        zone = drivers.answers_of(made.zone)
        return oracle.ask(zone=zone, ip=made.ip, sender=made.sender, helo="mx.example.org", **kind)

    return explained(
        ((made, judged(made), asked(made)) for made in map(case, range(count))),
        table,
        alike=lambda ours, theirs: ours.status == theirs["result"],
        described=lambda made, ours, theirs: f"we {ours.status} ({ours.reason}), they {theirs}\n{made}",
    )


@pytest.fixture(scope="module")
def mail_spf() -> Iterator[drivers.Oracle]:
    yield from drivers.mail_spf()


@pytest.fixture(scope="module")
def mailauth() -> Iterator[drivers.Oracle]:
    yield from drivers.mailauth()


EVERYDAY, ALL = 150, 2000


@pytest.mark.perl
@pytest.mark.slow
def test_mail_spf_gives_the_same_results(mail_spf: drivers.Oracle) -> None:
    compare(mail_spf, MAIL_SPF, EVERYDAY)


@pytest.mark.node
@pytest.mark.network
def test_mailauth_gives_the_same_results(mailauth: drivers.Oracle) -> None:
    compare(mailauth, MAILAUTH, EVERYDAY, kind="spf")


@pytest.mark.slow
@pytest.mark.perl
def test_every_difference_from_mail_spf_is_explained(mail_spf: drivers.Oracle) -> None:
    used = compare(mail_spf, MAIL_SPF, ALL)
    assert set(used) == {why for why, _ in MAIL_SPF}, "a row explains nothing any more"


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.network
def test_every_difference_from_mailauth_is_explained(mailauth: drivers.Oracle) -> None:
    used = compare(mailauth, MAILAUTH, ALL, kind="spf")
    assert set(used) == {why for why, _ in MAILAUTH}, "a row explains nothing any more"


def test_the_generated_records_lead_to_every_result() -> None:
    made = (case(seed) for seed in range(EVERYDAY))
    results = Counter(check_host(one.ip, one.sender, "", one.zone, assumptions=RFC).status for one in made)
    assert min(results[status] for status in SpfStatus if status is not SpfStatus.NONE) >= 1, results
