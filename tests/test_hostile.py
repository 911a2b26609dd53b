"""Mail that was made to be dear: bounded in memory, in proportion in time, kept as it came, and said in the trace."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from cost import assert_in_proportion
from hostile import END, FROM, MESSAGES, ZONES

import sesreceive as ses
from sesreceive import limits
from sesreceive.effects import Publish
from sesreceive.mail import address_list
from sesreceive.mail.message import Message

SIZE = 4_000_000
MOST_MEMORY = 3.0
TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"

FIELDS, OCTETS = limits.HEADER_FIELDS_READ.value, limits.HEADER_READ_SIZE.value

# header → how many fields are read, and what the trace says of the rest
HEADERS = [
    (FROM, 3, ""),
    (b"a\n" * FIELDS, FIELDS, ""),
    (b"a\n" * (FIELDS + 1), FIELDS, f"the header has more than {FIELDS:,} fields; the rest of it, 3 bytes"),
    (b"a\n b\n" * (FIELDS + 1), FIELDS, f"the header has more than {FIELDS:,} fields; the rest of it, 6 bytes"),
    (FROM + b"X: " + b"x" * OCTETS, 3, f"the header has more than {OCTETS:,} bytes"),
    (FROM + b"X: x" + b"\r\n x" * OCTETS, 3, f"the header has more than {OCTETS:,} bytes"),
    (b"X: " + b"x" * (OCTETS - 5) + b"\r\n", 1, ""),
]  # fmt: skip


def receiver() -> ses.Receiver:
    rule = ses.ReceiptRule(
        name="all", enabled=True, scan_enabled=True,
        actions=(
            ses.AddHeaderAction(header_name="X-Seen", header_value="yes"),
            ses.S3Action(bucket_name="inbox", topic_arn=TOPIC),
        ),
    )  # fmt: skip
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    return ses.Receiver(ses.Account(identities=("example.com",), rule_sets=(rules,), active="main"))


def received(raw: bytes, by: ses.Receiver | None = None) -> ses.Reception:
    reception = (by or receiver()).receive(
        raw, client_ip="198.51.100.7", helo="mx.example.org", mail_from="ana@example.org", rcpt_to=["bo@example.com"]
    )
    reception.explain()
    for effect in reception.effects:
        if isinstance(effect, Publish):
            assert effect.message  # made when it is read
    return reception


@pytest.mark.parametrize(("header", "fields", "unread"), HEADERS)
def test_a_header_is_read_up_to_its_bounds_and_the_rest_is_kept(header, fields, unread):
    raw = header.removesuffix(b"\r\n").removesuffix(b"\n") + END
    message = Message(raw)
    assert len(message.fields) == len(message.field_ends) == fields
    assert message.unread.startswith(unread)
    assert bool(message.unread) == bool(unread)
    receives = receiver()
    reception = received(raw, receives)
    told = [event.reason for event in reception.trace if event.subject == "header"]
    assert told == ([message.unread] if unread else [])
    stored = next(iter(receives.backend.buckets["inbox"].values()))
    head, _, body = raw.partition(END[:4])
    assert head in bytes(stored.body)
    assert bytes(stored.body).endswith(b"X-Seen: yes\r\n\r\n" + body)


def test_a_list_of_too_many_addresses_is_one_raw_value():
    most = limits.ADDRESSES_READ.value
    assert len(address_list.parse_addresses("a@example.org," * most) or ()) == most
    assert address_list.parse_addresses("a@example.org," * most + ";") is None


def test_an_address_header_is_read_once_a_message(monkeypatch):
    values: list[str] = []
    parse = address_list.parse_addresses
    monkeypatch.setattr(
        "sesreceive.writing.mail_object.parse_addresses", lambda value: values.append(value) or parse(value)
    )
    rules = ses.ReceiptRuleSet(
        name="main",
        rules=tuple(
            ses.ReceiptRule(
                name=f"rule-{number}", enabled=True, scan_enabled=bool(number % 2),
                actions=(
                    ses.AddHeaderAction(header_name="X-Seen", header_value="yes"),
                    ses.S3Action(bucket_name="inbox", topic_arn=TOPIC),
                ),
            )
            for number in range(4)
        ),
    )  # fmt: skip
    account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    reception = received(FROM + b"Cc: cy@example.com\r\n\r\nhello\r\n", ses.Receiver(account))
    published = [effect.message for effect in reception.effects if isinstance(effect, Publish)]  # made when read
    assert len(published) == 4
    assert sorted(values) == ["Ana <ana@example.org>", "bo@example.com", "cy@example.com"]


def test_signatures_have_results_up_to_a_number_and_the_last_tells_of_the_rest():
    field = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a\r\n"
    most = limits.SIGNATURES_REPORTED.value
    results = received(field * (most + 7) + FROM + b"\r\n").authentication.dkim
    assert len(results) == most
    assert "; 7 more have no result of their own" in results[-1].reason


@pytest.mark.slow
@pytest.mark.parametrize("name", MESSAGES)
def test_no_message_takes_more_than_three_times_its_size_in_memory(name):
    raw = MESSAGES[name](SIZE)
    received(FROM + END)
    gc.collect()
    tracemalloc.start()
    try:
        reception = received(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reception.accepted, reception.refusal
    # Of what is packed in a message a few pieces of fixed size are looked at at a time, however large the message is.
    pieces = 4 * limits.UNPACKED_PIECE.value if name.startswith(("zip", "gzip")) else 0
    assert peak <= MOST_MEMORY * len(raw) + pieces


@pytest.mark.slow
@pytest.mark.parametrize("name", MESSAGES)
def test_no_message_takes_more_time_than_in_proportion_to_its_size(name):
    def work(size: int):
        raw = MESSAGES[name](size)
        return lambda: received(raw)

    assert_in_proportion(work, SIZE)


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_costs_what_its_records_cost(name):
    def work(size: int):
        text = ZONES[name](size)
        return lambda: ses.Zone.parse(text)

    assert_in_proportion(work, 8_000)


@pytest.mark.parametrize("name", ZONES)
def test_no_zone_takes_more_than_three_times_its_size_in_memory(name):
    text = ZONES[name](20_000)
    ses.Zone.parse(text)
    tracemalloc.start()
    try:
        kept = ses.Zone.parse(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(kept.records) == 20_000
    assert peak <= MOST_MEMORY * len(text)


def test_a_plain_line_full_of_semicolons_costs_what_it_is_long():
    assert_in_proportion(lambda size: lambda text='a. TXT "' + ";" * size + '" ; b\n': ses.Zone.parse(text), 400_000)
