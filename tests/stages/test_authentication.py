"""Step 3: the three checks in order, their questions, and one event each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing import ed25519_key, record, rsa_key, sign

from sesreceive.assumption import Assumptions
from sesreceive.dns.resolver import DnsAnswer
from sesreceive.dns.zone import Zone
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.stages.authentication import AuthenticationDecision, authenticate, reread

RAW = b"From: Ana <ana@example.org>\r\nSubject: hello\r\n\r\nbody\r\n"
ENVELOPE = Envelope(
    client_ip="192.0.2.7", helo="mx.example.org", mail_from="ana@example.org", rcpt_to=("bo@example.com",)
)
ZONE = Zone(
    {
        "example.org": {"TXT": "v=spf1 mx -all", "MX": (10, "mx.example.org")},
        "mx.example.org": {"A": "192.0.2.7"},
        "s1._domainkey.example.org": {"TXT": record(rsa_key())},
        "_dmarc.example.org": {"TXT": "v=DMARC1; p=reject"},
    }
)


def decide(raw: bytes = RAW, envelope: Envelope = ENVELOPE, zone: Zone = ZONE) -> AuthenticationDecision:
    return authenticate(Message(raw), envelope, zone, 1_700_000_000)


def test_every_check_has_one_event_inside_the_stage() -> None:
    events = decide(sign(RAW, rsa_key())).events
    assert [(event.subject, event.op.value, event.parent) for event in events] == [
        ("authentication", "enter", -1),
        ("SPF", "match", 0),
        ("DKIM signature", "match", 0),
        ("DMARC", "match", 0),
    ]
    assert {event.stage.value for event in events} == {"authentication"}
    assert [event.fact.status for event in events[1:]] == ["pass"] * 3
    assert [event.fact.domain for event in events[1:]] == ["example.org"] * 3
    assert all(event.reason for event in events)


def test_each_event_has_the_questions_of_its_check() -> None:
    signed = sign(sign(RAW, rsa_key()), ed25519_key(), over={"d": "example.net", "s": "s2"})
    decision = decide(signed)
    assert [event.fact.questions for event in decision.events[1:]] == [
        ("TXT example.org -> found", "MX example.org -> found", "A mx.example.org -> found"),
        ("TXT s2._domainkey.example.net -> nxdomain",),
        ("TXT s1._domainkey.example.org -> found",),
        ("TXT _dmarc.example.org -> found",),
    ]
    assert [event.subject for event in decision.events[2:4]] == ["DKIM signature 1", "DKIM signature 2"]
    assert [question.asked_by for question in decision.results.questions] == ["spf"] * 3 + ["dkim"] * 2 + ["dmarc"]


def test_a_message_without_a_signature_says_so() -> None:
    (event,) = [event for event in decide().events if event.op == "skip"]
    assert (event.subject, event.reason) == ("DKIM", "the message carries no DKIM-Signature field")


def test_a_check_that_does_not_pass_is_a_miss_with_its_reason() -> None:
    envelope = Envelope(mail_from="ana@example.org", client_ip="192.0.2.1")
    decision = decide(sign(RAW, rsa_key()).replace(b"body", b"other"), envelope)
    spf, dkim, dmarc = decision.events[1:]
    assert {event.op.value for event in (spf, dkim, dmarc)} == {"miss"}
    assert spf.reason == f"fail: {decision.results.spf.reason}"
    assert dkim.reason == f"fail: {decision.results.dkim[0].reason}"
    assert dmarc.reason == f"fail: {decision.results.dmarc.reason}"


VERDICTS = [
    # alignment    signer             DKIM verdict
    ("strict",     "example.org",     "PASS"),
    ("strict",     "mg.example.org",  "GRAY"),
    ("relaxed",    "mg.example.org",  "PASS"),
    ("relaxed",    "example.net",     "GRAY"),
]  # fmt: skip


@pytest.mark.parametrize("alignment,signer,verdict", VERDICTS)
def test_the_stage_event_says_the_verdicts(alignment: str, signer: str, verdict: str) -> None:
    raw = sign(RAW, rsa_key(), over={"d": signer})
    zone = ZONE | {f"s1._domainkey.{signer}": {"TXT": record(rsa_key())}}
    assumptions = Assumptions(dkim_alignment=alignment)
    stage = authenticate(Message(raw), ENVELOPE, zone, 0, assumptions).events[0]
    assert (stage.fact.spf, stage.fact.dkim, stage.fact.dmarc) == ("PASS", verdict, "PASS")
    assert stage.reason == f"the verdicts are SPF PASS, DKIM {verdict}, DMARC PASS"


VOIDS, ALL = "v=spf1 a:a.x a:b.x a:c.x -all", "v=spf1 -all"

REREAD: list[tuple[str, str, dict[str, Any], dict[str, Any], str, str]] = [
    # what                 SPF record         other records                           the other reading
    #   SPF before   SPF after
    ("void look-ups",      VOIDS,             {},                                     {"spf_void_lookups": 2},
     "fail",         "permerror"),
    ("an error in ptr",    "v=spf1 ptr -all", {"7.2.0.192.in-addr.arpa": "TIMEOUT"},  {"spf_ptr_errors": "temperror"},
     "fail",         "temperror"),
    ("nothing of SPF",     ALL,               {},                                     {"dkim_alignment": "relaxed"},
     "fail",         "fail"),
    ("what was not asked", ALL,               {},                                     {"dmarc_discovery": "tree-walk"},
     "fail",         "fail"),
]  # fmt: skip


@pytest.mark.parametrize(
    "record,others,reading,before,after", [row[1:] for row in REREAD], ids=[row[0] for row in REREAD]
)
def test_another_reading_is_evaluated_by_the_answers_of_the_first(
    record: str, others: dict[str, Any], reading: dict[str, Any], before: str, after: str
) -> None:
    policy = {"_dmarc.example.org": {"TXT": "v=DMARC1; p=reject"}}
    first = decide(zone=Zone({"example.org": {"TXT": record}, **policy, **others})).results
    readings = {"before": Assumptions(), "after": Assumptions(**reading)}
    second = reread(first, Message(RAW), ENVELOPE, 1_700_000_000, **readings).results
    assert (first.spf.status, second.spf.status) == (before, after)
    assert second.dmarc.status == ("temperror" if after == "temperror" else "fail")


class Broken:
    """A resolver that does what no resolver may."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def resolve(self, name: str, rdtype: str) -> DnsAnswer:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]  # that is the point


@pytest.mark.parametrize("answer", [RuntimeError("no"), None, 7, DnsAnswer("odd")], ids=repr)  # type: ignore[arg-type]
def test_a_resolver_that_breaks_is_a_server_that_fails(answer: object) -> None:
    results = authenticate(Message(sign(RAW, rsa_key())), ENVELOPE, Broken(answer), 0).results
    assert [results.spf.status, results.dkim[0].status, results.dmarc.status] == ["temperror"] * 3
    assert {question.status for question in results.questions} == {"servfail"}


said = st.text(st.characters(exclude_characters="\r\n\0", codec=None), max_size=20)


@given(raw=st.binary(max_size=120), helo=said, mail_from=said)
def test_any_mail_is_authenticated(raw: bytes, helo: str, mail_from: str) -> None:
    decision = decide(raw, Envelope(client_ip="2001:db8::1", helo=helo, mail_from=mail_from))
    assert len(decision.events) == 3 + max(len(decision.results.dkim), 1)
