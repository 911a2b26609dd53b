"""DMARC as a table: who the message is from, what passed, what the domain asks for, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesreceive.auth.dmarc import MAX_AUTHOR_DOMAINS, evaluate
from sesreceive.auth.organization import organizational_domain
from sesreceive.auth.policy_record import DmarcRecord
from sesreceive.auth.results import DkimResult, DkimStatus, DmarcResult, DmarcStatus, SpfResult, SpfStatus
from sesreceive.dns.recording import Recording
from sesreceive.dns.zone import Zone
from sesreceive.mail.message import Message

ZONE = Zone(
    {
        "_dmarc.example.org": {"TXT": "v=DMARC1; p=reject; sp=quarantine"},
        "_dmarc.own.example.org": {"TXT": "v=DMARC1; p=none"},
        "_dmarc.example.net": {"TXT": "v=DMARC1; p=quarantine; aspf=s; adkim=s"},
        "_dmarc.example.com": {"TXT": ["google-site-verification=x", "v=DMARC1; p=none"]},
        "_dmarc.two.example": {"TXT": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]},
        "_dmarc.broken.example": {"TXT": "v=DMARC1; p=rejekt"},
        "_dmarc.reports.example": {"TXT": "v=DMARC1; p=rejekt; rua=mailto:dmarc@reports.example"},
        "_dmarc.badsp.example": {"TXT": "v=DMARC1; p=reject; sp=maybe"},
        "_dmarc.twice.example": {"TXT": "v=DMARC1; p=none; p=reject"},
        "_dmarc.late.example": {"TXT": "p=reject; v=DMARC1"},
        "_dmarc.slow.example": "TIMEOUT",
        "_dmarc.down.example": "SERVFAIL",
        "_dmarc.example.co.uk": {"TXT": "v=DMARC1; p=reject"},
        "_dmarc.münchen.example": {"TXT": "v=DMARC1; p=reject"},
    }
)


def spf(said: str = "none ana@elsewhere.example") -> SpfResult:
    status, _, sender = said.partition(" ")
    return SpfResult(
        status=SpfStatus(status),
        domain="decided.example",
        envelope_from=sender,
        client_ip="192.0.2.7",
        helo="mx.example.org",
    )


def dkim(*said: str) -> list[DkimResult]:
    return [DkimResult(status=DkimStatus(status), domain=domain) for status, domain in (one.split() for one in said)]


def dmarc(author: str, sender: str = "none ana@elsewhere.example", signers: tuple[str, ...] = ()) -> DmarcResult:
    return evaluate(Message(f"From: {author}\r\n\r\n".encode()), spf(sender), dkim(*signers), ZONE)


A, ELSEWHERE = "ana@example.org", "none ana@elsewhere.example"

CASES: list[tuple[str, str, tuple[str, ...], str, str | None, str]] = [
    # author               SPF                               DKIM                       status       policy
    #   reason
    (A,                    "pass b@example.org",             (),                        "pass",      "reject",
     "SPF passed for `example.org`, aligned with `example.org`"),
    (A,                    "pass b@bounce.example.org",      (),                        "pass",      "reject",
     "SPF passed for `bounce.example.org`, aligned with `example.org`"),
    (A,                    "pass b@bounce.example.net",      (),                        "fail",      "reject",
     "SPF passed for `bounce.example.net`, which is not aligned with `example.org`; there is no DKIM signature"),
    (A,                    "fail b@example.org",             (),                        "fail",      "reject",
     "SPF gave fail for `example.org`; there is no DKIM signature"),
    (A,                    "pass postmaster@mx.example.org", (),                        "pass",      "reject",
     "SPF passed for `mx.example.org`, aligned with `example.org`"),
    (A,                    ELSEWHERE,                        ("pass example.org",),     "pass",      "reject",
     "a DKIM signature of `example.org` passed, aligned with `example.org`"),
    (A,                    ELSEWHERE,                        ("pass mg2.example.org",), "pass",      "reject",
     "a DKIM signature of `mg2.example.org` passed, aligned with `example.org`"),
    (A,                    "pass b@example.org",             ("pass example.org",),     "pass",      "reject",
     "SPF passed for `example.org` and a DKIM signature of `example.org` passed, aligned with `example.org`"),
    (A,                    ELSEWHERE,                        ("pass amazonses.com",),   "fail",      "reject",
     ("SPF gave none for `elsewhere.example`, which is not aligned with `example.org`; "
      "the DKIM signature of `amazonses.com` is not aligned with `example.org`")),
    (A,                    ELSEWHERE,                        ("fail example.org",),     "fail",      "reject",
     ("SPF gave none for `elsewhere.example`, which is not aligned with `example.org`; "
      "no aligned DKIM signature passed (`example.org` fail)")),
    (A,                    ELSEWHERE,                        ("fail example.org", "pass example.org"), "pass", "reject",
     "a DKIM signature of `example.org` passed, aligned with `example.org`"),
    (A,                    "temperror b@example.org",        (),                        "temperror", "reject",
     "SPF gave temperror for `example.org`; there is no DKIM signature"),
    (A,                    "temperror b@example.net",        (),                        "fail",      "reject",
     "SPF gave temperror for `example.net`, which is not aligned with `example.org`; there is no DKIM signature"),
    (A,                    "fail b@example.org",             ("temperror example.org",), "temperror", "reject",
     "SPF gave fail for `example.org`; no aligned DKIM signature passed (`example.org` temperror)"),
    (A,                    "temperror b@example.org",        ("pass example.org",),     "pass",      "reject",
     "a DKIM signature of `example.org` passed, aligned with `example.org`"),
    ("ana@mx.example.org", "fail b@example.org",             (),                        "fail",      "quarantine",
     "SPF gave fail for `example.org`; there is no DKIM signature"),
    ("a@own.example.org",  "fail b@example.org",             (),                        "fail",      "none",
     "SPF gave fail for `example.org`; there is no DKIM signature"),
    ("ana@example.net",    "pass b@example.net",             (),                        "pass",      "quarantine",
     "SPF passed for `example.net`, aligned with `example.net`"),
    ("ana@example.net",    "pass b@mx.example.net",          ("pass mg.example.net",),  "fail",      "quarantine",
     ("SPF passed for `mx.example.net`, which is not aligned with `example.net` (strict alignment); "
      "the DKIM signature of `mg.example.net` is not aligned with `example.net` (strict alignment)")),
    ("ana@example.com",    ELSEWHERE,                        (),                        "fail",      "none",
     "SPF gave none for `elsewhere.example`, which is not aligned with `example.com`; there is no DKIM signature"),
    ("a@shop.example.co.uk", "pass b@example.co.uk",         (),                        "pass",      "reject",
     "SPF passed for `example.co.uk`, aligned with `shop.example.co.uk`"),
    ("a@example.co.uk",    "pass b@other.co.uk",             (),                        "fail",      "reject",
     "SPF passed for `other.co.uk`, which is not aligned with `example.co.uk`; there is no DKIM signature"),
    ("a@münchen.example",  "pass b@MÜNCHEN.example",         (),                        "pass",      "reject",
     "SPF passed for `xn--mnchen-3ya.example`, aligned with `xn--mnchen-3ya.example`"),
    ("a@no.policy.example", "pass b@no.policy.example",      (),                        "none",      None,
     "`no.policy.example` and `policy.example` publish no policy"),
    ("a@policy.example",   "pass b@policy.example",          (),                        "none",      None,
     "`policy.example` publishes no policy"),
    ("a@two.example",      ELSEWHERE,                        (),                        "none",      None,
     "`_dmarc.two.example` has 2 policy records, so none counts (RFC 7489 section 6.6.3)"),
    ("a@late.example",     ELSEWHERE,                        (),                        "none",      None,
     "`late.example` publishes no policy"),
    ("a@broken.example",   ELSEWHERE,                        (),                        "permerror", None,
     "the record of `broken.example` says no policy (RFC 7489 section 6.6.3)"),
    ("a@twice.example",    ELSEWHERE,                        (),                        "permerror", None,
     "the record of `twice.example` has the tag `p` twice (RFC 6376 section 3.2)"),
    ("a@badsp.example",    ELSEWHERE,                        (),                        "permerror", None,
     "the record of `badsp.example` says no policy (RFC 7489 section 6.6.3)"),
    ("a@reports.example",  "fail b@reports.example",         (),                        "fail",      "none",
     "SPF gave fail for `reports.example`; there is no DKIM signature"),
    ("a@slow.example",     ELSEWHERE,                        (),                        "temperror", None,
     "DNS gave no answer for `TXT _dmarc.slow.example`: timeout (RFC 7489 section 11.2)"),
    ("a@mx.down.example",  ELSEWHERE,                        (),                        "temperror", None,
     "DNS gave no answer for `TXT _dmarc.down.example`: servfail (RFC 7489 section 11.2)"),
    ("team:;",             ELSEWHERE,                        (),                        "none",      None,
     "the From field names no domain (RFC 7489 section 11.2)"),
    ("a@localhost",        ELSEWHERE,                        (),                        "none",      None,
     "the From field names no domain (RFC 7489 section 11.2)"),
    ("ana@example.org, bo@example.org", "pass b@example.org", (),                       "pass",      "reject",
     "SPF passed for `example.org`, aligned with `example.org`"),
    ("ana@example.com, bo@example.org", "pass b@example.com", (),                       "fail",      "reject",
     ("of 2 author domains `example.org` decides: SPF passed for `example.com`, which is not aligned with "
      "`example.org`; there is no DKIM signature")),
    ("ana@example.com, bo@example.org", ELSEWHERE,           (),                        "fail",      "reject",
     ("of 2 author domains `example.org` decides: SPF gave none for `elsewhere.example`, which is not aligned with "
      "`example.org`; there is no DKIM signature")),
]  # fmt: skip


@pytest.mark.parametrize("author,sender,signers,status,policy,reason", CASES)
def test_a_message_is_judged_for_its_author_domain(
    author: str, sender: str, signers: tuple[str, ...], status: str, policy: str | None, reason: str
) -> None:
    result = dmarc(author, sender, signers)
    assert (result.status.value, result.policy) == (status, policy)
    assert result.reason == reason


@pytest.mark.parametrize("status", DmarcStatus)
def test_every_result_of_the_rfc_is_in_the_table(status: DmarcStatus) -> None:
    assert status in {row[3] for row in CASES}


def test_what_was_found_is_in_the_result() -> None:
    result = dmarc("ana@Mail.Example.ORG", "pass b@example.org", ("pass example.net",))
    assert result.domain == "mail.example.org"
    assert result.organizational_domain == "example.org"
    assert result.record == "v=DMARC1; p=reject; sp=quarantine"
    assert (result.spf_aligned, result.dkim_aligned) == (True, False)


def test_the_identity_of_spf_is_the_sender_and_not_the_domain_that_decided() -> None:
    redirected = SpfResult(
        status=SpfStatus.PASS, domain="_spf.example.net", envelope_from="b@example.org", client_ip="192.0.2.7", helo=""
    )
    assert evaluate(Message(b"From: ana@example.org\r\n\r\n"), redirected, (), ZONE).status == "pass"


def test_a_message_without_a_from_field_has_nothing_to_evaluate() -> None:
    result = evaluate(Message(b"Subject: x\r\n\r\n"), spf(), (), ZONE)
    assert (result.status, result.domain) == ("none", "")
    assert result.reason == "the message has no From field (RFC 7489 section 11.2)"


def test_several_from_fields_are_a_permerror_of_the_first_domain() -> None:
    raw = b"From: ana@example.org\r\nFrom: eve@example.net\r\n\r\n"
    result = evaluate(Message(raw), spf("pass ana@example.org"), dkim("pass example.org"), ZONE)
    assert (result.status, result.domain) == ("permerror", "example.org")
    assert result.reason == "the message has 2 From fields (RFC 7489 section 6.6.1)"


def test_more_domains_than_the_limit_are_not_evaluated() -> None:
    recording = Recording(ZONE)
    many = ", ".join(f"a@d{number}.example" for number in range(MAX_AUTHOR_DOMAINS + 1))
    result = evaluate(Message(f"From: {many}\r\n\r\n".encode()), spf(), (), recording)
    assert result.status == "permerror"
    assert recording.questions == ()


def test_the_organisational_domain_is_asked_only_when_the_author_domain_has_no_policy() -> None:
    asked: dict[str, list[str]] = {}
    for author in ("example.org", "own.example.org", "mx.example.org"):
        recording = Recording(ZONE)
        evaluate(Message(f"From: a@{author}\r\n\r\n".encode()), spf(), (), recording)
        asked[author] = [question.name for question in recording.questions]
    assert asked == {
        "example.org": ["_dmarc.example.org"],
        "own.example.org": ["_dmarc.own.example.org"],
        "mx.example.org": ["_dmarc.mx.example.org", "_dmarc.example.org"],
    }


# ------------------------------------------------------------------------ records

RECORDS: list[tuple[str, dict[str, Any] | None]] = [
    # record                                                  fields that differ from p=none alone; None: no policy
    ("v=DMARC1; p=none",                                      {}),
    ("v=DMARC1;p=none;",                                      {}),
    ("v = DMARC1 ; p = none",                                 {}),
    ("v=DMARC1; p=NONE",                                      {}),
    ("v=DMARC1; p=reject",                                    {"policy": "reject", "subdomain_policy": "reject"}),
    ("v=DMARC1; p=quarantine; sp=none",                       {"policy": "quarantine"}),
    ("v=DMARC1; p=none; sp=reject",                           {"subdomain_policy": "reject"}),
    ("v=DMARC1; p=none; adkim=s",                             {"strict_dkim": True}),
    ("v=DMARC1; p=none; aspf=s",                              {"strict_spf": True}),
    ("v=DMARC1; p=none; adkim=x; aspf=",                      {}),
    ("v=DMARC1; p=none; pct=50",                              {"percent": 50}),
    ("v=DMARC1; p=none; pct=101",                             {}),
    ("v=DMARC1; p=none; pct=-1",                              {}),
    ("v=DMARC1; p=none; hello; =; zz=1; rf=afrf; ri=86400",   {}),
    ("V=DMARC1; P=Reject; SP=NONE; ASPF=S; aDKIM=r",          {"policy": "reject", "strict_spf": True}),
    ("v=DMARC1; rua=mailto:a@example.org",                    {}),
    ("v=DMARC1; p=x; rua=https://example.org,MAILTO:a@b",     {}),
    ("v=DMARC1; p=reject; sp=x; rua=mailto:a@example.org",    {}),
    ("v=DMARC1",                                              None),
    ("v=DMARC1; p=",                                          None),
    ("v=DMARC1; p=rejekt; rua=example.org",                   None),
    ("v=DMARC1; p=reject; sp=rejekt",                         None),
    ("v=DMARC1; p=none; p=reject",                            None),
    ("v=DMARC1; p=none; P=none",                              None),
    ("v=DMARC1; p=none; zz=1; zz=1",                          None),
    ("v=DMARC1; p=none; v=DMARC1",                            None),
    ("v=DMARC1; p=x; p=y; rua=mailto:a@example.org",          None),
    ("v=DMARC1; rua=mailto:",                                 None),
    ("v=DMARC1; rua=mailto:ana",                              None),
    ("v=DMARC1; rua=mailto:@example.org",                     None),
    ("v=DMARC1; rua=mailto:?to=a@example.org",                None),
    ("v=DMARC1; rua=https:",                                  None),
    ("v=DMARC1; rua=mailto:, mailto:a@example.org!10m",       {}),
    ("v=DMARC1; rua=https://example.org/dmarc",               {}),
]  # fmt: skip


@pytest.mark.parametrize("text,differs", RECORDS)
def test_a_record_is_read(text: str, differs: dict[str, Any] | None) -> None:
    plain = {"policy": "none", "subdomain_policy": "none", "strict_spf": False, "strict_dkim": False, "percent": 100}
    record = DmarcRecord.parse(text)
    if differs is None:
        assert record is None
    else:
        assert record is not None
        assert {name: getattr(record, name) for name in plain} == {**plain, **differs}


NOT_RECORDS = [
    "v=DMARC2; p=none",
    "v=dmarc1; p=none",  # the name `v` has no case, the version has: it "MUST match precisely" (section 6.3)
    "p=none; v=DMARC1",
    "v=DMARC1 p=none",
    " v=DMARC1; p=none",
    "",
    "v=spf1 -all",
]


@pytest.mark.parametrize("text", NOT_RECORDS)
def test_what_does_not_start_with_the_version_is_no_policy_record(text: str) -> None:
    zone = Zone({"_dmarc.example.org": {"TXT": text}})
    assert evaluate(Message(b"From: a@example.org\r\n\r\n"), spf(), (), zone).status == "none"


ORGANIZATIONAL = [
    ("example.com", "example.com"),
    ("a.b.example.com", "example.com"),
    ("example.co.uk", "example.co.uk"),
    ("mail.example.co.uk", "example.co.uk"),
    ("co.uk", "co.uk"),
    ("com", "com"),
    ("a.b.unheard-of", "b.unheard-of"),
    ("mail.xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ("mg2.substack.com", "substack.com"),
]


@pytest.mark.parametrize("domain,wanted", ORGANIZATIONAL)
def test_the_organisational_domain_is_one_below_the_public_suffix(domain: str, wanted: str) -> None:
    assert organizational_domain(domain) == wanted


# ------------------------------------------------------------------------ laws


@given(
    field=st.one_of(st.binary(max_size=60), st.text(alphabet='a@.,;:<>"()\\ \r\n', max_size=40).map(str.encode)),
    record=st.one_of(
        st.binary(max_size=40), st.text(alphabet="vDMARC1=;p sp none reject", max_size=60).map(str.encode)
    ),
    sender=st.text(max_size=20),
)
def test_whatever_anybody_writes_there_is_a_result(field: bytes, record: bytes, sender: str) -> None:
    zone = Zone({"_dmarc.a.a": {"TXT": record}, "_dmarc.example.org": {"TXT": b"v=DMARC1; " + record}})
    for raw in (field, b"From: " + field, b"From: ana@example.org, " + field):
        result = evaluate(Message(raw), spf(f"pass {sender}"), (), zone)
        assert result.status in DmarcStatus
        assert result.reason


@given(st.text(max_size=60))
def test_any_text_is_a_record_or_none(text: str) -> None:
    DmarcRecord.parse(text)
