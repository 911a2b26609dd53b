"""Terraform's JSON syntax (``.tf.json``) as the same tree as HCL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sesreceive.formats import hcl
from sesreceive.formats.marked_yaml import Syntax, parse_marked
from sesreceive.formats.place import Place
from sesreceive.formats.terraform_rules import ACTION_BLOCKS
from sesreceive.json_input import JsonError, parse_json

__all__ = ["block_of_json"]

# Labels of the top-level blocks, and the blocks that a rule may hold.
_LABELS = {
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "resource": 2,
    "data": 2,
    "locals": 0,
    "terraform": 0,
}
_INNER = frozenset([*ACTION_BLOCKS, "lifecycle"])


def block_of_json(text: str, file: str) -> hcl.Block:
    """A file as one block without a type.

    Raises
    ------
    Syntax
        When the text is no JSON object.

    Examples
    --------
    >>> text = '{"resource": {"aws_ses_receipt_rule_set": {"main": {"rule_set_name": "${var.name}"}}}}'
    >>> block = block_of_json(text, "main.tf.json").blocks[0]
    >>> block.labels, block.attributes["rule_set_name"].text
    (('aws_ses_receipt_rule_set', 'main'), 'var.name')
    """
    try:
        parse_json(text)
    except JsonError as error:
        raise Syntax(Place(file, error.line, error.column), f"expected JSON: {error.problem}") from None
    data = parse_marked(text, file, lambda place, message: None)
    top = hcl.Block(type="", labels=(), place=Place(file, 1))
    if not isinstance(data, dict):
        raise Syntax(Place(file, 1), "expected a JSON object")
    for kind, inner in data.items():
        top.blocks += _blocks(kind, inner, (), _LABELS.get(kind, 0), Place(file, 1))
    return top


def _blocks(kind: str, data: Any, labels: tuple[str, ...], wanted: int, place: Place) -> Iterator[hcl.Block]:
    for one in data if isinstance(data, list) else [data]:
        if not isinstance(one, dict):
            continue
        where = getattr(one, "place", None) or place
        if wanted > len(labels):
            for label, inner in one.items():
                yield from _blocks(kind, inner, (*labels, label), wanted, where)
        else:
            yield _block(kind, one, labels, where)


def _block(kind: str, data: Mapping[str, Any], labels: tuple[str, ...], place: Place) -> hcl.Block:
    block = hcl.Block(type=kind, labels=labels, place=place)
    places = getattr(data, "places", {})
    for name, value in data.items():
        where = places.get(name, place)
        if name in _INNER:
            block.blocks += _blocks(name, value, (), 0, where)
        elif name == "dynamic" and isinstance(value, dict):
            for label, inner in value.items():
                for one in _blocks("dynamic", inner, (label,), 1, where):
                    content = one.attributes.pop("content", None)
                    del content
                    given = inner[0] if isinstance(inner, list) else inner
                    one.blocks += _blocks("content", given.get("content", {}), (), 0, where)
                    block.blocks.append(one)
        else:
            block.attributes[name] = _node(value, where)
            block.places[name] = where
    return block


def _node(value: Any, place: Place) -> hcl.Node:
    about: dict[str, Any] = {"place": place, "text": ""}
    if isinstance(value, str):
        if "${" in value or "%{" in value:
            node = hcl.parse_template(value, place.file, place.line)
            return node.parts[0] if isinstance(node, hcl.Template) and _lone(node) else node
        return hcl.Literal(value=value, place=place, text=value[:200])
    if isinstance(value, list):
        return hcl.Items(items=tuple(_node(one, place) for one in value), **about)
    if isinstance(value, dict):
        pairs = tuple((_node(key, place), _node(one, place)) for key, one in value.items())
        return hcl.Pairs(pairs=pairs, **about)
    return hcl.Literal(value=value, place=place, text=json.dumps(value))


def _lone(node: hcl.Template) -> bool:
    return len(node.parts) == 1 and isinstance(node.parts[0], hcl.Node)
