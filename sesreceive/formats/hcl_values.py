"""Evaluating Terraform's expressions as far as a folder says; what it does not say stays open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sesreceive.errors import one_line
from sesreceive.formats import hcl
from sesreceive.formats.hcl_functions import PLAIN, Unfit, Unknown, as_text, same
from sesreceive.formats.hcl_open_functions import PARTIAL
from sesreceive.formats.place import Place, Row, Table
from sesreceive.formats.unresolved import Open, first_open, is_open, text_of
from sesreceive.formats.whole_numbers import whole_number

__all__ = ["Evaluator", "Names", "Scope", "World"]

_STEPS = 400_000
_SOURCE = "Terraform language"


class Names(Protocol):
    """What a name stands for that is no value itself: ``var``, ``module.rules``, ``aws_sns_topic.mail``."""

    def attr(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        """What stands behind the dot."""

    def item(self, key: Any, node: hcl.Node, scope: Scope) -> Any:
        """What stands in the brackets."""

    def all(self, node: hcl.Node, scope: Scope) -> Any:
        """All of its instances, as a list."""

    def whole(self, node: hcl.Node, scope: Scope) -> Any:
        """Its value, where it stands alone."""


class World(Protocol):
    """What an expression is evaluated in: a module."""

    def name(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        """What the first word of a reference stands for."""

    def problem(self, place: Place, message: str) -> None:
        """Note what is wrong."""

    def assume(self, opened: Open, value: str, kind: str) -> None:
        """Note what was taken for an open value."""

    def call(self, name: str, arguments: list[Any], node: hcl.Call, scope: Scope) -> Any:
        """What a function answers that looks at files; ``NotImplemented`` where it is none."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that hold in one place only: ``each``, ``count``, those of a ``for``."""

    names: Mapping[str, Any] = field(default_factory=dict)

    def having(self, **names: Any) -> Scope:
        """A scope with further names."""
        return replace(self, names={**self.names, **{name: one for name, one in names.items() if name}})


