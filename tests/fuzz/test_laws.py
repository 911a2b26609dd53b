"""Every law of the fuzzers holds for the zoo, and for all octets that have broken one before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.laws import LAWS

REGRESSIONS = Path(__file__).parent / "regressions"


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.slow
def test_the_law_holds_for_its_seeds(name: str) -> None:
    law = LAWS[name]
    seeds = list(law.seeds())
    assert seeds, "a law without seeds tries nothing"
    for seed in [b"", *seeds]:
        law.holds(seed)


@pytest.mark.parametrize(
    "path", sorted(REGRESSIONS.glob("*/*.bin")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_what_broke_a_law_once_breaks_it_no_more(path: Path) -> None:
    LAWS[path.parent.name].holds(path.read_bytes())


@pytest.mark.parametrize("name", LAWS)
def test_every_law_is_said_in_words(name: str) -> None:
    assert (LAWS[name].holds.__doc__ or "").endswith(".")
