"""Every picture as it was looked at, in light and in dark; `GOLDEN=write pytest tests/plot -m slow` draws them anew.

Look at each before it is committed. A few grey levels of difference are the anti-aliasing of another machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.analysis.what_if import replayed
from tests.scenario import scenario_account, scenario_items, scenario_receiver

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402 - the backend comes first
from matplotlib.testing.compare import compare_images  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"
# Root mean square of the differences, of 255; two pictures of one kind differ by more than 20.
TOLERANCE = 10
DOTS = 60
STYLES = {"light": "default", "dark": "dark_background"}
BLOCK = ses.ReceiptFilter.block("198.51.100.0/26", name="customers")
OF_REPORTS = ("funnel", "verdicts", "rules", "timeline", "flow", "recipients", "cost", "coverage")
OF_EXPERIMENTS = ("outcomes", "differences", "cost")
PICTURES = [*OF_REPORTS, "differences", *(f"variants-{name}" for name in OF_EXPERIMENTS)]


@pytest.fixture(scope="module")
def drawn() -> Any:
    today = scenario_account()
    open_ = today.without_filter("test-net")
    variants = {"today": today, "stricter": today.with_filter(BLOCK), "open": open_}
    mail = ses.Traffic(accounts=tuple(variants.values()), messages=150)
    report = scenario_receiver(resolver=mail.resolver(ses.Zone())).replay(mail)
    tried = ses.experiment(scenario_receiver(), variants=variants, corpus=report)

    def draw(name: str) -> Any:
        if name.startswith("variants-"):
            return getattr(tried.plot, name.removeprefix("variants-"))()
        if name == "differences":
            return report.plot.differences(ses.Report(replayed(report, variants["stricter"])))
        return getattr(report.plot, name)()

    return draw


def _save(ax: Any, path: Path) -> None:
    ax.figure.savefig(path, dpi=DOTS, metadata={"Software": None})
    plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was_looked_at(drawn: Any, tmp_path: Path, name: str, style: str) -> None:
    golden, path = GOLDEN / f"{name}-{style}.png", tmp_path / f"{name}.png"
    with plt.style.context(STYLES[style]):
        _save(drawn(name), path)
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        golden.write_bytes(path.read_bytes())
    assert compare_images(str(golden), str(path), tol=TOLERANCE) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rules", "cost", "variants-differences"])
def test_a_picture_with_other_numbers_is_another_one(drawn: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / "other.png"
    with plt.style.context("default"):
        ax = drawn(name)
        for bar in ax.patches:
            bar.set_width(bar.get_width() * 0.7)
        _save(ax, path)
    assert compare_images(str(GOLDEN / f"{name}-light.png"), str(path), tol=TOLERANCE) is not None


@pytest.mark.parametrize("name", OF_EXPERIMENTS)
def test_a_picture_of_an_experiment_is_drawn_where_one_wants(name: str) -> None:
    today = scenario_account()
    found = ses.experiment(
        scenario_receiver(),
        variants={"today": today, "off $\\frac$": today.activate(None)},
        corpus=scenario_items(),
    )
    _, ax = plt.subplots()
    assert getattr(found.plot, name)(ax) is ax
    ax.figure.canvas.draw()
    assert all((ax.get_title(), ax.get_xlabel(), ax.get_ylabel()))
    assert name in repr(found.plot)
    plt.close("all")
