"""The pictures of a report: their numbers add up, and they are drawn where one wants."""

from __future__ import annotations

import sys
from dataclasses import fields

import pytest

import sesreceive as ses
from sesreceive.analysis.coverage_tally import coverage
from sesreceive.analysis.reasons import reasons
from sesreceive.analysis.what_if import replayed
from sesreceive.plot import counts, tallies
from sesreceive.plot.fills import fill
from sesreceive.plot.report_plots import PICTURES as ALL_PICTURES
from sesreceive.report.cost import Prices
from sesreceive.testing import make_account, make_rule
from tests.scenario import scenario_items, scenario_receiver

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402 - the backend comes first
from matplotlib.colors import to_rgba  # noqa: E402 - the backend comes first

PICTURES = ("funnel", "verdicts", "rules", "timeline", "flow", "recipients", "cost")


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
@pytest.mark.slow
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
    assert ", ".join(ALL_PICTURES) in repr(report.plot)
    assert all(callable(getattr(report.plot, name)) for name in ALL_PICTURES)


def test_of_each_rule_every_accepted_message_has_one_outcome(report):
    accepted = int(report.messages["accepted"].sum())
    table = tallies.rule_outcomes(report)
    assert list(table) == ["tag", "off", "gate", "tls", "billing", "bounce", "rest"]
    assert {sum(row.values()) for row in table.values()} == {accepted}
    assert table["off"]["was skipped"] == accepted
    assert sum(row["ended the rule set"] for row in table.values()) == int((report.messages["stopped_by"] != "").sum())
    few = tallies.rule_outcomes(report, most=2)
    assert list(few) == ["tag", "off", "5 other rules"]
    assert sum(sum(row.values()) for row in few.values()) == sum(sum(row.values()) for row in table.values())


def test_rules_whose_names_begin_alike_are_told_apart():
    names = ["a-rule-whose-name-is-longer-than-a-picture-has-room-for-" + end for end in ("1", "2", "3")]
    rules = [make_rule(name, ses.S3Action(bucket_name="inbox")) for name in (*names, "receiving")]
    report = ses.Receiver(make_account(*rules), seed=1).replay([b"To: ana@example.com\r\n\r\n"])
    outcomes = tallies.rule_outcomes(report)
    assert len(outcomes) == 4
    assert [sum(row.values()) for row in outcomes.values()] == [1, 1, 1, 1]
    assert list(tallies.by_rule(report.cost().rows)) == ["receiving", *list(outcomes)[:3], "receiving (2)"]


def test_every_recipient_took_one_way(report):
    ways = tallies.recipient_ways(report)
    assert sum(way.messages for way in ways) == len(report.recipients)
    assert all(len(way.places) == (4 if way.accepted else 2) for way in ways)
    assert sum(way.messages for way in ways if way.accepted) == int(report.recipients["accepted"].sum())


def test_the_pieces_of_the_cost_are_its_total(report):
    cost = report.cost()
    for most in (1, 14):
        table = tallies.by_rule(cost.rows, most)
        assert sum(sum(row.values()) for row in table.values()) == pytest.approx(cost.total_usd)
        assert next(iter(table)) == "receiving"
    assert f"{cost.total_usd:.6f}" in report.plot.cost().get_title()
    assert cost.prices.as_of in report.plot.cost().get_xlabel()


def test_prices_can_be_ones_own(report):
    names = [one.name for one in fields(Prices) if isinstance(one.default, float)]
    free = Prices(**dict.fromkeys(names, 0.0), source="our bill", as_of="2026-11")
    ax = report.plot.cost(prices=free)
    assert ax.get_title().endswith("0.000000 US dollars")
    assert ax.get_xlabel() == "US dollars (our bill, 2026-11)"


