"""The acceptance tests of the specification (section 13.1), by their numbers; each through the whole pipeline."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.auth.results import DkimResult, DmarcResult, SpfStatus
from sesreceive.auth.verdicts import DMARC_VERDICTS, SPF_VERDICTS, dkim_verdict
from tests.conftest import MESSAGE, make_account, make_rule

CLIENT = "198.51.100.7"
INBOX = ses.S3Action(bucket_name="inbox")
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:gate"
TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
CASES = Path(__file__).parent.parent / "cases"


def send(receiver: ses.Receiver, *rcpt_to: str, raw: bytes = MESSAGE, **said: object) -> ses.Reception:
    envelope = {"client_ip": CLIENT, "helo": "mx.example.org", "mail_from": "ana@example.org", **said}
    return receiver.receive(raw, rcpt_to=rcpt_to or ("billing@example.com",), **envelope)


# 1
def test_an_unlisted_recipient_does_not_hold_up_a_listed_one() -> None:
    rule = make_rule("store", INBOX, ses.LambdaAction(function_arn=FUNCTION), recipients=("billing@example.com",))
    receiver = ses.Receiver(make_account(rule), seed=1)
    reception = send(receiver, "nobody@example.com", "Billing+A@Example.com")
    assert [str(reply) for reply in reception.replies] == [
        "550 5.1.1 Requested action not taken: mailbox unavailable",
        "250 Ok",
    ]
    assert str(reception.reply) == f"250 OK {reception.message_id}"
    assert list(receiver.backend.buckets["inbox"]) == [reception.message_id]
    event = json.loads(receiver.backend.invocations[0].payload)
    assert event["Records"][0]["ses"]["receipt"]["recipients"] == ["Billing+A@Example.com"]


# 2
@pytest.mark.parametrize(
    "account, reason",
    [
        (make_account(), "the active rule set `main` has no rules"),
        (make_account(make_rule("off", enabled=False)), "no rule of the active rule set `main` is enabled"),
        (make_account(make_rule()).activate(None), "no receipt rule set is active, so nothing is received"),
    ],
    ids=["empty", "disabled", "inactive"],
)
def test_without_an_enabled_rule_nobody_is_there(account: ses.Account, reason: str) -> None:
    reception = send(ses.Receiver(account, seed=1))
    assert str(reception.reply) == "550 5.1.1 Requested action not taken: mailbox unavailable"
    assert reception.recipients[0].reason == reason
    assert not reception.accepted


# 3
def test_block_refuses_every_recipient_and_allow_overrides_it() -> None:
    blocked = make_account(make_rule(), filters=(ses.ReceiptFilter.block("198.51.100.0/24", name="net"),))
    reception = send(ses.Receiver(blocked, seed=1), "a@example.com", "b@example.com")
    assert [str(reply) for reply in reception.replies] == ["550 5.7.1 IP address blacklisted by recipient"] * 2
    allowed = blocked.with_filter(ses.ReceiptFilter.allow(CLIENT, name="partner"))
    assert send(ses.Receiver(allowed, seed=1)).accepted


def test_an_unverified_domain_is_unknown_before_any_filter_is_asked() -> None:
    account = make_account(make_rule(), filters=(ses.ReceiptFilter.block("0.0.0.0/0", name="all"),))
    reception = send(ses.Receiver(account, seed=1), "ana@example.net")
    assert reception.reply.enhanced == "5.1.1"
    assert reception.recipients[0].reason == "`example.net` is under no verified domain identity of this account"


# 4
@pytest.mark.parametrize("prefix, start", [("mail", "mail/"), ("mail/", "mail/"), (None, ""), ("", "")])
def test_the_object_key_is_prefix_slash_message_id(prefix: str | None, start: str) -> None:
    action = ses.S3Action(bucket_name="inbox", object_key_prefix=prefix)
    receiver = ses.Receiver(make_account(make_rule("store", action)), seed=1)
    reception = send(receiver)
    assert list(receiver.backend.buckets["inbox"]) == [start + reception.message_id]


# 5
def test_a_rule_without_scanning_sees_disabled_and_no_scan_headers() -> None:
    rules = (
        make_rule("scanned", ses.S3Action(bucket_name="scanned"), scan_enabled=True),
        make_rule("unscanned", ses.S3Action(bucket_name="unscanned")),
    )
    receiver = ses.Receiver(make_account(*rules), seed=1)
    reception = send(receiver)
    scanned = receiver.backend.buckets["scanned"][reception.message_id].body
    unscanned = receiver.backend.buckets["unscanned"][reception.message_id].body
    assert b"\r\nX-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n" in scanned
    assert b"X-SES-Spam-Verdict" not in unscanned
    assert b"X-SES-Virus-Verdict" not in unscanned


# 7
@pytest.mark.parametrize(
    "returned, rest_of_rule, next_rule",
    [
        ({"disposition": "stop_rule_set"}, False, False),
        ({"disposition": "STOP_RULE_SET"}, False, False),
        ({"disposition": "STOP_RULE"}, False, True),
        ({"disposition": "CONTINUE"}, True, True),
        ({"disposition": "STOP"}, True, True),
        ({"disposition": 1}, True, True),
        ({}, True, True),
        (None, True, True),
        ("garbage", True, True),
        ([], True, True),
    ],
)
def test_lambda_disposition_steers_evaluation(returned: object, rest_of_rule: bool, next_rule: bool) -> None:
    gate = ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse")
    rules = (make_rule("one", gate, INBOX), make_rule("two", ses.S3Action(bucket_name="second")))
    receiver = ses.Receiver(make_account(*rules), seed=1)
    receiver.backend.functions["gate"] = lambda event, context: returned
    send(receiver)
    assert ("inbox" in receiver.backend.buckets) is rest_of_rule
    assert ("second" in receiver.backend.buckets) is next_rule


def test_an_event_function_steers_nothing() -> None:
    rule = make_rule("one", ses.LambdaAction(function_arn=FUNCTION), INBOX)
    receiver = ses.Receiver(make_account(rule), seed=1)
    receiver.backend.functions["gate"] = lambda event, context: {"disposition": "STOP_RULE_SET"}
    send(receiver)
    assert "inbox" in receiver.backend.buckets


# 6, without the byte-exact form
def test_bounce_stops_nothing_and_stop_stops_the_set() -> None:
    bounce = ses.BounceAction.template("mailbox-does-not-exist", sender="postmaster@example.com")
    rules = (
        make_rule("bounce", bounce, INBOX, ses.StopAction()),
        make_rule("never", ses.S3Action(bucket_name="never")),
    )
    receiver = ses.Receiver(make_account(*rules), seed=1)
    reception = send(receiver)
    assert [type(effect).__name__ for effect in reception.effects] == ["SendBounce", "PutObject"]
    assert receiver.backend.bounces[0].destination == "ana@example.org"
    assert reception.stopped_by == "bounce"
    assert "never" not in receiver.backend.buckets


def test_the_null_sender_is_never_bounced() -> None:
    bounce = ses.BounceAction.template("mailbox-full", sender="postmaster@example.com")
    receiver = ses.Receiver(make_account(make_rule("bounce", bounce)), seed=1)
    reception = send(receiver, mail_from="")
    assert reception.accepted
    assert reception.effects == ()


# 8
def test_a_message_too_large_for_sns_bounces_instead_of_the_whole_rule() -> None:
    rule = make_rule("publish", INBOX, ses.SNSAction(topic_arn=TOPIC, encoding="Base64"))
    receiver = ses.Receiver(make_account(rule), seed=1)
    reception = send(receiver, raw=MESSAGE + b"x" * 160_000)
    assert reception.accepted
    (bounce,) = receiver.backend.bounces
    assert (bounce.smtp_reply_code, bounce.status_code) == ("552", "5.2.3")
    assert "inbox" not in receiver.backend.buckets
    assert TOPIC not in receiver.backend.topics


def test_base64_content_decodes_to_what_s3_holds() -> None:
    import base64

    rule = make_rule("publish", INBOX, ses.SNSAction(topic_arn=TOPIC, encoding="Base64"))
    receiver = ses.Receiver(make_account(rule), seed=1)
    reception = send(receiver)
    (published,) = receiver.backend.topics[TOPIC]
    assert '"encoding":"BASE64"' in published.message
    content = base64.b64decode(json.loads(published.message)["content"])
    assert content == receiver.backend.buckets["inbox"][reception.message_id].body


# 9
SPF = {
    # status: (record of example.org, text before client-ip)
    "pass": ("v=spf1 ip4:198.51.100.7 -all", "pass (spfCheck: domain of {d} designates {ip} as permitted sender) "),
    "fail": ("v=spf1 -all", "fail (spfCheck: domain of {d} does not designate {ip} as permitted sender) "),
    "softfail": (
        "v=spf1 ~all",
        "softfail (spfCheck: transitioning domain of {d} does not designate {ip} as permitted sender) ",
    ),
    "neutral": ("v=spf1 ?all", "neutral (spfCheck: {ip} is neither permitted nor denied by domain of {d}) "),
    "none": (None, "none (spfCheck: {ip} is neither permitted nor denied by domain of {d}) "),
    "permerror": ("v=spf1 nonsense", "permerror (spfCheck: Error in processing SPF Record) "),
    "temperror": ("TIMEOUT", "temperror (spfCheck: Error in retrieving data from DNS) "),
}


@pytest.mark.parametrize("status", SPF)
def test_received_spf_says_it_in_the_words_of_jspf(status: str) -> None:
    record, text = SPF[status]
    zone = {"example.org": "TIMEOUT" if record == "TIMEOUT" else {"TXT": [record]} if record else {"A": ["192.0.2.1"]}}
    receiver = ses.Receiver(make_account(make_rule("store", INBOX)), resolver=zone, seed=1)
    reception = send(receiver)
    stored = receiver.backend.buckets["inbox"][reception.message_id].body
    want = text.format(d="example.org", ip=CLIENT)
    line = f"Received-SPF: {want}client-ip={CLIENT}; envelope-from=ana@example.org; helo=mx.example.org;\r\n"
    assert line.encode() in stored
    assert reception.authentication.spf.status == status
    assert reception.verdicts.spf == SPF_VERDICTS[SpfStatus(status)]


def test_after_redirect_the_target_domain_is_shown() -> None:
    zone = {
        "example.org": {"TXT": ["v=spf1 redirect=_spf.example.net"]},
        "_spf.example.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
    }
    receiver = ses.Receiver(make_account(make_rule("store", INBOX)), resolver=zone, seed=1)
    reception = send(receiver)
    assert reception.authentication.spf.domain == "_spf.example.net"
    assert b"domain of _spf.example.net designates" in receiver.backend.buckets["inbox"][reception.message_id].body


# 10
with (CASES / "verdicts" / "evidence.csv").open(newline="", encoding="utf-8") as _file:
    EVIDENCE = list(csv.DictReader(_file))


@pytest.mark.parametrize("row", EVIDENCE, ids=lambda row: row["case"])
def test_verdicts_follow_the_public_evidence(row: dict[str, str]) -> None:
    signatures = [
        DkimResult(status=status, domain=domain, identity=f"@{domain}")
        for status, domain in re.findall(r"(\w+) @(\S+)", row["dkim"])
    ]
    assert SPF_VERDICTS[SpfStatus(row["spf"])] == row["spf_verdict"]
    assert dkim_verdict(signatures, row["from_domain"]) == row["dkim_verdict"]
    dmarc = DmarcResult(status=row["dmarc"] or "none", domain=row["from_domain"])
    assert DMARC_VERDICTS[dmarc.status] == row["dmarc_verdict"]


def test_dmarc_fail_with_policy_none_is_fail_and_tells_the_policy() -> None:
    zone = {"_dmarc.example.org": {"TXT": ["v=DMARC1; p=none"]}}
    receiver = ses.Receiver(
        make_account(make_rule("tell", ses.LambdaAction(function_arn=FUNCTION))), resolver=zone, seed=1
    )
    reception = send(receiver)
    receipt = json.loads(receiver.backend.invocations[0].payload)["Records"][0]["ses"]["receipt"]
    assert receipt["dmarcVerdict"] == {"status": "FAIL"}
    assert list(receipt)[-2:] == ["action", "dmarcPolicy"]
    assert receipt["dmarcPolicy"] == "none"
    assert reception.verdicts.dmarc_policy == "none"


# 15
def test_message_ids_look_like_those_of_ses() -> None:
    ids = [ses.RandomMessageIds()() for _ in range(20)] + [ses.SeededMessageIds(7)() for _ in range(20)]
    assert all(re.fullmatch(r"[0-9a-v]{38}[08go]1", message_id) for message_id in ids)
