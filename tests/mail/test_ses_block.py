"""The block that SES writes is taken off as it was written: by one table, for every kind of message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.backends.local_kms import LocalKms
from sesreceive.mail.corpus import read
from sesreceive.mail.message import Message
from sesreceive.mail.ses_block import block_of

HEADER = (
    b"Return-Path: <ana@example.org>\r\nReceived: from mx.example.org (mx.example.org [198.51.100.7])\r\n"
    b" by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01\r\n"
    b" for me+tag@example.com;\r\n Fri, 02 Jan 2026 10:05:05 +0000 (UTC)\r\n"
)
REST = b"From: ana@example.org\r\nTo: list@example.net\r\n\r\nbody\r\n"
RULE = ses.ReceiptRule(
    name="all",
    enabled=True,
    scan_enabled=True,
    recipients=("example.com",),
    actions=(ses.S3Action(bucket_name="inbox"),),
)
ACCOUNT = ses.Account(
    identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(RULE,)),)
)


def test_the_recipient_is_the_one_that_ses_names() -> None:
    [item] = ses.Receiver(ACCOUNT, seed=1).replay([HEADER + REST])
    assert item.envelope.rcpt_to == ("me+tag@example.com",)
    assert item.message.raw == REST
    assert item.message_id == "7k3v9q2m1d8s6t0f4h5j7l9n2p4r6t8v0a1b2c01"
    assert item.received_at is not None
    assert item.received_at.isoformat() == "2026-01-02T10:05:05+00:00"


# what, bytes, whether SES wrote a block above it
BLOCKS = [
    ("of 2015", HEADER + REST, True),
    ("LF alone", (HEADER + REST).replace(b"\r\n", b"\n"), True),
    ("no `for`", HEADER.replace(b" for me+tag@example.com;\r\n", b"").replace(b"c01", b"c01;") + REST, True),
    ("null sender", HEADER.replace(b"<ana@example.org>", b"<>") + REST, True),
    ("another host", HEADER.replace(b"inbound-smtp.eu-west-1.amazonaws.com", b"mx.example.com") + REST, False),
    ("a HELO that looks like it", HEADER.replace(b"from mx.example.org (", b"from x by inbound-smtp.x.amazonaws.com ("),
     True),
    ("another order", HEADER.split(b"\r\n", 1)[1] + HEADER.split(b"\r\n", 1)[0] + b"\r\n" + REST, False),
    ("below another field", b"X-Mine: 1\r\n" + HEADER + REST, False),
    ("no message", HEADER, True),
    ("nothing", b"", False),
]  # fmt: skip


@pytest.mark.parametrize("what, raw, written", BLOCKS, ids=[what for what, *_ in BLOCKS])
def test_a_block_is_known_by_its_order_and_its_lines(what: str, raw: bytes, written: bool) -> None:
    block = block_of(Message(raw))
    assert (block is not None) == written
    if block is not None:
        assert raw.endswith(block.raw)
        assert block.envelope.client_ip == "198.51.100.7"
        assert block.region == "eu-west-1"


def test_the_example_of_the_specification_is_taken_apart() -> None:
    golden = Path(__file__).parents[1] / "cases" / "golden"
    for stored in golden.glob("*/*stored*.eml"):
        block = block_of(Message(stored.read_bytes()))
        assert block is not None, stored
        assert stored.read_bytes().endswith(block.raw)


TEXTS = st.text(alphabet="ab.-_@()[];= \té", max_size=20)


@given(
    helo=TEXTS, mail_from=st.sampled_from(["", "ana@example.org", '"a b"@example.org']),
    client_ip=st.sampled_from(["", "192.0.2.1", "2001:db8::1"]), scans=st.booleans(),
    client_name=st.sampled_from(["", "mx.example.org"]), raw=st.binary(max_size=60), several=st.booleans(),
)  # fmt: skip
def test_what_is_written_is_taken_off_exactly(
    helo: str, mail_from: str, client_ip: str, scans: bool, client_name: str, raw: bytes, several: bool
) -> None:
    account = ACCOUNT.with_rule_set(ses.ReceiptRuleSet(name="main", rules=(RULE.replace(scan_enabled=scans),)))
    receiver = ses.Receiver(account, seed=1)
    recipients = ["Me+Tag@example.com", "bo@example.com"][: 1 + several]
    reception = receiver.receive(
        raw, helo=helo, mail_from=mail_from, client_ip=client_ip, client_name=client_name, rcpt_to=recipients
    )
    [stored] = receiver.backend.buckets["inbox"].values()
    block = block_of(Message(stored.body))
    assert block is not None
    assert block.raw == raw
    assert block.message_id == reception.message_id
    assert block.envelope.client_ip == client_ip
    if not several:
        assert block.envelope.rcpt_to == ("Me+Tag@example.com",)
    assert (block.spam, block.virus) == (("PASS", "PASS") if scans else ("", ""))


def replayed_twice(raw: bytes, zone: str, kms: str | None = None) -> tuple[ses.Receiver, ses.Reception, ses.Report]:
    rule = RULE.replace(actions=(ses.S3Action(bucket_name="inbox", object_key_prefix="in/", kms_key_arn=kms),))
    account = ACCOUNT.with_rule_set(ses.ReceiptRuleSet(name="main", rules=(rule,)))
    receiver = ses.Receiver(account, resolver=zone, seed=1)
    first = receiver.receive(
        raw, helo="mx.example.org", mail_from="ana@example.org", client_ip="198.51.100.7", rcpt_to=["bo@example.com"]
    )
    return receiver, first, receiver.replay(receiver.backend.buckets["inbox"])


ZONE = 'example.org. TXT "v=spf1 ip4:198.51.100.0/24 -all"\n_dmarc.example.org. TXT "v=DMARC1; p=reject"'


@pytest.mark.parametrize("kms", [None, "arn:aws:kms:us-east-1:111122223333:alias/aws/ses"])
def test_a_stored_object_keeps_verdicts_id_and_time(kms: str | None) -> None:
    receiver, first, report = replayed_twice(REST, ZONE, kms)
    [again] = report
    assert again.verdicts == first.verdicts
    assert again.message_id == first.message_id
    assert again.received_at == first.received_at.replace(microsecond=0)  # type: ignore[union-attr]
    assert again.message == first.message
    assert again.authentication is not None
    assert not again.authentication.questions  # DNS was not asked
    assert list(receiver.backend.buckets["inbox"]) == [f"in/{first.message_id}"]  # the same object once more
    # without DNS the verdicts stay; judged anew they do not
    bare = ses.Receiver(receiver.account, seed=1, backend=receiver.backend)
    assert bare.replay(receiver.backend.buckets["inbox"])[0].verdicts == first.verdicts
    anew = bare.replay(receiver.backend.buckets["inbox"], take_over=False)[0]
    assert anew.verdicts is not None
    assert anew.verdicts.spf.value == "GRAY"


def test_an_encrypted_object_without_its_key_is_one_row() -> None:
    receiver, _, _ = replayed_twice(REST, ZONE, "arn:aws:kms:us-east-1:111122223333:alias/aws/ses")
    stranger = ses.Receiver(receiver.account, seed=1, backend=ses.MemoryBackend(kms=LocalKms(seed=99)))
    report = stranger.replay([*receiver.backend.buckets["inbox"].values(), REST])
    assert len(report) == 1
    assert list(report.passed_over["why"]) == ["broken"]


def test_a_setup_object_in_a_bucket_is_passed_over() -> None:
    receiver, _, _ = replayed_twice(REST, ZONE)
    from sesreceive.effects import PutObject

    receiver.backend.perform(PutObject(bucket="inbox", key="in/AMAZON_SES_SETUP_NOTIFICATION", body=b"Date: x\r\n"))
    report = receiver.replay(receiver.backend.buckets["inbox"])
    assert len(report) == 1
    assert repr(report).endswith("1 passed over>")
    [row] = report.passed_over.itertuples(index=False)
    assert (row.name, row.why) == ("in/AMAZON_SES_SETUP_NOTIFICATION", "setup notification")


def test_what_ses_found_out_is_taken_over_by_every_executor() -> None:
    from concurrent.futures import ThreadPoolExecutor

    receiver, first, _ = replayed_twice(REST, ZONE)
    bare = ses.Receiver(receiver.account, seed=1)
    with ThreadPoolExecutor(2) as executor:
        [again] = bare.replay(receiver.backend.buckets["inbox"], executor=executor)
    assert (again.message_id, again.verdicts) == (first.message_id, first.verdicts)


def test_a_row_of_a_table_that_tells_nothing_else_is_a_stored_message_too() -> None:
    receiver = ses.Receiver(ACCOUNT, seed=1)
    reception = receiver.receive(b"Subject: hello\r\n\r\n", client_ip="198.51.100.7", rcpt_to=["me@example.com"])
    [stored] = receiver.backend.buckets["inbox"].values()
    [item], [given] = read([{"raw": stored.body}]), read([{"raw": stored.body, "client_ip": "192.0.2.1"}])
    assert item.stored is not None
    assert (item.stored.message_id, item.envelope.client_ip) == (reception.message_id, "198.51.100.7")
    assert (given.stored, given.raw, given.envelope.client_ip) == (None, stored.body, "192.0.2.1")
