"""Replays: their tables beside pandas' own way to make them, two workers beside one, Dask beside a pool of processes.

The tables of signed messages of 4 KB are made by `Report`, and by ``pandas.DataFrame`` of a list of dataclasses with
the same cells: messages and events of columns and rows that are there already, and events of the traces as well, which
both have to read: pandas' side makes a row of each event, ours by column. What pandas makes of our columns without the
declared types is what it can give. All take turns and are timed by processor time. Workers are timed on the clock, a
replay of all messages each. The bytes of stored objects, with SES's signature, are made by neither: nobody reads them.
A row says what it is where all receptions are read. The row of replays side by side shows what the machine can give at
most. That of errands shows what Dask can: its tasks and their answers are as large as those of a replay, and nothing is
done in them.

    python tests/benchmarks/bench_replay.py [--rounds 5] [--messages 2000] [--check]
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import make_dataclass, replace
from multiprocessing import get_context
from typing import Any

import pandas as pd
from bench_pipeline import Corpus, make_receiver
from harness import Contender, Row, Times, Turn, finish, measure, options

import sesreceive as ses
from sesreceive.mail.corpus import read
from sesreceive.replay.parcels import Octets, pack_tasks
from sesreceive.replay.replaying import whole
from sesreceive.replay.sharing import Way, tasks_of
from sesreceive.report.columns import table
from sesreceive.report.frames import frame
from sesreceive.report.trace_rows import event_rows

WORKERS, CHUNK = 2, 200
ANSWER = 1_600  # octets that come back of a message, at most
REPEATED = 10
TIMES_PANDAS, PART_OF_ITS_MEMORY = 20.0, 0.7
LEAN, KEPT, DASK = 1.8, 1.7, 0.8
PEER = "pd.DataFrame(list of dataclasses)"


def dataclass_of(name: str) -> Any:
    """A dataclass with the columns of a table."""
    return make_dataclass(name.capitalize(), table(name).names)


# ------------------------------------------------------------------ tables


class Cells:
    """The cells of one table, by column and as dataclasses."""

    def __init__(self, report: ses.Report, name: str, times: int) -> None:
        self.table = table(name)
        # Those of one replay over and over, so that what a frame costs once does not count.
        self.columns = {column: list(cells) * times for column, cells in report._tables.data(name).items()}
        row_type = dataclass_of(name)
        self.rows = [row_type(*cells) for cells in zip(*self.columns.values(), strict=True)]

    def theirs(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows)

    def ours(self) -> pd.DataFrame:
        return frame(self.table, self.columns)

    def of_columns(self) -> pd.DataFrame:
        """What pandas makes of the cells by column, whatever types it finds in them."""
        return pd.DataFrame(self.columns)


def turns(make: Callable[[], pd.DataFrame], messages: int) -> Contender:
    """A contender that makes a table, and lets it go, each time it is its turn."""

    def contender(turn: Turn) -> None:
        turn.did = messages
        for _ in turn:
            make()

    return contender


def tables_part(report: ses.Report, rounds: int) -> list[Row]:
    """The tables of messages and events from what is there, and that of events from the traces."""
    messages, events = Cells(report, "messages", REPEATED), Cells(report, "events", 1)
    event = dataclass_of("events")
    # Twice, so that what a process takes once for reading says less of its memory.
    twice = report + report

    def their_events() -> pd.DataFrame:
        items = zip(twice.names, twice, strict=True)
        return pd.DataFrame(
            [
                event(number, name, str(reception.envelope.certainty), *cells)
                for number, (name, reception) in enumerate(items)
                for cells in event_rows(reception.trace)
            ]
        )

    def our_events() -> pd.DataFrame:
        return frame(events.table, twice.cells("events"))

    times = measure(
        {
            "their messages": turns(messages.theirs, len(report) * REPEATED),
            "messages": turns(messages.ours, len(report) * REPEATED),
            "their events at hand": turns(events.theirs, len(report)),
            "events at hand": turns(events.ours, len(report)),
            "columns at hand": turns(events.of_columns, len(report)),
            "their events": turns(their_events, len(twice)),
            "events": turns(our_events, len(twice)),
        },
        rounds=rounds,
    )
    rows = [
        against_pandas("table of messages, rows at hand", times, "messages"),
        against_pandas("table of events, rows at hand", times, "events at hand"),
        against_pandas("pd.DataFrame of the columns of events: what pandas can give", times, "columns at hand"),
        against_pandas("table of events, read from the traces", times, "events"),
    ]
    for cells in (messages, events):
        ours, theirs = (int(made.memory_usage(deep=True).sum()) for made in (cells.ours(), cells.theirs()))
        work = f"table of {cells.table.name}, memory beside theirs"
        rows.append(Row.bound(work, ours / theirs, PART_OF_ITS_MEMORY, "of it", most=True))
    for name, what in (("messages", "messages"), ("events", "events from the traces")):
        our_mb, their_mb = times[name].memory_mb, times[f"their {name}"].memory_mb
        if our_mb is not None and their_mb:
            work = f"making the table of {what}, most memory beside theirs"
            rows.append(Row.bound(work, our_mb / their_mb, PART_OF_ITS_MEMORY, "of it", most=True))
    return rows


def against_pandas(work: str, times: Mapping[str, Times], ours: str) -> Row:
    """A row whose peer is pandas; without a goal where pandas does our side as well."""
    theirs = "their events at hand" if ours == "columns at hand" else f"their {ours}"
    row = Row.of(work, times, ours, theirs, goal=TIMES_PANDAS)
    return replace(row, peer=PEER, goal=None if ours == "columns at hand" else TIMES_PANDAS)


# ------------------------------------------------------------------ workers


def seconds(corpus: Corpus, executor: Executor | None, *, keep: bool, read_all: bool = False) -> float:
    """How long a replay takes on the clock, until its table is there, and its traces are where they are read."""
    receiver = make_receiver(corpus)
    start = time.perf_counter()
    report = receiver.replay(corpus.items, executor=executor, chunk=CHUNK, keep=keep)
    if len(report.messages) != len(corpus.items):
        raise SystemExit("a replay lost a message")
    if read_all:
        sum(len(reception.trace) for reception in report)
    return time.perf_counter() - start


class Counting(Executor):
    """An executor that works when it is asked, and counts the octets that would come back."""

    octets = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        self.octets += len(pickle.dumps(future.result()))
        return future


def answers_part(corpus: Corpus) -> list[Row]:
    """How much comes back of a message."""
    rows = []
    for keep in (False, True):
        executor = Counting()
        seconds(corpus, executor, keep=keep)
        size = executor.octets / len(corpus.items)
        rows.append(
            Row.bound(f"what a worker sends back, keep={keep}", size, ANSWER, "bytes a message of 4 KB", most=True)
        )
    return rows


def errands(corpus: Corpus, executor: Executor) -> float:
    """How long tasks of the size of a replay's take on the clock, and answers of that size, with nothing done."""
    receiver = make_receiver(corpus)
    way = Way(made=whole, keep=False)
    tasks = list(tasks_of(receiver, read(corpus.items), way))
    start = time.perf_counter()
    chunks = [pack_tasks(tasks[at : at + CHUNK]) for at in range(0, len(tasks), CHUNK)]
    for future in [executor.submit(_nothing, chunk, ANSWER * CHUNK) for chunk in chunks]:
        future.result()
    return time.perf_counter() - start


