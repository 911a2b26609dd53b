"""From what a reader found to an account: stand-ins, the order of the rules, identities, what is active, problems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.api import read
from sesreceive.account.filters import ReceiptFilter
from sesreceive.account.identities import Identity
from sesreceive.account.member import members
from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.account.rule_set import ReceiptRule, ReceiptRuleSet
from sesreceive.account.value import Value
from sesreceive.actions import LambdaAction
from sesreceive.errors import Problem, one_line
from sesreceive.formats.api_paths import account_steps, api_path, api_steps, coerced, plain
from sesreceive.formats.commute import differing_mail
from sesreceive.formats.draft import Draft, Entry, RuleEntry
from sesreceive.formats.fill import Fill, Slot
from sesreceive.formats.loaded import Loaded
from sesreceive.formats.order import Placed, put_in_order
from sesreceive.formats.permission_assembly import permissions_of, refusal_problem
from sesreceive.formats.place import place_in
from sesreceive.formats.unresolved import Open, OpenText, is_open
from sesreceive.functions.handlers import Handler
from sesreceive.mail.address import domain_of
from sesreceive.wording import expected

__all__ = ["assemble"]

_DEFAULT_REGION, _DEFAULT_ACCOUNT = "us-east-1", "111122223333"
_ORDER = "Developer Guide, CreateReceiptRule: without After a rule becomes the first"


def assemble(draft: Draft, *, region: str | None = None, account_id: str | None = None) -> Loaded:
    """The account that a draft describes, with problems and placeholders.

    Parameters
    ----------
    draft : Draft
        What a reader found.
    region, account_id : str, optional
        Where it is deployed; what the draft says by default.
    """
    return _Assembly(
        draft, region or draft.region or _DEFAULT_REGION, account_id or draft.account_id or _DEFAULT_ACCOUNT
    ).loaded()


class _Assembly:
    def __init__(self, draft: Draft, region: str, account_id: str) -> None:
        self.draft, self.region, self.account_id = draft, region, account_id
        self.fill = Fill(region=region, account_id=account_id)
        # Where each part of the account comes from.
        self.rules_of: dict[tuple[int, int], tuple[RuleEntry, dict[str, Any]]] = {}
        self.places: dict[str, tuple[Entry, Any]] = {}

    def loaded(self) -> Loaded:
        draft = self.draft
        identities = self._identities()
        filters = self._filters()
        rule_sets = self._rule_sets()
        active = self._active(rule_sets)
        identities += self._missing_identities(identities, rule_sets)
        account = Account(
            identities=identities,
            filters=filters,
            rule_sets=rule_sets,
            active=active,
            region=self.region,
            account_id=self.account_id,
        )
        for problem in account.problems():
            self._refused(problem)
        for opened, value, kind in draft.assumed:
            self.fill.note(value, opened, kind)
        permissions = permissions_of(draft, self.fill)
        if permissions is not None:
            places = {
                (rule_sets[number].name, rule_sets[number].rules[position].name): entry.place
                for (number, position), (entry, _) in self.rules_of.items()
            }
            for refusal in permissions.refusals(account):
                where = places.get((refusal.rule_set, refusal.rule), draft.origin)
                draft.problems.append(refusal_problem(refusal, where))
        return Loaded(
            account=account,
            permissions=permissions,
            problems=tuple(draft.problems),
            placeholders=self.fill.placeholders,
            origin=draft.origin,
            format=draft.format,
            functions=self._functions(rule_sets),
            complete=draft.complete,
        )

    def _functions(self, rule_sets: Sequence[ReceiptRuleSet]) -> dict[str, Handler]:
        """The handlers of the functions that rules call, by the ARN that the account has."""
        called = {
            action.function_arn
            for rule_set in rule_sets
            for rule in rule_set.rules
            for action in rule.actions
            if isinstance(action, LambdaAction)
        }
        found = (
            (self.fill.stand_in(arn, Slot.FUNCTION) if isinstance(arn, (Open, OpenText)) else arn, handler)
            for arn, handler in self.draft.functions
        )
        return {arn: handler for arn, handler in found if arn in called}

    # -------------------------------------------------------------- identities, filters

    def _identities(self) -> list[Identity]:
        identities: list[Identity] = []
        names: set[str] = set()
        for entry in self.draft.identities:
            values = {**entry.values, "Identity": self.fill.text(entry.values.get("Identity"), Slot.IDENTITY)}
            values.setdefault("VerificationStatus", "Success")
            identity = self._read(Identity, values, entry)
            # A DKIM setting and a MAIL FROM domain may name the same identity again.
            if identity is not None and identity.name not in names:
                names.add(identity.name)
                self.places[f"identities[{len(identities)}]"] = (entry, Identity)
                identities.append(identity)
        return identities

    def _filters(self) -> list[ReceiptFilter]:
        filters: list[ReceiptFilter] = []
        for entry in self.draft.filters:
            values = dict(entry.values)
            if values.get("Name") is None:
                values.pop("Name", None)
            inner = values.get("IpFilter")
            if isinstance(inner, Mapping):
                values["IpFilter"] = self._members(ReceiptFilter, inner, within="IpFilter")
            values = self._members(ReceiptFilter, values)
            found = self._read(ReceiptFilter, values, entry)
            if found is not None:
                self.places[f"filters[{len(filters)}]"] = (entry, ReceiptFilter)
                filters.append(found)
        return filters

    # -------------------------------------------------------------- rule sets

    def _rule_sets(self) -> list[ReceiptRuleSet]:
        names: dict[str, Entry | None] = {}
        texts: dict[str, Any] = {}
        for entry in self.draft.rule_sets:
            name = self.fill.text(entry.values.get("RuleSetName"), Slot.NAME)
            if not isinstance(name, str):
                self.draft.problem(
                    entry.place, f"{entry.key}: {expected('a name', name)}", "SES API CreateReceiptRuleSet"
                )
                continue
            if name in names:
                taken = f"`{one_line(name, 80)}`, which `{_key(names[name])}` has"
                message = f"{entry.key}: expected a name of its own but got {taken}"
                self.draft.problem(
                    place_in(entry.values, ["RuleSetName"], entry.place), message, "SES API CreateReceiptRuleSet"
                )
                continue
            names[name], texts[name] = entry, name
        by_set: dict[str, list[RuleEntry]] = {name: [] for name in names}
        for rule in self.draft.rules:
            name = self.fill.text(rule.rule_set, Slot.NAME)
            if not isinstance(name, str) or not name:
                wanted = "the name of a rule set"
                self.draft.problem(
                    rule.place, f"{rule.key}: {expected(wanted, name)}", "SES API CreateReceiptRule.RuleSetName"
                )
                continue
            if name not in by_set:
                by_set[name], names[name], texts[name] = [], None, name
                if not self.draft.complete:
                    named = f"the rule set `{one_line(name, 80)}` is only named here, not defined"
                    message = f"{named}; it is made so that the rule runs"
                    self.draft.problem(rule.place, message)
            by_set[name].append(rule)
        for entry in self.draft.active:
            name = self.fill.text(entry.values.get("RuleSetName"), Slot.NAME)
            if isinstance(name, str) and name and name not in by_set:
                by_set[name], names[name], texts[name] = [], None, name
                named = f"the rule set `{one_line(name, 80)}` is only named here, not defined"
                message = f"{entry.key}: {named}; it is made without rules"
                self.draft.problem(entry.place, message)
        needs = {entry.key: entry.needs for entry in self.draft.rules}
        rule_sets = []
        for number, (name, entries) in enumerate(by_set.items()):
            made = names[name]
            if made is not None:
                self.places[f"rule_sets[{number}]"] = (made, ReceiptRuleSet)
            extra = {} if made is None else {k: v for k, v in made.values.items() if k == "CreatedTimestamp"}
            rules = self._rules(number, entries, needs)
            rule_set = ReceiptRuleSet(name=texts[name], rules=rules)
            if extra:
                read_back = read(ReceiptRuleSet, {"Metadata": {"Name": name, **extra}, "Rules": []})
                if read_back.value is not None:
                    rule_set = rule_set.replace(created_timestamp=read_back.value.created_timestamp)
                for problem in read_back.problems:
                    self.draft.problem(f"{entry_place(made)}", f"{problem.path}: {problem.message}", problem.source)
            rule_sets.append(rule_set)
        return rule_sets

    def _rules(
        self, number: int, entries: Sequence[RuleEntry], needs: Mapping[str, frozenset[str]]
    ) -> list[ReceiptRule]:
        placed: list[Placed] = []
        values: dict[str, tuple[ReceiptRule, dict[str, Any]]] = {}
        for entry in entries:
            body = self._rule_values(entry)
            rule = self._read(ReceiptRule, body, entry)
            if rule is None:
                continue
            after = self.fill.text(entry.after, Slot.NAME)
            if after is not None and not isinstance(after, str):
                wanted = expected("the name of a rule", after)
                self.draft.problem(entry.place, f"{entry.key}: After: {wanted}", "SES API CreateReceiptRule.After")
                after = None
            # An empty `after` says the same as none [Terraform's provider sends nothing then].
            placed.append(Placed(entry, rule.name, after or None))
            values[entry.key] = (rule, body)
        ordered = put_in_order(placed, needs)
        for entry, message in ordered.problems:
            self.draft.problem(entry.place, f"{entry.key}: {message}", "SES API CreateReceiptRule.After")
        rules = []
        for position, item in enumerate(ordered.rules):
            rule, body = values[item.entry.key]
            self.rules_of[number, position] = (item.entry, body)
            rules.append(rule)
        for group in ordered.undecided:
            chains = [[values[item.entry.key][0] for item in chain] for chain in group]
            self._undecided([chain[0] for chain in group], chains)
        return rules

    def _undecided(self, group: Sequence[Placed], chains: Sequence[Sequence[ReceiptRule]]) -> None:
        """The finding that the order of some rules is open, with a mail that shows it where there is one."""
        behind = f"behind `{one_line(group[0].after, 80)}`" if group[0].after else "without `After`"
        listed = ", ".join(f"`{one_line(item.name, 80)}`" for item in group[:8])
        if len(group) > 8:
            listed += f" and {len(group) - 8} more"
        pair = differing_mail(chains)
        if pair is None:
            effect = "; the outcome is the same in any order"
        else:
            first, second, recipient, why = pair
            effect = f"; it matters: mail to `{one_line(recipient, 80)}` is for `{first}` and `{second}`, and {why}"
        message = (
            f"the template leaves the order of {listed} open, all {behind}; the order of the file is taken{effect}"
        )
        self.draft.problem(group[0].entry.place, message, _ORDER)

    def _rule_values(self, entry: RuleEntry) -> dict[str, Any]:
        body = self._members(ReceiptRule, entry.values)
        actions = entry.values.get("Actions")
        if isinstance(actions, list):
            body["Actions"] = [self._action(one) for one in actions]
        elif isinstance(actions, (Open, OpenText)):
            self.fill.note("no action", actions, "actions")
            body["Actions"] = []
        recipients = entry.values.get("Recipients")
        if "Recipients" in entry.values and not is_open(recipients) and not recipients:
            place = place_in(entry.values, ["Recipients"], entry.place)
            what = "null" if recipients is None else "an empty list"
            message = (
                f"{entry.key}: Recipients is {what}, so the rule is a catch-all: it is for every address under the "
                "verified domains"
            )
            self.draft.problem(place, message, "SES API ReceiptRule.Recipients")
            body.pop("Recipients", None)
        return body

    def _action(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        action: dict[str, Any] = {}
        for name, inner in value.items():
            cls = ReceiptAction.registry.get(name)
            known = cls is not None and isinstance(inner, Mapping)
            if inner is None and len(value) > 1:
                continue
            action[name] = self._members(cls, inner) if known and cls is not None else inner
        return action

    def _members(self, cls: type[Value], values: Mapping[str, Any], *, within: str = "") -> dict[str, Any]:
        """The values with stand-ins, and in the kinds the API wants: templates may write 550 or "true"."""
        known = {item.api: item for item in members(cls) if item.within == within}
        filled: dict[str, Any] = {}
        for name, value in values.items():
            item = known.get(name)
            if value is None:
                continue  # null: not given
            filled[name] = value if item is None else coerced(item, self.fill.member(item, value))
        return filled

    # -------------------------------------------------------------- what is in force

    def _active(self, rule_sets: Sequence[ReceiptRuleSet]) -> str | None:
        names = [rule_set.name for rule_set in rule_sets]
        chosen = []
        for entry in self.draft.active:
            name = self.fill.text(entry.values.get("RuleSetName"), Slot.NAME)
            if isinstance(name, str) and name in names:
                chosen.append((entry, name))
        if len({name for _, name in chosen}) > 1:
            several = ", ".join(f"`{one_line(name, 80)}`" for _, name in chosen)
            message = f"{chosen[1][0].key}: expected one active rule set but got {several}; the first is taken"
            self.draft.problem(chosen[1][0].place, message, "SES API SetActiveReceiptRuleSet")
        if chosen:
            return chosen[0][1]
        if self.draft.complete or not rule_sets:
            return None
        where = self.draft.rule_sets[0].place if self.draft.rule_sets else self.draft.rules[0].place
        filled = [one for one in rule_sets if one.rules] or list(rule_sets)
        if len(filled) == 1:
            only = f"`{one_line(filled[0].name, 80)}`"
            message = f"nothing activates a rule set, so no mail would be received; {only} is taken for active"
            if self.draft.format == "API JSON":
                message = f"nothing here says which rule set is active; {only} is taken"
            self.draft.problem(where, message, "SES API SetActiveReceiptRuleSet")
            return filled[0].name
        several = ", ".join(f"`{one_line(one.name, 80)}`" for one in filled)
        message = f"nothing activates one of the rule sets {several}; choose one with account.activate(name)"
        self.draft.problem(where, message, "SES API SetActiveReceiptRuleSet")
        return None

    def _missing_identities(self, known: Sequence[Identity], rule_sets: Sequence[ReceiptRuleSet]) -> list[Identity]:
        """A stand-in for each identity that recipients and senders need and the source does not define."""
        if self.draft.complete:
            return []
        wanted: dict[str, RuleEntry] = {}
        addresses = {one.name.lower() for one in known if not one.is_domain}
        for number, rule_set in enumerate(rule_sets):
            for position, rule in enumerate(rule_set.rules):
                entry = self.rules_of[number, position][0]
                for recipient in rule.recipients:
                    domain = domain_of(recipient) if "@" in recipient else recipient.removeprefix(".")
                    wanted.setdefault(domain.lower().rstrip("."), entry)
                for action in rule.actions:
                    for item in members(type(action)):
                        sender = getattr(action, item.name) if item.identity else None
                        if isinstance(sender, str) and sender.lower() not in addresses:
                            wanted.setdefault(domain_of(sender).lower(), entry)
        covered = [one for one in known if one.is_domain]
        added: list[Identity] = []
        for domain in sorted(filter(None, wanted), key=lambda name: name.count(".")):
            if any(one.covers(domain) for one in (*covered, *added)):
                continue
            entry = wanted[domain]
            stands_for = f"a verified identity that the source does not define, {entry.place.short}"
            found = read(Identity, {"Identity": PlaceholderText(domain, stands_for), "VerificationStatus": "Success"})
            if found.value is None or found.value.problems():
                continue  # the recipient itself is a problem
            added.append(found.value)
            opened = Open(f"the verified identity {domain}", entry.place, "the source defines no such identity")
            self.fill.note(domain, opened, "identity")
        if not (covered or added) and any(rule_set.rules for rule_set in rule_sets):
            entry = self.draft.rules[0]
            opened = Open("a verified domain", entry.place, "the source defines no identity and names no domain")
            self.fill.note("domain.example", opened, "identity")
            added.append(Identity(name=PlaceholderText("domain.example", f"a verified domain, {entry.place.short}")))
        return added

    # -------------------------------------------------------------- problems with their places

    def _read(self, cls: type[Any], values: Mapping[str, Any], entry: Entry) -> Any:
        found = read(cls, plain(values))
        for problem in found.problems:
            place = place_in(entry.values, api_steps(problem.path), entry.place)
            message = problem.message
            if message in ("expected text but got `True`", "expected text but got `False`"):
                message += "; YAML reads yes, no, on and off as truths, so put the word in quotes"
            self.draft.problem(place, f"{entry.key}: {problem.path}: {message}", problem.source)
        return found.value

    def _refused(self, problem: Problem) -> None:
        """Say where in the source lies what SES would refuse."""
        match = re.match(r"rule_sets\[(\d+)\]\.rules\[(\d+)\]\.?(.*)", problem.path)
        entry: Entry
        if match:
            entry, body = self.rules_of[int(match[1]), int(match[2])]
            steps = account_steps(ReceiptRule, body, match[3])
        else:
            head, _, rest = problem.path.partition(".")
            if head not in self.places:
                self.draft.problem(self.draft.origin, f"{problem.path}: {problem.message}", problem.source)
                return
            entry, cls = self.places[head]
            steps = ["RuleSetName"] if cls is ReceiptRuleSet else account_steps(cls, dict(entry.values), rest)
        place = place_in(entry.values, steps, entry.place)
        self.draft.problem(place, f"{api_path(entry.key, steps)}: {problem.message}", problem.source)


def entry_place(entry: Entry | None) -> str:
    return "" if entry is None else str(entry.place)


def _key(entry: Entry | None) -> str:
    return "a rule" if entry is None else one_line(entry.key, 80)
