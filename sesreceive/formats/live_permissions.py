"""The policies of a live account, or of moto's services: S3, SNS, KMS, Lambda and IAM are asked, and only read.

Only what the rules of the account name is asked for. What may not be read stays unknown, and is a problem that says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from sesreceive.account.account import Account
from sesreceive.arn import Arn
from sesreceive.errors import InputError, Problem, one_line
from sesreceive.formats.surroundings import default_key
from sesreceive.json_input import parse_json
from sesreceive.permissions.guard import Permissions
from sesreceive.permissions.policy import Policy
from sesreceive.permissions.rule_effects import named_by
from sesreceive.permissions.target import Grant, Target, default_topic_policy

__all__ = ["live_permissions"]

# Answers that say there is none, where the resource itself is there.
_NONE = ("NoSuchBucketPolicy", "ServerSideEncryptionConfigurationNotFoundError")


def live_permissions(account: Account, client: Callable[[str], Any]) -> tuple[Permissions, tuple[Problem, ...]]:
    """What the services answer of all that the rules of an account write to.

    Parameters
    ----------
    account : Account
        Its rules name buckets, topics, keys, functions and roles.
    client : callable
        A boto3 client by service name, such as ``session.client``.

    Returns
    -------
    Permissions, tuple of Problem
        What is known, and what could not be read.

    Examples
    --------
    >>> import boto3, moto, sesreceive as ses
    >>> from functools import partial
    >>> rule = ses.ReceiptRule(name="store", actions=[ses.S3Action(bucket_name="inbox")])
    >>> account = ses.Account(rule_sets=[ses.ReceiptRuleSet(name="main", rules=[rule])])
    >>> with moto.mock_aws():
    ...     client = partial(boto3.client, region_name="us-east-1")
    ...     _ = client("s3").create_bucket(Bucket="inbox")
    ...     permissions, problems = live_permissions(account, client)
    >>> permissions.refusals(account)[0].reason, problems
    ('it has no policy that lets ses.amazonaws.com do s3:PutObject (s3:GetBucketPolicy)', ())
    """
    reader = _Reader(account, client)
    waiting = deque(named_by(account))
    targets: dict[tuple[str, str], Target | None] = {}
    while waiting:
        kind, name = waiting.popleft()
        if (kind, name) in targets:
            continue
        targets[kind, name] = target = _READERS[kind](reader, name)
        if target is not None and target.key and "alias/aws/" not in target.key:
            waiting.append(("key", target.key))
    return Permissions(targets=tuple(filter(None, targets.values()))), tuple(reader.problems)


class _Reader:
    def __init__(self, account: Account, client: Callable[[str], Any]) -> None:
        self.account, self._client = account, client
        self.problems: list[Problem] = []

    def ask(self, service: str, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """What an operation answers; empty where there is nothing, None and a problem where it may not be asked."""
        from botocore.exceptions import BotoCoreError, ClientError

        api = f"{service}:{''.join(word.capitalize() for word in operation.split('_'))}"
        try:
            answer: dict[str, Any] = getattr(self._client(service), operation)(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _NONE or (operation == "get_policy" and code == "ResourceNotFoundException"):
                return {}
            about = one_line(error.response.get("Error", {}).get("Message", ""), 300)
            target = one_line(next(iter(arguments.values()), ""), 200)
            self.problems.append(Problem(api, f"{one_line(code, 80)}: {about}; permissions of `{target}`", api))
            return None
        except (BotoCoreError, NotImplementedError) as error:
            self.problems.append(Problem(api, one_line(error, 300), api))
            return None
        return answer

    def listed(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """The elements of all pages; those that were read where one of them may not be."""
        elements: list[Any] = []
        seen: set[str] = set()
        while (answer := self.ask(service, operation, **arguments)) is not None:
            elements += answer.get(key, [])
            marker = answer.get("NextMarker") or answer.get("Marker")
            if not (answer.get("Truncated") or answer.get("IsTruncated")) or not marker or marker in seen:
                break
            seen.add(marker)
            arguments["Marker"] = marker
        return elements

    def bucket(self, name: str) -> Target | None:
        answer = self.ask("s3", "get_bucket_policy", Bucket=name)
        if answer is None:
            return None
        region = (self.ask("s3", "get_bucket_location", Bucket=name) or {}).get("LocationConstraint") or ""
        encryption = self.ask("s3", "get_bucket_encryption", Bucket=name) or {}
        rules = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
        keys = [one.get("KMSMasterKeyID") or default_key(one.get("SSEAlgorithm")) for one in defaults]
        return Target(
            kind="bucket",
            name=name,
            policy=_policies(answer.get("Policy"), "s3:GetBucketPolicy"),
            # S3 says nothing for us-east-1, and EU for what was made in its first days.
            region={"": "us-east-1", "EU": "eu-west-1"}.get(region, region),
            key=next(filter(None, keys), ""),
            place="s3:GetBucketPolicy",
        )

    def topic(self, arn: str) -> Target | None:
        answer = self.ask("sns", "get_topic_attributes", TopicArn=arn)
        if answer is None:
            return None
        attributes = answer.get("Attributes", {})
        policy = _policies(attributes.get("Policy"), "sns:GetTopicAttributes")
        owner = attributes.get("Owner") or str(self.account.account_id or "")
        return Target(
            kind="topic",
            name=arn,
            policy=policy or (default_topic_policy(arn, owner),),
            key=attributes.get("KmsMasterKeyId") or "",
            place="sns:GetTopicAttributes",
        )

    def key(self, arn: str) -> Target | None:
        answer = self.ask("kms", "get_key_policy", KeyId=_key_id(arn, self), PolicyName="default")
        if answer is None:
            return None
        grants = self.listed("kms", "list_grants", "Grants", KeyId=_key_id(arn, self))
        described = (self.ask("kms", "describe_key", KeyId=arn) or {}).get("KeyMetadata", {})
        return Target(
            kind="key",
            name=described.get("Arn") or arn,
            also=(arn, described.get("KeyId") or arn),
            policy=_policies(answer.get("Policy"), "kms:GetKeyPolicy"),
            grants=tuple(
                Grant(
                    grantee=str(one.get("GranteePrincipal", "")),
                    operations=tuple(one.get("Operations", [])),
                    subset=one.get("Constraints", {}).get("EncryptionContextSubset"),
                    equals=one.get("Constraints", {}).get("EncryptionContextEquals"),
                )
                for one in grants
            ),
            place="kms:GetKeyPolicy",
        )

    def function(self, arn: str) -> Target | None:
        answer = self.ask("lambda", "get_policy", FunctionName=arn)
        if answer is None:
            return None
        policy = _policies(answer.get("Policy"), "lambda:GetPolicy")
        return Target(kind="function", name=arn, policy=policy, place="lambda:GetPolicy")

    def role(self, arn: str) -> Target | None:
        parts = Arn.parse(arn)
        name = arn.rpartition("/")[2] if parts is None else parts.resource.rpartition("/")[2]
        answer = self.ask("iam", "get_role", RoleName=name)
        if answer is None:
            return None
        policies: list[Policy] = []
        unseen: list[str] = []
        for inline in self.listed("iam", "list_role_policies", "PolicyNames", RoleName=name):
            found = self.ask("iam", "get_role_policy", RoleName=name, PolicyName=inline)
            policies += _policies((found or {}).get("PolicyDocument"), f"policy {inline} of the role {name}", "role")
            unseen += [inline] if found is None else []
        for one in self.listed("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
            document = self._managed(one.get("PolicyArn", ""))
            if document is None:
                unseen.append(one.get("PolicyArn", ""))
            else:
                policies += _policies(document, f"policy {one.get('PolicyName')} of the role {name}", "role")
        trust = _policies(
            answer.get("Role", {}).get("AssumeRolePolicyDocument"), f"the trust policy of the role {name}", "trust"
        )
        return Target(
            kind="role",
            name=arn,
            also=(name,),
            policy=tuple(policies),
            trust=trust,
            unseen=tuple(unseen),
            place="iam:GetRole",
        )

    def _managed(self, arn: str) -> Any:
        about = self.ask("iam", "get_policy", PolicyArn=arn)
        version = (about or {}).get("Policy", {}).get("DefaultVersionId")
        found = self.ask("iam", "get_policy_version", PolicyArn=arn, VersionId=version) if version else None
        return (found or {}).get("PolicyVersion", {}).get("Document")


def _key_id(arn: str, reader: _Reader) -> str:
    """The key's own id, since GetKeyPolicy takes no alias."""
    if "alias/" not in arn:
        return arn
    described = reader.ask("kms", "describe_key", KeyId=arn) or {}
    return str(described.get("KeyMetadata", {}).get("KeyId") or arn)


def _policies(document: Any, place: str, on: str = "resource") -> tuple[Policy, ...]:
    """The policy in an answer: text, text with percent signs as IAM has it, or data; none where there is none."""
    if not document:
        return ()
    if isinstance(document, str):
        try:
            written = document if document.lstrip().startswith("{") else unquote(document)
            document = parse_json(written, where="the policy")
        except InputError as error:
            return (Policy.unreadable(str(error), place),)
    return (Policy.read(document, place, on=on),)


_READERS: Mapping[str, Callable[[_Reader, str], Target | None]] = {
    "bucket": _Reader.bucket,
    "topic": _Reader.topic,
    "key": _Reader.key,
    "function": _Reader.function,
    "role": _Reader.role,
}
