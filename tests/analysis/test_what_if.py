"""What would end differently is found, all of it, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

import sesreceive as ses
from sesreceive.analysis.rerun import rerun
from sesreceive.analysis.what_if import Change, Differences, Where, changes, differences, replayed
from sesreceive.effects import PutObject
from tests.conftest import make_account, make_rule
from tests.scenario import GATE, TOPIC, WAYS, scenario_account, scenario_items, scenario_receiver
from tests.strategies import rules as some_rules

RECEIVER = scenario_receiver()
REPORT = RECEIVER.replay(scenario_items())
ACCOUNT = scenario_account()
RULES = ACCOUNT.rule_sets[0]


def with_rules(*rules: ses.ReceiptRule) -> ses.Account:
    return ACCOUNT.with_rule_set(RULES.replace(rules=rules))


def edited(name: str, **fields: Any) -> ses.Account:
    return with_rules(*(rule.replace(**fields) if rule.name == name else rule for rule in RULES.rules))


def found(message: str, **circumstances: Any) -> list[tuple[str, str, str, str]]:
    before = REPORT[message]
    return [
        (str(one.where), one.subject, one.before, one.after) for one in changes(before, rerun(before, **circumstances))
    ]


def test_without_a_change_nothing_differs() -> None:
    assert len(differences(REPORT, replayed(REPORT))) == 0
    assert differences(REPORT, replayed(REPORT)).compared == len(WAYS)


@given(some_rules())
def test_an_account_that_is_left_alone_changes_nothing(rule: ses.ReceiptRule) -> None:
    receiver = ses.Receiver(make_account(rule), seed=1)
    before = receiver.receive(b"From: ana@example.org\r\n\r\n", rcpt_to=["ana@example.com", "bo@mx.example.com"])
    assert changes(before, rerun(before)) == ()


STORED = "PutObject s3://inbox/billing/"

# message, circumstances → where the ways part, and what stands there on both sides
CHANGES = [
    ("billing", {"account": ACCOUNT.activate(None)},
     ("recipient", "billing@example.com", "250 Ok", "550 5.1.1 Requested action not taken: mailbox unavailable")),
    ("blocked", {"account": ACCOUNT.without_filter("test-net")},
     ("recipient", "billing@example.com", "550 5.7.1 IP address blacklisted by recipient", "250 Ok")),
    ("billing", {"account": edited("billing", enabled=False)},
     ("rule", "billing", "fires", "is not looked at")),
    ("billing", {"account": edited("billing", recipients=("bo@example.com",))},
     ("rule", "billing", "fires", "does not match")),
    ("billing", {"account": edited("tag", scan_enabled=False)},
     ("verdict", "spam", "PASS", "DISABLED")),
    ("billing", {"verdicts": {"dmarc": "GRAY"}},
     ("verdict", "dmarc", "PASS", "GRAY")),
    ("gate", {"answers": {"gate": {"disposition": "CONTINUE"}}},
     ("effect", "gate: Invoke", "STOP_RULE", "CONTINUE")),
    ("gate", {"answers": {"gate": {"disposition": "STOP_RULE_SET"}}},
     ("effect", "gate: Invoke", "STOP_RULE", "STOP_RULE_SET")),
    ("partner", {"account": edited("rest", actions=(ses.S3Action(bucket_name="other"),))},
     ("effect", "rest: PutObject", "PutObject s3://rest/…", "PutObject s3://other/…")),
    ("partner", {"account": edited("rest", actions=())},
     ("effect", "rest: PutObject", "PutObject s3://rest/…", "–")),
    ("partner", {"account": edited("tag", actions=())},
     ("contents", "rest: PutObject, line 1…", "X-Seen: yes", "–")),
    ("partner", {"account": edited("tag", actions=(ses.StopAction(),))},
     ("rule", "rest", "fires", "is not looked at")),
]  # fmt: skip


@pytest.mark.parametrize("message, circumstances, first", CHANGES)
def test_the_first_change_is_where_the_ways_part(
    message: str, circumstances: dict[str, Any], first: tuple[str, ...]
) -> None:
    got = found(message, **circumstances)[0]
    # a text that ends in … stands for all that begin like it
    assert [one.startswith(want[:-1]) if want.endswith("…") else one == want
            for one, want in zip(got, _parts(first), strict=True)] == [True] * 4, got  # fmt: skip


def _parts(first: tuple[str, ...]) -> list[str]:
    return [text[: text.index("…") + 1] if "…" in text else text for text in first]


def test_an_effect_that_would_not_take_place_says_why() -> None:
    before = rerun(REPORT["gate"], answers={"gate": {"disposition": "CONTINUE"}})
    after = rerun(before, answers={"gate": {"disposition": "STOP_RULE"}})
    (lost,) = [one for one in changes(before, after) if one.after == "–"]
    assert (lost.subject, lost.why) == ("gate: PutObject", "the rule was left at its LambdaAction in position 1")


def test_the_order_of_rules_is_a_change() -> None:
    first, *rest = RULES.rules
    got = found("partner", account=with_rules(*rest, first))
    assert ("order of rules", "", "tag, rest", "rest, tag") in got


def test_a_message_that_was_refused_can_be_let_in() -> None:
    before = REPORT["foreign"]
    after = rerun(before, account=ACCOUNT.with_identity("example.net"), receiver=RECEIVER, verdicts={"spam": "FAIL"})
    assert (after.replies[0].code, after.verdicts.spam if after.verdicts else None) == (250, ses.Verdict.FAIL)


# what is forced → what all five then are; the message is signed by nobody, its SPF and DMARC pass
FORCED = [
    ({"spf": "FAIL"}, "PASS PASS FAIL GRAY PASS"),
    ({"spf": "GRAY", "dmarc": "GRAY"}, "PASS PASS GRAY GRAY GRAY"),
    ({"spf": "PROCESSING_FAILED"}, "PASS PASS PROCESSING_FAILED GRAY PASS"),
    ({"dkim": "PASS"}, "PASS PASS PASS PASS PASS"),
    ({"dkim": "FAIL"}, "PASS PASS PASS FAIL PASS"),
    ({"dkim": "PROCESSING_FAILED"}, "PASS PASS PASS PROCESSING_FAILED PASS"),
    ({"dkim": "GRAY"}, "PASS PASS PASS GRAY PASS"),
    ({"dmarc": "PROCESSING_FAILED"}, "PASS PASS PASS GRAY PROCESSING_FAILED"),
    ({"spam": "FAIL", "virus": "GRAY"}, "FAIL GRAY PASS GRAY PASS"),
    ({"virus": ses.Verdict.PROCESSING_FAILED}, "PASS PROCESSING_FAILED PASS GRAY PASS"),
]


@pytest.mark.parametrize("verdicts, want", FORCED)
def test_a_verdict_can_be_forced_and_the_others_stay(verdicts: dict[str, str], want: str) -> None:
    after = rerun(REPORT["billing"], verdicts=verdicts)
    assert after.verdicts is not None
    got = [getattr(after.verdicts, name) for name in ("spam", "virus", "spf", "dkim", "dmarc")]
    assert " ".join(got) == want


@pytest.mark.parametrize("policy", ["none", "quarantine", "reject"])
def test_a_forced_dmarc_failure_can_name_its_policy(policy: str) -> None:
    after = rerun(REPORT["billing"], verdicts={"dmarc": "FAIL", "dmarc_policy": policy})
    assert after.verdicts is not None
    assert after.verdicts.dmarc_policy == policy


def test_what_is_forced_stands_in_the_headers() -> None:
    body = next(one.body for one in rerun(REPORT["billing"], verdicts={"spf": "FAIL"}).effects
                if isinstance(one, PutObject))  # fmt: skip
    assert b"Received-SPF: fail" in body


@pytest.mark.parametrize(
    "verdicts, told",
    [
        ({"spif": "FAIL"}, "did you mean `spf`?"),
        ({"spam": "DISABLED"}, "expected `PASS`, `FAIL`, `GRAY` or `PROCESSING_FAILED` but got `DISABLED`"),
        ({"dmarc_policy": "drop"}, "expected `none`, `quarantine` or `reject`"),
    ],
)
def test_a_verdict_that_there_is_not_is_refused(verdicts: dict[str, str], told: str) -> None:
    with pytest.raises(ses.ValidationError, match=r"^verdicts") as refused:
        rerun(REPORT["billing"], verdicts=verdicts)
    assert told in str(refused.value)


def test_a_function_is_called_again_only_where_its_event_is_another() -> None:
    seen: list[str] = []

    def gate(event: Any, context: Any) -> dict[str, str]:
        seen.append(event["Records"][0]["ses"]["receipt"]["spfVerdict"]["status"])
        return {"disposition": "STOP_RULE_SET" if seen[-1] == "FAIL" else "CONTINUE"}

    rule = make_rule("gate", ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse"))
    receiver = ses.Receiver(make_account(rule), seed=1, backend=ses.MemoryBackend(functions={"gate": gate}))
    before = receiver.receive(b"From: ana@example.org\r\n\r\n", rcpt_to=["ana@example.com"])
    functions = receiver.backend.functions
    assert rerun(before, functions=functions).stopped_by == ""
    assert rerun(before, functions=functions, verdicts={"spf": "FAIL"}).stopped_by == "gate"
    assert rerun(before, verdicts={"spf": "FAIL"}).stopped_by == ""
    assert seen == ["GRAY", "FAIL"]


def test_the_frame_has_its_columns_with_and_without_rows() -> None:
    some = differences(REPORT, replayed(REPORT, ACCOUNT.activate(None)))
    frame, empty = some.frame(), Differences((), 0).frame()
    assert frame.dtypes.to_dict() == empty.dtypes.to_dict()
    assert len(frame) == sum(len(one.changes) for one in some)
    assert set(frame["where"].cat.categories) == {str(one) for one in Where}


def test_what_mail_says_is_escaped() -> None:
    nasty = '"<script>alert(1)</script>"@example.com'
    receiver = ses.Receiver(make_account(make_rule()), seed=1)
    before = [receiver.receive(b"\r\n", rcpt_to=[nasty], name="<img src=x>")]
    shown = differences(before, replayed(before, receiver.account.activate(None)))._repr_html_()
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


def test_notifications_differ_at_a_place_in_their_json() -> None:
    rule = make_rule("tell", ses.SNSAction(topic_arn=TOPIC), scan_enabled=True)
    receiver = ses.Receiver(make_account(rule), seed=1)
    before = receiver.receive(b"From: ana@example.org\r\n\r\n", rcpt_to=["ana@example.com"])
    after = rerun(before, account=make_account(rule.replace(scan_enabled=False)))
    last = changes(before, after)[-1]
    assert (last.where, last.before, last.after) == (Where.CONTENTS, "X-SES-Spam-Verdict", "Received-SPF")
    assert last.subject.endswith("mail.headers[2].name")


def test_a_change_reads_as_a_line() -> None:
    one = Change(where=Where.RULE, subject="all", before="fires", after="–", why="the message is refused")
    assert str(one) == "rule all: fires → – (the message is refused)"
