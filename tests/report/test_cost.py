"""What mail costs: one row a case, in US dollars of the prices given."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.report.cost import Cost, Prices
from tests.conftest import make_account, make_rule

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
# Prices that are easy to add up: a thousand messages cost 1 USD, a thousand chunks 1,000 …
PRICES = Prices(
    received_per_thousand=1, chunk_per_thousand=1_000, put_per_thousand=10, storage_per_gb_month=0,
    publish_per_million=1_000_000, invoke_per_million=2_000_000, gb_second=0, sent_per_thousand=5_000,
)  # fmt: skip
STORE = ses.S3Action(bucket_name="inbox")
BOUNCE = ses.BounceAction(smtp_reply_code="550", message="no", sender="postmaster@example.com")
RECEIVED = ("SES receiving", 1, 0.001)
TOLD = ses.S3Action(bucket_name="inbox", topic_arn=TOPIC)
CONTENT = ses.SNSAction(topic_arn=TOPIC)
CASES = [
    # actions, bytes, what is charged: item, quantity, US dollars
    ((),                                                        100,       [RECEIVED]),
    ((),                                                        262_143,   [RECEIVED]),
    ((),                                                        262_144,   [RECEIVED, ("SES incoming data", 1, 1.0)]),
    ((),                                                        1_000_000, [RECEIVED, ("SES incoming data", 3, 3.0)]),
    ((STORE,),                                                  100,       [RECEIVED, ("S3 PutObject", 1, 0.01)]),
    ((TOLD,), 100,       [RECEIVED, ("S3 PutObject", 1, 0.01), ("SNS Publish", 1, 1.0)]),
    ((CONTENT,),                        100_000,   [RECEIVED, ("SNS Publish", 2, 2.0)]),
    ((BOUNCE,),                                                 100,       [RECEIVED, ("SES bounce", 1, 5.0)]),
]  # fmt: skip


def cost(*actions: ses.ReceiptAction, size: int = 100, **said: str) -> Cost:
    receiver = ses.Receiver(make_account(make_rule("r", *actions)), seed=1)
    raw = b"Subject: x\r\n\r\n" + b"x" * (size - 14)
    reception = receiver.receive(raw, mail_from="ana@example.org", rcpt_to=["bo@example.com"], **said)
    return ses.Report([reception]).cost(PRICES)


@pytest.mark.parametrize("actions, size, charged", CASES)
def test_what_is_charged(
    actions: tuple[ses.ReceiptAction, ...], size: int, charged: list[tuple[str, int, float]]
) -> None:
    rows = [(item, quantity, round(usd, 9)) for _, item, quantity, _, usd in cost(*actions, size=size).rows if usd]
    assert rows == charged


def test_refused_mail_is_free_and_what_a_filter_refused_is_saved() -> None:
    account = make_account(make_rule("r")).with_filter(ses.ReceiptFilter.block("203.0.113.0/24", name="net"))
    receiver = ses.Receiver(account, seed=1)
    for client, recipient in [("203.0.113.9", "bo@example.com"), ("198.51.100.7", "bo@example.net")]:
        assert not receiver.receive(b"\r\n", client_ip=client, rcpt_to=[recipient]).accepted
    report = ses.Report([receiver.receive(b"\r\n", client_ip="203.0.113.9", rcpt_to=["bo@example.com"])])
    result = report.cost(PRICES)
    assert (result.rows, result.total_usd, result.saved_usd) == ((), 0, 0.001)
    assert result.frame().dtypes.astype(str).tolist() == ["string", "string", "float64", "string", "float64"]


def test_what_a_filter_for_a_client_would_save_is_a_table() -> None:
    receiver = ses.Receiver(make_account(make_rule("r")), seed=1)
    clients = ["198.51.100.7", "203.0.113.9", "198.51.100.7"]
    report = ses.Report([receiver.receive(b"\r\n", client_ip=client, rcpt_to=["bo@example.com"]) for client in clients])
    assert report.cost(PRICES).by_client().to_numpy().tolist() == [
        ["198.51.100.7", 2, 0.002],
        ["203.0.113.9", 1, 0.001],
    ]


def test_a_cost_is_shown_in_a_line_and_as_a_table() -> None:
    shown = cost(STORE)
    assert repr(shown) == "<Cost 0.011000 USD, 0.000000 USD saved by filters, prices of 2025>"
    assert "S3 PutObject" in shown._repr_html_()
    assert shown.frame()["rule"].tolist() == ["", "r", "r"]


@pytest.mark.parametrize("name, value", [("put_per_thousand", -1), ("gb_second", float("nan")), ("chunk_bytes", 0)])
def test_what_is_no_price_is_refused(name: str, value: float) -> None:
    with pytest.raises(ses.InputError, match=f"prices {name}: expected"):
        Prices(**{name: value})
