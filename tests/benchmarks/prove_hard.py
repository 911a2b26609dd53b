"""Tries to break every "never" and every "alike" with random accounts and mails, through the whole pipeline.

    make prove [PROVE_MAILS=20000]
    python -m tests.benchmarks.prove_hard [--mails 20000] [--seed 0]

Each account gets twenty mails. A claim that breaks is printed as the smallest example that Hypothesis finds, and the
program ends with an error. `make test` does the same with a few hundred mails.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from sesreceive.analysis.compare import compare
from sesreceive.analysis.interference import interference
from sesreceive.analysis.unreachable import unreachable
from tests.analysis.attacks import (
    attack_comparison,
    attack_intent,
    attack_interference,
    attack_redundant,
    attack_unreachable,
    confirm,
    confirm_comparison,
    confirm_intent,
    confirm_interference,
)
from tests.analysis.close_accounts import conditions, edited, mails, outcomes

EACH = 20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mails", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    counted: Counter[str] = Counter()

    @seed(chosen.seed)
    @settings(
        max_examples=max(1, chosen.mails // EACH),
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        edited(),
        st.lists(mails(), min_size=EACH, max_size=EACH),
        st.sampled_from(("target", "all")),
        outcomes,
        conditions,
    )
    def attack(pair, some, order, outcome, condition) -> None:
        reach = unreachable(pair[0])
        found = compare(*pair, order=order)
        meeting = interference(pair[0])
        confirm(reach)
        confirm_comparison(found)
        confirm_interference(meeting)
        confirm_intent(pair[0], outcome, condition, None)
        for at, mail in enumerate(some):
            attack_unreachable(reach, mail)
            attack_comparison(found, mail)
            attack_interference(meeting, mail)
            if at < 3:
                attack_redundant(reach, mail)
                attack_intent(pair[0], outcome, condition, None, mail)
        counted["mails"] += len(some)
        counted["dead"] += len(reach.dead)
        counted["redundant"] += len(reach.redundant)
        counted["only by an answer"] += len(reach.possible)
        counted["pairs of accounts proved alike"] += found.equal
        counted["of them changed"] += found.equal and pair[0] != pair[1]
        counted["differences shown"] += len(found)
        counted["rules that change what another does"] += len(meeting)
        counted["undecided"] += len(found.undecided)

    started = time.perf_counter()
    attack()
    print(f"nothing broke in {time.perf_counter() - started:.0f} s")
    for what, number in counted.items():
        print(f"{number:>8,} {what}")


if __name__ == "__main__":
    main()
