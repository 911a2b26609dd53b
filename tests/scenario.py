"""One small account that has everything to show; the tests of trace, report and replay send their mail to it."""

from __future__ import annotations

import sesreceive as ses
from tests.conftest import make_account, make_rule

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
GATE = "arn:aws:lambda:us-east-1:111122223333:function:gate"
ZONE = {
    "example.org": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
    "_dmarc.example.org": {"TXT": ["v=DMARC1; p=reject"]},
}


def gate(event: object, context: object) -> dict[str, str]:
    """A function in a module, so that it can be sent to another process."""
    return {"disposition": "STOP_RULE"}


def scenario_account() -> ses.Account:
    """Two filters, seven rules: one is off, one needs TLS, one asks a function, one stops the rest."""
    return make_account(
        make_rule("tag", ses.AddHeaderAction(header_name="X-Seen", header_value="yes"), scan_enabled=True),
        make_rule("off", ses.StopAction(), enabled=False),
        make_rule("gate", ses.LambdaAction(function_arn=GATE, invocation_type="RequestResponse"),
                  ses.S3Action(bucket_name="never"), recipients=("gate@example.com",)),
        make_rule("tls", ses.S3Action(bucket_name="secret"), tls_policy="Require", recipients=("tls@example.com",)),
        make_rule("billing", ses.S3Action(bucket_name="inbox", object_key_prefix="billing/"),
                  ses.SNSAction(topic_arn=TOPIC), ses.StopAction(),
                  recipients=("billing@example.com", "invoices@example.com")),
        make_rule("bounce", ses.BounceAction(sender="postmaster@example.com", smtp_reply_code="550",
                                             status_code="5.1.1", message="gone"),
                  recipients=("gone@example.com",)),
        make_rule("rest", ses.S3Action(bucket_name="rest"), recipients=("example.com",)),
        filters=(
            ses.ReceiptFilter.block("203.0.113.0/24", name="test-net"),
            ses.ReceiptFilter.allow("203.0.113.7", name="partner"),
        ),
    )  # fmt: skip


def scenario_receiver(**options: object) -> ses.Receiver:
    """A seeded receiver for that account, whose zone knows example.org."""
    backend = ses.MemoryBackend(functions={"gate": gate})
    settings = {"resolver": ZONE, "seed": 1, "backend": backend, **options}
    return ses.Receiver(scenario_account(), **settings)  # type: ignore[arg-type]  # names are the receiver's


def envelope(*rcpt_to: str, client_ip: str = "198.51.100.7", mail_from: str = "ana@example.org") -> ses.Envelope:
    """From ana@example.org, whose SPF record covers 198.51.100.0/24."""
    return ses.Envelope(client_ip=client_ip, helo="mx.example.org", mail_from=mail_from, rcpt_to=rcpt_to, tls=False)


def message(subject: str = "hello") -> bytes:
    """A plain unsigned message."""
    return f"From: Ana <ana@example.org>\r\nTo: you\r\nSubject: {subject}\r\n\r\nbody\r\n".encode()


# name, envelope: one message for each way through.
WAYS = {
    "billing": envelope("billing@example.com"),
    "blocked": envelope("billing@example.com", client_ip="203.0.113.9"),
    "partner": envelope("sales@example.com", client_ip="203.0.113.7"),
    "foreign": envelope("bo@example.net"),
    "tls": envelope("tls@example.com"),
    "gate": envelope("gate@example.com"),
    "gone": envelope("gone@example.com", "billing@example.com", "bo@example.net"),
    "null-sender": envelope("gone@example.com", mail_from=""),
    "nobody": envelope(),
    "many": envelope(*(f"user{number}@example.com" for number in range(20))),
}


def scenario_items() -> list[dict[str, object]]:
    """The messages of `WAYS` as a replay takes them."""
    return [{"name": name, "raw": message(name), "envelope": way} for name, way in WAYS.items()]
