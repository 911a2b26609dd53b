"""Policies in a Terraform module: on buckets, topics, keys, functions and roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sesreceive.formats import hcl
from sesreceive.formats.cloudformation_permissions import permission_statement
from sesreceive.formats.draft import Draft
from sesreceive.formats.place import Place
from sesreceive.formats.surroundings import AliasEntry, PolicyEntry, ResourceEntry, default_key
from sesreceive.formats.terraform_module import Instance, Module
from sesreceive.formats.terraform_names import alias_of, reference
from sesreceive.formats.terraform_policy import blocks_of
from sesreceive.formats.unresolved import Open, OpenText

__all__ = ["read_surroundings"]

Entries = Iterator[ResourceEntry | PolicyEntry | AliasEntry]


def read_surroundings(module: Module, draft: Draft) -> None:
    """Put the resources of a module that SES may write to, and their policies, in a draft."""
    around = _Around(module)
    for kind, read in _READERS.items():
        for resource in around.resources(kind):
            for entry in read(resource, around):
                draft.surround(entry)


class _Around:
    """The resources of one module by their type, and those that tell of others by what they are about."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._blocks: dict[str, list[tuple[str, hcl.Block]]] = {}
        for name, block in module.resources.items():
            self._blocks.setdefault(block.labels[0], []).append((name, block))
        self.encryption = self._by_argument("aws_s3_bucket_server_side_encryption_configuration", "bucket")
        self.key_policies = self._by_argument("aws_kms_key_policy", "key_id")
        self.attachments = self._by_argument("aws_iam_role_policy_attachment", "role")

    def resources(self, kind: str) -> Iterator[_Resource]:
        """Every instance of every resource of a type, in the order they are written."""
        for name, block in self._blocks.get(kind, ()):
            for instance in self.module.instances(block, name):
                yield _Resource(self.module, block, name, instance)

    def _by_argument(self, kind: str, argument: str) -> dict[Any, list[_Resource]]:
        found: dict[Any, list[_Resource]] = {}
        for resource in self.resources(kind):
            about = resource.argument(argument)
            if isinstance(about, (str, Open, OpenText)):
                found.setdefault(about, []).append(resource)
        return found


def _of(table: Mapping[Any, list[_Resource]], names: Iterable[Any]) -> Iterator[_Resource]:
    """The resources that are about one of the names."""
    for name in dict.fromkeys(name for name in names if isinstance(name, (str, Open, OpenText))):
        yield from table.get(name, ())


class _Resource:
    """One instance of a resource, with its arguments evaluated when asked for."""

    def __init__(self, module: Module, block: hcl.Block, name: str, instance: Instance) -> None:
        self.module, self.block, self.name, self.instance = module, block, name, instance

    @property
    def place(self) -> Place:
        return self.block.place

    def argument(self, name: str, default: Any = None) -> Any:
        node = self.block.attributes.get(name)
        return default if node is None else self.module.evaluator.value(node, self.instance.scope)

    def attribute(self, name: str) -> Any:
        """What a reference to the attribute gives."""
        return reference(self.module, self.block, self.name, self.instance, name)

    def inner(self, kind: str) -> Iterator[dict[str, Any]]:
        """The arguments of each block of a type inside."""
        for block, scope in blocks_of(self.module, self.block, self.instance.scope, kind):
            yield {name: self.module.evaluator.value(node, scope) for name, node in block.attributes.items()}

    def known(self, kind: str, *names: str, written: tuple[str, ...] = ("arn",), **more: Any) -> ResourceEntry:
        return ResourceEntry(
            kind=kind,
            place=self.place,
            names=tuple(self.attribute(name) for name in names),
            written=tuple(f"{self.name}.{word}" for word in written),
            **more,
        )

    def policy(self, kind: str, target: Any, document: Any, **more: Any) -> PolicyEntry:
        return PolicyEntry(kind=kind, target=target, document=document, place=self.place, **more)


def _bucket(one: _Resource, around: _Around) -> Entries:
    region = one.argument("region")
    alias = alias_of(one.block)
    if region is None and alias:
        region = one.module.region(alias, one.place)
    # The encryption of a bucket is a resource of its own.
    encryption = list(_of(around.encryption, [one.attribute("id")]))
    key = next(_keys(encryption[-1]), None) if encryption else None
    yield one.known("bucket", "id", key=key, region=region)
    if (document := one.argument("policy")) is not None:
        yield one.policy("bucket", one.attribute("id"), document)


def _keys(encryption: _Resource) -> Iterator[Any]:
    module = encryption.module
    for rule, scope in blocks_of(module, encryption.block, encryption.instance.scope, "rule"):
        for inner, within in blocks_of(module, rule, scope, "apply_server_side_encryption_by_default"):
            about = {name: module.evaluator.value(node, within) for name, node in inner.attributes.items()}
            yield about.get("kms_master_key_id") or default_key(about.get("sse_algorithm"))


