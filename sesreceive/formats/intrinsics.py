"""CloudFormation's intrinsic functions, evaluated as far as a template says; the rest stays open.

One `Stack` is a template with its parameters. What cannot be known becomes an `Open` value with its place, never a
guess; what had to be taken for known (a region, an undecided condition) is told to `assumed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sesreceive.errors import one_line
from sesreceive.formats.attributes import CLOUDFORMATION, arn_of
from sesreceive.formats.draft import Draft
from sesreceive.formats.intrinsic_functions import ABSENT, FUNCTIONS, SOURCE, SUBSTITUTION, as_text, truth
from sesreceive.formats.place import Place, Row, Table
from sesreceive.formats.unresolved import MADE_UP, Open, OpenText, first_open, is_open, text_of
from sesreceive.wording import expected

__all__ = ["ABSENT", "Stack", "names_in"]

_STEPS = 400_000
_DEPTH = 80


class TooMuch(Exception):  # noqa: N818 - becomes a Problem
    """A template that expands beyond any bound."""


class Stack:
    """A template, its parameters, and what its resources are called.

    Parameters
    ----------
    template : mapping
        The parsed template.
    draft : Draft
        Takes problems and assumptions.
    file : str
        Name of the file, for places.
    variables : mapping
        Values of parameters.
    region, account_id : str
        For pseudo parameters.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        draft: Draft,
        *,
        file: str,
        variables: Mapping[str, Any],
        region: str | None,
        account_id: str | None,
    ) -> None:
        self.template, self.draft, self.file = template, draft, file
        self.variables = variables
        self.region, self.account_id = region, account_id
        self._conditions: dict[str, Any] = {}
        self._deciding: set[str] = set()
        self._steps = 0
        self._depth = 0
        # Logical ids whose names are being looked up, so that a circle ends.
        self._asking: list[str] = []
        self._assumed: set[str] = set()
        self.resources: Mapping[str, Any] = {}
        self.parameters = self.section("Parameters")
        self.conditions = self.section("Conditions")
        self.mappings = self.section("Mappings")
        # Last: a loop over resources may use all of the others.
        self.resources = self.section("Resources")

    def section(self, name: str) -> Mapping[str, Any]:
        """A top-level section; empty where it is missing or no mapping, which is a problem."""
        found = self.template.get(name)
        if isinstance(found, Mapping):
            return self.expand_loops(found) if name == "Resources" else found
        if found is not None:
            self.draft.problem(self.place(self.template, name), f"{name}: expected a mapping", SOURCE)
        return {}

    def place(self, container: Any, key: Any = None) -> Place:
        """Where something stands, as near as is known."""
        places = getattr(container, "places", None)
        if isinstance(places, Mapping) and key in places:
            return places[key]  # type: ignore[no-any-return]
        if isinstance(places, list) and isinstance(key, int) and key < len(places):
            return places[key]  # type: ignore[no-any-return]
        return getattr(container, "place", None) or Place(self.file)

    def assume(self, opened: Open, value: str, kind: str) -> str:
        """Take a value for an open one, and say so once."""
        if (key := f"{kind} {opened.name}") not in self._assumed:
            self._assumed.add(key)
            self.draft.assumed.append((opened, value, kind))
        return value

    # -------------------------------------------------------------- values

    def value(self, node: Any) -> Any:
        """What a node evaluates to: plain data, `Open` values, or `ABSENT`."""
        self._steps += 1
        if self._steps > _STEPS or self._depth > _DEPTH:
            raise TooMuch
        self._depth += 1
        try:
            if isinstance(node, dict):
                return self._mapping(node)
            if isinstance(node, list):
                row = Row(place=getattr(node, "place", None))
                for position, inner in enumerate(node):
                    found = self.value(inner)
                    if found is not ABSENT:
                        row.append(found)
                        row.places.append(self.place(node, position))
                return row
            return node
        finally:
            self._depth -= 1

    def _mapping(self, node: dict[str, Any]) -> Any:
        if len(node) == 1:
            name = next(iter(node))
            function = FUNCTIONS.get(name)
            if function is not None and (name != "Condition" or isinstance(node[name], str)):
                return function(self, node[name], self.place(node, name))
            if name.startswith("Fn::") and not name.startswith("Fn::ForEach"):
                place = self.place(node, name)
                self.draft.problem(place, expected("an intrinsic function", name, FUNCTIONS), SOURCE)
                return Open(name, place, "an unknown intrinsic function")
        table = Table(place=getattr(node, "place", None))
        for name, inner in self.expand_loops(node).items():
            found = self.value(inner)
            if found is not ABSENT:
                table.put(name, found, self.place(node, name))
        return table

    def text(self, node: Any) -> str | Open | OpenText | None:
        """The node's value as a text; None where it is none."""
        found = self.value(node)
        return as_text(found) if found is not ABSENT else None

    # -------------------------------------------------------------- references

    def ref(self, name: Any, place: Place) -> Any:
        """What ``Ref`` gives for a parameter, a pseudo parameter or a resource."""
        if not isinstance(name, str):
            self.draft.problem(place, f"Ref: {expected('a name', name)}", SOURCE)
            return Open("Ref", place, "not a name")
        if name.startswith("AWS::"):
            return self._pseudo(name, place)
        if name in self.parameters:
            return self.parameter(name, place)
        if name in self.resources:
            return self.named(name, place)
        known = [*self.parameters, *self.resources]
        self.draft.problem(place, f"Ref: {expected('a parameter or resource of the template', name, known)}", SOURCE)
        return Open(f"Ref {name}", place, "nothing of that name", hint=name)

    def _pseudo(self, name: str, place: Place) -> Any:
        if name == "AWS::NoValue":
            return ABSENT
        if name == "AWS::Region":
            return self.region or self.assume(Open(name, place, "the region it is deployed to"), "us-east-1", "region")
        if name == "AWS::AccountId":
            opened = Open(name, place, "the account it is deployed to")
            return self.account_id or self.assume(opened, "111122223333", "account id")
        if name in ("AWS::Partition", "AWS::URLSuffix"):
            return "aws" if name == "AWS::Partition" else "amazonaws.com"
        return Open(name, place, "known when the stack is made", hint=name.removeprefix("AWS::"))

    def parameter(self, name: str, place: Place) -> Any:
        """The value of a parameter: given, or its default, or open."""
        declared = self.parameters[name]
        about = declared if isinstance(declared, Mapping) else {}
        kind = str(about.get("Type", "String"))
        if str(about.get("NoEcho", "")).lower() == "true":
            return Open(f"Ref {name}", place, "NoEcho: its value is not shown", hint=name, secret=True)
        if name in self.variables:
            found = self.variables[name]
        elif kind.startswith("AWS::SSM::"):
            return Open(f"Ref {name}", place, "a value of the Systems Manager parameter store", hint=name)
        elif "Default" in about:
            found = about["Default"]
        else:
            return Open(f"Ref {name}", place, "a parameter without a default", hint=name)
        allowed = about.get("AllowedValues")
        if isinstance(allowed, list) and found not in allowed and str(found) not in map(str, allowed):
            wanted = expected("one of its AllowedValues", found, map(str, allowed))
            self.draft.problem(self.place(self.parameters, name), f"parameter {name}: {wanted}", SOURCE)
        if ("List<" in kind or kind == "CommaDelimitedList") and isinstance(found, str):
            row = Row([part.strip() for part in found.split(",")] if found else [], place)
            row.places = [place] * len(row)
            return row
        return found

    def named(self, logical_id: str, place: Place) -> Any:
        """What ``Ref`` gives for a resource: for most its name."""
        attribute = CLOUDFORMATION.get(self.type_of(logical_id))
        if attribute is None:
            return Open(f"Ref {logical_id}", place, "known when the stack is made", hint=logical_id)
        if attribute.ref == "arn":
            return self.attribute(logical_id, "Arn", place, f"Ref {logical_id}")
        if attribute.ref == "id":
            return Open(f"Ref {logical_id}", place, "known when the stack is made", hint=logical_id)
        return self.name_of(logical_id, place)

    def name_of(self, logical_id: str, place: Place) -> Any:
        """The name that a resource has by its properties; open where CloudFormation makes it up."""
        attribute = CLOUDFORMATION[self.type_of(logical_id)]
        made_up = Open(f"the name of {logical_id}", place, MADE_UP, hint=logical_id)
        if logical_id in self._asking:
            self.draft.problem(place, f"expected no circle but `{one_line(logical_id, 80)}` needs itself", SOURCE)
            return made_up
        self._asking.append(logical_id)
        try:
            found: Any = self.properties(logical_id)
            for step in attribute.name:
                found = found.get(step) if isinstance(found, Mapping) else None
                if isinstance(found, Mapping) and len(found) == 1:
                    found = self.value(found)
            found = self.value(found) if found is not None else None
        finally:
            self._asking.pop()
        return made_up if found is None or found is ABSENT or found == "" else as_text(found)

    def attribute(self, logical_id: str, name: str, place: Place, written: str) -> Any:
        """What ``Fn::GetAtt`` gives: ARNs that follow from a name, else open."""
        kind = self.type_of(logical_id)
        attribute = CLOUDFORMATION.get(kind)
        if attribute is not None and name in attribute.arn_names and attribute.arn:
            called = self.name_of(logical_id, place)
            if isinstance(called, Open) and called.hint == logical_id:
                return Open(written, place, called.why, hint=logical_id)
            region, account = self._pseudo("AWS::Region", place), self._pseudo("AWS::AccountId", place)
            return text_of(arn_of(attribute.arn, called, region, account))
        return Open(written, place, "known when the stack is made", hint=f"{logical_id}-{name}")

    def type_of(self, logical_id: str) -> str:
        """The type of a resource; empty where there is none."""
        resource = self.resources.get(logical_id)
        kind = resource.get("Type") if isinstance(resource, Mapping) else None
        return kind if isinstance(kind, str) else ""

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """The properties of a resource as written."""
        resource = self.resources.get(logical_id)
        found = resource.get("Properties") if isinstance(resource, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    # -------------------------------------------------------------- conditions

    def condition(self, name: Any, place: Place) -> Any:
        """Whether a condition holds: true, false or open."""
        if not isinstance(name, str) or name not in self.conditions:
            self.draft.problem(place, expected("a condition of the template", name, self.conditions), SOURCE)
            return Open(f"Condition {name}", place, "no such condition")
        if name in self._deciding:
            self.draft.problem(place, f"expected no circle but condition `{one_line(name, 80)}` needs itself", SOURCE)
            return Open(f"Condition {name}", place, "it needs itself")
        if name not in self._conditions:
            self._deciding.add(name)
            self._conditions[name] = truth(self.value(self.conditions[name]))
            self._deciding.discard(name)
        found = self._conditions[name]
        return found.within(f"Condition {name}", place) if isinstance(found, Open) else found

    def holds(self, name: Any, place: Place) -> bool:
        """Whether a condition holds, where an open one is taken for true and said."""
        found = self.condition(name, place)
        if isinstance(found, Open):
            self.assume(found, "true", "condition")
            return True
        return bool(found)

    # -------------------------------------------------------------- Fn::ForEach

    def expand_loops(self, container: Mapping[str, Any]) -> Mapping[str, Any]:
        """The container with each ``Fn::ForEach`` replaced by what it makes."""
        if not any(key.startswith("Fn::ForEach") for key in container):
            return container
        expanded = Table(place=getattr(container, "place", None))
        for key, node in container.items():
            if not key.startswith("Fn::ForEach"):
                expanded.put(key, node, self.place(container, key))
                continue
            place = self.place(container, key)
            if not (
                isinstance(node, list) and len(node) == 3 and isinstance(node[0], str) and isinstance(node[2], Mapping)
            ):
                self.draft.problem(place, f"{key}: expected a name, a collection and a mapping", SOURCE)
                continue
            collection = self.value(node[1])
            if isinstance(collection, str):
                collection = [collection]
            if not isinstance(collection, list) or any(is_open(one) for one in collection):
                opened = first_open(collection) or Open(key, place, "not a list")
                self.assume(opened.within(f"{key} over {opened.name}", place), "one round", "loop")
                collection = [opened.hint or "Each"]
            for one in collection:
                word = str(one)
                bare = re.sub(r"[^A-Za-z0-9]", "", word)
                for name, inner in self.expand_loops(_put(node[2], node[0], word, bare)).items():
                    expanded.put(name, inner, place)
        return expanded


def _put(node: Any, name: str, word: str, bare: str) -> Any:
    """The node with a loop's variable replaced: ``${X}`` and ``&{X}`` (letters and digits alone), and ``Ref: X``."""
    if isinstance(node, str):
        return node.replace(f"${{{name}}}", word).replace(f"&{{{name}}}", bare)
    if isinstance(node, dict):
        if len(node) == 1 and node.get("Ref") == name:
            return word
        table = Table(place=getattr(node, "place", None))
        for key, inner in node.items():
            place = getattr(node, "places", {}).get(key)
            table.put(
                key.replace(f"${{{name}}}", word).replace(f"&{{{name}}}", bare), _put(inner, name, word, bare), place
            )
        return table
    if isinstance(node, list):
        row = Row([_put(inner, name, word, bare) for inner in node], getattr(node, "place", None))
        row.places = list(getattr(node, "places", []))
        return row
    return node


def names_in(node: Any) -> Iterator[str]:
    """Every logical id that a node refers to."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for key, inner in one.items():
                if key == "Ref" and isinstance(inner, str):
                    yield inner
                elif key == "Fn::GetAtt" and inner:
                    first = inner[0] if isinstance(inner, list) else inner
                    if isinstance(first, str):
                        yield first.partition(".")[0]
                elif key == "Fn::Sub":
                    text = inner[0] if isinstance(inner, list) and inner else inner
                    if isinstance(text, str):
                        yield from (
                            name.strip().partition(".")[0] for bang, name in SUBSTITUTION.findall(text) if not bang
                        )
                    waiting.append(inner)
                else:
                    waiting.append(inner)
        elif isinstance(one, list):
            waiting += one
