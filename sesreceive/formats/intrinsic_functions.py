"""The intrinsic functions of CloudFormation, one function each, and the table of them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sesreceive.formats.place import Place, Row
from sesreceive.formats.unresolved import Open, OpenText, first_open, is_open, text_of
from sesreceive.formats.whole_numbers import whole_number
from sesreceive.wording import expected

if TYPE_CHECKING:
    from sesreceive.formats.intrinsics import Stack

__all__ = ["ABSENT", "FUNCTIONS", "SOURCE", "SUBSTITUTION", "as_text", "truth"]

ABSENT: Any = object()  # what `AWS::NoValue` leaves: nothing
SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")
SOURCE = "AWS CloudFormation User Guide, intrinsic functions"


def as_text(value: Any) -> Any:
    """A number or truth as the text that CloudFormation makes of it; anything else as it is."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def truth(value: Any) -> Any:
    """The words true and false as truths; anything else as it is."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _wrong(stack: Stack, name: str, place: Place, what: str) -> Open:
    stack.draft.problem(place, f"{name}: expected {what}", SOURCE)
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
        stack.draft.problem(place, f"Fn::GetAtt: {wanted}", SOURCE)
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
    for match in SUBSTITUTION.finditer(node):
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
    value = "" if value is ABSENT else as_text(value)
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
    number = whole_number(str(index))
    if number is None or not isinstance(elements, list) or number >= len(elements):
        return _wrong(stack, "Fn::Select", place, "an index inside the list")
    return elements[number]


def _find_in_map(stack: Stack, node: Any, place: Place) -> Any:
    if not isinstance(node, list) or len(node) not in (3, 4):
        return _wrong(stack, "Fn::FindInMap", place, "a map and two keys")
    names = [stack.value(one) for one in node[:3]]
    default = node[3].get("DefaultValue", ABSENT) if len(node) == 4 and isinstance(node[3], Mapping) else ABSENT
    if opened := first_open(names):
        return opened.within(f"FindInMap {names[0]} of {opened.name}", place)
    found: Any = stack.mappings
    for name in names:
        key = as_text(name)
        if not isinstance(found, Mapping) or key not in found:
            if default is not ABSENT:
                return stack.value(default)
            near = list(found) if isinstance(found, Mapping) else []
            stack.draft.problem(place, f"Fn::FindInMap: {expected('a key of the map', key, near)}", SOURCE)
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
        return decide([truth(one) for one in values])

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
    return as_text(values[0]) == as_text(values[1])


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


FUNCTIONS: Mapping[str, Callable[[Stack, Any, Place], Any]] = {
    "Ref": lambda stack, node, place: stack.ref(node, place),
    "Condition": lambda stack, node, place: stack.condition(node, place),
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
