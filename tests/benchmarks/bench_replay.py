"""Replays: their tables beside pandas' own way to make them, two workers beside one, Dask beside a pool of processes.

The tables of signed messages of 4 KB are made by `Report`, and by ``pandas.DataFrame`` of a list of dataclasses with
the same cells: the messages of columns and rows that are there already, the events of the traces, which both have to
read. They take turns and are timed by processor time. Workers are timed on the clock, a replay of all messages each.
What workers send back has the bytes of stored objects, with SES's signature; one process makes them when they are read,
which nobody does here, so workers do more. The row of replays side by side shows what the machine can give at most.

    python tests/benchmarks/bench_replay.py [--rounds 5] [--messages 2000] [--check]
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import make_dataclass
from multiprocessing import get_context
from typing import Any

import pandas as pd
from bench_pipeline import Corpus, make_receiver
from harness import Row, Turn, finish, measure, options

import sesreceive as ses
from sesreceive.report.columns import table
from sesreceive.report.frames import frame
from sesreceive.report.table import COMMON
from sesreceive.report.trace_rows import event_rows

WORKERS, CHUNK = 2, 200
REPEATED = 10
TIMES_PANDAS, PART_OF_ITS_MEMORY = 20.0, 0.7
LEAN, KEPT, DASK = 1.8, 1.7, 0.8
PEER = "pd.DataFrame(list of dataclasses)"


def dataclass_of(name: str) -> Any:
    """A dataclass with the columns of a table."""
    return make_dataclass(name.capitalize(), table(name).names)


# ------------------------------------------------------------------ tables


def tables_part(report: ses.Report, rounds: int) -> list[Row]:
    """The table of messages from what is there, and that of events from the traces."""
    rows = []
    # The cells of one replay over and over, so that what a frame costs once does not count.
    columns = {name: list(cells) * REPEATED for name, cells in report._tables.data("messages").items()}
    row_type = dataclass_of("messages")
    at_hand = [row_type(*cells) for cells in zip(*columns.values(), strict=True)]

    def pandas_messages(turn: Turn) -> None:
        turn.did = len(at_hand)
        for _ in turn:
            pd.DataFrame(at_hand)

    def our_messages(turn: Turn) -> None:
        turn.did = len(at_hand)
        for _ in turn:
            frame(table("messages"), columns)

    event = make_dataclass("Event", ("number", "message", *table("events").names[len(COMMON) :]))

    def pandas_events(turn: Turn) -> None:
        turn.did = len(report)
        for _ in turn:
            pd.DataFrame(
                [
                    event(number, "", *cells)
                    for number, reception in enumerate(report)
                    for cells in event_rows(reception.trace)
                ]
            )

    def our_events(turn: Turn) -> None:
        turn.did = len(report)
        for _ in turn:
            frame(table("events"), report.data("events"))

    times = measure(
        {
            "their messages": pandas_messages,
            "messages": our_messages,
            "their events": pandas_events,
            "events": our_events,
        },
        rounds=rounds,
    )
    for name, what in (("messages", "rows at hand"), ("events", "read from the traces")):
        one = Row.of(f"table of {name}, {what}", times, name, f"their {name}", goal=TIMES_PANDAS)
        rows.append(_against(one, PEER))
    made = frame(table("messages"), columns), pd.DataFrame(at_hand)
    ours, theirs = (int(one.memory_usage(deep=True).sum()) for one in made)
    rows.append(
        Row.bound("table of messages, memory beside theirs", ours / theirs, PART_OF_ITS_MEMORY, "of it", most=True)
    )
    return rows


def _against(row: Row, peer: str) -> Row:
    return Row(**{**vars(row), "peer": peer})


# ------------------------------------------------------------------ workers


def seconds(corpus: Corpus, executor: Executor | None, *, keep: bool) -> float:
    """How long a replay takes on the clock, until its table is there."""
    receiver = make_receiver(corpus)
    start = time.perf_counter()
    report = receiver.replay(corpus.items, executor=executor, chunk=CHUNK, keep=keep)
    if len(report.messages) != len(corpus.items):
        raise SystemExit("a replay lost a message")
    return time.perf_counter() - start


_corpus: list[Corpus] = []  # for processes that are forked from this one


def _part(number: int) -> None:
    """A part of the corpus, received by itself; nothing of it travels."""
    items = _corpus[0].items[number::WORKERS]
    report = make_receiver(_corpus[0]).replay(items, keep=False)
    if len(report.messages) != len(items):
        raise SystemExit("a replay lost a message")


def side_by_side(pool: Executor) -> float:
    """How long as many replays of a part each take on the clock, which share nothing but the machine."""
    start = time.perf_counter()
    list(pool.map(_part, range(WORKERS)))
    return time.perf_counter() - start


def workers_part(corpus: Corpus, rounds: int) -> tuple[list[Row], list[str]]:
    """Rows, and what is left out."""
    if (os.cpu_count() or 1) < WORKERS:
        return [], [f"{WORKERS} workers beside one: there is one core"]
    rows = []
    left_out: list[str] = []
    _corpus[:] = [corpus]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        seconds(corpus, pool, keep=False)  # what is loaded when it is first used
        side_by_side(pool)
        pairs = _pairs(lambda: side_by_side(pool), lambda: seconds(corpus, None, keep=False), rounds)
        rates = [(len(corpus.items) / ours, len(corpus.items) / theirs) for ours, theirs in pairs]
        what = f"{WORKERS} replays side by side, of a part each: what two cores can give"
        rows.append(Row.ratio_of(what, rates, "one after the other", goal=None))
        for keep, goal in ((False, LEAN), (True, KEPT)):
            pairs = _pairs(
                lambda k=keep: seconds(corpus, pool, keep=k), lambda k=keep: seconds(corpus, None, keep=k), rounds
            )  # type: ignore[misc]
            rates = [(len(corpus.items) / ours, len(corpus.items) / theirs) for ours, theirs in pairs]
            rows.append(
                Row.ratio_of(f"replay by {WORKERS} workers, keep={keep}", rates, "one after the other", goal=goal)
            )
        try:
            with dask_executor() as dask:
                seconds(corpus, dask, keep=False)
                pairs = _pairs(
                    lambda: seconds(corpus, dask, keep=False), lambda: seconds(corpus, pool, keep=False), rounds
                )
                rates = [(len(corpus.items) / ours, len(corpus.items) / theirs) for ours, theirs in pairs]
                rows.append(Row.ratio_of(f"replay by Dask, {WORKERS} workers", rates, "a pool of processes", goal=DASK))
        except ImportError as error:
            left_out.append(f"Dask beside a pool of processes: {error}")
    return rows, left_out


def _pairs(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> list[tuple[float, float]]:
    return [(ours(), theirs()) for _ in range(rounds)]


@contextmanager
def dask_executor() -> Iterator[Executor]:
    """An executor of a Dask cluster on this machine."""
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        yield client.get_executor()


def main() -> None:
    parser = options(__doc__, rounds=5)
    parser.add_argument("--messages", type=int, default=2_000)
    chosen = parser.parse_args()
    corpus = Corpus(chosen.messages)
    report = make_receiver(corpus).replay(corpus.items)
    rows = tables_part(report, chosen.rounds)
    of_workers, left_out = workers_part(corpus, chosen.rounds)
    finish([*rows, *of_workers], chosen, left_out=left_out)


if __name__ == "__main__":
    main()
