"""The table of results: what it lists, finds, sorts, pages and selects."""

from __future__ import annotations

import asyncio
import dataclasses
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.report.lines import SORTS, Wanted, cells_of, chosen, line_of
from sesreceive.trace.deferred import Deferred
from sesreceive.trace.events import Op
from sesreceive.trace.vocabulary import cell_mark
from sesreceive.ui.bench import Bench
from sesreceive.ui.results_view import Results
from tests.scenario import WAYS, envelope, message, scenario_items, scenario_receiver

REPORT = scenario_receiver().replay(scenario_items())
LINES = [line_of(number, reception) for number, reception in enumerate(REPORT)]
HAPPENED = {Op.MATCH, Op.EFFECT, Op.STOP, Op.FAIL}


class Texts(HTMLParser):
    """The elements and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def names(results: Results) -> list[str]:
    return [line.name for line in results.visible]


def many(number: int) -> list[ses.Reception]:
    receptions = list(REPORT)
    return [
        dataclasses.replace(receptions[place % len(receptions)], name=f"message-{place:04}") for place in range(number)
    ]


# ------------------------------------------------------------------ lines


def test_a_line_says_what_the_tables_of_the_report_say():
    messages = REPORT.messages
    for line, row in zip(LINES, messages.itertuples(), strict=True):
        assert (line.name, line.accepted, line.rules, line.filter) == (row.message, row.accepted, row.rules, row.filter)
        assert (line.subject, line.because) == (row.subject, row.reason)
        assert line.size_bytes == row.size_bytes


def test_what_fired_is_where_something_happened_in_the_matrix():
    for line, reception in zip(LINES, REPORT, strict=True):
        assert line.fired == {name for name, op in cells_of(reception).items() if op in HAPPENED}


def test_a_line_is_made_without_the_events_of_what_did_not_happen(monkeypatch):
    """A rule more in the configuration costs a message nothing that did not meet it."""
    rules = [ses.ReceiptRule(name=f"r{at}", enabled=True, recipients=(f"u{at}@example.com",)) for at in range(200)]
    rule_set = ses.ReceiptRuleSet(name="main", rules=rules)
    account = ses.Account(identities=("example.com",), active="main", rule_sets=(rule_set,))
    reception = ses.Receiver(account, seed=1).receive(b"", rcpt_to=["u7@example.com"], client_ip="192.0.2.1")
    made = []
    iterate = Deferred.__iter__
    monkeypatch.setattr(Deferred, "__iter__", lambda self: made.append(self.stage) or iterate(self))
    assert line_of(0, reception).rules == "r7"
    assert made == []


def test_many_messages_are_read_in_pieces_and_the_first_are_seen_at_once():
    async def scene() -> Results:
        results = Results(many(2_000))
        assert len(results.visible) == 10
        assert "reading … 50 of 2000 messages" in results.where.value
        while results._slices.running:
            await asyncio.sleep(0.01)
        return results

    results = asyncio.run(scene())
    assert results.where.value == "1991–2000 of 2000 messages"
    assert "rule:billing" in [value for _, value in results.fired.options]


def test_the_cells_are_those_of_the_matrix():
    matrix = REPORT.matrix().frame()
    for reception in REPORT:
        row = {name: str(op) for name, op in matrix.loc[reception.name].items() if op}
        assert {name: str(op) for name, op in cells_of(reception).items()} == row


# what is wanted: the messages that are like that
WANTED = [
    (Wanted(words="gate"), ["gate"]),
    (Wanted(words="BLOCKED by"), []),
    (Wanted(words="test-net"), ["blocked"]),
    (Wanted(answer="refused"), ["blocked", "foreign", "nobody"]),
    (Wanted(answer="550 5.7.1"), ["blocked"]),
    (Wanted(fired="filter:partner"), ["partner"]),
    (Wanted(fired="action:gate/LambdaAction#1"), ["gate"]),
    (Wanted(fired="rule:bounce", answer="accepted"), ["null-sender"]),
]


@pytest.mark.parametrize(("wanted", "found"), WANTED)
def test_messages_are_found(wanted, found):
    assert [line.name for line in chosen(LINES, wanted)] == found


# column that is asked for, message, what the reason speaks of
ASKED = [
    ("rule:tag", "billing", "`tag` fires"),
    (
        "action:billing/SNSAction#2",
        "billing",
        "`billing` ends the evaluation of the rule set, with `StopAction` in position 3",
    ),
    ("", "gate", "`gate` and 2 other rules fire"),
    ("rule:rest", "gate", "`rest` fires: `gate@example.com` is in the domain"),
    ("filter:partner", "partner", "`rest` and 1 other rule fire"),
]


@pytest.mark.parametrize(("column", "name", "words"), ASKED)
def test_the_reason_is_that_of_the_rule_that_is_asked_for(column, name, words):
    results = Results(REPORT)
    results.fired.value = column
    (line,) = [line for line in results.visible if line.name == name]
    assert line.because.startswith(words)


@given(sort=st.sampled_from(sorted(SORTS)), backwards=st.booleans())
def test_sorting_loses_nothing_and_orders(sort, backwards):
    sorted_ = chosen(LINES, Wanted(sort=sort, backwards=backwards))
    assert sorted(line.number for line in sorted_) == list(range(len(LINES)))
    keys = [SORTS[sort](line) for line in sorted_]
    assert keys == sorted(keys, reverse=backwards)


# ------------------------------------------------------------------ the widget


def test_every_page_together_is_every_message_once():
    results = Results(many(47))
    results.first.click()
    seen = []
    for _ in range(results.pages):
        seen += names(results)
        results.next.click()
    assert seen == [f"message-{place:04}" for place in range(47)]


def test_only_the_visible_page_is_drawn():
    results = Results(many(500))
    assert results.cells.value.count("<tr") == 1 + 10
    assert sum(button.layout.display is None for button in results.names) == 10
    results.size.value = 50
    assert results.cells.value.count("<tr") == 1 + 50


def test_pressing_a_name_selects_the_message_wherever_it_stands():
    results = Results(many(30))
    results.sort.value, results.backwards.value = "message", True
    results.names[2].click()
    assert results.bench.selected == 27
    assert results.names[2].description.startswith("▶ message-0027")
    assert "message-0027 is selected" in results.status.value


def test_the_page_follows_the_selection():
    results = Results(many(30))
    results.bench.selected = 25
    assert "message-0025" in names(results)
    results.bench.selected = 3
    assert "message-0003" in names(results)


def test_the_buttons_are_there_as_long_as_the_table():
    """Focus stays where it was only if the widget does."""
    results = Results(many(30))
    before = list(results.names)
    for change in (results.next.click, results.last.click, lambda: setattr(results.view, "value", "matrix")):
        change()
        assert results.names == before


def test_new_messages_are_listed_and_the_selection_is_seen():
    bench = Bench(scenario_receiver())
    results = Results(bench)
    assert "nothing received yet" in results.where.value
    for name, way in WAYS.items():
        bench.receive(message(name), way, name=name)
    assert names(results) == list(WAYS)
    assert results.names[len(WAYS) - 1].description.startswith("▶ ")
    assert "rule:billing" in [value for _, value in results.fired.options]


def test_other_messages_take_the_place_of_all_before():
    bench = Bench(scenario_receiver())
    results = Results(bench)
    bench.receptions = tuple(REPORT)
    bench.receptions = tuple(REPORT)[5:8]
    assert names(results) == list(WAYS)[5:8]
    bench.receptions = ()
    assert names(results) == []


def test_a_search_that_finds_nothing_says_so_and_a_choice_stays_where_there_is_something_new():
    bench = Bench(scenario_receiver())
    bench.add(REPORT)
    results = Results(bench)
    results.search.value = "no such thing"
    assert (results.visible, results.cells.value) == ([], "")
    assert "no message is like that" in results.where.value
    results.search.value, results.fired.value = "", "rule:billing"
    bench.receive(message("one more"), WAYS["billing"], name="one more")
    assert results.fired.value == "rule:billing"
    assert "one more" in names(results)


def test_the_matrix_shows_what_fired_and_everything_when_asked():
    results = Results(REPORT)
    results.view.value = "matrix"
    assert "filter:test-net" in results.cells.value
    assert "rule:off" not in results.cells.value
    results.everything.value = True
    assert "rule:off" in results.cells.value
    assert f">{cell_mark('match')}<" in results.cells.value


def test_the_columns_of_a_wide_matrix_are_shown_piece_by_piece():
    rules = tuple(ses.ReceiptRule(name=f"r{number:02}", recipients=("example.com",)) for number in range(90))
    rules += (ses.ReceiptRule(name="all", enabled=True, recipients=("example.com",)),)
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),)
    )
    results = Results(ses.Receiver(account, seed=1).receive(b"", rcpt_to=["ana@example.com"]))
    results.view.value = "matrix"
    assert results.column.layout.display == "none"
    results.everything.value = True
    assert (results.column.layout.display, results.column.description) == (None, "From column (of 91)")
    seen = []
    for start in (1, 41, 81):
        results.column.value = start
        seen += [rule.name for rule in rules if f'title="rule:{rule.name}"' in results.cells.value]
    assert set(seen) == {rule.name for rule in rules}


def test_an_action_that_ran_twice_in_a_rule_has_two_columns():
    results = Results(REPORT)
    results.view.value = "matrix"
    assert "action:billing/S3Action#1" in results.cells.value
    assert "action:billing/StopAction#3" in results.cells.value


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.mark.parametrize("view", ["overview", "matrix"])
def test_nothing_that_a_stranger_writes_becomes_markup(view):
    said = ses.Envelope(
        client_ip="198.51.100.7", helo=HOSTILE, mail_from=f"{HOSTILE}@example.org", rcpt_to=(f"{HOSTILE}@example.com",)
    )
    results = Results(scenario_receiver().receive(message(HOSTILE), said, name=HOSTILE))
    results.view.value = view
    for html in (results.cells.value, results.where.value, results.status.value, results.snapshot()):
        assert not {"script", "img"} & set(Texts(html).tags)
    results.names[0].click()
    assert not {"script", "img"} & set(Texts(results.status.value).tags)


def test_the_saved_picture_has_the_page():
    text = Texts(Results(REPORT).snapshot()).text
    assert all(name in text for name in WAYS)
    assert "nothing received yet" in Texts(Results(scenario_receiver()).snapshot()).text


@pytest.mark.slow
def test_every_field_has_a_label_and_every_button_words():
    results = Results(REPORT)
    fields = (results.search, results.answer, results.fired, results.sort, results.view, results.size)
    assert all(field.description for field in (*fields, results.backwards, results.everything))
    assert all(button.description for button in (results.first, results.previous, results.next, results.last))


def test_a_recipient_list_of_thousands_makes_a_short_line():
    crowd = envelope(*(f"user{number}@example.com" for number in range(90)))
    assert len(line_of(0, scenario_receiver().receive(message(), crowd)).text) < 2_000
