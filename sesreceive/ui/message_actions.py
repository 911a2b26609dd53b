"""What one can do with the selected message: go on to its neighbours, to its path, or send it once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as W

from sesreceive._html import escape
from sesreceive.errors import one_line
from sesreceive.ui.kit import Part, allow, button, html

__all__ = ["MessageActions", "MessageSteps"]

# The views of the workbench that a message can be opened in: word on the button, view, what it is for.
_VIEWS = (
    ("Open", "4 Results", "Everything about this message"),
    ("Path", "5 Path", "The way this message took, as a picture"),
    ("Step", "6 Step", "Walk through what happened to this message"),
    ("Edit", "2 Send", "Change this message, and send it again"),
    ("Compare", "7 What if", "What another configuration would have done with this message"),
)
_AGAIN = "Send again"


class MessageSteps(W.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """The name of the selected message between buttons that go to the one before and the one after.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    """

    def __init__(self, part: Part) -> None:
        self._bench = part.bench
        self.earlier = part.on_click(button("‹", hint="Previous message"), lambda: self.move(-1))
        self.later = part.on_click(button("›", hint="Next message"), lambda: self.move(+1))
        self.name = html()
        super().__init__([self.earlier, self.name, self.later], layout=W.Layout(align_items="center"))
        self.add_class("ses-steps")
        self._bench.observe(lambda _: self._draw(), ["selected", "receptions"])
        self._draw()

    def move(self, by: int) -> str:
        """Select the message that lies so many further on."""
        total = len(self._bench.receptions)
        self._bench.selected = min(max(self._bench.selected + by, 0), total - 1)
        return f"message {self._bench.selected + 1} of {total}"

    def _draw(self) -> None:
        reception, at, total = self._bench.reception, self._bench.selected, len(self._bench.receptions)
        allow(self.earlier, "" if at > 0 else "it is the first message")
        allow(self.later, "" if at < total - 1 else "it is the last message")
        name = one_line(reception.name or "message", 80) if reception else "no message yet"
        place = f' <span class="ses-note">{at + 1} of {total}</span>' if reception else ""
        self.name.value = f"<strong>{escape(name)}</strong>{place}"


class MessageActions(W.HBox):  # type: ignore[misc]  # ipywidgets has no types
    """Buttons for the selected message; those of views that are not there are not shown.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    words : sequence of str
        What can be done, in order.
    """

    def __init__(self, part: Part, words: Sequence[str] = ("Path", "Step", "Edit", "Compare", _AGAIN)) -> None:
        self._bench = part.bench
        self.again = part.on_click(button(_AGAIN, hint="Receive this message with what is on screen"), self.send)
        self.views = {
            view: part.on_click(button(word, hint=hint), self._opening(view))
            for word, view, hint in _VIEWS
            if word in words
        }
        last = [self.again] if _AGAIN in words else []
        super().__init__([*self.views.values(), *last], layout=W.Layout(flex_flow="row wrap"))
        self._bench.observe(lambda _: self._draw(), ["selected", "receptions", "views", "sends"])
        self._draw()

    def _opening(self, view: str) -> Callable[[], str]:
        return lambda: self.show_in(view)

    def show_in(self, view: str) -> str:
        """Show the selected message in another view."""
        bench = self._bench
        if view == "2 Send":
            bench.draft = None  # the same message can be asked for twice
            bench.draft = bench.reception
        bench.show(view)
        return f"{one_line(bench.reception.name or 'the message', 80) if bench.reception else 'no message'}: {view}"

    def send(self) -> str:
        """Send the selected message once more."""
        reception = self._bench.send_again()
        return f"sent again: {one_line(reception.reply, 120)}" if reception else "no message to send"

    def _draw(self) -> None:
        nothing = "" if self._bench.reception else "there is no message yet"
        allow(self.again, nothing)
        self.again.layout.display = None if self._bench.sends else "none"
        for view, pressed in self.views.items():
            allow(pressed, nothing)
            pressed.layout.display = None if view in self._bench.views else "none"
