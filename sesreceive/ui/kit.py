"""What all parts of the workbench are made of: a frame with a status line, callbacks that cannot vanish, styles.

ipywidgets drops an error of a click into a log nobody reads. Here every callback goes through `Part.guard`: the
error is shown in the part (``role="alert"``), and the state stays as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import ipywidgets as W
from IPython.display import display

from sesreceive._html import asset, escape, frame, prose
from sesreceive.account.account import Account
from sesreceive.errors import one_line
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.signs import NO
from sesreceive.ui.bench import Bench
from sesreceive.ui.whereabouts import error_text

__all__ = [
    "Part", "Section", "allow", "bench_of", "button", "caption", "classed", "heading", "html", "problem_html", "style",
]  # fmt: skip

# The saved picture of a part stands in an output of its own, under the widgets. Where they are alive it is hidden;
# where they are not (no kernel), the empty place of the widgets is.


def style() -> str:
    """The style sheet of all parts, on top of that of any output."""
    return asset("sesreceive", "colours.css") + asset("sesreceive", "html.css") + asset(__package__, "style.css")


# One style sheet for all parts over a bench: a saved notebook keeps every widget that was ever made.
_SHEETS: WeakKeyDictionary[Bench, W.HTML] = WeakKeyDictionary()


def _sheet(bench: Bench) -> W.HTML:
    sheet = _SHEETS.get(bench)
    if sheet is None or sheet.comm is None:  # closed with all others, as a cell can do
        sheet = _SHEETS[bench] = W.HTML(f"<style>{style()}</style>")
    return sheet


def html(value: str = "", **options: Any) -> W.HTML:
    """A piece of HTML; `value` has to be escaped already."""
    return W.HTML(value, **options)


def heading(text: str, level: int = 3) -> W.HTML:
    """A heading, so that a screen reader can jump to it."""
    return W.HTML(f"<h{level} style='margin:0.4em 0 0.2em'>{escape(text)}</h{level}>")


def classed(box: W.DOMWidget, *names: str) -> W.DOMWidget:
    """The widget, with names that the style sheet knows."""
    for name in names:
        box.add_class(name)
    return box


def problem_html(text: object, tag: str = "span") -> str:
    """What is wrong, as HTML, with a cross before it."""
    return f'<{tag} class="ses-problem">{NO} {prose(text)}</{tag}>'


def caption(text: str) -> W.HTML:
    """A line of explanation."""
    return W.HTML(f'<span class="ses-hint">{escape(text)}</span>')


def button(text: str, *, hint: str = "", width: str = "auto", style: str = "") -> W.Button:
    """A button with visible text; `hint` is its tooltip."""
    made = W.Button(description=text, tooltip=hint or text, button_style=style, layout=W.Layout(width=width))
    made.hint = hint or text
    return made


def allow(pressed: W.Button, reason: str = "") -> None:
    """Let a button be pressed, or not where there is a reason, which is its tooltip then."""
    pressed.disabled = bool(reason)
    pressed.tooltip = f"Not now: {reason}" if reason else pressed.hint


class Part(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
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
        self.contents = contents
        self.status = W.HTML(_live("status", ""))
        self.alert = W.HTML("")
        self._outer: Part | None = None
        self.hidden = False
        self._owed: dict[Callable[..., None], None] = {}
        self._saved: list[Any] = []
        self._due = False
        self._changes = 0
        head: list[W.Widget] = [_sheet(bench)]
        if title:
            head.append(heading(title))
        said = W.VBox([self.alert, self.status])
        said.add_class("ses-say")
        super().__init__([*head, *contents, said], **options)
        self.add_class("ses-ui")
        bench.observe(lambda _: self.changed(), ["account", "zone", "receptions", "selected"])

    def within(self, outer: Part) -> Part:
        """The part as a piece of `outer`, which tells in its place what was done and what went wrong."""
        self._outer = outer
        self.children = self.contents
        return self

    # ------------------------------------------------------------------ telling

    def say(self, text: str) -> None:
        """Tell what the last action did, and forget the error before it."""
        if self._outer is not None:
            # What a part does by itself while it is out of sight is no answer to what was pressed last.
            if self._out_of_sight() is None:
                self._outer.say(text)
            return
        self.alert.value = ""
        self.status.value = _live("status", text)

    def fail(self, error: BaseException) -> None:
        """Show an error; the state stays as it is."""
        if self._outer is not None:
            self._outer.fail(error)
            return
        text = error_text(error, self.bench.account)
        lines = "\n".join(one_line(line, 500) for line in text.splitlines()[:20])
        self.status.value = _live("status", "")  # no success of before stands beside the error
        self.alert.value = _live("alert", lines)

    def guard(self, callback: Callable[..., str | None]) -> Callable[..., None]:
        """`callback` as a widget may call it: one at a time, its answer is told, its error shown; nothing escapes."""

        def guarded(*event: Any) -> None:
            try:
                with self.bench.lock:
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

    # ------------------------------------------------------------------ following the bench

    def watch(self, draw: Callable[..., str | None], names: list[str]) -> None:
        """Run `draw` when one of these traits of the bench changes: at once, or soon where the part is out of sight."""
        guarded = self.guard(draw)

        def changed(_: object) -> None:
            owner = self._out_of_sight()
            loop = _loop() if owner is not None else None
            if owner is None or loop is None:  # in sight; or nobody would come back to it
                guarded()
                return
            if not owner._owed:
                loop.call_later(_REST_S, owner.wake)
            owner._owed[guarded] = None

        self.bench.observe(changed, names)

    def _out_of_sight(self) -> Part | None:
        part: Part | None = self
        while part is not None and not part.hidden:
            part = part._outer
        return part

    def wake(self) -> None:
        """Draw what was put off while the part was out of sight."""
        owed, self._owed = self._owed, {}
        for draw in owed:
            draw()

    # ------------------------------------------------------------------ without a kernel

    def snapshot(self) -> str:
        """The state as HTML, shown where no kernel runs; escaped."""
        return ""

    def changed(self) -> None:
        """Renew the saved picture when nothing has changed for a moment; parts call it for what is theirs."""
        if self._outer is not None:
            self._outer.changed()
        self._changes += 1
        if not self._saved or self._due:
            return
        loop = _loop()
        if loop is None:  # no notebook, or another thread: the next change will do
            return
        self._due = True
        loop.call_later(_REST_S, self._save, loop, self._changes)

    def _save(self, loop: asyncio.AbstractEventLoop, seen: int) -> None:
        """Renew the picture, or wait on where something changed since it was `seen`."""
        if self._changes != seen:
            loop.call_later(_REST_S, self._save, loop, self._changes)
            return
        self._due = False
        with self.bench.lock:
            for handle in self._saved:
                handle.update(self._picture(), raw=True)

    def _picture(self) -> dict[str, str]:
        rich = frame(
            repr(self), f"{self.snapshot()}<p>Run this cell to edit.</p>", style=asset(__package__, "saved.css")
        )
        return {
            "text/plain": repr(self),
            "text/html": f'<div class="ses-saved"><script>{asset(__package__, "keys.js")}</script>{rich}</div>',
        }

    def _ipython_display_(self, **options: Any) -> None:
        """Show the widgets, and below them what stays in the saved notebook: the state as it was last."""
        show: Any = display  # IPython has no types here
        show({**super()._repr_mimebundle_(**options), "text/plain": repr(self)}, raw=True)
        # Of a cell that is run again only the last outputs are there still.
        self._saved = [*self._saved[-3:], show(self._picture(), raw=True, display_id=True)]

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options) or {}
        return {**bundle, **self._picture()}

    def __repr__(self) -> str:
        """One line: what it is."""
        return f"<{type(self).__name__}>"


class Section(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A piece of a part that folds: its button tells what is inside, and by its arrow whether that is shown."""

    def __init__(self, contents: list[W.Widget], *, opened: bool = False) -> None:
        self.head = button("")
        self.body = W.VBox(contents)
        head = W.HBox([self.head])
        head.add_class("ses-fold")
        super().__init__([head, self.body])
        self.add_class("ses-section")
        self._text = ""
        self.opened = opened
        self.head.on_click(lambda _: setattr(self, "opened", not self.opened))

    @property
    def opened(self) -> bool:
        """Whether the contents are shown."""
        return bool(self.body.layout.display != "none")

    @opened.setter
    def opened(self, opened: bool) -> None:
        self.body.layout.display = None if opened else "none"
        self.tell(self._text)

    def tell(self, text: str) -> None:
        """Say what is inside."""
        self._text = text
        self.head.description = f"{'▾' if self.opened else '▸'} {text}"
        self.head.tooltip = f"{'Hide' if self.opened else 'Show'} {text}"


def _takes_events(callback: Callable[..., Any]) -> bool:
    """Whether the callback wants the widget's event; most do not."""
    code = getattr(callback, "__code__", None)
    bound = 1 if hasattr(callback, "__self__") else 0
    return code is None or code.co_argcount - bound > 0


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _live(role: str, text: str) -> str:
    """A live region; its text is escaped."""
    return f'<div role="{role}" class="ses-{role}">{escape(text)}</div>' if text or role == "status" else ""


# How long nothing has to change before the picture is renewed, which takes a while where there are many rules.
_REST_S = 1.0


def bench_of(given: Bench | Any) -> Bench:
    """A bench as it is, or one around a receiver, an account, a reception or a report: each part can be used alone."""
    if isinstance(given, Bench):
        return given
    if isinstance(given, Account):
        return Bench(Receiver(given))
    if isinstance(given, Receiver):
        return Bench(given)
    receptions = (given,) if isinstance(given, Reception) else tuple(given)
    bench = Bench(Receiver(receptions[-1].account if receptions else Account()))
    bench.add(receptions)
    return bench
