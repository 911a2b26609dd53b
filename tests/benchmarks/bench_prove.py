"""What proofs about large accounts cost: seconds and memory at the limits of SES, and how they grow with the rules.

    python tests/benchmarks/bench_prove.py [--rounds 3] [--check]

Goals of the project for 200 rules of 100 conditions and 100 filters: `unreachable`, `interference` and `lint` below
5 s, `compare` below 10 s, less than 1 GB, and twice the rules at most four times the time (a ratio of 0.25). `spread`
and `crowded` are the shapes of `tests/analysis/large_accounts.py`; what is compared differs in the order of two rules.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import sesreceive as ses
from tests.analysis.large_accounts import large_account, swapped
from tests.benchmarks.harness import Contender, Row, Turn, finish, measure, options

RULES = (25, 50, 100, 200)
SHAPES = ("spread", "crowded")
QUADRATIC = 0.25
MOST_MB = 1_000


def ask_unreachable(account: ses.Account) -> object:
    return ses.unreachable(account)


def ask_compare(account: ses.Account) -> object:
    return ses.compare(account, swapped(account))


def ask_interference(account: ses.Account) -> object:
    return ses.interference(account)


def ask_lint(account: ses.Account) -> object:
    return ses.lint(account)


# question, and the seconds it may take at the limits
QUESTIONS: dict[str, tuple[Callable[[ses.Account], object], float]] = {
    "unreachable": (ask_unreachable, 5.0),
    "compare": (ask_compare, 10.0),
    "interference": (ask_interference, 5.0),
    "lint": (ask_lint, 5.0),
}


def asked(ask: Callable[[ses.Account], object], rules: int, shape: str, turn: Turn) -> None:
    account = large_account(rules, shape=shape)
    for _ in turn:
        ask(account)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if memory_mb > MOST_MB:
        raise SystemExit(f"{memory_mb} MB are more than {MOST_MB}")


def main() -> None:
    chosen = options(__doc__, rounds=3).parse_args()
    rows = []
    for question, (ask, most_s) in QUESTIONS.items():
        for shape in SHAPES:
            contenders: dict[str, Contender] = {str(rules): partial(asked, ask, rules, shape) for rules in RULES}
            times = measure(contenders, rounds=chosen.rounds, warm=0)
            seconds = times[str(RULES[-1])].middle
            rows.append(Row.bound(f"{question}, {shape}, {RULES[-1]} rules", seconds, most_s, "s", most=True))
            for less, more in pairwise(RULES):
                work = f"{question}, {shape}, {more} rules"
                rows.append(Row.of(work, times, str(more), f"{less}", goal=QUADRATIC))
    finish(rows, chosen)


if __name__ == "__main__":
    main()
