"""Serverless Framework services: the CloudFormation in their ``resources``, with their variables resolved."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sesreceive.errors import one_line
from sesreceive.formats.cloudformation import read_resources
from sesreceive.formats.draft import Draft
from sesreceive.formats.place import Place, Row, Table
from sesreceive.formats.template_files import parsed
from sesreceive.formats.unresolved import Open, OpenText, first_open, is_open, text_of
from sesreceive.formats.whole_numbers import whole_number

__all__ = ["from_service", "is_service"]

FORMAT = "Serverless Framework"
# An innermost variable: one without another inside.
_VARIABLE = re.compile(r"\$\{([^${}]*(?:\$(?!\{)[^${}]*)*)\}")
_DEPTH = 40
_STEPS = 100_000
# `${AWS::Region}` and `${Logical}` inside `Fn::Sub` are CloudFormation's and stay.
_OURS = re.compile(r"\s*(?:self|opt|env|file|ssm|cf|s3|sls|aws|param|git|terraform|output)\b|\s*['\"]", re.ASCII)


def is_service(data: Any) -> bool:
    """Whether it looks like a ``serverless.yml``.

    Examples
    --------
    >>> is_service({"service": "mail", "provider": {"name": "aws"}}), is_service({"Resources": {}})
    (True, False)
    """
    return isinstance(data, dict) and "service" in data and "provider" in data


def from_service(
    data: Mapping[str, Any],
    *,
    origin: str,
    file: str,
    folder: Path | None,
    variables: Mapping[str, Any] | None = None,
    region: str | None = None,
    account_id: str | None = None,
) -> Draft:
    """What the ``resources`` of a service describe.

    Parameters
    ----------
    data : mapping
        The parsed ``serverless.yml``.
    variables : mapping, optional
        Command line options, ``${opt:stage}``, and parameters, ``${param:…}``.
    folder : Path, optional
        Where the files of ``${file(…)}`` lie; none outside of it is read, nor is any environment variable.
    """
    draft = Draft(origin=origin, format=FORMAT)
    service = _Service(data, draft, file, folder, dict(variables or {}))
    provider = service.value(data.get("provider"), Place(file), 0)
    named = provider.get("region") if isinstance(provider, dict) else None
    draft.region = region or (named if isinstance(named, str) else None)
    draft.account_id = account_id
    resources = service.value(data.get("resources"), service.place(data, "resources"), 0)
    template = _template(resources, draft, service.place(data, "resources"))
    _add_functions(template, data, service, file)
    read_resources(template, draft, file=file, variables={}, region=draft.region, account_id=account_id, folder=folder)
    return draft


def _template(resources: Any, draft: Draft, place: Place) -> Table:
    """One template of what ``resources`` holds: a mapping, or a list of them."""
    template = Table({"Resources": Table(place=place)}, place)
    for one in resources if isinstance(resources, list) else [resources]:
        if is_open(one):
            opened = first_open(one)
            assert opened is not None
            message = f"`{one_line(opened.name, 120)}` is not read ({opened.why}): rules it makes are not seen"
            draft.problem(opened.place, message, "sesreceive")
        elif isinstance(one, dict):
            for section, inner in one.items():
                if isinstance(inner, dict) and section in ("Resources", "Conditions", "Parameters", "Mappings"):
                    into = template.setdefault(section, Table(place=getattr(inner, "place", place)))
                    for name, value in inner.items():
                        if name in into:
                            where = getattr(inner, "places", {}).get(name, place)
                            draft.problem(
                                where, f"expected each resource once but `{one_line(name, 80)}` is here again"
                            )
                        into.put(name, value, getattr(inner, "places", {}).get(name))
                elif section == "Resources" and is_open(inner):
                    opened = first_open(inner)
                    assert opened is not None
                    message = f"`{one_line(opened.name, 120)}` is not read ({opened.why}): rules it makes are not seen"
                    draft.problem(opened.place, message, "sesreceive")
    return template


def _add_functions(template: Table, data: Mapping[str, Any], service: _Service, file: str) -> None:
    """The function resources that the framework makes of ``functions``: ``hello`` becomes HelloLambdaFunction."""
    functions = service.value(data.get("functions"), service.place(data, "functions"), 0)
    for one in functions if isinstance(functions, list) else [functions]:
        for name, about in one.items() if isinstance(one, dict) else ():
            word = name[:1].upper() + name[1:]
            logical_id = word.replace("-", "Dash").replace("_", "Underscore") + "LambdaFunction"
            called = about.get("name") if isinstance(about, dict) else None
            if called is None:
                head = service.look_up(["service"])
                head = head.get("name") if isinstance(head, dict) else head
                stage = service.resolve("sls:stage", Place(file), 0)
                called = text_of(
                    [head if isinstance(head, (str, Open, OpenText)) else "service", "-", stage, "-", name]
                )
            place = getattr(one, "places", {}).get(name, Place(file))
            properties = Table({"FunctionName": called}, place)
            made = Table({"Type": "AWS::Lambda::Function", "Properties": properties}, place)
            if logical_id not in template["Resources"]:
                template["Resources"].put(logical_id, made, place)


class _Service:
    def __init__(
        self, data: Mapping[str, Any], draft: Draft, file: str, folder: Path | None, options: dict[str, Any]
    ) -> None:
        self.data, self.draft, self.file, self.folder, self.options = data, draft, file, folder, options
        self.steps = 0
        self.asking: list[str] = []
        self.files: dict[str, Any] = {}

    def place(self, container: Any, key: str) -> Place:
        found = getattr(container, "places", {}).get(key)
        return found if isinstance(found, Place) else getattr(container, "place", None) or Place(self.file)

    # -------------------------------------------------------------- whole values

    def value(self, node: Any, place: Place, depth: int) -> Any:
        """The node with its variables resolved; what they do not say stays open."""
        self.steps += 1
        if depth > _DEPTH or self.steps > _STEPS:
            return Open("…", place, "variables that nest without bound")
        if isinstance(node, str):
            return self.text(node, place, depth)
        if isinstance(node, dict):
            table = Table(place=getattr(node, "place", None))
            for name, inner in node.items():
                where = self.place(node, name)
                key = self.text(name, where, depth) if "${" in name else name
                table.put(key if isinstance(key, str) else name, self.value(inner, where, depth + 1), where)
            return table
        if isinstance(node, list):
            row = Row(place=getattr(node, "place", None))
            for at, inner in enumerate(node):
                places = getattr(node, "places", [])
                where = places[at] if at < len(places) else place
                row.append(self.value(inner, where, depth + 1))
                row.places.append(where)
            return row
        return node

    def text(self, text: str, place: Place, depth: int) -> Any:
        """A text with its variables resolved, from the inside out."""
        if "${" not in text:
            return text
        held: list[Any] = []
        for _ in range(50):
            match = next((one for one in _VARIABLE.finditer(text) if self.ours(one[1])), None)
            if match is None:
                break
            found = self.resolve(match[1], place, depth + 1)
            if match[0] == text:
                return found
            if isinstance(found, bool):
                found = str(found).lower()
            if isinstance(found, (str, int, float)):
                text = text[: match.start()] + str(found) + text[match.end() :]
                continue
            if not is_open(found):
                found = Open(f"${{{match[1]}}}", place, "not a text")
            held.append(found)
            text = f"{text[: match.start()]}\u241f{len(held) - 1}\u241f{text[match.end() :]}"
        if not held:
            return text
        pieces = re.split("\u241f(\\d+)\u241f", text)
        return text_of([held[int(piece)] if at % 2 else piece for at, piece in enumerate(pieces)])

    @staticmethod
    def ours(inner: str) -> bool:
        return _OURS.match(inner) is not None and not inner.strip().startswith("AWS::")

    # -------------------------------------------------------------- one variable

    def resolve(self, inner: str, place: Place, depth: int) -> Any:
        """What stands in ``${…}``: the first of its alternatives that has a value."""
        opened: Open | None = None
        for alternative in _alternatives(inner):
            found = self.one(alternative.strip(), place, depth)
            if isinstance(found, Open):
                opened = opened or found
            elif found is not None:
                return found
        return opened or Open(f"${{{inner}}}", place, "nothing gives it a value")

    def one(self, text: str, place: Place, depth: int) -> Any:
        if text[:1] in ("'", '"'):
            return text.strip("'\"")
        if "\u241f" in text:
            return Open(f"${{{text}}}", place, "it depends on something open")
        kind, _, rest = text.partition(":")
        if re.fullmatch(r"-?\d+|true|false|null", text):
            return {"true": True, "false": False, "null": None}.get(text, text)
        if text.startswith("file("):
            return self.file_of(text, place, depth)
        if kind == "self":
            return self.own(rest, place, depth)
        if kind == "opt":
            return self.options.get(rest) or (self.stage(place) if rest == "stage" and not self.asking else None)
        if kind == "param" and rest in self.options:
            return self.options[rest]
        if text in ("sls:stage", "aws:region"):
            return (
                self.stage(place)
                if text == "sls:stage"
                else self.draft.region or self.own("provider.region", place, depth)
            )
        if kind == "env":
            return Open(f"${{{text}}}", place, "an environment variable, which is not read", hint=rest)
        return Open(f"${{{text}}}", place, "known when it is deployed", hint=rest or kind)

    def stage(self, place: Place) -> Any:
        if "stage" in self.options:
            return self.options["stage"]
        found = self.own("provider.stage", place, 0)
        return "dev" if found is None else found  # the framework's default

    def look_up(self, path: list[str]) -> Any:
        found: Any = self.data
        for step in path:
            found = _inside(found, step)
        return found

    def own(self, path: str, place: Place, depth: int) -> Any:
        if path in self.asking:
            circle = " → ".join([*self.asking, path])
            self.draft.problem(place, f"expected no circle but {one_line(circle, 200)}", FORMAT)
            return Open(f"${{self:{path}}}", place, "it needs itself")
        self.asking.append(path)
        try:
            steps = [step for step in path.split(".") if step]
            for end in range(len(steps), -1, -1):
                found = self.look_up(steps[:end])
                if isinstance(found, str) and "${" in found and end < len(steps):
                    found = self.text(found, place, depth)
                    for step in steps[end:]:
                        found = found if is_open(found) else _inside(found, step)
                    return self.value(found, place, depth)
                if found is not None and end == len(steps):
                    return self.value(found, place, depth)
            return None
        finally:
            self.asking.pop()

    def file_of(self, text: str, place: Place, depth: int) -> Any:
        match = re.fullmatch(r"file\(([^)]*)\)(?::(.*))?", text)
        name = match[1].strip().strip("'\"") if match else text
        if match is None or self.folder is None:
            return Open(f"${{{text}}}", place, "a file that is not here", hint=os.path.basename(name))
        if not name.endswith((".yml", ".yaml", ".json")):
            return Open(f"${{{text}}}", place, "a program, which is not run", hint=os.path.basename(name))
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()) and not path.is_relative_to(self.folder.resolve().parent):
            return Open(f"${{{text}}}", place, "a file outside the folder is not read", hint=os.path.basename(name))
        if not path.is_file():
            self.draft.problem(place, f"there is no file `{one_line(name, 120)}`", FORMAT)
            return Open(f"${{{text}}}", place, "there is no such file", hint=os.path.basename(name))
        self.draft.uses.add(path)
        if name not in self.files:
            if len(self.files) > 200:
                return Open(f"${{{text}}}", place, "more than 200 files")
            self.files[name] = parsed(path, self.draft, name.removeprefix("./"))
        found = self.files[name]
        for step in filter(None, (match[2] or "").split(".")):
            found = _inside(found, step)
        return self.value(found, place, depth)


def _inside(value: Any, step: str) -> Any:
    """What stands under a key, or at a place in a list; None where nothing does."""
    if isinstance(value, list):
        number = whole_number(step)
        return value[number] if number is not None and number < len(value) else None
    return value.get(step) if isinstance(value, dict) else None


def _alternatives(text: str) -> Iterator[str]:
    """The parts between commas that lie outside quotes and brackets."""
    part, quote, depth = "", "", 0
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            yield part
            part = ""
            continue
        part += character
    yield part
