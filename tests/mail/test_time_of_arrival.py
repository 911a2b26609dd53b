"""When mail arrived: what is given, else what its header says, else now; signatures are judged by that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from signing import record, rsa_key, sign

import sesreceive as ses
from sesreceive import datasets
from sesreceive.cli import main
from sesreceive.cli.exits import Exit

RULE = ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",))
ACCOUNT = ses.Account(
    identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(RULE,)),)
)
RAW = b"From: ana@example.org\r\nTo: bo@example.com\r\nSubject: hi\r\n\r\nbody\r\n"
RECEIVED = "Received: from mx.example.org (mx.example.org [198.51.100.7]) by in.example.com with ESMTP; {}\r\n"
ZONE = f's1._domainkey.example.org. TXT "{record(rsa_key())}"'


def signed(at: datetime) -> bytes:
    """Signed at that time, good for a day."""
    seconds = int(at.timestamp())
    return sign(RAW, rsa_key(), over={"t": str(seconds), "x": str(seconds + 86_400)})


def received(at: datetime) -> bytes:
    return RECEIVED.format(at.strftime("%a, %d %b %Y %H:%M:%S +0000")).encode()


NOW = datetime.now(UTC).replace(microsecond=0)
OLD = datetime(2024, 3, 5, 12, 0, tzinfo=UTC)
TIMES = [
    # message, envelope, arrived, how the trace says it is known, DKIM
    ("live, of today", signed(NOW), {}, None, "now by the clock", "pass"),
    ("of a mailbox, of 2024", received(OLD) + signed(OLD), {}, OLD, "read from Received by in.example.com", "pass"),
    ("of a mailbox, no date", signed(OLD), {}, None, "now by the clock", "fail"),
    ("given", signed(OLD), {"received_at": OLD + timedelta(hours=1)}, OLD + timedelta(hours=1), "given", "pass"),
    ("given beats read", received(OLD) + signed(OLD), {"received_at": OLD + timedelta(days=3)},
     OLD + timedelta(days=3), "given", "fail"),
]  # fmt: skip


@pytest.mark.parametrize("what, raw, given, arrived, how, dkim", TIMES, ids=[what for what, *_ in TIMES])
def test_a_signature_is_judged_by_the_time_of_arrival(
    what: str, raw: bytes, given: dict[str, datetime], arrived: datetime | None, how: str, dkim: str
) -> None:
    [reception] = ses.Receiver(ACCOUNT, resolver=ZONE).replay([raw], envelope=given or None)
    assert reception.received_at is not None
    assert reception.authentication is not None
    if arrived is None:
        assert abs(reception.received_at - datetime.now(UTC)) < timedelta(minutes=2)
    else:
        assert reception.received_at == arrived
    assert f"time of arrival: {reception.received_at.isoformat(timespec='milliseconds')[:23]}Z, {how}" in str(
        reception.explain()
    )
    assert [one.status.value for one in reception.authentication.dkim] == [dkim]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    ACCOUNT.save(tmp_path / "acc.json")
    (tmp_path / "z.zone").write_text(ZONE, encoding="utf-8")
    (tmp_path / "today.eml").write_bytes(signed(NOW))
    return tmp_path


def explained(files: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    account = ["--account", str(files / "acc.json"), "--zone", str(files / "z.zone")]
    assert main(["explain", *account, *more, str(files / "today.eml")]) == 0
    return capsys.readouterr().out


def test_the_command_line_judges_mail_of_today_as_of_today(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "✓ pass    DKIM signature" in explained(files, capsys)
    assert "the signature is from" in explained(files, capsys, "--seed", "1")  # a fixed clock, when it is asked for
    assert f"time of arrival: {NOW:%Y-%m-%dT%H:%M:%S}.000Z, given" in explained(
        files, capsys, "--received-at", NOW.isoformat()
    )
    assert (
        main(["explain", "--account", str(files / "acc.json"), "--received-at", "x", str(files / "today.eml")])
        == Exit.INPUT
    )
    assert "expected a time with its zone" in capsys.readouterr().err


def test_the_command_line_says_what_it_passes_over(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--account", str(files / "acc.json"), str(files)]) == 0
    told = capsys.readouterr()
    assert "passed over acc.json: no mail: it is JSON" in told.err
    assert "passed over z.zone: no mail: " in told.err
    assert main(["replay", "--account", str(files / "acc.json"), "--table", "passed_over", str(files)]) == 0
    assert "acc.json" in capsys.readouterr().out


def test_a_dataset_judges_its_own_mail_by_its_own_time_and_yours_by_the_time_now() -> None:
    sample = datasets.load("first-steps")
    report = sample.receiver().replay(sample.mail)
    assert report[0].received_at == datetime(2026, 1, 2, 10, 5, 5, 123_000, UTC)
    assert set(report.messages["envelope"]) == {"given"}
    mine = sample.receiver().receive(RAW, client_ip="192.0.2.1", rcpt_to=["billing@example.com"])
    assert mine.received_at is not None
    assert abs(mine.received_at - datetime.now(UTC)) < timedelta(minutes=2)


def test_live_mail_arrives_now_and_its_envelope_is_given() -> None:
    from sesreceive.smtp.sending import send

    receiver = ses.Receiver(ACCOUNT)
    with receiver.smtp() as server:
        send(RAW, to=server, client_ip="198.51.100.7", helo="mx.example.org")
        server.wait_for(1, timeout=20)
        [reception] = server.receptions
    assert reception.envelope.told == "given"
    assert reception.received_at is not None
    assert abs(reception.received_at - datetime.now(UTC)) < timedelta(minutes=2)


def test_without_a_client_nothing_is_judged_by_one() -> None:
    account = ACCOUNT.with_filter(ses.ReceiptFilter.block("0.0.0.0/0", name="all"))
    zone = 'example.org. TXT "v=spf1 -all"'
    receiver = ses.Receiver(account, resolver=zone, seed=1, provider_lists=[ses.ProviderList("EC2", ("192.0.2.0/24",))])
    [reception] = receiver.replay([RAW])
    assert reception.accepted
    assert reception.authentication is not None
    assert reception.authentication.spf.status.value == "none"
    text = str(reception.explain())
    assert "the address of the client is not known, so no IP filter is asked" in text
    assert "SPF: the address of the client is not known, so there is nothing to check" in text
    report = ses.Report([reception])
    assert [*report.filters["outcome"]] == ["skip", "skip"]
    for table in ("messages", "recipients", "filters", "rules", "events"):
        assert {*report.frame(table)["envelope"]} == {"unknown"}
    assert report.messages["envelope_parts"][0] == (
        "read from From: mail_from; read from To: rcpt_to; assumed: helo, tls; unknown: client_ip"
    )


def test_a_function_is_told_in_its_context_and_the_event_keeps_its_shape() -> None:
    contexts: list[object] = []
    rule = RULE.replace(
        actions=(ses.LambdaAction(function_arn="arn:aws:lambda:us-east-1:111122223333:function:gate",
                                  invocation_type="RequestResponse"),),
    )  # fmt: skip
    account = ACCOUNT.with_rule_set(ses.ReceiptRuleSet(name="main", rules=(rule,)))
    backend = ses.MemoryBackend(functions={"gate": lambda event, context: contexts.append(context.client_context)})
    receiver = ses.Receiver(account, seed=1, backend=backend)
    receiver.replay([RAW])
    given = {"client_ip": "198.51.100.7", "helo": "mx", "mail_from": "ana@example.org", "tls": True}
    receiver.receive(RAW, rcpt_to=["bo@example.com"], **given)
    told, nothing = contexts
    assert "read from To: rcpt_to" in told.custom["sesreceive.envelope"]  # type: ignore[attr-defined]
    assert nothing is None
    read_event, given_event = (one.json()["Records"][0]["ses"] for one in backend.invocations)
    assert read_event["mail"].keys() == given_event["mail"].keys()
    assert read_event["receipt"].keys() == given_event["receipt"].keys()
