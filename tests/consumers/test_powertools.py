"""Powertools for AWS Lambda, AWS's own library for functions, reads our Lambda events with both of its readers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from tests.conftest import make_account, make_rule
from tests.consumers.asking import HERE, ask
from tests.consumers.mail import CLIENT, MESSAGE_ID, RECIPIENT, SUBJECT, letter
from tests.environments import python_with

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(400)]

REQUIREMENTS = ("aws-lambda-powertools==3.37.0", "pydantic==2.14.4")
# The display name in quotes, as JavaMail prints what is not ASCII.
AUTHOR = '"Ana Müller" <ana@example.org>'
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:seen"


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with("powertools-3.37.0", *REQUIREMENTS)


def invoked(invocation_type: str, *, scan: bool) -> tuple[ses.Reception, dict[str, Any]]:
    """The event that a function gets."""
    events: list[dict[str, Any]] = []
    backend = ses.MemoryBackend(functions={FUNCTION: lambda event, context: events.append(event)})
    action = ses.LambdaAction(function_arn=FUNCTION, invocation_type=invocation_type)
    receiver = ses.Receiver(make_account(make_rule("all", action, scan_enabled=scan)), backend=backend, seed=1)
    reception = receiver.receive(letter(), rcpt_to=[RECIPIENT], **CLIENT)
    (event,) = events
    return reception, event


def test_powertools_reads_what_was_received(python: Path) -> None:
    reception, event = invoked("Event", scan=True)
    ((read, model),) = ask(python, "-I", HERE / "read_with_powertools.py", question=[event])
    sent = {field["name"]: field["value"] for field in event["Records"][0]["ses"]["mail"]["headers"]}
    assert ["Subject", SUBJECT] in read.pop("headers")
    assert read.pop("took_ms") > 0
    assert datetime.fromisoformat(read.pop("timestamp")) == reception.received_at
    assert read == {
        "source": "aws:ses", "version": "1.0", "message_id": reception.message_id, "mail_from": CLIENT["mail_from"],
        "destination": [RECIPIENT, "bo@example.net"], "truncated": False,
        "from": [AUTHOR], "to": [f"Billing <{RECIPIENT}>"], "cc": ["bo@example.net"],
        "bcc": [], "subject": SUBJECT, "return_path": CLIENT["mail_from"], "date": sent["Date"],
        "header_message_id": MESSAGE_ID, "recipients": [RECIPIENT], "spam": "PASS", "virus": "PASS",
        "spf": "GRAY", "dkim": "GRAY", "dmarc": "GRAY", "action": "Lambda", "function": FUNCTION,
        "invocation": "Event",
    }  # fmt: skip
    assert "errors" not in model, model
    assert model["mail"]["messageId"] == reception.message_id
    assert datetime.fromisoformat(model["mail"]["timestamp"]) == reception.received_at
    assert model["mail"]["commonHeaders"]["from"] == [AUTHOR]
    assert model["receipt"]["recipients"] == [RECIPIENT]
    assert model["receipt"]["spfVerdict"] == {"status": "GRAY"}


def test_its_model_is_narrower_than_the_service_and_so_than_we(python: Path) -> None:
    """It knows functions that nobody waits for and mail that was scanned; the guide has both otherwise as well."""
    _, waited_for = invoked("RequestResponse", scan=True)
    _, not_scanned = invoked("Event", scan=False)
    answers = ask(python, "-I", HERE / "read_with_powertools.py", question=[waited_for, not_scanned])
    assert [read["invocation"] for read, _ in answers] == ["RequestResponse", "Event"]
    assert [[read["spam"], read["virus"]] for read, _ in answers] == [["PASS", "PASS"], ["DISABLED", "DISABLED"]]
    record = "Records.0.ses.receipt"
    assert [model["errors"] for _, model in answers] == [
        [[f"{record}.action.invocationType", "literal_error"]],
        [[f"{record}.spamVerdict.status", "literal_error"], [f"{record}.virusVerdict.status", "literal_error"]],
    ]
