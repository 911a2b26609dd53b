"""One way to measure for every benchmark: contenders take turns in small chunks, by processor time.

A contender runs in a process of its own, so that its memory, its garbage and its collections are its own, and works a
chunk at a time when it is its turn: whatever else the machine does then slows all of them alike. The ratio is the one
of the middle chunks; beside it stand the middle half of the ratios of neighbouring chunks (how far the noise goes) and
the ratio of the fastest chunks (what a quiet machine gives). The garbage collector is on everywhere; what it takes is
timed apart and added to each contender as its mean, since a chunk that it hits is no middle one.

    from harness import Row, finish, measure, options

    chosen = options(__doc__, rounds=20).parse_args()
    times = measure({"peer": peer, "ours": ours}, rounds=chosen.rounds)
    finish([Row.of("what is done", times, "ours", "peer", goal=2)], chosen)

A chunk should take about as long for each: what a process needs to get going again after another one's turn, with cold
caches on a core that has slept, counts for more the shorter its own turn is. Where contenders differ much in speed,
`Turn.fitting` says how many operations make a turn of `TURN_S`.

with `def peer(turn): ...` that runs a loop `for _ in turn:`, a chunk each time around. A script that measures in
another way makes its rows with `Row.ratio_of` and `Row.bound`, and ends in `finish` as well: what `run.py` gathers is
what `finish` writes.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import TypeAlias

# Above this load the figures are printed, and judged by nobody.
QUIET_LOAD = 1.5
# A goal is missed for certain below this part of it: what noise alone never does.
CERTAIN = 0.5
# How long a turn is that is measured by time, in seconds of processor. Of 3 ms after a pause of 24 ms a quarter was the
# waking up.
TURN_S = 0.03
# Where a script leaves its rows for `run.py`, if it was started by that.
RESULTS = "BENCH_RESULTS"

Contender: TypeAlias = "Callable[[Turn], None]"


@dataclass
class Turn:
    """The chunks of one contender: `for _ in turn:` runs its body once a chunk, when it is its turn.

    Attributes
    ----------
    chunks : int
        How many there are.
    did : int
        Operations of the chunk; set by the contender before the chunk ends.
    shared_out : int
        Operations among which what the contender does after the last chunk is shared out, as the table of all messages
        is; 0 where that is not of the work.
    elsewhere_s : float or None
        Seconds of processor that another program took for the chunk, where that does the work; set by the contender.
    """

    pipe: Connection
    chunks: int
    did: int = 1
    shared_out: int = 0
    elsewhere_s: float | None = None
    operation_s: float = 0.0  # of the fastest chunk so far
    collecting_s: float = 0.0
    started_s: float = 0.0
    collected_s: float = 0.0

    def __iter__(self) -> Iterator[int]:
        for at in range(self.chunks):
            self.start()
            yield at
            self.stop(self.did)
        self.start()

    def fitting(self, least: int) -> int:
        """The operations of the next chunk: at least so many, as many as fill a turn by the fastest chunk so far."""
        self.did = max(least, round(TURN_S / self.operation_s)) if self.operation_s else least
        return self.did

    def start(self) -> None:
        self.pipe.recv()
        self.collected_s = 0.0
        self.started_s = time.process_time()

    def stop(self, operations: int) -> None:
        taken = time.process_time() - self.started_s - self.collected_s
        if self.elsewhere_s is not None:
            taken = self.elsewhere_s
        if operations:
            self.operation_s = min(self.operation_s or taken, taken / operations)
        self.pipe.send((operations, taken, self.collected_s))

    def collecting(self, phase: str, info: object) -> None:
        """Called by the garbage collector."""
        if phase == "start":
            self.collecting_s = time.process_time()
        else:
            self.collected_s += time.process_time() - self.collecting_s


@dataclass
class Times:
    """What one contender took: seconds of processor for each operation, a chunk a value."""

    chunks: list[float] = field(default_factory=list)
    operations: int = 0
    collecting_s: float = 0.0
    once_s: float = 0.0
    memory_mb: float | None = None  # the most that its process took beside what it began with

    def add(self, operations: int, taken: float, collected: float) -> None:
        """One more chunk."""
        self.chunks.append(taken / operations)
        self.operations += operations
        self.collecting_s += collected

    @property
    def beside(self) -> float:
        """Seconds an operation of what no single chunk shows: collections, and what is done once."""
        return self.once_s + self.collecting_s / max(self.operations, 1)

    @property
    def middle(self) -> float:
        return median(self.chunks) + self.beside

    @property
    def fastest(self) -> float:
        """The fastest tenth."""
        return sorted(self.chunks)[len(self.chunks) // 10] + self.beside


def measure(contenders: Mapping[str, Contender], *, rounds: int, warm: int = 1) -> dict[str, Times]:
    """The times of each after so many chunks each, taken in turns; the first `warm` ones do not count."""
    context = multiprocessing.get_context("fork")
    pipes: dict[str, Connection] = {}
    processes = []
    gc.collect()
    gc.freeze()  # what this process holds is none of the contenders' garbage
    sys.stdout.flush()
    for name, contender in contenders.items():
        here, there = context.Pipe()
        process = context.Process(target=_contend, args=(contender, Turn(there, warm + rounds)), daemon=True)
        process.start()
        there.close()
        pipes[name] = here
        processes.append(process)
    gc.unfreeze()
    times = {name: Times() for name in contenders}
    for at in range(warm + rounds + 1):
        for name, pipe in pipes.items():
            try:
                pipe.send("go")
                operations, taken, collected = pipe.recv()
            except (EOFError, OSError):
                raise SystemExit(f"`{name}` ended in its chunk {at + 1}, for the reason above") from None
            if at == warm + rounds:
                times[name].once_s = (taken + collected) / operations if operations else 0.0
                times[name].memory_mb = pipe.recv()
            elif at >= warm:
                times[name].add(operations, taken, collected)
    for process in processes:
        process.join(60)
    return times


def _contend(contender: Contender, turn: Turn) -> None:
    gc.callbacks.append(turn.collecting)
    before = _status_kb("VmRSS")
    contender(turn)
    turn.elsewhere_s = None
    turn.stop(turn.shared_out)
    most = _status_kb("VmHWM")
    turn.pipe.send(None if before is None or most is None else (most - before) / 1024)


def _status_kb(name: str) -> int | None:
    """A number of this process that Linux keeps; None elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)


