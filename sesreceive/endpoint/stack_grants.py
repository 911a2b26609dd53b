"""What stacks say about who may write and who is told: policies of buckets, topics and queues, subscriptions.

moto makes the buckets, topics and queues and knows none of these. A stack of CDK has a policy for every bucket that a
receipt rule writes to, and a subscription for everyone who is told of mail; left out in silence, nobody would be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from moto.core.common_models import CloudFormationModel
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.utilities.utils import get_partition

from sesreceive.endpoint.named_resource import NamedResource
from sesreceive.errors import InputError, one_line
from sesreceive.json_input import parse_json
from sesreceive.permissions.policy import Policy

__all__ = [
    "StackBucketPolicy",
    "StackQueuePolicy",
    "StackSubscription",
    "StackTopicPolicy",
    "permission_without_conditions",
    "put_readable_policy",
]

# Properties of a subscription that are attributes of it in the API, and so text.
_ATTRIBUTES = (
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "SubscriptionRoleArn",
)  # fmt: skip


def put_readable_policy(backend: Any, bucket_name: str, policy: bytes) -> None:
    """The bucket has this policy; one that S3 would not take is ``MalformedPolicy``: moto would fail by it later."""
    from moto.s3.exceptions import S3ClientError

    try:
        problems = Policy.read(parse_json(policy, where="the policy"), on="resource").problems
    except InputError as error:
        raise S3ClientError("MalformedPolicy", one_line(error)) from error
    if problems:
        raise S3ClientError("MalformedPolicy", one_line(problems[0].message))
    backend.get_bucket(bucket_name).policy = policy


def permission_without_conditions(bucket: Any, action: str, resource: str) -> Any:
    """What the policy of moto's bucket says of an action, by those of its statements that have no condition.

    moto takes every condition for true. The bucket of ``cdk bootstrap`` denies everything that does not come over TLS,
    so nobody could write to it, although the policy is there to be read and the endpoint is on this machine.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult

    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    document = parse_json(bucket.policy, where="the policy of the bucket")
    statements = document["Statement"]
    statements = [statements] if isinstance(statements, dict) else statements
    judged = [statement for statement in statements if not statement.get("Condition")]
    return IAMPolicy(json.dumps(document | {"Statement": judged})).is_action_permitted(action, resource)


class _Policy(NamedResource):
    """What the policies have in common: a document, and the resources it belongs to."""

    type: ClassVar[str]
    resources: ClassVar[str]

    def __init__(self, name: str, properties: Mapping[str, Any]) -> None:
        super().__init__(name)
        named = properties.get(self.resources, [])
        self.names: Sequence[str] = [named] if isinstance(named, str) else named
        self.document = json.dumps(properties.get("PolicyDocument", {}))

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.type

    def put(self, name: str, document: str, account_id: str, region: str) -> None:
        """The resource has this document for its policy; none when it is empty."""
        raise NotImplementedError

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        made = cls(resource_name, cloudformation_json["Properties"])
        for name in made.names:
            made.put(name, made.document, account_id, region_name)
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(original_resource.name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """What it belonged to has no policy."""
        for name in self.names:
            self.put(name, "", account_id, region_name)


class StackBucketPolicy(_Policy, CloudFormationModel):
    """``AWS::S3::BucketPolicy``."""

    type, resources = "AWS::S3::BucketPolicy", "Bucket"

    def put(self, name: str, document: str, account_id: str, region: str) -> None:
        backend = s3_backends[account_id][get_partition(region)]
        if document:
            backend.put_bucket_policy(name, document.encode())
        elif name in backend.buckets:
            backend.delete_bucket_policy(name)


class StackTopicPolicy(_Policy, CloudFormationModel):
    """``AWS::SNS::TopicPolicy``."""

    type, resources = "AWS::SNS::TopicPolicy", "Topics"

    def put(self, name: str, document: str, account_id: str, region: str) -> None:
        backend = sns_backends[account_id][region]
        if document:
            backend.get_topic(name).policy = document
        elif name in backend.topics:
            topic = backend.topics[name]
            topic.policy = json.dumps(topic._create_default_topic_policy(region, account_id, topic.name))


class StackQueuePolicy(_Policy, CloudFormationModel):
    """``AWS::SQS::QueuePolicy``; its queues are URLs."""

    type, resources = "AWS::SQS::QueuePolicy", "Queues"

    def put(self, name: str, document: str, account_id: str, region: str) -> None:
        backend, queue = sqs_backends[account_id][region], name.rsplit("/", 1)[-1]
        if document or queue in backend.queues:
            backend.get_queue(queue).policy = document


class StackSubscription(NamedResource, CloudFormationModel):
    """``AWS::SNS::Subscription``; a change makes it anew. Its ARN is its name."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SNS::Subscription"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Its ARN."""
        return self.name

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> StackSubscription:
        properties = cloudformation_json["Properties"]
        backend = sns_backends[account_id][properties.get("Region", region_name)]
        made = backend.subscribe(properties.get("TopicArn"), properties.get("Endpoint"), properties.get("Protocol"))
        for name in _ATTRIBUTES:
            if (value := properties.get(name)) is not None:
                text = value if isinstance(value, str) else json.dumps(value)
                backend.set_subscription_attributes(made.arn, name, text)
        return cls(made.arn)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> StackSubscription:
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Nobody is told by it any more."""
        region = self.name.split(":")[3]
        sns_backends[account_id][region].unsubscribe(self.name)