def test_differences_are_those_of_the_reading(report):
    off = scenario_receiver().account.activate(None)
    after = ses.Report(replayed(report, off))
    _, ax = plt.subplots()
    assert report.plot.differences(after, ax) is ax
    shown = [text.get_text() for text in ax.texts]
    for reason in reasons(zip(report.names, report, after, strict=True)):
        assert f"{reason.messages:,}" in shown
        assert tallies.told(*map(str, reason[1:5])) in shown
    assert "no message ends otherwise" in [text.get_text() for text in report.plot.differences(report).texts]


def test_the_coverage_is_that_of_the_account(report):
    assert report.plot.coverage().get_title() == coverage(scenario_receiver().account, report).plot().get_title()
    _, ax = plt.subplots()
    assert report.plot.coverage(ses.Account(), ax) is ax


WRONG = [
    ("differences", lambda report: report.plot.differences(empty()), "expected a report of 10 messages"),
    ("coverage", lambda report: empty().plot.coverage(), "a report without messages knows none"),
    ("coverage", lambda report: scenario_receiver().replay(scenario_items(), keep=False).plot.coverage(), "keep=False"),
]


@pytest.mark.parametrize("name, draw, sentence", WRONG, ids=[name for name, _, _ in WRONG])
def test_a_picture_that_cannot_be_drawn_is_one_sentence(report, name, draw, sentence):
    with pytest.raises(ses.InputError, match=sentence) as caught:
        draw(report)
    assert "\n" not in str(caught.value)


def test_every_picture_with_an_axis_says_what_is_on_it(report):
    for name in set(PICTURES) - {"flow", "recipients"}:  # columns with a heading each
        ax = getattr(report.plot, name)()
        assert ax.get_xlabel(), name
        assert ax.get_ylabel(), name


# pictures whose horizontal axis counts, of few messages
COUNTING = [
    ("verdicts", lambda report: report.plot.verdicts()),
    ("rules", lambda report: report.plot.rules()),
    ("timeline", lambda report: report.plot.timeline(by="number")),
    ("differences", lambda report: report.plot.differences(
        ses.Report(replayed(report, scenario_receiver().account.activate(None))))),
    ("outcomes", lambda report: tried(report).plot.outcomes()),
]  # fmt: skip


def tried(report: ses.Report) -> ses.Experiment:
    today = scenario_receiver().account
    return ses.experiment(scenario_receiver(), variants={"today": today, "off": today.activate(None)}, corpus=report)


@pytest.mark.parametrize("messages", [0, 1, 3, 10])
@pytest.mark.parametrize("name, draw", COUNTING, ids=[name for name, _ in COUNTING])
def test_there_is_no_half_of_a_message(name, draw, messages):
    if name == "outcomes" and not messages:
        messages = 2  # an experiment has mail
    draws = draw(scenario_receiver().replay(scenario_items()[:messages]))
    ticks = draws.get_xticks()
    assert len(ticks) > 0
    assert all(tick == round(tick) for tick in ticks), ticks


@pytest.mark.parametrize("name, word", [("verdicts", "DISABLED"), ("rules", "was skipped"), ("cost", "SES receiving")])
def test_what_the_legend_names_is_seen_in_it(name, word):
    """An empty fill is as white as the ground: its outline alone shows it."""
    rules = make_rule("all", ses.StopAction(), recipients=["example.com"]), make_rule("off", enabled=False)
    ax = getattr(ses.Receiver(make_account(*rules), seed=1).replay(scenario_items()).plot, name)()
    legend = ax.get_legend()
    assert word in [text.get_text() for text in legend.get_texts()]
    for patch in legend.get_patches():
        outlined = patch.get_linewidth() > 0 and patch.get_edgecolor() != to_rgba(plt.rcParams["axes.facecolor"])
        assert outlined or patch.get_facecolor()[3] > 0, patch


def test_two_fills_of_a_series_are_told_apart_without_colour():
    assert len({fill(place) for place in range(36)}) == 36
    hatches = [fill(place).hatch for place in range(6)]
    assert len(set(hatches)) == 6
