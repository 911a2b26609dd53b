"""Authentication against its peers, alternately in one run: ratios are what counts, not figures of one machine.

DKIM of messages of 4 KB, 100 KB and 10 MB beside dkimpy; SPF + DKIM + DMARC beside dkimpy + pyspf + our DMARC, and
beside mailauth, which npm installs below ``tests/.cache`` (with ARC, as its `authenticate` has it, without BIMI), and
beside Rspamd with these three modules alone; the canonical form of bodies that were made to be slow.

    python tests/benchmarks/bench_auth.py [--rounds 20] [--check]
"""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import dkim
import pytest
import rspamd_peer
from environments import node_with
from harness import Contender, Row, Turn, finish, measure, options
from oracles import drivers
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

HERE = Path(__file__).parent
DOMAINS = 20
IP = "192.0.2.70"
NOW = time.time()


@dataclass(frozen=True)
class Size:
    """Messages of one size: how many there are, how many make a chunk at least, and the goals."""

    name: str
    octets: int
    kind: str
    messages: int
    chunk: int
    share: float  # of the rounds
    dkim: float  # times dkimpy


SIZES = (
    Size("4 KB", 4_000, "base64", 200, 40, 1.0, 6.0),
    Size("100 KB base64", 100_000, "base64", 20, 4, 0.75, 12.0),
    Size("100 KB text", 100_000, "text", 20, 4, 0.75, 12.0),
    Size("10 MB base64", 10_000_000, "base64", 1, 1, 0.35, 15.0),
    Size("10 MB text", 10_000_000, "text", 1, 1, 0.35, 15.0),
)
# Of all three checks together.
TIMES_DKIMPY, TIMES_MAILAUTH, TIMES_RSPAMD = 4.0, 2.0, 1.5
LEAST_MB = 100.0


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


def over(mail: Sequence[Sample], chunk: int, work: Callable[[Sample], bool], turn: Turn) -> None:
    """A contender: so many of the messages a chunk, or more if it is fast, over and over."""
    following = cycle(mail)
    for _ in turn:
        for sample in islice(following, turn.fitting(chunk)):
            if not work(sample):
                raise SystemExit(f"{work.__name__} does not let a message pass")


# ------------------------------------------------------------------------ mailauth


