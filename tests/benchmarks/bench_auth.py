"""Authentication against its peers, alternately in one run: ratios are what counts, not figures of one machine.

Prints messages/s of our SPF + DKIM + DMARC beside dkimpy + pyspf + our DMARC on the same messages, signatures/s of
our verifier beside dkimpy's, and MB/s of the canonical form of bodies that were made to be slow.

    python tests/benchmarks/bench_auth.py [SECONDS PER MEASUREMENT]
"""

from __future__ import annotations

import base64
import itertools
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import dkim
from signing import pem, record, rsa_key

from sesreceive.auth import canonical
from sesreceive.auth import dkim as ours
from sesreceive.auth.dmarc import evaluate
from sesreceive.auth.remembered import Memory
from sesreceive.auth.results import DkimResult, DkimStatus, SpfResult, SpfStatus
from sesreceive.dns.zone import Zone
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.stages.authentication import authenticate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import spf

ROUNDS = 5
DOMAINS = 20
IP = "192.0.2.70"
NOW = time.time()

# Goals of the project, as ratios: the full checks 4 at 4 KB; DKIM 6, 12 and 15 at 4 KB, 100 KB and 10 MB; a relaxed
# body of any shape never below 100 MB/s.


@dataclass(frozen=True)
class Sample:
    raw: bytes
    domain: str


def zone() -> Zone:
    """Twenty domains: SPF that matches in the second include, a 2048-bit key, strict DMARC."""
    records: dict[str, dict[str, object]] = {
        "_spf1.example.net": {"TXT": "v=spf1 ip4:198.51.100.0/24 ~all"},
        "_spf2.example.net": {"TXT": "v=spf1 ip4:192.0.2.0/24 ~all"},
        "mx.example.net": {"A": "203.0.113.25"},
    }
    for number in range(DOMAINS):
        name = f"sender{number}.example.com"
        records[name] = {
            "TXT": "v=spf1 mx include:_spf1.example.net include:_spf2.example.net -all",
            "MX": (10, "mx.example.net"),
        }
        records[f"s1._domainkey.{name}"] = {"TXT": record(rsa_key(2048))}
        records[f"_dmarc.{name}"] = {"TXT": "v=DMARC1; p=reject; adkim=s; aspf=s"}
    return Zone(records)  # type: ignore[arg-type]  # values of several kinds


ZONE = zone()
MEMORY = Memory()  # as a receiver has one
TEXTS = {line.name.encode() + b".": line.value for line in ZONE.records if line.rdtype == "TXT"}


