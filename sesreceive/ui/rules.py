"""Rule sets and their rules: what the account receives, in the order it is looked at."""

from __future__ import annotations

import ipaddress
from typing import Any

import ipywidgets as W

from sesreceive._html import code, mark
from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import Member
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.account.wording import count
from sesreceive.errors import Problem, one_line
from sesreceive.mail.address import domain_of
from sesreceive.receiver import Receiver
from sesreceive.stages import filtering, recipients
from sesreceive.stages.recipients import RecipientDecision
from sesreceive.ui import edits
from sesreceive.ui.actions import Actions, short_name
from sesreceive.ui.edits import Place
from sesreceive.ui.fields import Form, problems_at
from sesreceive.ui.kit import Part, bench_of, button, html, prose
from sesreceive.ui.listing import Listing
from sesreceive.ui.model import Bench
from sesreceive.ui.recipients import Recipients

__all__ = ["RuleEditor"]

_ROW = W.Layout(flex_flow="row wrap", align_items="center")

# From where an address is tried out, the first that is let in: documentation space (RFC 5737).
_CLIENTS = ("198.51.100.7", "192.0.2.7", "203.0.113.7")


class RuleEditor(Part):
    """Rule sets, the rules of one, and everything about one rule.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is edited.
    """

    def __init__(self, receiver: Receiver | Bench) -> None:
        bench = bench_of(receiver)
        self.bench = bench  # the pieces below ask for it
        self.place = Place(_active_at(bench.account))
        self._own = False
        self._showing = False

        self.chooser = W.Dropdown(
            description="Rule set", tooltip="The rule set that is shown below",
            style={"description_width": "initial"}, layout=W.Layout(width="auto", max_width="100%"),
        )  # fmt: skip
        self.chooser.observe(self.guard(self._on_set), "value")
        self.set_form = Form(self, ReceiptRuleSet, self._on_set_field, only=("name",), labels={"name": "Rule set name"})
        self.set_note = html()
        set_buttons = [
            self.on_click(button("New rule set", hint="Make an empty rule set"), self.new_set),
            self.on_click(button("Clone rule set", hint="Make a rule set with the same rules"), self.clone_set),
            self.on_click(button("Activate rule set", hint="Receive mail with this rule set"), self.activate),
            self.on_click(button("Deactivate", hint="Receive nothing"), self.deactivate),
            self.on_click(button("Delete rule set"), self.delete_set),
        ]
        self.list = Listing(
            self, "rule", self._on_rule, searched=True, moved=self.move_rule_to, rows=10,
            buttons=(
                ("Add rule", self.add_rule),
                ("Duplicate rule", self.duplicate_rule),
                ("Move rule up", lambda: self.move_rule(-1)),
                ("Move rule down", lambda: self.move_rule(1)),
                ("Delete rule", self.delete_rule),
            ),
        )  # fmt: skip
        self.tried = W.Text(
            description="Try an address", placeholder="such as ana@example.com", layout=W.Layout(width="auto"),
            style={"description_width": "initial"}, tooltip="See which rules and conditions match it",
        )  # fmt: skip
        self.client_ip = W.Text(
            description="from IP address", style={"description_width": "initial"}, layout=W.Layout(width="230px"),
        )  # fmt: skip
        self.tls = W.Checkbox(description="over TLS", value=True, indent=False, layout=W.Layout(width="auto"))
        self.outcome = html()
        for box in (self.tried, self.client_ip, self.tls):
            box.observe(self.guard(self._refresh), "value")

        self.rule_form = Form(
            self, ReceiptRule, self._on_rule_field, only=("name", "enabled", "scan_enabled", "tls_policy"),
            labels={"name": "Rule name", "scan_enabled": "Scan for spam and viruses"},
        )  # fmt: skip
        self.recipients = Recipients(self, self._on_recipients)
        self.actions = Actions(self, self._on_actions)
        self.whole = html()
        self.nothing = html()
        self.detail = W.VBox([self.whole, self.rule_form, self.recipients, self.actions])
        how = W.HBox([self.client_ip, self.tls], layout=_ROW)
        left = W.VBox([self.list, self.tried, how, self.outcome], layout=W.Layout(flex="1 1 380px", min_width="0"))
        right = W.VBox([self.nothing, self.detail], layout=W.Layout(flex="1 1 430px", min_width="0"))
        self.below = W.HBox([left, right], layout=W.Layout(flex_flow="row wrap"))
        self.below.add_class("ses-columns")
        contents = [W.HBox([self.chooser, *set_buttons], layout=_ROW), self.set_form, self.set_note, self.below]
        super().__init__(bench, contents, title="Rule sets and rules")
        self.tried.value, self.client_ip.value = _first_address(bench.account), _first_client(bench.account)
        bench.observe(self._on_account, "account")
        self._show()

    # ------------------------------------------------------------------ what is chosen

    @property
    def rule_set(self) -> ReceiptRuleSet | None:
        """The rule set on screen."""
        sets = self.bench.account.rule_sets
        return sets[self.place.rule_set] if 0 <= self.place.rule_set < len(sets) else None

    @property
    def rule(self) -> ReceiptRule | None:
        """The rule on screen."""
        rules = self.rule_set.rules if self.rule_set else ()
        return rules[self.place.rule] if 0 <= self.place.rule < len(rules) else None

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
        account, sets = self.bench.account, self.bench.account.rule_sets
        self.place = _clamped(self.place, account)
        rule_set, rule = self.rule_set, self.rule
        self._showing = True
        try:
            options = [
                (f"{one_line(one.name, 70) or '(no name)'}{_active(one, account)}", at) for at, one in enumerate(sets)
            ]
            with self.chooser.hold_sync():
                if list(self.chooser.options) != options:
                    self.chooser.options = options
                self.chooser.value = self.place.rule_set if sets else None
        finally:
            self._showing = False
        for widget in (self.set_form, self.below):
            widget.layout.display = None if rule_set else "none"
        if rule_set is None:
            self.set_note.value = '<span class="ses-hint">There is no rule set yet, so nothing is received.</span>'
            return
        path = f"rule_sets[{self.place.rule_set}]"
        found = problems_at(self.bench.problems, path)
        self.set_form.show(rule_set, found)
        too_many = [one.message for one in self.bench.problems if one.path == f"{path}.rules"]
        self.set_note.value = _set_note(rule_set, account, too_many)
        self._show_rule(rule_set, rule, path)
        self._refresh()

    def _show_rule(self, rule_set: ReceiptRuleSet, rule: ReceiptRule | None, path: str) -> None:
        self.detail.layout.display = None if rule else "none"
        self.nothing.value = "" if rule else '<span class="ses-hint">A rule set without rules refuses all mail.</span>'
        if rule is None:
            return
        where = f"{path}.rules[{self.place.rule}]"
        mine = [one for one in self.bench.problems if one.path.startswith(where)]
        found = problems_at(mine, where)
        self.rule_form.show(rule, found)
        self.whole.value = _told([*found.get("", []), *[one.message for one in mine if one.path == f"{where}.actions"]])
        actions = [one for one in mine if one.path != f"{where}.actions"]
        self.actions.show(rule.actions, self.place.action, self.bench.account, actions, f"{where}.actions")

    def _refresh(self) -> None:
        """What depends on the address that is tried: the list, the table of conditions, the outcome."""
        rule_set = self.rule_set
        if rule_set is None:
            return
        decision = self._decide()
        path = f"rule_sets[{self.place.rule_set}].rules"
        wrong = _marked(self.bench.problems, path)
        matching = set(decision.rules) if decision else set()
        self.list.show(
            [
                _line(at, one, at in wrong, one.enabled and one.name in matching)
                for at, one in enumerate(rule_set.rules)
            ],
            self.place.rule,
        )
        if self.rule is not None:
            where = f"{path}[{self.place.rule}]."
            mine = [one for one in self.bench.problems if one.path.startswith(where)]
            self.recipients.show(self.rule.recipients, self.bench.account, self.tried.value.strip(), mine)
        self.outcome.value = _outcome(decision, rule_set, self._client())

    def _decide(self) -> RecipientDecision | None:
        """What SES would answer to the address that is tried, were this set the active one."""
        rule_set, tried = self.rule_set, self.tried.value.strip()
        if rule_set is None or not tried:
            return None
        # Only this set, since two may have the same name while one is typed.
        account = self.bench.account.replace(rule_sets=(rule_set,), active=rule_set.name)
        assumptions = self.bench.receiver.assumptions
        let_in = filtering.decide(account.filters, self._client(), (), assumptions)
        return recipients.decide(account, tried, let_in, tls=self.tls.value, assumptions=assumptions)

    def _client(self) -> str:
        """The address it comes from; what is not one yet, while it is typed, counts as the first of `_CLIENTS`."""
        try:
            return str(ipaddress.ip_address(self.client_ip.value.strip()))
        except ValueError:
            return _CLIENTS[0]

    # ------------------------------------------------------------------ editing

    def _edit(self, account: Account, what: str, place: Place, typing: str = "") -> None:
        """Put an account on screen, and that place of it."""
        self._own, self.place = True, place
        try:
            self.bench.edit(account, what, typing=typing)
        finally:
            self._own = False

    def _edit_rules(self, rules: tuple[ReceiptRule, ...], what: str, rule_at: int) -> None:
        assert self.rule_set is not None
        account = edits.with_set(self.bench.account, self.place.rule_set, self.rule_set.replace(rules=rules))
        self._edit(account, what, Place(self.place.rule_set, rule_at))

    def _edit_rule(self, rule: ReceiptRule, what: str, action_at: int, typing: str) -> None:
        place = Place(self.place.rule_set, self.place.rule, action_at)
        account = edits.with_rule(self.bench.account, place.rule_set, place.rule, rule)
        self._edit(account, what, place, typing and f"rule_sets[{place.rule_set}].rules[{place.rule}].{typing}")

    # ------------------------------------------------------------------ rule sets

    def _on_set(self, change: dict[str, Any]) -> str | None:
        if self._showing or change["new"] is None:
            return None
        self.choose(Place(change["new"]))
        return f"rule set {self.rule_set.name}: {count(len(self.rule_set.rules), 'rule')}" if self.rule_set else None

    def _on_set_field(self, rule_set: ReceiptRuleSet, item: Member) -> str:
        at = self.place.rule_set
        typing = f"rule_sets[{at}].{item.name}"
        # From the account before the name was typed: while it is, it may for a moment be that of another set.
        account = edits.rename_set(self.bench.before(typing), at, rule_set.name)
        self._edit(account, "renamed a rule set", self.place, typing)
        return "renamed the rule set"

    def new_set(self) -> str:
        """Make an empty rule set; the first one is made active."""
        account = self.bench.account
        name = edits.free_name("rules", [one.name for one in account.rule_sets])
        account = account.replace(rule_sets=(*account.rule_sets, ReceiptRuleSet(name=name)))
        first = len(account.rule_sets) == 1
        what = f"made the rule set {name}{' and activated it' if first else ''}"
        self._edit(account.activate(name) if first else account, what, Place(len(account.rule_sets) - 1))
        return what

    def clone_set(self) -> str:
        """Make a rule set with the same rules, as CloneReceiptRuleSet does; it is not active."""
        if self.rule_set is None:
            return "no rule set to clone"
        account, original = self.bench.account, self.rule_set
        name = edits.free_name(f"{original.name}-copy", [one.name for one in account.rule_sets])
        copy = original.replace(name=name, created_timestamp=None)
        what = f"cloned the rule set {original.name} as {name}"
        self._edit(account.replace(rule_sets=(*account.rule_sets, copy)), what, Place(len(account.rule_sets)))
        return what

    def activate(self) -> str:
        """Receive mail with the rule set on screen."""
        if self.rule_set is None:
            return "no rule set to activate"
        if self.bench.account.active_rule_set is self.rule_set:
            return f"the rule set {self.rule_set.name} is active already"
        what = f"activated the rule set {self.rule_set.name}"
        self._edit(self.bench.account.activate(self.rule_set.name), what, self.place)
        return what

    def deactivate(self) -> str:
        """Receive nothing."""
        if self.bench.account.active is None:
            return "no rule set is active"
        self._edit(self.bench.account.activate(None), "deactivated the rule set", self.place)
        return "no rule set is active now, so nothing is received"

    def delete_set(self) -> str:
        """Delete the rule set on screen; the active one is refused, as SES does."""
        if self.rule_set is None:
            return "no rule set to delete"
        account, name = self.bench.account, self.rule_set.name
        if account.active_rule_set is self.rule_set:
            account.without_rule_set(name)  # raises, in the words of DeleteReceiptRuleSet
        what = f"deleted the rule set {name}"
        rest = edits.removed(account.rule_sets, self.place.rule_set)
        self._edit(account.replace(rule_sets=rest), what, Place(max(0, self.place.rule_set - 1)))
        return f"{what}; Undo brings it back"

    # ------------------------------------------------------------------ rules

    def _on_rule(self, at: int) -> str | None:
        self.choose(Place(self.place.rule_set, at))
        return f"rule {self.rule.name}" if self.rule else None

    def _rules(self) -> tuple[ReceiptRule, ...]:
        return self.rule_set.rules if self.rule_set else ()

    def add_rule(self) -> str:
        """Add a rule behind the one on screen, enabled and scanned, as the console makes it."""
        rules = self._rules()
        name = edits.free_name(f"rule-{len(rules) + 1}", [one.name for one in rules])
        at = self.place.rule + 1 if rules else 0
        rule = ReceiptRule(name=name, enabled=True, scan_enabled=True)
        what = f"added the rule {name}"
        self._edit_rules(edits.inserted(rules, at, rule), what, at)
        return f"{what} as number {at + 1} of {len(rules) + 1}"

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

    def _on_rule_field(self, rule: ReceiptRule, item: Member) -> str:
        what = f"changed {item.name.replace('_', ' ')} of a rule"
        self._edit_rule(rule, what, self.place.action, item.name)
        return f"changed {item.name.replace('_', ' ')} of the rule"

    def _on_recipients(self, conditions: tuple[str, ...]) -> str | None:
        if self.rule is None:
            return None
        self._edit_rule(
            self.rule.replace(recipients=conditions),
            "changed the recipients of a rule",
            self.place.action,
            "recipients",
        )
        return "changed the recipients of the rule"

    def _on_actions(self, actions: tuple[ReceiptAction, ...], what: str, at: int, typing: str) -> None:
        place = Place(self.place.rule_set, self.place.rule, max(at, 0))
        if self.rule is None or not what:
            self.choose(place)
        else:
            self._edit_rule(self.rule.replace(actions=actions), what, place.action, typing)

    def snapshot(self) -> str:
        """The rule sets as tables."""
        from sesreceive.account.html import body

        return "".join(body(one) for one in self.bench.account.rule_sets)


