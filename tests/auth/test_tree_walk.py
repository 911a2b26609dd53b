"""DMARC by RFC 9989: which names are asked, which record applies, and where an organisation ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.assumption import Assumptions
from sesreceive.auth.dmarc import evaluate
from sesreceive.auth.organization import TreeWalk
from sesreceive.auth.remembered import Memory
from sesreceive.auth.results import DkimResult, DkimStatus, DmarcResult, SpfResult, SpfStatus
from sesreceive.dns.recording import Recording
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message

WALK = Assumptions(dmarc_discovery="tree-walk")


def zone(records: dict[str, Any], others: dict[str, Any] | None = None) -> Zone:
    """The policy records by the domain they are about."""
    made: dict[str, Any] = {
        f"_dmarc.{at}": text if text == "TIMEOUT" else {"TXT": text} for at, text in records.items()
    }
    return Zone({**made, **(others or {})})


def judge(author: str, dns: Any, signer: str = "", sender: str = "") -> DmarcResult:
    spf = SpfResult(
        status=SpfStatus.PASS if sender else SpfStatus.NONE, domain=sender or "x.example",
        envelope_from=f"b@{sender or 'x.example'}", client_ip="192.0.2.7", helo="",
    )  # fmt: skip
    signatures = [DkimResult(status=DkimStatus.PASS, domain=signer)] if signer else []
    return evaluate(Message(f"From: a@{author}\r\n\r\n".encode()), spf, signatures, dns, assumptions=WALK)


# RFC 9989 sections 4.10 and 4.10.2; the first five are its own examples.
ORGANIZATIONS: list[tuple[str, dict[str, str], str]] = [
    # domain                  policy records                                                      organisational domain
    ("a.mail.example.com",    {"mail.example.com": "p=none", "example.com": "p=none"},            "example.com"),
    ("a.mail.example.com",    {"mail.example.com": "p=none; psd=n", "example.com": "p=none"},     "mail.example.com"),
    ("a.mail.example.com",    {"com": "p=none; psd=y"},                                           "example.com"),
    ("a.mail.example.com",    {"example.com": "p=none; psd=y"},                                   "mail.example.com"),
    ("a.mail.example.com",    {},                                                                 "a.mail.example.com"),
    ("example.com",           {"example.com": "p=none", "com": "p=none; psd=y"},                  "example.com"),
    ("example.com",           {"example.com": "p=none; psd=y"},                                   "example.com"),
    ("co.example",            {"co.example": "p=none; psd=y", "example": "p=none"},               "co.example"),
    ("a.example.com",         {"a.example.com": "p=none; psd=u", "example.com": "p=none; psd=Y"}, "a.example.com"),
    ("a.example.com",         {"a.example.com": "p=none; psd=maybe", "com": "p=none"},            "com"),
    ("a.example.com",         {"a.example.com": "p=none", "example.com": "p=none; p=none"},       "a.example.com"),
    ("1.2.3.4.5.6.7.8.9.com", {"4.5.6.7.8.9.com": "p=none", "3.4.5.6.7.8.9.com": "p=none"},       "4.5.6.7.8.9.com"),
]  # fmt: skip


@pytest.mark.parametrize("domain,records,wanted", ORGANIZATIONS)
def test_the_organisational_domain_is_selected_from_the_records_of_the_walk(
    domain: str, records: dict[str, str], wanted: str
) -> None:
    dns = Recording(zone({at: f"v=DMARC1; {text}" for at, text in records.items()}))
    assert TreeWalk(dns, Memory()).organization(domain) == wanted


QUESTIONS = [
    # author domain, and the names that are asked
    ("a.b.c.d.e.f.g.h.i.j.mail.example.com",
     ["a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com", "h.i.j.mail.example.com",
      "i.j.mail.example.com", "j.mail.example.com", "mail.example.com", "example.com", "com"]),
    ("a.b.c.d.e.f.example.com",
     ["a.b.c.d.e.f.example.com", "b.c.d.e.f.example.com", "c.d.e.f.example.com", "d.e.f.example.com",
      "e.f.example.com", "f.example.com", "example.com", "com"]),
    ("mail.example.com", ["mail.example.com", "example.com", "com"]),
]  # fmt: skip


@pytest.mark.parametrize("author,asked", QUESTIONS)
def test_eight_names_are_asked_at_most(author: str, asked: list[str]) -> None:
    dns = Recording(Zone())
    assert judge(author, dns).status == "none"
    assert [question.name.removeprefix("_dmarc.") for question in dns.questions] == asked


POLICIES: list[tuple[str, dict[str, str], dict[str, Any], str, str | None]] = [
    # author domain       policy records                                   other records        status       policy
    ("example.com",       {"example.com": "p=reject; sp=none"},            {},                  "fail",      "reject"),
    ("a.example.com",     {"example.com": "p=reject; sp=none"},            {},                  "fail",      "none"),
    ("a.b.example.com",   {"b.example.com": "p=none", "example.com": "p=reject"}, {},           "fail",      "reject"),
    ("a.example.com",     {"example.com": "p=none; np=reject"},            {},                  "fail",      "reject"),
    ("a.example.com",     {"example.com": "p=none; np=reject"}, {"a.example.com": {"A": "192.0.2.1"}}, "fail", "none"),
    ("a.example.com",     {"example.com": "p=none; np=reject"}, {"a.example.com": {"MX": (1, "b.c")}}, "fail", "none"),
    ("a.example.com",     {"example.com": "p=none; np=reject"}, {"a.example.com": {"TXT": "x"}}, "fail",     "reject"),
    ("a.example.com",     {"example.com": "p=none; np=reject"}, {"a.example.com": "TIMEOUT"},   "fail",      "none"),
    ("example.com",       {"com": "p=none; sp=quarantine; psd=y"},         {},                "fail", "quarantine"),
    ("a.example.com",     {"example.com": "p=none", "com": "p=reject; psd=y"}, {},              "fail",      "none"),
    ("example.com",       {"example.com": "rua=x"},                        {},                  "fail",      "none"),
    ("example.com",       {"example.com": "p=x"},                          {},                  "permerror", None),
    ("example.com",       {"example.com": "p=reject; np=x"},               {},                  "permerror", None),
    ("example.com",       {"example.com": "p=x; rua=mailto:a@example.com"}, {},                 "fail",      "none"),
    ("example.com",       {"com": "p=none; psd=y; p=none"},                {},                  "none",      None),
    ("example.com",       {},                                              {},                  "none",      None),
]  # fmt: skip


@pytest.mark.parametrize("author,records,others,status,policy", POLICIES)
def test_the_record_that_applies_is_the_nearest_of_three(
    author: str, records: dict[str, str], others: dict[str, Any], status: str, policy: str | None
) -> None:
    result = judge(author, zone({at: f"v=DMARC1; {text}" for at, text in records.items()}, others))
    assert (result.status, result.policy) == (status, policy), result.reason


PSD = {
    "example.com": "v=DMARC1; p=reject",
    "sub.example.com": "v=DMARC1; p=none; psd=n",
    "com": "v=DMARC1; p=none; psd=y",
}

ALIGNED = [
    # author domain        signer                 status
    ("example.com",        "example.com",         "pass"),
    ("a.example.com",      "b.example.com",       "pass"),
    ("example.com",        "other.com",           "fail"),
    ("example.com",        "sub.example.com",     "fail"),
    ("a.sub.example.com",  "b.sub.example.com",   "pass"),
    ("a.sub.example.com",  "example.com",         "fail"),
]  # fmt: skip


@pytest.mark.parametrize("author,signer,status", ALIGNED)
def test_alignment_is_one_organisation_by_two_walks(author: str, signer: str, status: str) -> None:
    assert judge(author, zone(PSD), signer=signer).status == status
    assert judge(author, zone(PSD), sender=signer).status == status


def test_nothing_is_asked_for_a_signer_outside_the_organisation() -> None:
    dns = Recording(zone(PSD))
    judge("example.com", dns, signer="a.b.c.d.attacker.example")
    assert {question.name for question in dns.questions} == {"_dmarc.example.com", "_dmarc.com"}


def test_two_records_of_a_name_are_none() -> None:
    dns = zone({"a.example.com": ["v=DMARC1; p=none", "v=DMARC1; p=none"], "example.com": "v=DMARC1; p=reject"})
    assert judge("a.example.com", dns).policy == "reject"


@pytest.mark.parametrize("at", ["a.example.com", "example.com", "com"])
def test_a_walk_that_dns_breaks_is_a_temperror(at: str) -> None:
    result = judge("a.example.com", zone({at: "TIMEOUT"}))
    assert (result.status, f"`TXT _dmarc.{at}`" in result.reason) == ("temperror", True)


def test_the_suffix_list_is_what_counts_unless_asked_otherwise() -> None:
    dns = zone({"b.example.com": "v=DMARC1; p=reject"})
    spf = SpfResult(status=SpfStatus.NONE, domain="", envelope_from="", client_ip="192.0.2.7", helo="")
    message = Message(b"From: a@a.b.example.com\r\n\r\n")
    assert evaluate(message, spf, (), dns).status == "none"
    assert evaluate(message, spf, (), dns, assumptions=WALK).status == "fail"


@given(
    labels=st.lists(st.sampled_from(["a", "b", "example", "com"]), min_size=2, max_size=12),
    psd=st.dictionaries(st.integers(0, 11), st.sampled_from(["", "psd=y", "psd=n", "p=x"]), max_size=4),
)
def test_an_organisation_is_the_domain_or_above_it(labels: list[str], psd: dict[int, str]) -> None:
    names = [".".join(labels[start:]) for start in range(len(labels))]
    records = {names[at]: f"v=DMARC1; {text}" for at, text in psd.items() if at < len(names)}
    dns = Recording(zone(records))
    assert TreeWalk(dns, Memory()).organization(names[0]) in names
    assert len(dns.questions) <= 8
