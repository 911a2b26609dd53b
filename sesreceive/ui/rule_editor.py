"""Rule sets and their rules: what the account receives, in the order it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as W

from sesreceive import signs
from sesreceive.account import edits
from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction, short_name
from sesreceive.account.edits import Place
from sesreceive.account.member import Member
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.errors import Problem
from sesreceive.receiver import Receiver
from sesreceive.ui.action_editor import Actions
from sesreceive.ui.bench import Bench
from sesreceive.ui.checklist import Checklist
from sesreceive.ui.condition_editor import Recipients
from sesreceive.ui.fields import Form, problems_at
from sesreceive.ui.kit import Part, bench_of, classed, heading, html, problem_html
from sesreceive.ui.listing import Listing
from sesreceive.ui.rule_set_list import RuleSets
from sesreceive.ui.tryout import TryOut

__all__ = ["RuleEditor"]


class RuleEditor(Part):
    """Rule sets, the rules of one, and everything about one rule.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is edited.

    Attributes
    ----------
    place : Place
        The rule set, rule and action on screen.
    """

    def __init__(self, receiver: Receiver | Bench) -> None:
        bench = bench_of(receiver)
        self.bench = bench  # the pieces below ask for it
        self.place = Place(_active_at(bench.account))
        self._own = False
        self.sets = RuleSets(self, self)
        self.list = Listing(
            self,
            "rule",
            self._on_rule,
            searched=True,
            rows=10,
            moved=self.move_rule_to,
            buttons=(
                ("Add rule", self.add_rule),
                ("Duplicate rule", self.duplicate_rule),
                ("Move rule up", lambda: self.move_rule(-1)),
                ("Move rule down", lambda: self.move_rule(1)),
                ("Delete rule", self.delete_rule),
            ),
        )
        self.tryout = TryOut(self, self._refresh)
        self.head, self.whole, self.nothing = html(), html(), html()
        self.rule_form = Form(
            self,
            ReceiptRule,
            self._on_field,
            only=("name", "enabled", "scan_enabled", "tls_policy"),
            labels={"name": "Rule name", "scan_enabled": "Scan for spam and viruses"},
        )
        self.recipients = Recipients(self, self._on_recipients)
        self.actions = Actions(self, self._on_actions)
        self.detail = W.VBox(
            [self.head, self.whole, self.rule_form, self.recipients, heading("Actions, in order"), self.actions]
        )
        # What adds an identity; a builder shows those, too.
        self.identify: Callable[[], str] | None = None
        # What makes room for the rules again, when the step behind an identity is taken.
        self.unfold: Callable[[], None] = lambda: None
        steps = {
            "identity": self._identify,
            "rule set": self._unfolded(self.sets.new, "Try it"),
            "rule": self._unfolded(self.enable_rule, "This rule"),
            "active": self._unfolded(self.sets.activate, "Try it"),
        }
        self.checklist = Checklist(self, steps)
        panes = [
            W.VBox([self.list]),
            W.VBox([self.nothing, self.detail]),
            W.VBox([heading("Try it"), self.tryout, heading("To receive mail"), self.checklist]),
        ]
        for pane, name in zip(panes, ("list", "form", "try"), strict=True):
            classed(pane, "ses-pane", f"ses-pane-{name}")
        self.below = classed(W.HBox(panes), "ses-panes")
        # Where there is room for one of them alone, the style sheet shows the one that is pressed.
        self.turn = classed(
            W.ToggleButtons(
                options=["Rules", "This rule", "Try it"], description="Show", style={"button_width": "auto"}
            ),
            "ses-turn",
        )
        super().__init__(bench, [self.sets, self.turn, self.below], title="Rule sets and rules")
        classed(self, "ses-rule-editor")
        bench.observe(self._on_account, "account")
        self._show()

    # ------------------------------------------------------------------ what is chosen

    @property
    def rule_set(self) -> ReceiptRuleSet | None:
        """The rule set on screen."""
        return self.sets.chosen

    @property
    def rule(self) -> ReceiptRule | None:
        """The rule on screen."""
        rules = self._rules()
        return rules[self.place.rule] if 0 <= self.place.rule < len(rules) else None

    def _rules(self) -> tuple[ReceiptRule, ...]:
        return self.rule_set.rules if self.rule_set else ()

    def choose(self, place: Place) -> None:
        """Show another rule set, rule and action; edits of a field after it are a step of their own."""
        self.bench.settle()
        self.place = place
        self._show()

    # ------------------------------------------------------------------ showing

    def _on_account(self, change: dict[str, Any]) -> None:
        if not self._own:  # undone, redone, or assigned from code: show what is different
            self.place = edits.changed_place(change["old"], change["new"], self.place)
        self._show()

    def _show(self) -> None:
        self.place = _clamped(self.place, self.bench.account)
        self.sets.show()
        self.checklist.show(self.bench.account, self.rule_set)
        self.list.layout.display = self.tryout.layout.display = None if self.rule_set else "none"
        self.detail.layout.display = None if self.rule else "none"
        # From nothing, the steps to receiving are all there is to see.
        (self.below.remove_class if self.rule_set else self.below.add_class)("ses-from-nothing")
        self.nothing.value = (
            ""
            if self.rule or not self.rule_set
            else '<span class="ses-hint">A rule set without rules refuses all mail.</span>'
        )
        if self.rule is not None:
            self._show_rule(self.rule)
        self._refresh()

    def _show_rule(self, rule: ReceiptRule) -> None:
        where = self._path()
        mine = [one for one in self.bench.problems if one.path == where or one.path.startswith(f"{where}.")]
        whole = [one.message for one in mine if one.path in (where, f"{where}.actions")]
        self.head.value = heading(f"Rule {self.place.rule + 1} of {len(self._rules())}").value
        self.whole.value = "".join(problem_html(one, "div") for one in whole)
        self.rule_form.show(rule, problems_at(mine, where))
        actions = [one for one in mine if one.path.startswith(f"{where}.actions[")]
        self.actions.show(rule.actions, self.place.action, self.bench.account, actions, f"{where}.actions")

    def _refresh(self) -> None:
        """What depends on the address that is tried: the list, the table of conditions, the answer."""
        if self.rule_set is None:
            return
        decision = self.tryout.decide(self.rule_set)
        wrong = _marked(self.bench.problems, f"rule_sets[{self.place.rule_set}].rules")
        matching = set(decision.rules) if decision else set()
        lines = [
            _line(at, one, wrong=at in wrong, matches=one.enabled and one.name in matching)
            for at, one in enumerate(self._rules())
        ]
        self.list.show(lines, self.place.rule)
        if self.rule is not None:
            mine = [one for one in self.bench.problems if one.path.startswith(f"{self._path()}.")]
            self.recipients.show(self.rule.recipients, self.bench.account, self.tryout.address, mine)

    def _path(self) -> str:
        """Where the rule on screen stands in the account, as problems say it."""
        return f"rule_sets[{self.place.rule_set}].rules[{self.place.rule}]"

    # ------------------------------------------------------------------ editing

    def edit(self, account: Account, what: str, place: Place, typing: str = "") -> None:
        """Put an account on screen, and that place of it."""
        self._own, self.place = True, place
        try:
            self.bench.edit(account, what, typing=typing)
        finally:
            self._own = False

    def _edit_rules(self, rules: tuple[ReceiptRule, ...], what: str, rule_at: int) -> None:
        assert self.rule_set is not None
        account = edits.with_set(self.bench.account, self.place.rule_set, self.rule_set.replace(rules=rules))
        self.edit(account, what, Place(self.place.rule_set, rule_at))

    def _edit_rule(self, rule: ReceiptRule, what: str, action_at: int, typing: str) -> None:
        place = Place(self.place.rule_set, self.place.rule, action_at)
        account = edits.with_rule(self.bench.account, place.rule_set, place.rule, rule)
        self.edit(account, what, place, typing and f"{self._path()}.{typing}")

    def _on_rule(self, at: int) -> str | None:
        self.choose(Place(self.place.rule_set, at))
        return f"rule {self.rule.name}" if self.rule else None

    def add_rule(self) -> str:
        """Add a rule behind the one on screen, enabled and scanned, as the console makes it."""
        rules = self._rules()
        if self.rule_set is None:
            return "no rule set to add a rule to"
        name = edits.free_name(f"rule-{len(rules) + 1}", [one.name for one in rules])
        at = self.place.rule + 1 if rules else 0
        rule = ReceiptRule(name=name, enabled=True, scan_enabled=True)
        what = f"added the rule {name}"
        self._edit_rules(edits.inserted(rules, at, rule), what, at)
        return f"{what} as number {at + 1} of {len(rules) + 1}"

    def enable_rule(self) -> str:
        """Enable the rule on screen; where there is none, add one."""
        if self.rule is None:
            return self.add_rule()
        what = f"enabled the rule {self.rule.name}"
        self._edit_rule(self.rule.replace(enabled=True), what, self.place.action, "")
        return what

    def _unfolded(self, step: Callable[[], str], turn: str) -> Callable[[], str]:
        """The step of the checklist, with room for what comes next, and that in sight on a narrow page."""

        def take() -> str:
            self.unfold()
            self.turn.value = turn
            return step()

        return take

    def _identify(self) -> str:
        """Add a verified domain."""
        if self.identify is not None:
            return self.identify()
        account = self.bench.account.with_identity("example.com")
        self.edit(account, "added the identity example.com", self.place)
        return "added the identity example.com"

    def duplicate_rule(self) -> str:
        """Put a copy of the rule on screen behind it."""
        if self.rule is None:
            return "no rule to duplicate"
        rules, at = self._rules(), self.place.rule + 1
        name = edits.free_name(f"{self.rule.name}-copy", [one.name for one in rules])
        what = f"duplicated the rule {self.rule.name} as {name}"
        self._edit_rules(edits.inserted(rules, at, self.rule.replace(name=name)), what, at)
        return what

    def move_rule(self, by: int) -> str:
        """Move the rule on screen up (-1) or down (1)."""
        if self.rule is None:
            return "no rule to move"
        return self.move_rule_to(self.place.rule, self.place.rule + by)

    def move_rule_to(self, at: int, to: int) -> str:
        """Move a rule from one position to another."""
        rules = self._rules()
        name = rules[at].name
        if not 0 <= to < len(rules):
            return f"the rule {name} is the {'first' if to < 0 else 'last'} already"
        what = f"moved the rule {name} {'up' if to < at else 'down'}"
        self._edit_rules(edits.moved(rules, at, to), what, to)
        return f"{what}: it is number {to + 1} of {len(rules)} now"

    def delete_rule(self) -> str:
        """Delete the rule on screen."""
        if self.rule is None:
            return "no rule to delete"
        what = f"deleted the rule {self.rule.name}"
        rules, at = self._rules(), self.place.rule
        self._edit_rules(edits.removed(rules, at), what, min(at, max(0, len(rules) - 2)))
        return f"{what}; Undo brings it back"

    def _on_field(self, rule: ReceiptRule, item: Member) -> str:
        named = item.name.replace("_", " ")
        self._edit_rule(rule, f"changed {named} of a rule", self.place.action, item.name)
        return f"changed {named} of the rule"

    def _on_recipients(self, conditions: tuple[str, ...]) -> str | None:
        if self.rule is None:
            return None
        rule = self.rule.replace(recipients=conditions)
        self._edit_rule(rule, "changed the recipients of a rule", self.place.action, "recipients")
        return "changed the recipients of the rule"

    def _on_actions(self, actions: tuple[ReceiptAction, ...], what: str, at: int, typing: str) -> None:
        place = Place(self.place.rule_set, self.place.rule, max(at, 0))
        if self.rule is None or not what:
            self.choose(place)
        else:
            self._edit_rule(self.rule.replace(actions=actions), what, place.action, typing)

    def snapshot(self) -> str:
        """The rule sets as tables."""
        from sesreceive.account.display import body

        return "".join(body(one) for one in self.bench.account.rule_sets)


# ---------------------------------------------------------------- places and lines


def _active_at(account: Account) -> int:
    """Position of the active rule set, or 0."""
    return next((at for at, one in enumerate(account.rule_sets) if one.name == account.active), 0)


def _clamped(place: Place, account: Account) -> Place:
    """The place, or the nearest one there is."""

    def within(at: int, values: tuple[Any, ...]) -> int:
        return max(0, min(at, len(values) - 1))

    set_at = within(place.rule_set, account.rule_sets)
    rules = account.rule_sets[set_at].rules if account.rule_sets else ()
    rule_at = within(place.rule, rules)
    actions = rules[rule_at].actions if rules else ()
    return Place(set_at, rule_at, within(place.action, actions))


def _marked(problems: tuple[Problem, ...], path: str) -> set[int]:
    """Positions of the elements of `path` that have problems."""
    found = set()
    for problem in problems:
        if problem.path.startswith(f"{path}["):
            found.add(int(problem.path[len(path) + 1 :].partition("]")[0]))
    return found


def _line(at: int, rule: ReceiptRule, *, wrong: bool, matches: bool) -> str:
    """A rule as a line of the list."""
    some = ", ".join(rule.recipients[:2]) or "all"
    more = f" and {len(rule.recipients) - 2} more" if len(rule.recipients) > 2 else ""
    actions = ", ".join(short_name(type(action)) for action in rule.actions) or "no action"
    marks = f"{f'{signs.NO} ' if wrong else ''}{f'{signs.BACK} ' if matches else ''}"
    state = "" if rule.enabled else "(off) "
    return f"{at + 1:>2}. {marks}{rule.name} {state}· {some}{more} → {actions}"
