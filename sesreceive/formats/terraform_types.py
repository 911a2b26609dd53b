"""Type constraints of Terraform variables: what a value becomes under one, optional attributes with their defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sesreceive.formats import hcl
from sesreceive.formats.hcl_functions import Unfit, as_text
from sesreceive.formats.hcl_open_functions import PARTIAL
from sesreceive.formats.place import Table
from sesreceive.formats.unresolved import is_open

__all__ = ["converted"]


def converted(value: Any, kind: hcl.Node | None, evaluate: Callable[[hcl.Node], Any]) -> Any:
    """The value under a type constraint; as it is where the constraint says nothing or cannot hold.

    Parameters
    ----------
    value : object
        What was given.
    kind : hcl.Node, optional
        The ``type`` argument.
    evaluate : callable
        Gives the value of a default inside ``optional(type, default)``.
    """
    if kind is None or value is None or is_open(value):
        return value
    if isinstance(kind, hcl.Literal) and isinstance(kind.value, str):  # Terraform 0.11 has the type in quotes
        return value
    if isinstance(kind, hcl.Name):
        return _primitive(value, kind.name)
    if not isinstance(kind, hcl.Call) or not kind.arguments:
        return value
    inner = kind.arguments[0]
    if kind.name == "optional":
        return converted(value, inner, evaluate)
    if kind.name in ("list", "set") and isinstance(value, list):
        for position, one in enumerate(value):
            value[position] = converted(one, inner, evaluate)
        return PARTIAL["toset"](value) if kind.name == "set" else value
    if kind.name == "map" and isinstance(value, dict):
        return _table(value, {name: converted(one, inner, evaluate) for name, one in value.items()})
    if kind.name == "object" and isinstance(value, dict) and isinstance(inner, hcl.Pairs):
        return _object(value, inner, evaluate)
    return value


def _object(value: dict[str, Any], kind: hcl.Pairs, evaluate: Callable[[hcl.Node], Any]) -> Any:
    made: dict[str, Any] = {}
    for key, node in kind.pairs:
        name = str(getattr(key, "value", key.text))
        if value.get(name) is not None:
            made[name] = converted(value[name], node, evaluate)
        elif isinstance(node, hcl.Call) and node.name == "optional":
            default = evaluate(node.arguments[1]) if len(node.arguments) > 1 else None
            made[name] = converted(default, node.arguments[0], evaluate)
        elif name in value:
            made[name] = None
    return _table(value, made)


def _table(source: dict[str, Any], values: dict[str, Any]) -> Table:
    table = Table(values, getattr(source, "place", None))
    table.places = {name: place for name, place in getattr(source, "places", {}).items() if name in values}
    return table


def _primitive(value: Any, name: str) -> Any:
    if name == "string" and isinstance(value, (bool, int, float)):
        return as_text(value)
    if name == "bool" and value in ("true", "false"):
        return value == "true"
    if name == "number" and isinstance(value, str):
        try:
            return int(value) if value.lstrip("-").isdigit() else float(value)
        except (ValueError, Unfit):
            return value
    return value
