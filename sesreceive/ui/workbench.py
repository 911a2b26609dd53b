"""The workbench: build, send, watch, step, compare, over one account and one stream of mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ipywidgets as W

from sesreceive.account.account import Account
from sesreceive.errors import InputError
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.builder import RuleSetBuilder
from sesreceive.ui.composer import Composer
from sesreceive.ui.debugger import Debugger
from sesreceive.ui.kit import Part, bench_of
from sesreceive.ui.path_view import PathView
from sesreceive.ui.prove_view import Marks, ProveView
from sesreceive.ui.results_view import Results
from sesreceive.ui.traffic import LiveSmtp
from sesreceive.ui.what_if_view import WhatIf
from sesreceive.ui.zone_editor import ZoneEditor
from sesreceive.wording import count, either, expected

__all__ = ["Workbench"]

# The order in which a newcomer needs them: word on the switch, what it is for, the parts.
_Maker = Callable[[Bench], tuple[Part, ...]]


def _sending(bench: Bench) -> tuple[Part, ...]:
    """The composer, and the zone editor that follows its sender."""
    zone = ZoneEditor(bench)
    return Composer(bench, beside=zone), zone


_VIEWS: tuple[tuple[str, str, _Maker], ...] = (
    ("1 Build", "identities, filters, rule sets and rules", lambda bench: (Marks(bench), RuleSetBuilder(bench))),
    ("2 Send", "write or pick a message, and publish DNS records for its sender", _sending),
    ("3 Live", "receive real SMTP on this machine", lambda bench: (LiveSmtp(bench),)),
    ("4 Results", "what fired for each message, and everything about one of them", lambda bench: (Results(bench),)),
    ("5 Path", "the way one message took, and because of what", lambda bench: (PathView(bench),)),
    ("6 Step", "walk through the trace of one message", lambda bench: (Debugger(bench),)),
    ("7 What if", "what another rule set, verdict or answer would have changed", lambda bench: (WhatIf(bench),)),
    ("8 Prove", "what no mail reaches, and the mail that shows it", lambda bench: (ProveView(bench),)),
)


def _expect(view: str, known: Iterable[str]) -> None:
    """Refuse a view that is none of those known."""
    words = list(known)
    if view not in words:
        raise InputError(f"view: {expected(either(words), view, words)}")


class Workbench(Part):
    """All parts over one state: what is built in one is used by the others at once.

    One view is shown at a time; the others keep their state, and draw what is new when nothing else is to be done. A
    view is made when it is first asked for, all of them when the workbench is displayed.

    Parameters
    ----------
    receiver : Receiver, Bench or Account, optional
        Receives the mail; its account is where editing starts. Without one, editing starts from nothing.
    views : sequence of str
        The views to have, by the words on their switches; all of them by default.

    Attributes
    ----------
    value : Account
        What is on screen; assign another to change it.

    Examples
    --------
    >>> import sesreceive as ses
    >>> workbench = Workbench(ses.Receiver(ses.Account(identities=("example.com",)), seed=1))
    >>> workbench
    <Workbench: 1 identity, 0 filters, 0 rule sets; 0 messages received>
    >>> workbench.show("4 Results")
    >>> Workbench()
    <Workbench: 0 identities, 0 filters, 0 rule sets; 0 messages received>
    """

    def __init__(self, receiver: Receiver | Bench | Account | None = None, *, views: Sequence[str] = ()) -> None:
        for view in views:
            _expect(view, [word for word, _, _ in _VIEWS])
        bench = bench_of(Account() if receiver is None else receiver)
        chosen = [view for view in _VIEWS if not views or view[0] in views]
        names = [word for word, _, _ in chosen]
        self.views = W.ToggleButtons(
            # The numbers are an order to go in, which a few of them are not.
            options=[(word.partition(" ")[2], word) for word in names] if views else names,
            tooltips=[hint for _, hint, _ in chosen],
            description="Show",
            style={"button_width": "auto", "description_width": "initial"},
        )
        self._boxes = {word: W.VBox([]) for word in names}
        self._parts: dict[str, tuple[Part, ...]] = {}
        self.stack = W.Stack(list(self._boxes.values()), selected_index=0, layout=W.Layout(width="100%"))
        self.stack.add_class("ses-stack")
        # In the browser, so that views change in a saved page, too, and while the kernel is busy.
        self._link = W.jslink((self.views, "index"), (self.stack, "selected_index"))
        self.views.add_class("ses-tabs")
        super().__init__(bench, [self.views, self.stack])
        self.add_class("ses-workbench")
        self.on_change(self.views, self._show)
        bench.observe(lambda change: self.say(change["new"]), "status")
        bench.observe(lambda change: self._asked(change["new"]), "wanted_view")
        bench.views = tuple(names)
        self._show(self.views.value)

    @property
    def value(self) -> Account:
        """The account on screen."""
        return self.bench.account

    @value.setter
    def value(self, account: Account) -> None:
        self.bench.account = account

    def show(self, view: str) -> None:
        """Switch to a view, by the word on its switch.

        Raises
        ------
        InputError
            When this workbench has no such view.
        """
        _expect(view, self._boxes)
        self.views.value = view

    def part(self, view: str) -> tuple[Part, ...]:
        """The parts of a view, made when they are first asked for.

        Raises
        ------
        InputError
            When this workbench has no such view.
        """
        _expect(view, self._boxes)
        if view not in self._parts:
            make = next(make for word, _, make in _VIEWS if word == view)
            self._parts[view] = make(self.bench)
            for part in self._parts[view]:
                part.within(self)  # one status line, whoever tells
            self._boxes[view].children = self._parts[view]
        return self._parts[view]

    def _asked(self, view: str) -> None:
        """Show the view that a part asks for; the composer is made first, so that it takes the message."""
        if view:
            self.bench.wanted_view = ""
            self.part(view)
            self.show(view)

    def _show(self, view: str) -> str:
        """Put a view on screen; what it is for."""
        self.part(view)
        self.stack.selected_index = list(self._boxes).index(view)
        for word, parts in self._parts.items():
            for part in parts:
                part.hidden = word != view
                if word == view:
                    part.wake()
        return next(f"{word.partition(' ')[2]}: {hint}" for word, hint, _ in _VIEWS if word == view)

    def _ipython_display_(self, **options: Any) -> None:
        """Make all views, so that each can be switched to without Python, and show them."""
        for view in self._boxes:
            self.part(view)
        self._show(self.views.value)
        super()._ipython_display_(**options)

    def snapshot(self) -> str:
        """The account, and what was received, as far as there is a view of it."""
        wanted = ("1 Build", *(["4 Results"] if self.bench.receptions else []))
        shown = [part for view in wanted if view in self._boxes for part in self.part(view)]
        return "".join(part.snapshot() for part in shown)

    def __repr__(self) -> str:
        """One line: what is configured and how much was received."""
        configured = repr(self.bench.account).partition(": ")[2].rstrip(">").removesuffix(", none active")
        configured = ", ".join(configured.split(", ")[:3])
        return f"<Workbench: {configured}; {count(len(self.bench.receptions), 'message')} received>"
