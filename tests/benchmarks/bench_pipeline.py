"""The whole pipeline against plain dkimpy + pyspf on the same messages, alternately in one run.

Messages of 4 KB from 20 domains, each signed with RSA-2048 by dkimpy, go through `Receiver.replay` (filters,
recipients, SPF, DKIM, DMARC, scanning, two rules that add a header, store the message in S3 with the headers and the
signature of SES, and stop, the trace and the tables) and through one loop that calls `dkim.verify` and `spf.query` and
does nothing else. A further row also publishes every message to SNS, with its whole content in a notification. DNS is a
dictionary for both.

    python tests/benchmarks/bench_pipeline.py [--rounds 40] [--check]
"""

from __future__ import annotations

import base64
import random
import time
import warnings
from collections.abc import Iterator
from typing import ClassVar

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from harness import Row, Turn, finish, measure, options

import sesreceive as ses

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)  # pyspf has `\d` in a docstring
    import spf

CHUNK = 64
CLIENT_IP = "192.0.2.70"
TEXT = "invoice shipping account order update meeting of and to in for your team report quarter please review"
DOMAINS = [f"sender{number}.example.org" for number in range(20)]


class Corpus:
    """Signed messages and the zone that belongs to them; the same for the same seed, but for the keys."""

    def __init__(self, messages: int, seed: int = 20260102) -> None:
        self.random = random.Random(seed)
        self.records: dict[str, dict[str, list[str]]] = {
            "spf1.example.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.128/25 ip6:2001:db8:1::/48 -all"]},
            "spf2.example.net": {"TXT": ["v=spf1 ip4:192.0.2.0/28 ip4:192.0.2.64/26 -all"]},
        }
        self.keys = {domain: self.key(domain) for domain in DOMAINS}
        self.items = [self.message(number) for number in range(messages)]

    def chunks(self, turn: Turn) -> Iterator[tuple[bytes, ses.Envelope]]:
        """The messages one after the other, a chunk of them a turn."""
        turn.did = CHUNK
        for at in turn:
            yield from self.items[at * CHUNK : (at + 1) * CHUNK]

    def key(self, domain: str) -> bytes:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.records[f"s1._domainkey.{domain}"] = {"TXT": [f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"]}
        self.records[domain] = {
            "TXT": ["site-verification=abc", "v=spf1 mx include:spf1.example.net include:spf2.example.net ~all"],
            "MX": [f"10 mx.{domain}"],
        }
        self.records[f"mx.{domain}"] = {"A": ["203.0.113.7"]}
        self.records[f"_dmarc.{domain}"] = {"TXT": ["v=DMARC1; p=reject; adkim=s; aspf=r"]}
        return private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )

    def message(self, number: int) -> tuple[bytes, ses.Envelope]:
        domain = DOMAINS[number % len(DOMAINS)]
        lines = "\r\n".join(" ".join(self.random.choices(TEXT.split(), k=10)) for _ in range(20))
        attachment = base64.encodebytes(self.random.randbytes(1_300)).replace(b"\n", b"\r\n").decode()
        raw = (
            f'From: "Sender {number}" <news@{domain}>\r\nTo: user{number}@example.com, other@example.com\r\n'
            f"Subject: Your order {number} has been\r\n  updated and will ship\r\n"
            f"Date: Fri, 02 Jan 2026 10:05:05 +0000\r\nMessage-ID: <{number}@{domain}>\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{lines}\r\n"
            "--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            f"{attachment}--b--\r\n"
        ).encode()
        signed = dkim.sign(raw, b"s1", domain.encode(), self.keys[domain], canonicalize=(b"relaxed", b"relaxed")) + raw
        envelope = ses.Envelope(
            client_ip=CLIENT_IP, helo=f"mx.{domain}", mail_from=f"news@{domain}",
            rcpt_to=(f"user{number}@example.com",), tls=True,
        )  # fmt: skip
        return signed, envelope


def make_receiver(corpus: Corpus, *, publish: bool = False) -> ses.Receiver:
    """An account with filters, two rules that match and one that does not."""
    publishing = (ses.SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail"),) if publish else ()
    rules = (
        ses.ReceiptRule(name="other", enabled=True, recipients=("billing@example.com", ".example.com")),
        ses.ReceiptRule(
            name="tag", enabled=True, scan_enabled=True, recipients=("example.com",),
            actions=(ses.AddHeaderAction(header_name="X-Seen", header_value="yes"),),
        ),
        ses.ReceiptRule(
            name="store", enabled=True,
            actions=(ses.S3Action(bucket_name="inbox"), *publishing, ses.StopAction()),
        ),
    )  # fmt: skip
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),),
        filters=tuple(ses.ReceiptFilter.block(f"203.0.113.{n}", name=f"f{n}") for n in range(4)),
    )  # fmt: skip
    # dkimpy writes the time of the machine into its signatures, so the messages must not come before that.
    return ses.Receiver(
        account, resolver=ses.Zone(corpus.records), seed=1, clock=ses.SteppingClock(time.time(), step_s=0.001)
    )


