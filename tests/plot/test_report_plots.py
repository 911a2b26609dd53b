"""The pictures of a report: their numbers add up, and they are drawn where one wants."""

from __future__ import annotations

import sys

import pytest

import sesreceive as ses
from sesreceive.plot import counts
from tests.scenario import scenario_items, scenario_receiver

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402 - the backend comes first

PICTURES = ("funnel", "verdicts", "timeline", "flow")


@pytest.fixture(scope="module")
def report() -> ses.Report:
    return scenario_receiver().replay(scenario_items())


@pytest.fixture(autouse=True)
def _no_figure_is_left():
    yield
    plt.close("all")


def empty() -> ses.Report:
    return ses.Receiver(ses.Account(identities=("example.com",)), seed=1).replay([])


def test_the_funnel_gets_no_wider(report):
    steps = counts.funnel(report)
    assert [(step.label, step.messages) for step in steps] == [
        ("came in", 10),
        ("let through by the IP filters", 9),
        ("accepted", 7),
        ("a rule fired", 7),
        ("an action ran", 7),
        ("every action ran", 7),
    ]
    assert steps[1].lost == "by test-net (1)"
    assert "with 550 5.1.1 (1)" in steps[2].lost


def test_of_each_check_every_accepted_message_has_one_verdict(report):
    accepted = int(report.messages["accepted"].sum())
    assert all(sum(row.values()) == accepted for row in counts.verdicts(report).values())


def test_every_message_took_one_way(report):
    ways = counts.ways(report)
    assert sum(way.messages for way in ways) == len(report)
    assert all(len(way.places) == (4 if way.accepted else 2) for way in ways)


def test_every_rule_that_fired_and_every_refusal_is_a_mark(report):
    lanes, points = counts.firings(report)
    fired = int((report.rules["outcome"] == "match").sum())
    refused = int((~report.messages["accepted"].astype(bool)).sum())
    assert len(points) == fired + refused
    assert {lane for _, lane, _ in points} == set(range(len(lanes)))
    assert lanes[-1] == f"refused ({refused})"


def test_rules_that_fire_seldom_share_a_lane(report):
    lanes, points = counts.firings(report, most=2)
    assert len(lanes) == 4
    assert lanes[2].endswith("other rules")
    assert len(points) == len(counts.firings(report)[1])


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_into_the_axes_given(report, name):
    _, ax = plt.subplots()
    assert getattr(report.plot, name)(ax) is ax
    assert len(plt.get_fignums()) == 1
    assert ax.get_title()


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_text_has_the_colour_of_the_style(report, name, style):
    with plt.style.context(style):
        ax = getattr(report.plot, name)()
        ax.figure.canvas.draw()
        boxed = [text for text in ax.texts if text.get_bbox_patch()]
        assert {text.get_color() for text in ax.texts if text not in boxed} <= {plt.rcParams["text.color"]}
        assert ax.title.get_color() in ("auto", plt.rcParams["text.color"])


@pytest.mark.parametrize("name", PICTURES)
def test_a_report_without_messages_has_pictures_too(name):
    getattr(empty().plot, name)().figure.canvas.draw()


@pytest.mark.parametrize("name", PICTURES)
def test_a_report_without_receptions_has_the_same_pictures(name):
    slim = scenario_receiver().replay(scenario_items(), keep=False)
    assert getattr(slim.plot, name)().get_title()


def test_what_is_no_axis_is_refused(report):
    with pytest.raises(ses.InputError, match="expected `time` or `number` but got `tme`"):
        report.plot.timeline(by="tme")
    assert report.plot.timeline(by="number").get_xlabel() == "number of the message"


def test_names_from_mail_and_configuration_are_no_formulas(report):
    """Matplotlib reads `$…$` as mathematics, and fails where it is none."""
    rule = ses.ReceiptRule(name="r", enabled=True, recipients=("example.com",))
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    )
    mail = {"$\\frac$": b"Subject: $\\bad{$\r\nTo: ana@example.com\r\n\r\n"}
    odd = ses.Receiver(account, seed=1).replay(mail)
    for name in PICTURES:
        getattr(odd.plot, name)().figure.canvas.draw()


def test_without_matplotlib_one_is_told_what_to_install(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ses.MissingExtraError, match=r"sesreceive\[notebook\]"):
        report.plot  # noqa: B018 - asking is enough


def test_report_plot_says_what_there_is(report):
    assert "funnel, verdicts, timeline, flow" in repr(report.plot)
