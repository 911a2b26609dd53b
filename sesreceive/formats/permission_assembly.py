"""From the resources and policies of a draft to permissions: names filled as in the rules, documents read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sesreceive.account.placeholder_text import PlaceholderText
from sesreceive.arn import Arn
from sesreceive.errors import InputError, Problem, one_line
from sesreceive.formats.draft import Draft
from sesreceive.formats.fill import Fill, Slot
from sesreceive.formats.open_json import json_value
from sesreceive.formats.place import Place
from sesreceive.formats.surroundings import SLOTS, AliasEntry, PolicyEntry, ResourceEntry
from sesreceive.formats.unresolved import Open, OpenText, is_open, text_of
from sesreceive.permissions.guard import Permissions
from sesreceive.permissions.policy import Policy
from sesreceive.permissions.refusal import Refusal
from sesreceive.permissions.target import Grant, Target, default_topic_policy

__all__ = ["permissions_of", "refusal_problem"]

# Why an open value is one of its own and no other: something that the template itself makes.
_MADE_HERE = ("CloudFormation makes up a name", "known after apply", "known when the stack is made")
_OUTPUTS = ".Outputs."


def permissions_of(draft: Draft, fill: Fill) -> Permissions | None:
    """What the draft says of who may do what; None where it says nothing of the kind."""
    if not draft.resources and not draft.policies:
        return None
    return _Assembly(draft, fill).permissions()


def refusal_problem(refusal: Refusal, where: Place | str) -> Problem:
    """A refusal as a problem of the source, at the rule that meets it."""
    what = f"rule {refusal.rule} of {refusal.rule_set}: {refusal}"
    return Problem(one_line(where, 300), one_line(what, 2000), 'Developer Guide, "Permissions"')


class _Assembly:
    def __init__(self, draft: Draft, fill: Fill) -> None:
        self.draft, self.fill = draft, fill
        # Expressions that are an ARN, with the ARN that the account has for them.
        self.arns: dict[str, str] = {}
        self.names: dict[tuple[str, str], int] = {}
        # Names of rule sets and rules have their capitals, which other stand-ins do not.
        self.words = {
            name.name: fill.stand_in(name, Slot.NAME)
            for name in [
                *(entry.values.get("RuleSetName") for entry in draft.rule_sets),
                *(entry.values.get("Name") for entry in draft.rules),
            ]
            if isinstance(name, Open)
        }
        self.called = [self.names_of(entry) for entry in draft.resources]
        for at, (entry, names) in enumerate(zip(draft.resources, self.called, strict=True)):
            for name in names:
                self.names.setdefault((entry.kind, name), at)
            for word in entry.written if names else ():
                self.arns[word] = f"arn:aws:s3:::{names[0]}" if entry.kind == "bucket" else names[0]
        self.meanings = {**self.words, **self.arns}
        for alias in draft.aliases:
            self.alias(alias)

    def alias(self, entry: AliasEntry) -> None:
        """Give a key of the source its further names."""
        at = self.find("key", self.target_name("key", entry.target))
        if at is not None:
            for name in self.spelled("key", entry.names):
                if self.names.setdefault(("key", name), at) == at:
                    self.called[at].append(name)

    def names_of(self, entry: ResourceEntry) -> list[str]:
        return self.spelled(entry.kind, entry.names)

    def spelled(self, kind: str, called: Sequence[Any]) -> list[str]:
        names = [self.name(kind, name) for name in called if name is not None]
        if kind == "key":  # aliases and ids are named with and without their ARN
            prefix = f"arn:aws:kms:{self.fill.region}:{self.fill.account_id}:"
            names += [f"{prefix}{name}" for name in names if name.startswith("alias/")]
        return list(dict.fromkeys(filter(None, names)))

    def name(self, kind: str, value: Any) -> str:
        if is_open(value):
            return self.fill.stand_in(value, SLOTS[kind])
        return str(value) if isinstance(value, (str, int)) else ""

    def permissions(self) -> Permissions:
        parts: dict[int, list[PolicyEntry]] = {at: [] for at in range(len(self.draft.resources))}
        elsewhere: dict[tuple[str, str], list[PolicyEntry]] = {}
        for entry in self.draft.policies:
            name = self.target_name(entry.kind, entry.target)
            at = self.find(entry.kind, name)
            if at is not None:
                parts[at].append(entry)
            elif entry.whole and name:
                elsewhere.setdefault((entry.kind, name), []).append(entry)
        targets = [self.target(self.draft.resources[at], self.called[at], on_it) for at, on_it in parts.items()]
        for (kind, name), on_it in elsewhere.items():
            made = ResourceEntry(kind=kind, place=on_it[0].place, names=(name,))
            targets.append(self.target(made, [name], on_it))
        return Permissions(targets=tuple(one for one in targets if one is not None))

    def target_name(self, kind: str, target: Any) -> str:
        """What a policy is on, as the account calls it."""
        if isinstance(target, Open) and target.name in self.arns:
            return self.arns[target.name]
        return self.name(kind, target)

    def find(self, kind: str, name: str) -> int | None:
        if (kind, name) in self.names:
            return self.names[kind, name]
        parts = Arn.parse(name)
        if parts is not None and kind == "function":
            return self.names.get((kind, parts.function_name))
        if kind == "function":  # AddPermission takes a name with its version or alias
            return self.names.get((kind, name.partition(":")[0]))
        return None

    def target(
        self, entry: ResourceEntry, names: Sequence[str], policies_on_it: Sequence[PolicyEntry]
    ) -> Target | None:
        """The resource with its policies; None where one of them is not known."""
        if not names:
            return None
        policies: dict[str, list[Policy]] = {"policy": [], "trust": []}
        grants: list[Grant] = []
        for one in policies_on_it:
            if one.part == "grant":
                grants += self.grant(one.document)
                continue
            if one.document is None:
                continue
            policy = self.policy(one, names[0])
            if policy is None:
                return None
            policies[one.part].append(policy)
        key = self.name("key", entry.key) if entry.key is not None else ""
        if entry.kind == "topic" and not policies["policy"]:
            policies["policy"].append(default_topic_policy(names[0], self.fill.account_id))
        region = entry.region if isinstance(entry.region, str) else ""
        return Target(
            kind=entry.kind,
            name=names[0],
            also=tuple(names[1:]),
            policy=tuple(policies["policy"]),
            trust=tuple(policies["trust"]),
            grants=tuple(grants),
            # A key of AWS's own has a policy that nobody can change, and it is not for SES: it is found as unknown.
            key=key,
            region=region,
            unseen=tuple(one_line(one, 200) for one in entry.unseen),
            place=entry.place.short,
        )

    def policy(self, entry: PolicyEntry, name: str) -> Policy | None:
        """The policy in an entry, with problems for what AWS would not take; None where it is written elsewhere."""
        on = "trust" if entry.part == "trust" else "role" if entry.kind == "role" else "resource"
        try:
            document = entry.document
            if isinstance(document, (str, OpenText)):
                document = json_value(document, where="the policy")
            if isinstance(document, Open):
                return None
            filled = self.filled(document)
            if entry.kind == "function":
                filled = self.of_function(filled, entry, name)
            policy = Policy.read(filled, entry.place.short, on=on)
        except InputError as error:
            policy = Policy.unreadable(str(error), entry.place.short)
        for problem in policy.problems:
            self.draft.problem(entry.place, f"policy: {problem.message}", problem.source)
        return policy

    def of_function(self, document: Any, entry: PolicyEntry, name: str) -> Any:
        """What AddPermission writes as Resource: the function, or the version or alias that it was called with."""
        qualifier = self.filled(entry.qualifier)
        if qualifier is None:
            target = self.filled(entry.target)
            parts = Arn.parse(target) if isinstance(target, str) else None
            rest = parts.resource.removeprefix("function:") if parts is not None else str(target)
            qualifier = rest.partition(":")[2]
        resource = f"{name}:{qualifier}" if qualifier else name
        if isinstance(qualifier, PlaceholderText):
            resource = PlaceholderText(resource, qualifier.stands_for)
        rows = [{**row, "Resource": resource} for row in document["Statement"]]
        return {**document, "Statement": rows}

    def grant(self, document: Any) -> Iterator[Grant]:
        if not isinstance(document, Mapping):
            return
        grantee = self.filled(document.get("grantee"))
        operations = document.get("operations")
        if isinstance(grantee, str) and isinstance(operations, list):
            subset, equals = document.get("subset"), document.get("equals")
            yield Grant(
                grantee=grantee,
                operations=tuple(str(one) for one in operations),
                subset=self.filled(subset) if isinstance(subset, Mapping) else None,
                equals=self.filled(equals) if isinstance(equals, Mapping) else None,
            )

    # -------------------------------------------------------------- open values in documents

    def filled(self, value: Any) -> Any:
        """The document with ARNs and stand-ins for what is open, those that may be anything marked as such."""
        if isinstance(value, Mapping):
            return {str(name): self.filled(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.filled(inner) for inner in value]
        if not is_open(value):
            return value
        parts = value.parts if isinstance(value, OpenText) else (value,)
        known = text_of(self.meanings.get(part.name, part) if isinstance(part, Open) else part for part in parts)
        if isinstance(known, str):
            return known
        text = self.fill.stand_in(known, Slot.TEXT)
        left = [part for part in (known.parts if isinstance(known, OpenText) else (known,)) if isinstance(part, Open)]
        # What a nested stack gives out may be one of ours, as what a data source finds.
        if all(one.why in _MADE_HERE and not one.name.startswith("data.") and _OUTPUTS not in one.name for one in left):
            return text
        return PlaceholderText(text, stands_for=f"{known.name}, {left[0].place.short}")
