"""The endpoint beside moto's server, alternately in one run, without a client and without a socket.

Both are asked as WSGI applications, with requests as boto3 signs them: DescribeReceiptRule of a rule with three
actions, which the control plane answers, beside ListIdentities of two identities, which moto does; and describing a
set of 200 rules, whose goal is 100 a second.

    python tests/benchmarks/bench_endpoint.py
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from harness import Row, Turn, finish, measure, options

import sesreceive as ses
from sesreceive.clock import SystemClock
from sesreceive.control.service import Service
from sesreceive.endpoint.dispatcher import Dispatcher
from sesreceive.endpoint.moto_parts import moto_application
from sesreceive.endpoint.received_mail import ReceivedMail

CHUNK, RULES = 50, 200
GOAL, GOAL_A_SECOND = 1.3, 100
SIGNED = "AWS4-HMAC-SHA256 Credential=any/20260102/us-east-1/ses/aws4_request, SignedHeaders=host, Signature=0"


def account() -> ses.Account:
    """Two hundred rules with three recipients and three actions each."""
    rules = [
        ses.ReceiptRule(
            name=f"rule-{number}",
            enabled=True,
            recipients=[f"{box}-{number}@example.com" for box in ("in", "help", "sales")],
            actions=[
                ses.AddHeaderAction(header_name="X-Rule", header_value=str(number)),
                ses.S3Action(bucket_name="inbox", object_key_prefix=f"{number}/"),
                ses.SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail"),
            ],
        )
        for number in range(RULES)
    ]
    rule_set = ses.ReceiptRuleSet(name="main", rules=rules)
    return ses.Account(identities=["example.com", "example.net"], rule_sets=[rule_set], active="main")


def ask(application: Any, form: bytes) -> bytes:
    """The answer to a signed form."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4579",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8",
        "CONTENT_LENGTH": str(len(form)),
        "HTTP_HOST": "127.0.0.1:4579",
        "HTTP_AUTHORIZATION": SIGNED,
        "HTTP_X_MOTO_ACCOUNT_ID": "111122223333",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(form),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    status: list[str] = []
    chunks = application(environ, lambda text, headers, exc_info=None: status.append(text))
    body = b"".join(chunks)
    if not status[0].startswith("200"):
        raise SystemExit(f"{status[0]}: {body[:200]!r}")
    return body


def moto_identities(turn: Turn) -> None:
    application = moto_application()
    for name in ("example.com", "example.net"):
        ask(application, b"Action=VerifyDomainIdentity&Version=2010-12-01&Domain=" + name.encode())
    repeat(turn, application, b"Action=ListIdentities&Version=2010-12-01", b"example.net", CHUNK)


def ours() -> Dispatcher:
    service = Service([ses.Receiver(account())])
    return Dispatcher(service, moto_application(), mail=ReceivedMail(), clock=SystemClock())


def our_rule(turn: Turn) -> None:
    form = b"Action=DescribeReceiptRule&Version=2010-12-01&RuleSetName=main&RuleName=rule-199"
    repeat(turn, ours(), form, b"sales-199@example.com", CHUNK)


def our_set(turn: Turn) -> None:
    form = b"Action=DescribeReceiptRuleSet&Version=2010-12-01&RuleSetName=main"
    repeat(turn, ours(), form, b"sales-199@example.com", 2)


def repeat(turn: Turn, application: Any, form: bytes, expected: bytes, times: int) -> None:
    turn.did = times
    for _ in turn:
        for _ in range(times):
            if expected not in ask(application, form):
                raise SystemExit(f"no {expected!r} in the answer")


if __name__ == "__main__":
    chosen = options(__doc__, rounds=30).parse_args()
    contenders = {"moto ListIdentities": moto_identities, "DescribeReceiptRule": our_rule, "200 rules": our_set}
    times = measure(contenders, rounds=chosen.rounds)
    a_second = 1 / times["200 rules"].middle
    rows = [
        Row.of("DescribeReceiptRule", times, "DescribeReceiptRule", "moto ListIdentities", goal=GOAL),
        Row.bound(f"describing a set of {RULES} rules", a_second, GOAL_A_SECOND, "a second"),
    ]
    finish(rows, chosen)
