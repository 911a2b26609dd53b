"""Replay off one process: a process pool and Dask on two workers, and what a replay into Parquet files takes.

Signed messages of 4 KB. The pools are timed by the clock, since other processes work; they take turns in one run, with
the start of their workers left out. The replay into files is timed by processor time.

    python tests/benchmarks/bench_cluster.py [--messages 2000] [--rounds 3] [--check]
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from bench_pipeline import Corpus
from harness import QUIET_LOAD, load, machine

import sesreceive as ses

CHUNK = 200
GOALS = {
    "two processes, tables alone": 1.8, "two processes, receptions kept": 1.7, "Dask against the pool": 0.8,
}  # fmt: skip


def alternately(work: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Seconds of each, the contenders taking turns; the median of the rounds."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            gc.collect()
            start = clock()
            run()
            taken[name].append(clock() - start)
    return {name: median(each) for name, each in taken.items()}


def receiver_of(corpus: Corpus) -> ses.Receiver:
    actions = (ses.AddHeaderAction(header_name="X-Seen", header_value="yes"), ses.S3Action(bucket_name="inbox"))
    store = ses.ReceiptRule(name="store", enabled=True, scan_enabled=True, actions=actions)
    stop = ses.ReceiptRule(name="stop", enabled=True, actions=(ses.StopAction(),))
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(store, stop)),)
    )
    return ses.Receiver(account, resolver=ses.Zone(corpus.records), seed=1)


def clusters(corpus: Corpus, rounds: int) -> dict[str, float]:
    """Messages a second by each engine, and their ratios."""
    import distributed

    def run(executor: Any, keep: bool) -> Callable[[], object]:
        return lambda: receiver_of(corpus).replay(corpus.items, executor=executor, chunk=CHUNK, keep=keep)

    two = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with (
        ProcessPoolExecutor(2) as pool,
        distributed.LocalCluster(**two) as workers,
        distributed.Client(workers) as client,
    ):
        dask = client.get_executor()
        work = {
            "serial, tables alone": run(None, False), "pool, tables alone": run(pool, False),
            "Dask, tables alone": run(dask, False), "serial, kept": run(None, True), "pool, kept": run(pool, True),
        }  # fmt: skip
        for each in work.values():
            each()  # workers load what they need
        taken = alternately(work, rounds, time.perf_counter)
    for name, seconds in taken.items():
        print(f"  {name:<24} {len(corpus.items) / seconds:>9,.0f} messages/s")
    return {
        "two processes, tables alone": taken["serial, tables alone"] / taken["pool, tables alone"],
        "two processes, receptions kept": taken["serial, kept"] / taken["pool, kept"],
        "Dask against the pool": taken["pool, tables alone"] / taken["Dask, tables alone"],
    }


def written(corpus: Corpus, rounds: int, folder: Path) -> None:
    """Print what a replay into files takes."""
    receiver_of(corpus).replay_to(folder, corpus.items)
    taken = alternately({"full replay to Parquet": lambda: to_parquet(corpus, folder)}, rounds, time.process_time)
    for name, seconds in taken.items():
        print(f"  {name:<24} {len(corpus.items) / seconds:>9,.0f} messages/s of processor time")


def to_parquet(corpus: Corpus, folder: Path) -> object:
    shutil.rmtree(folder.with_name("again"), ignore_errors=True)
    return receiver_of(corpus).replay_to(folder.with_name("again"), corpus.items)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="fail where a goal is missed on a quiet machine")
    chosen = parser.parse_args()
    print(machine(), f"load {load():.1f}", sep="\n")
    corpus = Corpus(chosen.messages)
    with tempfile.TemporaryDirectory() as folder:
        ratios = clusters(corpus, chosen.rounds)
        written(corpus, chosen.rounds, Path(folder, "replay"))
        size = sum(path.stat().st_size for path in Path(folder, "replay").rglob("*.parquet"))
    print(f"\n  files of a replay        {size / chosen.messages:>9,.0f} bytes a message")
    missed = 0
    for name, ratio in ratios.items():
        missed += ratio < GOALS[name]
        print(f"  {name:<32} {ratio:>6.2f} x, goal {GOALS[name]:g} x")
    quiet = os.getloadavg()[0] <= QUIET_LOAD + 2  # the two workers of this run are part of it
    return 1 if chosen.check and missed and quiet else 0


if __name__ == "__main__":
    sys.exit(main())
