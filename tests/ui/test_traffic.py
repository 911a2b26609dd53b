"""The live inbox shows what came over the network, received with the account on screen."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.delivery_faults import DELIVERY_FAULTS
from sesreceive.smtp.smtp_faults import SMTP_FAULTS
from sesreceive.ui.traffic import FAULTS, LiveSmtp, _faults
from tests.conftest import MESSAGE, make_account, make_rule
from tests.patience import PATIENCE_S


@pytest.fixture
def live() -> Iterator[LiveSmtp]:
    part = LiveSmtp(ses.Receiver(make_account(make_rule()), seed=1))
    yield part
    part.close()


def deliver(part: LiveSmtp, *rcpt_to: str, raw: bytes = MESSAGE) -> None:
    """Send over the network, and wait until it is processed."""
    before = part.server.counters["processed"]
    with smtplib.SMTP(*part.server.address) as client:
        try:
            client.sendmail("ana@example.org", rcpt_to or ("bo@example.com",), raw)
        except smtplib.SMTPRecipientsRefused:
            client.rset()
    part.server.wait_for(before + 1, PATIENCE_S, kind="all")


def test_it_starts_off_and_says_so(live: LiveSmtp) -> None:
    assert "Off" in live.address.value
    assert (live.switch_button.description, live.test_button.disabled) == ("Start SMTP", True)


def test_mail_that_comes_in_is_shown(live: LiveSmtp) -> None:
    live.switch_button.click()
    assert f"127.0.0.1:{live.server.port}" in live.address.value
    assert "listening: send mail to 127.0.0.1:" in live.status.value
    deliver(live)
    deliver(live, "bo@example.net")
    assert live.refresh() == 2
    assert [one.accepted for one in live.bench.receptions] == [True, False]
    assert "1 accepted, 1 refused" in live.inbox.value
    assert "550 5.1.1" in live.rows.cells.value


def test_a_row_of_the_inbox_opens_its_message(live: LiveSmtp) -> None:
    live.bench.receive(MESSAGE, ses.Envelope(rcpt_to=("bo@example.com",)), name="not of the inbox")
    live.switch_button.click()
    deliver(live, raw=b"Subject: number one\r\n\r\n")
    deliver(live, raw=b"Subject: number two\r\n\r\n")
    live.refresh()
    assert [one.layout.display for one in live.rows.names[:3]] == [None, None, "none"]
    live.rows.names[1].click()
    assert live.bench.reception is not None
    assert live.bench.reception.subject == "number one"
    assert "number one" in live.detail.head.value
    assert live.rows.names[1].description.startswith("▶")


def test_faults_are_met_by_who_sends_and_told(live: LiveSmtp) -> None:
    live.faults.box.value = "greylist; latency,seconds=0.001"
    live.switch_button.click()
    deliver(live)
    deliver(live)
    live.refresh()
    assert [one.reply.code for one in live.bench.receptions] == [451, 250]
    assert "greylisted on purpose" in str(live.bench.receptions[0].explain())


def test_every_kind_of_fault_can_be_chosen_and_is_one() -> None:
    kinds = [text.split(",")[0] for text in FAULTS]
    assert set(kinds) == {*SMTP_FAULTS, *DELIVERY_FAULTS}
    assert [fault.kind for text in FAULTS for fault in _faults(text)] == kinds


def test_faults_of_delivery_are_chosen_met_and_gone_when_it_stops() -> None:
    topic = "arn:aws:sns:us-east-1:111122223333:mail"
    part = LiveSmtp(ses.Receiver(make_account(make_rule("all", ses.SNSAction(topic_arn=topic))), seed=1))
    backend = part.bench.receiver.backend
    part.fault.value = "duplicate"
    part.fault_button.click()
    part.fault.value = "greylist"
    part.fault_button.click()
    assert part.faults.value == "duplicate; greylist"
    assert "2 faults" in part.fault_section.head.description
    part.switch_button.click()
    deliver(part)
    deliver(part)
    part.refresh()
    assert [one.reply.code for one in part.bench.receptions] == [451, 250]
    published = len(backend.topics[topic])
    assert published == 2
    part.switch_button.click()
    assert part.bench.receiver.backend is backend
    part.close()


@pytest.mark.usefixtures("shown_errors")
def test_a_fault_that_is_none_is_told_and_nothing_starts(live: LiveSmtp) -> None:
    live.faults.box.value = "graylist"
    live.switch_button.click()
    assert "expected `greylist`" in live.alert.value
    assert not live.running


def test_what_was_taken_is_kept_when_it_stops(live: LiveSmtp) -> None:
    live.switch_button.click()
    deliver(live)
    live.switch_button.click()
    assert len(live.bench.receptions) == 1
    assert "Off" in live.address.value
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(live.server.address, 1)
    live.switch_button.click()
    deliver(live)
    assert live.refresh() == 1
    assert len(live.bench.receptions) == 2


def test_the_test_message_goes_over_the_network(live: LiveSmtp) -> None:
    live.switch_button.click()
    live.test_button.click()
    assert "the server answered 250 OK" in live.status.value
    live.server.wait_for(1, PATIENCE_S)
    live.refresh()
    assert live.bench.receptions[0].envelope.client_ip == "198.51.100.7"


def test_the_account_on_screen_is_the_one_that_receives(live: LiveSmtp) -> None:
    live.switch_button.click()
    bench = live.bench
    bench.edit(bench.account.with_identity("example.net"), "added")
    deliver(live, "bo@example.net")
    bench.edit(bench.account.replace(account_id="typing"), "typed")
    assert "problems" in live.address.value
    deliver(live, "bo@example.net")
    live.refresh()
    assert [one.accepted for one in bench.receptions] == [True, True]
    bench.undo()
    bench.undo()
    assert "problems" not in live.address.value
    deliver(live, "bo@example.net")
    live.refresh()
    assert not bench.receptions[-1].accepted


def test_somebody_who_looks_at_a_message_goes_on_looking_at_it(live: LiveSmtp) -> None:
    live.switch_button.click()
    for _ in range(2):
        deliver(live)
    live.refresh()
    assert live.bench.selected == 1
    live.bench.selected = 0
    deliver(live)
    live.refresh()
    assert live.bench.selected == 0


def test_the_inbox_fills_by_itself_where_a_loop_runs() -> None:
    async def scene() -> LiveSmtp:
        part = LiveSmtp(ses.Receiver(make_account(make_rule()), seed=1), name="by itself")
        part.switch_button.click()
        await asyncio.to_thread(deliver, part)
        for _ in range(50):
            await asyncio.sleep(0.05)
            if part.bench.receptions:
                break
        part.close()
        return part

    part = asyncio.run(scene())
    assert len(part.bench.receptions) == 1
    assert "1 message came in; 1 accepted, 0 refused" in part.status.value


def test_a_server_that_is_replaced_says_that_it_is_off() -> None:
    async def scene() -> tuple[LiveSmtp, LiveSmtp]:
        first, second = (LiveSmtp(ses.Receiver(make_account(), seed=1), name="cell") for _ in range(2))
        first.switch_button.click()
        second.switch_button.click()
        await asyncio.sleep(0.4)
        second.close()
        return first, second

    first, _ = asyncio.run(scene())
    assert "Off" in first.address.value
    assert first.switch_button.description == "Start SMTP"


@pytest.mark.usefixtures("shown_errors")
def test_a_port_that_is_taken_is_told_and_it_stays_off(live: LiveSmtp) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        live.port.box.value = str(other.getsockname()[1])
        live.switch_button.click()
    assert 'role="alert"' in live.alert.value
    assert not live.running
    assert live.switch_button.description == "Start SMTP"


@pytest.mark.usefixtures("shown_errors")
@pytest.mark.parametrize("port", ["", "x", "-1", "70000", "00", "２５"])
def test_what_is_no_port_is_told(live: LiveSmtp, port: str) -> None:
    live.port.box.value = port
    assert "expected a port" in live.port.note.value
    live.switch_button.click()
    assert "expected a port" in live.alert.value
    assert not live.running


def test_mail_is_escaped(live: LiveSmtp) -> None:
    live.switch_button.click()
    nasty: dict[str, Any] = {"raw": b"Subject: <script>alert(1)</script>\r\n\r\n"}
    deliver(live, '"<img src=x>"@example.com', **nasty)
    live.refresh()
    shown = live.rows.cells.value + live.detail.head.value + live.snapshot()
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown
