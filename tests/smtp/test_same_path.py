"""What comes over SMTP is received exactly as `Receiver.receive` receives it: there is no second decision path."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sesreceive as ses
from tests.smtp.world import Wire, receiver

MESSAGES = [
    b"Subject: hello\r\n\r\nbody\r\n",
    b"",
    b"\r\n",
    b".\r\n..\r\n",
    b"no header at all\r\n",
    b"Subject: \xff\xfe\x00\r\n\r\nbare\nline\rends\r\n",
    b"Subject: x\r\n\r\n" + b"y" * 998 + b"\r\n",
    b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*\r\n",
]
ANA = ses.Envelope(client_ip="198.51.100.7", helo="mx.example.org", mail_from="ana@example.org", tls=False)
ENVELOPES = [
    ANA.to("bo@example.com"),
    ses.Envelope(
        client_ip="2001:db8::7",
        helo="mx",
        mail_from="",
        tls=False,
        rcpt_to=("x@example.net", "CY@example.com", "a@b.example.com"),
    ),
    replace(ANA.to("bo@example.com"), client_ip="203.0.113.9"),
    ANA.to("secure@example.com"),
    ANA.to("x@example.net"),
    ANA.to("bo@example.com", "cy@example.com", "a@b.example.com", "x@example.net", "bo+late@example.com"),
]
FEW = ses.Assumptions(max_recipients=3)


def over_smtp(raw: bytes, envelope: ses.Envelope) -> ses.Reception:
    with receiver(assumptions=FEW).smtp(client_addresses=lambda peer: envelope.client_ip) as server:
        with Wire(server) as wire:
            wire.say(f"EHLO {envelope.helo}")
            wire.say(f"MAIL FROM:<{envelope.mail_from}>")
            accepted = [wire.say(f"RCPT TO:<{one}>")[:3] == "250" for one in envelope.rcpt_to]
            if any(accepted):
                stuffed = b"\r\n".join(b"." + line if line[:1] == b"." else line for line in raw.split(b"\r\n"))
                wire.message(stuffed)
            wire.say("QUIT")
        return server.wait_for(1, kind="all")[0]


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("raw", MESSAGES)
def test_smtp_and_receive_agree(raw: bytes, envelope: ses.Envelope) -> None:
    live, direct = over_smtp(raw, envelope), receiver(assumptions=FEW).receive(raw, envelope)
    assert live.envelope == direct.envelope
    assert live.replies == direct.replies
    assert live.reply == direct.reply
    assert live.verdicts == direct.verdicts
    assert live.effects == direct.effects
    assert [str(event) for event in live.trace] == [str(event) for event in direct.trace]
    if direct.reply.accepted:
        assert live.message.raw == raw
