"""The actions of a rule, in order, of every class in `ReceiptAction.registry`.

There are forms for the eight kinds of SES and for any class that a notebook defines; both are made from the
metadata of their fields, and only the one of the chosen action is on screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakMethod

import ipywidgets as W

from sesreceive import signs
from sesreceive.account import edits
from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction, short_name, title_of
from sesreceive.account.display import summary
from sesreceive.account.member import Member, members
from sesreceive.errors import Problem
from sesreceive.ui.fields import LABEL_WIDTH, Form, blank, problems_at
from sesreceive.ui.kit import Part, button, caption, html, problem_html
from sesreceive.ui.listing import Listing

__all__ = ["Actions", "after_each_cell", "summary"]

# Is given the new actions, what was done, the position to choose, and the field that is typed in.
Edited = Callable[[tuple[ReceiptAction, ...], str, int, str], None]


class Actions(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The list of actions of one rule, and the form of the chosen one."""

    def __init__(self, part: Part, edited: Edited) -> None:
        self.part = part
        self._edited = edited
        self._actions: tuple[ReceiptAction, ...] = ()
        self._account = part.bench.account
        self._forms: dict[type[ReceiptAction], Form] = {}
        self._showing = False
        self.kind = W.Dropdown(
            description="Kind of action",
            tooltip="What the action that is added does",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto", flex="0 1 310px"),
        )
        self.add_button = button("Add action", hint="Add an action of this kind behind the chosen one")
        part.on_click(self.add_button, self.add)
        self.list = Listing(
            part,
            "action",
            self._on_choice,
            rows=4,
            buttons=(
                ("Move action up", lambda: self.move(-1)),
                ("Move action down", lambda: self.move(1)),
                ("Duplicate action", self.duplicate),
                ("Delete action", self.delete),
            ),
        )
        self.template = W.Dropdown(
            description="Ready-made",
            tooltip="Fill in one of the ready-made texts",
            style={"description_width": LABEL_WIDTH},
            layout=W.Layout(width="auto"),
        )
        self.template.observe(part.guard(self._on_template), "value")
        self.whole = html()
        self.place = W.VBox([])
        self.hint = caption("No action: the rule only makes its recipients be accepted.")
        super().__init__(
            [
                W.HBox([self.kind, self.add_button], layout=W.Layout(flex_flow="row wrap")),
                self.list,
                self.hint,
                self.template,
                self.whole,
                self.place,
            ]
        )
        self.offer()
        after_each_cell(self.offer)

    @property
    def at(self) -> int:
        """Position of the chosen action; -1 when there is none."""
        return self.list.at

    def offer(self) -> None:
        """Offer every action class there is now; called after each cell, since it may define one."""
        classes = sorted(ReceiptAction.registry.values(), key=lambda cls: not _is_of_ses(cls))
        offered = [(title_of(cls), cls) for cls in classes]
        if list(self.kind.options) != offered:
            chosen = self.kind.value.api_name if self.kind.value else ""
            self.kind.options = offered
            self.kind.value = ReceiptAction.registry.get(chosen, classes[0])

    # ------------------------------------------------------------------ showing

    def show(
        self, actions: tuple[ReceiptAction, ...], at: int, account: Account, problems: Iterable[Problem], path: str
    ) -> None:
        """Put actions on screen with the one at `at` chosen; `path` is where they stand in the account."""
        self.offer()
        problems = [problem for problem in problems if problem.path.startswith(path)]
        self._actions, self._account = actions, account
        marked = {
            number for number in range(len(actions)) if any(_is_at(one.path, f"{path}[{number}]") for one in problems)
        }
        self.list.show(
            [f"{n + 1}. {summary(one)}{f'  {signs.NO}' if n in marked else ''}" for n, one in enumerate(actions)], at
        )
        self.hint.layout.display = "none" if actions else None
        self.list.layout.display = None if actions else "none"
        whole = [problem.message for problem in problems if problem.path == path]
        # What is wrong with the place of an action has no field of its own.
        for number in range(len(actions)):
            found = [problem.message for problem in problems if problem.path == f"{path}[{number}]"]
            whole += [f"action {number + 1}: {message}" for message in found]
        if self.at < 0:
            self.place.children, self.template.layout.display = (), "none"
        else:
            action = actions[self.at]
            form = self._form(type(action))
            form.show(action, problems_at(problems, f"{path}[{self.at}]"))
            if self.place.children != (form,):
                self.place.children = (form,)
            self._show_templates(action)
        self.whole.value = "".join(problem_html(one, "div") for one in whole)

    def _form(self, cls: type[ReceiptAction]) -> Form:
        if cls not in self._forms:
            self._forms[cls] = Form(self.part, cls, self._on_field)
        return self._forms[cls]

    def _show_templates(self, action: ReceiptAction) -> None:
        """Offer what the class has for `templates`, such as the console's bounces."""
        templates = action.templates
        self.template.layout.display = None if templates else "none"
        self._showing = True
        try:
            options = ["as below", *templates]
            if list(self.template.options) != options:
                self.template.options = options
            fits = [name for name, one in templates.items() if _replaced(action, one) == action]
            self.template.value = fits[0] if fits else "as below"
        finally:
            self._showing = False

    # ------------------------------------------------------------------ editing

    def add(self) -> str:
        """Add an action of the kind that is chosen in the menu, filled in with examples."""
        action = blank(self.kind.value, self._account)
        at = self.at + 1 if self.at >= 0 else len(self._actions)
        # What has to be last is put there, and what is added to it goes in front of it.
        if action.final:
            at = len(self._actions)
        elif at > 0 and self._actions[at - 1].final:
            at -= 1
        what = f"added the action {short_name(type(action))}"
        self._edited(edits.inserted(self._actions, at, action), what, at, "")
        return f"{what} as number {at + 1} of {len(self._actions)}"

    def duplicate(self) -> str:
        """Put a copy of the chosen action behind it."""
        if self.at < 0:
            return "no action to duplicate"
        action = self._actions[self.at]
        what = f"duplicated the action {short_name(type(action))}"
        self._edited(edits.inserted(self._actions, self.at + 1, action), what, self.at + 1, "")
        return what

    def move(self, by: int) -> str:
        """Move the chosen action up (-1) or down (1)."""
        to = self.at + by
        if self.at < 0:
            return "no action to move"
        name = short_name(type(self._actions[self.at]))
        if not 0 <= to < len(self._actions):
            return f"the action {name} is the {'first' if by < 0 else 'last'} already"
        what = f"moved the action {name} {'up' if by < 0 else 'down'}"
        self._edited(edits.moved(self._actions, self.at, to), what, to, "")
        return f"{what}: it is number {to + 1} of {len(self._actions)} now"

    def delete(self) -> str:
        """Delete the chosen action."""
        if self.at < 0:
            return "no action to delete"
        what = f"deleted the action {short_name(type(self._actions[self.at]))}"
        self._edited(edits.removed(self._actions, self.at), what, min(self.at, len(self._actions) - 2), "")
        return what

    def _on_choice(self, at: int) -> str:
        self._edited(self._actions, "", at, "")
        return f"action {at + 1}: {summary(self._actions[at])}"

    def _on_field(self, action: ReceiptAction, item: Member) -> str:
        what = f"changed {item.name.replace('_', ' ')} of the action {short_name(type(action))}"
        self._edited(edits.replaced(self._actions, self.at, action), what, self.at, f"actions[{self.at}].{item.name}")
        return what

    def _on_template(self) -> str | None:
        action = self._actions[self.at] if self.at >= 0 else None
        template = (action.templates if action else {}).get(self.template.value)
        if self._showing or action is None or template is None:
            return None
        what = f"filled in the ready-made {self.template.value}"
        self._edited(edits.replaced(self._actions, self.at, _replaced(action, template)), what, self.at, "")
        return what


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}.")


def _is_of_ses(cls: type[ReceiptAction]) -> bool:
    return cls.__module__.startswith("sesreceive.")


def _replaced(action: ReceiptAction, template: Any) -> ReceiptAction:
    """The action with what the template says."""
    names = {item.name for item in members(type(action))}
    return action.replace(**{name: getattr(template, name) for name in names if hasattr(template, name)})


def after_each_cell(callback: Callable[[], None]) -> None:
    """Call a method after each cell of the notebook, as long as its object lives; nothing without a notebook."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return
    method = WeakMethod(callback)

    def call(*_: Any) -> None:
        found = method()
        if found is None:
            shell.events.unregister("post_run_cell", call)
        else:
            found()

    shell.events.register("post_run_cell", call)
