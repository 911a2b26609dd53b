"""Each reading of an open point of the SMTP session and of the verdicts makes the difference that it says."""

from __future__ import annotations

from typing import Any

import pytest

import sesreceive as ses
from sesreceive import limits
from sesreceive.auth.results import (
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcPolicy,
    DmarcResult,
    DmarcStatus,
    SpfResult,
    SpfStatus,
)
from sesreceive.auth.verdicts import verdicts_of
from sesreceive.trace.events import Kind
from tests.conftest import make_account, make_rule

BLOCK = ses.ReceiptFilter.block("203.0.113.0/24", name="net")
BLOCKED, UNKNOWN = (
    "550 5.7.1 IP address blacklisted by recipient",
    "550 5.1.1 Requested action not taken: mailbox unavailable",
)
ORDERS = [
    # order             recipient               the answer to a blocked client
    ("identity-first",  "bo@example.com",       BLOCKED),
    ("identity-first",  "nobody@example.com",   BLOCKED),
    ("identity-first",  "bo@example.net",       UNKNOWN),
    ("mailbox-first",   "bo@example.com",       BLOCKED),
    ("mailbox-first",   "nobody@example.com",   UNKNOWN),
    ("mailbox-first",   "bo@example.net",       UNKNOWN),
    ("ip-first",        "bo@example.com",       BLOCKED),
    ("ip-first",        "nobody@example.com",   BLOCKED),
    ("ip-first",        "bo@example.net",       BLOCKED),
]  # fmt: skip


@pytest.mark.parametrize("order, recipient, reply", ORDERS)
def test_when_the_ip_filters_are_asked(order: str, recipient: str, reply: str) -> None:
    account = make_account(make_rule(recipients=("bo@example.com",))).with_filter(BLOCK)
    receiver = ses.Receiver(account, seed=1, assumptions=ses.Assumptions(ip_check_order=order))
    reception = receiver.receive(b"\r\n", client_ip="203.0.113.9", mail_from="ana@example.org", rcpt_to=[recipient])
    assert str(reception.reply) == reply
    (asked,) = reception.trace.select(kind=Kind.RECIPIENT)
    assert asked.reason == reception.recipients[0].reason  # what is told agrees with what was decided
    let_in = receiver.receive(b"\r\n", client_ip="198.51.100.7", mail_from="ana@example.org", rcpt_to=[recipient])
    assert let_in.accepted is (recipient == "bo@example.com")


def test_the_quota_of_conditions_has_two_readings() -> None:
    account = make_account(make_rule(recipients=tuple(f"r{n}@example.com" for n in range(101))))
    ses.Receiver(account)
    with pytest.raises(ses.ValidationError, match="expected at most 100 recipients but got 101"):
        ses.Receiver(account, assumptions=ses.Assumptions(recipients_per_rule=100))


def over_the_limit(**assumed: Any) -> ses.Reception:
    store = make_rule("store", ses.S3Action(bucket_name="inbox"))
    again = make_rule("again", ses.S3Action(bucket_name="inbox"), recipients=("bo@example.com",))
    receiver = ses.Receiver(make_account(store, again), seed=1, assumptions=ses.Assumptions(**assumed))
    raw = b"Subject: x\r\n\r\n" + b"x" * limits.MESSAGE_SIZE.value
    return receiver.receive(raw, mail_from="ana@example.org", rcpt_to=["bo@example.com", "cy@example.com"])


def test_a_message_over_forty_megabytes_is_refused_at_the_end_of_its_data() -> None:
    assert str(over_the_limit().reply) == "552 5.3.4 Message size exceeds fixed limit"


def test_or_it_is_accepted_and_bounced_once_and_nothing_else_happens() -> None:
    reception = over_the_limit(oversize_message="dsn")
    assert reception.reply.code == 250
    (bounce,) = reception.effects
    assert (bounce.operation, bounce.target) == ("SendBounce", "ana@example.org")
    assert b"Diagnostic-Code: smtp; 552 5.3.4 Message too large\r\n" in bounce.raw
    assert "is the most that SES takes, so it bounces" in str(reception.explain())


def test_twice_the_limit_is_refused_in_any_reading() -> None:
    receiver = ses.Receiver(make_account(make_rule()), seed=1, assumptions=ses.Assumptions(oversize_message="dsn"))
    raw = b"\r\n" + b"x" * (2 * limits.MESSAGE_SIZE.value)
    assert receiver.receive(raw, mail_from="ana@example.org", rcpt_to=["bo@example.com"]).reply.code == 552


def test_the_greeting_has_the_banner_of_the_assumptions() -> None:
    receiver = ses.Receiver(make_account(make_rule()), assumptions=ses.Assumptions(smtp_banner="ESMTP something"))
    with receiver.smtp(tls=False) as server, ses.Dialogue(server) as dialogue:
        assert dialogue.exchanges[0].lines[-1].endswith("ESMTP something")


def results(spf: str = "none", dkim: str = "", dmarc: str = "none", policy: str | None = None) -> AuthenticationResults:
    signatures = (DkimResult(status=DkimStatus(dkim), domain="example.org"),) if dkim else ()
    return AuthenticationResults(
        spf=SpfResult(
            status=SpfStatus(spf),
            domain="example.org",
            envelope_from="ana@example.org",
            client_ip="192.0.2.1",
            helo="mx",
        ),
        dkim=signatures,
        dmarc=DmarcResult(
            status=DmarcStatus(dmarc), domain="example.org", policy=DmarcPolicy(policy) if policy else None
        ),
    )


VERDICTS = [
    # assumed                                 results                                            member   verdict
    ({},                                      {"spf": "fail"},                                   "spf",   "FAIL"),
    ({"spf_fail_verdict": "GRAY"},            {"spf": "fail"},                                   "spf",   "GRAY"),
    ({"dkim_fail_verdict": "GRAY"},           {"spf": "fail"},                                   "spf",   "FAIL"),
    ({},                                      {"dkim": "fail"},                                  "dkim",  "FAIL"),
    ({"dkim_fail_verdict": "GRAY"},           {"dkim": "fail"},                                  "dkim",  "GRAY"),
    ({"temperror_verdict": "GRAY"},           {"spf": "temperror"},                              "spf",   "GRAY"),
    ({"temperror_verdict": "GRAY"},           {"dkim": "temperror"},                             "dkim",  "GRAY"),
    ({"temperror_verdict": "GRAY"},           {"dmarc": "temperror"},                            "dmarc", "GRAY"),
    ({"temperror_verdict": "GRAY"},           {"spf": "permerror"},                       "spf", "PROCESSING_FAILED"),
    ({},                                      {"dmarc": "fail", "policy": "none", "spf": "pass"},   "dmarc", "FAIL"),
    ({"dmarc_none_policy": "guide"},          {"dmarc": "fail", "policy": "none", "spf": "pass"},   "dmarc", "GRAY"),
    ({"dmarc_none_policy": "guide"},          {"dmarc": "fail", "policy": "none"},                  "dmarc", "FAIL"),
    ({"dmarc_none_policy": "guide"},          {"dmarc": "fail", "policy": "reject", "spf": "pass"}, "dmarc", "FAIL"),
]  # fmt: skip


@pytest.mark.parametrize("assumed, said, member, verdict", VERDICTS)
def test_a_result_has_the_verdict_of_the_reading(
    assumed: dict[str, Any], said: dict[str, Any], member: str, verdict: str
) -> None:
    assert getattr(verdicts_of(results(**said), assumptions=ses.Assumptions(**assumed)), member) == verdict
