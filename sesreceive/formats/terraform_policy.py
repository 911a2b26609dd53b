"""``data "aws_iam_policy_document"`` as the policy that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sesreceive.errors import InputError
from sesreceive.formats import hcl
from sesreceive.formats.hcl_values import Scope
from sesreceive.formats.open_json import json_text, json_value
from sesreceive.formats.unresolved import Open, OpenText, is_open

if TYPE_CHECKING:
    from sesreceive.formats.terraform_module import Module
    from sesreceive.formats.terraform_names import Instance

__all__ = ["blocks_of", "policy_document"]

_ELEMENTS = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}


def policy_document(module: Module, name: str, node: hcl.Node, instance: Instance, block: hcl.Block) -> Any:
    """The attribute of such a data source: ``json`` is the document as text, open where its parts are."""
    if name not in ("json", "minified_json"):
        return Open(node.text, node.place, "known when it is applied")
    key = f"{instance.address('data.aws_iam_policy_document')} {id(block)}"
    return module.remembered(key, node, lambda: _document(module, node, instance.scope, block))


def _document(module: Module, node: hcl.Node, scope: Scope, block: hcl.Block) -> Any:
    statements: list[Any] = []
    for argument in ("source_policy_documents", "override_policy_documents", "source_json", "override_json"):
        if (written := block.attributes.get(argument)) is None:
            continue
        found = module.evaluator.value(written, scope)
        for text in found if isinstance(found, list) else [found]:
            if text in (None, ""):
                continue
            if isinstance(text, Open):
                return text.within(node.text, node.place)
            try:
                inner = json_value(text) if isinstance(text, (str, OpenText)) else None
            except InputError as error:
                module.problem(written.place, f"{argument}: {error}")
                return Open(node.text, node.place, "not a policy")
            if isinstance(inner, Open):
                return inner.within(node.text, node.place)
            listed = inner.get("Statement", []) if isinstance(inner, dict) else []
            new = listed if isinstance(listed, list) else [listed]
            if argument.startswith("override"):  # a statement takes the place of that with the same Sid
                taken = {row.get("Sid") for row in new if isinstance(row, dict)} - {None, ""}
                statements = [row for row in statements if row.get("Sid") not in taken]
            statements += new
    at = len(statements)
    own = [_statement(module, inner, within) for inner, within in blocks_of(module, block, scope, "statement")]
    statements[at:at] = own
    return json_text({"Version": "2012-10-17", "Statement": statements})


def blocks_of(module: Module, block: hcl.Block, scope: Scope, kind: str) -> Iterator[tuple[hcl.Block, Scope]]:
    """The blocks of a type inside one, dynamic ones made."""
    for inner in block.blocks:
        if inner.type == kind:
            yield inner, scope
        elif inner.type == "dynamic" and inner.labels[:1] == (kind,):
            content, written = inner.inside("content"), inner.attributes.get("for_each")
            if not content or written is None:
                continue
            iterator = inner.attributes.get("iterator")
            called = iterator.text.strip('"') if iterator is not None else kind
            for made in module.rounds(written, scope, f"dynamic {kind}", called):
                yield content[0], made.scope


def _statement(module: Module, block: hcl.Block, scope: Scope) -> dict[str, Any]:
    values = {name: module.evaluator.value(node, scope) for name, node in block.attributes.items()}
    statement: dict[str, Any] = {"Effect": "Allow"}
    for name, element in _ELEMENTS.items():
        if values.get(name) not in (None, []):
            statement[element] = values[name]
    for kind, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        principals: dict[str, list[Any]] = {}
        for inner, within in blocks_of(module, block, scope, kind):
            about = {name: module.evaluator.value(node, within) for name, node in inner.attributes.items()}
            names = about.get("identifiers")
            word = about.get("type")
            listed = names if isinstance(names, list) else [names]
            principals.setdefault(word if isinstance(word, str) else "AWS", []).extend(listed)
        if principals:
            everybody = principals.get("*") == ["*"]
            statement[element] = "*" if everybody else principals
    conditions: dict[str, dict[str, list[Any]]] = {}
    for inner, within in blocks_of(module, block, scope, "condition"):
        about = {name: module.evaluator.value(node, within) for name, node in inner.attributes.items()}
        test, variable, wanted = about.get("test"), about.get("variable"), about.get("values")
        if is_open(test) or is_open(variable):
            continue
        listed = wanted if isinstance(wanted, list) else [wanted]
        conditions.setdefault(str(test), {}).setdefault(str(variable), []).extend(listed)
    if conditions:
        statement["Condition"] = conditions
    return statement
