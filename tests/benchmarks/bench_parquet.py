"""What a replay into Parquet files takes beside one into memory, and how large the files are.

Signed messages of 4 KB, received one after the other, by processor time, in turns. Workers are `bench_replay.py`.

    python tests/benchmarks/bench_parquet.py [--messages 2000] [--rounds 3] [--check]
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench_pipeline import Corpus, make_receiver
from harness import Row, finish, options

# The row groups of a replay and the tables of it are to cost less than half of the receiving.
GOAL = 0.67
# Octets of a message in all tables: what a billion messages take on a disk is counted with it.
BYTES = 500


def rate(run: Callable[[], object], messages: int) -> float:
    """Messages a second of processor time."""
    gc.collect()
    start = time.process_time()
    run()
    return messages / (time.process_time() - start)


def main() -> None:
    parser = options(__doc__, rounds=3)
    parser.add_argument("--messages", type=int, default=2_000)
    chosen = parser.parse_args()
    corpus = Corpus(chosen.messages)
    pairs = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(chosen.rounds + 1):
            folder = Path(name, str(number))
            written = rate(lambda at=folder: make_receiver(corpus).replay_to(at, corpus.items), chosen.messages)  # type: ignore[misc]
            kept = rate(lambda: make_receiver(corpus).replay(corpus.items, keep=False).messages, chosen.messages)
            pairs.append((written, kept))
        size = sum(path.stat().st_size for path in folder.rglob("*.parquet")) / chosen.messages
    rows = [
        # The first round loads what is used for the first time.
        Row.ratio_of("replay into Parquet files", pairs[1:], "the same into memory, keep=False", goal=GOAL),
        Row.bound("files of a replay", size, BYTES, "bytes a message", most=True),
    ]
    finish(rows, chosen)


if __name__ == "__main__":
    main()