# ---------------------------------------------------------------- words


def _active_at(account: Account) -> int:
    """Position of the active rule set, or 0."""
    return next((at for at, one in enumerate(account.rule_sets) if one.name == account.active), 0)


def _active(rule_set: ReceiptRuleSet, account: Account) -> str:
    return " (active)" if account.active_rule_set is rule_set else ""


def _first_address(account: Account) -> str:
    """An address to try first: of the first rule that is for one, else in the first domain."""
    active = account.active_rule_set
    named = [one for rule in (active.rules if active else ()) for one in rule.recipients if "@" in one]
    domains = [f"ana@{one.name}" for one in account.identities if one.is_domain and one.is_verified]
    return next(iter([*named, *domains]), "")


def _first_client(account: Account) -> str:
    """An IP address that the filters let in, where one of `_CLIENTS` is."""
    return next((one for one in _CLIENTS if filtering.decide(account.filters, one).accepted), _CLIENTS[0])


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


def _line(at: int, rule: ReceiptRule, wrong: bool, matches: bool) -> str:
    """A rule as a line of the list."""
    some = ", ".join(rule.recipients[:2]) or "all"
    more = f" and {len(rule.recipients) - 2} more" if len(rule.recipients) > 2 else ""
    actions = ", ".join(short_name(type(action)) for action in rule.actions) or "no action"
    marks = f"{'✗ ' if wrong else ''}{'◀ ' if matches else ''}"
    state = "" if rule.enabled else "(off) "
    return f"{at + 1:>2}. {marks}{rule.name} {state}· {some}{more} → {actions}"