# ------------------------------------------------------------------ the table


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: how many times the rate of its peer some work has, and what it should have.

    Attributes
    ----------
    ratio, low, high, fastest : float
        Of the middle chunks; a quarter and three quarters of the ratios of neighbouring chunks; of the fastest ones.
    goal : float or None
        What the ratio should reach; None for a row that shows what can be reached.
    rate : float
        Operations a second of our side.
    unit : str
        What the rate counts.
    memory_mb : float or None
        The most memory that our side took beside what its process began with.
    """

    work: str
    peer: str
    ratio: float
    low: float
    high: float
    fastest: float
    goal: float | None
    rate: float
    unit: str = "/s"
    memory_mb: float | None = None

    @classmethod
    def ratio_of(
        cls, work: str, pairs: Sequence[tuple[float, float]], peer: str, *, goal: float | None, unit: str = "/s"
    ) -> Row:
        """The row of rates that were measured in pairs, a round each: ours and the peer's."""
        ratios = [ours / theirs for ours, theirs in pairs]
        low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
        fastest = max(ours for ours, _ in pairs) / max(theirs for _, theirs in pairs)
        rate = median(ours for ours, _ in pairs)
        return cls(
            work=work, peer=peer, ratio=median(ratios), low=low, high=high, fastest=fastest, goal=goal, rate=rate,
            unit=unit,
        )  # fmt: skip

    @classmethod
    def bound(cls, work: str, value: float, bound: float, unit: str, *, most: bool = False) -> Row:
        """The row of a figure that has to be at least, or at most, so much."""
        ratio = bound / value if most else value / bound
        peer = f"{'at most' if most else 'at least'} {bound:g} {unit}"
        return cls(
            work=work, peer=peer, ratio=ratio, low=ratio, high=ratio, fastest=ratio, goal=1.0, rate=value,
            unit=f" {unit}",
        )  # fmt: skip

    @classmethod
    def of(cls, work: str, times: Mapping[str, Times], ours: str, peer: str, *, goal: float) -> Row:
        """The row of two contenders of one measurement."""
        we, they = times[ours], times[peer]
        pairs = [(b + they.beside) / (a + we.beside) for a, b in zip(we.chunks, they.chunks, strict=False)]
        low, _, high = quantiles(pairs, n=4) if len(pairs) > 1 else (pairs[0],) * 3
        return cls(
            work=work, peer=peer, ratio=they.middle / we.middle, low=low, high=high, fastest=they.fastest / we.fastest,
            goal=goal, rate=1 / we.middle, memory_mb=we.memory_mb,
        )  # fmt: skip

    @property
    def verdict(self) -> str:
        """`reached`, `missed`, or `near` where the noise decides; empty without a goal."""
        if self.goal is None:
            return ""
        if self.ratio >= self.goal:
            return "reached"
        return "near" if max(self.high, self.fastest) >= self.goal else "missed"


