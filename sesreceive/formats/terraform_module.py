"""One Terraform folder with its inputs: what its names stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sesreceive.errors import one_line
from sesreceive.formats import hcl
from sesreceive.formats.hcl_values import Evaluator, Scope
from sesreceive.formats.place import Place, Table
from sesreceive.formats.template_files import text_of_file
from sesreceive.formats.terraform_names import SPACES, Instance, Types
from sesreceive.formats.terraform_types import converted
from sesreceive.formats.unresolved import Open, first_open, is_open
from sesreceive.formats.whole_numbers import whole_number
from sesreceive.wording import expected

if TYPE_CHECKING:
    from sesreceive.formats.terraform_project import Project

__all__ = ["Instance", "Module"]

_SOURCE = "Terraform language"
_MAX_INSTANCES = 5_000
_META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "region"})


class Module:
    """A folder of Terraform files as one module, called once.

    Parameters
    ----------
    project : Project
        What all modules share: parsed files, the draft, the bounds.
    folder : Path
        The folder.
    path : str
        Its address: empty for the root, ``module.mail`` below.
    inputs : mapping
        Values of its variables.
    regions : mapping
        Region by provider alias; the default provider's under the empty name.
    """

    def __init__(
        self,
        project: Project,
        folder: Path,
        *,
        path: str,
        inputs: Mapping[str, Any],
        regions: Mapping[str, Any],
        callers: tuple[Path, ...] = (),
    ) -> None:
        self.project, self.folder, self.path = project, folder, path
        self.inputs = dict(inputs)
        self.callers = (*callers, folder)
        self.variables: dict[str, hcl.Block] = {}
        self.locals: dict[str, tuple[hcl.Node, Place]] = {}
        self.resources: dict[str, hcl.Block] = {}
        self.data: dict[str, hcl.Block] = {}
        self.calls: dict[str, hcl.Block] = {}
        self.outputs: dict[str, hcl.Block] = {}
        self.providers: list[hcl.Block] = []
        self.evaluator = Evaluator(self)
        self._known: dict[str, Any] = {}
        self._asking: list[str] = []
        self._instances: dict[int, list[Instance]] = {}
        self._children: dict[tuple[str, int], Module | None] = {}
        for block in project.blocks(folder):
            self._declare(block)
        self.regions: dict[str, Any] = dict(regions)
        self.regions.update(self._own_regions())

    def _declare(self, block: hcl.Block) -> None:
        tables: dict[str, tuple[dict[str, hcl.Block], int]] = {
            "variable": (self.variables, 1),
            "resource": (self.resources, 2),
            "data": (self.data, 2),
            "module": (self.calls, 1),
            "output": (self.outputs, 1),
        }
        if block.type == "locals":
            for name, node in block.attributes.items():
                if name in self.locals:
                    self.problem(
                        block.places[name], f"local.{name}: expected each local value once but it is set again"
                    )
                self.locals[name] = (node, block.places[name])
        elif block.type == "provider":
            self.providers.append(block)
        elif block.type in tables:
            table, labels = tables[block.type]
            if len(block.labels) != labels:
                self.problem(block.place, f"{block.type}: expected {labels} labels but got {len(block.labels)}")
                return
            name = ".".join(block.labels)
            if name in table:
                first = table[name].place
                self.problem(block.place, f"{block.type} {name}: expected each name once but {first} has it too")
            table[name] = block

    def _own_regions(self) -> dict[str, Any]:
        regions: dict[str, Any] = {}
        for block in self.providers:
            if block.labels[:1] == ("aws",) and "region" in block.attributes:
                alias = block.attributes.get("alias")
                name = alias.value if isinstance(alias, hcl.Literal) and isinstance(alias.value, str) else ""
                regions[name] = self.evaluator.value(block.attributes["region"], Scope())
        return regions

    # -------------------------------------------------------------- the world of expressions

    def problem(self, place: Place, message: str) -> None:
        self.project.draft.problem(place, message, _SOURCE)

    def assume(self, opened: Open, value: str, kind: str) -> None:
        if (key := (opened.name, opened.place, value, kind)) not in self.project.assumed:
            self.project.assumed.add(key)
            self.project.draft.assumed.append((opened, value, kind))

    def name(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        space = SPACES.get(name)
        if space is not None:
            return space(self)
        if any(key.partition(".")[0] == name for key in self.resources) or re.match(r"[a-z0-9]+_", name):
            return Types(self, name, self.resources, "")
        if name in ("each", "count", "self"):
            return Open(name, node.place, f"`{name}` has no meaning here")
        self.problem(node.place, expected("a name that means something here", name, SPACES))
        return Open(node.text, node.place, "nothing of that name")

    def call(self, name: str, arguments: list[Any], node: hcl.Call, scope: Scope) -> Any:
        if name not in ("file", "fileexists", "templatefile", "filebase64", "fileset"):
            return NotImplemented
        if opened := first_open(arguments):
            return opened.within(node.text, node.place)
        target = arguments[0] if arguments else ""
        if name not in ("file", "fileexists") or not isinstance(target, str):
            return Open(node.text, node.place, f"the function {name} is not evaluated here")
        path = (self.folder / target).resolve()
        # A template may name any file of the machine; only those beside it are read.
        if not path.is_relative_to(self.project.top.resolve()):
            return Open(node.text, node.place, "a file outside the folder is not read")
        if name == "fileexists":
            return path.is_file()
        text = text_of_file(path, self.project.draft, target) if path.is_file() else None
        return Open(node.text, node.place, "there is no such file here") if text is None else text

    # -------------------------------------------------------------- names

    def remembered(self, key: str, node: hcl.Node, make: Any) -> Any:
        """What `make` gives for a name, once; a circle of names is a problem."""
        if key in self._known:
            return self._known[key]
        if key in self._asking:
            circle = " → ".join([*self._asking[self._asking.index(key) :], key])
            self.problem(node.place, f"expected no circle but {one_line(circle, 300)}")
            return Open(node.text or key, node.place, "it needs itself")
        self._asking.append(key)
        try:
            self._known[key] = make()
        finally:
            self._asking.pop()
        return self._known[key]

    def variable(self, name: str, node: hcl.Node) -> Any:
        block = self.variables.get(name)
        label = f"var.{name}"
        if block is None:
            self.problem(node.place, f"{label}: {expected('a variable of the module', name, self.variables)}")
            return Open(label, node.place, "no such variable")
        found = self.remembered(label, node, lambda: self._variable(name, block))
        return (
            Open(label, node.place, found.why, found.hint, False, found.secret)
            if isinstance(found, _NoValue)
            else found
        )

    def _variable(self, name: str, block: hcl.Block) -> Any:
        sensitive = block.attributes.get("sensitive")
        if isinstance(sensitive, hcl.Literal) and sensitive.value is True:
            return _NoValue("a sensitive variable: its value is not shown", secret=True)
        kind = block.attributes.get("type")
        if name in self.inputs:
            found = self.inputs[name]
        elif "default" in block.attributes:
            found = self.evaluator.value(block.attributes["default"], Scope())
        elif self.path:
            self.problem(
                block.place, f"{self.path}: expected a value for the variable `{one_line(name, 80)}` but got none"
            )
            return _NoValue("the module is called without it")
        else:
            return _NoValue("a variable without a default")
        return converted(found, kind, lambda node: self.evaluator.value(node, Scope()))

    def local(self, name: str, node: hcl.Node) -> Any:
        if name not in self.locals:
            self.problem(node.place, f"local.{name}: {expected('a local value of the module', name, self.locals)}")
            return Open(f"local.{name}", node.place, "no such local value")
        value_node = self.locals[name][0]
        return self.remembered(f"local.{name}", node, lambda: self.evaluator.value(value_node, Scope()))

    def region(self, alias: str, place: Place) -> Any:
        """The region of a provider; a stand-in where nothing says it."""
        if self.project.region is not None:
            return self.project.region
        found = self.regions.get(alias, self.regions.get(""))
        if isinstance(found, str) and found:
            return found
        opened = first_open(found) or Open("the provider's region", place, "no provider block says it")
        self.assume(opened, "us-east-1", "region")
        return "us-east-1"

    def account_id(self, place: Place) -> str:
        if self.project.account_id is not None:
            return self.project.account_id
        self.assume(Open("the account id", place, "the account it is applied to"), "111122223333", "account id")
        return "111122223333"

    # -------------------------------------------------------------- count and for_each

    def instances(self, block: hcl.Block, name: str) -> list[Instance]:
        """What a block makes: one, or as many as ``count`` and ``for_each`` say."""
        if id(block) not in self._instances:
            key = f"count of {name}"
            if key in self._asking:
                return [Instance(None, Scope())]
            self._asking.append(key)
            try:
                self._instances[id(block)] = list(self._made(block, name))[:_MAX_INSTANCES]
            finally:
                self._asking.pop()
        return self._instances[id(block)]

    def _made(self, block: hcl.Block, name: str) -> Iterator[Instance]:
        if "count" in block.attributes:
            node = block.attributes["count"]
            count = self.evaluator.value(node, Scope())
            if is_open(count):
                opened = first_open(count)
                assert opened is not None
                self.assume(opened.within(f"count = {node.text}", node.place), "1", "count")
                count = 1
            if isinstance(count, str) and (number := whole_number(count)) is not None:
                count = number
            if isinstance(count, bool) or not isinstance(count, (int, float)) or count < 0:
                self.problem(node.place, f"{name}: {expected('a count of 0 or more', count)}")
                return
            for number in range(min(int(count), _MAX_INSTANCES)):
                yield Instance(number, Scope({"count": Table({"index": number})}))
        elif "for_each" in block.attributes:
            yield from self.rounds(block.attributes["for_each"], Scope(), name, "each")
        else:
            yield Instance(None, Scope())

    def rounds(self, node: hcl.Node, scope: Scope, name: str, iterator: str) -> Iterator[Instance]:
        """One instance for each element; an open collection gives one with an open key and value."""
        found = self.evaluator.value(node, scope)
        if isinstance(found, dict):
            pairs: list[tuple[Any, Any]] = sorted(found.items())
        elif isinstance(found, list):
            # A resource takes sets alone, whose keys are their values; a dynamic block takes lists, too.
            pairs = [(one if iterator == "each" else at, one) for at, one in enumerate(found)]
        elif is_open(found):
            pairs = [(found, found)]
        else:
            self.problem(node.place, f"{name}: {expected('an object or a set for for_each', found)}")
            return
        for key, value in pairs[:_MAX_INSTANCES]:
            if isinstance(value, Open) and (value.many or value is found):
                self.assume(value.within(f"for_each = {node.text}", node.place), "one round", "for_each")
                key = Open(f"{iterator}.key of {value.name}", value.place, value.why, "", False, value.secret)
                value = Open(f"{iterator}.value of {value.name}", value.place, value.why, "", False, value.secret)
            bound = Table({"key": key, "value": value})
            yield Instance(key if isinstance(key, (str, Open)) else str(key), scope.having(**{iterator: bound}))

    # -------------------------------------------------------------- modules

    def child(self, name: str, instance: Instance, number: int) -> Module | None:
        """The module that a call makes, when its folder lies here; None, and a problem once, when it does not."""
        key = (name, number)
        if key not in self._children:
            self._children[key] = self._called(name, instance)
        return self._children[key]

    def _called(self, name: str, instance: Instance) -> Module | None:
        block = self.calls[name]
        path = ".".join(filter(None, (self.path, instance.address(f"module.{name}"))))
        source_node = block.attributes.get("source")
        source = self.evaluator.value(source_node, instance.scope) if source_node is not None else None
        if not isinstance(source, str) or not re.match(r"\.\.?(/|$)", source):
            return None
        folder = (self.folder / source).resolve()
        if not folder.is_dir():
            self.problem(block.place, f"{path}: expected a folder but there is no `{one_line(source, 120)}`")
            return None
        if folder in self.callers or len(self.callers) > 20:
            self.problem(block.place, f"{path}: expected modules that end but `{one_line(source, 120)}` calls itself")
            return None
        inputs = {
            one: self.evaluator.value(node, instance.scope)
            for one, node in block.attributes.items()
            if one not in _META and one not in ("source", "version", "providers")
        }
        regions = dict(self.regions)
        providers = block.attributes.get("providers")
        if isinstance(providers, hcl.Pairs):
            for key, node in providers.pairs:
                alias = node.text.removeprefix("aws").removeprefix(".")
                regions[key.text.strip('"').removeprefix("aws").removeprefix(".")] = self.regions.get(
                    alias, self.regions.get("")
                )
        child = Module(self.project, folder, path=path, inputs=inputs, regions=regions, callers=self.callers)
        for one in sorted(inputs.keys() - child.variables.keys()):
            message = f"{path}: {expected('a variable of the module', one, child.variables)}"
            self.problem(block.places.get(one, block.place), message)
        return child


@dataclass(frozen=True, slots=True)
class _NoValue:
    """A variable without a value; each use of it is open at its own place."""

    why: str
    hint: str = ""
    secret: bool = False