class _Failed(Exception):  # noqa: N818 - what `try` and `can` look for
    """An expression that Terraform refuses."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        super().__init__(message)


class Evaluator:
    """Evaluates the expressions of one module.

    Parameters
    ----------
    world : World
        The module.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._steps = 0

    def value(self, node: hcl.Node, scope: Scope) -> Any:
        """The value of an expression; open where it cannot be known, and with a problem where it is refused."""
        try:
            return self._whole(self._value(node, scope), node, scope)
        except _Failed as error:
            self.world.problem(error.place, str(error))
        except RecursionError:
            self.world.problem(node.place, "expected an expression that can be evaluated but it nests too deeply")
        return Open(node.text or "this expression", node.place, "it cannot be evaluated")

    def _whole(self, value: Any, node: hcl.Node, scope: Scope) -> Any:
        """Names that stand alone as their value."""
        return value.whole(node, scope) if hasattr(value, "whole") else value

    def _value(self, node: hcl.Node, scope: Scope) -> Any:
        self._steps += 1
        if self._steps > _STEPS:
            raise _Failed(node.place, f"expected at most {_STEPS} steps but evaluating takes more")
        return _EVALUATE[type(node)](self, node, scope)

    def _plain(self, node: hcl.Node, scope: Scope) -> Any:
        return self._whole(self._value(node, scope), node, scope)

    # -------------------------------------------------------------- texts

    def literal(self, node: hcl.Literal, scope: Scope) -> Any:
        return node.value

    def template(self, node: hcl.Template, scope: Scope) -> Any:
        # `"${var.list}"` alone is the value itself.
        if len(node.parts) == 1 and isinstance(node.parts[0], hcl.Node):
            return self._plain(node.parts[0], scope)
        return self._text(node, node.parts, scope)

    def _text(self, node: hcl.Node, parts: tuple[Any, ...], scope: Scope) -> Any:
        pieces: list[Any] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part)
            elif isinstance(part, hcl.Node):
                found = self._plain(part, scope)
                try:
                    pieces.append(as_text(found))
                except Unfit as error:
                    raise _Failed(part.place, f"`{one_line(part.text, 80)}`: {error}") from None
            elif part[0] == "if":
                held = self._truth(part[1], scope)
                pieces.append(self._text(node, part[2] if held is True or is_open(held) else part[3], scope))
                if isinstance(held, Open):
                    self.world.assume(held, "true", "condition")
            else:
                _, key, name, collection, body = part
                for one_key, one in self._pairs(collection, scope):
                    pieces.append(self._text(node, body, scope.having(**{key: one_key, name: one})))
        return text_of(pieces)

    # -------------------------------------------------------------- references

    def name(self, node: hcl.Name, scope: Scope) -> Any:
        if node.name in scope.names:
            return scope.names[node.name]
        return self.world.name(node.name, node, scope)

    def attr(self, node: hcl.Attr, scope: Scope) -> Any:
        return self._attr(self._value(node.of, scope), node.name, node, scope)

    def _attr(self, of: Any, name: str, node: hcl.Node, scope: Scope) -> Any:
        if hasattr(of, "attr"):
            return of.attr(name, node, scope)
        if isinstance(of, dict):
            if name in of:
                return of[name]
            raise _Failed(node.place, f"`{one_line(node.text, 80)}`: the object has no `{one_line(name, 80)}`")
        if is_open(of):
            opened = first_open(of)
            assert opened is not None
            return replace(opened.within(node.text, node.place), hint=f"{opened.hint}-{name}" if opened.hint else "")
        raise _Failed(node.place, f"`{one_line(node.text, 80)}`: expected an object in front of the dot")

    def index(self, node: hcl.Index, scope: Scope) -> Any:
        return self._item(self._value(node.of, scope), self._plain(node.key, scope), node, scope)

    def _item(self, of: Any, key: Any, node: hcl.Node, scope: Scope) -> Any:
        if hasattr(of, "item"):
            return of.item(key, node, scope)
        if opened := (first_open(of) if is_open(of) else first_open(key)):
            return opened.within(node.text, node.place)
        if isinstance(of, dict):
            try:
                text = as_text(key)
            except Unfit:
                text = None
            if text in of:
                return of[text]
            raise _Failed(node.place, f"`{one_line(node.text, 80)}`: the object has no such key")
        if isinstance(of, list):
            number = whole_number(key) if isinstance(key, str) else key
            if isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number < len(of):
                return of[int(number)]
            if any(isinstance(one, Open) and one.many for one in of):
                opened = first_open(of)
                assert opened is not None
                return opened.within(node.text, node.place)
            raise _Failed(node.place, f"`{one_line(node.text, 80)}`: the list has no such element")
        raise _Failed(node.place, f"`{one_line(node.text, 80)}`: expected a list or object in front of the brackets")

    def splat(self, node: hcl.Splat, scope: Scope) -> Any:
        of = self._value(node.of, scope)
        if hasattr(of, "all"):
            of = of.all(node, scope)
        if isinstance(of, Open):
            return [replace(of.within(node.text, node.place), many=True)]
        # A value that is no list is one of a single element, null of none.
        elements = of if isinstance(of, list) else [] if of is None else [of]
        found = []
        for one in elements:
            for step in node.steps:
                if isinstance(step, str):
                    one = self._attr(one, step, node, scope)
                else:
                    one = self._item(one, self._plain(step, scope), node, scope)
            found.append(self._whole(one, node, scope))
        return found

    # -------------------------------------------------------------- operators

    def unary(self, node: hcl.Unary, scope: Scope) -> Any:
        found = self._plain(node.of, scope)
        if is_open(found):
            return self._open(node, found)
        if node.operator == "!":
            return not self._known_truth(found, node)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise _Failed(node.place, f"`{one_line(node.text, 80)}`: expected a number behind the minus")
        return -found

    def binary(self, node: hcl.Binary, scope: Scope) -> Any:
        # A sum of many terms nests to the left; it is walked without recursion.
        chain = []
        left: hcl.Node = node
        while isinstance(left, hcl.Binary):
            chain.append(left)
            left = left.left
        found = self._plain(left, scope)
        for one in reversed(chain):
            found = self._operate(one, found, scope)
        return found

    def _operate(self, node: hcl.Binary, left: Any, scope: Scope) -> Any:
        if node.operator in ("&&", "||"):
            decides = node.operator == "||"
            if not is_open(left) and self._known_truth(left, node) is decides:
                return decides
            right = self._plain(node.right, scope)
            if not is_open(right) and self._known_truth(right, node) is decides:
                return decides
            return self._open(node, left, right) if is_open(left) or is_open(right) else not decides
        right = self._plain(node.right, scope)
        if node.operator in ("==", "!="):
            if first_open([left, right]) is not None:
                if left == right:
                    return node.operator == "=="
                return self._open(node, left, right)
            return same(left, right) == (node.operator == "==")
        if is_open(left) or is_open(right):
            return self._open(node, left, right)
        try:
            return _ARITHMETIC[node.operator](_number(left), _number(right))
        except (Unfit, ZeroDivisionError, OverflowError) as error:
            raise _Failed(node.place, f"`{one_line(node.text, 80)}`: {error}") from None

    def _open(self, node: hcl.Node, *values: Any) -> Open:
        opened = first_open(list(values))
        assert opened is not None
        return opened.within(node.text, node.place)

    def _known_truth(self, value: Any, node: hcl.Node) -> bool:
        if value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise _Failed(node.place, f"`{one_line(node.text, 80)}`: expected true or false")
        return value

    def _truth(self, node: hcl.Node, scope: Scope) -> Any:
        found = self._plain(node, scope)
        return self._open(node, found) if is_open(found) else self._known_truth(found, node)

    def conditional(self, node: hcl.Conditional, scope: Scope) -> Any:
        held = self._truth(node.condition, scope)
        if not isinstance(held, Open):
            return self._value(node.yes if held else node.no, scope)
        yes, no = self.value(node.yes, scope), self.value(node.no, scope)
        if yes == no:
            return yes
        # Undecided: the branch that makes something, since an open condition never means no rule at all.
        taken = not _is_empty(yes) or _is_empty(no)
        self.world.assume(held, str(taken).lower(), "condition")
        return yes if taken else no

    # -------------------------------------------------------------- collections

    def items(self, node: hcl.Items, scope: Scope) -> Any:
        row = Row(place=node.place)
        for one in node.items:
            row.append(self._plain(one, scope))
            row.places.append(one.place)
        return row

    def pairs(self, node: hcl.Pairs, scope: Scope) -> Any:
        table = Table(place=node.place)
        for key_node, value_node in node.pairs:
            key = self._plain(key_node, scope)
            if is_open(key):
                return self._open(node, key)
            try:
                table.put(as_text(key), self._plain(value_node, scope), value_node.place)
            except Unfit as error:
                raise _Failed(key_node.place, f"`{one_line(key_node.text, 80)}`: {error}") from None
        return table

    def _pairs(self, node: hcl.Node, scope: Scope) -> list[tuple[Any, Any]]:
        """Keys and values of a collection; an open one gives one round with open ones."""
        found = self._plain(node, scope)
        if isinstance(found, dict):
            return sorted(found.items())
        if isinstance(found, list):
            return list(enumerate(found))
        if isinstance(found, Open):
            return [
                (
                    replace(found, name=f"a key of {found.name}", many=False),
                    replace(found, name=f"each of {found.name}", many=True),
                )
            ]
        if found is None:
            raise _Failed(node.place, f"`{one_line(node.text, 80)}`: expected a list or object but got null")
        raise _Failed(node.place, f"`{one_line(node.text, 80)}`: expected a list or object")

    def each(self, node: hcl.Each, scope: Scope) -> Any:
        row, table = Row(place=node.place), Table(place=node.place)
        for key, one in self._pairs(node.collection, scope):
            inner = scope.having(**{node.key: key, node.name: one})
            if node.condition is not None:
                held = self._truth(node.condition, inner)
                if held is False:
                    continue
                if isinstance(held, Open):
                    self.world.assume(held, "true", "condition")
            found = self._plain(node.value_of, inner)
            if node.key_of is None:
                if isinstance(one, Open) and one.many and isinstance(found, Open):
                    found = replace(found, many=True)
                row.append(found)
                row.places.append(node.value_of.place)
                continue
            made = self._plain(node.key_of, inner)
            if is_open(made):
                return self._open(node, made)
            try:
                text = as_text(made)
            except Unfit as error:
                raise _Failed(node.key_of.place, f"`{one_line(node.key_of.text, 80)}`: {error}") from None
            if node.grouped:
                table.setdefault(text, []).append(found)
            else:
                table.put(text, found, node.value_of.place)
        return row if node.key_of is None else table

    # -------------------------------------------------------------- functions

    def call(self, node: hcl.Call, scope: Scope) -> Any:
        if node.name in ("try", "can"):
            return self._try(node, scope)
        if node.name == "sensitive":
            found = self._plain(node.arguments[0], scope) if node.arguments else None
            return Open(
                node.text if is_open(found) else "sensitive(…)", node.place, "its value is not shown", secret=True
            )
        arguments = [self._plain(one, scope) for one in node.arguments]
        if node.spread:
            last = arguments.pop()
            if isinstance(last, Open):
                return self._open(node, last)
            arguments += last if isinstance(last, list) else [last]
        answered = self.world.call(node.name, arguments, node, scope)
        if answered is not NotImplemented:
            return answered
        return self._apply(node, arguments)

    def _apply(self, node: hcl.Call, arguments: list[Any]) -> Any:
        function = PARTIAL.get(node.name)
        opened = first_open(arguments)
        if function is None:
            if opened is not None:
                return opened.within(node.text, node.place)
            function = PLAIN.get(node.name)
        if function is None:
            return Open(node.text, node.place, f"the function {one_line(node.name, 40)} is not evaluated here")
        try:
            found = function(*arguments)
        except Unknown as error:
            return error.opened.within(node.text, node.place)
        except Unfit as error:
            raise _Failed(node.place, f"{node.name}: {error}") from None
        except TypeError:
            raise _Failed(node.place, f"{node.name}: expected another number of arguments") from None
        if isinstance(found, str) and len(found) > 1_000_000:
            raise _Failed(node.place, f"{node.name}: expected at most a million characters")
        if isinstance(found, list) and not isinstance(found, Row):
            row = Row(found, node.place)
            row.places = [node.place] * len(found)
            return row
        return found

    def _try(self, node: hcl.Call, scope: Scope) -> Any:
        for one in node.arguments:
            try:
                found = self._plain(one, scope)
            except _Failed:
                continue
            return True if node.name == "can" else found
        if node.name == "can":
            return False
        raise _Failed(node.place, "try: expected one of its expressions to have a value")


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in (0, "", [], {})


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return int(value) if value.lstrip("-").isdigit() else float(value)
        except ValueError:
            raise Unfit("expected numbers") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit("expected numbers")
    if isinstance(value, int) and value.bit_length() > 512:
        raise Unfit("expected a number of at most 512 bits")
    return value


def _divided(left: Any, right: Any) -> Any:
    found = left / right
    return int(found) if found == int(found) else found


_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": lambda left, right: left % right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}

_EVALUATE: Mapping[type[hcl.Node], Callable[[Evaluator, Any, Scope], Any]] = {
    hcl.Literal: Evaluator.literal,
    hcl.Template: Evaluator.template,
    hcl.Name: Evaluator.name,
    hcl.Attr: Evaluator.attr,
    hcl.Index: Evaluator.index,
    hcl.Splat: Evaluator.splat,
    hcl.Unary: Evaluator.unary,
    hcl.Binary: Evaluator.binary,
    hcl.Conditional: Evaluator.conditional,
    hcl.Items: Evaluator.items,
    hcl.Pairs: Evaluator.pairs,
    hcl.Each: Evaluator.each,
    hcl.Call: Evaluator.call,
}