class PlainSpf(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf with its look-ups answered from the dictionary."""

    records: ClassVar[dict[str, dict[str, list[str]]]] = {}

    def dns(self, name: str, qtype: str, *rest: object, **more: object) -> list[object]:
        found = self.records.get(name.rstrip(".").lower(), {}).get(qtype, [])
        if qtype == "TXT":
            return [(text.encode(),) for text in found]
        if qtype == "MX":
            return [(int(preference), host) for preference, host in (text.split() for text in found)]
        return list(found)


def plainly(corpus: Corpus, turn: Turn) -> None:
    """dkimpy and pyspf, nothing else."""
    PlainSpf.records = corpus.records

    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        found = corpus.records.get(name.decode().rstrip("."), {}).get("TXT")
        return found[0].encode() if found else None

    for raw, envelope in corpus.chunks(turn):
        if not dkim.verify(raw, dnsfunc=txt):
            raise SystemExit("dkimpy does not accept its own signature")
        result, *_ = PlainSpf(i=envelope.client_ip, s=envelope.mail_from, h=envelope.helo).check()
        if result != "pass":
            raise SystemExit(f"pyspf says {result}")


def wholly(corpus: Corpus, turn: Turn, *, keep: bool = True, publish: bool = False) -> None:
    """Everything, tables included."""
    receiver = make_receiver(corpus, publish=publish)
    report = receiver.replay(corpus.chunks(turn), keep=keep)
    turn.shared_out = len(report)
    frame = report.messages
    if not ((frame["dkim"] == "PASS") & (frame["spf"] == "PASS") & (frame["dmarc"] == "PASS")).all():
        raise SystemExit("the pipeline does not accept the messages")
    if len(receiver.backend.buckets["inbox"]) != len(report):
        raise SystemExit("the pipeline lost a message")


PEER = "dkimpy + pyspf"
GOALS = {"whole pipeline": 1.5, "whole pipeline, keep=False": 1.5, "whole pipeline and SNS with content": 1.2}


def main() -> None:
    chosen = options(__doc__, rounds=40).parse_args()
    corpus = Corpus((chosen.rounds + 1) * CHUNK)
    size = sum(len(raw) for raw, _ in corpus.items) // len(corpus.items)
    for publish in (False, True):  # what is imported when it is first used is none of the work
        make_receiver(corpus, publish=publish).replay(corpus.items[:20]).messages  # noqa: B018
    print(f"{len(corpus.items)} signed messages of {size} bytes, in chunks of {CHUNK}")
    times = measure(
        {
            PEER: lambda turn: plainly(corpus, turn),
            "whole pipeline": lambda turn: wholly(corpus, turn),
            "whole pipeline, keep=False": lambda turn: wholly(corpus, turn, keep=False),
            "whole pipeline and SNS with content": lambda turn: wholly(corpus, turn, publish=True),
        },
        rounds=chosen.rounds,
    )
    for name, taken in times.items():
        print(
            f"{name:<36} {1 / taken.middle:>6,.0f} messages/s, of each: {taken.middle * 1e6:>5,.0f} us, of which"
            f" collecting {taken.collecting_s / taken.operations * 1e6:.0f}, table {taken.once_s * 1e6:.0f}"
        )
    finish([Row.of(f"{name}, 4 KB", times, name, PEER, goal=goal) for name, goal in GOALS.items()], chosen)


if __name__ == "__main__":
    main()
