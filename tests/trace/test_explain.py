"""What `explain` says: golden texts for each way through, and that no content ever becomes markup or control."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.auth.results import SpfStatus
from sesreceive.flow import Flow
from sesreceive.mail.reply import Reply
from sesreceive.trace.events import Kind, Op, Stage, TraceEvent, TraceLog
from sesreceive.trace.facts import Check, Fact, FindingFact, RecipientFact, ResultFact, StopFact
from sesreceive.trace.html import trace_html
from sesreceive.trace.text import Explanation, trace_text
from sesreceive.trace.vocabulary import STEPS, TITLES, term
from sesreceive.verdict import Verdict
from tests.conftest import make_account, make_rule
from tests.scenario import WAYS, envelope, message, scenario_receiver

GOLDEN = Path(__file__).parents[1] / "cases" / "explain"
# `GOLDEN=write pytest tests/trace` writes the files anew; look at the difference before it is committed.
WRITE = os.environ.get("GOLDEN") == "write"


def check(path: Path, text: str) -> None:
    if WRITE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WAYS)
def test_explanation_is_the_golden_text(name: str) -> None:
    reception = scenario_receiver().receive(message(name), WAYS[name], name=name)
    check(GOLDEN / f"{name}.txt", f"{reception.explain()}\n")


def test_full_explanation_and_html_are_the_golden_ones() -> None:
    explanation = scenario_receiver().receive(message(), WAYS["gone"], name="gone").explain(full=True)
    check(GOLDEN / "gone-full.txt", f"{explanation}\n")
    check(GOLDEN / "gone-full.html", explanation._repr_html_() + "\n")


def test_the_same_message_is_explained_alike_twice() -> None:
    first, second = (scenario_receiver().receive(message(), WAYS["gate"]) for _ in range(2))
    assert first.explain()._repr_html_() == second.explain()._repr_html_()


def test_full_says_everything_that_was_considered() -> None:
    reception = scenario_receiver().receive(message(), envelope(*WAYS["many"].rcpt_to, "gone@example.com"))
    text = str(reception.explain(full=True))
    rich = reception.explain()._repr_html_().split('<div class="ses-rich"')[1]
    # One line an event, but for conditions that say what their rule says and stops that say what their action says.
    told = [event for event in reception.trace if event.kind is not Kind.STAGE and event.op is not Op.STOP]
    assert all(event.reason.removeprefix(f"{getattr(event.fact, 'status', '')}: ") in text for event in told)
    rules = [event for event in told if event.kind is Kind.RULE]
    assert text.count("  rule `") == rich.count("</span> rule <code>") == len(rules)
    assert len(str(reception.explain()).splitlines()) < len(text.splitlines())


def test_an_explanation_prints_and_has_html() -> None:
    explanation = Explanation((), "nothing")
    assert str(explanation) == repr(explanation) == "nothing"
    assert "nothing" in explanation._repr_html_()


def test_marks_are_told_apart() -> None:
    told_apart = set(Op) - {Op.ENTER, Op.EXIT}
    assert len({term(None, op).mark for op in told_apart}) == len(told_apart)


def test_every_step_kind_and_op_has_its_words() -> None:
    assert (set(STEPS), set(TITLES)) == (set(Stage), set(Kind))
    terms = [term(kind, op) for kind in Kind for op in Op]
    assert all(shown.mark and shown.word and len(shown.short) <= 8 for shown in terms)


# ------------------------------------------------------------------ hostile content

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["<script>alert(1)</script>", '"><img src=x onerror=1>', "</pre><b>", "a\r\nb", "\x1b[2J", "\u202egnp.exe",
         "&lt;", "`", "\x00", "\ud800", "\u2028", "x" * 5000]
    ),
)  # fmt: skip
FACTS: list[Callable[[str], Fact | None]] = [
    lambda text: None,
    lambda text: RecipientFact(Reply(550, text, text), (text,)),
    lambda text: ResultFact(Check.SPF, SpfStatus.FAIL, text, (text,)),
    lambda text: FindingFact(Check.SPAM, Verdict.GRAY, text),
    lambda text: StopFact(Flow.STOP_RULE, text),
]


@st.composite
def facts(draw: st.DrawFn) -> Fact | None:
    """A fact of any kind, with hostile text in it."""
    return draw(st.sampled_from(FACTS))(draw(TEXTS))


EVENTS = st.builds(
    TraceEvent, seq=st.integers(0, 9), parent=st.integers(-1, 9), stage=st.sampled_from(Stage),
    kind=st.sampled_from(Kind), op=st.sampled_from(Op), subject=TEXTS, reason=TEXTS, rule=TEXTS, recipient=TEXTS,
    action=st.integers(-1, 3),
    fact=facts(),
)  # fmt: skip


def numbered(events: list[TraceEvent]) -> list[TraceEvent]:
    """The events as a trace could hold them: numbered, each in one that came before."""
    made = []
    for seq, event in enumerate(events):
        made.append(event._replace(seq=seq, parent=min(event.parent, seq - 1)))
    return made


class Markup(HTMLParser):
    """Which tags and attributes a page has, and its visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def markup(html: str) -> Markup:
    found = Markup()
    found.feed(html)
    found.close()
    return found


