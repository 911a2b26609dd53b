"""Receivers whose rules do one thing each, and what two replays have to have in common; for the tests of replays."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor, Future
from typing import Any

import pandas as pd

import sesreceive as ses
from sesreceive.backends.local_kms import LocalKms
from sesreceive.report import Report
from sesreceive.report.columns import TABLES
from tests.conftest import make_account, make_rule
from tests.scenario import GATE, TOPIC, ZONE, scenario_items

KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
MAIL_ARN = "arn:aws:workmail:us-east-1:111122223333:organization/m-0123456789abcdef0123456789abcdef"
CONNECT = "arn:aws:connect:us-east-1:111122223333:instance/11111111-2222-3333-4444-555555555555"
ROLE = "arn:aws:iam::111122223333:role/mail"
BAD = GATE.replace("gate", "bad")

# What a rule does → its actions; every kind of thing that a backend holds is made by one of them.
ACTIONS: dict[str, tuple[ses.ReceiptAction, ...]] = {
    "object": (ses.AddHeaderAction(header_name="X-Seen", header_value="yes"), ses.S3Action(bucket_name="inbox")),
    "object told": (ses.S3Action(bucket_name="inbox", object_key_prefix="in/", topic_arn=TOPIC),),
    "encrypted object": (ses.S3Action(bucket_name="inbox", kms_key_arn=KEY),),
    "notification with content": (ses.SNSAction(topic_arn=TOPIC), ses.SNSAction(topic_arn=TOPIC, encoding="Base64")),
    "bounce": (
        ses.BounceAction(
            sender="postmaster@example.com", smtp_reply_code="550", status_code="5.1.1", message="gone", topic_arn=TOPIC
        ),
    ),
    "function": (
        ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse"),
        ses.S3Action(bucket_name="never"),
    ),
    "function that fails": (ses.LambdaAction(function_arn=BAD, invocation_type="Event"), ses.StopAction()),
    "WorkMail": (ses.WorkmailAction(organization_arn=MAIL_ARN),),
    "Connect": (ses.ConnectAction(instance_arn=CONNECT, iam_role_arn=ROLE),),
    "bucket that fails": (ses.S3Action(bucket_name="full"), ses.S3Action(bucket_name="inbox")),
}
MAIL = scenario_items() * 2


def gate(event: Any, context: object) -> dict[str, str]:
    """A function that says something of each message."""
    print("asked about", event["Records"][0]["ses"]["mail"]["messageId"])
    return {"disposition": "STOP_RULE"}


def bad(event: object, context: object) -> None:
    """A function that fails."""
    raise ValueError("no")


def receiver_of(*actions: ses.ReceiptAction) -> ses.Receiver:
    backend = ses.MemoryBackend(functions={"gate": gate, "bad": bad}, kms=LocalKms(seed=1))
    if any(getattr(action, "bucket_name", "") == "full" for action in actions):
        backend.failures.add(bucket="full", times=None)
    account = make_account(make_rule("all", *actions, scan_enabled=True))
    return ses.Receiver(account, resolver=ZONE, seed=1, backend=backend)


class AtOnce(Executor):
    """An executor that does everything when it is asked, by what it was sent alone, and counts the bytes."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.returned: list[int] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        asked = pickle.dumps((fn, args, kwargs))
        fn, args, kwargs = pickle.loads(asked)
        answer = pickle.dumps(fn(*args, **kwargs))
        self.sent.append(len(asked))
        self.returned.append(len(answer))
        future: Future[Any] = Future()
        future.set_result(pickle.loads(answer))
        return future


def content(backend: ses.MemoryBackend) -> dict[str, Any]:
    """Everything a backend holds, in order, as plain bytes and text; what is encrypted also as what it says."""
    return {
        "objects": [
            (
                *(stored.bucket, stored.key, stored.body, stored.decrypted(backend.kms), stored.content_type),
                sorted(stored.metadata.items()),
            )
            for bucket in backend.buckets.values()
            for stored in bucket.values()
        ],
        "notifications": [
            (one.topic_arn, one.subject, one.message, one.message_id, one.rule, one.action)
            for told in backend.topics.values()
            for one in told
        ],
        "functions": [(one.payload, one.returned, one.log, one.error, one.message_id) for one in backend.invocations],
        "bounces": [(one.sender, one.recipients, one.raw, one.message_id) for one in backend.bounces],
        "WorkMail": [(one.recipients, one.raw, one.message_id) for one in backend.workmail],
        "Connect": [(one.instance_arn, one.raw, one.message_id) for one in backend.contacts],
    }


def bytes_of(report: Report) -> list[list[Any]]:
    """What each effect carries."""
    names = ("body", "message", "payload", "raw")
    return [
        [getattr(effect, name) for effect in reception.effects for name in names if hasattr(effect, name)]
        for reception in report
    ]


def assert_alike(report: Report, wanted: Report) -> None:
    """Everything that a report gives is equal."""
    for table in TABLES:
        pd.testing.assert_frame_equal(report.frame(table.name), wanted.frame(table.name))
    pd.testing.assert_frame_equal(report.matrix().frame(), wanted.matrix().frame())
    pd.testing.assert_frame_equal(report.metrics, wanted.metrics)
    assert (report.names, report.notes, repr(report)) == (wanted.names, wanted.notes, repr(wanted))
    assert report == wanted
    if report.keep and wanted.keep:
        assert list(report) == list(wanted)
        assert bytes_of(report) == bytes_of(wanted)
        assert [str(one.explain(full=True)) for one in report] == [str(one.explain(full=True)) for one in wanted]
        assert [one.trace for one in report] == [one.trace for one in wanted]
