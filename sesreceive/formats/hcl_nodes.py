"""The tree that Terraform's files are turned into: expressions and blocks, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sesreceive.formats.place import Place

__all__ = [
    "Attr",
    "Binary",
    "Block",
    "Call",
    "Conditional",
    "Each",
    "Index",
    "Items",
    "Literal",
    "Name",
    "Node",
    "Pairs",
    "Splat",
    "Template",
    "Unary",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An expression: where it stands, and its text."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A number, truth, null or plain text."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Node):
    """A text with expressions inside; a directive is a tuple: ``if`` with its parts, ``for`` with its own."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """The first word of a reference."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attr(Node):
    """``of.name``."""

    of: Node
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """``of[key]``."""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Splat(Node):
    """``of[*]`` and what follows: names and keys, in order."""

    of: Node
    steps: tuple[str | Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A function call; `spread` where the last argument is a list of them."""

    name: str
    arguments: tuple[Node, ...]
    spread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """Two values and an operator."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """``-`` or ``!`` and a value."""

    operator: str
    of: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    """``condition ? yes : no``."""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs(Node):
    """An object; a key that is a bare word is a `Literal`."""

    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Each(Node):
    """A ``for`` expression; `key_of` where it makes an object."""

    key: str
    name: str
    collection: Node
    key_of: Node | None
    value_of: Node
    condition: Node | None
    grouped: bool


@dataclass(slots=True, kw_only=True)
class Block:
    """A block: its type, labels, attributes and the blocks inside."""

    type: str
    labels: tuple[str, ...]
    place: Place
    attributes: dict[str, Node] = field(default_factory=dict)
    # Where each attribute's name stands; its value may begin on another line.
    places: dict[str, Place] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def inside(self, kind: str) -> list[Block]:
        """The blocks of a type directly inside."""
        return [block for block in self.blocks if block.type == kind]
