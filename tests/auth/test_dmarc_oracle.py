"""mailauth as oracle of DMARC: generated records and identifiers, and a table of every difference there is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from oracles import drivers
from oracles.differences import Explains, explained

from sesreceive.auth.dmarc import evaluate
from sesreceive.auth.results import DkimResult, DkimStatus, DmarcResult, SpfResult, SpfStatus
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message

# Under public suffixes that are nobody's, so that both lists say the same.
DOMAINS = [
    "example.org", "a.example.org", "b.a.example.org", "example.net", "a.example.net", "example.co.uk",
    "a.example.co.uk",
]  # fmt: skip

POLICIES = ["p=none", "p=reject", "p=quarantine"] * 6 + ["P=Reject", "p = none", "p=", "p=rejekt", "p=none; p=reject"]
TAGS = [
    "sp=none", "sp=reject", "SP=Quarantine", "aspf=s", "adkim=s", "ASPF=S", "aspf=r", "adkim=x", "pct=50",
    "rua=mailto:a@example.org", "rua=mailto:", "ruf=x", "fo=1", "zz=1", "np=reject", "hello", "sp=x",
]  # fmt: skip
STARTS = ["v=DMARC1"] * 30 + ["V=DMARC1", "v = DMARC1", "v=dmarc1", "v=DMARC2", "p=none; v=DMARC1", " v=DMARC1"]


@dataclass(frozen=True)
class Case:
    zone: Zone
    author: str
    spf: str
    signers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.author} SPF {self.spf or '-'} DKIM {self.signers}\n{self.zone.to_text()}"


def case(seed: int) -> Case:
    """One generated zone, author domain and what passed."""
    rnd = random.Random(seed)
    records: dict[str, Any] = {}
    for domain in DOMAINS:
        if rnd.random() < 0.6:
            tags = [rnd.choice(POLICIES), *rnd.sample(TAGS, k=rnd.choice([0, 0, 1, 2, 3]))]
            texts = ["; ".join([rnd.choice(STARTS), *(tags if rnd.random() > 0.04 else tags[1:])])]
            texts += rnd.choices(["v=DMARC1; p=none", "hello"], k=rnd.choice([0] * 9 + [1]))
            records[f"_dmarc.{domain}"] = {"TXT": texts} if rnd.random() > 0.05 else "TIMEOUT"
    return Case(
        zone=Zone(records),
        author=rnd.choice(DOMAINS),
        spf=rnd.choice(["", *DOMAINS]),
        signers=tuple(rnd.sample(DOMAINS, k=rnd.choice([0, 1, 1, 2]))),
    )


def judge(made: Case) -> DmarcResult:
    spf = SpfResult(
        status=SpfStatus.PASS if made.spf else SpfStatus.FAIL, domain=made.spf, client_ip="192.0.2.1", helo="",
        envelope_from=f"a@{made.spf or 'x.example'}",
    )  # fmt: skip
    signed = [DkimResult(status=DkimStatus.PASS, domain=domain) for domain in made.signers]
    return evaluate(Message(f"From: a@{made.author}\r\n\r\n".encode()), spf, signed, made.zone)


# ------------------------------------------------------------------------ differences

Difference = Explains[Case, DmarcResult, dict[str, Any]]
Table = list[tuple[str, Difference]]


def published(made: Case) -> list[str]:
    """The records at the author domain and its organisational domain."""
    at = {made.author, ".".join(made.author.split(".")[-3 if made.author.endswith("co.uk") else -2 :])}
    names = {f"_dmarc.{domain}" for domain in at}
    return [line.value.decode() for line in made.zone.records if line.name in names and isinstance(line.value, bytes)]


def starting(*starts: str) -> Difference:
    """One of the records starts like this."""
    return lambda made, ours, theirs: any(text.startswith(starts) for text in published(made))


# Why we stay with our result, and the differences it explains.
MAILAUTH: Table = [
    ("RFC 6376 section 3.2, by RFC 7489 section 6.3: a tag given twice invalidates the list; mailauth takes the last",
     lambda made, ours, theirs: "twice" in ours.reason),
    ("RFC 7489 section 6.6.3, step 5: where several records remain, discovery ends; mailauth goes on",
     lambda made, ours, theirs: "so none counts" in ours.reason),
    ("RFC 7489 section 6.6.3, step 6: without a good policy a record is p=none or none; mailauth has no such rule",
     lambda made, ours, theirs: "says no policy" in ours.reason or "rua=mailto:a@" in ours.record),
    ("RFC 7489 section 6.4: white space may stand around `=`; mailauth wants `v=DMARC1` and keeps the rest with it",
     lambda made, ours, theirs: " = " in ours.record),
    ("RFC 7489 section 6.3: the version must match precisely; mailauth reads it in any case", starting("v=dmarc1")),
    ("RFC 7489 section 6.4: a record begins with its version; mailauth trims it first", starting(" v=DMARC1")),
    ("RFC 7489 section 3.1: strict alignment wants equal domains; mailauth falls back to relaxed alignment",
     lambda made, ours, theirs: ours.status == "fail" and theirs["result"] == "pass" and "=s" in ours.record.lower()),
]  # fmt: skip


def compare(oracle: drivers.Oracle, table: Table, count: int) -> Counter[str]:
    """How often each row of the table explains a difference in the result or the policy."""

    def asked(made: Case) -> dict[str, Any]:
        return oracle.ask(
            kind="dmarc", zone=drivers.answers_of(made.zone), author=made.author,
            spfDomains=[made.spf] if made.spf else [], dkimDomains=made.signers,
        )  # fmt: skip

    return explained(
        ((made, judge(made), asked(made)) for made in map(case, range(count))),
        table,
        alike=lambda ours, theirs: (
            (str(ours.status), str(ours.policy or "")) == (theirs["result"], theirs["policy"].lower())
        ),
        described=lambda made, ours, theirs: (
            f"we {ours.status} {ours.policy} ({ours.reason}), they {theirs}\n{ours.record}\n{made}"
        ),
    )


@pytest.fixture(scope="module")
def mailauth() -> Iterator[drivers.Oracle]:
    yield from drivers.mailauth()


EVERYDAY, ALL = 300, 2000


@pytest.mark.node
@pytest.mark.network
def test_mailauth_gives_the_same_results(mailauth: drivers.Oracle) -> None:
    compare(mailauth, MAILAUTH, EVERYDAY)


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.network
def test_every_difference_from_mailauth_is_explained(mailauth: drivers.Oracle) -> None:
    used = compare(mailauth, MAILAUTH, ALL)
    assert set(used) == {why for why, _ in MAILAUTH}, "a row explains nothing any more"


def test_the_generated_records_lead_to_every_result() -> None:
    results = Counter(judge(case(seed)).status.value for seed in range(EVERYDAY))
    assert min(results[status] for status in ("pass", "fail", "none", "permerror", "temperror")) >= 1, results
