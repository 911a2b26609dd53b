"""Step through what happened to one message, forwards and backwards: the trace is kept, so time has no direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.plot.diagram import diagram
from sesreceive.reading.moments import Moment
from sesreceive.reading.scene import Scene, Stops
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part, Section, allow, bench_of, button, classed, html
from sesreceive.ui.message_actions import MessageSteps
from sesreceive.ui.scene_html import envelope_html, header_html, rules_html, said_html

__all__ = ["Debugger"]

_EMPTY = "nothing received yet: send a message, and step through what happens to it here"
# Milliseconds between two steps.
_SPEEDS = {"slow": 1600, "normal": 800, "fast": 250}


class Debugger(Part):
    """The way of the selected message, a step at a time, in both directions.

    At each step: what was decided and from which configuration, the envelope, the header as it is then, the rules
    that remain.

    Parameters
    ----------
    given : Bench, Receiver, Reception or Report
        Whose selected message is stepped through.

    Attributes
    ----------
    at : int
        The step, from 0; assign to go there.

    Examples
    --------
    >>> import sesreceive as ses
    >>> account = ses.Account(identities=("example.com",), filters=(ses.ReceiptFilter.block("192.0.2.1", name="me"),))
    >>> receiver = ses.Receiver(account, seed=1)
    >>> debugger = Debugger(receiver.receive(b"", rcpt_to=["ana@example.com"], client_ip="192.0.2.1"))
    >>> debugger.run_to_decision()
    'step 2 of 7: Block filter `me` (192.0.2.1) contains 192.0.2.1'
    >>> debugger.scene.because[0].path
    'filters[0]'
    """

    def __init__(self, given: Bench | Any) -> None:
        self.bench = bench = bench_of(given)  # the pieces below ask for it
        self.message = MessageSteps(self)
        self.stops: Stops | None = None
        self._moving = False
        self.first, self.back = button("« First"), button("‹ Back")
        self.next, self.last = button("Next ›"), button("Last »")
        self.play = button("Play", hint="Go on by itself, a step at a time")
        self.speed = W.Dropdown(
            description="Speed",
            options=_SPEEDS,
            value=_SPEEDS["normal"],
            style={"description_width": "initial"},
            layout=W.Layout(width="auto"),
        )
        self.step = W.BoundedIntText(
            description="Step",
            min=1,
            max=1,
            value=1,
            style={"description_width": "initial"},
            layout=W.Layout(width="120px"),
        )
        self.of = html()
        self.to_step = button("Next part »", hint="Run to the next of the four steps of the service")
        self.to_rule = button("Next rule »", hint="Run to where the next rule is looked at")
        self.to_effect = button("Next effect »", hint="Run to where the world is touched next")
        self.to_decision = button("Deciding event »", hint="Run to the event that decided the outcome")
        # The browser counts; this widget is the clock and is not shown.
        self.clock = W.Play(min=0, max=1, interval=_SPEEDS["normal"], layout=W.Layout(display="none"))
        self.said = html()
        self.envelope, self.rules, self.header = html(), html(), html()
        self.picture = html()
        self.path = Section([self.picture], opened=True)
        self.path.tell("the way so far")
        wraps = {"flex_flow": "row wrap", "align_items": "center"}
        left = W.VBox([self.envelope, self.rules, self.header], layout=W.Layout(flex="1 1 380px", min_width="0"))
        right = W.VBox([self.path], layout=W.Layout(flex="1 1 570px", min_width="0"))
        super().__init__(
            bench,
            [
                self.message,
                W.HBox([self.first, self.back, self.next, self.last, self.step, self.of], layout=W.Layout(**wraps)),
                W.HBox(
                    [self.to_step, self.to_rule, self.to_effect, self.to_decision, self.play, self.speed, self.clock],
                    layout=W.Layout(**wraps),
                ),
                self.said,
                classed(W.HBox([left, right]), "ses-two", "ses-grow"),
            ],
            title="Debugger",
        )
        classed(self, "ses-debugger", "ses-fits")
        classed(self.step, "ses-inline")  # short enough to have its label beside it on a telephone, too
        classed(self.speed, "ses-inline")
        for pressed, go in (
            (self.first, lambda: self.go(0)),
            (self.back, lambda: self.go(self.at - 1)),
            (self.next, lambda: self.go(self.at + 1)),
            (self.last, lambda: self.go(self._steps - 1)),
            (self.to_step, self.run_to_part),
            (self.to_rule, self.run_to_rule),
            (self.to_effect, self.run_to_effect),
            (self.to_decision, self.run_to_decision),
        ):
            self.on_click(pressed, self._by_hand(go))
        self.on_click(self.play, self._play)
        self.on_change(self.step, lambda step: None if self._moving else self.go(step - 1))
        self.on_change(self.clock, lambda at: None if self._moving else self.go(at))
        self.on_change(self.clock, self._playing, "playing")
        self.on_change(self.speed, lambda speed: setattr(self.clock, "interval", speed))
        self.path.head.on_click(self.guard(self._draw_path))
        self.watch(self._load, ["selected", "receptions"])
        self._load()

    # ------------------------------------------------------------------ where

    @property
    def at(self) -> int:
        """The step, from 0."""
        return int(self.step.value) - 1

    @at.setter
    def at(self, at: int) -> None:
        self.go(at)

    @property
    def scene(self) -> Scene:
        """What was known at the step.

        Raises
        ------
        IndexError
            When there is no message.
        """
        if self.stops is None:
            raise IndexError(_EMPTY)
        return self.stops.scene(self.at)

    @property
    def _steps(self) -> int:
        return len(self.stops) if self.stops else 1

    def go(self, at: int) -> str:
        """Go to a step, the nearest there is; the answer tells what happened there."""
        at = min(max(at, 0), self._steps - 1)
        self._moving = True
        try:
            self.step.value = at + 1
            self.clock.value = at
        finally:
            self._moving = False
        return self._draw()

    def run_to_part(self) -> str:
        """Go on to where the next step of the service begins, or to the end."""
        before = self.scene.moment.event.stage if self.stops else None
        return self._run(lambda moment: moment.event.stage is not before, "part of the service")

    def run_to_rule(self) -> str:
        """Go on to where the next rule is looked at, or to the end."""
        return self._run(lambda moment: moment.is_rule, "rule")

    def run_to_effect(self) -> str:
        """Go on to where the world is touched next, or to the end."""
        return self._run(lambda moment: moment.is_effect, "effect")

    def run_to_decision(self) -> str:
        """Go to the event that decided the outcome, forwards or backwards; the answer says what it decided."""
        if self.stops is None:
            return _EMPTY
        decided = self.stops.decided
        self.go(self.stops.index(decided.event))
        return f"step {self.at + 1} of {self._steps}: {decided.sentence}"

    def _run(self, wanted: Callable[[Moment], bool], what: str) -> str:
        if self.stops is None:
            return _EMPTY
        later = range(self.at + 1, self._steps)
        found = next((at for at in later if wanted(self.stops.moments[at])), None)
        told = self.go(self._steps - 1 if found is None else found)
        return told if found is not None else f"no other {what}; {told}"

    # ------------------------------------------------------------------ playing

    def _by_hand(self, go: Callable[[], str]) -> Callable[[], str]:
        """A step by hand ends the playing."""

        def step() -> str:
            self.clock.playing = False
            return go()

        return step

    def _play(self) -> str:
        playing = not self.clock.playing
        if playing and self.at >= self._steps - 1:
            self.go(0)
        self.clock.playing = playing
        return "playing" if playing else "paused"

    def _playing(self, playing: bool) -> None:
        self.play.description = "Pause" if playing else "Play"

    # ------------------------------------------------------------------ drawing

    def _load(self) -> None:
        """Start at the beginning of the selected message, where it is another than before."""
        reception = self.bench.reception
        if self.stops is not None and reception is self.stops.reception:
            return
        self.clock.playing = False
        self.stops = Stops(reception) if reception is not None and len(reception.trace) else None
        self._moving = True
        try:
            self.clock.max = self._steps - 1
            self.step.max = self._steps
        finally:
            self._moving = False
        self.of.value = f"of {self._steps}"
        self.go(0)

    def _draw(self) -> str:
        none = "there is no message yet" if self.stops is None else ""
        for pressed in (self.next, self.last, self.to_step, self.to_rule, self.to_effect):
            allow(pressed, none or ("it is the last step" if self.at >= self._steps - 1 else ""))
        for pressed in (self.first, self.back):
            allow(pressed, none or ("it is the first step" if self.at == 0 else ""))
        allow(self.to_decision, none)
        allow(self.play, none)
        self.step.disabled = bool(none)
        if self.stops is None:
            self.said.value = f'<p class="ses-hint">{escape(_EMPTY)}</p>'
            self.envelope.value = self.rules.value = self.header.value = self.picture.value = ""
            return _EMPTY
        scene = self.scene
        self.said.value = said_html(scene, self.at, self._steps)
        self.envelope.value = envelope_html(self.stops.reception, scene.recipients)
        self.rules.value = rules_html(scene.rules)
        self.header.value = header_html(scene)
        self._draw_path()
        self.changed()
        return f"step {self.at + 1} of {self._steps}: {scene.said}"

    def _draw_path(self) -> None:
        if self.stops is not None and self.path.opened:
            self.picture.value = diagram(self.stops.reception, at=self.at).html

    def snapshot(self) -> str:
        """The step with all that is known at it."""
        if self.stops is None:
            return f"<p>{escape(_EMPTY)}</p>"
        parts = (self.said.value, self.envelope.value, self.rules.value, self.header.value, self.picture.value)
        return "".join(map(str, parts))

    def __repr__(self) -> str:
        """One line: where in which message."""
        if self.stops is None:
            return "<Debugger of nothing yet>"
        return f"<Debugger at step {self.at + 1} of {self._steps} of {repr(self.stops.reception)[1:-1]}>"
