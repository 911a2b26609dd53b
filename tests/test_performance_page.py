"""The page on performance says what was measured and by what command, what is missed, and what was not judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.harness import QUIET_LOAD, Row
from tests.benchmarks.run import Measured, page, whole_table

ROOT = Path(__file__).parents[1]

REACHED = Row.ratio_of("reading", [(30.0, 10.0), (31.0, 10.0)], "a|peer", goal=2)
MISSED = Row.bound("writing", 3.0, 1.0, "s", most=True)
FLOOR = Row.ratio_of("floor of reading", [(40.0, 10.0)], "a|peer", goal=None)
MISSED_SENTENCE = "- writing against at most 1 s: 0.33 x, the goal is 1 x (missed)."
NOT_JUDGED = "Not judged, since other programs ran beside them: `some` (load 2.5)."
# rows, load → what the page says, what it does not
PAGES = [
    ((REACHED, MISSED), 1.0, ("Of 2 goals 1 are reached.", MISSED_SENTENCE), ()),
    ((REACHED,), 1.0, ("| reading | a\\|peer | 3.05 x |", "reached"), ("Goals that are missed",)),
    ((FLOOR, REACHED), 1.0, ("Of 1 goals 1 are reached.", "| floor of reading | a\\|peer | 4.00 x |"), ("missed",)),
    ((MISSED,), QUIET_LOAD + 1, (NOT_JUDGED,), ("missed)", "goals")),
]


@pytest.mark.parametrize(("rows", "load", "said", "unsaid"), PAGES)
def test_the_page_tells_what_was_measured(
    rows: tuple[Row, ...], load: float, said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    found = [Measured(name="some", load=load, rows=rows, left_out=("a program: it is not there",))]
    text = page(found)
    assert "Left out: a program: it is not there." in text
    assert "`python tests/benchmarks/bench_some.py`" in text
    assert all(sentence in text for sentence in said), text
    assert "\nWithout a result on this page: `auth`, `endpoint`, " in text
    below = text.partition("Measured on")[2]  # what stands before explains the words
    assert not any(sentence in below for sentence in unsaid), text
    assert ("not judged" in whole_table(found)) is (load > QUIET_LOAD)


@pytest.mark.parametrize(
    ("value", "bound", "most", "verdict"),
    [
        (150.0, 100.0, False, "reached"),
        (50.0, 100.0, False, "missed"),
        (2.0, 5.0, True, "reached"),
        (6.0, 5.0, True, "missed"),
    ],
)
def test_a_bound_is_a_ratio_of_one(value: float, bound: float, most: bool, verdict: str) -> None:
    assert Row.bound("any", value, bound, "s", most=most).verdict == verdict


def test_every_script_of_the_page_is_there() -> None:
    text = (ROOT / "notebooks" / "performance.md").read_text(encoding="utf-8")
    assert "make performance" in text
    scripts = {path.name for path in (ROOT / "tests" / "benchmarks").glob("bench_*.py")}
    named = {word.rpartition("/")[2] for word in text.replace("`", " ").split() if "/bench_" in word} - {"bench_*.py"}
    assert named <= scripts, named - scripts
