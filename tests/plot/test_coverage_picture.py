"""The picture of a coverage: its bars are the numbers, drawn where one wants."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

import sesreceive as ses
from sesreceive.analysis.coverage_tally import coverage
from tests.scenario import scenario_items, scenario_receiver


def test_bars_are_the_shares_that_were_covered() -> None:
    receiver = scenario_receiver()
    found = coverage(receiver.account, receiver.replay(scenario_items()))
    ax = Figure().subplots()
    assert found.plot(ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == [str(kind) for kind in found.by_kind]
    for (done, total), bar in zip(found.by_kind.values(), ax.patches[::2], strict=True):
        assert bar.get_width() == pytest.approx(done / total)  # type: ignore[attr-defined]
    assert all(bar.get_hatch() == "///" for bar in ax.patches[1::2])
    assert ax.get_title() == f"{int(found.percent)} % covered by 10 messages"
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]


def test_an_account_without_rules_is_drawn_too() -> None:
    assert len(coverage(ses.Account(), []).plot(Figure().subplots()).patches) == 2
