"""What CloudWatch would count of received mail (specification 11.11)."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.backends.failure_plan import Failure
from tests.conftest import make_account, make_rule

RULES = (
    make_rule("store", ses.S3Action(bucket_name="inbox"), ses.S3Action(bucket_name="archive")),
    make_rule("never", recipients=("nobody@example.com",)),
    make_rule("quiet"),
)
RECORD = ses.Assumptions(on_action_failure="record")
# SNS takes 262,144 bytes: as base64 in JSON that is less of a message.
OVERSIZE = ses.Assumptions(sns_publish_oversize="give-up")
BYTES = b"Subject: x\r\n\r\n" + b"\xff" * 149_000
SNS = make_rule("tell", ses.SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail"))
MANY = 51  # attempts in 36 hours

PASSES, NEVER = (Failure(bucket="inbox", times=2),), (Failure(bucket="archive", times=None),)

# What one message counts: Received, PublishSuccess, PublishFailure, PublishExpired.
QUIET = {"quiet": (1, 1, 0, 0)}
COUNTED = [
    # what happens           rules   failures assumptions raw    of each rule                          of the set
    ("nothing fails",        RULES,  (),      None,       b"",   {"store": (1, 1, 0, 0), **QUIET},     (1, 1, 0, 0)),
    ("failures that pass",   RULES,  PASSES,  None,       b"",   {"store": (1, 1, 2, 0), **QUIET},     (1, 1, 2, 0)),
    ("one that never ends",  RULES,  NEVER,   None,       b"",   {"store": (1, 0, MANY, 1), **QUIET},  (1, 0, MANY, 1)),
    ("recorded once",        RULES,  NEVER,   RECORD,     b"",   {"store": (1, 0, 1, 0), **QUIET},     (1, 0, 1, 0)),
    ("given up at once",     (SNS,), (),      OVERSIZE,   BYTES, {"tell": (1, 0, 1, 1)},               (1, 0, 1, 1)),
]  # fmt: skip
NAMES = ("Received", "PublishSuccess", "PublishFailure", "PublishExpired")


@pytest.mark.parametrize("_, rules, failures, assumptions, raw, of_rules, of_set", COUNTED)
def test_metrics_of_rules_and_of_their_set(
    _: str,
    rules: tuple[ses.ReceiptRule, ...],
    failures: tuple[Failure, ...],
    assumptions: ses.Assumptions | None,
    raw: bytes,
    of_rules: dict[str, tuple[int, ...]],
    of_set: tuple[int, ...],
) -> None:
    receiver = ses.Receiver(
        make_account(*rules), seed=1, assumptions=assumptions, backend=ses.MemoryBackend(failures=failures)
    )
    report = ses.Report([receiver.receive(raw, rcpt_to=["box@example.com"])])
    expected = [
        [scope, dimension, name, metric, number]
        for scope, dimension, name, numbers in (
            ("rule set", "RuleSetName", "main", of_set),
            ("rule set", "RuleSetName", "[Active]", of_set),
            *(("rule", "RuleName", name, numbers) for name, numbers in of_rules.items()),
        )
        for metric, number in zip(NAMES, numbers, strict=True)
        if number
    ]
    assert report.metrics.drop(columns="meaning").to_numpy().tolist() == expected
    assert report.metrics["meaning"].str.len().min() > 0


def test_every_set_that_was_active_is_counted_under_active() -> None:
    def account(name: str) -> ses.Account:
        rule_set = ses.ReceiptRuleSet(name=name, rules=(make_rule("all"),))
        return ses.Account(identities=("example.com",), rule_sets=(rule_set,), active=name)

    receiver = ses.Receiver(account("summer"), seed=1)
    mail = [receiver.receive(b"", rcpt_to=["box@example.com"])]
    receiver.account = account("winter")
    mail += [receiver.receive(b"", rcpt_to=["box@example.com"]) for _ in range(2)]
    metrics = ses.Report(mail).metrics
    received = metrics[metrics["metric"] == "Received"]
    assert received[["name", "count"]].to_numpy().tolist() == [
        ["summer", 1],
        ["winter", 2],
        ["[Active]", 3],
        ["all", 3],
    ]


def test_mail_that_no_rule_applies_to_counts_nothing() -> None:
    receiver = ses.Receiver(make_account(make_rule("only", recipients=("bo@example.com",))), seed=1)
    metrics = ses.Report([receiver.receive(b"", rcpt_to=["ana@example.com"])]).metrics
    assert len(metrics) == 0
    assert [str(dtype) for dtype in metrics.dtypes] == ["category", "string", "string", "category", "Int64", "string"]


def test_metrics_of_parts_are_those_of_the_whole() -> None:
    receiver = ses.Receiver(make_account(*RULES), seed=1)
    mail = [receiver.receive(b"", rcpt_to=["box@example.com"]) for _ in range(4)]
    whole, first, second = ses.Report(mail), ses.Report(mail[:3]), ses.Report(mail[3:])
    assert first.metrics["count"].tolist() != second.metrics["count"].tolist()  # the rows are made already
    first.extend(second)
    assert first.metrics.equals(whole.metrics)