HEADINGS = ("work", "against", "ratio", "middle half", "fastest", "goal", "", "rate", "memory")


def cells(row: Row, *, judged: bool = True) -> tuple[str, ...]:
    """One row as texts; without `judged` nothing is said of its goal."""
    verdict = row.verdict if judged else "not judged"
    judgement = ("", "") if row.goal is None else (f"{row.goal:.3g} x", verdict)
    return (
        row.work, row.peer, f"{number(row.ratio)} x", f"{number(row.low)} to {number(row.high)}",
        f"{number(row.fastest)} x", *judgement,
        f"{number(row.rate)}{row.unit}", "" if row.memory_mb is None else f"{row.memory_mb:,.0f} MB",
    )  # fmt: skip


def number(value: float) -> str:
    """Three digits of it, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows: Iterable[Row], *, judged: bool = True) -> str:
    """The rows as a table of text."""
    lines = [HEADINGS, *(cells(row, judged=judged) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


# ------------------------------------------------------------------ the machine


def _busy_s() -> float | None:
    """Seconds that all cores have worked since the machine was started; None where Linux does not tell."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _, _, irq, soft = map(int, fields[:7])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    """Seconds that this process and those it has waited for have worked."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


_BEGAN = time.monotonic(), _busy_s(), _own_s()


def load() -> float:
    """Programs that wanted a core since the script began, its own work counted as one, however many cores it used.

    Where the machine does not tell, the load of the last minute; 0 where it does not tell that either.
    """
    began, busy_before, own_before = _BEGAN
    busy = _busy_s()
    wall = time.monotonic() - began
    if busy is None or busy_before is None or wall < 1:
        return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return 1 + max(0.0, (busy - busy_before) - (_own_s() - own_before)) / wall


def machine() -> str:
    """What ran."""
    return (
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()}, {platform.python_implementation()} "
        f"{platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


# ------------------------------------------------------------------ one script


def options(document: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """The options that every script of the family has."""
    parser = argparse.ArgumentParser(description=str(document).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=rounds, help="chunks of each contender")
    parser.add_argument("--check", action="store_true", help="fail where a ratio is below half of its goal")
    return parser


def finish(rows: Sequence[Row], chosen: argparse.Namespace, *, left_out: Sequence[str] = ()) -> None:
    """Print the table and what of it counts, and do what the options ask.

    Parameters
    ----------
    left_out : sequence of str
        What could not be measured here, and why; a sentence each.
    """
    now = load()
    busy = now > QUIET_LOAD
    print(f"\n{table(rows, judged=not busy)}")
    for sentence in left_out:
        print(f"left out: {sentence}")
    print(f"{machine()}; load {now:.1f}")
    if busy:
        print(f"not judged: the load is above {QUIET_LOAD:g}")
    if where := os.environ.get(RESULTS):
        found = {"load": now, "rows": [asdict(row) for row in rows], "left_out": list(left_out)}
        Path(where).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    low = [row.work for row in rows if row.goal is not None and row.ratio < row.goal * CERTAIN]
    if getattr(chosen, "check", False) and low and not busy:
        sys.exit(f"below half of the goal: {', '.join(low)}")
