"""What stands around the rules in a source: buckets, topics, keys, functions and roles, and the policies on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sesreceive.formats.fill import Slot
from sesreceive.formats.place import Place

__all__ = ["SLOTS", "AliasEntry", "PolicyEntry", "ResourceEntry", "default_key"]

# Kind of thing → what its name has to be to be met in a rule.
SLOTS = {
    "bucket": Slot.BUCKET,
    "topic": Slot.TOPIC,
    "key": Slot.KEY,
    "function": Slot.FUNCTION,
    "role": Slot.ROLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEntry:
    """A resource that the source defines, so that all of its policies are known.

    Attributes
    ----------
    kind : str
        ``bucket``, ``topic``, ``key``, ``function`` or ``role``.
    place : Place
        Where it is defined.
    names : tuple
        What rules and policies may call it by, each possibly open; the first is that which rules have.
    written : tuple of str
        Expressions that are its ARN, where an ARN is not known: ``Bucket.Arn``, ``aws_s3_bucket.mail.arn``.
    key : object
        Key that it is encrypted with; None for none, or one of AWS.
    region : object
        Where it lies; None for the region of the account.
    unseen : tuple of str
        Policies of a role that are named and not seen.
    """

    kind: str
    place: Place
    names: tuple[Any, ...]
    written: tuple[str, ...] = ()
    key: Any = None
    region: Any = None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasEntry:
    """Further names of a key.

    Attributes
    ----------
    target : object
        Any name of the key.
    names : tuple
        What it is called by, too.
    """

    target: Any
    names: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEntry:
    """A policy, a trust policy or a grant, and what it is on.

    Attributes
    ----------
    kind, target : str and object
        What it is on; the target possibly open.
    document : object
        The policy as data or as text, possibly with open parts; of a grant its arguments.
    part : str
        ``policy``, ``trust`` or ``grant``.
    whole : bool
        Whether it is all that the target has, as a bucket policy is, so that it tells of a target defined elsewhere.
    qualifier : object
        Version or alias of a function that it is for, where the target does not say it.
    """

    kind: str
    target: Any
    document: Any
    place: Place
    part: str = "policy"
    whole: bool = True
    qualifier: Any = None


def default_key(algorithm: Any) -> str | None:
    """The key of a bucket that names none: AWS's own where it is encrypted by KMS."""
    return "alias/aws/s3" if isinstance(algorithm, str) and algorithm.startswith("aws:kms") else None
