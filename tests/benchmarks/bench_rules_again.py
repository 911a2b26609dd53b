"""A changed rule set over mail that was received once, against a full replay under the changed rules.

Signed messages of 4 KB. An experiment with both accounts reads what is known of them from the receptions in memory, or
from the Parquet files of a replay, until its table of how each message ends under each account is there; the peer
receives all messages under the changed rules until its table of messages is there. Their ends are compared. Besides:
replays with known authentication results, and receptions judged anew one by one. All take turns, by processor time.

    python tests/benchmarks/bench_rules_again.py [--messages 2000] [--rounds 5] [--check]
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_pipeline import Corpus
from harness import Row, finish, options

import sesreceive as ses
from sesreceive.analysis.what_if import replayed

PEER = "a full replay"
# dkimpy writes the time of the machine into its signatures: of mail that came before, none would be verified at all.
ARRIVED_S = time.time() + 3_600
# In units of the rate of a full replay; what has no goal of its own is to be no slower.
GOALS = {
    "an experiment, from memory": 20, "an experiment, from Parquet": 10, "receptions judged again": 1,
    "a replay, results known from memory": 1, "a replay, results known from Parquet": 1,
}  # fmt: skip


def receiver_of(corpus: Corpus, *, stricter: bool = False) -> ses.Receiver:
    """Two rules that every message meets; `stricter` has them the other way round."""
    actions = (ses.AddHeaderAction(header_name="X-Seen", header_value="yes"), ses.S3Action(bucket_name="inbox"))
    store = ses.ReceiptRule(name="store", enabled=True, scan_enabled=True, actions=actions)
    stop = ses.ReceiptRule(name="stop", enabled=True, actions=(ses.StopAction(),))
    rules = (stop, store) if stricter else (store, stop)
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),)
    )
    clock = ses.SteppingClock(ARRIVED_S, step_s=0.001)
    return ses.Receiver(account, resolver=ses.Zone(corpus.records), seed=1, clock=clock)


def contenders(corpus: Corpus, folder: Path) -> dict[str, Callable[[], Any]]:
    """What takes turns, each with a table in the end."""
    known = ses.KnownResults()
    before = receiver_of(corpus).replay(corpus.items, known=known)
    receiver_of(corpus).replay_to(folder, corpus.items)
    today, changed = receiver_of(corpus), receiver_of(corpus, stricter=True)
    variants = {"today": today.account, "stricter": changed.account}

    def again(**options: Any) -> Any:
        return receiver_of(corpus, stricter=True).replay(corpus.items, **options).messages

    return {
        PEER: again,
        "an experiment, from memory": lambda: ses.experiment(today, variants=variants, corpus=before).messages(),
        "an experiment, from Parquet": lambda: ses.experiment(today, variants=variants, corpus=folder).messages(),
        "receptions judged again": lambda: replayed(before, changed.account),
        "a replay, results known from memory": lambda: again(known=known),
        "a replay, results known from Parquet": lambda: again(known=folder),
    }


def compare(work: dict[str, Callable[[], Any]]) -> None:
    """Refuse to measure what does not end as a full replay does; all is loaded then, too."""
    columns = ["accepted", "rules", "effects", "failed", "stopped_by"]
    whole = work[PEER]()
    if not (whole["dkim"] == "PASS").all():
        raise SystemExit("the signatures are not verified: a full replay would be measured without that work")
    theirs = whole[columns]
    for name, run in work.items():
        table = run()
        if name.startswith("an experiment"):
            ours = table[table["variant"] == "stricter"][columns].reset_index(drop=True)
            if not ours.equals(theirs) or not table["otherwise"].any():
                raise SystemExit(f"{name} ends otherwise than {PEER}")


def main() -> None:
    parser = options(__doc__, rounds=5)
    parser.add_argument("--messages", type=int, default=2_000)
    chosen = parser.parse_args()
    corpus = Corpus(chosen.messages)
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = contenders(corpus, Path(folder, "replay"))
        compare(work)
        for _ in range(chosen.rounds):
            for name, run in work.items():
                gc.collect()
                start = time.process_time()
                run()
                rates.setdefault(name, []).append(chosen.messages / (time.process_time() - start))
    rows = [
        Row.ratio_of(f"rules again: {name}", list(zip(rates[name], rates[PEER], strict=True)), PEER, goal=goal)
        for name, goal in GOALS.items()
    ]
    finish(rows, chosen)


if __name__ == "__main__":
    main()