class Mailauth:
    """mailauth in a process of its own, which tells how long its processor worked for a chunk."""

    def __init__(self, mail: Sequence[Sample]) -> None:
        node = shutil.which("node")
        assert node is not None
        command = [node, str(HERE / "mailauth.mjs"), str(node_with("mailauth", drivers.MAILAUTH))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = [
            {"raw": base64.b64encode(one.raw).decode(), "sender": f"news@{one.domain}", "helo": f"mta.{one.domain}"}
            for one in mail
        ]
        self.ask(json.dumps({"zone": drivers.answers_of(ZONE), "ip": IP, "mail": told}))

    def ask(self, line: str) -> float:
        """The seconds that it answers a line with."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("mailauth has ended, for the reason above")
        return float(answer)


def mailauth(mail: Sequence[Sample], chunk: int, turn: Turn) -> None:
    """A contender: authenticate() of mailauth."""
    program = Mailauth(mail)
    for _ in turn:
        turn.elsewhere_s = program.ask(str(turn.fitting(chunk)))
    program.process.terminate()
    program.process.wait()


def without_mailauth() -> str:
    """Why there is no mailauth here; empty where there is."""
    try:
        next(drivers.mailauth())
    except pytest.skip.Exception as skipped:
        return str(skipped)
    return ""


# ------------------------------------------------------------------------ rspamd


def rspamd(mail: Sequence[Sample], chunk: int, turn: Turn) -> None:
    """A contender: the worker of Rspamd, one message after the other on one connection."""
    program = rspamd_peer.Rspamd(ZONE)
    following = cycle(mail)
    try:
        for _ in turn:
            before_s = program.spent_s
            for sample in islice(following, turn.fitting(chunk)):
                symbols = program.check(
                    sample.raw, client_ip=IP, helo=f"mta.{sample.domain}", mail_from=f"news@{sample.domain}"
                )
                if not symbols >= rspamd_peer.PASSES:
                    raise SystemExit(f"rspamd does not let a message pass: {sorted(symbols)}")
            turn.elsewhere_s = program.spent_s - before_s
    finally:
        program.close()


# ------------------------------------------------------------------------ bodies


def slow_bodies(size: int = 4_000_000) -> dict[str, bytes]:
    """Bodies that cost a verifier the most."""
    rnd = random.Random(1)
    return {
        "lines of 997 blanks": (b" " * 997 + b"x\r\n") * (size // 1000),
        "blanks only": b" " * size,
        "tabs and blanks": b"\t " * (size // 2),
        "a letter, two blanks": b"x  " * (size // 3),
        "a letter, three blanks": b"x   " * (size // 4),
        "a letter, eleven blanks": (b"x" + b" " * 11) * (size // 12),
        "runs of one to eight": b"".join(b" " * rnd.randrange(1, 9) + b"x" for _ in range(size // 5)),
        "text, then blanks": b"lorem ipsum " * (size // 24) + b" " * (size // 2),
        "empty lines only": b"\r\n" * (size // 2),
        "short lines": b"x\r\n" * (size // 3),
        "LF only": b"x\n" * (size // 2),
        "empty lines that end in LF": b"\n" * size,
        "one LF at the end": b"x  y \r\n" * (size // 7) + b"\n",
        "base64": (b"A" * 76 + b"\r\n") * (size // 78),
    }


def speed(body: bytes, times: int = 5) -> float:
    """MB a second of the fastest time."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        canonical.body(b"relaxed", body)
        spent.append(time.process_time() - start)
    return len(body) / 1e6 / max(min(spent), 1e-6)


def main() -> None:
    chosen = options(__doc__, rounds=20).parse_args()
    rows = [Row.bound(f"relaxed body, {name}", speed(body), LEAST_MB, "MB/s") for name, body in slow_bodies().items()]
    slowest = min(rows, key=lambda row: row.rate)
    rows = [slowest]
    for size in SIZES:
        mail = samples(size.messages, size.octets, size.kind)
        work: dict[str, Contender] = {
            "dkimpy": partial(over, mail, size.chunk, peers_dkim), "ours": partial(over, mail, size.chunk, ours_dkim),
        }  # fmt: skip
        rounds = max(3, round(chosen.rounds * size.share))
        times = measure(work, rounds=rounds, warm=2)  # how much fits a turn shows in the first chunk
        rows.append(Row.of(f"DKIM, RSA-2048 relaxed, {size.name}", times, "ours", "dkimpy", goal=size.dkim))
    small = SIZES[0]
    mail = samples(small.messages, small.octets, small.kind)
    both: dict[str, Contender] = {
        "dkimpy + pyspf": partial(over, mail, small.chunk, peers_full),
        "ours": partial(over, mail, small.chunk, ours_full),
    }
    left_out = []
    if reason := rspamd_peer.missing():
        left_out.append(f"rspamd beside SPF + DKIM + DMARC: {reason}")
    else:
        both["rspamd"] = partial(rspamd, mail, small.chunk)
    if reason := without_mailauth():
        left_out.append(f"mailauth beside SPF + DKIM + DMARC: {reason}")
    else:
        both["mailauth"] = partial(mailauth, mail, small.chunk)
    times = measure(both, rounds=chosen.rounds, warm=2)
    what = "SPF + DKIM + DMARC, 4 KB"
    rows.append(Row.of(what, times, "ours", "dkimpy + pyspf", goal=TIMES_DKIMPY))
    if "mailauth" in times:
        rows.append(Row.of(what, times, "ours", "mailauth", goal=TIMES_MAILAUTH))
    if "rspamd" in times:
        rows.append(Row.of(what, times, "ours", "rspamd", goal=TIMES_RSPAMD))
    finish(rows, chosen, left_out=left_out)


if __name__ == "__main__":
    main()
