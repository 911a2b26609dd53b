"""Mail that was made to be dear: MB/s and the most memory that one message takes beside itself.

Each message goes the whole way: recipients, authentication, scanning, a rule that adds a header, publishes and stores.
A zone is read alone. MB/s are of processor time, so that what else runs counts little. Goals of the project: never
below 20 MB/s, never more than 3 times the message.

    python tests/benchmarks/bench_hostile.py [NAME …] [--megabytes 40] [--check]
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Row, finish
from hostile import END, FROM, MESSAGES, ZONES

import sesreceive as ses
from sesreceive.effects import Publish

LARGEST = 40 * 1024 * 1024
RECORDS = 100_000
LEAST_RATE, MOST_TIMES = 20.0, 3.0


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


def measured(work: Callable[[], object]) -> tuple[float, int]:
    """Seconds, and the most octets that were in use beside those before."""
    gc.collect()
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return seconds, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("names", nargs="*", help="rows (default: all)")
    parser.add_argument("--megabytes", type=float, default=(LARGEST - 4096) / 1e6, help="size of a message")
    parser.add_argument(
        "--check", action="store_true", help="fail where a rate is below half of its goal, or memory above"
    )
    chosen = parser.parse_args()
    size = int(chosen.megabytes * 1e6)
    works: Mapping[str, Callable[[], tuple[int, Callable[[], object]]]] = {
        **{name: lambda make=make: mail(make(size)) for name, make in MESSAGES.items()},  # type: ignore[misc]  # bound at once
        **{name: lambda make=make: zone(make(RECORDS)) for name, make in ZONES.items()},  # type: ignore[misc]
    }
    if unknown := [name for name in chosen.names if name not in works]:
        parser.error(f"expected {', '.join(works)} but got {', '.join(unknown)}")
    whole_way(FROM + END)  # what is loaded when it is first used
    print(f"{'':26}{'MB':>7}{'MB/s':>9}{'memory':>9}")
    rates: list[tuple[float, str]] = []
    peaks: list[tuple[float, str]] = []
    for name in chosen.names or works:
        octets, work = works[name]()
        seconds, peak = measured(work)
        rate, times = octets / 1e6 / seconds, peak / octets
        print(f"{name:26}{octets / 1e6:7.1f}{rate:9.1f}{times:8.1f}x", flush=True)
        rates.append((rate, name))
        peaks.append((times, name))
    (rate, slowest), (times, largest) = min(rates), max(peaks)
    rows = [
        Row.bound(f"mail made to be dear, the slowest of {len(rates)}: {slowest}", rate, LEAST_RATE, "MB/s"),
        Row.bound(f"mail made to be dear, the most memory: {largest}", times, MOST_TIMES, "times its size", most=True),
    ]
    finish(rows, chosen)


def mail(raw: bytes) -> tuple[int, Callable[[], object]]:
    return len(raw), lambda: whole_way(raw)


def zone(text: str) -> tuple[int, Callable[[], object]]:
    return len(text), lambda: ses.Zone.parse(text)


if __name__ == "__main__":
    main()
