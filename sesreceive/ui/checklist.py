"""What an account still lacks to receive mail, step by step as the wizard of the console goes, and the next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ipywidgets as W

from sesreceive import signs
from sesreceive._html import escape, mark, ticked
from sesreceive.account.account import Account
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.ui.kit import Part, button, html

__all__ = ["Checklist", "Step", "missing", "steps_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that receiving needs: its name, whether it is there, what is missing, and the word of its button."""

    name: str
    done: bool
    missing: str
    button: str


def steps_of(account: Account, rule_set: ReceiptRuleSet | None = None) -> tuple[Step, ...]:
    """What receiving needs, in order; `rule_set` is the one on screen, the active one where none is given.

    Examples
    --------
    >>> import sesreceive as ses
    >>> [step.name for step in steps_of(ses.Account(identities=("example.com",))) if not step.done]
    ['rule set', 'rule', 'active']
    """
    shown = rule_set or account.active_rule_set
    verified = any(one.is_domain and one.is_verified for one in account.identities)
    rules = shown.rules if shown else ()
    active = account.active_rule_set
    return (
        Step("identity", verified, "no domain identity is verified", "Add an identity"),
        Step("rule set", bool(account.rule_sets), "there is no rule set", "Make a rule set"),
        Step("rule", any(rule.enabled for rule in rules), _no_rule(rules), "Add a rule" if not rules else "Enable it"),
        Step(
            "active", active is not None and (rule_set is None or active is shown), _not_active(active), "Activate it"
        ),
    )


def missing(account: Account) -> str:
    """Why the account receives nothing, as a clause; empty where it can receive.

    Examples
    --------
    >>> import sesreceive as ses
    >>> missing(ses.Account())
    'no domain identity is verified'
    """
    return next((step.missing for step in steps_of(account) if not step.done), "")


def _no_rule(rules: tuple[object, ...]) -> str:
    return "no rule of the set is enabled" if rules else "the rule set has no rule, so that it refuses all mail"


def _not_active(active: ReceiptRuleSet | None) -> str:
    return "no rule set is active" if active is None else "another rule set is active"


class Checklist(W.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The steps with marks, and one button for the first that is missing; when none is, it sends a mail.

    Parameters
    ----------
    part : Part
        Whose piece it is.
    does : mapping of str to callable
        What takes each step, by its name.
    """

    def __init__(self, part: Part, does: Mapping[str, Callable[[], str | None]]) -> None:
        self._part, self._does = part, does
        self._next = ""
        self.told = html()
        self.button = part.on_click(button("", style="primary"), self.take)
        self.button.add_class("ses-primary")
        super().__init__([self.told, self.button])
        self.add_class("ses-checklist")
        part.bench.observe(lambda _: self._offer(), "views")

    def show(self, account: Account, rule_set: ReceiptRuleSet | None) -> None:
        """Put the steps of this account on screen."""
        steps = steps_of(account, rule_set)
        open_step = next((step for step in steps if not step.done), None)
        self._next = open_step.name if open_step else ""
        marks = " ".join(
            f'<span class="ses-step">{ticked(True, name) if done else mark(f"{signs.OPEN} {name}", "note")}</span>'
            for name, done in ((step.name, step.done) for step in steps)
        )
        said = f"Not receiving yet: {open_step.missing}." if open_step else "Ready to receive."
        self.told.value = f'<div>{marks}</div><div class="ses-hint">{escape(said)}</div>'
        self.button.description = open_step.button if open_step else "Send a mail to it →"
        self.button.tooltip = said
        self._offer()

    def take(self) -> str | None:
        """Take the step that is next."""
        if self._next:
            return self._does[self._next]()
        self._part.bench.show("2 Send")
        return "write a mail, and press Send"

    def _offer(self) -> None:
        can_send = "2 Send" in self._part.bench.views
        self.button.layout.display = None if self._next or can_send else "none"
