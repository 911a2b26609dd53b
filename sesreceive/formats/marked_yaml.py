"""YAML and JSON with the line of every value, CloudFormation's short forms included; nothing in a file is run.

PyYAML's parser gives events with marks; they are put together here, with a stack, so that neither depth nor the
tags of a file can do harm. Plain words are read as YAML 1.1 has them, as CloudFormation does: ``yes`` is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from sesreceive.errors import MissingExtraError
from sesreceive.formats.place import Place, Row, Table
from sesreceive.formats.unresolved import Open
from sesreceive.json_input import JsonError, parse_json

__all__ = ["Syntax", "parse_marked"]

MAX_DEPTH = 100
MAX_VALUES = 500_000

_BOOLEANS = {
    spelling: truth
    for words, truth in ((("true", "yes", "on"), True), (("false", "no", "off"), False))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
# Short forms whose long form has no "Fn::".
_BARE = frozenset({"Ref", "Condition"})
_INTRINSICS = frozenset(
    (
        "And",
        "Base64",
        "Cidr",
        "Condition",
        "Contains",
        "Equals",
        "FindInMap",
        "ForEach",
        "GetAZs",
        "GetAtt",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "Ref",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
    )
)


class Syntax(Exception):  # noqa: N818 - becomes a Problem
    """A file that cannot be read: where, and why."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        super().__init__(message)


def parse_marked(text: str, file: str, report: Callable[[Place, str], None]) -> Any:
    r"""The first document of a text as `Table`, `Row` and plain scalars.

    Parameters
    ----------
    text : str
        YAML or JSON.
    file : str
        Its name, for places.
    report : callable
        Told of what is odd but does not keep the rest from being read: duplicate keys, unknown tags.

    Raises
    ------
    Syntax
        When the text is neither.

    Examples
    --------
    >>> found = parse_marked("Name: !Ref Rules\nEnabled: yes", "a.yaml", print)
    >>> found, str(found.places["Enabled"])
    ({'Name': {'Ref': 'Rules'}, 'Enabled': True}, 'a.yaml:2:1')
    """
    try:
        import yaml
    except ImportError:
        if text.lstrip()[:1] in ("{", "["):
            return _plain_json(text, file, report)  # without lines
        raise MissingExtraError("yaml", extra="cloudformation", purpose="reading a template") from None
    if file.endswith(".json"):
        _plain_json(text, file, lambda place, message: None)  # YAML would let mistakes pass
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(file, report, yaml).build(yaml.parse(text, Loader=loader))
    except yaml.YAMLError as error:
        # JSON that YAML does not take, such as one indented with tabs, has no marks but is read all the same.
        if text.lstrip()[:1] in ("{", "["):
            return _plain_json(text, file, report)
        mark = getattr(error, "problem_mark", None)
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        # The texts of the parser name its own state and nothing of the file.
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        begun = getattr(error, "context_mark", None)
        if begun is not None and mark is not None and begun.line != mark.line:
            why += f" ({getattr(error, 'context', '')}, which begins in line {begun.line + 1})"
        raise Syntax(place, f"expected YAML: {why}") from None


def _plain_json(text: str, file: str, report: Callable[[Place, str], None]) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> Table:
        table = Table(place=Place(file))
        for key, value in items:
            if key in table:
                report(Place(file), f"expected each key once but got `{key}` again; the last one counts")
            table[key] = value
        return table

    try:
        return parse_json(text, made=pairs)
    except JsonError as error:
        raise Syntax(Place(file, error.line, error.column), f"expected JSON: {error.problem}") from None


class _Builder:
    def __init__(self, file: str, report: Callable[[Place, str], None], yaml: Any) -> None:
        self.file, self.report, self.yaml = file, report, yaml
        self.anchors: dict[str, Any] = {}
        # How many values an anchor stands for: an alias of aliases of aliases is small in the file alone.
        self.sizes: dict[int, int] = {}
        # Open containers, innermost last: what it is, its first event, the key that waits, and whether one does.
        self.stack: list[list[Any]] = []
        self.root: Any = None
        self.done = False

    def build(self, events: Iterable[Any]) -> Any:
        yaml = self.yaml
        for number, event in enumerate(events):
            if number > MAX_VALUES:
                raise Syntax(self._place(event), f"expected at most {MAX_VALUES} values but there are more")
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._value(self._tagged(event, self._scalar(event)), event)
            elif kind is yaml.AliasEvent:
                if event.anchor not in self.anchors:
                    raise Syntax(self._place(event), f"expected an anchor `&{event.anchor}` before its alias")
                self._value(self.anchors[event.anchor], event)
            elif kind is yaml.MappingStartEvent:
                self._push(Table(place=self._place(event)), event)
            elif kind is yaml.SequenceStartEvent:
                self._push(Row(place=self._place(event)), event)
            elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
                container, started, _, _ = self.stack.pop()
                if isinstance(container, Table) and "<<" in container:
                    self._merge(container)
                self._weigh(container, started)
                self._value(self._tagged(started, container), started)
            elif kind is yaml.DocumentEndEvent:
                break
        return self.root

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _weigh(self, container: Table | Row, event: Any) -> None:
        values = container.values() if isinstance(container, Table) else container
        size = 1 + sum(self.sizes.get(id(value), 1) for value in values)
        if size > MAX_VALUES:
            raise Syntax(self._place(event), f"expected at most {MAX_VALUES} values but its aliases stand for more")
        self.sizes[id(container)] = size

    def _push(self, container: Table | Row, event: Any) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise Syntax(self._place(event), f"expected at most {MAX_DEPTH} levels but it is nested deeper")
        self.stack.append([container, event, None, False])

    def _value(self, value: Any, event: Any) -> None:
        if getattr(event, "anchor", None) and type(event) is not self.yaml.AliasEvent:
            self.anchors[event.anchor] = value
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        container = top[0]
        if isinstance(container, Row):
            container.append(value)
            container.places.append(self._place(event))
        elif not top[3]:
            top[2], top[3] = value if isinstance(value, str) else _key(value, event), True
            place = self._place(event)
            if top[2] in container and top[2] != "<<":
                self.report(place, f"expected each key once but got `{top[2]}` again; the last one counts")
            container.places[top[2]] = place
        else:
            container[top[2]], top[3] = value, False

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if event.tag is not None or not event.implicit[0]:
            return text
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text in _NULLS:
            return None
        # A number with a leading zero is an account id, not octal.
        return int(text) if _INTEGER.fullmatch(text) else text

    def _tagged(self, event: Any, value: Any) -> Any:
        tag = event.tag
        if tag is None or tag in ("!", "tag:yaml.org,2002:str") or tag.startswith("tag:yaml.org,2002:"):
            return value
        name, place = tag.lstrip("!"), self._place(event)
        if name in _INTRINSICS:
            table = Table(place=place)
            table.put(name if name in _BARE else f"Fn::{name}", value, place)
            return table
        self.report(place, f"expected an intrinsic function but got `{tag}`, which is not known")
        return Open(tag, place, "an unknown tag")

    def _merge(self, container: Table) -> None:
        """The merge key of YAML 1.1: what stands in the mapping itself wins."""
        merged = container.pop("<<")
        for source in merged if isinstance(merged, list) else [merged]:
            if isinstance(source, Table):
                for key, value in source.items():
                    if key not in container:
                        container.put(key, value, source.places.get(key))


def _key(value: Any, event: Any) -> str:
    return str(getattr(event, "value", value)) if not isinstance(value, (dict, list)) else "?"
