"""A talk without a network says and does what the same talk over the network does."""

from __future__ import annotations

import pytest

import sesreceive as ses
from sesreceive.lab.talk import talk
from sesreceive.smtp.sending import send
from tests.conftest import make_account, make_rule
from tests.scenario import WAYS, message, scenario_receiver

SENT = [
    *((name, way) for name, way in WAYS.items() if way.rcpt_to),
    ("over-tls", ses.Envelope(client_ip="198.51.100.7", helo="mx.example.org", mail_from="ana@example.org",
                              rcpt_to=("tls@example.com",), tls=True)),
    ("bad sender", ses.Envelope(mail_from="ana@", rcpt_to=("billing@example.com",))),
]  # fmt: skip


@pytest.mark.parametrize("name, envelope", SENT)
def test_it_is_the_talk_of_the_live_server(name: str, envelope: ses.Envelope) -> None:
    here = talk(scenario_receiver(), message(name), envelope, name=name)
    with scenario_receiver().smtp() as server:
        there = send(message(name), to=server, envelope=envelope)
    ours = [(one.said[0], one.lines[-1]) for one in here.exchanges if "".join(one.said)[:4] in ("MAIL", "RCPT", "DATA")]
    theirs = [(said, answer) for said, answer in there.steps if said[:4] in ("MAIL", "RCPT", "DATA")]
    assert ours == theirs
    assert (here.reception.accepted if here.reception else False) == there.accepted


@pytest.mark.parametrize("name, envelope", [one for one in SENT if one[0] != "bad sender"])
def test_it_ends_as_receiving_directly_does(name: str, envelope: ses.Envelope) -> None:
    here = talk(scenario_receiver(), message(name), envelope, name=name).reception
    assert here == scenario_receiver().receive(message(name), envelope, name=name)


def test_a_refused_message_is_kept_for_what_if() -> None:
    receiver = ses.Receiver(make_account(), seed=1)
    said = talk(receiver, message(), ses.Envelope(rcpt_to=("bo@example.com",)))
    assert said.reception is not None
    assert said.reception.message.raw == message()
    assert said.refusal == "550 5.1.1 Requested action not taken: mailbox unavailable"


REFUSED = [
    (ses.Envelope(mail_from="ana@", rcpt_to=("bo@example.com",)), message(), "553 <ana@> Invalid email address."),
    (ses.Envelope(mail_from="ana@example.org"), message(), "503 Error: need RCPT command"),
    (ses.Envelope(rcpt_to=("bo@example.com",)), b"x" * 501 + b"\r\n", "500 Line too long"),
    (ses.Envelope(helo="x" * 990, rcpt_to=("bo@example.com",)), message(), ""),
]


@pytest.mark.parametrize("envelope, raw, refusal", REFUSED)
def test_what_the_server_refuses_is_told(envelope: ses.Envelope, raw: bytes, refusal: str) -> None:
    short_lines = ses.Assumptions(text_line_limit=500)
    said = talk(ses.Receiver(make_account(make_rule()), seed=1, assumptions=short_lines), raw, envelope)
    assert said.refusal == refusal
    assert said.reception is not None
    assert str(said.reception.reply) == (refusal or f"250 OK {said.reception.message_id}")