def _bucket_policy(one: _Resource, around: _Around) -> Entries:
    yield one.policy("bucket", one.argument("bucket"), one.argument("policy"))


def _topic(one: _Resource, around: _Around) -> Entries:
    yield one.known("topic", "arn", written=("arn", "id"), key=one.argument("kms_master_key_id"))
    if (document := one.argument("policy")) is not None:
        yield one.policy("topic", one.attribute("arn"), document)


def _topic_policy(one: _Resource, around: _Around) -> Entries:
    yield one.policy("topic", one.argument("arn"), one.argument("policy"))


def _key(one: _Resource, around: _Around) -> Entries:
    names = [one.attribute(name) for name in ("arn", "key_id", "id")]
    yield one.known("key", "arn", "key_id", "id", written=("arn", "key_id", "id"))
    if (document := one.argument("policy")) is not None:
        yield one.policy("key", names[0], document)
    elif not any(_of(around.key_policies, names)):
        # A key nobody gave a policy has the default one: the account, by its policies of IAM.
        root = {"AWS": f"arn:aws:iam::{one.module.account_id(one.place)}:root"}
        default = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
        yield one.policy("key", names[0], {"Version": "2012-10-17", "Statement": [default]})


def _alias(one: _Resource, around: _Around) -> Entries:
    names = tuple(one.attribute(name) for name in ("arn", "name", "target_key_arn"))
    yield AliasEntry(target=one.argument("target_key_id"), names=names)


def _key_policy(one: _Resource, around: _Around) -> Entries:
    yield one.policy("key", one.argument("key_id"), one.argument("policy"))


def _grant(one: _Resource, around: _Around) -> Entries:
    about: dict[str, Any] = {"grantee": one.argument("grantee_principal"), "operations": one.argument("operations")}
    for constraint in one.inner("constraints"):
        about["subset"] = constraint.get("encryption_context_subset")
        about["equals"] = constraint.get("encryption_context_equals")
    yield one.policy("key", one.argument("key_id"), about, part="grant", whole=False)


def _function(one: _Resource, around: _Around) -> Entries:
    yield one.known("function", "arn", "function_name", written=("arn", "function_name", "id"))


def _permission(one: _Resource, around: _Around) -> Entries:
    names = {
        "Principal": "principal",
        "Action": "action",
        "SourceArn": "source_arn",
        "SourceAccount": "source_account",
    }
    values = {name: one.argument(argument) for name, argument in names.items()}
    sid = one.argument("statement_id")
    document = permission_statement(values, sid if isinstance(sid, str) else one.block.labels[1])
    qualifier = one.argument("qualifier")
    yield one.policy("function", one.argument("function_name"), document, whole=False, qualifier=qualifier)


def _role(one: _Resource, around: _Around) -> Entries:
    arn = one.attribute("arn")
    managed = one.argument("managed_policy_arns")
    unseen = [_word(policy) for policy in managed] if isinstance(managed, list) else []
    attached = []
    for other in _of(around.attachments, [one.attribute("name"), one.attribute("id"), arn]):
        document = _own_policy(one.module, other)
        if document is None:
            unseen.append(_word(other.argument("policy_arn")))
        else:
            attached.append(one.policy("role", arn, document, whole=False))
    yield one.known("role", "arn", "name", "id", unseen=tuple(unseen))
    yield one.policy("role", arn, one.argument("assume_role_policy"), part="trust")
    for inner in one.inner("inline_policy"):
        yield one.policy("role", arn, inner.get("policy"), whole=False)
    yield from attached


def _own_policy(module: Module, attachment: _Resource) -> Any:
    """The document of a policy of the module that is attached; None where it is another's."""
    node = attachment.block.attributes.get("policy_arn")
    match = re.match(r"aws_iam_policy\.([\w-]+)", node.text) if node is not None else None
    name = match[0] if match else ""
    block = module.resources.get(name)
    instances = module.instances(block, name) if block is not None else []
    return _Resource(module, block, name, instances[0]).argument("policy") if block is not None and instances else None


def _role_policy(one: _Resource, around: _Around) -> Entries:
    yield one.policy("role", one.argument("role"), one.argument("policy"), whole=False)


def _word(value: Any) -> str:
    return value.name if isinstance(value, (Open, OpenText)) else str(value)


_READERS: Mapping[str, Callable[[_Resource, _Around], Entries]] = {
    "aws_s3_bucket": _bucket,
    "aws_s3_bucket_policy": _bucket_policy,
    "aws_sns_topic": _topic,
    "aws_sns_topic_policy": _topic_policy,
    "aws_kms_key": _key,
    "aws_kms_alias": _alias,
    "aws_kms_key_policy": _key_policy,
    "aws_kms_grant": _grant,
    "aws_lambda_function": _function,
    "aws_lambda_permission": _permission,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
}