def _nothing(chunk: Octets, size: int) -> Octets:
    return Octets(bytes(size))


_corpus: list[Corpus] = []  # for processes that are forked from this one


def _part(number: int, keep: bool) -> None:
    """A part of the corpus, received by itself; nothing of it travels."""
    items = _corpus[0].items[number::WORKERS]
    report = make_receiver(_corpus[0]).replay(items, keep=keep)
    if len(report.messages) != len(items):
        raise SystemExit("a replay lost a message")


def side_by_side(pool: Executor, *, keep: bool) -> float:
    """How long as many replays of a part each take on the clock, which share nothing but the machine."""
    start = time.perf_counter()
    list(pool.map(_part, range(WORKERS), [keep] * WORKERS))
    return time.perf_counter() - start


def shared_rows(corpus: Corpus, pool: Executor, rounds: int, *, keep: bool, goal: float) -> list[Row]:
    """Workers beside one process, and beside what the machine gives at most; all three take turns."""
    count = len(corpus.items)
    rates = [
        tuple(
            count / taken
            for taken in (
                seconds(corpus, pool, keep=keep),
                seconds(corpus, None, keep=keep),
                side_by_side(pool, keep=keep),
            )
        )
        for _ in range(rounds)
    ]
    what, least = f"replay by {WORKERS} workers, keep={keep}", f"{WORKERS} replays side by side"
    alone = "one after the other"
    return [
        Row.ratio_of(
            f"{least}, keep={keep}: what the cores give", [(side, one) for _, one, side in rates], alone, goal=None
        ),
        Row.ratio_of(what, [(ours, one) for ours, one, _ in rates], alone, goal=goal),
        Row.ratio_of(what, [(ours, side) for ours, _, side in rates], least, goal=goal / WORKERS),
    ]


def workers_part(corpus: Corpus, rounds: int) -> tuple[list[Row], list[str]]:
    """Rows, and what is left out."""
    if (os.cpu_count() or 1) < WORKERS:
        return [], [f"{WORKERS} workers beside one: there is one core"]
    rows = []
    left_out: list[str] = []
    _corpus[:] = [corpus]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        seconds(corpus, pool, keep=False)  # what is loaded when it is first used
        side_by_side(pool, keep=False)
        rows += shared_rows(corpus, pool, rounds, keep=False, goal=LEAN)
        rows += shared_rows(corpus, pool, rounds, keep=True, goal=KEPT)
        pairs = _pairs(
            lambda: seconds(corpus, pool, keep=True, read_all=True),
            lambda: seconds(corpus, None, keep=True, read_all=True),
            rounds,
        )
        rates = [(len(corpus.items) / ours, len(corpus.items) / theirs) for ours, theirs in pairs]
        what = f"replay by {WORKERS} workers, keep=True, and all receptions read"
        rows.append(Row.ratio_of(what, rates, "one after the other", goal=None))
        try:
            with dask_executor() as dask:
                seconds(corpus, dask, keep=False)
                pairs = _pairs(
                    lambda: seconds(corpus, dask, keep=False), lambda: seconds(corpus, pool, keep=False), rounds
                )
                rates = [(len(corpus.items) / ours, len(corpus.items) / theirs) for ours, theirs in pairs]
                rows.append(Row.ratio_of(f"replay by Dask, {WORKERS} workers", rates, "a pool of processes", goal=DASK))
                pairs = _pairs(lambda: errands(corpus, dask), lambda: errands(corpus, pool), rounds)
                rates = [(len(corpus.items) / ours, len(corpus.items) / theirs) for ours, theirs in pairs]
                rows.append(Row.ratio_of("errands by Dask, nothing done", rates, "a pool of processes", goal=None))
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
    finish([*rows, *answers_part(corpus), *of_workers], chosen, left_out=left_out)


if __name__ == "__main__":
    main()
