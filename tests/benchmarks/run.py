"""All benchmarks one after the other, in one table: work, against what, ratio, goal, reached or missed, rate, memory.

    python tests/benchmarks/run.py [NAME …] [--page notebooks/performance.md] [--from build/bench]

Each script runs alone and leaves its rows in ``build/bench``; one that fails is named at the end, and the others run.
What was measured while other programs wanted the cores is printed and not judged. `--page` writes the page of the
documentation from what is there; with `--from` nothing is measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import HEADINGS, QUIET_LOAD, RESULTS, Row, cells, machine, table

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = Path("build/bench")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one script left."""

    name: str
    load: float
    rows: tuple[Row, ...]
    left_out: tuple[str, ...]

    @property
    def judged(self) -> bool:
        """Whether the machine was quiet enough for its goals."""
        return self.load <= QUIET_LOAD


def _name_of(script: Path) -> str:
    return script.stem.removeprefix("bench_")


def scripts(names: Sequence[str]) -> list[Path]:
    """The scripts of these names, all without one."""
    known = {_name_of(path): path for path in sorted(HERE.glob("bench_*.py"))}
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"expected {', '.join(known)} but got {', '.join(unknown)}")
    return [path for name, path in known.items() if not names or name in names]


def measure(paths: Iterable[Path], folder: Path) -> list[str]:
    """Run them; the names of those that failed."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for path in paths:
        name = _name_of(path)
        left = folder / f"{name}.json"
        left.unlink(missing_ok=True)
        started = time.monotonic()
        print(f"== {path.relative_to(ROOT)}", flush=True)
        environment = {**os.environ, RESULTS: str(left.absolute())}
        done = subprocess.run([sys.executable, str(path)], env=environment, cwd=ROOT, check=False)
        print(f"   {time.monotonic() - started:.0f} s\n", flush=True)
        if done.returncode or not left.exists():
            failed.append(name)
    return failed


def gathered(folder: Path, names: Sequence[str]) -> list[Measured]:
    """What the scripts left in the folder, in the order of their names."""
    found = []
    for path in sorted(folder.glob("*.json")):
        if names and path.stem not in names:
            continue
        kept = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(Row(**row) for row in kept["rows"])
        found.append(Measured(name=path.stem, load=kept["load"], rows=rows, left_out=tuple(kept["left_out"])))
    if not found:
        raise SystemExit(f"nothing was measured yet: there is no result in `{folder}`")
    return found


def whole_table(found: Sequence[Measured]) -> str:
    """The rows of all, those of a script together."""
    parts = []
    for one in found:
        busy = "" if one.judged else f", not judged: the load was {one.load:.1f}"
        parts.append(f"{one.name}{busy}\n{table(one.rows, judged=one.judged)}")
    return "\n\n".join(parts)


# ------------------------------------------------------------------ the page

ABOUT = """\
# Performance

What is fast here and what is not, against programs that do the same work. This page is written by

    make performance

which runs `tests/benchmarks/bench_*.py` one after the other; nothing on it is typed by hand. `make bench` prints the
same table and leaves the page alone.

How to read it:

- A **ratio** is how many times the rate of the other program ours has, both measured in one run: they take turns in
  small chunks, each in a process of its own, by time of the processor. So a slower machine changes the rates and hardly
  the ratios. Two workers against one are measured on the clock.
- **Middle half** is where half of the ratios of neighbouring chunks lie: how far the noise goes. **Fastest** compares
  the fastest chunks.
- A **goal** is what this project wants to reach. Where the row names a bound ("at least 100 MB/s") the goal is 1 x.
  `near` is a goal that is missed in the middle and reached within the noise. A row without a goal is a floor: what the
  least program that could do the work reaches.
- **Memory** is the most that our side took beside what its process began with.
- A script that ran while other programs wanted the cores is not judged.
"""


def page(found: Sequence[Measured]) -> str:
    """The page of the documentation."""
    rows = [(one, row) for one in found for row in one.rows if one.judged and row.goal is not None]
    missed = [row for _, row in rows if row.verdict != "reached"]
    busy = [one for one in found if not one.judged]
    lines = [ABOUT, f"Measured on: {machine()}.", ""]
    lines += [f"Of {len(rows)} goals {len(rows) - len(missed)} are reached.", ""] if rows else []
    if busy:
        names = ", ".join(f"`{one.name}` (load {one.load:.1f})" for one in busy)
        lines += [f"Not judged, since other programs ran beside them: {names}.", ""]
    if left := sorted({_name_of(path) for path in scripts(())} - {one.name for one in found}):
        lines += [f"Without a result on this page: {', '.join(f'`{name}`' for name in left)}.", ""]
    if missed:
        lines += ["## Goals that are missed", ""]
        lines += [
            f"- {row.work} against {row.peer}: {cells(row)[2]}, the goal is {cells(row)[5]} ({row.verdict})."
            for row in missed
        ]
        lines.append("")
    for one in found:
        lines += [f"## {one.name.capitalize()}", "", f"`python tests/benchmarks/bench_{one.name}.py`", ""]
        lines += [_markdown(HEADINGS), _markdown(["---"] * len(HEADINGS))]
        lines += [_markdown(cells(row, judged=one.judged)) for row in one.rows]
        lines += ["", *(f"Left out: {sentence}." for sentence in one.left_out)]
        lines += [""] if one.left_out else []
    return "\n".join(lines).rstrip() + "\n"


def _markdown(row: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("names", nargs="*", help="of scripts, such as `pipeline`; all by default")
    parser.add_argument("--page", type=Path, help="write this page from what was measured")
    parser.add_argument("--from", type=Path, dest="kept", help="measure nothing, take what is in this folder")
    chosen = parser.parse_args()
    failed = [] if chosen.kept else measure(scripts(chosen.names), KEPT)
    found = gathered(chosen.kept or KEPT, chosen.names)
    print(whole_table(found))
    print(f"\n{machine()}")
    if chosen.page:
        chosen.page.write_text(page(found), encoding="utf-8")
        print(f"written: {chosen.page}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
