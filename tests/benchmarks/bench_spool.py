"""SMTP intake with a spool against without one: alternately, in one run, as ratios.

    python tests/benchmarks/bench_spool.py [--rounds 3] [--messages 2000] [--check]

The whole pipeline without storing, 100 clients with a connection each that is kept. Two ratios: messages per second of
the server's processor time, and per second on the clock, which is where a slow disk shows. Goal: >= 0.7 for both.
`--check` fails below half of it (a noisy machine moves ratios by a fifth).
"""

from __future__ import annotations

import argparse
import sys
import tempfile

from bench_smtp import Case, Running, account, ses_bounds, stay_on_one_core
from harness import Row, finish

GOAL = 0.7


def serve(folder: str) -> None:
    """Run one server until standard input closes; print its port."""
    import sesreceive as ses

    receiver = ses.Receiver(account())
    receiver.backend.perform = lambda effect: ses.Outcome()
    with receiver.smtp(keep=1, bounds=ses_bounds(), spool=folder or False) as server:
        print(server.port, flush=True)
        sys.stdin.read()


class Spooling(Running):
    """A server process, with a spool in a folder or without one."""

    script = __file__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--check", action="store_true", help="fail below half of the goal")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        stay_on_one_core()
        serve(options.serve)
        return
    case = Case("4 KB", 4_096, options.messages, 100, True, GOAL)
    with (
        tempfile.TemporaryDirectory(dir=".") as folder,
        Spooling("--serve", "") as without,
        Spooling("--serve", folder) as spooling,
    ):
        running = {"without": without, "with": spooling}
        found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in running}
        for _ in range(options.rounds):
            for kind, server in running.items():
                found[kind].append(server.measure(case))
    rows = []
    for name, column in (("processor", 0), ("clock", 1)):
        pairs = [(ours[column], peer[column]) for ours, peer in zip(found["with"], found["without"], strict=True)]
        rows.append(Row.ratio_of(f"SMTP intake with a spool, by the {name}", pairs, "without a spool", goal=GOAL))
    finish(rows, options)


if __name__ == "__main__":
    main()
