"""Terraform folders: the receiving resources of a root module and of the local modules it calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sesreceive.account.action import ReceiptAction
from sesreceive.account.member import members
from sesreceive.errors import one_line
from sesreceive.formats import hcl
from sesreceive.formats.draft import VARIABLES, Draft, Entry, RuleEntry
from sesreceive.formats.hcl_values import Scope
from sesreceive.formats.hints import take_hints
from sesreceive.formats.marked_yaml import Syntax
from sesreceive.formats.place import Place, Table
from sesreceive.formats.terraform_module import Instance, Module
from sesreceive.formats.terraform_permissions import read_surroundings
from sesreceive.formats.terraform_project import SUFFIXES, Project
from sesreceive.formats.terraform_rules import ACTION_BLOCKS, IDENTITIES, actions_in_order, rule_members
from sesreceive.formats.unresolved import Open, first_open, is_open
from sesreceive.wording import expected

__all__ = ["from_folder", "roots"]

FORMAT = "Terraform"
_SOURCE = "Terraform AWS provider"
_LOCAL_SOURCE = re.compile(r"""["']?source["']?\s*[=:]\s*"(\.\.?(?:/[^"]*)?)\"""")
_MAKES_RULES = re.compile(r"(?:create|update|clone)[-_ ]?receipt[-_ ]?rule", re.IGNORECASE)
_MAILISH = re.compile(r"\bses\b|_ses|ses_|ses-|-ses|e?mail", re.IGNORECASE)
# Arguments that every resource takes.
_META = frozenset({"count", "for_each", "depends_on", "provider", "region", "id"})
_META_BLOCKS = frozenset({"lifecycle", "timeouts", "provisioner", "connection"})


def roots(folders: Iterable[Path]) -> list[Path]:
    """The folders that no other of them calls as a module; all of them where they call each other in a circle."""
    folders = list(folders)
    called: set[Path] = set()
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.name.endswith(SUFFIXES) and path.is_file():
                text = path.read_bytes()[:2_000_000].decode("utf-8", "replace")
                called |= {(folder / source).resolve() for source in _LOCAL_SOURCE.findall(text)}
    return [folder for folder in folders if folder.resolve() not in called] or folders


def from_folder(
    folder: Path,
    *,
    top: Path | None = None,
    variables: Mapping[str, Any] | None = None,
    region: str | None = None,
    account_id: str | None = None,
) -> Draft:
    """What a root module describes.

    Parameters
    ----------
    folder : Path
        The root module's folder.
    top : Path, optional
        The folder outside of which no file is read by ``file()``; places are relative to it.
    variables : mapping, optional
        Values of its variables; they win over ``terraform.tfvars`` and ``*.auto.tfvars``, which win over defaults.
    region, account_id : str, optional
        Where it is applied.
    """
    draft = Draft(origin=str(folder), format=FORMAT, region=region, account_id=account_id)
    project = Project(draft, top or folder, region=region, account_id=account_id)
    inputs = project.inputs(folder)
    module = Module(project, folder, path="", inputs={**inputs, **(variables or {})}, regions={})
    for name in sorted((variables or {}).keys() - module.variables.keys()):
        draft.problem(str(folder), expected("a variable of the root module", name, module.variables), VARIABLES)
    if not any(isinstance(one, str) for one in module.regions.values()):
        _hint(project, folder)
    reader = _Reader(draft)
    reader.module(module)
    if not draft.receives:
        for place, address, node in reader.not_made:
            message = f"{address} is not made: `{one_line(node.text, 120)}` gives none with these values"
            draft.problem(place, message, _SOURCE)
    if draft.receives:
        for each in reader.modules:
            read_surroundings(each, draft)
    complete = module.locals.get("sesreceive_complete")
    draft.complete = complete is not None and getattr(complete[0], "value", None) is True
    if draft.account_id is None:
        draft.account_id = _only_account(module)
    return draft


def _hint(project: Project, folder: Path) -> None:
    """Take the region from the ARNs in the files, where no provider says it."""
    if project.region is None:
        take_hints(project.draft, "\n".join(project.texts), Place(project.named(folder) or "."))
        project.region = project.draft.region
        project.account_id = project.account_id or project.draft.account_id


def _only_account(module: Module) -> str | None:
    """The account that the provider is limited to, where it is a single one."""
    for block in module.providers:
        node = block.attributes.get("allowed_account_ids")
        if block.labels[:1] == ("aws",) and "alias" not in block.attributes and node is not None:
            found = module.evaluator.value(node, Scope())
            if isinstance(found, list) and len(found) == 1 and isinstance(found[0], str):
                return found[0]
    return None


# ---------------------------------------------------------------- resources


class _Reader:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        # Region of everything that was found, to tell what belongs to another account.
        self.regions: dict[str, Place] = {}
        self.modules: list[Module] = []
        # What is about receiving and has a count of 0, or nothing to be made for.
        self.not_made: list[tuple[Place, str, hcl.Node]] = []

    def module(self, module: Module) -> None:
        """Read a module and those it calls."""
        self.modules.append(module)
        for name, block in module.resources.items():
            self.resource(module, name, block)
        for name, block in module.data.items():
            if name.partition(".")[0] in IDENTITIES:
                self.identity(module, f"data.{name}", block, block.labels[0])
        for name, block in module.calls.items():
            instances = module.instances(block, f"module.{name}")
            for number, instance in enumerate(instances):
                child = module.child(name, instance, number)
                if child is not None:
                    self.module(child)
                elif number == 0:
                    self._elsewhere(module, name, block)

    def _elsewhere(self, module: Module, name: str, block: hcl.Block) -> None:
        """A module that does not lie in the folder is said where it may be about mail."""
        node = block.attributes.get("source")
        source = node.value if isinstance(node, hcl.Literal) and isinstance(node.value, str) else ""
        if not source.startswith(".") and _MAILISH.search(f"{name} {source}"):
            path = ".".join(filter(None, (module.path, f"module.{name}")))
            message = (
                f"{path} comes from `{one_line(source, 120)}`, which does not lie here: rules it makes are not seen"
            )
            self.draft.problem(block.place, message, "sesreceive")

    def resource(self, module: Module, name: str, block: hcl.Block) -> None:
        kind = block.labels[0]
        if kind in IDENTITIES:
            self.identity(module, name, block, kind)
        elif kind in _READERS:
            instances = module.instances(block, name)
            if not instances:
                node = block.attributes.get("count") or block.attributes["for_each"]
                self.not_made.append((block.place, ".".join(filter(None, (module.path, name))), node))
            for instance in instances:
                address = ".".join(filter(None, (module.path, instance.address(name))))
                _READERS[kind](self, module, address, block, instance)
        elif kind == "aws_cloudformation_stack":
            self._stack(module, name, block)
        elif kind.startswith("aws_ses_receipt"):
            self.draft.problem(
                block.place, f"{name}: expected a resource type of the provider but got `{kind}`", _SOURCE
            )
        elif kind != "aws_ses_template" and _MAKES_RULES.search(_text(block)):
            message = f"{name} may make receipt rules when it runs; they are not seen here"
            self.draft.problem(block.place, message, "sesreceive")

    def _stack(self, module: Module, name: str, block: hcl.Block) -> None:
        from sesreceive.formats.cloudformation import is_template, read_resources
        from sesreceive.formats.marked_yaml import parse_marked

        node = block.attributes.get("template_body")
        body = module.evaluator.value(node, Scope()) if node is not None else None
        if isinstance(body, str) and node is not None:
            try:
                data = parse_marked(body, node.place.short, lambda place, message: None)
            except Syntax:
                data = None
            if is_template(data):
                read_resources(
                    data,
                    self.draft,
                    file=node.place.short,
                    variables={},
                    region=module.region("", node.place),
                    account_id=module.account_id(node.place),
                )
                return
        self.draft.problem(block.place, f"{name} is a stack whose template is not seen here", "sesreceive")

    # -------------------------------------------------------------- of each kind

    def values(
        self, module: Module, block: hcl.Block, instance: Instance, names: Mapping[str, str], address: str
    ) -> Table:
        """Arguments by the API's names; what the resource does not take is a problem."""
        table = Table(place=block.place)
        for name, node in block.attributes.items():
            place = block.places.get(name, node.place)
            if name in names:
                table.put(names[name], module.evaluator.value(node, instance.scope), place)
            elif name not in _META and not (name in ACTION_BLOCKS and block.labels[:1] == ("aws_ses_receipt_rule",)):
                wanted = expected(f"an argument of {block.labels[0] if block.labels else block.type}", name, names)
                self.draft.problem(place, f"{address}: {wanted}", _SOURCE)
        if block.type == "resource":  # a block inside lies where its resource does
            self._region(module, block, instance)
        return table

    def _region(self, module: Module, block: hcl.Block, instance: Instance) -> None:
        node = block.attributes.get("region")
        found = module.evaluator.value(node, instance.scope) if node is not None else None
        alias = module.project.region or _provider_alias(block)
        if node is None and (module.regions or alias):
            found = module.region(_provider_alias(block), block.place)
        if isinstance(found, str):
            self.regions.setdefault(found, block.place)
            if self.draft.region is None:
                self.draft.region = found
            elif found != self.draft.region:
                other = f"it lies in region `{one_line(found, 40)}`, not in `{self.draft.region}` like the rest"
                message = f"{other}: SES keeps them apart, here it is taken along"
                self.draft.problem(block.place, message, 'Developer Guide, "Regions and endpoints"')
        elif (opened := first_open(found)) is not None:
            module.assume(opened, self.draft.region or "us-east-1", "region")

    def identity(self, module: Module, name: str, block: hcl.Block, kind: str) -> None:
        for instance in module.instances(block, name):
            address = ".".join(filter(None, (module.path, instance.address(name))))
            node = block.attributes.get(IDENTITIES[kind])
            if node is None:
                wanted = f"expected `{IDENTITIES[kind]}`, which is required, but got nothing"
                self.draft.problem(block.place, f"{address}: {wanted}", _SOURCE)
                continue
            place = block.places.get(IDENTITIES[kind], node.place)
            values = Table(place=place)
            values.put("Identity", module.evaluator.value(node, instance.scope), place)
            self.draft.identities.append(Entry(key=address, place=place, values=values))

    def rule_set(self, module: Module, address: str, block: hcl.Block, instance: Instance) -> None:
        values = self.values(module, block, instance, {"rule_set_name": "RuleSetName"}, address)
        self._required(values, "RuleSetName", "rule_set_name", address, block)
        self.draft.rule_sets.append(Entry(key=address, place=block.place, values=values))

    def active(self, module: Module, address: str, block: hcl.Block, instance: Instance) -> None:
        values = self.values(module, block, instance, {"rule_set_name": "RuleSetName"}, address)
        self._required(values, "RuleSetName", "rule_set_name", address, block)
        self.draft.active.append(Entry(key=address, place=block.place, values=values))

    def filter(self, module: Module, address: str, block: hcl.Block, instance: Instance) -> None:
        names = {"name": "Name", "cidr": "Cidr", "policy": "Policy"}
        found = self.values(module, block, instance, names, address)
        values = Table(place=block.place)
        inner = Table(place=block.place)
        for name, value in found.items():
            (values if name == "Name" else inner).put(name, value, found.places.get(name))
        values.put("IpFilter", inner, block.place)
        self.draft.filters.append(Entry(key=address, place=block.place, values=values))

    def _required(self, values: Table, name: str, argument: str, address: str, block: hcl.Block) -> None:
        if values.get(name) is None:
            message = f"{address}: expected `{argument}`, which is required, but got nothing"
            self.draft.problem(values.places.get(name, block.place), message, _SOURCE)
            values[name] = Open(f"{address}.{argument}", block.place, "it is missing", hint=argument)

    def rule(self, module: Module, address: str, block: hcl.Block, instance: Instance) -> None:
        names = {**rule_members(), "rule_set_name": "RuleSetName", "after": "After"}
        values = self.values(module, block, instance, names, address)
        self._required(values, "RuleSetName", "rule_set_name", address, block)
        self._required(values, "Name", "name", address, block)
        rule_set, after = values.pop("RuleSetName"), values.pop("After", None)
        found = list(self._actions(module, address, block, instance))
        actions, problems = actions_in_order(found)
        for place, message in problems:
            self.draft.problem(place, f"{address}: {message}", _SOURCE)
        values.put("Actions", actions, block.place)
        self.draft.rules.append(
            RuleEntry(
                key=address,
                place=block.place,
                values=values,
                rule_set=rule_set,
                after=after,
                needs=frozenset(_needs(module, block)),
            )
        )

    def _actions(
        self, module: Module, address: str, block: hcl.Block, instance: Instance
    ) -> Iterator[tuple[str, Table, Any, Place]]:
        """The action blocks: API name, arguments, position and place."""
        for kind, inner, scope in self._blocks(module, address, block, instance.scope):
            if kind not in ACTION_BLOCKS:
                if kind not in _META_BLOCKS:
                    wanted = expected("a block of aws_ses_receipt_rule", kind, ACTION_BLOCKS)
                    self.draft.problem(inner.place, f"{address}: {wanted}", _SOURCE)
                continue
            api = ACTION_BLOCKS[kind]
            names = {item.name: item.api for item in members(ReceiptAction.registry[api])}
            arguments = self.values(
                module, _named(inner, kind), Instance(None, scope), {**names, "position": "position"}, address
            )
            position = arguments.pop("position", None)
            yield api, arguments, position, arguments.places.get("position", inner.place)
        for kind in ACTION_BLOCKS:
            if kind in block.attributes:  # a list of objects in place of blocks
                node = block.attributes[kind]
                yield from self._listed(module.evaluator.value(node, instance.scope), kind, node.place, address)

    def _listed(self, value: Any, kind: str, place: Place, address: str) -> Iterator[tuple[str, Table, Any, Place]]:
        api = ACTION_BLOCKS[kind]
        names = {item.name: item.api for item in members(ReceiptAction.registry[api])}
        if is_open(value):
            opened = first_open(value)
            assert opened is not None
            self.draft.assumed.append((opened, "no action", "actions"))
            return
        for one in [value] if isinstance(value, dict) else value or []:
            if not isinstance(one, dict):
                self.draft.problem(place, f"{address}: {kind}: expected objects", _SOURCE)
                continue
            arguments = Table(place=getattr(one, "place", None) or place)
            for name, inner in one.items():
                if name in names:
                    arguments.put(names[name], inner, getattr(one, "places", {}).get(name))
                elif name != "position":
                    self.draft.problem(place, f"{address}: {expected(f'an argument of {kind}', name, names)}", _SOURCE)
            yield api, arguments, one.get("position"), arguments.place or place

    def _blocks(
        self, module: Module, address: str, block: hcl.Block, scope: Scope
    ) -> Iterator[tuple[str, hcl.Block, Scope]]:
        """The blocks inside a resource, dynamic ones made."""
        for inner in block.blocks:
            if inner.type != "dynamic":
                yield inner.type, inner, scope
                continue
            kind = inner.labels[0] if inner.labels else ""
            content = inner.inside("content")
            node = inner.attributes.get("for_each")
            if node is None or not content:
                self.draft.problem(inner.place, f"{address}: dynamic {kind}: expected for_each and content", _SOURCE)
                continue
            iterator = inner.attributes.get("iterator")
            name = iterator.text.strip('"') if iterator is not None else kind
            for one in module.rounds(node, scope, f"{address}: dynamic {kind}", name):
                yield kind, content[0], one.scope


def _named(block: hcl.Block, kind: str) -> hcl.Block:
    """The content of a dynamic block under the name of what it makes."""
    return hcl.Block(
        type=kind, labels=(), place=block.place, attributes=block.attributes, places=block.places, blocks=block.blocks
    )


def _provider_alias(block: hcl.Block) -> str:
    node = block.attributes.get("provider")
    return node.text.strip('"').partition(".")[2] if node is not None else ""


def _needs(module: Module, block: hcl.Block) -> Iterator[str]:
    """The addresses that a resource refers to."""
    words = set(re.findall(r"[A-Za-z_][\w-]*\.[A-Za-z_][\w-]*", _text(block)))
    for name in words & module.resources.keys():
        for instance in module.instances(module.resources[name], name):
            yield ".".join(filter(None, (module.path, instance.address(name))))


def _text(block: hcl.Block) -> str:
    """The texts of all expressions in a block."""
    texts: list[str] = []
    waiting = [block]
    while waiting:
        one = waiting.pop()
        texts += [_whole_text(node) for node in one.attributes.values()]
        waiting += one.blocks
    return "\n".join(texts)


def _whole_text(node: hcl.Node) -> str:
    value = getattr(node, "value", None)
    if isinstance(node, hcl.Items):
        return "\n".join(map(_whole_text, node.items))
    return value if isinstance(value, str) else node.text


_READERS = {
    "aws_ses_receipt_rule_set": _Reader.rule_set,
    "aws_ses_receipt_rule": _Reader.rule,
    "aws_ses_receipt_filter": _Reader.filter,
    "aws_ses_active_receipt_rule_set": _Reader.active,
}
