"""Policies in a Terraform module: on buckets, topics, keys, functions and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sesreceive.formats import hcl
from sesreceive.formats.cloudformation_permissions import permission_statement
from sesreceive.formats.draft import Draft
from sesreceive.formats.place import Place
from sesreceive.formats.surroundings import PolicyEntry, ResourceEntry
from sesreceive.formats.terraform_module import Instance, Module
from sesreceive.formats.terraform_names import alias_of, reference
from sesreceive.formats.terraform_policy import blocks_of
from sesreceive.formats.unresolved import Open, OpenText

__all__ = ["read_surroundings"]

Entries = Iterator[ResourceEntry | PolicyEntry]


def read_surroundings(module: Module, draft: Draft) -> None:
    """Put the resources of a module that SES may write to, and their policies, in a draft."""
    for name, block in module.resources.items():
        read = _READERS.get(block.labels[0])
        if read is None:
            continue
        for instance in module.instances(block, name):
            for entry in read(_Resource(module, block, name, instance)):
                if isinstance(entry, ResourceEntry):
                    draft.resources.append(entry)
                else:
                    draft.policies.append(entry)


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


def _bucket(one: _Resource) -> Entries:
    region = one.argument("region")
    alias = alias_of(one.block)
    if region is None and alias:
        region = one.module.region(alias, one.place)
    key = None
    # The encryption of a bucket is a resource of its own.
    for name, block in one.module.resources.items():
        if block.labels[0] != "aws_s3_bucket_server_side_encryption_configuration":
            continue
        for instance in one.module.instances(block, name):
            other = _Resource(one.module, block, name, instance)
            if other.argument("bucket") == one.attribute("id"):
                for rule, scope in blocks_of(one.module, block, instance.scope, "rule"):
                    for inner, within in blocks_of(one.module, rule, scope, "apply_server_side_encryption_by_default"):
                        node = inner.attributes.get("kms_master_key_id")
                        key = one.module.evaluator.value(node, within) if node is not None else key
    yield one.known("bucket", "id", key=key, region=region)
    if (document := one.argument("policy")) is not None:
        yield one.policy("bucket", one.attribute("id"), document)


def _bucket_policy(one: _Resource) -> Entries:
    yield one.policy("bucket", one.argument("bucket"), one.argument("policy"))


def _topic(one: _Resource) -> Entries:
    yield one.known("topic", "arn", written=("arn", "id"), key=one.argument("kms_master_key_id"))
    if (document := one.argument("policy")) is not None:
        yield one.policy("topic", one.attribute("arn"), document)


def _topic_policy(one: _Resource) -> Entries:
    yield one.policy("topic", one.argument("arn"), one.argument("policy"))


def _key(one: _Resource) -> Entries:
    names = [one.attribute(name) for name in ("arn", "key_id", "id")]
    for name, block in one.module.resources.items():
        if block.labels[0] != "aws_kms_alias":
            continue
        for instance in one.module.instances(block, name):
            alias = _Resource(one.module, block, name, instance)
            if alias.argument("target_key_id") in names:
                names += [alias.attribute("arn"), alias.attribute("name"), alias.attribute("target_key_arn")]
    yield ResourceEntry(
        kind="key",
        place=one.place,
        names=tuple(names),
        written=(f"{one.name}.arn", f"{one.name}.key_id", f"{one.name}.id"),
    )
    if (document := one.argument("policy")) is not None:
        yield one.policy("key", names[0], document)
    elif not any(
        block.labels[0] == "aws_kms_key_policy"
        and _Resource(one.module, block, name, instance).argument("key_id") in names
        for name, block in one.module.resources.items()
        for instance in one.module.instances(block, name)
    ):
        # A key nobody gave a policy has the default one: the account, by its policies of IAM.
        root = {"AWS": f"arn:aws:iam::{one.module.account_id(one.place)}:root"}
        default = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
        yield one.policy("key", names[0], {"Version": "2012-10-17", "Statement": [default]})


def _key_policy(one: _Resource) -> Entries:
    yield one.policy("key", one.argument("key_id"), one.argument("policy"))


def _grant(one: _Resource) -> Entries:
    about: dict[str, Any] = {"grantee": one.argument("grantee_principal"), "operations": one.argument("operations")}
    for constraint in one.inner("constraints"):
        about["subset"] = constraint.get("encryption_context_subset")
        about["equals"] = constraint.get("encryption_context_equals")
    yield one.policy("key", one.argument("key_id"), about, part="grant", whole=False)


def _function(one: _Resource) -> Entries:
    yield one.known("function", "arn", "function_name", written=("arn", "function_name", "id"))


def _permission(one: _Resource) -> Entries:
    names = {
        "Principal": "principal",
        "Action": "action",
        "SourceArn": "source_arn",
        "SourceAccount": "source_account",
    }
    values = {name: one.argument(argument) for name, argument in names.items()}
    sid = one.argument("statement_id")
    document = permission_statement(values, sid if isinstance(sid, str) else one.block.labels[1])
    yield one.policy("function", one.argument("function_name"), document, whole=False)


def _role(one: _Resource) -> Entries:
    arn = one.attribute("arn")
    managed = one.argument("managed_policy_arns")
    unseen = [_word(policy) for policy in managed] if isinstance(managed, list) else []
    attached = []
    for name, block in one.module.resources.items():
        if block.labels[0] != "aws_iam_role_policy_attachment":
            continue
        for instance in one.module.instances(block, name):
            other = _Resource(one.module, block, name, instance)
            if other.argument("role") in (one.attribute("name"), one.attribute("id"), arn):
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
    for name, block in module.resources.items():
        if block.labels[0] == "aws_iam_policy" and node is not None and node.text.startswith((f"{name}.", f"{name}[")):
            instances = module.instances(block, name)
            return _Resource(module, block, name, instances[0]).argument("policy") if instances else None
    return None


def _role_policy(one: _Resource) -> Entries:
    yield one.policy("role", one.argument("role"), one.argument("policy"), whole=False)


def _word(value: Any) -> str:
    return value.name if isinstance(value, (Open, OpenText)) else str(value)


_READERS: Mapping[str, Callable[[_Resource], Entries]] = {
    "aws_s3_bucket": _bucket,
    "aws_s3_bucket_policy": _bucket_policy,
    "aws_sns_topic": _topic,
    "aws_sns_topic_policy": _topic_policy,
    "aws_kms_key": _key,
    "aws_kms_key_policy": _key_policy,
    "aws_kms_grant": _grant,
    "aws_lambda_function": _function,
    "aws_lambda_permission": _permission,
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
}
