"""Sisimai, the library that reads bounces of eighty systems, knows ours as those of SES receiving, with its reasons."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

import sesreceive as ses
from tests.conftest import make_account, make_rule
from tests.consumers.asking import HERE, ask
from tests.consumers.mail import CLIENT, MESSAGE_ID, letter

pytestmark = [pytest.mark.perl]

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"


@pytest.fixture(scope="module")
def perl() -> str:
    found = shutil.which("perl")
    if found is None or subprocess.run([found, "-MSisimai", "-e1"], capture_output=True, check=False).returncode:
        pytest.skip("Sisimai is not installed (Debian: libsisimai-perl)")
    return found


def bounced(raw: bytes, *actions: ses.ReceiptAction, rcpt_to: tuple[str, ...] = ("bo@example.com",)) -> list[str]:
    """The bounces of one message, as text."""
    receiver = ses.Receiver(make_account(make_rule("all", *actions)), seed=1)
    receiver.receive(raw, rcpt_to=rcpt_to, **CLIENT)
    return [bounce.raw.decode("ascii") for bounce in receiver.backend.bounces]


BOUNCES = [
    # template of the console     reply  status   reason that Sisimai gives  soft
    ("mailbox-does-not-exist",    "550", "5.1.1", "filtered",                1),
    ("message-too-large",         "552", "5.3.4", "mesgtoobig",              1),
    ("mailbox-full",              "552", "5.2.2", "mailboxfull",             1),
    ("message-content-rejected",  "500", "5.6.1", "contenterror",            1),
    ("temporary-failure",         "450", "4.0.0", "onhold",                  1),
]  # fmt: skip


@pytest.mark.parametrize("template, reply, status, reason, soft", BOUNCES)
def test_sisimai_reads_each_bounce_of_the_console(
    perl: str, template: str, reply: str, status: str, reason: str, soft: int
) -> None:
    action = ses.BounceAction.template(template, sender="postmaster@example.com")
    ((read,),) = ask(perl, HERE / "sisimai.pl", question=bounced(letter("Invoice"), action))
    assert read == {
        "smtpagent": "ReceivingSES", "recipient": "bo@example.com", "addresser": "ana@example.org",
        "reason": reason, "replycode": reply, "deliverystatus": status, "softbounce": soft, "action": "failed",
        "diagnostictype": "SMTP", "diagnosticcode": f"{reply} {status} {action.message}", "subject": "Invoice",
        "messageid": MESSAGE_ID.strip("<>"),
    }  # fmt: skip


def test_sisimai_reads_every_recipient_of_a_bounce(perl: str) -> None:
    action = ses.BounceAction.template("mailbox-full", sender="postmaster@example.com")
    (read,) = ask(
        perl, HERE / "sisimai.pl", question=bounced(letter(), action, rcpt_to=("bo@example.com", "cy@example.com"))
    )
    assert sorted(one["recipient"] for one in read) == ["bo@example.com", "cy@example.com"]
    assert {one["reason"] for one in read} == {"mailboxfull"}


def test_sisimai_reads_the_bounce_of_a_message_too_large_for_sns(perl: str) -> None:
    large = letter().replace(b"\r\n\r\n", b"\r\n\r\n" + b"x" * 70 + b"\r\n" * 2, 1) + (b"x" * 74 + b"\r\n") * 3_000
    ((read,),) = ask(perl, HERE / "sisimai.pl", question=bounced(large, ses.SNSAction(topic_arn=TOPIC)))
    assert (read["replycode"], read["deliverystatus"]) == ("552", "5.2.3")
    assert read["reason"] == "exceedlimit"


def test_sisimai_reads_a_bounce_that_was_sent_by_the_api(perl: str) -> None:
    receiver = ses.Receiver(make_account(make_rule("all")), seed=1)
    reception = receiver.receive(letter(), rcpt_to=["bo@example.com"], **CLIENT)
    info: list[dict[str, Any]] = [{"Recipient": "bo@example.com", "BounceType": "ContentRejected"}]
    bounce = receiver.send_bounce(reception, bounce_sender="postmaster@example.com", bounced_recipient_info_list=info)
    ((read,),) = ask(perl, HERE / "sisimai.pl", question=[bounce.raw.decode("ascii")])
    assert (read["recipient"], read["reason"], read["smtpagent"]) == (
        "bo@example.com", "contenterror", "ReceivingSES",
    )  # fmt: skip
