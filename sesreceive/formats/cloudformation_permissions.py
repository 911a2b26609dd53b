"""Policies in a CloudFormation template: on buckets, topics, keys, functions and roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sesreceive.formats.intrinsics import Stack
from sesreceive.formats.place import Place
from sesreceive.formats.surroundings import AliasEntry, PolicyEntry, ResourceEntry, default_key
from sesreceive.formats.unresolved import Open, OpenText, is_open

__all__ = ["read_surroundings"]


def read_surroundings(stack: Stack) -> None:
    """Put the resources that SES may write to, and their policies, in the stack's draft."""
    for logical_id, resource in stack.resources.items():
        read = _READERS.get(stack.type_of(logical_id))
        if read is None or not isinstance(resource, Mapping):
            continue
        place = stack.place(stack.resources, logical_id)
        if "Condition" in resource and not stack.holds(resource["Condition"], place):
            continue
        values = stack.value(dict(stack.properties(logical_id)))
        if isinstance(values, dict):
            for entry in read(stack, logical_id, values, place):
                stack.draft.surround(entry)


Entries = Iterator[ResourceEntry | PolicyEntry | AliasEntry]


def _bucket(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    yield ResourceEntry(
        kind="bucket",
        place=place,
        names=(stack.named(logical_id, place),),
        written=(f"{logical_id}.Arn",),
        key=_bucket_key(values),
    )


def _bucket_key(values: Mapping[str, Any]) -> Any:
    encryption = values.get("BucketEncryption")
    rules = encryption.get("ServerSideEncryptionConfiguration") if isinstance(encryption, Mapping) else None
    for rule in rules if isinstance(rules, list) else ():
        default = rule.get("ServerSideEncryptionByDefault") if isinstance(rule, Mapping) else None
        if isinstance(default, Mapping):
            return default.get("KMSMasterKeyID") or default_key(default.get("SSEAlgorithm"))
    return None


def _bucket_policy(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    yield PolicyEntry(kind="bucket", target=values.get("Bucket"), document=values.get("PolicyDocument"), place=place)


def _topic(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    yield ResourceEntry(
        kind="topic",
        place=place,
        names=(stack.named(logical_id, place), stack.attribute(logical_id, "TopicName", place, f"{logical_id}.Name")),
        written=(f"Ref {logical_id}", f"{logical_id}.TopicArn", f"{logical_id}.Arn"),
        key=values.get("KmsMasterKeyId"),
    )


def _topic_policy(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    topics = values.get("Topics")
    for topic in topics if isinstance(topics, list) else [topics]:
        yield PolicyEntry(kind="topic", target=topic, document=values.get("PolicyDocument"), place=place)


def _key(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    names = [
        stack.attribute(logical_id, "Arn", place, f"{logical_id}.Arn"),
        stack.named(logical_id, place),
    ]
    yield ResourceEntry(kind="key", place=place, names=tuple(names), written=(f"{logical_id}.Arn", f"Ref {logical_id}"))
    yield PolicyEntry(kind="key", target=names[0], document=values.get("KeyPolicy"), place=place)


def _alias(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    names = (values.get("AliasName"), stack.named(logical_id, place))
    yield AliasEntry(target=values.get("TargetKeyId"), names=names)


def _function(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    yield ResourceEntry(
        kind="function",
        place=place,
        names=(stack.attribute(logical_id, "Arn", place, f"{logical_id}.Arn"), stack.named(logical_id, place)),
        written=(f"{logical_id}.Arn", f"Ref {logical_id}"),
    )


def _permission(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    yield PolicyEntry(
        kind="function",
        target=values.get("FunctionName"),
        document=permission_statement(values, logical_id),
        place=place,
        whole=False,
    )


def permission_statement(values: Mapping[str, Any], sid: str) -> dict[str, Any]:
    """What AddPermission writes into the policy of a function: one statement."""
    principal = values.get("Principal")
    service = is_open(principal) or (isinstance(principal, str) and principal.endswith(".amazonaws.com"))
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": values.get("Action"),
        "Principal": principal if principal == "*" else {"Service" if service else "AWS": principal},
        "Resource": "*",
    }
    conditions = {
        "StringEquals": {"AWS:SourceAccount": values.get("SourceAccount")},
        "ArnLike": {"AWS:SourceArn": values.get("SourceArn")},
    }
    kept = {
        operator: {key: value for key, value in keys.items() if value is not None}
        for operator, keys in conditions.items()
        if any(value is not None for value in keys.values())
    }
    if kept:
        statement["Condition"] = kept
    return {"Version": "2012-10-17", "Statement": [statement]}


def _role(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    arn = stack.attribute(logical_id, "Arn", place, f"{logical_id}.Arn")
    managed = values.get("ManagedPolicyArns")
    unseen = [_word(one) for one in managed if not _is_of(stack, one)] if isinstance(managed, list) else []
    yield ResourceEntry(
        kind="role",
        place=place,
        names=(arn, stack.named(logical_id, place)),
        written=(f"{logical_id}.Arn",),
        unseen=tuple(unseen),
    )
    yield PolicyEntry(
        kind="role", target=arn, document=values.get("AssumeRolePolicyDocument"), place=place, part="trust"
    )
    policies = values.get("Policies")
    for one in policies if isinstance(policies, list) else ():
        if isinstance(one, Mapping):
            yield PolicyEntry(kind="role", target=arn, document=one.get("PolicyDocument"), place=place, whole=False)


def _is_of(stack: Stack, value: Any) -> bool:
    return isinstance(value, Open) and value.name.removeprefix("Ref ") in stack.resources


def _word(value: Any) -> str:
    return value.name if isinstance(value, (Open, OpenText)) else str(value)


def _role_policy(stack: Stack, logical_id: str, values: Mapping[str, Any], place: Place) -> Entries:
    roles = values.get("Roles", [values.get("RoleName")])
    for role in roles if isinstance(roles, list) else [roles]:
        if role is not None:
            document = values.get("PolicyDocument")
            yield PolicyEntry(kind="role", target=role, document=document, place=place, whole=False)


_READERS: Mapping[str, Callable[[Stack, str, Mapping[str, Any], Place], Entries]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::KMS::Key": _key,
    "AWS::KMS::Alias": _alias,
    "AWS::Lambda::Function": _function,
    "AWS::Serverless::Function": _function,
    "AWS::Lambda::Permission": _permission,
    "AWS::IAM::Role": _role,
    "AWS::IAM::Policy": _role_policy,
    "AWS::IAM::RolePolicy": _role_policy,
    "AWS::IAM::ManagedPolicy": _role_policy,
}
