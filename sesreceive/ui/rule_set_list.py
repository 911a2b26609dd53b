"""The rule sets of an account: choose, make, clone, rename, activate and delete one."""

from __future__ import annotations

from typing import Any, Protocol

import ipywidgets as W

from sesreceive._html import code, mark, ticked
from sesreceive.account import edits
from sesreceive.account.account import Account
from sesreceive.account.edits import Place
from sesreceive.account.member import Member
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.errors import one_line
from sesreceive.ui.bench import Bench
from sesreceive.ui.fields import Form, problems_at
from sesreceive.ui.kit import Part, allow, button, classed, html, problem_html
from sesreceive.wording import count

__all__ = ["RuleSets"]


class Editing(Protocol):
    """What the rule sets need of the part they stand in."""

    bench: Bench
    place: Place

    def choose(self, place: Place) -> None:
        """Show another place."""

    def edit(self, account: Account, what: str, place: Place, typing: str = "") -> None:
        """Put an account on screen, and that place of it."""


class RuleSets(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A menu of the rule sets, buttons for the one that is chosen, and its name.

    Parameters
    ----------
    part : Part
        Whose piece it is; errors are shown there.
    editing : Editing
        The same part, which makes the edits.
    """

    def __init__(self, part: Part, editing: Editing) -> None:
        self._editing = editing
        self._showing = False
        self.chooser = W.Dropdown(
            description="Rule set",
            tooltip="The rule set that is shown below",
            style={"description_width": "initial"},
            layout=W.Layout(width="auto", max_width="100%"),
        )
        self.chooser.observe(part.guard(self._on_choice), "value")
        self.form = Form(part, ReceiptRuleSet, self._on_name, only=("name",), labels={"name": "Rule set name"})
        self.note = html()
        press = part.on_click
        self.new_button = press(button("New rule set", hint="Make an empty rule set"), self.new)
        self.clone_button = press(button("Clone rule set", hint="Make a rule set with the same rules"), self.clone)
        self.on_button = press(button("Activate rule set", hint="Receive mail with this rule set"), self.activate)
        self.off_button = press(button("Deactivate", hint="Receive nothing"), self.deactivate)
        self.delete_button = press(button("Delete rule set"), self.delete)
        buttons = [self.new_button, self.clone_button, self.on_button, self.off_button, self.delete_button]
        row = W.HBox([self.chooser, *buttons], layout=W.Layout(flex_flow="row wrap", align_items="center"))
        below = classed(W.HBox([self.form, self.note], layout=W.Layout(flex_flow="row wrap")), "ses-set-name")
        super().__init__([row, below])

    @property
    def _account(self) -> Account:
        return self._editing.bench.account

    @property
    def chosen(self) -> ReceiptRuleSet | None:
        """The rule set on screen."""
        at, sets = self._editing.place.rule_set, self._account.rule_sets
        return sets[at] if 0 <= at < len(sets) else None

    # ------------------------------------------------------------------ showing

    def show(self) -> None:
        """Put the rule sets of the account on screen."""
        account, place, rule_set = self._account, self._editing.place, self.chosen
        options = [
            (f"{one_line(one.name, 70) or '(no name)'}{' (active)' if one is account.active_rule_set else ''}", at)
            for at, one in enumerate(account.rule_sets)
        ]
        self._showing = True
        try:
            with self.chooser.hold_sync():
                if list(self.chooser.options) != options:
                    self.chooser.options = options
                self.chooser.value = place.rule_set if options else None
        finally:
            self._showing = False
        self.form.layout.display = self.chooser.layout.display = None if rule_set else "none"
        self._allow(account, rule_set)
        if rule_set is None:
            self.note.value = '<span class="ses-hint">There is no rule set yet, so nothing is received.</span>'
            return
        path, problems = f"rule_sets[{place.rule_set}]", self._editing.bench.problems
        self.form.show(rule_set, problems_at(problems, path))
        too_many = [one.message for one in problems if one.path == f"{path}.rules"]
        wrong = "".join(problem_html(one, "div") for one in too_many)
        self.note.value = _state(rule_set, account) + wrong

    def _allow(self, account: Account, rule_set: ReceiptRuleSet | None) -> None:
        """Let those buttons be pressed that can do something, and say why the others cannot."""
        nothing = "" if rule_set else "there is no rule set"
        active = rule_set is not None and account.active_rule_set is rule_set
        allow(self.clone_button, nothing)
        allow(self.on_button, nothing or ("it is active already" if active else ""))
        allow(self.off_button, "" if account.active is not None else "no rule set is active")
        allow(
            self.delete_button,
            nothing or ("SES deletes no rule set that is active: deactivate it first" if active else ""),
        )

    # ------------------------------------------------------------------ editing

    def _on_choice(self, change: dict[str, Any]) -> str | None:
        if self._showing or change["new"] is None:
            return None
        self._editing.choose(Place(change["new"]))
        return f"rule set {self.chosen.name}: {count(len(self.chosen.rules), 'rule')}" if self.chosen else None

    def _on_name(self, rule_set: ReceiptRuleSet, item: Member) -> str:
        place = self._editing.place
        typing = f"rule_sets[{place.rule_set}].{item.name}"
        # From the account before the name was typed: while it is, it may for a moment be that of another set.
        account = edits.rename_set(self._editing.bench.before(typing), place.rule_set, rule_set.name)
        self._editing.edit(account, "renamed a rule set", place, typing)
        return "renamed the rule set"

    def new(self) -> str:
        """Make an empty rule set; the first one is made active."""
        name = edits.free_name("rules", [one.name for one in self._account.rule_sets])
        account = self._account.replace(rule_sets=(*self._account.rule_sets, ReceiptRuleSet(name=name)))
        first = len(account.rule_sets) == 1
        what = f"made the rule set {name}{' and activated it' if first else ''}"
        place = Place(len(account.rule_sets) - 1)
        self._editing.edit(account.activate(name) if first else account, what, place)
        return what

    def clone(self) -> str:
        """Make a rule set with the same rules, as CloneReceiptRuleSet does; it is not active."""
        if self.chosen is None:
            return "no rule set to clone"
        sets = self._account.rule_sets
        name = edits.free_name(f"{self.chosen.name}-copy", [one.name for one in sets])
        copy = self.chosen.replace(name=name, created_timestamp=None)
        what = f"cloned the rule set {self.chosen.name} as {name}"
        self._editing.edit(self._account.replace(rule_sets=(*sets, copy)), what, Place(len(sets)))
        return what

    def activate(self) -> str:
        """Receive mail with the rule set on screen."""
        if self.chosen is None:
            return "no rule set to activate"
        if self._account.active_rule_set is self.chosen:
            return f"the rule set {self.chosen.name} is active already"
        what = f"activated the rule set {self.chosen.name}"
        self._editing.edit(self._account.activate(self.chosen.name), what, self._editing.place)
        return what

    def deactivate(self) -> str:
        """Receive nothing."""
        if self._account.active is None:
            return "no rule set is active"
        self._editing.edit(self._account.activate(None), "deactivated the rule set", self._editing.place)
        return "no rule set is active now, so nothing is received"

    def delete(self) -> str:
        """Delete the rule set on screen; the active one is refused, as SES does."""
        if self.chosen is None:
            return "no rule set to delete"
        account, name, at = self._account, self.chosen.name, self._editing.place.rule_set
        if account.active_rule_set is self.chosen:
            account.without_rule_set(name)  # raises, in the words of DeleteReceiptRuleSet
        what = f"deleted the rule set {name}"
        rest = account.replace(rule_sets=edits.removed(account.rule_sets, at))
        self._editing.edit(rest, what, Place(max(0, at - 1)))
        return f"{what}; Undo brings it back"


def _state(rule_set: ReceiptRuleSet, account: Account) -> str:
    """Whether mail is received with it."""
    if account.active_rule_set is rule_set:
        return f"{ticked(True, 'active')}: mail is received with this rule set."
    if account.active_rule_set is not None:
        return f"{mark('not active', 'note')}: mail is received with {code(account.active)}."
    return f"{mark('not active', 'note')}: no rule set is, so nothing is received."
