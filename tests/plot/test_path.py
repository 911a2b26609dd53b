"""The way of a message as boxes and as a picture: golden texts, one for each way through, and laws for any mail."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.plot.box import Box, Shape, State, path_text
from sesreceive.plot.diagram import diagram, svg
from sesreceive.plot.path import path
from sesreceive.plot.text_width import width
from sesreceive.reading.moments import moments
from sesreceive.trace.events import Kind
from tests.scenario import WAYS, envelope, message, scenario_receiver

GOLDEN = Path(__file__).parents[1] / "cases" / "path"
# `GOLDEN=write pytest tests/plot` writes the files anew; look at the difference before it is committed.
WRITE = os.environ.get("GOLDEN") == "write"


def received(name: str) -> ses.Reception:
    return scenario_receiver().receive(message(name), WAYS[name], name=name)


def flat(boxes: tuple[Box, ...]) -> list[Box]:
    return [one for box in boxes for one in (box, *flat(box.inside))]


def tags(picture: str) -> set[str]:
    """The names of all elements, after an XML parser has read the picture."""
    return {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()}


DRAWN = {"svg", "title", "desc", "style", "g", "path", "rect", "text", "tspan"}


@pytest.mark.parametrize("name", WAYS)
def test_the_way_is_the_golden_one(name: str) -> None:
    text = path_text(path(received(name))) + "\n"
    file = GOLDEN / f"{name}.txt"
    if WRITE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


# message, title of a box, its state, its word
BOXES = [
    ("billing", "Step 1: IP filters", State.ON, "let through"),
    ("blocked", "Step 1: IP filters", State.ENDED, "blocked"),
    ("blocked", "filter test-net", State.ENDED, "Block, decides"),
    ("partner", "filter partner", State.ON, "Allow, decides"),
    ("foreign", "bo@example.net", State.ENDED, "refused"),
    ("foreign", "Step 4: receipt rules", State.SKIPPED, "not reached"),
    ("nobody", "Step 2: recipients", State.ENDED, "none accepted"),
    ("gate", "1 LambdaAction", State.STOPPED, "done, ends here"),
    ("gate", "2 S3Action", State.SKIPPED, "not run"),
    ("gate", "rule gate", State.ON, "fired, left early"),
    ("billing", "rule billing", State.STOPPED, "fired, ends the set"),
    ("billing", "SPF", State.ON, "pass"),
    ("billing", "DKIM", State.SKIPPED, "none"),
    ("many", "Step 2: recipients", State.ON, "20 of 20 accepted"),
    ("gone", "Step 2: recipients", State.ON, "2 of 3 accepted"),
]


@pytest.mark.parametrize(("name", "title", "state", "word"), BOXES)
def test_a_box_says_how_it_came_out(name: str, title: str, state: State, word: str) -> None:
    [box] = [box for box in flat(path(received(name))) if box.title == title]
    assert (box.state, box.word) == (state, word)


def test_an_action_that_fails_has_a_box_that_says_so() -> None:
    backend = ses.MemoryBackend(strict=True)
    reception = scenario_receiver(backend=backend).receive(message(), envelope("sales@example.com"))
    failed = [box for box in flat(path(reception)) if box.state is State.FAILED]
    assert [box.title for box in failed] == ["1 S3Action", "250 OK " + reception.message_id]
    assert "no such bucket `rest`" in failed[0].reason


@pytest.mark.parametrize("name", WAYS)
def test_every_box_has_a_word_and_every_outcome_a_reason(name: str) -> None:
    boxes = flat(path(received(name)))
    assert all(box.word for box in boxes)
    assert all(
        box.reason for box in boxes if box.state in (State.ON, State.ENDED, State.STOPPED, State.FAILED, State.OFF)
    )


@pytest.mark.parametrize("name", WAYS)
def test_the_whole_way_names_every_filter_recipient_rule_and_action(name: str) -> None:
    reception = received(name)
    text = path_text(path(reception, full=True))
    for event in reception.trace:
        if event.kind in (Kind.FILTER, Kind.RECIPIENT, Kind.RULE, Kind.ACTION):
            assert event.subject in text


@pytest.mark.parametrize("name", WAYS)
def test_at_the_last_moment_the_way_is_the_whole_one(name: str) -> None:
    reception = received(name)
    last = len(moments(reception.trace)) - 1
    then, whole = path(reception, at=last), path(reception)
    assert [(box.title, box.state, box.word) for box in then] == [(box.title, box.state, box.word) for box in whole]


@pytest.mark.parametrize("name", ["billing", "gate", "gone", "blocked"])
def test_the_future_is_not_told(name: str) -> None:
    """What a step comes to is in the picture when it is over, not before."""
    reception = received(name)
    stops = moments(reception.trace)
    for at, moment in enumerate(stops):
        boxes = path(reception, at=at)
        later = {one.event.seq for one in stops[at + 1 :]} - {one.event.seq for one in stops[: at + 1]}
        told = path_text(boxes)
        for seq in later:
            event = reception.trace[seq]
            # Another event may have had the same reason before.
            if event.reason and all(event.reason not in one.event.reason for one in stops[: at + 1]):
                assert f"({event.reason})" not in told
        ends = [box for box in boxes if box.shape is Shape.END]
        assert [box.state is State.AHEAD for box in ends] == [at + 1 < len(stops)]
        assert sum(box.here for box in flat(boxes)) == 1, moment


# ------------------------------------------------------------------ moments


@pytest.mark.parametrize("name", WAYS)
def test_every_event_is_met_once_and_what_holds_others_is_entered_and_left(name: str) -> None:
    trace = received(name).trace
    stops = moments(trace)
    assert sorted(one.event.seq for one in stops if not one.entering) == list(range(len(trace)))
    inside: list[int] = []
    for one in stops:
        if one.entering:
            inside.append(one.event.seq)
        elif inside and inside[-1] == one.event.seq:
            inside.pop()
        else:
            assert one.event.parent == (inside[-1] if inside else -1)
    assert inside == []


# ------------------------------------------------------------------ the picture


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("full", [False, True])
def test_the_picture_is_well_formed_and_always_the_same(name: str, full: bool) -> None:
    picture = diagram(received(name), full=full).svg
    assert tags(picture) <= DRAWN
    assert picture == diagram(received(name), full=full).svg
    assert " id=" not in picture


hostile = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]>", "</svg>", "&#0;", "\x00\x1b"]
    ),
)


@given(title=hostile, word=hostile, reason=hostile, state=st.sampled_from(State), shape=st.sampled_from(Shape))
def test_no_text_becomes_markup(title: str, word: str, reason: str, state: State, shape: Shape) -> None:
    box = Box(shape=shape, state=state, title=title, word=word, reason=reason)
    outer = Box(shape=Shape.STEP, state=State.ON, title=title, word=word, reason=reason, inside=(box,) * 5)
    assert tags(svg([outer, box], title)) <= DRAWN


REASONS = [
    # reason, and whether a backquote is drawn
    ("the name is `" + "x" * 400 + "`, which is long", False),  # cut inside the name
    ("the names are `a` and `" + "word " * 100 + "`", False),
    ("a `name` and then " + "word " * 100, False),
    ("a lone ` is kept", True),
    ("`a`, and a lone ` is kept", True),
]


@pytest.mark.parametrize("reason, drawn", REASONS, ids=range(len(REASONS)))
def test_a_name_that_is_cut_off_is_still_a_name(reason: str, drawn: bool) -> None:
    picture = svg([Box(shape=Shape.STEP, state=State.ON, title="step", word="done", reason=reason)])
    lines = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    assert ("`" in "".join(lines)) is drawn
    assert ("ses-name" in "".join(lines)) is ("`a" in reason or not drawn)


def test_what_a_stranger_says_is_drawn_as_text() -> None:
    said = ses.Envelope(
        client_ip="198.51.100.7", helo="<script>alert(1)</script>", mail_from='"><svg onload=x>@example.org',
        rcpt_to=("<b>@example.com", "x" * 5_000 + "@example.com"),
    )  # fmt: skip
    drawn = diagram(scenario_receiver().receive(message("</title><script>"), said, name="</svg><script>"))
    assert tags(drawn.svg) <= DRAWN
    rich = drawn._repr_html_()
    assert "<script" not in rich
    assert "onload=x>" not in rich
    assert len(drawn.svg) < 60_000


def test_a_message_with_very_much_in_it_has_a_picture_of_bounded_size() -> None:
    crowd = envelope(*(f"user{number}@example.com" for number in range(90)))
    assert len(diagram(scenario_receiver().receive(message(), crowd)).svg) < 40_000


def test_a_diagram_prints_saves_and_shows(tmp_path: Path) -> None:
    drawn = received("blocked").diagram()
    assert str(drawn).startswith("203.0.113.9 connects: clear text")
    file = drawn.save(tmp_path / "way.svg")
    assert tags(file.read_text(encoding="utf-8")) <= DRAWN
    assert repr(drawn) == "<Diagram of blocked: 550 5.7.1 IP address blacklisted by recipient>"
    with pytest.raises(ses.InputError, match="cannot be written"):
        drawn.save(tmp_path / "there" / "is" / "no.svg")


# What is too long for one line of a telephone: an answer of SMTP is what the reader came for.
LONG_TITLES = [
    "550 5.1.1 Requested action not taken: mailbox unavailable",
    "250 OK q0q10mbm16dgar8rrf1ipb7ba2a8jkell26da401",
]


@pytest.mark.parametrize("title", [*LONG_TITLES, ""])
@pytest.mark.parametrize("inside", [False, True])
def test_a_title_is_whole_and_stays_in_its_box_in_the_narrow_picture(title: str, inside: bool) -> None:
    box = Box(shape=Shape.END, state=State.ENDED, title=title, word="refused", reason="`example.net` is not verified")
    outer = Box(shape=Shape.STEP, state=State.ENDED, title="step", word="ended", inside=(box,))
    picture = ElementTree.fromstring(svg([outer if inside else box], narrow=True))
    right = float(picture.attrib["viewBox"].split()[2])
    lines = [item for item in picture.iter() if item.tag.endswith("}text") and "".join(item.itertext()) != "step"]
    words = [("".join(item.itertext()), float(item.attrib["x"])) for item in lines]
    titles = [text for text, _ in words[: [text for text, _ in words].index("refused")] if text != "ended"]
    assert "".join(titles).replace(" ", "") == title.replace(" ", "")
    # Letters of a bold title take at most a tenth more than the width that is counted for them.
    assert all(x + 1.1 * width(text, 13) <= right for text, x in words if text in titles)