ALLOWED_TAGS = {"div", "style", "pre", "details", "summary", "span", "strong", "code"}
ALLOWED_ATTRIBUTES = {"class", "style", "open"}


@given(st.lists(EVENTS, max_size=12).map(numbered), TEXTS)
def test_content_never_becomes_markup(events: list[TraceEvent], title: str) -> None:
    html = trace_html(events, title)
    found = markup(html)
    assert found.tags <= ALLOWED_TAGS
    assert found.attributes <= ALLOWED_ATTRIBUTES
    assert html.count("<script") == html.count("<img") == 0
    assert not any(control(character) for character in html)
    html.encode()


@given(st.lists(EVENTS, max_size=12).map(numbered), TEXTS, st.booleans())
def test_content_never_moves_the_cursor(events: list[TraceEvent], title: str, full: bool) -> None:
    text = trace_text(events, title, full=full)
    assert not any(control(character) for character in text)
    assert len(text.splitlines()) == len(text.split("\n")) or not text
    text.encode()


def control(character: str) -> bool:
    """Controls but for the line feed, and what reorders or breaks a line."""
    return character != "\n" and (
        unicodedata.category(character) in ("Cc", "Zl", "Zp") or "\u202a" <= character <= "\u202e"
    )


@given(st.lists(EVENTS, max_size=30).map(numbered))
def test_an_explanation_has_a_line_for_each_event_at_most(events: list[TraceEvent]) -> None:
    questions = sum(len(getattr(event.fact, "questions", ())) for event in events)
    headings = len(Stage)
    assert len(trace_text(events, full=True).splitlines()) <= len(events) + questions + headings


def test_a_long_run_is_folded_and_counted() -> None:
    log = TraceLog(Stage.FILTERING)
    with log.within(Kind.STAGE, "192.0.2.1", "no"):
        for number in range(100):
            log.add(Kind.FILTER, Op.MISS, f"f{number}", "no")
    lines = trace_text(log.events()).splitlines()
    shown = sum("filter `f" in line for line in lines)
    assert f"    … {100 - shown} more filters miss" in lines
    assert trace_text(log.events(), full=True).count("filter `f") == 100


def test_html_ends_where_nobody_reads_on() -> None:
    log = TraceLog(Stage.FILTERING)
    with log.within(Kind.STAGE, "192.0.2.1", "no"):
        for number in range(10_000):
            log.add(Kind.FILTER, Op.MATCH if number % 2 else Op.MISS, f"f{number}", "no")
    html = trace_html(log.events())
    rich = html.split('<div class="ses-rich"')[1]
    assert rich.count("filter <code>f") == 4_000 - 1
    assert "… 6001 more lines are left out" in rich
    assert markup(html).tags <= ALLOWED_TAGS


def test_what_of_the_account_can_hardly_be_meant_is_said_behind_the_steps() -> None:
    account = make_account(make_rule("all", recipients=("*@example.com",)))
    reception = ses.Receiver(account, seed=1).receive(b"\r\n", mail_from="a@example.org", rcpt_to=["bo@example.com"])
    finding = "`*@example.com` is for the address `*@example.com` alone, since `*` is no wildcard"
    assert f"finding: rule_sets[0].rules[0].recipients[0]: {finding}" in str(reception.explain())
    assert "is no wildcard" in reception.explain()._repr_html_()
