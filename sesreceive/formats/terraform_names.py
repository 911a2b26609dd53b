"""What the names in Terraform's expressions stand for: variables, resources, modules, and what surrounds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sesreceive.errors import one_line
from sesreceive.formats import hcl
from sesreceive.formats.attributes import TERRAFORM, arn_of
from sesreceive.formats.hcl_values import Scope
from sesreceive.formats.terraform_policy import policy_document
from sesreceive.formats.unresolved import Open, OpenText, is_open, text_of
from sesreceive.wording import expected

if TYPE_CHECKING:
    from sesreceive.formats.terraform_module import Module

__all__ = ["SPACES", "Instance", "Types", "alias_of", "reference"]


@dataclass(frozen=True, slots=True)
class Instance:
    """One of what a block makes: its key, and the scope its arguments are evaluated in."""

    key: Any
    scope: Scope

    def address(self, name: str) -> str:
        """Its address: ``aws_ses_receipt_rule.main["a"]``."""
        if self.key is None:
            return name
        if isinstance(self.key, Open):
            return f"{name}[…]"
        return f'{name}["{one_line(self.key, 80)}"]' if isinstance(self.key, str) else f"{name}[{self.key}]"


@dataclass(frozen=True, slots=True)
class _Space:
    """``var``, ``local``, ``path``, ``terraform``: names behind a dot."""

    module: Module
    kind: str

    def attr(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        if self.kind == "var":
            return self.module.variable(name, node)
        if self.kind == "local":
            return self.module.local(name, node)
        if self.kind == "path":
            return "."
        if self.kind == "terraform" and name == "workspace":
            self.module.assume(
                Open("terraform.workspace", node.place, "the workspace it is applied in"), "default", "workspace"
            )
            return "default"
        return Open(f"{self.kind}.{name}", node.place, "known when it is applied")

    def item(self, key: Any, node: hcl.Node, scope: Scope) -> Any:
        return self.attr(key, node, scope) if isinstance(key, str) else Open(node.text, node.place, "an open name")

    def whole(self, node: hcl.Node, scope: Scope) -> Any:
        return Open(node.text, node.place, "a name without a value")


@dataclass(frozen=True, slots=True)
class Types:
    """A resource type, or ``data`` with one: the resources of that type."""

    module: Module
    type: str
    declared: Mapping[str, hcl.Block]
    prefix: str

    def attr(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        block = self.declared.get(f"{self.type}.{name}")
        if block is None:
            key = f"{self.prefix}{self.type}.{name}"
            near = [f"{self.prefix}{one}" for one in self.declared]
            self.module.problem(node.place, expected("a resource of the module", key, near))
            return Open(key, node.place, "not declared in the folder", hint=name)
        return _Resource(self.module, block, f"{self.prefix}{self.type}.{name}")

    def item(self, key: Any, node: hcl.Node, scope: Scope) -> Any:
        return self.attr(key, node, scope) if isinstance(key, str) else Open(node.text, node.place, "an open name")

    def whole(self, node: hcl.Node, scope: Scope) -> Any:
        return Open(node.text, node.place, "a name without a value")


@dataclass(frozen=True, slots=True)
class _Data:
    """``data``."""

    module: Module

    def attr(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        return Types(self.module, name, self.module.data, "data.")

    def whole(self, node: hcl.Node, scope: Scope) -> Any:
        return Open(node.text, node.place, "a name without a value")


@dataclass(frozen=True, slots=True)
class _Resource:
    """A resource or data source, all of its instances or one."""

    module: Module
    block: hcl.Block
    address: str
    instance: Instance | None = None

    def _instances(self) -> list[Instance]:
        return self.module.instances(self.block, self.address)

    def item(self, key: Any, node: hcl.Node, scope: Scope) -> Any:
        if "count" not in self.block.attributes and "for_each" not in self.block.attributes:
            return self if key == 0 else Open(node.text, node.place, "it has no count")
        for one in self._instances():
            if one.key == key or (isinstance(one.key, int) and str(one.key) == str(key)) or is_open(one.key):
                return _Resource(self.module, self.block, self.address, one)
        if is_open(key):
            return Open(node.text, node.place, "an open key", hint=self.address.rpartition(".")[2])
        self.module.problem(node.place, f"`{one_line(node.text, 80)}`: expected an instance that exists")
        return Open(node.text, node.place, "no such instance", hint=self.address.rpartition(".")[2])

    def all(self, node: hcl.Node, scope: Scope) -> Any:
        return [_Resource(self.module, self.block, self.address, one) for one in self._instances()]

    def attr(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        instance = self.instance
        if instance is None:
            instances = self._instances()
            instance = instances[0] if instances else Instance(None, Scope())
        return self._attribute(name, node, instance)

    def _attribute(self, name: str, node: hcl.Node, instance: Instance) -> Any:
        kind, _, label = self.address.removeprefix("data.").partition(".")
        written = f"{self.address}.{name}"
        special = _KNOWN_DATA.get(kind)
        if special is not None and self.address.startswith("data."):
            return special(self.module, name, node, instance, self.block)
        if kind == "aws_ses_receipt_rule" and name == "arn":
            called = [self._argument(one, instance, node) for one in ("rule_set_name", "name")]
            if not any(one is None for one in called):
                region, account = (
                    self.module.region(alias_of(self.block), node.place),
                    self.module.account_id(node.place),
                )
                head = ["arn:aws:ses:", region, ":", account, ":receipt-rule-set/", called[0]]
                return text_of([*head, ":receipt-rule/", called[1]])
        known = TERRAFORM.get(kind)
        if known is not None and known.arn and name in known.arn_names:
            called = self._argument(known.name[0], instance, node)
            if isinstance(called, (str, OpenText)) or (isinstance(called, Open) and called.why != "known after apply"):
                region = self.module.region(alias_of(self.block), node.place)
                return text_of(arn_of(known.arn, called, region, self.module.account_id(node.place)))
            return Open(written, node.place, "known after apply", hint=label)
        if known is not None and name in known.same:
            return self._argument(known.name[0], instance, node)
        return self._argument(name, instance, node)

    def _argument(self, name: str, instance: Instance, node: hcl.Node) -> Any:
        argument = self.block.attributes.get(name)
        written = f"{self.address}.{name}"
        label = self.address.rpartition(".")[2]
        hint = label if name in ("id", "name", "bucket", "arn", "function_name") else f"{label}-{name}"
        if argument is None or name in ("for_each", "count"):
            return Open(written, node.place, "known after apply", hint=hint)
        key = f"{instance.address(self.address)}.{name}"
        found = self.module.remembered(key, node, lambda: self.module.evaluator.value(argument, instance.scope))
        return (
            Open(written, node.place, "known after apply", hint=hint) if found is None and name == "bucket" else found
        )

    def whole(self, node: hcl.Node, scope: Scope) -> Any:
        return Open(node.text, node.place, "a whole resource", hint=self.address.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class _Modules:
    """``module``."""

    module: Module

    def attr(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        block = self.module.calls.get(name)
        if block is None:
            self.module.problem(node.place, expected("a module that is called", name, self.module.calls))
            return Open(f"module.{name}", node.place, "no such module")
        return _Call(self.module, name, block)

    def whole(self, node: hcl.Node, scope: Scope) -> Any:
        return Open(node.text, node.place, "a name without a value")


@dataclass(frozen=True, slots=True)
class _Call:
    """A called module, all of its instances or one."""

    module: Module
    name: str
    block: hcl.Block
    number: int | None = None

    def _instances(self) -> list[Instance]:
        return self.module.instances(self.block, f"module.{self.name}")

    def item(self, key: Any, node: hcl.Node, scope: Scope) -> Any:
        for number, one in enumerate(self._instances()):
            if one.key == key or is_open(one.key):
                return _Call(self.module, self.name, self.block, number)
        return Open(node.text, node.place, "no such instance")

    def all(self, node: hcl.Node, scope: Scope) -> Any:
        return [_Call(self.module, self.name, self.block, number) for number in range(len(self._instances()))]

    def attr(self, name: str, node: hcl.Node, scope: Scope) -> Any:
        instances = self._instances()
        number = self.number or 0
        written = f"module.{self.name}.{name}"
        if number >= len(instances):
            return Open(written, node.place, "the module is not called")
        child = self.module.child(self.name, instances[number], number)
        if child is None:
            return Open(written, node.place, "a module that does not lie here", hint=f"{self.name}-{name}")
        output = child.outputs.get(name)
        if output is None or "value" not in output.attributes:
            self.module.problem(node.place, f"{written}: {expected('an output of the module', name, child.outputs)}")
            return Open(written, node.place, "no such output")
        sensitive = output.attributes.get("sensitive")
        if isinstance(sensitive, hcl.Literal) and sensitive.value is True:
            return Open(written, node.place, "a sensitive output: its value is not shown", secret=True)
        value = output.attributes["value"]
        return child.remembered(f"output.{name}", node, lambda: child.evaluator.value(value, Scope()))

    def whole(self, node: hcl.Node, scope: Scope) -> Any:
        return Open(node.text, node.place, "a whole module")


def alias_of(block: hcl.Block) -> str:
    """The alias of the provider that a block names; empty for the default one."""
    node = block.attributes.get("provider")
    text = node.text.strip('"') if node is not None else ""
    return text.partition(".")[2]


def reference(module: Module, block: hcl.Block, name: str, instance: Instance, attribute: str) -> Any:
    """What a reference to an attribute of a resource gives."""
    node = hcl.Name(name=name, place=block.place, text=f"{name}.{attribute}")
    return _Resource(module, block, name, instance).attr(attribute, node, instance.scope)


def _region_data(module: Module, name: str, node: hcl.Node, instance: Instance, block: hcl.Block) -> Any:
    if name in ("name", "id", "region"):
        return module.region(alias_of(block), node.place)
    return Open(node.text, node.place, "known when it is applied")


def _caller_data(module: Module, name: str, node: hcl.Node, instance: Instance, block: hcl.Block) -> Any:
    if name in ("account_id", "id"):
        return module.account_id(node.place)
    return Open(node.text, node.place, "known when it is applied")


def _partition_data(module: Module, name: str, node: hcl.Node, instance: Instance, block: hcl.Block) -> Any:
    return {"partition": "aws", "id": "aws", "dns_suffix": "amazonaws.com"}.get(name) or Open(node.text, node.place, "")


_KNOWN_DATA = {
    "aws_region": _region_data,
    "aws_caller_identity": _caller_data,
    "aws_partition": _partition_data,
    "aws_iam_policy_document": policy_document,
}
SPACES = {
    "var": lambda module: _Space(module, "var"),
    "local": lambda module: _Space(module, "local"),
    "path": lambda module: _Space(module, "path"),
    "terraform": lambda module: _Space(module, "terraform"),
    "data": _Data,
    "module": _Modules,
}
