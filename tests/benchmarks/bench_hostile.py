"""Mail that was made to be dear: MB/s and the most memory that one message takes beside itself.

Each message goes the whole way: recipients, authentication, scanning, a rule that adds a header, publishes and stores.
Goals of the project: never below 20 MB/s, never more than 3 times the message.

    python tests/benchmarks/bench_hostile.py [MEGABYTES] [NAME …]
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hostile import END, FROM, MESSAGES

import sesreceive as ses
from sesreceive.effects import Publish


def receiver() -> ses.Receiver:
    """A rule that uses all that is written of a message."""
    rule = ses.ReceiptRule(
        name="all", enabled=True, scan_enabled=True,
        actions=(
            ses.AddHeaderAction(header_name="X-Seen", header_value="yes"),
            ses.SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail"),
            ses.S3Action(bucket_name="inbox", topic_arn="arn:aws:sns:us-east-1:111122223333:mail"),
        ),
    )  # fmt: skip
    account = ses.Account(
        identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),), active="main"
    )
    return ses.Receiver(account)


def whole_way(raw: bytes) -> object:
    reception = receiver().receive(
        raw, client_ip="198.51.100.7", helo="mx.example.org", mail_from="ana@example.org", rcpt_to=["bo@example.com"]
    )
    assert reception.accepted, reception.reply
    published = [effect.message for effect in reception.effects if isinstance(effect, Publish)]
    return str(reception.explain()), published, reception


def zone_text(size: int) -> str:
    """A zone of records of one name."""
    line = 'example.org. IN TXT "v=spf1 ip4:192.0.2.1 -all"\n'
    return line * (size // len(line))


def measured(work: Callable[[], object]) -> tuple[float, int]:
    """Seconds, and the most octets that were in use beside those before."""
    gc.collect()
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return seconds, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main() -> None:
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 40 * 1024 * 1024 - 4096
    wanted = sys.argv[2:]
    whole_way(FROM + END)  # what is loaded when it is first used
    print(f"{'':26}{'MB':>7}{'MB/s':>9}{'memory':>9}")
    for name, make in MESSAGES.items():
        if wanted and name not in wanted:
            continue
        raw = make(size)
        show(name, len(raw), measured(lambda raw=raw: whole_way(raw)))  # type: ignore[misc]  # bound at once
    if not wanted or "zone" in wanted:
        text = zone_text(min(size, 5_200_000))
        show("zone", len(text), measured(lambda: ses.Zone.parse(text)))


def show(name: str, octets: int, cost: tuple[float, int]) -> None:
    seconds, peak = cost
    print(f"{name:26}{octets / 1e6:7.1f}{octets / 1e6 / seconds:9.1f}{peak / octets:8.1f}x", flush=True)


if __name__ == "__main__":
    main()