def _set_note(rule_set: ReceiptRuleSet, account: Account, problems: list[str]) -> str:
    if account.active_rule_set is rule_set:
        state = f"{mark('✓ active', 'good')}: mail is received with this rule set."
    elif account.active_rule_set is not None:
        state = f"{mark('not active', 'note')}: mail is received with {code(account.active)}."
    else:
        state = f"{mark('not active', 'note')}: no rule set is, so nothing is received."
    return state + _told(problems)


def _told(problems: list[str]) -> str:
    return "".join(f'<div class="ses-problem">✗ {prose(one)}</div>' for one in problems)


def _outcome(decision: RecipientDecision | None, rule_set: ReceiptRuleSet, client_ip: str) -> str:
    """What would be answered to the address, and why."""
    if decision is None:
        return '<span class="ses-hint">Type an address to see which rules match it (◀ in the list).</span>'
    state = mark("✓ accepted", "good") if decision.accepted else mark("✗ refused", "bad")
    domain = domain_of(decision.recipient)
    where = "" if domain else "; an address has a domain behind its @"
    return (
        f"{state} with {code(decision.reply)}<br>because {prose(decision.reason)}{where}"
        f'<br><span class="ses-hint">as if {code(rule_set.name)} were active, from {code(client_ip)}</span>'
    )
