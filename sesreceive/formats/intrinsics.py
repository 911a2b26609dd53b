"""CloudFormation's intrinsic functions, evaluated as far as a template says; the rest stays open.

One `Stack` is a template with its parameters. What cannot be known becomes an `Open` value with its place, never a
guess; what had to be taken for known (a region, an undecided condition) is told to `assumed`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sesreceive.errors import one_line
from sesreceive.formats.attributes import CLOUDFORMATION, arn_of
from sesreceive.formats.draft import Draft
from sesreceive.formats.place import Place, Row, Table
from sesreceive.formats.unresolved import MADE_UP, Open, OpenText, first_open, is_open, text_of
from sesreceive.wording import expected

__all__ = ["ABSENT", "Stack", "names_in"]

ABSENT: Any = object()  # what `AWS::NoValue` leaves: nothing
_STEPS = 400_000
_DEPTH = 80
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")
_SOURCE = "AWS CloudFormation User Guide, intrinsic functions"


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
        self, template: Mapping[str, Any], draft: Draft, *, file: str, variables: Mapping[str, Any], region: str | None,
        account_id: str | None,
    ) -> None:  # fmt: skip
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
            self.draft.problem(self.place(self.template, name), f"{name}: expected a mapping", _SOURCE)
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
            function = _FUNCTIONS.get(name)
            if function is not None and (name != "Condition" or isinstance(node[name], str)):
                return function(self, node[name], self.place(node, name))
            if name.startswith("Fn::") and not name.startswith("Fn::ForEach"):
                place = self.place(node, name)
                self.draft.problem(place, expected("an intrinsic function", name, _FUNCTIONS), _SOURCE)
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
        return _as_text(found) if found is not ABSENT else None

    # -------------------------------------------------------------- references

    def ref(self, name: Any, place: Place) -> Any:
        """What ``Ref`` gives for a parameter, a pseudo parameter or a resource."""
        if not isinstance(name, str):
            self.draft.problem(place, f"Ref: {expected('a name', name)}", _SOURCE)
            return Open("Ref", place, "not a name")
        if name.startswith("AWS::"):
            return self._pseudo(name, place)
        if name in self.parameters:
            return self.parameter(name, place)
        if name in self.resources:
            return self.named(name, place)
        known = [*self.parameters, *self.resources]
        self.draft.problem(place, f"Ref: {expected('a parameter or resource of the template', name, known)}", _SOURCE)
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
            self.draft.problem(self.place(self.parameters, name), f"parameter {name}: {wanted}", _SOURCE)
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
            self.draft.problem(place, f"expected no circle but `{one_line(logical_id, 80)}` needs itself", _SOURCE)
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
        return made_up if found is None or found is ABSENT or found == "" else _as_text(found)

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
            self.draft.problem(place, expected("a condition of the template", name, self.conditions), _SOURCE)
            return Open(f"Condition {name}", place, "no such condition")
        if name in self._deciding:
            self.draft.problem(place, f"expected no circle but condition `{one_line(name, 80)}` needs itself", _SOURCE)
            return Open(f"Condition {name}", place, "it needs itself")
        if name not in self._conditions:
            self._deciding.add(name)
            self._conditions[name] = _truth(self.value(self.conditions[name]))
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
                self.draft.problem(place, f"{key}: expected a name, a collection and a mapping", _SOURCE)
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
                        yield from (name.strip().partition(".")[0] for bang, name in _SUB.findall(text) if not bang)
                    waiting.append(inner)
                else:
                    waiting.append(inner)
        elif isinstance(one, list):
            waiting += one


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def _truth(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


# ---------------------------------------------------------------- the functions


def _wrong(stack: Stack, name: str, place: Place, what: str) -> Open:
    stack.draft.problem(place, f"{name}: expected {what}", _SOURCE)
    return Open(name, place, "not what the function takes")


def _get_att(stack: Stack, node: Any, place: Place) -> Any:
    if isinstance(node, str):
        logical_id, _, name = node.partition(".")
    elif isinstance(node, list) and len(node) == 2 and isinstance(node[0], str):
        logical_id, found = node[0], stack.value(node[1])
        if not isinstance(found, str):
            return Open(f"{logical_id}.{getattr(found, 'name', '?')}", place, "an open attribute", hint=logical_id)
        name = found
    else:
        return _wrong(stack, "Fn::GetAtt", place, "a logical id and an attribute")
    if logical_id not in stack.resources:
        wanted = expected("a resource of the template", logical_id, stack.resources)
        stack.draft.problem(place, f"Fn::GetAtt: {wanted}", _SOURCE)
        return Open(f"{logical_id}.{name}", place, "nothing of that name", hint=logical_id)
    return stack.attribute(logical_id, name, place, f"{logical_id}.{name}")


def _sub(stack: Stack, node: Any, place: Place) -> Any:
    given: Mapping[str, Any] = {}
    if isinstance(node, list) and len(node) == 2 and isinstance(node[1], Mapping):
        node, given = node
    if not isinstance(node, str):
        return _wrong(stack, "Fn::Sub", place, "a text, or a text and a mapping")
    parts: list[Any] = []
    end = 0
    for match in _SUB.finditer(node):
        parts.append(node[end : match.start()])
        end = match.end()
        name = match[2].strip()
        if match[1]:
            parts.append(f"${{{match[2]}}}")
        elif name in given:
            parts.append(_part(stack, stack.value(given[name]), name, place))
        elif "." in name:
            parts.append(_part(stack, _get_att(stack, name, place), name, place))
        else:
            parts.append(_part(stack, stack.ref(name, place), name, place))
    return text_of([*parts, node[end:]])


def _part(stack: Stack, value: Any, name: str, place: Place) -> Any:
    value = "" if value is ABSENT else _as_text(value)
    if isinstance(value, str) or is_open(value):
        return value
    return _wrong(stack, f"${{{name}}}", place, "a text")


def _join(stack: Stack, node: Any, place: Place) -> Any:
    if not isinstance(node, list) or len(node) != 2 or not isinstance(node[0], str):
        return _wrong(stack, "Fn::Join", place, "a delimiter and a list")
    elements = stack.value(node[1])
    if isinstance(elements, Open):
        return elements.within(f"Join of {elements.name}", place)
    if not isinstance(elements, list):
        return _wrong(stack, "Fn::Join", place, "a list behind the delimiter")
    parts: list[Any] = []
    for position, one in enumerate(elements):
        parts += [node[0]] if position else []
        parts.append(_part(stack, one, "Fn::Join", place))
    return text_of(parts)


def _split(stack: Stack, node: Any, place: Place) -> Any:
    if not isinstance(node, list) or len(node) != 2 or not isinstance(node[0], str) or not node[0]:
        return _wrong(stack, "Fn::Split", place, "a delimiter and a text")
    text = stack.value(node[1])
    if isinstance(text, Open):
        return text.within(f"Split of {text.name}", place)
    if isinstance(text, OpenText):
        parts: list[list[Any]] = [[]]
        for part in text.parts:
            if isinstance(part, str):
                first, *more = part.split(node[0])
                parts[-1].append(first)
                parts += [[piece] for piece in more]
            else:
                parts[-1].append(part)
        found = Row([text_of(pieces) for pieces in parts], place)
    elif isinstance(text, str):
        found = Row(text.split(node[0]), place)
    else:
        return _wrong(stack, "Fn::Split", place, "a text behind the delimiter")
    found.places = [place] * len(found)
    return found


def _select(stack: Stack, node: Any, place: Place) -> Any:
    if not isinstance(node, list) or len(node) != 2:
        return _wrong(stack, "Fn::Select", place, "an index and a list")
    index, elements = stack.value(node[0]), stack.value(node[1])
    for one in (index, elements):
        if is_open(one):
            opened = first_open(one)
            assert opened is not None
            return opened.within(f"Select of {one.name}", place)
    number = str(index)
    if not number.isdigit() or not isinstance(elements, list) or int(number) >= len(elements):
        return _wrong(stack, "Fn::Select", place, "an index inside the list")
    return elements[int(number)]


def _find_in_map(stack: Stack, node: Any, place: Place) -> Any:
    if not isinstance(node, list) or len(node) not in (3, 4):
        return _wrong(stack, "Fn::FindInMap", place, "a map and two keys")
    names = [stack.value(one) for one in node[:3]]
    default = node[3].get("DefaultValue", ABSENT) if len(node) == 4 and isinstance(node[3], Mapping) else ABSENT
    if opened := first_open(names):
        return opened.within(f"FindInMap {names[0]} of {opened.name}", place)
    found: Any = stack.mappings
    for name in names:
        key = _as_text(name)
        if not isinstance(found, Mapping) or key not in found:
            if default is not ABSENT:
                return stack.value(default)
            near = list(found) if isinstance(found, Mapping) else []
            stack.draft.problem(place, f"Fn::FindInMap: {expected('a key of the map', key, near)}", _SOURCE)
            return Open(f"FindInMap {'.'.join(map(str, names))}", place, "no such key")
        found = found[key]
    return found


def _import_value(stack: Stack, node: Any, place: Place) -> Any:
    name = stack.value(node)
    shown = name if isinstance(name, str) else getattr(name, "name", "?")
    return Open(f"ImportValue {shown}", place, "an export of another stack", hint=shown)


def _if(stack: Stack, node: Any, place: Place) -> Any:
    if not isinstance(node, list) or len(node) != 3:
        return _wrong(stack, "Fn::If", place, "a condition and two values")
    held = stack.condition(node[0], place)
    if isinstance(held, Open):
        first, second = stack.value(node[1]), stack.value(node[2])
        if first == second:
            return first
        stack.assume(held, "true", "condition")
        return first
    return stack.value(node[1] if held else node[2])


def _logic(name: str, decide: Callable[[list[Any]], Any]) -> Callable[[Stack, Any, Place], Any]:
    def evaluate(stack: Stack, node: Any, place: Place) -> Any:
        values = stack.value(node)
        if not isinstance(values, list) or not values:
            return _wrong(stack, name, place, "a list of conditions")
        return decide([_truth(one) for one in values])

    return evaluate


def _and(values: list[Any]) -> Any:
    if any(one is False for one in values):
        return False
    return first_open(values) or all(values)


def _or(values: list[Any]) -> Any:
    if any(one is True for one in values):
        return True
    return first_open(values) or any(values)


def _equals(values: list[Any]) -> Any:
    if len(values) != 2:
        return False
    if opened := first_open(values):
        return True if values[0] == values[1] else opened
    return _as_text(values[0]) == _as_text(values[1])


def _base64(stack: Stack, node: Any, place: Place) -> Any:
    text = stack.value(node)
    return base64.b64encode(text.encode()).decode() if isinstance(text, str) else text


def _length(stack: Stack, node: Any, place: Place) -> Any:
    elements = stack.value(node)
    return len(elements) if isinstance(elements, list) else elements


def _to_json(stack: Stack, node: Any, place: Place) -> Any:
    found = stack.value(node)
    if opened := first_open(found):
        return opened.within(f"ToJsonString with {opened.name}", place)
    return json.dumps(found)


def _outside(name: str, why: str) -> Callable[[Stack, Any, Place], Any]:
    return lambda stack, node, place: Open(name, place, why)


_FUNCTIONS: Mapping[str, Callable[[Stack, Any, Place], Any]] = {
    "Ref": Stack.ref,
    "Condition": Stack.condition,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::If": _if,
    "Fn::And": _logic("Fn::And", _and),
    "Fn::Or": _logic("Fn::Or", _or),
    "Fn::Not": _logic("Fn::Not", lambda values: first_open(values) or not values[0]),
    "Fn::Equals": _logic("Fn::Equals", _equals),
    "Fn::Base64": _base64,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json,
    "Fn::Cidr": _outside("Fn::Cidr", "address blocks of a network"),
    "Fn::GetAZs": _outside("Fn::GetAZs", "the zones of a region"),
    "Fn::Transform": _outside("Fn::Transform", "a macro that runs in the account"),
}
