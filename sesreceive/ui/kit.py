"""What all parts of the workbench are made of: a frame with a status line, callbacks that cannot vanish, styles.

ipywidgets drops an error of a click into a log nobody reads. Here every callback goes through `Part.guard`: the
error is shown in the part (``role="alert"``), and the state stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from sesreceive._html import CSS, escape, frame
from sesreceive.errors import MissingExtraError, SesReceiveError, one_line
from sesreceive.ui.model import Bench

__all__ = ["STYLE", "Part", "bench_of", "button", "caption", "heading", "html"]

STYLE = (
    CSS
    + """\
.ses-ui { color: var(--jp-ui-font-color1, CanvasText); font-size: var(--jp-ui-font-size1, 13px); }
.ses-ui button:focus-visible, .ses-ui input:focus-visible, .ses-ui select:focus-visible,
.ses-ui textarea:focus-visible, .ses-ui summary:focus-visible {
  outline: 2px solid var(--jp-brand-color1, Highlight) !important; outline-offset: 1px; }
.ses-ui .ses-status { min-height: 1.5em; color: var(--jp-ui-font-color1, CanvasText); }
.ses-ui .ses-alert { color: var(--jp-error-color1, CanvasText); font-weight: bold; white-space: pre-wrap; }
.ses-ui .ses-problem { color: var(--jp-error-color1, CanvasText); }
.ses-ui .ses-hint { color: var(--jp-ui-font-color2, GrayText); }
.ses-ui .widget-label, .ses-ui .jupyter-widgets label { color: inherit; }
.ses-ui pre { white-space: pre-wrap; overflow-wrap: anywhere; color: inherit; background: none; margin: 0.2em 0;
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 12px); }
"""
)


def html(value: str = "", **options: Any) -> W.HTML:
    """A piece of HTML; `value` has to be escaped already."""
    return W.HTML(value, **options)


def heading(text: str, level: int = 3) -> W.HTML:
    """A heading, so that a screen reader can jump to it."""
    return W.HTML(f"<h{level} style='margin:0.4em 0 0.2em'>{escape(text)}</h{level}>")


def caption(text: str) -> W.HTML:
    """A line of explanation."""
    return W.HTML(f'<span class="ses-hint">{escape(text)}</span>')


def button(text: str, *, hint: str = "", width: str = "auto", style: str = "") -> W.Button:
    """A button with visible text; `hint` is its tooltip."""
    return W.Button(description=text, tooltip=hint or text, button_style=style, layout=W.Layout(width=width))


class Part(W.VBox):
    """One part of the workbench: contents, then a status line and a place for errors.

    A subclass builds its widgets, calls ``super().__init__(bench, [widgets…])`` and overrides `snapshot`, which is
    what a notebook shows when it is opened without a kernel.

    Parameters
    ----------
    bench : Bench
        The shared state.
    contents : list of Widget
        What the part shows.
    title : str
        Its heading; none when empty.
    """

    def __init__(self, bench: Bench, contents: list[W.Widget], *, title: str = "", **options: Any) -> None:
        self.bench = bench
        self.status = W.HTML(_live("status", ""))
        self.alert = W.HTML("")
        head: list[W.Widget] = [W.HTML(f"<style>{STYLE}</style>")]
        if title:
            head.append(heading(title))
        super().__init__([*head, *contents, self.alert, self.status], **options)
        self.add_class("ses-ui")

    # ------------------------------------------------------------------ telling

    def say(self, text: str) -> None:
        """Tell what the last action did, and forget the error before it."""
        self.alert.value = ""
        self.status.value = _live("status", text)

    def fail(self, error: BaseException) -> None:
        """Show an error; the state stays as it is."""
        known = isinstance(error, SesReceiveError | MissingExtraError)
        text = str(error) if known else f"{type(error).__name__}: {error}"
        lines = "\n".join(one_line(line, 500) for line in text.splitlines()[:20])
        self.alert.value = _live("alert", lines)

    def guard(self, callback: Callable[..., str | None]) -> Callable[..., None]:
        """`callback` as a widget may call it: its answer is told, its error is shown; nothing escapes."""

        def guarded(*event: Any) -> None:
            try:
                told = callback(*event) if _takes_events(callback) else callback()
            except Exception as error:  # noqa: BLE001 - whatever it is, the reader has to see it
                self.fail(error)
            else:
                if told is not None:
                    self.say(told)

        return guarded

    def on_click(self, widget: W.Button, callback: Callable[..., str | None]) -> W.Button:
        """Run `callback` when the button is pressed; what it returns is told in the status line."""
        widget.on_click(self.guard(callback))
        return widget

    def on_change(self, widget: W.Widget, callback: Callable[[Any], str | None], trait: str = "value") -> W.Widget:
        """Run `callback` with the new value when a widget changes."""
        widget.observe(self.guard(lambda change: callback(change["new"])), trait)
        return widget

    # ------------------------------------------------------------------ without a kernel

    def snapshot(self) -> str:
        """The state as HTML, shown where no kernel runs; escaped."""
        return ""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options) or {}
        bundle["text/plain"] = repr(self)
        bundle["text/html"] = frame(repr(self), f"{self.snapshot()}<p>Run this cell to edit.</p>")
        return bundle

    def __repr__(self) -> str:
        """One line: what it is."""
        return f"<{type(self).__name__}>"


def _takes_events(callback: Callable[..., Any]) -> bool:
    """Whether the callback wants the widget's event; most do not."""
    code = getattr(callback, "__code__", None)
    bound = 1 if hasattr(callback, "__self__") else 0
    return code is None or code.co_argcount - bound > 0


def _live(role: str, text: str) -> str:
    """A live region; its text is escaped."""
    return f'<div role="{role}" class="ses-{role}">{escape(text)}</div>' if text or role == "status" else ""


def bench_of(given: Bench | Any) -> Bench:
    """A bench as it is, or one around a receiver, so that each part can be used alone."""
    return given if isinstance(given, Bench) else Bench(given)
