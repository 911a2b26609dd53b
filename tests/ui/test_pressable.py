"""What looks as if it could be pressed can be: each button of each view is pressed, in a workbench of each state."""

from __future__ import annotations

import re
from collections.abc import Iterator

import ipywidgets as W
import pytest

import sesreceive as ses
from sesreceive import ui
from tests.conftest import MESSAGE, make_account, make_rule

VIEWS = ["1 Build", "2 Send", "3 Live", "4 Results", "5 Path", "6 Step", "7 What if", "8 Prove"]

# What a workbench may hold.
STATES = {
    "nothing": lambda: ses.Receiver(ses.Account(), seed=1),
    "an account": lambda: ses.Receiver(make_account(make_rule()), seed=1),
    "a message": lambda: ses.Receiver(make_account(make_rule()), seed=1),
}
# How a button answers that should not have been pressed.
USELESS = re.compile(r"\b(there is (no|nothing)|nothing (was|to)|no (message|file)s? )", re.IGNORECASE)
# What is not pressed here: button, and why.
LEFT_ALONE = {
    "Start SMTP": "listens on the network, which other tests do",
    "Play": "goes on by itself",
}


def workbench(state: str) -> ui.Workbench:
    bench = ui.Workbench(STATES[state]())
    if state == "a message":
        bench.bench.receive(MESSAGE, ses.Envelope(rcpt_to=("ana@example.com",)), name="hello")
    return bench


def buttons(widget: W.Widget) -> Iterator[W.Button]:
    """Those in sight that are on."""
    if isinstance(widget, W.Button):
        if not widget.disabled:
            yield widget
        return
    if getattr(widget, "layout", None) is not None and widget.layout.display == "none":
        return
    for child in getattr(widget, "children", ()):
        if child.layout.display != "none":
            yield from buttons(child)


def in_view(bench: ui.Workbench, view: str) -> list[W.Button]:
    bench.show(view)
    return [
        one for part in bench.part(view) for one in buttons(part)
        if one.description and one.description not in LEFT_ALONE
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("shown_errors")
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("view", VIEWS)
def test_no_button_that_is_on_can_do_nothing(state: str, view: str) -> None:
    useless = {}
    for number in range(len(in_view(workbench(state), view))):
        bench = workbench(state)
        pressed = in_view(bench, view)[number]
        words = pressed.description
        pressed.click()
        said = re.sub(r"<[^>]*>", "", bench.alert.value or bench.status.value)
        if bench.alert.value or USELESS.search(said):
            useless[words] = said
    assert useless == {}


# view, state: the buttons that are off in it, each of which says why.
OFF = [
    ("2 Send", "nothing", {"Detach all", "Undo zone edit", "Redo zone edit", "Stop"}),
    ("4 Results", "nothing", {"Save"}),
    ("5 Path", "nothing", {"‹", "›", "Save"}),
    ("7 What if", "nothing", {"Compare now", "Reset", "Answer with each disposition"}),
    ("7 What if", "a message", {"Reset", "Answer with each disposition"}),
]  # fmt: skip


def every_button(widget: W.Widget) -> Iterator[W.Button]:
    if isinstance(widget, W.Button):
        yield widget
    for child in getattr(widget, "children", ()):
        yield from every_button(child)


@pytest.mark.parametrize("view, state, off", OFF)
@pytest.mark.slow
def test_what_cannot_be_done_is_off_and_says_why(view: str, state: str, off: set[str]) -> None:
    bench = workbench(state)
    bench.show(view)
    disabled = {one.description: one.tooltip for part in bench.part(view) for one in every_button(part) if one.disabled}
    assert off <= set(disabled)
    assert all(disabled[words].startswith("Not now: ") for words in off)