def samples(count: int, size: int, kind: str) -> list[Sample]:
    rnd = random.Random(size)
    made = []
    for number in range(count):
        domain = f"sender{number % DOMAINS}.example.com"
        if kind == "base64":
            body = base64.encodebytes(rnd.randbytes(size * 3 // 4)).replace(b"\n", b"\r\n")
        else:
            words = [b"lorem", b"ipsum", b"  dolor", b"sit   amet", b"\tconsectetur", b"elit \r\n"]
            body = b" ".join(rnd.choices(words, k=size // 8)) + b"\r\n"
        raw = (
            f"Received: from mta.{domain} ({domain} [{IP}])\r\n by mx.example.org with ESMTPS id {number};\r\n"
            f" Tue, 24 Nov 2026 10:00:00 +0000\r\nFrom: News <news@{domain}>\r\nTo: ana@example.org\r\n"
            f"Subject: message {number}\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@{domain}>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        ).encode() + body
        signature = dkim.sign(raw, b"s1", domain.encode(), pem(rsa_key(2048)), canonicalize=(b"relaxed", b"relaxed"))
        made.append(Sample(signature + raw, domain))
    return made


# ------------------------------------------------------------------------ contenders


def lookup(name: bytes, timeout: int = 5) -> bytes | None:
    return TEXTS.get(name)  # type: ignore[return-value]  # TXT is bytes


class PeerQuery(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf as its users inject DNS: `dns` overridden, nothing else."""

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[object]:
        values = ZONE.resolve(name, qtype).values
        if qtype == "TXT":
            return [(value,) for value in values]
        if qtype == "MX":
            return [(int(text.split()[0]), text.split()[1]) for text in map(str, values)]
        return list(values)


def peers_full(sample: Sample) -> bool:
    status = PeerQuery(i=IP, s=f"news@{sample.domain}", h=f"mta.{sample.domain}").check()[0]
    sender = SpfResult(
        status=SpfStatus(status), domain=sample.domain, envelope_from=f"news@{sample.domain}", client_ip=IP, helo=""
    )
    passed = dkim.verify(sample.raw, dnsfunc=lookup)
    signed = DkimResult(status=DkimStatus.PASS if passed else DkimStatus.FAIL, domain=sample.domain)
    policy = evaluate(Message(sample.raw), sender, (signed,), ZONE, memory=MEMORY)
    return policy.status == "pass" and status == "pass" and passed


def ours_full(sample: Sample) -> bool:
    envelope = Envelope(client_ip=IP, helo=f"mta.{sample.domain}", mail_from=f"news@{sample.domain}")
    results = authenticate(Message(sample.raw), envelope, ZONE, NOW, memory=MEMORY).results
    return {results.spf.status.value, results.dkim[0].status.value, results.dmarc.status.value} == {"pass"}


def peers_dkim(sample: Sample) -> bool:
    return bool(dkim.verify(sample.raw, dnsfunc=lookup))


def ours_dkim(sample: Sample) -> bool:
    return ours.verify(Message(sample.raw), ZONE, NOW, memory=MEMORY)[0].status == "pass"


# ------------------------------------------------------------------------ measuring


def rate(work: Callable[[Sample], bool], mail: Sequence[Sample], seconds: float) -> float:
    """Messages per second of CPU time."""
    start = time.process_time()
    for done, sample in enumerate(itertools.cycle(mail), start=1):
        assert work(sample)
        spent = time.process_time() - start
        if spent > seconds:
            return done / spent
    raise AssertionError


def compare(title: str, we: Callable[[Sample], bool], they: Callable[[Sample], bool], seconds: float) -> None:
    sizes = {
        "4 KB": (200, 4_000, "base64"),
        "100 KB base64": (20, 100_000, "base64"),
        "100 KB text": (20, 100_000, "text"),
        "10 MB base64": (1, 10_000_000, "base64"),
        "10 MB text": (1, 10_000_000, "text"),
    }
    for name, (count, size, kind) in sizes.items():
        mail = samples(count, size, kind)
        pairs = [(rate(we, mail, seconds), rate(they, mail, seconds)) for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{title:28} {name:15} ours {mine:9.0f}/s   peer {theirs:9.0f}/s   ratio {ratio:6.2f}")


def hostile() -> None:
    """Bodies that cost a verifier the most; the limit is 100 MB/s."""
    size = 4_000_000
    rnd = random.Random(1)
    bodies = {
        "lines of 997 blanks": (b" " * 997 + b"x\r\n") * (size // 1000),
        "blanks only": b" " * size,
        "tabs and blanks": b"\t " * (size // 2),
        "a letter, two blanks": b"x  " * (size // 3),
        "a letter, three blanks": b"x   " * (size // 4),
        "a letter, eleven blanks": (b"x" + b" " * 11) * (size // 12),
        "runs of one to eight": b"".join(b" " * rnd.randrange(1, 9) + b"x" for _ in range(size // 5)),
        "text, then blanks": b"lorem ipsum " * (size // 24) + b" " * (size // 2),
        "empty lines only": b"\r\n" * (size // 2),
        "LF only, after CRLF": canonical.crlf(b"x\n" * (size // 2)),
        "base64": b"A" * 76 + b"\r\n",
    }
    bodies["base64"] *= size // 78
    slowest = min((speed(body), name) for name, body in bodies.items())
    for name, body in bodies.items():
        print(f"{'relaxed body':28} {name:24} {speed(body):8.0f} MB/s")
    print(f"{'relaxed body':28} slowest: {slowest[1]}, {slowest[0]:.0f} MB/s; dkimpy on lines of 997 blanks ", end="")
    body = bodies["lines of 997 blanks"][:200_000]
    print(f"{speed(body, dkim.canonicalization.Relaxed.canonicalize_body, 1):.2f} MB/s")


def speed(body: bytes, form: Callable[[bytes], object] | None = None, times: int = 3) -> float:
    spent = []
    for _ in range(times):
        start = time.process_time()
        (form or (lambda data: canonical.body(b"relaxed", data)))(body)
        spent.append(time.process_time() - start)
    return len(body) / 1e6 / max(min(spent), 1e-6)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.3
    compare("SPF + DKIM + DMARC, traced", ours_full, peers_full, seconds)
    compare("DKIM", ours_dkim, peers_dkim, seconds)
    hostile()


if __name__ == "__main__":
    main()
