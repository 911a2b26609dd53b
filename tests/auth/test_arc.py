"""ARC: chains that dkimpy seals, what breaks them, and what they explain of mail that was forwarded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signing import pem, record, rsa_key, sign

from sesreceive.auth.arc import MAX_SIGNED_NAMES, verify
from sesreceive.auth.results import ArcStatus
from sesreceive.auth.verdicts import verdicts_of
from sesreceive.dns.recording import Recording
from sesreceive.dns.zone import Zone
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.stages.authentication import authenticate

RAW = b"From: Ana <ana@example.org>\r\nTo: list@example.net\r\nSubject: hello\r\n\r\nBody  of the message.\r\n"
SIGNERS = ("example.org", "example.net", "relay.example")
ZONE = Zone(
    {
        **{f"s1._domainkey.{domain}": {"TXT": record(rsa_key())} for domain in SIGNERS},
        "example.org": {"TXT": "v=spf1 ip4:192.0.2.0/24 -all"},
        "_dmarc.example.org": {"TXT": "v=DMARC1; p=reject"},
    }
)
FOUND_BY_THE_LIST = (
    b"spf=pass smtp.mailfrom=ana@example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org"
)


def now() -> float:
    """The time of the machine, by which dkimpy signs and seals."""
    return datetime.now(UTC).timestamp()


def sealed(raw: bytes, domain: bytes = b"example.net", found: bytes = FOUND_BY_THE_LIST) -> bytes:
    """The message as a host passes it on: what it found, and its set."""
    host = b"mx." + domain
    raw = b"Authentication-Results: " + host + b"; " + found + b"\r\n" + raw
    return b"".join(dkim.arc_sign(raw, b"s1", domain, pem(rsa_key()), host)) + raw


ONCE = sealed(RAW)
TWICE = sealed(ONCE, b"relay.example", b"spf=fail smtp.mailfrom=ana@example.org; arc=pass")

AAR = b"ARC-Authentication-Results: i=1; mx.example.net;"
MANY_NAMES = b"ARC-Message-Signature: i=1; h=" + b"a:" * (MAX_SIGNED_NAMES + 1) + b"\r\n"
NEWEST = "Most recent ARC-Message-Signature did not validate"

CHAINS: list[tuple[str, bytes, Callable[[bytes], bytes], str, str]] = [
    # what                            message  what is done to it on the way                         status
    #   part of the reason
    ("one set",                       ONCE,    lambda raw: raw,                                      "pass",
     "the seal of `example.net` verifies"),
    ("two sets",                      TWICE,   lambda raw: raw,                                      "pass",
     "the seals of `example.net`, `relay.example` verify"),
    ("a field that is not signed",    TWICE,   lambda raw: b"Received: by mx.example.com\r\n" + raw, "pass", ""),
    ("bare line feeds",               ONCE,    lambda raw: raw.replace(b"\r\n", b"\n"),              "pass", ""),
    ("blanks at the end of a line",   ONCE,    lambda raw: raw.replace(b"message.", b"message. "),   "pass", ""),
    ("another body",                  ONCE,    lambda raw: raw.replace(b"Body", b"Buddy"),           "fail", NEWEST),
    ("another subject",               ONCE,    lambda raw: raw.replace(b"hello", b"hallo"),          "fail", NEWEST),
    ("another finding",               ONCE,    lambda raw: raw.replace(AAR, AAR[:-2] + b"w;"),       "fail",
     "ARC-Seal[1] did not validate"),
    ("a set without its seal",        ONCE,    lambda raw: raw.replace(b"ARC-Seal:", b"X-Seal:"),    "fail",
     "Incomplete ARC set for instance 1"),
    ("a chain without its first set", TWICE,   lambda raw: raw.replace(b" i=1;", b" i=3;"),          "fail", ""),
    ("seals alone",                   RAW,     lambda raw: b"ARC-Seal: i=1\r\n" + raw,               "fail",
     "Incomplete ARC set"),
    ("no instance",                   RAW,     lambda raw: b"ARC-Seal: a=b\r\n" + raw,               "fail",
     "Message is not ARC signed"),
    ("an instance of nine digits",    RAW,     lambda raw: b"ARC-Seal: i=999999999\r\n" + raw,       "fail",
     "Incomplete ARC set"),
    ("too many sets",                 RAW,     lambda raw: b"ARC-Seal: i=1\r\n" * 51 + raw,          "fail",
     "more than 50 sets"),
    ("too many fields",               ONCE,    lambda raw: b"X: y\r\n" * 1000 + raw,                 "fail",
     "more than 262144 octets or 1000 fields"),
    ("too many names",                RAW,     lambda raw: MANY_NAMES + raw,                         "fail",
     "names more than 200 fields"),
]  # fmt: skip


@pytest.mark.parametrize("raw,change,status,part", [row[1:] for row in CHAINS], ids=[row[0] for row in CHAINS])
def test_a_chain_holds_or_says_why_not(raw: bytes, change: Callable[[bytes], bytes], status: str, part: str) -> None:
    result = verify(Message(change(raw)), ZONE)
    assert result is not None
    assert (result.status, part in result.reason) == (status, True), result.reason


MISSING_KEYS = [
    # the key of example.net       part of the reason
    ({},                           "there is no key `s1._domainkey.example.net`: nxdomain"),
    ({"*": "TIMEOUT"},             "there is no key `s1._domainkey.example.net`: timeout"),
    ({"TXT": record(rsa_key(2048))}, "did not validate"),
    ({"TXT": ["hello", record(rsa_key())]}, ""),
]  # fmt: skip


@pytest.mark.parametrize("key,part", MISSING_KEYS)
def test_a_key_that_is_not_there_is_the_reason(key: dict[str, object], part: str) -> None:
    result = verify(Message(ONCE), Zone({"s1._domainkey.example.net": key}))  # type: ignore[dict-item]
    assert result is not None
    assert result.status == ("fail" if part else "pass")
    assert part in result.reason


def test_what_the_hosts_say_is_read() -> None:
    result = verify(Message(TWICE), ZONE)
    assert result is not None
    assert [(one.instance, one.authserv_id, one.sealed_by) for one in result.sets] == [
        (1, "mx.example.net", "example.net"),
        (2, "mx.relay.example", "relay.example"),
    ]
    assert result.sets[0].results == (("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass"))


SAID: list[tuple[bytes, str, tuple[tuple[str, str], ...]]] = [
    # ARC-Authentication-Results
    #   the host                  results
    (b"i=1; mx.example.net; spf=pass smtp.mailfrom=a@b; dkim=fail",
     "mx.example.net",            (("spf", "pass"), ("dkim", "fail"))),
    (b"i=1; mx.example.net 1; dmarc=pass action=none header.from=x; arc=none",
     "mx.example.net",            (("dmarc", "pass"), ("arc", "none"))),
    (b"i=1; mx.example.net; arc=pass (i=1 spf=pass; dkim=pass (nested; x=y)); spf=pass",
     "mx.example.net",            (("arc", "pass"), ("spf", "pass"))),
    (b"i = 1 ; MX.example.net;\r\n\tSPF=Pass\r\n\t(by \\) us) smtp.helo=x",
     "MX.example.net",            (("spf", "pass"),)),
    (b"i=1; mx.example.net; none",
     "mx.example.net",            ()),
    (b"i=1; ",
     "",                          ()),
    (b"i=1; mx.example.net (unclosed; spf=pass",
     "mx.example.net",            ()),
]  # fmt: skip


@pytest.mark.parametrize("field,host,results", SAID)
def test_results_of_other_hosts_are_read_outside_comments(
    field: bytes, host: str, results: tuple[tuple[str, str], ...]
) -> None:
    result = verify(Message(b"ARC-Authentication-Results: " + field + b"\r\n" + RAW), ZONE)
    assert result is not None
    assert [(one.authserv_id, one.results) for one in result.sets] == [(host, results)]
    assert result.status is ArcStatus.FAIL


# ------------------------------------------------------------------------ the trace

FORWARDED = Envelope(client_ip="203.0.113.9", helo="mx.example.net", mail_from="ana@example.org")
DIRECT = Envelope(client_ip="192.0.2.7", helo="mx.example.org", mail_from="ana@example.org")
SIGNED = sign(RAW, rsa_key())
THE_LIST = "they passed at `mx.example.net`, and the seal of `example.net` verifies; no verdict follows from it"

EXPLAINED = [
    # what                            client     message                                             the event
    ("a list that changed the text",  FORWARDED, sealed(SIGNED.replace(b"hello", b"[list] hello")),
     f"pass: SPF, DKIM and DMARC do not pass here because the message was forwarded; the chain says {THE_LIST}"),
    ("a host that changed nothing",   FORWARDED, sealed(SIGNED),
     ("pass: SPF does not pass here because the message was forwarded; the chain says it passed at `mx.example.net`, "
      "and the seal of `example.net` verifies; no verdict follows from it")),
    ("not forwarded",                 DIRECT,    sealed(SIGNED),
     "pass: the seal of `example.net` verifies; no verdict follows from it"),
    ("it failed before, too",         FORWARDED, sealed(RAW, found=b"spf=fail smtp.mailfrom=x@y"),
     "pass: the seal of `example.net` verifies; no verdict follows from it"),
    ("a broken chain",                FORWARDED, ONCE.replace(b"Body", b"Buddy"),
     "fail: the chain does not hold: Most recent ARC-Message-Signature did not validate (RFC 8617 section 5.2)"),
]  # fmt: skip


@pytest.mark.parametrize("envelope,raw,reason", [row[1:] for row in EXPLAINED], ids=[row[0] for row in EXPLAINED])
def test_the_event_explains_what_forwarding_broke(envelope: Envelope, raw: bytes, reason: str) -> None:
    decision = authenticate(Message(raw), envelope, ZONE, now())
    event = decision.events[-1]
    assert (event.subject, event.reason) == ("ARC", reason)
    assert event.op.value == ("match" if reason.startswith("pass") else "miss")
    assert any("s1._domainkey.example.net" in question for question in event.fact.questions)


def test_no_verdict_follows_from_a_chain() -> None:
    plain, with_chain = (
        authenticate(Message(raw), FORWARDED, ZONE, now()).results
        for raw in (b"Authentication-Results: x; none\r\n" + RAW, sealed(RAW))
    )
    assert verdicts_of(plain) == verdicts_of(with_chain)
    assert (plain.spf, plain.dkim, plain.dmarc) == (with_chain.spf, with_chain.dkim, with_chain.dmarc)


def test_a_message_without_arc_fields_shows_and_asks_nothing() -> None:
    recording = Recording(ZONE)
    assert verify(Message(SIGNED), recording) is None
    assert recording.questions == ()
    assert authenticate(Message(SIGNED), DIRECT, ZONE, now()).events[-1].subject == "DMARC"


# ------------------------------------------------------------------------ hostile mail


def test_a_body_that_is_slow_to_hash_is_hashed_in_proportion_to_it() -> None:
    # dkimpy alone needs the square of a run of blanks: the passes over the body are counted, not the time.
    asked = []

    class Bodies:
        def digest(self, form: bytes, length: int | None = None) -> bytes:
            asked.append((form, length))
            return b""

    verify(Message(TWICE), ZONE, Bodies())  # type: ignore[arg-type]
    assert asked == [(b"relaxed", None)] * 2


PIECES = """
    ARC-Seal: ARC-Message-Signature: ARC-Authentication-Results: i=1; i=2; cv=none; a=rsa-sha256; b=AAAA; bh=AAAA;
    d=example.net; s=s1; h=From:; c=simple/x; l=x; ( ) \\ = spf=pass
"""
pieces = st.sampled_from([*(b" " + word.encode() for word in PIECES.split()), b"\r\n", b"\xff", b"\r\nARC-Seal:"])


@given(st.lists(pieces, max_size=60).map(b"".join))
def test_any_fields_have_a_result(raw: bytes) -> None:
    result = verify(Message(raw + b"\r\n" + RAW), ZONE)
    assert result is None or result.reason


@given(st.integers(0, len(TWICE)), st.integers(0, len(TWICE)), st.binary(max_size=5))
def test_a_chain_that_was_cut_and_patched_has_a_result(start: int, end: int, patch: bytes) -> None:
    result = verify(Message(TWICE[:start] + patch + TWICE[end:]), ZONE)
    assert result is None or result.reason
