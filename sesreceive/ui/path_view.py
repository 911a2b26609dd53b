"""The way of the selected message through the service, as a picture."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.errors import InputError
from sesreceive.plot.diagram import Diagram, diagram
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part, bench_of, classed, html
from sesreceive.ui.message_actions import MessageSteps
from sesreceive.ui.saving import Saved, Saving, file_name, no_message

__all__ = ["PathView"]

_EMPTY = "nothing received yet: send a message, and the way it takes is drawn here"


class PathView(Part):
    """A diagram of the pipeline in which the way of the selected message is marked, each box saying why.

    Parameters
    ----------
    given : Bench, Receiver, Reception or Report
        Whose selected message is drawn.

    Examples
    --------
    >>> import sesreceive as ses
    >>> reception = ses.Receiver(ses.Account(identities=("example.com",)), seed=1).receive(
    ...     b"", rcpt_to=["ana@example.com"])
    >>> PathView(reception)
    <PathView of 550 5.1.1 Requested action not taken: mailbox unavailable>
    """

    def __init__(self, given: Bench | Any) -> None:
        self.bench = bench = bench_of(given)  # the pieces below ask for it
        self.steps = MessageSteps(self)
        self.full = W.Checkbox(
            description="Show every filter, recipient and rule, also those without consequences",
            value=False,
            indent=False,
            layout=W.Layout(width="auto"),
        )
        self.picture = classed(html(), "ses-grow")
        self.saving = Saving(
            self,
            {"picture (.svg)": self._picture_file, "picture (.png)": lambda: self._picture_file(png=True)},
            ["selected", "receptions"],
            lambda: no_message(bench),
        )
        row = W.Layout(flex_flow="row wrap", align_items="center")
        super().__init__(
            bench,
            [self.steps, W.HBox([self.full, self.saving], layout=row), self.picture],
            title="The way of the message",
        )
        classed(self, "ses-path", "ses-fits")
        self.on_change(self.full, self._shown)
        self.watch(self._draw, ["selected", "receptions"])
        self._draw()

    @property
    def diagram(self) -> Diagram | None:
        """The picture; None where there is no message."""
        reception = self.bench.reception
        return diagram(reception, full=self.full.value) if reception else None

    @property
    def svg(self) -> str:
        """The picture as it is saved; empty where there is no message."""
        return self.diagram.svg if self.diagram else ""

    def _picture_file(self, *, png: bool = False) -> Saved:
        """The picture as a file of its own."""
        if self.bench.reception is None:
            raise InputError("there is no picture to save yet")
        name = file_name(f"{self.bench.reception.name or 'message'}-path", "png" if png else "svg")
        # As a file of its own it has a margin, which a canvas would draw outside of the picture.
        svg = self.svg.replace("padding: 8px", "padding: 0") if png else self.svg
        return Saved(name, svg.encode(), "image/svg+xml", as_png=png)

    def _shown(self, full: bool) -> str:
        self._draw()
        return "every filter, recipient and rule is shown" if full else "what had no consequences is folded"

    def _draw(self) -> None:
        value = self.diagram.html if self.diagram else f'<p class="ses-hint">{escape(_EMPTY)}</p>'
        if value != self.picture.value:
            self.picture.value = value
        self.changed()

    def snapshot(self) -> str:
        """The picture."""
        return str(self.picture.value)

    def __repr__(self) -> str:
        """One line: whose way."""
        reception = self.bench.reception
        return f"<PathView of {repr(reception)[1:-1]}>" if reception else "<PathView of nothing yet>"
