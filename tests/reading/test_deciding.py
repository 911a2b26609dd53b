"""What decided a message: one event and one sentence, and every view of it says that sentence."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

import sesreceive as ses
from sesreceive import cli, datasets
from sesreceive.plot.diagram import diagram
from sesreceive.plot.path import path
from sesreceive.reading.changes import changes
from sesreceive.reading.deciding import By, decided
from sesreceive.reading.scene import Stops
from sesreceive.report.lines import line_of
from sesreceive.ui.debugger import Debugger
from sesreceive.ui.ends import ends_table
from sesreceive.ui.pages import pages_html
from sesreceive.ui.scene_html import said_html
from tests.conftest import make_account, make_rule
from tests.scenario import WAYS, envelope, message, scenario_receiver

SAMPLES = datasets.load("anycompany")


@pytest.fixture(scope="module")
def report() -> ses.Report:
    return SAMPLES.receiver().replay(SAMPLES.mail)


def received(name: str) -> ses.Reception:
    return scenario_receiver().receive(message(), WAYS[name])


# way, rule that is asked about, what kind of thing decided, subject of the event, how the sentence begins
CASES = [
    ("blocked", "", By.REFUSAL, "test-net", "Block filter `test-net` (203.0.113.0/24) contains 203.0.113.9"),
    ("foreign", "", By.REFUSAL, "verified identity", "`example.net` is under no verified domain identity"),
    ("nobody", "", By.REFUSAL, "recipients", "the message was sent to nobody"),
    ("billing", "", By.STOP, "StopAction", "`billing` ends the evaluation of the rule set, with `StopAction` in"),
    ("billing", "tag", By.RULE, "tag", "`tag` fires: a rule without recipient conditions"),
    ("billing", "rest", By.NO_RULE, "rest", "`rest` does not fire: evaluation of the rule set ended"),
    ("gate", "", By.RULE, "gate", "`gate` and 2 other rules fire: `gate@example.com` is the address"),
    ("gate", "gate", By.STOP, "LambdaAction", "`gate` is left early: function `gate` returned the disposition"),
    ("tls", "", By.RULE, "rest", "`rest` and 1 other rule fire: `tls@example.com` is in the domain"),
    ("tls", "tls", By.NO_RULE, "tls", "`tls` does not fire: the rule requires TLS"),
]  # fmt: skip


@pytest.mark.parametrize(("way", "rule", "by", "subject", "sentence"), CASES)
def test_what_decided_is_named(way: str, rule: str, by: By, subject: str, sentence: str) -> None:
    found = decided(received(way), rule)
    assert found.event is not None
    assert (found.by, found.event.subject) == (by, subject)
    assert found.sentence.startswith(sentence)


def test_an_action_that_failed_decides_before_a_stop() -> None:
    receiver = scenario_receiver(backend=ses.MemoryBackend(strict=True))
    found = receiver.receive(message(), envelope("billing@example.com")).decided
    assert found.event is not None
    assert (found.by, found.event.subject, found.event.rule) == (By.FAILURE, "S3Action", "billing")


def test_a_stop_that_leaves_nothing_out_decides_nothing() -> None:
    account = make_account(make_rule("last", ses.StopAction()))
    reception = ses.Receiver(account, seed=1).receive(message(), envelope("a@example.com"))
    assert (reception.stopped_by, reception.decided.by) == ("last", By.RULE)


# ------------------------------------------------------------------ one reading


def plain(page: str) -> str:
    """The text of HTML, with the names in it as a sentence quotes them."""
    page = re.sub(r"</?code>", "`", page.partition("</style>")[2] or page)
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def outcome(reception: ses.Reception) -> str:
    return next(box.reason for box in path(reception) if box.title == str(reception.reply))


def step(reception: ses.Reception) -> str:
    stops = Stops(reception)
    at = stops.index(reception.decided.event)
    return plain(said_html(stops.scene(at), at, len(stops)))


VIEWS: dict[str, Callable[[ses.Reception], str]] = {
    "explain": lambda reception: str(reception.explain()),
    "explain as HTML": lambda reception: plain(reception._repr_html_()),
    "path": lambda reception: str(diagram(reception)),
    "box of the outcome": outcome,
    "step of the debugger": step,
    "line of the results": lambda reception: line_of(0, reception).because,
    "what if": lambda reception: plain(ends_table([("as it was", reception)])),
    "page of the message": lambda reception: plain(pages_html(reception, ("Summary",))),
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.slow
def test_every_view_of_every_sample_message_says_the_same_sentence(view: str, report: ses.Report) -> None:
    missing = [one.name for one in report if one.decided.sentence not in VIEWS[view](one)]
    assert missing == []


@pytest.mark.slow
def test_the_debugger_says_the_same_sentence(report: ses.Report) -> None:
    debugger = Debugger(report)
    for number, reception in enumerate(report):
        debugger.bench.selected = number
        assert debugger.run_to_decision().endswith(f": {reception.decided.sentence}")
        assert debugger.scene.decides == reception.decided.sentence


def test_the_tables_say_the_same_sentence(report: ses.Report) -> None:
    sentences = [one.decided.sentence for one in report]
    assert report.messages["reason"].tolist() == sentences
    _, *lines = [line for line in report.to_text(width=1_000).splitlines() if not line.startswith("note: ")]
    assert [line.endswith(sentence) for line, sentence in zip(lines, sentences, strict=True)] == [True] * len(sentences)
    page = plain(report._repr_html_())
    assert [sentence for sentence in sentences if sentence not in page] == []


@pytest.mark.slow
def test_the_command_line_says_the_same_sentence(
    report: ses.Report, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    for command in (["demo", "--all"], ["replay"]):
        assert cli.main(command) == 0
        printed = capsys.readouterr().out
        assert [one.name for one in report if one.decided.sentence not in printed] == []
    for name in ("0001", "0201", "0607"):
        assert cli.main(["explain", name]) == 0
        printed = capsys.readouterr().out
        (reception,) = [one for one in report if one.name.startswith(name)]
        assert f"decided: {reception.decided.sentence}\n" in printed


def test_no_sentence_repeats_itself(report: ses.Report) -> None:
    for reception in report:
        first, _, second = reception.decided.sentence.partition(": ")
        assert first.removeprefix("the ") != second.removeprefix("the ")
        assert "ends here" not in reception.decided.sentence


def test_a_change_of_the_end_gives_the_sentence_of_the_end() -> None:
    before, after = received("tls"), received("billing")
    (stop,) = [change for change in changes(before, after) if change.where == "stop"] or [None]
    assert stop is not None
    assert stop.why == after.decided.sentence
