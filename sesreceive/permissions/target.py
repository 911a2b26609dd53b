"""What SES writes to or acts as, with its policies: a bucket, topic, key, function or role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sesreceive.arn import Arn
from sesreceive.permissions.access import Access
from sesreceive.permissions.policy import Policy

__all__ = ["Grant", "Target", "default_topic_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A grant of a KMS key.

    Attributes
    ----------
    grantee : str
        ARN of the role, or the service principal.
    operations : tuple of str
        ``GenerateDataKey``, ``Decrypt`` …
    subset, equals : mapping, optional
        The encryption context that is asked for, a part of it or all of it.
    """

    grantee: str
    operations: tuple[str, ...]
    subset: Mapping[str, str] | None = field(default=None, hash=False)
    equals: Mapping[str, str] | None = field(default=None, hash=False)

    def covers(self, access: Access, context: Mapping[str, str]) -> bool:
        """Whether it is for this principal, operation and encryption context."""
        if self.grantee != access.who or access.action.removeprefix("kms:") not in self.operations:
            return False
        if self.equals is not None:
            return dict(self.equals) == dict(context)
        return all(context.get(name) == value for name, value in (self.subset or {}).items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A resource and what its policies say.

    Attributes
    ----------
    kind : str
        ``bucket``, ``topic``, ``key``, ``function`` or ``role``.
    name : str
        A bucket's name, the ARN of the others; as rules have it.
    also : tuple of str
        Further names of it, such as the alias of a key.
    policy : tuple of Policy
        Of a role those that are attached to it, else those of the resource.
    trust : tuple of Policy
        Of a role, who may take it on.
    grants : tuple of Grant
        Of a key.
    key : str
        ARN of the customer's key that a bucket or topic is encrypted with.
    region : str
        Where a bucket lies; empty where nobody knows.
    unseen : tuple of str
        Policies of a role that are named and not known.
    place : str
        Where it is defined.

    Examples
    --------
    >>> Target(kind="function", name="arn:aws:lambda:us-east-1:111122223333:function:gate").names
    ('arn:aws:lambda:us-east-1:111122223333:function:gate', 'gate')
    """

    kind: str
    name: str
    also: tuple[str, ...] = ()
    policy: tuple[Policy, ...] = ()
    trust: tuple[Policy, ...] = ()
    grants: tuple[Grant, ...] = ()
    key: str = ""
    region: str = ""
    unseen: tuple[str, ...] = ()
    place: str = ""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:s3:::{self.name}" if self.kind == "bucket" else self.name

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called by."""
        parts = Arn.parse(self.name)
        short = (parts.function_name,) if parts is not None and self.kind == "function" else ()
        return (self.name, *self.also, *short)

    def granted(self, access: Access, context: Mapping[str, str]) -> bool:
        """Whether a grant of the key covers the access."""
        return any(grant.covers(access, context) for grant in self.grants)


def default_topic_policy(arn: str, account_id: str) -> Policy:
    """The policy that SNS gives a topic nobody gave one: for its own account, SES there included [documented].

    Examples
    --------
    >>> default_topic_policy("arn:aws:sns:us-east-1:111122223333:mail", "111122223333").statements[0].label
    'statement `__default_statement_ID`'
    """
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes"],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account_id}},
    }
    return Policy.read({"Version": "2008-10-17", "Statement": [statement]}, "the default policy of a topic")
